//! Gathering the evidence, then and there: both servers are read and probed side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::costs::costs;
use super::{Evidence, ScopeForecast, ServerEvidence, forecast, takes_over_at, worst_first};
use crate::drivers::probe::{Found, LastLease, ProbeItem, cmdlet};
use crate::drivers::{LeaseQuery, Probe};
use crate::ipam::estate::ServerView;
use crate::ipam::{Estate, Ipam, PlanError};
use crate::model::ScopeId;
use crate::model::failover::Relationship;
use crate::model::lease::{Lease, ScopeStatistics};
use crate::model::scope::LeaseDuration;
use crate::model::server::{Product, ServerName};
use crate::model::text::printable;
use crate::rules::{Code, DhcpError};

/// Leases are counted in so many scopes, those with the fewest free addresses.
const SCOPES_COUNTED: usize = 64;

impl Ipam {
    /// Gathers all there is to know before `server` is told that its partner in a relationship is
    /// down: reads and probes both, now. What can't be found out is in the evidence as not known.
    ///
    /// # Errors
    /// [`PlanError`] when there is no such server or relationship, or when the server can't be
    /// read and never was.
    pub async fn gather(
        &self,
        server: &ServerName,
        relationship: &str,
    ) -> Result<Evidence, PlanError> {
        let survivor = self.resolve(server.as_str())?;
        if self.estate().end(&survivor, relationship).is_none() {
            self.read(&survivor).await?;
        }
        let partner = {
            let estate = self.estate();
            let held = held(&estate, &survivor, relationship)?;
            let known = estate.partner(&held.partner);
            known.map_or_else(|| held.partner.clone(), |view| view.name.clone())
        };
        let both = [survivor.clone(), partner.clone()];
        let (_, here, there) = tokio::join!(
            self.collect_only(&both),
            self.probe(&survivor),
            self.probe(&partner)
        );
        let estate = self.estate();
        let held = held(&estate, &survivor, relationship)?.clone();
        let now = self.clock().now();
        let here = evidence(&estate, &survivor, &held.name, here);
        let mut there = evidence(&estate, &partner, &held.name, there);
        let takeover = takes_over_at(&held, here.status.as_ref(), now);
        let reach = here.was_read();
        let (scopes, last) = self
            .forecasts(&estate, &survivor, &held, reach, takeover, now)
            .await;
        if there.probe.last_lease.is_none() {
            there.probe.last_lease = last.get(&partner).cloned();
        }
        let mut evidence = Evidence {
            relationship: held.name.clone(),
            costs: costs(&estate, &held, &here, takeover, &partner),
            product: product(&estate, &survivor),
            survivor: here,
            partner: there,
            mclt: held.mclt,
            scopes,
            fenced: false,
            gathered: now,
            command: String::new(),
        };
        if evidence.survivor.probe.last_lease.is_none() {
            evidence.survivor.probe.last_lease = last.get(&survivor).cloned();
        }
        let order = evidence.switch_order();
        let command = match self.driver(&survivor) {
            Ok(driver) => driver.command(&order),
            Err(_) => cmdlet(&survivor, &order),
        };
        evidence.command = printable(&command, 1000);
        Ok(evidence)
    }

    /// Probes a server, no longer than its driver has patience for and a moment more.
    async fn probe(&self, server: &ServerName) -> Probe {
        let now = self.clock().now();
        let Ok(driver) = self.driver(server) else {
            let why = "the configuration has no server of that name";
            return Probe::unknown(server, why, now);
        };
        let patience = driver.patience() + std::time::Duration::from_secs(1);
        match tokio::time::timeout(patience, driver.probe(now)).await {
            Ok(probe) => probe,
            Err(_) => {
                let mut probe = Probe::unknown(server, "the probe itself came to no end", now);
                let late = format!("no answer within {} s", patience.as_secs());
                probe.management = ProbeItem::new(Found::Silent, &late, now);
                probe
            }
        }
    }

