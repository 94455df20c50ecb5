//! A table's state: what is shown in which order, the cursor, the marks, how far it is scrolled.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::filter::Filter;
use super::order::{Ordered, Sort};
use super::source::{Rows, SharedSource};
use crate::console::jobs::JobRequest;
use crate::console::subject::Subject;
use crate::console::world::World;

/// From so many rows on, filtering and sorting are done away from the screen.
pub const LARGE: usize = 50_000;

/// A table's state.
#[derive(Clone)]
pub struct Table {
    source: SharedSource,
    filter: Filter,
    sort: Sort,
    order: Arc<Vec<u32>>,
    /// Where the cursor is in the order.
    cursor: usize,
    /// What it is on.
    subject: Option<Subject>,
    marks: BTreeSet<Subject>,
    top: usize,
    /// How many rows were visible when it was last drawn.
    page: usize,
    /// The columns shown, in order, as places in the source's.
    shown: Vec<usize>,
    generation: u64,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.source.len())
            .field("shown", &self.order.len())
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Default for Table {
    fn default() -> Table {
        let none: Rows<()> = Rows::new(Vec::new(), &[], |()| Subject::Rule(0), |(), _| false);
        Table {
            source: Arc::new(none),
            filter: Filter::default(),
            sort: Sort::default(),
            order: Arc::default(),
            cursor: 0,
            subject: None,
            marks: BTreeSet::new(),
            top: 0,
            page: 1,
            shown: Vec::new(),
            generation: 0,
        }
    }
}

impl Table {
    /// Shows other rows, or newer ones; the cursor and the marks stay with their subjects. A large
    /// table is put in order by the job that is given back; until then the old rows stay.
    pub fn show(&mut self, source: SharedSource, world: &World) -> Option<JobRequest> {
        self.source = source;
        if self.shown.is_empty() {
            let columns = self.source.columns().iter().enumerate();
            self.shown = columns
                .filter(|(_, column)| column.shown)
                .map(|(place, _)| place)
                .collect();
        }
        self.reorder(world)
    }

    /// Narrows the rows.
    pub fn set_filter(&mut self, filter: Filter, world: &World) -> Option<JobRequest> {
        self.filter = filter;
        self.reorder(world)
    }

    /// Sorts by a column: upwards, then downwards, then not at all.
    pub fn sort_by(&mut self, column: usize, world: &World) -> Option<JobRequest> {
        self.sort = match self.sort {
            Sort {
                column: Some(now),
                descending: false,
            } if now == column => Sort {
                column: Some(column),
                descending: true,
            },
            Sort {
                column: Some(now),
                descending: true,
            } if now == column => Sort::default(),
            _ => Sort {
                column: Some(column),
                descending: false,
            },
        };
        self.reorder(world)
    }

    fn reorder(&mut self, world: &World) -> Option<JobRequest> {
        let ordered = Ordered::of(self.source.as_ref(), &self.filter, &self.sort, world);
        self.put(ordered);
        None
    }

    /// Takes the order that a job made, if it is still wanted.
    pub fn ordered(&mut self, generation: u64, ordered: Ordered) {
        if generation == self.generation {
            self.put(ordered);
        }
    }

    fn put(&mut self, ordered: Ordered) {
        self.order = ordered.rows;
        let subject = self.subject.take();
        match subject {
            Some(subject) if self.select(&subject) => {}
            _ => self.go(self.cursor),
        }
    }

    /// Puts the cursor on a subject; says whether it is there.
    pub fn select(&mut self, subject: &Subject) -> bool {
        let near = self.order.get(self.cursor).map_or(0, |row| *row as usize);
        let Some(row) = self.source.find(subject, near) else {
            return false;
        };
        let place = self.order.iter().position(|shown| *shown as usize == row);
        match place {
            Some(place) => {
                self.go(place);
                true
            }
            None => false,
        }
    }

    /// Puts the cursor on a place in the order, or on the last one there is.
    pub fn go(&mut self, place: usize) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        let row = self.order.get(self.cursor);
        self.subject = row.and_then(|row| self.source.subject(*row as usize));
        self.scroll_to_cursor();
    }

    /// Moves the cursor.
    pub fn move_by(&mut self, rows: isize) {
        self.go(self.cursor.saturating_add_signed(rows));
    }

    /// Scrolls without moving the cursor's subject out of sight.
    pub fn scroll_by(&mut self, rows: isize) {
        self.move_by(rows);
    }

    fn scroll_to_cursor(&mut self) {
        let last = self.order.len().saturating_sub(self.page);
        if self.cursor < self.top {
            self.top = self.cursor;
        } else if self.cursor >= self.top + self.page {
            self.top = self.cursor + 1 - self.page;
        }
        self.top = self.top.min(last);
    }

    /// So many rows are visible.
    pub fn set_page(&mut self, rows: usize) {
        self.page = rows.max(1);
        self.scroll_to_cursor();
    }

    /// How many rows are visible.
    #[must_use]
    pub fn page(&self) -> usize {
        self.page
    }

    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub fn toggle_mark(&mut self) {
        if let Some(subject) = self.subject.clone() {
            if !self.marks.remove(&subject) {
                self.marks.insert(subject);
            }
            self.move_by(1);
        }
    }

    /// Marks every row shown, or unmarks them all when they are.
    pub fn toggle_all_marks(&mut self) {
        let rows = self.order.iter();
        let all: BTreeSet<Subject> = rows
            .filter_map(|row| self.source.subject(*row as usize))
            .collect();
        if all.is_subset(&self.marks) {
            self.marks.clear();
        } else {
            self.marks.extend(all);
        }
    }

    /// Marks exactly these.
    pub fn mark_only(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        self.marks = subjects.into_iter().collect();
    }

    /// Unmarks everything.
    pub fn clear_marks(&mut self) {
        self.marks.clear();
    }

    /// What commands act on: the marked rows that are still there, or else the one under the cursor.
    #[must_use]
    pub fn selection(&self) -> Vec<Subject> {
        if self.marks.is_empty() {
            return self.subject.iter().cloned().collect();
        }
        let there = |subject: &&Subject| self.source.find(subject, 0).is_some();
        self.marks.iter().filter(there).cloned().collect()
    }

    /// What the cursor is on.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Whether a subject is marked.
    #[must_use]
    pub fn is_marked(&self, subject: &Subject) -> bool {
        self.marks.contains(subject)
    }

    /// How many rows are marked.
    #[must_use]
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// The rows.
    #[must_use]
    pub fn source(&self) -> &SharedSource {
        &self.source
    }

    /// Row numbers in the order shown.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where the cursor is in the order.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first visible place of the order.
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The sort.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Sorts as remembered.
    pub fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
    }

    /// The columns shown, in order, as places in the source's.
    #[must_use]
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Shows other columns.
    pub fn set_shown(&mut self, shown: Vec<usize>) {
        self.shown = shown;
    }
}
