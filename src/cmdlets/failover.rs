//! Failover relationships: Get, Add, Set, Remove, and the scopes in them.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::act::{Run, address_of};
use super::error::{Done, Failure, Stop};
use super::not_built;
use super::object::{Object, Results, Value};
use crate::ipam::Ipam;
use crate::model::edit::Order;
use crate::model::failover::{
    DEFAULT_LOAD_BALANCE_PERCENT, DEFAULT_MCLT, DEFAULT_RESERVE_PERCENT, DEFAULT_SWITCH_INTERVAL,
    Relationship, RelationshipProperty, Role, SharedSecret, Side,
};
use crate::model::plan::{FailoverChoice, Intent};
use crate::model::scope::Seconds;
use crate::model::server::{Product, ServerName, ServerReading};
use crate::model::{HaSetup, Mode, ScopeId};
use crate::rules::error::Code;
use crate::rules::ha_setup;

const SECRET_QUESTION: &str = "The shared secret will be sent to both servers in clear text. Do \
                               you want to perform this action?";

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.name {
        "Get-DhcpServerv4Failover" => get(run).await,
        "Add-DhcpServerv4Failover" => add(run).await,
        "Set-DhcpServerv4Failover" => set(run).await,
        "Remove-DhcpServerv4Failover" => remove(run).await,
        "Add-DhcpServerv4FailoverScope" => add_scopes(run).await,
        "Remove-DhcpServerv4FailoverScope" => remove_scopes(run).await,
        _ => Err(not_built(run)),
    }
}

/// A relationship as Get-DhcpServerv4Failover gives it.
fn object(ipam: &Ipam, reading: &ServerReading, relationship: &Relationship) -> Object {
    let status = reading.relationships.get(&relationship.name.to_lowercase());
    let (mode, role, percent, reserve) = match relationship.mode {
        Mode::LoadBalance { percent } => ("LoadBalance", None, Some(percent), None),
        Mode::HotStandby {
            role,
            reserve_percent,
        } => (
            "HotStandby",
            Some(role.to_string()),
            None,
            Some(reserve_percent),
        ),
    };
    // What the servers have no such thing of is blank, as what the mode has none of.
    let product = reading.identity.product;
    let shares = Mode::has_shares(product);
    let known = |property: RelationshipProperty| property.is_known_to(product);
    let mclt = known(RelationshipProperty::Mclt(relationship.mclt)).then_some(relationship.mclt);
    let auth = known(RelationshipProperty::Authentication(None));
    let auth = auth.then_some(relationship.authenticated);
    let here = (
        reading.identity.name.clone(),
        reading.identity.addresses.first().copied(),
    );
    let there = (
        relationship.partner.clone(),
        address_of(ipam, &relationship.partner),
    );
    let (primary, secondary, side) = match relationship.side {
        Side::Primary => (here, there, "PrimaryServer"),
        Side::Secondary => (there, here, "SecondaryServer"),
    };
    let name = |server: &ServerName| server.to_string();
    Object::new("DhcpServerv4Failover")
        .with("Name", &relationship.name)
        .with("PartnerServer", name(&relationship.partner))
        .with("Mode", mode)
        .with("LoadBalancePercent", percent.filter(|_| shares))
        .with("ServerRole", role)
        .with("ReservePercent", reserve.filter(|_| shares))
        .with("MaxClientLeadTime", mclt)
        .with("StateSwitchInterval", relationship.switch_interval)
        .with("State", status.map(|status| status.state.name()))
        .with(
            "ScopeId",
            Value::OneOrMany(
                relationship
                    .scopes
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            ),
        )
        .with(
            "AutoStateTransition",
            relationship.switch_interval.is_some(),
        )
        .with("EnableAuth", auth)
        .with("PrimaryServerIP", primary.1)
        .with("SecondaryServerIP", secondary.1)
        .with("PrimaryServerName", name(&primary.0))
        .with("SecondaryServerName", name(&secondary.0))
        .with("ServerType", side)
}

/// A number with its noun.
pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    let noun = if count == 1 { one } else { several };
    format!("{count} {noun}")
}

