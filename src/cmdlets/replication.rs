//! Invoke-DhcpServerv4FailoverReplication: the partner's copies become this server's.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::act::Run;
use super::error::Done;
use super::failover::{no_relationship, not_failover};
use super::object::Results;
use crate::ipam::Ended;
use crate::model::ScopeId;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::server::ServerReading;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let wanted = wanted(run, &reading)?;
    let mut lines = Vec::new();
    for (what, scopes) in wanted {
        let server = run.server.clone();
        run.ask(&question(run, &reading, &scopes))?;
        let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        let message = format!(
            "Failed to replicate scope {names} from DHCP server {server} to its failover partner."
        );
        let intent = Intent::Replicate { from: server, what };
        let Some(outcome) = run.carry(intent, &message, &names).await? else {
            continue;
        };
        let behind: BTreeSet<ScopeId> = outcome.out_of_sync.iter().map(|(_, id, _)| *id).collect();
        if outcome.ended != Ended::Done {
            run.failed = true;
        }
        let done = scopes.iter().filter(|id| !behind.contains(id));
        lines.extend(done.map(ToString::to_string));
    }
    Ok(Results::Lines(lines))
}

/// What is to be replicated, each with the scopes that it means.
fn wanted(
    run: &mut Run<'_, '_>,
    reading: &Arc<ServerReading>,
) -> Done<Vec<(ReplicationLevel, BTreeSet<ScopeId>)>> {
    let call = run.call;
    let config = &reading.config;
    if call.has("ScopeId") {
        let mut scopes = BTreeSet::new();
        for id in call.addresses("ScopeId") {
            match run.scope(reading, id) {
                Ok(scope) if config.relationship_of(scope.id).is_some() => {
                    scopes.insert(scope.id);
                }
                Ok(_) => run.tell(not_failover(&run.server, id))?,
                Err(failure) => run.tell(failure)?,
            }
        }
        let level = ReplicationLevel::Scopes(scopes.clone());
        let none = scopes.is_empty();
        return Ok((!none).then_some((level, scopes)).into_iter().collect());
    }
    if call.has("Name") {
        let mut levels = Vec::new();
        for name in call.texts("Name") {
            match config.relationship(name) {
                Some(relationship) => levels.push((
                    ReplicationLevel::Relationship(relationship.name.clone()),
                    relationship.scopes.clone(),
                )),
                None => run.tell(no_relationship(&run.server, name))?,
            }
        }
        return Ok(levels);
    }
    let all: BTreeSet<ScopeId> = config
        .relationships
        .values()
        .flat_map(|relationship| relationship.scopes.iter().copied())
        .collect();
    let none = config.relationships.is_empty();
    Ok((!none)
        .then_some((ReplicationLevel::Server, all))
        .into_iter()
        .collect())
}

fn question(run: &Run<'_, '_>, reading: &ServerReading, scopes: &BTreeSet<ScopeId>) -> String {
    let partners: BTreeSet<String> = scopes
        .iter()
        .filter_map(|scope| reading.config.relationship_of(*scope))
        .map(|relationship| relationship.partner.to_string())
        .collect();
    let partners: Vec<String> = partners.into_iter().collect();
    let what = match scopes.len() {
        1 => scopes.iter().map(|id| format!("scope {id}")).collect(),
        count => format!("{count} scopes"),
    };
    format!(
        "The configuration of {what} on {} will be overwritten with that of {}. Do you want to \
         perform this action?",
        partners.join(" and "),
        run.server
    )
}
