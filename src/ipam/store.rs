//! What IPAM remembers, behind a small interface: plans, the journal, configuration sync errors,
//! since when each server has been as it is, and history.

mod file;
mod history;
mod sqlite;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::StoreError;
use super::carry_out::Ended;
use super::history::{Batch, Level, Spell};
use super::journal::{Begun, JournalEntry, JournalQuery, Mark, Remembered};
use crate::model::plan::PlanId;
use crate::model::server::Availability;
use crate::model::{Plan, ScopeId, ServerName};

pub use file::SqliteStore;

/// On which server's row of which scope there is a configuration sync error, and why.
pub type OutOfSync = BTreeMap<(ServerName, ScopeId), String>;

/// Before the name of the owner that a plan had last, when nobody owns it: no owner's name begins
/// so.
pub const RELEASED: &str = "released by ";

/// How a plan ended.
#[derive(Clone, Copy, Debug)]
pub struct PlanEnd<'a> {
    /// The end.
    pub ended: Ended,
    /// Which rows are out of sync now, and why.
    pub out_of_sync: &'a [(ServerName, ScopeId, String)],
    /// Which no longer are.
    pub clears: &'a [(ServerName, ScopeId)],
    /// Whether an `Always` step of it is still to be done.
    pub open: bool,
}

/// What IPAM remembers. Every method is one transaction, on disk when it returns, and blocks for
/// as long as that takes.
pub trait Store: Send + Sync {
    /// Takes down a plan that is about to be carried out.
    ///
    /// # Errors
    /// [`StoreError`], as everywhere here, when it can't be written or read.
    fn begin(
        &self,
        plan: &Plan,
        operator: &str,
        owner: &str,
        at: Timestamp,
    ) -> Result<PlanId, StoreError>;

    /// Takes down that a step is about to be done.
    ///
    /// # Errors
    /// [`StoreError`].
    fn about_to(&self, plan: PlanId, step: &Begun) -> Result<(), StoreError>;

    /// Takes down what became of a step, in the mark's words or others.
    ///
    /// # Errors
    /// [`StoreError`].
    fn mark(
        &self,
        plan: PlanId,
        place: usize,
        mark: &Mark,
        words: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Ends a plan: how, which rows are out of sync now and which no longer are. An ended undo
    /// that did its work marks what it took back, and the rows that this had ended are out of sync
    /// again. `open`: an `Always` step of it is still to be done; nobody owns the plan then.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end(&self, plan: PlanId, end: &PlanEnd<'_>, at: Timestamp) -> Result<(), StoreError>;

    /// Says of a plan that has ended whether an `Always` step of it is still to be done; if so,
    /// nobody owns it from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn leave(&self, plan: PlanId, open: bool) -> Result<(), StoreError>;

    /// A plan.
    ///
    /// # Errors
    /// [`StoreError`].
    fn plan(&self, id: PlanId) -> Result<Option<Remembered>, StoreError>;

    /// The plans that have not ended or are open, with their owners; that of an open plan begins
    /// with [`RELEASED`].
    ///
    /// # Errors
    /// [`StoreError`].
    fn running(&self) -> Result<Vec<(PlanId, String)>, StoreError>;

    /// Makes `to` the owner of a plan that has not ended or is open, if `from` still is; says whether.
    ///
    /// # Errors
    /// [`StoreError`].
    fn claim(&self, plan: PlanId, from: &str, to: &str) -> Result<bool, StoreError>;

    /// Journal entries, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn journal(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError>;

    /// The newest plan that did something which can be taken back, is no undo itself, and was
    /// neither taken back nor forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    fn last_undoable(&self) -> Result<Option<PlanId>, StoreError>;

    /// Forgets servers that were made anew: their configuration sync errors, since when they have
    /// been as they are, and that any ended plan which touched them could be taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    fn forget(&self, servers: &[ServerName]) -> Result<(), StoreError>;

    /// The configuration sync errors.
    ///
    /// # Errors
    /// [`StoreError`].
    fn out_of_sync(&self) -> Result<OutOfSync, StoreError>;

    /// Since when a server has been as it is now; it is remembered from `at` on when it was not so.
    ///
    /// # Errors
    /// [`StoreError`].
    fn available_since(
        &self,
        server: &ServerName,
        availability: Availability,
        at: Timestamp,
    ) -> Result<Timestamp, StoreError>;

    /// Adds samples and states; a sample goes over another of the same second.
    ///
    /// # Errors
    /// [`StoreError`].
    fn add_history(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Forgets samples from before the second `samples` and states from before `states` (but for
    /// those that last), and leaves one sample an hour of those from before the second `fine`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn thin_history(&self, samples: i64, fine: i64, states: Timestamp) -> Result<(), StoreError>;

    /// How full a scope was, from the second `from` on, by second since 1970.
    ///
    /// # Errors
    /// [`StoreError`].
    fn utilisation(
        &self,
        server: &ServerName,
        scope: ScopeId,
        from: i64,
    ) -> Result<Vec<(i64, Level)>, StoreError>;

    /// The states of a server's end of a relationship (its name in lower case), the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn states(&self, server: &ServerName, relationship: &str) -> Result<Vec<Spell>, StoreError>;
}

#[cfg(test)]
mod tests;
