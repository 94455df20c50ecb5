//! What the servers concerned are like now, and would be after the steps planned so far: the rules
//! are tried on copies.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::drivers::{DriverError, LeaseQuery, Readings, Silence};
use crate::ipam::{Ipam, PlanError};
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::fingerprint::fingerprint;
use crate::model::plan::{Action, NotUndoable, Purpose, Step};
use crate::model::server::{Product, ServerConfig, ServerName, ServerReading};
use crate::model::{Lease, ScopeId};
use crate::rules::compare::Copy;
use crate::rules::{self, Code, DhcpError, Facts, PartnerFacts, Rulebook};

/// Why edits can't be planned.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The rules refuse them.
    #[error("{0}")]
    Rules(DhcpError),
    /// They mean nothing on that kind of server, or can't be made there.
    #[error("{0}")]
    Kind(String),
}

/// The servers concerned.
pub(super) struct World<'a> {
    pub(super) ipam: &'a Ipam,
    sites: BTreeMap<ServerName, Site>,
}

/// One of them.
struct Site {
    reading: Result<Arc<ServerReading>, DriverError>,
    /// As it would be after the steps planned so far; nothing while it can't be read.
    config: Arc<ServerConfig>,
    leases: BTreeMap<ScopeId, Vec<Lease>>,
}

impl<'a> World<'a> {
    /// Of no server yet.
    pub(super) fn of(ipam: &'a Ipam) -> World<'a> {
        World {
            ipam,
            sites: BTreeMap::new(),
        }
    }

    /// Reads servers, side by side; those read before are not read again.
    pub(super) async fn read(&mut self, servers: impl IntoIterator<Item = ServerName>) {
        let mut asked = JoinSet::new();
        let wanted: BTreeSet<ServerName> = servers.into_iter().collect();
        for server in wanted {
            if !self.sites.contains_key(&server) {
                let ipam = self.ipam.clone();
                asked.spawn(async move {
                    let reading = ipam.read(&server).await;
                    (server, reading)
                });
            }
        }
        while let Some(answer) = asked.join_next().await {
            if let Ok((server, reading)) = answer {
                let config = match &reading {
                    Ok(reading) => Arc::clone(&reading.config),
                    Err(_) => Arc::default(),
                };
                let site = Site {
                    reading,
                    config,
                    leases: BTreeMap::new(),
                };
                self.sites.insert(server, site);
            }
        }
    }

    /// A server's reading.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(super) fn reading(&self, server: &ServerName) -> Result<&Arc<ServerReading>, DriverError> {
        match self.sites.get(server).map(|site| &site.reading) {
            Some(Ok(reading)) => Ok(reading),
            Some(Err(error)) => Err(error.clone()),
            None => Err(DriverError::Unreachable {
                server: server.clone(),
                how: Silence::NoConnection(
                    "the configuration has no server of that name".to_owned(),
                ),
            }),
        }
    }

    /// Reads a server that the plan can't do without.
    ///
    /// # Errors
    /// [`PlanError::Driver`] when it can't be read.
    pub(super) async fn need(
        &mut self,
        server: &ServerName,
    ) -> Result<Arc<ServerReading>, PlanError> {
        self.read([server.clone()]).await;
        Ok(self.reading(server).cloned()?)
    }

