//! Replication at its three levels: the partner's copies become those of the server that is right.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{World, denied, not_in_failover, refused};
use super::{Draft, PlanError, counted};
use crate::ipam::Ipam;
use crate::model::plan::{Purpose, ReplicationLevel, Risk};
use crate::model::server::ServerConfig;
use crate::model::text::printable;
use crate::model::{Comparison, Detail, Difference, ScopeId, ServerName};
use crate::rules::{Code, DhcpError, compare_relationship, heal};

/// More scopes than this are counted and not named one by one.
const NAMED: usize = 20;

/// What is replicated to one partner: scopes by relationship (its name in lower case).
type Groups = BTreeMap<ServerName, BTreeMap<String, BTreeSet<ScopeId>>>;

/// Plans a replication.
pub(super) async fn replicate(
    world: &mut World<'_>,
    from: &ServerName,
    what: &ReplicationLevel,
) -> Result<Draft, PlanError> {
    let reading = world.need(from).await?;
    let mut draft = Draft::new(Risk::Small);
    let groups = groups(world, from, &reading.config, what, &mut draft)?;
    world.read(groups.keys().cloned()).await;
    let alone = groups.values().map(BTreeMap::len).sum::<usize>() == 1;
    for (partner, relationships) in &groups {
        let planned = match world.reading(partner) {
            Ok(_) => to_partner(world, from, partner, relationships, alone, &mut draft),
            Err(error) => Err(error.into()),
        };
        match planned {
            Err(error) if alone => return Err(error),
            // One partner's trouble does not keep the others from getting theirs.
            Err(error) => draft.leave_out(
                partner,
                format!("nothing was replicated to {partner}: {error}"),
            ),
            Ok(()) => {}
        }
    }
    if !draft.steps.is_empty() {
        draft.risk = Risk::Destructive;
    }
    only_errors(world.ipam, &mut draft).await?;
    Ok(draft)
}

/// Leaves of the rows to be cleared those that have an error.
pub(super) async fn only_errors(ipam: &Ipam, draft: &mut Draft) -> Result<(), PlanError> {
    if !draft.clears.is_empty() {
        let errors = ipam.remember(|store| store.out_of_sync()).await?;
        draft.clears.retain(|row| errors.contains_key(row));
    }
    Ok(())
}

/// Which scopes go to which partner.
fn groups(
    world: &World<'_>,
    from: &ServerName,
    config: &ServerConfig,
    what: &ReplicationLevel,
    draft: &mut Draft,
) -> Result<Groups, PlanError> {
    let mut groups = Groups::new();
    let mut put = |key: &str, scopes: BTreeSet<ScopeId>| {
        if let Some(relationship) = config.relationships.get(key) {
            let partner = world.canonical(&relationship.partner);
            let partner = partner.unwrap_or_else(|| relationship.partner.clone());
            let to = groups.entry(partner).or_default();
            to.entry(key.to_owned()).or_default().extend(scopes);
        }
    };
    match what {
        ReplicationLevel::Server => {
            for (key, relationship) in &config.relationships {
                put(key, relationship.scopes.clone());
            }
        }
        ReplicationLevel::Relationship(name) => {
            let Some(relationship) = config.relationship(name) else {
                return Err(refused(from)(DhcpError::new(
                    Code::FoRelationshipDoesNotExist,
                    format!(
                        "there is no failover relationship '{}' on {from}",
                        printable(name, 130)
                    ),
                )));
            };
            put(&name.to_lowercase(), relationship.scopes.clone());
        }
        ReplicationLevel::Scopes(scopes) => {
            let mut without = Vec::new();
            for scope in scopes {
                if !config.scopes.contains_key(scope) {
                    return Err(refused(from)(DhcpError::new(
                        Code::SubnetNotPresent,
                        format!("there is no scope {scope} on {from}"),
                    )));
                }
                match config.relationship_of(*scope) {
                    Some(relationship) => {
                        put(&relationship.name.to_lowercase(), [*scope].into());
                    }
                    None => without.push(not_in_failover(from, *scope)),
                }
            }
            if let [first, ..] = without.as_slice()
                && without.len() == scopes.len()
            {
                return Err(refused(from)(first.clone()));
            }
            for error in without {
                draft.warn(format!("skipped: {error}"));
            }
        }
    }
    if groups.is_empty() {
        draft.warn(format!("{from} has no scope under failover"));
    }
    Ok(groups)
}

