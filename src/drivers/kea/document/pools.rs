//! Address ranges as pools, with or without the classes of the two servers that share them.

use serde_json::Value;

use super::{Json, Outcome, Refusal, list, shown, text};
use crate::drivers::kea::abilities::KeaVersion;
use crate::drivers::kea::pool;
use crate::model::Range;

const POOLS: &str = "pools";
/// The key of 2.x.
const CLASS: &str = "client-class";
/// The key of 3.0.
const CLASSES: &str = "client-classes";

/// Whose pools are whose in load balancing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Split {
    /// The classes of the two, the primary's first.
    pub(super) pair: [String; 2],
    /// The classes of all the peers.
    pub(super) known: Vec<String>,
}

/// What a subnet hands out, ranges that touch made one.
pub(super) fn ranges(subnet: &Json) -> Vec<Range> {
    let pools = list(subnet, POOLS).filter_map(range);
    pool::merge(pools.collect())
}

fn range(pool: &Json) -> Option<Range> {
    pool::parse(text(pool, "pool")?)
}

/// Makes the subnet hand out these ranges; when they are so already, nothing changes. In load
/// balancing the two share them evenly. What else a pool has stays with its addresses.
pub(super) fn set(
    subnet: &mut Json,
    wanted: &[Range],
    split: Option<&Split>,
    version: KeaVersion,
) -> Outcome {
    let wanted = pool::merge(wanted.to_vec());
    if wanted == ranges(subnet) {
        return Ok(());
    }
    arrange(subnet, &wanted, split, version)
}

/// Shares a subnet's addresses evenly between the two, unless every pool is one's already.
pub(super) fn share(subnet: &mut Json, split: &Split, version: KeaVersion) -> Outcome {
    let of_one = |pool: &Json| {
        let mut classes = classes(pool);
        classes
            .next()
            .is_some_and(|class| split.pair.iter().any(|own| own == class))
            && classes.next().is_none()
    };
    if list(subnet, POOLS).all(of_one) {
        return Ok(());
    }
    let wanted = ranges(subnet);
    arrange(subnet, &wanted, Some(split), version)
}

/// Takes the classes of high availability off every pool.
pub(super) fn unshare(subnet: &mut Json, known: &[String]) {
    let pools = subnet.get_mut(POOLS).and_then(Value::as_array_mut);
    for pool in pools.into_iter().flatten().filter_map(Value::as_object_mut) {
        set_class(pool, known, None, KeaVersion::new(0, 0, 0));
    }
}

/// Refuses to move addresses that only some clients get.
pub(super) fn may_share(subnet: &Json, known: &[String]) -> Outcome {
    let guarded = list(subnet, POOLS).find_map(|pool| {
        let mut classes = classes(pool);
        let class = classes.find(|class| !known.iter().any(|known| known == class))?;
        Some((text(pool, "pool").unwrap_or_default(), class))
    });
    match guarded {
        None => Ok(()),
        Some((pool, class)) => Err(Refusal::value(format!(
            "pool {} is for clients of class {} only: change the ranges of this scope in the \
             server's configuration file",
            shown(pool),
            shown(class)
        ))),
    }
}

fn arrange(
    subnet: &mut Json,
    wanted: &[Range],
    split: Option<&Split>,
    version: KeaVersion,
) -> Outcome {
    let known = split.map_or(&[][..], |split| &split.known);
    may_share(subnet, known)?;
    let held: Vec<Json> = list(subnet, POOLS).cloned().collect();
    let (unread, held): (Vec<Json>, Vec<Json>) =
        held.into_iter().partition(|pool| range(pool).is_none());
    let mut pools = match split {
        None => reshape(held, wanted),
        Some(split) => {
            let of_second =
                |pool: &Json| classes(pool).any(|class| class == split.pair[1].as_str());
            let (second, first): (Vec<Json>, Vec<Json>) = held.into_iter().partition(of_second);
            let halves = pool::halves(wanted);
            let mut pools = Vec::new();
            let [of_first, of_second] = &split.pair;
            for (held, half, class) in [(first, halves.0, of_first), (second, halves.1, of_second)]
            {
                for mut pool in reshape(held, &half) {
                    set_class(&mut pool, known, Some(class), version);
                    pools.push(pool);
                }
            }
            pools
        }
    };
    pools.extend(unread);
    let pools = pools.into_iter().map(Value::Object).collect();
    subnet.insert(POOLS.to_owned(), Value::Array(pools));
    Ok(())
}

