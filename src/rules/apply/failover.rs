//! When a server accepts a failover relationship, scopes in it, a change to it, and its removal.

use std::collections::BTreeSet;

use super::super::{Code, DhcpError, Facts, ha_setup};
use super::check::{self, Outcome, refuse, shown};
use super::partner;
use crate::model::failover::{
    FailoverState, MAX_ADD_SCOPES, MAX_NAME, MAX_RELATIONSHIPS, Mode, RelationshipProperty, Role,
    SharedSecret, Side,
};
use crate::model::scope::{ClientType, Seconds};
use crate::model::{HaSetup, Relationship, ScopeId, ServerConfig, ServerName};

pub(super) fn add(
    config: &mut ServerConfig,
    facts: &Facts,
    made: &BTreeSet<ScopeId>,
    relationship: &Relationship,
    secret: Option<&SharedSecret>,
) -> Outcome {
    supported(facts)?;
    let partner = &relationship.partner;
    name(&relationship.name)?;
    partner_name(facts, partner)?;
    mode(relationship.mode)?;
    mclt(facts, relationship.mclt)?;
    switch_interval(relationship.switch_interval)?;
    new_secret(&relationship.name, secret)?;
    let key = relationship.name.to_lowercase();
    if let Some(held) = config.relationships.get(&key) {
        return exists(
            &held.name,
            &check::server(facts),
            &shown(held.partner.as_str()),
        );
    }
    if config.relationships.len() >= MAX_RELATIONSHIPS {
        return too_many(&check::server(facts));
    }
    if let Some(there) = partner::facts_of(facts, partner) {
        partner::ready(partner, there)?;
        match there.relationships.get(&key) {
            // The partner's side of the same operation, done before this side.
            Some(with) if with.means(facts.this_server.as_str()) => {}
            Some(with) => {
                return exists(
                    &relationship.name,
                    &shown(partner.as_str()),
                    &shown(with.as_str()),
                );
            }
            None if there.relationships.len() >= MAX_RELATIONSHIPS => {
                return too_many(&shown(partner.as_str()));
            }
            None => {}
        }
    }
    let originals = match relationship.side {
        Side::Primary => made,
        // The primary is the one that had the scopes.
        Side::Secondary => &relationship.scopes,
    };
    let entrance = Entrance {
        key: &key,
        partner,
        originals,
    };
    may_enter(config, facts, &entrance, &relationship.scopes)?;
    let mut relationship = relationship.clone();
    relationship.authenticated = secret.is_some();
    config.relationships.insert(key, relationship);
    Ok(())
}

/// Whether a relationship has the terms that its servers' kind needs.
pub(super) fn terms(facts: &Facts, relationship: &Relationship, ha: Option<&HaSetup>) -> Outcome {
    if let Some(there) = partner::facts_of(facts, &relationship.partner)
        && there.resolves
        && there.reachable
        && there.rulebook.product != facts.rulebook.product
    {
        return refuse(
            Code::FoNotSupported,
            format!(
                "{} is {} and {} is {}: only servers of one kind can be failover partners",
                check::server(facts),
                facts.rulebook.product,
                shown(relationship.partner.as_str()),
                there.rulebook.product
            ),
        );
    }
    let Some(ha) = ha else { return Ok(()) };
    if !facts.rulebook.is_kea() {
        return refuse(
            Code::InvalidParameter,
            format!(
                "{} is {}, which has no peer names and URLs: leave them out",
                check::server(facts),
                facts.rulebook.product
            ),
        );
    }
    ha_setup::sound(ha)?;
    if relationship.switch_interval != ha.switch_interval() {
        return refuse(
            Code::InvalidParameter,
            "the State Switchover Interval of a Kea relationship is its max-response-delay, with \
             max-unacked-clients at 0: give both alike",
        );
    }
    let active = match relationship.side {
        Side::Primary => Role::Active,
        Side::Secondary => Role::Standby,
    };
    match relationship.mode {
        Mode::HotStandby { role, .. } if role != active => refuse(
            Code::InvalidParameter,
            "on Kea the primary of a hot standby is the active server: configure failover on the \
             server that is to be active",
        ),
        _ => Ok(()),
    }
}

pub(super) fn set(
    config: &mut ServerConfig,
    facts: &Facts,
    name: &str,
    properties: &[RelationshipProperty],
) -> Outcome {
    supported(facts)?;
    let key = name.to_lowercase();
    let relationship = find(config, facts, name)?;
    check::once(
        format_args!("failover relationship '{}'", shown(&relationship.name)),
        properties,
        RelationshipProperty::same_kind,
        RelationshipProperty::label,
    )?;
    for property in properties {
        match property {
            RelationshipProperty::Mode(new) => mode(*new)?,
            RelationshipProperty::Mclt(new) => mclt(facts, *new)?,
            RelationshipProperty::SwitchInterval(new) => {
                switch_interval(*new)?;
                if let Some(new) = new.filter(|new| {
                    facts.rulebook.is_kea() && relationship.switch_interval != Some(*new)
                }) {
                    ha_setup::switch_interval(new)
                        .map_err(|why| DhcpError::new(Code::InvalidParameter, why))?;
                }
            }
            // The server keeps the one that it has.
            RelationshipProperty::Authentication(Some(SharedSecret::Kept))
                if relationship.authenticated => {}
            RelationshipProperty::Authentication(secret) => {
                new_secret(&relationship.name, secret.as_ref())?;
            }
        }
    }
    if let Some(relationship) = config.relationships.get_mut(&key) {
        for property in properties {
            relationship.set(property);
        }
    }
    Ok(())
}

