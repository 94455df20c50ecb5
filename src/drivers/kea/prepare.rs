//! What edits make of a configuration, before anything is sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::abilities::Abilities;
use super::document::{self, Context, Document, GaplessCommand, Refusal};
use super::reading::Reader;
use super::wire::Command;
use crate::drivers::{DriverError, Expected};
use crate::model::edit::{Edit, ObjectRef};
use crate::model::fingerprint::{Fingerprint, fingerprint};
use crate::model::{ScopeId, ServerConfig, ServerName};
use crate::rules::{self, Facts, Rulebook};

/// A command that changes one thing takes milliseconds.
const GAPLESS: Duration = Duration::from_secs(10);

/// A configuration as `config-get` gave it.
#[derive(Clone)]
pub(super) struct Configuration {
    /// `{"Dhcp4": {…}}`, without the hash. It may hold passwords: never shown.
    pub(super) text: String,
    /// Its hash, where the server tells it.
    pub(super) hash: Option<String>,
}

#[derive(serde::Deserialize)]
struct Arguments<'a> {
    #[serde(borrow, rename = "Dhcp4")]
    dhcp4: &'a serde_json::value::RawValue,
    hash: Option<String>,
}

impl Configuration {
    /// From `config-get`'s arguments; `None` when they are none.
    pub(super) fn of(arguments: &str) -> Option<Configuration> {
        let Arguments { dhcp4, hash } = serde_json::from_str(arguments).ok()?;
        Some(Configuration {
            text: format!(r#"{{"Dhcp4":{}}}"#, dhcp4.get()),
            hash,
        })
    }

    /// Whether it says the same, in whatever order.
    pub(super) fn same(&self, other: &Configuration) -> bool {
        let value = |text: &str| serde_json::from_str::<Value>(text).ok();
        self.text == other.text
            || value(&self.text).is_some_and(|this| Some(this) == value(&other.text))
    }
}

/// A command, and those that take it back.
pub(super) struct Reversible {
    pub(super) forth: Command,
    pub(super) back: Vec<Command>,
}

/// What is to be sent.
pub(super) struct Prepared {
    /// Commands that do it with no interruption, where there are such.
    pub(super) gapless: Option<Vec<Reversible>>,
    /// The whole new configuration.
    pub(super) text: String,
}

/// What the edits make of the configuration.
///
/// # Errors
/// `Stale` when what they touch is not as expected; `Refused`, by the rules and by what this server
/// has; `Unsupported`.
pub(super) fn prepare(
    reader: &Reader,
    before: &Configuration,
    abilities: &Abilities,
    partner: BTreeMap<u32, ScopeId>,
    edits: &[Edit],
    expected: Expected<'_>,
) -> Result<Prepared, DriverError> {
    let server = reader.server();
    let config = translated(reader, before)?;
    are(server, &config, expected)?;
    may_be(server, &config, abilities, edits)?;
    let held = Document::parse(&before.text).map_err(|what| DriverError::Protocol {
        server: server.clone(),
        what,
    })?;
    let mut document = held.clone();
    let context = Context {
        partner,
        ..Context::of(abilities.version)
    };
    for edit in edits {
        document.edit(edit, &context).map_err(|why| {
            let server = server.clone();
            match why {
                Refusal::Meaningless(why) => DriverError::Unsupported { server, why },
                Refusal::Rule(error) => DriverError::Refused { server, error },
            }
        })?;
    }
    let commands = document::commands(&held, &document, abilities);
    Ok(Prepared {
        gapless: commands.map(|commands| commands.iter().map(Reversible::of).collect()),
        text: document.text(),
    })
}

/// Whether the server may be given the edits. Kea takes much that it then can't do, or does not tell
/// back.
fn may_be(
    server: &ServerName,
    config: &ServerConfig,
    abilities: &Abilities,
    edits: &[Edit],
) -> Result<(), DriverError> {
    if let Some(why) = edits.iter().find_map(document::refusal) {
        return Err(DriverError::Unsupported {
            server: server.clone(),
            why,
        });
    }
    let rulebook = Rulebook::kea(abilities.version.model());
    let facts = Facts::of(server.clone(), rulebook);
    match rules::apply_all(config, &facts, edits) {
        Ok(_) => Ok(()),
        Err(error) => Err(DriverError::Refused {
            server: server.clone(),
            error,
        }),
    }
}

impl Reversible {
    fn of(command: &GaplessCommand) -> Reversible {
        let within = |name, arguments: &Value| Command::write(name).with(arguments).within(GAPLESS);
        Reversible {
            forth: within(command.name, &command.arguments),
            back: command
                .inverse
                .iter()
                .map(|(name, arguments)| within(name, arguments))
                .collect(),
        }
    }
}

/// Whether the objects are as expected.
///
/// # Errors
/// `Stale` with those that are not.
pub(super) fn expect(
    reader: &Reader,
    now: &Configuration,
    expected: Expected<'_>,
) -> Result<(), DriverError> {
    if expected.is_empty() {
        return Ok(());
    }
    are(reader.server(), &*translated(reader, now)?, expected)
}

fn are(
    server: &ServerName,
    config: &ServerConfig,
    expected: Expected<'_>,
) -> Result<(), DriverError> {
    let changed = expected
        .iter()
        .filter(|(object, before)| fingerprint(config, object) != *before);
    let objects: Vec<ObjectRef> = changed.map(|(object, _)| object.clone()).collect();
    match objects.is_empty() {
        true => Ok(()),
        false => Err(DriverError::Stale {
            server: server.clone(),
            objects,
        }),
    }
}

/// The objects' fingerprints in a configuration.
pub(super) fn fingerprints(
    reader: &Reader,
    now: &Configuration,
    objects: &[ObjectRef],
) -> Result<Vec<Option<Fingerprint>>, DriverError> {
    let config = translated(reader, now)?;
    let fingerprints = objects.iter().map(|object| fingerprint(&config, object));
    Ok(fingerprints.collect())
}

fn translated(
    reader: &Reader,
    configuration: &Configuration,
) -> Result<Arc<ServerConfig>, DriverError> {
    let config = reader.translate(&configuration.text);
    config.map_err(|what| DriverError::Protocol {
        server: reader.server().clone(),
        what,
    })
}
