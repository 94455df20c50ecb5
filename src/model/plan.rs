//! A plan before every write: what was asked for, and the steps that will do it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::ScopeId;
use super::edit::{Edit, ObjectRef, Order};
use super::failover::{Relationship, RelationshipProperty, SharedSecret};
use super::fingerprint::Fingerprint;
use super::ha_setup::HaSetup;
use super::server::ServerName;

/// How far a change goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Reach {
    /// The pair: a change to a failover scope is carried to the partner, as IPAM's console does.
    Pair,
    /// The named server only, as the cmdlets do.
    Server,
}

/// What the operator asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Intent {
    /// Edits of one server's scopes, reservations, options, policies, filters or settings (the
    /// failover edits have intents of their own).
    Change {
        /// Which server.
        server: ServerName,
        /// What, in order.
        edits: Vec<Edit>,
        /// How far.
        reach: Reach,
    },
    /// Puts scopes of a server under failover; the partner gets copies.
    ConfigureFailover {
        /// The server that has the scopes: in a new relationship, the primary.
        server: ServerName,
        /// Which scopes.
        scopes: BTreeSet<ScopeId>,
        /// With whom.
        with: FailoverChoice,
    },
    /// Takes scopes out of failover: this server keeps them, the partner's copies are deleted.
    RemoveFailover {
        /// The server that keeps the scopes.
        server: ServerName,
        /// Which scopes.
        scopes: BTreeSet<ScopeId>,
        /// Go on when the partner can't be written.
        force: bool,
    },
    /// Changes a relationship's parameters on both servers.
    EditRelationship {
        /// The server whose view `properties` are in.
        server: ServerName,
        /// Which relationship.
        name: String,
        /// To what.
        properties: Vec<RelationshipProperty>,
    },
    /// Deletes a relationship on both servers.
    DeleteRelationship {
        /// The server that keeps the scopes; the partner's copies are deleted.
        keep_on: ServerName,
        /// Which relationship.
        name: String,
        /// Go on when the partner can't be written.
        force: bool,
    },
    /// Makes the partner's copies those of this server.
    Replicate {
        /// The server that is right.
        from: ServerName,
        /// What is replicated.
        what: ReplicationLevel,
    },
    /// Says that a configuration sync error has been dealt with elsewhere.
    ClearConfigSyncError {
        /// Which server's rows.
        server: ServerName,
        /// Which scopes.
        scopes: BTreeSet<ScopeId>,
    },
    /// Orders one server to do something.
    Order {
        /// Which server.
        server: ServerName,
        /// What.
        order: Order,
    },
    /// Takes back what a plan did, as far as nobody has changed it since.
    Undo {
        /// The plan's number in the journal.
        plan: PlanId,
    },
}

/// A plan's number in the journal.
pub type PlanId = i64;

/// A new relationship, or one that is there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FailoverChoice {
    /// A new one; its scopes are those of the intent, whatever it holds.
    New {
        /// The relationship as the server holds it.
        relationship: Relationship,
        /// For message authentication.
        secret: Option<SharedSecret>,
        /// The terms that Kea servers need besides, as the server has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ha: Option<Box<HaSetup>>,
    },
    /// One that the server has.
    Existing {
        /// Its name.
        name: String,
    },
}

/// IPAM's three levels of replication.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ReplicationLevel {
    /// Replicate DHCP Scope.
    Scopes(BTreeSet<ScopeId>),
    /// Replicate DHCP Failover Relationship.
    Relationship(String),
    /// Replicate DHCP Server: every relationship.
    Server,
}

/// What will be done, step by step, and what it means.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What was asked for.
    pub intent: Intent,
    /// In a line: `Create DHCP reservation 10.0.0.100 in scope 10.0.0.0`.
    pub title: String,
    /// In order.
    pub steps: Vec<Step>,
    /// What the operator should know before.
    pub warnings: Vec<String>,
    /// What clients will feel: `no interruption`.
    pub impact: String,
    /// For how long about some of them get no answer, as far as the servers' kind foretells it.
    #[serde(default)]
    pub silence: Duration,
    /// How bad it is if it was a mistake.
    pub risk: Risk,
    /// Scopes and the servers on whose rows a configuration sync error ends when the plan succeeds.
    pub clears: Vec<(ServerName, ScopeId)>,
    /// What of it can't be done, while the rest goes on.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// A part of what was asked for that can't be planned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftOut {
    /// On which server.
    pub server: ServerName,
    /// Why, in a sentence.
    pub why: String,
}

