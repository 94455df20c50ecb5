//! Policies and their address ranges: Get, Add, Set, Remove.

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results};
use super::scope::range;
use crate::model::edit::PolicyLevel;
use crate::model::policy::{Comparator, Condition, Criterion, Junction, PolicyProperty};
use crate::model::scope::Seconds;
use crate::model::server::{ServerName, ServerReading};
use crate::model::{Edit, Policy, Range, ScopeId};
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.name {
        "Get-DhcpServerv4Policy" => get(run).await,
        "Add-DhcpServerv4Policy" => add(run).await,
        "Set-DhcpServerv4Policy" => set(run).await,
        "Remove-DhcpServerv4Policy" => remove(run).await,
        "Get-DhcpServerv4PolicyIPRange" => ranges(run).await,
        "Add-DhcpServerv4PolicyIPRange" => add_range(run).await,
        "Remove-DhcpServerv4PolicyIPRange" => remove_ranges(run).await,
        _ => Err(not_built(run)),
    }
}

/// That there is no policy of a name.
pub(super) fn none(server: &ServerName, level: PolicyLevel, name: &str) -> Failure {
    let of = level.map_or_else(String::new, |scope| format!(" in scope {scope}"));
    Failure::refused(
        format!("Failed to get policy {name}{of} on DHCP server {server}."),
        name,
        Code::PolicyNotFound,
        format!("there is no policy '{name}'{of} on {server}"),
    )
}

fn object(level: PolicyLevel, order: usize, policy: &Policy) -> Object {
    let mut object = Object::new("DhcpServerv4Policy")
        .with("Name", &policy.name)
        .with("Description", &policy.description)
        .with("ScopeId", level)
        .with("Enabled", policy.enabled)
        .with("Condition", policy.junction.to_string())
        .with("ProcessingOrder", order as u64);
    for criterion in Criterion::ALL {
        let texts: Vec<String> = policy
            .conditions
            .iter()
            .filter(|condition| condition.criterion == criterion)
            .flat_map(|condition| {
                let comparator = comparator_name(condition.comparator).to_owned();
                std::iter::once(comparator).chain(condition.values.iter().cloned())
            })
            .collect();
        object = object.with(criterion.name(), (!texts.is_empty()).then_some(texts));
    }
    object.with("LeaseDuration", policy.lease_duration)
}

fn comparator_name(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Eq => "EQ",
        Comparator::Ne => "NE",
        Comparator::Isl => "ISL",
        Comparator::Insl => "INSL",
    }
}

fn comparator(text: &str) -> Option<Comparator> {
    let all = [
        Comparator::Eq,
        Comparator::Ne,
        Comparator::Isl,
        Comparator::Insl,
    ];
    all.into_iter()
        .find(|one| comparator_name(*one).eq_ignore_ascii_case(text))
}

/// The conditions of one criterion as the cmdlets write them: `EQ, a, b, NE, c`.
fn conditions(criterion: Criterion, texts: &[&str]) -> Result<Vec<Condition>, Failure> {
    let mut conditions: Vec<Condition> = Vec::new();
    for text in texts {
        if let Some(comparator) = comparator(text) {
            conditions.push(Condition {
                criterion,
                comparator,
                values: Vec::new(),
            });
        } else if let Some(condition) = conditions.last_mut() {
            condition.values.push((*text).to_owned());
        } else {
            let name = criterion.name();
            let which = if criterion == Criterion::Fqdn {
                "EQ, NE, ISL or INSL"
            } else {
                "EQ or NE"
            };
            return Err(Failure::invalid(format!(
                "-{name}: a comparator comes first, {which}, as in -{name} EQ,value"
            )));
        }
    }
    Ok(conditions)
}

/// Every criterion that the line gives, with its conditions.
fn given(run: &Run<'_, '_>) -> Result<Vec<(Criterion, Vec<Condition>)>, Failure> {
    let mut given = Vec::new();
    for criterion in Criterion::ALL {
        let texts = run.call.texts(criterion.name());
        if texts == [""] {
            // Taken off: no condition of that criterion.
            given.push((criterion, Vec::new()));
        } else if !texts.is_empty() {
            given.push((criterion, conditions(criterion, &texts)?));
        }
    }
    Ok(given)
}

fn level(run: &Run<'_, '_>, reading: &ServerReading) -> Result<PolicyLevel, Failure> {
    match run.call.address("ScopeId") {
        Some(id) => Ok(Some(run.scope(reading, id)?.id)),
        None => Ok(None),
    }
}

fn policies<'a>(
    run: &Run<'_, '_>,
    reading: &'a ServerReading,
    level: PolicyLevel,
) -> Result<&'a [Policy], Failure> {
    Ok(match level {
        Some(scope) => &run.scope(reading, scope.address())?.policies,
        None => &reading.config.policies,
    })
}

