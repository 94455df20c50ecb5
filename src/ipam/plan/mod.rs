//! From what the operator asked for to a plan: the servers concerned are read, the rules foretell
//! what each would do, and what every step touches is fingerprinted.

mod carried;
mod change;
mod failover;
mod order;
mod replicate;
mod title;
mod undo;
mod world;

use super::{Ipam, Judgement, PlanError};
use crate::drivers::Readings;
use crate::model::plan::{FailoverChoice, FieldChange, Intent, LeftOut, Plan, Risk, Step};
use crate::model::server::ServerName;
use crate::model::text::printable;
use crate::model::{Edit, ScopeId};
use world::World;

/// What clients feel of most plans.
const NO_INTERRUPTION: &str = "no interruption";

/// A plan in the making.
struct Draft {
    steps: Vec<Step>,
    warnings: Vec<String>,
    impact: String,
    risk: Risk,
    clears: Vec<(ServerName, ScopeId)>,
    left_out: Vec<LeftOut>,
    readings: Readings,
}

impl Draft {
    fn new(risk: Risk) -> Draft {
        Draft {
            steps: Vec::new(),
            warnings: Vec::new(),
            impact: NO_INTERRUPTION.to_owned(),
            risk,
            clears: Vec::new(),
            left_out: Vec::new(),
            readings: Readings::new(),
        }
    }

    fn leave_out(&mut self, server: &ServerName, why: impl std::fmt::Display) {
        let (server, why) = (server.clone(), printable(&why.to_string(), 1000));
        self.left_out.push(LeftOut { server, why });
    }

    fn warn(&mut self, sentence: impl Into<String>) {
        self.warnings.push(sentence.into());
    }
}

/// What would be done for an intent.
pub(super) async fn plan(ipam: &Ipam, intent: Intent) -> Result<Plan, PlanError> {
    let access = ipam.access();
    access.may_write().map_err(PlanError::NotAllowed)?;
    let intent = canonical(ipam, intent)?;
    let mut world = World::of(ipam);
    let (title, mut draft) = match &intent {
        Intent::Change {
            server,
            edits,
            reach,
        } => (
            title::change(server, edits),
            change::change(&mut world, server, edits, *reach).await?,
        ),
        Intent::ConfigureFailover {
            server,
            scopes,
            with,
        } => (
            title::configure(server, scopes, with),
            failover::configure(&mut world, server, scopes, with).await?,
        ),
        Intent::RemoveFailover {
            server,
            scopes,
            force,
        } => (
            title::remove_failover(server, scopes),
            failover::remove(&mut world, server, scopes, *force).await?,
        ),
        Intent::EditRelationship {
            server,
            name,
            properties,
        } => (
            title::relationship("Edit", name, server),
            failover::edit(&mut world, server, name, properties).await?,
        ),
        Intent::DeleteRelationship {
            keep_on,
            name,
            force,
        } => (
            format!("Delete DHCP failover relationship '{name}', scopes stay on {keep_on}"),
            failover::delete(&mut world, keep_on, name, *force).await?,
        ),
        Intent::Replicate { from, what } => (
            title::replicate(from, what),
            replicate::replicate(&mut world, from, what).await?,
        ),
        Intent::ClearConfigSyncError { server, scopes } => (
            format!(
                "Clear Config Sync Error of {} on {server}",
                title::scopes(scopes)
            ),
            replicate::clear(ipam, server, scopes).await?,
        ),
        Intent::Order { server, order } => (
            title::order(server, order),
            order::order(&mut world, server, order).await?,
        ),
        Intent::Undo { plan } => undo::undo(&mut world, *plan).await?,
    };
    draft.readings = world.readings();
    let plan = finish(ipam, intent, &title, draft);
    match ipam.judgement(&plan) {
        Judgement::Denied(why) => Err(PlanError::NotAllowed(why)),
        Judgement::Allowed | Judgement::Confirm(_) | Judgement::TypeName(..) => Ok(plan),
    }
}

/// The intent with every server named as the configuration names it.
fn canonical(ipam: &Ipam, mut intent: Intent) -> Result<Intent, PlanError> {
    match &mut intent {
        Intent::Change { server, .. }
        | Intent::RemoveFailover { server, .. }
        | Intent::EditRelationship { server, .. }
        | Intent::DeleteRelationship {
            keep_on: server, ..
        }
        | Intent::Replicate { from: server, .. }
        | Intent::ClearConfigSyncError { server, .. }
        | Intent::Order { server, .. } => *server = ipam.resolve(server.as_str())?,
        Intent::ConfigureFailover { server, with, .. } => {
            *server = ipam.resolve(server.as_str())?;
            if let FailoverChoice::New { relationship, .. } = with
                && let Ok(partner) = ipam.resolve(relationship.partner.as_str())
            {
                relationship.partner = partner;
            }
        }
        Intent::Undo { .. } => {}
    }
    Ok(intent)
}

/// The plan, with what its servers' drivers have to do around each step, and fit to be shown.
fn finish(ipam: &Ipam, intent: Intent, title: &str, draft: Draft) -> Plan {
    let mut plan = Plan {
        intent,
        title: printable(title, 300),
        steps: Vec::new(),
        warnings: draft
            .warnings
            .iter()
            .map(|sentence| printable(sentence, 1000))
            .collect(),
        impact: printable(&draft.impact, 1000),
        risk: draft.risk,
        clears: draft.clears,
        left_out: draft.left_out,
    };
    for step in draft.steps {
        let steps = match ipam.driver(&step.server) {
            Ok(driver) => driver.expand(step, &plan, &draft.readings),
            Err(_) => vec![step],
        };
        plan.steps.extend(steps);
    }
    for step in &mut plan.steps {
        step.refused = step.refused.as_deref().map(|why| printable(why, 1000));
        for change in &mut step.changes {
            shown(change);
        }
    }
    plan
}

fn shown(change: &mut FieldChange) {
    change.field = printable(&change.field, 200);
    for value in [&mut change.before, &mut change.after] {
        *value = value.as_deref().map(|text| printable(text, 2000));
    }
}

/// How bad edits are if they were a mistake: one object, several, or something for good.
fn risk(edits: &[Edit], steps: &[Step]) -> Risk {
    let for_good = edits
        .iter()
        .any(|edit| matches!(edit, Edit::RemoveScope { .. }))
        || steps.iter().any(|step| step.inverse.is_err());
    let objects: std::collections::BTreeSet<_> = edits.iter().flat_map(Edit::touches).collect();
    if for_good {
        Risk::Destructive
    } else if objects.len() > 1 {
        Risk::Several
    } else {
        Risk::Small
    }
}

/// `1 field`, `3 fields`.
fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
