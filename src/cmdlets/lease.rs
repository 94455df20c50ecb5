//! Leases: Get, Remove.

use std::net::Ipv4Addr;

use super::act::{Run, address_of};
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results, Value};
use crate::model::edit::Order;
use crate::model::lease::{Lease, LeaseState};
use crate::model::plan::Intent;
use crate::model::server::ServerReading;
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.verb() {
        "Get" => get(run).await,
        "Remove" => remove(run).await,
        _ => Err(not_built(run)),
    }
}

fn object(run: &Run<'_, '_>, reading: &ServerReading, lease: &Lease) -> Object {
    // A partner that has not been read has no address that is known here.
    let server: Option<Ipv4Addr> = match &lease.given_by {
        Some(partner) if *partner != reading.identity.name => address_of(run.ipam, partner),
        _ => reading.identity.addresses.first().copied(),
    };
    let expires = match lease.state {
        LeaseState::InactiveReservation => None,
        _ => lease.expires,
    };
    Object::new("DhcpServerv4Lease")
        .with("IPAddress", lease.address)
        .with("ScopeId", lease.scope)
        .with("ClientId", lease.client.to_string())
        .with("HostName", Value::name(&lease.host_name))
        .with("AddressState", lease.state.to_string())
        .with("LeaseExpiryTime", expires)
        .with("Description", &lease.description)
        .with("ClientType", lease.client_type.to_string())
        .with("NapCapable", false)
        .with("NapStatus", Value::Null)
        .with("ProbationEnds", Value::Null)
        .with("PolicyName", Value::name(&lease.policy))
        .with("DnsRR", Value::Null)
        .with("DnsRegistration", Value::Null)
        .with("ServerIP", server)
}

/// The leases that the parameters name; addresses and clients without one are told.
async fn find(run: &mut Run<'_, '_>, reading: &ServerReading, all: bool) -> Done<Vec<Lease>> {
    let call = run.call;
    let scope = match call.address("ScopeId") {
        Some(id) => Some(run.scope(reading, id)?.id),
        None => None,
    };
    if call.has("IPAddress") {
        let mut found = Vec::new();
        for address in call.addresses("IPAddress") {
            let scope = match run.scope_of(reading, address) {
                Ok(scope) => scope.id,
                Err(failure) => {
                    run.tell(failure)?;
                    continue;
                }
            };
            let leases = run.leases(Some(scope)).await?;
            match leases.into_iter().find(|lease| lease.address == address) {
                Some(lease) => found.push(lease),
                None => run.tell(none(run, "IP address", address))?,
            }
        }
        return Ok(found);
    }
    let leases = run.leases(scope).await?;
    if call.switch("BadLeases") {
        let bad = |lease: &Lease| lease.state == LeaseState::Declined;
        return Ok(leases.into_iter().filter(bad).collect());
    }
    if call.has("ClientId") {
        let mut found = Vec::new();
        for client in call.clients("ClientId") {
            let before = found.len();
            found.extend(
                leases
                    .iter()
                    .filter(|lease| lease.client == *client)
                    .cloned(),
            );
            if found.len() == before {
                run.tell(none(run, "client", client))?;
            }
        }
        return Ok(found);
    }
    let wanted = |lease: &Lease| all || lease.state.is_active();
    Ok(leases.into_iter().filter(wanted).collect())
}

#[allow(clippy::needless_pass_by_value, reason = "addresses and names alike")]
fn none(run: &Run<'_, '_>, what: &str, target: impl ToString) -> Failure {
    let target = target.to_string();
    let server = &run.server;
    Failure {
        // The server's number is that of its database; what it means here is this.
        category: "ObjectNotFound".to_owned(),
        ..Failure::refused(
            format!("Failed to get lease information of {what} {target} on DHCP server {server}."),
            &target,
            Code::JetError,
            format!(
                "{server} has no lease of {what} {target}: Get-DhcpServerv4Lease -ScopeId lists a \
                 scope's"
            ),
        )
    }
}

/// Reads the partners that gave some of the leases.
async fn meet(run: &Run<'_, '_>, leases: &[Lease]) {
    let givers = leases.iter().filter_map(|lease| lease.given_by.clone());
    run.meet(givers.collect()).await;
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let all = run.call.switch("AllLeases");
    let leases = find(run, &reading, all).await?;
    meet(run, &leases).await;
    let objects = leases.iter().map(|lease| object(run, &reading, lease));
    Ok(Results::Objects(objects.collect()))
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let mut leases = find(run, &reading, true).await?;
    if !run.call.has("IPAddress") && !run.call.has("ClientId") {
        // A reservation that nobody uses has a row, but no lease that could be removed.
        leases.retain(|lease| lease.state != LeaseState::InactiveReservation);
    }
    if run.passes() {
        meet(run, &leases).await;
    }
    let mut removed = Vec::new();
    for lease in &leases {
        let message = format!(
            "Failed to delete lease {} on DHCP server {}.",
            lease.address, run.server
        );
        let intent = Intent::Order {
            server: run.server.clone(),
            order: Order::RemoveLease {
                scope: lease.scope,
                address: lease.address,
            },
        };
        match run.carry(intent, &message, lease.address).await {
            Ok(_) => removed.push(object(run, &reading, lease)),
            Err(super::Stop::Failed(failure)) => run.tell(*failure)?,
            Err(stop) => return Err(stop),
        }
    }
    Ok(run.pass(removed))
}
