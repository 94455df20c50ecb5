//! How an Ipam begins: from a home and a configuration, or from drivers at hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

use tokio::sync::watch;

use super::access::Access;
use super::cache::Saved;
use super::history::Recorder;
use super::locks::{Locks, private_folder};
use super::names::Names;
use super::no_driver::NoDriver;
use super::rhythm::Gate;
use super::store::{SqliteStore, Store};
use super::{Estate, Inner, Ipam, OpenError, UnknownServer, groups};
use crate::clock::Clock;
use crate::config::{
    Configuration, GroupEntry, GuardrailEntry, Home, KeaAddress, KeaEntry, ServerEntry, ServerKind,
};
use crate::drivers::Driver;
use crate::drivers::embedded::{EmbeddedEstate, EstateError};
use crate::drivers::kea::KeaServer;
use crate::drivers::kea::channel::Channel;
use crate::drivers::kea::peers::{PeerEntry, Peers};
use crate::model::ServerName;
use crate::model::guardrail::{Glob, Guardrail};
use crate::model::server::ServerIdentity;
use crate::model::text::printable;

type Drivers = Vec<(Arc<dyn Driver>, Vec<String>)>;

impl Ipam {
    /// Opens the home: its store, its embedded estate, its configured servers.
    ///
    /// # Errors
    /// [`OpenError`] with a sentence that names the file.
    pub fn open(
        home: &Home,
        configuration: &Configuration,
        clock: Clock,
        operator: &str,
    ) -> Result<Ipam, OpenError> {
        private_folder(&home.state)
            .map_err(|why| OpenError(format!("can't make {}: {why}", home.state.display())))?;
        let store =
            SqliteStore::open(&home.ipam_file()).map_err(|error| OpenError(error.to_string()))?;
        let drivers = drivers(home, configuration, &clock)?;
        let file = home.config_file();
        let groups = (configuration.groups.as_slice(), file.as_path());
        let ipam = Ipam::new(
            drivers,
            groups,
            Arc::new(store),
            &home.state,
            clock,
            operator,
        )?;
        ipam.set_access(Access {
            read_only: configuration.read_only.clone(),
            rules: rules(&ipam, &configuration.guardrails, &file)?,
            ask_above: configuration.impact.ask_above,
        });
        Ok(ipam)
    }

    /// From drivers at hand, in the configuration's order. `state` is the folder that every
    /// process which writes to these servers keeps its locks in.
    ///
    /// # Errors
    /// [`OpenError`] when the locks can't be made there.
    pub fn with_drivers(
        drivers: Vec<Arc<dyn Driver>>,
        store: Arc<dyn Store>,
        state: &Path,
        clock: Clock,
        operator: &str,
    ) -> Result<Ipam, OpenError> {
        let drivers = drivers
            .into_iter()
            .map(|driver| (driver, Vec::new()))
            .collect();
        Ipam::new(drivers, (&[], Path::new("")), store, state, clock, operator)
    }

    fn new(
        drivers: Drivers,
        (groups, file): (&[GroupEntry], &Path),
        store: Arc<dyn Store>,
        state: &Path,
        clock: Clock,
        operator: &str,
    ) -> Result<Ipam, OpenError> {
        let locks = Locks::open(state)
            .map_err(|why| OpenError(format!("can't keep locks in {}: {why}", state.display())))?;
        let named = drivers
            .iter()
            .map(|(driver, aliases)| (driver.server().clone(), aliases.clone()));
        let names = Arc::new(Names::of(named));
        let groups = groups::resolve(&names, groups, file)?;
        let mut estate = Estate::unasked(&names);
        estate.out_of_sync = store
            .out_of_sync()
            .map_err(|error| OpenError(error.to_string()))?;
        let drivers: BTreeMap<ServerName, Arc<dyn Driver>> = drivers
            .into_iter()
            .map(|(driver, _)| (driver.server().clone(), driver))
            .collect();
        let gates = drivers
            .keys()
            .map(|name| (name.clone(), Gate::new(name)))
            .collect();
        Ok(Ipam {
            inner: Arc::new(Inner {
                names,
                groups,
                store,
                clock,
                operator: printable(operator, 64),
                drivers,
                access: RwLock::new(Access::default()),
                locks,
                estate: watch::Sender::new(Arc::new(estate)),
                published: Mutex::new(BTreeMap::new()),
                reads: AtomicU64::new(0),
                gates,
                recorder: Recorder::default(),
                saved: Saved::default(),
                state: state.to_owned(),
            }),
        })
    }
}

