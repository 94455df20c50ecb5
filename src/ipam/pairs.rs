//! How each failover scope's two copies compare: computed once for each pair of copies, and kept
//! for as long as neither changes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::estate::ServerView;
use crate::model::server::{Coverage, ServerConfig, ServerName};
use crate::model::{ClientId, Scope, ScopeId};
use crate::rules::compare::Copy;
use crate::rules::compare_scopes;
use std::net::Ipv4Addr;

/// IPAM's computed truth about a failover scope's two copies: the column Pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pair {
    /// Both are the same.
    Same,
    /// They differ in so many fields.
    Differs(usize),
    /// The partner has no copy.
    OnlyHere,
    /// The partner can't be read.
    PartnerUnreachable,
    /// One of the readings does not cover all of it, or this server itself can't be read now.
    Unverified,
}

impl fmt::Display for Pair {
    /// The column's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pair::Same => f.write_str("same"),
            Pair::Differs(fields) => write!(f, "differs ({fields})"),
            Pair::OnlyHere => f.write_str("only here"),
            Pair::PartnerUnreachable => f.write_str("partner unreachable"),
            Pair::Unverified => f.write_str("unverified"),
        }
    }
}

/// What is looked up in one server's configuration, made when it is first asked for and kept for
/// as long as the configuration is the same.
#[derive(Debug)]
pub(super) struct ConfigIndex {
    pub(super) config: Arc<ServerConfig>,
    relationships: OnceLock<HashMap<ScopeId, String>>,
    clients: OnceLock<HashMap<ClientId, Vec<(ScopeId, Ipv4Addr)>>>,
}

impl ConfigIndex {
    pub(super) fn of(config: &Arc<ServerConfig>) -> ConfigIndex {
        ConfigIndex {
            config: Arc::clone(config),
            relationships: OnceLock::new(),
            clients: OnceLock::new(),
        }
    }

    /// The relationship that a scope is in, by its name in lower case.
    pub(super) fn relationship_of(&self, scope: ScopeId) -> Option<&str> {
        let relationships = self.relationships.get_or_init(|| {
            let scopes = |(key, relationship): (&String, &crate::model::Relationship)| {
                let key = key.clone();
                let scopes = relationship.scopes.clone();
                scopes.into_iter().map(move |scope| (scope, key.clone()))
            };
            self.config.relationships.iter().flat_map(scopes).collect()
        });
        relationships.get(&scope).map(String::as_str)
    }

    /// The reservations that a client has.
    pub(super) fn reservations_of(&self, client: &ClientId) -> &[(ScopeId, Ipv4Addr)] {
        let clients = self.clients.get_or_init(|| {
            let mut clients = HashMap::<ClientId, Vec<(ScopeId, Ipv4Addr)>>::new();
            for scope in self.config.scopes.values() {
                for reservation in scope.reservations.values() {
                    let places = clients.entry(reservation.client.clone()).or_default();
                    places.push((scope.id, reservation.address));
                }
            }
            clients
        });
        clients.get(client).map_or(&[], Vec::as_slice)
    }
}

/// A server's failover scopes, each with its partner's copy.
#[derive(Debug)]
pub(super) struct ServerPairs {
    coverage: Coverage,
    config: Arc<ServerConfig>,
    readable: bool,
    /// What was seen of the partner of each relationship, by the relationship's name, lower case.
    partners: BTreeMap<String, Seen>,
    scopes: HashMap<ScopeId, ScopePair>,
}

/// What a comparison saw of a partner: `None` when it can't be read.
#[derive(Clone, Debug)]
struct Seen(Option<(Arc<ServerConfig>, Coverage)>);

impl Seen {
    fn of(view: Option<&Arc<ServerView>>) -> Seen {
        let view = view.filter(|view| view.error.is_none());
        let reading = view.and_then(|view| view.reading.as_ref());
        Seen(reading.map(|reading| (Arc::clone(&reading.config), reading.coverage)))
    }

    fn same(&self, other: &Seen) -> bool {
        match (&self.0, &other.0) {
            (Some((one, covers)), Some((two, also))) => Arc::ptr_eq(one, two) && covers == also,
            (None, None) => true,
            _ => false,
        }
    }
}

#[derive(Debug)]
struct ScopePair {
    here: Arc<Scope>,
    there: Option<Arc<Scope>>,
    /// Whether the partner has it in the same relationship.
    joined: bool,
    pair: Pair,
}

