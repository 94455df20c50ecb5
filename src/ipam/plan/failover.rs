//! What belongs to both servers of a relationship: configuring failover, taking scopes out of it,
//! editing and deleting a relationship.
//!
//! The order of the two servers is chosen so that never both serve one pool without knowing of each
//! other: a new relationship begins at the partner (a new end starts in Startup and serves nobody),
//! what is deleted goes from the partner first, and everything else begins at the server asked.

use std::collections::BTreeSet;

use super::replicate::only_errors;
use super::world::{World, blind, denied, refused};
use super::{Draft, PlanError};
use crate::model::failover::RelationshipProperty;
use crate::model::plan::{FailoverChoice, NotUndoable, Purpose, Risk};
use crate::model::server::ServerReading;
use crate::model::text::printable;
use crate::model::{Edit, HaSetup, ScopeId, ServerName};
use crate::rules::{Code, DhcpError, pair};

/// Puts scopes under failover.
pub(super) async fn configure(
    world: &mut World<'_>,
    server: &ServerName,
    scopes: &BTreeSet<ScopeId>,
    with: &FailoverChoice,
) -> Result<Draft, PlanError> {
    let reading = world.need(server).await?;
    let both = pair::configure(server, &reading.config, scopes, with).map_err(refused(server))?;
    let partner = world.canonical(&both.partner);
    world.read(partner.clone()).await;
    if let Some(partner) = partner.as_ref().and_then(|name| world.reading(name).ok()) {
        of_one_kind(&reading, partner)?;
    }
    // The checks in their order: name, reachable, running, version, clocks, what is there already.
    world.try_out(server, &both.here).map_err(denied(server))?;
    let partner = partner.unwrap_or(both.partner);
    world.reading(&partner)?;
    let mut draft = Draft::new(Risk::Several);
    if let FailoverChoice::New { ha: Some(ha), .. } = with {
        can_listen(
            world,
            [(server, ha), (&partner, &ha.mirrored())],
            &mut draft,
        )
        .await?;
    }
    let here = (server, both.here);
    let there = (&partner, both.there);
    let sides = match with {
        FailoverChoice::New { .. } => [there, here],
        FailoverChoice::Existing { .. } => [here, there],
    };
    for (on, edits) in sides {
        let step = world
            .foretell(on, edits, Purpose::Joint)
            .map_err(denied(on))?;
        draft.steps.push(step);
    }
    let in_superscopes: BTreeSet<ScopeId> = scopes
        .iter()
        .filter(|scope| {
            let scope = reading.config.scopes.get(scope);
            scope.is_some_and(|scope| scope.superscope.is_some())
        })
        .copied()
        .collect();
    if !in_superscopes.is_empty() {
        draft.warn(format!(
            "superscopes are each server's own: {} not be in one on {partner}",
            will(&in_superscopes)
        ));
    }
    Ok(draft)
}

/// Servers of two kinds don't understand each other.
fn of_one_kind(one: &ServerReading, other: &ServerReading) -> Result<(), PlanError> {
    let (one, other) = (&one.identity, &other.identity);
    if one.product == other.product {
        return Ok(());
    }
    Err(refused(&one.name)(DhcpError::new(
        Code::FoNotSupported,
        format!(
            "{} is {} and {} is {}: only servers of one kind can be failover partners",
            one.name, one.product, other.name, other.product
        ),
    )))
}

/// Whether each of two servers can listen where the other one will look for it.
async fn can_listen(
    world: &World<'_>,
    ends: [(&ServerName, &HaSetup); 2],
    draft: &mut Draft,
) -> Result<(), PlanError> {
    for (server, ha) in ends {
        let Ok(driver) = world.ipam.driver(server) else {
            continue;
        };
        if let Some(warning) = driver.before_pairing(ha).await? {
            draft.warn(warning);
        }
    }
    Ok(())
}