/// The policies that `-Name` names, or all, each with its place; those not there are told.
fn find<'a>(
    run: &mut Run<'_, '_>,
    policies: &'a [Policy],
    level: PolicyLevel,
) -> Done<Vec<(usize, &'a Policy)>> {
    let all = policies
        .iter()
        .enumerate()
        .map(|(at, policy)| (at + 1, policy));
    if !run.call.has("Name") {
        return Ok(all.collect());
    }
    let mut found = Vec::new();
    for name in run.call.texts("Name") {
        let mut all = all.clone();
        match all.find(|(_, policy)| policy.name.eq_ignore_ascii_case(name)) {
            Some(one) => found.push(one),
            None => run.tell(none(&run.server, level, name))?,
        }
    }
    Ok(found)
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let policies = policies(run, &reading, level)?;
    let found = find(run, policies, level)?;
    let objects = found
        .iter()
        .map(|(order, policy)| object(level, *order, policy));
    Ok(Results::Objects(objects.collect()))
}

async fn passed(run: &mut Run<'_, '_>, level: PolicyLevel, name: &str) -> Done<Results> {
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let objects = policies(run, &reading, level)?
        .iter()
        .enumerate()
        .filter(|(_, policy)| policy.name.eq_ignore_ascii_case(name))
        .map(|(at, policy)| object(level, at + 1, policy));
    Ok(run.pass(objects.collect()))
}

fn junction(word: &str) -> Junction {
    match word {
        "And" => Junction::And,
        _ => Junction::Or,
    }
}

fn order(run: &Run<'_, '_>) -> Option<u16> {
    let order = run.call.number("ProcessingOrder")?;
    Some(u16::try_from(order).unwrap_or(u16::MAX))
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let name = run.need(call.text("Name"), "Name")?;
    let word = run.need(call.word("Condition"), "Condition")?;
    let lease_duration: Option<Seconds> = run.limited("LeaseDuration")?;
    let conditions = given(run)?
        .into_iter()
        .flat_map(|(_, conditions)| conditions);
    let policy = Policy {
        name: name.to_owned(),
        description: call.text("Description").unwrap_or("").to_owned(),
        enabled: call.boolean("Enabled").unwrap_or(true),
        junction: junction(word),
        conditions: conditions.collect(),
        lease_duration,
        ranges: Vec::new(),
        options: crate::model::Options::new(),
    };
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let message = format!("Failed to add policy {name} on DHCP server {}.", run.server);
    let edit = Edit::AddPolicy {
        level,
        policy: Box::new(policy),
        order: order(run),
    };
    run.change(vec![edit], &message, name).await?;
    passed(run, level, name).await
}

async fn set(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let name = run.need(call.text("Name"), "Name")?;
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let policies = policies(run, &reading, level)?;
    let Some(current) = policies.iter().find(|p| p.name.eq_ignore_ascii_case(name)) else {
        return Err(none(&run.server, level, name).into());
    };
    let mut properties = Vec::new();
    if let Some(new) = call.text("NewName") {
        properties.push(PolicyProperty::Name(new.to_owned()));
    }
    if let Some(description) = call.text("Description") {
        properties.push(PolicyProperty::Description(description.to_owned()));
    }
    if let Some(enabled) = call.boolean("Enabled") {
        properties.push(PolicyProperty::Enabled(enabled));
    }
    if let Some(word) = call.word("Condition") {
        properties.push(PolicyProperty::Junction(junction(word)));
    }
    let given = given(run)?;
    if !given.is_empty() {
        // What the line says of a criterion takes the place of what was there of that criterion.
        let mut conditions = current.conditions.clone();
        conditions.retain(|held| given.iter().all(|(one, _)| *one != held.criterion));
        conditions.extend(given.into_iter().flat_map(|(_, conditions)| conditions));
        if conditions.is_empty() {
            return Err(Failure::refused(
                format!("Failed to set policy {name} on DHCP server {}.", run.server),
                name,
                Code::InvalidPolicyExpression,
                format!(
                    "policy '{name}' would be left without a condition: give another one in the \
                     same line, or remove the policy"
                ),
            )
            .into());
        }
        properties.push(PolicyProperty::Conditions(conditions));
    }
    if let Some(duration) = run.limited("LeaseDuration")? {
        let duration = (duration != Seconds(0)).then_some(duration);
        properties.push(PolicyProperty::LeaseDuration(duration));
    }
    if let Some(order) = order(run) {
        properties.push(PolicyProperty::ProcessingOrder(order));
    }
    run.something(&properties)?;
    let message = format!("Failed to set policy {name} on DHCP server {}.", run.server);
    let edit = Edit::SetPolicy {
        level,
        name: current.name.clone(),
        properties,
    };
    run.change(vec![edit], &message, name).await?;
    let name = call.text("NewName").unwrap_or(name);
    passed(run, level, name).await
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let policies = policies(run, &reading, level)?;
    let found = find(run, policies, level)?;
    if found.is_empty() {
        return Ok(Results::Nothing);
    }
    let names: Vec<&str> = found
        .iter()
        .map(|(_, policy)| policy.name.as_str())
        .collect();
    let names = names.join(", ");
    let message = format!(
        "Failed to delete policy {names} on DHCP server {}.",
        run.server
    );
    let edits = found
        .iter()
        .map(|(_, policy)| Edit::RemovePolicy {
            level,
            name: policy.name.clone(),
        })
        .collect();
    run.change(edits, &message, &names).await?;
    let objects = found
        .iter()
        .map(|(order, policy)| object(level, *order, policy));
    Ok(run.pass(objects.collect()))
}

