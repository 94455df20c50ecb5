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

use std::time::Duration;

use super::{Ipam, Judgement, PlanError};
use crate::drivers::{Impact, Readings};
use crate::model::plan::{
    Action, FailoverChoice, FieldChange, Intent, LeftOut, NotUndoable, Plan, Risk, Step,
};
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
    let concerned: Vec<ServerName> = draft.steps.iter().map(|step| step.server.clone()).collect();
    world.read_partners(&concerned).await;
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
    let (impact, silence) = felt(ipam, &draft);
    let mut plan = Plan {
        intent,
        title: printable(title, 300),
        steps: draft.steps,
        warnings: draft
            .warnings
            .iter()
            .map(|sentence| printable(sentence, 1000))
            .collect(),
        impact: printable(&impact, 1000),
        silence,
        risk: draft.risk,
        clears: draft.clears,
        left_out: draft.left_out,
    };
    let steps = plan.steps.iter();
    plan.steps = steps
        .flat_map(|step| match ipam.driver(&step.server) {
            Ok(driver) => around(step, driver.expand(step.clone(), &plan, &draft.readings)),
            Err(_) => vec![step.clone()],
        })
        .collect();
    for step in &mut plan.steps {
        step.refused = step.refused.as_deref().map(|why| printable(why, 1000));
        for change in &mut step.changes {
            shown(change);
        }
    }
    plan
}

/// A step with what its driver puts around it. The step itself stays what was planned, whatever
/// the driver made of it: by its fingerprints it is judged, by its inverse taken back.
fn around(step: &Step, expanded: Vec<Step>) -> Vec<Step> {
    let mut own = false;
    let mut steps = Vec::with_capacity(expanded.len());
    for mut each in expanded {
        if each.is_around() {
            each.inverse = Err(NotUndoable::because(
                "it stands around another step, and leaves nothing behind",
            ));
            steps.push(each);
        } else if !std::mem::replace(&mut own, true) {
            let refused = step.refused.clone().or(each.refused);
            steps.push(Step {
                refused,
                ..step.clone()
            });
        }
    }
    if own { steps } else { vec![step.clone()] }
}

/// What clients feel of a plan, in words, and for how long some of them get no answer at worst.
fn felt(ipam: &Ipam, draft: &Draft) -> (String, Duration) {
    let mut felt = Vec::<(&ServerName, Impact)>::new();
    for step in &draft.steps {
        let Action::Apply(edits) = &step.action else {
            continue;
        };
        let Ok(driver) = ipam.driver(&step.server) else {
            continue;
        };
        let impact = driver.impact(edits, &draft.readings);
        match felt.iter_mut().find(|(server, _)| **server == step.server) {
            Some((_, known)) if *known < impact => *known = impact,
            Some(_) => {}
            None => felt.push((&step.server, impact)),
        }
    }
    let silence = felt.iter().map(|(_, impact)| impact.silence).max();
    let nothing = |impact: &Impact| impact.words == NO_INTERRUPTION;
    let mut words = Vec::new();
    if draft.impact != NO_INTERRUPTION {
        words.push(draft.impact.clone());
    }
    if felt.iter().any(|(_, impact)| !nothing(impact)) {
        let several = felt.len() > 1;
        // The worst first.
        felt.sort_by_key(|(_, impact)| std::cmp::Reverse(impact.silence));
        words.extend(felt.iter().map(|(server, impact)| match nothing(impact) {
            true if several => format!("{NO_INTERRUPTION} on {server}"),
            _ => impact.words.clone(),
        }));
    }
    if words.is_empty() {
        words.push(NO_INTERRUPTION.to_owned());
    }
    (words.join("; "), silence.unwrap_or_default())
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
