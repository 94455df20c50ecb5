//! Details of a server group: its servers.

use super::Tab;
use crate::console::age;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Servers",
    fill: |page, subject, world| {
        let Subject::Group(name) = subject else {
            return;
        };
        let Some(group) = world.groups.iter().find(|group| group.name == *name) else {
            return;
        };
        let rows: Vec<_> = group
            .servers
            .iter()
            .filter_map(|server| world.estate.servers.get(server))
            .map(|view| {
                let reading = view.reading.as_ref();
                let roles = reading.map(|reading| {
                    let roles = reading.identity.roles.iter();
                    roles
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                });
                let scopes = reading.map(|reading| reading.config.scopes.len());
                let read = reading.map(|reading| age::ago(world.age(reading.taken)));
                let error = view.error.as_ref().map(ToString::to_string);
                vec![
                    views::availability(view.availability),
                    Cell::new(printable(view.name.as_str(), 255)),
                    Cell::new(roles.unwrap_or_default()),
                    Cell::new(
                        scopes
                            .map(|count| format!("{count:>6}"))
                            .unwrap_or_default(),
                    ),
                    Cell::toned(read.unwrap_or_else(|| "never".to_owned()), Tone::Dim),
                    Cell::toned(printable(&error.unwrap_or_default(), 300), Tone::Bad),
                ]
            })
            .collect();
        page.table(
            &[
                "Availability",
                "Server Name",
                "Role",
                "Scopes",
                "Read",
                "Last Error",
            ],
            &rows,
        );
    },
}];
