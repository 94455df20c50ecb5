//! Commands that only Kea's HA knows: maintenance of a partner, and starting HA anew.

use crate::console::action::Action;
use crate::console::command::{Command, Id, Risk, Selection, Wants, Where, unwritable};
use crate::console::layers::menu::{Item, Menu};
use crate::console::layers::plan::PlanLayer;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::ServerName;
use crate::model::edit::Order;
use crate::model::plan::Intent;
use crate::model::server::Product;
use crate::rules::kea_ha;

const HERE: Where = Where::In(&[View::FailoverRelationships]);

/// Commands of Kea's HA.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "start-maintenance",
        title: "Start Maintenance",
        hint: "",
        help: "Has one server answer for both, so that the other can be switched off (Kea).",
        keys: &[],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| nobody(world, selection, Kind::Start),
        run: |world, selection| choose(world, selection, Kind::Start),
    },
    Command {
        id: "cancel-maintenance",
        title: "Cancel Maintenance",
        hint: "",
        help: "Has a server that was to be switched off serve again (Kea).",
        keys: &[],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: |world, selection| nobody(world, selection, Kind::Cancel),
        run: |world, selection| choose(world, selection, Kind::Cancel),
    },
    Command {
        id: "reset-ha",
        title: "Reset HA",
        hint: "",
        help: "Starts a stuck server's HA anew: it serves nobody until it has found its partner (Kea).",
        keys: &[],
        place: HERE,
        wants: Wants::One,
        risk: Risk::Destroy,
        why_not: |world, selection| nobody(world, selection, Kind::Reset),
        run: |world, selection| choose(world, selection, Kind::Reset),
    },
];

/// Whether a command means anything where the console is: those of Kea's HA only on its servers.
#[must_use]
pub fn offered(id: Id, world: &World, selection: &Selection) -> bool {
    if !COMMANDS.iter().any(|command| command.id == id) {
        return true;
    }
    let kea = |server: &ServerName| {
        let view = world.estate.servers.get(server);
        let reading = view.and_then(|view| view.reading.as_ref());
        reading.is_some_and(|reading| reading.identity.product == Product::Kea)
    };
    match selection.one() {
        Some(Subject::Relationship(primary, secondary, _)) => kea(primary) || kea(secondary),
        _ => world.estate.servers.keys().any(kea),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Start,
    Cancel,
    Reset,
}

impl Kind {
    fn order(self, relationship: &str) -> Order {
        let relationship = relationship.to_owned();
        match self {
            Kind::Start => Order::StartMaintenance { relationship },
            Kind::Cancel => Order::CancelMaintenance { relationship },
            Kind::Reset => Order::ResetHa { relationship },
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Start => "Start Maintenance: which server is to be switched off?",
            Kind::Cancel => "Cancel Maintenance: which server answers for both?",
            Kind::Reset => "Reset HA: which server is stuck?",
        }
    }

    fn label(self, on: &ServerName, partner: &ServerName) -> String {
        match self {
            Kind::Start => format!(
                "{} is to be switched off, {on} answers for both",
                partner.short()
            ),
            Kind::Cancel => format!(
                "{on} answers for both, {} is to serve again",
                partner.short()
            ),
            Kind::Reset => format!("{on} is stuck"),
        }
    }
}

/// The server that would be ordered, its partner, and why it can't be.
type Way<'s> = (&'s ServerName, &'s ServerName, Option<String>);

/// The two servers, each with why it can't be ordered that.
fn ways<'s>(
    world: &World,
    selection: &'s Selection,
    kind: Kind,
) -> Option<(&'s str, [Way<'s>; 2])> {
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return None;
    };
    let why_not = |on: &ServerName| {
        if let Some(why) = unwritable(world, on) {
            return Some(why);
        }
        let end = world.estate.end(on, name);
        let Some(status) = end.and_then(|end| end.status) else {
            return Some(format!("{on} does not say how it stands"));
        };
        kea_ha::may_order(&kind.order(name), on, status).err()
    };
    let ways = [(primary, secondary), (secondary, primary)];
    Some((name, ways.map(|(on, other)| (on, other, why_not(on)))))
}

/// Why neither server can be ordered that.
fn nobody(world: &World, selection: &Selection, kind: Kind) -> Option<String> {
    let Some((_, ways)) = ways(world, selection, kind) else {
        return Some("this is no relationship".to_owned());
    };
    let whys: Option<Vec<&String>> = ways.iter().map(|(.., why)| why.as_ref()).collect();
    let whys: Vec<&str> = whys?.into_iter().map(String::as_str).collect();
    Some(whys.join("; "))
}

fn choose(world: &World, selection: &Selection, kind: Kind) -> Vec<Action> {
    let Some((name, ways)) = ways(world, selection, kind) else {
        return Vec::new();
    };
    let plan = |on: &ServerName| {
        let intent = Intent::Order {
            server: on.clone(),
            order: kind.order(name),
        };
        vec![Action::Open(Box::new(PlanLayer::of(intent, true)))]
    };
    let mut open = ways.iter().filter(|(.., why)| why.is_none());
    if let (Some((on, ..)), None, Kind::Cancel | Kind::Reset) = (open.next(), open.next(), kind) {
        return plan(on);
    }
    let items = ways.iter().map(|(on, partner, why)| {
        let mut item = Item::new(kind.label(on, partner), plan(on));
        item.refused = why.clone();
        item
    });
    let menu = Menu::centred(kind.title(), items.collect());
    vec![Action::Open(Box::new(menu))]
}
