//! Reservations: Get, Add, Set, Remove.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results, Value};
use super::parse::Output;
use crate::model::lease::LeaseState;
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ClientType;
use crate::model::server::{ServerName, ServerReading};
use crate::model::{ClientId, Edit, Reservation, ScopeId};
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.verb() {
        "Get" => get(run).await,
        "Add" => add(run).await,
        "Set" => set(run).await,
        "Remove" => remove(run).await,
        _ => Err(not_built(run)),
    }
}

/// The client type that a `-Type` word means.
pub(super) fn client_type(word: &str) -> ClientType {
    match word {
        "Bootp" => ClientType::Bootp,
        "Both" => ClientType::Both,
        _ => ClientType::Dhcp,
    }
}

type Found = (ScopeId, Arc<Reservation>);

fn object((scope, reservation): &Found, state: Option<LeaseState>) -> Object {
    Object::new("DhcpServerv4Reservation")
        .with("IPAddress", reservation.address)
        .with("ScopeId", *scope)
        .with("ClientId", reservation.client.to_string())
        .with("Name", Value::name(&reservation.name))
        .with("Type", reservation.kind.to_string())
        .with("Description", &reservation.description)
        .with("AddressState", state.map(|state| state.to_string()))
}

/// That there is no reservation of an address or a client.
#[allow(clippy::needless_pass_by_value, reason = "addresses and names alike")]
fn none(server: &ServerName, what: &str, target: impl ToString) -> Failure {
    let target = target.to_string();
    Failure {
        category: "ObjectNotFound".to_owned(),
        ..Failure::refused(
            format!(
                "Failed to get reservation information of {what} {target} on DHCP server {server}."
            ),
            &target,
            Code::NotReservedClient,
            format!(
                "{server} has no reservation for {target}: Get-DhcpServerv4Reservation -ScopeId lists a scope's"
            ),
        )
    }
}

/// The reservations that `-IPAddress`, `-ClientId` or `-ScopeId` name; those that are not there
/// are told.
fn find(run: &mut Run<'_, '_>, reading: &ServerReading) -> Done<Vec<Found>> {
    let call = run.call;
    let mut found = Vec::new();
    if call.has("IPAddress") {
        for address in call.addresses("IPAddress") {
            let there = reading.config.scope_of(address).and_then(|scope| {
                let reservation = scope.reservations.get(&address)?;
                Some((scope.id, Arc::clone(reservation)))
            });
            match there {
                Some(there) => found.push(there),
                None => run.tell(none(&run.server, "IP address", address))?,
            }
        }
        return Ok(found);
    }
    let id = run.need(call.address("ScopeId"), "ScopeId")?;
    let scope = Arc::clone(run.scope(reading, id)?);
    if !call.has("ClientId") {
        let all = scope.reservations.values();
        found.extend(all.map(|reservation| (scope.id, Arc::clone(reservation))));
        return Ok(found);
    }
    for client in call.clients("ClientId") {
        let mut all = scope.reservations.values();
        match all.find(|reservation| reservation.client == *client) {
            Some(reservation) => found.push((scope.id, Arc::clone(reservation))),
            None => run.tell(none(&run.server, "client", client))?,
        }
    }
    Ok(found)
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let found = find(run, &reading)?;
    let states = states(run, &found).await?;
    let objects = found.iter().map(|one| {
        let address = one.1.address;
        object(one, states.get(&address).copied())
    });
    Ok(Results::Objects(objects.collect()))
}

/// The address states, which the table does not show and which cost reading the leases.
async fn states(run: &Run<'_, '_>, found: &[Found]) -> Done<BTreeMap<Ipv4Addr, LeaseState>> {
    let mut states = BTreeMap::new();
    if matches!(run.call.common.output, None | Some(Output::Table)) {
        return Ok(states);
    }
    let mut scopes: Vec<ScopeId> = found.iter().map(|(scope, _)| *scope).collect();
    scopes.dedup();
    let mut active = std::collections::BTreeSet::new();
    for scope in scopes {
        let leases = run.leases(Some(scope)).await?;
        let held = leases.iter().filter(|lease| lease.state.is_active());
        active.extend(held.map(|lease| lease.address));
    }
    for (_, reservation) in found {
        let state = if active.contains(&reservation.address) {
            LeaseState::ActiveReservation
        } else {
            LeaseState::InactiveReservation
        };
        states.insert(reservation.address, state);
    }
    Ok(states)
}

async fn passed(run: &mut Run<'_, '_>, address: Ipv4Addr) -> Done<Results> {
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let found = reading.config.scope_of(address).and_then(|scope| {
        let reservation = scope.reservations.get(&address)?;
        Some((scope.id, Arc::clone(reservation)))
    });
    let found: Vec<Found> = found.into_iter().collect();
    let states = states(run, &found).await?;
    let objects = found
        .iter()
        .map(|one| object(one, states.get(&address).copied()));
    Ok(run.pass(objects.collect()))
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let id = run.need(call.address("ScopeId"), "ScopeId")?;
    let address = run.need(call.address("IPAddress"), "IPAddress")?;
    let client: ClientId = run
        .need(call.clients("ClientId").first().copied(), "ClientId")?
        .clone();
    let reading = run.reading().await?;
    let scope = run.scope(&reading, id)?.id;
    let mut reservation = Reservation::new(address, client);
    reservation.name = call.text("Name").unwrap_or("").to_owned();
    reservation.description = call.text("Description").unwrap_or("").to_owned();
    if let Some(word) = call.word("Type") {
        reservation.kind = client_type(word);
    }
    let message = format!(
        "Failed to add reservation {address} to scope {id} on DHCP server {}.",
        run.server
    );
    run.change(
        vec![Edit::AddReservation { scope, reservation }],
        &message,
        address,
    )
    .await?;
    passed(run, address).await
}

async fn set(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let address = run.need(call.address("IPAddress"), "IPAddress")?;
    let reading = run.reading().await?;
    let scope = run.scope_of(&reading, address)?;
    if !scope.reservations.contains_key(&address) {
        return Err(none(&run.server, "IP address", address).into());
    }
    let mut properties = Vec::new();
    if let Some(client) = call.clients("ClientId").first() {
        properties.push(ReservationProperty::Client((*client).clone()));
    }
    if let Some(name) = call.text("Name") {
        properties.push(ReservationProperty::Name(name.to_owned()));
    }
    if let Some(word) = call.word("Type") {
        properties.push(ReservationProperty::Kind(client_type(word)));
    }
    if let Some(description) = call.text("Description") {
        properties.push(ReservationProperty::Description(description.to_owned()));
    }
    run.something(&properties)?;
    let edit = Edit::SetReservation {
        scope: scope.id,
        address,
        properties,
    };
    let message = format!(
        "Failed to set reservation {address} on DHCP server {}.",
        run.server
    );
    run.change(vec![edit], &message, address).await?;
    passed(run, address).await
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let found = find(run, &reading)?;
    if found.is_empty() {
        return Ok(Results::Nothing);
    }
    let edits = found
        .iter()
        .map(|(scope, reservation)| Edit::RemoveReservation {
            scope: *scope,
            address: reservation.address,
        })
        .collect();
    let addresses: Vec<String> = found.iter().map(|(_, r)| r.address.to_string()).collect();
    let addresses = addresses.join(", ");
    let message = format!(
        "Failed to delete reservation {addresses} on DHCP server {}.",
        run.server
    );
    run.change(edits, &message, &addresses).await?;
    Ok(run.pass(found.iter().map(|one| object(one, None)).collect()))
}
