//! Options in `option-data`: of the server, of a subnet, of a reservation.

use serde_json::Value;

use super::{Document, Json, Outcome, Refusal, list, list_mut, number, reservations, shown, text};
use crate::drivers::kea::options::{self, OptionData, Translated};
use crate::model::option::definition;
use crate::model::{OptionKey, OptionLevel, OptionValue, Options};
use crate::rules::{Code, kea};

const DATA: &str = "option-data";

impl Document {
    pub(super) fn set_option(
        &mut self,
        level: &OptionLevel,
        key: &OptionKey,
        value: &OptionValue,
    ) -> Outcome {
        let defined = self.defined(key);
        let held = value_of(self.holder(level)?, key);
        let value = canonical(key, value)?;
        if held.as_ref() == Some(&value) {
            return Ok(());
        }
        let entry = entry(key, &value, defined)?;
        if let Some(holder) = self.holder_mut(level) {
            put(holder, key, entry);
        }
        Ok(())
    }

    pub(super) fn remove_option(&mut self, level: &OptionLevel, key: &OptionKey) -> Outcome {
        if value_of(self.holder(level)?, key).is_none() {
            return Err(Refusal::rule(
                Code::OptionNotPresent,
                format!("option {} is not set here", shown(&key.to_string())),
            ));
        }
        if let Some(holder) = self.holder_mut(level) {
            take(holder, key);
        }
        Ok(())
    }

    /// Entries for a scope's or a reservation's options, checked.
    pub(super) fn entries(&self, options: &Options) -> Outcome<Vec<Value>> {
        let entries = options.iter().map(|(key, value)| {
            let value = canonical(key, value)?;
            entry(key, &value, self.defined(key)).map(Value::Object)
        });
        entries.collect()
    }

    /// Whether the configuration has a definition of its own for an option.
    pub(super) fn defined(&self, key: &OptionKey) -> bool {
        list(&self.dhcp4, "option-def").any(|def| {
            let space = text(def, "space").unwrap_or("dhcp4");
            space == "dhcp4" && number(def, "code") == Some(key.id.into())
        })
    }

    fn holder(&self, level: &OptionLevel) -> Outcome<&Json> {
        match level {
            OptionLevel::Server => Ok(&self.dhcp4),
            OptionLevel::Scope(scope) => self.subnet(*scope),
            OptionLevel::Reservation(scope, address) => {
                let subnet = self.subnet(*scope)?;
                let (_, host) = reservations::find(subnet, *scope, *address)?;
                Ok(host)
            }
            OptionLevel::Policy(..) => Err(Refusal::Meaningless("Kea has no policies".to_owned())),
        }
    }

    fn holder_mut(&mut self, level: &OptionLevel) -> Option<&mut Json> {
        match level {
            OptionLevel::Server => Some(&mut self.dhcp4),
            OptionLevel::Scope(scope) => self.subnet_mut(*scope).ok(),
            OptionLevel::Reservation(scope, address) => {
                let subnet = self.subnet_mut(*scope).ok()?;
                let (at, _) = reservations::find(subnet, *scope, *address).ok()?;
                super::item_mut(subnet, reservations::LIST, at)
            }
            OptionLevel::Policy(..) => None,
        }
    }
}

/// The value as it is told back.
pub(super) fn canonical(key: &OptionKey, value: &OptionValue) -> Outcome<OptionValue> {
    kea::option_value(key, value.clone()).map_err(Refusal::value)
}

fn plain(entry: &Json) -> OptionData<'_> {
    OptionData {
        code: number(entry, "code"),
        name: text(entry, "name").unwrap_or_default(),
        space: text(entry, "space").unwrap_or_default(),
        data: text(entry, "data").unwrap_or_default(),
        csv_format: entry.get("csv-format").and_then(Value::as_bool),
    }
}

/// Whether an entry is that option's, for every client.
fn is(entry: &Json, key: &OptionKey) -> bool {
    let classes = entry.get("client-classes").and_then(Value::as_array);
    let guarded = classes.is_some_and(|classes| {
        classes
            .iter()
            .any(|class| class.as_str().is_some_and(|class| !class.is_empty()))
    });
    !guarded && options::code(&plain(entry)) == Some(key.id)
}

fn said(entry: &Json) -> Option<OptionValue> {
    match options::translate(&plain(entry)) {
        Translated::Value(_, value) => Some(value),
        Translated::Foreign(_) => None,
    }
}

/// An option's value at a level.
pub(super) fn value_of(holder: &Json, key: &OptionKey) -> Option<OptionValue> {
    let mut entries = list(holder, DATA).filter(|entry| is(entry, key));
    entries.find_map(said)
}

/// Every option that is set at a level.
pub(super) fn keys(holder: &Json) -> Vec<OptionKey> {
    let codes = list(holder, DATA).filter_map(|entry| options::code(&plain(entry)));
    let keys = codes.map(OptionKey::standard);
    keys.filter(|key| value_of(holder, key).is_some()).collect()
}

/// A new entry.
pub(super) fn entry(key: &OptionKey, value: &OptionValue, defined: bool) -> Outcome<Json> {
    let unknown = definition(key).is_none() && !defined;
    if unknown && value.0.iter().any(|text| !text.starts_with("0x")) {
        return Err(Refusal::value(format!(
            "option {} is not defined on this server, which takes bytes for it: give its value in \
             hex, such as 0x0a0b, or define the option in the server's configuration file",
            key.id
        )));
    }
    let written = options::write(key, value, defined).map_err(Refusal::value)?;
    let mut entry = Json::new();
    entry.insert("code".to_owned(), written.code.into());
    if let Some(name) = written.name {
        entry.insert("name".to_owned(), name.into());
    }
    entry.insert("csv-format".to_owned(), written.csv_format.into());
    entry.insert("data".to_owned(), written.data.into());
    Ok(entry)
}

/// Puts an entry in the place of the one that is there, whose other keys stay.
pub(super) fn put(holder: &mut Json, key: &OptionKey, new: Json) {
    let Some(entries) = list_mut(holder, DATA) else {
        return;
    };
    let place = |also: &dyn Fn(&Json) -> bool| {
        let matches = |entry: &Value| {
            entry
                .as_object()
                .is_some_and(|entry| is(entry, key) && also(entry))
        };
        entries.iter().position(matches)
    };
    let held = place(&|entry| said(entry).is_some()).or_else(|| place(&|_| true));
    match held.and_then(|at| entries.get_mut(at)?.as_object_mut()) {
        Some(held) => {
            for name in ["csv-format", "data"] {
                if let Some(value) = new.get(name) {
                    held.insert(name.to_owned(), value.clone());
                }
            }
        }
        None => entries.push(Value::Object(new)),
    }
}

pub(super) fn take(holder: &mut Json, key: &OptionKey) {
    if let Some(entries) = list_mut(holder, DATA) {
        entries.retain(|entry| !entry.as_object().is_some_and(|entry| is(entry, key)));
    }
}
