//! The built-in estate: whole servers in one SQLite file, deciding by `rules`.

pub mod generated;

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::drivers::Driver;
use crate::model::server::{ServerIdentity, ServerName};

/// The embedded servers; copies share the file.
#[derive(Clone, Debug)]
pub struct EmbeddedEstate {}

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
        let _ = (file, clock);
        todo!()
    }

    /// Its servers, in the sample's order.
    ///
    /// # Errors
    /// [`EstateError`] when the file can't be read.
    pub fn servers(&self) -> Result<Vec<ServerIdentity>, EstateError> {
        todo!()
    }

    /// The driver of one server.
    #[must_use]
    pub fn driver(&self, server: &ServerName) -> Arc<dyn Driver> {
        let _ = server;
        todo!()
    }

    /// Carries out a line of a drill.
    ///
    /// # Errors
    /// [`EstateError`] with a sentence, when there is no such server and so on.
    pub fn lab(&self, command: &LabCommand) -> Result<String, EstateError> {
        let _ = command;
        todo!()
    }
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