pub(super) fn remove(config: &mut ServerConfig, facts: &Facts, name: &str) -> Outcome {
    supported(facts)?;
    find(config, facts, name)?;
    config.relationships.remove(&name.to_lowercase());
    Ok(())
}

pub(super) fn add_scopes(
    config: &mut ServerConfig,
    facts: &Facts,
    made: &BTreeSet<ScopeId>,
    name: &str,
    scopes: &BTreeSet<ScopeId>,
) -> Outcome {
    supported(facts)?;
    let relationship = find(config, facts, name)?;
    some_scope(&relationship.name, scopes)?;
    let key = name.to_lowercase();
    if let Some(state) = facts.states.get(&key) {
        may_grow(&relationship.name, *state)?;
    }
    if let Some(there) = partner::facts_of(facts, &relationship.partner) {
        partner::ready(&relationship.partner, there)?;
    }
    let entrance = Entrance {
        key: &key,
        partner: &relationship.partner,
        originals: made,
    };
    may_enter(config, facts, &entrance, scopes)?;
    if let Some(relationship) = config.relationships.get_mut(&key) {
        relationship.scopes.extend(scopes);
    }
    Ok(())
}

pub(super) fn remove_scopes(
    config: &mut ServerConfig,
    facts: &Facts,
    name: &str,
    scopes: &BTreeSet<ScopeId>,
) -> Outcome {
    supported(facts)?;
    let relationship = find(config, facts, name)?;
    some_scope(&relationship.name, scopes)?;
    if let Some(scope) = scopes.difference(&relationship.scopes).next() {
        let elsewhere = match config.relationship_of(*scope) {
            Some(other) => format!("; it is in '{}'", shown(&other.name)),
            None => String::new(),
        };
        return refuse(
            Code::FoScopeNotInRelationship,
            format!(
                "scope {} is not in failover relationship '{}'{elsewhere}: name one that is",
                scope.net(),
                shown(&relationship.name)
            ),
        );
    }
    if let Some(relationship) = config.relationships.get_mut(&name.to_lowercase()) {
        relationship.scopes.retain(|scope| !scopes.contains(scope));
    }
    Ok(())
}

fn supported(facts: &Facts) -> Outcome {
    if facts.rulebook.has_failover() {
        return Ok(());
    }
    refuse(
        Code::FoNotSupported,
        format!(
            "{} (version {}) has no DHCP failover: it came with Windows Server 2012",
            check::server(facts),
            facts.rulebook.version
        ),
    )
}

fn find<'c>(config: &'c ServerConfig, facts: &Facts, name: &str) -> Outcome<&'c Relationship> {
    config.relationship(name).ok_or_else(|| {
        DhcpError::new(
            Code::FoRelationshipDoesNotExist,
            format!(
                "there is no failover relationship '{}' on {}: add it, or name one that the server \
                 has",
                shown(name),
                check::server(facts)
            ),
        )
    })
}

fn name(name: &str) -> Outcome {
    check::not_empty("the name of the failover relationship", name)?;
    let length = check::length(name);
    if length > MAX_NAME {
        return refuse(
            Code::FoRelationshipNameTooLong,
            format!(
                "the name of the failover relationship has {length} characters; at most {MAX_NAME} \
                 are possible: shorten it"
            ),
        );
    }
    check::no_nul("the name of the failover relationship", name)
}

fn partner_name(facts: &Facts, partner: &ServerName) -> Outcome {
    check::not_empty("the name of the partner server", partner.as_str())?;
    check::no_nul("the name of the partner server", partner.as_str())?;
    if facts.this_server.means(partner.as_str()) {
        return refuse(
            Code::InvalidParameter,
            format!(
                "{} can't be its own failover partner: name another server",
                check::server(facts)
            ),
        );
    }
    Ok(())
}

fn mode(mode: Mode) -> Outcome {
    let (what, percent) = match mode {
        Mode::LoadBalance { percent } => ("the load balance share", percent),
        Mode::HotStandby {
            reserve_percent, ..
        } => (
            "the share of addresses reserved for the standby server",
            reserve_percent,
        ),
    };
    if percent > 100 {
        return refuse(
            Code::InvalidParameter,
            format!("{what} is {percent} %: give 0 to 100"),
        );
    }
    Ok(())
}

fn mclt(facts: &Facts, mclt: Seconds) -> Outcome {
    if facts.rulebook.is_kea() {
        if mclt.0 == 0 {
            return Ok(());
        }
        return refuse(
            Code::FoFeatureNotSupported,
            "Kea has no Maximum Client Lead Time: leave it at 0",
        );
    }
    if mclt.0 == 0 {
        return refuse(
            Code::InvalidParameter,
            "the Maximum Client Lead Time is 0: give at least a second (an hour is usual)",
        );
    }
    Ok(())
}

