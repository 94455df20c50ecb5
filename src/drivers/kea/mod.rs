//! ISC Kea: what a pair of its servers can be asked, and how it is changed without its clients
//! noticing.
//!
//! Facts are those of the Kea Administrator Reference Manual, and of what was measured on Kea
//! 2.2, 2.6 and 3.0; where the two disagree, what was measured holds.

pub mod abilities;
pub mod channel;
pub mod check;
mod choreography;
mod copies;
pub mod document;
pub mod ha;
pub mod leases;
pub mod options;
mod orders;
mod pairing;
pub mod peers;
pub mod pool;
mod prepare;
pub mod probe;
pub mod reading;
mod save;
#[cfg(test)]
mod scripted;
mod standing;
mod unsaved;
pub mod wire;
mod write;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use self::abilities::Abilities;
use self::copies::Copies;
use self::peers::Peers;
use self::prepare::{Configuration, fingerprints};
use self::reading::Reader;
use self::standing::{Status, Terms};
use self::unsaved::Unsaved;
use self::wire::{Answer, Command, Wire};
use crate::clock::Clock;
use crate::config::{KeaAddress, KeaEntry};
use crate::drivers::probe::{Found, ProbeItem};
use crate::drivers::{
    BoxFuture, CheckLine, Driver, DriverError, Expected, Impact, LeaseQuery, Probe, Readings,
    Silence,
};
use crate::model::edit::{Edit, ObjectRef, OptionLevel, Order};
use crate::model::failover::Side;
use crate::model::fingerprint::Fingerprint;
use crate::model::lease::Lease;
use crate::model::plan::{Action, Plan, Step};
use crate::model::server::{ServerConfig, ServerName, ServerReading};
use crate::model::text::printable;
use crate::model::{HaEnd, HaSetup, ScopeId};
use crate::rules::{Code, DhcpError};

/// A reading takes no longer than that.
const READING: Duration = Duration::from_secs(60);
/// What a write may take besides waiting for high availability: a large configuration is tested,
/// set and saved.
const WRITING: Duration = Duration::from_secs(180);

/// How a server's line begins whose file lacks what it does.
const NOT_SAVED: &str = "set, but not saved: ";

/// One Kea server, at its control channel.
pub struct KeaServer {
    server: ServerName,
    wire: Arc<dyn Wire>,
    reader: Arc<Reader>,
    peers: Arc<Peers>,
    clock: Clock,
    copies: Option<Copies>,
    entry: Option<KeaEntry>,
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
    config: Option<Arc<ServerConfig>>,
    /// What it does that is not in its file, where that is noted nowhere else.
    not_saved: Option<Unsaved>,
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
            reader: Arc::new(Reader::new(server.clone(), peers.clone())),
            peers,
            server,
            wire,
            clock,
            copies: None,
            entry: None,
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

