//! What an edit changes in one server's configuration, field by field: what a preview shows.

use std::sync::Arc;

use super::compare::merged;
use crate::model::failover::Relationship;
use crate::model::plan::FieldChange;
use crate::model::policy::{Filter, PolicyProperty};
use crate::model::{
    ObjectRef, OptionLevel, Options, Policy, PolicyLevel, Reservation, Scope, ScopeId, ServerConfig,
};

/// Every field that differs between a configuration before and after: what a preview shows.
///
/// A scope that comes or goes is a line with its name and range, and a line with the number of
/// each kind of what hangs on it. What else comes or goes shows its fields that say something.
/// The values are the servers' own words, not yet made fit for a screen.
#[must_use]
pub fn changes(before: &ServerConfig, after: &ServerConfig) -> Vec<FieldChange> {
    let mut found = Found(Vec::new());
    if before.settings != after.settings {
        let after = after.settings.properties();
        for (before, after) in before.settings.properties().iter().zip(&after) {
            found.value(
                &ObjectRef::Settings,
                after.label(),
                Some(before.to_string()),
                Some(after.to_string()),
            );
        }
    }
    for (id, before, after) in merged(before.scopes.iter(), after.scopes.iter()) {
        match (before, after) {
            (Some(before), Some(after)) => {
                if !Arc::ptr_eq(before, after) {
                    found.scope(*id, before, after);
                }
            }
            (before, after) => found.whole_scope(*id, before, after),
        }
    }
    found.options(&before.options, &after.options, || OptionLevel::Server);
    found.policies(None, &before.policies, &after.policies);
    for (pattern, before, after) in merged(before.filters.iter(), after.filters.iter()) {
        let object = ObjectRef::Filter(pattern.clone());
        let fields = |filter: Option<&Filter>| match filter {
            Some(filter) => [
                Some(filter.list.to_string()),
                said(filter.description.clone()),
            ],
            None => [None, None],
        };
        let ([list, text], [new_list, new_text]) = (fields(before), fields(after));
        found.value(&object, "List", list, new_list);
        found.value(&object, "Description", text, new_text);
    }
    for (name, before, after) in merged(before.relationships.iter(), after.relationships.iter()) {
        found.relationship(name, before, after);
    }
    found.0
}

struct Found(Vec<FieldChange>);

impl Found {
    /// Notes a field whose value is not the same.
    fn value(
        &mut self,
        object: &ObjectRef,
        field: impl Into<String>,
        before: Option<String>,
        after: Option<String>,
    ) {
        if before != after {
            self.0.push(FieldChange {
                object: object.clone(),
                field: field.into(),
                before,
                after,
            });
        }
    }

    fn whole_scope(
        &mut self,
        id: ScopeId,
        before: Option<&Arc<Scope>>,
        after: Option<&Arc<Scope>>,
    ) {
        let object = ObjectRef::WholeScope(id);
        let title = |scope: &Arc<Scope>| {
            let mut text = scope.name.clone();
            for range in &scope.ranges {
                text.push_str(&format!(", {range}"));
            }
            text
        };
        self.value(&object, "Scope", before.map(title), after.map(title));
        let counts = |scope: Option<&Arc<Scope>>| {
            let count = |count: fn(&Scope) -> usize| {
                let number = count(scope?);
                (number > 0).then(|| number.to_string())
            };
            [
                count(|scope| scope.exclusions.len()),
                count(|scope| scope.options.len()),
                count(|scope| scope.reservations.len()),
                count(|scope| scope.policies.len()),
            ]
        };
        let fields = ["Exclusion Ranges", "Options", "Reservations", "Policies"];
        for ((field, before), after) in fields.iter().zip(counts(before)).zip(counts(after)) {
            self.value(&object, *field, before, after);
        }
    }

    fn scope(&mut self, id: ScopeId, before: &Scope, after: &Scope) {
        for (before, after) in before.properties().iter().zip(after.properties()) {
            if *before != after {
                self.value(
                    &ObjectRef::Scope(id),
                    after.label(),
                    Some(before.to_string()),
                    Some(after.to_string()),
                );
            }
        }
        let object = ObjectRef::Exclusions(id);
        for range in &before.exclusions {
            if !after.exclusions.contains(range) {
                self.value(&object, "Exclusion Range", Some(range.to_string()), None);
            }
        }
        for range in &after.exclusions {
            if !before.exclusions.contains(range) {
                self.value(&object, "Exclusion Range", None, Some(range.to_string()));
            }
        }
        self.options(&before.options, &after.options, || OptionLevel::Scope(id));
        for (_, before, after) in merged(before.reservations.iter(), after.reservations.iter()) {
            self.reservation(id, before, after);
        }
        self.policies(Some(id), &before.policies, &after.policies);
    }

