//! When a server accepts a reservation, a change to one, and its removal.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::super::{Code, DhcpError, Facts, kea};
use super::check::{self, Outcome, refuse, shown};
use super::option;
use crate::model::reservation::ReservationProperty;
use crate::model::{Reservation, Scope, ScopeId, ServerConfig};

/// Characters of a reservation's name, and of its description.
const MAX_TEXT: usize = 128;

pub(super) fn add(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    reservation: &Reservation,
) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    let reservation = whole(facts, id, reservation)?;
    let mut held = scope.reservations.values();
    if let Some(holder) =
        held.find(|held| held.address == reservation.address || held.client == reservation.client)
    {
        return taken(id, &reservation, holder);
    }
    check::scope_mut(config, facts, id)?
        .reservations
        .insert(reservation.address, Arc::new(reservation));
    Ok(())
}

pub(super) fn set(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    address: Ipv4Addr,
    properties: &[ReservationProperty],
) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    let before = find(scope, address)?;
    check::once(
        format_args!("reservation {address}"),
        properties,
        ReservationProperty::same_kind,
        ReservationProperty::label,
    )?;
    let mut after = (**before).clone();
    for property in properties {
        after.set(property.clone());
    }
    if after == **before {
        return Ok(());
    }
    texts(facts, &after, Some(before))?;
    if after.client != before.client
        && let Some(holder) = scope
            .reservations
            .values()
            .find(|held| held.client == after.client)
    {
        return taken(id, &after, holder);
    }
    check::scope_mut(config, facts, id)?
        .reservations
        .insert(address, Arc::new(after));
    Ok(())
}

pub(super) fn remove(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    address: Ipv4Addr,
) -> Outcome {
    find(check::scope(config, facts, id)?, address)?;
    check::scope_mut(config, facts, id)?
        .reservations
        .remove(&address);
    Ok(())
}

/// The reservation of that address, or 20018.
pub(super) fn find(scope: &Scope, address: Ipv4Addr) -> Outcome<&Arc<Reservation>> {
    match scope.reservations.get(&address) {
        Some(reservation) => Ok(reservation),
        None => Err(missing(scope.id, address)),
    }
}

/// That there is no such reservation.
pub(super) fn missing(id: ScopeId, address: Ipv4Addr) -> DhcpError {
    DhcpError::new(
        Code::NotReservedClient,
        format!(
            "there is no reservation {address} in scope {id}: add it, or name one that the scope \
             has"
        ),
    )
}

/// A whole scope's reservations: each by itself, no address and no client twice.
pub(super) fn all(
    facts: &Facts,
    id: ScopeId,
    reservations: &mut BTreeMap<Ipv4Addr, Arc<Reservation>>,
) -> Outcome {
    let mut clients = BTreeMap::new();
    for (address, reservation) in reservations.iter() {
        if reservation.address != *address {
            return refuse(
                Code::InvalidParameter,
                format!(
                    "the reservation {} of scope {id} is listed under {address}: list it under its \
                     own address",
                    reservation.address
                ),
            );
        }
        if let Some(holder) = clients.insert(reservation.client.clone(), Arc::clone(reservation)) {
            return taken(id, reservation, &holder);
        }
    }
    for reservation in reservations.values_mut() {
        let checked = whole(facts, id, reservation)?;
        if checked != **reservation {
            *reservation = Arc::new(checked);
        }
    }
    Ok(())
}

/// Everything that holds of a reservation by itself; gives it in canonical form.
fn whole(facts: &Facts, id: ScopeId, reservation: &Reservation) -> Outcome<Reservation> {
    let address = reservation.address;
    if !id.contains(address) {
        return refuse(
            Code::NotReservedClient,
            format!(
                "{address} can't be reserved in scope {id}: it does not lie in its subnet {}; \
                 choose an address within {}",
                id.net(),
                id.hosts()
            ),
        );
    }
    if !id.hosts().contains(address) {
        let which = if address == id.address() {
            "network"
        } else {
            "broadcast"
        };
        return refuse(
            Code::NotReservedClient,
            format!(
                "{address} can't be reserved in scope {id}: it is the subnet's {which} address; \
                 choose an address within {}",
                id.hosts()
            ),
        );
    }
    texts(facts, reservation, None)?;
    let mut reservation = reservation.clone();
    option::all(
        facts,
        format_args!("reservation {address}"),
        &mut reservation.options,
    )?;
    Ok(reservation)
}

/// What was so `before` is not asked about again.
fn texts(facts: &Facts, reservation: &Reservation, before: Option<&Reservation>) -> Outcome {
    let address = reservation.address;
    if facts.rulebook.is_kea() {
        let refused = |why| DhcpError::new(Code::InvalidParameter, why);
        if before.is_none_or(|before| before.name != reservation.name) {
            kea::host_name(&reservation.name).map_err(refused)?;
        }
        if before.is_none_or(|before| before.client != reservation.client) {
            kea::client(&reservation.client).map_err(refused)?;
        }
        return check::text(
            format_args!("the description of reservation {address}"),
            &reservation.description,
            kea::MAX_TEXT,
        );
    }
    check::text(
        format_args!("the name of reservation {address}"),
        &reservation.name,
        MAX_TEXT,
    )?;
    check::text(
        format_args!("the description of reservation {address}"),
        &reservation.description,
        MAX_TEXT,
    )
}

fn taken(id: ScopeId, wanted: &Reservation, holder: &Reservation) -> Outcome {
    let name = if holder.name.is_empty() {
        String::new()
    } else {
        format!(" '{}'", shown(&holder.name))
    };
    refuse(
        Code::ReservedIpExits,
        if wanted.address == holder.address {
            format!(
                "{} is reserved in scope {id} already, for {}{name}: choose another address, or \
                 delete that reservation first",
                wanted.address, holder.client
            )
        } else {
            format!(
                "client {} has a reservation in scope {id} already, {}{name}: edit that one, or \
                 delete it first",
                wanted.client, holder.address
            )
        },
    )
}
