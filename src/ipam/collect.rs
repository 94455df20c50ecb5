//! Collecting: the servers are read side by side, each in its own time, and every answer is
//! published as it comes.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

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

/// What one server answered, or did not.
struct Answer {
    server: ServerName,
    /// Reads are numbered as they begin: an older one never replaces a newer one.
    number: u64,
    asked: Timestamp,
    result: Result<Arc<ServerReading>, DriverError>,
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

    /// Reads some servers, side by side, and tells each estate as a server's answer comes.
    pub async fn collect_with(
        &self,
        servers: &[ServerName],
        on_each: impl Fn(&Arc<Estate>),
    ) -> Arc<Estate> {
        self.publish_config_sync().await;
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut asked = JoinSet::new();
        let servers: BTreeSet<ServerName> = servers.iter().cloned().collect();
        for server in servers {
            let (ipam, turns) = (self.clone(), Arc::clone(&turns));
            asked.spawn(async move {
                let _turn = turns.acquire_owned().await;
                ipam.ask(&server).await
            });
        }
        while let Some(answer) = asked.join_next().await {
            if let Ok(Some(answer)) = answer {
                on_each(&self.publish(answer).await);
            }
        }
        self.estate()
    }

    pub(super) async fn read_and_publish(
        &self,
        server: &ServerName,
    ) -> Result<Arc<ServerReading>, DriverError> {
        self.driver(server)?;
        let Some(answer) = self.ask(server).await else {
            return self.driver(server).map(|_| ()).and(Err(unknown(server)));
        };
        let result = answer.result.clone();
        self.publish(answer).await;
        result
    }

    async fn ask(&self, server: &ServerName) -> Option<Answer> {
        let driver = self.driver(server).ok()?;
        let number = self.inner.reads.fetch_add(1, Ordering::SeqCst);
        let asked = self.inner.clock.now();
        let view = self.estate().servers.get(server).cloned();
        let before = view.and_then(|view| view.reading.clone());
        let read = in_time(driver.as_ref(), driver.read(before.as_deref())).await;
        let result = read.map(|reading| Arc::new(sharing(before.as_deref(), reading)));
        Some(Answer {
            server: server.clone(),
            number,
            asked,
            result,
        })
    }

    /// Publishes an answer, unless a newer one of that server already was.
    async fn publish(&self, answer: Answer) -> Arc<Estate> {
        let availability = match &answer.result {
            Ok(reading) => reading.availability,
            Err(DriverError::Unreachable {
                how: Silence::ServiceStopped,
                ..
            }) => Availability::Stopped,
            Err(_) => Availability::NotReachable,
        };
        let (server, asked) = (answer.server.clone(), answer.asked);
        let since = self
            .remember(move |store| store.available_since(&server, availability, asked))
            .await;
        let mut published = self
            .inner
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let newest = published
            .entry(answer.server.clone())
            .or_insert(answer.number);
        if *newest > answer.number {
            return self.estate();
        }
        *newest = answer.number;
        let estate = self.estate();
        let before = estate.servers.get(&answer.server);
        let since = since.unwrap_or_else(|_| {
            // Nothing can be remembered: what this process saw is what there is.
            let same = before.filter(|view| view.availability == Some(availability));
            same.and_then(|view| view.availability_since)
                .unwrap_or(asked)
        });
        let (reading, error) = match answer.result {
            Ok(reading) => (Some(reading), None),
            Err(error) => (before.and_then(|view| view.reading.clone()), Some(error)),
        };
        let view = ServerView {
            name: answer.server,
            availability: Some(availability),
            availability_since: Some(since),
            reading,
            error,
            asked: Some(asked),
        };
        let next = Arc::new(estate.with(vec![Arc::new(view)], None));
        self.inner.estate.send_replace(Arc::clone(&next));
        next
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
