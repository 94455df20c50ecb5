//! The view Server Properties: a row for each role of each server.

use std::sync::Arc;

use super::{ViewSpec, text};
use crate::console::age;
use crate::console::details::server;
use crate::console::place::{Place, ServerType};
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::server::{Availability, ServerRole};
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &["replicate-server", "retrieve-server-data"],
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
            Some(since) => Cell::new(age::words(world.age(since))),
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
        spec: text("IP Address", &["ip", "address"], (9, 15), 3),
        cell: |row, _| Cell::new(address(row).map(|ip| ip.to_string()).unwrap_or_default()),
        key: |row, _| match address(row) {
            None => SortKey::Nothing,
            Some(ip) => SortKey::Number(i64::from(ip.to_bits())),
        },
    },
];

fn domain(row: &Row) -> &str {
    let reading = row.view.reading.as_ref();
    reading.map_or("", |reading| reading.identity.domain.as_str())
}

fn address(row: &Row) -> Option<std::net::Ipv4Addr> {
    let reading = row.view.reading.as_ref()?;
    reading.identity.addresses.first().copied()
}

/// Server Availability as a cell.
pub(super) fn availability(availability: Option<Availability>) -> Cell<'static> {
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
    let rows = world.estate.servers.values().flat_map(|view| {
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
        |row, _| row.view.error.is_some(),
    ))
}
