//! The view Server Groups: servers that belong together, and how they are.

use std::sync::Arc;

use super::{ViewSpec, number, text, utilization};
use crate::console::details::group;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::ServerGroup;
use crate::model::lease::ScopeStatistics;
use crate::model::server::Availability;
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &["show-scopes", "retrieve-server-data"],
    tabs: group::TABS,
    empty: "No servers: config.toml has none.",
};

/// A group, and how its servers are.
struct Row {
    group: ServerGroup,
    running: usize,
    trouble: Vec<String>,
    scopes: usize,
    out_of_sync: usize,
    statistics: ScopeStatistics,
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Server Group", &["group", "name"], (12, 40), 0),
        cell: |row, _| Cell::new(printable(&row.group.name, 80)),
        key: |row, _| SortKey::Text(row.group.name.as_str().into()),
    },
    Column {
        spec: number("Servers", &["servers"], (4, 7), 1),
        cell: |row, _| Cell::new(row.group.servers.len().to_string()),
        key: |row, _| key(row.group.servers.len()),
    },
    Column {
        spec: number("Running", &["running"], (4, 7), 0),
        cell: |row, _| {
            let all = row.running == row.group.servers.len();
            let tone = if all { Tone::Good } else { Tone::Warn };
            Cell::toned(row.running.to_string(), tone)
        },
        key: |row, _| key(row.running),
    },
    Column {
        spec: number("Scopes", &["scopes"], (4, 7), 2),
        cell: |row, _| Cell::new(row.scopes.to_string()),
        key: |row, _| key(row.scopes),
    },
    Column {
        spec: number("Utilization", &["used", "utilization"], (7, 11), 3),
        cell: |row, _| utilization(row.statistics.percent_in_use()),
        key: |row, _| SortKey::Fraction(row.statistics.percent_in_use()),
    },
    Column {
        spec: number("Out of Sync", &["sync"], (4, 11), 4),
        cell: |row, _| match row.out_of_sync {
            0 => Cell::default(),
            some => Cell::toned(some.to_string(), Tone::Bad),
        },
        key: |row, _| key(row.out_of_sync),
    },
    Column {
        spec: text("Trouble", &["trouble"], (10, 60), 1),
        cell: |row, _| Cell::toned(row.trouble.join(", "), Tone::Bad),
        key: |row, _| key(row.trouble.len()),
    },
];

fn key(count: usize) -> SortKey<'static> {
    SortKey::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn rows(world: &World, _place: &Place) -> SharedSource {
    let estate = &world.estate;
    let rows = world.groups.iter().cloned().map(|group| {
        let mut row = Row {
            running: 0,
            trouble: Vec::new(),
            scopes: 0,
            out_of_sync: 0,
            statistics: ScopeStatistics::default(),
            group,
        };
        for server in &row.group.servers {
            let Some(view) = estate.servers.get(server) else {
                continue;
            };
            match view.availability {
                Some(Availability::Running) => row.running += 1,
                Some(other) => {
                    let short = printable(server.short(), 64);
                    row.trouble.push(format!("{short} {other}"));
                }
                None => {}
            }
            if let Some(reading) = &view.reading {
                row.scopes += reading.config.scopes.len();
                for statistics in reading.statistics.values() {
                    row.statistics.free += statistics.free;
                    row.statistics.in_use += statistics.in_use;
                }
            }
        }
        let out_of_sync = estate.out_of_sync.keys();
        row.out_of_sync = out_of_sync
            .filter(|(server, _)| row.group.servers.contains(server))
            .count();
        row
    });
    Arc::new(Rows::new(
        rows.collect(),
        COLUMNS,
        |row| Subject::Group(row.group.name.clone()),
        |_, _| false,
    ))
}
