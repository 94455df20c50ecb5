//! When a server accepts an option's value, and in which spelling it keeps it.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::super::{Code, DhcpError, Facts, kea};
use super::check::{self, Outcome, refuse, shown};
use super::{policy, reservation};
use crate::model::option::{OptionType, definition};
use crate::model::{OptionKey, OptionLevel, OptionValue, Options, ServerConfig};

/// Characters of a class's name.
const MAX_CLASS: usize = 255;
/// Bytes of a text: an option's length is one byte.
const MAX_TEXT: usize = 255;

pub(super) fn set(
    config: &mut ServerConfig,
    facts: &Facts,
    level: &OptionLevel,
    key: &OptionKey,
    value: &OptionValue,
) -> Outcome {
    let options = at(config, facts, level)?;
    if let OptionLevel::Policy(scope, name) = level {
        policy::may_have_option(policy::find(config, facts, *scope, name)?, key)?;
    }
    let value = canonical(facts, Level(level), key, value)?;
    if options.get(key) != Some(&value) {
        at_mut(config, facts, level)?.insert(key.clone(), value);
    }
    Ok(())
}

pub(super) fn remove(
    config: &mut ServerConfig,
    facts: &Facts,
    level: &OptionLevel,
    key: &OptionKey,
) -> Outcome {
    if at(config, facts, level)?.get(key).is_none() {
        return refuse(
            Code::OptionNotPresent,
            format!(
                "option {} is not set {}: name one that is",
                shown(&key.to_string()),
                Level(level)
            ),
        );
    }
    at_mut(config, facts, level)?.remove(key);
    Ok(())
}

/// Checks options that come with something else (`of`), and makes them canonical.
pub(super) fn all(facts: &Facts, of: impl fmt::Display, options: &mut Options) -> Outcome {
    let mut changed = Vec::new();
    for (key, value) in options.iter() {
        let canonical = canonical(facts, format_args!("for {of}"), key, value)?;
        if canonical != *value {
            changed.push((key.clone(), canonical));
        }
    }
    for (key, value) in changed {
        options.insert(key, value);
    }
    Ok(())
}

/// Where an option is set, in a sentence.
struct Level<'a>(&'a OptionLevel);

impl fmt::Display for Level<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OptionLevel::Server => f.write_str("for the server"),
            OptionLevel::Scope(scope) => write!(f, "for scope {scope}"),
            OptionLevel::Reservation(scope, address) => {
                write!(f, "for reservation {address} of scope {scope}")
            }
            OptionLevel::Policy(None, name) => write!(f, "for server policy '{}'", shown(name)),
            OptionLevel::Policy(Some(scope), name) => {
                write!(f, "for policy '{}' of scope {scope}", shown(name))
            }
        }
    }
}

fn at<'c>(config: &'c ServerConfig, facts: &Facts, level: &OptionLevel) -> Outcome<&'c Options> {
    Ok(match level {
        OptionLevel::Server => &config.options,
        OptionLevel::Scope(scope) => &check::scope(config, facts, *scope)?.options,
        OptionLevel::Reservation(scope, address) => {
            &reservation::find(check::scope(config, facts, *scope)?, *address)?.options
        }
        OptionLevel::Policy(scope, name) => &policy::find(config, facts, *scope, name)?.options,
    })
}

fn at_mut<'c>(
    config: &'c mut ServerConfig,
    facts: &Facts,
    level: &OptionLevel,
) -> Outcome<&'c mut Options> {
    Ok(match level {
        OptionLevel::Server => &mut config.options,
        OptionLevel::Scope(scope) => &mut check::scope_mut(config, facts, *scope)?.options,
        OptionLevel::Reservation(scope, address) => {
            let reservation = check::scope_mut(config, facts, *scope)?
                .reservations
                .get_mut(address)
                .ok_or_else(|| reservation::missing(*scope, *address))?;
            &mut Arc::make_mut(reservation).options
        }
        OptionLevel::Policy(scope, name) => {
            let policies = policy::list_mut(config, facts, *scope)?;
            &mut policies
                .iter_mut()
                .find(|policy| policy.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| policy::missing(*scope, name))?
                .options
        }
    })
}

