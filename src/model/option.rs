//! DHCP options: what is sent along with an address, and what the standard ones are called.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Options under their keys. (A list in files: JSON's keys are texts; a list of bare values where
/// no people read it, in which nothing can be left out.)
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options(BTreeMap<OptionKey, OptionValue>);

/// Which option: the same id may exist under several vendor and user classes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OptionKey {
    /// 1 to 254.
    pub id: u8,
    /// Empty for the standard options.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor_class: String,
    /// Empty for every client.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_class: String,
}

impl OptionKey {
    /// A standard option for every client.
    #[must_use]
    pub fn standard(id: u8) -> OptionKey {
        OptionKey {
            id,
            vendor_class: String::new(),
            user_class: String::new(),
        }
    }

    /// The name Windows has for it; for what it does not know, `Option 199`.
    #[must_use]
    pub fn name(&self) -> String {
        match definition(self) {
            Some(definition) => definition.name.to_owned(),
            None => format!("Option {}", self.id),
        }
    }
}

impl fmt::Display for OptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {}", self.id, self.name())?;
        for class in [&self.vendor_class, &self.user_class] {
            if !class.is_empty() {
                write!(f, " ({class})")?;
            }
        }
        Ok(())
    }
}

/// An option's value: one text for each element, as the cmdlets print them, canonical for its type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionValue(pub Vec<String>);

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl Options {
    /// No options.
    #[must_use]
    pub fn new() -> Options {
        Options::default()
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &OptionKey) -> Option<&OptionValue> {
        self.0.get(key)
    }

    /// Sets a value, and gives the one before.
    pub fn insert(&mut self, key: OptionKey, value: OptionValue) -> Option<OptionValue> {
        self.0.insert(key, value)
    }

    /// Removes a value, and gives it.
    pub fn remove(&mut self, key: &OptionKey) -> Option<OptionValue> {
        self.0.remove(key)
    }

    /// All of them, by id, vendor class, user class.
    pub fn iter(&self) -> impl Iterator<Item = (&OptionKey, &OptionValue)> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(OptionKey, OptionValue)> for Options {
    fn from_iter<I: IntoIterator<Item = (OptionKey, OptionValue)>>(items: I) -> Options {
        Options(items.into_iter().collect())
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: OptionKey,
    value: OptionValue,
}

impl Serialize for Options {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.collect_seq(self.0.iter().map(|(key, value)| {
                let OptionKey {
                    id,
                    vendor_class,
                    user_class,
                } = key;
                (id, vendor_class, user_class, value)
            }));
        }
        serializer.collect_seq(self.0.iter().map(|(key, value)| Entry {
            key: key.clone(),
            value: value.clone(),
        }))
    }
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Options, D::Error> {
        if !deserializer.is_human_readable() {
            let entries = Vec::<(u8, String, String, OptionValue)>::deserialize(deserializer)?;
            let entry = |(id, vendor_class, user_class, value)| {
                let key = OptionKey {
                    id,
                    vendor_class,
                    user_class,
                };
                (key, value)
            };
            return Ok(entries.into_iter().map(entry).collect());
        }
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        Ok(entries
            .into_iter()
            .map(|entry| (entry.key, entry.value))
            .collect())
    }
}

/// What an option's elements are (DhcpServerv4OptionDefinition, Type).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the cmdlets' values")]
pub enum OptionType {
    Byte,
    Word,
    DWord,
    IPv4Address,
    String,
    BinaryData,
    EncapsulatedData,
}

impl fmt::Display for OptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OptionType::Byte => "Byte",
            OptionType::Word => "Word",
            OptionType::DWord => "DWord",
            OptionType::IPv4Address => "IPv4Address",
            OptionType::String => "String",
            OptionType::BinaryData => "BinaryData",
            OptionType::EncapsulatedData => "EncapsulatedData",
        })
    }
}

/// What Windows knows of a standard option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionDefinition {
    /// Its number.
    pub id: u8,
    /// Its name in the console.
    pub name: &'static str,
    /// What its elements are.
    pub kind: OptionType,
    /// Whether there may be several.
    pub multi_valued: bool,
}

/// The definition of a standard option; `None` under a vendor class, and for ids nobody defined.
#[must_use]
pub fn definition(key: &OptionKey) -> Option<&'static OptionDefinition> {
    if !key.vendor_class.is_empty() {
        return None;
    }
    DEFINITIONS
        .iter()
        .find(|definition| definition.id == key.id)
}

const fn one(id: u8, name: &'static str, kind: OptionType) -> OptionDefinition {
    OptionDefinition {
        id,
        name,
        kind,
        multi_valued: false,
    }
}

const fn many(id: u8, name: &'static str, kind: OptionType) -> OptionDefinition {
    OptionDefinition {
        id,
        name,
        kind,
        multi_valued: true,
    }
}

