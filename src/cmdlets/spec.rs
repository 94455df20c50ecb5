//! What a cmdlet and a parameter are, and which cmdlet a name means or may have meant.

use super::table::CMDLETS;
use super::value::Kind;

/// A cmdlet.
#[derive(Debug)]
pub struct Cmdlet {
    /// `Verb-Noun`.
    pub name: &'static str,
    /// The class of what it gives.
    pub class: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Its parameters, the common ones left out.
    pub parameters: &'static [Parameter],
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name, without the dash.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// What its value is.
    pub kind: Kind,
    /// Whether it takes several values, separated by commas.
    pub many: bool,
    /// Whether it must be given (in the sets it belongs to).
    pub mandatory: bool,
    /// Its place among the values given without a name.
    pub position: Option<u8>,
    /// The parameter sets it belongs to; none: every one.
    pub sets: &'static [&'static str],
    /// Further sets, in which it may be left out.
    pub optional_sets: &'static [&'static str],
}

impl Parameter {
    pub(super) const fn new(name: &'static str, kind: Kind) -> Parameter {
        Parameter {
            name,
            aliases: &[],
            kind,
            many: false,
            mandatory: false,
            position: None,
            sets: &[],
            optional_sets: &[],
        }
    }

    pub(super) const fn must(self) -> Parameter {
        Parameter {
            mandatory: true,
            ..self
        }
    }

    pub(super) const fn at(self, position: u8) -> Parameter {
        Parameter {
            position: Some(position),
            ..self
        }
    }

    pub(super) const fn many(self) -> Parameter {
        Parameter { many: true, ..self }
    }

    pub(super) const fn alias(self, aliases: &'static [&'static str]) -> Parameter {
        Parameter { aliases, ..self }
    }

    pub(super) const fn of(self, sets: &'static [&'static str]) -> Parameter {
        Parameter { sets, ..self }
    }

    pub(super) const fn also(self, optional_sets: &'static [&'static str]) -> Parameter {
        Parameter {
            optional_sets,
            ..self
        }
    }

    /// Whether it may be given in a set.
    #[must_use]
    pub fn belongs_to(&self, set: &str) -> bool {
        self.sets.is_empty() || self.sets.contains(&set) || self.optional_sets.contains(&set)
    }

    /// Whether it must be given in a set.
    #[must_use]
    pub fn needed_in(&self, set: &str) -> bool {
        self.mandatory && (self.sets.is_empty() || self.sets.contains(&set))
    }
}

impl Cmdlet {
    /// The parameter of exactly that name, as the table writes it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// Its verb: `Get` of `Get-DhcpServerv4Scope`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.name
            .split_once('-')
            .map_or(self.name, |(verb, _)| verb)
    }

    /// Its noun: `DhcpServerv4Scope` of `Get-DhcpServerv4Scope`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        self.name.split_once('-').map_or("", |(_, noun)| noun)
    }

    /// Its parameter sets; one without a name where the table has none.
    #[must_use]
    pub fn sets(&self) -> Vec<&'static str> {
        let mut sets = Vec::new();
        for parameter in self.parameters {
            for set in parameter.sets.iter().chain(parameter.optional_sets) {
                if !sets.contains(set) {
                    sets.push(*set);
                }
            }
        }
        if sets.is_empty() {
            sets.push("");
        }
        sets
    }
}

/// The cmdlet of a name, without regard to case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Cmdlet> {
    CMDLETS
        .iter()
        .find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(name))
}

/// The name of the cmdlet that a wrong name may have meant.
#[must_use]
pub fn suggestion(name: &str) -> Option<&'static str> {
    let typed = name.to_lowercase();
    let short = |name: &str| name.replace("dhcpserverv4", "").replace("dhcpserver", "");
    // Without the words that all names have, a short name is soon like any other: near is what
    // most letters of which are the same.
    CMDLETS
        .iter()
        .filter_map(|cmdlet| {
            let known = cmdlet.name.to_lowercase();
            let whole = strsim::damerau_levenshtein(&typed, &known);
            let parts = strsim::damerau_levenshtein(&short(&typed), &short(&known));
            let near = parts <= short(&typed).len() / 4 || whole <= typed.len() / 8;
            near.then_some((whole.min(parts), cmdlet.name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The words of `known` that `typed` may have meant, without regard to case.
#[must_use]
pub fn nearest(typed: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    known
        .map(|name| {
            let folded = name.to_lowercase();
            (strsim::damerau_levenshtein(&typed, &folded), name)
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_order() {
        assert!(CMDLETS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for cmdlet in CMDLETS {
            let mut seen = BTreeSet::new();
            for parameter in cmdlet.parameters {
                for name in parameter.aliases.iter().chain([&parameter.name]) {
                    assert!(seen.insert(name.to_lowercase()), "{} {name}", cmdlet.name);
                }
            }
        }
    }

    #[test]
    fn every_cmdlet_that_was_asked_for_is_there() {
        for name in [
            "Get-DhcpServerv4Failover",
            "Invoke-DhcpServerv4FailoverReplication",
            "Get-DhcpServerv4Scope",
            "Get-DhcpServerv4ScopeStatistics",
            "get-dhcpserverindc",
            "Rename-DhcpServerv4Superscope",
        ] {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_wrong_name_gets_a_suggestion() {
        for (typed, meant) in [
            (
                "Add-DhcpServerv4Reseration",
                Some("Add-DhcpServerv4Reservation"),
            ),
            ("Get-Reservation", Some("Get-DhcpServerv4Reservation")),
            ("get-dhcpserver4scope", Some("Get-DhcpServerv4Scope")),
            ("Format-Volume", None),
            ("Get-Foo", None),
            ("Get-DhcpServerv4Foo", None),
            (
                "Get-DhcpServerv4Resevation",
                Some("Get-DhcpServerv4Reservation"),
            ),
        ] {
            assert_eq!(suggestion(typed), meant, "{typed}");
        }
    }
}