    /// Each scope's forecast, worst first, and when each server last granted a lease in them.
    async fn forecasts(
        &self,
        estate: &Estate,
        server: &ServerName,
        held: &Relationship,
        reach: bool,
        takeover: Option<Timestamp>,
        now: Timestamp,
    ) -> (Vec<ScopeForecast>, BTreeMap<ServerName, LastLease>) {
        let view = estate.servers.get(server);
        let Some(reading) = view.and_then(|view| view.reading.clone()) else {
            return (Vec::new(), BTreeMap::new());
        };
        let counted = match reach {
            true => self.counted(server, held, &reading.statistics).await,
            false => BTreeMap::new(),
        };
        let mut scopes = Vec::new();
        let mut last: BTreeMap<ServerName, Timestamp> = BTreeMap::new();
        for id in &held.scopes {
            let Some(scope) = reading.config.scopes.get(id) else {
                continue;
            };
            let statistics = reading.statistics.get(id);
            let leases = counted.get(id).map(Vec::as_slice);
            scopes.push(forecast(
                scope, statistics, leases, held.mclt, takeover, now,
            ));
            let full = match scope.lease_duration {
                LeaseDuration::Limited(full) => Some(full),
                LeaseDuration::Unlimited => None,
            };
            for lease in leases.into_iter().flatten() {
                let by = lease.given_by.as_ref();
                let by = by.map_or(server, |by| {
                    estate.partner(by).map_or(by, |view| &view.name)
                });
                if let Some(at) = lease.granted(full, Some(held.mclt), now) {
                    match last.get_mut(by) {
                        Some(last) => *last = at.max(*last),
                        None => drop(last.insert(by.clone(), at)),
                    }
                }
            }
        }
        worst_first(&mut scopes);
        let told = last.into_iter().map(|(by, at)| {
            let detail = format!("by when leases end, as {server} has them");
            (by, LastLease { at, detail })
        });
        (scopes, told.collect())
    }

    /// The leases of those scopes that have least left.
    async fn counted(
        &self,
        server: &ServerName,
        held: &Relationship,
        statistics: &BTreeMap<ScopeId, ScopeStatistics>,
    ) -> BTreeMap<ScopeId, Vec<Lease>> {
        let free = |id: &ScopeId| {
            let statistics = statistics.get(id);
            statistics.map(|has| has.split.map_or(has.free, |split| split.free_here))
        };
        let mut scopes: Vec<ScopeId> = held.scopes.iter().copied().collect();
        scopes.sort_by_key(|id| (free(id), *id));
        let mut counted = BTreeMap::new();
        for scope in scopes.into_iter().take(SCOPES_COUNTED) {
            let query = LeaseQuery {
                scope: Some(scope),
                ..LeaseQuery::default()
            };
            // Who does not answer once is not asked sixty times.
            let Ok(leases) = self.leases(server, &query).await else {
                break;
            };
            counted.insert(scope, leases);
        }
        counted
    }
}

/// The relationship as the survivor holds it.
fn held<'e>(
    estate: &'e Estate,
    server: &ServerName,
    relationship: &str,
) -> Result<&'e Relationship, PlanError> {
    match estate.end(server, relationship) {
        Some(end) => Ok(end.relationship),
        None => Err(PlanError::Refused {
            server: server.clone(),
            error: DhcpError::new(
                Code::FoRelationshipDoesNotExist,
                format!(
                    "there is no failover relationship '{}' on {server}",
                    printable(relationship, 130)
                ),
            ),
        }),
    }
}

/// Which kind of server it is, as far as it was ever read.
pub(super) fn product(estate: &Estate, server: &ServerName) -> Product {
    let view = estate.servers.get(server);
    let reading = view.and_then(|view| view.reading.as_ref());
    reading.map_or(Product::default(), |reading| reading.identity.product)
}

/// A server's end, as the estate has it, with its probe.
fn evidence(
    estate: &Estate,
    server: &ServerName,
    relationship: &str,
    probe: Probe,
) -> ServerEvidence {
    let view: Option<&Arc<ServerView>> = estate.servers.get(server);
    let end = estate.end(server, relationship);
    ServerEvidence {
        server: server.clone(),
        status: end.and_then(|end| end.status.cloned()),
        taken: view
            .and_then(|view| view.reading.as_ref())
            .map(|reading| reading.taken),
        availability: view.and_then(|view| view.availability),
        error: view.and_then(|view| view.error.clone()),
        probe,
    }
}
