//! One word that was typed: where it is found.

use std::net::Ipv4Addr;

use super::Fit;
use crate::model::client_id::search_digits;
use crate::model::{ClientId, ScopeId};

/// So many hex digits without a separator are taken for a part of a client identifier: fewer are
/// in nearly all of them.
const ENOUGH_DIGITS: usize = 4;

/// A word.
#[derive(Clone, PartialEq, Debug)]
pub struct Word {
    /// In small letters.
    text: String,
    /// The part of an address that it may be.
    address: Option<String>,
    /// The whole address that it is.
    whole: Option<Ipv4Addr>,
    /// The hex digits (0 to 15) of the part of a client identifier that it may be.
    digits: Option<Vec<u8>>,
}

impl Word {
    /// Reads a word.
    pub fn parse(text: &str) -> Word {
        // A scope may be typed with its prefix length.
        let address = text.split_once('/').map_or(text, |(address, _)| address);
        let numeric = |c: char| c.is_ascii_digit() || c == '.';
        let address = Some(address).filter(|text| text.chars().all(numeric));
        Word {
            text: text.to_lowercase(),
            address: address.map(str::to_owned),
            whole: address.and_then(|text| text.parse().ok()),
            digits: digits(text),
        }
    }

    /// Whether a text is the word, in any case.
    pub fn is(&self, text: &str) -> bool {
        self.text.eq_ignore_ascii_case(text)
    }

    /// Where it is in a text, in any case.
    pub fn in_text(&self, text: &str) -> Option<Fit> {
        let (part, whole) = (self.text.as_bytes(), text.as_bytes());
        let place = match self.text.is_ascii() {
            true => position(whole, part),
            false => text.to_lowercase().find(&self.text),
        };
        Some(match place? {
            0 if part.len() == whole.len() => Fit::Exact,
            0 => Fit::Begins,
            _ => Fit::Has,
        })
    }

    /// Where it is in an address as it is written.
    pub fn in_address(&self, address: Ipv4Addr) -> Option<Fit> {
        let part = self.address.as_ref()?.as_bytes();
        if let Some(whole) = self.whole {
            return (whole == address).then_some(Fit::Exact);
        }
        let mut room = [0; 15];
        let text = written(address, &mut room);
        let mut windows = text.windows(part.len().max(1));
        match windows.position(|window| window == part)? {
            0 if part.len() == text.len() => Some(Fit::Exact),
            0 => Some(Fit::Begins),
            _ => Some(Fit::Has),
        }
    }

    /// Whether it is an address of that subnet.
    pub fn lies_in(&self, scope: ScopeId) -> bool {
        self.whole.is_some_and(|address| scope.contains(address))
    }

    /// Where it is in a client identifier, however it was spelled.
    pub fn in_client(&self, client: &ClientId) -> Option<Fit> {
        let part = self.digits.as_ref()?;
        let bytes = client.bytes();
        let digit = |place: usize| {
            let byte = bytes.get(place / 2).copied().unwrap_or(0);
            match place % 2 {
                0 => byte >> 4,
                _ => byte & 15,
            }
        };
        let all = bytes.len() * 2;
        let last = all.checked_sub(part.len())?;
        let here = |from: &usize| (0..part.len()).all(|at| digit(from + at) == part[at]);
        match (0..=last).find(here)? {
            0 if last == 0 => Some(Fit::Exact),
            0 => Some(Fit::Begins),
            _ => Some(Fit::Has),
        }
    }
}

/// Where a part in small letters begins in a text, in any case.
fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    let (first, rest) = part.split_first()?;
    let last = text.len().checked_sub(part.len())?;
    let (small, capital) = (*first, first.to_ascii_uppercase());
    let begins = text.get(..=last)?.iter().enumerate();
    let mut begins = begins.filter(|(_, byte)| **byte == small || **byte == capital);
    let goes_on = |at: usize| {
        let after = text.get(at + 1..at + part.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(rest))
    };
    begins.find(|(at, _)| goes_on(*at)).map(|(at, _)| at)
}

/// The hex digits of a part of a client identifier; `None` for what is meant as something else.
fn digits(text: &str) -> Option<Vec<u8>> {
    let separated = text.contains(['-', ':']);
    let mut groups = text.split('.').rev().skip(1);
    let dotted = text.contains('.');
    // Between dots stand four digits each: what has fewer is an address.
    if dotted && !groups.all(|group| group.len() == 4) {
        return None;
    }
    let digits = search_digits(text)?;
    if digits.len() < ENOUGH_DIGITS && !separated {
        return None;
    }
    let value = |digit: char| u8::try_from(digit.to_digit(16)?).ok();
    digits.chars().map(value).collect()
}

/// An address as it is written, without an allocation.
pub(super) fn written(address: Ipv4Addr, room: &mut [u8; 15]) -> &[u8] {
    let mut used = 0;
    let mut push = |byte: u8| {
        if let Some(place) = room.get_mut(used) {
            *place = byte;
            used += 1;
        }
    };
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    room.get(..used).unwrap_or_default()
}
