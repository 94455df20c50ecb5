//! Keeping what is known up to date: every server in its own rhythm, for as long as somebody looks.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::Ipam;
use super::collect::{Answer, Manner, Turns};
use crate::config::Periods;
use crate::model::ServerName;

/// News waits so long for other news, to be published with it.
const NEWS: Duration = Duration::from_millis(100);
/// That all is as it was waits so long.
const NO_NEWS: Duration = Duration::from_secs(1);
/// The first history is written after so long.
const FIRST: Duration = Duration::from_secs(20);

/// Collecting that goes on until this is stopped or dropped.
#[derive(Debug)]
pub struct Collecting {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Collecting {
    /// Ends it: nobody is asked any more; what is not yet in cache and history is written.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ipam {
    /// Keeps every server's view up to date from now on. Each is asked in its own rhythm, and
    /// never twice at once; one that does not answer is asked less and less often, up to
    /// `periods.retry`; a slow one delays nobody. Answers that are news are published within a
    /// tenth of a second; that all is as it was, is published at most once a second for all
    /// servers together, with the same [`super::Estate::content_generation`]. Whoever wants to know
    /// at once uses [`Ipam::collect_only`] besides; the rhythm goes on from there.
    ///
    /// Writes the cache and the history as it goes. Must be called within a tokio runtime.
    #[must_use]
    pub fn keep_collecting(&self, periods: Periods) -> Collecting {
        let (stop, stopped) = oneshot::channel();
        let ipam = self.clone();
        let task = tokio::spawn(async move {
            ipam.inner.recorder.begin();
            // Gone with this task, however it ends.
            let mut tasks = JoinSet::new();
            let (answers, answered) = mpsc::channel(64);
            let turns = Turns::new();
            for server in ipam.servers() {
                let (ipam, answers, turns) = (ipam.clone(), answers.clone(), turns.clone());
                tasks.spawn(async move {
                    ipam.keep_asking(&server, periods, &turns, &answers).await;
                });
            }
            drop(answers);
            tasks.spawn(ipam.clone().keep_config_sync(periods));
            tasks.spawn(ipam.clone().keep_cache(periods));
            tasks.spawn(ipam.clone().keep_history(periods));
            tokio::select! {
                () = ipam.keep_publishing(answered) => {}
                _ = stopped => {}
            }
            tasks.shutdown().await;
            // What could not be written is read again the next time.
            let _ = ipam.save_cache().await;
            let _ = ipam.save_history(&periods).await;
        });
        Collecting {
            stop: Some(stop),
            task,
        }
    }

    /// Asks one server again and again.
    async fn keep_asking(
        &self,
        server: &ServerName,
        periods: Periods,
        turns: &Turns,
        answers: &mpsc::Sender<Answer>,
    ) {
        let Some(gate) = self.gate(server) else {
            return;
        };
        loop {
            if let Some(due) = gate.due(&periods) {
                sleep_until(due).await;
            }
            let held = gate.hold().await;
            // Somebody else may have asked meanwhile.
            if gate.due(&periods).is_some_and(|due| due > Instant::now()) {
                continue;
            }
            let manner = if gate.whole_is_due(&periods) {
                Manner::Whole
            } else {
                Manner::Passing
            };
            let answer = self.ask_in_turn(server, manner, turns).await;
            drop(held);
            let Some(answer) = answer else { return };
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// Publishes answers, several at a time.
    async fn keep_publishing(&self, mut answered: mpsc::Receiver<Answer>) {
        let mut waiting: Vec<Answer> = Vec::new();
        let mut publish_at: Option<Instant> = None;
        loop {
            let at = publish_at.unwrap_or_else(Instant::now);
            tokio::select! {
                answer = answered.recv() => {
                    let Some(answer) = answer else { break };
                    let patience = if self.is_news(&answer) { NEWS } else { NO_NEWS };
                    let at = Instant::now() + patience;
                    publish_at = Some(publish_at.map_or(at, |before| before.min(at)));
                    waiting.push(answer);
                }
                () = sleep_until(at), if publish_at.is_some() => {
                    publish_at = None;
                    self.publish(std::mem::take(&mut waiting)).await;
                }
            }
        }
        self.publish(waiting).await;
    }

    /// Other processes change configuration sync errors too.
    async fn keep_config_sync(self, periods: Periods) {
        let mut ticks = ticks(periods.state);
        loop {
            ticks.tick().await;
            self.publish_config_sync().await;
        }
    }

    async fn keep_cache(self, periods: Periods) {
        let mut ticks = ticks(periods.cache);
        let mut written = Instant::now();
        loop {
            ticks.tick().await;
            // Ages alone are not worth so much writing.
            if self.cache_lags() || written.elapsed() >= periods.configuration {
                // What can't be written now is tried again.
                let _ = self.save_cache().await;
                written = Instant::now();
            }
        }
    }

    async fn keep_history(self, periods: Periods) {
        // How a session begins is known soon.
        let mut pause = periods.history.min(FIRST);
        loop {
            sleep(pause).await;
            // What can't be written now is tried again.
            let _ = self.save_history(&periods).await;
            pause = periods.history;
        }
    }
}

/// The first one after a whole period.
fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    ticks
}

#[cfg(test)]
mod tests;
