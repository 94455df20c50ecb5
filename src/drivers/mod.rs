//! Servers: one trait, and one folder for each kind of server.

pub mod check;
pub mod embedded;
pub mod kea;
pub mod probe;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::edit::{ObjectRef, Order};
use crate::model::fingerprint::Fingerprint;
use crate::model::lease::Lease;
use crate::model::plan::{Plan, Step};
use crate::model::server::{ServerName, ServerReading};
use crate::model::{ClientId, Edit, HaEnd, HaSetup, ScopeId};
use crate::rules::DhcpError;

pub use check::CheckLine;
pub use probe::Probe;

/// What a driver's methods give: the work, not yet done.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Every server's latest reading, by name: what a driver may look at while it writes choreography.
pub type Readings = BTreeMap<ServerName, Arc<ServerReading>>;

/// The objects a write expects, with the fingerprints they had when it was planned.
pub type Expected<'a> = &'a [(ObjectRef, Option<Fingerprint>)];

/// One server, of whatever kind. Every method talks to that server alone, in bounded time.
pub trait Driver: Send + Sync {
    /// Which server.
    fn server(&self) -> &ServerName;

    /// How long a method may take before the caller gives it up.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Reads the server. `before` is the last reading, from which what has not changed is taken
    /// (the very same `Arc`s).
    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>>;

    /// Reads leases, at most `limit` of them, after the address `after`, in order of address.
    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>>;

    /// Writes the choreography that this server needs around a step: the step itself, unchanged
    /// but for its `refused`, with `Bridge` and `Always` steps before and after it. `plan` has all
    /// the steps of the plan, none of them expanded; `readings` also those of the partners of Kea
    /// servers, as far as they answer. Pure. Most need none.
    fn expand(&self, step: Step, plan: &Plan, readings: &Readings) -> Vec<Step> {
        let _ = (plan, readings);
        vec![step]
    }

    /// Why an edit has no meaning on this server, or can't be made on it, whatever its
    /// configuration's rules say: asked before anything is planned. Pure.
    fn refuses(&self, edit: &Edit, reading: &ServerReading) -> Option<String> {
        let _ = (edit, reading);
        None
    }

    /// Whether, of a pair, this server is to be written before its partner, for the sake of their
    /// clients. Where either of the two says so, a change of both copies belongs to both: what
    /// was done on the first is taken back when the second refuses. Pure.
    fn goes_first(&self, partner: &ServerName, readings: &Readings) -> bool {
        let _ = (partner, readings);
        false
    }

    /// What the server is called in a relationship of its kind and where it listens for its
    /// partner, as far as that is known; `None` of a kind that has no such terms. Pure.
    fn ha_end(&self) -> Option<HaEnd> {
        None
    }

    /// Looks whether the server can become a partner on these terms, before anything is sent; a
    /// warning where that can't be told from here.
    fn before_pairing<'a>(
        &'a self,
        ha: &'a HaSetup,
    ) -> BoxFuture<'a, Result<Option<String>, DriverError>> {
        let _ = ha;
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What clients will feel of edits while they are made, `no interruption` where there is none;
    /// a silence's words name the server. Pure.
    fn impact(&self, edits: &[Edit], readings: &Readings) -> Impact {
        let _ = (edits, readings);
        Impact::none()
    }

    /// What an operator should know before edits are made here, in sentences.
    fn warnings(&self, edits: &[Edit], readings: &Readings) -> Vec<String> {
        let _ = (edits, readings);
        Vec::new()
    }

    /// Applies edits, all or none, if every object is still as expected.
    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>>;

    /// Has the server do something, if every object is still as expected.
    fn order<'a>(
        &'a self,
        order: &'a Order,
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>>;

    /// The fingerprints that objects have now.
    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>>;

    /// Looks at the server from outside, `now`: what of it answers, whatever it is. Never fails.
    /// By default, what reading it tells.
    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let read = self.read(None).await;
            Probe::from_read(self.server(), &read, now)
        })
    }

    /// What an operator who tries the server out is told of it, the most important first. Changes
    /// nothing, never fails. By default, what reading it tells.
    fn check(&self) -> BoxFuture<'_, Vec<CheckLine>> {
        Box::pin(async move { vec![CheckLine::from_read(&self.read(None).await)] })
    }

    /// An order as it will be sent, in the words of this kind of server.
    fn command(&self, order: &Order) -> String {
        order.to_string()
    }
}

/// What clients feel of a write.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Impact {
    /// For how long about some of them get no answer.
    pub silence: Duration,
    /// In words: `about 1 s without answers on dhcp1`.
    pub words: String,
}

impl Impact {
    /// Nothing.
    #[must_use]
    pub fn none() -> Impact {
        Impact {
            silence: Duration::ZERO,
            words: "no interruption".to_owned(),
        }
    }
}

/// Which leases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeaseQuery {
    /// Of that scope only.
    pub scope: Option<ScopeId>,
    /// Of that client only.
    pub client: Option<ClientId>,
    /// After that address.
    pub after: Option<Ipv4Addr>,
    /// At most so many; 0 is no limit.
    pub limit: usize,
}

/// Why a server was not read or written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DriverError {
    /// It was not reached: nothing was done.
    #[error("{server} {how}")]
    Unreachable {
        /// Which server.
        server: ServerName,
        /// How it failed to answer.
        how: Silence,
    },
    /// It refused, and did nothing.
    #[error("{server} refused: {error}")]
    Refused {
        /// Which server.
        server: ServerName,
        /// With what.
        error: DhcpError,
    },
    /// Somebody else changed what the write touches: nothing was done.
    #[error("{}", stale(server, objects))]
    Stale {
        /// Which server.
        server: ServerName,
        /// What has changed.
        objects: Vec<ObjectRef>,
    },
    /// Part of it was done.
    #[error("{server} did only a part: {what}")]
    PartlyApplied {
        /// Which server.
        server: ServerName,
        /// What was done and what not.
        what: String,
    },
    /// The answer was lost: it may have been done.
    #[error(
        "{server} was asked, but its answer was lost ({why}); read it again to see whether it was done"
    )]
    OutcomeUnknown {
        /// Which server.
        server: ServerName,
        /// How the answer was lost.
        why: String,
    },
    /// It answered something that makes no sense.
    #[error("{server} answered something that is not understood: {what}")]
    Protocol {
        /// Which server.
        server: ServerName,
        /// What, made printable.
        what: String,
    },
    /// It can't be done on this kind of server.
    #[error("{server} can't do that: {why}")]
    Unsupported {
        /// Which server.
        server: ServerName,
        /// Why not.
        why: String,
    },
}

impl DriverError {
    /// Whether it is certain that nothing was done.
    #[must_use]
    pub fn nothing_done(&self) -> bool {
        !matches!(
            self,
            DriverError::PartlyApplied { .. } | DriverError::OutcomeUnknown { .. }
        )
    }
}

fn stale(server: &ServerName, objects: &[ObjectRef]) -> String {
    let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
    format!(
        "somebody else changed {} on {server} meanwhile; nothing was done: read it again and decide anew",
        objects.join(", ")
    )
}

/// How a server did not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Silence {
    /// Its host answers; the DHCP service is stopped.
    ServiceStopped,
    /// No answer within the time.
    TimedOut(Duration),
    /// No connection, and why.
    NoConnection(String),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::ServiceStopped => {
                f.write_str("answers, but its DHCP service is stopped: start it and try again")
            }
            Silence::TimedOut(after) => {
                write!(f, "did not answer within {} s", after.as_secs_f64())
            }
            Silence::NoConnection(why) => write!(f, "could not be reached: {why}"),
        }
    }
}
