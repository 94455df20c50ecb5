//! The view Server Properties: a row for each role of each server.

use std::sync::Arc;

use super::{ViewSpec, hidden, number, servers, text};
use crate::console::age;
use crate::console::details::server;
use crate::console::place::{Place, ServerType};
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::server::{Availability, ServerConfig, ServerRole};
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "edit-server",
        "edit-server-options",
        "create-scope",
        "add-filter",
        "replicate-server",
        "show-scopes",
        "show-leases",
        "retrieve-server-data",
    ],
    tabs: server::TABS,
    empty: "No servers: config.toml has none of this type.",
};

/// A server in one of its roles.
struct Row {
    view: Arc<ServerView>,
    role: ServerRole,
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Server Availability", &["availability"], (11, 19), 0),
        cell: |row, _| availability(row.view.availability),
        key: |row, _| match row.view.availability {
            None => SortKey::Nothing,
            Some(availability) => SortKey::Text(availability.to_string().into()),
        },
    },
    Column {
        spec: text("Duration in Current State", &["duration"], (8, 25), 4),
        cell: |row, world| match row.view.availability_since {
            None => Cell::default(),
            Some(since) => Cell::new(age::lasting(world.age(since))),
        },
        key: |row, world| match row.view.availability_since {
            None => SortKey::Nothing,
            Some(since) => SortKey::Number(world.age(since)),
        },
    },
    Column {
        spec: text("Server Name", &["server", "name"], (12, 40), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("Server Role", &["role"], (4, 11), 2),
        cell: |row, _| Cell::new(row.role.to_string()),
        key: |row, _| SortKey::Text(row.role.to_string().into()),
    },
    Column {
        spec: text("Domain Name", &["domain"], (8, 24), 5),
        cell: |row, _| Cell::new(printable(domain(row), 255)),
        key: |row, _| SortKey::Text(domain(row).into()),
    },
    Column {
        spec: text("IP Address", &["ip", "address"], (15, 15), 3),
        cell: |row, _| Cell::new(address(row).map(|ip| ip.to_string()).unwrap_or_default()),
        key: |row, _| match address(row) {
            None => SortKey::Nothing,
            Some(ip) => SortKey::Number(i64::from(ip.to_bits())),
        },
    },
    Column {
        spec: hidden(text("Last Refreshed", &["refreshed"], (8, 14), 6)),
        cell: |row, world| match &row.view.reading {
            None => Cell::toned("never", Tone::Dim),
            Some(reading) => Cell::new(age::ago(world.age(reading.taken))),
        },
        key: |row, _| match &row.view.reading {
            None => SortKey::Nothing,
            Some(reading) => SortKey::Number(reading.taken.as_second()),
        },
    },
    Column {
        spec: hidden(number("Scopes", &["scopes"], (4, 6), 6)),
        cell: |row, _| Cell::new(count(row, |config| config.scopes.len())),
        key: |row, _| count_key(row, |config| config.scopes.len()),
    },
    Column {
        spec: hidden(number(
            "Failover Relationships",
            &["relationships"],
            (4, 22),
            6,
        )),
        cell: |row, _| Cell::new(count(row, |config| config.relationships.len())),
        key: |row, _| count_key(row, |config| config.relationships.len()),
    },
    Column {
        spec: hidden(text("Server Version", &["version"], (8, 40), 7)),
        cell: |row, _| {
            let reading = row.view.reading.as_ref();
            let version = reading.map_or("", |reading| reading.identity.version_text.as_str());
            Cell::new(printable(version, 80))
        },
        key: |row, _| {
            let reading = row.view.reading.as_ref();
            let version = reading.map_or("", |reading| reading.identity.version_text.as_str());
            SortKey::Text(version.into())
        },
    },
    Column {
        spec: hidden(text("Last Error", &["error"], (8, 60), 7)),
        cell: |row, _| match &row.view.error {
            None => Cell::default(),
            Some(error) => Cell::toned(printable(&error.to_string(), 300), Tone::Bad),
        },
        key: |row, _| match &row.view.error {
            None => SortKey::Nothing,
            Some(error) => SortKey::Text(error.to_string().into()),
        },
    },
];

/// How many of something a DHCP server has; DNS rows have none of it.
fn counted(row: &Row, of: fn(&ServerConfig) -> usize) -> Option<usize> {
    let reading = row.view.reading.as_ref()?;
    (row.role == ServerRole::Dhcp).then(|| of(&reading.config))
}

fn count(row: &Row, of: fn(&ServerConfig) -> usize) -> String {
    counted(row, of)
        .map(|count| count.to_string())
        .unwrap_or_default()
}

fn count_key(row: &Row, of: fn(&ServerConfig) -> usize) -> SortKey<'static> {
    match counted(row, of) {
        None => SortKey::Nothing,
        Some(count) => SortKey::Number(i64::try_from(count).unwrap_or(i64::MAX)),
    }
}

fn domain(row: &Row) -> &str {
    let reading = row.view.reading.as_ref();
    reading.map_or("", |reading| reading.identity.domain.as_str())
}

fn address(row: &Row) -> Option<std::net::Ipv4Addr> {
    let reading = row.view.reading.as_ref()?;
    reading.identity.addresses.first().copied()
}

/// Server Availability as a cell.
#[must_use]
pub fn availability(availability: Option<Availability>) -> Cell<'static> {
    match availability {
        None => Cell::toned("asking", Tone::Dim),
        Some(availability) => {
            let tone = match availability {
                Availability::Running => Tone::Good,
                Availability::Paused => Tone::Warn,
                Availability::Stopped | Availability::NotReachable => Tone::Bad,
            };
            Cell::toned(availability.to_string(), tone)
        }
    }
}

fn rows(world: &World, place: &Place) -> SharedSource {
    let roles = |view: &Arc<ServerView>| match &view.reading {
        Some(reading) => reading.identity.roles.clone(),
        None => vec![ServerRole::Dhcp],
    };
    let wanted = |role: &ServerRole| match place.server_type {
        ServerType::Both => true,
        ServerType::Dns => *role == ServerRole::Dns,
        ServerType::Dhcp => *role == ServerRole::Dhcp,
    };
    let rows = servers(world, place).flat_map(|view| {
        let roles = roles(view).into_iter().filter(wanted);
        roles.map(|role| Row {
            view: Arc::clone(view),
            role,
        })
    });
    Arc::new(Rows::new(
        rows.collect(),
        COLUMNS,
        |row| Subject::Server(row.view.name.clone(), row.role),
        |row, _| row.view.is_old(),
    ))
}
