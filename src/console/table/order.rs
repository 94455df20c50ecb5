//! The order of a table's rows: which of them, and one after the other how.

use std::sync::Arc;

use super::filter::Filter;
use super::source::Source;
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
    /// The rows that a filter lets through, sorted; rows that sort alike stay in the source's order.
    #[must_use]
    pub fn of(source: &dyn Source, filter: &Filter, sort: &Sort, world: &World) -> Ordered {
        let mut rows = match filter.is_empty() {
            true => (0..u32::try_from(source.len()).unwrap_or(u32::MAX)).collect(),
            false => source.matching(filter, None, world),
        };
        if let Some(column) = sort.column
            && !source.sorted(&mut rows, column, world)
        {
            let mut keyed: Vec<_> = rows
                .iter()
                .map(|row| (source.sort_key(*row as usize, column, world), *row))
                .collect();
            keyed.sort_by(|one, two| one.0.order(&two.0).then(one.1.cmp(&two.1)));
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        if sort.descending {
            rows.reverse();
        }
        Ordered {
            rows: Arc::new(rows),
        }
    }
}
