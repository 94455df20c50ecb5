//! Invoke-DhcpServerv4FailoverReplication: the partner's copies become this server's.

use std::collections::{BTreeMap, BTreeSet};

use super::act::Run;
use super::error::{Done, Stop};
use super::failover::{counted, no_relationship, not_failover};
use super::object::Results;
use crate::ipam::Ended;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::server::ServerReading;
use crate::model::{Relationship, ScopeId};

/// One relationship's share of what is to be replicated. Each has a plan of its own, so that one
/// whose partner is dead, or does not know of it any more, keeps none of the others back.
struct Share<'a> {
    relationship: &'a Relationship,
    level: ReplicationLevel,
    scopes: BTreeSet<ScopeId>,
}

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let shares = shares(run, &reading)?;
    if shares.iter().any(|share| !share.scopes.is_empty()) {
        run.ask(&question(run, &shares))?;
    }
    let mut lines = Vec::new();
    for share in shares {
        let server = run.server.clone();
        let names: Vec<String> = share.scopes.iter().map(ToString::to_string).collect();
        let (relationship, partner) = (&share.relationship.name, &share.relationship.partner);
        let what = match names.len() {
            0 => "failover relationship".to_owned(),
            1 => format!("scope {} of failover relationship", names.join(", ")),
            _ => format!("scopes {} of failover relationship", names.join(", ")),
        };
        let message = format!(
            "Failed to replicate {what} {relationship} from DHCP server {server} to its partner \
             {partner}."
        );
        let intent = Intent::Replicate {
            from: server,
            what: share.level,
        };
        match run.carry(intent, &message, relationship).await {
            Ok(Some(outcome)) => {
                let behind: BTreeSet<ScopeId> =
                    outcome.out_of_sync.iter().map(|(_, id, _)| *id).collect();
                run.failed |= outcome.ended != Ended::Done;
                let done = share.scopes.iter().filter(|id| !behind.contains(id));
                lines.extend(done.map(ToString::to_string));
            }
            Ok(None) => {}
            Err(Stop::Failed(failure)) => run.tell(*failure)?,
            Err(stop) => return Err(stop),
        }
    }
    Ok(Results::Lines(lines))
}

/// What is to be replicated, relationship by relationship; what is in none is told.
fn shares<'a>(run: &mut Run<'_, '_>, reading: &'a ServerReading) -> Done<Vec<Share<'a>>> {
    let call = run.call;
    let config = &reading.config;
    let whole = |relationship: &'a Relationship| Share {
        relationship,
        level: ReplicationLevel::Relationship(relationship.name.clone()),
        scopes: relationship.scopes.clone(),
    };
    if call.has("ScopeId") {
        let mut found: BTreeMap<&str, (&Relationship, BTreeSet<ScopeId>)> = BTreeMap::new();
        for id in call.addresses("ScopeId") {
            let scope = match run.scope(reading, id) {
                Ok(scope) => scope.id,
                Err(failure) => {
                    run.tell(failure)?;
                    continue;
                }
            };
            match config.relationship_of(scope) {
                Some(one) => {
                    let (_, scopes) = found.entry(&one.name).or_insert((one, BTreeSet::new()));
                    scopes.insert(scope);
                }
                None => run.tell(not_failover(&run.server, id))?,
            }
        }
        let shares = found.into_values().map(|(relationship, scopes)| Share {
            relationship,
            level: ReplicationLevel::Scopes(scopes.clone()),
            scopes,
        });
        return Ok(shares.collect());
    }
    if call.has("Name") {
        let mut shares: Vec<Share<'a>> = Vec::new();
        for name in call.texts("Name") {
            match config.relationship(name) {
                Some(one) if shares.iter().any(|s| s.relationship.name == one.name) => {}
                Some(one) => shares.push(whole(one)),
                None => run.tell(no_relationship(&run.server, name))?,
            }
        }
        return Ok(shares);
    }
    let all = config.relationships.values();
    Ok(all.filter(|r| !r.scopes.is_empty()).map(whole).collect())
}

fn question(run: &Run<'_, '_>, shares: &[Share<'_>]) -> String {
    let scopes: BTreeSet<ScopeId> = shares.iter().flat_map(|s| s.scopes.clone()).collect();
    let partners: BTreeSet<String> = shares
        .iter()
        .filter(|share| !share.scopes.is_empty())
        .map(|share| share.relationship.partner.to_string())
        .collect();
    let partners: Vec<String> = partners.into_iter().collect();
    let partners = match partners.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        few => few.join(", "),
    };
    let what = match scopes.len() {
        1 => scopes.iter().map(|id| format!("scope {id}")).collect(),
        count => counted(count, "scope", "scopes"),
    };
    format!(
        "The configuration of {what} on {partners} will be overwritten with that of {}. Do you \
         want to perform this action?",
        run.server
    )
}
