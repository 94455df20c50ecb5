//! An edit is data: one change to one server's configuration. An order is something a server does
//! that is not configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::address::{Range, ScopeId};
use super::failover::{Relationship, RelationshipProperty, SharedSecret};
use super::ha_setup::HaSetup;
use super::option::{OptionKey, OptionValue};
use super::policy::{Filter, MacPattern, Policy, PolicyProperty};
use super::reservation::{Reservation, ReservationProperty};
use super::scope::{Scope, ScopeProperty};
use super::settings::SettingsProperty;
use super::text::{Caseless, printable};

/// Where a policy is: at a scope, or (`None`) at the server.
pub type PolicyLevel = Option<ScopeId>;

/// Where an option's value is set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum OptionLevel {
    /// For every client of the server.
    Server,
    /// For a scope's.
    Scope(ScopeId),
    /// For one reservation's.
    Reservation(ScopeId, Ipv4Addr),
    /// For whom a policy matches.
    Policy(PolicyLevel, String),
}

/// One change to one server's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Edit {
    /// Adds a scope, with all that hangs on it.
    AddScope(Box<Scope>),
    /// Sets some of a scope's properties.
    SetScope {
        /// Which scope.
        scope: ScopeId,
        /// Each property at most once.
        properties: Vec<ScopeProperty>,
    },
    /// Makes a scope's replicated part that of another copy: what scope replication sends. What is
    /// not replicated (superscope membership) stays.
    ReplaceScope(Box<Scope>),
    /// Removes a scope with all that hangs on it.
    RemoveScope {
        /// Which scope.
        scope: ScopeId,
        /// Also when clients hold addresses in it.
        force: bool,
    },
    /// Adds an exclusion range.
    AddExclusion {
        /// Which scope.
        scope: ScopeId,
        /// What is excluded.
        range: Range,
    },
    /// Removes an exclusion range, exactly as it was added.
    RemoveExclusion {
        /// Which scope.
        scope: ScopeId,
        /// What is no longer excluded.
        range: Range,
    },
    /// Adds a reservation.
    AddReservation {
        /// Which scope.
        scope: ScopeId,
        /// What is reserved, for whom.
        reservation: Reservation,
    },
    /// Sets some of a reservation's properties.
    SetReservation {
        /// Which scope.
        scope: ScopeId,
        /// Which reservation.
        address: Ipv4Addr,
        /// Each property at most once.
        properties: Vec<ReservationProperty>,
    },
    /// Removes a reservation.
    RemoveReservation {
        /// Which scope.
        scope: ScopeId,
        /// Which reservation.
        address: Ipv4Addr,
    },
    /// Sets an option's value.
    SetOption {
        /// Where.
        level: OptionLevel,
        /// Which option.
        key: OptionKey,
        /// To what.
        value: OptionValue,
    },
    /// Removes an option's value.
    RemoveOption {
        /// Where.
        level: OptionLevel,
        /// Which option.
        key: OptionKey,
    },
    /// Adds a policy.
    AddPolicy {
        /// Where.
        level: PolicyLevel,
        /// What.
        policy: Box<Policy>,
        /// Its processing order, from 1; `None` is last.
        order: Option<u16>,
    },
    /// Sets some of a policy's properties.
    SetPolicy {
        /// Where.
        level: PolicyLevel,
        /// Which.
        name: String,
        /// Each property at most once.
        properties: Vec<PolicyProperty>,
    },
    /// Removes a policy.
    RemovePolicy {
        /// Where.
        level: PolicyLevel,
        /// Which.
        name: String,
    },
    /// Adds a MAC address filter.
    AddFilter {
        /// Whom it matches.
        pattern: MacPattern,
        /// What happens to them.
        filter: Filter,
        /// Also when the pattern is in a list already (it then moves).
        force: bool,
    },
    /// Removes a MAC address filter.
    RemoveFilter {
        /// Whom it matched.
        pattern: MacPattern,
    },
    /// Sets some of the server's settings.
    SetSettings {
        /// Each property at most once.
        properties: Vec<SettingsProperty>,
    },
    /// Renames a superscope: every scope that names it names the new one.
    RenameSuperscope {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Adds a relationship, with the scopes it names (which must be there).
    AddRelationship {
        /// What.
        relationship: Relationship,
        /// For message authentication.
        secret: Option<SharedSecret>,
        /// The terms that a Kea server needs besides, as this server has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ha: Option<Box<HaSetup>>,
    },
    /// Sets some of a relationship's properties.
    SetRelationship {
        /// Which.
        name: String,
        /// Each property at most once.
        properties: Vec<RelationshipProperty>,
    },
    /// Removes a relationship; the scopes in it stay, without failover.
    RemoveRelationship {
        /// Which.
        name: String,
    },
    /// Puts scopes into a relationship.
    AddFailoverScopes {
        /// Which relationship.
        name: String,
        /// At most 400.
        scopes: BTreeSet<ScopeId>,
    },
    /// Takes scopes out of a relationship; they stay on this server.
    RemoveFailoverScopes {
        /// Which relationship.
        name: String,
        /// Which scopes.
        scopes: BTreeSet<ScopeId>,
    },
}

