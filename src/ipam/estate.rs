//! Every server's reading at one moment, paired and indexed; immutable, shared by `Arc`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;

use super::names::Names;
use super::pairs::{ConfigIndex, ServerPairs};
use crate::drivers::{DriverError, Readings};
use crate::model::failover::{Relationship, RelationshipStatus, Side};
use crate::model::server::{Availability, ServerName, ServerReading};
use crate::model::{ClientId, Comparison, Reservation, Scope, ScopeId};
use crate::rules::compare::Copy;
use crate::rules::compare_relationship;

pub use super::pairs::Pair;

/// What is known of one server.
#[derive(Clone, Debug)]
pub struct ServerView {
    /// Which.
    pub name: ServerName,
    /// Whether it answers; `None` before it was first asked. With `asked: None` it is what an
    /// earlier session found.
    pub availability: Option<Availability>,
    /// Since when that is so.
    pub availability_since: Option<Timestamp>,
    /// Its last reading, however old.
    pub reading: Option<Arc<ServerReading>>,
    /// Whether that reading is of an earlier session, out of the cache: the server itself has not
    /// confirmed it since. With `asked: None` it was not even asked.
    pub cached: bool,
    /// Why it could not be read the last time.
    pub error: Option<DriverError>,
    /// When it was last asked.
    pub asked: Option<Timestamp>,
}

impl ServerView {
    /// A server that was not asked yet.
    #[must_use]
    pub fn unasked(name: ServerName) -> ServerView {
        ServerView {
            name,
            availability: None,
            availability_since: None,
            reading: None,
            cached: false,
            error: None,
            asked: None,
        }
    }

    /// Whether what is known of it is old: it could not be read the last time, or was not read in
    /// this session.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.error.is_some() || self.cached
    }

    /// Whether nothing but times has changed since: ages, clocks that run on, contacts that go on.
    #[must_use]
    pub fn same_but_times(&self, before: &ServerView) -> bool {
        self.availability == before.availability
            && self.availability_since == before.availability_since
            && self.cached == before.cached
            && self.asked.is_some() == before.asked.is_some()
            && self.error == before.error
            && match (&self.reading, &before.reading) {
                (Some(now), Some(then)) => same_reading(now, then),
                (now, then) => now.is_none() && then.is_none(),
            }
    }
}

fn same_reading(now: &ServerReading, then: &ServerReading) -> bool {
    let skew = |reading: &ServerReading| {
        let clock = reading.server_clock?;
        Some(clock.duration_since(reading.taken).as_secs())
    };
    let same_clock = match (skew(now), skew(then)) {
        // A second more or less is the way there and back.
        (Some(now), Some(then)) => now.abs_diff(then) <= 1,
        (now, then) => now == then,
    };
    let relationships = || now.relationships.iter().zip(&then.relationships);
    same_clock
        && Arc::ptr_eq(&now.config, &then.config)
        && now.availability == then.availability
        && now.coverage == then.coverage
        && now.relationships.len() == then.relationships.len()
        && relationships().all(|((key, now), (also, then))| key == also && same_status(now, then))
        && now.statistics == then.statistics
        && now.counters == then.counters
        && now.zones == then.zones
        && now.identity == then.identity
}

fn same_status(now: &RelationshipStatus, then: &RelationshipStatus) -> bool {
    let contact = |now: &RelationshipStatus| now.last_contact.is_some();
    *now == RelationshipStatus {
        // That contact goes on is no news; that it ended is told by the state.
        last_contact: if contact(now) && contact(then) {
            now.last_contact
        } else {
            then.last_contact
        },
        ..then.clone()
    }
}

/// One of the two ends of a relationship, as that server holds it.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// What is known of the server.
    pub view: &'a ServerView,
    /// The relationship in its view.
    pub relationship: &'a Relationship,
    /// How it stands there.
    pub status: Option<&'a RelationshipStatus>,
}

