//! Commands that lead somewhere: to what belongs to a row, to a node, into the clipboard.

use ratatui::layout::Position;

use crate::console::action::Action;
use crate::console::command::{Command, Id, Risk, Selection, Wants, Where};
use crate::console::layers::address_map::AddressMapLayer;
use crate::console::layers::menu::{Item, Menu};
use crate::console::place::{Node, Place, View};
use crate::console::subject::Subject;
use crate::console::views;
use crate::console::world::World;
use crate::model::server::ServerRole;
use crate::model::text::printable;
use crate::model::{ScopeId, ServerName};

/// A command that looks at one row, or at none.
const fn look(
    id: Id,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    place: Where,
    run: fn(&World, &Selection) -> Vec<Action>,
) -> Command {
    Command {
        id,
        title,
        hint: "",
        help,
        keys,
        place,
        wants: Wants::One,
        risk: Risk::Read,
        why_not: Command::always,
        run,
    }
}

/// A command that goes to a node.
const fn node(
    id: Id,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&World, &Selection) -> Vec<Action>,
) -> Command {
    Command {
        wants: Wants::Nothing,
        ..look(id, title, help, keys, Where::Anywhere, run)
    }
}

/// Views whose rows are, or lie in, a scope.
const OF_SCOPES: Where = Where::In(&[View::ScopeProperties, View::Reservations, View::Leases]);
/// Views whose rows have leases.
const WITH_LEASES: Where = Where::In(&[
    View::ServerProperties,
    View::ScopeProperties,
    View::Reservations,
    View::Leases,
]);
/// Views whose rows have scopes.
const WITH_SCOPES: Where = Where::In(&[
    View::ServerProperties,
    View::SuperscopeProperties,
    View::FailoverRelationships,
    View::ServerGroups,
]);
/// Views whose rows are a server's.
const OF_SERVERS: Where = Where::In(&[
    View::ServerProperties,
    View::ScopeProperties,
    View::SuperscopeProperties,
    View::Policies,
    View::Filters,
    View::FailoverRelationships,
    View::Reservations,
    View::Leases,
    View::ServerGroups,
    View::EventCatalog,
]);
/// Views whose rows belong to one server that is not the row itself.
const ON_SERVERS: Where = Where::In(&[
    View::ScopeProperties,
    View::SuperscopeProperties,
    View::Policies,
    View::Filters,
    View::Reservations,
    View::Leases,
    View::EventCatalog,
]);

