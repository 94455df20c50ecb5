//! When a server accepts a scope, a change to one, a copy of one, and its removal.

use std::sync::Arc;

use super::super::{Code, Facts, kea};
use super::check::{self, Outcome, refuse, shown};
use super::{exclusion, option, partner, policy, reservation, superscope};
use crate::model::address::merged;
use crate::model::scope::{ClientType, DnsSettings, LeaseDuration, ScopeProperty, Seconds};
use crate::model::{Range, Scope, ScopeId, ServerConfig};

/// Characters of a scope's name.
const MAX_NAME: usize = 256;
/// Characters of a scope's description.
const MAX_DESCRIPTION: usize = 255;
/// Milliseconds of a scope's delay.
const MAX_DELAY: u16 = 1000;
/// Characters of a DNS suffix.
const MAX_SUFFIX: usize = 255;
/// Addresses that an error names at most.
const NAMED: usize = 3;

pub(super) fn add(config: &mut ServerConfig, facts: &Facts, scope: &Scope) -> Outcome {
    mask(facts, scope.id)?;
    if let Some((other, held)) = check::overlapping(&config.scopes, scope.id) {
        let (server, held) = (check::server(facts), check::scope_shown(held));
        return refuse(
            Code::SubnetExists,
            if other == scope.id {
                format!("scope {held} is on {server} already: edit it, or choose another subnet")
            } else {
                format!(
                    "subnet {} overlaps scope {held} on {server}: choose another subnet or mask, \
                     or delete that scope first",
                    scope.id.net()
                )
            },
        );
    }
    let scope = whole(facts, scope.clone())?;
    config.scopes.insert(scope.id, Arc::new(scope));
    Ok(())
}

pub(super) fn replace(config: &mut ServerConfig, facts: &Facts, copy: &Scope) -> Outcome {
    let here = check::scope(config, facts, copy.id)?;
    let mut scope = copy.clone();
    scope.superscope.clone_from(&here.superscope);
    scope.foreign.clone_from(&here.foreign);
    let scope = whole(facts, scope)?;
    if scope.kind != here.kind {
        kind(config, facts, scope.id, scope.kind)?;
    }
    if scope != **here {
        config.scopes.insert(scope.id, Arc::new(scope));
    }
    Ok(())
}

pub(super) fn set(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    properties: &[ScopeProperty],
) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    check::once(
        format_args!("scope {id}"),
        properties,
        ScopeProperty::same_kind,
        ScopeProperty::label,
    )?;
    for property in properties {
        match property {
            ScopeProperty::Name(text) => name(facts, id, text)?,
            ScopeProperty::Description(text) => description(facts, id, text)?,
            ScopeProperty::Ranges(ranges) if facts.rulebook.is_kea() => any_ranges(id, ranges)?,
            ScopeProperty::Ranges(ranges) => new_ranges(config, scope, ranges)?,
            ScopeProperty::LeaseDuration(duration) => lease_duration(id, *duration)?,
            ScopeProperty::Kind(new) => kind(config, facts, id, *new)?,
            ScopeProperty::Delay(ms) => delay(id, *ms)?,
            ScopeProperty::Superscope(new) => superscope::enter(scope, new.as_deref())?,
            ScopeProperty::Dns(settings) => {
                if let Some(settings) = settings {
                    dns(format_args!("scope {id}"), settings)?;
                }
            }
            ScopeProperty::State(_)
            | ScopeProperty::MaxBootpClients(_)
            | ScopeProperty::ActivatePolicies(_) => {}
        }
    }
    let properties: Vec<ScopeProperty> = properties
        .iter()
        .map(|property| told_back(facts, id, property.clone()))
        .collect();
    let current = scope.properties();
    if properties.iter().all(|property| current.contains(property)) {
        return Ok(());
    }
    let scope = check::scope_mut(config, facts, id)?;
    for property in properties {
        scope.set(property);
    }
    Ok(())
}

/// The property as the server keeps it.
fn told_back(facts: &Facts, id: ScopeId, property: ScopeProperty) -> ScopeProperty {
    if !facts.rulebook.is_kea() {
        return property;
    }
    match property {
        // A subnet without a name goes by its prefix.
        ScopeProperty::Name(name) if name.is_empty() => ScopeProperty::Name(id.net().to_string()),
        ScopeProperty::Ranges(ranges) => ScopeProperty::Ranges(merged(ranges)),
        ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(u32::MAX))) => {
            ScopeProperty::LeaseDuration(LeaseDuration::Unlimited)
        }
        other => other,
    }
}

