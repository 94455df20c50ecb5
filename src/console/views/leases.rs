//! The view Leases: who holds which address, until when.

use super::ViewSpec;
use crate::console::details::lease;
use crate::console::place::Place;
use crate::console::table::SharedSource;
use crate::console::world::World;

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
    world.leases.source(place.within.as_ref())
}
