//! What differs between two copies of a configuration, with both values.

use std::fmt;
use std::sync::Arc;

use super::address::{Range, ScopeId};
use super::edit::{ObjectRef, OptionLevel, PolicyLevel};
use super::failover::RelationshipProperty;
use super::option::{OptionKey, OptionValue};
use super::policy::Policy;
use super::reservation::{Reservation, ReservationProperty};
use super::scope::{Scope, ScopeProperty};

/// What a comparison found, and where it could not look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// What differs, in the order in which it is shown.
    pub differences: Vec<Difference>,
    /// What one of the two readings does not cover: there the answer is unknown.
    pub unknown: Vec<Area>,
}

impl Comparison {
    /// Whether both copies are known to be the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.unknown.is_empty()
    }
}

/// A part of a configuration that a reading covers or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(
    missing_docs,
    reason = "each is the field of Coverage of the same name"
)]
pub enum Area {
    Scopes,
    Exclusions,
    Reservations,
    Options,
    Policies,
    Relationships,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Area::Scopes => "scopes",
            Area::Exclusions => "exclusions",
            Area::Reservations => "reservations",
            Area::Options => "options",
            Area::Policies => "policies",
            Area::Relationships => "failover relationships",
        })
    }
}

/// One difference: left is the copy that is right, right is the one to be healed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What it is about.
    pub object: ObjectRef,
    /// What differs.
    pub detail: Detail,
}

/// What differs, with both values. Where a side is `None`, the object is only on the other.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "left and right everywhere")]
pub enum Detail {
    /// A whole scope is on one side only.
    Scope {
        left: Option<Arc<Scope>>,
        right: Option<Arc<Scope>>,
    },
    /// A property of a scope.
    ScopeProperty {
        scope: ScopeId,
        left: ScopeProperty,
        right: ScopeProperty,
    },
    /// An exclusion range is on one side only.
    Exclusion {
        scope: ScopeId,
        range: Range,
        on_left: bool,
    },
    /// A reservation is on one side only, or for another client on each side.
    Reservation {
        scope: ScopeId,
        left: Option<Arc<Reservation>>,
        right: Option<Arc<Reservation>>,
    },
    /// A property of a reservation that both have.
    ReservationProperty {
        scope: ScopeId,
        address: std::net::Ipv4Addr,
        left: ReservationProperty,
        right: ReservationProperty,
    },
    /// An option's value.
    Option {
        level: OptionLevel,
        key: OptionKey,
        left: Option<OptionValue>,
        right: Option<OptionValue>,
    },
    /// A policy, or its place (from 1) in the processing order.
    Policy {
        level: PolicyLevel,
        name: String,
        left: Option<(u16, Box<Policy>)>,
        right: Option<(u16, Box<Policy>)>,
    },
    /// A property of the relationship, both in the left server's view.
    RelationshipProperty {
        name: String,
        left: RelationshipProperty,
        right: RelationshipProperty,
    },
    /// The scope is in the relationship on one side only.
    Membership {
        name: String,
        scope: ScopeId,
        on_left: bool,
    },
}

impl Difference {
    /// The field's label.
    #[must_use]
    pub fn field(&self) -> String {
        match &self.detail {
            Detail::Scope { .. } => "Scope".to_owned(),
            Detail::ScopeProperty { left, .. } => left.label().to_owned(),
            Detail::Exclusion { .. } => "Exclusion Range".to_owned(),
            Detail::Reservation { .. } => "Reservation".to_owned(),
            Detail::ReservationProperty { left, .. } => left.label().to_owned(),
            Detail::Option { key, .. } => key.to_string(),
            Detail::Policy { .. } => "Policy".to_owned(),
            Detail::RelationshipProperty { left, .. } => left.label().to_owned(),
            Detail::Membership { .. } => "Failover Relationship Name".to_owned(),
        }
    }

    /// The value on the left; `None` where the object is not there.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        self.values().0
    }

    /// The value on the right; `None` where the object is not there.
    #[must_use]
    pub fn right(&self) -> Option<String> {
        self.values().1
    }

    fn values(&self) -> (Option<String>, Option<String>) {
        fn both<T>(
            left: Option<&T>,
            right: Option<&T>,
            text: impl Fn(&T) -> String,
        ) -> (Option<String>, Option<String>) {
            (left.map(&text), right.map(&text))
        }
        fn one_side(text: String, on_left: bool) -> (Option<String>, Option<String>) {
            if on_left {
                (Some(text), None)
            } else {
                (None, Some(text))
            }
        }
        match &self.detail {
            Detail::Scope { left, right } => {
                both(left.as_ref(), right.as_ref(), |scope| scope.name.clone())
            }
            Detail::ScopeProperty { left, right, .. } => {
                (Some(left.to_string()), Some(right.to_string()))
            }
            Detail::Exclusion { range, on_left, .. } => one_side(range.to_string(), *on_left),
            Detail::Reservation { left, right, .. } => {
                both(left.as_ref(), right.as_ref(), |reservation| {
                    format!("{} {}", reservation.client, reservation.name)
                        .trim_end()
                        .to_owned()
                })
            }
            Detail::ReservationProperty { left, right, .. } => {
                (Some(left.to_string()), Some(right.to_string()))
            }
            Detail::Option { left, right, .. } => {
                both(left.as_ref(), right.as_ref(), ToString::to_string)
            }
            Detail::Policy { left, right, .. } => {
                both(left.as_ref(), right.as_ref(), |(order, policy)| {
                    let mut text = format!("{order}: {}", policy.name);
                    for property in policy.properties().iter().skip(1) {
                        let value = property.to_string();
                        if !value.is_empty() {
                            text.push_str(&format!("; {} {value}", property.label()));
                        }
                    }
                    for (key, value) in policy.options.iter() {
                        text.push_str(&format!("; {key} {value}"));
                    }
                    text
                })
            }
            Detail::RelationshipProperty { left, right, .. } => {
                (Some(left.to_string()), Some(right.to_string()))
            }
            Detail::Membership { name, on_left, .. } => one_side(name.clone(), *on_left),
        }
    }
}
