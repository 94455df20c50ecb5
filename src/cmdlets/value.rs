//! What a parameter's value may be, and how a typed word becomes one.

use std::net::Ipv4Addr;

use crate::model::ClientId;
use crate::model::scope::{LeaseDuration, Seconds};
use crate::model::text::printable;

/// What kind of value a parameter takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// None: being there is the value (`-Force`, `-Force:false`).
    Switch,
    /// True or false.
    Boolean,
    /// Any text.
    Text,
    /// A whole number from 0 up to this one.
    Number(u32),
    /// An IPv4 address.
    Address,
    /// A span of time, `d.hh:mm:ss`, or `Unlimited`.
    Span,
    /// A client identifier in any spelling.
    Client,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// The name PowerShell's help has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Switch => "SwitchParameter",
            Kind::Boolean => "Boolean",
            Kind::Text | Kind::Client | Kind::Word(_) => "String",
            Kind::Number(65_535) => "UInt16",
            Kind::Number(_) => "UInt32",
            Kind::Address => "IPAddress",
            Kind::Span => "TimeSpan",
        }
    }
}

/// A value that was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// Of a switch or a Boolean.
    Flag(bool),
    /// Of a text.
    Text(String),
    /// Of a number.
    Number(u32),
    /// Of an address.
    Address(Ipv4Addr),
    /// Of a span.
    Span(LeaseDuration),
    /// Of a client identifier.
    Client(ClientId),
    /// Of a choice, spelt as the choice is.
    Word(&'static str),
}

/// Reads a word as a value of a kind.
///
/// # Errors
/// What is wrong with it, as the end of a sentence: `'x' is no IPv4 address, …`.
pub fn read(kind: Kind, text: &str) -> Result<Given, String> {
    let shown = || printable(text, 80);
    match kind {
        Kind::Switch | Kind::Boolean => boolean(text)
            .map(Given::Flag)
            .ok_or_else(|| format!("'{}' is neither true nor false", shown())),
        Kind::Text => Ok(Given::Text(plain(text).to_owned())),
        Kind::Number(max) => text
            .trim()
            .parse::<u32>()
            .ok()
            .filter(|number| *number <= max)
            .map(Given::Number)
            .ok_or_else(|| format!("'{}' is no whole number from 0 to {max}", shown())),
        Kind::Address => text
            .trim()
            .parse()
            .map(Given::Address)
            .map_err(|_| format!("'{}' is no IPv4 address, such as 10.0.0.100", shown())),
        Kind::Span => span(text).map(Given::Span),
        Kind::Client => text
            .parse()
            .map(Given::Client)
            .map_err(|error: crate::model::client_id::BadClientId| error.to_string()),
        Kind::Word(words) => words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text.trim()))
            .map(|word| Given::Word(word))
            .ok_or_else(|| format!("'{}' is none of {}", shown(), words.join(", "))),
    }
}

/// Whether a character can't be seen, or makes others read otherwise than they are written.
#[must_use]
pub fn hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a text means: `''`, `""` and `$null`, should a shell let them through, are the empty text.
fn plain(text: &str) -> &str {
    if matches!(text, "''" | "\"\"") || text.eq_ignore_ascii_case("$null") {
        ""
    } else {
        text
    }
}

fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    let text = text.strip_prefix('$').unwrap_or(text);
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Some(false)
    } else {
        None
    }
}

/// `[TimeSpan]::MaxValue` without its ticks: Windows' unlimited lease.
const MAX_VALUE: &str = "10675199.02:48:05";

/// A span as .NET reads it: `8` (days), `01:30` (hours and minutes), `01:00:00`, `8.00:00:00`.
fn span(text: &str) -> Result<LeaseDuration, String> {
    let trimmed = text.trim();
    if trimmed.eq_ignore_ascii_case("unlimited") || trimmed.starts_with(MAX_VALUE) {
        return Ok(LeaseDuration::Unlimited);
    }
    let wrong = || {
        format!(
            "'{}' is no span of time: write days.hours:minutes:seconds, as in 8.00:00:00 or 01:00:00",
            printable(text, 80)
        )
    };
    let number = |digits: &str, max: u64| {
        let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| digits.parse::<u64>().ok())
            .flatten()
            .filter(|number| *number <= max)
            .ok_or_else(wrong)
    };
    let parts: Vec<&str> = trimmed.split(':').collect();
    let (days, hours, minutes, seconds) = match parts.as_slice() {
        [days] => (*days, "0", "0", "0"),
        [hours, minutes] => split_days(hours, minutes, "0"),
        [hours, minutes, seconds] => split_days(hours, minutes, seconds),
        [days, hours, minutes, seconds] => (*days, *hours, *minutes, *seconds),
        _ => return Err(wrong()),
    };
    // .NET writes parts of a second with seven digits.
    let seconds = match seconds.split_once('.') {
        Some((seconds, part)) if parts.len() > 2 => {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || !(1..=7).contains(&part.len()) {
                return Err(wrong());
            }
            if part.bytes().any(|byte| byte != b'0') {
                return Err(format!(
                    "'{}' has a part of a second: give whole seconds",
                    printable(text, 80)
                ));
            }
            seconds
        }
        _ => seconds,
    };
    let total = number(days, u64::from(u32::MAX))? * 86_400
        + number(hours, 23)? * 3600
        + number(minutes, 59)? * 60
        + number(seconds, 59)?;
    u32::try_from(total)
        .map(|seconds| LeaseDuration::Limited(Seconds(seconds)))
        .map_err(|_| {
            format!(
                "'{}' is too long a span of time: at most {}, or Unlimited",
                printable(text, 80),
                Seconds(u32::MAX)
            )
        })
}

