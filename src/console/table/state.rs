//! A table's state: what is shown in which order, the cursor, the marks, how far it is scrolled.

mod marks;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::filter::Filter;
use super::order::{Ordered, Sort};
use super::source::{Rows, SharedSource};
use crate::console::jobs::JobRequest;
use crate::console::subject::Subject;
use crate::console::world::World;

use marks::Marks;

/// From so many rows on, filtering and sorting are done away from the screen.
pub const LARGE: usize = 10_000;

/// So many times newer rows wait for a job that does not answer; then a new one is begun.
const PATIENCE: u8 = 3;

/// A table's state.
///
/// `source` and `order` always belong together: newer rows of a large table wait in `next` until
/// a job has put them in order, and so nothing is drawn from rows that the order does not know.
#[derive(Clone)]
pub struct Table {
    source: SharedSource,
    next: Option<SharedSource>,
    filter: Filter,
    sort: Sort,
    order: Arc<Vec<u32>>,
    /// What `order` was made with.
    ordered_by: (Filter, Sort),
    /// All rows of `source` under that sort, if they were sorted once: filters need not sort again.
    whole: Option<Arc<Vec<u32>>>,
    /// Where the cursor is in the order.
    cursor: usize,
    /// What it is on.
    subject: Option<Subject>,
    marks: Marks,
    top: usize,
    /// How many rows were visible when it was last drawn.
    page: usize,
    /// The columns shown, in order, as places in the source's.
    shown: Vec<usize>,
    generation: u64,
    /// What the job of this generation puts in order, until it has answered.
    working: Option<SharedSource>,
    /// Newer rows came while it works, in this world: they are put in order after it.
    waiting: Option<Box<World>>,
    /// How many times rows have waited for that job.
    waited: u8,
    /// What [`Table::selection`] found, until something changes.
    selection: OnceLock<Vec<Subject>>,
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
            next: None,
            filter: Filter::default(),
            sort: Sort::default(),
            order: Arc::default(),
            ordered_by: Default::default(),
            whole: None,
            cursor: 0,
            subject: None,
            marks: Marks::default(),
            top: 0,
            page: 1,
            shown: Vec::new(),
            generation: 0,
            working: None,
            waiting: None,
            waited: 0,
            selection: OnceLock::new(),
        }
    }
}

impl Table {
    /// Shows other rows, or newer ones; the cursor and the marks stay with their subjects. A large
    /// table is put in order by the job that is given back; until then the old rows stay.
    pub fn show(&mut self, source: SharedSource, world: &World) -> Option<JobRequest> {
        if self.shown.is_empty() {
            let columns = source.columns().iter().enumerate();
            self.shown = columns
                .filter(|(_, column)| column.shown)
                .map(|(place, _)| place)
                .collect();
        }
        if source.columns() != self.source.columns() {
            // Rows under other columns: the old order says nothing about them.
            self.source = Arc::clone(&source);
            self.order = Arc::default();
            self.whole = None;
            self.working = None;
            self.marks.keep(source.as_ref());
            self.shown.retain(|place| *place < source.columns().len());
        }
        self.next = Some(source);
        // Rows that come faster than they can be sorted wait for those that are being sorted; but
        // not for ever, if nobody is at it.
        if self.working.is_some() && self.waited < PATIENCE {
            self.waited += 1;
            self.waiting = Some(Box::new(world.clone()));
            return None;
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
        self.sort = match (self.sort.column == Some(column), self.sort.descending) {
            (true, false) => Sort {
                column: Some(column),
                descending: true,
            },
            (true, true) => Sort::default(),
            (false, _) => Sort {
                column: Some(column),
                descending: false,
            },
        };
        self.reorder(world)
    }

    fn reorder(&mut self, world: &World) -> Option<JobRequest> {
        // Whatever is being made is not what is wanted any more.
        self.generation += 1;
        self.waited = 0;
        self.working = None;
        self.waiting = None;
        let source = Arc::clone(self.next.as_ref().unwrap_or(&self.source));
        let before = self.before();
        let as_it_is = self.sort.column.is_none() && self.filter.is_empty();
        let much = match &before {
            _ if as_it_is => 0,
            Some(_) if self.filter.is_empty() => 0,
            Some(before) => before.len(),
            None => source.len(),
        };
        if much < LARGE {
            let ordered = match before {
                Some(before) => Ordered::within(source.as_ref(), &self.filter, &before, world),
                None => Ordered::of(source.as_ref(), &self.filter, &self.sort, world),
            };
            self.put(source, ordered);
            return None;
        }
        self.working = Some(Arc::clone(&source));
        Some(JobRequest::Order {
            generation: self.generation,
            source,
            filter: self.filter.clone(),
            sort: self.sort,
            before,
            world: Box::new(world.clone()),
        })
    }

    /// An order that has every row wanted in the order wanted, if there is one.
    fn before(&self) -> Option<Arc<Vec<u32>>> {
        let (filter, sort) = &self.ordered_by;
        if self.next.is_some() || *sort != self.sort {
            return None;
        }
        match self.filter.narrows(filter) {
            true => Some(Arc::clone(&self.order)),
            false => self.whole.clone(),
        }
    }

    /// Takes the order that a job made, if it is still wanted. Rows that came meanwhile are put in
    /// order by the job that is given back.
    pub fn ordered(&mut self, generation: u64, ordered: Ordered) -> Option<JobRequest> {
        if generation != self.generation {
            return None;
        }
        let source = self.working.take()?;
        let waiting = self.waiting.take();
        let next = self.next.take();
        self.put(source, ordered);
        let world = waiting?;
        self.next = next;
        self.reorder(&world)
    }

    /// The job could not put the rows in order: the next rows are asked for anew.
    pub fn gave_up(&mut self, generation: u64) {
        if generation == self.generation {
            self.working = None;
        }
    }

    /// Whether rows are being put in order.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.working.is_some()
    }

