//! Taking a plan back: what was done is undone step by step, as far as nobody has changed it since.

use std::collections::{BTreeMap, BTreeSet};

use super::replicate::only_errors;
use super::world::{World, blind};
use super::{Draft, PlanError};
use crate::ipam::carry_out::watched;
use crate::ipam::journal::{Mark, Remembered};
use crate::model::ScopeId;
use crate::model::edit::{Edit, ObjectRef};
use crate::model::fingerprint::{Fingerprint, fingerprint};
use crate::model::plan::{Action, Intent, PlanId, Purpose, Risk, Step};
use crate::model::server::ServerName;
use crate::model::text::printable;
use crate::rules::compare_scopes;

/// Plans the undo of a plan; gives its title too.
pub(super) async fn undo(world: &mut World<'_>, id: PlanId) -> Result<(String, Draft), PlanError> {
    let remembered = world.ipam.remember(move |store| store.plan(id)).await?;
    let Some(remembered) = remembered else {
        return Err(PlanError::Invalid(format!(
            "there is no plan {id} in the journal"
        )));
    };
    let title = title(&remembered.plan.title);
    let done = done(&remembered)?;
    let steps = remembered.plan.steps.iter();
    world.read(steps.map(|step| step.server.clone())).await;
    let mut draft = Draft::new(Risk::Small);
    let mut changed = Vec::new();
    for (step, after) in &done {
        match world.reading(&step.server) {
            Ok(_) => match take_back(world, step, after, &mut draft) {
                Ok(Some(inverse)) => draft.steps.push(inverse),
                Ok(None) => {}
                Err(Stopped::Changed(objects)) => changed.extend(objects),
                Err(Stopped::Refused(why)) => return Err(PlanError::NotUndoable(why)),
            },
            Err(error) => match &step.purpose {
                Purpose::Carry { source, .. } => {
                    draft.warn(format!(
                        "{error}; it is taken back on {source} all the same, and the scope will be \
                         Out of sync until it is replicated"
                    ));
                    let edits = step.inverse.clone().unwrap_or_default();
                    let back = blind(
                        &step.server,
                        edits,
                        step.purpose.clone(),
                        inverse_of(step),
                        None,
                    );
                    draft.steps.push(back);
                }
                Purpose::Main
                | Purpose::Target
                | Purpose::Joint
                | Purpose::BestEffort
                | Purpose::Bridge
                | Purpose::Always => {
                    return Err(error.into());
                }
            },
        }
    }
    if !changed.is_empty() {
        return Err(PlanError::NotUndoable(format!(
            "'{}' can't be taken back, since what it touched has changed since: {}",
            printable(&remembered.plan.title, 200),
            changed.join(", ")
        )));
    }
    if draft.steps.is_empty() {
        return Err(PlanError::NotUndoable(format!(
            "'{}' has been taken back already",
            printable(&remembered.plan.title, 200)
        )));
    }
    draft.steps.sort_by_key(order);
    standby_first(world, &remembered, &mut draft.steps);
    clears(world, &remembered, &mut draft);
    only_errors(world.ipam, &mut draft).await?;
    let edits: Vec<Edit> = draft.steps.iter().flat_map(edits).cloned().collect();
    draft.risk = super::risk(&edits, &draft.steps);
    if draft.risk == Risk::Small && draft.steps.len() > 2 {
        draft.risk = Risk::Several;
    }
    Ok((title, draft))
}

/// A step that was done, and the fingerprints that it left behind.
type DoneStep = (Step, Vec<Option<Fingerprint>>);

/// The steps that were done, the last one first, each with what it left behind.
///
/// # Errors
/// Why the plan can't be taken back.
fn done(remembered: &Remembered) -> Result<Vec<DoneStep>, PlanError> {
    let id = remembered.id;
    let cannot = |why: String| Err(PlanError::NotUndoable(why));
    if let Some(by) = remembered.undone_by {
        return cannot(format!("plan {id} was taken back already, by plan {by}"));
    }
    if remembered.forgotten {
        return cannot(format!(
            "plan {id} can't be taken back: the servers that it touched were made anew since"
        ));
    }
    if remembered.ended.is_none() {
        return cannot(format!("plan {id} is still being carried out"));
    }
    let mut done = Vec::new();
    let steps = remembered.plan.steps.iter().enumerate().rev();
    // What stood around the others was taken down by itself.
    for (place, step) in steps.filter(|(_, step)| !step.is_around()) {
        match remembered.marks.get(&place) {
            Some(Mark::Done(after)) => {
                if let Err(why) = &step.inverse {
                    return cannot(format!(
                        "'{}' can't be taken back: {}",
                        printable(&remembered.plan.title, 200),
                        printable(&why.reason, 400)
                    ));
                }
                let after = if after.is_empty() {
                    step.foretold.clone()
                } else {
                    after.clone()
                };
                done.push((step.clone(), after));
            }
            Some(Mark::Unknown(_) | Mark::AboutTo) => {
                return cannot(format!(
                    "nobody knows whether '{}' was done on {}: read it there, and decide anew",
                    printable(&step.action.to_string(), 200),
                    step.server
                ));
            }
            Some(Mark::Failed(_)) | None => {}
        }
    }
    if done.is_empty() {
        return cannot(format!(
            "plan {id} changed nothing that could be taken back"
        ));
    }
    Ok(done)
}

/// Why a step is not taken back.
enum Stopped {
    /// These objects have changed since, each with its server.
    Changed(Vec<String>),
    /// The rules refuse it.
    Refused(String),
}

