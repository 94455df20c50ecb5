//! What a Kea server says of how it runs: its status, its heartbeat, its statistics.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::drivers::DriverError;
use crate::drivers::kea::ha::{HaStatus, HaTerms, Heartbeat};
use crate::drivers::kea::wire::{Answer, Command, Wire};
use crate::model::address;
use crate::model::lease::ScopeStatistics;
use crate::model::server::{ServerConfig, ServerCounters};
use crate::model::{Scope, ScopeId};

/// The answer to `status-get`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::drivers::kea) struct Status {
    /// The process.
    pub(in crate::drivers::kea) pid: i64,
    /// Seconds since it was configured.
    #[serde(default)]
    pub(in crate::drivers::kea) reload: i64,
    /// Seconds since it was started.
    #[serde(default)]
    pub(in crate::drivers::kea) uptime: i64,
    /// 2.6 and later.
    pub(in crate::drivers::kea) dhcp_state: Option<DhcpState>,
    /// One for each relationship.
    #[serde(default)]
    pub(in crate::drivers::kea) high_availability: Vec<HaStatus>,
}

/// Whether it answers clients, and who says that it shall not.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(in crate::drivers::kea) struct DhcpState {
    pub(in crate::drivers::kea) globally_disabled: bool,
    pub(in crate::drivers::kea) disabled_by_user: bool,
    pub(in crate::drivers::kea) disabled_by_db_connection: Vec<serde::de::IgnoredAny>,
}

impl Status {
    /// Whether somebody stopped it from answering clients. (High availability does so as well, in
    /// passing: that is no pause.)
    pub(in crate::drivers::kea) fn paused(&self) -> bool {
        self.dhcp_state.as_ref().is_some_and(|state| {
            state.disabled_by_user || !state.disabled_by_db_connection.is_empty()
        })
    }

    /// What it says of the relationship on those terms, which is the one at that place.
    pub(super) fn relationship(&self, terms: &HaTerms, place: usize) -> Option<&HaStatus> {
        let partner = terms.partner().map(|peer| peer.name.as_str());
        let named = self.high_availability.iter().find(|status| {
            let servers = &status.ha_servers;
            let local = servers.local.server_name.as_deref();
            let remote = servers.remote.as_ref();
            let remote = remote.and_then(|remote| remote.server_name.as_deref());
            local == Some(&terms.this_server_name) && remote == partner
        });
        named.or_else(|| self.high_availability.get(place))
    }

    /// When it was configured, by our clock.
    pub(super) fn configured(&self, now: Timestamp) -> Timestamp {
        let ago = SignedDuration::from_secs(self.reload.max(0));
        now.checked_sub(ago).unwrap_or(now)
    }

    /// When it was started, by our clock; the last reading's word while it can be the same.
    pub(super) fn started(&self, before: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let ago = SignedDuration::from_secs(self.uptime.max(0));
        let started = now.checked_sub(ago).ok()?;
        let jitter = |before: &Timestamp| before.duration_since(started).abs().as_secs() <= 2;
        before.filter(jitter).or(Some(started))
    }
}

/// The heartbeat of a relationship; `None` when it does not answer it.
///
/// # Errors
/// Those of the wire.
pub(super) async fn heartbeat(
    wire: &dyn Wire,
    terms: &HaTerms,
    several: bool,
) -> Result<Option<Heartbeat>, DriverError> {
    let mut command = Command::read("ha-heartbeat");
    if several {
        // Without it the first relationship answers.
        let name = BTreeMap::from([("server-name", &terms.this_server_name)]);
        command = command.with(&name);
    }
    let answer = wire.ask(&command).await?;
    Ok(answer
        .arguments()
        .filter(|_| answer.result == Answer::SUCCESS))
}

#[derive(Deserialize)]
struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Statistics {
    result_set: Rows,
}

/// How full the scopes are.
///
/// # Errors
/// Those of the wire.
pub(super) async fn statistics(
    wire: &dyn Wire,
    config: &ServerConfig,
    subnets: &BTreeMap<u32, ScopeId>,
) -> Result<BTreeMap<ScopeId, ScopeStatistics>, DriverError> {
    let answer = wire.ask(&Command::read("stat-lease4-get")).await?;
    let mut statistics = BTreeMap::new();
    let told = answer.arguments::<Statistics>();
    let Some(told) = told.filter(|_| answer.result == Answer::SUCCESS) else {
        return Ok(statistics);
    };
    let Rows { columns, rows } = told.result_set;
    let column = |name: &str| columns.iter().position(|column| column == name);
    let (Some(id), Some(total), Some(assigned)) = (
        column("subnet-id"),
        column("total-addresses"),
        column("assigned-addresses"),
    ) else {
        return Ok(statistics);
    };
    for row in rows {
        let count = |at: usize| row.get(at).and_then(|count| u64::try_from(*count).ok());
        let subnet = count(id).and_then(|id| subnets.get(&u32::try_from(id).ok()?));
        let Some((scope, known)) = subnet.and_then(|id| config.scopes.get_key_value(id)) else {
            continue;
        };
        let (total, assigned) = (count(total).unwrap_or(0), count(assigned).unwrap_or(0));
        statistics.insert(*scope, fill(known, total, assigned));
    }
    Ok(statistics)
}

/// Kea counts the leases of reserved addresses among the assigned ones, and does not say how many
/// they are: as many as can be are taken to be.
fn fill(scope: &Scope, total: u64, assigned: u64) -> ScopeStatistics {
    let total = match total {
        0 => address::usable(&scope.ranges, &[]),
        total => total,
    };
    let inside: u64 = scope
        .ranges
        .iter()
        .map(|range| {
            scope
                .reservations
                .range(range.start()..=range.end())
                .count() as u64
        })
        .sum();
    ScopeStatistics {
        free: total.saturating_sub(assigned.max(inside)),
        in_use: assigned,
        reserved: scope.reservations.len() as u64,
        pending: 0,
        split: None,
    }
}

/// The server's counters of messages.
///
/// # Errors
/// Those of the wire.
pub(super) async fn counters(wire: &dyn Wire) -> Result<ServerCounters, DriverError> {
    let mut counters = ServerCounters::default();
    for (name, counter) in [
        ("pkt4-discover-received", &mut counters.discovers),
        ("pkt4-offer-sent", &mut counters.offers),
        ("pkt4-request-received", &mut counters.requests),
        ("pkt4-ack-sent", &mut counters.acks),
        ("pkt4-nak-sent", &mut counters.naks),
        ("pkt4-decline-received", &mut counters.declines),
        ("pkt4-release-received", &mut counters.releases),
    ] {
        let command = Command::read("statistic-get").with(&BTreeMap::from([("name", name)]));
        let answer = wire.ask(&command).await?;
        // The newest sample comes first: a number and when it was taken.
        type Samples = BTreeMap<String, Vec<(i64, serde::de::IgnoredAny)>>;
        let samples = answer.arguments::<Samples>().unwrap_or_default();
        let newest = samples.get(name).and_then(|samples| samples.first());
        *counter = newest
            .and_then(|(count, _)| u64::try_from(*count).ok())
            .unwrap_or(0);
    }
    Ok(counters)
}
