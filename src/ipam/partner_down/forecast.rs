//! How long a scope's addresses last while one server serves alone.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use crate::model::lease::{Lease, ScopeStatistics};
use crate::model::scope::{LeaseDuration, Scope, Seconds};
use crate::model::{LeaseState, ScopeId};

/// Leases granted within this time tell how fast addresses go.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// How fast new clients take addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// So many did,
    pub leases: u64,
    /// within this time; never zero.
    pub over: SignedDuration,
}

impl Rate {
    /// Leases an hour.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "a scope has at most 2^32 addresses"
    )]
    pub fn per_hour(&self) -> f64 {
        self.leases as f64 * 3600.0 / self.over.as_secs_f64().max(1.0)
    }

    /// How long so many addresses last; `None`: for good, or longer than time is counted.
    fn lasts(&self, addresses: u64) -> Option<SignedDuration> {
        let span = i128::from(addresses).checked_mul(self.over.as_millis())?;
        let millis = span.checked_div(i128::from(self.leases))?;
        Some(SignedDuration::from_millis(i64::try_from(millis).ok()?))
    }
}

/// What becomes of a scope when the survivor serves it alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScopeForecast {
    /// Which.
    pub scope: ScopeId,
    /// Its name; printable.
    pub name: String,
    /// Addresses free at the survivor; `None`: not told.
    pub free_here: Option<u64>,
    /// Addresses free at the partner, which the survivor gets when MCLT has passed.
    pub free_at_partner: Option<u64>,
    /// Addresses in use.
    pub in_use: Option<u64>,
    /// How fast new clients came lately; `None`: not known.
    pub rate: Option<Rate>,
    /// When no address is left for a new client, at that rate; `None`: not foreseeable.
    pub runs_out: Option<Timestamp>,
    /// Whether that is before the survivor gets the partner's free addresses.
    pub before_takeover: bool,
    /// Leases that end before the survivor gets the partner's free addresses: who holds them needs
    /// an answer from the survivor by then. `None`: not known.
    pub leases_ending: Option<u64>,
}

/// A scope's forecast, from the survivor's copy of it. `leases`: its leases, where they were read;
/// `takes_over_at`: when the partner's free addresses are the survivor's, `None` for at once.
#[must_use]
pub fn forecast(
    scope: &Scope,
    statistics: Option<&ScopeStatistics>,
    leases: Option<&[Lease]>,
    mclt: Seconds,
    takes_over_at: Option<Timestamp>,
    now: Timestamp,
) -> ScopeForecast {
    let split = statistics.and_then(|statistics| statistics.split);
    let free = statistics.map(|statistics| statistics.free);
    let free_here = split.map(|split| split.free_here).or(free);
    let free_at_partner = split.map(|split| split.free_at_partner);
    let rate = leases.and_then(|leases| rate(scope, leases, mclt, now));
    let takeover = takes_over_at.unwrap_or(now).max(now);
    let mut forecast = ScopeForecast {
        scope: scope.id,
        name: crate::model::text::printable(&scope.name, 200),
        free_here,
        free_at_partner,
        in_use: statistics.map(|statistics| statistics.in_use),
        rate,
        runs_out: None,
        before_takeover: false,
        leases_ending: leases.map(|leases| ending(leases, now, takeover)),
    };
    let (Some(here), Some(rate)) = (free_here, rate) else {
        return forecast;
    };
    let after = |addresses| {
        let lasts = rate.lasts(addresses)?;
        now.checked_add(lasts).ok()
    };
    let alone = after(here).filter(|at| *at < takeover);
    forecast.before_takeover = alone.is_some();
    forecast.runs_out =
        alone.or_else(|| after(here.saturating_add(free_at_partner.unwrap_or_default())));
    forecast
}

/// Worst first: what runs out soonest, then what has least left, then where most leases end.
pub fn worst_first(scopes: &mut [ScopeForecast]) {
    scopes.sort_by_key(|scope| {
        (
            scope.runs_out.is_none(),
            scope.runs_out,
            scope.free_here.is_none(),
            scope.free_here,
            Reverse(scope.leases_ending),
            scope.scope,
        )
    });
}

/// New clients lately. Under failover their first lease is MCLT long, and so a lease with less
/// than that left is taken for a first one; that counts a few too many, on the safe side.
fn rate(scope: &Scope, leases: &[Lease], mclt: Seconds, now: Timestamp) -> Option<Rate> {
    let full = match scope.lease_duration {
        LeaseDuration::Limited(full) => Some(full),
        LeaseDuration::Unlimited => None,
    };
    // Without an MCLT shorter than a lease, new clients can't be told from those who renew.
    if mclt.0 == 0 || full.is_some_and(|full| full.0 / 2 < mclt.0) {
        return None;
    }
    let over = LATELY.min(SignedDuration::from_secs(mclt.0.into()));
    let first = SignedDuration::from_secs(mclt.0.into());
    let new = |lease: &&Lease| {
        let short = lease
            .expires
            .is_some_and(|expires| expires.duration_since(now) <= first);
        lease.state == LeaseState::Active
            && short
            && lease
                .granted(full, Some(mclt), now)
                .is_some_and(|at| now.duration_since(at) <= over)
    };
    let leases = u64::try_from(leases.iter().filter(new).count()).unwrap_or(u64::MAX);
    Some(Rate { leases, over })
}

fn ending(leases: &[Lease], now: Timestamp, takeover: Timestamp) -> u64 {
    let ends = |lease: &&Lease| {
        lease.state.is_active() && lease.expires.is_some_and(|at| at > now && at <= takeover)
    };
    u64::try_from(leases.iter().filter(ends).count()).unwrap_or(u64::MAX)
}
