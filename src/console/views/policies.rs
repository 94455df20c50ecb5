//! The view Policies: who is treated differently, at servers and at scopes, in processing order.

use std::sync::Arc;

use super::{ViewSpec, hidden, number, servers, text};
use crate::console::details::policy;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::policy::PolicyProperty;
use crate::model::text::printable;
use crate::model::{Policy, Scope};

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "move-policy-up",
        "move-policy-down",
        "enable-policy",
        "disable-policy",
        "delete-policy",
        "retrieve-server-data",
    ],
    tabs: policy::TABS,
    empty: "No policies.",
};

/// A policy of a server, or of a scope there.
struct Row {
    view: Arc<ServerView>,
    scope: Option<Arc<Scope>>,
    /// Its place, from 0.
    place: usize,
}

impl Row {
    fn policy(&self) -> Option<&Policy> {
        let policies = match &self.scope {
            Some(scope) => &scope.policies,
            None => &self.view.reading.as_ref()?.config.policies,
        };
        policies.get(self.place)
    }

    /// Whether policies are in force where it is.
    fn in_force(&self) -> bool {
        let reading = self.view.reading.as_ref();
        let server = reading.is_some_and(|reading| reading.config.settings.activate_policies);
        let here = self.scope.as_ref();
        server && here.is_none_or(|scope| scope.activate_policies)
    }

    fn name(&self) -> &str {
        self.policy().map_or("", |policy| policy.name.as_str())
    }

    fn status(&self) -> Cell<'static> {
        match (self.policy().map(|policy| policy.enabled), self.in_force()) {
            (Some(true), true) => Cell::toned("Enabled", Tone::Good),
            // Enabled, and yet without effect: the word has to say so.
            (Some(true), false) => Cell::toned("not in force", Tone::Warn),
            _ => Cell::toned("Disabled", Tone::Dim),
        }
    }

    fn conditions(&self) -> String {
        let Some(policy) = self.policy() else {
            return String::new();
        };
        let each = policy.conditions.iter();
        let each: Vec<String> = each
            .map(|known| printable(&known.to_string(), 200))
            .collect();
        each.join(&format!(" {} ", policy.junction))
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Server Name", &["server"], (10, 32), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("Scope ID", &["scope", "id"], (15, 15), 1),
        cell: |row, _| match &row.scope {
            None => Cell::toned("server", Tone::Dim),
            Some(scope) => Cell::new(scope.id.to_string()),
        },
        key: |row, _| match &row.scope {
            None => SortKey::Number(-1),
            Some(scope) => SortKey::Number(i64::from(scope.id.address().to_bits())),
        },
    },
    Column {
        spec: number("Processing Order", &["order"], (5, 16), 3),
        cell: |row, _| Cell::new((row.place + 1).to_string()),
        key: |row, _| SortKey::Number(i64::try_from(row.place).unwrap_or(i64::MAX)),
    },
    Column {
        spec: text("Policy Name", &["name", "policy"], (10, 40), 0),
        cell: |row, _| Cell::new(printable(row.name(), 64)),
        key: |row, _| SortKey::Text(row.name().into()),
    },
    Column {
        spec: text("Status", &["status", "enabled"], (8, 12), 1),
        cell: |row, _| row.status(),
        key: |row, _| SortKey::Text(row.status().text),
    },
    Column {
        spec: text("Conditions", &["conditions"], (14, 60), 2),
        cell: |row, _| Cell::new(row.conditions()),
        key: |row, _| SortKey::Text(row.conditions().into()),
    },
    Column {
        spec: text("Address Range", &["range"], (12, 31), 5),
        cell: |row, _| {
            let ranges = row.policy().map(|policy| policy.ranges.clone());
            Cell::new(PolicyProperty::Ranges(ranges.unwrap_or_default()).to_string())
        },
        key: |row, _| match row.policy().and_then(|policy| policy.ranges.first()) {
            None => SortKey::Nothing,
            Some(range) => SortKey::Number(i64::from(range.start().to_bits())),
        },
    },
    Column {
        spec: hidden(text("Lease Duration", &["lease", "duration"], (8, 14), 6)),
        cell: |row, _| {
            let own = row.policy().and_then(|policy| policy.lease_duration);
            Cell::new(own.map(|own| own.to_string()).unwrap_or_default())
        },
        key: |row, _| match row.policy().and_then(|policy| policy.lease_duration) {
            None => SortKey::Nothing,
            Some(own) => SortKey::Number(i64::from(own.0)),
        },
    },
    Column {
        spec: hidden(number("Options", &["options"], (4, 7), 6)),
        cell: |row, _| {
            let count = row.policy().map_or(0, |policy| policy.options.len());
            Cell::new(count.to_string())
        },
        key: |row, _| {
            let count = row.policy().map_or(0, |policy| policy.options.len());
            SortKey::Number(i64::try_from(count).unwrap_or(i64::MAX))
        },
    },
    Column {
        spec: text("Description", &["description"], (10, 48), 6),
        cell: |row, _| {
            let policy = row.policy();
            Cell::new(printable(
                policy.map_or("", |policy| policy.description.as_str()),
                255,
            ))
        },
        key: |row, _| {
            let policy = row.policy();
            SortKey::Text(
                policy
                    .map_or("", |policy| policy.description.as_str())
                    .into(),
            )
        },
    },
];

fn rows(world: &World, place: &Place) -> SharedSource {
    let mut rows = Vec::new();
    for view in servers(world, place) {
        let Some(reading) = &view.reading else {
            continue;
        };
        let mut add = |scope: Option<&Arc<Scope>>, count: usize| {
            rows.extend((0..count).map(|place| Row {
                view: Arc::clone(view),
                scope: scope.cloned(),
                place,
            }));
        };
        let within = place.within.as_ref().and_then(Subject::scope);
        if within.is_none() {
            add(None, reading.config.policies.len());
        }
        for (id, scope) in &reading.config.scopes {
            if within.is_none_or(|within| within == *id) {
                add(Some(scope), scope.policies.len());
            }
        }
    }
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| {
            let level = row.scope.as_ref().map(|scope| scope.id);
            Subject::Policy(row.view.name.clone(), level, row.name().to_owned())
        },
        |row, _| row.view.is_old(),
    ))
}
