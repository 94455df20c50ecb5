//! Which rows of a chunk were found: a bit for each.

use std::ops::Range;

/// A bit for each of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    /// None of so many.
    pub fn new(length: usize) -> Bits {
        Bits {
            words: vec![0; length.div_ceil(64)],
            length,
        }
    }

    /// All of so many.
    pub fn all(length: usize) -> Bits {
        let mut bits = Bits::new(length);
        bits.set_range(0..length);
        bits
    }

    /// Sets one.
    pub fn set(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// Sets those for which something holds, 64 at a time.
    pub fn set_where<T>(&mut self, values: &[T], holds: impl Fn(&T) -> bool) {
        for (word, values) in self.words.iter_mut().zip(values.chunks(64)) {
            let mut found = 0;
            for (place, value) in values.iter().enumerate() {
                found |= u64::from(holds(value)) << place;
            }
            *word |= found;
        }
    }

    /// Takes one back.
    pub fn unset(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    /// Sets those of `other` too.
    pub fn add(&mut self, other: &Bits) {
        for (word, of_other) in self.words.iter_mut().zip(&other.words) {
            *word |= of_other;
        }
    }

    /// Sets all in a range.
    pub fn set_range(&mut self, range: Range<usize>) {
        let (mut at, end) = (range.start, range.end.min(self.length));
        while at < end {
            let until = (at / 64 * 64 + 64).min(end);
            let count = until - at;
            let mask = match count {
                64 => u64::MAX,
                count => ((1 << count) - 1) << (at % 64),
            };
            if let Some(word) = self.words.get_mut(at / 64) {
                *word |= mask;
            }
            at = until;
        }
    }

    /// Whether one is set.
    pub fn has(&self, place: usize) -> bool {
        let word = self.words.get(place / 64);
        word.is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// Sets those that are not set yet and for which something holds.
    pub fn set_unset_where(&mut self, holds: impl Fn(usize) -> bool) {
        for (number, word) in self.words.iter_mut().enumerate() {
            let mut unset = !*word;
            while unset != 0 {
                let bit = unset.trailing_zeros() as usize;
                unset &= unset - 1;
                let place = number * 64 + bit;
                if place >= self.length {
                    break;
                }
                if holds(place) {
                    *word |= 1 << bit;
                }
            }
        }
    }

    /// Whether so few are not set that it is quicker to look at those one by one.
    pub fn is_nearly_full(&self) -> bool {
        self.count() * 4 > self.length * 3
    }

    /// How many are set.
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether all are set.
    pub fn is_full(&self) -> bool {
        self.count() == self.length
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps those that are in `other` too, or those that are not.
    pub fn keep(&mut self, other: &Bits, not: bool) {
        for (word, of_other) in self.words.iter_mut().zip(&other.words) {
            *word &= if not { !of_other } else { *of_other };
        }
    }

    /// The places that are set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(number, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let place = rest.trailing_zeros() as usize;
                rest &= rest.wrapping_sub(1);
                (place < 64).then_some(number * 64 + place)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_places() {
        for (length, from, to) in [
            (0, 0, 0),
            (1, 0, 1),
            (130, 3, 129),
            (130, 64, 128),
            (64, 0, 64),
        ] {
            let mut bits = Bits::new(length);
            bits.set_range(from..to);
            assert_eq!(
                bits.iter().collect::<Vec<_>>(),
                (from..to).collect::<Vec<_>>()
            );
            assert_eq!(bits.count(), to - from);
            assert!(Bits::all(length).is_full());
            let mut one_by_one = Bits::new(length);
            let places: Vec<usize> = (0..length).collect();
            one_by_one.set_where(&places, |place| (from..to).contains(place));
            assert_eq!(bits, one_by_one);
            assert!((0..length).all(|place| bits.has(place) == (from..to).contains(&place)));
        }
    }
}
