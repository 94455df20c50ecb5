//! Which steps stand around which: what a bridge leads to, when what takes it down is due, and
//! what is left open.

use std::collections::BTreeMap;

use crate::ipam::journal::Mark;
use crate::model::Plan;
use crate::model::plan::Purpose;

/// How far each step came, by its place; those missing were not begun.
pub(in crate::ipam) type Marks = BTreeMap<usize, Mark>;

fn purpose(plan: &Plan, place: usize) -> Option<&Purpose> {
    plan.steps.get(place).map(|step| &step.purpose)
}

/// The bridges before a place that no step has taken down yet, the innermost last.
fn standing(plan: &Plan, place: usize) -> Vec<usize> {
    let mut standing = Vec::new();
    for (at, step) in plan.steps.iter().enumerate().take(place) {
        match step.purpose {
            Purpose::Bridge => standing.push(at),
            Purpose::Always => drop(standing.pop()),
            _ => {}
        }
    }
    standing
}

/// The steps of what was asked for between two places.
fn own(plan: &Plan, from: usize, to: usize) -> impl Iterator<Item = usize> {
    (from..to).filter(|at| plan.steps.get(*at).is_some_and(|step| !step.is_around()))
}

/// Where what an `Always` step ends begins: with its bridge, or else with the step before it.
fn opening(plan: &Plan, always: usize) -> usize {
    let bridge = standing(plan, always).pop();
    bridge
        .or_else(|| own(plan, 0, always).last())
        .unwrap_or(always)
}

/// Whether a step of that place is an `Always` that has to be done: its bridge was done, or may
/// have been, or a step between was begun.
pub(in crate::ipam) fn is_due(plan: &Plan, place: usize, marks: &Marks) -> bool {
    if purpose(plan, place) != Some(&Purpose::Always) {
        return false;
    }
    let from = opening(plan, place);
    let bridged = purpose(plan, from) == Some(&Purpose::Bridge)
        && marks.get(&from).is_some_and(Mark::may_have_acted);
    bridged || own(plan, from, place).any(|at| marks.contains_key(&at))
}

/// The `Always` steps that are due and were not done.
pub(in crate::ipam) fn open(plan: &Plan, marks: &Marks) -> Vec<usize> {
    (0..plan.steps.len())
        .filter(|place| {
            is_due(plan, *place, marks) && !matches!(marks.get(place), Some(Mark::Done(_)))
        })
        .collect()
}

/// The bridge that should lead to a step, and was not done.
pub(super) fn missing_bridge(plan: &Plan, place: usize, marks: &Marks) -> Option<usize> {
    let bridges = standing(plan, place).into_iter();
    let mut missing = bridges.filter(|bridge| !matches!(marks.get(bridge), Some(Mark::Done(_))));
    missing.find(|bridge| {
        // One that nothing takes down leads to the next step only.
        let taken_down = (place..plan.steps.len())
            .any(|at| purpose(plan, at) == Some(&Purpose::Always) && opening(plan, at) == *bridge);
        taken_down || own(plan, *bridge, place).next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::Order;
    use crate::model::plan::{Action, Intent, NotUndoable, Risk, Step};
    use crate::model::server::ServerName;

    fn plan(purposes: &[Purpose]) -> Plan {
        let order = Order::GrantScopes {
            relationship: "pair".into(),
            scopes: Vec::new(),
        };
        let step = |purpose: &Purpose| Step {
            server: ServerName::new("kea1"),
            action: Action::Order(order.clone()),
            purpose: purpose.clone(),
            expect: Vec::new(),
            foretold: Vec::new(),
            changes: Vec::new(),
            inverse: Err(NotUndoable::because("no")),
            refused: None,
        };
        Plan {
            intent: Intent::Undo { plan: 1 },
            title: String::new(),
            steps: purposes.iter().map(step).collect(),
            warnings: Vec::new(),
            impact: String::new(),
            silence: std::time::Duration::ZERO,
            risk: Risk::Small,
            clears: Vec::new(),
            left_out: Vec::new(),
        }
    }

    fn marks(of: &[(usize, Mark)]) -> Marks {
        of.iter().cloned().collect()
    }

    #[test]
    fn each_always_belongs_to_the_bridge_that_stands() {
        use Purpose::{Always, Bridge, Joint};
        let plan = plan(&[Bridge, Joint, Always, Bridge, Joint, Always, Joint, Always]);
        let done = || Mark::Done(Vec::new());
        let failed = || Mark::Failed("no".into());
        let due = |of: &[(usize, Mark)]| -> Vec<usize> {
            let marks = marks(of);
            (0..8).filter(|at| is_due(&plan, *at, &marks)).collect()
        };
        assert_eq!(due(&[]), Vec::<usize>::new());
        assert_eq!(due(&[(0, failed())]), Vec::<usize>::new());
        assert_eq!(due(&[(0, done())]), [2]);
        assert_eq!(due(&[(0, Mark::AboutTo)]), [2]);
        assert_eq!(due(&[(0, Mark::Unknown("?".into()))]), [2]);
        assert_eq!(due(&[(0, done()), (1, done()), (3, done())]), [2, 5]);
        // Without a bridge it belongs to the step before it, however that ended.
        assert_eq!(due(&[(6, failed())]), [7]);
        let left = marks(&[(0, done()), (2, failed()), (3, done()), (5, done())]);
        assert_eq!(open(&plan, &left), [2]);
    }

    #[test]
    fn a_bridge_that_failed_leads_nowhere() {
        use Purpose::{Always, Bridge, Joint, Main};
        let between = plan(&[Bridge, Main, Joint, Always, Joint]);
        let marks = marks(&[(0, Mark::Failed("no".into()))]);
        let missing = |plan: &Plan| -> Vec<usize> {
            (1..plan.steps.len())
                .filter(|at| missing_bridge(plan, *at, &marks).is_some())
                .collect()
        };
        assert_eq!(missing(&between), [1, 2, 3]);
        assert_eq!(missing(&plan(&[Bridge, Main, Joint])), [1]);
    }
}