/// That there is no relationship of a name.
pub(super) fn no_relationship(server: &ServerName, name: &str) -> Failure {
    Failure::refused(
        format!("Failed to get failover relationship {name} on DHCP server {server}."),
        name,
        Code::FoRelationshipDoesNotExist,
        format!(
            "there is no failover relationship '{name}' on {server}: Get-DhcpServerv4Failover \
             lists those there are"
        ),
    )
}

/// That a scope is in no relationship.
pub(super) fn not_failover(server: &ServerName, scope: Ipv4Addr) -> Failure {
    Failure::refused(
        format!("Failed to get failover relationship for scope {scope} on DHCP server {server}."),
        scope,
        Code::FoScopeNotInRelationship,
        format!("scope {scope} is in no failover relationship on {server}"),
    )
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let mut found: Vec<&Relationship> = Vec::new();
    let call = run.call;
    if call.has("ScopeId") {
        for id in call.addresses("ScopeId") {
            let relationship = run.scope(&reading, id).and_then(|scope| {
                reading
                    .config
                    .relationship_of(scope.id)
                    .ok_or_else(|| not_failover(&run.server, id))
            });
            match relationship {
                Ok(one) if found.iter().any(|known| known.name == one.name) => {}
                Ok(one) => found.push(one),
                Err(failure) => run.tell(failure)?,
            }
        }
    } else if call.has("Name") {
        for name in call.texts("Name") {
            match reading.config.relationship(name) {
                Some(relationship) => found.push(relationship),
                None => run.tell(no_relationship(&run.server, name))?,
            }
        }
    } else {
        found.extend(reading.config.relationships.values());
    }
    run.meet(found.iter().map(|r| r.partner.clone()).collect())
        .await;
    let objects = found.iter().map(|r| object(run.ipam, &reading, r));
    Ok(Results::Objects(objects.collect()))
}

/// What `-PassThru` gives: the relationship as it is now.
async fn passed(run: &mut Run<'_, '_>, name: &str) -> Done<Results> {
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let relationship = reading.config.relationship(name);
    run.meet(relationship.iter().map(|r| r.partner.clone()).collect())
        .await;
    let objects = relationship.map(|one| object(run.ipam, &reading, one));
    Ok(run.pass(objects.into_iter().collect()))
}

/// The scopes that `-ScopeId` names; the first that is not there ends it.
fn named_scopes(run: &Run<'_, '_>, reading: &ServerReading) -> Result<BTreeSet<ScopeId>, Failure> {
    let ids = run.call.addresses("ScopeId");
    ids.into_iter()
        .map(|id| run.scope(reading, id).map(|scope| scope.id))
        .collect()
}

/// What `-AutoStateTransition` and `-StateSwitchInterval` say together; `None`: nothing.
fn switching(
    run: &Run<'_, '_>,
    current: Option<Seconds>,
) -> Result<Option<Option<Seconds>>, Failure> {
    let interval = run.limited("StateSwitchInterval")?;
    match (run.call.boolean("AutoStateTransition"), interval) {
        (Some(false), Some(_)) => Err(Failure::invalid(
            "-StateSwitchInterval and -AutoStateTransition:false contradict each other: leave one",
        )),
        (_, Some(interval)) => Ok(Some(Some(interval))),
        (Some(true), None) => Ok(Some(Some(current.unwrap_or(DEFAULT_SWITCH_INTERVAL)))),
        (Some(false), None) => Ok(Some(None)),
        (None, None) => Ok(None),
    }
}