impl Plan {
    /// The first step that a server would refuse, and its reason.
    #[must_use]
    pub fn refusal(&self) -> Option<(&Step, &str)> {
        self.steps
            .iter()
            .find_map(|step| Some((step, step.refused.as_deref()?)))
    }

    /// Whether nothing is to be done: everything is already so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.clears.is_empty() && self.left_out.is_empty()
    }

    /// Why the plan can't be undone, where it can't. Steps around others leave nothing behind.
    #[must_use]
    pub fn not_undoable(&self) -> Option<&str> {
        self.steps
            .iter()
            .filter(|step| !step.is_around())
            .find_map(|step| step.inverse.as_ref().err().map(|why| why.reason.as_str()))
    }
}

/// How bad a plan is if it was a mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Risk {
    /// One object is changed, and undo brings it back.
    Small,
    /// Several objects are changed.
    Several,
    /// Something is lost that undo does not bring back, or another copy is overwritten.
    Destructive,
}

/// One thing done on one server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Where.
    pub server: ServerName,
    /// What.
    pub action: Action,
    /// Why the step is there, and what its failure means for the rest.
    pub purpose: Purpose,
    /// What must not have changed: the objects touched with the fingerprints they had.
    pub expect: Vec<(ObjectRef, Option<Fingerprint>)>,
    /// The fingerprints that the rules foretell for the objects of `expect` afterwards, in the same
    /// order: by them a lost answer is judged. Empty where nothing can be foretold.
    #[serde(default)]
    pub foretold: Vec<Option<Fingerprint>>,
    /// Field by field, before and after.
    pub changes: Vec<FieldChange>,
    /// What would take it back.
    pub inverse: Result<Vec<Edit>, NotUndoable>,
    /// What the rules foretell the server would refuse it with.
    pub refused: Option<String>,
}

impl Step {
    /// Whether it is there for the sake of the steps around which it stands, and is nothing that
    /// was asked for: a bridge, or what takes one down.
    #[must_use]
    pub fn is_around(&self) -> bool {
        matches!(self.purpose, Purpose::Bridge | Purpose::Always)
    }

    /// What it means, for a preview: `answers for both meanwhile`; the action itself for steps
    /// of what was asked for.
    #[must_use]
    pub fn words(&self) -> String {
        match (&self.purpose, &self.action) {
            (Purpose::Bridge, Action::Order(Order::GrantScopes { scopes, .. }))
                if scopes.len() > 1 =>
            {
                "answers for both meanwhile".to_owned()
            }
            (Purpose::Always, Action::Order(Order::GrantScopes { .. })) => {
                "gives it back".to_owned()
            }
            (Purpose::Always, Action::Order(Order::SetPartnerDown { .. })) => {
                "goes on alone at once".to_owned()
            }
            (Purpose::Bridge, action) => format!("makes way: {action}"),
            (Purpose::Always, action) => format!("afterwards, in any case: {action}"),
            (_, action) => action.to_string(),
        }
    }
}

/// What a step does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// Edits, all or none.
    Apply(Vec<Edit>),
    /// An order.
    Order(Order),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Order(order) => order.fmt(f),
            Action::Apply(edits) => {
                for (index, edit) in edits.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}{edit}")?;
                }
                Ok(())
            }
        }
    }
}

/// Why a step is there, and what its failure means.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Purpose {
    /// It is what was asked for: if it fails, nothing after it is done.
    Main,
    /// It is what was asked for, on one of several servers: if it fails, the others go on.
    Target,
    /// Carries a change to the partner: if it fails, what was done stays, and the scopes named are
    /// `Out of sync` on the row of the server named.
    Carry {
        /// The server whose rows say so.
        source: ServerName,
        /// Which scopes.
        scopes: BTreeSet<ScopeId>,
    },
    /// One side of something that belongs to both servers: if it fails, the steps done before it
    /// are offered to be taken back.
    Joint,
    /// As `Joint`, but the plan goes on without it, and says so.
    BestEffort,
    /// Makes way for the next `Main`, `Target`, `Carry` or `Joint` step: if it fails, that step is
    /// not begun.
    Bridge,
    /// Takes a `Bridge` down again: done whatever became of the steps between, also by whoever
    /// finds the plan of an owner that died.
    Always,
}

/// A field before and after a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldChange {
    /// Of what.
    pub object: ObjectRef,
    /// Its label.
    pub field: String,
    /// `None`: was not there.
    pub before: Option<String>,
    /// `None`: will not be there.
    pub after: Option<String>,
}

/// Why something can't be taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct NotUndoable {
    /// In a sentence.
    pub reason: String,
}

impl NotUndoable {
    /// For that reason.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> NotUndoable {
        NotUndoable {
            reason: reason.into(),
        }
    }
}
