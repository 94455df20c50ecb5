//! Estates of any size, made from numbers: for benches, and to try the console on much.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::names::{self, Device};
use crate::model::address::Range;
use crate::model::failover::{Mode, Relationship};
use crate::model::lease::{Lease, LeaseState};
use crate::model::scope::ClientType;
use crate::model::server::{
    Product, ServerConfig, ServerIdentity, ServerName, ServerRole, ServerVersion,
};
use crate::model::{ClientId, OptionKey, OptionValue, Reservation, Scope, ScopeId};

/// How big an estate is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// DHCP servers; they pair up, an odd one stays alone. At most 1,000.
    pub servers: u32,
    /// Scopes over all servers, a failover scope counted on both. At most 60,000.
    pub scopes: u32,
    /// Reservations in each scope. At most 200.
    pub reservations_per_scope: u32,
}

impl Size {
    /// The scale that Microsoft tested IPAM at: 150 servers, 40,000 scopes.
    pub const LARGE: Size = Size {
        servers: 150,
        scopes: 40_000,
        reservations_per_scope: 3,
    };

    /// Enough to see that everything is there: with its leases about a thousand rows.
    pub const SMALL: Size = Size {
        servers: 4,
        scopes: 40,
        reservations_per_scope: 3,
    };

    /// Servers, and scopes of each pair of them.
    fn shape(self) -> (u32, u32) {
        let servers = self.servers.clamp(1, 1000);
        // A pair's scopes are on both its servers: half as many subnets as rows.
        let per_pair = (self.scopes.min(60_000) / 2).div_ceil(servers.div_ceil(2));
        (servers, per_pair)
    }
}

/// Each scope has so many leases: a million in all over [`Size::LARGE`].
pub const LEASES_PER_SCOPE: u32 = 25;

/// The servers of an estate of that size, each with its configuration: partners hold equal copies
/// of every scope, in one load balance relationship a pair. The same every time.
#[must_use]
pub fn generate(size: Size) -> Vec<(ServerIdentity, ServerConfig)> {
    let (servers, per_pair) = size.shape();
    let mut estate = Vec::new();
    for pair in 0..servers.div_ceil(2) {
        let mut config = ServerConfig::default();
        for number in 0..per_pair {
            let scope = scope(
                pair * per_pair + number,
                size.reservations_per_scope.min(200),
            );
            config.scopes.insert(scope.id, Arc::new(scope));
        }
        let (first, second) = (pair * 2, pair * 2 + 1);
        if second >= servers {
            estate.push((identity(first), config));
            continue;
        }
        let relationship = Relationship {
            mode: Mode::LoadBalance { percent: 50 },
            scopes: config.scopes.keys().copied().collect::<BTreeSet<ScopeId>>(),
            ..Relationship::new(format!("{}-{}", name(first), name(second)), name(second))
        };
        let mirrored = relationship.mirrored(&name(first));
        let mut copy = config.clone();
        config
            .relationships
            .insert(relationship.name.to_lowercase(), relationship);
        copy.relationships
            .insert(mirrored.name.to_lowercase(), mirrored);
        estate.push((identity(first), config));
        estate.push((identity(second), copy));
    }
    estate
}

/// The leases of an estate of that size as it would be at `now`, made one by one as they are asked
/// for: by server, scope and address, [`LEASES_PER_SCOPE`] each, the same on both partners. The
/// same every time.
pub fn leases(
    size: Size,
    now: Timestamp,
) -> impl Iterator<Item = (ServerName, ScopeId, Lease)> + Send {
    let (servers, per_pair) = size.shape();
    (0..servers).flat_map(move |server| {
        let holder = name(server);
        let partner = Some(server ^ 1).filter(|partner| *partner < servers);
        // Who gave a lease: the first of the two for even addresses, the other for odd ones.
        let givers = partner.map(|_| [name(server & !1), name(server | 1)]);
        (0..per_pair).flat_map(move |scope| {
            let number = server / 2 * per_pair + scope;
            let (holder, givers) = (holder.clone(), givers.clone());
            (0..LEASES_PER_SCOPE).map(move |index| {
                let lease = lease(number, index, givers.as_ref(), now);
                (holder.clone(), lease.scope, lease)
            })
        })
    })
}