fn range_object(scope: ScopeId, name: &str, range: &Range) -> Object {
    Object::new("DhcpServerv4PolicyIPRange")
        .with("Name", name)
        .with("ScopeId", scope)
        .with("StartRange", range.start())
        .with("EndRange", range.end())
}

async fn ranges(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let id = run.need(run.call.address("ScopeId"), "ScopeId")?;
    let scope = run.scope(&reading, id)?;
    let found = find(run, &scope.policies, Some(scope.id))?;
    let objects = found.iter().flat_map(|(_, policy)| {
        let ranges = policy.ranges.iter();
        ranges.map(|range| range_object(scope.id, &policy.name, range))
    });
    Ok(Results::Objects(objects.collect()))
}

/// The scope's policy whose ranges the line changes.
fn ranged<'a>(
    run: &Run<'_, '_>,
    reading: &'a ServerReading,
) -> Result<(ScopeId, &'a Policy), Failure> {
    let id = run.need(run.call.address("ScopeId"), "ScopeId")?;
    let name = run.need(run.call.text("Name"), "Name")?;
    let scope = run.scope(reading, id)?;
    let policy = scope
        .policy(name)
        .ok_or_else(|| none(&run.server, Some(scope.id), name))?;
    Ok((scope.id, policy))
}

async fn set_ranges(
    run: &mut Run<'_, '_>,
    scope: ScopeId,
    policy: &Policy,
    ranges: Vec<Range>,
) -> Done<bool> {
    let name = &policy.name;
    let message = format!(
        "Failed to set the IP ranges of policy {name} in scope {scope} on DHCP server {}.",
        run.server
    );
    let edit = Edit::SetPolicy {
        level: Some(scope),
        name: name.clone(),
        properties: vec![PolicyProperty::Ranges(ranges)],
    };
    run.change(vec![edit], &message, name).await
}

async fn add_range(run: &mut Run<'_, '_>) -> Done<Results> {
    let range = run.need(range(run)?, "StartRange")?;
    let reading = run.reading().await?;
    let (scope, policy) = ranged(run, &reading)?;
    let mut ranges = policy.ranges.clone();
    ranges.push(range);
    ranges.sort_unstable();
    set_ranges(run, scope, policy, ranges).await?;
    Ok(run.pass(vec![range_object(scope, &policy.name, &range)]))
}

async fn remove_ranges(run: &mut Run<'_, '_>) -> Done<Results> {
    let named = range(run)?;
    let reading = run.reading().await?;
    let (scope, policy) = ranged(run, &reading)?;
    let (removed, kept): (Vec<Range>, Vec<Range>) = policy
        .ranges
        .iter()
        .partition(|held| named.is_none_or(|range| range == **held));
    if let (Some(range), true) = (named, removed.is_empty()) {
        let message = format!(
            "Failed to delete IP range {range} of policy {} in scope {scope} on DHCP server {}.",
            policy.name, run.server
        );
        let failure = Failure::refused(
            message,
            range,
            Code::PolicyRangeBad,
            format!(
                "policy {} has no such range: give its start and end address exactly as it was \
                 added; Get-DhcpServerv4PolicyIPRange lists them",
                policy.name
            ),
        );
        // The number is that of a range that does not fit; what it means here is this.
        let category = "ObjectNotFound".to_owned();
        return Err(Failure {
            category,
            ..failure
        }
        .into());
    }
    if !removed.is_empty() {
        set_ranges(run, scope, policy, kept).await?;
    }
    let objects = removed.iter().map(|r| range_object(scope, &policy.name, r));
    Ok(run.pass(objects.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_the_cmdlets_write_them() {
        let read =
            conditions(Criterion::MacAddress, &["eq", "AA*", "BB*", "NE", "AA-01*"]).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].to_string(), "MacAddress EQ AA*, BB*");
        assert_eq!(read[1].comparator, Comparator::Ne);
        assert_eq!(conditions(Criterion::Fqdn, &["ISL"]).unwrap().len(), 1);
        assert!(conditions(Criterion::Fqdn, &["x"]).is_err());
    }
}