fn percent(number: Option<u32>) -> Option<u8> {
    number.and_then(|number| u8::try_from(number).ok())
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let name = run.need(call.text("Name"), "Name")?;
    let partner = run.need(call.text("PartnerServer"), "PartnerServer")?;
    let server = run.server.clone();
    let message = format!("Failed to add failover relationship {name} on DHCP server {server}.");
    let partner = run.ipam.resolve(partner).map_err(|error| {
        Failure::refused(
            &message,
            partner,
            Code::ServerNameNotResolved,
            error.to_string(),
        )
    })?;
    let reading = run.reading().await?;
    let scopes = named_scopes(run, &reading)?;
    let hot_standby = call.has("ServerRole") || call.has("ReservePercent");
    let mode = if hot_standby {
        Mode::HotStandby {
            role: match call.word("ServerRole") {
                Some("Standby") => Role::Standby,
                _ => Role::Active,
            },
            reserve_percent: percent(call.number("ReservePercent"))
                .unwrap_or(DEFAULT_RESERVE_PERCENT),
        }
    } else {
        Mode::LoadBalance {
            percent: percent(call.number("LoadBalancePercent"))
                .unwrap_or(DEFAULT_LOAD_BALANCE_PERCENT),
        }
    };
    let secret = call
        .text("SharedSecret")
        .filter(|secret| !secret.is_empty());
    let ha = match reading.identity.product {
        Product::Kea => kea_terms(run, &server, &partner)?,
        Product::Microsoft => None,
    };
    let on_kea = ha.is_some();
    let mclt = run.limited("MaxClientLeadTime")?;
    let relationship = Relationship {
        mode: match mode {
            // What Kea has, unless something else was asked for: then it says why not.
            Mode::HotStandby { role, .. } if on_kea && !call.has("ReservePercent") => {
                Mode::HotStandby {
                    role,
                    reserve_percent: 0,
                }
            }
            mode => mode,
        },
        mclt: mclt.unwrap_or(if on_kea { Seconds(0) } else { DEFAULT_MCLT }),
        switch_interval: switching(run, None)?.flatten(),
        authenticated: secret.is_some(),
        scopes: scopes.clone(),
        ..Relationship::new(name, partner)
    };
    if secret.is_some() {
        run.ask(SECRET_QUESTION)?;
    }
    let intent = Intent::ConfigureFailover {
        server,
        scopes,
        with: FailoverChoice::New {
            relationship,
            secret: secret.map(|secret| SharedSecret::Text(secret.into())),
            ha,
        },
    };
    run.carry(intent, &message, name).await?;
    passed(run, name).await
}

/// The terms of a pair of Kea servers: names and URLs from the configuration, delays Kea's own.
fn kea_terms(
    run: &Run<'_, '_>,
    server: &ServerName,
    partner: &ServerName,
) -> Result<Option<Box<HaSetup>>, Failure> {
    let Some(mut setup) = run.ipam.kinds().ha_setup(server, partner) else {
        // Not of one kind: the plan says so.
        return Ok(None);
    };
    for (name, end) in [(server, &setup.own), (partner, &setup.partner)] {
        if end.url.is_empty() {
            return Err(Failure::invalid(format!(
                "nobody knows where {name} is to listen for its partner: give its entry in the \
                 configuration an ha_url, such as \"http://10.0.0.1:8001/\""
            )));
        }
    }
    if let Some(Some(interval)) = switching(run, Some(Seconds(60)))? {
        ha_setup::switch_interval(interval).map_err(Failure::invalid)?;
        setup.max_response_delay = interval.0.saturating_mul(1000);
        setup.max_unacked_clients = 0;
    }
    ha_setup::sound(&setup).map_err(|why| Failure::invalid(why.sentence))?;
    Ok(Some(Box::new(setup)))
}

/// The mode that the parameters say; `None`: they say nothing of it.
fn mode(run: &Run<'_, '_>, current: Mode) -> Result<Option<Mode>, Failure> {
    let share = percent(run.call.number("LoadBalancePercent"));
    let reserve = percent(run.call.number("ReservePercent"));
    let word = run.call.word("Mode");
    if word.is_none() && share.is_none() && reserve.is_none() {
        return Ok(None);
    }
    let balances = match word {
        Some(word) => word == "LoadBalance",
        None => matches!(current, Mode::LoadBalance { .. }),
    };
    let (other, needed) = if balances {
        (reserve.map(|_| "ReservePercent"), "HotStandby")
    } else {
        (share.map(|_| "LoadBalancePercent"), "LoadBalance")
    };
    if let Some(other) = other {
        return Err(Failure::invalid(format!(
            "-{other} means something in mode {needed} only: add -Mode {needed}, or leave it out"
        )));
    }
    Ok(Some(match (balances, current) {
        (true, Mode::LoadBalance { percent }) => Mode::LoadBalance {
            percent: share.unwrap_or(percent),
        },
        (true, Mode::HotStandby { .. }) => Mode::LoadBalance {
            percent: share.unwrap_or(DEFAULT_LOAD_BALANCE_PERCENT),
        },
        (
            false,
            Mode::HotStandby {
                role,
                reserve_percent,
            },
        ) => Mode::HotStandby {
            role,
            reserve_percent: reserve.unwrap_or(reserve_percent),
        },
        (false, Mode::LoadBalance { .. }) => Mode::HotStandby {
            role: Role::Active,
            reserve_percent: reserve.unwrap_or(DEFAULT_RESERVE_PERCENT),
        },
    }))
}

