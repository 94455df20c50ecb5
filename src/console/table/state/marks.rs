//! Which rows are marked, one by one or in ranges, and what commands act on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::Table;
use crate::console::subject::Subject;
use crate::console::table::order::Set;
use crate::console::table::source::Source;

/// So many rows can be marked at once: more would be nobody's choice, but a filter forgotten.
pub const MOST: usize = 100_000;

/// Why rows were not marked.
const TOO_MANY: &str = "At most 100,000 rows can be marked at once: narrow them by a filter first";

/// The rows that are marked.
#[derive(Clone, Default)]
pub(super) struct Marks {
    set: BTreeSet<Subject>,
    /// A range that is being marked: where it began, and what was marked before.
    range: Option<(Subject, BTreeSet<Subject>)>,
}

impl Marks {
    /// Unmarks what a source does not have.
    pub(super) fn keep(&mut self, source: &dyn Source) {
        self.set.retain(|subject| source.find(subject, 0).is_some());
    }

    /// The next range begins anew.
    pub(super) fn end_range(&mut self) {
        self.range = None;
    }
}

impl Table {
    fn marks_changed(&mut self) {
        self.marks.end_range();
        self.selection = OnceLock::new();
    }

    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub fn toggle_mark(&mut self) {
        self.toggle_mark_at(self.cursor());
        self.move_by(1);
    }

    /// Marks the row at a place of the order, or unmarks it.
    pub fn toggle_mark_at(&mut self, place: usize) {
        let Some(subject) = self.subject_at(place) else {
            return;
        };
        if !self.marks.set.remove(&subject) {
            self.marks.set.insert(subject);
        }
        self.marks_changed();
    }

    fn subject_at(&self, place: usize) -> Option<Subject> {
        let row = self.order.get(place)?;
        self.source.subject(*row as usize)
    }

    /// Marks every row shown, or unmarks them when all are; says why when it did neither.
    pub fn toggle_all_marks(&mut self) -> Option<&'static str> {
        if self.order.len() > MOST {
            return Some(TOO_MANY);
        }
        let rows = self.order.iter();
        let all: BTreeSet<Subject> = rows
            .filter_map(|row| self.source.subject(*row as usize))
            .collect();
        if all.is_subset(&self.marks.set) {
            self.marks.set.retain(|subject| !all.contains(subject));
        } else {
            self.marks.set.extend(all);
        }
        self.marks_changed();
        None
    }

    /// Moves the cursor and marks the rows from where this began; going back takes marks back.
    /// Says why when it did not.
    pub fn mark_range_by(&mut self, rows: isize) -> Option<&'static str> {
        self.mark_range_to(self.cursor.saturating_add_signed(rows))
    }

    /// Puts the cursor on a place of the order, and marks the rows from where this began.
    pub fn mark_range_to(&mut self, place: usize) -> Option<&'static str> {
        let begun = self.marks.range.take();
        let from = begun
            .as_ref()
            .and_then(|(subject, _)| self.place_of(subject, self.cursor));
        let (from, before) = match (from, begun) {
            (Some(from), Some((_, before))) => (from, before),
            _ => (self.cursor, self.marks.set.clone()),
        };
        let anchor = self.subject_at(from)?;
        let place = place.min(self.order.len().saturating_sub(1));
        let (first, last) = (from.min(place), from.max(place));
        if last - first >= MOST {
            self.marks.range = Some((anchor, before));
            return Some(TOO_MANY);
        }
        let subjects = (first..=last).filter_map(|place| self.subject_at(place));
        let set: BTreeSet<Subject> = before.iter().cloned().chain(subjects).collect();
        self.marks.set = set;
        self.put_cursor(place);
        self.scroll_to_cursor();
        self.marks.range = Some((anchor, before));
        None
    }

    /// Marks exactly these.
    pub fn mark_only(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        self.marks.set = subjects.into_iter().collect();
        self.marks_changed();
    }

    /// Unmarks these.
    pub fn unmark(&mut self, subjects: &[Subject]) {
        for subject in subjects {
            self.marks.set.remove(subject);
        }
        self.marks_changed();
    }

    /// Unmarks everything.
    pub fn clear_marks(&mut self) {
        self.marks.set.clear();
        self.marks_changed();
    }

    /// Whether a subject is marked.
    #[must_use]
    pub fn is_marked(&self, subject: &Subject) -> bool {
        self.marks.set.contains(subject)
    }

    /// How many rows are marked, with those that the filter hides.
    #[must_use]
    pub fn marked(&self) -> usize {
        self.marks.set.len()
    }

    /// What commands act on: the marked rows as they are shown one after the other, and then those
    /// that the filter hides; or else the row under the cursor.
    #[must_use]
    pub fn selection(&self) -> Vec<Subject> {
        self.selected().to_vec()
    }

    /// The same to look at; cheap, however often it is asked for.
    #[must_use]
    pub fn selected(&self) -> &[Subject] {
        self.selection.get_or_init(|| self.find_selection())
    }

    fn find_selection(&self) -> Vec<Subject> {
        if self.marks.set.is_empty() {
            return self.subject.iter().cloned().collect();
        }
        let row_of = |subject: &Subject| {
            let row = self.source.find(subject, 0)?;
            u32::try_from(row).ok()
        };
        let marked = self.marks.set.iter();
        let mut rows: BTreeMap<u32, &Subject> = marked
            .filter_map(|subject| Some((row_of(subject)?, subject)))
            .collect();
        let numbers: Vec<u32> = rows.keys().copied().collect();
        let set = Set::of(&numbers, self.source.len());
        let shown = self.order.iter().filter(|row| set.has(**row));
        let shown: Vec<&Subject> = shown.filter_map(|row| rows.remove(row)).collect();
        shown
            .into_iter()
            .chain(rows.into_values())
            .cloned()
            .collect()
    }
}
