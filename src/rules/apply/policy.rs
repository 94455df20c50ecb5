//! When a server accepts a policy, a change to one, and its removal.

use super::super::{Code, DhcpError, Facts};
use super::check::{self, Outcome, refuse, shown};
use super::option;
use crate::model::policy::{Comparator, Condition, Criterion, MacPattern, PolicyProperty};
use crate::model::scope::Seconds;
use crate::model::{ClientId, OptionKey, Policy, PolicyLevel, Range, Scope, ScopeId, ServerConfig};

/// Characters of a policy's name.
const MAX_NAME: usize = 64;
/// Characters of a policy's description.
const MAX_DESCRIPTION: usize = 255;
/// Characters of a condition's value.
const MAX_VALUE: usize = 255;
/// Bytes of a hardware address (chaddr).
const MAX_HW_ADDRESS: usize = 16;

pub(super) fn add(
    config: &mut ServerConfig,
    facts: &Facts,
    level: PolicyLevel,
    policy: &Policy,
    order: Option<u16>,
) -> Outcome {
    let others = list(config, facts, level)?;
    let place = match order {
        None => others.len(),
        Some(order) => place(level, &policy.name, order, others.len().saturating_add(1))?,
    };
    if others.len() >= usize::from(u16::MAX) {
        return refuse(
            Code::InvalidProcessingOrder,
            format!("{} has no place for another policy", at(level)),
        );
    }
    let mut policy = policy.clone();
    check_policy(
        facts,
        level,
        ranges(config, level),
        others.iter(),
        &mut policy,
    )?;
    list_mut(config, facts, level)?.insert(place, policy);
    Ok(())
}

pub(super) fn set(
    config: &mut ServerConfig,
    facts: &Facts,
    level: PolicyLevel,
    name: &str,
    properties: &[PolicyProperty],
) -> Outcome {
    let policies = list(config, facts, level)?;
    let from = index(policies, level, name)?;
    check::once(
        format_args!("policy '{}'", shown(name)),
        properties,
        PolicyProperty::same_kind,
        PolicyProperty::label,
    )?;
    let mut to = from;
    let mut after = policies[from].clone();
    for property in properties {
        if let PolicyProperty::ProcessingOrder(order) = property {
            to = place(level, name, *order, policies.len())?;
        }
        after.set(property.clone());
    }
    if to == from && after == policies[from] {
        return Ok(());
    }
    let others = policies
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != from)
        .map(|(_, policy)| policy);
    check_policy(facts, level, ranges(config, level), others, &mut after)?;
    let policies = list_mut(config, facts, level)?;
    policies.remove(from);
    policies.insert(to, after);
    Ok(())
}

pub(super) fn remove(
    config: &mut ServerConfig,
    facts: &Facts,
    level: PolicyLevel,
    name: &str,
) -> Outcome {
    let index = index(list(config, facts, level)?, level, name)?;
    list_mut(config, facts, level)?.remove(index);
    Ok(())
}

/// A whole scope's policies.
pub(super) fn all(facts: &Facts, scope: &mut Scope) -> Outcome {
    let level = Some(scope.id);
    for index in 0..scope.policies.len() {
        let (earlier, rest) = scope.policies.split_at_mut(index);
        if let [policy, ..] = rest {
            check_policy(facts, level, &scope.ranges, earlier.iter(), policy)?;
        }
    }
    Ok(())
}

/// The policy of that name, or 20111 (20005 when the scope is not there).
pub(super) fn find<'c>(
    config: &'c ServerConfig,
    facts: &Facts,
    level: PolicyLevel,
    name: &str,
) -> Outcome<&'c Policy> {
    let policies = list(config, facts, level)?;
    let index = index(policies, level, name)?;
    Ok(&policies[index])
}

/// The policies there, to be written.
pub(super) fn list_mut<'c>(
    config: &'c mut ServerConfig,
    facts: &Facts,
    level: PolicyLevel,
) -> Outcome<&'c mut Vec<Policy>> {
    Ok(match level {
        None => &mut config.policies,
        Some(scope) => &mut check::scope_mut(config, facts, scope)?.policies,
    })
}

/// That there is no such policy.
pub(super) fn missing(level: PolicyLevel, name: &str) -> DhcpError {
    DhcpError::new(
        Code::PolicyNotFound,
        format!(
            "there is no policy '{}' at {}: add it, or name one that is there",
            shown(name),
            at(level)
        ),
    )
}

