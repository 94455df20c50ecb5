//! Reservations: entries of a subnet's `reservations` that have an address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use super::{Document, Json, Outcome, Refusal, context, item_mut, list, list_mut, shown, text};
use crate::drivers::kea::reading::scopes::identifier;
use crate::model::client_id::{ClientId, ClientIdKind};
use crate::model::reservation::ReservationProperty;
use crate::model::{Reservation, ScopeId};
use crate::rules::{Code, kea};

pub(super) const LIST: &str = "reservations";

impl Document {
    pub(super) fn add_reservation(&mut self, id: ScopeId, new: &Reservation) -> Outcome {
        self.may_reserve(id, new)?;
        let entry = self.host(new)?;
        if let Some(hosts) = list_mut(self.subnet_mut(id)?, LIST) {
            hosts.push(Value::Object(entry));
        }
        Ok(())
    }

    pub(super) fn set_reservation(
        &mut self,
        id: ScopeId,
        address: Ipv4Addr,
        properties: &[ReservationProperty],
    ) -> Outcome {
        let subnet = self.subnet(id)?;
        let (at, host) = find(subnet, id, address)?;
        for property in properties {
            match property {
                ReservationProperty::Client(client) if client_of(host).as_ref() != Some(client) => {
                    kea::client(client).map_err(Refusal::value)?;
                    self.looked_at(client)?;
                    not_held(subnet, id, client)?;
                }
                ReservationProperty::Name(name) if name != host_name(host) => {
                    kea::host_name(name).map_err(Refusal::value)?;
                }
                ReservationProperty::Client(_)
                | ReservationProperty::Name(_)
                | ReservationProperty::Kind(_)
                | ReservationProperty::Description(_) => {}
            }
        }
        let Some(host) = item_mut(self.subnet_mut(id)?, LIST, at) else {
            return Ok(());
        };
        for property in properties {
            match property {
                ReservationProperty::Client(client) => {
                    if client_of(host).as_ref() != Some(client) {
                        set_client(host, client);
                    }
                }
                ReservationProperty::Name(name) => {
                    if name != host_name(host) {
                        host.insert("hostname".to_owned(), name.as_str().into());
                    }
                }
                ReservationProperty::Description(words) => {
                    if words != context::description(host) {
                        context::set_description(host, words);
                    }
                }
                ReservationProperty::Kind(_) => {}
            }
        }
        Ok(())
    }

    /// Makes a reservation another client's, whoever else has that client yet.
    pub(super) fn change_client(
        &mut self,
        id: ScopeId,
        address: Ipv4Addr,
        client: &ClientId,
    ) -> Outcome {
        kea::client(client).map_err(Refusal::value)?;
        self.looked_at(client)?;
        let subnet = self.subnet_mut(id)?;
        let (at, _) = find(subnet, id, address)?;
        if let Some(host) = item_mut(subnet, LIST, at) {
            set_client(host, client);
        }
        Ok(())
    }

    pub(super) fn remove_reservation(&mut self, id: ScopeId, address: Ipv4Addr) -> Outcome {
        let (at, _) = find(self.subnet(id)?, id, address)?;
        if let Some(hosts) = list_mut(self.subnet_mut(id)?, LIST) {
            hosts.remove(at);
        }
        Ok(())
    }

    /// Whether a new reservation may be added to a subnet that is there.
    pub(super) fn may_reserve(&self, id: ScopeId, new: &Reservation) -> Outcome {
        let subnet = self.subnet(id)?;
        self.sound(id, new)?;
        if list(subnet, LIST).any(|host| address_of(host) == Some(new.address)) {
            return Err(Refusal::rule(
                Code::ReservedIpExits,
                format!(
                    "{} is reserved in scope {id} already: choose another address",
                    new.address
                ),
            ));
        }
        not_held(subnet, id, &new.client)
    }

    /// Whether a reservation is one by itself. Kea would take a wrong one.
    pub(super) fn sound(&self, id: ScopeId, new: &Reservation) -> Outcome {
        let address = new.address;
        if !id.hosts().contains(address) {
            return Err(Refusal::rule(
                Code::NotReservedClient,
                format!(
                    "{address} can't be reserved in scope {id}: choose an address within {}",
                    id.hosts()
                ),
            ));
        }
        kea::host_name(&new.name).map_err(Refusal::value)?;
        kea::client(&new.client).map_err(Refusal::value)?;
        self.looked_at(&new.client)
    }