fn split_days<'a>(
    hours: &'a str,
    minutes: &'a str,
    seconds: &'a str,
) -> (&'a str, &'a str, &'a str, &'a str) {
    match hours.split_once('.') {
        Some((days, hours)) => (days, hours, minutes, seconds),
        None => ("0", hours, minutes, seconds),
    }
}

/// An element of a list, quoted where [`elements`] would not read it as it is.
#[must_use]
pub fn element(text: &str) -> String {
    let bare = !text.is_empty()
        && text.trim() == text
        && !text.contains(',')
        && !text.starts_with(['\'', '"']);
    if bare {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// An element that begins with this quotation mark, which stands for itself where it is doubled,
/// and what follows the element.
fn quoted(text: &str, mark: char) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut rest = &text[1..];
    loop {
        let (part, after) = rest.split_once(mark)?;
        inside.push_str(part);
        match after.strip_prefix(mark) {
            Some(further) => {
                inside.push(mark);
                rest = further;
            }
            None => return Some((inside, after)),
        }
    }
}

/// The elements of an array as typed: separated by commas, blanks around them dropped; one that
/// begins with a quotation mark goes on to the next, commas included; the mark itself is doubled.
///
/// # Errors
/// When an element is empty and not written `''`.
pub fn elements(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let begun = rest.trim_start();
        let mark = begun
            .chars()
            .next()
            .filter(|mark| matches!(mark, '\'' | '"'));
        let closed = mark.and_then(|mark| {
            let (inside, after) = quoted(begun, mark)?;
            let after = after.trim_start();
            (after.is_empty() || after.starts_with(',')).then_some((inside, after))
        });
        let after = match closed {
            Some((inside, after)) => {
                found.push(inside);
                after
            }
            None => {
                let end = begun.find(',').unwrap_or(begun.len());
                let element = begun[..end].trim_end();
                if element.is_empty() {
                    return Err(format!(
                        "the list '{}' has an empty element",
                        printable(text, 80)
                    ));
                }
                found.push(element.to_owned());
                &begun[end..]
            }
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u32> {
        match span(text) {
            Ok(LeaseDuration::Limited(seconds)) => Some(seconds.0),
            _ => None,
        }
    }

    #[test]
    fn spans_are_read_as_dotnet_reads_them() {
        for (text, expected) in [
            ("8.00:00:00", 8 * 86_400),
            ("01:00:00", 3600),
            ("1:0:0", 3600),
            ("01:30", 5400),
            ("8", 8 * 86_400),
            ("1.12:00", 86_400 + 12 * 3600),
            ("1:02:03:04", 86_400 + 7384),
            ("0", 0),
            ("0.01:30:00.0000000", 5400),
            ("01:30:00.0", 5400),
            ("1:02:03:04.000", 86_400 + 7384),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for wrong in [
            "",
            "x",
            "24:00:00",
            "00:60:00",
            "-1",
            "-01:00:00",
            "1.",
            ":",
            "1:2:3:4:5",
            "+1",
            "99999999",
            "1.5",
            "01:00:00.",
            "01:00:00.x",
            "01:00:00.00000000",
            "01:30.0",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        assert_eq!(
            span("01:30:00.5").unwrap_err(),
            "'01:30:00.5' has a part of a second: give whole seconds"
        );
        assert_eq!(
            span("10675199.02:48:05.4775807"),
            Ok(LeaseDuration::Unlimited)
        );
        assert_eq!(span("unlimited"), Ok(LeaseDuration::Unlimited));
    }

    #[test]
    fn arrays_are_split_at_commas_outside_quotes() {
        let list = |text: &str| elements(text).unwrap();
        assert_eq!(list("a"), ["a"]);
        assert_eq!(list("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(list("'a,b',c"), ["a,b", "c"]);
        assert_eq!(list("\"a\" , ''"), ["a", ""]);
        assert_eq!(list("'a"), ["'a"]);
        assert_eq!(list("O'Brien,x"), ["O'Brien", "x"]);
        for texts in [["a,b", "c"], ["'", "O'B,\"x\""], ["", " a "], ["\"", "''"]] {
            let written: Vec<String> = texts.iter().map(|text| element(text)).collect();
            assert_eq!(list(&written.join(",")), texts);
        }
        for wrong in ["", "a,", ",a", "a,,b", " "] {
            assert!(elements(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn wrong_values_get_a_sentence() {
        let says = |kind, text: &str| read(kind, text).unwrap_err();
        assert_eq!(
            says(Kind::Address, "10.0.0.256"),
            "'10.0.0.256' is no IPv4 address, such as 10.0.0.100"
        );
        assert_eq!(
            says(Kind::Number(100), "101"),
            "'101' is no whole number from 0 to 100"
        );
        assert_eq!(
            says(Kind::Word(&["Dhcp", "Bootp"]), "x"),
            "'x' is none of Dhcp, Bootp"
        );
        assert!(!says(Kind::Address, "\u{1b}[2J").contains('\u{1b}'));
        assert_eq!(read(Kind::Boolean, "$False"), Ok(Given::Flag(false)));
        assert_eq!(
            read(Kind::Word(&["Dhcp", "Bootp"]), "BOOTP"),
            Ok(Given::Word("Bootp"))
        );
        assert_eq!(read(Kind::Text, "$null"), Ok(Given::Text(String::new())));
    }
}
