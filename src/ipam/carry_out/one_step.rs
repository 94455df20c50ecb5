//! One step on its server: done, read back, and judged where the answer was lost.

use super::StepResult;
use crate::drivers::{Driver, DriverError, LeaseQuery, Silence};
use crate::ipam::collect::in_time;
use crate::ipam::journal::Mark;
use crate::model::FailoverState;
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::failover::RelationshipStatus;
use crate::model::fingerprint::Fingerprint;
use crate::model::plan::{Action, Step};
use crate::rules::kea_ha;

/// The objects by which a step is judged, and by which its undo knows that nobody changed them
/// since: those it expects, or else those it touches.
pub(in crate::ipam) fn watched(step: &Step) -> Vec<ObjectRef> {
    if !step.expect.is_empty() {
        return step
            .expect
            .iter()
            .map(|(object, _)| object.clone())
            .collect();
    }
    let Action::Apply(edits) = &step.action else {
        return Vec::new();
    };
    let back = step.inverse.as_deref().unwrap_or_default();
    let objects: std::collections::BTreeSet<ObjectRef> =
        edits.iter().chain(back).flat_map(Edit::touches).collect();
    objects.into_iter().collect()
}

/// What became of a step that was begun.
pub(in crate::ipam) struct Did {
    /// What is told of it.
    pub(in crate::ipam) result: StepResult,
    /// What is remembered of it.
    pub(in crate::ipam) mark: Mark,
    /// What more there is to know of a step that was done.
    pub(in crate::ipam) but: Option<String>,
}

impl Did {
    /// Not done, for sure.
    pub(in crate::ipam) fn not_done(error: DriverError) -> Did {
        let mark = Mark::Failed(error.to_string());
        Did::of(StepResult::Failed(error), mark)
    }

    fn of(result: StepResult, mark: Mark) -> Did {
        Did {
            result,
            mark,
            but: None,
        }
    }

    /// The journal's words, where they are not the mark's own.
    pub(in crate::ipam) fn words(&self) -> Option<String> {
        let but = self.but.as_ref()?;
        Some(format!("{}, but {but}", self.mark.words()))
    }
}

/// Does a step.
pub(in crate::ipam) async fn do_step(driver: &dyn Driver, step: &Step) -> Did {
    let work = match &step.action {
        Action::Apply(edits) => driver.apply(edits, &step.expect),
        Action::Order(order) => driver.order(order, &step.expect),
    };
    let patience = driver.patience();
    let answer = match tokio::time::timeout(patience, work).await {
        Ok(answer) => answer,
        // Unlike a read that was given up, a write may still have been done.
        Err(_) => Err(DriverError::OutcomeUnknown {
            server: step.server.clone(),
            why: format!("none came within {} s", patience.as_secs_f64()),
        }),
    };
    match answer {
        Ok(()) => {
            let objects = watched(step);
            let read = in_time(driver, driver.read_back(&objects)).await;
            // What was done stays done when it can't be read back: only its undo will say so.
            Did::of(StepResult::Done, Mark::Done(read.unwrap_or_default()))
        }
        Err(error) if error.nothing_done() => Did::not_done(error),
        Err(error) => judged(driver, step, error).await,
    }
}

/// Whether a step whose answer was lost was done.
pub(in crate::ipam) enum Verdict {
    /// It was, and left this behind.
    Done(Vec<Option<Fingerprint>>),
    /// It was not: everything is as before.
    NotDone,
    /// It can't be told, and why.
    Unknown(String),
}

/// Reads back what a step touches, and judges by it.
pub(in crate::ipam) async fn verdict(driver: &dyn Driver, step: &Step) -> Verdict {
    if let Action::Order(order) = &step.action {
        return ordered(driver, order).await;
    }
    let objects = watched(step);
    let now = match in_time(driver, driver.read_back(&objects)).await {
        Ok(now) => now,
        Err(error) => return Verdict::Unknown(error.to_string()),
    };
    let before: Vec<Option<Fingerprint>> = step.expect.iter().map(|(_, before)| *before).collect();
    if !step.foretold.is_empty() && now == step.foretold {
        Verdict::Done(now)
    } else if !before.is_empty() && now == before {
        Verdict::NotDone
    } else {
        Verdict::Unknown(format!(
            "what it touches on {} is neither as it was nor as it should be",
            step.server
        ))
    }
}

