//! Edit DHCP Server Options, and those of scopes and reservations: one option, added, overwritten
//! or deleted, in one place or in many.

use super::{change, refused};
use crate::console::command::Selection;
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::option::{DEFINITIONS, OptionType, definition};
use crate::model::text::printable;
use crate::model::{Edit, Intent, OptionKey, OptionLevel, OptionValue, Options, ServerName};
use crate::rules::error::Code;

/// Configuration action, in the dialog's order.
const ACTIONS: [&str; 3] = ["Add", "Overwrite", "Delete"];
const OVERWRITE: usize = 1;
const DELETE: usize = 2;

/// Edit DHCP Server Options, DHCP Scope Options or Reservation Options.
#[derive(Debug)]
pub struct EditOptions {
    title: &'static str,
    targets: Vec<(ServerName, OptionLevel)>,
}

impl EditOptions {
    /// Of the servers, scopes or reservations selected.
    #[must_use]
    pub fn of(selection: &Selection) -> EditOptions {
        let title = match selection.rows.first() {
            Some(Subject::Server(..)) => "Edit DHCP Server Options",
            Some(Subject::Reservation(..)) => "Edit DHCP Reservation Options",
            _ => "Edit DHCP Scope Options",
        };
        let targets = selection.rows.iter().filter_map(|row| match row {
            Subject::Server(server, _) => Some((server.clone(), OptionLevel::Server)),
            Subject::Scope(server, scope) => Some((server.clone(), OptionLevel::Scope(*scope))),
            Subject::Reservation(server, scope, address) => {
                let level = OptionLevel::Reservation(*scope, *address);
                Some((server.clone(), level))
            }
            _ => None,
        });
        EditOptions {
            title,
            targets: targets.collect(),
        }
    }
}

/// The options set at a place.
fn held<'w>(world: &'w World, server: &ServerName, level: &OptionLevel) -> Option<&'w Options> {
    let reading = world.estate.servers.get(server)?.reading.as_ref()?;
    match level {
        OptionLevel::Server => Some(&reading.config.options),
        OptionLevel::Scope(scope) => Some(&reading.config.scopes.get(scope)?.options),
        OptionLevel::Reservation(scope, address) => {
            let scope = reading.config.scopes.get(scope)?;
            Some(&scope.reservations.get(address)?.options)
        }
        OptionLevel::Policy(..) => None,
    }
}

/// The option that a number or a part of a name means: the number, or the first name that begins
/// with it, or has it.
fn option_id(text: &str) -> Result<u8, String> {
    let typed = text.trim();
    let number = typed.split_whitespace().next().unwrap_or("");
    if let Ok(id) = number.parse::<u16>() {
        let id = u8::try_from(id).ok().filter(|id| (1..=254).contains(id));
        return id.ok_or_else(|| "options have the numbers 1 to 254".to_owned());
    }
    let wanted = typed.to_lowercase();
    if wanted.is_empty() {
        return Err("an option is needed: its number, or its name such as Router".to_owned());
    }
    let begins = DEFINITIONS
        .iter()
        .find(|known| known.name.to_lowercase().starts_with(&wanted));
    let found = begins.or_else(|| {
        let mut all = DEFINITIONS.iter();
        all.find(|known| known.name.to_lowercase().contains(&wanted))
    });
    found.map(|known| known.id).ok_or_else(|| {
        format!(
            "there is no option '{}': give its number, or a name such as Router",
            printable(typed, 40)
        )
    })
}

fn key(fields: &Fields) -> Result<OptionKey, Wrong> {
    Ok(OptionKey {
        id: fields.read("option", option_id)?,
        vendor_class: fields.text("vendor").to_owned(),
        user_class: fields.text("user").to_owned(),
    })
}

/// A value as it is typed: elements separated by commas, but a text is one.
fn value(key: &OptionKey, text: &str) -> OptionValue {
    let several = definition(key).is_none_or(|known| known.multi_valued);
    let is_text = definition(key).is_some_and(|known| known.kind == OptionType::String);
    if is_text || !several {
        return OptionValue(vec![text.to_owned()]);
    }
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    OptionValue(parts.map(str::to_owned).collect())
}

