//! Collecting: the servers are read side by side, each in its own time, and every answer is
//! published as it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::estate::ServerView;
use super::store::OutOfSync;
use super::{Estate, Ipam};
use crate::drivers::{Driver, DriverError, Silence};
use crate::model::server::{Availability, ServerConfig, ServerName, ServerReading};

/// So many servers are read at once.
const AT_ONCE: usize = 32;

/// Who takes longer than this lets the next one have its turn.
const TURN: Duration = Duration::from_secs(1);

/// What one server answered, or did not.
pub(super) struct Answer {
    pub(super) server: ServerName,
    /// Reads are numbered as they begin: an older one never replaces a newer one.
    number: u64,
    asked: Timestamp,
    result: Result<Arc<ServerReading>, DriverError>,
    manner: Manner,
}

/// How a server is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// As somebody wants to know it now.
    Now,
    /// As it is done every few seconds: what this session has seen of it may be relied on.
    Passing,
    /// As it is done now and then: nothing is relied on.
    Whole,
}

/// So many servers at once; who is slow gives its turn away.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(super) fn new() -> Turns {
        Turns(Arc::new(Semaphore::new(AT_ONCE)))
    }

    async fn take<T>(&self, work: impl Future<Output = T>) -> T {
        let turn = self.0.acquire().await;
        let mut work = pin!(work);
        match tokio::time::timeout(TURN, &mut work).await {
            Ok(done) => done,
            Err(_) => {
                drop(turn);
                work.await
            }
        }
    }
}

impl Ipam {
    /// Reads every server, side by side, and gives what is known then.
    pub async fn collect(&self) -> Arc<Estate> {
        self.collect_with(self.inner.names.servers(), |_| ()).await
    }

    /// Reads some servers, side by side.
    pub async fn collect_only(&self, servers: &[ServerName]) -> Arc<Estate> {
        self.collect_with(servers, |_| ()).await
    }

    /// Reads servers that were written to: all that they have.
    pub(super) async fn collect_written(&self, servers: &[ServerName]) -> Arc<Estate> {
        self.collect_as(Manner::Whole, servers, |_| ()).await
    }

    /// Reads some servers, side by side, and tells each estate as a server's answer comes.
    pub async fn collect_with(
        &self,
        servers: &[ServerName],
        on_each: impl Fn(&Arc<Estate>),
    ) -> Arc<Estate> {
        self.collect_as(Manner::Now, servers, on_each).await
    }

    async fn collect_as(
        &self,
        manner: Manner,
        servers: &[ServerName],
        on_each: impl Fn(&Arc<Estate>),
    ) -> Arc<Estate> {
        self.publish_config_sync().await;
        let turns = Turns::new();
        let mut asked = JoinSet::new();
        let servers: BTreeSet<ServerName> = servers.iter().cloned().collect();
        for server in servers {
            let (ipam, turns) = (self.clone(), turns.clone());
            asked.spawn(async move {
                let gate = ipam.gate(&server)?;
                // Who is being read at this moment began to before we wanted to know.
                let _held = gate.hold().await;
                ipam.ask_in_turn(&server, manner, &turns).await
            });
        }
        while let Some(answer) = asked.join_next().await {
            if let Ok(Some(answer)) = answer {
                on_each(&self.publish(vec![answer]).await);
            }
        }
        self.estate()
    }

    pub(super) async fn read_and_publish(
        &self,
        server: &ServerName,
    ) -> Result<Arc<ServerReading>, DriverError> {
        self.driver(server)?;
        let Some(answer) = self.ask(server, Manner::Now).await else {
            return self.driver(server).map(|_| ()).and(Err(unknown(server)));
        };
        let result = answer.result.clone();
        self.publish(vec![answer]).await;
        result
    }

    /// Asks a server when it is its turn, and takes down how that went; its gate is to be held.
    pub(super) async fn ask_in_turn(
        &self,
        server: &ServerName,
        manner: Manner,
        turns: &Turns,
    ) -> Option<Answer> {
        let answer = turns.take(self.ask(server, manner)).await?;
        if let Some(gate) = self.gate(server) {
            gate.heard(answer.result.is_ok(), manner == Manner::Whole);
        }
        Some(answer)
    }

    async fn ask(&self, server: &ServerName, manner: Manner) -> Option<Answer> {
        let driver = self.driver(server).ok()?;
        let number = self.inner.reads.fetch_add(1, Ordering::SeqCst);
        let asked = self.inner.clock.now();
        let view = self.estate().servers.get(server).cloned();
        let cached = view.as_ref().is_some_and(|view| view.cached);
        let before = view.and_then(|view| view.reading.clone());
        // What an earlier session read may spare memory, but no question: the server has to say
        // all of it again.
        let known = before
            .as_deref()
            .filter(|_| !cached && manner != Manner::Whole);
        let read = in_time(driver.as_ref(), driver.read(known)).await;
        let result = read.map(|reading| Arc::new(sharing(before.as_deref(), reading)));
        Some(Answer {
            server: server.clone(),
            number,
            asked,
            result,
            manner,
        })
    }

