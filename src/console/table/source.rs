//! What a table shows: rows that are asked for their cells only when they are on the screen.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::filter::{Filter, Haystack, fold};
use crate::console::subject::Subject;
use crate::console::world::World;

/// How a cell's text stands in its column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// What a cell means beyond its words; the theme gives each a colour, and none says anything that
/// the words do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Old, or of little interest.
    Dim,
    /// All is well.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
    /// Leads somewhere, or is the thing itself.
    Accent,
}

/// One cell as it is drawn. The text is printable: whoever makes a cell sees to that.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cell<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// What it means.
    pub tone: Tone,
    /// A bar before the text, 0 to 1.
    pub bar: Option<f32>,
}

impl<'a> Cell<'a> {
    /// Text.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell {
            text: text.into(),
            ..Cell::default()
        }
    }

    /// Text with a tone.
    pub fn toned(text: impl Into<Cow<'a, str>>, tone: Tone) -> Cell<'a> {
        Cell {
            text: text.into(),
            tone,
            bar: None,
        }
    }
}

/// What a cell sorts and compares by.
#[derive(Clone, PartialEq, Debug)]
pub enum SortKey<'a> {
    /// Nothing: after everything else.
    Nothing,
    /// A number: an address, a count, a time in seconds.
    Number(i64),
    /// A fraction; percentages run from 0 to 100.
    Fraction(f64),
    /// Text, compared without regard to case.
    Text(Cow<'a, str>),
}

impl SortKey<'_> {
    /// The order of two keys of one column.
    #[must_use]
    pub fn order(&self, other: &SortKey<'_>) -> Ordering {
        match (self, other) {
            (SortKey::Nothing, SortKey::Nothing) => Ordering::Equal,
            (SortKey::Nothing, _) => Ordering::Greater,
            (_, SortKey::Nothing) => Ordering::Less,
            (SortKey::Number(one), SortKey::Number(two)) => one.cmp(two),
            (SortKey::Fraction(one), SortKey::Fraction(two)) => one.total_cmp(two),
            (SortKey::Text(one), SortKey::Text(two)) => fold(one).cmp(&fold(two)),
            (SortKey::Number(_) | SortKey::Fraction(_), SortKey::Text(_)) => Ordering::Less,
            (SortKey::Text(_), _) => Ordering::Greater,
            #[allow(clippy::cast_precision_loss, reason = "a mixed column is already odd")]
            (SortKey::Number(one), SortKey::Fraction(two)) => (*one as f64).total_cmp(two),
            #[allow(clippy::cast_precision_loss, reason = "a mixed column is already odd")]
            (SortKey::Fraction(one), SortKey::Number(two)) => one.total_cmp(&(*two as f64)),
        }
    }
}

/// A column, apart from what stands in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ColumnSpec {
    /// IPAM's label.
    pub name: &'static str,
    /// Words by which the filter knows it, beside its label's own (`server`, `used`).
    pub words: &'static [&'static str],
    /// The least and the most cells that it takes.
    pub width: (u16, u16),
    /// How its text stands.
    pub align: Align,
    /// Whether it is shown until the operator says otherwise.
    pub shown: bool,
    /// On a narrow screen the columns with the highest number go first; 0 stays to the last.
    pub drop: u8,
}

/// Rows by index, immutable once made; shared by the screen, and by the jobs that sort and filter.
pub trait Source: Send + Sync {
    /// How many rows.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns, all of them, shown or not.
    fn columns(&self) -> &[ColumnSpec];

    /// A cell. `row` is below [`Source::len`], `column` a place in [`Source::columns`]; beyond
    /// them the cell is empty.
    fn cell<'a>(&'a self, row: usize, column: usize, world: &'a World) -> Cell<'a>;

    /// What a cell sorts by.
    fn sort_key<'a>(&'a self, row: usize, column: usize, world: &'a World) -> SortKey<'a>;

    /// What the row is about.
    fn subject(&self, row: usize) -> Option<Subject>;

    /// Where a subject's row is; `near` is where it was.
    fn find(&self, subject: &Subject, near: usize) -> Option<usize> {
        if self.subject(near).as_ref() == Some(subject) {
            return Some(near);
        }
        (0..self.len()).find(|row| self.subject(*row).as_ref() == Some(subject))
    }

    /// The rows that match, in index order, of all of them or of `among` (in index order).
    fn matching(&self, filter: &Filter, among: Option<&[u32]>, world: &World) -> Vec<u32> {
        super::filter::scan(self, filter, among, world)
    }

