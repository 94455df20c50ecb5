//! What is compared: two copies field by field, from the readings that are there, however old.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::console::age;
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::difference::Area;
use crate::model::scope::ScopeProperty;
use crate::model::text::printable;
use crate::model::{
    Comparison, Detail, Difference, ObjectRef, OptionLevel, Scope, ScopeId, ServerName,
};
use crate::rules::compare::Copy;
use crate::rules::{compare_relationship, compare_scopes};

/// A field of both copies.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Both values; the same ones where it is no difference.
    pub field: Difference,
    /// Whether it is one.
    pub differs: bool,
}

/// What a row belongs to, in the order shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Section {
    Relationship,
    Properties,
    Exclusions,
    Options,
    Reservations,
    Policies,
}

impl Section {
    pub(super) fn label(self) -> &'static str {
        match self {
            Section::Relationship => "Relationship Properties",
            Section::Properties => "Scope Properties",
            Section::Exclusions => "Exclusions",
            Section::Options => "Options",
            Section::Reservations => "Reservations",
            Section::Policies => "Policies",
        }
    }
}

impl Row {
    pub(super) fn section(&self) -> Section {
        match &self.field.detail {
            Detail::RelationshipProperty { .. } | Detail::Membership { .. } => {
                Section::Relationship
            }
            Detail::Scope { .. } | Detail::ScopeProperty { .. } => Section::Properties,
            Detail::Exclusion { .. } => Section::Exclusions,
            Detail::Reservation { .. } | Detail::ReservationProperty { .. } => {
                Section::Reservations
            }
            Detail::Policy { .. } => Section::Policies,
            Detail::Option { level, .. } => match level {
                OptionLevel::Reservation(..) => Section::Reservations,
                OptionLevel::Policy(..) => Section::Policies,
                OptionLevel::Server | OptionLevel::Scope(_) => Section::Options,
            },
        }
    }

    /// The field's label, with what it is a field of where the section has several such.
    pub(super) fn label(&self) -> String {
        let field = self.field.field();
        let label = match &self.field.detail {
            Detail::Reservation { left, right, .. } => {
                let known = left.as_ref().or(right.as_ref());
                known.map_or(field, |known| known.address.to_string())
            }
            Detail::ReservationProperty { address, .. } => format!("{address} {field}"),
            Detail::Policy { name, .. } => name.clone(),
            Detail::Option { level, .. } => match level {
                OptionLevel::Reservation(_, address) => format!("{address} {field}"),
                OptionLevel::Policy(_, name) => format!("{name} {field}"),
                OptionLevel::Server | OptionLevel::Scope(_) => field,
            },
            _ => field,
        };
        printable(&label, 200)
    }

    /// Where it stands within its section: nothing where the order it came in says so.
    fn address(&self) -> Option<Ipv4Addr> {
        match &self.field.detail {
            Detail::Reservation { left, right, .. } => {
                let known = left.as_ref().or(right.as_ref());
                known.map(|known| known.address)
            }
            Detail::ReservationProperty { address, .. } => Some(*address),
            Detail::Option {
                level: OptionLevel::Reservation(_, address),
                ..
            } => Some(*address),
            Detail::Exclusion { range, .. } => Some(range.start()),
            _ => None,
        }
    }

    fn property(&self) -> Option<&'static str> {
        match &self.field.detail {
            Detail::ScopeProperty { left, .. } => Some(left.label()),
            _ => None,
        }
    }
}

/// A server as one of the two that are compared.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub server: ServerName,
    /// How old its copy is, and whether it can be read now.
    pub age: String,
    pub readable: bool,
}

/// Two copies of one scope.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub here: Side,
    pub there: Side,
    pub name: String,
    /// In the order shown.
    pub rows: Vec<Row>,
    /// What could not be compared, a sentence each.
    pub unknown: Vec<String>,
}

impl Compared {
    /// How many fields differ.
    pub(super) fn differences(&self) -> usize {
        self.rows.iter().filter(|row| row.differs).count()
    }

    /// `3 differences`, `same`, `no difference found`.
    pub(super) fn verdict(&self) -> String {
        match (self.differences(), self.unknown.is_empty()) {
            (0, true) => "same".to_owned(),
            (0, false) => "no difference found".to_owned(),
            (count, _) => differences(count),
        }
    }
}

/// A number of differences in words.
pub(super) fn differences(count: usize) -> String {
    match count {
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    }
}

