//! Leases in the order of a column: by numbers where there are numbers, and by the first bytes of
//! texts, which nearly always decide.

use std::collections::BTreeMap;

use super::chunk::{BLANK, STATES, TYPES};
use super::rows::{LeaseRows, Part, column, state_name, type_name};
use crate::console::table::filter::fold;
use crate::console::table::order::merged;
use crate::console::table::parallel;
use crate::console::table::text_order::{Keyed, refined};
use crate::model::ServerName;

/// So many rows are worth a thread.
const SHARE: usize = 20_000;

/// Puts rows (in index order) in the order of a column; those without anything there come last.
pub fn sorted(rows: &LeaseRows, numbers: &mut Vec<u32>, column: usize, descending: bool) {
    match column {
        column::ADDRESS => by_number(rows, numbers, descending, |part| {
            |row| part.chunk.addresses.get(row).copied()
        }),
        column::EXPIRES => by_number(rows, numbers, descending, |part| {
            |row| {
                part.chunk
                    .expires
                    .get(row)
                    .copied()
                    .filter(|ends| *ends != BLANK)
            }
        }),
        column::SCOPE => by_number(rows, numbers, descending, |part| {
            let scopes = &part.chunk.scopes;
            let mut place = 0;
            move |row| {
                // Rows come in order, and so do scopes.
                while scopes
                    .get(place + 1)
                    .is_some_and(|(first, _)| usize::from(*first) <= row)
                {
                    place += 1;
                }
                scopes
                    .get(place)
                    .map(|(_, scope)| scope.address().to_bits())
            }
        }),
        column::SERVER => by_rank(
            rows,
            numbers,
            descending,
            |part| vec![part.shelf.server.as_str()],
            |_, _| Some(0),
        ),
        column::STATE => by_rank(
            rows,
            numbers,
            descending,
            |_| (0..STATES.len()).map(state_name).collect(),
            |part, row| Some(part.chunk.state(row)),
        ),
        column::TYPE => by_rank(
            rows,
            numbers,
            descending,
            |_| (0..TYPES.len()).map(type_name).collect(),
            |part, row| Some(part.chunk.client_type(row)),
        ),
        column::POLICY => by_rank(
            rows,
            numbers,
            descending,
            |part| {
                part.chunk
                    .policies
                    .values
                    .iter()
                    .map(|name| &**name)
                    .collect()
            },
            |part, row| part.chunk.policies.code(row),
        ),
        column::GIVER => by_rank(
            rows,
            numbers,
            descending,
            |part| {
                part.chunk
                    .givers
                    .values
                    .iter()
                    .map(ServerName::as_str)
                    .collect()
            },
            |part, row| part.chunk.givers.code(row),
        ),
        column::CLIENT => by_text(
            rows,
            numbers,
            |part, row| part.chunk.client(row),
            |text, from, row| match without_hyphens(text) {
                Some(digits) => Keyed::after(&digits, from, row, descending),
                None => Keyed::after(text.replace('-', "").as_bytes(), from, row, descending),
            },
        ),
        column::NAME => by_text(
            rows,
            numbers,
            |part, row| part.chunk.hosts.folded(row),
            |text, from, row| Keyed::after(text.as_bytes(), from, row, descending),
        ),
        column::DESCRIPTION => by_text(
            rows,
            numbers,
            |part, row| part.chunk.descriptions.folded(row),
            |text, from, row| Keyed::after(text.as_bytes(), from, row, descending),
        ),
        _ => {}
    }
}

