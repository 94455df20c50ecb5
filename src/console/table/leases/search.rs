//! Which leases a filter lets through: a million of them while a key is pressed.

use std::net::Ipv4Addr;
use std::ops::Range;

use memchr::memmem::Finder;

use super::bits::Bits;
use super::chunk::Chunk;
use super::minutes::{self, Ends};
use super::rows::{At, LeaseRows, Part, column, expires_key, state_name, type_name};
use crate::console::table::filter::{Bound, BoundTerm, Filter, Row, Test, fold};
use crate::console::table::order::Set;
use crate::console::table::parallel;
use crate::console::table::source::SortKey;

/// So many rows are looked at one by one; more of them as a whole.
const FEW: usize = 2048;
/// So many rows are worth a thread.
const SHARE: usize = 50_000;

/// The rows that a filter lets through, in the order of `among`, or of the table.
pub fn matching(rows: &LeaseRows, filter: &Filter, among: Option<&[u32]>, now: i64) -> Vec<u32> {
    let bound = filter.bind(&super::COLUMNS, now);
    if let Some(among) = among {
        if among.len() < FEW {
            let lets = |row: &u32| rows.at(*row as usize).is_some_and(|row| bound.lets(&row));
            return among.iter().copied().filter(lets).collect();
        }
        let all = Set::of(
            &everywhere(rows, &bound),
            crate::console::table::source::Source::len(rows),
        );
        return among.iter().copied().filter(|row| all.has(*row)).collect();
    }
    everywhere(rows, &bound)
}

fn everywhere(rows: &LeaseRows, bound: &Bound) -> Vec<u32> {
    let terms: Vec<Look<'_>> = bound
        .terms
        .iter()
        .map(|term| Look::of(term, rows))
        .collect();
    let parts = rows.parts.len();
    let total = rows.parts.last().map_or(0, Part::end);
    let least = parts * SHARE / total.max(1) + 1;
    let found = parallel::split(parts, least, |range| {
        let mut found: Vec<u32> = Vec::new();
        for part in rows.parts.get(range).unwrap_or_default() {
            let search = Search { rows, part, bound };
            let count = part.to - part.from;
            let mut bits = Bits::all(count);
            for term in &terms {
                if bits.is_empty() {
                    break;
                }
                bits.keep(&search.with(term), term.term.not);
            }
            let start = u32::try_from(part.start).unwrap_or(u32::MAX);
            let number =
                |place: usize| start.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
            match bits.is_full() {
                true => found.extend((0..count).map(number)),
                false => found.extend(bits.iter().map(number)),
            }
        }
        found
    });
    match <[Vec<u32>; 1]>::try_from(found) {
        Ok([one]) => one,
        Err(many) => many.concat(),
    }
}

/// The rows of a chunk that a client has, by its identifier as it is printed.
pub fn rows_with_client(chunk: &Chunk, text: &str) -> Vec<usize> {
    let mut bits = Bits::new(chunk.len());
    let part = Finder::new(text);
    chunk.clients.find(&part, 0..chunk.len(), &mut bits);
    chunk.odd.find(&part, 0..chunk.len(), &mut bits);
    bits.iter()
        .filter(|row| chunk.client(*row) == text)
        .collect()
}

/// A term, prepared.
struct Look<'a> {
    term: &'a BoundTerm,
    parts: Vec<Finder<'a>>,
    /// The ends of leases that show the word, if it can be one of a time.
    ends: Option<Ends>,
}

impl<'a> Look<'a> {
    fn of(term: &'a BoundTerm, rows: &LeaseRows) -> Look<'a> {
        let parts: Vec<Finder<'a>> = match &term.test {
            Test::Has(parts) | Test::Within(_, _, parts) => parts
                .iter()
                .map(|part| Finder::new(part.as_str()))
                .collect(),
            Test::Everything | Test::Is(_) | Test::Compare(..) => Vec::new(),
        };
        let of_time = |part: &Finder<'_>| {
            minutes::may_be_in(part.needle()) || contains(b"unlimited", part.needle())
        };
        let times = term.looks_into(column::EXPIRES) && parts.iter().any(of_time);
        Look {
            ends: times.then(|| rows.minutes().with(&parts)),
            term,
            parts,
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Whether a part can be in an address.
fn is_of_address(part: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    part.len() <= 15 && part.iter().all(fits)
}

/// Whether a part can be in a hardware address as it is printed: hex digits in pairs, the first
/// and the last of which may be cut off.
fn is_of_mac(part: &[u8]) -> bool {
    let groups = || part.split(|byte| *byte == b'-');
    let last = groups().count() - 1;
    part.len() <= 17
        && groups().enumerate().all(|(place, group)| {
            let whole = place > 0 && place < last;
            group.iter().all(u8::is_ascii_hexdigit)
                && group.len() <= 2
                && (!whole || group.len() == 2)
        })
}

/// A text by itself, with its key.
struct One<'a>(&'a str, SortKey<'a>);

impl Row for One<'_> {
    fn text(&self, _: usize) -> std::borrow::Cow<'_, str> {
        std::borrow::Cow::Borrowed(self.0)
    }

