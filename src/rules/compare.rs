//! Field by field: how two servers' copies of the same scopes and relationships differ.
//!
//! Only what replication copies is compared. What belongs to one server alone (its options,
//! policies, filters and settings, superscope membership, and what the model has no word for) is
//! no difference.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::difference::Area;
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ScopeProperty;
use crate::model::server::Coverage;
use crate::model::{
    Comparison, Detail, Difference, ObjectRef, OptionLevel, Options, Policy, Relationship,
    Reservation, Scope, ScopeId, ServerConfig,
};

/// One server's copy, and what of it was read.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'a> {
    /// The configuration.
    pub config: &'a ServerConfig,
    /// What of it was read.
    pub coverage: Coverage,
}

/// How the right copies of these scopes differ from the left ones in what replication copies.
///
/// Within a scope the differences come in this order: the scope's properties, exclusions, options,
/// reservations (each with its options), policies (likewise). A reservation is found by its
/// address: where both have one for different clients, that is one difference with both sides (a
/// property's, where the right server's options are not covered: it can't be made anew without
/// them); a client that moved is a reservation only on the left and one only on the right. A
/// policy is found by its name, without regard to case; its place is a difference only where it
/// stands differently among the policies that both have.
///
/// An area that one of the two does not cover is named in `unknown`, and nothing is said of it.
/// Policies are unknown, too, where the right server's options are not covered: a policy that
/// differs is made anew, and would lose them.
#[must_use]
pub fn compare_scopes(left: Copy<'_>, right: Copy<'_>, scopes: &[ScopeId]) -> Comparison {
    let mut comparison = Comparison::default();
    if scopes.is_empty() {
        return comparison;
    }
    let both = Both::of(left.coverage, right.coverage);
    comparison.unknown = both.unknown();
    let mut seen = BTreeSet::new();
    for id in scopes.iter().filter(|id| seen.insert(**id)) {
        match (left.config.scopes.get(id), right.config.scopes.get(id)) {
            (Some(left), Some(right)) if !Arc::ptr_eq(left, right) => {
                compare_scope(left, right, both, &mut comparison.differences);
            }
            (Some(scope), None) if both.scopes => {
                let scope = covered_scope(scope, both);
                push(
                    &mut comparison.differences,
                    ObjectRef::WholeScope(*id),
                    Detail::Scope {
                        left: Some(scope),
                        right: None,
                    },
                );
            }
            (None, Some(scope)) if both.scopes => push(
                &mut comparison.differences,
                ObjectRef::WholeScope(*id),
                Detail::Scope {
                    left: None,
                    right: Some(Arc::clone(scope)),
                },
            ),
            _ => {}
        }
    }
    comparison
}

/// How the two servers' views of a relationship, and their copies of its scopes, differ.
///
/// Its parameters come first, both in the left server's view (of authentication only whether it is
/// on: no server tells its secret), then which scopes are in it on one side only, then how the
/// copies differ of every scope that is in it on either side. Where one server has no such
/// relationship, every scope that the other has in it is in it on one side only; where neither
/// has, there is nothing to compare.
#[must_use]
pub fn compare_relationship(left: Copy<'_>, right: Copy<'_>, name: &str) -> Comparison {
    let covered = left.coverage.relationships && right.coverage.relationships;
    let of = |copy: Copy<'_>| -> Option<Relationship> {
        let known = copy.coverage.relationships;
        copy.config.relationship(name).filter(|_| known).cloned()
    };
    let (here, there) = (of(left), of(right));
    let no_scopes = BTreeSet::new();
    let in_left = here.as_ref().map_or(&no_scopes, |here| &here.scopes);
    let in_right = there.as_ref().map_or(&no_scopes, |there| &there.scopes);

    let mut differences = Vec::new();
    if covered {
        let name = here
            .as_ref()
            .or(there.as_ref())
            .map_or_else(|| name.to_owned(), |relationship| relationship.name.clone());
        let object = ObjectRef::Relationship(name.as_str().into());
        if let (Some(here), Some(there)) = (&here, &there) {
            for (left, right) in here.properties().into_iter().zip(there.properties()) {
                let right = right.mirrored();
                if left != right {
                    push(
                        &mut differences,
                        object.clone(),
                        Detail::RelationshipProperty {
                            name: name.clone(),
                            left,
                            right,
                        },
                    );
                }
            }
        }
        for scope in in_left.symmetric_difference(in_right) {
            push(
                &mut differences,
                object.clone(),
                Detail::Membership {
                    name: name.clone(),
                    scope: *scope,
                    on_left: in_left.contains(scope),
                },
            );
        }
    }
    let scopes: Vec<ScopeId> = in_left.union(in_right).copied().collect();
    let of_scopes = compare_scopes(left, right, &scopes);
    differences.extend(of_scopes.differences);
    let mut unknown = of_scopes.unknown;
    if !covered {
        unknown.push(Area::Relationships);
    }
    Comparison {
        differences,
        unknown,
    }
}

