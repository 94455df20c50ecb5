//! What people type into fields: addresses, masks, spans of time, ranges, each with the sentence
//! that says what is wrong with it.

use std::net::Ipv4Addr;

use crate::model::ClientId;
use crate::model::Range;
use crate::model::address::mask_length;
use crate::model::policy::MacPattern;
use crate::model::scope::{LeaseDuration, Seconds};
use crate::model::text::printable;

/// An IPv4 address.
///
/// # Errors
/// A sentence for under the field.
pub fn address(text: &str) -> Result<Ipv4Addr, String> {
    let typed = text.trim();
    if typed.is_empty() {
        return Err("an IP address is needed, such as 10.0.0.100".to_owned());
    }
    typed.parse().map_err(|_| {
        format!(
            "'{}' is no IP address: four numbers from 0 to 255, such as 10.0.0.100",
            printable(typed, 40)
        )
    })
}

/// A subnet mask, in dots or as `/24`: its length.
///
/// # Errors
/// A sentence for under the field.
pub fn mask(text: &str) -> Result<u8, String> {
    let typed = text.trim();
    let bits = typed.strip_prefix('/').unwrap_or(typed);
    if let Ok(length) = bits.parse::<u8>() {
        return match length {
            1..=32 => Ok(length),
            _ => Err("a mask has 1 to 32 bits, as in /24".to_owned()),
        };
    }
    mask_length(address(typed)?).map_err(|why| why.to_string())
}

/// A client ID, in any spelling of a MAC address.
///
/// # Errors
/// A sentence for under the field.
pub fn client(text: &str) -> Result<ClientId, String> {
    text.parse()
        .map_err(|why: crate::model::client_id::BadClientId| why.to_string())
}

/// A MAC address filter.
///
/// # Errors
/// A sentence for under the field.
pub fn pattern(text: &str) -> Result<MacPattern, String> {
    text.parse()
        .map_err(|why: crate::model::policy::BadMacPattern| why.to_string())
}

/// A whole number within bounds.
///
/// # Errors
/// A sentence for under the field.
pub fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let typed = text.trim();
    let wrong = || match most {
        u32::MAX => format!("a whole number from {least} on is needed"),
        _ => format!("a whole number from {least} to {most} is needed"),
    };
    let number = typed.parse().map_err(|_| wrong())?;
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(wrong()),
    }
}

/// Ranges, separated by commas: `10.0.0.1-10.0.0.20, 10.0.0.30, 10.0.0.40-45`. In order.
///
/// # Errors
/// A sentence for under the field.
pub fn ranges(text: &str) -> Result<Vec<Range>, String> {
    let parts = text.split([',', ';']).map(str::trim);
    let mut ranges = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (start, end) = match part.split_once('-') {
            None => (address(part)?, address(part)?),
            Some((start, end)) => {
                let start = address(start)?;
                // The end may be its last number alone.
                let last: Option<u8> = end.trim().parse().ok();
                let [one, two, three, _] = start.octets();
                let end = match last {
                    Some(last) => Ipv4Addr::new(one, two, three, last),
                    None => address(end)?,
                };
                (start, end)
            }
        };
        ranges.push(Range::new(start, end).map_err(|why| why.to_string())?);
    }
    ranges.sort_unstable();
    Ok(ranges)
}

/// A span of time: `8d`, `90m`, `8d 12h`, `8.00:00:00`, `01:00:00`, `unlimited`. At least a second.
///
/// # Errors
/// A sentence for under the field.
pub fn duration(text: &str) -> Result<LeaseDuration, String> {
    let typed = text.trim();
    if typed.eq_ignore_ascii_case("unlimited") {
        return Ok(LeaseDuration::Unlimited);
    }
    let wrong =
        || "a span of time is needed, such as 8d, 12h, 90m, 8.00:00:00, or unlimited".to_owned();
    let seconds = match typed.contains(':') {
        true => dotted(typed),
        false => in_units(typed),
    };
    match seconds.and_then(|seconds| u32::try_from(seconds).ok()) {
        None => Err(wrong()),
        Some(0) => Err("it has to be a second at least".to_owned()),
        // The largest number of seconds means for ever.
        Some(u32::MAX) => Ok(LeaseDuration::Unlimited),
        Some(seconds) => Ok(LeaseDuration::Limited(Seconds(seconds))),
    }
}

