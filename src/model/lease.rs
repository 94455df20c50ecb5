//! A lease: who holds an address, and until when.

use std::fmt;
use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::address::ScopeId;
use super::client_id::ClientId;
use super::scope::{ClientType, Seconds};
use super::server::ServerName;

/// What a lease record says of its address (DhcpServerv4Lease, AddressState).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum LeaseState {
    /// Offered, not yet requested.
    Offered,
    /// In use.
    Active,
    /// A client said the address is in use by somebody else: a bad address.
    Declined,
    /// Ran out.
    Expired,
    /// Reserved, and in use.
    ActiveReservation,
    /// Reserved, and not in use.
    InactiveReservation,
}

impl LeaseState {
    /// Whether the address can't be given to another client.
    #[must_use]
    pub fn occupies(self) -> bool {
        !matches!(self, LeaseState::Expired | LeaseState::InactiveReservation)
    }

    /// Whether a client holds it now.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, LeaseState::Active | LeaseState::ActiveReservation)
    }
}

impl fmt::Display for LeaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            LeaseState::Offered => "Offered",
            LeaseState::Active => "Active",
            LeaseState::Declined => "Declined",
            LeaseState::Expired => "Expired",
            LeaseState::ActiveReservation => "ActiveReservation",
            LeaseState::InactiveReservation => "InactiveReservation",
        })
    }
}

/// A lease record as one server holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// Its scope.
    pub scope: ScopeId,
    /// Who holds it.
    pub client: ClientId,
    /// What the client calls itself; untrusted text.
    pub host_name: String,
    /// A remark.
    pub description: String,
    /// What the record says.
    pub state: LeaseState,
    /// Which protocol the client spoke.
    pub client_type: ClientType,
    /// Until when; `None` is unlimited.
    pub expires: Option<Timestamp>,
    /// The policy by which it was given; empty for none.
    pub policy: String,
    /// The partner that gave it, under failover.
    pub given_by: Option<ServerName>,
}

impl Lease {
    /// When it was granted or last renewed, as its end tells, servers keeping nothing else; `None`
    /// when it has none. Under failover a client's first lease is `mclt` long, and who renews in
    /// time never has so little left of a whole one: so what ends within `mclt` is taken for a
    /// first one.
    #[must_use]
    pub fn granted(
        &self,
        full: Option<Seconds>,
        mclt: Option<Seconds>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let expires = self.expires?;
        let left = expires.duration_since(now);
        let span = |seconds: Seconds| SignedDuration::from_secs(seconds.0.into());
        let lasts = match (mclt.map(span), full.map(span)) {
            (Some(mclt), full) if left <= mclt && full.is_none_or(|full| mclt < full) => mclt,
            (_, Some(full)) => full,
            (_, None) => return None,
        };
        expires.checked_sub(lasts).ok().filter(|at| *at <= now)
    }
}

/// How full a scope is (DhcpServerv4ScopeStatistics). Counts of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ScopeStatistics {
    /// Free: neither leased nor reserved nor excluded.
    pub free: u64,
    /// In use.
    pub in_use: u64,
    /// Reservations.
    pub reserved: u64,
    /// Offers not yet requested.
    pub pending: u64,
    /// How it is split between the partners, under failover.
    pub split: Option<FailoverSplit>,
}

/// A failover scope's addresses by partner, as one of the two sees them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FailoverSplit {
    /// AddressesFreeOnThisServer.
    pub free_here: u64,
    /// AddressesFreeOnPartnerServer.
    pub free_at_partner: u64,
    /// AddressesInUseOnThisServer.
    pub in_use_here: u64,
    /// AddressesInUseOnPartnerServer.
    pub in_use_at_partner: u64,
}

impl ScopeStatistics {
    /// PercentageInUse, 0 to 100; 0 for a scope without addresses.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "a scope has at most 2^32 addresses"
    )]
    pub fn percent_in_use(&self) -> f64 {
        match self.free + self.in_use {
            0 => 0.0,
            total => self.in_use as f64 * 100.0 / total as f64,
        }
    }
}
