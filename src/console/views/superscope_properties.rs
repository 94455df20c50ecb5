//! The view Superscope Properties: the scopes of a server that share one wire.

use std::sync::Arc;

use super::{ViewSpec, number, servers, text, utilization};
use crate::console::details::superscope;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::ScopeId;
use crate::model::lease::ScopeStatistics;
use crate::model::scope::ScopeState;
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "rename-superscope",
        "delete-superscope",
        "show-scopes",
        "retrieve-server-data",
    ],
    tabs: superscope::TABS,
    empty: "No superscopes. A scope joins one with 'Add to DHCP Superscope'.",
};

/// A superscope of a server.
struct Row {
    view: Arc<ServerView>,
    name: String,
    scopes: Vec<ScopeId>,
    active: usize,
    statistics: ScopeStatistics,
}

impl Row {
    fn status(&self) -> Cell<'static> {
        match self.active {
            0 => Cell::toned("Inactive", Tone::Dim),
            all if all == self.scopes.len() => Cell::toned("Active", Tone::Good),
            some => Cell::toned(
                format!("{some} of {} active", self.scopes.len()),
                Tone::Warn,
            ),
        }
    }

    fn scopes(&self) -> String {
        let ids: Vec<String> = self.scopes.iter().map(ToString::to_string).collect();
        ids.join(", ")
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Superscope Status", &["status"], (8, 17), 2),
        cell: |row, _| row.status(),
        key: |row, _| SortKey::Text(row.status().text),
    },
    Column {
        spec: text("Server Name", &["server"], (10, 32), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("Superscope Name", &["name", "superscope"], (10, 40), 0),
        cell: |row, _| Cell::new(printable(&row.name, 256)),
        key: |row, _| SortKey::Text(row.name.as_str().into()),
    },
    Column {
        spec: number("Utilization", &["used", "utilization"], (7, 11), 1),
        cell: |row, _| utilization(row.statistics.percent_in_use()),
        key: |row, _| SortKey::Fraction(row.statistics.percent_in_use()),
    },
    Column {
        spec: number("Scopes", &["count"], (4, 6), 3),
        cell: |row, _| Cell::new(row.scopes.len().to_string()),
        key: |row, _| SortKey::Number(i64::try_from(row.scopes.len()).unwrap_or(i64::MAX)),
    },
    Column {
        spec: text("Scope IDs", &["scope", "scopes"], (12, 60), 4),
        cell: |row, _| Cell::new(row.scopes()),
        key: |row, _| match row.scopes.first() {
            None => SortKey::Nothing,
            Some(first) => SortKey::Number(i64::from(first.address().to_bits())),
        },
    },
];

fn rows(world: &World, place: &Place) -> SharedSource {
    let mut rows = Vec::new();
    for view in servers(world, place) {
        let Some(reading) = &view.reading else {
            continue;
        };
        for (name, scopes) in reading.config.superscopes() {
            let mut statistics = ScopeStatistics::default();
            let mut active = 0;
            for id in &scopes {
                if let Some(known) = reading.statistics.get(id) {
                    statistics.free += known.free;
                    statistics.in_use += known.in_use;
                }
                let scope = reading.config.scopes.get(id);
                active += usize::from(scope.is_some_and(|scope| scope.state == ScopeState::Active));
            }
            rows.push(Row {
                view: Arc::clone(view),
                name: name.to_owned(),
                scopes,
                active,
                statistics,
            });
        }
    }
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| Subject::Superscope(row.view.name.clone(), row.name.clone()),
        |row, _| row.view.is_old(),
    ))
}