/// A span of time that is not for ever.
///
/// # Errors
/// A sentence for under the field.
pub fn seconds(text: &str) -> Result<Seconds, String> {
    match duration(text)? {
        LeaseDuration::Limited(seconds) => Ok(seconds),
        LeaseDuration::Unlimited => {
            Err("it has to end: give a span such as 1h or 01:00:00".to_owned())
        }
    }
}

/// `8.12:30:00`, `01:30`.
fn dotted(text: &str) -> Option<u64> {
    let (days, clock) = text.split_once('.').unwrap_or(("0", text));
    let parts: Vec<u64> = clock
        .split(':')
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let days: u64 = days.trim().parse().ok()?;
    days.checked_mul(86_400)?
        .checked_add(hours * 3600 + minutes * 60 + seconds)
}

/// `8d`, `8 days 12 h`, `90m`; a number alone is days, as Windows has it.
fn in_units(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(char::is_alphabetic).len();
        let (unit, after) = after.split_at(letters);
        let unit = match unit.to_ascii_lowercase().as_str() {
            "" if after.is_empty() && total == 0 => 86_400,
            "d" | "day" | "days" => 86_400,
            "h" | "hour" | "hours" => 3600,
            "m" | "min" | "minute" | "minutes" => 60,
            "s" | "second" | "seconds" => 1,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return None,
        };
        let number: u64 = number.parse().ok()?;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

/// A span of time in words: `8 days`, `1 hour 30 minutes`, `for ever`.
#[must_use]
pub fn in_words(duration: LeaseDuration) -> String {
    let LeaseDuration::Limited(Seconds(total)) = duration else {
        return "for ever".to_owned();
    };
    let parts = [
        (total / 86_400, "day"),
        (total / 3600 % 24, "hour"),
        (total / 60 % 60, "minute"),
        (total % 60, "second"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, unit)| {
            let plural = if *number == 1 { "" } else { "s" };
            format!("{number} {unit}{plural}")
        })
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_however_they_are_written() {
        let days = |days| Ok(LeaseDuration::Limited(Seconds::days(days)));
        for text in ["8d", "8 days", "8", "8.00:00:00", "192h", "7d 24h", "7d24h"] {
            assert_eq!(duration(text), days(8), "{text}");
        }
        assert_eq!(
            duration("90m"),
            Ok(LeaseDuration::Limited(Seconds(90 * 60)))
        );
        assert_eq!(duration("01:30"), duration("90m"));
        assert_eq!(duration("Unlimited"), Ok(LeaseDuration::Unlimited));
        for text in [
            "",
            "x",
            "8x",
            "d",
            "0",
            "25:00:00",
            "1:2:3:4",
            "99999999999d",
            "-1d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(
            in_words(LeaseDuration::Limited(Seconds(90_061))),
            "1 day 1 hour 1 minute 1 second"
        );
        assert!(seconds("unlimited").is_err());
    }

    #[test]
    fn masks_and_ranges_are_read() {
        assert_eq!(mask("255.255.255.0"), Ok(24));
        assert_eq!(mask("/22"), Ok(22));
        assert!(mask("255.0.255.0").is_err());
        assert!(mask("33").is_err());
        let read = ranges("10.0.0.30, 10.0.0.1-10.0.0.20,10.0.0.40-45").unwrap();
        let shown: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 3);
        assert!(shown[0].contains("10.0.0.20") && shown[2].contains("10.0.0.45"));
        assert!(ranges("10.0.0.9-10.0.0.1").is_err());
        assert_eq!(ranges(" "), Ok(Vec::new()));
    }

    #[test]
    fn numbers_say_their_bounds() {
        assert_eq!(number(" 5 ", 0, 1000), Ok(5));
        assert!(number("1001", 0, 1000).unwrap_err().contains("0 to 1000"));
        assert!(number("-1", 0, 1000).is_err());
    }
}