/// Calls `each` with every row (in index order), its part and its row there.
fn visit<'a>(
    rows: &'a LeaseRows,
    numbers: &[u32],
    mut begin: impl FnMut(&'a Part),
    mut each: impl FnMut(u32, &'a Part, usize),
) {
    let first = numbers.first().map_or(0, |first| *first as usize);
    let before = rows.parts.partition_point(|part| part.end() <= first);
    let mut numbers = numbers.iter().copied().peekable();
    for part in rows.parts.iter().skip(before) {
        let end = part.end();
        let mut begun = false;
        while let Some(number) = numbers.next_if(|number| (*number as usize) < end) {
            if !begun {
                begin(part);
                begun = true;
            }
            each(number, part, part.from + (number as usize - part.start));
        }
    }
}

/// By a number of 32 bits; equal ones stay in index order.
fn by_number<'a, K: FnMut(usize) -> Option<u32>>(
    rows: &'a LeaseRows,
    numbers: &mut Vec<u32>,
    descending: bool,
    key_of: impl Fn(&'a Part) -> K,
) {
    let mut keyed: Vec<u64> = Vec::with_capacity(numbers.len());
    let mut without = Vec::new();
    let turn = if descending { u32::MAX } else { 0 };
    let key: std::cell::RefCell<Option<K>> = std::cell::RefCell::new(None);
    visit(
        rows,
        numbers,
        |part| *key.borrow_mut() = Some(key_of(part)),
        |number, _, row| match key.borrow_mut().as_mut().and_then(|key| key(row)) {
            Some(key) => keyed.push(u64::from(key ^ turn) << 32 | u64::from(number)),
            None => without.push(number),
        },
    );
    let keyed = radix(keyed);
    numbers.clear();
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is the row")]
    numbers.extend(keyed.into_iter().map(|keyed| keyed as u32));
    numbers.append(&mut without);
}

/// Sorts by the upper 32 bits, 11 at a time; equal ones stay where they are to each other.
fn radix(mut list: Vec<u64>) -> Vec<u64> {
    const BITS: u32 = 11;
    let mut other = vec![0; list.len()];
    for shift in [32, 32 + BITS, 32 + 2 * BITS] {
        let digit = |value: u64| (value >> shift) as usize & ((1 << BITS) - 1);
        let mut places = [0_usize; 1 << BITS];
        for value in &list {
            places[digit(*value)] += 1;
        }
        if places.contains(&list.len()) {
            continue;
        }
        let mut sum = 0;
        for place in &mut places {
            sum += std::mem::replace(place, sum);
        }
        for value in &list {
            let place = &mut places[digit(*value)];
            if let Some(slot) = other.get_mut(*place) {
                *slot = *value;
            }
            *place += 1;
        }
        std::mem::swap(&mut list, &mut other);
    }
    list
}

/// By one of few values: they are sorted, and rows by the places of theirs.
fn by_rank<'a>(
    rows: &'a LeaseRows,
    numbers: &mut Vec<u32>,
    descending: bool,
    values: impl Fn(&'a Part) -> Vec<&'a str>,
    code: impl Fn(&'a Part, usize) -> Option<usize>,
) {
    let mut ranks: BTreeMap<String, u32> = BTreeMap::new();
    for part in &rows.parts {
        for value in values(part) {
            if !ranks.contains_key(&*fold(value)) {
                ranks.insert(fold(value).into_owned(), 0);
            }
        }
    }
    for (rank, place) in ranks.values_mut().zip(0..) {
        *rank = place;
    }
    by_number(rows, numbers, descending, |part| {
        let of_part: Vec<u32> = values(part)
            .into_iter()
            .map(|value| ranks.get(&*fold(value)).copied().unwrap_or(0))
            .collect();
        let code = &code;
        move |row| of_part.get(code(part, row)?).copied()
    });
}

/// The digits of a hardware address. Hyphens say nothing of the order; without them a key has all.
fn without_hyphens(text: &str) -> Option<[u8; 12]> {
    let mut digits = [0; 12];
    let bytes: &[u8; 17] = text.as_bytes().try_into().ok()?;
    for (pair, group) in digits.chunks_exact_mut(2).zip(bytes.chunks(3)) {
        pair.copy_from_slice(group.get(..2)?);
    }
    Some(digits)
}

/// By text: its first bytes as numbers, and more of it only where those are alike.
fn by_text<'a>(
    rows: &'a LeaseRows,
    numbers: &mut Vec<u32>,
    text: impl Fn(&'a Part, usize) -> &'a str + Sync,
    key: impl Fn(&str, usize, u32) -> Keyed + Sync,
) {
    let halves = parallel::split(numbers.len(), (numbers.len() / 2).max(SHARE), |range| {
        let numbers = numbers.get(range).unwrap_or_default();
        let mut keyed: Vec<Keyed> = Vec::with_capacity(numbers.len());
        let mut without = Vec::new();
        visit(
            rows,
            numbers,
            |_| {},
            |number, part, row| match text(part, row) {
                "" => without.push(number),
                text => keyed.push(key(text, 0, number)),
            },
        );
        keyed.sort_unstable();
        (keyed, without)
    });
    let (mut keyed, mut without) = (Vec::new(), Vec::new());
    for (half, mut half_without) in halves {
        keyed = match keyed.is_empty() {
            true => half,
            false => merged(&keyed, &half),
        };
        without.append(&mut half_without);
    }
    let next = |number: u32, from: usize| {
        let at = rows.at(number as usize);
        let text = at.map_or("", |at| text(at.part, at.row));
        key(text, from, number)
    };
    numbers.clear();
    numbers.extend(refined(keyed, &next).into_iter().map(|keyed| keyed.row));
    numbers.append(&mut without);
}