impl FormKind for EditOptions {
    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn about(&self, world: &World) -> String {
        match self.targets.as_slice() {
            [(server, level)] => {
                let place = match level {
                    OptionLevel::Scope(scope) => format!("Scope {scope} on {server}"),
                    OptionLevel::Reservation(_, address) => {
                        format!("Reservation {address} on {server}")
                    }
                    _ => server.to_string(),
                };
                let options = held(world, server, level);
                let options = options.into_iter().flat_map(Options::iter);
                let names: Vec<String> = options
                    .map(|(key, value)| printable(&format!("{key}: {value}"), 120))
                    .collect();
                match names.is_empty() {
                    true => format!("{place} has no options of its own."),
                    false => format!("{place} has {}.", names.join("; ")),
                }
            }
            several => format!("In {} places", several.len()),
        }
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let class = |vendor: &str, user: &str| {
            self.targets.iter().find_map(|(server, level)| {
                let key = OptionKey {
                    id: 1,
                    vendor_class: vendor.to_owned(),
                    user_class: user.to_owned(),
                };
                let level = level.clone();
                refused(world, server, &Edit::RemoveOption { level, key })
            })
        };
        vec![
            Field::choice("action", "Configuration action", ACTIONS, 0),
            Field::text("option", "Option", "").hint("Its number or its name: 3, or Router"),
            Field::text("value", "Value", ""),
            Field::text("vendor", "Vendor class", "")
                .hint("Empty: DHCP standard options")
                .unless(class("any", "")),
            Field::text("user", "User class", "")
                .hint("Empty: every client")
                .unless(class("", "any")),
        ]
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        id != "value" || fields.chosen("action") != DELETE
    }

    fn changed(&mut self, id: FieldId, fields: &mut Fields, world: &World) {
        if !matches!(id, "option" | "vendor" | "user" | "action") {
            return;
        }
        let Ok(key) = key(fields) else {
            fields.say("option", "Its number or its name: 3, or Router");
            fields.say("value", "");
            return;
        };
        fields.say("option", key.to_string());
        let takes = match definition(&key) {
            None => "Several values are separated by commas".to_owned(),
            Some(known) => {
                let kind = match known.kind {
                    OptionType::IPv4Address => "An IP address".to_owned(),
                    OptionType::String => "Text".to_owned(),
                    other => other.to_string(),
                };
                match known.multi_valued {
                    true => format!("{kind}, several separated by commas"),
                    false => kind,
                }
            }
        };
        fields.say("value", takes);
        if let [(server, level)] = self.targets.as_slice() {
            let options = held(world, server, level);
            let value = options.and_then(|options| options.get(&key));
            fields.propose("value", value.map(ToString::to_string).unwrap_or_default());
        }
    }

    fn wrong(&self, id: FieldId, fields: &Fields, _world: &World) -> Option<String> {
        match id {
            "option" => option_id(fields.text("option")).err(),
            _ => None,
        }
    }

    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong> {
        let key = key(fields)?;
        let action = fields.chosen("action");
        let typed = fields.text("value");
        if action != DELETE && typed.is_empty() {
            return Err(vec![("value", "a value is needed".to_owned())]);
        }
        let there = |(server, level): &(ServerName, OptionLevel)| {
            held(world, server, level).is_some_and(|options| options.get(&key).is_some())
        };
        if action == DELETE && !self.targets.iter().any(there) {
            return Err(vec![("option", format!("{key} is not set there"))]);
        }
        if action != OVERWRITE
            && action != DELETE
            && let Some((server, level)) = self.targets.iter().find(|target| there(target))
        {
            let place = match level {
                OptionLevel::Scope(scope) => format!("scope {scope} on {server}"),
                OptionLevel::Reservation(_, address) => format!("{address} on {server}"),
                _ => server.to_string(),
            };
            let why = format!("{key} is set for {place} already: Overwrite changes it");
            return Err(vec![("option", why)]);
        }
        let mut servers: Vec<&ServerName> = Vec::new();
        for (server, _) in &self.targets {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        let of_server = |server: &ServerName| {
            let targets = self.targets.iter().filter(|(known, _)| known == server);
            // Where an option to delete is not set, there is nothing to do.
            let targets = targets.filter(|target| action != DELETE || there(target));
            let edits = targets.map(|(_, level)| match action {
                DELETE => Edit::RemoveOption {
                    level: level.clone(),
                    key: key.clone(),
                },
                _ => Edit::SetOption {
                    level: level.clone(),
                    key: key.clone(),
                    value: value(&key, typed),
                },
            });
            change(server, edits.collect())
        };
        Ok(servers.into_iter().filter_map(of_server).collect())
    }

    fn field_of(&self, code: Code, _sentence: &str) -> Option<FieldId> {
        match code {
            Code::OptionNotPresent | Code::OptionExits => Some("option"),
            Code::InvalidParameter => Some("value"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_number_and_by_name() {
        assert_eq!(option_id("3"), Ok(3));
        assert_eq!(option_id("006 DNS Servers"), Ok(6));
        assert_eq!(option_id("dns dom"), Ok(15));
        assert_eq!(option_id("ntp"), Ok(42));
        assert!(option_id("0").is_err());
        assert!(option_id("255").is_err());
        assert!(option_id("colour").is_err());
        assert!(option_id("").is_err());
    }

    #[test]
    fn values_are_split_where_there_may_be_several() {
        let split = |id, text| value(&OptionKey::standard(id), text).0;
        assert_eq!(split(6, "10.0.0.1, 10.0.0.2"), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(split(15, "a, b"), ["a, b"]);
    }
}
