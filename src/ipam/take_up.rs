//! What plans of dead owners left behind: looked at, journalled, told; never gone on with.

use super::carry_out::{Verdict, ended, verdict};
use super::journal::{Mark, Remembered};
use super::{Ipam, StoreError, config_sync};
use crate::model::plan::{PlanId, Step};
use crate::model::text::printable;

impl Ipam {
    /// What plans of dead owners left behind, each reported once it is taken up: in words.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub async fn take_up(&self) -> Result<Vec<String>, StoreError> {
        let mut told = Vec::new();
        let running = self.remember(|store| store.running()).await?;
        let owners: Vec<String> = running.iter().map(|(_, owner)| owner.clone()).collect();
        self.inner.locks.bury(&owners);
        for (id, owner) in running {
            if self.inner.locks.lives(&owner) {
                continue;
            }
            let (from, to) = (owner, self.inner.locks.owner().to_owned());
            let claimed = self
                .remember(move |store| store.claim(id, &from, &to))
                .await?;
            if claimed && let Some(sentence) = self.take_up_plan(id).await? {
                told.push(sentence);
            }
        }
        if !told.is_empty() {
            self.publish_config_sync().await;
        }
        Ok(told)
    }

    async fn take_up_plan(&self, id: PlanId) -> Result<Option<String>, StoreError> {
        let Some(mut remembered) = self.remember(move |store| store.plan(id)).await? else {
            return Ok(None);
        };
        let mut parts = Vec::new();
        for (place, step) in remembered.plan.steps.iter().enumerate() {
            let what = format!(
                "'{}' on {}",
                printable(&step.action.to_string(), 200),
                step.server
            );
            let state = match remembered.marks.get(&place) {
                Some(Mark::Done(_)) => "was done".to_owned(),
                Some(Mark::Failed(why)) => format!("was not done ({})", printable(why, 300)),
                Some(Mark::Unknown(why)) => {
                    format!("may have been done ({})", printable(why, 300))
                }
                None => "was not begun".to_owned(),
                Some(Mark::AboutTo) => {
                    let (mark, state) = self.judge(step).await;
                    let (words, at) = (format!("interrupted: {state}"), self.inner.clock.now());
                    let taken = mark.clone();
                    self.remember(move |store| store.mark(id, place, &taken, Some(&words), at))
                        .await?;
                    remembered.marks.insert(place, mark);
                    state
                }
            };
            parts.push(format!("{what} {state}"));
        }
        self.end_taken_up(&remembered).await?;
        Ok(Some(sentence(&remembered, &parts)))
    }

    /// Whether a step that was about to be done was done.
    async fn judge(&self, step: &Step) -> (Mark, String) {
        let verdict = match self.driver(&step.server) {
            Ok(driver) => verdict(driver.as_ref(), step).await,
            Err(error) => Verdict::Unknown(error.to_string()),
        };
        match verdict {
            Verdict::Done(after) => (Mark::Done(after), "was done".to_owned()),
            Verdict::NotDone => (
                Mark::Failed(format!(
                    "the process that was to carry it out on {} died before it did",
                    step.server
                )),
                "was not done".to_owned(),
            ),
            Verdict::Unknown(why) => {
                let state = format!("may have been done ({})", printable(&why, 300));
                let why = format!(
                    "the process that carried it out on {} died before it was known: {why}",
                    step.server
                );
                (Mark::Unknown(why), state)
            }
        }
    }

    async fn end_taken_up(&self, remembered: &Remembered) -> Result<(), StoreError> {
        let (plan, marks) = (&remembered.plan, &remembered.marks);
        let ended = ended(plan, marks);
        let rows = config_sync::uncarried(plan, |place| marks.get(&place));
        let clears = config_sync::cleared(plan, ended, |place| marks.get(&place));
        let (id, at) = (remembered.id, self.inner.clock.now());
        self.remember(move |store| store.end(id, ended, &rows, &clears, at))
            .await
    }
}

fn sentence(remembered: &Remembered, parts: &[String]) -> String {
    let (plan, marks) = (&remembered.plan, &remembered.marks);
    let mut text = format!(
        "plan {} of {}, '{}', was interrupted",
        remembered.id,
        printable(&remembered.operator, 64),
        printable(&plan.title, 300)
    );
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join("; ")));
    }
    let rows = config_sync::uncarried(plan, |place| marks.get(&place));
    for (server, scope, _) in &rows {
        text.push_str(&format!(
            "; scope {scope} on {server} is Out of sync: Replicate DHCP Scope carries it to the \
             partner"
        ));
    }
    if rows.is_empty() && half_done(remembered) {
        text.push_str(&format!(
            "; undo of plan {} takes back what was done",
            remembered.id
        ));
    }
    text
}

/// Whether something was done and something was not, and undo can take back the one.
fn half_done(remembered: &Remembered) -> bool {
    let (mut done, mut missing) = (false, false);
    for (place, step) in remembered.plan.steps.iter().enumerate() {
        match remembered.marks.get(&place) {
            Some(Mark::Done(_)) if step.inverse.is_err() => return false,
            Some(Mark::Done(_)) => done = true,
            Some(Mark::Failed(_)) | None => missing = true,
            // Undo does not take back what nobody knows.
            Some(Mark::Unknown(_) | Mark::AboutTo) => return false,
        }
    }
    done && missing
}
