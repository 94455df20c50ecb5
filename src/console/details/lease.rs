//! Details of a lease: who has it by what is known, and whether it is kept for somebody.

use super::Tab;
use super::page::{Page, text};
use super::shared;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Lease Properties",
    draw: |subject, world, canvas, area, from| {
        let Subject::Lease(server, scope, address) = subject else {
            return 0;
        };
        let Some((view, scope)) = shared::scope(world, server, *scope) else {
            return 0;
        };
        let mut page = Page::new(canvas, area);
        page.source(world, view);
        // The lease itself is the lease book's to tell; its columns show all that there is.
        let mut fields = vec![
            text("IP Address", address.to_string()),
            text("Scope ID", scope.id.to_string()),
            text("Scope Name", &scope.name),
            text("Server Name", server.as_str()),
        ];
        let kept = match scope.reservations.get(address) {
            None => Cell::toned("no", Tone::Dim),
            Some(kept) => Cell::new(printable(
                &format!("yes, for {} {}", kept.client, kept.name),
                300,
            )),
        };
        fields.push(("Reserved".to_owned(), kept));
        let relationship = world.estate.relationship_of(server, scope.id);
        if let Some(known) = relationship {
            fields.push(text("Failover Relationship Name", &known.name));
        }
        page.fields(&fields);
        page.draw(canvas, area, from)
    },
}];
