//! A cmdlet's arguments: whether they suffice, and what they are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::parse::{Common, Wrong};
use super::spec::{Cmdlet, Parameter};
use super::value::Given;
use crate::model::ClientId;
use crate::model::scope::LeaseDuration;

/// Arguments by parameter, as the table spells it.
pub type Arguments = BTreeMap<&'static str, Vec<Given>>;

/// A line that was read; it may still lack what rows of standard input bring.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which cmdlet.
    pub cmdlet: &'static Cmdlet,
    /// What it was given.
    pub arguments: Arguments,
    /// What every cmdlet takes.
    pub common: Common,
    /// Whether rows come on standard input (`-`).
    pub rows: bool,
    /// Whether help was asked for.
    pub help: bool,
}

/// A cmdlet with everything it needs.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which cmdlet.
    pub cmdlet: &'static Cmdlet,
    /// What it was given.
    pub arguments: Arguments,
    /// What every cmdlet takes.
    pub common: Common,
}

/// The sets in which everything that was given may be given.
pub(super) fn viable_sets(cmdlet: &'static Cmdlet, arguments: &Arguments) -> Vec<&'static str> {
    let mut sets = cmdlet.sets();
    sets.retain(|set| {
        arguments
            .keys()
            .filter_map(|name| cmdlet.parameter(name))
            .all(|parameter| parameter.belongs_to(set))
    });
    sets
}

impl Line {
    /// The call, when everything that must be given was, and nothing that excludes another.
    ///
    /// # Errors
    /// [`Wrong`] naming what is missing, or what can't be given together.
    pub fn complete(&self) -> Result<Call, Wrong> {
        let cmdlet = self.cmdlet;
        let sets = viable_sets(cmdlet, &self.arguments);
        if sets.is_empty() {
            return Err(Wrong::of(
                cmdlet,
                "AmbiguousParameterSet",
                self.conflict(&cmdlet.sets()),
            ));
        }
        let lacks = |set: &str| -> Vec<&'static str> {
            cmdlet
                .parameters
                .iter()
                .filter(|parameter| {
                    parameter.needed_in(set) && !self.arguments.contains_key(parameter.name)
                })
                .map(|parameter| parameter.name)
                .collect()
        };
        let fewest = sets
            .iter()
            .map(|set| lacks(set).len())
            .min()
            .unwrap_or_default();
        if fewest == 0 {
            return Ok(Call {
                cmdlet,
                arguments: self.arguments.clone(),
                common: self.common.clone(),
            });
        }
        let mut ways: Vec<String> = Vec::new();
        for set in sets {
            let lacking = lacks(set);
            let way: Vec<String> = lacking.iter().map(|name| format!("-{name}")).collect();
            let way = way.join(" and ");
            if lacking.len() == fewest && !ways.contains(&way) {
                ways.push(way);
            }
        }
        let ways = ways.join(" or ");
        let verb = if fewest == 1 { "is" } else { "are" };
        Err(Wrong::of(
            cmdlet,
            "MissingMandatoryParameter",
            format!("{ways} {verb} needed: {} -? shows how", cmdlet.name),
        ))
    }

    fn conflict(&self, sets: &[&str]) -> String {
        let given: Vec<&Parameter> = self
            .arguments
            .keys()
            .filter_map(|name| self.cmdlet.parameter(name))
            .collect();
        for (index, one) in given.iter().enumerate() {
            for other in &given[index + 1..] {
                let together = |set: &&str| one.belongs_to(set) && other.belongs_to(set);
                if !sets.iter().any(together) {
                    return format!("-{} and -{} can't be given together", one.name, other.name);
                }
            }
        }
        "these parameters can't be given together".to_owned()
    }
}

impl Call {
    fn given(&self, name: &str) -> &[Given] {
        debug_assert!(
            self.cmdlet.parameter(name).is_some(),
            "{} has no -{name}",
            self.cmdlet.name
        );
        self.arguments.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a parameter was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.given(name).is_empty()
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.boolean(name).unwrap_or(false)
    }

    /// A Boolean.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.given(name).iter().find_map(|given| match given {
            Given::Flag(on) => Some(*on),
            _ => None,
        })
    }

    /// Texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let texts = self.given(name).iter();
        texts
            .filter_map(|given| match given {
                Given::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).first().copied()
    }

    /// Numbers.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Vec<u32> {
        let numbers = self.given(name).iter();
        numbers
            .filter_map(|given| match given {
                Given::Number(number) => Some(*number),
                _ => None,
            })
            .collect()
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        self.numbers(name).first().copied()
    }

    /// Addresses.
    #[must_use]
    pub fn addresses(&self, name: &str) -> Vec<Ipv4Addr> {
        let addresses = self.given(name).iter();
        addresses
            .filter_map(|given| match given {
                Given::Address(address) => Some(*address),
                _ => None,
            })
            .collect()
    }

    /// An address.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<Ipv4Addr> {
        self.addresses(name).first().copied()
    }

    /// A span.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<LeaseDuration> {
        self.given(name).iter().find_map(|given| match given {
            Given::Span(span) => Some(*span),
            _ => None,
        })
    }

    /// Client identifiers.
    #[must_use]
    pub fn clients(&self, name: &str) -> Vec<&ClientId> {
        let clients = self.given(name).iter();
        clients
            .filter_map(|given| match given {
                Given::Client(client) => Some(client),
                _ => None,
            })
            .collect()
    }

    /// One of a choice's words.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<&'static str> {
        self.given(name).iter().find_map(|given| match given {
            Given::Word(word) => Some(*word),
            _ => None,
        })
    }
}
