//! How full scopes, superscopes and servers are, and which addresses are free.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::act::Run;
use super::error::{Done, Failure};
use super::failover::not_failover;
use super::not_built;
use super::object::{Object, Results};
use crate::model::address::free_addresses;
use crate::model::lease::ScopeStatistics;
use crate::model::server::ServerReading;
use crate::model::{Range, Scope, ScopeId};
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.noun() {
        "DhcpServerv4ScopeStatistics" => scopes(run).await,
        "DhcpServerv4Statistics" => server(run).await,
        "DhcpServerv4SuperscopeStatistics" => superscopes(run).await,
        "DhcpServerv4FreeIPAddress" => free(run).await,
        _ => Err(not_built(run)),
    }
}

fn of(reading: &ServerReading, scope: ScopeId) -> ScopeStatistics {
    reading.statistics.get(&scope).copied().unwrap_or_default()
}

fn object(reading: &ServerReading, scope: &Scope) -> Object {
    let statistics = of(reading, scope.id);
    Object::new("DhcpServerv4ScopeStatistics")
        .with("ScopeId", scope.id)
        .with("AddressesFree", statistics.free)
        .with("AddressesInUse", statistics.in_use)
        .with("PercentageInUse", statistics.percent_in_use())
        .with("ReservedAddress", statistics.reserved)
        .with("PendingOffers", statistics.pending)
        .with("SuperscopeName", scope.superscope.as_ref())
}

async fn scopes(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let scopes = run.scopes(&reading)?;
    if !run.call.switch("Failover") {
        let objects = scopes.iter().map(|scope| object(&reading, scope));
        return Ok(Results::Objects(objects.collect()));
    }
    let named = run.call.has("ScopeId");
    let mut objects = Vec::new();
    for scope in &scopes {
        if reading.config.relationship_of(scope.id).is_none() {
            if named {
                run.tell(not_failover(&run.server, scope.id.address()))?;
            }
            continue;
        }
        let split = of(&reading, scope.id).split;
        let one = object(&reading, scope)
            .with("AddressesFreeOnThisServer", split.map(|s| s.free_here))
            .with(
                "AddressesFreeOnPartnerServer",
                split.map(|s| s.free_at_partner),
            )
            .with("AddressesInUseOnThisServer", split.map(|s| s.in_use_here))
            .with(
                "AddressesInUseOnPartnerServer",
                split.map(|s| s.in_use_at_partner),
            );
        // More than the known table has columns for: a list.
        objects.push(Object {
            class: "DhcpServerv4ScopeStatisticsWithFailover",
            ..one
        });
    }
    Ok(Results::Objects(objects))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of addresses, for a percentage"
)]
fn percent(part: u64, total: u64) -> f64 {
    if total == 0 {
        0.0
    } else {
        part as f64 * 100.0 / total as f64
    }
}

async fn server(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let counters = &reading.counters;
    let sum = |field: fn(&ScopeStatistics) -> u64| reading.statistics.values().map(field).sum();
    let in_use: u64 = sum(|s| s.in_use);
    let available: u64 = sum(|s| s.free);
    let pending: u64 = sum(|s| s.pending);
    let total = in_use + available;
    let scopes = &reading.config.scopes;
    let delayed = scopes.values().filter(|scope| scope.delay_ms > 0).count();
    let object = Object::new("DhcpServerv4Statistics")
        .with("ServerStartTime", counters.started)
        .with("TotalScopes", scopes.len() as u64)
        .with("ScopesWithDelayConfigured", delayed as u64)
        .with("TotalAddresses", total)
        .with("AddressesInUse", in_use)
        .with("AddressesAvailable", available)
        .with("PercentageInUse", percent(in_use, total))
        .with("PercentageAvailable", percent(available, total))
        .with("PendingOffers", pending)
        .with("PercentagePendingOffers", percent(pending, total))
        .with("Discovers", counters.discovers)
        .with("Offers", counters.offers)
        .with("DelayedOffers", counters.delayed_offers)
        .with("Requests", counters.requests)
        .with("Acks", counters.acks)
        .with("Naks", counters.naks)
        .with("Declines", counters.declines)
        .with("Releases", counters.releases);
    Ok(Results::Objects(vec![object]))
}