    /// A server's configuration after the steps planned so far, with what of it was read.
    pub(super) fn copy(&self, server: &ServerName) -> Option<Copy<'_>> {
        let site = self.sites.get(server)?;
        let reading = site.reading.as_ref().ok()?;
        Some(Copy {
            config: &site.config,
            coverage: reading.coverage,
        })
    }

    /// A server's configuration after the steps planned so far.
    pub(super) fn config(&self, server: &ServerName) -> Arc<ServerConfig> {
        self.sites
            .get(server)
            .map(|site| Arc::clone(&site.config))
            .unwrap_or_default()
    }

    /// The server's name in the configuration.
    pub(super) fn canonical(&self, name: &ServerName) -> Option<ServerName> {
        self.ipam.resolve(name.as_str()).ok()
    }

    /// Every server's latest reading; none of those that could not be read now.
    pub(super) fn readings(&self) -> Readings {
        let mut readings = self.ipam.estate().readings();
        for (name, site) in &self.sites {
            match &site.reading {
                Ok(reading) => readings.insert(name.clone(), Arc::clone(reading)),
                Err(_) => readings.remove(name),
            };
        }
        readings
    }

    /// Reads the partners of those servers whose kind needs to know how they stand.
    pub(super) async fn read_partners(&mut self, of: impl IntoIterator<Item = &ServerName>) {
        let mut partners = BTreeSet::new();
        for server in of {
            let Ok(reading) = self.reading(server) else {
                continue;
            };
            if reading.identity.product == Product::Kea {
                let held = reading.config.relationships.values();
                partners.extend(held.filter_map(|held| self.canonical(&held.partner)));
            }
        }
        self.read(partners).await;
    }

    /// Whether a change of both copies belongs to both servers, and if so, which is written first.
    pub(super) fn first_of(&self, server: &ServerName, partner: &ServerName) -> Option<ServerName> {
        let readings = self.readings();
        if self.reading(server).is_err() || self.reading(partner).is_err() {
            return None;
        }
        let first = |server: &ServerName, partner: &ServerName| {
            let driver = self.ipam.driver(server).ok()?;
            driver
                .goes_first(partner, &readings)
                .then(|| server.clone())
        };
        first(server, partner).or_else(|| first(partner, server))
    }

    /// Reads the leases of scopes, as far as they can be read: the rules let pass what they do not
    /// know, and the server has the last word.
    pub(super) async fn read_leases(&mut self, server: &ServerName, scopes: &BTreeSet<ScopeId>) {
        for scope in scopes {
            let query = LeaseQuery {
                scope: Some(*scope),
                ..LeaseQuery::default()
            };
            if let Ok(leases) = self.ipam.leases(server, &query).await
                && let Some(site) = self.sites.get_mut(server)
            {
                site.leases.insert(*scope, leases);
            }
        }
    }

    /// How many clients hold an address in a scope whose leases were read.
    pub(super) fn leased(&self, server: &ServerName, scope: ScopeId) -> usize {
        let leases = self
            .sites
            .get(server)
            .and_then(|site| site.leases.get(&scope));
        leases.map_or(0, |leases| held(leases).len())
    }

    /// What the rules need to know of a server besides its configuration.
    pub(super) fn facts(&self, server: &ServerName) -> Facts {
        let Some(site) = self.sites.get(server) else {
            return Facts::of(server.clone(), Rulebook::LATEST);
        };
        let reading = site.reading.as_ref().ok();
        let mut facts = Facts::of(server.clone(), rulebook(reading));
        facts.leased = site
            .leases
            .iter()
            .map(|(scope, leases)| (*scope, held(leases)))
            .collect();
        if let Some(reading) = reading {
            facts.states = reading
                .relationships
                .iter()
                .map(|(name, status)| (name.clone(), status.state))
                .collect();
        }
        for partner in self.sites.keys().filter(|name| *name != server) {
            if let Some(known) = self.partner_facts(reading, partner) {
                facts.partners.insert(partner.clone(), known);
            }
        }
        facts
    }

    fn partner_facts(
        &self,
        here: Option<&Arc<ServerReading>>,
        partner: &ServerName,
    ) -> Option<PartnerFacts> {
        let site = self.sites.get(partner)?;
        let reading = site.reading.as_ref();
        let stopped = matches!(
            &site.reading,
            Err(DriverError::Unreachable {
                how: Silence::ServiceStopped,
                ..
            })
        );
        let config = &site.config;
        let mut scopes: BTreeMap<ScopeId, Option<String>> =
            config.scopes.keys().map(|id| (*id, None)).collect();
        for relationship in config.relationships.values() {
            for scope in &relationship.scopes {
                scopes.insert(*scope, Some(relationship.name.clone()));
            }
        }
        Some(PartnerFacts {
            resolves: true,
            reachable: reading.is_ok() || stopped,
            running: reading.is_ok(),
            may_write: true,
            rulebook: rulebook(reading.ok()),
            clock_skew: reading
                .ok()
                .zip(here)
                .map_or(0, |(there, here)| ahead(there) - ahead(here)),
            scopes,
            relationships: config
                .relationships
                .iter()
                .map(|(key, relationship)| {
                    let with = &relationship.partner;
                    (key.clone(), self.canonical(with).unwrap_or(with.clone()))
                })
                .collect(),
        })
    }

    /// What the rules say to edits, without planning them.
    ///
    /// # Errors
    /// [`Refusal`] with which the server would refuse them.
    pub(super) fn try_out(&self, server: &ServerName, edits: &[Edit]) -> Result<(), Refusal> {
        self.means_something(server, edits)?;
        let mut facts = self.facts(server);
        self.name_partners(&mut facts, edits);
        rules::apply_all(&self.config(server), &facts, edits)
            .map(drop)
            .map_err(Refusal::Rules)
    }

    /// Whether every edit has a meaning on that kind of server.
    fn means_something(&self, server: &ServerName, edits: &[Edit]) -> Result<(), Refusal> {
        let (Ok(driver), Ok(reading)) = (self.ipam.driver(server), self.reading(server)) else {
            return Ok(());
        };
        let mut edits = edits.iter();
        match edits.find_map(|edit| driver.refuses(edit, reading)) {
            Some(why) => Err(Refusal::Kind(why)),
            None => Ok(()),
        }
    }

    /// A partner that the configuration does not have is one whose name can't be resolved.
    fn name_partners(&self, facts: &mut Facts, edits: &[Edit]) {
        for edit in edits {
            if let Edit::AddRelationship { relationship, .. } = edit
                && self.canonical(&relationship.partner).is_none()
            {
                let unknown = PartnerFacts {
                    resolves: false,
                    reachable: false,
                    running: false,
                    may_write: false,
                    rulebook: Rulebook::LATEST,
                    clock_skew: 0,
                    scopes: BTreeMap::new(),
                    relationships: BTreeMap::new(),
                };
                facts.partners.insert(relationship.partner.clone(), unknown);
            }
        }
    }

    /// Plans edits on a server: the next steps are tried on what it is after them.
    ///
    /// # Errors
    /// [`Refusal`] with which the server would refuse them; nothing is planned then.
    pub(super) fn foretell(
        &mut self,
        server: &ServerName,
        edits: Vec<Edit>,
        purpose: Purpose,
    ) -> Result<Step, Refusal> {
        self.means_something(server, &edits)?;
        let mut facts = self.facts(server);
        self.name_partners(&mut facts, &edits);
        let before = self.config(server);
        let mut after = ServerConfig::clone(&before);
        let mut inverses = Vec::with_capacity(edits.len());
        for edit in &edits {
            inverses.push(rules::invert(&after, edit));
            after = rules::apply(&after, &facts, edit).map_err(Refusal::Rules)?;
        }
        let inverse = inverses
            .into_iter()
            .rev()
            .collect::<Result<Vec<_>, _>>()
            .map(|inverses| inverses.into_iter().flatten().collect())
            .and_then(
                |inverse: Vec<Edit>| match self.means_something(server, &inverse) {
                    Ok(()) => Ok(inverse),
                    Err(why) => Err(NotUndoable::because(why.to_string())),
                },
            );
        let objects = touched(&before, &edits, &inverse);
        let step = Step {
            server: server.clone(),
            expect: objects
                .iter()
                .map(|object| (object.clone(), fingerprint(&before, object)))
                .collect(),
            foretold: objects
                .iter()
                .map(|object| fingerprint(&after, object))
                .collect(),
            changes: rules::changes(&before, &after),
            action: Action::Apply(edits),
            purpose,
            inverse,
            refused: None,
        };
        if let Some(site) = self.sites.get_mut(server) {
            site.config = Arc::new(after);
        }
        Ok(step)
    }
}

