//! Policies and MAC address filters: who is treated differently, and who not at all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::address::Range;
use super::option::Options;
use super::scope::Seconds;

/// How a policy's conditions are joined.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Junction {
    /// All must hold.
    And,
    /// One suffices.
    #[default]
    Or,
}

impl fmt::Display for Junction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Junction::And => "And",
            Junction::Or => "Or",
        })
    }
}

/// What a condition looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the cmdlets' parameters")]
pub enum Criterion {
    VendorClass,
    UserClass,
    MacAddress,
    ClientId,
    Fqdn,
    RelayAgent,
    CircuitId,
    RemoteId,
    SubscriberId,
}

impl Criterion {
    /// Every criterion, in the order of DhcpServerv4Policy.
    pub const ALL: [Criterion; 9] = [
        Criterion::VendorClass,
        Criterion::UserClass,
        Criterion::MacAddress,
        Criterion::ClientId,
        Criterion::Fqdn,
        Criterion::RelayAgent,
        Criterion::CircuitId,
        Criterion::RemoteId,
        Criterion::SubscriberId,
    ];

    /// The cmdlets' parameter for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Criterion::VendorClass => "VendorClass",
            Criterion::UserClass => "UserClass",
            Criterion::MacAddress => "MacAddress",
            Criterion::ClientId => "ClientId",
            Criterion::Fqdn => "Fqdn",
            Criterion::RelayAgent => "RelayAgent",
            Criterion::CircuitId => "CircuitId",
            Criterion::RemoteId => "RemoteId",
            Criterion::SubscriberId => "SubscriberId",
        }
    }
}

/// How a condition compares. `ISL` and `INSL` are for Fqdn alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Comparator {
    /// Equals; a leading or trailing `*` in the value is a wildcard.
    Eq,
    /// Does not equal.
    Ne,
    /// Is single label.
    Isl,
    /// Is not single label.
    Insl,
}

/// One condition: `MacAddress EQ 00-15-5D*, …`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// What it looks at.
    pub criterion: Criterion,
    /// How.
    pub comparator: Comparator,
    /// What it compares with; none for ISL and INSL.
    pub values: Vec<String>,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparator = match self.comparator {
            Comparator::Eq => "EQ",
            Comparator::Ne => "NE",
            Comparator::Isl => "ISL",
            Comparator::Insl => "INSL",
        };
        write!(f, "{} {comparator}", self.criterion.name())?;
        if !self.values.is_empty() {
            write!(f, " {}", self.values.join(", "))?;
        }
        Ok(())
    }
}

/// A policy at a server or a scope. Its processing order is its place in the list it is in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// 1 to 64 characters, unique where it is, without regard to case.
    pub name: String,
    /// At most 255 characters.
    pub description: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// How its conditions are joined.
    pub junction: Junction,
    /// At least one.
    pub conditions: Vec<Condition>,
    /// A lease duration of its own.
    pub lease_duration: Option<Seconds>,
    /// Addresses for whom it matches; scope policies only, inside the scope's range.
    pub ranges: Vec<Range>,
    /// Options for whom it matches.
    pub options: Options,
}

/// One property of a policy with its value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the field of Policy of the same name")]
pub enum PolicyProperty {
    Name(String),
    Description(String),
    Enabled(bool),
    Junction(Junction),
    Conditions(Vec<Condition>),
    LeaseDuration(Option<Seconds>),
    Ranges(Vec<Range>),
    /// 1 for the first.
    ProcessingOrder(u16),
}

impl Policy {
    /// Its properties but the processing order, one by one, in the order in which they are shown.
    #[must_use]
    pub fn properties(&self) -> Vec<PolicyProperty> {
        vec![
            PolicyProperty::Name(self.name.clone()),
            PolicyProperty::Description(self.description.clone()),
            PolicyProperty::Enabled(self.enabled),
            PolicyProperty::Junction(self.junction),
            PolicyProperty::Conditions(self.conditions.clone()),
            PolicyProperty::LeaseDuration(self.lease_duration),
            PolicyProperty::Ranges(self.ranges.clone()),
        ]
    }

    /// Sets one property, unchecked: the rules check. The processing order is the list's affair.
    pub fn set(&mut self, property: PolicyProperty) {
        match property {
            PolicyProperty::Name(name) => self.name = name,
            PolicyProperty::Description(description) => self.description = description,
            PolicyProperty::Enabled(enabled) => self.enabled = enabled,
            PolicyProperty::Junction(junction) => self.junction = junction,
            PolicyProperty::Conditions(conditions) => self.conditions = conditions,
            PolicyProperty::LeaseDuration(duration) => self.lease_duration = duration,
            PolicyProperty::Ranges(ranges) => self.ranges = ranges,
            PolicyProperty::ProcessingOrder(_) => {}
        }
    }
}

