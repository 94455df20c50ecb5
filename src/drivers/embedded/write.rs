//! Edits and orders: what a server does with them, in one transaction or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::file::Halt;
use super::history::{self, Standing};
use super::machines::{Machine, Machines};
use super::store::{self, Cache};
use super::{leases, reading};
use crate::drivers::DriverError;
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::fingerprint::{Fingerprint, fingerprint};
use crate::model::server::{ServerConfig, ServerName, ServerRole, ServerVersion};
use crate::model::{Relationship, ScopeId};
use crate::rules::failover_states::Event;
use crate::rules::{self, Code, DhcpError, Facts, PartnerFacts, Rulebook};

/// A server in the file, and the name under which it was asked.
pub(super) struct Target<'a> {
    pub(super) conn: &'a Connection,
    pub(super) cache: &'a Cache,
    pub(super) machines: &'a Machines,
    pub(super) machine: &'a Machine,
    pub(super) name: &'a ServerName,
    pub(super) now: Timestamp,
}

/// What a write left behind, to be remembered once it is committed.
pub(super) struct Written {
    pub(super) server: i64,
    pub(super) revision: i64,
    pub(super) config: Arc<ServerConfig>,
}

impl Target<'_> {
    fn refused(&self, error: DhcpError) -> Halt {
        Halt::Driver(DriverError::Refused {
            server: self.name.clone(),
            error,
        })
    }

    fn unsupported(&self, why: &str) -> Halt {
        Halt::Driver(DriverError::Unsupported {
            server: self.name.clone(),
            why: why.to_owned(),
        })
    }

    /// The configuration, if everything in it is still as expected.
    fn expected(
        &self,
        expected: &[(ObjectRef, Option<Fingerprint>)],
    ) -> Result<Arc<ServerConfig>, Halt> {
        let config = self.cache.config(self.conn, self.machine)?;
        let objects: Vec<ObjectRef> = expected
            .iter()
            .filter(|(object, then)| fingerprint(&config, object) != *then)
            .map(|(object, _)| object.clone())
            .collect();
        if objects.is_empty() {
            return Ok(config);
        }
        Err(Halt::Driver(DriverError::Stale {
            server: self.name.clone(),
            objects,
        }))
    }

    fn is_dhcp(&self) -> Result<(), Halt> {
        if store::identity(self.conn, self.machine.id)?
            .roles
            .contains(&ServerRole::Dhcp)
        {
            return Ok(());
        }
        Err(self.unsupported("it is no DHCP server"))
    }

    /// Applies edits.
    pub(super) fn apply(
        &self,
        edits: &[Edit],
        expected: &[(ObjectRef, Option<Fingerprint>)],
    ) -> Result<Option<Written>, Halt> {
        self.is_dhcp()?;
        let before = self.expected(expected)?;
        let facts = self.facts(&before, edits)?;
        let after =
            rules::apply_all(&before, &facts, edits).map_err(|error| self.refused(error))?;
        if after == *before {
            return Ok(None);
        }
        let after = Arc::new(after);
        let id = self.machine.id;
        let revision = store::save(self.conn, id, &before, &after)?;
        for scope in before.scopes.keys() {
            if !after.scopes.contains_key(scope) {
                leases::remove_scope(self.conn, id, *scope)?;
            }
        }
        history::follow(self.conn, id, &before, &after, self.now)?;
        Ok(Some(Written {
            server: id,
            revision,
            config: after,
        }))
    }

    /// Carries out an order.
    pub(super) fn order(
        &self,
        order: &Order,
        expected: &[(ObjectRef, Option<Fingerprint>)],
    ) -> Result<(), Halt> {
        self.is_dhcp()?;
        let config = self.expected(expected)?;
        match order {
            Order::SetPartnerDown { relationship } => self.partner_down(&config, relationship),
            Order::RemoveLease { scope, address } => {
                if !config.scopes.contains_key(scope) {
                    return Err(self.refused(DhcpError::new(
                        Code::SubnetNotPresent,
                        format!("there is no scope {scope} on {}", self.name),
                    )));
                }
                let under_failover = config.relationship_of(*scope).is_some();
                let removed = scope.contains(*address)
                    && leases::remove(self.conn, self.machine.id, *address, under_failover)?;
                if !removed {
                    return Err(self.refused(DhcpError::new(
                        Code::JetError,
                        format!(
                            "there is no lease of {address} in scope {scope} on {}",
                            self.name
                        ),
                    )));
                }
                leases::changed(self.conn, self.machine.id)?;
                let mut standing = Standing::of(self.conn, self.machine.id)?;
                standing.advance(self.machines, self.now);
                history::flow(self.conn, self.machines, &standing)
            }
            Order::StartMaintenance { .. }
            | Order::CancelMaintenance { .. }
            | Order::ResetHa { .. }
            | Order::GrantScopes { .. }
            | Order::SaveConfiguration => Err(self.unsupported("only Kea servers know that order")),
        }
    }

    fn partner_down(&self, config: &ServerConfig, name: &str) -> Result<(), Halt> {
        let Some(relationship) = config.relationship(name) else {
            return Err(self.refused(DhcpError::new(
                Code::FoRelationshipDoesNotExist,
                format!(
                    "there is no failover relationship '{}' on {}",
                    crate::model::text::printable(name, 130),
                    self.name
                ),
            )));
        };
        let key = relationship.name.to_lowercase();
        history::turn(self.conn, self.now, |standing| {
            let end = standing
                .find(self.machine.id, &key)
                .ok_or_else(|| Halt::Damaged(format!("relationship '{key}' has no state")))?;
            standing
                .happen(end, Event::PartnerDown, self.now)
                .map_err(|error| self.refused(error))
        })
        .map(drop)
    }

    /// What the rules need to know besides the configuration.
    fn facts(&self, config: &ServerConfig, edits: &[Edit]) -> Result<Facts, Halt> {
        let identity = store::identity(self.conn, self.machine.id)?;
        let mut facts = Facts::of(self.name.clone(), rulebook(identity.version));
        for scope in touched(config, edits) {
            if config.scopes.contains_key(&scope) {
                let held = leases::held(self.conn, self.machine.id, scope, self.now)?;
                facts.leased.insert(scope, held);
            }
        }
        let named: Vec<(String, ServerName)> = edits
            .iter()
            .filter_map(|edit| named(config, edit))
            .map(|relationship| {
                (
                    relationship.name.to_lowercase(),
                    relationship.partner.clone(),
                )
            })
            .collect();
        if named.is_empty() && !edits.iter().any(needs_states) {
            return Ok(facts);
        }
        facts.states = reading::statuses(self.conn, self.machines, self.machine, config, self.now)?
            .into_iter()
            .map(|(name, status)| (name, status.state))
            .collect();
        for (_, partner) in named {
            let known = self.partner_facts(&partner)?;
            facts.partners.insert(partner, known);
        }
        Ok(facts)
    }

    fn partner_facts(&self, name: &ServerName) -> Result<PartnerFacts, Halt> {
        let Some(partner) = self.machines.find(name.as_str()) else {
            return Ok(PartnerFacts {
                resolves: false,
                reachable: false,
                running: false,
                may_write: false,
                rulebook: Rulebook::LATEST,
                clock_skew: 0,
                scopes: BTreeMap::new(),
                relationships: BTreeMap::new(),
            });
        };
        let identity = store::identity(self.conn, partner.id)?;
        let config = self.cache.config(self.conn, partner)?;
        let mut scopes: BTreeMap<ScopeId, Option<String>> =
            config.scopes.keys().map(|id| (*id, None)).collect();
        for relationship in config.relationships.values() {
            for scope in &relationship.scopes {
                scopes.insert(*scope, Some(relationship.name.clone()));
            }
        }
        Ok(PartnerFacts {
            resolves: true,
            reachable: self.machines.hear(self.machine, partner),
            running: partner.serves() && identity.roles.contains(&ServerRole::Dhcp),
            may_write: true,
            rulebook: rulebook(identity.version),
            clock_skew: partner.skew - self.machine.skew,
            scopes,
            relationships: config
                .relationships
                .iter()
                .map(|(key, relationship)| (key.clone(), relationship.partner.clone()))
                .collect(),
        })
    }
}