fn switch_interval(interval: Option<Seconds>) -> Outcome {
    if interval == Some(Seconds(0)) {
        return refuse(
            Code::InvalidParameter,
            "the State Switchover Interval is 0: give at least a second, or turn it off",
        );
    }
    Ok(())
}

/// Refuses what can't be a relationship's new secret: an empty one, and one that is not known.
fn new_secret(relationship: &str, secret: Option<&SharedSecret>) -> Outcome {
    match secret {
        Some(SharedSecret::Text(text)) if text.is_empty() => refuse(
            Code::InvalidParameter,
            format!(
                "the shared secret of failover relationship '{}' is empty: give one, or turn \
                 message authentication off",
                shown(relationship)
            ),
        ),
        Some(SharedSecret::Kept) => refuse(
            Code::InvalidParameter,
            format!(
                "failover relationship '{}' keeps no shared secret yet: type one",
                shown(relationship)
            ),
        ),
        Some(SharedSecret::Text(_)) | None => Ok(()),
    }
}

fn exists(name: &str, server: &str, with: &str) -> Outcome {
    refuse(
        Code::FoRelationshipExists,
        format!(
            "there is a failover relationship '{}' on {server} already, with {with}: choose \
             another name",
            shown(name)
        ),
    )
}

fn too_many(server: &str) -> Outcome {
    refuse(
        Code::FoMaxRelationships,
        format!(
            "{server} has {MAX_RELATIONSHIPS} failover relationships, and can't have more: add the \
             scopes to one of them, or delete one that is not needed"
        ),
    )
}

fn some_scope(name: &str, scopes: &BTreeSet<ScopeId>) -> Outcome {
    if scopes.is_empty() {
        return refuse(
            Code::InvalidParameter,
            format!(
                "no scope is given for failover relationship '{}': name at least one",
                shown(name)
            ),
        );
    }
    Ok(())
}

fn may_grow(name: &str, state: FailoverState) -> Outcome {
    let name = shown(name);
    match state {
        FailoverState::Normal => Ok(()),
        FailoverState::Recover
        | FailoverState::RecoverWait
        | FailoverState::RecoverDone
        | FailoverState::PotentialConflict
        | FailoverState::ConflictDone => refuse(
            Code::FoScopeSyncInProgress,
            format!(
                "failover relationship '{name}' is being brought together again ({}): wait until \
                 it is Normal, then add scopes",
                state.label()
            ),
        ),
        FailoverState::NoState
        | FailoverState::Init
        | FailoverState::Startup
        | FailoverState::CommunicationInterrupted
        | FailoverState::PartnerDown
        | FailoverState::ResolutionInterrupted
        | FailoverState::Paused
        | FailoverState::Shutdown => refuse(
            Code::FoStateNotNormal,
            format!(
                "failover relationship '{name}' is in state {}: bring it back to Normal, then add \
                 scopes",
                state.label()
            ),
        ),
    }
}

/// Scopes about to enter a relationship.
pub(super) struct Entrance<'a> {
    /// The relationship's name, lower case.
    pub(super) key: &'a str,
    /// Its partner.
    pub(super) partner: &'a ServerName,
    /// The scopes of which the partner may have the original.
    pub(super) originals: &'a BTreeSet<ScopeId>,
}

fn may_enter(
    config: &ServerConfig,
    facts: &Facts,
    entrance: &Entrance<'_>,
    scopes: &BTreeSet<ScopeId>,
) -> Outcome {
    let partner = entrance.partner;
    if scopes.len() > MAX_ADD_SCOPES {
        return refuse(
            Code::FoMaxAddScopes,
            format!(
                "{} scopes are added at once; at most {MAX_ADD_SCOPES} are possible: add them in \
                 several goes",
                scopes.len()
            ),
        );
    }
    let too_old = partner::without_bootp(facts, partner);
    let there = partner::facts_of(facts, partner);
    for id in scopes {
        let scope = check::scope(config, facts, *id)?;
        if let Some(held) = config.relationship_of(*id) {
            return refuse(
                Code::FoScopeAlreadyInRelationship,
                format!(
                    "scope {} is in failover relationship '{}' with {} already: remove failover \
                     from it first",
                    check::scope_shown(scope),
                    shown(&held.name),
                    shown(held.partner.as_str())
                ),
            );
        }
        if scope.kind != ClientType::Dhcp
            && let Some(older) = &too_old
        {
            return refuse(
                Code::FoBootNotSupported,
                format!(
                    "scope {} is of type {}, and {older} is older than Windows Server 2012 R2, \
                     which has failover for DHCP clients only: make the scope Dhcp first",
                    check::scope_shown(scope),
                    scope.kind
                ),
            );
        }
        if let Some(there) = there {
            partner::is_free(facts, entrance, there, *id)?;
            partner::knows_policies(partner, there, scope)?;
        }
    }
    Ok(())
}