    fn key(&self, _: usize) -> SortKey<'_> {
        self.1.clone()
    }
}

/// The search in one part.
struct Search<'a> {
    rows: &'a LeaseRows,
    part: &'a Part,
    bound: &'a Bound,
}

impl Search<'_> {
    fn range(&self) -> Range<usize> {
        self.part.from..self.part.to
    }

    /// The rows for which a term's test holds in one of its columns.
    fn with(&self, look: &Look<'_>) -> Bits {
        // What is alike for many rows comes first: it may decide for all of them.
        const ORDER: [usize; 11] = [
            column::SERVER,
            column::SCOPE,
            column::STATE,
            column::TYPE,
            column::ADDRESS,
            column::NAME,
            column::EXPIRES,
            column::CLIENT,
            column::DESCRIPTION,
            column::POLICY,
            column::GIVER,
        ];
        let mut bits = Bits::new(self.part.to - self.part.from);
        for column in ORDER {
            if look.term.looks_into(column) {
                self.look_into(column, look, &mut bits);
                if bits.is_full() {
                    break;
                }
            }
        }
        bits
    }

    fn look_into(&self, column: usize, look: &Look<'_>, bits: &mut Bits) {
        let chunk = &self.part.chunk;
        let test = &look.term.test;
        let parts = look.parts.iter();
        match (column, test) {
            (column::SERVER, _) => {
                let name = self.part.shelf.server.as_str();
                if self.holds(test, name) {
                    bits.set_range(0..self.part.to - self.part.from);
                }
            }
            (column::STATE, _) => self.packed(bits, test, |code| state_name(code % 8)),
            (column::TYPE, _) => self.packed(bits, test, |code| type_name(code / 8)),
            (column::POLICY, _) => {
                let values = &chunk.policies.values;
                let name = |code: usize| values.get(code).map_or("", |name| &**name);
                self.coded(
                    bits,
                    test,
                    values.len(),
                    name,
                    chunk.policies.codes(self.range()),
                );
            }
            (column::GIVER, _) => {
                let values = &chunk.givers.values;
                let name = |code: usize| values.get(code).map_or("", |name| name.as_str());
                self.coded(
                    bits,
                    test,
                    values.len(),
                    name,
                    chunk.givers.codes(self.range()),
                );
            }
            (column::SCOPE, _) => self.scopes(look, bits),
            (column::ADDRESS, Test::Has(_)) => {
                for part in parts.filter(|part| is_of_address(part.needle())) {
                    chunk.address_texts.find(part, self.range(), bits);
                }
            }
            (column::ADDRESS, Test::Within(first, last, _)) => {
                self.set_addresses(*first, *last, bits);
            }
            (column::ADDRESS, Test::Compare(comparison, operand)) => {
                let now = self.bound.now();
                let addresses = chunk.addresses.get(self.range()).unwrap_or_default();
                bits.set_where(addresses, |bits| {
                    operand.holds(*comparison, &SortKey::Number((*bits).into()), now)
                });
            }
            (column::ADDRESS, Test::Is(exact)) if exact.text.parse::<Ipv4Addr>().is_ok() => {
                let address = exact.text.parse().map_or(0, Ipv4Addr::to_bits);
                self.set_addresses(address, address, bits);
            }
            (column::CLIENT, Test::Has(_) | Test::Within(..)) => {
                for part in parts {
                    if is_of_mac(part.needle()) {
                        chunk.clients.find(part, self.range(), bits);
                    }
                    chunk.odd.find(part, self.range(), bits);
                }
            }
            (column::NAME, Test::Has(_)) => {
                for part in parts {
                    chunk.hosts.find(part, self.range(), bits);
                }
            }
            (column::NAME, Test::Within(..)) => {
                let mut found = Bits::new(self.part.to - self.part.from);
                for part in parts {
                    chunk.hosts.find(part, self.range(), &mut found);
                }
                // A name can be an address too: what begins with a digit is looked at closely.
                let digit = |row: &usize| {
                    chunk
                        .hosts
                        .first(*row)
                        .is_some_and(|one| one.is_ascii_digit())
                };
                for row in self.range().filter(digit) {
                    let place = row - self.part.from;
                    if self.holds(test, chunk.hosts.folded(row)) {
                        bits.set(place);
                    } else {
                        found.unset(place);
                    }
                }
                bits.add(&found);
            }
            (column::DESCRIPTION, Test::Has(_)) => {
                for part in parts {
                    chunk.descriptions.find(part, self.range(), bits);
                }
            }
            (column::DESCRIPTION, _) if !self.holds(test, "") => {
                for row in chunk.descriptions.rows(self.range()) {
                    if self.holds(test, chunk.descriptions.folded(row)) {
                        bits.set(row - self.part.from);
                    }
                }
            }
            (column::EXPIRES, Test::Has(_) | Test::Within(..)) => self.ends(look, bits),
            (column::EXPIRES, Test::Compare(comparison, operand)) => {
                let now = self.bound.now();
                let ends = chunk.expires.get(self.range()).unwrap_or_default();
                bits.set_where(ends, |ends| {
                    operand.holds(*comparison, &expires_key(*ends), now)
                });
            }
            _ => self.one_by_one(column, test, bits),
        }
    }

    fn set_addresses(&self, first: u32, last: u32, bits: &mut Bits) {
        let rows = self.part.chunk.rows_within(first, last);
        let begin = rows.start.clamp(self.part.from, self.part.to);
        let end = rows.end.clamp(self.part.from, self.part.to);
        bits.set_range(begin - self.part.from..end - self.part.from);
    }

    fn one_by_one(&self, column: usize, test: &Test, bits: &mut Bits) {
        for row in self.range() {
            let at = At {
                rows: self.rows,
                part: self.part,
                row,
            };
            if test.holds(&at, column, self.bound.now()) {
                bits.set(row - self.part.from);
            }
        }
    }

    /// Whether a test holds for a text that is its own key.
    fn holds(&self, test: &Test, text: &str) -> bool {
        let key = match text.is_empty() {
            true => SortKey::Nothing,
            false => SortKey::Text(text.into()),
        };
        test.holds(&One(&fold(text), key), 0, self.bound.now())
    }

    /// State and type, which share a byte: each that there can be is looked at once.
    fn packed(&self, bits: &mut Bits, test: &Test, name: impl Fn(usize) -> &'static str) {
        let held: [bool; 32] = std::array::from_fn(|code| {
            let name = name(code);
            !name.is_empty() && self.holds(test, name)
        });
        if held.contains(&true) {
            let codes = self.part.chunk.states.get(self.range()).unwrap_or_default();
            bits.set_where(codes, |code| held[usize::from(*code % 32)]);
        }
    }

    /// A column of few values: each is looked at once.
    fn coded<'a>(
        &self,
        bits: &mut Bits,
        test: &Test,
        count: usize,
        name: impl Fn(usize) -> &'a str,
        codes: &[u16],
    ) {
        let values = (0..count).map(|code| self.holds(test, name(code)));
        let held: Vec<bool> = [self.holds(test, "")].into_iter().chain(values).collect();
        if codes.is_empty() {
            if held.first() == Some(&true) {
                bits.set_range(0..self.part.to - self.part.from);
            }
        } else if held.contains(&true) {
            let holds = |code: &u16| held.get(usize::from(*code)).copied().unwrap_or(false);
            bits.set_where(codes, holds);
        }
    }

    fn scopes(&self, look: &Look<'_>, bits: &mut Bits) {
        let chunk = &self.part.chunk;
        let last = chunk.scope_place(self.part.to.saturating_sub(1));
        let places = chunk.scope_place(self.part.from)..last + 1;
        let mut found = Bits::new(places.len());
        match &look.term.test {
            Test::Has(_) => {
                for part in look
                    .parts
                    .iter()
                    .filter(|part| is_of_address(part.needle()))
                {
                    chunk.scope_texts.find(part, places.clone(), &mut found);
                }
            }
            test => {
                for place in places.clone() {
                    let key = chunk
                        .scopes
                        .get(place)
                        .map_or(SortKey::Nothing, |(_, scope)| {
                            SortKey::Number(scope.address().to_bits().into())
                        });
                    let text = chunk.scope_texts.get(place);
                    if test.holds(&One(text, key), 0, self.bound.now()) {
                        found.set(place - places.start);
                    }
                }
            }
        }
        for place in found.iter() {
            let rows = chunk.scope_rows(places.start + place);
            let begin = rows.start.max(self.part.from);
            let end = rows.end.min(self.part.to);
            bits.set_range(begin - self.part.from..end.saturating_sub(self.part.from));
        }
    }

    fn ends(&self, look: &Look<'_>, bits: &mut Bits) {
        let Some(found) = &look.ends else {
            return;
        };
        let ends = self
            .part
            .chunk
            .expires
            .get(self.range())
            .unwrap_or_default();
        bits.set_where(ends, |ends| {
            found.has(*ends).unwrap_or_else(|| {
                let text = minutes::text(*ends, &self.rows.zone);
                let mut parts = look.parts.iter();
                parts.any(|part| part.find(text.as_bytes()).is_some())
            })
        });
    }
}
