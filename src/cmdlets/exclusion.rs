//! Exclusion ranges: Get, Add, Remove.

use super::act::Run;
use super::error::Done;
use super::not_built;
use super::object::{Object, Results};
use super::scope::range;
use crate::model::{Edit, Range, ScopeId};

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.verb() {
        "Get" => get(run).await,
        "Add" => add(run).await,
        "Remove" => remove(run).await,
        _ => Err(not_built(run)),
    }
}

fn object(scope: ScopeId, range: &Range) -> Object {
    Object::new("DhcpServerv4ExclusionRange")
        .with("ScopeId", scope)
        .with("StartRange", range.start())
        .with("EndRange", range.end())
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let scopes = run.scopes(&reading)?;
    let objects = scopes
        .iter()
        .flat_map(|scope| scope.exclusions.iter().map(|range| object(scope.id, range)));
    Ok(Results::Objects(objects.collect()))
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let id = run.need(run.call.address("ScopeId"), "ScopeId")?;
    let range = run.need(range(run)?, "StartRange")?;
    let reading = run.reading().await?;
    let scope = run.scope(&reading, id)?.id;
    let message = format!(
        "Failed to add exclusion range with start range {} and end range {} to scope {id} on DHCP \
         server {}.",
        range.start(),
        range.end(),
        run.server
    );
    run.change(vec![Edit::AddExclusion { scope, range }], &message, id)
        .await?;
    Ok(run.pass(vec![object(scope, &range)]))
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let id = run.need(run.call.address("ScopeId"), "ScopeId")?;
    let named = range(run)?;
    let reading = run.reading().await?;
    let scope = run.scope(&reading, id)?;
    let (ranges, which) = match named {
        Some(range) => (vec![range], format!("exclusion range {range}")),
        None => (scope.exclusions.clone(), "the exclusion ranges".to_owned()),
    };
    if ranges.is_empty() {
        return Ok(Results::Nothing);
    }
    let message = format!(
        "Failed to delete {which} from scope {id} on DHCP server {}.",
        run.server
    );
    let scope = scope.id;
    let edits = ranges
        .iter()
        .map(|range| Edit::RemoveExclusion {
            scope,
            range: *range,
        })
        .collect();
    run.change(edits, &message, id).await?;
    Ok(run.pass(ranges.iter().map(|range| object(scope, range)).collect()))
}