/// Something a server does that is not configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Takes the partner for down: to the survivor of the relationship.
    SetPartnerDown {
        /// Which relationship.
        relationship: String,
    },
    /// Prepares for the partner's maintenance (Kea).
    StartMaintenance {
        /// Which relationship.
        relationship: String,
    },
    /// Takes that back (Kea).
    CancelMaintenance {
        /// Which relationship.
        relationship: String,
    },
    /// Starts the state machine anew (Kea).
    ResetHa {
        /// Which relationship.
        relationship: String,
    },
    /// Says which pools to serve (Kea).
    GrantScopes {
        /// Which relationship.
        relationship: String,
        /// The servers whose pools it shall serve.
        scopes: Vec<String>,
    },
    /// Deletes a lease record.
    RemoveLease {
        /// Which scope.
        scope: ScopeId,
        /// Which address.
        address: Ipv4Addr,
    },
}

/// What an edit touches, and a fingerprint is taken of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ObjectRef {
    /// The server's settings.
    Settings,
    /// A scope's own properties, without what hangs on it.
    Scope(ScopeId),
    /// A scope with all that hangs on it.
    WholeScope(ScopeId),
    /// A scope's exclusion ranges.
    Exclusions(ScopeId),
    /// A reservation, its options included.
    Reservation(ScopeId, Ipv4Addr),
    /// One option's value.
    Option(OptionLevel, OptionKey),
    /// A policy, its options and its place included.
    Policy(PolicyLevel, String),
    /// A MAC address filter.
    Filter(MacPattern),
    /// A relationship, by name.
    Relationship(Caseless),
}

impl ObjectRef {
    /// The scope that the object is, or hangs on.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeId> {
        match self {
            ObjectRef::Scope(scope)
            | ObjectRef::WholeScope(scope)
            | ObjectRef::Exclusions(scope)
            | ObjectRef::Reservation(scope, _)
            | ObjectRef::Option(
                OptionLevel::Scope(scope)
                | OptionLevel::Reservation(scope, _)
                | OptionLevel::Policy(Some(scope), _),
                _,
            )
            | ObjectRef::Policy(Some(scope), _) => Some(*scope),
            ObjectRef::Settings
            | ObjectRef::Option(OptionLevel::Server | OptionLevel::Policy(None, _), _)
            | ObjectRef::Policy(None, _)
            | ObjectRef::Filter(_)
            | ObjectRef::Relationship(_) => None,
        }
    }
}

/// Names come from servers and from people: what is shown of them has no control characters.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&AsTyped(self).to_string(), 400))
    }
}

/// A line for a preview or a journal: what is done to what.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&AsTyped(self).to_string(), 2000))
    }
}

/// The same with every name as it was typed.
struct AsTyped<'a, T>(&'a T);

