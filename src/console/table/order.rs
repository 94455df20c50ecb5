//! The order of a table's rows: which of them, and one after the other how.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::filter::{Filter, fold};
use super::parallel;
use super::source::{SortKey, Source};
use super::text_order::{Keyed, refined};
use crate::console::world::World;

/// By which column rows are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sort {
    /// A place in [`Source::columns`]; `None`: as the source has them.
    pub column: Option<usize>,
    /// From large to small.
    pub descending: bool,
}

/// Rows in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ordered {
    /// Row numbers of the source, in the order shown.
    pub rows: Arc<Vec<u32>>,
}

impl Ordered {
    /// The rows that a filter lets through, sorted; rows that sort alike stay in the source's
    /// order, and those that have nothing to sort by come last, upwards and downwards.
    #[must_use]
    pub fn of(source: &dyn Source, filter: &Filter, sort: &Sort, world: &World) -> Ordered {
        let mut rows = match filter.is_empty() {
            true => all(source),
            false => source.matching(filter, None, world),
        };
        if let Some(column) = sort.column
            && !source.sorted(&mut rows, column, sort.descending, world)
        {
            rows = by_keys(source, &rows, column, sort.descending, world);
        }
        Ordered {
            rows: Arc::new(rows),
        }
    }

    /// The rows that a filter lets through, in the order of `before`, which has all of them (and
    /// perhaps others) sorted already.
    #[must_use]
    pub fn within(
        source: &dyn Source,
        filter: &Filter,
        before: &Arc<Vec<u32>>,
        world: &World,
    ) -> Ordered {
        if filter.is_empty() {
            return Ordered {
                rows: Arc::clone(before),
            };
        }
        let few = before.len() < source.len() / 16;
        let rows = if before.is_sorted() {
            source.matching(filter, few.then_some(before.as_slice()), world)
        } else {
            let matching = if few {
                let mut among = before.to_vec();
                among.sort_unstable();
                source.matching(filter, Some(&among), world)
            } else {
                source.matching(filter, None, world)
            };
            let lets = Set::of(&matching, source.len());
            let rows = before.iter().copied();
            rows.filter(|row| lets.has(*row)).collect()
        };
        Ordered {
            rows: Arc::new(rows),
        }
    }
}

/// Every row of a source, in its order.
#[must_use]
pub fn all(source: &dyn Source) -> Vec<u32> {
    (0..u32::try_from(source.len()).unwrap_or(u32::MAX)).collect()
}

/// A set of rows: a bit for each.
pub(super) struct Set(Vec<u64>);

impl Set {
    /// The rows of `rows` that are below `length`.
    pub(super) fn of(rows: &[u32], length: usize) -> Set {
        let mut set = Set(vec![0; length.div_ceil(64)]);
        for row in rows {
            if let Some(word) = set.0.get_mut(*row as usize / 64) {
                *word |= 1 << (row % 64);
            }
        }
        set
    }

    /// Whether a row is among them.
    pub(super) fn has(&self, row: u32) -> bool {
        let word = self.0.get(row as usize / 64);
        word.is_some_and(|word| word & 1 << (row % 64) != 0)
    }
}