/// Refuses an option that a policy can't have.
pub(super) fn may_have_option(policy: &Policy, key: &OptionKey) -> Outcome {
    if !key.user_class.is_empty() {
        return refuse(
            Code::InvalidParameter,
            format!(
                "option {} of policy '{}' is given a user class: a policy's options have none; \
                 make the class a condition of the policy",
                key.id,
                shown(&policy.name)
            ),
        );
    }
    if has_fqdn(policy) {
        return refuse(
            Code::PolicyFqdnOptionUnsupported,
            format!(
                "policy '{}' has a condition on Fqdn, and can therefore have no option {}: remove \
                 the condition first",
                shown(&policy.name),
                key.id
            ),
        );
    }
    Ok(())
}

fn list<'c>(config: &'c ServerConfig, facts: &Facts, level: PolicyLevel) -> Outcome<&'c [Policy]> {
    Ok(match level {
        None => &config.policies,
        Some(scope) => &check::scope(config, facts, scope)?.policies,
    })
}

fn ranges(config: &ServerConfig, level: PolicyLevel) -> &[Range] {
    level
        .and_then(|scope| config.scopes.get(&scope))
        .map_or(&[], |scope| &scope.ranges)
}

fn index(policies: &[Policy], level: PolicyLevel, name: &str) -> Outcome<usize> {
    policies
        .iter()
        .position(|policy| policy.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| missing(level, name))
}

fn at(level: PolicyLevel) -> String {
    level.map_or_else(|| "the server".to_owned(), |scope| format!("scope {scope}"))
}

fn place(level: PolicyLevel, name: &str, order: u16, last: usize) -> Outcome<usize> {
    match usize::from(order).checked_sub(1) {
        Some(place) if place < last => Ok(place),
        _ => refuse(
            Code::InvalidProcessingOrder,
            format!(
                "the processing order {order} of policy '{}' at {} is out of range: give 1 to {last}",
                shown(name),
                at(level)
            ),
        ),
    }
}

fn has_fqdn(policy: &Policy) -> bool {
    policy
        .conditions
        .iter()
        .any(|condition| condition.criterion == Criterion::Fqdn)
}

/// Everything that holds of a policy among the others there; makes its options canonical.
fn check_policy<'p>(
    facts: &Facts,
    level: PolicyLevel,
    scope_ranges: &[Range],
    others: impl Iterator<Item = &'p Policy> + Clone,
    policy: &mut Policy,
) -> Outcome {
    if !facts.rulebook.has_policies() {
        return refuse(
            Code::InvalidParameter,
            format!(
                "{} (version {}) has no policies: they came with Windows Server 2012",
                check::server(facts),
                facts.rulebook.version
            ),
        );
    }
    let name = shown(&policy.name);
    check::not_empty("the name of the policy", &policy.name)?;
    check::text("the name of the policy", &policy.name, MAX_NAME)?;
    check::text(
        format_args!("the description of policy '{name}'"),
        &policy.description,
        MAX_DESCRIPTION,
    )?;
    if let Some(other) = others
        .clone()
        .find(|other| other.name.eq_ignore_ascii_case(&policy.name))
    {
        return refuse(
            Code::PolicyExists,
            format!(
                "there is a policy '{}' at {} already: edit that one, or choose another name",
                shown(&other.name),
                at(level)
            ),
        );
    }
    if policy.lease_duration == Some(Seconds(0)) {
        return refuse(
            Code::InvalidParameter,
            format!(
                "the lease duration of policy '{name}' is 0: give at least a second, or leave it \
                 out"
            ),
        );
    }
    conditions(facts, policy)?;
    check_ranges(level, scope_ranges, others, policy)?;
    for (key, _) in policy.options.iter() {
        may_have_option(policy, key)?;
    }
    option::all(facts, format_args!("policy '{name}'"), &mut policy.options)
}

