//! Configurations in the file: loading what changed, saving what changed, founding an estate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::file::Halt;
use super::machines::Machine;
use super::{NewServer, history, leases};
use crate::model::ScopeId;
use crate::model::failover::Relationship;
use crate::model::lease::ScopeStatistics;
use crate::model::option::Options;
use crate::model::policy::{Filter, MacPattern, Policy};
use crate::model::scope::Scope;
use crate::model::server::{DnsZone, ServerConfig, ServerCounters, ServerIdentity};
use crate::model::settings::ServerSettings;

/// What has been read before, so that only what has changed since is read again. It holds only
/// what was committed, under revisions that never come twice.
#[derive(Default)]
pub(super) struct Cache(Mutex<BTreeMap<i64, Remembered>>);

#[derive(Clone)]
struct Remembered {
    revision: i64,
    config: Arc<ServerConfig>,
    statistics: Option<Counted>,
}

/// Statistics, and as long as what they hold.
#[derive(Clone)]
pub(super) struct Counted {
    pub(super) lease_revision: i64,
    pub(super) from: Timestamp,
    /// When the next lease runs out.
    pub(super) until: Option<Timestamp>,
    pub(super) statistics: Arc<BTreeMap<ScopeId, ScopeStatistics>>,
}

impl Cache {
    /// The configuration of a server.
    pub(super) fn config(
        &self,
        conn: &Connection,
        machine: &Machine,
    ) -> Result<Arc<ServerConfig>, Halt> {
        let before = self.lock(|all| all.get(&machine.id).cloned());
        match before {
            Some(known) if known.revision == machine.revision => Ok(known.config),
            older => {
                let older = older.as_ref().map(|known| (known.revision, &*known.config));
                let config = Arc::new(load(conn, machine, older)?);
                self.remember(machine.id, machine.revision, &config);
                Ok(config)
            }
        }
    }

    /// Remembers what was read or committed.
    pub(super) fn remember(&self, server: i64, revision: i64, config: &Arc<ServerConfig>) {
        self.lock(|all| {
            // Whoever read an older state of the file comes too late.
            if all
                .get(&server)
                .is_none_or(|known| known.revision < revision)
            {
                all.insert(
                    server,
                    Remembered {
                        revision,
                        config: Arc::clone(config),
                        statistics: None,
                    },
                );
            }
        });
    }

    /// Statistics that still hold.
    pub(super) fn statistics(
        &self,
        machine: &Machine,
        now: Timestamp,
    ) -> Option<Arc<BTreeMap<ScopeId, ScopeStatistics>>> {
        self.lock(|all| {
            let known = all.get(&machine.id)?;
            let counted = known.statistics.as_ref()?;
            let holds = known.revision == machine.revision
                && counted.lease_revision == machine.lease_revision
                && counted.from <= now
                && counted.until.is_none_or(|until| now < until);
            holds.then(|| Arc::clone(&counted.statistics))
        })
    }

    /// Remembers statistics of a configuration that is remembered.
    pub(super) fn remember_statistics(&self, machine: &Machine, counted: Counted) {
        self.lock(|all| {
            if let Some(known) = all.get_mut(&machine.id)
                && known.revision == machine.revision
            {
                known.statistics = Some(counted);
            }
        });
    }