/// A step on a server that can't be read, or that would refuse it: nothing is foretold of it.
pub(super) fn blind(
    server: &ServerName,
    edits: Vec<Edit>,
    purpose: Purpose,
    inverse: Result<Vec<Edit>, NotUndoable>,
    refused: Option<String>,
) -> Step {
    Step {
        server: server.clone(),
        action: Action::Apply(edits),
        purpose,
        expect: Vec::new(),
        foretold: Vec::new(),
        changes: Vec::new(),
        inverse,
        refused,
    }
}

/// A step that orders something.
pub(super) fn ordered(
    server: &ServerName,
    order: Order,
    expect: Vec<ObjectRef>,
    config: &ServerConfig,
    why_for_good: &str,
) -> Step {
    Step {
        server: server.clone(),
        action: Action::Order(order),
        purpose: Purpose::Main,
        foretold: Vec::new(),
        expect: expect
            .into_iter()
            .map(|object| {
                let now = fingerprint(config, &object);
                (object, now)
            })
            .collect(),
        changes: Vec::new(),
        inverse: Err(NotUndoable::because(why_for_good)),
        refused: None,
    }
}

/// What edits touch, and what taking them back will touch; each once.
fn touched(
    before: &ServerConfig,
    edits: &[Edit],
    inverse: &Result<Vec<Edit>, NotUndoable>,
) -> Vec<ObjectRef> {
    let back = inverse.as_deref().unwrap_or_default();
    let mut objects = BTreeSet::new();
    for edit in edits.iter().chain(back) {
        objects.extend(edit.touches());
        if let Edit::RenameSuperscope { from, to } = edit {
            let named = before.scopes.values().filter(|scope| {
                let superscope = scope.superscope.as_ref();
                superscope.is_some_and(|name| name == from || name == to)
            });
            objects.extend(named.map(|scope| ObjectRef::Scope(scope.id)));
        }
    }
    objects.into_iter().collect()
}