/// The commands.
pub const COMMANDS: &[Command] = &[
    look(
        "show-reservations",
        "Show Reservations",
        "Goes to the reservations of the scope.",
        &["R"],
        OF_SCOPES,
        |_, selection| within(selection, View::Reservations),
    ),
    look(
        "show-leases",
        "Show Leases",
        "Goes to the leases of the scope or of the server.",
        &["L"],
        WITH_LEASES,
        |_, selection| match selection.one() {
            Some(server @ Subject::Server(..)) => {
                let place = Place::showing(View::Leases).narrowed(server.clone());
                vec![Action::Go(place)]
            }
            _ => within(selection, View::Leases),
        },
    ),
    look(
        "show-scopes",
        "Show DHCP Scopes",
        "Goes to the scopes of the server, superscope, relationship or group.",
        &["S"],
        WITH_SCOPES,
        |_, selection| match selection.one() {
            None => Vec::new(),
            Some(row) => {
                let place = Place::showing(View::ScopeProperties).narrowed(row.clone());
                vec![Action::Go(place)]
            }
        },
    ),
    Command {
        why_not: |world, selection| relationship(world, selection).err(),
        ..look(
            "show-relationship",
            "Show Failover Relationship",
            "Goes to the failover relationship of the scope.",
            &["F"],
            OF_SCOPES,
            |world, selection| jump(relationship(world, selection)),
        )
    },
    Command {
        why_not: |world, selection| on_partner(world, selection).err(),
        ..look(
            "show-on-partner",
            "Show on Partner",
            "Goes to the partner's row of the same thing.",
            &["p"],
            OF_SCOPES,
            |world, selection| jump(on_partner(world, selection)),
        )
    },
    Command {
        why_not: |world, selection| server(world, selection).err(),
        ..look(
            "show-server",
            "Show Server",
            "Goes to the server whose row it is.",
            &["H"],
            ON_SERVERS,
            |world, selection| jump(server(world, selection)),
        )
    },
    look(
        "address-map",
        "Address Map",
        "Shows every address of the scope, and who has it.",
        &["A"],
        OF_SCOPES,
        |_, selection| match selection.one() {
            Some(Subject::Scope(server, scope)) => {
                let layer = AddressMapLayer::of(server.clone(), *scope, None);
                vec![Action::Open(Box::new(layer))]
            }
            Some(
                Subject::Reservation(server, scope, address)
                | Subject::Lease(server, scope, address),
            ) => {
                let layer = AddressMapLayer::of(server.clone(), *scope, Some(*address));
                vec![Action::Open(Box::new(layer))]
            }
            _ => Vec::new(),
        },
    ),
    Command {
        wants: Wants::Some,
        why_not: |world, selection| match servers(world, selection).is_empty() {
            true => Some("no server is known for it".to_owned()),
            false => None,
        },
        ..look(
            "retrieve-server-data",
            "Retrieve Server Data",
            "Reads the servers of the rows anew, now.",
            &["ctrl-r"],
            OF_SERVERS,
            |world, selection| vec![Action::Retrieve(servers(world, selection))],
        )
    },
    Command {
        wants: Wants::Nothing,
        ..look(
            "copy-cell",
            "Copy",
            "Copies what names the row: its address, its scope ID or its name.",
            &["y"],
            Where::Anywhere,
            |world, selection| match selection.rows.as_slice() {
                [] => Vec::new(),
                rows => {
                    let names = rows.iter().map(|row| telling(world, row));
                    let names: Vec<String> = names.collect();
                    vec![Action::Copy(names.join("\n"))]
                }
            },
        )
    },
    Command {
        wants: Wants::Nothing,
        ..look(
            "copy-row",
            "Copy Row",
            "Copies every column of the row, or of the marked rows, with tabs between them.",
            &["Y"],
            Where::Anywhere,
            |_, _| vec![Action::CopyRows],
        )
    },
    node(
        "go-to-node",
        "Go To",
        "Opens the navigation as a menu.",
        &["0"],
        |_, selection| {
            let items = Node::ALL.iter().zip(1..).map(|(node, number)| {
                let mut item = Item::new(node.label(), vec![Action::Go(Place::of(*node))]);
                item.current = *node == selection.place.node;
                item.key = format!("{number}");
                item
            });
            let at = Position::new(1, 2);
            vec![Action::Open(Box::new(Menu::new(
                "Go to",
                items.collect(),
                at,
            )))]
        },
    ),
    node(
        "go-servers",
        "DNS and DHCP Servers",
        "Goes to DNS and DHCP Servers.",
        &["1"],
        |_, _| vec![Action::Go(Place::of(Node::Servers))],
    ),
    node(
        "go-scopes",
        "DHCP Scopes",
        "Goes to DHCP Scopes.",
        &["2"],
        |_, _| vec![Action::Go(Place::of(Node::Scopes))],
    ),
    node(
        "go-groups",
        "Server Groups",
        "Goes to Server Groups.",
        &["3"],
        |_, _| vec![Action::Go(Place::of(Node::Groups))],
    ),
    node(
        "go-events",
        "Event Catalog",
        "Goes to EVENT CATALOG.",
        &["4"],
        |_, _| vec![Action::Go(Place::of(Node::Events))],
    ),
    node(
        "go-access",
        "Access Control",
        "Goes to ACCESS CONTROL.",
        &["5"],
        |_, _| vec![Action::Go(Place::of(Node::Access))],
    ),
];

fn jump(to: Result<Subject, String>) -> Vec<Action> {
    to.map(Action::Jump).into_iter().collect()
}

/// Goes to a view narrowed to the row's scope.
fn within(selection: &Selection, view: View) -> Vec<Action> {
    match selection.one().and_then(place_of) {
        None => Vec::new(),
        Some((server, scope)) => {
            let place = Place::showing(view).narrowed(Subject::Scope(server, scope));
            vec![Action::Go(place)]
        }
    }
}

/// The scope that the row is, or lies in, with its server.
fn place_of(row: &Subject) -> Option<(ServerName, ScopeId)> {
    Some((row.server()?.clone(), row.scope()?))
}

fn one(selection: &Selection) -> Result<&Subject, String> {
    let nothing = || "no row is selected".to_owned();
    selection.one().ok_or_else(nothing)
}

