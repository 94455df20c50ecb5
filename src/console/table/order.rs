//! The order of a table's rows: which of them, and one after the other how.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;
use std::thread;

use super::filter::{Filter, fold};
use super::parallel;
use super::source::{SortKey, Source};
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
    let mut texts: Vec<Text<'_>> = Vec::new();
    for row in rows {
        match source.sort_key(*row as usize, column, world) {
            SortKey::Nothing => nothing.push(*row),
            SortKey::Number(number) => numbers.push((number, *row)),
            SortKey::Fraction(fraction) => fractions.push((total_bits(fraction), *row)),
            SortKey::Text(text) => texts.push(Text::of(text, *row)),
        }
    }
    let kinds = [numbers.is_empty(), fractions.is_empty(), texts.is_empty()];
    let mut sorted: Vec<u32> = match kinds {
        [_, true, true] => of_numbers(numbers, descending),
        [true, _, true] => of_numbers(fractions, descending),
        [true, true, _] => {
            let compare = |one: &Text<'_>, two: &Text<'_>| one.order(two, descending);
            sorted_rows(texts, compare, |text| text.row)
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
pub(super) fn turned(order: Ordering, descending: bool) -> Ordering {
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

fn of_numbers(numbers: Vec<(i64, u32)>, descending: bool) -> Vec<u32> {
    let compare = |one: &(i64, u32), two: &(i64, u32)| {
        turned(one.0.cmp(&two.0), descending).then(one.1.cmp(&two.1))
    };
    sorted_rows(numbers, compare, |(_, row)| *row)
}

/// A text as a sort looks at it: its first bytes as a number, and the rest only where those are
/// alike.
struct Text<'a> {
    first: u64,
    text: Cow<'a, str>,
    row: u32,
}

impl<'a> Text<'a> {
    fn of(text: Cow<'a, str>, row: u32) -> Text<'a> {
        let text = match text {
            Cow::Borrowed(text) => fold(text),
            Cow::Owned(text) => Cow::Owned(fold(&text).into_owned()),
        };
        let mut first = [0; 8];
        for (byte, of_text) in first.iter_mut().zip(text.bytes()) {
            *byte = of_text;
        }
        Text {
            first: u64::from_be_bytes(first),
            text,
            row,
        }
    }

    fn order(&self, other: &Text<'_>, descending: bool) -> Ordering {
        let order = self.first.cmp(&other.first);
        let order = order.then_with(|| self.text.cmp(&other.text));
        turned(order, descending).then(self.row.cmp(&other.row))
    }
}

/// The rows of a list in a total order without equals, sorted on two cores where that is worth it.
pub(super) fn sorted_rows<T: Send + Sync>(
    mut list: Vec<T>,
    compare: impl Fn(&T, &T) -> Ordering + Sync,
    row: impl Fn(&T) -> u32 + Sync,
) -> Vec<u32> {
    if list.len() < 20_000 {
        list.sort_unstable_by(&compare);
        return list.iter().map(row).collect();
    }
    let middle = list.len() / 2;
    let (lower, upper) = list.split_at_mut(middle);
    let both = thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, || lower.sort_unstable_by(&compare));
        upper.sort_unstable_by(&compare);
        begun.is_ok_and(|thread| thread.join().is_ok())
    });
    let (lower, upper) = list.split_at_mut(middle);
    if !both {
        lower.sort_unstable_by(&compare);
    }
    // One merges from the front, the other from the back, until they meet.
    let (lower, upper) = (&*lower, &*upper);
    let total = lower.len() + upper.len();
    let pieces = parallel::split(2, 1, |halves| {
        let mut merged = Vec::with_capacity(total);
        if halves.contains(&0) {
            merge_front(lower, upper, total / 2, &compare, &row, &mut merged);
        }
        if halves.contains(&1) {
            merge_back(lower, upper, total - total / 2, &compare, &row, &mut merged);
        }
        merged
    });
    pieces.concat()
}

/// The first `count` rows of two sorted lists.
fn merge_front<T>(
    mut one: &[T],
    mut two: &[T],
    count: usize,
    compare: &impl Fn(&T, &T) -> Ordering,
    row: &impl Fn(&T) -> u32,
    into: &mut Vec<u32>,
) {
    for _ in 0..count {
        match (one.split_first(), two.split_first()) {
            (Some((first, rest)), Some((other, _))) if compare(first, other).is_lt() => {
                into.push(row(first));
                one = rest;
            }
            (_, Some((first, rest))) => {
                into.push(row(first));
                two = rest;
            }
            (Some((first, rest)), None) => {
                into.push(row(first));
                one = rest;
            }
            (None, None) => {}
        }
    }
}

/// The last `count` rows of two sorted lists.
fn merge_back<T>(
    mut one: &[T],
    mut two: &[T],
    count: usize,
    compare: &impl Fn(&T, &T) -> Ordering,
    row: &impl Fn(&T) -> u32,
    into: &mut Vec<u32>,
) {
    let from = into.len();
    for _ in 0..count {
        match (one.split_last(), two.split_last()) {
            (Some((last, rest)), Some((other, _))) if compare(last, other).is_gt() => {
                into.push(row(last));
                one = rest;
            }
            (_, Some((last, rest))) => {
                into.push(row(last));
                two = rest;
            }
            (Some((last, rest)), None) => {
                into.push(row(last));
                one = rest;
            }
            (None, None) => {}
        }
    }
    if let Some(merged) = into.get_mut(from..) {
        merged.reverse();
    }
}
