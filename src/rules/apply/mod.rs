//! What a Microsoft DHCP server does with an edit, and where a Kea server differs.

mod check;
mod exclusion;
mod failover;
mod filter;
mod option;
mod partner;
mod policy;
mod reservation;
mod scope;
mod settings;
mod superscope;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{Code, DhcpError, Facts};
use crate::model::{Edit, ScopeId, ServerConfig};

/// The configuration after an edit. What the edit does not touch is shared with the one before
/// (the very same `Arc`s).
///
/// # Errors
/// [`DhcpError`] with Microsoft's number when the server would refuse it.
pub fn apply(config: &ServerConfig, facts: &Facts, edit: &Edit) -> Result<ServerConfig, DhcpError> {
    apply_all(config, facts, std::slice::from_ref(edit))
}

/// The configuration after several edits, all or none.
///
/// They are one operation: a scope that one of them adds and a later one puts under failover is
/// the copy of the partner's, and the partner may have the original ([`super::pair`]). One by one
/// they would be refused: the partner would seem to have a scope of its own there.
///
/// # Errors
/// The first refusal.
pub fn apply_all(
    config: &ServerConfig,
    facts: &Facts,
    edits: &[Edit],
) -> Result<ServerConfig, DhcpError> {
    let mut batch = Batch::new(config, facts);
    for edit in edits {
        batch.change(edit)?;
    }
    Ok(batch.config)
}

/// Edits of one operation, and what they have come to so far.
pub(super) struct Batch<'f> {
    pub(super) config: ServerConfig,
    facts: &'f Facts,
    /// The scopes that the operation has added.
    made: BTreeSet<ScopeId>,
}

impl<'f> Batch<'f> {
    pub(super) fn new(config: &ServerConfig, facts: &'f Facts) -> Batch<'f> {
        Batch {
            config: config.clone(),
            facts,
            made: BTreeSet::new(),
        }
    }

    /// The next edit. A refusal leaves everything as it was: every rule is asked before anything
    /// is written.
    pub(super) fn change(&mut self, edit: &Edit) -> Result<(), DhcpError> {
        change(&mut self.config, self.facts, &self.made, edit)?;
        match edit {
            Edit::AddScope(scope) => {
                self.made.insert(scope.id);
            }
            Edit::RemoveScope { scope, .. } => {
                self.made.remove(scope);
            }
            _ => {}
        }
        Ok(())
    }
}

fn change(
    config: &mut ServerConfig,
    facts: &Facts,
    made: &BTreeSet<ScopeId>,
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
            ha,
        } => {
            failover::terms(facts, relationship, ha.as_deref())?;
            failover::add(config, facts, made, relationship, secret.as_ref())
        }
        Edit::SetRelationship { name, properties } => {
            failover::set(config, facts, name, properties)
        }
        Edit::RemoveRelationship { name } => failover::remove(config, facts, name),
        Edit::AddFailoverScopes { name, scopes } => {
            failover::add_scopes(config, facts, made, name, scopes)
        }
        Edit::RemoveFailoverScopes { name, scopes } => {
            failover::remove_scopes(config, facts, name, scopes)
        }
    }
}