/// Takes scopes out of failover.
pub(super) async fn remove(
    world: &mut World<'_>,
    server: &ServerName,
    scopes: &BTreeSet<ScopeId>,
    force: bool,
) -> Result<Draft, PlanError> {
    let reading = world.need(server).await?;
    let all = pair::remove_scopes(&reading.config, scopes).map_err(refused(server))?;
    let mut draft = Draft::new(Risk::Destructive);
    let mut here = Vec::new();
    for both in all {
        let partner = at_partner(world, server, &both, force, &mut draft).await?;
        here.extend(both.here);
        let held = reading.config.relationship(&both.name);
        if held.is_some_and(|held| held.scopes.is_subset(scopes)) {
            draft.warn(format!(
                "relationship '{}' with {partner} is left without a scope; it stays, and counts \
                 among the 31 that a server can have",
                printable(&both.name, 130)
            ));
        }
        for scope in held
            .iter()
            .flat_map(|held| held.scopes.intersection(scopes))
        {
            draft.clears.push((server.clone(), *scope));
            draft.clears.push((partner.clone(), *scope));
        }
    }
    let step = world
        .foretell(server, here, Purpose::Joint)
        .map_err(denied(server))?;
    draft.steps.push(step);
    only_errors(world.ipam, &mut draft).await?;
    Ok(draft)
}

/// Changes a relationship's parameters.
pub(super) async fn edit(
    world: &mut World<'_>,
    server: &ServerName,
    name: &str,
    properties: &[RelationshipProperty],
) -> Result<Draft, PlanError> {
    if properties.is_empty() {
        return Err(PlanError::Invalid("there is nothing to change".to_owned()));
    }
    let reading = world.need(server).await?;
    let both = pair::edit(&reading.config, name, properties).map_err(refused(server))?;
    let partner = world.canonical(&both.partner).unwrap_or(both.partner);
    world.read([partner.clone()]).await;
    let here = world
        .foretell(server, both.here, Purpose::Joint)
        .map_err(denied(server))?;
    world.reading(&partner)?;
    let there = world
        .foretell(&partner, both.there, Purpose::Joint)
        .map_err(denied(&partner))?;
    let mut draft = Draft::new(Risk::Several);
    draft.steps = match world.first_of(server, &partner) {
        Some(first) if first == partner => vec![there, here],
        _ => vec![here, there],
    };
    Ok(draft)
}

/// Deletes a relationship.
pub(super) async fn delete(
    world: &mut World<'_>,
    keep_on: &ServerName,
    name: &str,
    force: bool,
) -> Result<Draft, PlanError> {
    let reading = world.need(keep_on).await?;
    let both = pair::delete(&reading.config, name).map_err(refused(keep_on))?;
    let mut draft = Draft::new(Risk::Destructive);
    let partner = at_partner(world, keep_on, &both, force, &mut draft).await?;
    let step = world
        .foretell(keep_on, both.here, Purpose::Joint)
        .map_err(denied(keep_on))?;
    draft.steps.push(step);
    let scopes = reading.config.relationship(name).map(|held| &held.scopes);
    for scope in scopes.into_iter().flatten() {
        draft.clears.push((keep_on.clone(), *scope));
        draft.clears.push((partner.clone(), *scope));
    }
    only_errors(world.ipam, &mut draft).await?;
    Ok(draft)
}

/// The partner's side of what is taken apart: it comes first, and may be missing only by force.
async fn at_partner(
    world: &mut World<'_>,
    server: &ServerName,
    both: &pair::Both,
    force: bool,
    draft: &mut Draft,
) -> Result<ServerName, PlanError> {
    let partner = world.canonical(&both.partner);
    let partner = partner.unwrap_or_else(|| both.partner.clone());
    world.read([partner.clone()]).await;
    if let Err(error) = world.reading(&partner) {
        if !force {
            return Err(error.into());
        }
        let gone = deleted(&both.there);
        draft.warn(format!(
            "{error}; going on without it: when {partner} is back it still serves {}, as {server} \
             does. Delete its copies there before it is started",
            super::title::scopes(&gone)
        ));
        let step = blind(
            &partner,
            both.there.clone(),
            Purpose::BestEffort,
            Err(NotUndoable::because(format!(
                "{partner} could not be read, so its copies can't be brought back"
            ))),
            None,
        );
        draft.steps.push(step);
        return Ok(partner);
    }
    let edits = held_there(world, server, &partner, both, draft);
    if edits.is_empty() {
        return Ok(partner);
    }
    let gone = deleted(&edits);
    match world.foretell(&partner, edits, Purpose::Joint) {
        Ok(step) => {
            warn_of_copies(&partner, server, &gone, draft);
            draft.steps.push(step);
        }
        Err(error) if force => draft.warn(format!(
            "{partner} would refuse its part, and is left as it is: {error}"
        )),
        Err(error) => return Err(denied(&partner)(error)),
    }
    Ok(partner)
}

