//! Details of a MAC address filter.

use super::Tab;
use super::page::text;
use super::shared;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::model::policy::FilterList;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Filter Properties",
    fill: |page, subject, world| {
        let Subject::Filter(server, pattern) = subject else {
            return;
        };
        let view = world.estate.servers.get(server);
        let Some((view, reading)) = view.and_then(|view| Some((view, view.reading.as_ref()?)))
        else {
            return;
        };
        let Some(filter) = reading.config.filters.get(pattern) else {
            return;
        };
        page.source(world, view);
        let settings = &reading.config.settings;
        let enabled = match filter.list {
            FilterList::Allow => settings.allow_list_enabled,
            FilterList::Deny => settings.deny_list_enabled,
        };
        let list = match enabled {
            true => Cell::toned("Enabled", Tone::Good),
            false => Cell::toned("Disabled: its filters have no effect", Tone::Warn),
        };
        let mut fields = vec![
            text("Filter Type", filter.list.to_string()),
            text("MAC Address", pattern.to_string()),
            text("Server Name", server.as_str()),
            (format!("{} list", filter.list), list),
            text("Description", &filter.description),
        ];
        fields.extend(shared::refreshed(world, view));
        page.fields(&fields);
        let meant: Vec<_> = reading
            .config
            .scopes
            .values()
            .flat_map(|scope| scope.reservations.values())
            .filter(|reservation| pattern.matches(reservation.client.bytes()))
            .take(50)
            .map(|reservation| {
                vec![
                    Cell::new(reservation.address.to_string()),
                    Cell::new(reservation.client.to_string()),
                    Cell::new(crate::model::text::printable(&reservation.name, 256)),
                ]
            })
            .collect();
        if !meant.is_empty() {
            page.heading("Reservations that it matches");
            page.table(&["IP Address", "Client ID", "Name"], &meant);
        }
    },
}];