/// A row of the view Failover Relationships: both ends as far as they are known.
#[derive(Clone, Debug)]
pub struct RelationshipRow<'a> {
    /// Relationship Name.
    pub name: &'a str,
    /// Primary Server, as the configuration names it where it is known.
    pub primary: ServerName,
    /// Secondary Server.
    pub secondary: ServerName,
    /// The primary's end; `None` when it can't be read, or lacks the relationship.
    pub primary_end: Option<End<'a>>,
    /// The secondary's.
    pub secondary_end: Option<End<'a>>,
}

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// The servers, by name.
    pub servers: BTreeMap<ServerName, Arc<ServerView>>,
    /// Configuration sync errors: on which server's row of which scope, and why.
    pub out_of_sync: BTreeMap<(ServerName, ScopeId), String>,
    /// Counts up with every estate that is published.
    pub generation: u64,
    /// Counts up with those in which something other than times has changed: while it stands
    /// still, rows that were made from an earlier estate are the same, but for ages.
    pub content_generation: u64,
    names: Arc<Names>,
    indexes: BTreeMap<ServerName, Arc<ConfigIndex>>,
    pairs: BTreeMap<ServerName, Arc<ServerPairs>>,
}

impl Estate {
    /// An estate of servers that were not asked yet.
    pub(super) fn unasked(names: &Arc<Names>) -> Estate {
        let servers = names
            .servers()
            .iter()
            .map(|name| {
                let view = ServerView::unasked(name.clone());
                (name.clone(), Arc::new(view))
            })
            .collect();
        Estate {
            servers,
            names: Arc::clone(names),
            ..Estate::default()
        }
    }

    /// The estate after some servers were asked; what they did not change is shared.
    pub(super) fn with(
        &self,
        views: Vec<Arc<ServerView>>,
        out_of_sync: Option<BTreeMap<(ServerName, ScopeId), String>>,
    ) -> Estate {
        let mut next = self.clone();
        next.generation += 1;
        let mut news = false;
        if let Some(out_of_sync) = out_of_sync {
            news |= next.out_of_sync != out_of_sync;
            next.out_of_sync = out_of_sync;
        }
        for view in views {
            let before = self.servers.get(&view.name);
            if before.is_some_and(|before| view.same_but_times(before)) {
                next.servers.insert(view.name.clone(), view);
                continue;
            }
            news = true;
            if let Some(reading) = &view.reading {
                let known = next.indexes.get(&view.name);
                if known.is_none_or(|known| !Arc::ptr_eq(&known.config, &reading.config)) {
                    let index = Arc::new(ConfigIndex::of(&reading.config));
                    next.indexes.insert(view.name.clone(), index);
                }
            }
            next.servers.insert(view.name.clone(), view);
        }
        if !news {
            return next;
        }
        next.content_generation += 1;
        next.pairs = next
            .servers
            .values()
            .filter_map(|view| {
                let before = self.pairs.get(&view.name);
                let pairs = ServerPairs::of(view, |name| next.partner(name), before)?;
                Some((view.name.clone(), pairs))
            })
            .collect();
        next
    }

