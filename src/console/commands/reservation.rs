//! Commands on reservations.

use crate::console::command::{Command, Risk, Selection, Wants, Where, unwritable};
use crate::console::dialogs::reservation::{Create, EditReservation, Prefill};
use crate::console::dialogs::{self, changes, options};
use crate::console::layers::batch;
use crate::console::layers::form::Form;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::text::printable;
use crate::model::{Edit, Reservation};

fn reservation<'w>(world: &'w World, subject: &Subject) -> Option<&'w Reservation> {
    let Subject::Reservation(server, scope, address) = subject else {
        return None;
    };
    let scope = world.estate.scope(server, *scope)?;
    scope.reservations.get(address).map(AsRef::as_ref)
}

/// What is known of a lease: the new reservation begins with it.
fn prefill(world: &World, selection: &Selection) -> Prefill {
    let Some(subject @ Subject::Lease(_, _, address)) = selection.one() else {
        return Prefill::default();
    };
    let lease = world.leases.lease(subject);
    let name = lease.as_ref().map_or("", |lease| lease.host_name.as_str());
    Prefill {
        address: Some(*address),
        name: printable(name, 128),
        client: lease.map(|lease| lease.client),
    }
}

fn create_refused(world: &World, selection: &Selection) -> Option<String> {
    let Some((server, scope)) = dialogs::scope_of(selection) else {
        return Some("choose a scope, a reservation or a lease first".to_owned());
    };
    if world.estate.scope(&server, scope).is_none() {
        return Some(format!("scope {scope} is not on {server} any more"));
    }
    if let Some(Subject::Lease(server, _, address)) = selection.one() {
        let there = Subject::Reservation(server.clone(), scope, *address);
        if reservation(world, &there).is_some() {
            return Some(format!("{address} is reserved already"));
        }
    }
    unwritable(world, &server)
}

/// Commands on reservations.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "create-reservation",
        title: "Create DHCP Reservation",
        hint: "",
        help: "Reserves an address of the scope for a client; on a lease, for the client that has it.",
        keys: &["n"],
        place: Where::In(&[View::ScopeProperties, View::Reservations, View::Leases]),
        wants: Wants::One,
        risk: Risk::Change,
        why_not: create_refused,
        run: |world, selection| match dialogs::scope_of(selection) {
            Some((server, scope)) => {
                Form::open(Create::new(server, scope, prefill(world, selection)), world)
            }
            None => Vec::new(),
        },
    },
    Command {
        id: "edit-reservation",
        title: "Edit DHCP Reservation",
        hint: "",
        help: "Changes a reservation's name, client, type or description.",
        keys: &["e"],
        place: Where::In(&[View::Reservations]),
        wants: Wants::One,
        risk: Risk::Change,
        why_not: gone,
        run: |world, selection| match selection.one() {
            Some(Subject::Reservation(server, scope, _)) => {
                let before = selection.one().and_then(|row| reservation(world, row));
                before.map_or_else(Vec::new, |before| {
                    let kind = EditReservation::new(server.clone(), *scope, before.clone());
                    Form::open(kind, world)
                })
            }
            _ => Vec::new(),
        },
    },
    Command {
        id: "edit-reservation-options",
        title: "Edit DHCP Reservation Options",
        hint: "",
        help: "Adds, overwrites or deletes an option of the reservations selected.",
        keys: &[],
        place: Where::In(&[View::Reservations]),
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: gone,
        run: |world, selection| Form::open(options::EditOptions::of(selection), world),
    },
    Command {
        id: "delete-reservation",
        title: "Delete",
        hint: "",
        help: "Deletes the reservations selected, on both servers where the scope is under failover.",
        keys: &["delete"],
        place: Where::In(&[View::Reservations]),
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: gone,
        run: |_, selection| {
            let intents = changes(selection, |row| match row {
                Subject::Reservation(_, scope, address) => vec![Edit::RemoveReservation {
                    scope: *scope,
                    address: *address,
                }],
                _ => Vec::new(),
            });
            batch::carry_out("Delete reservations", intents)
        },
    },
];

fn gone(world: &World, selection: &Selection) -> Option<String> {
    let mut rows = selection.rows.iter();
    match rows.find(|row| reservation(world, row).is_none()) {
        Some(row) => Some(format!("there is no reservation {row} any more")),
        None => dialogs::unwritable(world, selection),
    }
}
