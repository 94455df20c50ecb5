//! ISC Kea: what a pair of its servers can be asked, and how it is changed without its clients
//! noticing.
//!
//! Facts are those of the Kea Administrator Reference Manual, and of what was measured on Kea
//! 2.2, 2.6 and 3.0; where the two disagree, what was measured holds.

pub mod abilities;
pub mod channel;
mod choreography;
mod copies;
pub mod ha;
pub mod options;
mod orders;
pub mod peers;
pub mod pool;
mod prepare;
pub mod reading;
#[cfg(test)]
mod scripted;
mod standin;
mod standing;
pub mod wire;
mod write;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::abilities::Abilities;
use self::copies::Copies;
use self::peers::Peers;
use self::prepare::{Configuration, fingerprints};
use self::standing::Terms;
use self::wire::{Answer, Command, Wire};
use crate::clock::Clock;
use crate::drivers::{BoxFuture, Driver, DriverError, Expected, Impact, LeaseQuery, Readings};
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::fingerprint::Fingerprint;
use crate::model::lease::Lease;
use crate::model::plan::{Plan, Step};
use crate::model::server::{ServerName, ServerReading};
use crate::rules::{Code, DhcpError};

/// A reading takes no longer than that.
const READING: Duration = Duration::from_secs(60);
/// What a write may take besides waiting for high availability: a large configuration is tested,
/// set and saved.
const WRITING: Duration = Duration::from_secs(180);

/// One Kea server, at its control channel.
pub struct KeaServer {
    server: ServerName,
    wire: Arc<dyn Wire>,
    peers: Arc<Peers>,
    clock: Clock,
    copies: Option<Copies>,
    /// Held by whoever writes.
    writer: tokio::sync::Mutex<()>,
    learned: Mutex<Learned>,
}

/// What is known of the server from the last time it was asked.
#[derive(Default)]
struct Learned {
    pid: i64,
    abilities: Option<Arc<Abilities>>,
    terms: Vec<Terms>,
    /// Why what it does is not in its file, when we know that it is not.
    not_saved: Option<String>,
}

impl KeaServer {
    /// The server of that name behind that channel. Nothing is asked of it yet.
    #[must_use]
    pub fn new(
        server: ServerName,
        wire: Arc<dyn Wire>,
        peers: Arc<Peers>,
        clock: Clock,
    ) -> KeaServer {
        KeaServer {
            server,
            wire,
            peers,
            clock,
            copies: None,
            writer: tokio::sync::Mutex::new(()),
            learned: Mutex::default(),
        }
    }

    /// Keeps a copy of its configuration in a folder of the home's state before the first write of
    /// its file.
    #[must_use]
    pub fn keeping_copies_in(mut self, state: &Path) -> KeaServer {
        self.copies = Some(Copies::in_folder(state));
        self
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the process of that number can do: asked of it once.
    async fn abilities(&self, pid: i64) -> Result<Arc<Abilities>, DriverError> {
        {
            let mut learned = self.learned();
            if learned.pid != pid {
                learned.pid = pid;
                learned.abilities = None;
                // Whatever was not saved is gone with the process.
                learned.not_saved = None;
            }
            if let Some(abilities) = &learned.abilities {
                return Ok(abilities.clone());
            }
        }
        let abilities = Arc::new(abilities::probe(&*self.wire, &self.server).await?);
        self.learned().abilities = Some(abilities.clone());
        Ok(abilities)
    }

    /// Its hooks may be others now.
    fn forget_abilities(&self) {
        self.learned().abilities = None;
    }

    /// Remembers the terms of high availability.
    fn learn(&self, now: &Configuration) -> Vec<Terms> {
        let terms = standing::terms(&now.text);
        self.learned().terms.clone_from(&terms);
        terms
    }

    fn known_terms(&self) -> Vec<Terms> {
        self.learned().terms.clone()
    }

    fn not_saved(&self, why: &str) {
        self.learned().not_saved = Some(why.to_owned());
    }

    fn saved(&self) {
        self.learned().not_saved = None;
    }

    /// Whether edits can be made with no interruption, as far as is known.
    fn is_gapless(&self, edits: &[Edit]) -> bool {
        let _ = edits;
        false
    }

    /// Asks; a command that it no longer knows means that its hooks have changed.
    async fn ask(&self, command: &Command) -> Result<Answer, DriverError> {
        let answer = self.wire.ask(command).await?;
        if answer.result == Answer::UNSUPPORTED {
            self.forget_abilities();
        }
        Ok(answer)
    }

    fn refused(&self, code: Code, sentence: impl Into<String>) -> DriverError {
        DriverError::Refused {
            server: self.server.clone(),
            error: DhcpError::new(code, sentence),
        }
    }

    fn unsupported(&self, why: String) -> DriverError {
        DriverError::Unsupported {
            server: self.server.clone(),
            why,
        }
    }
}

impl Driver for KeaServer {
    fn server(&self) -> &ServerName {
        &self.server
    }

    fn patience(&self) -> Duration {
        let terms = self.known_terms();
        let returns = terms.iter().map(|terms| terms.longest_return());
        WRITING + returns.sum::<Duration>()
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        Box::pin(async move {
            let _ = before;
            Err(self.unsupported("not yet".into()))
        })
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        Box::pin(async move {
            let _ = query;
            Err(self.unsupported("not yet".into()))
        })
    }

    fn expand(&self, step: Step, _: &Plan, readings: &Readings) -> Vec<Step> {
        self.bridged(step, readings)
    }

    fn impact(&self, edits: &[Edit], readings: &Readings) -> Impact {
        self.felt(edits, readings)
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(self.write(edits, expected))
    }

    fn order<'a>(
        &'a self,
        order: &'a Order,
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(self.obey(order, expected))
    }

    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        Box::pin(async move {
            self.status().await?;
            let now = self.configuration().await?;
            fingerprints(&self.server, &self.peers, &now, objects)
        })
    }

    fn command(&self, order: &Order) -> String {
        self.as_sent(order)
    }
}