async fn set(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let name = run.need(call.text("Name"), "Name")?;
    let server = run.server.clone();
    let reading = run.reading().await?;
    let Some(current) = reading.config.relationship(name) else {
        return Err(no_relationship(&server, name).into());
    };
    let mut properties = Vec::new();
    if let Some(mode) = mode(run, current.mode)? {
        properties.push(RelationshipProperty::Mode(mode));
    }
    if let Some(mclt) = run.limited("MaxClientLeadTime")? {
        properties.push(RelationshipProperty::Mclt(mclt));
    }
    if let Some(interval) = switching(run, current.switch_interval)? {
        properties.push(RelationshipProperty::SwitchInterval(interval));
    }
    let secret = call.text("SharedSecret");
    if let Some(secret) = secret {
        properties.push(RelationshipProperty::Authentication(
            (!secret.is_empty()).then(|| SharedSecret::Text(secret.into())),
        ));
    }
    let message = format!("Failed to set failover relationship {name} on DHCP server {server}.");
    let intent = if call.switch("PartnerDown") {
        if !properties.is_empty() {
            return Err(Failure::invalid(
                "-PartnerDown is given alone: set the relationship's parameters in a line of their own",
            )
            .into());
        }
        heed_evidence(run, &current.name, &message).await?;
        run.ask(&format!(
            "{server} will take {} for down in '{name}' and, after the maximum client lead time, \
             its addresses. Do this only when {} does not serve clients. Continue?",
            current.partner, current.partner
        ))?;
        Intent::Order {
            server,
            order: Order::SetPartnerDown {
                relationship: current.name.clone(),
            },
        }
    } else {
        run.something(&properties)?;
        if call.has("Mode") {
            run.ask(&format!(
                "The mode of failover relationship '{name}' will be changed on {server} and {}. \
                 Do you want to perform this action?",
                current.partner
            ))?;
        }
        if secret.is_some_and(|secret| !secret.is_empty()) {
            run.ask(SECRET_QUESTION)?;
        }
        Intent::EditRelationship {
            server,
            name: current.name.clone(),
            properties,
        }
    };
    run.carry(intent, &message, name).await?;
    passed(run, name).await
}

/// Refuses to set partner down against the evidence, unless `-Force` says so.
async fn heed_evidence(run: &mut Run<'_, '_>, name: &str, message: &str) -> Done<()> {
    let gathered = run.ipam.gather(&run.server, name).await;
    let evidence = gathered.map_err(|error| Failure::plan(&run.server, message, name, &error))?;
    let Some(why) = evidence.objection() else {
        return Ok(());
    };
    if run.call.switch("Force") || run.call.common.what_if {
        run.warn(&why)?;
        return Ok(());
    }
    Err(Failure {
        category: "InvalidOperation".to_owned(),
        id: "PartnerNotKnownToBeDown".to_owned(),
        target: name.to_owned(),
        ..Failure::invalid(format!(
            "{message} {why}. Nothing was done: -Force does it against the evidence"
        ))
    }
    .into())
}