impl PolicyProperty {
    /// IPAM's label for it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            PolicyProperty::Name(_) => "Policy Name",
            PolicyProperty::Description(_) => "Description",
            PolicyProperty::Enabled(_) => "Enabled",
            PolicyProperty::Junction(_) => "Condition",
            PolicyProperty::Conditions(_) => "Conditions",
            PolicyProperty::LeaseDuration(_) => "Lease Duration",
            PolicyProperty::Ranges(_) => "Address Range",
            PolicyProperty::ProcessingOrder(_) => "Processing Order",
        }
    }

    /// Whether the two are values of the same property.
    #[must_use]
    pub fn same_kind(&self, other: &PolicyProperty) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for PolicyProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyProperty::Name(text) | PolicyProperty::Description(text) => f.write_str(text),
            PolicyProperty::Enabled(on) => f.write_str(if *on { "True" } else { "False" }),
            PolicyProperty::Junction(junction) => junction.fmt(f),
            PolicyProperty::Conditions(conditions) => {
                for (index, condition) in conditions.iter().enumerate() {
                    let between = if index == 0 { "" } else { "; " };
                    write!(f, "{between}{condition}")?;
                }
                Ok(())
            }
            PolicyProperty::LeaseDuration(Some(duration)) => duration.fmt(f),
            PolicyProperty::LeaseDuration(None) => Ok(()),
            PolicyProperty::Ranges(ranges) => super::scope::write_ranges(f, ranges),
            PolicyProperty::ProcessingOrder(order) => order.fmt(f),
        }
    }
}

/// A filter's pattern: 6 bytes exact, or 1 to 5 bytes and a wildcard for the rest.
///
/// Prints as Windows shows it: `AA-BB-CC-*-*-*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MacPattern(Box<[u8]>);

/// A text that is no filter pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is no MAC address filter: give six bytes, or one to five and *, as in AA-BB-CC-*")]
pub struct BadMacPattern(pub String);

impl MacPattern {
    /// The fixed bytes, 1 to 6 of them.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.0
    }

    /// Whether a hardware address matches.
    #[must_use]
    pub fn matches(&self, hw_address: &[u8]) -> bool {
        hw_address.len() == 6 && hw_address.starts_with(&self.0)
    }
}

impl FromStr for MacPattern {
    type Err = BadMacPattern;
    fn from_str(text: &str) -> Result<MacPattern, BadMacPattern> {
        let bad = || BadMacPattern(super::text::printable(text, 80));
        let trimmed = text.trim();
        let fixed = trimmed.trim_end_matches(['*', '-', ':', '.']);
        let wildcard = trimmed[fixed.len()..].contains('*');
        let id: super::ClientId = fixed.parse().map_err(|_| bad())?;
        match (id.bytes().len(), wildcard) {
            (6, false) | (1..=5, true) if trimmed.len() == fixed.len() || wildcard => {
                Ok(MacPattern(id.bytes().into()))
            }
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for MacPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for index in 0..6 {
            let hyphen = if index == 0 { "" } else { "-" };
            match self.0.get(index) {
                Some(byte) => write!(f, "{hyphen}{byte:02X}")?,
                None => write!(f, "{hyphen}*")?,
            }
        }
        Ok(())
    }
}

impl Serialize for MacPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MacPattern, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Which list a filter is in; a client that is in both is denied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FilterList {
    /// Only these are served, while the list is enabled.
    Allow,
    /// These are not served, while the list is enabled.
    Deny,
}

impl fmt::Display for FilterList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            FilterList::Allow => "Allow",
            FilterList::Deny => "Deny",
        })
    }
}

/// A MAC address filter, kept under its pattern.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Filter {
    /// Which list it is in.
    pub list: FilterList,
    /// A remark.
    pub description: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_show_as_windows_shows_them() {
        for (typed, shown) in [
            ("AA-BB-CC-*", "AA-BB-CC-*-*-*"),
            ("aabbcc*", "AA-BB-CC-*-*-*"),
            ("AA-BB-CC-*-*-*", "AA-BB-CC-*-*-*"),
            ("aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF"),
        ] {
            assert_eq!(typed.parse::<MacPattern>().unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "*",
            "AA-BB",
            "AA-BB-CC-DD-EE-FF-00",
            "AA-*-CC",
            "AA-BB-CC-DD-EE-FF-*",
            "x*",
        ] {
            assert!(wrong.parse::<MacPattern>().is_err(), "{wrong}");
        }
    }
}