    /// Publishes answers, but for those of servers of which a newer one already was.
    pub(super) async fn publish(&self, answers: Vec<Answer>) -> Arc<Estate> {
        let estate = self.estate();
        let mut known = BTreeMap::new();
        let mut unknown = Vec::new();
        for answer in &answers {
            let view = estate.servers.get(&answer.server);
            let since = view.and_then(|view| answer.since_in(view));
            if let (Manner::Passing, Some(since)) = (answer.manner, since) {
                known.insert(answer.number, since);
            } else {
                let (server, number) = (answer.server.clone(), answer.number);
                unknown.push((number, server, answer.availability(), answer.asked));
            }
        }
        if !unknown.is_empty() {
            let since = self.remember(move |store| {
                let since = |(number, server, availability, asked)| {
                    let since = store.available_since(&server, availability, asked);
                    since.map(|since| (number, since))
                };
                let found: Vec<_> = unknown.into_iter().map(since).collect();
                Ok(found.into_iter().flatten().collect::<Vec<_>>())
            });
            known.extend(since.await.unwrap_or_default());
        }
        let mut published = self
            .inner
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let estate = self.estate();
        let mut views = Vec::new();
        for answer in answers {
            let newest = published
                .entry(answer.server.clone())
                .or_insert(answer.number);
            if *newest > answer.number {
                continue;
            }
            *newest = answer.number;
            let before = estate.servers.get(&answer.server);
            let since = known.get(&answer.number).copied().unwrap_or_else(|| {
                // Nothing can be remembered: what this process saw is what there is.
                let since = before.and_then(|view| answer.since_in(view));
                since.unwrap_or(answer.asked)
            });
            views.push(Arc::new(answer.view(before, since)));
        }
        if views.is_empty() {
            return estate;
        }
        self.inner.recorder.note(&views);
        let next = Arc::new(estate.with(views, None));
        self.inner.estate.send_replace(Arc::clone(&next));
        next
    }

    /// Whether an answer is news, or only says that all is as it was.
    pub(super) fn is_news(&self, answer: &Answer) -> bool {
        let estate = self.estate();
        let before = estate.servers.get(&answer.server);
        let since = before.and_then(|view| view.availability_since);
        before.is_none_or(|before| {
            let view = answer.view(Some(before), since.unwrap_or(answer.asked));
            !view.same_but_times(before)
        })
    }

    /// Publishes the configuration sync errors as the store has them: other processes change them
    /// too.
    pub(super) async fn publish_config_sync(&self) {
        let Ok(out_of_sync) = self.remember(|store| store.out_of_sync()).await else {
            // The store says so itself when something is to be remembered.
            return;
        };
        self.replace_config_sync(out_of_sync);
    }

    fn replace_config_sync(&self, out_of_sync: OutOfSync) {
        let _publishing = self
            .inner
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let estate = self.estate();
        if estate.out_of_sync != out_of_sync {
            let next = estate.with(Vec::new(), Some(out_of_sync));
            self.inner.estate.send_replace(Arc::new(next));
        }
    }
}

impl Answer {
    fn availability(&self) -> Availability {
        match &self.result {
            Ok(reading) => reading.availability,
            Err(DriverError::Unreachable {
                how: Silence::ServiceStopped,
                ..
            }) => Availability::Stopped,
            Err(_) => Availability::NotReachable,
        }
    }

    /// Since when the server is as it answered, if it was so before, and was asked then.
    fn since_in(&self, before: &ServerView) -> Option<Timestamp> {
        let same = before.asked.is_some() && before.availability == Some(self.availability());
        before.availability_since.filter(|_| same)
    }

    /// What is known of the server with it.
    fn view(&self, before: Option<&Arc<ServerView>>, since: Timestamp) -> ServerView {
        let (reading, error) = match &self.result {
            Ok(reading) => (Some(Arc::clone(reading)), None),
            Err(error) => {
                let old = before.and_then(|view| view.reading.clone());
                (old, Some(error.clone()))
            }
        };
        ServerView {
            name: self.server.clone(),
            availability: Some(self.availability()),
            availability_since: Some(since),
            cached: error.is_some() && before.is_some_and(|view| view.cached),
            reading,
            error,
            asked: Some(self.asked),
        }
    }
}

fn unknown(server: &ServerName) -> DriverError {
    DriverError::Unreachable {
        server: server.clone(),
        how: Silence::NoConnection("it was not asked".to_owned()),
    }
}

/// What a driver does, but no longer than it has patience.
pub(super) async fn in_time<T>(
    driver: &dyn Driver,
    work: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    let patience = driver.patience();
    match tokio::time::timeout(patience, work).await {
        Ok(result) => result,
        Err(_) => Err(DriverError::Unreachable {
            server: driver.server().clone(),
            how: Silence::TimedOut(patience),
        }),
    }
}

/// The reading with everything that has not changed taken from the one before, the very same
/// `Arc`s, whatever the driver did about that.
fn sharing(before: Option<&ServerReading>, mut reading: ServerReading) -> ServerReading {
    let Some(before) = before else {
        return reading;
    };
    if Arc::ptr_eq(&before.config, &reading.config) {
        return reading;
    }
    if *before.config == *reading.config {
        reading.config = Arc::clone(&before.config);
        return reading;
    }
    let same = |id, scope| {
        let then = before.config.scopes.get(id)?;
        (!Arc::ptr_eq(then, scope) && then == scope).then(|| Arc::clone(then))
    };
    let kept: Vec<_> = reading
        .config
        .scopes
        .iter()
        .filter_map(|(id, scope)| Some((*id, same(id, scope)?)))
        .collect();
    if !kept.is_empty() {
        let config: &mut ServerConfig = Arc::make_mut(&mut reading.config);
        config.scopes.extend(kept);
    }
    reading
}
