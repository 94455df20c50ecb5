//! The view Failover Relationships: each once, with what both ends say of themselves.

use std::sync::Arc;

use super::{NOT_THERE, ViewSpec, hidden, number, servers, text};
use crate::console::age;
use crate::console::details::relationship;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::{End, ServerView};
use crate::model::failover::RelationshipProperty;
use crate::model::failover::{MAX_RELATIONSHIPS, Role};
use crate::model::server::{Product, ServerName};
use crate::model::text::printable;
use crate::model::{FailoverState, Mode, Relationship, RelationshipStatus};

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "edit-relationship",
        "replicate-relationship",
        "set-partner-down",
        "start-maintenance",
        "cancel-maintenance",
        "reset-ha",
        "compare-partners",
        "delete-relationship",
        "show-scopes",
        "retrieve-server-data",
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

    /// Which kind of servers they are.
    fn product(&self) -> Product {
        let mut views = [&self.primary, &self.secondary].into_iter();
        let reading = views.find_map(|told| told.view.as_ref()?.reading.as_ref());
        reading.map_or(Product::default(), |reading| reading.identity.product)
    }

    /// The maximum client lead time, where they have one.
    fn mclt(&self) -> Option<RelationshipProperty> {
        let property = RelationshipProperty::Mclt(self.relationship()?.mclt);
        property.is_known_to(self.product()).then_some(property)
    }

    /// Message authentication, where they have it.
    fn authenticates(&self) -> Option<bool> {
        let on = self.relationship()?.authenticated;
        let property = RelationshipProperty::Authentication(None);
        property.is_known_to(self.product()).then_some(on)
    }

    fn mode(&self) -> &'static str {
        self.relationship().map_or("", |known| known.mode.label())
    }

    /// The primary's share and the secondary's, or the standby's reserve.
    fn share(&self) -> String {
        let mode = match (&self.primary.relationship, &self.secondary.relationship) {
            (Some(primary), _) => Some(primary.mode),
            (None, Some(secondary)) => Some(secondary.mode.mirrored()),
            (None, None) => None,
        };
        match mode {
            None => String::new(),
            Some(Mode::LoadBalance { .. }) if !Mode::has_shares(self.product()) => {
                NOT_THERE.to_owned()
            }
            Some(Mode::LoadBalance { percent }) => {
                format!("{percent} / {} %", 100_u8.saturating_sub(percent))
            }
            Some(Mode::HotStandby {
                role,
                reserve_percent,
            }) => {
                let active = match role {
                    Role::Active => &self.primary.server,
                    Role::Standby => &self.secondary.server,
                };
                let active = printable(active.short(), 64);
                match Mode::has_shares(self.product()) {
                    true => format!("{active} active, reserve {reserve_percent} %"),
                    false => format!("{active} active"),
                }
            }
        }
    }

    /// How many relationships each server has, of the most that it may have.
    fn counted(&self) -> String {
        let count = |told: &Told| {
            let reading = told.view.as_ref().and_then(|view| view.reading.as_ref());
            reading.map_or_else(
                || "?".to_owned(),
                |reading| reading.config.relationships.len().to_string(),
            )
        };
        let (primary, secondary) = (count(&self.primary), count(&self.secondary));
        match primary == secondary {
            true => format!("{primary} of {MAX_RELATIONSHIPS}"),
            false => format!("{primary} / {secondary} of {MAX_RELATIONSHIPS}"),
        }
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Relationship Name", &["name", "relationship"], (5, 40), 0),
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
            (25, 44),
            0,
        ),
        cell: |row, world| status(&row.primary, world),
        key: |row, world| SortKey::Text(status(&row.primary, world).text),
    },
    Column {
        spec: text("Secondary Server Status", &["secondarystatus"], (25, 44), 0),
        cell: |row, world| status(&row.secondary, world),
        key: |row, world| SortKey::Text(status(&row.secondary, world).text),
    },
    Column {
        spec: hidden(text("Load Balance / Reserve", &["share"], (7, 22), 5)),
        cell: |row, _| Cell::new(row.share()),
        key: |row, _| SortKey::Text(row.share().into()),
    },
    Column {
        spec: hidden(text("Maximum Client Lead Time", &["mclt"], (8, 24), 5)),
        cell: |row, _| {
            let none = || row.relationship().map_or("", |_| NOT_THERE).to_owned();
            let mclt = row.mclt().map(|mclt| mclt.to_string());
            Cell::new(mclt.unwrap_or_else(none))
        },
        key: |row, _| match (row.relationship(), row.mclt()) {
            (Some(known), Some(_)) => SortKey::Number(i64::from(known.mclt.0)),
            _ => SortKey::Nothing,
        },
    },
    Column {
        spec: hidden(text(
            "State Switchover Interval",
            &["switchover"],
            (8, 25),
            5,
        )),
        cell: |row, _| {
            Cell::new(
                match row.relationship().map(|known| known.switch_interval) {
                    None => String::new(),
                    Some(None) => "off".to_owned(),
                    Some(Some(interval)) => interval.to_string(),
                },
            )
        },
        key: |row, _| match row.relationship().and_then(|known| known.switch_interval) {
            None => SortKey::Nothing,
            Some(interval) => SortKey::Number(i64::from(interval.0)),
        },
    },
    Column {
        spec: hidden(text(
            "Message Authentication",
            &["authentication"],
            (4, 22),
            6,
        )),
        cell: |row, _| {
            Cell::new(match row.authenticates() {
                None => row.relationship().map_or("", |_| NOT_THERE),
                Some(true) => "on",
                Some(false) => "off",
            })
        },
        key: |row, _| {
            let on = row.relationship().is_some_and(|known| known.authenticated);
            SortKey::Number(i64::from(!on))
        },
    },
    Column {
        spec: hidden(number("Scopes", &["scopes"], (4, 6), 4)),
        cell: |row, _| match row.relationship().map(|known| known.scopes.len()) {
            None => Cell::default(),
            // One without scopes still counts against the most that a server may have.
            Some(0) => Cell::toned("none", Tone::Warn),
            Some(count) => Cell::new(count.to_string()),
        },
        key: |row, _| match row.relationship() {
            None => SortKey::Nothing,
            Some(known) => SortKey::Number(i64::try_from(known.scopes.len()).unwrap_or(i64::MAX)),
        },
    },
    Column {
        spec: hidden(text("Time in State", &["time", "since"], (8, 20), 4)),
        cell: |row, world| {
            let ends = [&row.primary, &row.secondary].map(|told| {
                let status = told.status.as_ref();
                status.map_or_else(
                    || "?".to_owned(),
                    |status| age::lasting(world.age(status.since)),
                )
            });
            let [primary, secondary] = ends;
            Cell::new(match primary == secondary {
                true => primary,
                false => format!("{primary} / {secondary}"),
            })
        },
        key: |row, _| {
            let since = [&row.primary, &row.secondary]
                .into_iter()
                .filter_map(|told| told.status.as_ref().map(|status| status.since))
                .max();
            match since {
                None => SortKey::Nothing,
                Some(since) => SortKey::Number(-since.as_second()),
            }
        },
    },
    Column {
        spec: hidden(text("N of 31", &["count"], (7, 19), 6)),
        cell: |row, _| Cell::new(row.counted()),
        key: |row, _| SortKey::Text(row.counted().into()),
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

/// A server's own word on its state in a relationship, as both cells of a row say it.
#[must_use]
pub fn status_of(world: &World, server: &ServerName, relationship: &str) -> Cell<'static> {
    let end = world.estate.end(server, relationship);
    status(&told(world, server, end), world)
}

/// The word for a state: the server's own where it has one.
#[must_use]
pub fn word(status: &RelationshipStatus) -> String {
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
    let wanted: Vec<&ServerName> = servers(world, place).map(|view| &view.name).collect();
    let of_scope = match &place.within {
        Some(Subject::Scope(server, scope)) => {
            let known = world.estate.relationship_of(server, *scope);
            Some(known.map_or("", |known| known.name.as_str()))
        }
        _ => None,
    };
    let rows = world.estate.relationships().into_iter().filter(|row| {
        (wanted.contains(&&row.primary) || wanted.contains(&&row.secondary))
            && of_scope.is_none_or(|name| name.eq_ignore_ascii_case(row.name))
    });
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
        // An end that can't be read says so in its own cell; with both gone the row is old.
        |row, _| {
            [&row.primary, &row.secondary]
                .iter()
                .all(|told| told.view.as_ref().is_none_or(|view| view.is_old()))
        },
    ))
}
