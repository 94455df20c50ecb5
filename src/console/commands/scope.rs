//! Commands on scopes.

use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::dialogs::scope::{Duplicate, EditOne, EditSeveral};
use crate::console::dialogs::{self, changes, options, paste};
use crate::console::layers::batch;
use crate::console::layers::form::Form;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::scope::{ScopeProperty, ScopeState};
use crate::model::{Edit, Scope};

pub(super) fn scope<'w>(world: &'w World, subject: &Subject) -> Option<&'w Scope> {
    let Subject::Scope(server, scope) = subject else {
        return None;
    };
    world.estate.scope(server, *scope).map(AsRef::as_ref)
}

fn there(world: &World, selection: &Selection) -> Option<String> {
    let mut rows = selection.rows.iter();
    match rows.find(|row| scope(world, row).is_none()) {
        Some(row) => Some(format!("there is no scope {row} any more")),
        None => dialogs::unwritable(world, selection),
    }
}

/// Why not all of the scopes are in a state.
fn in_state(world: &World, selection: &Selection, state: ScopeState) -> Option<String> {
    there(world, selection)
        .or_else(|| {
            let scopes = selection.rows.iter();
            let mut others = scopes.filter(|row| {
                let scope = scope(world, row);
                scope.is_some_and(|scope| scope.state != state)
            });
            let other = others.next()?;
            let is = match state {
                ScopeState::Active => "inactive",
                ScopeState::Inactive => "active",
            };
            Some(format!("{other} is {is} already"))
        })
        .or_else(|| {
            let to = match state {
                ScopeState::Active => ScopeState::Inactive,
                ScopeState::Inactive => ScopeState::Active,
            };
            selection.rows.iter().find_map(|row| {
                let edit = Edit::SetScope {
                    scope: row.scope()?,
                    properties: vec![ScopeProperty::State(to)],
                };
                world.kinds.refuses(&world.estate, row.server()?, &edit)
            })
        })
}

fn set_state(selection: &Selection, state: ScopeState) -> Vec<crate::model::Intent> {
    changes(selection, |row| match row {
        Subject::Scope(_, scope) => vec![Edit::SetScope {
            scope: *scope,
            properties: vec![ScopeProperty::State(state)],
        }],
        _ => Vec::new(),
    })
}

const HERE: Where = Where::In(&[View::ScopeProperties]);

/// Commands on scopes.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "edit-scope",
        title: "Edit DHCP Scope",
        hint: "",
        help: "Changes a scope's properties; of several scopes, what may be the same for all.",
        keys: &["e"],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: there,
        run: |world, selection| match selection.rows.as_slice() {
            [row @ Subject::Scope(server, _)] => match scope(world, row) {
                Some(before) => Form::open(EditOne::new(server.clone(), before.clone()), world),
                None => Vec::new(),
            },
            rows => {
                let scopes = rows.iter().filter_map(|row| match row {
                    Subject::Scope(server, scope) => Some((server.clone(), *scope)),
                    _ => None,
                });
                Form::open(EditSeveral::new(scopes.collect()), world)
            }
        },
    },
    Command {
        id: "edit-scope-options",
        title: "Edit DHCP Scope Options",
        hint: "",
        help: "Adds, overwrites or deletes an option of the scopes selected.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: there,
        run: |world, selection| Form::open(options::EditOptions::of(selection), world),
    },
    Command {
        id: "duplicate-scope",
        title: "Duplicate DHCP Scope",
        hint: "",
        help: "Makes a scope like this one, elsewhere.",
        keys: &[],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: there,
        run: |world, selection| match selection.one() {
            Some(row @ Subject::Scope(server, _)) => match scope(world, row) {
                Some(from) => Form::open(Duplicate::new(server.clone(), from.clone()), world),
                None => Vec::new(),
            },
            _ => Vec::new(),
        },
    },
    Command {
        id: "paste-reservations",
        title: "Import Reservations",
        hint: "",
        help: "Takes reservations pasted as lines of CSV, and creates them all at once.",
        keys: &[],
        place: Where::In(&[View::ScopeProperties, View::Reservations]),
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| match dialogs::scope_of(selection) {
            None => Some("choose a scope first".to_owned()),
            Some(_) => dialogs::unwritable(world, selection),
        },
        run: |world, selection| match dialogs::scope_of(selection) {
            Some((server, scope)) => Form::open(paste::Paste::new(server, scope), world),
            None => Vec::new(),
        },
    },
    Command {
        id: "activate-scope",
        title: "Activate DHCP Scope",
        hint: "",
        help: "Has the scopes hand out addresses.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| in_state(world, selection, ScopeState::Inactive),
        run: |_, selection| {
            let intents = set_state(selection, ScopeState::Active);
            batch::carry_out("Activate DHCP Scope", intents)
        },
    },
    Command {
        id: "deactivate-scope",
        title: "Deactivate DHCP Scope",
        hint: "",
        help: "Has the scopes hand out no addresses any more.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: |world, selection| in_state(world, selection, ScopeState::Active),
        run: |_, selection| {
            let intents = set_state(selection, ScopeState::Inactive);
            batch::carry_out("Deactivate DHCP Scope", intents)
        },
    },
    Command {
        id: "delete-scope",
        title: "Delete",
        hint: "",
        help: "Deletes the scopes selected with all that hangs on them, their leases too.",
        keys: &["delete"],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: |world, selection| {
            there(world, selection).or_else(|| {
                selection.rows.iter().find_map(|row| {
                    let (server, scope) = (row.server()?, row.scope()?);
                    let relationship = world.estate.relationship_of(server, scope)?;
                    let name = crate::model::text::printable(&relationship.name, 126);
                    Some(format!(
                        "{scope} is in failover relationship '{name}': Remove DHCP Failover \
                         Configuration first"
                    ))
                })
            })
        },
        run: |_, selection| {
            // The plan says which leases are lost, and is always shown.
            let intents = changes(selection, |row| match row {
                Subject::Scope(_, scope) => vec![Edit::RemoveScope {
                    scope: *scope,
                    force: true,
                }],
                _ => Vec::new(),
            });
            batch::carry_out("Delete DHCP scopes", intents)
        },
    },
];
