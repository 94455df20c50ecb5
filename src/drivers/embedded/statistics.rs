//! How full the scopes are: what lease records and reservations add up to, by partner.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::file::Halt;
use super::history::from_millis;
use super::leases::OFFERED;
use super::machines::Machine;
use super::share::{Share, is_usable};
use super::store::{Cache, Counted};
use crate::model::ScopeId;
use crate::model::lease::{FailoverSplit, ScopeStatistics};
use crate::model::scope::Scope;
use crate::model::server::ServerConfig;

/// How full every scope of a server is.
pub(super) fn of(
    conn: &Connection,
    cache: &Cache,
    machine: &Machine,
    config: &ServerConfig,
    now: Timestamp,
) -> Result<Arc<BTreeMap<ScopeId, ScopeStatistics>>, Halt> {
    if let Some(known) = cache.statistics(machine, now) {
        return Ok(known);
    }
    let mut statement = conn.prepare_cached(
        "SELECT address, state, expires, given_by FROM leases
         WHERE server = ?1 AND state <> 'Free' AND (expires IS NULL OR expires > ?2)
         ORDER BY address",
    )?;
    let mut rows = statement.query(params![machine.id, now.as_millisecond()])?;
    let mut until: Option<i64> = None;
    let mut tallies: BTreeMap<ScopeId, Tally<'_>> = BTreeMap::new();
    let shares: BTreeMap<ScopeId, Share> = config
        .relationships
        .values()
        .flat_map(|relationship| {
            let share = Share::of(relationship);
            relationship.scopes.iter().map(move |scope| (*scope, share))
        })
        .collect();
    for scope in config.scopes.values() {
        tallies.insert(scope.id, Tally::new(scope, shares.get(&scope.id).copied()));
    }
    let mut scopes = tallies.values_mut();
    let mut current = scopes.next();
    while let Some(row) = rows.next()? {
        let address = Ipv4Addr::from_bits(row.get(0)?);
        while current
            .as_ref()
            .is_some_and(|tally| tally.scope.id.broadcast() < address)
        {
            current = scopes.next();
        }
        let Some(tally) = current.as_mut() else { break };
        let text = |index| -> Result<Option<&str>, Halt> {
            row.get_ref(index)?
                .as_str_or_null()
                .map_err(|error| Halt::Damaged(error.to_string()))
        };
        if tally.scope.id.contains(address) {
            let here = text(3)?.is_none_or(|by| by.eq_ignore_ascii_case(machine.name.as_str()));
            tally.lease(address, text(1)? == Some(OFFERED), here);
        }
        let expires: Option<i64> = row.get(2)?;
        until = match (until, expires) {
            (Some(until), Some(expires)) => Some(until.min(expires)),
            (until, expires) => until.or(expires),
        };
    }
    let statistics: BTreeMap<_, _> = tallies
        .into_iter()
        .map(|(id, tally)| (id, tally.total()))
        .collect();
    let statistics = Arc::new(statistics);
    cache.remember_statistics(
        machine,
        Counted {
            lease_revision: machine.lease_revision,
            from: now,
            until: until.map(from_millis),
            statistics: Arc::clone(&statistics),
        },
    );
    Ok(statistics)
}

/// One scope's addresses, counted.
struct Tally<'a> {
    scope: &'a Scope,
    share: Option<Share>,
    in_use: u64,
    in_use_here: u64,
    pending: u64,
    /// Addresses that could be handed out, but for a lease or a reservation; and of these, those
    /// that are of this server's share.
    taken: u64,
    taken_here: u64,
}

impl<'a> Tally<'a> {
    fn new(scope: &'a Scope, share: Option<Share>) -> Tally<'a> {
        let mut tally = Tally {
            scope,
            share,
            in_use: 0,
            in_use_here: 0,
            pending: 0,
            taken: 0,
            taken_here: 0,
        };
        for address in scope.reservations.keys() {
            tally.take(*address);
        }
        tally
    }

    fn take(&mut self, address: Ipv4Addr) {
        if is_usable(self.scope, address) {
            self.taken += 1;
            if self.share.is_some_and(|share| share.has(address)) {
                self.taken_here += 1;
            }
        }
    }

    fn lease(&mut self, address: Ipv4Addr, offered: bool, here: bool) {
        if offered {
            self.pending += 1;
        } else {
            self.in_use += 1;
            self.in_use_here += u64::from(here);
        }
        if !self.scope.reservations.contains_key(&address) {
            self.take(address);
        }
    }

    fn total(&self) -> ScopeStatistics {
        let usable = crate::model::address::usable(&self.scope.ranges, &self.scope.exclusions);
        let free = usable.saturating_sub(self.taken);
        ScopeStatistics {
            free,
            in_use: self.in_use,
            reserved: self.scope.reservations.len() as u64,
            pending: self.pending,
            split: self.share.map(|share| {
                let free_here = share.usable(self.scope).saturating_sub(self.taken_here);
                FailoverSplit {
                    free_here,
                    free_at_partner: free.saturating_sub(free_here),
                    in_use_here: self.in_use_here,
                    in_use_at_partner: self.in_use - self.in_use_here,
                }
            }),
        }
    }
}
