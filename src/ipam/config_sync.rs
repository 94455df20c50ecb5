//! Failover Config Sync Status: which rows a plan leaves out of sync, and which it brings back.

use std::collections::BTreeSet;

use super::carry_out::Ended;
use super::journal::Mark;
use super::one_step::watched;
use crate::model::plan::{Action, Purpose, Step};
use crate::model::{Edit, ObjectRef, Plan, ScopeId, ServerName};

/// IPAM's word in the column Failover Config Sync Status; blank means no problem.
pub const OUT_OF_SYNC: &str = "Out of sync";

/// The rows that are out of sync after the plan's steps came as far as `mark` says, and why: what
/// was done, or may have been, and was not carried to the partner.
pub(super) fn uncarried<'m>(
    plan: &Plan,
    mark: impl Fn(usize) -> Option<&'m Mark>,
) -> Vec<(ServerName, ScopeId, String)> {
    let acted = plan.steps.iter().enumerate().any(|(place, step)| {
        step.purpose == Purpose::Main && mark(place).is_some_and(Mark::may_have_acted)
    });
    let mut rows = Vec::new();
    for (place, step) in plan.steps.iter().enumerate() {
        let Purpose::Carry { source, scopes } = &step.purpose else {
            continue;
        };
        let reason = match mark(place) {
            Some(Mark::Done(_)) => continue,
            Some(Mark::Failed(why) | Mark::Unknown(why)) => why.clone(),
            Some(Mark::AboutTo) => format!(
                "nobody knows whether '{}' was carried to {}",
                plan.title, step.server
            ),
            None => format!("'{}' was not carried to {}", plan.title, step.server),
        };
        if acted {
            let row = |scope: &ScopeId| (source.clone(), *scope, reason.clone());
            rows.extend(scopes.iter().map(row));
        }
    }
    rows
}

/// The rows whose error has ended: those that the plan clears, less the scopes of steps that were
/// not done.
pub(super) fn cleared<'m>(
    plan: &Plan,
    ended: Ended,
    mark: impl Fn(usize) -> Option<&'m Mark>,
) -> Vec<(ServerName, ScopeId)> {
    if matches!(ended, Ended::Nothing | Ended::Unknown) {
        return Vec::new();
    }
    let undone: BTreeSet<ScopeId> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(place, step)| {
            step.purpose != Purpose::BestEffort && !matches!(mark(*place), Some(Mark::Done(_)))
        })
        .flat_map(|(_, step)| scopes(step))
        .collect();
    let rows = plan.clears.iter();
    rows.filter(|(_, scope)| !undone.contains(scope))
        .cloned()
        .collect()
}

fn scopes(step: &Step) -> BTreeSet<ScopeId> {
    let objects = watched(step);
    let mut scopes: BTreeSet<ScopeId> = objects.iter().filter_map(ObjectRef::scope).collect();
    if let Action::Apply(edits) = &step.action {
        for edit in edits {
            match edit {
                Edit::AddFailoverScopes { scopes: of, .. }
                | Edit::RemoveFailoverScopes { scopes: of, .. } => scopes.extend(of),
                _ => {}
            }
        }
    }
    scopes
}
