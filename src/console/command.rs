//! The command table: whatever a key, a menu item, a palette line, a clickable hint or a test
//! names is one row of it, which also knows why it is refused.

use super::action::Action;
use super::commands;
use super::keymap::GLOBAL;
use super::place::{Place, View};
use super::subject::Subject;
use super::world::World;
use crate::ipam::estate::ServerView;
use crate::model::ServerName;

/// A command's name: what the keymap file calls it.
pub type Id = &'static str;

/// What a command may do if it was a mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Risk {
    /// It only looks.
    Read,
    /// It changes something on a server.
    Change,
    /// It takes something away, or overwrites it.
    Destroy,
}

/// Where a command exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Where {
    /// Everywhere.
    Anywhere,
    /// In these views.
    In(&'static [View]),
}

/// Which rows a command acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wants {
    /// None.
    Nothing,
    /// Exactly one.
    One,
    /// One or more.
    Some,
    /// One or more, of one server.
    SomeOfOneServer,
}

/// What a command acts on.
#[derive(Clone, PartialEq, Debug)]
pub struct Selection {
    /// Where the operator is.
    pub place: Place,
    /// The marked rows, or else the one under the cursor, in the order shown.
    pub rows: Vec<Subject>,
}

impl Selection {
    /// The row, where it is exactly one.
    #[must_use]
    pub fn one(&self) -> Option<&Subject> {
        match self.rows.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The servers of the rows, each once.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerName> {
        let mut servers: Vec<ServerName> = Vec::new();
        for server in self.rows.iter().filter_map(Subject::server) {
            if !servers.contains(server) {
                servers.push(server.clone());
            }
        }
        servers
    }
}

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Command {
    /// Its name.
    pub id: Id,
    /// IPAM's label, where IPAM has one.
    pub title: &'static str,
    /// The word in the footer; empty: it is not there.
    pub hint: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// The keys it has until the operator's keymap says otherwise.
    pub keys: &'static [&'static str],
    /// Where it exists.
    pub place: Where,
    /// What it acts on.
    pub wants: Wants,
    /// What it may do.
    pub risk: Risk,
    /// Why it can't be run on what is selected, beyond what the fields above say.
    pub why_not: fn(&World, &Selection) -> Option<String>,
    /// What it leads to.
    pub run: fn(&World, &Selection) -> Vec<Action>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl Command {
    /// Nothing stands against it.
    #[must_use]
    pub fn always(_: &World, _: &Selection) -> Option<String> {
        None
    }

    /// Whether it exists in a view.
    #[must_use]
    pub fn is_in(&self, view: View) -> bool {
        match self.place {
            Where::Anywhere => true,
            Where::In(views) => views.contains(&view),
        }
    }

    /// Whether it means anything here; what does not is in no menu.
    #[must_use]
    pub fn is_offered(&self, world: &World, selection: &Selection) -> bool {
        commands::maintenance::offered(self.id, world, selection)
    }

    /// Why it can't be run, in a sentence; `None`: it can.
    #[must_use]
    pub fn refusal(&self, world: &World, selection: &Selection) -> Option<String> {
        let offered = self.is_offered(world, selection);
        self.wrong_place(selection)
            .or_else(|| self.wrong_rows(selection))
            .or_else(|| (!offered).then(|| "only Kea servers know that".to_owned()))
            .or_else(|| self.not_allowed(world, selection))
            .or_else(|| (self.why_not)(world, selection))
    }

    fn wrong_place(&self, selection: &Selection) -> Option<String> {
        let here = self.is_in(selection.place.view);
        (!here).then(|| format!("not in {}", selection.place.view.label()))
    }

    fn wrong_rows(&self, selection: &Selection) -> Option<String> {
        match (self.wants, selection.rows.len()) {
            (Wants::Nothing, _) => None,
            (_, 0) => Some("no row is selected".to_owned()),
            (Wants::One, 2..) => Some(format!(
                "{} rows are marked; this takes one",
                selection.rows.len()
            )),
            (Wants::SomeOfOneServer, 2..) if selection.servers().len() > 1 => {
                Some("the rows marked are of several servers; this takes those of one".to_owned())
            }
            _ => None,
        }
    }

    fn not_allowed(&self, world: &World, selection: &Selection) -> Option<String> {
        if self.risk == Risk::Read {
            return None;
        }
        if let Err(why) = world.access.may_write() {
            return Some(why);
        }
        let busy = selection.servers();
        let busy = busy.iter().find(|server| world.busy.contains(server));
        busy.map(|server| format!("a change is being carried out on {server}; wait for its end"))
    }
}

/// Every command, in the order in which help lists them.
pub fn all() -> impl Iterator<Item = &'static Command> {
    commands::ALL.iter().flat_map(|commands| commands.iter())
}

/// The command of that name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Command> {
    all().find(|command| command.id == id)
}

/// Each command with its keys and the context in which they hold: a view, or everywhere.
pub fn defaults() -> impl Iterator<Item = (Id, &'static [&'static str], &'static str)> {
    all().flat_map(|command| {
        let contexts = match command.place {
            Where::Anywhere => vec![GLOBAL],
            Where::In(views) => views.iter().map(|view| view.label()).collect(),
        };
        let contexts = contexts.into_iter();
        contexts.map(|context| (command.id, command.keys, context))
    })
}

/// Why nothing can be written to a server now: it was not read yet, or does not answer.
#[must_use]
pub fn unwritable(world: &World, server: &ServerName) -> Option<String> {
    let view: Option<&std::sync::Arc<ServerView>> = world.estate.servers.get(server);
    match view {
        None => Some(format!("{server} is not in the configuration any more")),
        Some(view) => match (&view.error, &view.reading) {
            (Some(error), _) => Some(error.to_string()),
            (None, None) => Some(format!("{server} has not answered yet")),
            (None, Some(_)) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_can_be_read_and_do_not_clash() {
        if let Err(why) = crate::console::keymap::Keymap::new(defaults()) {
            panic!("{why}");
        }
    }

    #[test]
    fn names_are_unique_and_commands_have_words() {
        let mut names = BTreeSet::new();
        for command in all() {
            assert!(names.insert(command.id), "{} is there twice", command.id);
            assert!(!command.title.is_empty() && !command.help.is_empty());
            assert!(
                command.help.ends_with('.') && !command.title.ends_with('.'),
                "{}: help is a sentence, the title is not",
                command.id
            );
            let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(command.id.chars().all(name), "{}", command.id);
        }
    }
}
