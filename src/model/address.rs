//! IPv4 ranges, scope identities, and which address is free next.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An inclusive range of addresses; the start is never after the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Range {
    start: Ipv4Addr,
    end: Ipv4Addr,
}

/// Why two addresses do not make a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the start address {start} is after the end address {end}")]
pub struct ReversedRange {
    /// The address given as the start.
    pub start: Ipv4Addr,
    /// The address given as the end.
    pub end: Ipv4Addr,
}

impl Range {
    /// The range from `start` to `end`, both included.
    ///
    /// # Errors
    /// [`ReversedRange`] when `start` is after `end`.
    pub fn new(start: Ipv4Addr, end: Ipv4Addr) -> Result<Range, ReversedRange> {
        if start <= end {
            Ok(Range { start, end })
        } else {
            Err(ReversedRange { start, end })
        }
    }

    /// The range that is one address.
    #[must_use]
    pub fn single(address: Ipv4Addr) -> Range {
        Range {
            start: address,
            end: address,
        }
    }

    /// The first address.
    #[must_use]
    pub fn start(&self) -> Ipv4Addr {
        self.start
    }

    /// The last address.
    #[must_use]
    pub fn end(&self) -> Ipv4Addr {
        self.end
    }

    /// How many addresses the range has (1 to 2³²).
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub fn len(&self) -> u64 {
        u64::from(self.end.to_bits()) - u64::from(self.start.to_bits()) + 1
    }

    /// Whether the address lies in the range.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.start <= address && address <= self.end
    }

    /// Whether the other range lies wholly in this one.
    #[must_use]
    pub fn covers(&self, other: &Range) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(&self, other: &Range) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The addresses that both have.
    #[must_use]
    pub fn intersection(&self, other: &Range) -> Option<Range> {
        Range::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// Every address, in order.
    pub fn iter(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (self.start.to_bits()..=self.end.to_bits()).map(Ipv4Addr::from_bits)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Range, D::Error> {
        #[derive(Deserialize)]
        struct Ends {
            start: Ipv4Addr,
            end: Ipv4Addr,
        }
        let ends = Ends::deserialize(deserializer)?;
        Range::new(ends.start, ends.end).map_err(serde::de::Error::custom)
    }
}

/// Which scope of a server: its prefix. Prints as Windows' scope id, the network address alone.
///
/// Serialises as `10.0.0.0/24`, and as address and length where no people read it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScopeId(Ipv4Net);

impl ScopeId {
    /// The scope whose subnet holds `address` under a mask of `prefix_len` bits.
    ///
    /// # Errors
    /// `None` when `prefix_len` is above 32.
    #[must_use]
    pub fn of(address: Ipv4Addr, prefix_len: u8) -> Option<ScopeId> {
        Ipv4Net::new(address, prefix_len)
            .ok()
            .map(|net| ScopeId(net.trunc()))
    }

    /// The network address: what Windows calls the ScopeId.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.0.network()
    }

    /// The subnet mask, such as 255.255.255.0.
    #[must_use]
    pub fn mask(&self) -> Ipv4Addr {
        self.0.netmask()
    }

    /// The broadcast address, the subnet's last.
    #[must_use]
    pub fn broadcast(&self) -> Ipv4Addr {
        self.0.broadcast()
    }

    /// The prefix in CIDR notation.
    #[must_use]
    pub fn net(&self) -> Ipv4Net {
        self.0
    }

    /// Whether the address lies in the subnet.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }

    /// Whether the subnets share an address.
    #[must_use]
    pub fn overlaps(&self, other: &ScopeId) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// The addresses a host may have: the subnet less network and broadcast address
    /// (a /31 and a /32 have no such pair to leave out).
    #[must_use]
    pub fn hosts(&self) -> Range {
        let (first, last) = (self.0.network(), self.0.broadcast());
        if self.0.prefix_len() >= 31 {
            return Range {
                start: first,
                end: last,
            };
        }
        Range {
            start: Ipv4Addr::from_bits(first.to_bits() + 1),
            end: Ipv4Addr::from_bits(last.to_bits() - 1),
        }
    }
}

impl From<Ipv4Net> for ScopeId {
    fn from(net: Ipv4Net) -> ScopeId {
        ScopeId(net.trunc())
    }
}

impl fmt::Display for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.address(), f)
    }
}

impl FromStr for ScopeId {
    type Err = BadScopeId;
    fn from_str(text: &str) -> Result<ScopeId, BadScopeId> {
        text.parse::<Ipv4Net>()
            .map(ScopeId::from)
            .map_err(|_| BadScopeId(text.to_owned()))
    }
}

