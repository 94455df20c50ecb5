//! A Kea server as a reading: what it is configured to do, and how it runs.
//!
//! Nothing here stops DHCP: `reservation-get-all` and `lease4-get-all` are never sent.

mod config;
mod foreign;
pub(super) mod running;
mod said;
pub(super) mod scopes;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use self::running::Status;
use super::abilities::Abilities;
use super::ha::{self, HaTerms};
use super::peers::{self, Peers};
use super::wire::{Answer, Command, Wire};
use crate::drivers::DriverError;
use crate::model::ScopeId;
use crate::model::server::{
    Availability, Coverage, Product, ServerConfig, ServerIdentity, ServerName, ServerReading,
    ServerRole,
};
use crate::model::text::printable;

/// A configuration may be tens of megabytes, and Kea takes seconds to write it.
const CONFIG_WITHIN: Duration = Duration::from_secs(30);
/// Two readings of a moment that whole seconds ago tell may be so far apart.
const JITTER: i64 = 2;
/// Within so many seconds after it was configured, it may be configured again unnoticed.
const SETTLED: i64 = 5;
/// A hash takes the server as long as writing its configuration: it may take so much of its time.
const SHARE: u32 = 20;

fn hex(byte: &u8) -> String {
    format!("{byte:02X}")
}

/// What was read of a server's configuration and is not in the reading.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which configuration it is of.
    pub revision: String,
    /// What of it was read.
    pub coverage: Coverage,
    /// The scopes by Kea's subnet ids.
    pub subnets: BTreeMap<u32, ScopeId>,
    /// The terms of its relationships, in their order.
    pub terms: Vec<HaTerms>,
    pid: i64,
    configured: Timestamp,
    settled: bool,
    hash: Option<String>,
    /// When the hash was last asked for, and how long the answer took.
    hashed: (Timestamp, Duration),
}

/// What reads a server, and remembers what makes the next reading quick.
#[derive(Debug)]
pub struct Reader {
    server: ServerName,
    peers: Arc<Peers>,
    known: Mutex<Option<Arc<Known>>>,
}

impl Reader {
    /// A reader of that server.
    #[must_use]
    pub fn new(server: ServerName, peers: Arc<Peers>) -> Reader {
        Reader {
            server,
            peers,
            known: Mutex::default(),
        }
    }

    /// What is known of the configuration that was last read.
    #[must_use]
    pub fn known(&self) -> Option<Arc<Known>> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Which server.
    #[must_use]
    pub fn server(&self) -> &ServerName {
        &self.server
    }

    /// Forgets what is known: the next reading takes nothing from the one before.
    pub fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A configuration (`config-get`'s arguments) as a reading has it.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn translate(&self, arguments: &str) -> Result<Arc<ServerConfig>, String> {
        let arguments = serde_json::from_str(arguments).map_err(|error| error.to_string())?;
        let read = config::read(arguments)?;
        Ok(self.with_partners(Arc::new(read.config), &read.terms))
    }

    /// Reads the server at `now`. The configuration is asked for only when it may have changed
    /// since the reading `before`, and always when there is none.
    ///
    /// # Errors
    /// Those of the wire; `Protocol` when it does not say what a Kea server says.
    pub async fn read(
        &self,
        wire: &dyn Wire,
        abilities: &Abilities,
        before: Option<&ServerReading>,
        now: Timestamp,
    ) -> Result<ServerReading, DriverError> {
        let status = status(wire, &self.server).await?;
        let unchanged = match (before, self.known()) {
            (Some(before), Some(known)) => self
                .unchanged(wire, abilities, before, known, &status, now)
                .await?
                .map(|known| (Arc::clone(&before.config), known)),
            _ => None,
        };
        let (config, known) = match unchanged {
            Some(unchanged) => unchanged,
            None => self.configuration(wire, &status, now).await?,
        };
        let config = self.with_partners(config, &known.terms);
        let mut statuses = BTreeMap::new();
        let mut clock = None;
        for (place, terms) in known.terms.iter().enumerate() {
            if !abilities.has_ha() || terms.model_mode().is_none() {
                continue;
            }
            let Some(said) = status.relationship(terms, place) else {
                continue;
            };
            let several = known.terms.len() > 1;
            let heartbeat = running::heartbeat(wire, terms, several).await?;
            clock = clock.or_else(|| heartbeat.as_ref()?.clock());
            let key = terms.name().to_lowercase();
            let before = before.and_then(|before| before.relationships.get(&key));
            let status = ha::status(terms, said, heartbeat.as_ref(), before, now);
            statuses.insert(key, status);
        }
        let statistics = match abilities.has_statistics() {
            true => running::statistics(wire, &config, &known.subnets).await?,
            false => BTreeMap::new(),
        };
        let mut counters = match abilities.has("statistic-get") {
            true => running::counters(wire).await?,
            false => Default::default(),
        };
        let started = before.and_then(|before| before.counters.started);
        counters.started = status.started(started, now);
        Ok(ServerReading {
            identity: identity(&self.server, abilities, &known.terms),
            taken: now,
            server_clock: clock,
            availability: match status.paused() {
                true => Availability::Paused,
                false => Availability::Running,
            },
            coverage: known.coverage,
            config,
            relationships: statuses,
            statistics,
            counters,
            zones: Vec::new(),
            revision: known.revision.clone(),
        })
    }

