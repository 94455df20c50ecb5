//! Commands on superscopes, and on scopes in them.

use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::dialogs::superscope::{Add, Rename, put};
use crate::console::dialogs::{self, changes};
use crate::console::layers::batch;
use crate::console::layers::form::Form;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::ScopeId;

/// The scopes of a superscope.
fn scopes(world: &World, subject: &Subject) -> Vec<ScopeId> {
    let Subject::Superscope(server, name) = subject else {
        return Vec::new();
    };
    let view = world.estate.servers.get(server);
    let reading = view.and_then(|view| view.reading.as_ref());
    let all = reading.map(|reading| reading.config.superscopes());
    all.and_then(|all| all.get(name.as_str()).cloned())
        .unwrap_or_default()
}

fn gone(world: &World, selection: &Selection) -> Option<String> {
    let mut rows = selection.rows.iter();
    match rows.find(|row| scopes(world, row).is_empty()) {
        Some(row) => Some(format!("there is no superscope {row} any more")),
        None => dialogs::unwritable(world, selection),
    }
}

const HERE: Where = Where::In(&[View::SuperscopeProperties]);
const SCOPES: Where = Where::In(&[View::ScopeProperties]);

/// Commands on superscopes.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "add-to-superscope",
        title: "Add to DHCP Superscope",
        hint: "",
        help: "Puts scopes of one server into a superscope, a new one or one that is there.",
        keys: &[],
        place: SCOPES,
        wants: Wants::SomeOfOneServer,
        risk: Risk::Change,
        why_not: dialogs::unwritable,
        run: |world, selection| match selection.servers().first() {
            Some(server) => {
                let scopes = selection.rows.iter().filter_map(Subject::scope);
                Form::open(Add::new(server.clone(), scopes.collect()), world)
            }
            None => Vec::new(),
        },
    },
    Command {
        id: "remove-from-superscope",
        title: "Remove from DHCP Superscope",
        hint: "",
        help: "Takes scopes out of the superscopes that they are in.",
        keys: &[],
        place: SCOPES,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| {
            let outside = |row: &&Subject| {
                let scope = super::scope::scope(world, row);
                scope.is_none_or(|scope| scope.superscope.is_none())
            };
            match selection.rows.iter().find(outside) {
                Some(row) => Some(format!("{row} is in no superscope")),
                None => dialogs::unwritable(world, selection),
            }
        },
        run: |_, selection| {
            let intents = changes(selection, |row| {
                row.scope()
                    .map(|scope| put(scope, None))
                    .into_iter()
                    .collect()
            });
            batch::carry_out("Remove from DHCP Superscope", intents)
        },
    },
    Command {
        id: "rename-superscope",
        title: "Rename DHCP Superscope",
        hint: "",
        help: "Gives a superscope another name.",
        keys: &["e"],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: gone,
        run: |world, selection| match selection.one() {
            Some(Subject::Superscope(server, name)) => {
                Form::open(Rename::new(server.clone(), name.clone()), world)
            }
            _ => Vec::new(),
        },
    },
    Command {
        id: "delete-superscope",
        title: "Delete",
        hint: "",
        help: "Takes every scope out of the superscopes selected; the scopes stay.",
        keys: &["delete"],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: gone,
        run: |world, selection| {
            let intents = changes(selection, |row| {
                let scopes = scopes(world, row).into_iter();
                scopes.map(|scope| put(scope, None)).collect()
            });
            batch::carry_out("Delete DHCP superscopes", intents)
        },
    },
];