    fn put(&mut self, source: SharedSource, ordered: Ordered) {
        let newer = !Arc::ptr_eq(&source, &self.source);
        if newer || self.ordered_by.1 != self.sort {
            self.whole = None;
        }
        self.source = source;
        self.next = None;
        self.order = ordered.rows;
        self.ordered_by = (self.filter.clone(), self.sort);
        if self.filter.is_empty() && self.sort.column.is_some() {
            self.whole = Some(Arc::clone(&self.order));
        }
        if newer {
            self.marks.keep(self.source.as_ref());
        }
        // The cursor's row stays where it is on the screen; what moves is the rest.
        let line = self.cursor.saturating_sub(self.top);
        let near = self.cursor;
        let place = self
            .subject
            .as_ref()
            .and_then(|one| self.place_of(one, near));
        self.go(place.unwrap_or(self.cursor));
        self.top = self.cursor.saturating_sub(line);
        self.scroll_to_cursor();
    }

    /// Where in the order a subject is; `near` is about where it was.
    fn place_of(&self, subject: &Subject, near: usize) -> Option<usize> {
        let close = self.order.get(near).or(self.order.last());
        let row = self
            .source
            .find(subject, close.map_or(0, |row| *row as usize))?;
        let row = u32::try_from(row).ok()?;
        let from = near.saturating_sub(32).min(self.order.len());
        let until = near.saturating_add(32).min(self.order.len());
        let around = self.order.get(from..until).unwrap_or_default();
        if let Some(place) = around.iter().position(|shown| *shown == row) {
            return Some(from + place);
        }
        match self.ordered_by.1.column {
            None => self.order.binary_search(&row).ok(),
            Some(_) => self.order.iter().position(|shown| *shown == row),
        }
    }

    /// Puts the cursor on a subject; says whether it is there.
    pub fn select(&mut self, subject: &Subject) -> bool {
        match self.place_of(subject, self.cursor) {
            Some(place) => {
                self.go(place);
                true
            }
            None => false,
        }
    }

    /// Puts the cursor on a place in the order, or on the last one there is.
    pub fn go(&mut self, place: usize) {
        self.marks.end_range();
        self.put_cursor(place);
        self.scroll_to_cursor();
    }

    fn put_cursor(&mut self, place: usize) {
        self.cursor = place.min(self.order.len().saturating_sub(1));
        let row = self.order.get(self.cursor);
        self.subject = row.and_then(|row| self.source.subject(*row as usize));
        self.selection = OnceLock::new();
    }

    /// Moves the cursor.
    pub fn move_by(&mut self, rows: isize) {
        self.go(self.cursor.saturating_add_signed(rows));
    }

    /// Moves the cursor, and what is seen, by so many pages.
    pub fn page_by(&mut self, pages: isize) {
        let rows = pages.saturating_mul(self.page.try_into().unwrap_or(isize::MAX));
        self.top = self.top.saturating_add_signed(rows);
        self.move_by(rows);
    }

    /// Scrolls what is seen; the cursor goes along only as far as it must to be seen.
    pub fn scroll_by(&mut self, rows: isize) {
        let last = self.order.len().saturating_sub(self.page);
        self.top = self.top.saturating_add_signed(rows).min(last);
        let seen = self.cursor.clamp(self.top, self.top + self.page - 1);
        if seen != self.cursor {
            self.go(seen);
        }
    }

    fn scroll_to_cursor(&mut self) {
        let last = self.order.len().saturating_sub(self.page);
        if self.cursor < self.top {
            self.top = self.cursor;
        } else if self.cursor >= self.top.saturating_add(self.page) {
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

    /// What the cursor is on.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The rows: those that [`Table::order`] is an order of.
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

    /// Sorts as remembered, from the next rows on.
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
