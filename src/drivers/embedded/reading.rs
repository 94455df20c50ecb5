//! What a server says of itself: a reading, put together from the file without writing to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::file::Halt;
use super::history::Standing;
use super::machines::{Machine, Machines, Service};
use super::store::Cache;
use super::{leases, statistics, store};
use crate::model::failover::RelationshipStatus;
use crate::model::server::{
    Availability, Coverage, ServerConfig, ServerName, ServerReading, ServerRole,
};

/// What of the last reading is taken over when it has not changed.
pub(super) struct Before {
    pub(super) revision: String,
    pub(super) config: Arc<ServerConfig>,
}

/// Reads a server, which goes by `name` in the configuration.
pub(super) fn read(
    conn: &Connection,
    cache: &Cache,
    machines: &Machines,
    machine: &Machine,
    name: &ServerName,
    before: Option<Before>,
    now: Timestamp,
) -> Result<ServerReading, Halt> {
    let mut identity = store::identity(conn, machine.id)?;
    identity.name = name.clone();
    let dhcp = identity.roles.contains(&ServerRole::Dhcp);
    let revision = format!("{}-{}", store::born(conn)?, machine.revision);
    let config = cache.config(conn, machine)?;
    let statistics = statistics::of(conn, cache, machine, &config, now)?;
    Ok(ServerReading {
        taken: now,
        server_clock: now
            .checked_add(SignedDuration::from_secs(machine.skew))
            .ok(),
        availability: match machine.service {
            Service::Paused => Availability::Paused,
            Service::Running | Service::Stopped => Availability::Running,
        },
        coverage: if dhcp { Coverage::ALL } else { Coverage::NONE },
        relationships: statuses(conn, machines, machine, &config, now)?,
        config: unchanged(before, &revision, config),
        statistics: (*statistics).clone(),
        counters: store::counters(conn, machine.id)?,
        zones: store::zones(conn, machine.id)?,
        identity,
        revision,
    })
}

/// How each relationship stands now.
pub(super) fn statuses(
    conn: &Connection,
    machines: &Machines,
    machine: &Machine,
    config: &ServerConfig,
    now: Timestamp,
) -> Result<BTreeMap<String, RelationshipStatus>, Halt> {
    let mut statuses = BTreeMap::new();
    if config.relationships.is_empty() {
        return Ok(statuses);
    }
    let mut standing = Standing::of(conn, machine.id)?;
    standing.advance(machines, now);
    let unsent = leases::unsent(conn, machine.id)?;
    for (name, relationship) in &config.relationships {
        let Some(end) = standing.find(machine.id, name) else {
            return Err(Halt::Damaged(format!(
                "{}: relationship '{}' has no state",
                machine.name, relationship.name
            )));
        };
        let mut status = standing.status(machines, end);
        let waiting = relationship.scopes.iter().filter_map(|id| unsent.get(id));
        status.unsent_updates = Some(waiting.sum());
        statuses.insert(name.clone(), status);
    }
    Ok(statuses)
}

/// The same configuration, as far as possible in the `Arc`s of the last reading.
fn unchanged(
    before: Option<Before>,
    revision: &str,
    config: Arc<ServerConfig>,
) -> Arc<ServerConfig> {
    let Some(before) = before else { return config };
    if before.revision == revision || Arc::ptr_eq(&before.config, &config) {
        return before.config;
    }
    let old = |scope: &Arc<_>, id| {
        let old = before.config.scopes.get(id)?;
        (!Arc::ptr_eq(old, scope) && old == scope).then(|| Arc::clone(old))
    };
    let kept: Vec<_> = config
        .scopes
        .iter()
        .filter_map(|(id, scope)| Some((*id, old(scope, id)?)))
        .collect();
    if kept.is_empty() {
        return config;
    }
    let mut config = (*config).clone();
    config.scopes.extend(kept);
    Arc::new(config)
}
