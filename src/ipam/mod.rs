//! Ipam: the one handle that console, cmdlets and serve hold.

pub mod access;
pub mod cache;
pub mod carry_out;
mod check;
mod collect;
mod config_sync;
pub mod estate;
mod groups;
pub mod history;
pub mod journal;
mod keep;
mod kinds;
pub mod leases;
mod locks;
mod names;
mod no_driver;
mod open;
mod pairs;
pub mod partner_down;
mod plan;
mod rhythm;
pub mod store;
mod take_up;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::drivers::{Driver, DriverError, LeaseQuery};
use crate::model::lease::Lease;
use crate::model::plan::{Intent, Plan, PlanId};
use crate::model::server::{ServerName, ServerReading};
use crate::rules::DhcpError;
use cache::Saved;
use history::Recorder;
use locks::Locks;
use names::Names;
use rhythm::Gate;

pub use access::{Access, Judgement};
pub use cache::{CacheInfo, CacheLoad};
pub use carry_out::{Cancel, Ended, Outcome, Progress, StepOutcome, StepResult};
pub use config_sync::OUT_OF_SYNC;
pub use estate::Estate;
pub use groups::ServerGroup;
pub use history::{Spell, Usage};
pub use journal::{JournalEntry, JournalQuery};
pub use keep::Collecting;
pub use kinds::Kinds;
pub use leases::LeasePages;
pub use store::{SqliteStore, Store};

/// What IPAM does with servers: collect, plan, carry out, remember. Copies share everything.
#[derive(Clone)]
pub struct Ipam {
    inner: Arc<Inner>,
}

struct Inner {
    names: Arc<Names>,
    groups: Vec<ServerGroup>,
    drivers: BTreeMap<ServerName, Arc<dyn Driver>>,
    store: Arc<dyn Store>,
    clock: Clock,
    operator: String,
    access: RwLock<Access>,
    locks: Locks,
    estate: watch::Sender<Arc<Estate>>,
    /// By server, the number of the read that its view is from; also held while publishing.
    published: Mutex<BTreeMap<ServerName, u64>>,
    reads: AtomicU64,
    gates: BTreeMap<ServerName, Gate>,
    recorder: Recorder,
    saved: Saved,
    /// The folder that the cache is in.
    state: PathBuf,
}

impl fmt::Debug for Ipam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ipam")
            .field("servers", &self.inner.names.servers())
            .finish_non_exhaustive()
    }
}

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
    /// The servers, in the configuration's order; the first DHCP server is the default.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerName> {
        self.inner.names.servers().to_vec()
    }

    /// The server that goes by a name: its own, its short one, an alias, or an address.
    ///
    /// # Errors
    /// [`UnknownServer`] when there is none, or more than one.
    pub fn resolve(&self, name: &str) -> Result<ServerName, UnknownServer> {
        match self.inner.names.resolve(name) {
            Err(UnknownServer::None { name, known }) => match self.estate().server(&name) {
                Some(view) => Ok(view.name.clone()),
                None => Err(UnknownServer::None { name, known }),
            },
            decided => decided,
        }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Who the journal says it was.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.inner.operator
    }

    /// What this IPAM may do.
    #[must_use]
    pub fn access(&self) -> Access {
        let access = &self.inner.access;
        access
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says what this IPAM may do from now on.
    pub fn set_access(&self, access: Access) {
        let held = &self.inner.access;
        *held.write().unwrap_or_else(PoisonError::into_inner) = access;
    }

    /// What the guardrails say to a plan: whether to ask first, or to have something typed. What
    /// they deny has no plan, and is not carried out either.
    #[must_use]
    pub fn judgement(&self, plan: &Plan) -> Judgement {
        self.access().judge(plan, &self.estate())
    }

    /// The server groups, in the configuration's order; where it has none, one a domain.
    #[must_use]
    pub fn groups(&self) -> &[ServerGroup] {
        &self.inner.groups
    }

    /// What is known now, without asking anybody.
    #[must_use]
    pub fn estate(&self) -> Arc<Estate> {
        Arc::clone(&self.inner.estate.borrow())
    }

    /// Every estate from now on, as it is published: the newest one, when several came at once.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Estate>> {
        self.inner.estate.subscribe()
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
        let driver = self.driver(server)?;
        collect::in_time(driver.as_ref(), driver.leases(query)).await
    }

    /// What would be done for an intent; the servers concerned are read first. A plan whose steps
    /// the rules foretell to be refused is given all the same when what was asked for (not only
    /// its carrying to the partner) goes through.
    ///
    /// # Errors
    /// [`PlanError`] with a sentence.
    pub async fn plan(&self, intent: Intent) -> Result<Plan, PlanError> {
        plan::plan(self, intent).await
    }

    /// What was done, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn journal(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError> {
        self.inner.store.journal(query)
    }

    /// The plan that undo would take back: the newest one that did something which can be undone
    /// and was not.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn last_undoable(&self) -> Result<Option<PlanId>, StoreError> {
        self.inner.store.last_undoable()
    }

    /// Forgets what is remembered of servers that were made anew: their configuration sync errors,
    /// since when they have been as they are, their history, the cache, and that plans which touched
    /// them could be undone. The journal stays.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be written.
    pub async fn forget(&self, servers: &[ServerName]) -> Result<(), StoreError> {
        self.inner.recorder.forget(servers);
        let servers = servers.to_vec();
        let cache = self.cache_file();
        self.remember(move |store| {
            // Without it the next start only has less to show.
            let _ = std::fs::remove_file(cache);
            store.forget(&servers)
        })
        .await?;
        self.publish_config_sync().await;
        Ok(())
    }

    /// Reads one server now.
    ///
    /// # Errors
    /// [`DriverError`] when it can't be read.
    pub async fn read(&self, server: &ServerName) -> Result<Arc<ServerReading>, DriverError> {
        self.read_and_publish(server).await
    }

    fn gate(&self, server: &ServerName) -> Option<&Gate> {
        self.inner.gates.get(server)
    }

    fn driver(&self, server: &ServerName) -> Result<&Arc<dyn Driver>, DriverError> {
        let found = self.inner.drivers.get(server);
        found.ok_or_else(|| DriverError::Unreachable {
            server: server.clone(),
            how: crate::drivers::Silence::NoConnection(
                "the configuration has no server of that name".to_owned(),
            ),
        })
    }

    /// Has the store do something without keeping anybody else waiting.
    async fn remember<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.inner.store);
        match tokio::task::spawn_blocking(move || work(store.as_ref())).await {
            Ok(result) => result,
            Err(why) => Err(StoreError(format!("what IPAM remembers was lost: {why}"))),
        }
    }
}
