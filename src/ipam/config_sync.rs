//! Failover Config Sync Status: which rows a plan leaves out of sync, and which it brings back.

use std::collections::BTreeSet;

use super::carry_out::{Ended, watched};
use super::journal::Mark;
use crate::model::plan::{Action, Intent, Purpose, Step};
use crate::model::{Edit, ObjectRef, Plan, ScopeId, ServerName};

/// IPAM's word in the column Failover Config Sync Status; blank means no problem.
pub const OUT_OF_SYNC: &str = "Out of sync";

/// The rows that are out of sync after the plan's steps came as far as `mark` says, and why: what
/// was done, or may have been, and was not carried to the partner.
pub(super) fn uncarried<'m>(
    plan: &Plan,
    mark: impl Fn(usize) -> Option<&'m Mark>,
) -> Vec<(ServerName, ScopeId, String)> {
    let may_have_acted = |place: usize| mark(place).is_some_and(Mark::may_have_acted);
    let steps = || plan.steps.iter().enumerate();
    let main =
        |(place, step): (usize, &Step)| step.purpose == Purpose::Main && may_have_acted(place);
    let on = |(place, step): (usize, &Step), server: &ServerName| {
        step.purpose == Purpose::Joint && step.server == *server && may_have_acted(place)
    };
    let mut rows = Vec::new();
    for (place, step) in steps() {
        let (source, scopes) = match (&step.purpose, &plan.intent) {
            (Purpose::Carry { source, scopes }, _) => (source, scopes.clone()),
            (Purpose::Joint, Intent::Change { server, .. }) => (server, scopes(step)),
            _ => continue,
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
        let acted = match step.purpose {
            // Of a change that belongs to both, any copy may be the one that has it.
            Purpose::Joint => steps().any(|(at, other)| {
                at != place && other.purpose == Purpose::Joint && may_have_acted(at)
            }),
            _ => steps().any(main) || steps().any(|step| on(step, source)),
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
            step.purpose != Purpose::BestEffort
                && !step.is_around()
                && !matches!(mark(*place), Some(Mark::Done(_)))
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
