//! What a filter looks for in one cell: parts of text, whole texts, addresses, comparisons.

use std::net::Ipv4Addr;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::Row;
use crate::console::table::source::SortKey;
use crate::model::client_id::search_digits;

/// What is looked for in a cell. All texts are folded.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// Nothing yet: what was typed is not finished.
    Everything,
    /// One of these is part of the cell. The first is what was typed; others are other spellings.
    Has(Vec<String>),
    /// The cell is this.
    Is(Exact),
    /// The cell is an address from the first to the last; or it is no address, and what was typed
    /// is a part of it.
    Within(u32, u32, Vec<String>),
    /// The cell compares so.
    Compare(Comparison, Operand),
}

/// A whole cell.
#[derive(Clone, PartialEq, Debug)]
pub struct Exact {
    /// The text.
    pub text: String,
    /// The text as a client identifier is printed, when it can be one.
    pub client: Option<String>,
    number: Option<f64>,
}

/// How two things compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// What a cell is compared with: a text, and whatever else it can be read as.
#[derive(Clone, PartialEq, Debug)]
pub struct Operand {
    /// The text, folded.
    pub text: String,
    number: Option<f64>,
    /// Seconds.
    duration: Option<i64>,
    /// Seconds since 1970.
    moment: Option<i64>,
    address: Option<u32>,
}

impl Test {
    /// A word, looked for in every column.
    pub fn of_word(text: &str) -> Test {
        match addresses(text, false) {
            Some((first, last)) => Test::Within(first, last, vec![text.to_owned()]),
            None => Test::Has(spellings(text)),
        }
    }

    /// `column:part`.
    pub fn of_part(text: &str) -> Test {
        match addresses(text, true) {
            Some((first, last)) => Test::Within(first, last, vec![text.to_owned()]),
            None => Test::Has(spellings(text)),
        }
    }

    /// `column=whole`.
    pub fn of_whole(text: &str) -> Test {
        match addresses(text, true) {
            Some((first, last)) => Test::Within(first, last, vec![text.to_owned()]),
            None => Test::is(text),
        }
    }

    /// Exactly these characters in this order.
    pub fn has_literal(text: &str) -> Test {
        Test::Has(vec![text.to_owned()])
    }

    /// Exactly this cell.
    pub fn is(text: &str) -> Test {
        Test::Is(Exact {
            client: hyphenated(text, 2).map(|(digits, _)| pairs(&digits, 0)),
            number: number(text),
            text: text.to_owned(),
        })
    }

    /// `column>value`.
    pub fn compare(comparison: Comparison, text: &str) -> Test {
        let operand = Operand {
            number: number(text),
            duration: duration(text),
            moment: moment(text),
            address: text.parse().ok().map(Ipv4Addr::to_bits),
            text: text.to_owned(),
        };
        Test::Compare(comparison, operand)
    }

    /// Whether a cell of a row passes, at a moment in seconds since 1970.
    pub fn holds(&self, row: &impl Row, column: usize, now: i64) -> bool {
        match self {
            Test::Everything => true,
            Test::Has(parts) => {
                let text = row.text(column);
                parts.iter().any(|part| text.contains(part.as_str()))
            }
            Test::Is(exact) => exact.holds(&row.text(column), || row.key(column)),
            Test::Within(first, last, parts) => {
                let text = row.text(column);
                let has = |part: &String| text.len() >= part.len() && text.contains(part.as_str());
                let part = || parts.iter().any(has);
                is_within(&text, *first, *last).unwrap_or_else(part)
            }
            Test::Compare(comparison, operand) => operand.holds(*comparison, &row.key(column), now),
        }
    }

    /// Whether a cell that passes this test passes the other.
    pub fn implies(&self, other: &Test) -> bool {
        match (self, other) {
            (_, Test::Everything) => true,
            (Test::Has(new), Test::Has(old)) => {
                let had = |part: &String| old.iter().any(|before| part.contains(before.as_str()));
                new.iter().all(had)
            }
            _ => self == other,
        }
    }
}

/// Whether a text that is an address, or a subnet, lies from the first to the last.
fn is_within(text: &str, first: u32, last: u32) -> Option<bool> {
    if !text.starts_with(|one: char| one.is_ascii_digit()) {
        return None;
    }
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    let bits = address.parse().map(Ipv4Addr::to_bits).ok()?;
    Some(first <= bits && bits <= last)
}

