//! What a plan is called, in IPAM's words: `Create DHCP reservation 10.0.0.100 in scope 10.0.0.0`.

use std::collections::BTreeSet;

use crate::model::edit::{Edit, Order};
use crate::model::plan::{FailoverChoice, ReplicationLevel};
use crate::model::scope::{ScopeProperty, ScopeState};
use crate::model::{ScopeId, ServerName};

/// A change's title.
pub(super) fn change(server: &ServerName, edits: &[Edit]) -> String {
    let first = edits.first().map(edit).unwrap_or_default();
    let rest = match edits.len() {
        0 | 1 => String::new(),
        2 => " and 1 more change".to_owned(),
        many => format!(" and {} more changes", many - 1),
    };
    format!("{first}{rest} on {server}")
}

fn edit(edit: &Edit) -> String {
    match edit {
        Edit::AddScope(scope) => format!("Create DHCP scope {} '{}'", scope.id, scope.name),
        Edit::SetScope { scope, properties } => match properties.as_slice() {
            [ScopeProperty::State(ScopeState::Active)] => format!("Activate DHCP scope {scope}"),
            [ScopeProperty::State(ScopeState::Inactive)] => {
                format!("Deactivate DHCP scope {scope}")
            }
            [ScopeProperty::Superscope(Some(name))] => {
                format!("Add scope {scope} to DHCP superscope '{name}'")
            }
            [ScopeProperty::Superscope(None)] => {
                format!("Remove scope {scope} from DHCP superscope")
            }
            _ => format!("Edit DHCP scope {scope}"),
        },
        Edit::ReplaceScope(scope) => format!("Replace DHCP scope {}", scope.id),
        Edit::RemoveScope { scope, .. } => format!("Delete DHCP scope {scope}"),
        Edit::AddReservation { scope, reservation } => format!(
            "Create DHCP reservation {} in scope {scope}",
            reservation.address
        ),
        Edit::SetReservation { scope, address, .. } => {
            format!("Edit DHCP reservation {address} in scope {scope}")
        }
        Edit::RemoveReservation { scope, address } => {
            format!("Delete DHCP reservation {address} from scope {scope}")
        }
        Edit::AddExclusion { .. }
        | Edit::RemoveExclusion { .. }
        | Edit::SetOption { .. }
        | Edit::RemoveOption { .. }
        | Edit::AddPolicy { .. }
        | Edit::SetPolicy { .. }
        | Edit::RemovePolicy { .. }
        | Edit::AddFilter { .. }
        | Edit::RemoveFilter { .. }
        | Edit::SetSettings { .. }
        | Edit::RenameSuperscope { .. }
        | Edit::AddRelationship { .. }
        | Edit::SetRelationship { .. }
        | Edit::RemoveRelationship { .. }
        | Edit::AddFailoverScopes { .. }
        | Edit::RemoveFailoverScopes { .. } => edit.to_string(),
    }
}

/// Configuring failover.
pub(super) fn configure(
    server: &ServerName,
    of: &BTreeSet<ScopeId>,
    with: &FailoverChoice,
) -> String {
    match with {
        FailoverChoice::New { relationship, .. } => format!(
            "Configure DHCP failover of {} on {server} with {}",
            scopes(of),
            relationship.partner
        ),
        FailoverChoice::Existing { name } => format!(
            "Configure DHCP failover of {} on {server} in relationship '{name}'",
            scopes(of)
        ),
    }
}

/// Taking scopes out of failover.
pub(super) fn remove_failover(server: &ServerName, of: &BTreeSet<ScopeId>) -> String {
    format!(
        "Remove DHCP failover configuration of {} on {server}",
        scopes(of)
    )
}

/// Something done to a relationship.
pub(super) fn relationship(verb: &str, name: &str, server: &ServerName) -> String {
    format!("{verb} DHCP failover relationship '{name}' on {server}")
}

/// A replication.
pub(super) fn replicate(from: &ServerName, what: &ReplicationLevel) -> String {
    match what {
        ReplicationLevel::Scopes(of) => {
            let many = if of.len() == 1 { "scope" } else { "scopes" };
            format!("Replicate DHCP {many} {} from {from}", listed(of))
        }
        ReplicationLevel::Relationship(name) => {
            format!("Replicate DHCP failover relationship '{name}' from {from}")
        }
        ReplicationLevel::Server => format!("Replicate DHCP server {from}"),
    }
}

/// An order.
pub(super) fn order(server: &ServerName, order: &Order) -> String {
    match order {
        Order::SetPartnerDown { relationship } => {
            format!("Set partner down in failover relationship '{relationship}' on {server}")
        }
        other => format!("{other} on {server}"),
    }
}

/// `scope 10.0.0.0`, `scopes 10.0.0.0, 10.0.1.0`, or how many where that gets long.
pub(super) fn scopes(of: &BTreeSet<ScopeId>) -> String {
    match of.len() {
        0 => "no scope".to_owned(),
        1 => format!("scope {}", listed(of)),
        _ => format!("scopes {}", listed(of)),
    }
}

fn listed(of: &BTreeSet<ScopeId>) -> String {
    const SHOWN: usize = 6;
    let mut names: Vec<String> = of.iter().take(SHOWN).map(ToString::to_string).collect();
    if of.len() > SHOWN {
        names.push(format!("{} more", of.len() - SHOWN));
    }
    names.join(", ")
}