fn conditions(facts: &Facts, policy: &Policy) -> Outcome {
    let name = shown(&policy.name);
    let bad = |why: String| {
        refuse(
            Code::InvalidPolicyExpression,
            format!("a condition of policy '{name}' is wrong: {why}"),
        )
    };
    if policy.conditions.is_empty() {
        return refuse(
            Code::InvalidPolicyExpression,
            format!("policy '{name}' has no condition: give at least one"),
        );
    }
    if has_fqdn(policy) && !facts.rulebook.fqdn_in_policies() {
        return refuse(
            Code::PolicyEditFqdnUnsupported,
            format!(
                "policy '{name}' has a condition on Fqdn, which {} (version {}) does not know: \
                 conditions on Fqdn came with Windows Server 2012 R2",
                check::server(facts),
                facts.rulebook.version
            ),
        );
    }
    for condition in &policy.conditions {
        let criterion = condition.criterion.name();
        match condition.comparator {
            Comparator::Isl | Comparator::Insl if condition.criterion != Criterion::Fqdn => {
                return bad(format!(
                    "{criterion} is compared by EQ or NE; ISL and INSL are for Fqdn alone"
                ));
            }
            Comparator::Isl | Comparator::Insl if !condition.values.is_empty() => {
                return bad(format!("{criterion} ISL and INSL take no values"));
            }
            Comparator::Eq | Comparator::Ne if condition.values.is_empty() => {
                return bad(format!(
                    "{criterion} is compared with nothing: give a value"
                ));
            }
            _ => {}
        }
        if let Some(value) = condition
            .values
            .iter()
            .find(|value| !is_value(condition, value))
        {
            let expected = if condition.criterion == Criterion::MacAddress {
                "a MAC address or its beginning and *, as in 00-15-5D*"
            } else {
                "a text of 1 to 255 characters"
            };
            return bad(format!(
                "'{}' is no value for {criterion}: give {expected}",
                shown(value)
            ));
        }
    }
    Ok(())
}

fn is_value(condition: &Condition, value: &str) -> bool {
    if value.is_empty() || value.contains('\0') || check::length(value) > MAX_VALUE {
        return false;
    }
    condition.criterion != Criterion::MacAddress || is_mac_value(value)
}

fn is_mac_value(value: &str) -> bool {
    if value.parse::<MacPattern>().is_ok() {
        return true;
    }
    let value = value.trim();
    let fixed = match value.strip_suffix('*') {
        Some(fixed) => fixed.trim_end_matches(['-', ':']),
        None => value,
    };
    let spelled = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | ':' | '.');
    fixed.chars().all(spelled)
        && fixed
            .parse::<ClientId>()
            .is_ok_and(|id| id.bytes().len() <= MAX_HW_ADDRESS)
}

fn check_ranges<'p>(
    level: PolicyLevel,
    scope_ranges: &[Range],
    others: impl Iterator<Item = &'p Policy>,
    policy: &Policy,
) -> Outcome {
    let name = shown(&policy.name);
    let [first, ..] = policy.ranges.as_slice() else {
        return Ok(());
    };
    let Some(scope) = level else {
        return refuse(
            Code::RangeInvalidInServerPolicy,
            format!(
                "server policy '{name}' is given the range {first}: only a scope's policies have \
                 ranges; make it a policy of the scope"
            ),
        );
    };
    if has_fqdn(policy) {
        return refuse(
            Code::PolicyFqdnRangeUnsupported,
            format!(
                "policy '{name}' has a condition on Fqdn, and can therefore have no range ({first}): \
                 remove the range or the condition"
            ),
        );
    }
    for range in &policy.ranges {
        if !scope_ranges.iter().any(|whole| whole.covers(range)) {
            return outside(scope, scope_ranges, &name, *range);
        }
    }
    let mut held: Vec<(Range, &str)> = policy
        .ranges
        .iter()
        .map(|range| (*range, policy.name.as_str()))
        .collect();
    held.extend(others.flat_map(|other| {
        let name = other.name.as_str();
        other.ranges.iter().map(move |range| (*range, name))
    }));
    held.sort_unstable();
    // The others' ranges are disjoint already, so that an overlap has one of this policy's in it.
    if let Some([(one, of_one), (two, of_two)]) = held
        .windows(2)
        .filter_map(|pair| <&[(Range, &str); 2]>::try_from(pair).ok())
        .find(|[(one, _), (two, _)]| one.overlaps(two))
    {
        return refuse(
            Code::PolicyRangeExists,
            format!(
                "the range {one} of policy '{}' overlaps the range {two} of policy '{}' in scope \
                 {scope}: choose ranges that share no address",
                shown(of_one),
                shown(of_two)
            ),
        );
    }
    Ok(())
}

fn outside(scope: ScopeId, scope_ranges: &[Range], name: &str, range: Range) -> Outcome {
    let whole: Vec<String> = scope_ranges.iter().map(ToString::to_string).collect();
    refuse(
        Code::PolicyRangeBad,
        format!(
            "the range {range} of policy '{name}' does not lie in the range of scope {scope} ({}): \
             choose it within that",
            whole.join(", ")
        ),
    )
}