/// The guardrail rules, their servers named as the configuration names them. One that names a
/// server that is not there would protect nobody, unnoticed.
fn rules(
    ipam: &Ipam,
    entries: &[GuardrailEntry],
    file: &Path,
) -> Result<Vec<Guardrail>, OpenError> {
    let named = |entry: &GuardrailEntry| {
        let mut rule = entry.rule.clone();
        if let Some(glob) = rule.server.as_ref().filter(|glob| !glob.is_wild()) {
            let server = ipam.inner.names.resolve(glob.as_str());
            let server = server.map_err(|why| not_there(file, entry.line, "server", &why))?;
            rule.server = Some(Glob::new(server.as_str()));
        }
        Ok(rule)
    };
    entries.iter().map(named).collect()
}

/// A place in the configuration names a server that is not there.
pub(super) fn not_there(file: &Path, line: usize, key: &str, why: &UnknownServer) -> OpenError {
    let file = printable(&file.display().to_string(), 400);
    OpenError(format!("{file}, line {line}, {key}: {why}"))
}

/// The drivers of the configured servers; without any, of the whole embedded estate.
fn drivers(
    home: &Home,
    configuration: &Configuration,
    clock: &Clock,
) -> Result<Drivers, OpenError> {
    let entries = &configuration.servers;
    let embedded = entries
        .iter()
        .any(|entry| matches!(entry.kind, ServerKind::Embedded));
    let failed = |error: EstateError| OpenError(error.to_string());
    let estate = if embedded || entries.is_empty() {
        let estate = EmbeddedEstate::open(&home.estate_file(), clock.clone()).map_err(failed)?;
        let servers = estate.servers().map_err(failed)?;
        Some((estate, servers))
    } else {
        None
    };
    if let (true, Some((estate, servers))) = (entries.is_empty(), &estate) {
        return Ok(servers
            .iter()
            .map(|server| (estate.driver(&server.name), addresses(server)))
            .collect());
    }
    let peers = Arc::new(Peers::new(entries.iter().filter_map(peer).collect()));
    entries
        .iter()
        .map(|entry| {
            let mut aliases = entry.aliases.clone();
            let driver: Arc<dyn Driver> = match (&entry.kind, &estate) {
                (ServerKind::Embedded, Some((estate, servers))) => {
                    let mut known = servers.iter();
                    let Some(server) = known.find(|server| server.name.means(entry.name.as_str()))
                    else {
                        return Err(not_embedded(home, entry, servers));
                    };
                    aliases.push(entry.name.to_string());
                    aliases.extend(addresses(server));
                    estate.driver(&server.name)
                }
                (ServerKind::Kea(address), _) => kea(home, &entry.name, address, &peers, clock),
                (kind, _) => Arc::new(NoDriver::new(entry.name.clone(), kind.name())),
            };
            Ok((driver, aliases))
        })
        .collect()
}

/// A Kea server: nothing is connected yet. One whose channel can't be opened is there, and says
/// why.
fn kea(
    home: &Home,
    name: &ServerName,
    entry: &KeaEntry,
    peers: &Arc<Peers>,
    clock: &Clock,
) -> Arc<dyn Driver> {
    match Channel::open(name.clone(), &entry.address) {
        Ok(channel) => {
            let server = KeaServer::new(
                name.clone(),
                Arc::new(channel),
                peers.clone(),
                clock.clone(),
            );
            Arc::new(
                server
                    .keeping_copies_in(&home.state)
                    .configured_as(entry.clone()),
            )
        }
        Err(why) => Arc::new(NoDriver::because(name.clone(), why)),
    }
}

/// A Kea server as its partners may know it.
fn peer(entry: &ServerEntry) -> Option<PeerEntry> {
    let ServerKind::Kea(kea) = &entry.kind else {
        return None;
    };
    Some(PeerEntry {
        server: entry.name.clone(),
        aliases: entry.aliases.clone(),
        ha_url: kea.ha_url.clone(),
        url: match &kea.address {
            KeaAddress::Url(url) => Some(url.url.clone()),
            KeaAddress::Socket(_) => None,
        },
    })
}

/// A server goes by its addresses too.
fn addresses(server: &ServerIdentity) -> Vec<String> {
    server.addresses.iter().map(ToString::to_string).collect()
}

fn not_embedded(home: &Home, entry: &ServerEntry, servers: &[ServerIdentity]) -> OpenError {
    let known: Vec<String> = servers
        .iter()
        .map(|server| server.name.to_string())
        .collect();
    OpenError(format!(
        "{}, line {}, name: the embedded estate has no server '{}': it has {}",
        printable(&home.config_file().display().to_string(), 400),
        entry.line,
        printable(entry.name.as_str(), 80),
        known.join(", ")
    ))
}
