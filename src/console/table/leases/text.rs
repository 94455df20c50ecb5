//! Columns of text in one piece each, so that a typed word is found by one search through them.

use std::ops::Range;

use memchr::memmem::Finder;

use super::bits::Bits;
use crate::console::table::filter::fold;

/// Stands after each text and fills what is left of its place; no printable text has it.
const END: u8 = 0x1f;

/// The place of an address: `255.255.255.255` and an end.
pub const ADDRESS: usize = 16;
/// The place of a hardware address: `00-15-5d-a7-66-02` and an end.
pub const CLIENT: usize = 18;

/// Calls `each` with every place where a part begins.
fn each_place(part: &Finder<'_>, text: &[u8], mut each: impl FnMut(usize)) {
    match part.needle() {
        // A single letter is in nearly every row: what is quick for long words is not for it.
        [letter] => memchr::memchr_iter(*letter, text).for_each(&mut each),
        _ => part.find_iter(text).for_each(&mut each),
    }
}

/// Folded ASCII texts that each have a place of `WIDTH` bytes.
#[derive(Debug, Default)]
pub struct Fixed<const WIDTH: usize>(Vec<u8>);

impl<const WIDTH: usize> Fixed<WIDTH> {
    /// Adds a text; what is too long for its place is left out.
    pub fn push(&mut self, text: &str) {
        let begin = self.0.len();
        if text.len() < WIDTH {
            self.0.extend_from_slice(text.as_bytes());
        }
        self.0.resize(begin + WIDTH, END);
    }

    /// The text at a place.
    pub fn get(&self, row: usize) -> &str {
        let place = self.0.get(row * WIDTH..(row + 1) * WIDTH);
        let place = place.unwrap_or_default();
        let end = memchr::memchr(END, place).unwrap_or(0);
        let text = place.get(..end).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// Sets the bits of the rows in which a part is found, counted from the first of `rows`.
    pub fn find(&self, part: &Finder<'_>, rows: Range<usize>, bits: &mut Bits) {
        let text = self.0.get(rows.start * WIDTH..rows.end * WIDTH);
        let text = text.unwrap_or_default();
        if bits.is_nearly_full() {
            bits.set_unset_where(|row| {
                let text = text.get(row * WIDTH..(row + 1) * WIDTH);
                text.is_some_and(|text| part.find(text).is_some())
            });
            return;
        }
        each_place(part, text, |place| bits.set(place / WIDTH));
    }

    /// Takes no more room than it needs.
    pub fn finish(mut self) -> Fixed<WIDTH> {
        self.0.shrink_to_fit();
        self
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.0.capacity()
    }
}

/// Texts of any length, one for each row, as they are shown and as they are searched.
#[derive(Debug, Default)]
pub struct Texts {
    shown: String,
    /// Folded; nothing when that is the same.
    folded: String,
    /// Where each text ends: its [`END`]. The same for both, since folding keeps lengths.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a printable text.
    pub fn push(&mut self, text: &str) {
        self.shown.push_str(text);
        self.ends
            .push(u32::try_from(self.shown.len()).unwrap_or(u32::MAX));
        self.shown.push(char::from(END));
    }

    fn range(&self, row: usize) -> Range<usize> {
        let end = self.ends.get(row).map_or(0, |end| *end as usize);
        self.begin(row).min(end)..end
    }

    fn begin(&self, row: usize) -> usize {
        match row.checked_sub(1).and_then(|before| self.ends.get(before)) {
            Some(end) => *end as usize + 1,
            None => 0,
        }
    }

    /// The text of a row as it is shown.
    pub fn get(&self, row: usize) -> &str {
        self.shown.get(self.range(row)).unwrap_or_default()
    }

    /// The text of a row, folded.
    pub fn folded(&self, row: usize) -> &str {
        self.all_folded().get(self.range(row)).unwrap_or_default()
    }