    /// A typed order for a column, where the source knows a faster one than sort keys give. `rows`
    /// come in index order and are put as [`SortKey::order`] has them (or the other way round, with
    /// nothing last in either); rows that sort alike stay in index order. Says whether it did so.
    fn sorted(&self, rows: &mut Vec<u32>, column: usize, descending: bool, world: &World) -> bool {
        let _ = (rows, column, descending, world);
        false
    }

    /// Whether the row's data is stale (it is drawn dimmed).
    fn stale(&self, row: usize, world: &World) -> bool {
        let _ = (row, world);
        false
    }
}

/// Rows of one kind with a table of columns: what every view but Leases is made of.
pub struct Rows<R: 'static> {
    /// The rows.
    pub rows: Vec<R>,
    specs: Vec<ColumnSpec>,
    columns: &'static [Column<R>],
    subject: fn(&R) -> Subject,
    stale: fn(&R, &World) -> bool,
    /// The cells' texts, from the first filter on. What changes with time alone may be a little
    /// old in them.
    haystack: OnceLock<Option<Haystack>>,
    /// The rows by what is made of their subjects, from the first time that one is looked for.
    places: OnceLock<Vec<(u64, u32)>>,
}

/// A column of rows of one kind.
pub struct Column<R: 'static> {
    /// Its label and looks.
    pub spec: ColumnSpec,
    /// What stands in it.
    pub cell: for<'a> fn(&'a R, &'a World) -> Cell<'a>,
    /// What it sorts by.
    pub key: for<'a> fn(&'a R, &'a World) -> SortKey<'a>,
}

impl<R> Rows<R> {
    /// Rows under columns.
    pub fn new(
        rows: Vec<R>,
        columns: &'static [Column<R>],
        subject: fn(&R) -> Subject,
        stale: fn(&R, &World) -> bool,
    ) -> Rows<R> {
        Rows {
            rows,
            specs: columns.iter().map(|column| column.spec).collect(),
            columns,
            subject,
            stale,
            haystack: OnceLock::new(),
            places: OnceLock::new(),
        }
    }

    fn is(&self, row: usize, subject: &Subject) -> bool {
        let row = self.rows.get(row);
        row.is_some_and(|row| (self.subject)(row) == *subject)
    }
}

fn hash(subject: &Subject) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish()
}

impl<R: Send + Sync> Source for Rows<R> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> &[ColumnSpec] {
        &self.specs
    }

    fn cell<'a>(&'a self, row: usize, column: usize, world: &'a World) -> Cell<'a> {
        match (self.rows.get(row), self.columns.get(column)) {
            (Some(row), Some(column)) => (column.cell)(row, world),
            _ => Cell::default(),
        }
    }

    fn sort_key<'a>(&'a self, row: usize, column: usize, world: &'a World) -> SortKey<'a> {
        match (self.rows.get(row), self.columns.get(column)) {
            (Some(row), Some(column)) => (column.key)(row, world),
            _ => SortKey::Nothing,
        }
    }

    fn subject(&self, row: usize) -> Option<Subject> {
        self.rows.get(row).map(self.subject)
    }

    fn find(&self, subject: &Subject, near: usize) -> Option<usize> {
        // A row or two came or went: it is close by.
        let close = near.saturating_sub(4)..near.saturating_add(5);
        if let Some(row) = close.into_iter().find(|row| self.is(*row, subject)) {
            return Some(row);
        }
        let places = self.places.get_or_init(|| {
            let hashes = self.rows.iter().map(|row| hash(&(self.subject)(row)));
            let mut places: Vec<(u64, u32)> = hashes.zip(0..).collect();
            places.sort_unstable();
            places
        });
        let wanted = hash(subject);
        let from = places.partition_point(|(hash, _)| *hash < wanted);
        let alike = places.iter().skip(from);
        alike
            .take_while(|(hash, _)| *hash == wanted)
            .map(|(_, row)| *row as usize)
            .find(|row| self.is(*row, subject))
    }

    fn matching(&self, filter: &Filter, among: Option<&[u32]>, world: &World) -> Vec<u32> {
        // A few rows are read as quickly as all of them are prepared.
        let few = among.map_or(self.rows.len(), <[u32]>::len) * 8 < self.rows.len();
        if few && self.haystack.get().is_none() {
            return super::filter::scan(self, filter, among, world);
        }
        match self.haystack.get_or_init(|| Haystack::of(self, world)) {
            Some(haystack) => haystack.matching(self, filter, among, world),
            None => super::filter::scan(self, filter, among, world),
        }
    }

    fn stale(&self, row: usize, world: &World) -> bool {
        self.rows
            .get(row)
            .is_some_and(|row| (self.stale)(row, world))
    }
}

/// A source that anybody may hold.
pub type SharedSource = Arc<dyn Source>;
