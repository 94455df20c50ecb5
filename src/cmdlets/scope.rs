//! Scopes: Get, Add, Set, Remove.

use std::net::Ipv4Addr;

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results, Value};
use super::reservation::client_type;
use crate::model::address::mask_length;
use crate::model::scope::{ScopeProperty, ScopeState};
use crate::model::{Edit, Range, Scope, ScopeId};
use crate::rules::error::Code;

/// What a scope has of network access protection: nothing.
const NAP: [&str; 2] = ["NapEnable", "NapProfile"];

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.verb() {
        "Get" => get(run).await,
        "Add" => add(run).await,
        "Set" => set(run).await,
        "Remove" => remove(run).await,
        _ => Err(not_built(run)),
    }
}

fn object(scope: &Scope) -> Object {
    let state = match scope.state {
        ScopeState::Active => "Active",
        ScopeState::Inactive => "InActive",
    };
    Object::new("DhcpServerv4Scope")
        .with("ScopeId", scope.id)
        .with("SubnetMask", scope.id.mask())
        .with("Name", &scope.name)
        .with("Description", &scope.description)
        .with("State", state)
        .with("StartRange", scope.ranges.first().map(Range::start))
        .with("EndRange", scope.ranges.last().map(Range::end))
        .with("LeaseDuration", scope.lease_duration)
        .with("SuperscopeName", scope.superscope.as_ref())
        .with("Type", scope.kind.to_string())
        .with("MaxBootpClients", scope.max_bootp_clients)
        .with("Delay", scope.delay_ms)
        .with("ActivatePolicies", scope.activate_policies)
        .with("NapEnable", false)
        .with("NapProfile", Value::Null)
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let scopes = run.scopes(&reading)?;
    Ok(Results::Objects(scopes.iter().map(|s| object(s)).collect()))
}

async fn passed(run: &mut Run<'_, '_>, id: ScopeId) -> Done<Results> {
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let objects = reading.config.scopes.get(&id).map(|scope| object(scope));
    Ok(run.pass(objects.into_iter().collect()))
}

/// The range from `-StartRange` to `-EndRange`.
pub(super) fn range(run: &Run<'_, '_>) -> Result<Option<Range>, Failure> {
    match (run.call.address("StartRange"), run.call.address("EndRange")) {
        (Some(start), Some(end)) => Range::new(start, end).map(Some).map_err(|error| {
            let message = format!(
                "Failed to use the range from {start} to {end} on DHCP server {}.",
                run.server
            );
            Failure::refused(message, start, Code::InvalidRange, error.to_string())
        }),
        (None, None) => Ok(None),
        _ => Err(Failure::invalid(
            "-StartRange and -EndRange are given together",
        )),
    }
}

/// The properties that a line sets, the range left out.
fn properties(run: &Run<'_, '_>) -> Vec<ScopeProperty> {
    let call = run.call;
    let mut properties = Vec::new();
    if let Some(name) = call.text("Name") {
        properties.push(ScopeProperty::Name(name.to_owned()));
    }
    if let Some(description) = call.text("Description") {
        properties.push(ScopeProperty::Description(description.to_owned()));
    }
    if let Some(state) = call.word("State") {
        properties.push(ScopeProperty::State(match state {
            "Active" => ScopeState::Active,
            _ => ScopeState::Inactive,
        }));
    }
    if let Some(word) = call.word("Type") {
        properties.push(ScopeProperty::Kind(client_type(word)));
    }
    if let Some(duration) = call.span("LeaseDuration") {
        properties.push(ScopeProperty::LeaseDuration(duration));
    }
    if let Some(delay) = call.number("Delay") {
        properties.push(ScopeProperty::Delay(
            u16::try_from(delay).unwrap_or(u16::MAX),
        ));
    }
    if let Some(clients) = call.number("MaxBootpClients") {
        properties.push(ScopeProperty::MaxBootpClients(clients));
    }
    if let Some(name) = call.text("SuperscopeName") {
        properties.push(ScopeProperty::Superscope(
            (!name.is_empty()).then(|| name.to_owned()),
        ));
    }
    if let Some(on) = call.boolean("ActivatePolicies") {
        properties.push(ScopeProperty::ActivatePolicies(on));
    }
    properties
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let message = format!("Failed to add a scope on DHCP server {}.", run.server);
    run.no_nap(&NAP, &message)?;
    let mask: Ipv4Addr = run.need(call.address("SubnetMask"), "SubnetMask")?;
    let range = run.need(range(run)?, "StartRange")?;
    let name = run.need(call.text("Name"), "Name")?;
    let length = mask_length(mask).map_err(|error| Failure::invalid(error.to_string()))?;
    let id = run.need(ScopeId::of(range.start(), length), "SubnetMask")?;
    let message = format!("Failed to add scope {id} on DHCP server {}.", run.server);
    let mut scope = Scope::new(id, name, range);
    for property in properties(run) {
        scope.set(property);
    }
    run.change(vec![Edit::AddScope(Box::new(scope))], &message, id)
        .await?;
    passed(run, id).await
}

async fn set(run: &mut Run<'_, '_>) -> Done<Results> {
    let id = run.need(run.call.address("ScopeId"), "ScopeId")?;
    let message = format!("Failed to set scope {id} on DHCP server {}.", run.server);
    let nap = run.no_nap(&NAP, &message)?;
    let mut properties = properties(run);
    if let Some(range) = range(run)? {
        properties.push(ScopeProperty::Ranges(vec![range]));
    }
    if !nap {
        run.something(&properties)?;
    }
    let reading = run.reading().await?;
    let scope = run.scope(&reading, id)?.id;
    if !properties.is_empty() {
        run.change(vec![Edit::SetScope { scope, properties }], &message, id)
            .await?;
    }
    passed(run, scope).await
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let force = run.call.switch("Force");
    let reading = run.reading().await?;
    let scopes = run.scopes(&reading)?;
    let mut removed = Vec::new();
    for scope in scopes {
        let id = scope.id;
        let message = format!("Failed to delete scope {id} on DHCP server {}.", run.server);
        let edits = vec![Edit::RemoveScope { scope: id, force }];
        match run.change(edits, &message, id).await {
            Ok(_) => removed.push(object(&scope)),
            Err(super::Stop::Failed(failure)) => {
                let held = format!("DHCP {}", Code::ElementCantRemove.number());
                run.tell(if failure.id == held && !force {
                    failure.adding("-Force deletes it with its leases")
                } else {
                    *failure
                })?;
            }
            Err(stop) => return Err(stop),
        }
    }
    Ok(run.pass(removed))
}
