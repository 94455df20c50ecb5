//! Details of a line of Access Control.

use super::Tab;
use super::page::{Page, text};
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Rule",
    draw: |subject, world, canvas, area, from| {
        let Subject::Rule(place) = subject else {
            return 0;
        };
        let lines = views::access_lines(world);
        let Some(line) = lines.get(*place) else {
            return 0;
        };
        let mut page = Page::new(canvas, area);
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
        page.draw(canvas, area, from)
    },
}];
