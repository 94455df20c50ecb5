//! The view Failover Relationships: each once, with what both ends say of themselves.

use std::sync::Arc;

use super::{ViewSpec, text};
use crate::console::age;
use crate::console::details::relationship;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::{End, ServerView};
use crate::model::server::ServerName;
use crate::model::text::printable;
use crate::model::{FailoverState, Relationship, RelationshipStatus};

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "edit-relationship",
        "replicate-relationship",
        "set-partner-down",
        "compare-partners",
        "delete-relationship",
    ],
    tabs: relationship::TABS,
    empty: "No failover relationships.",
};

/// One end of a relationship, as that server tells it.
struct Told {
    server: ServerName,
    view: Option<Arc<ServerView>>,
    relationship: Option<Relationship>,
    status: Option<RelationshipStatus>,
}

struct Row {
    name: String,
    primary: Told,
    secondary: Told,
}

impl Row {
    fn relationship(&self) -> Option<&Relationship> {
        let secondary = self.secondary.relationship.as_ref();
        self.primary.relationship.as_ref().or(secondary)
    }

    fn mode(&self) -> &'static str {
        self.relationship().map_or("", |known| known.mode.label())
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Relationship Name", &["name", "relationship"], (14, 40), 0),
        cell: |row, _| Cell::new(printable(&row.name, 126)),
        key: |row, _| SortKey::Text(row.name.as_str().into()),
    },
    Column {
        spec: text("Mode", &["mode"], (12, 12), 3),
        cell: |row, _| Cell::new(row.mode()),
        key: |row, _| SortKey::Text(row.mode().into()),
    },
    Column {
        spec: text("Primary Server", &["primary"], (10, 32), 2),
        cell: |row, _| Cell::new(printable(row.primary.server.as_str(), 255)),
        key: |row, _| SortKey::Text(row.primary.server.as_str().into()),
    },
    Column {
        spec: text("Secondary Server", &["secondary"], (10, 32), 2),
        cell: |row, _| Cell::new(printable(row.secondary.server.as_str(), 255)),
        key: |row, _| SortKey::Text(row.secondary.server.as_str().into()),
    },
    Column {
        spec: text(
            "Primary Server Status",
            &["primarystatus", "status"],
            (12, 44),
            0,
        ),
        cell: |row, world| status(&row.primary, world),
        key: |row, world| SortKey::Text(status(&row.primary, world).text),
    },
    Column {
        spec: text("Secondary Server Status", &["secondarystatus"], (12, 44), 0),
        cell: |row, world| status(&row.secondary, world),
        key: |row, world| SortKey::Text(status(&row.secondary, world).text),
    },
];

/// A server's own word on its state, with its age when it can't be read now.
fn status(told: &Told, world: &World) -> Cell<'static> {
    let word = told.status.as_ref().map(word);
    let error = told.view.as_ref().and_then(|view| view.error.as_ref());
    let taken = told.view.as_ref().and_then(|view| view.reading.as_ref());
    match (word, error, taken) {
        (Some(word), Some(_), Some(taken)) => {
            let ago = age::ago(world.age(taken.taken));
            Cell::toned(format!("Not reachable (last {word}, {ago})"), Tone::Bad)
        }
        (_, Some(_), _) => Cell::toned("Not reachable", Tone::Bad),
        (Some(word), ..) => {
            let state = told.status.as_ref().map(|status| status.state);
            let tone = match state {
                Some(FailoverState::Normal) => Tone::Good,
                Some(FailoverState::PartnerDown) => Tone::Bad,
                _ => Tone::Warn,
            };
            Cell::toned(word, tone)
        }
        (None, None, Some(_)) if told.relationship.is_none() => {
            Cell::toned("does not have it", Tone::Bad)
        }
        _ => Cell::toned("not read", Tone::Dim),
    }
}

/// The word for a state: the server's own where it has one.
pub(super) fn word(status: &RelationshipStatus) -> String {
    match &status.own_word {
        Some(own) => printable(own, 64),
        None => status.state.label().to_owned(),
    }
}

fn told(world: &World, server: &ServerName, end: Option<End<'_>>) -> Told {
    Told {
        server: server.clone(),
        view: world.estate.servers.get(server).cloned(),
        relationship: end.map(|end| end.relationship.clone()),
        status: end.and_then(|end| end.status.cloned()),
    }
}

fn rows(world: &World, place: &Place) -> SharedSource {
    let rows = world.estate.relationships().into_iter();
    let rows = rows.filter(
        |row| match place.within.as_ref().and_then(Subject::server) {
            None => true,
            Some(server) => row.primary == *server || row.secondary == *server,
        },
    );
    let rows = rows.map(|row| Row {
        name: row.name.to_owned(),
        primary: told(world, &row.primary, row.primary_end),
        secondary: told(world, &row.secondary, row.secondary_end),
    });
    Arc::new(Rows::new(
        rows.collect(),
        COLUMNS,
        |row| {
            Subject::Relationship(
                row.primary.server.clone(),
                row.secondary.server.clone(),
                row.name.clone(),
            )
        },
        |_, _| false,
    ))
}
