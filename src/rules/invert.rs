//! What would take an edit back.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::apply::Batch;
use super::{DhcpError, Facts};
use crate::model::failover::{MAX_ADD_SCOPES, RelationshipProperty, SharedSecret};
use crate::model::plan::NotUndoable;
use crate::model::policy::PolicyProperty;
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ScopeProperty;
use crate::model::settings::SettingsProperty;
use crate::model::text::printable;
use crate::model::{
    Edit, OptionKey, OptionLevel, Options, Policy, PolicyLevel, Relationship, Reservation, Scope,
    ScopeId, ServerConfig,
};

/// The edits that bring `before` back after `edit`, in order.
///
/// It is the configuration that they bring back: what a server has besides (the leases of a scope
/// that was removed) stays lost.
///
/// # Errors
/// [`NotUndoable`] with the reason where there are none.
pub fn invert(before: &ServerConfig, edit: &Edit) -> Result<Vec<Edit>, NotUndoable> {
    match edit {
        Edit::AddScope(scope) => Ok(vec![Edit::RemoveScope {
            scope: scope.id,
            force: true,
        }]),
        Edit::SetScope { scope, properties } => set_scope(find(before, *scope)?, properties),
        Edit::ReplaceScope(copy) => {
            let scope = find(before, copy.id)?;
            Ok(vec![Edit::ReplaceScope(Box::new(scope.clone()))])
        }
        Edit::RemoveScope { scope, .. } => {
            let scope = find(before, *scope)?;
            Ok(vec![Edit::AddScope(Box::new(scope.clone()))])
        }
        Edit::AddExclusion { scope, range } => Ok(vec![Edit::RemoveExclusion {
            scope: *scope,
            range: *range,
        }]),
        Edit::RemoveExclusion { scope, range } => Ok(vec![Edit::AddExclusion {
            scope: *scope,
            range: *range,
        }]),
        Edit::AddReservation { scope, reservation } => Ok(vec![Edit::RemoveReservation {
            scope: *scope,
            address: reservation.address,
        }]),
        Edit::SetReservation {
            scope,
            address,
            properties,
        } => {
            let held = reservation(before, *scope, *address)?.properties();
            Ok(vec![Edit::SetReservation {
                scope: *scope,
                address: *address,
                properties: old_values(&held, properties, ReservationProperty::same_kind),
            }])
        }
        Edit::RemoveReservation { scope, address } => Ok(vec![Edit::AddReservation {
            scope: *scope,
            reservation: reservation(before, *scope, *address)?.clone(),
        }]),
        Edit::SetOption { level, key, .. } | Edit::RemoveOption { level, key } => {
            option(before, level, key)
        }
        Edit::AddPolicy { level, policy, .. } => Ok(vec![Edit::RemovePolicy {
            level: *level,
            name: policy.name.clone(),
        }]),
        Edit::SetPolicy {
            level,
            name,
            properties,
        } => set_policy(before, *level, name, properties),
        Edit::RemovePolicy { level, name } => {
            let (order, policy) = policy(before, *level, name)?;
            Ok(vec![Edit::AddPolicy {
                level: *level,
                policy: Box::new(policy.clone()),
                order: Some(order),
            }])
        }
        Edit::AddFilter { pattern, .. } | Edit::RemoveFilter { pattern } => {
            Ok(vec![match before.filters.get(pattern) {
                Some(filter) => Edit::AddFilter {
                    pattern: pattern.clone(),
                    filter: filter.clone(),
                    force: matches!(edit, Edit::AddFilter { .. }),
                },
                None => Edit::RemoveFilter {
                    pattern: pattern.clone(),
                },
            }])
        }
        Edit::SetSettings { properties } => Ok(vec![Edit::SetSettings {
            properties: old_values(
                &before.settings.properties(),
                properties,
                SettingsProperty::same_kind,
            ),
        }]),
        Edit::RenameSuperscope { from, to } => Ok(vec![Edit::RenameSuperscope {
            from: to.clone(),
            to: from.clone(),
        }]),
        Edit::AddRelationship { relationship, .. } => Ok(vec![Edit::RemoveRelationship {
            name: relationship.name.clone(),
        }]),
        Edit::SetRelationship { name, properties } => set_relationship(before, name, properties),
        Edit::RemoveRelationship { name } => remove_relationship(relationship(before, name)?),
        Edit::AddFailoverScopes { name, scopes } => Ok(vec![Edit::RemoveFailoverScopes {
            name: name.clone(),
            scopes: scopes.clone(),
        }]),
        Edit::RemoveFailoverScopes { name, scopes } => Ok(add_scopes(name, scopes)),
    }
}

