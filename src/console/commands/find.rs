//! Commands that find: columns and order, the palette's neighbours, who has an address.

use crate::console::action::{Action, Opening};
use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::layers::jobs::JobList;
use crate::console::layers::search::Search;
use crate::console::layers::who_has::WhoHas;
use crate::console::world::World;

const fn look(
    id: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&World, &Selection) -> Vec<Action>,
) -> Command {
    Command {
        id,
        title,
        hint: "",
        help,
        keys,
        place: Where::Anywhere,
        wants: Wants::Nothing,
        risk: Risk::Read,
        why_not: Command::always,
        run,
    }
}

/// Commands that find, and that choose what is seen.
pub const COMMANDS: &[Command] = &[
    look(
        "search",
        "Search Everything",
        "Finds servers, failover relationships, scopes, reservations and leases by name, address or MAC in any spelling.",
        &["ctrl-f"],
        |_, _| vec![Action::Open(Box::new(Search::new()))],
    ),
    look(
        "who-has",
        "Who Has or Had This Address",
        "Asks every server for reservations and leases of an address or a client, and the journal.",
        &["w"],
        |_, selection| vec![Action::Open(Box::new(WhoHas::new(selection.rows.first())))],
    ),
    look(
        "columns",
        "Columns",
        "Chooses which columns are shown, in which order, and by which rows are sorted.",
        &["c"],
        |_, _| vec![Action::Show(Opening::Columns)],
    ),
    look(
        "sort",
        "Sort",
        "Sorts rows by a column: choosing it again reverses them.",
        &["s"],
        |_, _| vec![Action::Show(Opening::Sort)],
    ),
    look(
        "theme",
        "Theme",
        "Chooses how things look: dark, light, mono or high contrast.",
        &[],
        |_, _| vec![Action::Show(Opening::Theme)],
    ),
    look(
        "jobs",
        "Jobs",
        "Lists what is being done, what came of what was done, and stops what can be stopped.",
        &["J"],
        |_, _| vec![Action::Open(Box::new(JobList::new()))],
    ),
];