    fn all_folded(&self) -> &str {
        match self.folded.is_empty() {
            true => &self.shown,
            false => &self.folded,
        }
    }

    /// Sets the bits of the rows in which a part is found, counted from the first of `rows`.
    pub fn find(&self, part: &Finder<'_>, rows: Range<usize>, bits: &mut Bits) {
        let all = self.all_folded().as_bytes();
        if bits.is_nearly_full() {
            bits.set_unset_where(|row| {
                let text = all.get(self.range(rows.start + row));
                text.is_some_and(|text| part.find(text).is_some())
            });
            return;
        }
        let begin = self.begin(rows.start);
        let text = all.get(begin..self.begin(rows.end)).unwrap_or_default();
        let ends = self.ends.get(rows).unwrap_or_default();
        let mut row = 0;
        each_place(part, text, |place| {
            let place = begin + place;
            // Most often it is this row or one of the next; else it is looked for.
            let rest = ends.get(row..).unwrap_or_default();
            let near = rest.iter().take(32).position(|end| *end as usize >= place);
            row += near.unwrap_or_else(|| rest.partition_point(|end| (*end as usize) < place));
            bits.set(row);
        });
    }

    /// The first byte of a row, folded; none of an empty one.
    pub fn first(&self, row: usize) -> Option<u8> {
        let byte = self.all_folded().as_bytes().get(self.begin(row)).copied();
        byte.filter(|byte| *byte != END)
    }

    /// Makes it ready to search, in no more room than it needs.
    pub fn finish(mut self) -> Texts {
        // Each is folded by itself, or else ends were folded too.
        let folds = |text: &str| matches!(fold(text), std::borrow::Cow::Owned(_));
        if self.shown.split(char::from(END)).any(folds) {
            let mut folded = String::with_capacity(self.shown.len());
            for row in 0..self.ends.len() {
                folded.push_str(&fold(self.get(row)));
                folded.push(char::from(END));
            }
            self.folded = folded;
        }
        self.shown.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.shown.capacity() + self.folded.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Texts that few rows have.
#[derive(Debug, Default)]
pub struct Sparse {
    rows: Vec<u16>,
    texts: Texts,
}

impl Sparse {
    /// Adds a printable text to a row after all others.
    pub fn push(&mut self, row: u16, text: &str) {
        self.rows.push(row);
        self.texts.push(text);
    }

    fn place(&self, row: usize) -> Option<usize> {
        let row = u16::try_from(row).ok()?;
        self.rows.binary_search(&row).ok()
    }

    /// The text of a row as it is shown.
    pub fn get(&self, row: usize) -> &str {
        self.place(row).map_or("", |place| self.texts.get(place))
    }

    /// The text of a row, folded.
    pub fn folded(&self, row: usize) -> &str {
        self.place(row).map_or("", |place| self.texts.folded(place))
    }

    /// Sets the bits of the rows in which a part is found, counted from the first of `rows`.
    pub fn find(&self, part: &Finder<'_>, rows: Range<usize>, bits: &mut Bits) {
        if self.rows.is_empty() {
            return;
        }
        let from = self
            .rows
            .partition_point(|row| usize::from(*row) < rows.start);
        let to = self
            .rows
            .partition_point(|row| usize::from(*row) < rows.end);
        let mut found = Bits::new(to.saturating_sub(from));
        self.texts.find(part, from..to, &mut found);
        for place in found.iter() {
            if let Some(row) = self.rows.get(from + place) {
                bits.set(usize::from(*row) - rows.start);
            }
        }
    }

    /// The rows that have one.
    pub fn rows(&self, within: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let rows = self.rows.iter().map(|row| usize::from(*row));
        rows.filter(move |row| within.contains(row))
    }

    /// Makes it ready to search, in no more room than it needs.
    pub fn finish(mut self) -> Sparse {
        self.rows.shrink_to_fit();
        Sparse {
            rows: self.rows,
            texts: self.texts.finish(),
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<u16>() + self.texts.bytes()
    }
}