pub(super) fn remove(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    force: bool,
) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    if let Some(relationship) = config.relationship_of(id) {
        return refuse(
            Code::FoScopeAlreadyInRelationship,
            format!(
                "scope {} is in failover relationship '{}' with {}: remove failover from it first, \
                 then delete it",
                check::scope_shown(scope),
                shown(&relationship.name),
                shown(relationship.partner.as_str())
            ),
        );
    }
    if let Some(leased) = facts.leased.get(&id)
        && !leased.is_empty()
        && !force
    {
        let named: Vec<String> = leased.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if leased.len() > NAMED { ", …" } else { "" };
        return refuse(
            Code::ElementCantRemove,
            format!(
                "{} clients hold addresses in scope {} ({}{more}): deactivate it and wait for the \
                 leases to end, or delete it by force",
                leased.len(),
                check::scope_shown(scope),
                named.join(", ")
            ),
        );
    }
    config.scopes.remove(&id);
    Ok(())
}

/// Everything that holds of a scope by itself; gives it in canonical form.
fn whole(facts: &Facts, mut scope: Scope) -> Outcome<Scope> {
    let id = scope.id;
    name(facts, id, &scope.name)?;
    description(facts, id, &scope.description)?;
    lease_duration(id, scope.lease_duration)?;
    delay(id, scope.delay_ms)?;
    if let Some(superscope) = &scope.superscope {
        superscope::name(superscope)?;
    }
    if let Some(settings) = &scope.dns {
        dns(format_args!("scope {id}"), settings)?;
    }
    if facts.rulebook.is_kea() {
        any_ranges(id, &scope.ranges)?;
        for property in scope.properties() {
            scope.set(told_back(facts, id, property));
        }
    } else {
        one_range(id, &scope.ranges)?;
    }
    exclusion::all(id, &scope.ranges, &mut scope.exclusions)?;
    option::all(facts, format_args!("scope {id}"), &mut scope.options)?;
    reservation::all(facts, id, &mut scope.reservations)?;
    policy::all(facts, &mut scope)?;
    Ok(scope)
}

fn mask(facts: &Facts, id: ScopeId) -> Outcome {
    // Kea serves any unicast subnet, single addresses too.
    if facts.rulebook.is_kea() && id.net().prefix_len() > 0 && id.broadcast().octets()[0] < 224 {
        return Ok(());
    }
    // A /31 or /32 has no address left between network and broadcast address.
    if matches!(id.net().prefix_len(), 1..=30) {
        return unicast(id);
    }
    refuse(
        Code::InvalidSubnetPrefix,
        format!(
            "the mask {} of subnet {} is none for a scope: give one of 1 to 30 bits, such as \
             255.255.255.0",
            id.mask(),
            id.net()
        ),
    )
}

/// Hosts have addresses of the classes A to C; this network, loopback and multicast are none.
fn unicast(id: ScopeId) -> Outcome {
    let ends = [id.address(), id.broadcast()];
    if ends
        .iter()
        .all(|end| matches!(end.octets()[0], 1..=126 | 128..=223))
    {
        return Ok(());
    }
    refuse(
        Code::InvalidSubnetPrefix,
        format!(
            "subnet {} is none for hosts: choose one between 1.0.0.0 and 223.255.255.255, and not \
             in 127.0.0.0/8",
            id.net()
        ),
    )
}

fn name(facts: &Facts, id: ScopeId, name: &str) -> Outcome {
    if facts.rulebook.is_kea() {
        return check::text(format_args!("the name of scope {id}"), name, kea::MAX_TEXT);
    }
    check::not_empty(format_args!("the name of scope {id}"), name)?;
    let length = check::length(name);
    if length > MAX_NAME {
        return refuse(
            Code::ScopeNameTooLong,
            format!(
                "the name of scope {id} has {length} characters; at most {MAX_NAME} are possible: \
                 shorten it"
            ),
        );
    }
    check::no_nul(format_args!("the name of scope {id}"), name)
}

fn description(facts: &Facts, id: ScopeId, description: &str) -> Outcome {
    let max = match facts.rulebook.is_kea() {
        true => kea::MAX_TEXT,
        false => MAX_DESCRIPTION,
    };
    check::text(
        format_args!("the description of scope {id}"),
        description,
        max,
    )
}

fn lease_duration(id: ScopeId, duration: LeaseDuration) -> Outcome {
    if duration == LeaseDuration::Limited(Seconds(0)) {
        return refuse(
            Code::InvalidParameter,
            format!(
                "the lease duration of scope {id} is 0: give at least a second, or make it \
                 unlimited"
            ),
        );
    }
    Ok(())
}

