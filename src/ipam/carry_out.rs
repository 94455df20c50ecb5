//! Carrying a plan out: journal, compare, apply, read back, journal.

mod around;
mod execute;
mod one_step;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::drivers::DriverError;
use crate::model::plan::PlanId;
use crate::model::{Plan, ScopeId, ServerName};

pub(super) use around::{is_due, open};
pub(super) use execute::ended;
pub(super) use one_step::{Did, Verdict, do_step, verdict, watched};

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its number in the journal; `None` when it could not be journalled, and so was not begun.
    pub plan: Option<PlanId>,
    /// What became of each step, in order.
    pub steps: Vec<StepOutcome>,
    /// The end of it all.
    pub ended: Ended,
    /// In sentences: what the operator should know now.
    pub notes: Vec<String>,
    /// What would take back what was done, when a plan of both servers failed half-way.
    pub back_out: Option<Plan>,
    /// Scopes that are out of sync now, on which server's rows, and why.
    pub out_of_sync: Vec<(ServerName, ScopeId, String)>,
}

/// The end of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Everything was done.
    Done,
    /// What was asked for was done, but it could not be carried to the partner.
    DoneHere,
    /// Some of it was done.
    Partly,
    /// Nothing was done.
    Nothing,
    /// Nobody knows whether a step was done.
    Unknown,
}

impl Ended {
    /// The word by which it is remembered.
    pub(super) fn word(self) -> &'static str {
        match self {
            Ended::Done => "done",
            Ended::DoneHere => "done here",
            Ended::Partly => "partly",
            Ended::Nothing => "nothing",
            Ended::Unknown => "unknown",
        }
    }

    /// The end that is remembered by a word; one that nobody knows is unknown.
    pub(super) fn from_word(word: &str) -> Ended {
        let all = [Ended::Done, Ended::DoneHere, Ended::Partly, Ended::Nothing];
        let found = all.into_iter().find(|ended| ended.word() == word);
        found.unwrap_or(Ended::Unknown)
    }
}

/// What became of a step.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// Where.
    pub server: ServerName,
    /// What, in a line.
    pub what: String,
    /// What became of it.
    pub result: StepResult,
}

/// What became of a step.
#[derive(Clone, PartialEq, Debug)]
pub enum StepResult {
    /// Done, and read back.
    Done,
    /// Done, and taken back, since the other server's part of it was not done.
    TakenBack,
    /// Not done, and why.
    Failed(DriverError),
    /// Nobody knows: the answer was lost, and it could not be read back.
    Unknown(DriverError),
    /// Not begun, because of what went before.
    NotBegun,
    /// Not begun, because the operator cancelled.
    Cancelled,
}

/// Is told a step's place, from 0: with `None` when it begins, with its result when it ends.
type Told = dyn Fn(usize, Option<&StepResult>) + Send + Sync;

/// Who is told, step by step (its place, from 0) as they begin and end.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Told>>);

impl Progress {
    /// Tells nobody.
    #[must_use]
    pub fn none() -> Progress {
        Progress(None)
    }

    /// Tells `told`: with `None` when the step begins, with its result when it ends.
    pub fn to(told: impl Fn(usize, Option<&StepResult>) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(told)))
    }

    /// Tells.
    pub fn tell(&self, step: usize, result: Option<&StepResult>) {
        if let Some(told) = &self.0 {
            told(step, result);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// The operator's wish to stop, heeded between steps. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not cancelled.
    #[must_use]
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Cancels.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
