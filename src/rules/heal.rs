//! Replication: the edits that make the right copy the left one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::model::failover::{MAX_ADD_SCOPES, RelationshipProperty};
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ScopeProperty;
use crate::model::{
    ClientId, Detail, Difference, Edit, OptionKey, OptionLevel, OptionValue, Policy, PolicyLevel,
    Range, Reservation, Scope, ScopeId,
};

/// The edits for the right server that heal these differences, in an order in which each is
/// accepted (swapped addresses, moved ranges).
///
/// What has to go goes first, then ranges move (over a range that covers both the old and the new
/// where neither covers the other), then what is missing comes. Two or more reservations whose
/// clients changed places are made anew; a policy that differs or stands elsewhere is made anew at
/// its place. Either keeps the options that it has on the right, but for those that differ.
///
/// Not healed, since replication must not do it or can't:
/// - a scope that is only on the right: replication deletes no scope, and leaves it where it is,
///   its membership in a relationship included;
/// - message authentication: no server tells its secret;
/// - clients that changed places where the right server's options were not covered: the
///   reservations would lose them;
/// - a relationship that the right server lacks: adding scopes to it will be refused (20115).
///
/// Where ranges, exclusions or policies are outside the coverage of the comparison, those that are
/// inside can be refused because of those that are not: a range that would leave an unknown
/// exclusion outside, an exclusion outside an unknown range. So can a scope whose subnet overlaps
/// one that only the right server has.
#[must_use]
pub fn heal(differences: &[Difference]) -> Vec<Edit> {
    let mut work = Work::default();
    for difference in differences {
        work.take(&difference.detail);
    }
    work.edits()
}

/// The differences, sorted by where they are.
#[derive(Default)]
struct Work<'a> {
    added: Vec<&'a Scope>,
    only_right: BTreeSet<ScopeId>,
    /// `None`: the server's own options and policies.
    scopes: BTreeMap<PolicyLevel, ScopeWork<'a>>,
    relationships: BTreeMap<&'a str, RelationshipWork<'a>>,
}

#[derive(Default)]
struct ScopeWork<'a> {
    properties: Vec<&'a ScopeProperty>,
    /// The ranges on the right, where they differ.
    ranges: Option<&'a [Range]>,
    exclusions: Vec<(Range, bool)>,
    gone: Vec<Ipv4Addr>,
    new: Vec<&'a Reservation>,
    changed: Vec<NewClient<'a>>,
    reservations: BTreeMap<Ipv4Addr, Vec<ReservationProperty>>,
    policies_gone: Vec<&'a str>,
    policies_new: Vec<(u16, Policy)>,
    options: Vec<(&'a OptionLevel, &'a OptionKey, Option<&'a OptionValue>)>,
}

/// A reservation that is for another client.
#[derive(Clone, Copy)]
struct NewClient<'a> {
    address: Ipv4Addr,
    wants: &'a ClientId,
    has: &'a ClientId,
    /// Left and right, where both are known with their options.
    whole: Option<(&'a Reservation, &'a Reservation)>,
}

#[derive(Default)]
struct RelationshipWork<'a> {
    properties: Vec<RelationshipProperty>,
    joins: BTreeSet<ScopeId>,
    leaves: BTreeSet<ScopeId>,
    name: &'a str,
}

