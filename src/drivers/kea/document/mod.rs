//! A Kea server's configuration as JSON: what an edit changes in it, and what it leaves alone.
//!
//! Pure: nothing here speaks to a server. What we have no word for survives every edit, in its
//! place. An edit that is refused leaves the document as it was: everything is asked before
//! anything is written.

mod context;
mod failover;
mod gapless;
mod lifetimes;
mod options;
mod pools;
mod refusal;
mod reservations;
mod stanza;
mod subnets;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::abilities::KeaVersion;
use super::ha::{self, HaTerms};
use crate::model::text::printable;
use crate::model::{Edit, ScopeId};
use crate::rules::{Code, DhcpError};

pub use gapless::{GaplessCommand, commands};
pub use refusal::refusal;

/// An object of JSON, in the order in which it was read.
type Json = Map<String, Value>;

/// The configuration of one server.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    dhcp4: Json,
    /// What stands beside it.
    beside: Json,
}

/// What the document alone can't tell an edit.
#[derive(Clone, PartialEq, Debug)]
pub struct Context {
    /// Of the server whose document it is.
    pub version: KeaVersion,
    /// The partner's subnets by Kea's ids: a new subnet has the same id on both.
    pub partner: BTreeMap<u32, ScopeId>,
}

impl Context {
    /// Of a server without a partner.
    #[must_use]
    pub fn of(version: KeaVersion) -> Context {
        Context {
            version,
            partner: BTreeMap::new(),
        }
    }
}

/// Why an edit is not made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It has no meaning on Kea.
    Meaningless(String),
    /// A rule forbids it.
    Rule(DhcpError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Meaningless(why) => f.write_str(why),
            Refusal::Rule(error) => f.write_str(&error.sentence),
        }
    }
}

impl Refusal {
    fn rule(code: Code, why: impl Into<String>) -> Refusal {
        Refusal::Rule(DhcpError::new(code, why))
    }

    /// Of a value that Kea would take, or misread.
    fn value(why: impl Into<String>) -> Refusal {
        Refusal::rule(Code::InvalidParameter, why)
    }
}

/// What an edit comes to.
type Outcome<T = ()> = Result<T, Refusal>;

impl Document {
    /// Reads the arguments of the answer to `config-get`.
    ///
    /// # Errors
    /// A sentence, when they are no configuration.
    pub fn parse(arguments: &str) -> Result<Document, String> {
        let mut beside: Json = serde_json::from_str(arguments)
            .map_err(|error| format!("the configuration is no JSON that can be edited: {error}"))?;
        beside.shift_remove("hash");
        let Some(Value::Object(dhcp4)) = beside.shift_remove("Dhcp4") else {
            return Err("the configuration has no Dhcp4 in it".to_owned());
        };
        well_formed(&dhcp4)?;
        let document = Document { dhcp4, beside };
        document
            .terms()
            .map_err(|why| format!("its high-availability stanza: {why}"))?;
        Ok(document)
    }

    /// The arguments for `config-set`.
    #[must_use]
    pub fn text(&self) -> String {
        let dhcp4 = serde_json::to_string(&self.dhcp4).unwrap_or_default();
        let mut text = format!("{{\"Dhcp4\":{dhcp4}");
        for (key, value) in &self.beside {
            text.push_str(&format!(",{}:{value}", Value::from(key.as_str())));
        }
        text.push('}');
        text
    }

    /// What is the same for two documents that say the same, in whatever order of keys.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        canonical(&self.dhcp4, &mut hasher);
        canonical(&self.beside, &mut hasher);
        hasher.finalize().into()
    }

    /// The ids of its subnets.
    #[must_use]
    pub fn subnet_ids(&self) -> BTreeMap<u32, ScopeId> {
        let subnets = self.subnets();
        let ids = subnets
            .filter_map(|(_, subnet)| Some((number(subnet, "id")?, subnets::prefix(subnet)?)));
        ids.collect()
    }

    /// Makes an edit.
    ///
    /// # Errors
    /// [`Refusal`]; the document is then as it was.
    pub fn edit(&mut self, edit: &Edit, context: &Context) -> Result<(), Refusal> {
        if let Some(why) = refusal(edit) {
            return Err(Refusal::Meaningless(why));
        }
        match edit {
            Edit::AddScope(scope) => self.add_scope(scope, context),
            Edit::SetScope { scope, properties } => self.set_scope(*scope, properties, context),
            Edit::ReplaceScope(scope) => self.replace_scope(scope, context),
            Edit::RemoveScope { scope, .. } => self.remove_scope(*scope),
            Edit::AddReservation { scope, reservation } => {
                self.add_reservation(*scope, reservation)
            }
            Edit::SetReservation {
                scope,
                address,
                properties,
            } => self.set_reservation(*scope, *address, properties),
            Edit::RemoveReservation { scope, address } => self.remove_reservation(*scope, *address),
            Edit::SetOption { level, key, value } => self.set_option(level, key, value),
            Edit::RemoveOption { level, key } => self.remove_option(level, key),
            Edit::RenameSuperscope { from, to } => self.rename_network(from, to),
            Edit::AddRelationship {
                relationship, ha, ..
            } => self.add_relationship(relationship, ha.as_deref(), context),
            Edit::SetRelationship { name, properties } => {
                self.set_relationship(name, properties, context)
            }
            Edit::RemoveRelationship { name } => self.remove_relationship(name),
            Edit::AddFailoverScopes { name, scopes } => {
                self.add_failover_scopes(name, scopes, context)
            }
            Edit::RemoveFailoverScopes { name, scopes } => {
                self.remove_failover_scopes(name, scopes)
            }
            // Refused above.
            Edit::AddExclusion { .. }
            | Edit::RemoveExclusion { .. }
            | Edit::AddPolicy { .. }
            | Edit::SetPolicy { .. }
            | Edit::RemovePolicy { .. }
            | Edit::AddFilter { .. }
            | Edit::RemoveFilter { .. }
            | Edit::SetSettings { .. } => Err(Refusal::Meaningless(
                "Kea has nothing of this kind".to_owned(),
            )),
        }
    }

    /// The document after several edits, all or none.
    ///
    /// # Errors
    /// The first [`Refusal`].
    pub fn edited(&self, edits: &[Edit], context: &Context) -> Result<Document, Refusal> {
        let mut after = self.clone();
        for edit in edits {
            after.edit(edit, context)?;
        }
        Ok(after)
    }

    /// The terms of its relationships, in their order.
    fn terms(&self) -> Result<Vec<HaTerms>, String> {
        let Some(parameters) = self.ha_hook().and_then(|hook| hook.get("parameters")) else {
            return Ok(Vec::new());
        };
        let raw = serde_json::value::to_raw_value(parameters).map_err(|why| why.to_string())?;
        ha::relationships(&raw).map_err(|why| why.to_string())
    }
}