/// As [`Run::carry`]; where only the partner is missing, the error says that `-Force` does without.
async fn carry_or_force(
    run: &mut Run<'_, '_>,
    intent: Intent,
    message: &str,
    name: &str,
) -> Done<()> {
    let missing = format!("DHCP {}", Code::ServerUnavailable.number());
    let forced = run.call.switch("Force");
    match run.carry(intent, message, name).await {
        Err(Stop::Failed(failure)) if failure.id == missing && !forced => {
            Err(failure.adding("-Force goes on without the partner").into())
        }
        other => other.map(|_| ()),
    }
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let server = run.server.clone();
    let reading = run.reading().await?;
    let mut removed = Vec::new();
    let several = call.texts("Name").len() > 1;
    for name in call.texts("Name") {
        let Some(current) = reading.config.relationship(name) else {
            run.tell(no_relationship(&server, name))?;
            continue;
        };
        let asked = run.ask(&format!(
            "Failover relationship '{name}' will be deleted on {server} and {}{}. Continue?",
            current.partner,
            staying(&server, current, current.scopes.len()),
        ));
        match asked {
            Ok(()) => {}
            Err(Stop::Declined) if several => {
                run.left(&format!("Failover relationship '{name}' was not deleted."))?;
                continue;
            }
            Err(stop) => return Err(stop),
        }
        let intent = Intent::DeleteRelationship {
            keep_on: server.clone(),
            name: current.name.clone(),
            force: call.switch("Force"),
        };
        let message =
            format!("Failed to delete failover relationship {name} on DHCP server {server}.");
        match carry_or_force(run, intent, &message, name).await {
            Ok(()) => removed.push(object(run.ipam, &reading, current)),
            Err(Stop::Failed(failure)) => run.tell(*failure)?,
            Err(stop) => return Err(stop),
        }
    }
    Ok(run.pass(removed))
}

/// What becomes of the scopes that leave failover, for a question.
fn staying(server: &ServerName, relationship: &Relationship, count: usize) -> String {
    let partner = &relationship.partner;
    match count {
        0 => "; no scope is in it".to_owned(),
        1 => format!("; its scope stays on {server} and is deleted on {partner}"),
        _ => format!("; its {count} scopes stay on {server} and are deleted on {partner}"),
    }
}

async fn add_scopes(run: &mut Run<'_, '_>) -> Done<Results> {
    let name = run.need(run.call.text("Name"), "Name")?;
    let server = run.server.clone();
    let reading = run.reading().await?;
    let Some(current) = reading.config.relationship(name) else {
        return Err(no_relationship(&server, name).into());
    };
    let scopes = named_scopes(run, &reading)?;
    let message =
        format!("Failed to add scopes to failover relationship {name} on DHCP server {server}.");
    let intent = Intent::ConfigureFailover {
        server,
        scopes,
        with: FailoverChoice::Existing {
            name: current.name.clone(),
        },
    };
    run.carry(intent, &message, name).await?;
    passed(run, name).await
}

async fn remove_scopes(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let name = run.need(call.text("Name"), "Name")?;
    let server = run.server.clone();
    let reading = run.reading().await?;
    let Some(current) = reading.config.relationship(name) else {
        return Err(no_relationship(&server, name).into());
    };
    let mut scopes = BTreeSet::new();
    for id in call.addresses("ScopeId") {
        match run.scope(&reading, id) {
            Ok(scope) if current.scopes.contains(&scope.id) => {
                scopes.insert(scope.id);
            }
            Ok(_) => {
                let failure = Failure::refused(
                    format!(
                        "Failed to remove scope {id} from failover relationship {name} on DHCP \
                         server {server}."
                    ),
                    id,
                    Code::FoScopeNotInRelationship,
                    format!("scope {id} is not in failover relationship '{name}'"),
                );
                run.tell(failure)?;
            }
            Err(failure) => run.tell(failure)?,
        }
    }
    if scopes.is_empty() {
        return Ok(Results::Nothing);
    }
    let partner = &current.partner;
    let ids: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let (noun, stays) = if ids.len() == 1 {
        ("Scope", "stays")
    } else {
        ("Scopes", "stay")
    };
    run.ask(&format!(
        "{noun} {} will leave failover relationship '{name}': what {partner} holds of {} is \
         deleted there with its leases; {} {stays} on {server}. Continue?",
        ids.join(", "),
        if ids.len() == 1 { "it" } else { "them" },
        if ids.len() == 1 { "it" } else { "they" },
    ))?;
    let message = format!(
        "Failed to remove scopes from failover relationship {name} on DHCP server {server}."
    );
    let intent = Intent::RemoveFailover {
        server,
        scopes,
        force: call.switch("Force"),
    };
    carry_or_force(run, intent, &message, name).await?;
    passed(run, name).await
}
