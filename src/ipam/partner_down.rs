//! Set Partner Down: what is known of both servers now, what it would cost, and what is left to do
//! afterwards.

mod checklist;
mod costs;
mod forecast;
mod gather;
#[cfg(test)]
mod tests;
mod verdict;

use jiff::{SignedDuration, Timestamp};

use crate::drivers::{DriverError, Probe};
use crate::model::failover::{Relationship, RelationshipStatus};
use crate::model::scope::Seconds;
use crate::model::server::{Availability, Product, ServerName};
use crate::model::{FailoverState, Order};
use crate::rules::kea_ha;

pub use checklist::{CheckStep, Checklist, Mark, checklist};
pub use forecast::{Rate, ScopeForecast, forecast, worst_first};
pub use verdict::{Verdict, verdict};

/// Evidence older than this is to be gathered anew before it is acted on.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_secs(60);

/// One of the two servers: what it says of the relationship itself, and what is seen of it from
/// here.
#[derive(Clone, Debug)]
pub struct ServerEvidence {
    /// Which.
    pub server: ServerName,
    /// How the relationship stands in its words, from its last reading: state, previous state,
    /// since when, last contact, clock skew, unsent updates. `None`: it was never read, or does not
    /// have the relationship.
    pub status: Option<RelationshipStatus>,
    /// When that reading was taken.
    pub taken: Option<Timestamp>,
    /// Whether its service runs, as far as reading it now told.
    pub availability: Option<Availability>,
    /// Why it could not be read now; the status is old then.
    pub error: Option<DriverError>,
    /// What of it answers, seen from here, now.
    pub probe: Probe,
}

impl ServerEvidence {
    /// Its state in the relationship, from its last reading.
    #[must_use]
    pub fn state(&self) -> Option<FailoverState> {
        self.status.as_ref().map(|status| status.state)
    }

    /// Whether what it says was read just now.
    #[must_use]
    pub fn was_read(&self) -> bool {
        self.error.is_none() && self.taken.is_some()
    }

    /// How old its reading is.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.taken
            .map(|taken| now.duration_since(taken).max(SignedDuration::ZERO))
    }
}

/// What the switch would cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Costs {
    /// When the survivor may take the partner's free addresses, if it is switched now (or when it
    /// was, once it is); `None`: at once, this kind of server has no MCLT.
    pub takes_over_at: Option<Timestamp>,
    /// Whether it can be taken back, in a sentence.
    pub undoable: String,
    /// What else there is to know, a sentence each.
    pub notes: Vec<String>,
}

/// All that is known of a relationship of which one server may be down.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The relationship's name, as the survivor has it.
    pub relationship: String,
    /// The server that would be told.
    pub survivor: ServerEvidence,
    /// The one that is thought to be down.
    pub partner: ServerEvidence,
    /// Which kind of server the survivor is.
    pub product: Product,
    /// Maximum Client Lead Time; zero where the servers have none (Kea).
    pub mclt: Seconds,
    /// The relationship's scopes, worst first.
    pub scopes: Vec<ScopeForecast>,
    /// Whether the operator says that the partner is fenced: off, and staying off. Gathered
    /// evidence never says so; whoever asks the operator sets it.
    pub fenced: bool,
    /// When all this was gathered.
    pub gathered: Timestamp,
    /// The command that would be sent, in the words of the survivor's kind.
    pub command: String,
    /// What it costs.
    pub costs: Costs,
}

impl Evidence {
    /// Whether it is too old to be acted on.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.gathered) > GOOD_FOR
    }

    /// What speaks against the switch: the verdict with its reasons, in a sentence. `None`: it is
    /// safe, or was made already, which the plan says.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        let verdict = verdict(self);
        let made =
            self.survivor.was_read() && self.survivor.state() == Some(FailoverState::PartnerDown);
        if made || !verdict.needs_name() {
            return None;
        }
        let reasons = verdict.reasons().join("; ");
        Some(format!("{}: {reasons}", verdict.headline()))
    }

    /// What the survivor can be ordered instead of the switch, since its partner lives: to make way
    /// for switching that off, or to take that back. `None`: nothing, or this kind of server has
    /// no such order.
    #[must_use]
    pub fn instead(&self) -> Option<Order> {
        let status = self.survivor.status.as_ref();
        let status = status.filter(|_| self.survivor.was_read())?;
        if self.product != Product::Kea || !self.partner.was_read() {
            return None;
        }
        let relationship = || self.relationship.clone();
        let orders = [
            Order::StartMaintenance {
                relationship: relationship(),
            },
            Order::CancelMaintenance {
                relationship: relationship(),
            },
        ];
        let mut orders = orders.into_iter();
        orders.find(|order| kea_ha::may_order(order, &self.survivor.server, status).is_ok())
    }

    /// The order that it is about.
    #[must_use]
    pub fn switch_order(&self) -> Order {
        Order::SetPartnerDown {
            relationship: self.relationship.clone(),
        }
    }
}

/// When the survivor may take the partner's free addresses.
fn takes_over_at(
    relationship: &Relationship,
    status: Option<&RelationshipStatus>,
    now: Timestamp,
) -> Option<Timestamp> {
    if relationship.mclt.0 == 0 {
        return None;
    }
    let already = status.filter(|status| status.state == FailoverState::PartnerDown);
    if let Some(status) = already {
        return status.takes_over_at;
    }
    let mclt = SignedDuration::from_secs(relationship.mclt.0.into());
    Some(now.checked_add(mclt).unwrap_or(Timestamp::MAX))
}