    /// The server that goes by a name: its own, an alias, its short one, an address. `None` also
    /// when more than one does.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&Arc<ServerView>> {
        if let Some(found) = self.names.find(name) {
            return self.servers.get(&found);
        }
        let address: Ipv4Addr = name.trim().parse().ok()?;
        let mut holders = self.servers.values().filter(|view| {
            let reading = view.reading.as_ref();
            reading.is_some_and(|reading| reading.identity.addresses.contains(&address))
        });
        holders.next().filter(|_| holders.next().is_none())
    }

    /// The server that a relationship's partner name means.
    #[must_use]
    pub fn partner(&self, name: &ServerName) -> Option<&Arc<ServerView>> {
        self.servers
            .get(name)
            .or_else(|| self.server(name.as_str()))
    }

    /// A server's scope.
    #[must_use]
    pub fn scope(&self, server: &ServerName, scope: ScopeId) -> Option<&Arc<Scope>> {
        let reading = self.servers.get(server)?.reading.as_ref()?;
        reading.config.scopes.get(&scope)
    }

    /// The rows in whose subnet an address lies, over all servers: two for a failover scope.
    #[must_use]
    pub fn scopes_of(&self, address: Ipv4Addr) -> Vec<(&ServerName, &Arc<Scope>)> {
        self.servers
            .iter()
            .filter_map(|(name, view)| {
                let scope = view.reading.as_ref()?.config.scope_of(address)?;
                Some((name, scope))
            })
            .collect()
    }

    /// A client's reservations, over all servers.
    #[must_use]
    pub fn reservations_of(
        &self,
        client: &ClientId,
    ) -> Vec<(&ServerName, &Arc<Scope>, &Arc<Reservation>)> {
        let on = |(name, index): (&'_ ServerName, &Arc<ConfigIndex>)| {
            let places = index.reservations_of(client).to_vec();
            (name.clone(), places)
        };
        let places: Vec<_> = self.indexes.iter().map(on).collect();
        places
            .into_iter()
            .flat_map(|(name, places)| places.into_iter().map(move |place| (name.clone(), place)))
            .filter_map(|(name, (scope, address))| {
                let (name, index) = self.indexes.get_key_value(&name)?;
                let scope = index.config.scopes.get(&scope)?;
                Some((name, scope, scope.reservations.get(&address)?))
            })
            .collect()
    }

    /// The relationship a scope of a server is in.
    #[must_use]
    pub fn relationship_of(&self, server: &ServerName, scope: ScopeId) -> Option<&Relationship> {
        let index = self.indexes.get(server)?;
        let key = index.relationship_of(scope)?;
        index.config.relationships.get(key)
    }

    /// The other end of a server's relationship: the partner's relationship of that name with this
    /// server. `None` when the partner is not known, was not read, or lacks it.
    #[must_use]
    pub fn other_end(&self, server: &ServerName, relationship: &str) -> Option<End<'_>> {
        let here = self.end(server, relationship)?;
        let partner = self.partner(&here.relationship.partner)?;
        let there = self.end(&partner.name, relationship)?;
        let back = self.partner(&there.relationship.partner)?;
        (back.name == *server).then_some(there)
    }

    /// A server's own end of a relationship.
    #[must_use]
    pub fn end(&self, server: &ServerName, relationship: &str) -> Option<End<'_>> {
        let view = self.servers.get(server)?;
        let reading = view.reading.as_ref()?;
        Some(End {
            view,
            relationship: reading.config.relationship(relationship)?,
            status: reading.relationships.get(&relationship.to_lowercase()),
        })
    }

    /// Every relationship once, in the order of its primary's name and its own.
    #[must_use]
    pub fn relationships(&self) -> Vec<RelationshipRow<'_>> {
        let mut rows = Vec::new();
        for view in self.servers.values() {
            let Some(reading) = &view.reading else {
                continue;
            };
            for relationship in reading.config.relationships.values() {
                let other = self.other_end(&view.name, &relationship.name);
                let secondary = relationship.side == Side::Secondary;
                // Told by the primary, or by the secondary when the primary does not tell it.
                if secondary && other.is_some_and(|end| end.relationship.side == Side::Primary) {
                    continue;
                }
                let own = self.end(&view.name, &relationship.name);
                let partner = self.partner(&relationship.partner);
                let partner = partner.map_or(&relationship.partner, |view| &view.name);
                let row = if secondary {
                    (partner, &view.name, other, own)
                } else {
                    (&view.name, partner, own, other)
                };
                rows.push(RelationshipRow {
                    name: &relationship.name,
                    primary: row.0.clone(),
                    secondary: row.1.clone(),
                    primary_end: row.2,
                    secondary_end: row.3,
                });
            }
        }
        rows
    }

    /// Whether anything here is of an earlier session, not yet confirmed by its server.
    #[must_use]
    pub fn has_cached(&self) -> bool {
        self.servers.values().any(|view| view.cached)
    }

    /// The column Pair of a scope's row; `None` where there is no failover.
    #[must_use]
    pub fn pair(&self, server: &ServerName, scope: ScopeId) -> Option<Pair> {
        self.pairs.get(server)?.pair(scope).cloned()
    }

    /// How the partner's copies differ from a server's, for a relationship. `None` when one of the
    /// two can't be read.
    #[must_use]
    pub fn compare(&self, server: &ServerName, relationship: &str) -> Option<Comparison> {
        let end = self.end(server, relationship)?;
        let partner = self.partner(&end.relationship.partner)?;
        let (here, there) = (readable(end.view)?, readable(partner)?);
        Some(compare_relationship(here, there, relationship))
    }

    /// The servers' latest readings.
    #[must_use]
    pub fn readings(&self) -> Readings {
        self.servers
            .iter()
            .filter_map(|(name, view)| Some((name.clone(), view.reading.clone()?)))
            .collect()
    }
}

fn readable(view: &ServerView) -> Option<Copy<'_>> {
    let reading = view.reading.as_ref().filter(|_| view.error.is_none())?;
    Some(Copy {
        config: &reading.config,
        coverage: reading.coverage,
    })
}