/// Which areas both sides cover.
#[derive(Clone, Copy)]
struct Both {
    scopes: bool,
    exclusions: bool,
    reservations: bool,
    options: bool,
    /// Whether the right side covers options, whatever the left does.
    right_options: bool,
    policies: bool,
}

impl Both {
    fn of(left: Coverage, right: Coverage) -> Both {
        Both {
            scopes: left.scopes && right.scopes,
            exclusions: left.exclusions && right.exclusions,
            reservations: left.reservations && right.reservations,
            options: left.options && right.options,
            right_options: right.options,
            policies: left.policies && right.policies && right.options,
        }
    }

    fn unknown(self) -> Vec<Area> {
        [
            (self.scopes, Area::Scopes),
            (self.exclusions, Area::Exclusions),
            (self.reservations, Area::Reservations),
            (self.options, Area::Options),
            (self.policies, Area::Policies),
        ]
        .into_iter()
        .filter_map(|(covered, area)| (!covered).then_some(area))
        .collect()
    }
}

fn push(differences: &mut Vec<Difference>, object: ObjectRef, detail: Detail) {
    differences.push(Difference { object, detail });
}

fn compare_scope(left: &Scope, right: &Scope, both: Both, differences: &mut Vec<Difference>) {
    // Most copies are the same, and this allocates nothing.
    if left == right {
        return;
    }
    let id = left.id;
    if both.scopes {
        for (left, right) in left.properties().into_iter().zip(right.properties()) {
            if left != right && !matches!(left, ScopeProperty::Superscope(_)) {
                push(
                    differences,
                    ObjectRef::Scope(id),
                    Detail::ScopeProperty {
                        scope: id,
                        left,
                        right,
                    },
                );
            }
        }
    }
    if both.exclusions && left.exclusions != right.exclusions {
        let on_left: BTreeSet<_> = left.exclusions.iter().collect();
        let on_right: BTreeSet<_> = right.exclusions.iter().collect();
        for range in on_left.symmetric_difference(&on_right) {
            push(
                differences,
                ObjectRef::Exclusions(id),
                Detail::Exclusion {
                    scope: id,
                    range: **range,
                    on_left: on_left.contains(range),
                },
            );
        }
    }
    if both.options {
        let level = || OptionLevel::Scope(id);
        compare_options(&left.options, &right.options, level, differences);
    }
    if both.reservations {
        for (_, left, right) in merged(left.reservations.iter(), right.reservations.iter()) {
            compare_reservation(id, left, right, both, differences);
        }
    }
    if both.policies {
        compare_policies(id, &left.policies, &right.policies, both, differences);
    }
}

fn compare_options(
    left: &Options,
    right: &Options,
    level: impl Fn() -> OptionLevel,
    differences: &mut Vec<Difference>,
) {
    if left == right {
        return;
    }
    for (key, left, right) in merged(left.iter(), right.iter()) {
        if left != right {
            push(
                differences,
                ObjectRef::Option(level(), key.clone()),
                Detail::Option {
                    level: level(),
                    key: key.clone(),
                    left: left.cloned(),
                    right: right.cloned(),
                },
            );
        }
    }
}

fn compare_reservation(
    scope: ScopeId,
    left: Option<&Arc<Reservation>>,
    right: Option<&Arc<Reservation>>,
    both: Both,
    differences: &mut Vec<Difference>,
) {
    let Some(address) = left.or(right).map(|reservation| reservation.address) else {
        return;
    };
    let object = ObjectRef::Reservation(scope, address);
    let (Some(on_left), Some(on_right)) = (left, right) else {
        let whole = |reservation: &Arc<Reservation>| {
            if both.options {
                return Arc::clone(reservation);
            }
            Arc::new(Reservation {
                options: Options::new(),
                ..Reservation::clone(reservation)
            })
        };
        let (left, right) = (left.map(whole), right.map(whole));
        push(
            differences,
            object,
            Detail::Reservation { scope, left, right },
        );
        return;
    };
    if Arc::ptr_eq(on_left, on_right) || on_left == on_right {
        return;
    }
    let anew = on_left.client != on_right.client && both.right_options;
    if anew {
        let (left, right) = (Some(Arc::clone(on_left)), Some(Arc::clone(on_right)));
        push(
            differences,
            object.clone(),
            Detail::Reservation { scope, left, right },
        );
    }
    for (left, right) in on_left.properties().into_iter().zip(on_right.properties()) {
        let said = anew && matches!(left, ReservationProperty::Client(_));
        if left != right && !said {
            push(
                differences,
                object.clone(),
                Detail::ReservationProperty {
                    scope,
                    address,
                    left,
                    right,
                },
            );
        }
    }
    if both.options {
        let level = || OptionLevel::Reservation(scope, address);
        compare_options(&on_left.options, &on_right.options, level, differences);
    }
}