/// The pools that hand out exactly `wanted` (merged), made of those that are there: a pool keeps
/// what it has for the addresses that stay, and grows over new ones next to it.
fn reshape(held: Vec<Json>, wanted: &[Range]) -> Vec<Json> {
    let mut pieces: Vec<(Range, Json)> = Vec::new();
    if let ([pool], [range]) = (held.as_slice(), wanted) {
        pieces.push((*range, pool.clone()));
    } else {
        for pool in held {
            let Some(whole) = range(&pool) else { continue };
            let parts = wanted.iter().filter_map(|range| range.intersection(&whole));
            for (place, part) in parts.enumerate() {
                let mut pool = pool.clone();
                if place > 0 {
                    // An id is one pool's alone.
                    pool.shift_remove("pool-id");
                }
                pieces.push((part, pool));
            }
        }
    }
    pieces.sort_by_key(|(range, _)| *range);
    for gap in gaps(wanted, &pieces) {
        let touches = |end: u32, start: u32| end.checked_add(1) == Some(start);
        let before = pieces
            .iter_mut()
            .find(|(range, _)| touches(range.end().to_bits(), gap.start().to_bits()));
        if let Some((range, _)) = before {
            *range = Range::new(range.start(), gap.end()).unwrap_or(*range);
            continue;
        }
        let after = pieces
            .iter_mut()
            .find(|(range, _)| touches(gap.end().to_bits(), range.start().to_bits()));
        if let Some((range, _)) = after {
            *range = Range::new(gap.start(), range.end()).unwrap_or(*range);
            continue;
        }
        pieces.push((gap, Json::new()));
    }
    pieces.sort_by_key(|(range, _)| *range);
    let written = pieces.into_iter().map(|(new, mut pool)| {
        if range(&pool) != Some(new) {
            pool.insert("pool".to_owned(), pool::text(&new).into());
        }
        pool
    });
    written.collect()
}

/// What of `wanted` no piece has.
fn gaps(wanted: &[Range], pieces: &[(Range, Json)]) -> Vec<Range> {
    let mut gaps = Vec::new();
    for whole in wanted {
        let mut next = u64::from(whole.start().to_bits());
        let mut gap = |from: u64, to: u64| {
            let address = |bits: u64| u32::try_from(bits).map(std::net::Ipv4Addr::from_bits);
            if let (true, Ok(from), Ok(to)) = (from <= to, address(from), address(to)) {
                gaps.extend(Range::new(from, to));
            }
        };
        for (piece, _) in pieces.iter().filter(|(piece, _)| whole.overlaps(piece)) {
            let start = u64::from(piece.start().to_bits());
            if start > next {
                gap(next, start - 1);
            }
            next = next.max(u64::from(piece.end().to_bits()) + 1);
        }
        gap(next, whole.end().to_bits().into());
    }
    gaps
}

fn classes(pool: &Json) -> impl Iterator<Item = &str> {
    let many = pool.get(CLASSES).and_then(Value::as_array);
    let many = many.into_iter().flatten().filter_map(Value::as_str);
    many.chain(text(pool, CLASS))
        .filter(|class| !class.is_empty())
}

/// Makes a pool one server's, or nobody's.
fn set_class(pool: &mut Json, known: &[String], class: Option<&str>, version: KeaVersion) {
    let held: Vec<&str> = classes(pool).collect();
    if held == class.into_iter().collect::<Vec<_>>() {
        return;
    }
    let ours = |held: &str| known.iter().any(|known| known == held);
    if text(pool, CLASS).is_some_and(ours) {
        match class {
            Some(class) => {
                pool.insert(CLASS.to_owned(), class.into());
                return;
            }
            None => {
                pool.shift_remove(CLASS);
            }
        }
    }
    if let Some(Value::Array(many)) = pool.get_mut(CLASSES) {
        many.retain(|held| !held.as_str().is_some_and(ours));
        many.extend(class.map(Value::from));
        if many.is_empty() {
            pool.shift_remove(CLASSES);
        }
        return;
    }
    let Some(class) = class else { return };
    if version >= KeaVersion::new(3, 0, 0) {
        pool.shift_remove(CLASS);
        pool.insert(CLASSES.to_owned(), Value::Array(vec![class.into()]));
    } else {
        pool.insert(CLASS.to_owned(), class.into());
    }
}
