//! History in the store: samples of many scopes in one row, thinned out as they age.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::file::SqliteStore;
use crate::ipam::StoreError;
use crate::ipam::history::{Batch, Level, Sample, Spell, StateChange};
use crate::model::failover::FailoverState;
use crate::model::{ScopeId, ServerName};

/// The tables of version 2. Times are seconds since 1970 in `usage`, milliseconds in `state`.
pub(super) const TABLES: &str = "
CREATE TABLE usage (
    server TEXT NOT NULL COLLATE NOCASE,
    at INTEGER NOT NULL,
    levels BLOB NOT NULL,   -- 13 bytes a scope, see store/history.rs
    PRIMARY KEY (server, at)
) STRICT;
CREATE INDEX usage_at ON usage (at);
CREATE TABLE state (
    server TEXT NOT NULL COLLATE NOCASE,
    relationship TEXT NOT NULL,     -- lower case
    since INTEGER NOT NULL,
    state INTEGER NOT NULL,
    own_word TEXT,
    PRIMARY KEY (server, relationship, since)
) STRICT, WITHOUT ROWID;
";

/// Address, prefix length, in use, free; big-endian.
const ENTRY: usize = 13;
/// Samples of one hour become one when they are a day old.
const HOUR: i64 = 3600;

fn key(scope: ScopeId) -> [u8; 5] {
    let [a, b, c, d] = scope.address().octets();
    [a, b, c, d, scope.net().prefix_len()]
}

fn packed(sample: &Sample) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(sample.len() * ENTRY);
    for (scope, level) in sample {
        bytes.extend(key(*scope));
        bytes.extend(level.in_use.to_be_bytes());
        bytes.extend(level.free.to_be_bytes());
    }
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn level(entry: &[u8]) -> Level {
    Level {
        in_use: number(&entry[5..9]),
        free: number(&entry[9..13]),
    }
}

fn unpack(bytes: &[u8], into: &mut Sample) {
    for entry in bytes.chunks_exact(ENTRY) {
        let address = std::net::Ipv4Addr::from_bits(number(&entry[..4]));
        if let Some(scope) = ScopeId::of(address, entry[4]) {
            into.insert(scope, level(entry));
        }
    }
}

/// Adds a sample, over what another process has put there in the same second.
fn add(change: &Transaction<'_>, server: &str, at: i64, sample: &Sample) -> rusqlite::Result<()> {
    let there: Option<Vec<u8>> = change
        .prepare_cached("SELECT levels FROM usage WHERE server = ?1 AND at = ?2")?
        .query_row(params![server, at], |row| row.get(0))
        .optional()?;
    let bytes = match there {
        None => packed(sample),
        Some(there) => {
            let mut both = Sample::new();
            unpack(&there, &mut both);
            both.extend(sample);
            packed(&both)
        }
    };
    change
        .prepare_cached("INSERT OR REPLACE INTO usage (server, at, levels) VALUES (?1, ?2, ?3)")?
        .execute(params![server, at, bytes])?;
    Ok(())
}

fn add_state(change: &Transaction<'_>, state: &StateChange) -> rusqlite::Result<()> {
    let (server, spell) = (state.server.as_str(), &state.spell);
    // Another process may have seen it too, and a server may tell its time a little differently.
    let last = spells(change, server, &state.relationship, Some(1))?.pop();
    if last.is_some_and(|last| last.same(spell)) {
        return Ok(());
    }
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO state (server, relationship, since, state, own_word)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            server,
            state.relationship,
            spell.since.as_millisecond(),
            spell.state as u8,
            spell.own_word
        ])?;
    Ok(())
}

