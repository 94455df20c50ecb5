//! Details of a line of Access Control.

use super::Tab;
use super::page::text;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Rule",
    fill: |page, subject, world| {
        let Subject::Rule(place) = subject else {
            return;
        };
        let lines = views::access_lines(world);
        let Some(line) = lines.get(*place) else {
            return;
        };
        page.fields(&[
            text("Rule", &line.about),
            (
                "Effect".to_owned(),
                Cell::toned(line.effect.clone(), line.tone),
            ),
            text("Reason", &line.reason),
        ]);
        page.gap();
        page.say(
            Tone::Dim,
            "Rules protect from mistakes. Who may really change a server, the server decides.",
        );
    },
}];
