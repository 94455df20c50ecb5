//! The built-in estate: whole servers in one SQLite file, deciding by `rules`.
//!
//! Two servers of a relationship really are two: each has its own configuration, leases, clock and
//! faults, and what state each is in follows from what happened and the time. Nothing runs in the
//! background, and several processes may use the file at once.

mod clients;
mod driver;
mod file;
pub mod generated;
mod history;
mod lab;
mod leases;
mod machines;
mod names;
mod outside;
mod reading;
pub mod sample;
mod share;
mod statistics;
mod store;
mod thread;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::drivers::Driver;
use crate::model::lease::Lease;
use crate::model::server::{DnsZone, ServerConfig, ServerCounters, ServerIdentity, ServerName};

pub use history::Transition;

use driver::EmbeddedServer;
use file::{File, Halt};
use machines::Machines;
use store::Cache;
use thread::{Ended, Worker};

/// The embedded servers; copies share the file.
#[derive(Clone)]
pub struct EmbeddedEstate {
    inner: Arc<Inner>,
}

/// What all copies share. Reading has a thread of its own, so that it never waits for a write.
struct Inner {
    reader: Worker,
    writer: Worker,
    cache: Arc<Cache>,
    clock: Clock,
    sample: fn(Timestamp) -> Vec<NewServer>,
}

impl Inner {
    fn now(&self) -> Timestamp {
        history::whole_millis(self.clock.now())
    }
}

impl fmt::Debug for EmbeddedEstate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedEstate")
    }
}

/// A server as it is put into an estate.
#[derive(Clone, Debug)]
pub struct NewServer {
    /// What it is.
    pub identity: ServerIdentity,
    /// Its configuration; empty for one that is no DHCP server.
    pub config: ServerConfig,
    /// A DNS server's zones.
    pub zones: Vec<DnsZone>,
    /// Its counters.
    pub counters: ServerCounters,
    /// Its leases, of which its partners know.
    pub leases: Vec<Lease>,
}

/// Why the estate's file can't be used, or a drill not be carried out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EstateError(pub String);

impl EmbeddedEstate {
    /// Opens the file, which is made with the sample estate in it when it is not there.
    ///
    /// # Errors
    /// [`EstateError`] when it can't be made, opened or understood.
    pub fn open(file: &Path, clock: Clock) -> Result<EmbeddedEstate, EstateError> {
        EmbeddedEstate::open_with(file, clock, sample::estate)
    }

    /// Opens the file; another sample than the built-in one is put into a new file, and comes back
    /// with `lab reset`.
    ///
    /// # Errors
    /// [`EstateError`] when it can't be made, opened or understood.
    pub fn open_with(
        file: &Path,
        clock: Clock,
        sample: fn(Timestamp) -> Vec<NewServer>,
    ) -> Result<EmbeddedEstate, EstateError> {
        let now = history::whole_millis(clock.now());
        let writer = File::open(file, |conn| store::found(conn, &sample(now), now))?;
        let reader = File::open_reader(file)?;
        let start = |name, file| {
            Worker::start(name, file)
                .map_err(|error| EstateError(format!("no thread for the estate's file: {error}")))
        };
        Ok(EmbeddedEstate {
            inner: Arc::new(Inner {
                reader: start("estate-reader", reader)?,
                writer: start("estate-writer", writer)?,
                cache: Arc::default(),
                clock,
                sample,
            }),
        })
    }

    /// Replaces everything in the file by these servers: every service runs, and every
    /// relationship that both its servers hold is Normal.
    ///
    /// # Errors
    /// [`EstateError`] when the file can't be written.
    pub fn fill(&self, servers: &[(ServerIdentity, ServerConfig)]) -> Result<(), EstateError> {
        let now = self.inner.now();
        let servers: Vec<NewServer> = servers
            .iter()
            .map(|(identity, config)| NewServer {
                identity: identity.clone(),
                config: config.clone(),
                zones: Vec::new(),
                counters: ServerCounters {
                    started: Some(now),
                    ..ServerCounters::default()
                },
                leases: Vec::new(),
            })
            .collect();
        on(&self.inner.writer, move |file| {
            file.write(|conn| store::found(conn, &servers, now))
        })
    }

    /// Its servers, in the sample's order.
    ///
    /// # Errors
    /// [`EstateError`] when the file can't be read.
    pub fn servers(&self) -> Result<Vec<ServerIdentity>, EstateError> {
        on(&self.inner.reader, |file| {
            file.read(|conn| {
                Machines::load(conn)?
                    .iter()
                    .map(|machine| store::identity(conn, machine.id))
                    .collect()
            })
        })
    }

    /// The driver of one server.
    #[must_use]
    pub fn driver(&self, server: &ServerName) -> Arc<dyn Driver> {
        Arc::new(EmbeddedServer {
            name: server.clone(),
            estate: Arc::clone(&self.inner),
        })
    }

    /// Every change of state in every relationship, oldest first.
    ///
    /// # Errors
    /// [`EstateError`] when the file can't be read.
    pub fn transitions(&self) -> Result<Vec<Transition>, EstateError> {
        let now = self.inner.now();
        on(&self.inner.reader, move |file| {
            file.read(|conn| history::transitions(conn, now))
        })
    }

    /// Carries out a line of a drill; gives what was done and the states that follow, or how
    /// everything stands.
    ///
    /// # Errors
    /// [`EstateError`] with a sentence, when there is no such server and so on.
    pub fn lab(&self, command: &LabCommand) -> Result<String, EstateError> {
        let now = self.inner.now();
        if *command == LabCommand::Status {
            return on(&self.inner.reader, move |file| {
                file.read(|conn| lab::status(conn, now))
            });
        }
        let (command, sample) = (command.clone(), self.inner.sample);
        let cache = Arc::clone(&self.inner.cache);
        on(&self.inner.writer, move |file| {
            file.write(|conn| lab::carry_out(conn, &cache, sample, &command, now))
        })
    }
}

/// Has something done on the file, and its error put into words.
fn on<T: Send + 'static>(
    worker: &Worker,
    work: impl FnOnce(&mut File) -> Result<T, Halt> + Send + 'static,
) -> Result<T, EstateError> {
    let answer = worker.wait(move |file| {
        let done = work(file);
        done.map_err(|halt| EstateError(file.sentence(&halt)))
    });
    answer.unwrap_or_else(|Ended| {
        Err(EstateError(
            "the thread of the estate's file ended; start again".to_owned(),
        ))
    })
}

/// A line of a drill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LabCommand {
    /// The sample estate anew.
    Reset,
    /// The DHCP service stops.
    Stop(String),
    /// It starts (or goes on).
    Start(String),
    /// It pauses.
    Pause(String),
    /// The link between two servers breaks.
    Cut(String, String),
    /// It is mended.
    Join(String, String),
    /// A server's clock goes wrong by so many seconds.
    Skew(String, i64),
    /// A server misbehaves.
    Fail(String, Fault),
    /// Clients take so many leases from a server.
    Clients(String, u32),
    /// So many seconds pass: everything that is remembered moves into the past.
    Pass(u32),
    /// How everything stands.
    Status,
}

/// How a server misbehaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It does not.
    None,
    /// Its host does not answer at all.
    Unreachable,
    /// It refuses every write (access denied).
    RefuseWrites,
    /// It takes so many milliseconds for everything.
    Slow(u32),
    /// It answers garbage.
    Garbage,
    /// It does what it is asked, but the answer is lost.
    LoseAnswers,
}