    /// What is known, if the server has still the configuration of the reading `before`.
    async fn unchanged(
        &self,
        wire: &dyn Wire,
        abilities: &Abilities,
        before: &ServerReading,
        known: Arc<Known>,
        status: &Status,
        now: Timestamp,
    ) -> Result<Option<Arc<Known>>, DriverError> {
        let configured = status.configured(now);
        let apart = configured.duration_since(known.configured).abs();
        let same = before.revision == known.revision
            && known.settled
            && known.pid == status.pid
            && apart.as_secs() <= JITTER;
        if !same {
            return Ok(None);
        }
        // Only with these hooks a configuration changes without being set anew.
        if !abilities.has_hash() || !abilities.changes_in_place() {
            return Ok(Some(known));
        }
        let (last, took) = known.hashed;
        let since = now.duration_since(last).unsigned_abs();
        if since < took * SHARE {
            return Ok(Some(known));
        }
        let asked = Instant::now();
        let hash = hash(wire).await?;
        if hash.is_none() || hash != known.hash {
            return Ok(None);
        }
        let known = Arc::new(Known {
            hashed: (now, asked.elapsed()),
            ..Known::clone(&known)
        });
        self.remember(&known);
        Ok(Some(known))
    }

    async fn configuration(
        &self,
        wire: &dyn Wire,
        status: &Status,
        now: Timestamp,
    ) -> Result<(Arc<ServerConfig>, Arc<Known>), DriverError> {
        let protocol = |what: &str| DriverError::Protocol {
            server: self.server.clone(),
            what: printable(what, 200),
        };
        let command = Command::read("config-get").within(CONFIG_WITHIN);
        let asked = Instant::now();
        let answer = wire.ask(&command).await?;
        let took = asked.elapsed();
        let arguments = answer.arguments.as_deref();
        let arguments = arguments
            .filter(|_| answer.result == Answer::SUCCESS)
            .ok_or_else(|| protocol(&format!("no configuration: {}", answer.text)))?;
        let read = config::read(arguments)
            .map_err(|why| protocol(&format!("a configuration that can't be read: {why}")))?;
        let configured = status.configured(now);
        // When it was configured is told in whole seconds, in which it may be again.
        let digest = || Sha256::digest(arguments.get()).iter().map(hex).collect();
        let known = Arc::new(Known {
            revision: read.hash.clone().unwrap_or_else(digest),
            coverage: read.coverage,
            subnets: read.subnets,
            terms: read.terms,
            pid: status.pid,
            configured,
            settled: status.reload > SETTLED,
            hash: read.hash,
            hashed: (now, took),
        });
        self.remember(&known);
        self.peers.learn(&self.server, &known.terms);
        Ok((Arc::new(read.config), known))
    }

    fn remember(&self, known: &Arc<Known>) {
        let mut held = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::clone(known));
    }

    /// The configuration with its partners by the names of configured servers, as far as they are
    /// known by now.
    fn with_partners(&self, mut config: Arc<ServerConfig>, terms: &[HaTerms]) -> Arc<ServerConfig> {
        for terms in terms {
            let Some(peer) = terms.partner() else {
                continue;
            };
            let found = self
                .peers
                .resolve(&self.server, &peer.name, &peer.url, terms);
            let partner = found.unwrap_or_else(|| ServerName::new(&printable(&peer.name, 255)));
            let key = terms.name().to_lowercase();
            let held = config.relationships.get(&key);
            if held.is_some_and(|held| held.partner != partner)
                && let Some(held) = Arc::make_mut(&mut config).relationships.get_mut(&key)
            {
                held.partner = partner;
            }
        }
        config
    }
}

/// Asks how the server runs.
///
/// # Errors
/// Those of the wire; `Protocol` when it does not say so.
pub(super) async fn status(wire: &dyn Wire, server: &ServerName) -> Result<Status, DriverError> {
    let answer = wire.ask(&Command::read("status-get")).await?;
    let status = answer
        .arguments()
        .filter(|_| answer.result == Answer::SUCCESS);
    status.ok_or_else(|| DriverError::Protocol {
        server: server.clone(),
        what: printable(&format!("no status: {}", answer.text), 200),
    })
}

async fn hash(wire: &dyn Wire) -> Result<Option<String>, DriverError> {
    #[derive(Deserialize)]
    struct Hash {
        hash: String,
    }
    let command = Command::read("config-hash-get").within(CONFIG_WITHIN);
    let answer = wire.ask(&command).await?;
    let told = answer.arguments::<Hash>();
    Ok(told
        .filter(|_| answer.result == Answer::SUCCESS)
        .map(|told| told.hash))
}

fn identity(server: &ServerName, abilities: &Abilities, terms: &[HaTerms]) -> ServerIdentity {
    let urls = terms.iter().filter_map(|terms| Some(&terms.this()?.url));
    let hosts = urls.filter_map(|url| peers::host_of(url)?.parse::<Ipv4Addr>().ok());
    let mut addresses: Vec<Ipv4Addr> = hosts.collect();
    addresses.sort_unstable();
    addresses.dedup();
    ServerIdentity {
        name: server.clone(),
        roles: vec![ServerRole::Dhcp],
        addresses,
        domain: String::new(),
        product: Product::Kea,
        version: Some(abilities.version.model()),
        version_text: format!("Kea {}", abilities.version),
        authorized: true,
    }
}

/// The configuration that arguments of `config-get` are read as.
#[cfg(test)]
pub(super) fn configuration(arguments: &str) -> Result<ServerConfig, String> {
    let raw: Box<serde_json::value::RawValue> =
        serde_json::from_str(arguments).map_err(|why| why.to_string())?;
    config::read(&raw).map(|read| read.config)
}

#[cfg(test)]
mod tests;