impl Exact {
    /// Whether a cell is this: its whole text (of a name with dots, its first label is enough), a
    /// client identifier in another spelling, or the number that it shows.
    pub fn holds<'a>(&self, text: &str, key: impl FnOnce() -> SortKey<'a>) -> bool {
        let label = || {
            let rest = text.strip_prefix(self.text.as_str());
            rest.is_some_and(|rest| rest.starts_with('.'))
                && !self.text.is_empty()
                && text.parse::<Ipv4Addr>().is_err()
                && !text.starts_with(|one: char| one.is_ascii_digit())
        };
        if text == self.text || self.client.as_deref() == Some(text) || label() {
            return true;
        }
        let Some(number) = self.number else {
            return false;
        };
        match key() {
            #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            SortKey::Number(key) => key as f64 == number,
            SortKey::Fraction(key) => key == number || key.round() == number,
            SortKey::Text(_) | SortKey::Nothing => false,
        }
    }
}

impl Operand {
    /// Whether it can be compared with a number, a time or an address.
    pub fn is_measure(&self) -> bool {
        self.number.is_some()
            || self.duration.is_some()
            || self.moment.is_some()
            || self.address.is_some()
    }

    /// Whether a key compares so with it.
    ///
    /// A duration is compared with a duration, and with a moment by how far that is from now: a
    /// lease that ends within two hours, an event of the last two hours.
    #[allow(
        clippy::cast_precision_loss,
        reason = "seconds and counts are far below 2^52"
    )]
    pub fn holds(&self, comparison: Comparison, key: &SortKey<'_>, now: i64) -> bool {
        /// Moments are larger (it is the year 2001), durations smaller (31 years).
        const FIRST_MOMENT: i64 = 1_000_000_000;
        match key {
            SortKey::Nothing => false,
            SortKey::Text(text) => {
                let ordering = (*super::fold(text)).cmp(self.text.as_str());
                comparison.holds(ordering)
            }
            SortKey::Fraction(key) => self
                .number
                .is_some_and(|number| comparison.holds(key.total_cmp(&number))),
            SortKey::Number(key) => {
                let than = if let Some(address) = self.address {
                    key.cmp(&i64::from(address))
                } else if let Some(duration) = self.duration {
                    match *key < FIRST_MOMENT {
                        true => key.cmp(&duration),
                        false => key.saturating_sub(now).saturating_abs().cmp(&duration),
                    }
                } else if let Some(moment) = self.moment {
                    key.cmp(&moment)
                } else if let Some(number) = self.number {
                    (*key as f64).total_cmp(&number)
                } else {
                    return false;
                };
                comparison.holds(than)
            }
        }
    }
}

impl Comparison {
    fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Below => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
            Comparison::Above => ordering.is_gt(),
            Comparison::AtLeast => ordering.is_ge(),
        }
    }
}

/// The addresses that a text means: `10.1.0.0/16`, `10.1/16`, `10.0.0.5-10.0.0.20`,
/// `10.0.0.5-20`, `10.1.*`, and for a column of addresses `10.1.` too.
fn addresses(text: &str, prefix: bool) -> Option<(u32, u32)> {
    if !text.starts_with(|one: char| one.is_ascii_digit()) {
        return None;
    }
    if let Some((net, length)) = text.split_once('/') {
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        let (bits, _) = octets(net)?;
        return Some((bits & mask, bits & mask | !mask));
    }
    for between in ["-", ".."] {
        if let Some((first, last)) = text.split_once(between) {
            let first: Ipv4Addr = first.parse().ok()?;
            let last = match last.parse::<u8>() {
                Ok(octet) => first.to_bits() & !0xff | u32::from(octet),
                Err(_) => last.parse().map(Ipv4Addr::to_bits).ok()?,
            };
            return (first.to_bits() <= last).then_some((first.to_bits(), last));
        }
    }
    let open = text
        .strip_suffix(".*")
        .or_else(|| text.strip_suffix('.').filter(|_| prefix))?;
    let (bits, count) = octets(open)?;
    let rest = u32::MAX.checked_shr(8 * count).unwrap_or(0);
    Some((bits, bits | rest))
}