/// The step that takes a step back; nothing when that was done before.
fn take_back(
    world: &mut World<'_>,
    step: &Step,
    after: &[Option<Fingerprint>],
    draft: &mut Draft,
) -> Result<Option<Step>, Stopped> {
    let config = world.config(&step.server);
    let objects = watched(step);
    if after.len() != objects.len() {
        return Err(Stopped::Refused(format!(
            "what '{}' left behind on {} was never read back, so nobody knows whether it has \
             changed since",
            printable(&step.action.to_string(), 200),
            step.server
        )));
    }
    let now: Vec<Option<Fingerprint>> = objects
        .iter()
        .map(|object| fingerprint(&config, object))
        .collect();
    if now != after {
        let before: Vec<Option<Fingerprint>> =
            step.expect.iter().map(|(_, before)| *before).collect();
        if now == before {
            return Ok(None);
        }
        let changed = objects
            .iter()
            .zip(now.iter().zip(after))
            .filter(|(_, (now, after))| now != after)
            .map(|(object, _)| on(object, &step.server))
            .collect();
        return Err(Stopped::Changed(changed));
    }
    let edits = step.inverse.clone().unwrap_or_default();
    match world.foretell(&step.server, edits.clone(), step.purpose.clone()) {
        Ok(back) => Ok(Some(back)),
        Err(error) if matches!(step.purpose, Purpose::Carry { .. }) => {
            draft.warn(format!("{} will refuse it: {error}", step.server));
            Ok(Some(blind(
                &step.server,
                edits,
                step.purpose.clone(),
                inverse_of(step),
                Some(error.to_string()),
            )))
        }
        Err(error) => Err(Stopped::Refused(format!(
            "{} would refuse to take it back: {error}",
            step.server
        ))),
    }
}

fn on(object: &ObjectRef, server: &ServerName) -> String {
    printable(&format!("{object} on {server}"), 200)
}

fn inverse_of(step: &Step) -> Result<Vec<Edit>, crate::model::plan::NotUndoable> {
    match &step.action {
        Action::Apply(edits) => Ok(edits.clone()),
        Action::Order(_) => Ok(Vec::new()),
    }
}

fn edits(step: &Step) -> &[Edit] {
    match &step.action {
        Action::Apply(edits) => edits,
        Action::Order(_) => &[],
    }
}

/// What was asked for comes before what is carried; copies go first and come last, so that never
/// both servers serve one pool without knowing of each other.
fn order(step: &Step) -> u8 {
    let edits = edits(step);
    match &step.purpose {
        Purpose::Carry { .. } => 3,
        Purpose::Main | Purpose::Target => 0,
        Purpose::Joint | Purpose::BestEffort | Purpose::Bridge | Purpose::Always => {
            if edits
                .iter()
                .any(|edit| matches!(edit, Edit::RemoveScope { .. }))
            {
                0
            } else if edits.iter().any(|edit| matches!(edit, Edit::AddScope(_))) {
                2
            } else {
                1
            }
        }
    }
}

/// Where one of the two servers of a change has to be written first, it is also taken back there
/// first.
fn standby_first(world: &World<'_>, remembered: &Remembered, steps: &mut [Step]) {
    if !matches!(
        remembered.plan.intent,
        Intent::Change { .. } | Intent::EditRelationship { .. } | Intent::Undo { .. }
    ) {
        return;
    }
    if let [one, other] = &*steps
        && one.purpose == Purpose::Joint
        && other.purpose == Purpose::Joint
        && order(one) == order(other)
        && world.first_of(&one.server, &other.server).as_ref() == Some(&other.server)
    {
        steps.reverse();
    }
}

/// A scope that was out of sync because of what is now taken back no longer is, when nothing else
/// is between the two copies.
fn clears(world: &World<'_>, remembered: &Remembered, draft: &mut Draft) {
    let mut uncarried = BTreeMap::<(ServerName, ServerName), BTreeSet<ScopeId>>::new();
    for (place, step) in remembered.plan.steps.iter().enumerate() {
        let carried = matches!(remembered.marks.get(&place), Some(Mark::Done(_)));
        if let (Purpose::Joint, Intent::Change { server, .. }, false) =
            (&step.purpose, &remembered.plan.intent, carried)
        {
            let objects = watched(step);
            let scopes = objects.iter().filter_map(ObjectRef::scope);
            let mut others = remembered.plan.steps.iter().map(|step| &step.server);
            let other = others.find(|other| **other != step.server);
            let pair = (server.clone(), other.unwrap_or(&step.server).clone());
            let pair = match step.server == *server {
                true => pair,
                false => (server.clone(), step.server.clone()),
            };
            uncarried.entry(pair).or_default().extend(scopes);
        }
        if let (Purpose::Carry { source, scopes }, false) = (&step.purpose, carried) {
            let pair = (source.clone(), step.server.clone());
            uncarried.entry(pair).or_default().extend(scopes);
        }
    }
    for ((source, partner), scopes) in uncarried {
        for scope in scopes {
            let copies = world.copy(&source).zip(world.copy(&partner));
            if copies.is_some_and(|(left, right)| compare_scopes(left, right, &[scope]).is_same()) {
                draft.clears.push((source.clone(), scope));
            }
        }
    }
}

/// `Undo: …`, and of an undo `Redo: …`.
fn title(of: &str) -> String {
    match (of.strip_prefix("Undo: "), of.strip_prefix("Redo: ")) {
        (Some(rest), _) => format!("Redo: {rest}"),
        (None, Some(rest)) => format!("Undo: {rest}"),
        (None, None) => format!("Undo: {of}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_and_redo_take_turns() {
        let once = title("Create DHCP scope 10.0.0.0");
        assert_eq!(once, "Undo: Create DHCP scope 10.0.0.0");
        let twice = title(&once);
        assert_eq!(twice, "Redo: Create DHCP scope 10.0.0.0");
        assert_eq!(title(&twice), once);
    }
}