/// The two copies of a scope that a server has under failover.
///
/// # Errors
/// A sentence that says why nothing can be compared.
pub(super) fn of_scope(
    world: &World,
    server: &ServerName,
    scope: ScopeId,
) -> Result<Compared, String> {
    let relationship = world.estate.relationship_of(server, scope);
    let Some(relationship) = relationship else {
        return Err(format!("{scope} is not in a failover relationship"));
    };
    let (here, there) = both(world, server, &relationship.partner)?;
    let (Some(left), Some(right)) = (copy(here), copy(there)) else {
        return Err(format!("{} has not answered yet", there.name));
    };
    let mut comparison = compare_scopes(left, right, &[scope]);
    if right.coverage.relationships {
        let theirs = right.config.relationship(&relationship.name);
        if theirs.is_none_or(|theirs| !theirs.scopes.contains(&scope)) {
            let name = relationship.name.clone();
            comparison.differences.push(Difference {
                object: ObjectRef::Relationship(name.as_str().into()),
                detail: Detail::Membership {
                    name,
                    scope,
                    on_left: true,
                },
            });
        }
    } else {
        comparison.unknown.push(Area::Relationships);
    }
    let copies = left
        .config
        .scopes
        .get(&scope)
        .zip(right.config.scopes.get(&scope));
    let rows = rows(&comparison, copies.map(|(here, there)| (&**here, &**there)));
    let name = left.config.scopes.get(&scope);
    Ok(Compared {
        here: side(world, here),
        there: side(world, there),
        name: name.map_or(String::new(), |scope| printable(&scope.name, 256)),
        rows,
        unknown: unknown(world, &comparison, here, there),
    })
}

/// A scope in the list of a relationship's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Counted {
    pub scope: ScopeId,
    pub name: String,
    /// Fields that differ.
    pub differences: usize,
    /// `None`: on both; else whether it is on the left one only.
    pub only_on: Option<ServerName>,
}

/// Two servers' views of a relationship, and their copies of its scopes.
#[derive(Clone, Debug)]
pub(super) struct Overview {
    pub here: Side,
    pub there: Side,
    pub relationship: String,
    /// The relationship's own fields that differ.
    pub rows: Vec<Row>,
    /// Its scopes, those that differ most first.
    pub scopes: Vec<Counted>,
    pub unknown: Vec<String>,
}

impl Overview {
    /// How many fields differ, of everything.
    pub(super) fn differences(&self) -> usize {
        let scopes = self.scopes.iter().map(|scope| scope.differences);
        self.rows.len() + scopes.sum::<usize>()
    }
}

/// The two ends of a relationship.
///
/// # Errors
/// A sentence that says why nothing can be compared.
pub(super) fn of_relationship(
    world: &World,
    server: &ServerName,
    partner: &ServerName,
    name: &str,
) -> Result<Overview, String> {
    let (here, there) = both(world, server, partner)?;
    let (Some(left), Some(right)) = (copy(here), copy(there)) else {
        let silent = if copy(here).is_none() { here } else { there };
        return Err(format!("{} has not answered yet", silent.name));
    };
    let comparison = compare_relationship(left, right, name);
    let mut counts: BTreeMap<ScopeId, Counted> = BTreeMap::new();
    for copy in [left, right] {
        let held = copy.config.relationship(name);
        for scope in held.iter().flat_map(|held| &held.scopes) {
            let known = left.config.scopes.get(scope);
            let known = known.or_else(|| right.config.scopes.get(scope));
            counts.entry(*scope).or_insert_with(|| Counted {
                scope: *scope,
                name: known.map_or(String::new(), |known| printable(&known.name, 256)),
                differences: 0,
                only_on: None,
            });
        }
    }
    let mut own = Vec::new();
    for field in &comparison.differences {
        let (scope, only_on) = match &field.detail {
            Detail::Membership { scope, on_left, .. } => (Some(*scope), Some(*on_left)),
            Detail::Scope { left, .. } => (field.object.scope(), Some(left.is_some())),
            _ => (field.object.scope(), None),
        };
        match scope.and_then(|scope| counts.get_mut(&scope)) {
            Some(counted) => {
                counted.differences += 1;
                if let Some(on_left) = only_on {
                    let on = if on_left { &here.name } else { &there.name };
                    counted.only_on = Some(on.clone());
                }
            }
            None => own.push(Row {
                field: field.clone(),
                differs: true,
            }),
        }
    }
    let mut scopes: Vec<Counted> = counts.into_values().collect();
    scopes.sort_by_key(|scope| (std::cmp::Reverse(scope.differences), scope.scope));
    Ok(Overview {
        here: side(world, here),
        there: side(world, there),
        relationship: name.to_owned(),
        rows: own,
        scopes,
        unknown: unknown(world, &comparison, here, there),
    })
}

fn both<'w>(
    world: &'w World,
    server: &ServerName,
    partner: &ServerName,
) -> Result<(&'w ServerView, &'w ServerView), String> {
    let find = |name: &ServerName| {
        let known = world.estate.partner(name);
        known.ok_or_else(|| format!("{name} is not in the configuration"))
    };
    Ok((find(server)?, find(partner)?))
}