/// The standard options that an administrator can set, with Windows' names (RFC 2132).
pub const DEFINITIONS: &[OptionDefinition] = &[
    one(2, "Time Offset", OptionType::DWord),
    many(3, "Router", OptionType::IPv4Address),
    many(4, "Time Server", OptionType::IPv4Address),
    many(5, "Name Servers", OptionType::IPv4Address),
    many(6, "DNS Servers", OptionType::IPv4Address),
    many(7, "Log Servers", OptionType::IPv4Address),
    many(8, "Cookie Servers", OptionType::IPv4Address),
    many(9, "LPR Servers", OptionType::IPv4Address),
    many(10, "Impress Servers", OptionType::IPv4Address),
    many(11, "Resource Location Servers", OptionType::IPv4Address),
    one(12, "Host Name", OptionType::String),
    one(13, "Boot File Size", OptionType::Word),
    one(14, "Merit Dump File", OptionType::String),
    one(15, "DNS Domain Name", OptionType::String),
    one(16, "Swap Server", OptionType::IPv4Address),
    one(17, "Root Path", OptionType::String),
    one(18, "Extensions Path", OptionType::String),
    one(19, "IP Layer Forwarding", OptionType::Byte),
    one(20, "Nonlocal Source Routing", OptionType::Byte),
    many(21, "Policy Filter Masks", OptionType::IPv4Address),
    one(22, "Max DG Reassembly Size", OptionType::Word),
    one(23, "Default IP Time-to-live", OptionType::Byte),
    one(24, "Path MTU Aging Timeout", OptionType::DWord),
    many(25, "Path MTU Plateau Table", OptionType::Word),
    one(26, "MTU Option", OptionType::Word),
    one(27, "All subnets are local", OptionType::Byte),
    one(28, "Broadcast Address", OptionType::IPv4Address),
    one(29, "Perform Mask Discovery", OptionType::Byte),
    one(30, "Mask Supplier Option", OptionType::Byte),
    one(31, "Perform Router Discovery", OptionType::Byte),
    one(32, "Router Solicitation Address", OptionType::IPv4Address),
    many(33, "Static Route Option", OptionType::IPv4Address),
    one(34, "Trailer Encapsulation", OptionType::Byte),
    one(35, "ARP Cache Timeout", OptionType::DWord),
    one(36, "Ethernet Encapsulation", OptionType::Byte),
    one(37, "TCP Default Time-to-live", OptionType::Byte),
    one(38, "Keepalive Interval", OptionType::DWord),
    one(39, "Keepalive Garbage", OptionType::Byte),
    one(40, "NIS Domain Name", OptionType::String),
    many(41, "NIS Servers", OptionType::IPv4Address),
    many(42, "NTP Servers", OptionType::IPv4Address),
    one(43, "Vendor Specific Info", OptionType::BinaryData),
    many(44, "WINS/NBNS Servers", OptionType::IPv4Address),
    many(45, "NetBIOS over TCP/IP NBDD", OptionType::IPv4Address),
    one(46, "WINS/NBT Node Type", OptionType::Byte),
    one(47, "NetBIOS Scope ID", OptionType::String),
    many(48, "X Window System Font", OptionType::IPv4Address),
    many(49, "X Window System Display", OptionType::IPv4Address),
    one(51, "Lease", OptionType::DWord),
    one(58, "Renewal (T1) Time Value", OptionType::DWord),
    one(59, "Rebinding (T2) Time Value", OptionType::DWord),
    one(60, "PXEClient", OptionType::String),
    one(64, "NIS+ Domain Name", OptionType::String),
    many(65, "NIS+ Servers", OptionType::IPv4Address),
    one(66, "Boot Server Host Name", OptionType::String),
    one(67, "Bootfile Name", OptionType::String),
    many(68, "Mobile IP Home Agents", OptionType::IPv4Address),
    many(
        69,
        "Simple Mail Transport Protocol (SMTP) Servers",
        OptionType::IPv4Address,
    ),
    many(
        70,
        "Post Office Protocol (POP3) Servers",
        OptionType::IPv4Address,
    ),
    many(
        71,
        "Network News Transport Protocol (NNTP) Servers",
        OptionType::IPv4Address,
    ),
    many(72, "World Wide Web (WWW) Servers", OptionType::IPv4Address),
    many(73, "Finger Servers", OptionType::IPv4Address),
    many(
        74,
        "Internet Relay Chat (IRC) Servers",
        OptionType::IPv4Address,
    ),
    many(75, "StreetTalk Servers", OptionType::IPv4Address),
    many(
        76,
        "StreetTalk Directory Assistance (STDA) Servers",
        OptionType::IPv4Address,
    ),
    one(119, "DNS Search List", OptionType::BinaryData),
    many(121, "Classless Static Routes", OptionType::BinaryData),
    many(150, "TFTP Server Address", OptionType::IPv4Address),
    one(252, "WPAD", OptionType::String),
];
