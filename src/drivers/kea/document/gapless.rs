//! From one configuration to another without an interruption, where the server has the commands for
//! it (Kea 3.0 with host_cmds and subnet_cmds).
//!
//! What was measured on 3.0.3: `subnet4-add` and `-update` take no reservations; an update keeps
//! those that are there, and the shared network; it drops every other part that it does not name.
//! `subnet4-del` takes the reservations along. `reservation-update` finds its host by the
//! identifier, and replaces the whole of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reservations::{LIST, client_of};
use super::{Document, Json, list, number, text};
use crate::drivers::kea::abilities::Abilities;
use crate::model::client_id::ClientId;

/// A command, and what takes it back.
#[derive(Clone, PartialEq, Debug)]
pub struct GaplessCommand {
    /// Its name.
    pub name: &'static str,
    /// Its arguments: an object.
    pub arguments: Value,
    /// The commands that take it back, in order.
    pub inverse: Vec<(&'static str, Value)>,
}

/// The commands that make `before` into `after`, in order; `None` where it takes a `config-set`:
/// something else than subnets, their reservations and their shared networks is different, or the
/// server lacks a command. None at all where nothing is different.
///
/// The configuration is then in memory only: a `config-write` has to follow.
#[must_use]
pub fn commands(
    before: &Document,
    after: &Document,
    abilities: &Abilities,
) -> Option<Vec<GaplessCommand>> {
    let rest = |document: &Document| {
        let mut rest = document.dhcp4.clone();
        rest.retain(|key, _| !matches!(key.as_str(), "subnet4" | "shared-networks"));
        rest
    };
    if rest(before) != rest(after) || before.beside != after.beside {
        return None;
    }
    let (networks, new_networks) = (networks(before)?, networks(after)?);
    let (subnets, new_subnets) = (subnets(before)?, subnets(after)?);
    let mut commands = Vec::new();
    for (name, network) in &new_networks {
        match networks.get(name) {
            Some(held) if held == network => {}
            Some(_) => return None,
            None => commands.push(of_network(network, name, true)),
        }
    }
    for (id, subnet) in &subnets {
        if !new_subnets.contains_key(id) {
            commands.push(GaplessCommand {
                name: "subnet4-del",
                arguments: json!({ "id": id }),
                inverse: subnet.added(*id),
            });
        }
    }
    for (id, subnet) in &new_subnets {
        let Some(held) = subnets.get(id) else {
            continue;
        };
        if held.json.get("subnet") != subnet.json.get("subnet") {
            return None;
        }
        if held.json != subnet.json {
            commands.push(GaplessCommand {
                name: "subnet4-update",
                arguments: json!({ "subnet4": [subnet.json] }),
                inverse: vec![("subnet4-update", json!({ "subnet4": [held.json] }))],
            });
        }
        if held.network != subnet.network {
            let member = |name: &str| json!({ "id": id, "name": name });
            if let Some(name) = held.network {
                commands.push(GaplessCommand {
                    name: "network4-subnet-del",
                    arguments: member(name),
                    inverse: vec![("network4-subnet-add", member(name))],
                });
            }
            if let Some(name) = subnet.network {
                commands.push(GaplessCommand {
                    name: "network4-subnet-add",
                    arguments: member(name),
                    inverse: vec![("network4-subnet-del", member(name))],
                });
            }
        }
        if held.hosts != subnet.hosts {
            of_hosts(*id, held, subnet, &mut commands)?;
        }
    }
    for (id, subnet) in &new_subnets {
        if !subnets.contains_key(id) {
            let mut inverse = vec![("subnet4-del", json!({ "id": id }))];
            for (name, arguments) in subnet.added(*id) {
                commands.push(GaplessCommand {
                    name,
                    arguments,
                    // With the subnet goes what is in it.
                    inverse: std::mem::take(&mut inverse),
                });
            }
        }
    }
    for (name, network) in &networks {
        if !new_networks.contains_key(name) {
            commands.push(of_network(network, name, false));
        }
    }
    let can = |name: &str| match name.starts_with("reservation-") {
        true => abilities.gapless_reservations(),
        false => abilities.has(name),
    };
    let all = commands
        .iter()
        .all(|command| can(command.name) && command.inverse.iter().all(|(name, _)| can(name)));
    all.then_some(commands)
}

/// A subnet without its reservations, and these.
struct Subnet<'a> {
    network: Option<&'a str>,
    json: Json,
    hosts: Vec<&'a Json>,
}