async fn superscopes(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let all = reading.config.superscopes();
    let names: Vec<&str> = if run.call.has("Name") {
        let mut names = Vec::new();
        for name in run.call.texts("Name") {
            match all.keys().find(|known| known.eq_ignore_ascii_case(name)) {
                Some(known) => names.push(*known),
                None => run.tell(super::superscope::none(&run.server, name))?,
            }
        }
        names
    } else {
        all.keys().copied().collect()
    };
    let objects = names.into_iter().map(|name| {
        let scopes = all.get(name).map_or(&[][..], Vec::as_slice);
        let sum = |field: fn(&ScopeStatistics) -> u64| -> u64 {
            scopes
                .iter()
                .map(|scope| field(&of(&reading, *scope)))
                .sum()
        };
        let (free, in_use) = (sum(|s| s.free), sum(|s| s.in_use));
        Object::new("DhcpServerv4SuperscopeStatistics")
            .with("SuperscopeName", name)
            .with("NumberOfScopes", scopes.len() as u64)
            .with("AddressesFree", free)
            .with("AddressesInUse", in_use)
            .with("PercentageInUse", percent(in_use, free + in_use))
            .with("ReservedAddress", sum(|s| s.reserved))
            .with("PendingOffers", sum(|s| s.pending))
    });
    Ok(Results::Objects(objects.collect()))
}

async fn free(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let id = run.need(call.address("ScopeId"), "ScopeId")?;
    let reading = run.reading().await?;
    let scope = run.scope(&reading, id)?;
    let count = call.number("NumAddress").unwrap_or(1);
    if count == 0 {
        return Err(Failure::invalid("-NumAddress: give a number from 1 to 1024").into());
    }
    let bad = |target: Ipv4Addr, why: String| {
        let message = format!(
            "Failed to get a free IP address in scope {id} on DHCP server {}.",
            run.server
        );
        Failure::refused(message, target, Code::InvalidRange, why)
    };
    for name in ["StartAddress", "EndAddress"] {
        if let Some(address) = call.address(name)
            && !scope.id.contains(address)
        {
            let why = format!("-{name}: {address} does not lie in scope {}", scope.id);
            return Err(bad(address, why).into());
        }
    }
    let start = call
        .address("StartAddress")
        .unwrap_or(Ipv4Addr::UNSPECIFIED);
    let end = call.address("EndAddress").unwrap_or(Ipv4Addr::BROADCAST);
    let within = Range::new(start, end).map_err(|error| bad(start, error.to_string()))?;
    let ranges: Vec<Range> = scope
        .ranges
        .iter()
        .filter_map(|range| range.intersection(&within))
        .collect();
    let mut taken: BTreeSet<Ipv4Addr> = scope.reservations.keys().copied().collect();
    let leases = run.leases(Some(scope.id)).await?;
    let held = leases.iter().filter(|lease| lease.state.occupies());
    taken.extend(held.map(|lease| lease.address));
    let wanted = usize::try_from(count).unwrap_or(1024);
    let found: Vec<String> = free_addresses(&ranges, &scope.exclusions, &taken)
        .take(wanted)
        .map(|address| address.to_string())
        .collect();
    if found.is_empty() {
        return Err(Failure::refused(
            format!(
                "Failed to get a free IP address in scope {id} on DHCP server {}.",
                run.server
            ),
            id,
            Code::RangeFull,
            format!("no address of scope {id} is free there"),
        )
        .into());
    }
    if found.len() < wanted {
        run.warn(&format!(
            "only {} of {count} addresses {} free there in scope {id}",
            found.len(),
            if found.len() == 1 { "is" } else { "are" }
        ))?;
    }
    Ok(Results::Lines(found))
}
