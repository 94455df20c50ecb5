//! How Kea writes ranges of addresses, and how a subnet's are split between two servers.

use std::net::Ipv4Addr;

pub use crate::model::address::merged as merge;
use crate::model::{Range, ScopeId};

/// Reads a pool: `10.0.0.10-10.0.0.99`, with or without spaces, or `10.0.0.64/26`.
#[must_use]
pub fn parse(text: &str) -> Option<Range> {
    if let Some((start, end)) = text.split_once('-') {
        let start: Ipv4Addr = start.trim().parse().ok()?;
        return Range::new(start, end.trim().parse().ok()?).ok();
    }
    let (address, length) = text.split_once('/')?;
    let net = ScopeId::of(address.trim().parse().ok()?, length.trim().parse().ok()?)?;
    Range::new(net.address(), net.broadcast()).ok()
}

/// A pool as we write it: `10.0.0.10-10.0.0.99`.
#[must_use]
pub fn text(range: &Range) -> String {
    range.to_string()
}

/// The addresses of merged ranges in two halves, the lower ones first; of an odd number the first
/// half has one more.
#[must_use]
pub fn halves(ranges: &[Range]) -> (Vec<Range>, Vec<Range>) {
    let total: u64 = ranges.iter().map(Range::len).sum();
    let mut left = total.div_ceil(2);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for range in ranges {
        if left >= range.len() {
            left -= range.len();
            first.push(*range);
            continue;
        }
        // Fewer than the range has, which is at most 2^32.
        let taken = u32::try_from(left).unwrap_or(u32::MAX);
        let middle = range.start().to_bits().saturating_add(taken);
        if left > 0 {
            first.extend(Range::new(range.start(), Ipv4Addr::from_bits(middle - 1)));
        }
        second.extend(Range::new(Ipv4Addr::from_bits(middle), range.end()));
        left = 0;
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranges(texts: &[&str]) -> Vec<Range> {
        texts.iter().map(|text| parse(text).unwrap()).collect()
    }

    #[test]
    fn both_spellings_are_read() {
        assert_eq!(
            ranges(&["10.0.0.0 - 10.0.0.9", "10.0.8.0/22"]),
            ranges(&["10.0.0.0-10.0.0.9", "10.0.8.0-10.0.11.255"])
        );
        assert_eq!(parse("0.0.0.0/0").map(|range| range.len()), Some(1 << 32));
        for bad in ["", "10.0.0.9-10.0.0.1", "10.0.0.0/33", "10.0.0.0", "a-b"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn touching_ranges_are_one() {
        let merged = merge(ranges(&[
            "10.0.0.20-10.0.0.29",
            "10.0.0.10-10.0.0.19",
            "10.0.0.15-10.0.0.17",
            "10.0.0.40-10.0.0.49",
            "255.255.255.0-255.255.255.255",
        ]));
        assert_eq!(
            merged,
            ranges(&[
                "10.0.0.10-10.0.0.29",
                "10.0.0.40-10.0.0.49",
                "255.255.255.0-255.255.255.255"
            ])
        );
    }

    #[test]
    fn the_first_half_has_the_odd_one() {
        let split = |texts: &[&str]| halves(&ranges(texts));
        assert_eq!(
            split(&["10.0.0.1-10.0.0.5"]),
            (
                ranges(&["10.0.0.1-10.0.0.3"]),
                ranges(&["10.0.0.4-10.0.0.5"])
            )
        );
        assert_eq!(
            split(&["10.0.0.1-10.0.0.2", "10.0.1.1-10.0.1.6"]),
            (
                ranges(&["10.0.0.1-10.0.0.2", "10.0.1.1-10.0.1.2"]),
                ranges(&["10.0.1.3-10.0.1.6"])
            )
        );
        assert_eq!(split(&["10.0.0.1/32"]), (ranges(&["10.0.0.1/32"]), vec![]));
        assert_eq!(split(&[]), (vec![], vec![]));
    }

    proptest! {
        #[test]
        fn halves_are_the_whole(pools in proptest::collection::vec((any::<u32>(), 0u32..5000), 0..8)) {
            let pools = pools.into_iter().filter_map(|(start, len)| {
                Range::new(Ipv4Addr::from_bits(start), Ipv4Addr::from_bits(start.checked_add(len)?)).ok()
            });
            let merged = merge(pools.collect());
            let (first, second) = halves(&merged);
            let count = |ranges: &[Range]| ranges.iter().map(Range::len).sum::<u64>();
            prop_assert!(count(&first) - count(&second) <= 1);
            prop_assert_eq!(merge([first, second].concat()), merged);
        }
    }
}