/// One to four octets, the missing ones 0, and how many there were.
fn octets(text: &str) -> Option<(u32, u32)> {
    let mut bits = 0_u32;
    let mut count = 0;
    for octet in text.split('.') {
        let octet: u8 = octet.parse().ok()?;
        count += 1;
        if count > 4 {
            return None;
        }
        bits |= u32::from(octet) << (32 - 8 * count);
    }
    Some((bits, count))
}

/// The parts by which a word is found: itself, and, where it can be one, the client identifier
/// that it spells as those are printed.
fn spellings(text: &str) -> Vec<String> {
    // An address or a prefix that is being typed on.
    let bare = text.trim_end_matches(['/', '-']);
    let text = match bare.parse::<Ipv4Addr>() {
        Ok(_) => bare,
        Err(_) => text,
    };
    let mut parts = vec![text.to_owned()];
    if let Some((digits, whole_bytes)) = hyphenated(text, 4) {
        parts.push(pairs(&digits, 0));
        if !whole_bytes {
            parts.push(pairs(&digits, 1));
        }
    }
    parts.dedup();
    parts
}

/// Whether a text is a client identifier, or its beginning, with separators.
pub fn is_spelt_mac(text: &str) -> bool {
    text.contains([':', '-']) && hyphenated(text, 2).is_some_and(|(_, whole_bytes)| whole_bytes)
}

/// The hex digits of a text that spells a client identifier, or a part of one, and whether it is
/// known where bytes begin. Without separators it takes `least` digits.
fn hyphenated(text: &str, least: usize) -> Option<(String, bool)> {
    let digits = search_digits(text)?;
    let separator = text.chars().find(|one| !one.is_ascii_hexdigit());
    let Some(separator) = separator else {
        return (digits.len() >= least).then_some((digits, false));
    };
    let mut groups: Vec<&str> = text.trim().split(separator).collect();
    let last = groups.pop()?;
    if groups.iter().any(|group| group.is_empty()) {
        return None;
    }
    match separator {
        // 0015.5da7.6602; groups of other sizes are an address's octets.
        '.' => {
            let whole = groups.iter().all(|group| group.len() == 4) && last.len() <= 4;
            whole.then_some((digits, true))
        }
        _ => {
            if groups.iter().any(|group| group.len() > 2) || last.len() > 2 {
                return None;
            }
            // 0:15:5d has a byte of one digit; the last group may not be finished.
            let padded: String = groups.iter().map(|group| format!("{group:0>2}")).collect();
            let short = groups.len() == 5 && groups.iter().any(|group| group.len() == 1);
            let last = match short && last.len() == 1 {
                true => format!("0{last}"),
                false => last.to_owned(),
            };
            Some((padded + &last, true))
        }
    }
}

/// Digits as identifiers are printed, in pairs, the first one of which has `first` digits (0: two).
fn pairs(digits: &str, first: usize) -> String {
    let mut out = String::with_capacity(digits.len() * 3 / 2 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (place + 2 - first).is_multiple_of(2) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}

fn number(text: &str) -> Option<f64> {
    let plain: String = text
        .trim_end_matches('%')
        .trim()
        .chars()
        .filter(|one| *one != ',')
        .collect();
    let numeric = |one: char| one.is_ascii_digit() || matches!(one, '.' | '-' | '+');
    match plain.chars().all(numeric) {
        true => plain.parse().ok(),
        false => None,
    }
}

/// `2h`, `30m`, `1h30m`, `45 s`, `3days`, in seconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut seconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit())?;
        let (count, after) = rest.split_at(digits);
        let after = after.trim_start();
        let end = after
            .find(|one: char| !one.is_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        let part = count.parse::<i64>().ok()?.checked_mul(unit)?;
        seconds = seconds.checked_add(part)?;
        rest = after.trim_start();
    }
    (!text.trim().is_empty()).then_some(seconds)
}

/// `2026-11-05`, `2026-11-05t10:22`, in UTC.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim().replace('t', " ");
    let whole = text.parse::<DateTime>().ok().or_else(|| {
        let date = text.parse::<Date>().ok()?;
        Some(date.at(0, 0, 0, 0))
    })?;
    let moment = Offset::UTC.to_timestamp(whole).ok()?;
    Some(moment.as_second())
}
