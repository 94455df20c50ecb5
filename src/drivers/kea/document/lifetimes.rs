//! How long leases last, and the times that have to go along.

use super::{Json, number};
use crate::model::scope::{LeaseDuration, Seconds};

/// Kea's word for a lease without end.
const UNLIMITED: u32 = u32::MAX;
/// Seconds that a lease lasts where nobody says.
const LIFETIME: u32 = 7200;
/// The keys that hold how long a lease lasts.
const TIMES: [&str; 5] = [
    "valid-lifetime",
    "min-valid-lifetime",
    "max-valid-lifetime",
    "renew-timer",
    "rebind-timer",
];

/// What of a level is inherited about lifetimes.
pub(super) fn lifetimes(of: &Json) -> Json {
    let held = TIMES
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), of.get(*key)?.clone())));
    held.collect()
}

/// Sets how long a lease lasts. Kea demands min <= valid <= max, and sends no renewal time that is
/// not before the rebinding time, nor one that is not before the end. `inherited` is what holds
/// where the subnet says nothing, the nearest first.
pub(super) fn set_lifetime(
    subnet: &mut Json,
    inherited: [Option<&Json>; 2],
    duration: LeaseDuration,
) {
    let new = match duration {
        LeaseDuration::Limited(Seconds(seconds)) => seconds,
        LeaseDuration::Unlimited => UNLIMITED,
    };
    let [_, global] = inherited;
    let held = |key| {
        number(subnet, key).or_else(|| {
            inherited
                .into_iter()
                .flatten()
                .find_map(|of| number(of, key))
        })
    };
    // As a reading has it: what the subnet says, else the server.
    let old = number(subnet, TIMES[0]).or_else(|| number(global?, TIMES[0]));
    let old = old.unwrap_or(LIFETIME);
    if old == new && subnet.contains_key(TIMES[0]) {
        return;
    }
    // A bound that is what the subnet has is most often none at all: Kea writes out all three.
    let moved = |key, beyond: fn(u32, u32) -> bool| {
        let own = number(subnet, key).is_some_and(|bound| bound == old && bound != new);
        let demanded = held(key).is_some_and(|bound| beyond(bound, new));
        (own || demanded).then_some((key, new))
    };
    let min = moved(TIMES[1], |min, new| min > new);
    let max = moved(TIMES[2], |max, new| max < new);
    let rebind = held(TIMES[4]).filter(|rebind| *rebind >= new);
    let rebind = rebind.map(|_| u32::try_from(u64::from(new) * 7 / 8).unwrap_or(new));
    let end = rebind.or_else(|| held(TIMES[4])).unwrap_or(new);
    let renew = held(TIMES[3]).filter(|renew| *renew >= new || *renew >= end);
    let renew = renew.map(|_| (new / 2).min(end.saturating_sub(1)));
    let times = [
        Some((TIMES[0], new)),
        min,
        max,
        renew.map(|renew| (TIMES[3], renew)),
        rebind.map(|rebind| (TIMES[4], rebind)),
    ];
    for (key, value) in times.into_iter().flatten() {
        subnet.insert(key.to_owned(), value.into());
    }
}
