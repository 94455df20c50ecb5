//! Whether what a server does is in its file. The server itself does not tell: who changed it
//! remembers, for every process of this home.

use serde::{Deserialize, Serialize};

use super::KeaServer;
use super::standing::Status;
use crate::drivers::DriverError;

/// What is noted before a change: should nobody come to say how it ended, this is how it stands.
const UNDER_WAY: &str =
    "a change of it is under way, or was broken off before Kea had written its file";

/// What a server does that its file does not say, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Unsaved {
    /// The process that does it: with the process, it is gone.
    pid: i64,
    /// When that was noted, in seconds. A process of the same number may have begun since.
    at: i64,
    /// Why it is not in its file.
    pub(super) why: String,
}

impl Unsaved {
    /// Whether the process of which it was noted is the one that runs.
    fn holds(&self, status: &Status, now: i64) -> bool {
        // Both are whole seconds.
        let began = now.saturating_sub(status.uptime).saturating_sub(2);
        self.pid == status.pid && self.at >= began
    }
}

impl KeaServer {
    /// What is not in its file, as far as anybody in this home knows.
    pub(super) fn unsaved(&self, status: &Status) -> Option<Unsaved> {
        let kept = self.copies.as_ref();
        let kept = kept.and_then(|copies| copies.unsaved(&self.server));
        let held = kept.or_else(|| self.learned().not_saved.clone());
        held.filter(|held| held.holds(status, self.clock.now().as_second()))
    }

    /// Notes before a change that it is not in its file; gives what was noted before.
    pub(super) fn changing(&self, status: &Status) -> Option<Unsaved> {
        let before = self.unsaved(status);
        // What is not saved already is not for this change.
        if before.is_none() {
            self.not_saved(UNDER_WAY);
        }
        before
    }

    /// Notes how it stands after a change that failed.
    pub(super) fn not_changed(&self, before: Option<Unsaved>, error: &DriverError) {
        let noted = self.copies.as_ref();
        let noted = noted.and_then(|copies| copies.unsaved(&self.server));
        let noted = noted.or_else(|| self.learned().not_saved.clone());
        let told = noted.is_some_and(|noted| noted.why != UNDER_WAY);
        // Whoever knew that something is not saved has said so.
        if error.nothing_done() || !told {
            self.note(before);
        }
    }

    pub(super) fn not_saved(&self, why: &str) {
        let pid = self.learned().pid;
        self.note(Some(Unsaved {
            pid,
            at: self.clock.now().as_second(),
            why: why.to_owned(),
        }));
    }

    pub(super) fn saved(&self) {
        self.note(None);
    }

    fn note(&self, unsaved: Option<Unsaved>) {
        let kept = self.copies.as_ref();
        let kept = kept.map(|copies| copies.note_unsaved(&self.server, unsaved.as_ref()));
        // Where it can't be kept, at least this process knows.
        self.learned().not_saved = match kept {
            Some(Ok(())) => None,
            Some(Err(_)) | None => unsaved,
        };
    }
}
