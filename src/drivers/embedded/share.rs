//! Whose addresses: how the two servers of a relationship share a scope's free addresses.
//!
//! A pure function of the address, so that both servers agree without asking: of every hundred
//! addresses in a row, as many as the percentage says are the primary's, spread evenly. (A real
//! server balances its pool from time to time; what matters here is that the shares are disjoint,
//! of the right size, and stay.)

use std::net::Ipv4Addr;

use crate::model::Range;
use crate::model::failover::{Mode, Relationship, Role, Side};
use crate::model::scope::Scope;

/// One server's share of a relationship's addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    side: Side,
    /// What of every hundred addresses is the primary's.
    primary: u32,
}

impl Share {
    /// The share of the server that holds the relationship: its load balance percentage, or in
    /// hot standby the reserve for the standby server and the rest for the active one.
    pub(super) fn of(relationship: &Relationship) -> Share {
        let mine = u32::from(match relationship.mode {
            Mode::LoadBalance { percent } => percent.min(100),
            Mode::HotStandby {
                role: Role::Standby,
                reserve_percent,
            } => reserve_percent.min(100),
            Mode::HotStandby {
                role: Role::Active,
                reserve_percent,
            } => 100 - reserve_percent.min(100),
        });
        Share {
            side: relationship.side,
            primary: match relationship.side {
                Side::Primary => mine,
                Side::Secondary => 100 - mine,
            },
        }
    }

    /// Whether the address is this server's.
    pub(super) fn has(self, address: Ipv4Addr) -> bool {
        self.has_place(address.to_bits() % 100)
    }

    /// 37 has no factor in common with 100: a hundred places in a row get a hundred ranks.
    fn has_place(self, place: u32) -> bool {
        let of_primary = place * 37 % 100 < self.primary;
        of_primary == (self.side == Side::Primary)
    }

    /// How many of a range's addresses are this server's.
    fn count(self, range: Range) -> u64 {
        let (start, end) = (
            u64::from(range.start().to_bits()),
            u64::from(range.end().to_bits()),
        );
        // How many numbers up to and without `limit` leave the remainder `place`.
        let below = |limit: u64, place: u64| (limit + 99 - place) / 100;
        (0..100)
            .filter(|place| self.has_place(*place))
            .map(|place| below(end + 1, place.into()) - below(start, place.into()))
            .sum()
    }

    /// How many of a scope's addresses that may be handed out are this server's.
    pub(super) fn usable(self, scope: &Scope) -> u64 {
        let total: u64 = scope.ranges.iter().map(|range| self.count(*range)).sum();
        let holes: u64 = scope
            .ranges
            .iter()
            .flat_map(|range| {
                scope
                    .exclusions
                    .iter()
                    .filter_map(|hole| range.intersection(hole))
            })
            .map(|hole| self.count(hole))
            .sum();
        total.saturating_sub(holes)
    }
}

/// Whether a scope may hand the address out at all.
pub(super) fn is_usable(scope: &Scope, address: Ipv4Addr) -> bool {
    scope.ranges.iter().any(|range| range.contains(address))
        && !scope.exclusions.iter().any(|hole| hole.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ScopeId, ServerName};

    fn shares(mode: Mode) -> (Share, Share) {
        let (one, two) = (ServerName::new("one"), ServerName::new("two"));
        let mut held = Relationship::new("r", two);
        held.mode = mode;
        (Share::of(&held), Share::of(&held.mirrored(&one)))
    }

    #[test]
    fn every_address_is_exactly_one_servers() {
        let id: ScopeId = "10.7.0.0/22".parse().unwrap();
        let mut scope = Scope::new(id, "s", id.hosts());
        scope.exclusions =
            vec![Range::new("10.7.1.3".parse().unwrap(), "10.7.1.99".parse().unwrap()).unwrap()];
        for (mode, percent) in [
            (Mode::LoadBalance { percent: 50 }, 50),
            (Mode::LoadBalance { percent: 0 }, 0),
            (Mode::LoadBalance { percent: 83 }, 83),
            (
                Mode::HotStandby {
                    role: Role::Active,
                    reserve_percent: 5,
                },
                95,
            ),
            (
                Mode::HotStandby {
                    role: Role::Standby,
                    reserve_percent: 5,
                },
                5,
            ),
        ] {
            let (one, two) = shares(mode);
            let usable: Vec<_> = id
                .hosts()
                .iter()
                .filter(|a| is_usable(&scope, *a))
                .collect();
            assert!(
                usable
                    .iter()
                    .all(|address| one.has(*address) != two.has(*address))
            );
            let mine = usable.iter().filter(|address| one.has(**address)).count() as u64;
            assert_eq!(one.usable(&scope), mine, "{mode}");
            assert_eq!(two.usable(&scope), usable.len() as u64 - mine);
            let exact = usable.len() as u64 * percent / 100;
            assert!(
                mine.abs_diff(exact) <= 12,
                "{mode}: {mine} of {}",
                usable.len()
            );
        }
    }
}
