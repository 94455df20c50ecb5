//! The view Event Catalog: what was done from here, by whom, where, and what became of it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{ViewSpec, hidden, number, text};
use crate::console::details::event;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::JournalEntry;
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &["undo", "show-server", "copy-cell", "copy-row"],
    tabs: event::TABS,
    empty: "Nothing was changed from here yet.",
};

/// An entry of the journal, which all rows share.
struct Row {
    journal: Arc<Vec<JournalEntry>>,
    place: usize,
}

impl Row {
    fn entry(&self) -> Option<&JournalEntry> {
        self.journal.get(self.place)
    }

    fn text(&self, of: fn(&JournalEntry) -> &str) -> &str {
        self.entry().map_or("", of)
    }
}

/// A moment to the second, by the operator's clock: `2026-11-23 08:00:12`, with a `Z` where that
/// is UTC.
#[must_use]
pub fn moment(world: &World, at: Timestamp) -> String {
    let utc = if world.zone == TimeZone::UTC { "Z" } else { "" };
    let local = at.to_zoned(world.zone.clone());
    format!("{}{utc}", local.strftime("%Y-%m-%d %H:%M:%S"))
}

/// What became of an entry, with what that means.
#[must_use]
pub fn outcome(entry: &JournalEntry) -> Cell<'static> {
    let text = printable(&entry.outcome, 400);
    let tone = match entry.outcome.split(':').next() {
        Some("done") => Tone::Good,
        Some("failed") => Tone::Bad,
        Some("about to") if entry.ended.is_none() => Tone::Accent,
        _ => Tone::Warn,
    };
    Cell::toned(text, tone)
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Time of Event", &["time"], (20, 20), 0),
        cell: |row, world| {
            Cell::new(
                row.entry()
                    .map(|entry| moment(world, entry.at))
                    .unwrap_or_default(),
            )
        },
        key: |row, _| match row.entry() {
            None => SortKey::Nothing,
            Some(entry) => SortKey::Number(entry.at.as_second()),
        },
    },
    Column {
        spec: text("User Name", &["user"], (6, 20), 3),
        cell: |row, _| Cell::new(printable(row.text(|entry| &entry.operator), 64)),
        key: |row, _| SortKey::Text(row.text(|entry| &entry.operator).into()),
    },
    Column {
        spec: text("Server Name", &["server"], (10, 32), 1),
        cell: |row, _| Cell::new(printable(row.text(|entry| entry.server.as_str()), 255)),
        key: |row, _| SortKey::Text(row.text(|entry| entry.server.as_str()).into()),
    },
    Column {
        spec: text("Description", &["what", "description"], (16, 72), 0),
        cell: |row, _| Cell::new(printable(row.text(|entry| &entry.what), 400)),
        key: |row, _| SortKey::Text(row.text(|entry| &entry.what).into()),
    },
    Column {
        spec: text("Outcome", &["outcome"], (7, 40), 0),
        cell: |row, _| row.entry().map(outcome).unwrap_or_default(),
        key: |row, _| SortKey::Text(row.text(|entry| &entry.outcome).into()),
    },
    Column {
        spec: number("Plan", &["plan"], (4, 6), 4),
        cell: |row, _| {
            Cell::new(
                row.entry()
                    .map(|entry| entry.plan.to_string())
                    .unwrap_or_default(),
            )
        },
        key: |row, _| match row.entry() {
            None => SortKey::Nothing,
            Some(entry) => SortKey::Number(entry.plan),
        },
    },
    Column {
        spec: hidden(text("Task", &["task"], (10, 60), 5)),
        cell: |row, _| Cell::new(printable(row.text(|entry| &entry.title), 400)),
        key: |row, _| SortKey::Text(row.text(|entry| &entry.title).into()),
    },
];

/// Whether an entry is about a subject.
#[must_use]
pub fn is_about(entry: &JournalEntry, subject: &Subject) -> bool {
    let changes = || entry.changes.iter();
    match subject {
        Subject::Relationship(primary, secondary, name) => {
            let touches = changes().any(|change| match &change.object {
                crate::model::ObjectRef::Relationship(known) => *known == name.as_str().into(),
                _ => false,
            });
            (entry.server == *primary || entry.server == *secondary)
                && (touches || entry.what.contains(name.as_str()))
        }
        Subject::Server(server, _) => entry.server == *server,
        Subject::Event(number) => entry.id == *number,
        Subject::Group(_) | Subject::Rule(_) => false,
        other => {
            let server = other.server().is_none_or(|server| *server == entry.server);
            let scope = other.scope();
            server
                && match scope {
                    Some(scope) => {
                        changes().any(|change| change.object.scope() == Some(scope))
                            || entry.what.contains(&scope.to_string())
                    }
                    None => true,
                }
        }
    }
}

fn rows(world: &World, place: &Place) -> SharedSource {
    let journal = &world.journal;
    let wanted = |entry: &JournalEntry| match &place.within {
        None => true,
        Some(within) => is_about(entry, within),
    };
    let rows = journal.iter().enumerate();
    let rows = rows
        .filter(|(_, entry)| wanted(entry))
        .map(|(place, _)| Row {
            journal: Arc::clone(journal),
            place,
        });
    Arc::new(Rows::new(
        rows.collect(),
        COLUMNS,
        |row| Subject::Event(row.entry().map_or(0, |entry| entry.id)),
        |_, _| false,
    ))
}
