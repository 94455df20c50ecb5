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

/// Takes the classes of high availability off every pool; what only they parted is one again.
pub(super) fn unshare(subnet: &mut Json, known: &[String]) {
    let shared = |pool: &Json| classes(pool).any(|class| known.iter().any(|known| known == class));
    if !list(subnet, POOLS).any(shared) {
        return;
    }
    let mut pools: Vec<Json> = list(subnet, POOLS).cloned().collect();
    for pool in &mut pools {
        set_class(pool, known, None, KeaVersion::new(0, 0, 0));
    }
    let pools = joined(pools).into_iter().map(Value::Object).collect();
    subnet.insert(POOLS.to_owned(), Value::Array(pools));
}

/// What of a pool lies in ranges, each part with all that the pool has.
fn cut(pool: &Json, ranges: &[Range]) -> Vec<Json> {
    let Some(whole) = range(pool) else {
        return Vec::new();
    };
    let parts = ranges.iter().filter_map(|range| range.intersection(&whole));
    let parts = parts.map(|part| {
        let mut pool = pool.clone();
        if part != whole {
            pool.insert("pool".to_owned(), pool::text(&part).into());
        }
        // An id is one pool's alone.
        if part.start() != whole.start() {
            pool.shift_remove("pool-id");
        }
        pool
    });
    parts.collect()
}

/// Pools that touch made one, where they differ in nothing but their addresses.
fn joined(pools: Vec<Json>) -> Vec<Json> {
    let alike = |one: &Json, other: &Json| {
        let own = |pool: &Json| {
            let mut own = pool.clone();
            own.shift_remove("pool");
            own.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
            own
        };
        own(one) == own(other)
    };
    let mut joined: Vec<Json> = Vec::with_capacity(pools.len());
    for pool in pools {
        let last = joined.last_mut().filter(|last| alike(last, &pool));
        let whole = last.zip(range(&pool)).and_then(|(last, next)| {
            let held = range(last)?;
            let touches = held.end().to_bits().checked_add(1)? == next.start().to_bits();
            let whole = Range::new(held.start(), next.end()).ok()?;
            touches.then_some((last, whole))
        });
        match whole {
            Some((last, whole)) => {
                last.insert("pool".to_owned(), pool::text(&whole).into());
            }
            None => joined.push(pool),
        }
    }
    joined
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
            let pieces = reshape(held, wanted);
            let halves = pool::halves(wanted);
            let mut pools = Vec::new();
            for (half, class) in [halves.0, halves.1].iter().zip(&split.pair) {
                let parts = pieces.iter().flat_map(|piece| cut(piece, half));
                let mut parts: Vec<Json> = parts.collect();
                for part in &mut parts {
                    set_class(part, known, Some(class), version);
                }
                pools.extend(joined(parts));
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
