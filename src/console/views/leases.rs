//! The view Leases: who holds which address, until when.

use super::ViewSpec;
use crate::console::details::lease;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::SharedSource;
use crate::console::world::World;
use crate::model::{Scope, ScopeId, ServerName};

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "create-reservation",
        "who-has",
        "show-on-partner",
        "show-server",
        "retrieve-server-data",
    ],
    tabs: lease::TABS,
    empty: "No leases were read. Those of a scope are in its menu: Show Leases.",
};

/// The rows are the lease book's: it keeps leases small, and has columns of its own.
fn rows(world: &World, place: &Place) -> SharedSource {
    let of = |server: &ServerName, wanted: &dyn Fn(&Scope) -> bool| -> Vec<(ServerName, ScopeId)> {
        let view = world.estate.servers.get(server);
        let reading = view.and_then(|view| view.reading.as_ref());
        let scopes = reading.map(|reading| reading.config.scopes.values());
        let scopes = scopes.into_iter().flatten();
        let scopes = scopes.filter(|scope| wanted(scope));
        scopes.map(|scope| (server.clone(), scope.id)).collect()
    };
    match &place.within {
        Some(Subject::Superscope(server, name)) => {
            let scopes = of(server, &|scope| scope.superscope.as_ref() == Some(name));
            world.leases.source_of(&scopes)
        }
        Some(Subject::Relationship(primary, secondary, name)) => {
            let end = |server: &ServerName| {
                let end = world.estate.end(server, name);
                let ids = end.map(|end| end.relationship.scopes.clone());
                of(server, &|scope| {
                    ids.as_ref().is_some_and(|ids| ids.contains(&scope.id))
                })
            };
            let scopes = [end(primary), end(secondary)].concat();
            world.leases.source_of(&scopes)
        }
        within => world.leases.source(within.as_ref()),
    }
}