/// Puts the refusal of edits down to its server.
pub(super) fn denied(server: &ServerName) -> impl Fn(Refusal) -> PlanError + use<> {
    let server = server.clone();
    move |refusal| match refusal {
        Refusal::Rules(error) => PlanError::Refused {
            server: server.clone(),
            error,
        },
        Refusal::Kind(why) => PlanError::Driver(DriverError::Unsupported {
            server: server.clone(),
            why,
        }),
    }
}

/// Puts the refusal down to its server.
pub(super) fn refused(server: &ServerName) -> impl Fn(DhcpError) -> PlanError + use<> {
    let server = server.clone();
    move |error| PlanError::Refused {
        server: server.clone(),
        error,
    }
}

/// The refusal of a scope that is in no failover relationship.
pub(super) fn not_in_failover(server: &ServerName, scope: ScopeId) -> DhcpError {
    DhcpError::new(
        Code::FoScopeNotInRelationship,
        format!("scope {scope} on {server} is in no failover relationship"),
    )
}

fn rulebook(reading: Option<&Arc<ServerReading>>) -> Rulebook {
    reading.map_or(Rulebook::LATEST, |reading| Rulebook::of(&reading.identity))
}

/// How far a server's clock is ahead of ours, in seconds.
fn ahead(reading: &Arc<ServerReading>) -> i64 {
    let clock = reading.server_clock.unwrap_or(reading.taken);
    clock.duration_since(reading.taken).as_secs()
}

fn held(leases: &[Lease]) -> BTreeSet<Ipv4Addr> {
    leases
        .iter()
        .filter(|lease| lease.state.occupies())
        .map(|lease| lease.address)
        .collect()
}
