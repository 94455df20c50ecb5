//! What plans of dead owners left behind: looked at, journalled, told; never gone on with, but for
//! what must be done always.

mod always;

use super::carry_out::{Verdict, ended, is_due, open, verdict};
use super::journal::{Mark, Remembered};
use super::store::{PlanEnd, RELEASED};
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
            // Who tried once and could not does not try again: it is the next one's.
            let tried = owner.strip_prefix(RELEASED) == Some(self.inner.locks.owner());
            if tried || self.inner.locks.lives(&owner) {
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
        let had_ended = remembered.ended.is_some();
        for place in 0..remembered.plan.steps.len() {
            let part = if is_due(&remembered.plan, place, &remembered.marks) {
                match remembered.marks.get(&place) {
                    Some(Mark::Done(_)) if had_ended => continue,
                    Some(Mark::Done(_)) => "was done".to_owned(),
                    _ => self.always(&mut remembered, place).await?,
                }
            } else if had_ended {
                // All that can be told of it was told when it ended.
                continue;
            } else {
                self.look_at(&mut remembered, place).await?
            };
            let Some(step) = remembered.plan.steps.get(place) else {
                continue;
            };
            let what = printable(&step.action.to_string(), 200);
            parts.push(format!("'{what}' on {} {part}", step.server));
        }
        let open = !open(&remembered.plan, &remembered.marks).is_empty();
        if had_ended {
            self.remember(move |store| store.leave(id, open)).await?;
        } else {
            self.end_taken_up(&remembered, open).await?;
        }
        Ok(Some(sentence(&remembered, &parts, open)))
    }

    /// How far a step came that nobody goes on with.
    async fn look_at(
        &self,
        remembered: &mut Remembered,
        place: usize,
    ) -> Result<String, StoreError> {
        Ok(match remembered.marks.get(&place) {
            Some(Mark::Done(_)) => "was done".to_owned(),
            Some(Mark::Failed(why)) => format!("was not done ({})", printable(why, 300)),
            Some(Mark::Unknown(why)) => format!("may have been done ({})", printable(why, 300)),
            None => "was not begun".to_owned(),
            Some(Mark::AboutTo) => {
                let Some(step) = remembered.plan.steps.get(place) else {
                    return Ok(String::new());
                };
                let (mark, mut state) = self.judge(step).await;
                if let Some(saved) = self.save_after(step, &mark).await {
                    state = format!("{state}, {saved}");
                }
                let (words, at) = (format!("interrupted: {state}"), self.inner.clock.now());
                let (id, taken) = (remembered.id, mark.clone());
                self.remember(move |store| store.mark(id, place, &taken, Some(&words), at))
                    .await?;
                remembered.marks.insert(place, mark);
                state
            }
        })
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

    /// What a step left that was done, or not done, for sure: its server has it in its file too.
    async fn save_after(&self, step: &Step, mark: &Mark) -> Option<String> {
        if matches!(mark, Mark::Unknown(_) | Mark::AboutTo) || self.access().may_write().is_err() {
            return None;
        }
        let driver = self.driver(&step.server).ok()?;
        // Whoever is changing the server now saves it as well.
        let held = self.inner.locks.hold([&step.server], self.operator()).await;
        let _held = held.ok()?;
        let done = matches!(mark, Mark::Done(_));
        match driver.save().await {
            Ok(true) if done => Some("and is saved now".to_owned()),
            Err(why) if done => Some(format!("but: {}", printable(&why.to_string(), 300))),
            Ok(_) | Err(_) => None,
        }
    }

    async fn end_taken_up(&self, remembered: &Remembered, open: bool) -> Result<(), StoreError> {
        let (plan, marks) = (&remembered.plan, &remembered.marks);
        let ended = ended(plan, marks);
        let rows = config_sync::uncarried(plan, |place| marks.get(&place));
        let clears = config_sync::cleared(plan, ended, |place| marks.get(&place));
        let (id, at) = (remembered.id, self.inner.clock.now());
        self.remember(move |store| {
            let end = PlanEnd {
                ended,
                out_of_sync: &rows,
                clears: &clears,
                open,
            };
            store.end(id, &end, at)
        })
        .await
    }
}

fn sentence(remembered: &Remembered, parts: &[String], open: bool) -> String {
    let (plan, marks) = (&remembered.plan, &remembered.marks);
    let had_ended = remembered.ended.is_some();
    let mut text = format!(
        "plan {} of {}, '{}', {}",
        remembered.id,
        printable(&remembered.operator, 64),
        printable(&plan.title, 300),
        match had_ended {
            true => "left something to be done",
            false => "was interrupted",
        }
    );
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join("; ")));
    }
    if open {
        text.push_str("; what is left is tried again when Twinscope is next started");
    }
    if had_ended {
        return text;
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
    let steps = remembered.plan.steps.iter().enumerate();
    for (place, step) in steps.filter(|(_, step)| !step.is_around()) {
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