impl<'a> Work<'a> {
    fn of(&mut self, scope: ScopeId) -> &mut ScopeWork<'a> {
        self.scopes.entry(Some(scope)).or_default()
    }

    fn relationship(&mut self, name: &'a str) -> &mut RelationshipWork<'a> {
        let work = self.relationships.entry(name).or_default();
        work.name = name;
        work
    }

    fn take(&mut self, detail: &'a Detail) {
        match detail {
            Detail::Scope {
                left: Some(scope), ..
            } => self.added.push(scope),
            Detail::Scope {
                left: None,
                right: Some(scope),
            } => {
                self.only_right.insert(scope.id);
            }
            Detail::Scope {
                left: None,
                right: None,
            } => {}
            Detail::ScopeProperty { scope, left, right } => {
                let work = self.of(*scope);
                work.properties.push(left);
                if let ScopeProperty::Ranges(ranges) = right {
                    work.ranges = Some(ranges);
                }
            }
            Detail::Exclusion {
                scope,
                range,
                on_left,
            } => self.of(*scope).exclusions.push((*range, *on_left)),
            Detail::Reservation { scope, left, right } => {
                let work = self.of(*scope);
                match (left, right) {
                    (Some(left), Some(right)) => work.changed.push(NewClient {
                        address: left.address,
                        wants: &left.client,
                        has: &right.client,
                        whole: Some((left, right)),
                    }),
                    (Some(left), None) => work.new.push(left),
                    (None, Some(right)) => work.gone.push(right.address),
                    (None, None) => {}
                }
            }
            Detail::ReservationProperty {
                scope,
                address,
                left: ReservationProperty::Client(wants),
                right: ReservationProperty::Client(has),
            } => self.of(*scope).changed.push(NewClient {
                address: *address,
                wants,
                has,
                whole: None,
            }),
            Detail::ReservationProperty {
                scope,
                address,
                left,
                ..
            } => self
                .of(*scope)
                .reservations
                .entry(*address)
                .or_default()
                .push(left.clone()),
            Detail::Option {
                level, key, left, ..
            } => {
                let scope = match level {
                    OptionLevel::Server => None,
                    OptionLevel::Scope(scope) | OptionLevel::Reservation(scope, _) => Some(*scope),
                    OptionLevel::Policy(at, _) => *at,
                };
                let work = self.scopes.entry(scope).or_default();
                work.options.push((level, key, left.as_ref()));
            }
            Detail::Policy {
                level, left, right, ..
            } => {
                let work = self.scopes.entry(*level).or_default();
                if let Some((_, right)) = right {
                    work.policies_gone.push(&right.name);
                }
                if let Some((order, left)) = left {
                    let mut policy = Policy::clone(left);
                    // What differs in its options comes as differences of their own.
                    if let Some((_, right)) = right {
                        policy.options = right.options.clone();
                    }
                    work.policies_new.push((*order, policy));
                }
            }
            Detail::RelationshipProperty { name, left, .. } => {
                if !matches!(left, RelationshipProperty::Authentication(_)) {
                    self.relationship(name).properties.push(left.mirrored());
                }
            }
            Detail::Membership {
                name,
                scope,
                on_left,
            } => {
                let work = self.relationship(name);
                if *on_left {
                    work.joins.insert(*scope);
                } else {
                    work.leaves.insert(*scope);
                }
            }
        }
    }

    fn edits(self) -> Vec<Edit> {
        let mut edits = Vec::new();
        for work in self.relationships.values() {
            let leaves: BTreeSet<ScopeId> =
                work.leaves.difference(&self.only_right).copied().collect();
            if !leaves.is_empty() {
                edits.push(Edit::RemoveFailoverScopes {
                    name: work.name.to_owned(),
                    scopes: leaves,
                });
            }
            if !work.properties.is_empty() {
                edits.push(Edit::SetRelationship {
                    name: work.name.to_owned(),
                    properties: work.properties.clone(),
                });
            }
        }
        for scope in self.added {
            let mut copy = Box::new(scope.clone());
            copy.superscope = None;
            copy.foreign = Vec::new();
            edits.push(Edit::AddScope(copy));
        }
        for (level, work) in self.scopes {
            work.edits(level, &mut edits);
        }
        for work in self.relationships.values() {
            let joins: Vec<ScopeId> = work.joins.iter().copied().collect();
            for some in joins.chunks(MAX_ADD_SCOPES) {
                edits.push(Edit::AddFailoverScopes {
                    name: work.name.to_owned(),
                    scopes: some.iter().copied().collect(),
                });
            }
        }
        edits
    }
}