fn delay(id: ScopeId, ms: u16) -> Outcome {
    if ms > MAX_DELAY {
        return refuse(
            Code::InvalidDelay,
            format!("the delay of scope {id} is {ms} ms; 0 to {MAX_DELAY} ms are possible"),
        );
    }
    Ok(())
}

/// Refuses a DNS suffix that no name can end in.
pub(super) fn dns(of: impl std::fmt::Display, settings: &DnsSettings) -> Outcome {
    check::text(
        format_args!("the DNS suffix of {of}"),
        &settings.suffix,
        MAX_SUFFIX,
    )
}

/// A Microsoft server's scope has exactly one range, between network and broadcast address.
fn one_range(id: ScopeId, ranges: &[Range]) -> Outcome<Range> {
    let [range] = ranges else {
        return refuse(
            Code::InvalidRange,
            if ranges.is_empty() {
                format!("scope {id} needs an address range: give its start and end address")
            } else {
                format!(
                    "scope {id} is given {} address ranges; it has exactly one: give one, and \
                     exclude what lies between",
                    ranges.len()
                )
            },
        );
    };
    let hosts = id.hosts();
    if hosts.covers(range) {
        return Ok(*range);
    }
    refuse(
        Code::InvalidRange,
        if id.contains(range.start()) && id.contains(range.end()) {
            format!(
                "the range {range} includes the network address {} or the broadcast address {} of \
                 scope {id}: choose it within {hosts}",
                id.address(),
                id.broadcast()
            )
        } else {
            format!(
                "the range {range} does not lie in subnet {}: choose it within {hosts}",
                id.net()
            )
        },
    )
}

/// A Kea server's scope has any number of ranges, within its subnet; it hands out the first and the
/// last address of the subnet, too, when they lie in one.
fn any_ranges(id: ScopeId, ranges: &[Range]) -> Outcome {
    let outside = |range: &&Range| !id.contains(range.start()) || !id.contains(range.end());
    match ranges.iter().find(outside) {
        None => Ok(()),
        Some(range) => refuse(
            Code::InvalidRange,
            format!(
                "the range {range} does not lie in subnet {}: choose it within {}",
                id.net(),
                id.hosts()
            ),
        ),
    }
}

fn new_ranges(config: &ServerConfig, scope: &Scope, ranges: &[Range]) -> Outcome {
    let id = scope.id;
    if ranges.is_empty()
        && let Some(relationship) = config.relationship_of(id)
    {
        return refuse(
            Code::FoRangePartOfRel,
            format!(
                "the range of scope {id} can't be removed while the scope is in failover \
                 relationship '{}': remove failover from it first",
                shown(&relationship.name)
            ),
        );
    }
    let range = one_range(id, ranges)?;
    let grows = scope.ranges.iter().all(|old| range.covers(old));
    let shrinks = scope.ranges.iter().any(|old| old.covers(&range));
    if !grows && !shrinks {
        let old: Vec<String> = scope.ranges.iter().map(ToString::to_string).collect();
        return refuse(
            Code::InvalidRange,
            format!(
                "the new range {range} of scope {id} neither contains the old one ({}) nor lies \
                 within it: extend the range first, then shrink it",
                old.join(", ")
            ),
        );
    }
    if let Some(exclusion) = scope.exclusions.iter().find(|held| !range.covers(held)) {
        return refuse(
            Code::InvalidRange,
            format!(
                "the exclusion {exclusion} of scope {id} does not lie in the new range {range}: \
                 remove that exclusion first"
            ),
        );
    }
    for policy in &scope.policies {
        if let Some(kept) = policy.ranges.iter().find(|kept| !range.covers(kept)) {
            return refuse(
                Code::ScopeRangePolicyRangeConflict,
                format!(
                    "the range {kept} of policy '{}' does not lie in the new range {range} of \
                     scope {id}: change that policy first",
                    shown(&policy.name)
                ),
            );
        }
    }
    Ok(())
}

/// Failover came to BOOTP with Windows Server 2012 R2: neither side may be older.
fn kind(config: &ServerConfig, facts: &Facts, id: ScopeId, kind: ClientType) -> Outcome {
    let Some(relationship) = config.relationship_of(id) else {
        return Ok(());
    };
    if kind != ClientType::Dhcp
        && let Some(older) = partner::without_bootp(facts, &relationship.partner)
    {
        return refuse(
            Code::FoIprangeTypeConvIllegal,
            format!(
                "scope {id} can't be made {kind} while it is in failover relationship '{}': {older} \
                 is older than Windows Server 2012 R2; remove failover from the scope first",
                shown(&relationship.name)
            ),
        );
    }
    Ok(())
}
