//! Lease records: reading them, deleting them, and their flow between partners.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::file::Halt;
use super::history::from_millis;
use super::machines::Machine;
use super::store;
use crate::drivers::LeaseQuery;
use crate::model::ScopeId;
use crate::model::lease::{Lease, LeaseState};
use crate::model::scope::ClientType;
use crate::model::server::{ServerConfig, ServerName};

/// The words for a record in the file. Whether it has run out is the time's affair, and whether
/// it is a reservation's the configuration's.
const ACTIVE: &str = "Active";
pub(super) const OFFERED: &str = "Offered";
const DECLINED: &str = "Declined";
/// A record that was deleted while the partner was away, and has yet to be told.
const FREE: &str = "Free";

/// A record as the file has it.
#[derive(Clone, Debug)]
struct Record {
    address: u32,
    scope: String,
    state: String,
    expires: Option<i64>,
    given_by: Option<String>,
    client: String,
    host_name: String,
    description: String,
    client_type: String,
    policy: String,
}

const COLUMNS: &str = "SELECT address, scope, state, expires, given_by, client, host_name,
    description, client_type, policy FROM leases";

impl Record {
    fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
        Ok(Record {
            address: row.get(0)?,
            scope: row.get(1)?,
            state: row.get(2)?,
            expires: row.get(3)?,
            given_by: row.get(4)?,
            client: row.get(5)?,
            host_name: row.get(6)?,
            description: row.get(7)?,
            client_type: row.get(8)?,
            policy: row.get(9)?,
        })
    }

    fn of(lease: &Lease) -> Record {
        Record {
            address: lease.address.to_bits(),
            scope: lease.scope.net().to_string(),
            state: match lease.state {
                LeaseState::Offered => OFFERED,
                LeaseState::Declined => DECLINED,
                LeaseState::Active
                | LeaseState::Expired
                | LeaseState::ActiveReservation
                | LeaseState::InactiveReservation => ACTIVE,
            }
            .to_owned(),
            expires: lease.expires.map(Timestamp::as_millisecond),
            given_by: lease.given_by.as_ref().map(ToString::to_string),
            client: lease.client.to_string(),
            host_name: lease.host_name.clone(),
            description: lease.description.clone(),
            client_type: lease.client_type.to_string(),
            policy: lease.policy.clone(),
        }
    }

    fn write(&self, conn: &Connection, server: i64, owed: bool) -> Result<(), Halt> {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO leases (server, address, scope, state, expires, owed, given_by,
             client, host_name, description, client_type, policy)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            server,
            self.address,
            self.scope,
            self.state,
            self.expires,
            owed,
            self.given_by,
            self.client,
            self.host_name,
            self.description,
            self.client_type,
            self.policy
        ])?;
        Ok(())
    }

    /// Which of two records of one address stands: one that is there before one that is not, then
    /// the one that holds longer.
    fn outlasts(&self, other: &Record) -> bool {
        let rank = |record: &Record| {
            (
                record.state != FREE,
                record.expires.is_none(),
                record.expires,
            )
        };
        rank(self) >= rank(other)
    }

    fn into_lease(self, config: &ServerConfig, now: Timestamp) -> Result<Lease, Halt> {
        let bad = |what: &str| Halt::Damaged(format!("lease {what}"));
        let address = Ipv4Addr::from_bits(self.address);
        let scope: ScopeId = self.scope.parse().map_err(|_| bad(&self.scope))?;
        let client = self.client.parse().map_err(|_| bad(&self.client))?;
        let expires = self.expires.map(from_millis);
        let reserved = config
            .scopes
            .get(&scope)
            .and_then(|scope| scope.reservations.get(&address))
            .is_some_and(|reservation| reservation.client == client);
        let out = expires.is_some_and(|expires| expires <= now);
        let state = match (self.state.as_str(), out, reserved) {
            (_, true, true) => LeaseState::InactiveReservation,
            (_, true, false) => LeaseState::Expired,
            (ACTIVE, false, true) => LeaseState::ActiveReservation,
            (ACTIVE, false, false) => LeaseState::Active,
            (OFFERED, false, _) => LeaseState::Offered,
            (DECLINED, false, _) => LeaseState::Declined,
            (other, false, _) => return Err(bad(other)),
        };
        Ok(Lease {
            address,
            scope,
            client,
            host_name: self.host_name,
            description: self.description,
            state,
            client_type: [ClientType::Dhcp, ClientType::Bootp, ClientType::Both]
                .into_iter()
                .find(|kind| kind.to_string() == self.client_type)
                .unwrap_or_default(),
            expires,
            policy: self.policy,
            given_by: config
                .relationship_of(scope)
                .and(self.given_by)
                .map(|name| ServerName::new(&name)),
        })
    }
}