/// The edits that bring `before` back after several edits, in order.
///
/// # Errors
/// [`NotUndoable`] with the first reason; also when one of the edits would be refused.
pub fn invert_all(
    before: &ServerConfig,
    facts: &Facts,
    edits: &[Edit],
) -> Result<Vec<Edit>, NotUndoable> {
    let mut batch = Batch::new(before, facts);
    let mut inverses = Vec::with_capacity(edits.len());
    for (index, edit) in edits.iter().enumerate() {
        inverses.push(invert(&batch.config, edit)?);
        if index + 1 < edits.len() {
            batch.change(edit).map_err(|DhcpError { sentence, .. }| {
                NotUndoable::because(format!("it would not be done: {sentence}"))
            })?;
        }
    }
    Ok(inverses.into_iter().rev().flatten().collect())
}

fn set_scope(before: &Scope, properties: &[ScopeProperty]) -> Result<Vec<Edit>, NotUndoable> {
    let scope = before.id;
    let mut edits = Vec::with_capacity(2);
    // A scope does not go from one superscope right into another: it is taken out first.
    let leaves_another = properties.iter().any(|property| {
        matches!(property, ScopeProperty::Superscope(Some(new))
            if before.superscope.as_ref().is_some_and(|held| held != new))
    });
    if leaves_another {
        edits.push(Edit::SetScope {
            scope,
            properties: vec![ScopeProperty::Superscope(None)],
        });
    }
    edits.push(Edit::SetScope {
        scope,
        properties: old_values(&before.properties(), properties, ScopeProperty::same_kind),
    });
    Ok(edits)
}

fn option(
    before: &ServerConfig,
    level: &OptionLevel,
    key: &OptionKey,
) -> Result<Vec<Edit>, NotUndoable> {
    let options: &Options = match level {
        OptionLevel::Server => &before.options,
        OptionLevel::Scope(scope) => &find(before, *scope)?.options,
        OptionLevel::Reservation(scope, address) => &reservation(before, *scope, *address)?.options,
        OptionLevel::Policy(scope, name) => &policy(before, *scope, name)?.1.options,
    };
    let (level, key) = (level.clone(), key.clone());
    Ok(vec![match options.get(&key) {
        Some(value) => Edit::SetOption {
            level,
            value: value.clone(),
            key,
        },
        None => Edit::RemoveOption { level, key },
    }])
}

fn set_policy(
    before: &ServerConfig,
    level: PolicyLevel,
    name: &str,
    properties: &[PolicyProperty],
) -> Result<Vec<Edit>, NotUndoable> {
    let (order, policy) = policy(before, level, name)?;
    let mut held = policy.properties();
    held.push(PolicyProperty::ProcessingOrder(order));
    let renamed = properties.iter().find_map(|property| match property {
        PolicyProperty::Name(name) => Some(name.clone()),
        _ => None,
    });
    Ok(vec![Edit::SetPolicy {
        level,
        name: renamed.unwrap_or_else(|| policy.name.clone()),
        properties: old_values(&held, properties, PolicyProperty::same_kind),
    }])
}