fn rulebook(version: Option<ServerVersion>) -> Rulebook {
    version.map_or(Rulebook::LATEST, Rulebook::windows)
}

/// Whether a rule about the edit may ask for a relationship's state.
fn needs_states(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::SetRelationship { .. }
            | Edit::RemoveRelationship { .. }
            | Edit::AddFailoverScopes { .. }
            | Edit::RemoveFailoverScopes { .. }
    )
}

/// The relationship that an edit names.
fn named<'a>(config: &'a ServerConfig, edit: &'a Edit) -> Option<&'a Relationship> {
    match edit {
        Edit::AddRelationship { relationship, .. } => Some(relationship),
        Edit::SetRelationship { name, .. }
        | Edit::RemoveRelationship { name }
        | Edit::AddFailoverScopes { name, .. }
        | Edit::RemoveFailoverScopes { name, .. } => config.relationship(name),
        // Which clients a scope is for is also the partner's affair.
        Edit::SetScope { scope, .. } => config.relationship_of(*scope),
        Edit::ReplaceScope(scope) => config.relationship_of(scope.id),
        _ => None,
    }
}

/// The scopes that edits touch.
fn touched(config: &ServerConfig, edits: &[Edit]) -> BTreeSet<ScopeId> {
    edits
        .iter()
        .flat_map(|edit| -> BTreeSet<ScopeId> {
            match edit {
                Edit::AddRelationship { relationship, .. } => relationship.scopes.clone(),
                Edit::AddFailoverScopes { scopes, .. }
                | Edit::RemoveFailoverScopes { scopes, .. } => scopes.clone(),
                Edit::RemoveRelationship { name } => config
                    .relationship(name)
                    .map(|relationship| relationship.scopes.clone())
                    .unwrap_or_default(),
                other => other
                    .touches()
                    .iter()
                    .filter_map(ObjectRef::scope)
                    .collect(),
            }
        })
        .collect()
}
