//! Commands on servers.

use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::dialogs::{self, options, scope, server};
use crate::console::layers::form::Form;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::Edit;
use crate::model::server::ServerRole;

/// Why the rows are not all DHCP servers that can be written.
pub(super) fn no_dhcp(world: &World, selection: &Selection) -> Option<String> {
    let role = |row: &&Subject| !matches!(row, Subject::Server(_, ServerRole::Dhcp));
    match selection.rows.iter().find(role) {
        Some(row) => Some(format!("{row} is no DHCP server in this row")),
        None => dialogs::unwritable(world, selection),
    }
}

/// Why the kind of one of the servers has no use for an edit.
pub(super) fn no_use(world: &World, selection: &Selection, edit: &Edit) -> Option<String> {
    let servers = selection.servers();
    let mut refusals = servers.iter();
    refusals.find_map(|server| world.kinds.refuses(&world.estate, server, edit))
}

const HERE: Where = Where::In(&[View::ServerProperties]);

/// Commands on servers.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "edit-server",
        title: "Edit DHCP Server Properties",
        hint: "",
        help: "Changes a server's own settings: audit log, conflict detection, filters, DNS.",
        keys: &["e"],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| {
            no_dhcp(world, selection).or_else(|| {
                let edit = Edit::SetSettings {
                    properties: Vec::new(),
                };
                no_use(world, selection, &edit)
            })
        },
        run: |world, selection| {
            let name = selection.one().and_then(Subject::server);
            let view = name.and_then(|name| world.estate.servers.get(name));
            match view.and_then(|view| Some((&view.name, view.reading.as_ref()?))) {
                Some((name, reading)) => {
                    let settings = reading.config.settings.clone();
                    Form::open(server::EditServer::new(name.clone(), settings), world)
                }
                None => Vec::new(),
            }
        },
    },
    Command {
        id: "edit-server-options",
        title: "Edit DHCP Server Options",
        hint: "",
        help: "Adds, overwrites or deletes an option of the servers selected.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: no_dhcp,
        run: |world, selection| Form::open(options::EditOptions::of(selection), world),
    },
    Command {
        id: "create-scope",
        title: "Create DHCP Scope",
        hint: "",
        help: "Makes a scope on the server.",
        keys: &["n"],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: no_dhcp,
        run: |world, selection| match selection.one().and_then(Subject::server) {
            Some(server) => Form::open(scope::Create::new(server.clone()), world),
            None => Vec::new(),
        },
    },
];
