//! The answer to `config-get` as the model's configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::foreign::Lines;
use super::said::{Arguments, Context, Dhcp4, Text};
use super::scopes::{self, options_of};
use crate::drivers::kea::ha::{self, HaRole, HaTerms};
use crate::drivers::kea::options;
use crate::model::failover::Relationship;
use crate::model::scope::Seconds;
use crate::model::server::{Coverage, ServerName};
use crate::model::{ScopeId, ServerConfig};

/// A configuration, and what else it tells.
pub(super) struct Config {
    pub(super) config: ServerConfig,
    pub(super) coverage: Coverage,
    pub(super) subnets: BTreeMap<u32, ScopeId>,
    pub(super) terms: Vec<HaTerms>,
    pub(super) hash: Option<String>,
}

/// What of a Kea server is read: it has no settings, policies or filters of ours.
const COVERAGE: Coverage = Coverage {
    settings: false,
    ..Coverage::ALL
};

/// Reads the arguments of the answer. Partners go by the names that the peers have.
///
/// # Errors
/// Why it is no configuration.
pub(super) fn read(arguments: &RawValue) -> Result<Config, String> {
    let Arguments { dhcp4, hash } =
        serde_json::from_str(arguments.get()).map_err(|error| error.to_string())?;
    let mut lines = Lines::default();
    let mut coverage = COVERAGE;
    let terms = terms(&dhcp4, &mut lines)?;
    let classes: Vec<String> = terms
        .iter()
        .flat_map(|terms| &terms.peers)
        .map(|peer| HaTerms::class_of(&peer.name))
        .collect();
    let mut config = ServerConfig::default();
    let mut subnets = BTreeMap::new();
    let mut placed = Vec::with_capacity(dhcp4.subnet4.len());
    let networks = dhcp4.shared_networks.iter();
    let alone = dhcp4.subnet4.iter().map(|subnet| (None, subnet));
    let shared = networks.flat_map(|network| {
        network
            .subnet4
            .iter()
            .map(move |subnet| (Some(network), subnet))
    });
    for (network, subnet) in alone.chain(shared) {
        let name = network.map(|network| network.name.as_str());
        let Some(read) = scopes::scope(subnet, name, &dhcp4, &classes) else {
            lines.say(format_args!("subnet {}", subnet.subnet.as_str()));
            continue;
        };
        let id = read.scope.id;
        if let Some(number) = read.subnet_id {
            subnets.insert(number, id);
        }
        let of_network = || {
            Context::of(network?.user_context)
                .ha_server_name()
                .map(str::to_owned)
        };
        let server_name = read.ha_server_name.or_else(of_network);
        placed.push((id, read.no_failover, server_name));
        config.scopes.insert(id, Arc::new(read.scope));
    }
    for network in &dhcp4.shared_networks {
        for option in &network.option_data {
            let words = options::words(&option.plain());
            lines.say(format_args!(
                "shared network {}: {words}",
                network.name.as_str()
            ));
        }
        if network.subnet4.is_empty() {
            lines.say(format_args!(
                "shared network {} without subnets",
                network.name.as_str()
            ));
        }
    }
    config.options = options_of(&dhcp4.option_data, "", &mut lines);
    config.relationships = relationships(&terms, &placed, &mut lines);
    if server_words(&dhcp4, &mut lines) {
        coverage.reservations = false;
    }
    config.foreign = lines.done();
    Ok(Config {
        config,
        coverage,
        subnets,
        terms,
        hash: hash.map(|hash| hash.as_str().to_owned()),
    })
}