impl ScopeWork<'_> {
    fn edits(mut self, level: PolicyLevel, edits: &mut Vec<Edit>) {
        for name in &self.policies_gone {
            edits.push(Edit::RemovePolicy {
                level,
                name: (*name).to_owned(),
            });
        }
        if let Some(scope) = level {
            self.scope_edits(scope, edits);
        }
        // Every policy before a place is there when its turn comes: those that stayed are in the
        // right order, and the others are added by ascending place.
        self.policies_new.sort_by_key(|(order, _)| *order);
        self.fold_options();
        for (order, policy) in self.policies_new {
            edits.push(Edit::AddPolicy {
                level,
                policy: Box::new(policy),
                order: Some(order),
            });
        }
        for (level, key, value) in self.options {
            let (level, key) = (level.clone(), key.clone());
            edits.push(match value.cloned() {
                Some(value) => Edit::SetOption { level, key, value },
                None => Edit::RemoveOption { level, key },
            });
        }
    }

    /// A policy that is made anew is made with its options right: some can't be at the old ones'
    /// side (a condition on Fqdn).
    fn fold_options(&mut self) {
        let mut anew: BTreeMap<String, &mut Policy> = self
            .policies_new
            .iter_mut()
            .map(|(_, policy)| (policy.name.to_ascii_lowercase(), policy))
            .collect();
        self.options.retain(|(level, key, value)| {
            let OptionLevel::Policy(_, name) = level else {
                return true;
            };
            let Some(policy) = anew.get_mut(&name.to_ascii_lowercase()) else {
                return true;
            };
            match value {
                Some(value) => policy.options.insert((*key).clone(), (*value).clone()),
                None => policy.options.remove(key),
            };
            false
        });
    }

    fn scope_edits(&mut self, scope: ScopeId, edits: &mut Vec<Edit>) {
        let exclusions = std::mem::take(&mut self.exclusions);
        for (range, _) in exclusions.iter().filter(|(_, on_left)| !on_left) {
            edits.push(Edit::RemoveExclusion {
                scope,
                range: *range,
            });
        }
        for address in &self.gone {
            edits.push(Edit::RemoveReservation {
                scope,
                address: *address,
            });
        }
        self.property_edits(scope, edits);
        for (range, _) in exclusions.iter().filter(|(_, on_left)| *on_left) {
            edits.push(Edit::AddExclusion {
                scope,
                range: *range,
            });
        }
        self.reservation_edits(scope, edits);
    }

    fn property_edits(&self, scope: ScopeId, edits: &mut Vec<Edit>) {
        if self.properties.is_empty() {
            return;
        }
        let to = self.properties.iter().find_map(|property| match property {
            ScopeProperty::Ranges(ranges) => Some(ranges.as_slice()),
            _ => None,
        });
        if let (Some([from]), Some([to])) = (self.ranges, to)
            && let Some(cover) = on_the_way(*from, *to)
        {
            edits.push(Edit::SetScope {
                scope,
                properties: vec![ScopeProperty::Ranges(vec![cover])],
            });
        }
        edits.push(Edit::SetScope {
            scope,
            properties: self.properties.iter().copied().cloned().collect(),
        });
    }

    /// A client is set only once nobody else has it; in a ring of clients that changed places
    /// somebody always has, and all of the ring are made anew.
    fn reservation_edits(&mut self, scope: ScopeId, edits: &mut Vec<Edit>) {
        let held: BTreeSet<&ClientId> = self.changed.iter().map(|change| change.has).collect();
        let wanted: BTreeMap<&ClientId, usize> = self
            .changed
            .iter()
            .enumerate()
            .map(|(index, change)| (change.wants, index))
            .collect();
        let mut ready: Vec<usize> = (0..self.changed.len())
            .rev()
            .filter(|index| !held.contains(self.changed[*index].wants))
            .collect();
        let mut done = BTreeSet::new();
        while let Some(index) = ready.pop() {
            let change = self.changed[index];
            let mut properties = vec![ReservationProperty::Client(change.wants.clone())];
            properties.extend(
                self.reservations
                    .remove(&change.address)
                    .unwrap_or_default(),
            );
            edits.push(Edit::SetReservation {
                scope,
                address: change.address,
                properties,
            });
            done.insert(index);
            ready.extend(wanted.get(change.has).filter(|next| !done.contains(next)));
        }
        let ring: Vec<NewClient<'_>> = self
            .changed
            .iter()
            .enumerate()
            .filter(|(index, _)| !done.contains(index))
            .map(|(_, change)| *change)
            .collect();
        // Either all are known as a whole or none is: it depends on the right server's coverage.
        if ring.iter().all(|change| change.whole.is_some()) {
            for change in &ring {
                edits.push(Edit::RemoveReservation {
                    scope,
                    address: change.address,
                });
            }
            for (new, old) in ring.iter().filter_map(|change| change.whole) {
                self.reservations.remove(&new.address);
                edits.push(Edit::AddReservation {
                    scope,
                    reservation: Reservation {
                        // What differs in them comes as differences of their own.
                        options: old.options.clone(),
                        ..new.clone()
                    },
                });
            }
        }
        for (address, properties) in std::mem::take(&mut self.reservations) {
            edits.push(Edit::SetReservation {
                scope,
                address,
                properties,
            });
        }
        for new in &self.new {
            edits.push(Edit::AddReservation {
                scope,
                reservation: Reservation::clone(new),
            });
        }
    }
}

/// A range that a scope's range has to take on the way, since a range may only grow or shrink.
fn on_the_way(from: Range, to: Range) -> Option<Range> {
    if from.covers(&to) || to.covers(&from) {
        return None;
    }
    Range::new(from.start().min(to.start()), from.end().max(to.end())).ok()
}

#[cfg(test)]
mod tests;
