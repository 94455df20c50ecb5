//! Details of an event: what was done, field by field, before and after.

use super::Tab;
use super::page::text;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Event",
        fill: |page, subject, world| {
            let Subject::Event(number) = subject else {
                return;
            };
            let mut entries = world.journal.iter();
            let Some(entry) = entries.find(|entry| entry.id == *number) else {
                return;
            };
            page.fields(&[
                text("Description", &entry.what),
                text("Server Name", entry.server.as_str()),
                text("User Name", &entry.operator),
                text("Time of Event", views::moment(world, entry.at)),
                ("Outcome".to_owned(), views::outcome(entry)),
                text("Task", format!("{} (plan {})", entry.title, entry.plan)),
            ]);
            page.gap();
            if entry.changes.is_empty() {
                page.say(Tone::Dim, "It changed no configuration.");
            } else {
                let side = |value: &Option<String>| match value {
                    None => Cell::toned("(not there)", Tone::Dim),
                    Some(value) if value.is_empty() => Cell::toned("(empty)", Tone::Dim),
                    Some(value) => Cell::new(printable(value, 400)),
                };
                let rows: Vec<_> = entry
                    .changes
                    .iter()
                    .map(|change| {
                        vec![
                            Cell::new(change.object.to_string()),
                            Cell::new(printable(&change.field, 80)),
                            side(&change.before),
                            side(&change.after),
                        ]
                    })
                    .collect();
                page.table(&["Object", "Field", "Before", "After"], &rows);
            }
        },
    },
    Tab {
        name: "Whole Task",
        fill: |page, subject, world| {
            let Subject::Event(number) = subject else {
                return;
            };
            let mut entries = world.journal.iter();
            let Some(entry) = entries.find(|entry| entry.id == *number) else {
                return;
            };
            page.heading(&printable(&entry.title, 400));
            let steps = world.journal.iter().rev();
            let rows: Vec<_> = steps
                .filter(|step| step.plan == entry.plan)
                .map(|step| {
                    vec![
                        Cell::new(views::moment(world, step.at)),
                        Cell::new(printable(step.server.as_str(), 255)),
                        Cell::new(printable(&step.what, 400)),
                        views::outcome(step),
                    ]
                })
                .collect();
            page.table(&["Time", "Server Name", "Description", "Outcome"], &rows);
        },
    },
];
