//! What views, layers and commands read: everything that is known at one moment. Cheap to clone.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::table::leases::LeaseBook;
use super::work::Work;
use crate::ipam::{Access, Estate, JournalEntry, Kinds, ServerGroup, Spell, Usage};
use crate::model::plan::PlanId;
use crate::model::{ScopeId, ServerName};

/// Everything that is known at one moment. Nothing in it asks anybody.
#[derive(Clone, Debug)]
pub struct World {
    /// The servers' readings.
    pub estate: Arc<Estate>,
    /// Now, as the last event told it.
    pub now: Timestamp,
    /// The operator's time zone: in it times are shown.
    pub zone: TimeZone,
    /// What may be done.
    pub access: Access,
    /// Who sits here.
    pub operator: String,
    /// The journal, newest first, as far as it was read.
    pub journal: Arc<Vec<JournalEntry>>,
    /// What undo would take back: its number and its title.
    pub undoable: Option<(PlanId, String)>,
    /// Leases, as far as they were read.
    pub leases: Arc<LeaseBook>,
    /// What was seen of the past, of what is looked at.
    pub history: Arc<History>,
    /// The server groups.
    pub groups: Arc<[ServerGroup]>,
    /// Servers that a plan of ours is being carried out on.
    pub busy: Vec<ServerName>,
    /// What a server's kind can't do.
    pub kinds: Kinds,
    /// What is being done, and what came of what was done lately.
    pub work: Arc<Work>,
}

/// What was seen of the past, of what was looked at lately.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// How full a scope of a server was.
    pub usage: BTreeMap<(ServerName, ScopeId), Vec<Usage>>,
    /// The states that a server's end of a relationship (by its name) went through.
    pub states: BTreeMap<(String, ServerName), Vec<Spell>>,
}

impl World {
    /// A world in which nothing is known yet.
    #[must_use]
    pub fn unknown(now: Timestamp) -> World {
        World {
            estate: Arc::default(),
            now,
            zone: TimeZone::UTC,
            access: Access::default(),
            operator: String::new(),
            journal: Arc::default(),
            undoable: None,
            leases: Arc::default(),
            history: Arc::default(),
            groups: Arc::default(),
            busy: Vec::new(),
            kinds: Kinds::default(),
            work: Arc::default(),
        }
    }

    /// How old something is, in seconds; never less than none.
    #[must_use]
    pub fn age(&self, at: Timestamp) -> i64 {
        (self.now.as_second() - at.as_second()).max(0)
    }
}
