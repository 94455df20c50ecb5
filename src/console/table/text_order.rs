//! How many texts are sorted quickly: by sixteen bytes at a time, as numbers.

/// A row with the first bytes of its text, as numbers that are ordered as texts are.
///
/// The order of the fields is the order of the sort: what is alike in all of it stands in the
/// order of rows. `rest` only tells whether what follows may differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Keyed {
    first: u64,
    second: u64,
    /// 0 when the text ends in these bytes, else a number made from the bytes that follow.
    rest: u32,
    /// The row.
    pub row: u32,
}

/// So many bytes are in a key.
const LENGTH: usize = 16;

impl Keyed {
    /// A row with a text, for a sort upwards or downwards. No text that is shown has a byte that
    /// is 0: shorter texts come before longer ones that begin like them.
    #[must_use]
    pub fn of(text: &[u8], row: u32, descending: bool) -> Keyed {
        let mut bytes = [0; LENGTH];
        let rest = match text.split_first_chunk::<LENGTH>() {
            Some((first, rest)) => {
                bytes = *first;
                mixed(rest)
            }
            None => {
                for (place, byte) in bytes.iter_mut().zip(text) {
                    *place = *byte;
                }
                0
            }
        };
        Keyed::of_bytes(bytes, rest, row, descending)
    }

    /// The same with the bytes from a place on.
    #[must_use]
    pub fn after(text: &[u8], from: usize, row: u32, descending: bool) -> Keyed {
        Keyed::of(text.get(from..).unwrap_or_default(), row, descending)
    }

    fn of_bytes(bytes: [u8; LENGTH], rest: u32, row: u32, descending: bool) -> Keyed {
        let both = u128::from_be_bytes(bytes);
        let both = if descending { !both } else { both };
        #[allow(clippy::cast_possible_truncation, reason = "the two halves of it")]
        let (first, second) = ((both >> 64) as u64, both as u64);
        Keyed {
            first,
            second,
            rest,
            row,
        }
    }

    fn is_like(&self, other: &Keyed) -> bool {
        (self.first, self.second) == (other.first, other.second)
    }
}

/// A number by which two texts are told apart (nearly always); never 0 but for no bytes.
fn mixed(text: &[u8]) -> u32 {
    if text.is_empty() {
        return 0;
    }
    let mut sum = text.len() as u64;
    for bytes in text.chunks(8) {
        let word = bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^= sum >> 29;
    }
    #[allow(clippy::cast_possible_truncation, reason = "any of its bits will do")]
    let mixed = (sum >> 32) as u32;
    mixed | 1
}

/// A list sorted by first bytes, sorted by the whole texts: where those bytes are alike and what
/// follows is not, the next ones decide. `next` gives a row's key from a place in its text on.
pub fn refined(mut list: Vec<Keyed>, next: &impl Fn(u32, usize) -> Keyed) -> Vec<Keyed> {
    // Ranges to look through, and how far their texts are alike.
    let mut open = vec![(0..list.len(), 0)];
    while let Some((range, depth)) = open.pop() {
        let depth = depth + LENGTH;
        let mut at = range.start;
        while let Some(first) = list.get(at).filter(|_| at < range.end).copied() {
            let rest = list.get(at..range.end).unwrap_or_default();
            let alike = rest
                .iter()
                .take_while(|keyed| keyed.is_like(&first))
                .count();
            let run = at..at + alike.max(1);
            at = run.end;
            let Some(keyed) = list.get_mut(run.clone()) else {
                break;
            };
            // Sorted by `rest` too: when the ends agree, all of them do.
            if keyed.first().map(|one| one.rest) == keyed.last().map(|one| one.rest) {
                continue;
            }
            for one in keyed.iter_mut() {
                *one = next(one.row, depth);
            }
            keyed.sort_unstable();
            open.push((run, depth));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_sorted_as_texts(
            texts in proptest::collection::vec("[ab]{0,3}(aaaaaaaaaaaaaaaa|bbbbbbbbbbbbbbbb){0,3}[abc]{0,2}", 0..60),
            descending: bool,
        ) {
            let text = |row: u32| texts[row as usize].as_bytes();
            let rows = 0..u32::try_from(texts.len()).unwrap();
            let mut keyed: Vec<Keyed> = rows.clone().map(|row| Keyed::of(text(row), row, descending)).collect();
            keyed.sort_unstable();
            let next = |row, from| Keyed::after(text(row), from, row, descending);
            let sorted: Vec<u32> = refined(keyed, &next).iter().map(|keyed| keyed.row).collect();
            let mut expected: Vec<u32> = rows.collect();
            expected.sort_by(|one, two| match descending {
                true => text(*two).cmp(text(*one)),
                false => text(*one).cmp(text(*two)),
            });
            prop_assert_eq!(sorted, expected);
        }
    }
}
