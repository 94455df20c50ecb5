//! The sample's leases: who is where when it is made, the same on both partners.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};

use super::super::names::{self, Device};
use super::super::share::{Share, is_usable};
use crate::model::lease::{Lease, LeaseState};
use crate::model::scope::{ClientType, LeaseDuration, Scope};
use crate::model::server::{ServerConfig, ServerName};
use crate::model::{Range, Relationship, ScopeId};

/// How many clients of which kind a scope has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) device: Device,
    pub(super) clients: usize,
}

/// Numbers from which no client that comes in a drill is made.
const FIRST_NUMBER: u32 = 0x0080_0000;

/// These places stay free in every scope, for who follows the manual's examples.
const LEFT_FREE: std::ops::RangeInclusive<u32> = 99..=119;

/// A server's leases.
pub(super) fn of(
    server: &ServerName,
    config: &ServerConfig,
    crowds: &BTreeMap<ScopeId, Crowd>,
    now: Timestamp,
) -> Vec<Lease> {
    config
        .scopes
        .values()
        .filter_map(|scope| Some((scope, crowds.get(&scope.id)?)))
        .flat_map(|(scope, crowd)| {
            let relationship = config.relationship_of(scope.id);
            in_scope(server, relationship, scope, *crowd, now)
        })
        .collect()
}

fn in_scope(
    server: &ServerName,
    relationship: Option<&Relationship>,
    scope: &Scope,
    crowd: Crowd,
    now: Timestamp,
) -> Vec<Lease> {
    let given_by = |address| {
        let relationship = relationship?;
        Some(if Share::of(relationship).has(address) {
            server.clone()
        } else {
            relationship.partner.clone()
        })
    };
    let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).ok();
    // By the longest that any copy allows, so that partners whose copies differ agree on a lease.
    let lasts = match scope.lease_duration {
        LeaseDuration::Limited(seconds) if relationship.is_none() => i64::from(seconds.0),
        LeaseDuration::Limited(_) => 86_400,
        LeaseDuration::Unlimited => 0,
    };
    let crowded = crowd.clients > 150;
    let mut leases = Vec::new();
    for reservation in scope.reservations.values().filter(|_| crowd.clients == 0) {
        leases.push(Lease {
            address: reservation.address,
            scope: scope.id,
            client: reservation.client.clone(),
            host_name: reservation.name.clone(),
            description: reservation.description.clone(),
            state: LeaseState::ActiveReservation,
            client_type: ClientType::Dhcp,
            expires: after(lasts / 2),
            policy: String::new(),
            given_by: given_by(reservation.address),
        });
    }
    let free = |address: &Ipv4Addr| {
        let place = address.to_bits() - scope.id.address().to_bits();
        is_usable(scope, *address)
            && !scope.reservations.contains_key(address)
            && (crowded || !LEFT_FREE.contains(&place))
    };
    let addresses = scope
        .ranges
        .iter()
        .flat_map(Range::iter)
        .filter(free)
        .take(crowd.clients);
    for (index, address) in (0_u32..).zip(addresses) {
        // One network and another share no client: the place in 10.0.0.0/8 is the number.
        let number = FIRST_NUMBER + (address.to_bits() & 0x007f_ffff);
        let (client, host_name) = names::client(crowd.device, number);
        let bad = crowded && index == 3;
        let expired = !crowded && index % 19 == 7;
        let left = i64::from(index * 37 % 97 + 3) * lasts / 100;
        leases.push(Lease {
            address,
            scope: scope.id,
            client,
            host_name: if bad { String::new() } else { host_name },
            description: if bad {
                "This address is already in use".to_owned()
            } else {
                String::new()
            },
            state: match (bad, expired) {
                (true, _) => LeaseState::Declined,
                (false, true) => LeaseState::Expired,
                (false, false) => LeaseState::Active,
            },
            client_type: ClientType::Dhcp,
            expires: match (lasts, expired) {
                (0, _) => None,
                (_, true) => after(-3600 * i64::from(index % 5 + 1)),
                (_, false) => after(left),
            },
            policy: String::new(),
            given_by: given_by(address),
        });
    }
    leases
}
