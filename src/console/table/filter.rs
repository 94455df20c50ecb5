//! What is typed into the filter bar, and which rows it lets through.
//!
//! Words (all of them, in any order, in any column), `"quoted phrases"`, `column:part`,
//! `column=whole`, `column!=whole`, `used>80`, `lease<2h`, `10.1.0.0/16`, `10.1.0.5-10.1.0.20`,
//! `10.1.*`, and `-` or `!` before any of them for its inverse. Client IDs are found in every
//! spelling. What is not finished yet (`used>`) lets everything through.

mod haystack;
mod term;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use super::source::{ColumnSpec, SortKey, Source};
use crate::console::world::World;

pub use haystack::Haystack;
use term::Term;
pub use value::{Comparison, Exact, Operand, Test};

/// A filter as it was typed. Cheap to clone.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Arc<[Term]>,
}

impl Filter {
    /// Reads what was typed; every text is a filter.
    #[must_use]
    pub fn parse(text: &str) -> Filter {
        Filter {
            text: text.to_owned(),
            terms: term::terms(text).into(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Why the filter does not do what it seems to say, as a sentence: a column that there is
    /// not, or something that is no number where a number is asked for.
    #[must_use]
    pub fn trouble(&self, columns: &[ColumnSpec]) -> Option<String> {
        self.terms.iter().find_map(|term| term.trouble(columns))
    }

    /// The filter for a source with those columns, at a moment (seconds since 1970).
    #[must_use]
    pub fn bind(&self, columns: &[ColumnSpec], now: i64) -> Bound {
        Bound {
            terms: self
                .terms
                .iter()
                .filter_map(|term| term.bind(columns))
                .collect(),
            columns: columns.len(),
            now,
        }
    }

    /// Whether every row that this filter lets through was let through by `before` too, whatever
    /// the rows and the columns: the next letter of a word narrows.
    #[must_use]
    pub fn narrows(&self, before: &Filter) -> bool {
        let implied = |old: &Term| self.terms.iter().any(|new| new.implies(old));
        before.terms.iter().all(implied)
    }
}

/// A row as a filter looks at it: folded texts (see [`fold`]) and keys.
pub trait Row {
    /// A cell's text, folded.
    fn text(&self, column: usize) -> Cow<'_, str>;
    /// What the cell sorts by.
    fn key(&self, column: usize) -> SortKey<'_>;
}

/// A filter that knows its columns.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Its terms: a row must pass each.
    pub terms: Vec<BoundTerm>,
    columns: usize,
    now: i64,
}

/// A term that knows its columns.
#[derive(Clone, PartialEq, Debug)]
pub struct BoundTerm {
    /// Whether it wants the rows that the test does not find.
    pub not: bool,
    /// The columns that it looks into; `None`: all of them.
    pub columns: Option<Vec<usize>>,
    /// What it looks for in a cell.
    pub test: Test,
}

impl BoundTerm {
    /// Whether it looks into a column.
    #[must_use]
    pub fn looks_into(&self, column: usize) -> bool {
        let listed = |columns: &Vec<usize>| columns.contains(&column);
        self.columns.as_ref().is_none_or(listed)
    }
}

impl Bound {
    /// Whether a row passes every term.
    pub fn lets(&self, row: &impl Row) -> bool {
        self.terms.iter().all(|term| self.passes(term, row))
    }

    /// Whether a row passes one of the terms.
    pub fn passes(&self, term: &BoundTerm, row: &impl Row) -> bool {
        let holds = |column| term.test.holds(row, column, self.now);
        let found = match &term.columns {
            Some(columns) => columns.iter().any(|column| holds(*column)),
            None => (0..self.columns).any(holds),
        };
        found != term.not
    }

    /// The moment that durations are measured from, seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }
}

/// The rows of a source that a filter lets through, cell by cell; in the order of `among`, or of
/// the source.
pub fn scan<S: Source + ?Sized>(
    source: &S,
    filter: &Filter,
    among: Option<&[u32]>,
    world: &World,
) -> Vec<u32> {
    struct Asked<'a, S: ?Sized>(&'a S, usize, &'a World);
    impl<S: Source + ?Sized> Row for Asked<'_, S> {
        fn text(&self, column: usize) -> Cow<'_, str> {
            match self.0.cell(self.1, column, self.2).text {
                Cow::Borrowed(text) => fold(text),
                Cow::Owned(text) => Cow::Owned(fold(&text).into_owned()),
            }
        }
        fn key(&self, column: usize) -> SortKey<'_> {
            self.0.sort_key(self.1, column, self.2)
        }
    }
    let bound = filter.bind(source.columns(), world.now.as_second());
    let lets = |row: &u32| bound.lets(&Asked(source, *row as usize, world));
    match among {
        Some(rows) => rows.iter().copied().filter(lets).collect(),
        None => (0..u32::try_from(source.len()).unwrap_or(u32::MAX))
            .filter(lets)
            .collect(),
    }
}

/// Text as it is compared: lower case, no control characters, and never longer or shorter than
/// before (a letter whose small form takes another number of bytes stays as it is).
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    let changes = |byte: u8| byte.is_ascii_uppercase() || !(b' '..0x7f).contains(&byte);
    if !text.bytes().any(changes) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        let one = |byte: u8| match byte {
            control if control.is_ascii_control() => ' ',
            byte => byte.to_ascii_lowercase() as char,
        };
        return Cow::Owned(text.bytes().map(one).collect());
    }
    let one = |character: char| {
        if character.is_ascii_control() {
            return ' ';
        }
        let mut small = character.to_lowercase();
        match (small.next(), small.next()) {
            (Some(one), None) if one.len_utf8() == character.len_utf8() => one,
            _ => character,
        }
    };
    Cow::Owned(text.chars().map(one).collect())
}