/// Writes a lease that the partner, if any, has too.
pub(super) fn insert(conn: &Connection, server: i64, lease: &Lease) -> Result<(), Halt> {
    Record::of(lease).write(conn, server, false)
}

/// Writes a lease that the partner has yet to hear of.
pub(super) fn insert_owed(conn: &Connection, server: i64, lease: &Lease) -> Result<(), Halt> {
    Record::of(lease).write(conn, server, true)
}

/// Reads leases, in order of address. A reservation whose client is away has a record too.
pub(super) fn read(
    conn: &Connection,
    machine: &Machine,
    config: &ServerConfig,
    query: &LeaseQuery,
    now: Timestamp,
) -> Result<Vec<Lease>, Halt> {
    let all = Ipv4Addr::UNSPECIFIED.to_bits()..=Ipv4Addr::BROADCAST.to_bits();
    let (mut first, last) = match query.scope {
        Some(scope) => (scope.address().to_bits(), scope.broadcast().to_bits()),
        None => (*all.start(), *all.end()),
    };
    if let Some(after) = query.after {
        match after.to_bits().checked_add(1) {
            Some(next) => first = first.max(next),
            None => return Ok(Vec::new()),
        }
    }
    let limit = match query.limit {
        0 => usize::MAX,
        limit => limit,
    };
    let client = query.client.as_ref().map(ToString::to_string);
    let mut statement = conn.prepare_cached(&format!(
        "{COLUMNS} WHERE server = ?1 AND address BETWEEN ?2 AND ?3 AND state <> 'Free'
         AND (?4 IS NULL OR client = ?4) ORDER BY address LIMIT ?5"
    ))?;
    let rows = i64::try_from(limit).unwrap_or(-1);
    let mut rows = statement.query(params![machine.id, first, last, client, rows])?;
    let mut leases = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let lease = Record::read(row)?.into_lease(config, now)?;
        leases.insert(lease.address, lease);
    }
    let scopes = config
        .scopes
        .values()
        .filter(|scope| query.scope.is_none_or(|id| id == scope.id));
    for scope in scopes {
        let from = Ipv4Addr::from_bits(first)..=Ipv4Addr::from_bits(last);
        if from.is_empty() {
            break;
        }
        for (address, reservation) in scope.reservations.range(from) {
            if query
                .client
                .as_ref()
                .is_some_and(|client| *client != reservation.client)
            {
                continue;
            }
            let held = leases
                .get(address)
                .is_some_and(|lease| lease.state != LeaseState::Expired);
            if !held && !away_but_leased(conn, machine.id, *address, client.is_some(), now)? {
                leases.insert(
                    *address,
                    Lease {
                        address: *address,
                        scope: scope.id,
                        client: reservation.client.clone(),
                        host_name: reservation.name.clone(),
                        description: reservation.description.clone(),
                        state: LeaseState::InactiveReservation,
                        client_type: reservation.kind,
                        expires: None,
                        policy: String::new(),
                        given_by: None,
                    },
                );
            }
        }
    }
    Ok(leases.into_values().take(limit).collect())
}

/// Whether a reserved address is held by somebody whom a query by client does not look for.
fn away_but_leased(
    conn: &Connection,
    server: i64,
    address: Ipv4Addr,
    by_client: bool,
    now: Timestamp,
) -> Result<bool, Halt> {
    if !by_client {
        return Ok(false);
    }
    let mut statement = conn.prepare_cached(
        "SELECT 1 FROM leases WHERE server = ?1 AND address = ?2 AND state <> 'Free'
         AND (expires IS NULL OR expires > ?3)",
    )?;
    Ok(statement.exists(params![server, address.to_bits(), now.as_millisecond()])?)
}

/// The addresses of a scope that clients hold.
pub(super) fn held(
    conn: &Connection,
    server: i64,
    scope: ScopeId,
    now: Timestamp,
) -> Result<BTreeSet<Ipv4Addr>, Halt> {
    let mut statement = conn.prepare_cached(
        "SELECT address FROM leases WHERE server = ?1 AND address BETWEEN ?2 AND ?3
         AND state <> 'Free' AND (expires IS NULL OR expires > ?4)",
    )?;
    let (first, last) = (scope.address().to_bits(), scope.broadcast().to_bits());
    let addresses = statement
        .query_map(params![server, first, last, now.as_millisecond()], |row| {
            row.get::<_, u32>(0)
        })?
        .map(|bits| bits.map(Ipv4Addr::from_bits))
        .collect::<Result<_, _>>()?;
    Ok(addresses)
}

