//! Commands on failover: replication, configuration sync errors, comparing, and the relationships.

use std::collections::{BTreeMap, BTreeSet};

use crate::console::action::Action;
use crate::console::command::{Command, Risk, Selection, Wants, Where, unwritable};
use crate::console::dialogs::failover::{
    Configure, DeleteRelationship, EditRelationship, RemoveFailover, ReplicateRelationship,
};
use crate::console::layers::batch::Batch;
use crate::console::layers::compare::CompareLayer;
use crate::console::layers::form::Form;
use crate::console::layers::menu::{Item, Menu};
use crate::console::layers::partner_down::PartnerDownLayer;
use crate::console::layers::plan::PlanLayer;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::ipam::estate::End;
use crate::model::failover::FailoverState;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::server::{Availability, ServerRole};
use crate::model::text::printable;
use crate::model::{ScopeId, ServerName};

const SCOPES: Where = Where::In(&[View::ScopeProperties]);
const RELATIONSHIPS: Where = Where::In(&[View::FailoverRelationships]);
const SERVERS: Where = Where::In(&[View::ServerProperties]);

/// Commands on failover.
pub const COMMANDS: &[Command] = &[
    Command {
        id: "configure-failover",
        title: "Configure DHCP Failover",
        hint: "",
        help: "Puts scopes under failover: the partner gets copies of them.",
        keys: &[],
        place: SCOPES,
        wants: Wants::SomeOfOneServer,
        risk: Risk::Change,
        why_not: not_configurable,
        run: configure_failover,
    },
    Command {
        id: "clear-config-sync-error",
        title: "Clear Config Sync Error",
        hint: "",
        help: "Says that what was out of sync has been put right by hand.",
        keys: &[],
        place: SCOPES,
        wants: Wants::Some,
        risk: Risk::Change,
        why_not: not_out_of_sync,
        run: clear_config_sync_error,
    },
    Command {
        id: "replicate-scope",
        title: "Replicate DHCP Scope",
        hint: "",
        help: "Makes the partner's copy of the scope that of this server.",
        keys: &[],
        place: SCOPES,
        wants: Wants::SomeOfOneServer,
        risk: Risk::Destroy,
        why_not: none_in_failover,
        run: |_, selection| {
            with_scopes("Replicate DHCP Scope", selection, |server, scopes| {
                Intent::Replicate {
                    from: server,
                    what: ReplicationLevel::Scopes(scopes),
                }
            })
        },
    },
    Command {
        id: "remove-failover",
        title: "Remove DHCP Failover Configuration",
        hint: "",
        help: "Takes scopes out of failover: this server keeps them, the partner's copies are deleted.",
        keys: &[],
        place: SCOPES,
        wants: Wants::SomeOfOneServer,
        risk: Risk::Destroy,
        why_not: not_removable,
        run: remove_failover,
    },
    Command {
        id: "compare-with-partner",
        title: "Compare With Partner",
        hint: "",
        help: "Shows both copies of the scope side by side, field by field.",
        keys: &["="],
        place: SCOPES,
        wants: Wants::One,
        risk: Risk::Read,
        why_not: none_in_failover,
        run: |world, selection| match selection.one() {
            Some(Subject::Scope(server, scope)) => open(CompareLayer::scope(world, server, *scope)),
            _ => Vec::new(),
        },
    },
    Command {
        id: "replicate-server",
        title: "Replicate DHCP Server",
        hint: "",
        help: "Makes the partners' copies of all scopes under failover those of this server.",
        keys: &[],
        place: SERVERS,
        wants: Wants::One,
        risk: Risk::Destroy,
        why_not: |world, selection| match selection.one() {
            Some(Subject::Server(server, ServerRole::Dhcp)) => {
                unwritable(world, server).or_else(|| {
                    let scopes = relationships_of(world, server).any(|has| has);
                    (!scopes).then(|| format!("{server} has no scope under failover"))
                })
            }
            Some(Subject::Server(server, _)) => {
                Some(format!("this row is {server} as a DNS server"))
            }
            _ => Some("this is no server".to_owned()),
        },
        run: |_, selection| match selection.one() {
            Some(Subject::Server(server, _)) => plan(Intent::Replicate {
                from: server.clone(),
                what: ReplicationLevel::Server,
            }),
            _ => Vec::new(),
        },
    },
    Command {
        id: "edit-relationship",
        title: "Edit DHCP Failover Relationship",
        hint: "",
        help: "Changes a relationship's parameters, on both servers.",
        keys: &[],
        place: RELATIONSHIPS,
        wants: Wants::One,
        risk: Risk::Change,
        why_not: not_editable,
        run: edit_relationship,
    },
    Command {
        id: "replicate-relationship",
        title: "Replicate DHCP Failover Relationship",
        hint: "",
        help: "Makes one server's copies of all scopes of the relationship those of the other.",
        keys: &[],
        place: RELATIONSHIPS,
        wants: Wants::One,
        risk: Risk::Destroy,
        why_not: no_scopes,
        run: replicate_relationship,
    },
    Command {
        id: "set-partner-down",
        title: "Set Partner Down",
        hint: "",
        help: "Shows whether a server of the relationship is really down, and tells its partner so.",
        keys: &[],
        place: RELATIONSHIPS,
        wants: Wants::One,
        risk: Risk::Read,
        why_not: Command::always,
        run: set_partner_down,
    },
    Command {
        id: "compare-partners",
        title: "Compare Partners",
        hint: "",
        help: "Shows how the two servers' copies of the relationship's scopes differ.",
        keys: &["="],
        place: RELATIONSHIPS,
        wants: Wants::One,
        risk: Risk::Read,
        why_not: Command::always,
        run: |world, selection| match selection.one() {
            Some(Subject::Relationship(primary, secondary, name)) => {
                open(CompareLayer::relationship(world, primary, secondary, name))
            }
            _ => Vec::new(),
        },
    },
    Command {
        id: "delete-relationship",
        title: "Delete",
        hint: "",
        help: "Deletes a relationship: one server keeps its scopes, the other's copies are deleted.",
        keys: &[],
        place: RELATIONSHIPS,
        wants: Wants::One,
        risk: Risk::Destroy,
        why_not: Command::always,
        run: delete_relationship,
    },
];

