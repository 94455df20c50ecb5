//! The view Scope Properties: a scope as one server holds it; under failover it is two rows.

use std::sync::Arc;

use super::{ViewSpec, hidden, number, text};
use crate::console::details::scope;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::OUT_OF_SYNC;
use crate::ipam::estate::{Pair, ServerView};
use crate::model::Scope;
use crate::model::lease::ScopeStatistics;
use crate::model::scope::ScopeState;
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "create-reservation",
        "configure-failover",
        "clear-config-sync-error",
        "replicate-scope",
        "remove-failover",
        "compare-with-partner",
    ],
    tabs: scope::TABS,
    empty: "No scopes.",
};

/// A scope on a server.
struct Row {
    view: Arc<ServerView>,
    scope: Arc<Scope>,
    statistics: Option<ScopeStatistics>,
    relationship: Option<String>,
    out_of_sync: bool,
    pair: Option<Pair>,
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Scope Status", &["status", "state"], (8, 12), 3),
        cell: |row, _| match row.scope.state {
            ScopeState::Active => Cell::toned("Active", Tone::Good),
            ScopeState::Inactive => Cell::toned("Inactive", Tone::Dim),
        },
        key: |row, _| SortKey::Text(row.scope.state.to_string().into()),
    },
    Column {
        spec: text("Server Name", &["server"], (10, 32), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("Scope ID", &["scope", "id"], (8, 15), 0),
        cell: |row, _| Cell::new(row.scope.id.to_string()),
        key: |row, _| SortKey::Number(i64::from(row.scope.id.address().to_bits())),
    },
    Column {
        spec: hidden(text("Subnet Mask", &["mask"], (9, 15), 6)),
        cell: |row, _| Cell::new(row.scope.id.mask().to_string()),
        key: |row, _| SortKey::Number(i64::from(row.scope.id.mask().to_bits())),
    },
    Column {
        spec: text("Scope Name", &["name"], (8, 32), 2),
        cell: |row, _| Cell::new(printable(&row.scope.name, 256)),
        key: |row, _| SortKey::Text(row.scope.name.as_str().into()),
    },
    Column {
        spec: number("Utilization", &["used", "utilization"], (7, 11), 1),
        cell: |row, _| match row.statistics {
            None => Cell::default(),
            Some(statistics) => utilization(statistics.percent_in_use()),
        },
        key: |row, _| match row.statistics {
            None => SortKey::Nothing,
            Some(statistics) => SortKey::Fraction(statistics.percent_in_use()),
        },
    },
    Column {
        spec: hidden(text("Superscope Name", &["superscope"], (8, 24), 7)),
        cell: |row, _| {
            Cell::new(printable(
                row.scope.superscope.as_deref().unwrap_or(""),
                256,
            ))
        },
        key: |row, _| SortKey::Text(row.scope.superscope.as_deref().unwrap_or("").into()),
    },
    Column {
        spec: text(
            "Failover Relationship Name",
            &["relationship", "failover"],
            (12, 40),
            5,
        ),
        cell: |row, _| Cell::new(printable(row.relationship.as_deref().unwrap_or(""), 126)),
        key: |row, _| SortKey::Text(row.relationship.as_deref().unwrap_or("").into()),
    },
    Column {
        spec: text("Failover Config Sync Status", &["sync"], (11, 27), 4),
        cell: |row, _| match row.out_of_sync {
            true => Cell::toned(OUT_OF_SYNC, Tone::Bad),
            false => Cell::default(),
        },
        key: |row, _| SortKey::Number(i64::from(!row.out_of_sync)),
    },
    Column {
        spec: text("Pair", &["pair"], (7, 19), 1),
        cell: |row, _| match &row.pair {
            None => Cell::default(),
            Some(pair) => {
                let tone = match pair {
                    Pair::Same => Tone::Good,
                    Pair::Differs(_) | Pair::OnlyHere => Tone::Warn,
                    Pair::PartnerUnreachable | Pair::Unverified => Tone::Dim,
                };
                Cell::toned(pair.to_string(), tone)
            }
        },
        key: |row, _| match &row.pair {
            None => SortKey::Nothing,
            Some(pair) => SortKey::Text(pair.to_string().into()),
        },
    },
];

/// A percentage in use as a cell: a bar, and the number.
pub(super) fn utilization(percent: f64) -> Cell<'static> {
    let tone = match percent {
        _ if percent >= 95.0 => Tone::Bad,
        _ if percent > 80.0 => Tone::Warn,
        _ => Tone::Plain,
    };
    #[allow(clippy::cast_possible_truncation, reason = "a bar has eight steps")]
    let bar = (percent / 100.0) as f32;
    Cell {
        text: format!("{percent:.0} %").into(),
        tone,
        bar: Some(bar),
    }
}

fn rows(world: &World, place: &Place) -> SharedSource {
    let estate = &world.estate;
    let mut rows = Vec::new();
    for view in estate.servers.values() {
        let Some(reading) = &view.reading else {
            continue;
        };
        for (id, scope) in &reading.config.scopes {
            let relationship = estate.relationship_of(&view.name, *id);
            let wanted = match &place.within {
                None => true,
                Some(Subject::Relationship(primary, secondary, name)) => {
                    (view.name == *primary || view.name == *secondary)
                        && relationship.is_some_and(|known| known.name.eq_ignore_ascii_case(name))
                }
                Some(Subject::Superscope(server, name)) => {
                    view.name == *server && scope.superscope.as_ref() == Some(name)
                }
                Some(within) => within.server().is_none_or(|server| *server == view.name),
            };
            if wanted {
                rows.push(Row {
                    view: Arc::clone(view),
                    scope: Arc::clone(scope),
                    statistics: reading.statistics.get(id).copied(),
                    relationship: relationship.map(|known| known.name.clone()),
                    out_of_sync: estate.out_of_sync.contains_key(&(view.name.clone(), *id)),
                    pair: estate.pair(&view.name, *id),
                });
            }
        }
    }
    // The two rows of a failover scope stand together.
    rows.sort_by(|one, two| (one.scope.id, &one.view.name).cmp(&(two.scope.id, &two.view.name)));
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| Subject::Scope(row.view.name.clone(), row.scope.id),
        |row, _| row.view.error.is_some(),
    ))
}