/// The value as the server keeps it.
fn canonical(
    facts: &Facts,
    level: impl fmt::Display,
    key: &OptionKey,
    value: &OptionValue,
) -> Outcome<OptionValue> {
    let value = of_type(level, key, value)?;
    if !facts.rulebook.is_kea() {
        return Ok(value);
    }
    kea::option_value(key, value).map_err(|why| DhcpError::new(Code::InvalidParameter, why))
}

/// The value in the canonical spelling of its type.
fn of_type(level: impl fmt::Display, key: &OptionKey, value: &OptionValue) -> Outcome<OptionValue> {
    let option = || shown(&key.to_string());
    if !matches!(key.id, 1..=254) {
        return refuse(
            Code::InvalidParameter,
            format!("there is no option {} {level}: ids are 1 to 254", key.id),
        );
    }
    check::text("the name of the vendor class", &key.vendor_class, MAX_CLASS)?;
    check::text("the name of the user class", &key.user_class, MAX_CLASS)?;
    if value.0.is_empty() {
        return refuse(
            Code::InvalidParameter,
            format!(
                "option {} {level} is given no value: give one, or remove the option",
                option()
            ),
        );
    }
    let Some(definition) = definition(key) else {
        for element in &value.0 {
            check::no_nul(format_args!("option {} {level}", option()), element)?;
        }
        return Ok(value.clone());
    };
    let kind = definition.kind;
    // Binary data is a list of bytes, though Windows' definition calls it one value.
    let binary = matches!(kind, OptionType::BinaryData | OptionType::EncapsulatedData);
    if value.0.len() > 1 && !definition.multi_valued && !binary {
        return refuse(
            Code::InvalidParameter,
            format!(
                "option {} {level} is given {} values; it takes exactly one",
                option(),
                value.0.len()
            ),
        );
    }
    let elements = value.0.iter().map(|element| {
        element_of(kind, element).ok_or_else(|| {
            DhcpError::new(
                Code::InvalidParameter,
                format!(
                    "'{}' is no value for option {} {level}: give {}",
                    shown(element),
                    option(),
                    expected(kind)
                ),
            )
        })
    });
    elements.collect::<Outcome<Vec<String>>>().map(OptionValue)
}

fn expected(kind: OptionType) -> &'static str {
    match kind {
        OptionType::Byte => "a number from 0 to 255",
        OptionType::Word => "a number from 0 to 65535",
        OptionType::DWord => "a number from 0 to 4294967295",
        OptionType::IPv4Address => "an IPv4 address such as 10.0.0.1",
        OptionType::String => "a text of 1 to 255 bytes",
        OptionType::BinaryData | OptionType::EncapsulatedData => "bytes in hex, such as 0x0a",
    }
}

fn element_of(kind: OptionType, text: &str) -> Option<String> {
    let trimmed = text.trim();
    match kind {
        OptionType::Byte => number(trimmed, u8::MAX.into()),
        OptionType::Word => number(trimmed, u16::MAX.into()),
        OptionType::DWord => number(trimmed, u32::MAX.into()),
        OptionType::IPv4Address => trimmed
            .parse::<Ipv4Addr>()
            .ok()
            .map(|address| address.to_string()),
        OptionType::String => {
            (matches!(text.len(), 1..=MAX_TEXT) && !text.contains('\0')).then(|| text.to_owned())
        }
        OptionType::BinaryData | OptionType::EncapsulatedData => bytes(trimmed),
    }
}

fn hex_digits(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

fn number(text: &str, max: u64) -> Option<String> {
    let (digits, radix) = match hex_digits(text) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // from_str_radix would take a sign.
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    (number <= max).then(|| number.to_string())
}

fn bytes(text: &str) -> Option<String> {
    let (digits, prefixed) = match hex_digits(text) {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    match digits.len() {
        1 if prefixed => Some(format!("0x0{digits}")),
        length if length % 2 == 0 => Some(format!("0x{digits}")),
        _ => None,
    }
}
