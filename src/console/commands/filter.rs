//! Commands on MAC address filters.

use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::dialogs::filter::Add;
use crate::console::dialogs::{self, changes};
use crate::console::layers::batch;
use crate::console::layers::form::Form;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::policy::{Filter, FilterList};
use crate::model::{Edit, Intent};

fn filter<'w>(world: &'w World, subject: &Subject) -> Option<&'w Filter> {
    let Subject::Filter(server, pattern) = subject else {
        return None;
    };
    let reading = world.estate.servers.get(server)?.reading.as_ref()?;
    reading.config.filters.get(pattern)
}

fn gone(world: &World, selection: &Selection) -> Option<String> {
    let mut rows = selection.rows.iter();
    match rows.find(|row| filter(world, row).is_none()) {
        Some(row) => Some(format!("there is no filter {row} any more")),
        None => dialogs::unwritable(world, selection),
    }
}

/// Why the filters are not all in the other list.
fn in_list(world: &World, selection: &Selection, list: FilterList) -> Option<String> {
    gone(world, selection).or_else(|| {
        let there = |row: &&Subject| filter(world, row).is_some_and(|known| known.list == list);
        let row = selection.rows.iter().find(there)?;
        Some(format!("{row} is in the list {list} already"))
    })
}

fn moved(world: &World, selection: &Selection, list: FilterList) -> Vec<Intent> {
    changes(selection, |row| match (row, filter(world, row)) {
        (Subject::Filter(_, pattern), Some(known)) => vec![Edit::AddFilter {
            pattern: pattern.clone(),
            filter: Filter {
                list,
                description: known.description.clone(),
            },
            force: true,
        }],
        _ => Vec::new(),
    })
}

const HERE: Where = Where::In(&[View::Filters]);

/// Commands on MAC address filters.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "add-filter",
        title: "Add DHCP MAC Address Filter",
        hint: "",
        help: "Puts a MAC address, or all that begin so, on the allow or the deny list.",
        keys: &[],
        place: Where::In(&[View::ServerProperties, View::Filters]),
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| {
            let unwritable = match selection.rows.first() {
                Some(Subject::Server(..)) => super::server::no_dhcp(world, selection),
                _ => dialogs::unwritable(world, selection),
            };
            unwritable.or_else(|| {
                let pattern = "00-00-00-00-00-00".parse().ok()?;
                super::server::no_use(world, selection, &Edit::RemoveFilter { pattern })
            })
        },
        run: |world, selection| Form::open(Add::new(selection.servers()), world),
    },
    Command {
        id: "move-to-allow",
        title: "Move to Allow",
        hint: "",
        help: "Moves filters from the deny list to the allow list.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| in_list(world, selection, FilterList::Allow),
        run: |world, selection| {
            let intents = moved(world, selection, FilterList::Allow);
            batch::carry_out("Move to Allow", intents)
        },
    },
    Command {
        id: "move-to-deny",
        title: "Move to Deny",
        hint: "",
        help: "Moves filters from the allow list to the deny list.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| in_list(world, selection, FilterList::Deny),
        run: |world, selection| {
            let intents = moved(world, selection, FilterList::Deny);
            batch::carry_out("Move to Deny", intents)
        },
    },
    Command {
        id: "delete-filter",
        title: "Delete",
        hint: "",
        help: "Takes the filters selected off their lists.",
        keys: &["delete"],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: gone,
        run: |_, selection| {
            let intents = changes(selection, |row| match row {
                Subject::Filter(_, pattern) => vec![Edit::RemoveFilter {
                    pattern: pattern.clone(),
                }],
                _ => Vec::new(),
            });
            batch::carry_out("Delete DHCP MAC address filters", intents)
        },
    },
];
