//! The parts of which the sample is put together, from texts that are known to be right (the
//! sample's tests hold it).

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::super::names::{self, Device};
use crate::model::policy::{Comparator, Condition, Criterion, Junction};
use crate::model::{
    ClientId, OptionKey, OptionValue, Options, Policy, Range, Reservation, Scope, ScopeId,
};

pub(super) fn ip(text: &str) -> Ipv4Addr {
    text.parse().unwrap_or(Ipv4Addr::UNSPECIFIED)
}

pub(super) fn net(text: &str) -> ScopeId {
    text.parse()
        .unwrap_or_else(|_| ScopeId::from(Ipv4Net::default()))
}

/// The address of that place in the subnet.
pub(super) fn host(scope: ScopeId, place: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(scope.address().to_bits().saturating_add(place))
}

/// A scope whose range goes from one place in the subnet to another; its router is at the first.
pub(super) fn scope(prefix: &str, name: &str, description: &str, first: u32, last: u32) -> Scope {
    let id = net(prefix);
    let (first, last) = (host(id, first), host(id, last));
    let range = Range::new(first, last).unwrap_or(Range::single(first));
    let mut scope = Scope::new(id, name, range);
    scope.description = description.to_owned();
    let (key, router) = option(3, &[&host(id, 1).to_string()]);
    scope.options.insert(key, router);
    scope
}

pub(super) fn option(id: u8, values: &[&str]) -> (OptionKey, OptionValue) {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    (OptionKey::standard(id), OptionValue(values))
}

pub(super) fn reserve(scope: &mut Scope, place: u32, mac: [u8; 6], name: &str, description: &str) {
    let mut reservation = Reservation::new(host(scope.id, place), ClientId::mac(mac));
    reservation.name = name.to_owned();
    reservation.description = description.to_owned();
    add(scope, reservation);
}

pub(super) fn reserve_device(
    scope: &mut Scope,
    place: u32,
    device: Device,
    number: u32,
    description: &str,
) {
    let (client, name) = names::client(device, number);
    let mut reservation = Reservation::new(host(scope.id, place), client);
    reservation.name = name;
    reservation.description = description.to_owned();
    add(scope, reservation);
}

fn add(scope: &mut Scope, reservation: Reservation) {
    scope
        .reservations
        .insert(reservation.address, Arc::new(reservation));
}

/// A policy with one condition: that one of the values fits.
pub(super) fn policy(
    name: &str,
    description: &str,
    criterion: Criterion,
    values: &[&str],
) -> Policy {
    Policy {
        name: name.to_owned(),
        description: description.to_owned(),
        enabled: true,
        junction: Junction::Or,
        conditions: vec![Condition {
            criterion,
            comparator: Comparator::Eq,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }],
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    }
}