/// A text that is no prefix in CIDR notation.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is no prefix such as 10.0.0.0/24")]
pub struct BadScopeId(pub String);

impl Serialize for ScopeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(&self.0);
        }
        (self.address().to_bits(), self.0.prefix_len()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ScopeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ScopeId, D::Error> {
        if !deserializer.is_human_readable() {
            let (address, length) = <(u32, u8)>::deserialize(deserializer)?;
            return ScopeId::of(Ipv4Addr::from_bits(address), length)
                .ok_or_else(|| serde::de::Error::custom("a prefix has at most 32 bits"));
        }
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The prefix length of a subnet mask written in dots.
///
/// # Errors
/// [`BadMask`] when the one bits are not contiguous from the left, or there are none.
pub fn mask_length(mask: Ipv4Addr) -> Result<u8, BadMask> {
    match ipnet::ipv4_mask_to_prefix(mask) {
        Ok(length) if length > 0 => Ok(length),
        _ => Err(BadMask(mask)),
    }
}

/// A subnet mask that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} is not a subnet mask: its one bits must be contiguous, as in 255.255.255.0")]
pub struct BadMask(pub Ipv4Addr);

/// The addresses of `ranges` that lie in no range of `excluded` and are not in `taken`, in order.
///
/// Cost: a step for each taken address or excluded range met, not for each excluded address.
pub fn free_addresses<'a>(
    ranges: &'a [Range],
    excluded: &'a [Range],
    taken: &'a BTreeSet<Ipv4Addr>,
) -> impl Iterator<Item = Ipv4Addr> + 'a {
    ranges.iter().flat_map(move |range| {
        let mut next = Some(range.start.to_bits());
        std::iter::from_fn(move || {
            loop {
                let candidate = Ipv4Addr::from_bits(next?);
                if candidate > range.end {
                    return None;
                }
                if let Some(hole) = excluded.iter().find(|hole| hole.contains(candidate)) {
                    next = hole.end.to_bits().checked_add(1);
                    continue;
                }
                next = candidate.to_bits().checked_add(1);
                if !taken.contains(&candidate) {
                    return Some(candidate);
                }
            }
        })
    })
}

/// The same addresses in order, adjacent and overlapping ranges made one.
#[must_use]
pub fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if u64::from(range.start.to_bits()) <= u64::from(last.end.to_bits()) + 1 => {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// How many addresses `ranges` have that lie in no range of `excluded`; neither list may overlap
/// itself (the rules hold that).
#[must_use]
pub fn usable(ranges: &[Range], excluded: &[Range]) -> u64 {
    let total: u64 = ranges.iter().map(Range::len).sum();
    let holes: u64 = ranges
        .iter()
        .flat_map(|range| excluded.iter().filter_map(|hole| range.intersection(hole)))
        .map(|hole| hole.len())
        .sum();
    total - holes.min(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: &str, end: &str) -> Range {
        Range::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_scope_id_prints_as_windows_prints_it() {
        let id = ScopeId::of("10.0.0.77".parse().unwrap(), 24).unwrap();
        assert_eq!(id.to_string(), "10.0.0.0");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"10.0.0.0/24\"");
        assert_eq!(id.hosts(), range("10.0.0.1", "10.0.0.254"));
    }

    #[test]
    fn free_addresses_skip_exclusions_and_taken_ones() {
        let taken = ["10.0.0.3".parse().unwrap()].into();
        let free: Vec<String> = free_addresses(
            &[range("10.0.0.1", "10.0.0.8")],
            &[range("10.0.0.1", "10.0.0.2"), range("10.0.0.5", "10.0.0.6")],
            &taken,
        )
        .map(|address| address.to_string())
        .collect();
        assert_eq!(free, ["10.0.0.4", "10.0.0.7", "10.0.0.8"]);
    }

    #[test]
    fn free_addresses_end_at_the_last_address_there_is() {
        let all = [range("255.255.255.254", "255.255.255.255")];
        assert_eq!(free_addresses(&all, &[], &BTreeSet::new()).count(), 2);
        assert_eq!(free_addresses(&all, &all, &BTreeSet::new()).count(), 0);
    }

    #[test]
    fn masks_must_be_contiguous() {
        assert_eq!(mask_length("255.255.252.0".parse().unwrap()), Ok(22));
        assert!(mask_length("255.0.255.0".parse().unwrap()).is_err());
        assert!(mask_length("0.0.0.0".parse().unwrap()).is_err());
    }

    #[test]
    fn a_reversed_range_is_refused_also_in_a_file() {
        assert!(serde_json::from_str::<Range>(r#"{"start":"10.0.0.9","end":"10.0.0.1"}"#).is_err());
    }
}