/// Whether a Kea server's state tells that it did what it was ordered, or that it did not.
fn obeyed(order: &Order, status: &RelationshipStatus) -> Option<bool> {
    use FailoverState as S;
    let holds = kea_ha::says(status, kea_ha::HOLDS_PARTNER);
    let held = kea_ha::says(status, kea_ha::IN_MAINTENANCE);
    match (order, status.state) {
        (Order::StartMaintenance { .. }, _) if holds => Some(true),
        (Order::StartMaintenance { .. }, S::Normal) => Some(false),
        (Order::CancelMaintenance { .. }, _) if holds => Some(false),
        (Order::CancelMaintenance { .. }, S::Normal) => Some(true),
        (Order::ResetHa { .. }, S::Shutdown) => Some(false),
        (Order::ResetHa { .. }, _) if held => Some(false),
        (Order::ResetHa { .. }, S::Recover | S::RecoverDone | S::Normal) => Some(true),
        _ => None,
    }
}

async fn ordered(driver: &dyn Driver, order: &Order) -> Verdict {
    match order {
        Order::SetPartnerDown { relationship } => {
            let reading = match in_time(driver, driver.read(None)).await {
                Ok(reading) => reading,
                Err(error) => return Verdict::Unknown(error.to_string()),
            };
            let key = relationship.to_lowercase();
            match reading.relationships.get(&key).map(|status| status.state) {
                Some(FailoverState::PartnerDown) => Verdict::Done(Vec::new()),
                Some(FailoverState::CommunicationInterrupted) => Verdict::NotDone,
                _ => Verdict::Unknown("the state of the relationship does not tell".to_owned()),
            }
        }
        Order::RemoveLease { scope, address } => {
            let query = LeaseQuery {
                scope: Some(*scope),
                ..LeaseQuery::default()
            };
            match in_time(driver, driver.leases(&query)).await {
                Ok(leases) if leases.iter().any(|lease| lease.address == *address) => {
                    Verdict::NotDone
                }
                Ok(_) => Verdict::Done(Vec::new()),
                Err(error) => Verdict::Unknown(error.to_string()),
            }
        }
        Order::StartMaintenance { relationship }
        | Order::CancelMaintenance { relationship }
        | Order::ResetHa { relationship } => {
            let reading = match in_time(driver, driver.read(None)).await {
                Ok(reading) => reading,
                Err(error) => return Verdict::Unknown(error.to_string()),
            };
            let status = reading.relationships.get(&relationship.to_lowercase());
            match status.and_then(|status| obeyed(order, status)) {
                Some(true) => Verdict::Done(Vec::new()),
                Some(false) => Verdict::NotDone,
                None => Verdict::Unknown("the state of the relationship does not tell".to_owned()),
            }
        }
        Order::GrantScopes { .. } | Order::SaveConfiguration => {
            Verdict::Unknown("nothing on the server tells whether it was ordered".to_owned())
        }
    }
}

async fn judged(driver: &dyn Driver, step: &Step, error: DriverError) -> Did {
    match verdict(driver, step).await {
        // Done is not all there is to say: it may not be saved, or the server not be well.
        Verdict::Done(after) => Did {
            result: StepResult::Done,
            mark: Mark::Done(after),
            but: Some(done_but(driver, error).await),
        },
        Verdict::NotDone => {
            // What is there is as before, and so is its file once it is saved; it tells itself
            // what could not be.
            let _ = driver.save().await;
            let why = match &error {
                DriverError::OutcomeUnknown { why, .. } => why.clone(),
                other => other.to_string(),
            };
            let server = step.server.clone();
            // A server that says why it could not do it was reached, and its answer was not lost.
            let error = if why.contains("disk is full") {
                DriverError::Unsupported {
                    server,
                    why: format!("{why}; it was read again, and nothing was done"),
                }
            } else {
                DriverError::Unreachable {
                    server,
                    how: Silence::NoConnection(format!(
                        "its answer was lost ({why}); it was read again, and nothing was done"
                    )),
                }
            };
            Did::not_done(error)
        }
        Verdict::Unknown(why) => {
            let mark = Mark::Unknown(format!("{error}; {why}"));
            let result = match error {
                partly @ DriverError::PartlyApplied { .. } => StepResult::Failed(partly),
                error => StepResult::Unknown(error),
            };
            Did::of(result, mark)
        }
    }
}

/// What else there is to know of a step that was done although it failed.
async fn done_but(driver: &dyn Driver, error: DriverError) -> String {
    let told = match error {
        DriverError::OutcomeUnknown { why, .. } => {
            format!("its answer was lost ({why}): it was read again, and it was done")
        }
        DriverError::PartlyApplied { what, .. } => what,
        other => other.to_string(),
    };
    match driver.save().await {
        Ok(true) => format!("{told}; it has been saved since"),
        Ok(false) => told,
        // Said already, where it failed to be saved the first time too.
        Err(DriverError::PartlyApplied { what, .. }) if told.contains(&what) => told,
        Err(DriverError::PartlyApplied { what, .. }) => format!("{told}; {what}"),
        Err(error) => format!("{told}; whether it is saved is not known: {error}"),
    }
}