/// The partner's edits, cut to what it really holds: the two may have drifted apart, and what it
/// has outside of this relationship is not ours to delete.
fn held_there(
    world: &World<'_>,
    server: &ServerName,
    partner: &ServerName,
    both: &pair::Both,
    draft: &mut Draft,
) -> Vec<Edit> {
    let config = match world.copy(partner) {
        Some(copy) if copy.coverage.relationships && copy.coverage.scopes => copy.config,
        // What was not read can't be cut: the partner has the last word.
        _ => return both.there.clone(),
    };
    let with_us = |name: &ServerName| world.canonical(name).as_ref().unwrap_or(name) == server;
    let name = printable(&both.name, 130);
    let held = config
        .relationship(&both.name)
        .filter(|held| with_us(&held.partner));
    let in_it = |scope: &ScopeId| held.is_some_and(|held| held.scopes.contains(scope));
    let asked = deleted(&both.there);
    let (there, outside): (BTreeSet<ScopeId>, BTreeSet<ScopeId>) = asked
        .iter()
        .filter(|scope| config.scopes.contains_key(scope))
        .partition(|scope| in_it(scope));
    let mut edits = Vec::new();
    for edit in &both.there {
        match edit {
            Edit::RemoveRelationship { .. } if held.is_none() => {}
            Edit::RemoveFailoverScopes { name, scopes } => {
                let scopes: BTreeSet<ScopeId> = scopes
                    .iter()
                    .filter(|scope| in_it(scope))
                    .copied()
                    .collect();
                if !scopes.is_empty() {
                    let name = name.clone();
                    edits.push(Edit::RemoveFailoverScopes { name, scopes });
                }
            }
            Edit::RemoveScope { scope, .. } if !there.contains(scope) => {}
            other => edits.push(other.clone()),
        }
    }
    if held.is_none() {
        draft.warn(format!(
            "{partner} has no failover relationship '{name}' with {server}: nothing is done there"
        ));
    } else if edits.is_empty() {
        draft.warn(format!(
            "{partner} does not have {} in '{name}': nothing is done there",
            super::title::scopes(&asked)
        ));
    }
    if !outside.is_empty() {
        draft.warn(format!(
            "{partner} has {} outside of '{name}', and keeps {}: if {server} serves the same \
             addresses, delete what is not wanted on one of the two",
            super::title::scopes(&outside),
            if outside.len() == 1 { "it" } else { "them" }
        ));
    }
    let deletes = both
        .there
        .iter()
        .any(|edit| matches!(edit, Edit::RemoveRelationship { .. }));
    let left: BTreeSet<ScopeId> = held
        .filter(|_| deletes)
        .map(|held| held.scopes.difference(&asked).copied().collect())
        .unwrap_or_default();
    if !left.is_empty() {
        draft.warn(format!(
            "only {partner} has {} in '{name}': {} there, without failover",
            super::title::scopes(&left),
            if left.len() == 1 {
                "it stays"
            } else {
                "they stay"
            }
        ));
    }
    edits
}

/// The scopes that edits delete.
fn deleted(edits: &[Edit]) -> BTreeSet<ScopeId> {
    let removed = edits.iter().filter_map(|edit| match edit {
        Edit::RemoveScope { scope, .. } => Some(*scope),
        _ => None,
    });
    removed.collect()
}

fn warn_of_copies(
    partner: &ServerName,
    server: &ServerName,
    gone: &BTreeSet<ScopeId>,
    draft: &mut Draft,
) {
    if !gone.is_empty() {
        let copies = if gone.len() == 1 { "copy" } else { "copies" };
        draft.warn(format!(
            "{partner}'s {copies} of {} will be deleted; {server} keeps serving",
            super::title::scopes(gone)
        ));
    }
}

fn will(scopes: &BTreeSet<ScopeId>) -> String {
    format!("{} will", super::title::scopes(scopes))
}
