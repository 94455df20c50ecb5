//! Which part of a change to a failover scope is carried to the partner: the objects touched, and
//! of those what replication copies.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::model::edit::{Edit, ObjectRef, OptionLevel, PolicyLevel};
use crate::model::scope::ScopeProperty;
use crate::model::{Detail, Difference, OptionKey, Policy, ScopeId};

/// The objects that edits touch.
#[derive(Debug, Default)]
pub(super) struct Touched {
    wholes: BTreeSet<ScopeId>,
    properties: BTreeSet<ScopeId>,
    exclusions: BTreeSet<ScopeId>,
    reservations: BTreeSet<(ScopeId, Ipv4Addr)>,
    options: BTreeSet<(OptionLevel, OptionKey)>,
    policies: BTreeSet<(PolicyLevel, String)>,
}

impl Touched {
    /// Those objects.
    pub(super) fn of<'a>(objects: impl IntoIterator<Item = &'a ObjectRef>) -> Touched {
        let mut touched = Touched::default();
        for object in objects {
            match object {
                ObjectRef::WholeScope(scope) => {
                    touched.wholes.insert(*scope);
                }
                ObjectRef::Scope(scope) => {
                    touched.properties.insert(*scope);
                }
                ObjectRef::Exclusions(scope) => {
                    touched.exclusions.insert(*scope);
                }
                ObjectRef::Reservation(scope, address) => {
                    touched.reservations.insert((*scope, *address));
                }
                ObjectRef::Option(level, key) => {
                    touched.options.insert((folded(level), key.clone()));
                }
                ObjectRef::Policy(level, name) => {
                    touched.policies.insert((*level, name.to_lowercase()));
                }
                ObjectRef::Settings | ObjectRef::Filter(_) | ObjectRef::Relationship(_) => {}
            }
        }
        touched
    }

    /// Whether a difference is in what was touched, and so is carried; the rest is drift.
    pub(super) fn covers(&self, difference: &Difference) -> bool {
        if let Some(scope) = difference.object.scope()
            && self.wholes.contains(&scope)
        {
            return true;
        }
        match &difference.detail {
            Detail::ScopeProperty { scope, .. } => self.properties.contains(scope),
            Detail::Exclusion { scope, .. } => self.exclusions.contains(scope),
            Detail::Reservation { scope, left, right } => {
                let either = left.as_ref().or(right.as_ref());
                either.is_some_and(|reservation| self.reservation(*scope, reservation.address))
            }
            Detail::ReservationProperty { scope, address, .. } => {
                self.reservations.contains(&(*scope, *address))
            }
            Detail::Option { level, key, .. } => {
                self.options.contains(&(folded(level), key.clone()))
                    || match level {
                        OptionLevel::Reservation(scope, address) => {
                            self.reservations.contains(&(*scope, *address))
                        }
                        OptionLevel::Policy(at, name) => {
                            self.policies.contains(&(*at, name.to_lowercase()))
                        }
                        OptionLevel::Server | OptionLevel::Scope(_) => false,
                    }
            }
            Detail::Policy {
                level,
                name,
                left,
                right,
            } => self.policy(*level, name) || (self.any_policy(*level) && moved(left, right)),
            Detail::Scope { .. }
            | Detail::RelationshipProperty { .. }
            | Detail::Membership { .. } => false,
        }
    }

    /// An option of a reservation can't be carried without the reservation.
    fn reservation(&self, scope: ScopeId, address: Ipv4Addr) -> bool {
        self.reservations.contains(&(scope, address))
            || self.options.iter().any(
                |(level, _)| matches!(level, OptionLevel::Reservation(s, a) if (*s, *a) == (scope, address)),
            )
    }

    /// Nor one of a policy without the policy.
    fn policy(&self, level: PolicyLevel, name: &str) -> bool {
        let name = name.to_lowercase();
        self.options
            .iter()
            .any(|(at, _)| *at == OptionLevel::Policy(level, name.clone()))
            || self.policies.contains(&(level, name))
    }

    fn any_policy(&self, level: PolicyLevel) -> bool {
        self.policies.iter().any(|(at, _)| *at == level)
    }
}

/// A policy that only stands elsewhere makes room for the one that was touched.
fn moved(left: &Option<(u16, Box<Policy>)>, right: &Option<(u16, Box<Policy>)>) -> bool {
    match (left, right) {
        (Some((here, left)), Some((there, right))) => here != there && left == right,
        _ => false,
    }
}

fn folded(level: &OptionLevel) -> OptionLevel {
    match level {
        OptionLevel::Policy(at, name) => OptionLevel::Policy(*at, name.to_lowercase()),
        other => other.clone(),
    }
}

/// The edit as it would be carried to a partner that can't be read; nothing when replication does
/// not copy what it changes.
pub(super) fn carried(edit: &Edit) -> Option<Edit> {
    match edit {
        Edit::SetScope { scope, properties } => {
            let copied: Vec<ScopeProperty> = properties
                .iter()
                .filter(|property| !matches!(property, ScopeProperty::Superscope(_)))
                .cloned()
                .collect();
            (!copied.is_empty()).then_some(Edit::SetScope {
                scope: *scope,
                properties: copied,
            })
        }
        Edit::RenameSuperscope { .. } => None,
        other => Some(other.clone()),
    }
}

/// The one scope that an edit is about.
pub(super) fn scope_of(edit: &Edit) -> Option<ScopeId> {
    edit.touches().iter().find_map(ObjectRef::scope)
}