fn compare_policies(
    scope: ScopeId,
    left: &[Policy],
    right: &[Policy],
    both: Both,
    differences: &mut Vec<Difference>,
) {
    if left == right {
        return;
    }
    let mut on_right: BTreeMap<String, usize> = right
        .iter()
        .enumerate()
        .map(|(place, policy)| (policy.name.to_ascii_lowercase(), place))
        .collect();
    let pairs: Vec<(usize, Option<usize>)> = left
        .iter()
        .enumerate()
        .map(|(place, policy)| (place, on_right.remove(&policy.name.to_ascii_lowercase())))
        .collect();
    let alike: Vec<usize> = pairs
        .iter()
        .filter_map(|(place, other)| {
            let other = (*other)?;
            same_but_options(&left[*place], &right[other]).then_some(other)
        })
        .collect();
    let stays = longest_ascent(&alike);
    let side = |policies: &[Policy], place: usize| {
        let order = u16::try_from(place + 1).unwrap_or(u16::MAX);
        Some((order, Box::new(policies[place].clone())))
    };
    let on_the_left = |place: usize| {
        let mut side = side(left, place);
        if let Some((_, policy)) = &mut side
            && !both.options
        {
            policy.options = Options::new();
        }
        side
    };
    let mut emit = |name: &str, left, right| {
        push(
            differences,
            ObjectRef::Policy(Some(scope), name.to_owned()),
            Detail::Policy {
                level: Some(scope),
                name: name.to_owned(),
                left,
                right,
            },
        );
    };
    for (place, other) in &pairs {
        let name = &left[*place].name;
        match other {
            None => emit(name, on_the_left(*place), None),
            Some(other) if !stays.contains(other) => {
                emit(name, on_the_left(*place), side(right, *other));
            }
            Some(_) => {}
        }
    }
    for place in on_right.into_values().collect::<BTreeSet<usize>>() {
        emit(&right[place].name, None, side(right, place));
    }
    if both.options {
        for (place, other) in pairs {
            if let Some(other) = other {
                let name = &left[place].name;
                let level = || OptionLevel::Policy(Some(scope), name.clone());
                let (left, right) = (&left[place].options, &right[other].options);
                compare_options(left, right, level, differences);
            }
        }
    }
}

fn same_but_options(left: &Policy, right: &Policy) -> bool {
    left.name == right.name
        && left.description == right.description
        && left.enabled == right.enabled
        && left.junction == right.junction
        && left.conditions == right.conditions
        && left.lease_duration == right.lease_duration
        && left.ranges == right.ranges
}

/// The members of one of the longest ascending subsequences: what can stay where it stands, so
/// that as little as possible is said to have moved.
fn longest_ascent(numbers: &[usize]) -> BTreeSet<usize> {
    // tails[n]: where the ascent of n + 1 members ends that ends lowest.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let length = tails.partition_point(|tail| numbers[*tail] < *number);
        before.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        if length == tails.len() {
            tails.push(index);
        } else {
            tails[length] = index;
        }
    }
    std::iter::successors(tails.last().copied(), |index| before[*index])
        .map(|index| numbers[index])
        .collect()
}

/// The scope as replication would send it, as far as both servers are known to have such things.
fn covered_scope(scope: &Arc<Scope>, both: Both) -> Arc<Scope> {
    let mut copy = Scope::clone(scope);
    copy.superscope = None;
    copy.foreign = Vec::new();
    if !both.exclusions {
        copy.exclusions = Vec::new();
    }
    if !both.reservations {
        copy.reservations = BTreeMap::new();
    }
    if !both.policies {
        copy.policies = Vec::new();
    }
    if !both.options {
        copy.options = Options::new();
        for reservation in copy.reservations.values_mut() {
            Arc::make_mut(reservation).options = Options::new();
        }
        for policy in &mut copy.policies {
            policy.options = Options::new();
        }
    }
    Arc::new(copy)
}

/// Walks two sequences that ascend by key side by side.
pub(super) fn merged<'a, K: Ord + 'a, V: 'a>(
    left: impl Iterator<Item = (&'a K, &'a V)>,
    right: impl Iterator<Item = (&'a K, &'a V)>,
) -> impl Iterator<Item = (&'a K, Option<&'a V>, Option<&'a V>)> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let on_left = left.next_if(|_| order.is_le());
        let on_right = right.next_if(|_| order.is_ge());
        let (key, _) = on_left.or(on_right)?;
        Some((
            key,
            on_left.map(|(_, value)| value),
            on_right.map(|(_, value)| value),
        ))
    })
}

#[cfg(test)]
mod tests;
