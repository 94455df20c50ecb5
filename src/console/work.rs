//! What is being done, and what came of what was done lately.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::jobs::JobId;
use super::table::Tone;
use crate::ipam::{Outcome, StepResult};
use crate::model::text::printable;

/// So many ends are kept.
const KEPT: usize = 50;

/// What is being done, and what came of what was done lately.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Work {
    /// The jobs that run, the oldest first.
    pub running: Vec<Running>,
    /// The ends of those that were worth telling, the newest first.
    pub ended: VecDeque<End>,
}

/// A job that runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Running {
    /// Its number.
    pub job: JobId,
    /// What it does.
    pub title: String,
    /// Since when.
    pub since: Timestamp,
    /// How many steps have ended, of how many; `None`: it has none.
    pub steps: Option<(usize, usize)>,
    /// Whether it can be asked to stop.
    pub stops: bool,
}

/// The end of a job.
#[derive(Clone, PartialEq, Debug)]
pub struct End {
    /// What it did.
    pub title: String,
    /// When it ended.
    pub at: Timestamp,
    /// What that means.
    pub tone: Tone,
    /// In a word or a sentence.
    pub word: String,
    /// What became of each target: where, what, and its end.
    pub targets: Vec<(String, String, Tone, String)>,
    /// What the operator should know besides.
    pub notes: Vec<String>,
}

impl End {
    /// The end of a plan.
    #[must_use]
    pub fn of(title: &str, outcome: &Outcome, at: Timestamp) -> End {
        use crate::ipam::Ended;
        let (tone, word) = match outcome.ended {
            Ended::Done => (Tone::Good, "done"),
            Ended::DoneHere => (Tone::Warn, "done here, not on the partner"),
            Ended::Partly => (Tone::Bad, "only partly done"),
            Ended::Nothing => (Tone::Bad, "not done"),
            Ended::Unknown => (Tone::Bad, "nobody knows whether it was done"),
        };
        let targets = outcome.steps.iter().map(|step| {
            let (tone, end) = match &step.result {
                StepResult::Done => (Tone::Good, "done".to_owned()),
                StepResult::TakenBack => (Tone::Warn, "done, and taken back".to_owned()),
                StepResult::Failed(why) => (Tone::Bad, format!("failed: {why}")),
                StepResult::Unknown(why) => (Tone::Bad, format!("unknown: {why}")),
                StepResult::NotBegun => (Tone::Warn, "not begun".to_owned()),
                StepResult::Cancelled => (Tone::Warn, "cancelled".to_owned()),
            };
            let server = printable(step.server.as_str(), 255);
            (
                server,
                printable(&step.what, 400),
                tone,
                printable(&end, 400),
            )
        });
        End {
            title: printable(title, 400),
            at,
            tone,
            word: word.to_owned(),
            targets: targets.collect(),
            notes: outcome
                .notes
                .iter()
                .map(|note| printable(note, 400))
                .collect(),
        }
    }

    /// The end of a job of which there is nothing more to say.
    #[must_use]
    pub fn done(title: &str, at: Timestamp) -> End {
        End {
            tone: Tone::Good,
            ..End::failed(title, "done", at)
        }
    }

    /// The end of a job that failed.
    #[must_use]
    pub fn failed(title: &str, why: &str, at: Timestamp) -> End {
        End {
            title: printable(title, 400),
            at,
            tone: Tone::Bad,
            word: printable(why, 400),
            targets: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Work {
    /// A job has begun.
    pub fn begin(&mut self, running: Running) {
        self.running.push(running);
    }

    /// One of a job's steps has ended.
    pub fn step(&mut self, job: JobId) {
        let known = self.running.iter_mut().find(|known| known.job == job);
        if let Some(Running {
            steps: Some((done, all)),
            ..
        }) = known
        {
            *done = (*done + 1).min(*all);
        }
    }

    /// A job has ended.
    pub fn end(&mut self, job: JobId, end: Option<End>) {
        self.running.retain(|known| known.job != job);
        if let Some(end) = end {
            self.ended.push_front(end);
            self.ended.truncate(KEPT);
        }
    }
}