/// The newest first.
fn spells(
    connection: &Connection,
    server: &str,
    relationship: &str,
    limit: Option<i64>,
) -> rusqlite::Result<Vec<Spell>> {
    connection
        .prepare_cached(
            "SELECT since, state, own_word FROM state WHERE server = ?1 AND relationship = ?2
             ORDER BY since DESC LIMIT ?3",
        )?
        .query_map(params![server, relationship, limit.unwrap_or(-1)], |row| {
            let since = Timestamp::from_millisecond(row.get(0)?);
            let state: usize = row.get(1)?;
            Ok(Spell {
                since: since.unwrap_or(Timestamp::UNIX_EPOCH),
                state: FailoverState::ALL
                    .get(state)
                    .copied()
                    .unwrap_or(FailoverState::NoState),
                own_word: row.get(2)?,
            })
        })?
        .collect()
}

/// One sample an hour, of the last level of each scope in it, for what is older than `fine`.
fn thin(change: &Transaction<'_>, fine: i64) -> rusqlite::Result<()> {
    // Whole hours only.
    let fine = fine - fine.rem_euclid(HOUR);
    let crowded: Vec<(String, i64)> = change
        .prepare_cached(
            "SELECT server, at / 3600 FROM usage WHERE at < ?1
             GROUP BY server, at / 3600 HAVING count(*) > 1",
        )?
        .query_map([fine], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (server, hour) in crowded {
        let within = params![server, hour * HOUR, (hour + 1) * HOUR];
        let (mut sample, mut last) = (Sample::new(), hour * HOUR);
        let mut select = change.prepare_cached(
            "SELECT levels, at FROM usage WHERE server = ?1 AND at >= ?2 AND at < ?3 ORDER BY at",
        )?;
        let mut rows = select.query(within)?;
        while let Some(row) = rows.next()? {
            unpack(row.get_ref(0)?.as_blob().unwrap_or_default(), &mut sample);
            last = row.get(1)?;
        }
        change
            .prepare_cached("DELETE FROM usage WHERE server = ?1 AND at >= ?2 AND at < ?3")?
            .execute(within)?;
        add(change, &server, last, &sample)?;
    }
    Ok(())
}

impl SqliteStore {
    pub(super) fn write_history(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.samples.is_empty() && batch.states.is_empty() {
            return Ok(());
        }
        self.write(|change| {
            for (server, at, sample) in &batch.samples {
                add(change, server.as_str(), *at, sample)?;
            }
            for state in &batch.states {
                add_state(change, state)?;
            }
            Ok(())
        })
    }

    pub(super) fn prune_history(
        &self,
        samples: i64,
        fine: i64,
        states: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|change| {
            change.execute("DELETE FROM usage WHERE at < ?1", [samples])?;
            thin(change, fine)?;
            // The state that an end is in now is kept, however long it has been.
            change.execute(
                "DELETE FROM state WHERE since < ?1
                   AND since < (SELECT max(since) FROM state AS newer
                                WHERE newer.server = state.server
                                  AND newer.relationship = state.relationship)",
                [states.as_millisecond()],
            )?;
            Ok(())
        })
    }

    pub(super) fn read_usage(
        &self,
        server: &ServerName,
        scope: ScopeId,
        from: i64,
    ) -> Result<Vec<(i64, Level)>, StoreError> {
        let key = key(scope);
        self.read(|connection| {
            let mut levels = BTreeMap::new();
            let mut select = connection.prepare_cached(
                "SELECT at, levels FROM usage WHERE server = ?1 AND at >= ?2 ORDER BY at",
            )?;
            let mut rows = select.query(params![server.as_str(), from])?;
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
                let mut entries = bytes.chunks_exact(ENTRY);
                if let Some(entry) = entries.find(|entry| entry[..5] == key) {
                    levels.insert(row.get(0)?, level(entry));
                }
            }
            Ok(levels.into_iter().collect())
        })
    }

    pub(super) fn read_states(
        &self,
        server: &ServerName,
        relationship: &str,
    ) -> Result<Vec<Spell>, StoreError> {
        self.read(|connection| {
            let mut spells = spells(connection, server.as_str(), relationship, None)?;
            spells.reverse();
            Ok(spells)
        })
    }
}