impl Subnet<'_> {
    /// The commands that add it.
    fn added(&self, id: u32) -> Vec<(&'static str, Value)> {
        let mut commands = vec![("subnet4-add", json!({ "subnet4": [self.json] }))];
        let hosts = self.hosts.iter();
        commands.extend(hosts.map(|host| ("reservation-add", reservation(id, host))));
        if let Some(name) = self.network {
            commands.push(("network4-subnet-add", json!({ "id": id, "name": name })));
        }
        commands
    }

    /// Its reservations by client; `None` where a client is not known, or is there twice.
    fn clients(&self) -> Option<BTreeMap<ClientId, &Json>> {
        let mut clients = BTreeMap::new();
        for host in &self.hosts {
            if clients.insert(client_of(host)?, *host).is_some() {
                return None;
            }
        }
        Some(clients)
    }
}

fn subnets(document: &Document) -> Option<BTreeMap<u32, Subnet<'_>>> {
    let mut subnets = BTreeMap::new();
    for (place, subnet) in document.subnets() {
        let id = number(subnet, "id").filter(|id| *id > 0)?;
        let own = subnet.iter().filter(|(key, _)| *key != LIST);
        let network = match document.network_of(place) {
            None => None,
            Some(network) => Some(text(network, "name")?),
        };
        let subnet = Subnet {
            network,
            json: own
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            hosts: list(subnet, LIST).collect(),
        };
        if subnets.insert(id, subnet).is_some() {
            return None;
        }
    }
    Some(subnets)
}

/// The shared networks by name, without their subnets.
fn networks(document: &Document) -> Option<BTreeMap<&str, Json>> {
    let mut networks = BTreeMap::new();
    for network in list(&document.dhcp4, "shared-networks") {
        let own = network.iter().filter(|(key, _)| *key != "subnet4");
        let own = own
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if networks.insert(text(network, "name")?, own).is_some() {
            return None;
        }
    }
    Some(networks)
}

fn of_network(network: &Json, name: &str, add: bool) -> GaplessCommand {
    let added = ("network4-add", json!({ "shared-networks": [network] }));
    let gone = ("network4-del", json!({ "name": name }));
    let ((name, arguments), inverse) = match add {
        true => (added, gone),
        false => (gone, added),
    };
    GaplessCommand {
        name,
        arguments,
        inverse: vec![inverse],
    }
}

fn of_hosts(
    id: u32,
    held: &Subnet<'_>,
    wanted: &Subnet<'_>,
    commands: &mut Vec<GaplessCommand>,
) -> Option<()> {
    let (held, wanted) = (held.clients()?, wanted.clients()?);
    for (client, host) in &held {
        if !wanted.contains_key(client) {
            commands.push(GaplessCommand {
                name: "reservation-del",
                arguments: gone(id, host)?,
                inverse: vec![("reservation-add", reservation(id, host))],
            });
        }
    }
    for (client, host) in &wanted {
        match held.get(client) {
            Some(held) if held == host => {}
            Some(held) => commands.push(GaplessCommand {
                name: "reservation-update",
                arguments: reservation(id, host),
                inverse: vec![("reservation-update", reservation(id, held))],
            }),
            None => commands.push(GaplessCommand {
                name: "reservation-add",
                arguments: reservation(id, host),
                inverse: vec![("reservation-del", gone(id, host)?)],
            }),
        }
    }
    Some(())
}

fn reservation(id: u32, host: &Json) -> Value {
    let mut host = host.clone();
    host.insert("subnet-id".to_owned(), id.into());
    json!({ "reservation": host, "operation-target": "memory" })
}

fn gone(id: u32, host: &Json) -> Option<Value> {
    let address = text(host, "ip-address")?;
    Some(json!({ "subnet-id": id, "ip-address": address, "operation-target": "memory" }))
}