fn copy(view: &ServerView) -> Option<Copy<'_>> {
    let reading = view.reading.as_ref()?;
    Some(Copy {
        config: &reading.config,
        coverage: reading.coverage,
    })
}

fn side(world: &World, view: &ServerView) -> Side {
    let taken = view.reading.as_ref().map(|reading| reading.taken);
    let age = taken.map_or("never read".to_owned(), |taken| age::ago(world.age(taken)));
    Side {
        server: view.name.clone(),
        age: match view.error {
            Some(_) => format!("not reachable, read {age}"),
            None => format!("read {age}"),
        },
        readable: view.error.is_none(),
    }
}

fn unknown(
    world: &World,
    comparison: &Comparison,
    here: &ServerView,
    there: &ServerView,
) -> Vec<String> {
    let mut said = Vec::new();
    for view in [here, there] {
        if let Some(error) = &view.error {
            said.push(format!(
                "{error}: what is shown of it is as it was {}",
                side(world, view).age.trim_start_matches("not reachable, ")
            ));
        }
    }
    if !comparison.unknown.is_empty() {
        let areas: Vec<String> = comparison.unknown.iter().map(ToString::to_string).collect();
        said.push(format!(
            "not known, since one of the two does not tell: {}",
            areas.join(", ")
        ));
    }
    said
}

/// Every field of two copies, those that differ as the rules found them.
fn rows(comparison: &Comparison, copies: Option<(&Scope, &Scope)>) -> Vec<Row> {
    let mut rows: Vec<Row> = comparison
        .differences
        .iter()
        .map(|field| Row {
            field: field.clone(),
            differs: true,
        })
        .collect();
    if let Some((here, there)) = copies {
        rows.extend(same(here, there, &comparison.unknown));
    }
    let properties = copies.map(|(here, _)| here.properties());
    let place = |label: Option<&'static str>| {
        let all = properties.iter().flatten().map(ScopeProperty::label);
        label.and_then(|label| all.clone().position(|known| known == label))
    };
    let within = |one: &Row, two: &Row| match one.section() {
        Section::Properties => place(one.property()).cmp(&place(two.property())),
        Section::Exclusions | Section::Reservations => one.address().cmp(&two.address()),
        Section::Policies => one.label().cmp(&two.label()),
        Section::Options => one.label().cmp(&two.label()),
        Section::Relationship => Ordering::Equal,
    };
    rows.sort_by(|one, two| {
        let sections = one.section().cmp(&two.section());
        sections.then_with(|| within(one, two))
    });
    rows
}

/// The fields in which two copies are the same.
fn same(here: &Scope, there: &Scope, unknown: &[Area]) -> Vec<Row> {
    let known = |area: Area| !unknown.contains(&area);
    let id = here.id;
    let mut rows = Vec::new();
    let mut push = |object: ObjectRef, detail: Detail| {
        rows.push(Row {
            field: Difference { object, detail },
            differs: false,
        });
    };
    if known(Area::Scopes) {
        for (left, right) in here.properties().into_iter().zip(there.properties()) {
            // Superscope membership is each server's own: it may differ and is no difference.
            if left == right || matches!(left, ScopeProperty::Superscope(_)) {
                let scope = id;
                push(
                    ObjectRef::Scope(id),
                    Detail::ScopeProperty { scope, left, right },
                );
            }
        }
    }
    if known(Area::Exclusions) {
        for range in &here.exclusions {
            if there.exclusions.contains(range) {
                let detail = Detail::Exclusion {
                    scope: id,
                    range: *range,
                    on_left: true,
                };
                push(ObjectRef::Exclusions(id), detail);
            }
        }
    }
    if known(Area::Options) {
        for (key, value) in here.options.iter() {
            if there.options.get(key) == Some(value) {
                let level = OptionLevel::Scope(id);
                let detail = Detail::Option {
                    level: level.clone(),
                    key: key.clone(),
                    left: Some(value.clone()),
                    right: Some(value.clone()),
                };
                push(ObjectRef::Option(level, key.clone()), detail);
            }
        }
    }
    if known(Area::Reservations) {
        for (address, left) in &here.reservations {
            let Some(right) = there.reservations.get(address) else {
                continue;
            };
            if left.properties() == right.properties() {
                let detail = Detail::Reservation {
                    scope: id,
                    left: Some(left.clone()),
                    right: Some(right.clone()),
                };
                push(ObjectRef::Reservation(id, *address), detail);
            }
        }
    }
    if known(Area::Policies) {
        for (place, policy) in (1..).zip(&here.policies) {
            let theirs = there.policy(&policy.name);
            if theirs == Some(policy) {
                let value = Some((place, Box::new(policy.clone())));
                let detail = Detail::Policy {
                    level: Some(id),
                    name: policy.name.clone(),
                    left: value.clone(),
                    right: value,
                };
                push(ObjectRef::Policy(Some(id), policy.name.clone()), detail);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests;