/// Everything that goes to one partner, in one step.
fn to_partner(
    world: &mut World<'_>,
    from: &ServerName,
    partner: &ServerName,
    relationships: &BTreeMap<String, BTreeSet<ScopeId>>,
    alone: bool,
    draft: &mut Draft,
) -> Result<(), PlanError> {
    let purpose = if alone {
        Purpose::Main
    } else {
        Purpose::Target
    };
    let mut ours = Vec::new();
    let mut identical = Vec::new();
    let mut clears = Vec::new();
    for (key, scopes) in relationships {
        let Some((left, right)) = world.copy(from).zip(world.copy(partner)) else {
            continue;
        };
        let name = left
            .config
            .relationship(key)
            .map_or_else(|| key.clone(), |relationship| relationship.name.clone());
        if right.coverage.relationships && right.config.relationship(key).is_none() {
            let error = DhcpError::new(
                Code::FoRelationshipDoesNotExist,
                format!(
                    "{partner} has no failover relationship '{}' any more: nothing can be \
                     replicated to it; delete it on {from} and configure failover anew",
                    printable(&name, 130)
                ),
            );
            if alone {
                return Err(refused(partner)(error));
            }
            draft.leave_out(partner, error);
            continue;
        }
        let comparison = compare_relationship(left, right, key);
        warn_of_the_rest(partner, &name, &comparison, scopes, draft);
        let differences: Vec<Difference> = comparison
            .differences
            .into_iter()
            .filter(|difference| {
                about(difference).is_some_and(|(scope, ours)| ours && scopes.contains(&scope))
            })
            .collect();
        let differing: BTreeSet<ScopeId> = differences
            .iter()
            .filter_map(|difference| Some(about(difference)?.0))
            .collect();
        identical.extend(scopes.difference(&differing).copied());
        ours.extend(differences);
        for scope in scopes {
            clears.push((from.clone(), *scope));
            clears.push((partner.clone(), *scope));
        }
    }
    tell_identical(partner, &identical, draft);
    let edits = heal(&ours);
    if !edits.is_empty() {
        let step = world
            .foretell(partner, edits, purpose)
            .map_err(denied(partner))?;
        warn_of_deletions(partner, from, &ours, draft);
        draft.steps.push(step);
    }
    draft.clears.extend(clears);
    Ok(())
}

/// The scope that a difference is about, and whether replication makes it go away.
fn about(difference: &Difference) -> Option<(ScopeId, bool)> {
    match &difference.detail {
        Detail::Membership { scope, on_left, .. } => Some((*scope, *on_left)),
        Detail::RelationshipProperty { .. } => None,
        Detail::Scope { left, .. } => Some((difference.object.scope()?, left.is_some())),
        _ => Some((difference.object.scope()?, true)),
    }
}

/// What differs besides the scopes replicated, and what could not be compared.
fn warn_of_the_rest(
    partner: &ServerName,
    name: &str,
    comparison: &Comparison,
    scopes: &BTreeSet<ScopeId>,
    draft: &mut Draft,
) {
    let name = printable(name, 130);
    let parameters: Vec<String> = comparison
        .differences
        .iter()
        .filter(|difference| matches!(difference.detail, Detail::RelationshipProperty { .. }))
        .map(Difference::field)
        .collect();
    if !parameters.is_empty() {
        draft.warn(format!(
            "the two servers hold relationship '{name}' differently ({}); replication leaves that: \
             edit the relationship to make it the same on both",
            parameters.join(", ")
        ));
    }
    let only_there: Vec<String> = comparison
        .differences
        .iter()
        .filter_map(about)
        .filter(|(scope, ours)| !ours && !scopes.contains(scope))
        .map(|(scope, _)| scope.to_string())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if !only_there.is_empty() {
        draft.warn(format!(
            "{partner} has {} in '{name}', which is not in it here: replication leaves that",
            only_there.join(", ")
        ));
    }
    if !comparison.unknown.is_empty() {
        let areas: Vec<String> = comparison.unknown.iter().map(ToString::to_string).collect();
        draft.warn(format!(
            "{} could not be compared with {partner}, and are not replicated",
            areas.join(", ")
        ));
    }
}

fn tell_identical(partner: &ServerName, identical: &[ScopeId], draft: &mut Draft) {
    if identical.len() > NAMED {
        draft.warn(format!(
            "{} on {partner} are identical",
            counted(identical.len(), "scope", "scopes")
        ));
        return;
    }
    for scope in identical {
        draft.warn(format!("{scope} is identical on {partner}"));
    }
}

/// What only the partner has, and replication deletes there.
fn warn_of_deletions(
    partner: &ServerName,
    from: &ServerName,
    differences: &[Difference],
    draft: &mut Draft,
) {
    let mut gone = BTreeMap::<&str, usize>::new();
    for difference in differences {
        let what = match &difference.detail {
            Detail::Exclusion { on_left: false, .. } => "exclusion ranges",
            Detail::Reservation { left: None, .. } => "reservations",
            Detail::Option { left: None, .. } => "option values",
            Detail::Policy { left: None, .. } => "policies",
            _ => continue,
        };
        *gone.entry(what).or_default() += 1;
    }
    if !gone.is_empty() {
        let parts: Vec<String> = gone
            .iter()
            .map(|(what, count)| format!("{what}: {count}"))
            .collect();
        draft.warn(format!(
            "what only {partner} has and {from} has not is deleted there ({})",
            parts.join(", ")
        ));
    }
}

/// Says that configuration sync errors have been dealt with elsewhere.
pub(super) async fn clear(
    ipam: &Ipam,
    server: &ServerName,
    scopes: &BTreeSet<ScopeId>,
) -> Result<Draft, PlanError> {
    let errors = ipam.remember(|store| store.out_of_sync()).await?;
    let mut draft = Draft::new(Risk::Small);
    for scope in scopes {
        let row = (server.clone(), *scope);
        if errors.contains_key(&row) {
            draft.clears.push(row);
        } else {
            draft.warn(format!(
                "scope {scope} on {server} has no configuration sync error"
            ));
        }
    }
    Ok(draft)
}
