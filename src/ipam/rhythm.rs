//! When a server is asked again: its own rhythm, never twice at once, and less often while it does
//! not answer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::config::Periods;
use crate::model::ServerName;

/// Who holds it collects from the server; and how that went the last time.
pub(super) struct Gate {
    server: ServerName,
    turn: Semaphore,
    last: Mutex<Last>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Last {
    /// When it last answered, or was given up.
    heard: Option<Instant>,
    /// When it last told its whole configuration.
    whole: Option<Instant>,
    /// How often in a row it did not answer.
    failures: u32,
    /// How often it was asked.
    asked: u64,
}

impl Gate {
    pub(super) fn new(server: &ServerName) -> Gate {
        Gate {
            server: server.clone(),
            turn: Semaphore::new(1),
            last: Mutex::default(),
        }
    }

    /// Waits for whoever collects from the server.
    pub(super) async fn hold(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.turn.acquire().await.ok()
    }

    /// Takes down that the server was asked, and whether it answered.
    pub(super) fn heard(&self, answered: bool, whole: bool) {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.heard = Some(now);
        last.asked += 1;
        if answered {
            last.failures = 0;
            // The first time, everything is told.
            if whole || last.whole.is_none() {
                last.whole = Some(now);
            }
        } else {
            last.failures = last.failures.saturating_add(1);
        }
    }

    /// When it is to be asked again; `None`: it never was, so now.
    pub(super) fn due(&self, periods: &Periods) -> Option<Instant> {
        let last = self.last();
        last.heard.map(|heard| heard + self.pause(&last, periods))
    }

    /// Whether its whole configuration is to be asked for when it is asked now.
    pub(super) fn whole_is_due(&self, periods: &Periods) -> bool {
        let whole = self.last().whole;
        whole.is_some_and(|whole| whole.elapsed() >= periods.configuration)
    }

    fn last(&self) -> Last {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Twice as long after each failure, up to a bound; up to a fifth less, so that servers that
    /// fell silent together are not asked together for ever.
    fn pause(&self, last: &Last, periods: &Periods) -> Duration {
        let factor = 1_u32 << last.failures.min(16);
        let pause = periods.state.saturating_mul(factor);
        let pause = pause.min(periods.retry.max(periods.state));
        let mut hasher = DefaultHasher::new();
        (self.server.as_str(), last.asked).hash(&mut hasher);
        let part = u32::try_from(hasher.finish() % 200).unwrap_or(0);
        pause - pause * part / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_to_a_bound_and_shrinks_at_once() {
        let gate = Gate::new(&ServerName::new("dhcp1"));
        let periods = Periods::default();
        assert_eq!(gate.due(&periods), None);
        let pause = |answered| {
            gate.heard(answered, false);
            gate.due(&periods).unwrap() - Instant::now()
        };
        let within = |pause: Duration, seconds: u64| {
            let most = Duration::from_secs(seconds);
            assert!(
                most * 4 / 5 < pause && pause <= most,
                "{pause:?} of {most:?}"
            );
        };
        within(pause(true), 5);
        for seconds in [10, 20, 30, 30, 30] {
            within(pause(false), seconds);
        }
        for _ in 0..100 {
            within(pause(false), 30);
        }
        within(pause(true), 5);
        // Not two of them alike.
        let other = Gate::new(&ServerName::new("dhcp2"));
        other.heard(true, false);
        gate.heard(true, false);
        assert_ne!(gate.due(&periods), other.due(&periods));
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_configuration_is_due_after_its_period() {
        let gate = Gate::new(&ServerName::new("dhcp1"));
        let periods = Periods::default();
        assert!(!gate.whole_is_due(&periods));
        gate.heard(true, false);
        tokio::time::advance(Duration::from_secs(299)).await;
        gate.heard(true, false);
        assert!(!gate.whole_is_due(&periods));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(gate.whole_is_due(&periods));
        gate.heard(true, true);
        assert!(!gate.whole_is_due(&periods));
    }
}