fn open(layer: impl crate::console::layers::Layer + 'static) -> Vec<Action> {
    vec![Action::Open(Box::new(layer))]
}

/// A plan that is always shown before it is carried out.
fn plan(intent: Intent) -> Vec<Action> {
    open(PlanLayer::of(intent, true))
}

/// The scopes selected, by server.
fn scopes(selection: &Selection) -> BTreeMap<ServerName, BTreeSet<ScopeId>> {
    let mut scopes: BTreeMap<ServerName, BTreeSet<ScopeId>> = BTreeMap::new();
    for row in &selection.rows {
        if let Subject::Scope(server, scope) = row {
            scopes.entry(server.clone()).or_default().insert(*scope);
        }
    }
    scopes
}

fn with_scopes(
    title: &str,
    selection: &Selection,
    intent: impl Fn(ServerName, BTreeSet<ScopeId>) -> Intent,
) -> Vec<Action> {
    let by_server = scopes(selection).into_iter();
    let mut intents: Vec<Intent> = by_server
        .map(|(server, scopes)| intent(server, scopes))
        .collect();
    match (intents.pop(), intents.is_empty()) {
        (None, _) => Vec::new(),
        (Some(only), true) => plan(only),
        (Some(last), false) => {
            intents.push(last);
            open(Batch::of(title, intents, None))
        }
    }
}

/// Why none of the scopes selected is anything for failover: those that are not are skipped, and
/// the plan says so.
fn none_in_failover(world: &World, selection: &Selection) -> Option<String> {
    let mut first = None;
    for (server, scopes) in scopes(selection) {
        for scope in scopes {
            if world.estate.relationship_of(&server, scope).is_some() {
                return None;
            }
            first.get_or_insert(scope);
        }
    }
    Some(match first {
        Some(scope) => format!("{scope} is not in a failover relationship"),
        None => "this is no scope".to_owned(),
    })
}

fn not_out_of_sync(world: &World, selection: &Selection) -> Option<String> {
    for (server, scopes) in scopes(selection) {
        for scope in scopes {
            let row = (server.clone(), scope);
            if !world.estate.out_of_sync.contains_key(&row) {
                return Some(format!("{scope} on {server} is not out of sync"));
            }
        }
    }
    None
}

fn clear_config_sync_error(_: &World, selection: &Selection) -> Vec<Action> {
    with_scopes("Clear Config Sync Error", selection, |server, scopes| {
        Intent::ClearConfigSyncError { server, scopes }
    })
}

/// For each relationship of a server, whether it has scopes.
fn relationships_of<'w>(
    world: &'w World,
    server: &ServerName,
) -> impl Iterator<Item = bool> + use<'w> {
    let view = world.estate.servers.get(server);
    let reading = view.and_then(|view| view.reading.as_ref());
    let config = reading.map(|reading| &reading.config);
    let held = config
        .into_iter()
        .flat_map(|config| config.relationships.values());
    held.map(|held| !held.scopes.is_empty())
}

fn no_scopes(world: &World, selection: &Selection) -> Option<String> {
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return Some("this is no relationship".to_owned());
    };
    let mut ends = [primary, secondary].into_iter();
    let has = ends.any(|server| {
        let end = world.estate.end(server, name);
        end.is_some_and(|end| !end.relationship.scopes.is_empty())
    });
    (!has).then(|| "no scope is in it".to_owned())
}

/// The direction is asked for: who is wrong is overwritten.
fn replicate_relationship(world: &World, selection: &Selection) -> Vec<Action> {
    match selection.one() {
        Some(Subject::Relationship(primary, secondary, name)) => {
            let kind = ReplicateRelationship::new(primary, secondary, name);
            Form::open(kind, world)
        }
        _ => Vec::new(),
    }
}