/// The terms of every relationship that the server is configured for.
fn terms(dhcp4: &Dhcp4<'_>, lines: &mut Lines) -> Result<Vec<HaTerms>, String> {
    let hook = dhcp4.hooks_libraries.iter().find(|hook| {
        let file = hook.library.as_str().rsplit('/').next();
        file.is_some_and(|file| file.starts_with("libdhcp_ha."))
    });
    let parameters = hook.and_then(|hook| hook.parameters);
    let Some(parameters) = parameters else {
        return Ok(Vec::new());
    };
    let terms = ha::relationships(parameters)
        .map_err(|error| format!("its high-availability stanza: {error}"))?;
    for terms in &terms {
        let backups = terms
            .peers
            .iter()
            .filter(|peer| peer.role == HaRole::Backup);
        lines.names("backup server", backups.map(|peer| peer.name.as_str()));
        if terms.model_mode().is_none() {
            lines.say(format_args!(
                "high availability {}: this server is a backup, or has none but backups",
                terms.name()
            ));
        }
        for peer in terms.peers.iter().filter(|peer| !peer.auto_failover) {
            lines.say(format_args!(
                "{} is not taken over by itself (auto-failover is off)",
                peer.name
            ));
        }
    }
    Ok(terms)
}

/// A scope, whether it was taken out of failover, and the peer that its relationship is known by.
type Placed = (ScopeId, bool, Option<String>);

fn relationships(
    terms: &[HaTerms],
    placed: &[Placed],
    lines: &mut Lines,
) -> BTreeMap<String, Relationship> {
    let mut relationships = BTreeMap::new();
    for terms in terms {
        let Some(((mode, side), partner)) =
            terms.model_mode().zip(terms.side()).zip(terms.partner())
        else {
            continue;
        };
        let relationship = Relationship {
            name: terms.name(),
            partner: ServerName::new(&partner.name),
            side,
            mode,
            mclt: Seconds(0),
            switch_interval: terms.switch_interval(),
            authenticated: false,
            scopes: BTreeSet::new(),
        };
        relationships.insert(relationship.name.to_lowercase(), relationship);
    }
    let several = terms.len() > 1;
    for (scope, out, server_name) in placed {
        if *out {
            continue;
        }
        let of = |name: &String| terms.iter().find(|terms| terms.has_peer(name));
        let found = match (server_name, several) {
            (Some(name), true) => of(name),
            (_, false) => terms.first(),
            (None, true) => None,
        };
        let found = found.and_then(|terms| relationships.get_mut(&terms.name().to_lowercase()));
        match found {
            Some(relationship) => {
                relationship.scopes.insert(*scope);
            }
            None if several => lines.say(format_args!(
                "scope {scope} says by no ha-server-name which relationship it is in: it is not served"
            )),
            None => {}
        }
    }
    relationships
}

/// What a server has that the model has no word for. Gives whether it keeps reservations that it
/// does not show.
fn server_words(dhcp4: &Dhcp4<'_>, lines: &mut Lines) -> bool {
    let databases = dhcp4.hosts_database.iter().chain(&dhcp4.hosts_databases);
    let databases: Vec<&str> = databases.map(|database| database.kind.as_str()).collect();
    if !databases.is_empty() {
        lines.say(format_args!(
            "not all reservations shown: they are in a hosts database ({})",
            databases.join(", ")
        ));
    }
    match dhcp4.reservations.len() {
        0 => {}
        1 => lines.say("1 global reservation"),
        more => lines.say(format_args!("{more} global reservations")),
    }
    if dhcp4
        .config_control
        .is_some_and(|control| control.get().contains("config-databases"))
    {
        lines.say("a part of the configuration comes from a configuration database");
    }
    for class in &dhcp4.client_classes {
        let test = match class.test.is_unset() {
            true => String::new(),
            false => format!(": {}", class.test.as_str()),
        };
        lines.say(format_args!("client class {}{test}", class.name.as_str()));
    }
    for def in &dhcp4.option_def {
        let code = def.code.unwrap_or(0);
        let space = Some(&def.space)
            .filter(|space| !space.is_unset())
            .map_or("dhcp4", Text::as_str);
        let (name, kind) = (def.name.as_str(), def.kind.as_str());
        lines.say(format_args!(
            "option definition {space}.{code} {name} ({kind})"
        ));
    }
    for (what, text) in [
        ("next-server", &dhcp4.next_server),
        ("boot-file-name", &dhcp4.boot_file_name),
        ("server-hostname", &dhcp4.server_hostname),
    ] {
        let set = text
            .as_ref()
            .filter(|text| !text.is_unset() && text.as_str() != "0.0.0.0");
        if let Some(text) = set {
            lines.say(format_args!("{what} {}", text.as_str()));
        }
    }
    !databases.is_empty()
}
