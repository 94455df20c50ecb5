//! The view Reservations: an address kept for a client, as one server holds it.

use std::sync::Arc;

use super::{ViewSpec, hidden, number, servers, text};
use crate::console::details::reservation;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::text::printable;
use crate::model::{Reservation, Scope};

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "create-reservation",
        "edit-reservation",
        "edit-reservation-options",
        "paste-reservations",
        "delete-reservation",
        "who-has",
        "show-on-partner",
        "show-server",
        "retrieve-server-data",
    ],
    tabs: reservation::TABS,
    empty: "No reservations. 'Create DHCP Reservation' is in a scope's menu.",
};

/// A reservation of a scope of a server.
struct Row {
    view: Arc<ServerView>,
    scope: Arc<Scope>,
    reservation: Arc<Reservation>,
}

/// What the partner has for the address: the truth about both copies.
fn pair(row: &Row, world: &World) -> Cell<'static> {
    let (server, scope) = (&row.view.name, row.scope.id);
    let estate = &world.estate;
    let Some(relationship) = estate.relationship_of(server, scope) else {
        return Cell::default();
    };
    let partner = estate.partner(&relationship.partner);
    let Some(partner) = partner.filter(|view| view.error.is_none() && view.reading.is_some())
    else {
        return Cell::toned("partner unreachable", Tone::Dim);
    };
    let reading = partner.reading.as_ref();
    if row.view.error.is_some() || reading.is_some_and(|known| !known.coverage.reservations) {
        return Cell::toned("unverified", Tone::Dim);
    }
    let copy = reading.and_then(|known| known.config.scopes.get(&scope));
    let other = copy.and_then(|copy| copy.reservations.get(&row.reservation.address));
    match other {
        None => Cell::toned("only here", Tone::Warn),
        Some(other) if *other == row.reservation => Cell::toned("same", Tone::Good),
        Some(_) => Cell::toned("differs", Tone::Warn),
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Server Name", &["server"], (10, 32), 1),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("IP Address", &["ip", "address"], (15, 15), 0),
        cell: |row, _| Cell::new(row.reservation.address.to_string()),
        key: |row, _| SortKey::Number(i64::from(row.reservation.address.to_bits())),
    },
    Column {
        spec: text("Scope ID", &["scope", "id"], (15, 15), 3),
        cell: |row, _| Cell::new(row.scope.id.to_string()),
        key: |row, _| SortKey::Number(i64::from(row.scope.id.address().to_bits())),
    },
    Column {
        spec: text("Client ID", &["client", "mac"], (17, 40), 0),
        cell: |row, _| Cell::new(row.reservation.client.to_string()),
        key: |row, _| SortKey::Text(row.reservation.client.to_string().into()),
    },
    Column {
        spec: text("Name", &["name"], (8, 32), 0),
        cell: |row, _| Cell::new(printable(&row.reservation.name, 256)),
        key: |row, _| SortKey::Text(row.reservation.name.as_str().into()),
    },
    Column {
        spec: text("Type", &["type"], (5, 5), 4),
        cell: |row, _| Cell::new(row.reservation.kind.label()),
        key: |row, _| SortKey::Text(row.reservation.kind.label().into()),
    },
    Column {
        spec: text("Description", &["description"], (8, 40), 5),
        cell: |row, _| Cell::new(printable(&row.reservation.description, 256)),
        key: |row, _| SortKey::Text(row.reservation.description.as_str().into()),
    },
    Column {
        spec: text("Pair", &["pair"], (7, 19), 2),
        cell: pair,
        key: |row, world| match pair(row, world).text {
            text if text.is_empty() => SortKey::Nothing,
            text => SortKey::Text(text),
        },
    },
    Column {
        spec: hidden(text("Scope Name", &["scopename"], (8, 32), 6)),
        cell: |row, _| Cell::new(printable(&row.scope.name, 256)),
        key: |row, _| SortKey::Text(row.scope.name.as_str().into()),
    },
    Column {
        spec: hidden(number("Options", &["options"], (4, 7), 6)),
        cell: |row, _| Cell::new(row.reservation.options.len().to_string()),
        key: |row, _| {
            let count = row.reservation.options.len();
            SortKey::Number(i64::try_from(count).unwrap_or(i64::MAX))
        },
    },
];

fn rows(world: &World, place: &Place) -> SharedSource {
    let within = place.within.as_ref().and_then(Subject::scope);
    let mut rows = Vec::new();
    for view in servers(world, place) {
        let Some(reading) = &view.reading else {
            continue;
        };
        let mut add = |scope: &Arc<Scope>| {
            rows.extend(scope.reservations.values().map(|reservation| Row {
                view: Arc::clone(view),
                scope: Arc::clone(scope),
                reservation: Arc::clone(reservation),
            }));
        };
        match within {
            Some(id) => reading.config.scopes.get(&id).into_iter().for_each(add),
            None => reading.config.scopes.values().for_each(&mut add),
        }
    }
    // The two copies of a reservation stand together.
    rows.sort_by(|one, two| {
        let address = one.reservation.address.cmp(&two.reservation.address);
        address.then_with(|| one.view.name.cmp(&two.view.name))
    });
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| {
            let (server, address) = (row.view.name.clone(), row.reservation.address);
            Subject::Reservation(server, row.scope.id, address)
        },
        |row, _| row.view.is_old(),
    ))
}