/// Rows (in index order) sorted by their keys, each of which is asked for once.
fn by_keys(
    source: &dyn Source,
    rows: &[u32],
    column: usize,
    descending: bool,
    world: &World,
) -> Vec<u32> {
    let mut nothing = Vec::new();
    let mut numbers: Vec<(i64, u32)> = Vec::new();
    let mut fractions: Vec<(i64, u32)> = Vec::new();
    let mut texts: Vec<(Cow<'_, str>, u32)> = Vec::new();
    for row in rows {
        match source.sort_key(*row as usize, column, world) {
            SortKey::Nothing => nothing.push(*row),
            SortKey::Number(number) => numbers.push((number, *row)),
            SortKey::Fraction(fraction) => fractions.push((total_bits(fraction), *row)),
            SortKey::Text(text) => texts.push((folded(text), *row)),
        }
    }
    let kinds = [numbers.is_empty(), fractions.is_empty(), texts.is_empty()];
    let mut sorted: Vec<u32> = match kinds {
        [_, true, true] => of_numbers(numbers, descending),
        [true, _, true] => of_numbers(fractions, descending),
        [true, true, _] => {
            let text = |place: u32| texts.get(place as usize).map_or("", |(text, _)| &**text);
            let keyed = (0..).zip(&texts);
            let keyed =
                keyed.map(|(place, (text, _))| Keyed::of(text.as_bytes(), place, descending));
            let sorted = sorted_list(keyed.collect());
            let next = |place, from| Keyed::after(text(place).as_bytes(), from, place, descending);
            let row = |keyed: Keyed| texts.get(keyed.row as usize).map(|(_, row)| *row);
            refined(sorted, &next).into_iter().filter_map(row).collect()
        }
        // A mixed column is odd, but has its order.
        _ => {
            let keyed = rows.iter().map(|row| {
                let key = source.sort_key(*row as usize, column, world);
                (key, *row)
            });
            let mut keyed: Vec<_> = keyed.filter(|(key, _)| *key != SortKey::Nothing).collect();
            keyed.sort_by(|one, two| turned(one.0.order(&two.0), descending));
            keyed.into_iter().map(|(_, row)| row).collect()
        }
    };
    sorted.append(&mut nothing);
    sorted
}

/// An order, or its opposite.
fn turned(order: Ordering, descending: bool) -> Ordering {
    match descending {
        true => order.reverse(),
        false => order,
    }
}

/// A whole number that is ordered as `f64::total_cmp` orders fractions.
fn total_bits(fraction: f64) -> i64 {
    let bits = fraction.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn folded(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => fold(text),
        Cow::Owned(text) => Cow::Owned(fold(&text).into_owned()),
    }
}

fn of_numbers(numbers: Vec<(i64, u32)>, descending: bool) -> Vec<u32> {
    let turn = if descending { -1 } else { 0 };
    let turned = numbers.into_iter().map(|(key, row)| (key ^ turn, row));
    let sorted = sorted_list(turned.collect());
    sorted.into_iter().map(|(_, row)| row).collect()
}

/// A list in order, sorted on two cores where that is worth it.
pub(super) fn sorted_list<T: Ord + Copy + Send + Sync>(mut list: Vec<T>) -> Vec<T> {
    if list.len() < 20_000 {
        list.sort_unstable();
        return list;
    }
    let middle = list.len() / 2;
    let (lower, upper) = list.split_at_mut(middle);
    parallel::both(lower, <[T]>::sort_unstable, upper, <[T]>::sort_unstable);
    let (lower, upper) = list.split_at(middle);
    merged(lower, upper)
}

/// Two lists in order as one: one core merges from the front, another from the back, until they
/// meet.
pub(super) fn merged<T: Ord + Copy + Send + Sync>(lower: &[T], upper: &[T]) -> Vec<T> {
    let Some(any) = lower.first().or(upper.first()) else {
        return Vec::new();
    };
    let mut merged = vec![*any; lower.len() + upper.len()];
    let middle = merged.len() / 2;
    let (front, back) = merged.split_at_mut(middle);
    parallel::both(
        front,
        |front| merge_front(lower, upper, front),
        back,
        |back| merge_back(lower, upper, back),
    );
    merged
}

/// Fills a list with the first ones of two lists in order.
fn merge_front<T: Ord + Copy>(mut one: &[T], mut two: &[T], into: &mut [T]) {
    for slot in into {
        match (one, two) {
            ([first, rest @ ..], [other, ..]) if first <= other => {
                *slot = *first;
                one = rest;
            }
            (_, [first, rest @ ..]) => {
                *slot = *first;
                two = rest;
            }
            ([first, rest @ ..], []) => {
                *slot = *first;
                one = rest;
            }
            ([], []) => {}
        }
    }
}

/// Fills a list with the last ones of two lists in order.
fn merge_back<T: Ord + Copy>(mut one: &[T], mut two: &[T], into: &mut [T]) {
    for slot in into.iter_mut().rev() {
        match (one, two) {
            ([rest @ .., last], [.., other]) if last > other => {
                *slot = *last;
                one = rest;
            }
            (_, [rest @ .., last]) => {
                *slot = *last;
                two = rest;
            }
            ([rest @ .., last], []) => {
                *slot = *last;
                one = rest;
            }
            ([], []) => {}
        }
    }
}
