//! Details of a lease: who has it by what is known, and whether it is kept for somebody.

use super::Tab;
use super::page::text;
use super::shared;
use crate::console::age;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Lease Properties",
    fill: |page, subject, world| {
        let Subject::Lease(server, scope, address) = subject else {
            return;
        };
        let Some((view, scope)) = shared::scope(world, server, *scope) else {
            return;
        };
        page.source(world, view);
        let mut fields = vec![
            text("IP Address", address.to_string()),
            text("Scope ID", scope.id.to_string()),
            text("Scope Name", &scope.name),
            text("Server Name", server.as_str()),
        ];
        match world.leases.lease(subject) {
            None => page.say(Tone::Dim, "The lease is not there any more."),
            Some(lease) => {
                fields.extend([
                    text("Client ID", lease.client.to_string()),
                    text("Host Name", &lease.host_name),
                    text("Address State", lease.state.to_string()),
                    text(
                        "Lease Expiration",
                        lease
                            .expires
                            .map_or_else(|| "never".to_owned(), |end| views::moment(world, end)),
                    ),
                    text("Client Type", lease.client_type.label()),
                ]);
                for (label, value) in [
                    ("Description", lease.description),
                    ("Policy Name", lease.policy),
                    (
                        "Given by",
                        lease.given_by.map_or_else(String::new, |by| by.to_string()),
                    ),
                ] {
                    if !value.is_empty() {
                        fields.push(text(label, value));
                    }
                }
            }
        }
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
        if let Some(read) = world.leases.read_at(server, Some(scope.id)) {
            let ago = age::ago(world.age(read));
            fields.push(("Last Refreshed".to_owned(), Cell::toned(ago, Tone::Dim)));
        }
        page.fields(&fields);
    },
}];
