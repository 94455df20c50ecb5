//! An option as Kea writes it, and as the model has it, in both directions.

use std::net::Ipv4Addr;

use crate::model::option::{OptionType, definition};
use crate::model::text::printable;
use crate::model::{OptionKey, OptionValue};

/// An entry of `option-data`, as far as its meaning goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OptionData<'a> {
    /// Its number; or else by its name.
    pub code: Option<u32>,
    /// Kea's name for it, empty for none.
    pub name: &'a str,
    /// The space, empty for `dhcp4`.
    pub space: &'a str,
    /// The value as text: fields separated by commas, or hex.
    pub data: &'a str,
    /// Whether it is fields; where it is not said, an option that Kea knows is.
    pub csv_format: Option<bool>,
}

/// What an entry is to the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Translated {
    /// That option with that value.
    Value(OptionKey, OptionValue),
    /// Nothing that the model has a word for: the entry in printable words.
    Foreign(String),
}

/// What to write for an option of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Its number.
    pub code: u8,
    /// Kea's name for it, where it has one.
    pub name: Option<&'static str>,
    /// Whether `data` is fields, not hex.
    pub csv_format: bool,
    /// The value.
    pub data: String,
}

/// The number of an entry's option, by its `code` or its `name`; `None` outside the space `dhcp4`,
/// and where neither tells.
#[must_use]
pub fn code(entry: &OptionData<'_>) -> Option<u8> {
    if !matches!(entry.space, "" | "dhcp4") {
        return None;
    }
    let named = || STANDARD.iter().find(|known| known.name == entry.name);
    match entry.code {
        Some(code) => u8::try_from(code)
            .ok()
            .filter(|code| matches!(code, 1..=254)),
        None => named().map(|known| known.code),
    }
}

/// Kea's name for a standard option: `routers`.
#[must_use]
pub fn name(code: u8) -> Option<&'static str> {
    known(code).map(|known| known.name)
}

/// An entry as the model has it.
#[must_use]
pub fn translate(entry: &OptionData<'_>) -> Translated {
    let value = code(entry).and_then(|code| {
        let csv = entry.csv_format.unwrap_or(known(code).is_some());
        let key = OptionKey::standard(code);
        let value = match csv {
            true => from_fields(&key, entry.data),
            false => from_bytes(&key, &hex(entry.data)?),
        };
        let value = value.filter(|value| !value.is_empty())?;
        Some(Translated::Value(key, OptionValue(value)))
    });
    value.unwrap_or_else(|| Translated::Foreign(words(entry)))
}

/// An option of the model as Kea is to be given it. `defined` says whether the configuration has an
/// `option-def` of its own for it: then its value is left as text.
///
/// # Errors
/// A sentence, when Kea has no such option or the value is none for it.
pub fn write(key: &OptionKey, value: &OptionValue, defined: bool) -> Result<Written, String> {
    let option = || printable(&key.to_string(), 80);
    if !key.vendor_class.is_empty() || !key.user_class.is_empty() {
        return Err(format!(
            "option {}: Kea has options of vendor and user classes only in client classes",
            option()
        ));
    }
    let standard = known(key.id);
    let bad = || {
        format!(
            "option {}: '{}' can't be written",
            option(),
            printable(&value.to_string(), 80)
        )
    };
    let written = |csv_format, data| Written {
        code: key.id,
        name: standard.map(|known| known.name),
        csv_format,
        data,
    };
    if value.0.is_empty() {
        return Err(bad());
    }
    if let Some(known) = standard {
        if let Some(data) = known.fields(value) {
            return Ok(written(true, data));
        }
    } else if defined && definition(key).is_none_or(|found| found.kind != OptionType::BinaryData) {
        return Ok(written(true, fields_of_texts(&value.0)));
    }
    let bytes = to_bytes(key, value).filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(bad)?;
    if bytes.len() > 255 {
        return Err(format!("option {}: at most 255 bytes fit", option()));
    }
    Ok(written(false, digits(&bytes)))
}

/// The same value in the one spelling in which it is read back: several pieces of binary data are
/// one.
#[must_use]
pub fn canonical(key: &OptionKey, value: &OptionValue) -> OptionValue {
    let binary = definition(key).is_some_and(|found| is_binary(found.kind));
    match binary.then(|| to_bytes(key, value)).flatten() {
        Some(bytes) => OptionValue(vec![format!("0x{}", digits(&bytes))]),
        None => value.clone(),
    }
}