/// Deletes a record; under failover the partner is to hear of it. Gives whether there was one.
pub(super) fn remove(
    conn: &Connection,
    server: i64,
    address: Ipv4Addr,
    under_failover: bool,
) -> Result<bool, Halt> {
    let sql = if under_failover {
        "UPDATE leases SET state = 'Free', owed = 1
         WHERE server = ?1 AND address = ?2 AND state <> 'Free'"
    } else {
        "DELETE FROM leases WHERE server = ?1 AND address = ?2 AND state <> 'Free'"
    };
    let removed = conn.execute(sql, params![server, address.to_bits()])?;
    Ok(removed > 0)
}

/// Deletes every record of a scope that is no more.
pub(super) fn remove_scope(conn: &Connection, server: i64, scope: ScopeId) -> Result<(), Halt> {
    conn.execute(
        "DELETE FROM leases WHERE server = ?1 AND scope = ?2",
        params![server, scope.net().to_string()],
    )?;
    Ok(())
}

/// A scope came under failover (its partner must hear of every lease), or left it.
pub(super) fn owe(conn: &Connection, server: i64, scope: ScopeId, owed: bool) -> Result<(), Halt> {
    let scope = scope.net().to_string();
    if !owed {
        conn.execute(
            "DELETE FROM leases WHERE server = ?1 AND scope = ?2 AND state = 'Free'",
            params![server, scope],
        )?;
    }
    conn.execute(
        "UPDATE leases SET owed = ?3 WHERE server = ?1 AND scope = ?2",
        params![server, scope, owed],
    )?;
    Ok(())
}

/// Whether a server has anything to tell any partner.
pub(super) fn owes(conn: &Connection, server: i64) -> Result<bool, Halt> {
    let mut statement =
        conn.prepare_cached("SELECT 1 FROM leases WHERE server = ?1 AND owed = 1 LIMIT 1")?;
    Ok(statement.exists([server])?)
}

/// How many updates the partner has yet to hear of, by scope.
pub(super) fn unsent(conn: &Connection, server: i64) -> Result<BTreeMap<ScopeId, u32>, Halt> {
    let mut statement = conn.prepare_cached(
        "SELECT scope, count(*) FROM leases WHERE server = ?1 AND owed = 1 GROUP BY scope",
    )?;
    let mut rows = statement.query([server])?;
    let mut unsent = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let scope: String = row.get(0)?;
        let scope = scope
            .parse()
            .map_err(|_| Halt::Damaged(format!("lease {scope}")))?;
        unsent.insert(scope, row.get(1)?);
    }
    Ok(unsent)
}

/// Two partners tell each other what they owe of a scope; where both gave an address out, the
/// later expiry stands. Gives how many records went over.
pub(super) fn exchange(
    conn: &Connection,
    one: i64,
    other: i64,
    scope: ScopeId,
) -> Result<usize, Halt> {
    let (from_one, from_other) = (owed(conn, one, scope)?, owed(conn, other, scope)?);
    let addresses: BTreeSet<u32> = from_one.keys().chain(from_other.keys()).copied().collect();
    for address in &addresses {
        let standing = match (from_one.get(address), from_other.get(address)) {
            (Some(mine), Some(theirs)) if mine.outlasts(theirs) => mine,
            (_, Some(theirs)) => theirs,
            (Some(mine), None) => mine,
            (None, None) => continue,
        };
        for server in [one, other] {
            if standing.state == FREE {
                conn.prepare_cached("DELETE FROM leases WHERE server = ?1 AND address = ?2")?
                    .execute(params![server, address])?;
            } else {
                standing.write(conn, server, false)?;
            }
        }
    }
    Ok(addresses.len())
}

fn owed(conn: &Connection, server: i64, scope: ScopeId) -> Result<BTreeMap<u32, Record>, Halt> {
    let mut statement = conn.prepare_cached(&format!(
        "{COLUMNS} WHERE server = ?1 AND scope = ?2 AND owed = 1"
    ))?;
    let records = statement
        .query_map(params![server, scope.net().to_string()], Record::read)?
        .map(|record| record.map(|record| (record.address, record)))
        .collect::<Result<_, _>>()?;
    Ok(records)
}

/// Moves every expiry into the past.
pub(super) fn shift(conn: &Connection, by: jiff::SignedDuration) -> Result<(), Halt> {
    conn.execute(
        "UPDATE leases SET expires = expires - ?1 WHERE expires IS NOT NULL",
        [i64::try_from(by.as_millis()).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// Notes that leases were written by hand: statistics count anew.
pub(super) fn changed(conn: &Connection, server: i64) -> Result<(), Halt> {
    store::leases_changed(conn, server)
}
