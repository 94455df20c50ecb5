//! The view Filters: MAC addresses that a server serves, or does not serve.

use std::sync::Arc;

use super::{ViewSpec, servers, text};
use crate::console::details::filter;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::policy::{Filter, FilterList, MacPattern};
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "add-filter",
        "move-to-allow",
        "move-to-deny",
        "delete-filter",
        "retrieve-server-data",
    ],
    tabs: filter::TABS,
    empty: "No MAC address filters. 'Add DHCP MAC Address Filter' is in a server's menu.",
};

/// A filter of a server.
struct Row {
    view: Arc<ServerView>,
    pattern: MacPattern,
    filter: Filter,
}

impl Row {
    /// Whether its list is enabled: a filter in a list that is not has no effect.
    fn list(&self) -> Cell<'static> {
        let reading = self.view.reading.as_ref();
        let enabled = reading.is_some_and(|reading| {
            let settings = &reading.config.settings;
            match self.filter.list {
                FilterList::Allow => settings.allow_list_enabled,
                FilterList::Deny => settings.deny_list_enabled,
            }
        });
        match enabled {
            true => Cell::toned("Enabled", Tone::Good),
            false => Cell::toned("Disabled", Tone::Dim),
        }
    }
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Filter Type", &["type", "filter"], (5, 11), 0),
        cell: |row, _| match row.filter.list {
            FilterList::Allow => Cell::new("Allow"),
            FilterList::Deny => Cell::toned("Deny", Tone::Warn),
        },
        key: |row, _| SortKey::Text(row.filter.list.to_string().into()),
    },
    Column {
        spec: text("MAC Address", &["mac", "address"], (17, 17), 0),
        cell: |row, _| Cell::new(row.pattern.to_string()),
        key: |row, _| SortKey::Text(row.pattern.to_string().into()),
    },
    Column {
        spec: text("Server Name", &["server"], (10, 32), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("List", &["list"], (8, 8), 2),
        cell: |row, _| row.list(),
        key: |row, _| SortKey::Text(row.list().text),
    },
    Column {
        spec: text("Description", &["description"], (10, 60), 1),
        cell: |row, _| Cell::new(printable(&row.filter.description, 256)),
        key: |row, _| SortKey::Text(row.filter.description.as_str().into()),
    },
];

fn rows(world: &World, place: &Place) -> SharedSource {
    let mut rows = Vec::new();
    for view in servers(world, place) {
        let Some(reading) = &view.reading else {
            continue;
        };
        rows.extend(reading.config.filters.iter().map(|(pattern, filter)| Row {
            view: Arc::clone(view),
            pattern: pattern.clone(),
            filter: filter.clone(),
        }));
    }
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| Subject::Filter(row.view.name.clone(), row.pattern.clone()),
        |row, _| row.view.is_old(),
    ))
}