fn is_binary(kind: OptionType) -> bool {
    matches!(kind, OptionType::BinaryData | OptionType::EncapsulatedData)
}

/// An entry that has no place in the model, in words.
#[must_use]
pub fn words(entry: &OptionData<'_>) -> String {
    let space = match entry.space {
        "" | "dhcp4" => String::new(),
        space => format!("{space}."),
    };
    let code = entry
        .code
        .map(|code| format!("{code} "))
        .unwrap_or_default();
    let text = format!("option {code}{space}{}: {}", entry.name, entry.data);
    printable(&text, 120)
}

/// Fields, as Kea writes them, as the model's elements.
fn from_fields(key: &OptionKey, data: &str) -> Option<Vec<String>> {
    let Some(definition) = definition(key) else {
        let data = data.trim();
        return (!data.is_empty()).then(|| vec![unescaped(data)]);
    };
    let fields = || {
        data.split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
    };
    let number = |field: &str, max: u64| -> Option<String> {
        let number = match field {
            "true" => 1,
            "false" => 0,
            _ => match field.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok()?,
                // Seconds east of Greenwich have a sign in Kea, and none in the model.
                None => match field.parse::<i32>() {
                    Ok(below) if below < 0 && max == u64::from(u32::MAX) => {
                        u64::from(below.cast_unsigned())
                    }
                    _ => field.parse::<u64>().ok()?,
                },
            },
        };
        (number <= max).then(|| number.to_string())
    };
    match definition.kind {
        OptionType::Byte => fields()
            .map(|field| number(field, u8::MAX.into()))
            .collect(),
        OptionType::Word => fields()
            .map(|field| number(field, u16::MAX.into()))
            .collect(),
        OptionType::DWord => fields()
            .map(|field| number(field, u32::MAX.into()))
            .collect(),
        OptionType::IPv4Address => fields()
            .map(|field| {
                field
                    .parse::<Ipv4Addr>()
                    .ok()
                    .map(|found| found.to_string())
            })
            .collect(),
        OptionType::String => {
            let text = unescaped(data.trim());
            (!text.is_empty()).then(|| vec![text])
        }
        OptionType::BinaryData | OptionType::EncapsulatedData => {
            let bytes = match key.id {
                119 => fields().map(domain).collect::<Option<Vec<_>>>()?.concat(),
                121 => fields().map(route).collect::<Option<Vec<_>>>()?.concat(),
                _ => hex(data)?,
            };
            (!bytes.is_empty()).then(|| vec![format!("0x{}", digits(&bytes))])
        }
    }
}

/// An option's bytes as the model's elements.
fn from_bytes(key: &OptionKey, bytes: &[u8]) -> Option<Vec<String>> {
    if bytes.is_empty() {
        return None;
    }
    let binary = || vec![format!("0x{}", digits(bytes))];
    let Some(definition) = definition(key) else {
        return Some(binary());
    };
    let whole = |size: usize| {
        let one = bytes.len() == size || definition.multi_valued;
        (one && bytes.len().is_multiple_of(size)).then(|| bytes.chunks_exact(size))
    };
    Some(match definition.kind {
        OptionType::Byte => whole(1)?.map(|byte| byte[0].to_string()).collect(),
        OptionType::Word => whole(2)?
            .map(|word| u16::from_be_bytes([word[0], word[1]]).to_string())
            .collect(),
        OptionType::DWord => whole(4)?
            .map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]).to_string())
            .collect(),
        OptionType::IPv4Address => whole(4)?
            .map(|word| Ipv4Addr::new(word[0], word[1], word[2], word[3]).to_string())
            .collect(),
        OptionType::String => {
            let text = std::str::from_utf8(bytes).ok()?.trim_end_matches('\0');
            (!text.is_empty() && !text.contains('\0')).then(|| vec![text.to_owned()])?
        }
        OptionType::BinaryData | OptionType::EncapsulatedData => binary(),
    })
}