    /// With what the configuration says of it.
    #[must_use]
    pub fn configured_as(mut self, entry: KeaEntry) -> KeaServer {
        self.entry = Some(entry);
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

    /// Reads it.
    async fn collect(&self, before: Option<&ServerReading>) -> Result<ServerReading, DriverError> {
        // Finds out a server that hangs before anything large is asked of it.
        let status = self.status().await?;
        let abilities = self.abilities(status.pid).await?;
        let now = self.clock.now();
        let read = self.reader.read(&*self.wire, &abilities, before, now);
        let mut reading = read.await?;
        if let Some(known) = self.reader.known() {
            self.learned().terms = known.terms.iter().map(Terms::of).collect();
            self.peers.has_subnets(&self.server, &known.subnets);
        }
        self.show_not_saved(&mut reading, &status);
        if let Some(before) = before {
            share(&mut reading.config, &before.config);
        }
        self.learned().config = Some(reading.config.clone());
        Ok(reading)
    }

    /// A line for what is not in its file: the server itself does not tell.
    fn show_not_saved(&self, reading: &mut ServerReading, status: &Status) {
        let why = self.unsaved(status).map(|unsaved| unsaved.why);
        let held = reading.config.foreign.iter();
        let lines: Vec<String> = held
            .filter(|line| !line.starts_with(NOT_SAVED))
            .cloned()
            .chain(why.map(|why| printable(&format!("{NOT_SAVED}{why}"), 600)))
            .collect();
        if lines != reading.config.foreign {
            Arc::make_mut(&mut reading.config).foreign = lines;
        }
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

    /// Its partners' subnets by Kea's ids, as far as they were read; a partner that edits give it
    /// is one too.
    fn partner_subnets(&self, edits: &[Edit]) -> BTreeMap<u32, ScopeId> {
        let config = self.learned().config.clone();
        let relationships = config
            .iter()
            .flat_map(|config| config.relationships.values());
        let new = pairing::added(edits).map(|(new, _)| new);
        let partners: Vec<ServerName> = relationships
            .chain(new)
            .map(|held| held.partner.clone())
            .collect();
        self.peers.subnets_of(&partners)
    }

    /// Whether edits can be made with no interruption, as far as is known.
    fn is_gapless(&self, edits: &[Edit]) -> bool {
        let abilities = self.learned().abilities.clone();
        abilities.is_some_and(|abilities| edits.iter().all(|edit| in_place(edit, &abilities)))
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

/// What is the same as before is the very same.
fn share(now: &mut Arc<ServerConfig>, before: &Arc<ServerConfig>) {
    if Arc::ptr_eq(now, before) {
        return;
    }
    if now == before {
        *now = before.clone();
        return;
    }
    for (id, scope) in &mut Arc::make_mut(now).scopes {
        if let Some(held) = before.scopes.get(id).filter(|held| *held == scope) {
            *scope = held.clone();
        }
    }
}

/// Whether the server has a command for the edit that changes no more than that.
fn in_place(edit: &Edit, abilities: &Abilities) -> bool {
    let hosts = abilities.gapless_reservations();
    let subnets = abilities.gapless_subnets();
    match edit {
        Edit::AddReservation { .. }
        | Edit::SetReservation { .. }
        | Edit::RemoveReservation { .. }
        | Edit::SetOption {
            level: OptionLevel::Reservation(..),
            ..
        }
        | Edit::RemoveOption {
            level: OptionLevel::Reservation(..),
            ..
        } => hosts,
        Edit::SetScope { .. }
        | Edit::AddFailoverScopes { .. }
        | Edit::RemoveFailoverScopes { .. }
        | Edit::SetOption {
            level: OptionLevel::Scope(_),
            ..
        }
        | Edit::RemoveOption {
            level: OptionLevel::Scope(_),
            ..
        } => subnets,
        Edit::AddScope(_) | Edit::ReplaceScope(_) | Edit::RemoveScope { .. } => hosts && subnets,
        _ => false,
    }
}

impl Driver for KeaServer {
    fn server(&self) -> &ServerName {
        &self.server
    }

    fn patience(&self) -> Duration {
        let terms = self.known_terms();
        let returns = terms.iter().map(Terms::longest_return);
        WRITING + returns.sum::<Duration>()
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        Box::pin(async move {
            match tokio::time::timeout(READING, self.collect(before)).await {
                Ok(reading) => reading,
                Err(_) => Err(DriverError::Unreachable {
                    server: self.server.clone(),
                    how: Silence::TimedOut(READING),
                }),
            }
        })
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        Box::pin(async move {
            let status = self.status().await?;
            let abilities = self.abilities(status.pid).await?;
            let known = self.learned().config.clone();
            let config = match known {
                Some(config) => config,
                None => self.collect(None).await?.config,
            };
            let now = self.clock.now();
            leases::leases(&*self.wire, &abilities, &self.server, &config, query, now).await
        })
    }

    fn expand(&self, step: Step, plan: &Plan, readings: &Readings) -> Vec<Step> {
        let whole = |step: &Step| matches!(&step.action, Action::Apply(edits) if pairing::of_a_relationship(edits));
        // Who is about to become a partner, or no longer to be one, can't stand in.
        if plan.steps.iter().any(whole) {
            return vec![step];
        }
        self.bridged(step, readings)
    }

    fn refuses(&self, edit: &Edit, reading: &ServerReading) -> Option<String> {
        document::refusal(edit).or_else(|| self.refuses_relationship(edit, reading))
    }

    fn ha_end(&self) -> Option<HaEnd> {
        Some(self.proposed_end())
    }

    fn before_pairing<'a>(
        &'a self,
        ha: &'a HaSetup,
    ) -> BoxFuture<'a, Result<Option<String>, DriverError>> {
        Box::pin(self.may_pair(ha))
    }

    fn warnings(&self, edits: &[Edit], readings: &Readings) -> Vec<String> {
        let first = |copies: &&Copies| !edits.is_empty() && !copies.has(&self.server);
        let copies = self.copies.as_ref().filter(first);
        let loses = copies.map(|copies| {
            format!(
                "this is the first change here of {}: Kea writes its configuration file anew, without the comments and includes that it has; a copy of the configuration as it is now is kept in {}",
                self.server,
                copies.folder().display()
            )
        });
        let own = readings.get(&self.server);
        let others = own.and_then(|own| self.of_the_others(edits, own));
        loses.into_iter().chain(others).collect()
    }

    fn goes_first(&self, partner: &ServerName, readings: &Readings) -> bool {
        let own = readings.get(&self.server);
        let mut relationships = own
            .into_iter()
            .flat_map(|own| own.config.relationships.values());
        relationships.any(|held| held.partner == *partner && held.side == Side::Secondary)
    }

    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let known = self.reader.known();
            let terms = known.iter().flat_map(|known| &known.terms);
            let mut urls = terms.filter_map(|terms| Some(terms.this()?.url.clone()));
            let configured = self.entry.as_ref().and_then(|entry| entry.ha_url.clone());
            let url = configured.or_else(|| urls.next());
            let mut probe = probe::probe(&*self.wire, &self.server, url.as_deref(), now).await;
            let address = self.entry.as_ref().map(|entry| &entry.address);
            // A Control Agent says that its server is gone; a socket without one says nothing.
            if let (Some(KeaAddress::Socket(_)), Found::Refuses) =
                (address, probe.dhcp_service.found)
            {
                let why = "nobody listens at its control socket";
                probe.management = ProbeItem::new(Found::Refuses, why, now);
            }
            probe
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckLine>> {
        Box::pin(async move {
            match &self.entry {
                Some(entry) => check::check(entry, &*self.wire).await,
                None => vec![CheckLine::from_read(&self.read(None).await)],
            }
        })
    }

    fn impact(&self, edits: &[Edit], readings: &Readings) -> Impact {
        self.felt(edits, readings)
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let done = self.write(edits, expected).await;
            self.reader.forget();
            done
        })
    }

    fn save(&self) -> BoxFuture<'_, Result<bool, DriverError>> {
        Box::pin(async move {
            let _alone = self.writer.lock().await;
            let status = self.status().await?;
            self.abilities(status.pid).await?;
            if self.unsaved(&status).is_none() {
                return Ok(false);
            }
            self.write_file().await.map(|()| true)
        })
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
            fingerprints(&self.reader, &now, objects)
        })
    }

    fn command(&self, order: &Order) -> String {
        self.as_sent(order)
    }
}