/// Refuses what is no list of objects where Kea has one.
fn well_formed(dhcp4: &Json) -> Result<(), String> {
    objects(dhcp4, &["option-data", "option-def", "hooks-libraries"])?;
    for network in objects(dhcp4, &["shared-networks"])? {
        for subnet in objects(network, &["subnet4"])? {
            subnet_well_formed(subnet)?;
        }
        words(network)?;
    }
    for subnet in objects(dhcp4, &["subnet4"])? {
        subnet_well_formed(subnet)?;
    }
    Ok(())
}

fn subnet_well_formed(subnet: &Json) -> Result<(), String> {
    objects(subnet, &["pools", "option-data"])?;
    words(subnet)?;
    for host in objects(subnet, &["reservations"])? {
        objects(host, &["option-data"])?;
        words(host)?;
    }
    Ok(())
}

fn words(of: &Json) -> Result<(), String> {
    match of.get("user-context") {
        None | Some(Value::Object(_) | Value::Null) => Ok(()),
        Some(_) => Err("a user-context in the configuration is no map".to_owned()),
    }
}

fn objects<'a>(of: &'a Json, keys: &[&str]) -> Result<Vec<&'a Json>, String> {
    let mut found = Vec::new();
    for key in keys {
        let list = match of.get(*key) {
            None => continue,
            Some(Value::Array(list)) => list,
            Some(_) => return Err(format!("{key} in the configuration is no list")),
        };
        for item in list {
            let item = item.as_object();
            found.push(item.ok_or_else(|| format!("{key} in the configuration has no map in it"))?);
        }
    }
    Ok(found)
}

fn canonical(object: &Json, hasher: &mut Sha256) {
    fn feed(value: &Value, hasher: &mut Sha256) {
        match value {
            Value::Object(object) => canonical(object, hasher),
            Value::Array(list) => {
                hasher.update(b"[");
                for item in list {
                    feed(item, hasher);
                    hasher.update(b",");
                }
                hasher.update(b"]");
            }
            plain => hasher.update(plain.to_string()),
        }
    }
    let mut keys: Vec<&String> = object.keys().collect();
    keys.sort_unstable();
    hasher.update(b"{");
    for key in keys {
        hasher.update(Value::from(key.as_str()).to_string());
        hasher.update(b":");
        if let Some(value) = object.get(key) {
            feed(value, hasher);
        }
        hasher.update(b",");
    }
    hasher.update(b"}");
}

/// A text that says something.
fn text<'a>(of: &'a Json, key: &str) -> Option<&'a str> {
    of.get(key)?.as_str().filter(|text| !text.is_empty())
}

fn number(of: &Json, key: &str) -> Option<u32> {
    u32::try_from(of.get(key)?.as_u64()?).ok()
}

/// The objects of a list; none where there is no list.
fn list<'a>(of: &'a Json, key: &str) -> impl DoubleEndedIterator<Item = &'a Json> + use<'a> {
    let items = of.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_object)
}

/// A list to be written; it is made where there is none.
fn list_mut<'a>(of: &'a mut Json, key: &str) -> Option<&'a mut Vec<Value>> {
    let list = of.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    list.as_array_mut()
}

/// An object of a list, to be written.
fn item_mut<'a>(of: &'a mut Json, key: &str, at: usize) -> Option<&'a mut Json> {
    of.get_mut(key)?
        .as_array_mut()?
        .get_mut(at)?
        .as_object_mut()
}

/// A name as a sentence shows it.
fn shown(text: &str) -> String {
    printable(text, 80)
}

#[cfg(test)]
mod tests;