/// The bytes that go over the wire.
fn to_bytes(key: &OptionKey, value: &OptionValue) -> Option<Vec<u8>> {
    let kind = definition(key).map(|definition| definition.kind);
    let elements = value.0.iter().map(|element| {
        let text = element.trim();
        Some(match kind {
            Some(OptionType::Byte) => vec![text.parse::<u8>().ok()?],
            Some(OptionType::Word) => text.parse::<u16>().ok()?.to_be_bytes().to_vec(),
            Some(OptionType::DWord) => text.parse::<u32>().ok()?.to_be_bytes().to_vec(),
            Some(OptionType::IPv4Address) => text.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
            Some(OptionType::String) => element.as_bytes().to_vec(),
            Some(OptionType::BinaryData | OptionType::EncapsulatedData) => hex(text)?,
            None => match text.strip_prefix("0x") {
                Some(_) => hex(text)?,
                None => element.as_bytes().to_vec(),
            },
        })
    });
    Some(elements.collect::<Option<Vec<Vec<u8>>>>()?.concat())
}

/// Bytes in hex: `0A0B`, `0a:0b`, `0x0a0b`, `0A 0B`. An odd number of digits has a zero in front,
/// as Kea reads it.
fn hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    let mut nibbles = Vec::with_capacity(text.len() + 1);
    if text.contains([':', ' ']) {
        for group in text.split([':', ' ']).filter(|group| !group.is_empty()) {
            match group.len() {
                1 => nibbles.push(0),
                2 => {}
                _ => return None,
            }
            nibbles.extend(
                group
                    .chars()
                    .map(|digit| digit.to_digit(16))
                    .collect::<Option<Vec<_>>>()?,
            );
        }
    } else {
        nibbles.extend(
            text.chars()
                .map(|digit| digit.to_digit(16))
                .collect::<Option<Vec<_>>>()?,
        );
        if !nibbles.len().is_multiple_of(2) {
            nibbles.insert(0, 0);
        }
    }
    nibbles
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}

fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A comma within a field has a backslash in front.
fn unescaped(text: &str) -> String {
    text.replace("\\,", ",")
}

fn fields_of_texts(elements: &[String]) -> String {
    let escaped: Vec<String> = elements
        .iter()
        .map(|text| text.replace(',', "\\,"))
        .collect();
    escaped.join(", ")
}

/// A domain name as RFC 1035 writes it, uncompressed.
fn domain(name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|length| matches!(length, 1..=63))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    Some(bytes)
}

/// The names in the wire form of a search list; `None` where they are compressed or broken.
fn domains(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        if length == 0 {
            names.push((!labels.is_empty()).then(|| labels.join("."))?);
            labels.clear();
            bytes = rest;
            continue;
        }
        let (label, rest) = rest
            .split_at_checked(length.into())
            .filter(|_| length < 64)?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let label = label.iter().all(plain).then_some(label)?;
        labels.push(std::str::from_utf8(label).ok()?.to_owned());
        bytes = rest;
    }
    labels.is_empty().then_some(names)
}

/// A route as RFC 3442 writes it, of `10.0.0.0/8 - 10.0.0.1`.
fn route(text: &str) -> Option<Vec<u8>> {
    let (destination, router) = text.split_once('-')?;
    let (address, length) = destination.trim().split_once('/')?;
    let address: Ipv4Addr = address.trim().parse().ok()?;
    let length: u8 = length.trim().parse().ok().filter(|length| *length <= 32)?;
    let router: Ipv4Addr = router.trim().parse().ok()?;
    let mut bytes = vec![length];
    bytes.extend(
        address
            .octets()
            .iter()
            .take(usize::from(length).div_ceil(8)),
    );
    bytes.extend(router.octets());
    Some(bytes)
}

/// How Kea writes a standard option's fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fields {
    /// As the model's elements.
    Plain,
    /// `true` and `false`.
    Boolean,
    /// Seconds with a sign.
    Signed,
    /// Domain names.
    Domains,
    /// Always in hex.
    Hex,
}

struct Known {
    code: u8,
    name: &'static str,
    fields: Fields,
}