/// The relationship of the row's scope.
fn relationship(world: &World, selection: &Selection) -> Result<Subject, String> {
    let none = || "it is in no scope".to_owned();
    let (server, scope) = place_of(one(selection)?).ok_or_else(none)?;
    let known = world.estate.relationship_of(&server, scope);
    let known = known.ok_or_else(|| format!("{scope} is not in a failover relationship"))?;
    let rows = world.estate.relationships();
    let row = rows.into_iter().find(|row| {
        (row.primary == server || row.secondary == server)
            && row.name.eq_ignore_ascii_case(&known.name)
    });
    let row = row.ok_or_else(|| "its relationship is not known".to_owned())?;
    Ok(Subject::Relationship(
        row.primary.clone(),
        row.secondary.clone(),
        row.name.to_owned(),
    ))
}

/// The same thing on the partner.
fn on_partner(world: &World, selection: &Selection) -> Result<Subject, String> {
    let row = one(selection)?;
    let (server, scope) = place_of(row).ok_or_else(|| "it is in no scope".to_owned())?;
    let estate = &world.estate;
    let known = estate.relationship_of(&server, scope);
    let known = known.ok_or_else(|| format!("{scope} is not in a failover relationship"))?;
    let named = printable(known.partner.as_str(), 255);
    let partner = estate.partner(&known.partner);
    let partner = partner.ok_or_else(|| format!("the configuration has no server {named}"))?;
    let name = partner.name.clone();
    if partner.reading.is_none() {
        return Err(format!("{named} was not read yet"));
    }
    let copy = estate.scope(&name, scope);
    let copy = copy.ok_or_else(|| format!("{named} has no copy of {scope}"))?;
    match row {
        Subject::Scope(..) => Ok(Subject::Scope(name, scope)),
        Subject::Reservation(_, _, address) if copy.reservations.contains_key(address) => {
            Ok(Subject::Reservation(name, scope, *address))
        }
        Subject::Reservation(_, _, address) => {
            Err(format!("{named} has no reservation for {address}"))
        }
        Subject::Lease(_, _, address) => Ok(Subject::Lease(name, scope, *address)),
        _ => Err("it has no copy".to_owned()),
    }
}

/// The server whose row it is.
fn server(world: &World, selection: &Selection) -> Result<Subject, String> {
    let row = one(selection)?;
    let name = match row {
        Subject::Event(number) => {
            let mut entries = world.journal.iter();
            let entry = entries.find(|entry| entry.id == *number);
            entry.map(|entry| entry.server.clone())
        }
        other => other.server().cloned(),
    };
    let name = name.ok_or_else(|| "it belongs to no server".to_owned())?;
    match world.estate.servers.contains_key(&name) {
        true => Ok(Subject::Server(name, ServerRole::Dhcp)),
        false => Err(format!("{name} is not in the configuration any more")),
    }
}

/// The servers of the rows, each once: of a relationship both, of a group all.
fn servers(world: &World, selection: &Selection) -> Vec<ServerName> {
    let mut servers: Vec<ServerName> = Vec::new();
    for row in &selection.rows {
        let of_row: Vec<ServerName> = match row {
            Subject::Relationship(primary, secondary, _) => {
                vec![primary.clone(), secondary.clone()]
            }
            Subject::Group(name) => {
                let groups = world.groups.iter();
                let group = groups.filter(|group| group.name == *name);
                group.flat_map(|group| group.servers.clone()).collect()
            }
            Subject::Event(number) => {
                let entries = world.journal.iter();
                let entry = entries.filter(|entry| entry.id == *number);
                entry.map(|entry| entry.server.clone()).collect()
            }
            other => other.server().cloned().into_iter().collect(),
        };
        for server in of_row {
            if world.estate.servers.contains_key(&server) && !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    servers
}

/// What names a row best.
fn telling(world: &World, row: &Subject) -> String {
    let text = match row {
        Subject::Server(server, _) => server.to_string(),
        Subject::Scope(_, scope) => scope.to_string(),
        Subject::Superscope(_, name)
        | Subject::Policy(_, _, name)
        | Subject::Relationship(_, _, name)
        | Subject::Group(name) => name.clone(),
        Subject::Filter(_, pattern) => pattern.to_string(),
        Subject::Reservation(_, _, address) | Subject::Lease(_, _, address) => address.to_string(),
        Subject::Event(number) => {
            let mut entries = world.journal.iter();
            let entry = entries.find(|entry| entry.id == *number);
            entry.map_or_else(String::new, |entry| entry.what.clone())
        }
        Subject::Rule(place) => {
            let lines = views::access_lines(world);
            let line = lines.get(*place);
            line.map_or_else(String::new, |line| {
                format!("{}: {}", line.about, line.effect)
            })
        }
    };
    printable(&text, 400)
}
