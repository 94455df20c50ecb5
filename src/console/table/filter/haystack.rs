//! The texts of a table's cells in one piece, made once, so that a typed word is found quickly.

use std::borrow::Cow;

use memchr::memmem::Finder;

use super::{Bound, BoundTerm, Filter, Row, Test, fold};
use crate::console::table::parallel;
use crate::console::table::source::{SortKey, Source};
use crate::console::world::World;

/// Stands after every cell, so that nothing is found across two.
const BETWEEN: char = '\u{1f}';

/// The folded texts of a source's cells.
#[derive(Debug)]
pub struct Haystack {
    text: String,
    /// Where each cell ends (its separator), row by row.
    ends: Vec<u32>,
    columns: usize,
    rows: usize,
}

impl Haystack {
    /// The texts of a source's cells as they are now; `None` when they are too much for it.
    pub fn of<S: Source + ?Sized>(source: &S, world: &World) -> Option<Haystack> {
        let columns = source.columns().len();
        let pieces = parallel::split(source.len(), 4096, |rows| {
            let mut text = String::new();
            let mut ends = Vec::with_capacity(rows.len() * columns);
            for row in rows {
                for column in 0..columns {
                    text.push_str(&fold(&source.cell(row, column, world).text));
                    ends.push(text.len());
                    text.push(BETWEEN);
                }
            }
            (text, ends)
        });
        let total: usize = pieces.iter().map(|(text, _)| text.len()).sum();
        u32::try_from(total).ok()?;
        let mut whole = Haystack {
            text: String::with_capacity(total),
            ends: Vec::with_capacity(source.len() * columns),
            columns,
            rows: source.len(),
        };
        for (text, ends) in pieces {
            let before = whole.text.len();
            let moved = ends
                .iter()
                .map(|end| u32::try_from(before + end).unwrap_or(u32::MAX));
            whole.ends.extend(moved);
            whole.text.push_str(&text);
        }
        Some(whole)
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        let place = row * self.columns + column;
        let begin = self.begin(place);
        let end = self.ends.get(place).map_or(begin, |end| *end as usize);
        self.text.get(begin..end).unwrap_or_default()
    }

    fn begin(&self, place: usize) -> usize {
        match place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
        {
            Some(end) => *end as usize + 1,
            None => 0,
        }
    }

    /// The rows of its source that a filter lets through, in the order of `among`, or of the
    /// source.
    pub fn matching<S: Source + ?Sized>(
        &self,
        source: &S,
        filter: &Filter,
        among: Option<&[u32]>,
        world: &World,
    ) -> Vec<u32> {
        let bound = filter.bind(source.columns(), world.now.as_second());
        let kept = |row: &u32, terms: &[&BoundTerm]| {
            let row = Kept {
                haystack: self,
                source,
                row: *row as usize,
                world,
            };
            terms.iter().all(|term| self.passes(&bound, term, &row))
        };
        let mut terms: Vec<&BoundTerm> = bound.terms.iter().collect();
        if let Some(rows) = among {
            let lets = |row: &u32| kept(row, &terms);
            return rows.iter().copied().filter(lets).collect();
        }
        // The longest word is looked for everywhere at once; what it finds is looked at closely.
        let length = |term: &&BoundTerm| match (&term.test, &term.columns, term.not) {
            (Test::Has(parts), None, false) => parts.first().map_or(0, String::len),
            _ => 0,
        };
        let everywhere = (0..terms.len())
            .max_by_key(|place| length(&terms[*place]))
            .filter(|place| length(&terms[*place]) > 0)
            .map(|place| terms.swap_remove(place));
        let rows = match everywhere.map(|term| &term.test) {
            Some(Test::Has(parts)) => self.rows_with(parts),
            _ => (0..u32::try_from(self.rows).unwrap_or(u32::MAX)).collect(),
        };
        if terms.is_empty() {
            return rows;
        }
        let pieces = parallel::split(rows.len(), 4096, |range| {
            let rows = rows.get(range).unwrap_or_default().iter().copied();
            rows.filter(|row| kept(row, &terms)).collect::<Vec<u32>>()
        });
        pieces.concat()
    }

    /// A word in every column is one search in the row's whole text.
    fn passes(
        &self,
        bound: &Bound,
        term: &BoundTerm,
        row: &Kept<'_, impl Source + ?Sized>,
    ) -> bool {
        match (&term.test, &term.columns) {
            (Test::Has(parts), None) => {
                let begin = self.begin(row.row * self.columns);
                let end = self.begin((row.row + 1) * self.columns);
                let text = self.text.get(begin..end).unwrap_or_default();
                parts.iter().any(|part| text.contains(part.as_str())) != term.not
            }
            _ => bound.passes(term, row),
        }
    }

    /// The rows that have one of the parts somewhere.
    fn rows_with(&self, parts: &[String]) -> Vec<u32> {
        let finders: Vec<Finder<'_>> = parts.iter().map(Finder::new).collect();
        let pieces = parallel::split(self.rows, 8192, |rows| {
            let mut found: Vec<u32> = Vec::new();
            for finder in &finders {
                let from = found.len();
                self.find(finder, rows.clone(), &mut found);
                if from > 0 {
                    found.sort_unstable();
                    found.dedup();
                }
            }
            found
        });
        pieces.concat()
    }

    fn find(&self, finder: &Finder<'_>, rows: std::ops::Range<usize>, found: &mut Vec<u32>) {
        let end = self.begin(rows.end * self.columns);
        let text = self.text.as_bytes().get(..end).unwrap_or_default();
        let mut at = self.begin(rows.start * self.columns);
        let mut row = rows.start;
        while let Some(place) = text.get(at..).and_then(|rest| finder.find(rest)) {
            let place = at + place;
            // The row whose end lies behind the place.
            while row < rows.end && self.begin((row + 1) * self.columns) <= place {
                row += 1;
            }
            if row >= rows.end {
                break;
            }
            found.push(u32::try_from(row).unwrap_or(u32::MAX));
            row += 1;
            at = self.begin(row * self.columns);
        }
    }
}

/// A row whose texts are kept, and whose keys are asked for.
struct Kept<'a, S: ?Sized> {
    haystack: &'a Haystack,
    source: &'a S,
    row: usize,
    world: &'a World,
}

impl<S: Source + ?Sized> Row for Kept<'_, S> {
    fn text(&self, column: usize) -> Cow<'_, str> {
        Cow::Borrowed(self.haystack.cell(self.row, column))
    }

    fn key(&self, column: usize) -> SortKey<'_> {
        self.source.sort_key(self.row, column, self.world)
    }
}