impl Known {
    /// A value as fields; `None` where it has to be hex.
    fn fields(&self, value: &OptionValue) -> Option<String> {
        let key = OptionKey::standard(self.code);
        let one = |text: &String| text.trim().to_owned();
        match self.fields {
            Fields::Plain => match definition(&key)?.kind {
                OptionType::String => Some(fields_of_texts(&value.0)),
                _ => Some(value.0.iter().map(one).collect::<Vec<_>>().join(", ")),
            },
            Fields::Boolean => match value.0.first()?.trim() {
                "0" => Some("false".to_owned()),
                "1" => Some("true".to_owned()),
                _ => None,
            },
            Fields::Signed => {
                let seconds: u32 = value.0.first()?.trim().parse().ok()?;
                Some(seconds.cast_signed().to_string())
            }
            Fields::Domains => Some(domains(&to_bytes(&key, value)?)?.join(", ")),
            Fields::Hex => None,
        }
    }
}

fn known(code: u8) -> Option<&'static Known> {
    STANDARD.iter().find(|known| known.code == code)
}

const fn plain(code: u8, name: &'static str) -> Known {
    Known {
        code,
        name,
        fields: Fields::Plain,
    }
}

const fn spelled(code: u8, name: &'static str, fields: Fields) -> Known {
    Known { code, name, fields }
}

/// The options that Kea 2.2 and later know by themselves and an administrator sets (Kea
/// Administrator Reference Manual, List of standard DHCPv4 options).
static STANDARD: &[Known] = &[
    spelled(2, "time-offset", Fields::Signed),
    plain(3, "routers"),
    plain(4, "time-servers"),
    plain(5, "name-servers"),
    plain(6, "domain-name-servers"),
    plain(7, "log-servers"),
    plain(8, "cookie-servers"),
    plain(9, "lpr-servers"),
    plain(10, "impress-servers"),
    plain(11, "resource-location-servers"),
    plain(12, "host-name"),
    plain(13, "boot-size"),
    plain(14, "merit-dump"),
    plain(15, "domain-name"),
    plain(16, "swap-server"),
    plain(17, "root-path"),
    plain(18, "extensions-path"),
    spelled(19, "ip-forwarding", Fields::Boolean),
    spelled(20, "non-local-source-routing", Fields::Boolean),
    plain(21, "policy-filter"),
    plain(22, "max-dgram-reassembly"),
    plain(23, "default-ip-ttl"),
    plain(24, "path-mtu-aging-timeout"),
    plain(25, "path-mtu-plateau-table"),
    plain(26, "interface-mtu"),
    spelled(27, "all-subnets-local", Fields::Boolean),
    plain(28, "broadcast-address"),
    spelled(29, "perform-mask-discovery", Fields::Boolean),
    spelled(30, "mask-supplier", Fields::Boolean),
    spelled(31, "router-discovery", Fields::Boolean),
    plain(32, "router-solicitation-address"),
    plain(33, "static-routes"),
    spelled(34, "trailer-encapsulation", Fields::Boolean),
    plain(35, "arp-cache-timeout"),
    spelled(36, "ieee802-3-encapsulation", Fields::Boolean),
    plain(37, "default-tcp-ttl"),
    plain(38, "tcp-keepalive-interval"),
    spelled(39, "tcp-keepalive-garbage", Fields::Boolean),
    plain(40, "nis-domain"),
    plain(41, "nis-servers"),
    plain(42, "ntp-servers"),
    spelled(43, "vendor-encapsulated-options", Fields::Hex),
    plain(44, "netbios-name-servers"),
    plain(45, "netbios-dd-server"),
    plain(46, "netbios-node-type"),
    plain(47, "netbios-scope"),
    plain(48, "font-servers"),
    plain(49, "x-display-manager"),
    plain(51, "dhcp-lease-time"),
    plain(58, "dhcp-renewal-time"),
    plain(59, "dhcp-rebinding-time"),
    plain(60, "vendor-class-identifier"),
    plain(64, "nisplus-domain-name"),
    plain(65, "nisplus-servers"),
    plain(66, "tftp-server-name"),
    plain(67, "boot-file-name"),
    plain(68, "mobile-ip-home-agent"),
    plain(69, "smtp-server"),
    plain(70, "pop-server"),
    plain(71, "nntp-server"),
    plain(72, "www-server"),
    plain(73, "finger-server"),
    plain(74, "irc-server"),
    plain(75, "streettalk-server"),
    plain(76, "streettalk-directory-assistance-server"),
    spelled(119, "domain-search", Fields::Domains),
];

#[cfg(test)]
mod tests;