impl ServerPairs {
    /// The pairs of a server's scopes; `before` is reused as far as it still holds.
    pub(super) fn of<'a>(
        view: &ServerView,
        partner: impl Fn(&ServerName) -> Option<&'a Arc<ServerView>>,
        before: Option<&Arc<ServerPairs>>,
    ) -> Option<Arc<ServerPairs>> {
        let reading = view.reading.as_ref()?;
        let config = &reading.config;
        if config.relationships.is_empty() {
            return None;
        }
        let readable = view.error.is_none();
        let partners: BTreeMap<String, Seen> = config
            .relationships
            .iter()
            .map(|(key, relationship)| (key.clone(), Seen::of(partner(&relationship.partner))))
            .collect();
        if let Some(before) = before
            && before.readable == readable
            && before.coverage == reading.coverage
            && Arc::ptr_eq(&before.config, config)
            && before.partners.len() == partners.len()
            && before
                .partners
                .iter()
                .zip(&partners)
                .all(|((key, seen), (also, now))| key == also && seen.same(now))
        {
            return Some(Arc::clone(before));
        }
        let here = Copy {
            config,
            coverage: reading.coverage,
        };
        let joined = config.relationships.values().map(|with| with.scopes.len());
        let mut scopes = HashMap::with_capacity(joined.sum());
        for (key, relationship) in &config.relationships {
            let seen = partners.get(key).and_then(|seen| seen.0.as_ref());
            let covered = before.filter(|before| {
                let then = before.partners.get(key).and_then(|seen| seen.0.as_ref());
                before.readable == readable
                    && before.coverage == reading.coverage
                    && then.map(|(_, coverage)| *coverage) == seen.map(|(_, coverage)| *coverage)
            });
            for id in &relationship.scopes {
                let Some(scope) = config.scopes.get(id) else {
                    continue;
                };
                let there = seen.and_then(|(config, _)| config.scopes.get(id));
                let joined = seen.is_some_and(|(config, _)| {
                    let theirs = config.relationships.get(key);
                    theirs.is_some_and(|theirs| theirs.scopes.contains(id))
                });
                let known = covered
                    .and_then(|before| before.scopes.get(id))
                    .filter(|known| {
                        known.joined == joined
                            && Arc::ptr_eq(&known.here, scope)
                            && match (&known.there, there) {
                                (Some(then), Some(now)) => Arc::ptr_eq(then, now),
                                (then, now) => then.is_none() && now.is_none(),
                            }
                    });
                let pair = match (known, seen) {
                    (Some(known), _) => known.pair.clone(),
                    (None, _) if !readable => Pair::Unverified,
                    (None, None) => Pair::PartnerUnreachable,
                    (None, Some((config, coverage))) => {
                        let there = Copy {
                            config,
                            coverage: *coverage,
                        };
                        pair(here, there, *id, joined)
                    }
                };
                scopes.insert(
                    *id,
                    ScopePair {
                        here: Arc::clone(scope),
                        there: there.cloned(),
                        joined,
                        pair,
                    },
                );
            }
        }
        Some(Arc::new(ServerPairs {
            coverage: reading.coverage,
            config: Arc::clone(config),
            readable,
            partners,
            scopes,
        }))
    }

    /// A scope's pair.
    pub(super) fn pair(&self, scope: ScopeId) -> Option<&Pair> {
        self.scopes.get(&scope).map(|found| &found.pair)
    }
}

fn pair(here: Copy<'_>, there: Copy<'_>, scope: ScopeId, joined: bool) -> Pair {
    if !there.coverage.scopes {
        return Pair::Unverified;
    }
    let Some(theirs) = there.config.scopes.get(&scope) else {
        return Pair::OnlyHere;
    };
    let covered = here.coverage == Coverage::ALL && there.coverage == Coverage::ALL;
    let ours = here.config.scopes.get(&scope);
    if joined && covered && ours.is_some_and(|ours| Arc::ptr_eq(ours, theirs)) {
        return Pair::Same;
    }
    let comparison = compare_scopes(here, there, &[scope]);
    let apart = usize::from(!joined && there.coverage.relationships);
    match comparison.differences.len() + apart {
        0 if comparison.unknown.is_empty() && there.coverage.relationships => Pair::Same,
        0 => Pair::Unverified,
        fields => Pair::Differs(fields),
    }
}