/// Why scopes can't be put under failover.
fn not_configurable(world: &World, selection: &Selection) -> Option<String> {
    for (server, scopes) in scopes(selection) {
        if let Some(why) = unwritable(world, &server) {
            return Some(why);
        }
        for scope in scopes {
            if let Some(held) = world.estate.relationship_of(&server, scope) {
                let name = printable(&held.name, 126);
                return Some(format!("{scope} is in the failover relationship {name}"));
            }
        }
    }
    None
}

fn configure_failover(world: &World, selection: &Selection) -> Vec<Action> {
    match scopes(selection).pop_first() {
        Some((server, scopes)) => Form::open(Configure::new(world, &server, scopes), world),
        None => Vec::new(),
    }
}

/// Why scopes can't be taken out of failover: one of them is not in it.
fn not_removable(world: &World, selection: &Selection) -> Option<String> {
    for (server, scopes) in scopes(selection) {
        if let Some(why) = unwritable(world, &server) {
            return Some(why);
        }
        for scope in scopes {
            if world.estate.relationship_of(&server, scope).is_none() {
                return Some(format!("{scope} is not in a failover relationship"));
            }
        }
    }
    None
}

fn remove_failover(world: &World, selection: &Selection) -> Vec<Action> {
    match scopes(selection).pop_first() {
        Some((server, scopes)) => Form::open(RemoveFailover::new(&server, scopes), world),
        None => Vec::new(),
    }
}

/// The end of a relationship that is known, the primary's first.
fn known_end<'w>(world: &'w World, selection: &Selection) -> Option<End<'w>> {
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return None;
    };
    let ends = [primary, secondary].map(|server| world.estate.end(server, name));
    let mut known = ends.iter().flatten().copied();
    let read = known.clone().find(|end| end.view.error.is_none());
    read.or_else(|| known.next())
}

fn edit_relationship(world: &World, selection: &Selection) -> Vec<Action> {
    match known_end(world, selection) {
        Some(end) => {
            let kind = EditRelationship::new(&end.view.name, end.relationship);
            Form::open(kind, world)
        }
        None => Vec::new(),
    }
}

/// Why a relationship's parameters can't be changed: it takes both servers.
fn not_editable(world: &World, selection: &Selection) -> Option<String> {
    let Some(Subject::Relationship(primary, secondary, _)) = selection.one() else {
        return Some("this is no relationship".to_owned());
    };
    unwritable(world, primary).or_else(|| unwritable(world, secondary))
}

fn delete_relationship(world: &World, selection: &Selection) -> Vec<Action> {
    match selection.one() {
        Some(Subject::Relationship(primary, secondary, name)) => {
            let kind = DeleteRelationship::new(world, primary, secondary, name);
            Form::open(kind, world)
        }
        _ => Vec::new(),
    }
}

/// The server that would be told: the one that can be reached and is alone. Where that can't be
/// told, the operator says it.
fn set_partner_down(world: &World, selection: &Selection) -> Vec<Action> {
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return Vec::new();
    };
    if let Some((survivor, why)) = survivor(world, [primary, secondary], name) {
        return open(PartnerDownLayer::new(survivor, name).since(why));
    }
    // Both run and both hear nothing, or neither runs: only the operator knows which is meant.
    let item = |on: &ServerName, down: &ServerName| {
        let label = format!("{on} goes on, {} is down", down.short());
        Item::new(label, open(PartnerDownLayer::new(on, name)))
    };
    let items = vec![item(primary, secondary), item(secondary, primary)];
    open(Menu::centred(
        "Set Partner Down: which server goes on?",
        items,
    ))
}

/// The server that goes on, as far as that can be told without asking, and why.
fn survivor<'n>(
    world: &World,
    ends: [&'n ServerName; 2],
    relationship: &str,
) -> Option<(&'n ServerName, String)> {
    let runs = |server: &ServerName| {
        let view = world.estate.servers.get(server);
        view.is_some_and(|view| {
            view.error.is_none() && view.availability != Some(Availability::Stopped)
        })
    };
    let state = |server: &ServerName| {
        let end = world.estate.end(server, relationship)?;
        end.status
            .map(|status| status.state)
            .filter(|_| runs(server))
    };
    let [one, other] = ends;
    let ways = [(one, other), (other, one)];
    let only = |wanted: &dyn Fn(&ServerName) -> bool| {
        ways.into_iter()
            .find(|(on, down)| wanted(on) && !wanted(down))
    };
    if let Some((on, down)) = only(&runs) {
        let view = world.estate.servers.get(down);
        let how = match view.and_then(|view| view.availability) {
            Some(Availability::Stopped) => "is stopped",
            Some(Availability::NotReachable) => "is not reachable",
            _ => "can't be read",
        };
        return Some((on, format!("{on} goes on: {} {how}", down.short())));
    }
    let states = [
        FailoverState::PartnerDown,
        FailoverState::CommunicationInterrupted,
    ];
    states.into_iter().find_map(|wanted| {
        let (on, _) = only(&|server| state(server) == Some(wanted))?;
        Some((
            on,
            format!("{on} goes on: it alone is in {}", wanted.label()),
        ))
    })
}
