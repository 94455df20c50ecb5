//! Commands on failover: replication, configuration sync errors, comparing, and the relationships.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Position;

use crate::console::action::Action;
use crate::console::command::{Command, Risk, Selection, Wants, Where, unwritable};
use crate::console::layers::compare::CompareLayer;
use crate::console::layers::menu::{Item, Menu};
use crate::console::layers::partner_down::PartnerDownLayer;
use crate::console::layers::plan::PlanLayer;
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::failover::FailoverState;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::server::ServerRole;
use crate::model::{ScopeId, ServerName};

const SCOPES: Where = Where::In(&[View::ScopeProperties]);
const RELATIONSHIPS: Where = Where::In(&[View::FailoverRelationships]);
const SERVERS: Where = Where::In(&[View::ServerProperties]);

/// Commands on failover.
pub const COMMANDS: &[Command] = &[
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
            with_scopes(selection, |server, scopes| Intent::Replicate {
                from: server,
                what: ReplicationLevel::Scopes(scopes),
            })
        },
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
];

pub(super) fn open(layer: impl crate::console::layers::Layer + 'static) -> Vec<Action> {
    vec![Action::Open(Box::new(layer))]
}

/// A plan that is always shown before it is carried out.
pub(super) fn plan(intent: Intent) -> Vec<Action> {
    open(PlanLayer::of(intent, true))
}

/// The scopes selected, by server.
pub(super) fn scopes(selection: &Selection) -> BTreeMap<ServerName, BTreeSet<ScopeId>> {
    let mut scopes: BTreeMap<ServerName, BTreeSet<ScopeId>> = BTreeMap::new();
    for row in &selection.rows {
        if let Subject::Scope(server, scope) = row {
            scopes.entry(server.clone()).or_default().insert(*scope);
        }
    }
    scopes
}

fn with_scopes(
    selection: &Selection,
    intent: impl Fn(ServerName, BTreeSet<ScopeId>) -> Intent,
) -> Vec<Action> {
    let by_server = scopes(selection).into_iter();
    by_server
        .flat_map(|(server, scopes)| plan(intent(server, scopes)))
        .collect()
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
    with_scopes(selection, |server, scopes| Intent::ClearConfigSyncError {
        server,
        scopes,
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
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return Vec::new();
    };
    let item = |from: &ServerName, to: &ServerName| {
        let mut item = Item::new(
            format!("{from} is right: {} is overwritten", to.short()),
            plan(Intent::Replicate {
                from: from.clone(),
                what: ReplicationLevel::Relationship(name.clone()),
            }),
        );
        item.refused = unwritable(world, to).or_else(|| unwritable(world, from));
        item
    };
    let items = vec![item(primary, secondary), item(secondary, primary)];
    let at = Position::new(8, 5);
    open(Menu::new("Replicate: which server is right?", items, at))
}

/// The server that would be told: the one that can be reached and is alone. Where that can't be
/// told, the operator says it.
fn set_partner_down(world: &World, selection: &Selection) -> Vec<Action> {
    let Some(Subject::Relationship(primary, secondary, name)) = selection.one() else {
        return Vec::new();
    };
    if let Some(survivor) = survivor(world, [primary, secondary], name) {
        return open(PartnerDownLayer::new(survivor, name));
    }
    let item = |on: &ServerName, down: &ServerName| {
        let label = format!("{on} goes on, {} is down", down.short());
        Item::new(label, open(PartnerDownLayer::new(on, name)))
    };
    let items = vec![item(primary, secondary), item(secondary, primary)];
    let at = Position::new(8, 5);
    open(Menu::new(
        "Set Partner Down: which server goes on?",
        items,
        at,
    ))
}

fn survivor<'n>(
    world: &World,
    ends: [&'n ServerName; 2],
    relationship: &str,
) -> Option<&'n ServerName> {
    let state = |server: &ServerName| {
        let end = world.estate.end(server, relationship)?;
        if end.view.error.is_some() {
            return None;
        }
        end.status.map(|status| status.state)
    };
    let only = |wanted: &dyn Fn(FailoverState) -> bool| {
        let mut found = ends
            .into_iter()
            .filter(|server| state(server).is_some_and(wanted));
        found.next().filter(|_| found.next().is_none())
    };
    only(&|_| true)
        .or_else(|| only(&|state| state == FailoverState::PartnerDown))
        .or_else(|| only(&|state| state == FailoverState::CommunicationInterrupted))
}
