//! The journal: who did what, when, on which server, before, after, and what became of it.

use jiff::Timestamp;

use crate::model::ServerName;
use crate::model::plan::{FieldChange, PlanId};

/// One step of a plan in the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct JournalEntry {
    /// Its number.
    pub id: i64,
    /// Its plan's number.
    pub plan: PlanId,
    /// Its plan's title.
    pub title: String,
    /// When it was about to be done.
    pub at: Timestamp,
    /// When it ended; `None`: it has not, or its process died.
    pub ended: Option<Timestamp>,
    /// Who.
    pub operator: String,
    /// Where.
    pub server: ServerName,
    /// What, in a line.
    pub what: String,
    /// Field by field.
    pub changes: Vec<FieldChange>,
    /// What became of it, in words: `about to`, `done`, `failed: …`, `unknown: …`.
    pub outcome: String,
}

/// Which entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JournalQuery {
    /// Of that plan.
    pub plan: Option<PlanId>,
    /// At most so many; 0 is no limit.
    pub limit: usize,
}