    /// Kea passes over reservations by identifiers that it was told not to look at.
    fn looked_at(&self, client: &ClientId) -> Outcome {
        let identifiers = self.dhcp4.get("host-reservation-identifiers");
        let Some(identifiers) = identifiers.and_then(Value::as_array) else {
            return Ok(());
        };
        let name = client.kind().name();
        if identifiers.iter().any(|held| held.as_str() == Some(name)) {
            return Ok(());
        }
        Err(Refusal::value(format!(
            "this server does not look at reservations by {name}: add it to \
             host-reservation-identifiers in its configuration file, or reserve by another \
             identifier"
        )))
    }

    /// An entry for a reservation.
    pub(super) fn host(&self, of: &Reservation) -> Outcome<Json> {
        let options = self.entries(&of.options)?;
        let mut host = Json::new();
        let (key, value) = written(&of.client);
        host.insert(key, value);
        host.insert("ip-address".to_owned(), of.address.to_string().into());
        if !of.name.is_empty() {
            host.insert("hostname".to_owned(), of.name.as_str().into());
        }
        if !options.is_empty() {
            host.insert("option-data".to_owned(), Value::Array(options));
        }
        if !of.description.is_empty() {
            context::set_description(&mut host, &of.description);
        }
        Ok(host)
    }
}

/// The entry of an address, and its place.
pub(super) fn find(subnet: &Json, id: ScopeId, address: Ipv4Addr) -> Outcome<(usize, &Json)> {
    let hosts = list(subnet, LIST).enumerate();
    let mut found = hosts.filter(|(_, host)| address_of(host) == Some(address));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(Refusal::rule(
            Code::ReservedIpExits,
            format!(
                "{address} is reserved more than once in scope {id} (ip-reservations-unique is \
                 off): edit it in the server's configuration file"
            ),
        )),
        (Some((at, host)), None) if client_of(host).is_some() => Ok((at, host)),
        _ => Err(Refusal::rule(
            Code::NotReservedClient,
            format!("there is no reservation {address} in scope {id}"),
        )),
    }
}

/// The reservations that the model knows: who has which address.
pub(super) fn addresses(subnet: &Json) -> BTreeMap<Ipv4Addr, ClientId> {
    let hosts = list(subnet, LIST);
    let known = hosts.filter_map(|host| Some((address_of(host)?, client_of(host)?)));
    known.collect()
}

/// Refuses two reservations of one client.
pub(super) fn no_client_twice(subnet: &Json, id: ScopeId) -> Outcome {
    let mut clients = BTreeSet::new();
    let mut held = list(subnet, LIST).filter_map(client_of);
    match held.find(|client| !clients.insert(client.clone())) {
        None => Ok(()),
        Some(client) => Err(Refusal::rule(
            Code::ReservedIpExits,
            format!("client {client} would have two reservations in scope {id}"),
        )),
    }
}

fn address_of(host: &Json) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = text(host, "ip-address")?.parse().ok()?;
    (!address.is_unspecified()).then_some(address)
}

pub(super) fn client_of(host: &Json) -> Option<ClientId> {
    let mut kinds = ClientIdKind::ALL.into_iter();
    let (kind, text) = kinds.find_map(|kind| Some((kind, text(host, kind.name())?)))?;
    identifier(kind, text)
}

pub(super) fn host_name(host: &Json) -> &str {
    text(host, "hostname").unwrap_or_default()
}

fn not_held(subnet: &Json, id: ScopeId, client: &ClientId) -> Outcome {
    let holder = list(subnet, LIST).find(|host| client_of(host).as_ref() == Some(client));
    let Some(holder) = holder else {
        return Ok(());
    };
    let place = match text(holder, "ip-address") {
        Some(address) => shown(address),
        None => format!("one without an address ({})", shown(host_name(holder))),
    };
    Err(Refusal::rule(
        Code::ReservedIpExits,
        format!("client {client} has a reservation in scope {id} already, {place}: edit that one"),
    ))
}

/// An identifier's key and text.
fn written(client: &ClientId) -> (String, Value) {
    let bytes = client.bytes().iter().map(|byte| format!("{byte:02x}"));
    let text = bytes.collect::<Vec<_>>().join(":");
    (client.kind().name().to_owned(), text.into())
}

/// Another client, in the place of the one that is there.
fn set_client(host: &mut Json, client: &ClientId) {
    let (key, value) = written(client);
    let held = std::mem::take(host);
    let mut new = Some((key, value));
    for (key, value) in held {
        if !ClientIdKind::ALL.iter().any(|kind| kind.name() == key) {
            host.insert(key, value);
        } else if let Some((key, value)) = new.take() {
            host.insert(key, value);
        }
    }
}
