//! The failover state machine: (state, event, now) -> state. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DhcpError;
use crate::model::failover::{FailoverState, RelationshipStatus};
use crate::model::scope::Seconds;

/// A relationship's terms, as far as its states depend on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Maximum Client Lead Time.
    pub mclt: Seconds,
    /// State Switchover Interval, if any.
    pub switch_interval: Option<Seconds>,
}

/// One server's end of a relationship.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its state.
    pub state: FailoverState,
    /// The state before.
    pub previous: FailoverState,
    /// Since when it is in it.
    pub since: Timestamp,
    /// Whether it is in contact with its partner now.
    pub in_contact: bool,
    /// When it last was.
    pub last_contact: Option<Timestamp>,
    /// What it last heard the partner's state to be.
    pub partner_state: Option<FailoverState>,
    /// When it stopped serving, while it is stopped or recovers from that.
    pub stopped: Option<Timestamp>,
}

/// What happens to one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its service starts.
    Started,
    /// Its service stops.
    Stopped,
    /// The partner is no longer heard.
    ContactLost,
    /// The partner is heard, and says what state it is in.
    Contact(FailoverState),
    /// The administrator says that the partner is down.
    PartnerDown,
    /// Nothing but time passes.
    TimePasses,
}

/// Whom a server in a state answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Nobody.
    None,
    /// Who renews or rebinds.
    RenewOnly,
    /// Its share, by mode.
    ByMode,
    /// Everybody.
    All,
}

impl Endpoint {
    /// The end of a relationship that was just made.
    #[must_use]
    pub fn new(now: Timestamp) -> Endpoint {
        Endpoint {
            state: FailoverState::Startup,
            previous: FailoverState::Init,
            since: now,
            in_contact: false,
            last_contact: None,
            partner_state: None,
            stopped: None,
        }
    }

    /// What follows from an event.
    ///
    /// # Errors
    /// [`DhcpError`] when the event is an administrator's and the state does not allow it.
    pub fn next(&self, terms: &Terms, event: Event, now: Timestamp) -> Result<Endpoint, DhcpError> {
        let _ = (terms, event, now);
        todo!()
    }

    /// The status that a reading shows.
    #[must_use]
    pub fn status(&self, terms: &Terms, clock_skew: Option<i64>) -> RelationshipStatus {
        let _ = (terms, clock_skew);
        todo!()
    }
}

/// Whom a server in that state answers.
#[must_use]
pub fn service(state: FailoverState) -> Service {
    let _ = state;
    todo!()
}

/// Lets time pass for both ends, from where they stand to `now`, with or without contact between
/// them: timers run out in order, and ends in contact tell each other their states until nothing
/// changes. Gives the ends and every change of state on the way (`true`: the first end's).
#[must_use]
pub fn advance(
    first: Endpoint,
    second: Endpoint,
    terms: &Terms,
    in_contact: bool,
    from: Timestamp,
    now: Timestamp,
) -> (Endpoint, Endpoint, Vec<(Timestamp, bool, FailoverState)>) {
    let _ = (terms, in_contact, from, now);
    (first, second, Vec::new())
}
