//! The journal: who did what, when, on which server, before, after, and what became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::carry_out::Ended;
use crate::model::fingerprint::Fingerprint;
use crate::model::plan::{FieldChange, PlanId};
use crate::model::{Plan, ServerName};

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

/// A step that is about to be done, as the journal takes it down.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    /// Its place in its plan, from 0; `None`: it is no step, and is done as it is taken down.
    pub place: Option<usize>,
    /// Where.
    pub server: ServerName,
    /// What, in a line.
    pub what: String,
    /// Field by field.
    pub changes: Vec<FieldChange>,
    /// When.
    pub at: Timestamp,
}

/// How far a step of a remembered plan came.
#[derive(Clone, PartialEq, Debug)]
pub enum Mark {
    /// It was about to be done; nothing more is known.
    AboutTo,
    /// It was done; afterwards the objects it expected had these fingerprints, in that order
    /// (empty: they could not be read back).
    Done(Vec<Option<Fingerprint>>),
    /// It was not done, and why.
    Failed(String),
    /// Nobody knows, and why.
    Unknown(String),
}

impl Mark {
    /// The journal's words for it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Mark::AboutTo => "about to".to_owned(),
            Mark::Done(_) => "done".to_owned(),
            Mark::Failed(why) => format!("failed: {why}"),
            Mark::Unknown(why) => format!("unknown: {why}"),
        }
    }

    /// Whether something may have been done.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        !matches!(self, Mark::Failed(_))
    }
}

/// A plan as it is remembered.
#[derive(Clone, PartialEq, Debug)]
pub struct Remembered {
    /// Its number.
    pub id: PlanId,
    /// What it is; secrets are only remembered to have been there.
    pub plan: Plan,
    /// Who.
    pub operator: String,
    /// Which process carried it out.
    pub owner: String,
    /// When it began.
    pub began: Timestamp,
    /// Its end; `None`: it is being carried out, or its process died.
    pub ended: Option<Ended>,
    /// The plan that took it back, if one did.
    pub undone_by: Option<PlanId>,
    /// Whether a server that it touched was made anew since: then it can't be taken back.
    pub forgotten: bool,
    /// How far each step came, by its place; those missing were never begun.
    pub marks: BTreeMap<usize, Mark>,
}