fn set_relationship(
    before: &ServerConfig,
    name: &str,
    properties: &[RelationshipProperty],
) -> Result<Vec<Edit>, NotUndoable> {
    let before = relationship(before, name)?;
    let changes_secret = properties.iter().any(|property| {
        matches!(
            property,
            RelationshipProperty::Authentication(None | Some(SharedSecret::Text(_)))
        )
    });
    if before.authenticated && changes_secret {
        return Err(old_secret(before));
    }
    let mut properties = old_values(
        &before.properties(),
        properties,
        RelationshipProperty::same_kind,
    );
    // What is left of authentication when it was on: the secret stays the one that is kept.
    if before.authenticated {
        properties.retain(|property| !matches!(property, RelationshipProperty::Authentication(_)));
    }
    Ok(vec![Edit::SetRelationship {
        name: before.name.clone(),
        properties,
    }])
}

fn remove_relationship(before: &Relationship) -> Result<Vec<Edit>, NotUndoable> {
    if before.authenticated {
        return Err(old_secret(before));
    }
    let mut relationship = before.clone();
    let late: BTreeSet<ScopeId> = before.scopes.iter().copied().skip(MAX_ADD_SCOPES).collect();
    relationship.scopes.retain(|scope| !late.contains(scope));
    let mut edits = vec![Edit::AddRelationship {
        relationship,
        secret: None,
        ha: None,
    }];
    edits.extend(add_scopes(&before.name, &late));
    Ok(edits)
}

/// As many at once as a server takes.
fn add_scopes(name: &str, scopes: &BTreeSet<ScopeId>) -> Vec<Edit> {
    let all: Vec<ScopeId> = scopes.iter().copied().collect();
    all.chunks(MAX_ADD_SCOPES)
        .map(|some| Edit::AddFailoverScopes {
            name: name.to_owned(),
            scopes: some.iter().copied().collect(),
        })
        .collect()
}

/// The values that the properties set had before, each once.
fn old_values<P: Clone>(held: &[P], set: &[P], same_kind: impl Fn(&P, &P) -> bool) -> Vec<P> {
    held.iter()
        .filter(|old| set.iter().any(|new| same_kind(old, new)))
        .cloned()
        .collect()
}

fn find(config: &ServerConfig, scope: ScopeId) -> Result<&Scope, NotUndoable> {
    let found = config.scopes.get(&scope).map(AsRef::as_ref);
    found.ok_or_else(|| absent(&format!("scope {}", scope.net())))
}

fn reservation(
    config: &ServerConfig,
    scope: ScopeId,
    address: Ipv4Addr,
) -> Result<&Reservation, NotUndoable> {
    let found = find(config, scope)?.reservations.get(&address);
    found
        .map(AsRef::as_ref)
        .ok_or_else(|| absent(&format!("reservation {address} in scope {scope}")))
}

/// The policy of that name with its processing order.
fn policy<'c>(
    config: &'c ServerConfig,
    level: PolicyLevel,
    name: &str,
) -> Result<(u16, &'c Policy), NotUndoable> {
    let policies = match level {
        None => &config.policies,
        Some(scope) => &find(config, scope)?.policies,
    };
    (1..)
        .zip(policies)
        .find(|(_, policy)| policy.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| absent(&format!("policy '{}'", printable(name, 80))))
}

fn relationship<'c>(config: &'c ServerConfig, name: &str) -> Result<&'c Relationship, NotUndoable> {
    let found = config.relationship(name);
    found.ok_or_else(|| absent(&format!("failover relationship '{}'", printable(name, 80))))
}

fn absent(what: &str) -> NotUndoable {
    NotUndoable::because(format!("there was no {what} whose values could come back"))
}

fn old_secret(relationship: &Relationship) -> NotUndoable {
    NotUndoable::because(format!(
        "no server tells the shared secret that failover relationship '{}' had: to go back, type it \
         again on both servers",
        printable(&relationship.name, 80)
    ))
}

#[cfg(test)]
mod tests;
