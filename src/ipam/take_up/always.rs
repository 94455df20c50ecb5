//! What must be done always, of a plan whose owner died before it did: done by whoever finds it.

use crate::drivers::Driver;
use crate::ipam::carry_out::{Did, StepResult, do_step};
use crate::ipam::collect::in_time;
use crate::ipam::journal::{Begun, Mark, Remembered};
use crate::ipam::{Ipam, StoreError};
use crate::model::FailoverState;
use crate::model::edit::Order;
use crate::model::plan::{Action, Step};
use crate::model::server::ServerReading;
use crate::model::text::printable;

impl Ipam {
    /// Does a step that is due, and says what became of it.
    pub(super) async fn always(
        &self,
        remembered: &mut Remembered,
        place: usize,
    ) -> Result<String, StoreError> {
        let Some(step) = remembered.plan.steps.get(place).cloned() else {
            return Ok(String::new());
        };
        if let Err(why) = self.access().may_write() {
            return Ok(format!("is still to be done: {why}"));
        }
        // Whoever is changing the server now may have a bridge of their own there.
        let held = self.inner.locks.hold([&step.server], self.operator()).await;
        let _held = match held {
            Ok(held) => held,
            Err(why) => return Ok(format!("is still to be done: {}", printable(&why, 300))),
        };
        let id = remembered.id;
        if !remembered.marks.contains_key(&place) {
            let begun = Begun {
                place: Some(place),
                server: step.server.clone(),
                what: printable(&step.action.to_string(), 2000),
                changes: Vec::new(),
                at: self.inner.clock.now(),
            };
            self.remember(move |store| store.about_to(id, &begun))
                .await?;
        }
        let (mark, state) = self.do_it(&step).await;
        let (words, at) = (format!("taken up: {state}"), self.inner.clock.now());
        let taken = mark.clone();
        self.remember(move |store| store.mark(id, place, &taken, Some(&words), at))
            .await?;
        remembered.marks.insert(place, mark);
        Ok(state)
    }

    async fn do_it(&self, step: &Step) -> (Mark, String) {
        let not_done = |why: String| {
            let state = format!("could not be done now ({})", printable(&why, 300));
            (Mark::Failed(why), state)
        };
        let driver = match self.driver(&step.server) {
            Ok(driver) => driver,
            Err(error) => return not_done(error.to_string()),
        };
        // It may be long ago: what was right then may be wrong now.
        if let Action::Order(order) = &step.action {
            match self.settled(driver.as_ref(), order).await {
                Ok(None) => {}
                Ok(Some(why)) => {
                    return (
                        Mark::Done(Vec::new()),
                        format!("is not needed any more: {why}"),
                    );
                }
                Err(why) => return not_done(why),
            }
        }
        let Did { result, mark, .. } = do_step(driver.as_ref(), step).await;
        match (&result, &mark) {
            (StepResult::Done, _) => (mark, "was done now".to_owned()),
            (StepResult::Failed(error), Mark::Failed(_)) => not_done(error.to_string()),
            (_, mark) => {
                let state = format!("may have been done now ({})", printable(&mark.words(), 300));
                (mark.clone(), state)
            }
        }
    }

    /// Why an order has become needless or wrong since, if it has.
    async fn settled(&self, driver: &dyn Driver, order: &Order) -> Result<Option<String>, String> {
        let (Order::GrantScopes { relationship, .. } | Order::SetPartnerDown { relationship }) =
            order
        else {
            return Ok(None);
        };
        let reading = in_time(driver, driver.read(None)).await;
        let reading = reading.map_err(|error| error.to_string())?;
        let state = |reading: &ServerReading| {
            let status = reading.relationships.get(&relationship.to_lowercase());
            status.map(|status| (status.state, status.own_word.clone()))
        };
        let Some((now, own_word)) = state(&reading) else {
            return Ok(Some(format!(
                "it has no failover relationship '{}' any more",
                printable(relationship, 130)
            )));
        };
        let word = own_word.unwrap_or_else(|| now.label().to_owned());
        Ok(match order {
            // With every change of state a server decides anew what it serves.
            Order::GrantScopes { .. } => {
                let as_then = matches!(
                    now,
                    FailoverState::Normal | FailoverState::CommunicationInterrupted
                );
                (!as_then).then(|| format!("its state, {word}, has decided since what it serves"))
            }
            _ if now == FailoverState::PartnerDown => Some("it is so already".to_owned()),
            _ if now != FailoverState::Recover => Some(format!("its state is {word}")),
            _ => {
                let held = reading.config.relationship(relationship);
                let partner = held.and_then(|held| self.resolve(held.partner.as_str()).ok());
                match partner {
                    Some(partner) if self.read(&partner).await.is_ok() => {
                        Some(format!("{partner} is back"))
                    }
                    _ => None,
                }
            }
        })
    }
}