/// The lease of that number in the scope of that number.
fn lease(number: u32, index: u32, givers: Option<&[ServerName; 2]>, now: Timestamp) -> Lease {
    let network = network(number);
    let address = Ipv4Addr::from_bits(network + 40 + index * 6);
    let device = match number % 8 {
        0 => Device::Phone,
        1 => Device::Printer,
        2 => Device::Till,
        _ => Device::Personal,
    };
    let (client, host_name) =
        names::client(device, (number * LEASES_PER_SCOPE + index) & 0x00ff_ffff);
    let (state, minutes) = match (number + index) % 40 {
        7 => (LeaseState::Declined, 60),
        19 => (LeaseState::Expired, -90),
        20 => (LeaseState::Offered, 1),
        by => (LeaseState::Active, 11_520 - i64::from(by) * 251),
    };
    Lease {
        address,
        scope: ScopeId::from(ipnet::Ipv4Net::new_assert(Ipv4Addr::from_bits(network), 24)),
        client,
        host_name,
        description: String::new(),
        state,
        client_type: ClientType::Dhcp,
        expires: now.checked_add(SignedDuration::from_mins(minutes)).ok(),
        policy: String::new(),
        given_by: givers.map(|[first, second]| {
            let giver = if index.is_multiple_of(2) {
                first
            } else {
                second
            };
            giver.clone()
        }),
    }
}

fn name(server: u32) -> ServerName {
    ServerName::new(&format!("dhcp{server:03}.example.com"))
}

fn identity(server: u32) -> ServerIdentity {
    ServerIdentity {
        name: name(server),
        roles: vec![ServerRole::Dhcp],
        addresses: vec![Ipv4Addr::from_bits(0xC0A8_0000 + server)],
        domain: "example.com".to_owned(),
        product: Product::Microsoft,
        version: Some(ServerVersion::WINDOWS_2016),
        version_text: "Windows Server 2022".to_owned(),
        authorized: true,
    }
}

/// The subnet of the scope of that number.
fn network(number: u32) -> u32 {
    0x0A00_0000 + (number % 0x1_0000) * 0x100
}

/// The scope of that number: a /24 in 10.0.0.0/8, with a range of 200 addresses.
fn scope(number: u32, reservations: u32) -> Scope {
    let network = network(number);
    let at = |host: u32| Ipv4Addr::from_bits(network + host);
    let id = ScopeId::from(ipnet::Ipv4Net::new_assert(at(0), 24));
    let range = Range::new(at(10), at(209)).unwrap_or(Range::single(at(10)));
    let mut scope = Scope::new(
        id,
        format!("Site {:03} floor {}", number / 8, number % 8),
        range,
    );
    scope.description = format!("VLAN {}", 100 + number % 3900);
    scope.exclusions = Range::new(at(10), at(19)).into_iter().collect();
    for (option, value) in [(3, at(1).to_string()), (6, "10.0.0.53".to_owned())] {
        scope
            .options
            .insert(OptionKey::standard(option), OptionValue(vec![value]));
    }
    for index in 0..reservations {
        let [_, a, b, c] = (number * 256 + index).to_be_bytes();
        let client = ClientId::mac([0x02, 0x15, 0x5d, a, b, c]);
        let mut reservation = Reservation::new(at(20 + index % 180), client);
        reservation.name = format!("printer-{number}-{index}");
        scope
            .reservations
            .insert(reservation.address, Arc::new(reservation));
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estate_has_the_size_asked_for() {
        let estate = generate(Size::LARGE);
        assert_eq!(estate.len(), 150);
        let scopes: usize = estate.iter().map(|(_, config)| config.scopes.len()).sum();
        assert!((40_000..40_200).contains(&scopes), "{scopes}");
        let small = generate(Size {
            servers: 3,
            scopes: 10,
            reservations_per_scope: 1,
        });
        assert_eq!(small.len(), 3);
        assert!(small[2].1.relationships.is_empty());
        let reserved = estate.iter().flat_map(|(_, config)| config.scopes.values());
        let reserved: usize = reserved.map(|scope| scope.reservations.len()).sum();
        assert!(reserved >= 100_000, "{reserved}");
    }

    #[test]
    fn leases_lie_in_their_scopes_in_order_and_are_told_alike_by_both() {
        let estate = generate(Size::SMALL);
        let now = Timestamp::UNIX_EPOCH;
        let leases: Vec<_> = leases(Size::SMALL, now).collect();
        assert_eq!(leases.len(), 1000);
        let of = |server: &ServerName| -> Vec<&Lease> {
            let own = leases.iter().filter(|(holder, _, _)| holder == server);
            own.map(|(_, _, lease)| lease).collect()
        };
        for (identity, config) in &estate {
            let own = of(&identity.name);
            assert!(own.is_sorted_by_key(|lease| lease.address));
            assert_eq!(own.len(), config.scopes.len() * 25);
            for lease in own {
                let scope = &config.scopes[&lease.scope];
                assert!(scope.ranges[0].contains(lease.address));
                assert!(!scope.reservations.contains_key(&lease.address));
            }
        }
        assert_eq!(of(&estate[0].0.name), of(&estate[1].0.name));
        assert_eq!(super::leases(Size::LARGE, now).count() / 10_000, 100);
    }
}