    fn lock<T>(&self, work: impl FnOnce(&mut BTreeMap<i64, Remembered>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What of a configuration is kept with the server's row.
#[derive(Deserialize)]
struct Parts {
    settings: ServerSettings,
    options: Options,
    policies: Vec<Policy>,
    filters: BTreeMap<MacPattern, Filter>,
    relationships: BTreeMap<String, Relationship>,
}

/// The same, on its way into the file.
#[derive(Serialize, PartialEq)]
struct PartsOf<'a> {
    settings: &'a ServerSettings,
    options: &'a Options,
    policies: &'a [Policy],
    filters: &'a BTreeMap<MacPattern, Filter>,
    relationships: &'a BTreeMap<String, Relationship>,
}

impl<'a> PartsOf<'a> {
    fn of(config: &'a ServerConfig) -> PartsOf<'a> {
        PartsOf {
            settings: &config.settings,
            options: &config.options,
            policies: &config.policies,
            filters: &config.filters,
            relationships: &config.relationships,
        }
    }
}

/// Reads a configuration; scopes that have not been written since the older one are taken from it.
fn load(
    conn: &Connection,
    machine: &Machine,
    older: Option<(i64, &ServerConfig)>,
) -> Result<ServerConfig, Halt> {
    let parts: Parts = column(conn, machine.id, "SELECT parts FROM servers WHERE id = ?1")?;
    let since = older.map_or(0, |(revision, _)| revision);
    let mut statement = conn.prepare_cached(
        "SELECT scope, CASE WHEN revision > ?2 THEN body END FROM scopes WHERE server = ?1",
    )?;
    let mut rows = statement.query(params![machine.id, since])?;
    let mut scopes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let id: ScopeId = id.parse().map_err(|error| damaged(machine, &error))?;
        let scope = match (row.get_ref(1)?.as_str_or_null(), older) {
            (Ok(Some(body)), _) => Arc::new(serde_json::from_str::<Scope>(body)?),
            (Ok(None), Some((_, older))) => match older.scopes.get(&id) {
                Some(scope) => Arc::clone(scope),
                None => return Err(damaged(machine, &"a scope older than its server")),
            },
            (Ok(None), None) => return Err(damaged(machine, &"a scope without a revision")),
            (Err(error), _) => return Err(damaged(machine, &error)),
        };
        scopes.insert(id, scope);
    }
    Ok(ServerConfig {
        settings: parts.settings,
        scopes,
        options: parts.options,
        policies: parts.policies,
        filters: parts.filters,
        relationships: parts.relationships,
        foreign: Vec::new(),
    })
}

fn damaged(machine: &Machine, what: &dyn std::fmt::Display) -> Halt {
    Halt::Damaged(format!("{}: {what}", machine.name))
}

/// One JSON column of a server's row.
fn column<T: DeserializeOwned>(conn: &Connection, server: i64, sql: &str) -> Result<T, Halt> {
    let mut statement = conn.prepare_cached(sql)?;
    let text: Option<String> = statement.query_row([server], |row| row.get(0)).optional()?;
    let text = text.ok_or_else(|| Halt::Damaged(format!("no server {server}")))?;
    Ok(serde_json::from_str(&text)?)
}

/// What a server is.
pub(super) fn identity(conn: &Connection, server: i64) -> Result<ServerIdentity, Halt> {
    column(conn, server, "SELECT identity FROM servers WHERE id = ?1")
}

/// A DNS server's zones.
pub(super) fn zones(conn: &Connection, server: i64) -> Result<Vec<DnsZone>, Halt> {
    column(conn, server, "SELECT zones FROM servers WHERE id = ?1")
}

/// A server's counters.
pub(super) fn counters(conn: &Connection, server: i64) -> Result<ServerCounters, Halt> {
    column(conn, server, "SELECT counters FROM servers WHERE id = ?1")
}

pub(super) fn set_counters(
    conn: &Connection,
    server: i64,
    counters: &ServerCounters,
) -> Result<(), Halt> {
    conn.prepare_cached("UPDATE servers SET counters = ?2 WHERE id = ?1")?
        .execute(params![server, serde_json::to_string(counters)?])?;
    Ok(())
}

/// Which file a revision belongs to.
pub(super) fn born(conn: &Connection) -> Result<String, Halt> {
    let mut statement = conn.prepare_cached("SELECT born FROM estate")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The next revision there is.
pub(super) fn next_revision(conn: &Connection) -> Result<i64, Halt> {
    let mut statement =
        conn.prepare_cached("UPDATE estate SET counter = counter + 1 RETURNING counter")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Notes that a server's leases have changed.
pub(super) fn leases_changed(conn: &Connection, server: i64) -> Result<(), Halt> {
    let revision = next_revision(conn)?;
    conn.prepare_cached("UPDATE servers SET lease_revision = ?2 WHERE id = ?1")?
        .execute(params![server, revision])?;
    Ok(())
}

/// Writes what differs, and nothing else; gives the new revision.
pub(super) fn save(
    conn: &Connection,
    server: i64,
    before: &ServerConfig,
    after: &ServerConfig,
) -> Result<i64, Halt> {
    let revision = next_revision(conn)?;
    conn.prepare_cached("UPDATE servers SET revision = ?2 WHERE id = ?1")?
        .execute(params![server, revision])?;
    let parts = PartsOf::of(after);
    if parts != PartsOf::of(before) {
        conn.prepare_cached("UPDATE servers SET parts = ?2 WHERE id = ?1")?
            .execute(params![server, serde_json::to_string(&parts)?])?;
    }
    for id in before.scopes.keys() {
        if !after.scopes.contains_key(id) {
            conn.prepare_cached("DELETE FROM scopes WHERE server = ?1 AND scope = ?2")?
                .execute(params![server, id.net().to_string()])?;
        }
    }
    for (id, scope) in &after.scopes {
        let same = before
            .scopes
            .get(id)
            .is_some_and(|old| Arc::ptr_eq(old, scope) || old == scope);
        if !same {
            insert_scope(conn, server, revision, scope)?;
        }
    }
    Ok(revision)
}

fn insert_scope(conn: &Connection, server: i64, revision: i64, scope: &Scope) -> Result<(), Halt> {
    conn.prepare_cached(
        "INSERT INTO scopes (server, scope, revision, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (server, scope) DO UPDATE SET revision = ?3, body = ?4",
    )?
    .execute(params![
        server,
        scope.id.net().to_string(),
        revision,
        serde_json::to_string(scope)?
    ])?;
    Ok(())
}

/// Makes the estate that of these servers, whatever it was: every service runs, every link works,
/// and every relationship that both its servers hold is Normal.
pub(super) fn found(conn: &Connection, servers: &[NewServer], now: Timestamp) -> Result<(), Halt> {
    conn.execute_batch(
        "DELETE FROM transitions; DELETE FROM cuts; DELETE FROM endpoints; DELETE FROM leases;
         DELETE FROM scopes; DELETE FROM servers; UPDATE estate SET clients = 0;",
    )?;
    let revision = next_revision(conn)?;
    for (id, server) in (1_i64..).zip(servers) {
        let parts = serde_json::to_string(&PartsOf::of(&server.config))?;
        conn.prepare_cached(
            "INSERT INTO servers
             (id, name, revision, lease_revision, identity, zones, counters, parts)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            id,
            server.identity.name.as_str(),
            revision,
            serde_json::to_string(&server.identity)?,
            serde_json::to_string(&server.zones)?,
            serde_json::to_string(&server.counters)?,
            parts,
        ])?;
        for scope in server.config.scopes.values() {
            insert_scope(conn, id, revision, scope)?;
        }
        for lease in &server.leases {
            leases::insert(conn, id, lease)?;
        }
    }
    history::found(conn, servers, now)
}

/// The scopes that a server has in a relationship (lower case).
pub(super) fn failover_scopes(
    conn: &Connection,
    server: i64,
    relationship: &str,
) -> Result<BTreeSet<ScopeId>, Halt> {
    #[derive(Deserialize)]
    struct Relationships {
        relationships: BTreeMap<String, Relationship>,
    }
    let mut parts: Relationships = column(conn, server, "SELECT parts FROM servers WHERE id = ?1")?;
    Ok(parts
        .relationships
        .remove(relationship)
        .map(|relationship| relationship.scopes)
        .unwrap_or_default())
}
