//! Ipam: the one handle that console, cmdlets and serve hold.

pub mod carry_out;
pub mod estate;
pub mod journal;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Configuration, Home};
use crate::drivers::{DriverError, LeaseQuery};
use crate::model::lease::Lease;
use crate::model::plan::{Intent, Plan, PlanId};
use crate::model::server::{ServerName, ServerReading};
use crate::rules::DhcpError;

pub use carry_out::{Cancel, Ended, Outcome, Progress, StepOutcome, StepResult};
pub use estate::Estate;
pub use journal::{JournalEntry, JournalQuery};

/// What IPAM does with servers: collect, plan, carry out, remember. Copies share everything.
#[derive(Clone, Debug)]
pub struct Ipam {}

/// Why IPAM can't start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// Why something can't be remembered or looked up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// A name that no server has, or that more than one goes by.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnknownServer {
    /// No server goes by it.
    #[error("there is no server '{name}'; the configuration has {known}")]
    None {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// More than one does.
    #[error("'{name}' may be {candidates}: give the whole name")]
    Several {
        /// The name.
        name: String,
        /// Those that it may be.
        candidates: String,
    },
}

/// Why an intent has no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A server that must be read could not be.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The rules refuse it.
    #[error("{error}")]
    Refused {
        /// Which server would.
        server: ServerName,
        /// With what.
        error: DhcpError,
    },
    /// The name given is no server's.
    #[error(transparent)]
    Server(#[from] UnknownServer),
    /// It can't be undone, or what it touched has changed since.
    #[error("{0}")]
    NotUndoable(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// This IPAM may not write.
    #[error("{0}")]
    NotAllowed(String),
    /// What IPAM remembers can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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
        let _ = (home, configuration, clock, operator);
        todo!()
    }

    /// The servers, in the configuration's order; the first DHCP server is the default.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerName> {
        todo!()
    }

    /// The server that goes by a name: its own, its short one, an alias, or an address.
    ///
    /// # Errors
    /// [`UnknownServer`] when there is none, or more than one.
    pub fn resolve(&self, name: &str) -> Result<ServerName, UnknownServer> {
        let _ = name;
        todo!()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        todo!()
    }

    /// What is known now, without asking anybody.
    #[must_use]
    pub fn estate(&self) -> Arc<Estate> {
        todo!()
    }

    /// Reads every server, side by side, and gives what is known then.
    pub async fn collect(&self) -> Arc<Estate> {
        todo!()
    }

    /// Reads some servers, side by side.
    pub async fn collect_only(&self, servers: &[ServerName]) -> Arc<Estate> {
        let _ = servers;
        todo!()
    }

    /// Reads one server now.
    ///
    /// # Errors
    /// [`DriverError`] when it can't be read.
    pub async fn read(&self, server: &ServerName) -> Result<Arc<ServerReading>, DriverError> {
        let _ = server;
        todo!()
    }

    /// Reads leases of one server now.
    ///
    /// # Errors
    /// [`DriverError`] when they can't be read.
    pub async fn leases(
        &self,
        server: &ServerName,
        query: &LeaseQuery,
    ) -> Result<Vec<Lease>, DriverError> {
        let _ = (server, query);
        todo!()
    }

    /// What would be done for an intent; the servers concerned are read first. A plan whose steps
    /// the rules foretell to be refused is given all the same when what was asked for (not only
    /// its carrying to the partner) goes through.
    ///
    /// # Errors
    /// [`PlanError`] with a sentence.
    pub async fn plan(&self, intent: Intent) -> Result<Plan, PlanError> {
        let _ = intent;
        todo!()
    }

    /// Carries a plan out, step by step, telling `progress`; `cancel` is heeded between steps.
    pub async fn carry_out(&self, plan: Plan, progress: &Progress, cancel: &Cancel) -> Outcome {
        let _ = (plan, progress, cancel);
        todo!()
    }

    /// What was done, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn journal(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError> {
        let _ = query;
        todo!()
    }

    /// The plan that undo would take back: the newest one that did something and was not undone.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn last_undoable(&self) -> Result<Option<PlanId>, StoreError> {
        todo!()
    }

    /// What plans of dead owners left behind, each reported once it is taken up: in words.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub async fn take_up(&self) -> Result<Vec<String>, StoreError> {
        todo!()
    }
}