impl fmt::Display for AsTyped<'_, ObjectRef> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ObjectRef::Settings => f.write_str("the server's settings"),
            ObjectRef::Scope(scope) | ObjectRef::WholeScope(scope) => write!(f, "scope {scope}"),
            ObjectRef::Exclusions(scope) => write!(f, "the exclusions of scope {scope}"),
            ObjectRef::Reservation(_, address) => write!(f, "reservation {address}"),
            ObjectRef::Option(level, key) => match level {
                OptionLevel::Server => write!(f, "server option {key}"),
                OptionLevel::Scope(scope) => write!(f, "option {key} of scope {scope}"),
                OptionLevel::Reservation(_, address) => {
                    write!(f, "option {key} of reservation {address}")
                }
                OptionLevel::Policy(_, name) => write!(f, "option {key} of policy '{name}'"),
            },
            ObjectRef::Policy(None, name) => write!(f, "server policy '{name}'"),
            ObjectRef::Policy(Some(scope), name) => write!(f, "policy '{name}' of scope {scope}"),
            ObjectRef::Filter(pattern) => write!(f, "filter {pattern}"),
            ObjectRef::Relationship(name) => write!(f, "failover relationship '{name}'"),
        }
    }
}

impl Edit {
    /// What the edit touches: the objects whose fingerprints must not have changed since the edit
    /// was thought of. An object that the edit adds must still be absent.
    #[must_use]
    pub fn touches(&self) -> Vec<ObjectRef> {
        match self {
            Edit::AddScope(scope) | Edit::ReplaceScope(scope) => {
                vec![ObjectRef::WholeScope(scope.id)]
            }
            Edit::SetScope { scope, .. } => vec![ObjectRef::Scope(*scope)],
            Edit::RemoveScope { scope, .. } => vec![ObjectRef::WholeScope(*scope)],
            Edit::AddExclusion { scope, .. } | Edit::RemoveExclusion { scope, .. } => {
                vec![ObjectRef::Exclusions(*scope)]
            }
            Edit::AddReservation { scope, reservation } => {
                vec![ObjectRef::Reservation(*scope, reservation.address)]
            }
            Edit::SetReservation { scope, address, .. }
            | Edit::RemoveReservation { scope, address } => {
                vec![ObjectRef::Reservation(*scope, *address)]
            }
            Edit::SetOption { level, key, .. } | Edit::RemoveOption { level, key } => {
                vec![ObjectRef::Option(level.clone(), key.clone())]
            }
            Edit::AddPolicy { level, policy, .. } => {
                vec![ObjectRef::Policy(*level, policy.name.clone())]
            }
            Edit::SetPolicy { level, name, .. } | Edit::RemovePolicy { level, name } => {
                vec![ObjectRef::Policy(*level, name.clone())]
            }
            Edit::AddFilter { pattern, .. } | Edit::RemoveFilter { pattern } => {
                vec![ObjectRef::Filter(pattern.clone())]
            }
            Edit::SetSettings { .. } => vec![ObjectRef::Settings],
            // The scopes that name it are known only to the configuration; renaming is refused
            // there when the name is gone.
            Edit::RenameSuperscope { .. } => Vec::new(),
            Edit::AddRelationship { relationship, .. } => {
                vec![ObjectRef::Relationship(relationship.name.as_str().into())]
            }
            Edit::SetRelationship { name, .. }
            | Edit::RemoveRelationship { name }
            | Edit::AddFailoverScopes { name, .. }
            | Edit::RemoveFailoverScopes { name, .. } => {
                vec![ObjectRef::Relationship(name.as_str().into())]
            }
        }
    }
}

