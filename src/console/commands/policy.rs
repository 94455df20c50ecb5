//! Commands on policies.

use crate::console::action::Action;
use crate::console::command::{Command, Risk, Selection, Wants, Where};
use crate::console::dialogs::{self, changes};
use crate::console::layers::batch;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::policy::PolicyProperty;
use crate::model::{Edit, Policy};

/// The policies among which the one of a row stands, and its place there.
fn policies<'w>(world: &'w World, subject: &Subject) -> Option<(&'w [Policy], usize)> {
    let Subject::Policy(server, level, name) = subject else {
        return None;
    };
    let reading = world.estate.servers.get(server)?.reading.as_ref()?;
    let all = match level {
        None => &reading.config.policies,
        Some(scope) => &reading.config.scopes.get(scope)?.policies,
    };
    let place = all
        .iter()
        .position(|policy| policy.name.eq_ignore_ascii_case(name))?;
    Some((all, place))
}

fn policy<'w>(world: &'w World, subject: &Subject) -> Option<&'w Policy> {
    let (all, place) = policies(world, subject)?;
    all.get(place)
}

fn gone(world: &World, selection: &Selection) -> Option<String> {
    let mut rows = selection.rows.iter();
    match rows.find(|row| policy(world, row).is_none()) {
        Some(row) => Some(format!("there is no policy {row} any more")),
        None => dialogs::unwritable(world, selection),
    }
}

fn set(row: &Subject, property: PolicyProperty) -> Vec<Edit> {
    match row {
        Subject::Policy(_, level, name) => vec![Edit::SetPolicy {
            level: *level,
            name: name.clone(),
            properties: vec![property],
        }],
        _ => Vec::new(),
    }
}

fn enabled(world: &World, selection: &Selection, on: bool) -> Option<String> {
    gone(world, selection).or_else(|| {
        let so = |row: &&Subject| policy(world, row).is_some_and(|known| known.enabled == on);
        let row = selection.rows.iter().find(so)?;
        let is = if on { "enabled" } else { "disabled" };
        Some(format!("{row} is {is} already"))
    })
}

fn enable(title: &str, selection: &Selection, on: bool) -> Vec<Action> {
    let intents = changes(selection, |row| set(row, PolicyProperty::Enabled(on)));
    batch::carry_out(title, intents)
}

/// The processing order, counted from 1, that is so many places further down.
fn order(world: &World, selection: &Selection, by: isize) -> Option<u16> {
    let (all, place) = policies(world, selection.one()?)?;
    let place = place.checked_add_signed(by)?;
    (place < all.len()).then(|| u16::try_from(place + 1).ok())?
}

fn move_by(title: &str, world: &World, selection: &Selection, by: isize) -> Vec<Action> {
    let Some(order) = order(world, selection, by) else {
        return Vec::new();
    };
    let intents = changes(selection, |row| {
        set(row, PolicyProperty::ProcessingOrder(order))
    });
    batch::carry_out(title, intents)
}

fn no_room(world: &World, selection: &Selection, by: isize) -> Option<String> {
    gone(world, selection).or_else(|| match order(world, selection, by) {
        Some(_) => None,
        None if by < 0 => Some("it is processed first already".to_owned()),
        None => Some("it is processed last already".to_owned()),
    })
}

const HERE: Where = Where::In(&[View::Policies]);

/// Commands on policies.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "enable-policy",
        title: "Enable",
        hint: "",
        help: "Puts the policies selected in force.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| enabled(world, selection, true),
        run: |_, selection| enable("Enable DHCP policies", selection, true),
    },
    Command {
        id: "disable-policy",
        title: "Disable",
        hint: "",
        help: "Puts the policies selected out of force.",
        keys: &[],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: |world, selection| enabled(world, selection, false),
        run: |_, selection| enable("Disable DHCP policies", selection, false),
    },
    Command {
        id: "move-policy-up",
        title: "Move Up Processing Order",
        hint: "",
        help: "Has the policy processed one place earlier.",
        keys: &["shift-up"],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| no_room(world, selection, -1),
        run: |world, selection| move_by("Move Up Processing Order", world, selection, -1),
    },
    Command {
        id: "move-policy-down",
        title: "Move Down Processing Order",
        hint: "",
        help: "Has the policy processed one place later.",
        keys: &["shift-down"],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| no_room(world, selection, 1),
        run: |world, selection| move_by("Move Down Processing Order", world, selection, 1),
    },
    Command {
        id: "delete-policy",
        title: "Delete",
        hint: "",
        help: "Deletes the policies selected.",
        keys: &["delete"],
        place: HERE,
        wants: Wants::Some,
        risk: Risk::Destroy,
        why_not: gone,
        run: |_, selection| {
            let intents = changes(selection, |row| match row {
                Subject::Policy(_, level, name) => vec![Edit::RemovePolicy {
                    level: *level,
                    name: name.clone(),
                }],
                _ => Vec::new(),
            });
            batch::carry_out("Delete DHCP policies", intents)
        },
    },
];
