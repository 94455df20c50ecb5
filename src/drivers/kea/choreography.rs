//! What a change costs the clients of a server, and how its partner covers for it.

use std::time::Duration;

use super::KeaServer;
use super::ha::HaMode;
use super::pairing;
use super::standing::Terms;
use crate::drivers::{Impact, Readings};
use crate::model::edit::{Edit, Order};
use crate::model::failover::{FailoverState, Relationship, RelationshipStatus};
use crate::model::plan::{Action, Purpose, Step};
use crate::model::server::{ServerName, ServerReading};

/// A server that is configured anew copies its partner's leases first, and that partner answers
/// nobody meanwhile: so long for a hundred thousand of them.
const SYNC: Duration = Duration::from_secs(6);
/// The same with pages of a thousand leases or more, and few of them.
const SYNC_IN_PAGES: Duration = Duration::from_secs(2);
/// From this page size on Kea's own default is meant, and below the measured one.
const PAGES: std::ops::RangeInclusive<u32> = 1000..=5000;
/// A configuration of a hundred thousand reservations is parsed so long.
const PARSE: Duration = Duration::from_secs(6);
/// Less than that no client notices: it asks again.
const NOTICED: Duration = Duration::from_secs(1);

/// How one relationship stands, seen from the server that is about to be configured anew.
struct Seen<'a> {
    terms: &'a Terms,
    relationship: &'a Relationship,
    status: Option<&'a RelationshipStatus>,
    /// The partner, when it can be read and both are well.
    covers: Option<&'a ServerReading>,
}

impl KeaServer {
    /// The bridge around a step that would leave clients without answers: its partner answers them
    /// meanwhile, where it can.
    pub(super) fn bridged(&self, step: Step, readings: &Readings) -> Vec<Step> {
        let Action::Apply(edits) = &step.action else {
            return vec![step];
        };
        let terms = self.known_terms();
        let Some(own) = readings.get(&self.server) else {
            return vec![step];
        };
        if self.is_gapless(edits) {
            return vec![step];
        }
        let seen = seen(&terms, own, readings);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for seen in seen.iter().filter(|seen| seen.terms.serves()) {
            let Some(partner) = seen.covers else { continue };
            let name = name_at(partner, &self.server, seen.relationship);
            let grant = |purpose, scopes| Step {
                server: partner.identity.name.clone(),
                action: Action::Order(Order::GrantScopes {
                    relationship: name.clone(),
                    scopes,
                }),
                purpose,
                expect: Vec::new(),
                foretold: Vec::new(),
                changes: Vec::new(),
                inverse: Ok(Vec::new()),
                refused: None,
            };
            before.push(grant(Purpose::Bridge, seen.terms.mains()));
            after.push(grant(Purpose::Always, seen.terms.partner_scopes()));
        }
        before.into_iter().chain([step]).chain(after).collect()
    }

    /// What clients feel of the edits.
    pub(super) fn felt(&self, edits: &[Edit], readings: &Readings) -> Impact {
        let terms = self.known_terms();
        let Some(own) = readings.get(&self.server) else {
            return Impact::none();
        };
        if edits.is_empty() || self.is_gapless(edits) {
            return Impact::none();
        }
        let parse = parse(own);
        let serves = own
            .config
            .scopes
            .values()
            .any(|scope| !scope.ranges.is_empty());
        if let Some((_, ha)) = pairing::added(edits).filter(|_| serves) {
            let silence = parse + pairing::silence(ha);
            return Impact {
                silence,
                words: format!(
                    "about {} s without answers on {}, until the two servers have found each other \
                     (three heartbeats)",
                    silence.as_secs_f64().ceil(),
                    self.server
                ),
            };
        }
        let mut worst = Impact::none();
        let mut keep = |silence: Duration, whom: &str, why: &str| {
            if silence >= NOTICED && silence > worst.silence {
                worst = Impact {
                    silence,
                    words: format!(
                        "about {} s without answers{whom} on {}{why}",
                        silence.as_secs_f64().round(),
                        self.server
                    ),
                };
            }
        };
        let all = match pairing::of_a_relationship(edits) {
            // Without high availability it answers at once.
            true => Vec::new(),
            false => seen(&terms, own, readings),
        };
        if all.is_empty() {
            keep(parse, "", "");
        }
        for seen in all {
            let sync = sync(own, seen.terms);
            let state = seen.status.map(|status| status.state);
            let alone = parse + seen.terms.heartbeat + sync;
            match (state, seen.covers) {
                // A standby answers nobody; its partner's leases are copied with its DHCP off.
                (Some(FailoverState::Normal), _) if !seen.terms.serves() => {
                    keep(sync, "", " (lease synchronisation)");
                }
                (Some(FailoverState::Normal), Some(_)) => {
                    keep(sync, "", " (lease synchronisation)");
                }
                (Some(FailoverState::Normal), None) if seen.terms.mode == HaMode::LoadBalancing => {
                    keep(alone, " for half of the clients", "");
                }
                (Some(FailoverState::Normal), None) => keep(alone, "", ""),
                (Some(FailoverState::PartnerDown), _) => keep(parse + NOTICED, "", ""),
                // Nobody knows that the partner is down: the server finds that out anew.
                (Some(FailoverState::CommunicationInterrupted), _) => {
                    let wait = parse + seen.terms.max_response;
                    keep(
                        wait,
                        "",
                        " (it waits for its partner, which does not answer)",
                    );
                }
                _ => keep(alone, "", ""),
            }
        }
        worst
    }
}

/// The relationships of a server with a model of them, as they stand.
fn seen<'a>(terms: &'a [Terms], own: &'a ServerReading, readings: &'a Readings) -> Vec<Seen<'a>> {
    let of = |terms: &'a Terms| {
        let relationship = own.config.relationship(&terms.name)?;
        let key = relationship.name.to_lowercase();
        let status = own.relationships.get(&key);
        let partner = readings.get(&relationship.partner);
        let covers = partner.filter(|partner| {
            let name = name_at(partner, &own.identity.name, relationship).to_lowercase();
            let theirs = partner.relationships.get(&name);
            let normal = |status: Option<&RelationshipStatus>| {
                status.is_some_and(|status| status.state == FailoverState::Normal)
            };
            normal(status) && normal(theirs)
        });
        Some(Seen {
            terms,
            relationship,
            status,
            covers: covers.map(AsRef::as_ref),
        })
    };
    terms.iter().filter_map(of).collect()
}

/// What the partner calls a relationship of ours.
fn name_at(partner: &ServerReading, own: &ServerName, relationship: &Relationship) -> String {
    let mut theirs = partner.config.relationships.values();
    let same = partner.config.relationship(&relationship.name);
    let same = same.filter(|theirs| theirs.partner == *own);
    let found = same.or_else(|| theirs.find(|theirs| theirs.partner == *own));
    found.unwrap_or(relationship).name.clone()
}

fn parse(own: &ServerReading) -> Duration {
    let reservations: usize = own
        .config
        .scopes
        .values()
        .map(|scope| scope.reservations.len())
        .sum();
    share(PARSE, reservations as u64)
}

fn sync(own: &ServerReading, terms: &Terms) -> Duration {
    let leases = own.statistics.values().map(|scope| scope.in_use).sum();
    let whole = match PAGES.contains(&terms.sync_page) {
        true => SYNC_IN_PAGES,
        false => SYNC,
    };
    share(whole, leases)
}

/// The part of a time that is for a hundred thousand.
fn share(whole: Duration, count: u64) -> Duration {
    let millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(count) / 100_000)
}