impl fmt::Display for AsTyped<'_, Edit> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn set<P: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            properties: &[P],
            label: impl Fn(&P) -> &'static str,
        ) -> fmt::Result {
            for (index, property) in properties.iter().enumerate() {
                let between = if index == 0 { ": " } else { "; " };
                write!(f, "{between}{} = {property}", label(property))?;
            }
            Ok(())
        }
        match self.0 {
            Edit::AddScope(scope) => write!(f, "Add scope {} '{}'", scope.id.net(), scope.name),
            Edit::SetScope { scope, properties } => {
                write!(f, "Edit scope {scope}")?;
                set(f, properties, ScopeProperty::label)
            }
            Edit::ReplaceScope(scope) => write!(f, "Replace scope {}", scope.id),
            Edit::RemoveScope { scope, .. } => write!(f, "Delete scope {scope}"),
            Edit::AddExclusion { scope, range } => write!(f, "Exclude {range} in scope {scope}"),
            Edit::RemoveExclusion { scope, range } => {
                write!(f, "Remove exclusion {range} from scope {scope}")
            }
            Edit::AddReservation { reservation, .. } => {
                write!(
                    f,
                    "Add reservation {} for {}",
                    reservation.address, reservation.client
                )
            }
            Edit::SetReservation {
                address,
                properties,
                ..
            } => {
                write!(f, "Edit reservation {address}")?;
                set(f, properties, ReservationProperty::label)
            }
            Edit::RemoveReservation { address, .. } => write!(f, "Delete reservation {address}"),
            Edit::SetOption { level, key, value } => {
                write!(
                    f,
                    "Set {} = {value}",
                    ObjectRef::Option(level.clone(), key.clone())
                )
            }
            Edit::RemoveOption { level, key } => {
                write!(
                    f,
                    "Remove {}",
                    ObjectRef::Option(level.clone(), key.clone())
                )
            }
            Edit::AddPolicy { level, policy, .. } => {
                write!(f, "Add {}", ObjectRef::Policy(*level, policy.name.clone()))
            }
            Edit::SetPolicy {
                level,
                name,
                properties,
            } => {
                write!(f, "Edit {}", ObjectRef::Policy(*level, name.clone()))?;
                set(f, properties, PolicyProperty::label)
            }
            Edit::RemovePolicy { level, name } => {
                write!(f, "Delete {}", ObjectRef::Policy(*level, name.clone()))
            }
            Edit::AddFilter {
                pattern, filter, ..
            } => {
                write!(f, "Add {} filter {pattern}", filter.list)
            }
            Edit::RemoveFilter { pattern } => write!(f, "Delete filter {pattern}"),
            Edit::SetSettings { properties } => {
                f.write_str("Edit server properties")?;
                set(f, properties, SettingsProperty::label)
            }
            Edit::RenameSuperscope { from, to } => {
                write!(f, "Rename superscope '{from}' to '{to}'")
            }
            Edit::AddRelationship {
                relationship, ha, ..
            } => {
                let scopes = relationship.scopes.len();
                write!(
                    f,
                    "Add failover relationship '{}' with {} ({}; {scopes} scope{})",
                    relationship.name,
                    relationship.partner,
                    relationship.mode,
                    if scopes == 1 { "" } else { "s" }
                )?;
                match ha {
                    Some(ha) => write!(f, ": {ha}"),
                    None => Ok(()),
                }
            }
            Edit::SetRelationship { name, properties } => {
                write!(f, "Edit failover relationship '{name}'")?;
                set(f, properties, RelationshipProperty::label)
            }
            Edit::RemoveRelationship { name } => write!(f, "Delete failover relationship '{name}'"),
            Edit::AddFailoverScopes { name, scopes } => {
                write!(
                    f,
                    "Add scope {} to failover relationship '{name}'",
                    joined(scopes)
                )
            }
            Edit::RemoveFailoverScopes { name, scopes } => {
                write!(
                    f,
                    "Remove scope {} from failover relationship '{name}'",
                    joined(scopes)
                )
            }
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::SetPartnerDown { relationship } => {
                write!(f, "Set partner down in '{relationship}'")
            }
            Order::StartMaintenance { relationship } => {
                write!(f, "Start maintenance in '{relationship}'")
            }
            Order::CancelMaintenance { relationship } => {
                write!(f, "Cancel maintenance in '{relationship}'")
            }
            Order::ResetHa { relationship } => write!(f, "Reset HA in '{relationship}'"),
            Order::GrantScopes {
                relationship,
                scopes,
            } => match scopes.is_empty() {
                true => write!(f, "Serve nobody in '{relationship}'"),
                false => write!(f, "Serve {} in '{relationship}'", scopes.join(", ")),
            },
            Order::RemoveLease { address, .. } => write!(f, "Delete lease {address}"),
        }
    }
}

fn joined(scopes: &BTreeSet<ScopeId>) -> String {
    scopes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