    fn reservation(
        &mut self,
        scope: ScopeId,
        before: Option<&Arc<Reservation>>,
        after: Option<&Arc<Reservation>>,
    ) {
        let Some(address) = before.or(after).map(|reservation| reservation.address) else {
            return;
        };
        if before == after {
            return;
        }
        let object = ObjectRef::Reservation(scope, address);
        let properties = |reservation: Option<&Arc<Reservation>>| {
            reservation.map(|reservation| reservation.properties())
        };
        let (old, new) = (properties(before), properties(after));
        self.fields(&object, old.as_deref(), new.as_deref(), |property| {
            (property.label(), property.to_string())
        });
        let none = Options::new();
        self.options(
            before.map_or(&none, |reservation| &reservation.options),
            after.map_or(&none, |reservation| &reservation.options),
            || OptionLevel::Reservation(scope, address),
        );
    }

    /// Fields of something that may be on one side only; both lists are of the same length and
    /// order. An empty text says nothing where there is nothing on the other side.
    fn fields<P>(
        &mut self,
        object: &ObjectRef,
        before: Option<&[P]>,
        after: Option<&[P]>,
        show: impl Fn(&P) -> (&'static str, String),
    ) {
        let both = before.is_some() && after.is_some();
        let count = before.or(after).map_or(0, <[P]>::len);
        for index in 0..count {
            let value = |side: Option<&[P]>| {
                let (label, text) = show(side?.get(index)?);
                Some((label, text))
            };
            let (before, after) = (value(before), value(after));
            let Some((label, _)) = before.as_ref().or(after.as_ref()) else {
                continue;
            };
            let label = *label;
            let text = |side: Option<(&'static str, String)>| {
                let (_, text) = side?;
                if both { Some(text) } else { said(text) }
            };
            let (before, after) = (text(before), text(after));
            self.value(object, label, before, after);
        }
    }

    fn options(&mut self, before: &Options, after: &Options, level: impl Fn() -> OptionLevel) {
        if before == after {
            return;
        }
        for (key, before, after) in merged(before.iter(), after.iter()) {
            if before != after {
                self.value(
                    &ObjectRef::Option(level(), key.clone()),
                    key.to_string(),
                    before.map(ToString::to_string),
                    after.map(ToString::to_string),
                );
            }
        }
    }

    fn policies(&mut self, level: PolicyLevel, before: &[Policy], after: &[Policy]) {
        if before == after {
            return;
        }
        let find = |policies: &[Policy], name: &str| {
            policies
                .iter()
                .position(|policy| policy.name.eq_ignore_ascii_case(name))
        };
        for (place, policy) in before.iter().enumerate() {
            let now = find(after, &policy.name).map(|place| (place, &after[place]));
            self.policy(level, Some((place, policy)), now);
        }
        for (place, policy) in after.iter().enumerate() {
            if find(before, &policy.name).is_none() {
                self.policy(level, None, Some((place, policy)));
            }
        }
    }

    fn policy(
        &mut self,
        level: PolicyLevel,
        before: Option<(usize, &Policy)>,
        after: Option<(usize, &Policy)>,
    ) {
        let Some((_, named)) = after.or(before) else {
            return;
        };
        let name = &named.name;
        let properties = |side: Option<(usize, &Policy)>| {
            side.map(|(place, policy)| {
                let mut properties = policy.properties();
                let order = u16::try_from(place + 1).unwrap_or(u16::MAX);
                properties.push(PolicyProperty::ProcessingOrder(order));
                properties
            })
        };
        let (old, new) = (properties(before), properties(after));
        let object = ObjectRef::Policy(level, name.clone());
        self.fields(&object, old.as_deref(), new.as_deref(), |property| {
            (property.label(), property.to_string())
        });
        let none = Options::new();
        self.options(
            before.map_or(&none, |(_, policy)| &policy.options),
            after.map_or(&none, |(_, policy)| &policy.options),
            || OptionLevel::Policy(level, name.clone()),
        );
    }

    fn relationship(
        &mut self,
        name: &str,
        before: Option<&Relationship>,
        after: Option<&Relationship>,
    ) {
        if before == after {
            return;
        }
        let shown = before.or(after).map_or(name, |either| either.name.as_str());
        let object = ObjectRef::Relationship(shown.into());
        let name = |relationship: &Relationship| relationship.name.clone();
        self.value(
            &object,
            "Relationship Name",
            before.map(name),
            after.map(name),
        );
        let partner = |relationship: &Relationship| relationship.partner.to_string();
        self.value(
            &object,
            "Partner Server",
            before.map(partner),
            after.map(partner),
        );
        let properties = |side: Option<&Relationship>| side.map(Relationship::properties);
        let (old, new) = (properties(before), properties(after));
        self.fields(&object, old.as_deref(), new.as_deref(), |property| {
            (property.label(), property.to_string())
        });
        let scopes = |side: Option<&Relationship>| {
            side.map(|relationship| relationship.scopes.clone())
                .unwrap_or_default()
        };
        let (old, new) = (scopes(before), scopes(after));
        for scope in old.difference(&new) {
            self.value(&object, "Scope", Some(scope.to_string()), None);
        }
        for scope in new.difference(&old) {
            self.value(&object, "Scope", None, Some(scope.to_string()));
        }
    }
}

fn said(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
