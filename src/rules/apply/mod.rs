//! What a Microsoft DHCP server does with an edit.

mod check;
mod exclusion;
mod failover;
mod filter;
mod option;
mod policy;
mod reservation;
mod scope;
mod settings;
mod superscope;

use super::{Code, DhcpError, Facts};
use crate::model::{Edit, ServerConfig};

/// The configuration after an edit. What the edit does not touch is shared with the one before
/// (the very same `Arc`s).
///
/// # Errors
/// [`DhcpError`] with Microsoft's number when the server would refuse it.
pub fn apply(config: &ServerConfig, facts: &Facts, edit: &Edit) -> Result<ServerConfig, DhcpError> {
    let mut config = config.clone();
    change(&mut config, facts, edit)?;
    Ok(config)
}

/// The configuration after several edits, all or none.
///
/// # Errors
/// The first refusal.
pub fn apply_all(
    config: &ServerConfig,
    facts: &Facts,
    edits: &[Edit],
) -> Result<ServerConfig, DhcpError> {
    let mut config = config.clone();
    for edit in edits {
        change(&mut config, facts, edit)?;
    }
    Ok(config)
}

/// Changes the configuration in place. A refusal leaves it as it was: every rule is asked before
/// anything is written.
pub(super) fn change(
    config: &mut ServerConfig,
    facts: &Facts,
    edit: &Edit,
) -> Result<(), DhcpError> {
    if !facts.may_write {
        return Err(DhcpError::new(
            Code::AccessDenied,
            format!(
                "you may not change {}; become a member of its DHCP Administrators group, or ask \
                 one of them",
                check::server(facts)
            ),
        ));
    }
    match edit {
        Edit::AddScope(scope) => scope::add(config, facts, scope),
        Edit::SetScope { scope, properties } => scope::set(config, facts, *scope, properties),
        Edit::ReplaceScope(scope) => scope::replace(config, facts, scope),
        Edit::RemoveScope { scope, force } => scope::remove(config, facts, *scope, *force),
        Edit::AddExclusion { scope, range } => exclusion::add(config, facts, *scope, *range),
        Edit::RemoveExclusion { scope, range } => exclusion::remove(config, facts, *scope, *range),
        Edit::AddReservation { scope, reservation } => {
            reservation::add(config, facts, *scope, reservation)
        }
        Edit::SetReservation {
            scope,
            address,
            properties,
        } => reservation::set(config, facts, *scope, *address, properties),
        Edit::RemoveReservation { scope, address } => {
            reservation::remove(config, facts, *scope, *address)
        }
        Edit::SetOption { level, key, value } => option::set(config, facts, level, key, value),
        Edit::RemoveOption { level, key } => option::remove(config, facts, level, key),
        Edit::AddPolicy {
            level,
            policy,
            order,
        } => policy::add(config, facts, *level, policy, *order),
        Edit::SetPolicy {
            level,
            name,
            properties,
        } => policy::set(config, facts, *level, name, properties),
        Edit::RemovePolicy { level, name } => policy::remove(config, facts, *level, name),
        Edit::AddFilter {
            pattern,
            filter,
            force,
        } => filter::add(config, facts, pattern, filter, *force),
        Edit::RemoveFilter { pattern } => filter::remove(config, facts, pattern),
        Edit::SetSettings { properties } => settings::set(config, properties),
        Edit::RenameSuperscope { from, to } => superscope::rename(config, facts, from, to),
        Edit::AddRelationship {
            relationship,
            secret,
        } => failover::add(config, facts, relationship, secret.as_ref()),
        Edit::SetRelationship { name, properties } => {
            failover::set(config, facts, name, properties)
        }
        Edit::RemoveRelationship { name } => failover::remove(config, facts, name),
        Edit::AddFailoverScopes { name, scopes } => {
            failover::add_scopes(config, facts, name, scopes)
        }
        Edit::RemoveFailoverScopes { name, scopes } => {
            failover::remove_scopes(config, facts, name, scopes)
        }
    }
}
