//! The only place that writes: journal, compare, apply, read back, journal, step by step.

use std::collections::BTreeSet;

use super::around::{Marks, is_due, missing_bridge, open};
use super::one_step::do_step;
use super::{Cancel, Ended, Outcome, Progress, StepOutcome, StepResult};
use crate::drivers::{DriverError, Silence};
use crate::ipam::journal::{Begun, Mark};
use crate::ipam::store::PlanEnd;
use crate::ipam::{Ipam, Judgement, StoreError, config_sync};
use crate::model::plan::{Action, FailoverChoice, Intent, PlanId, Purpose, Risk, Step};
use crate::model::text::printable;
use crate::model::{Edit, Plan, ServerName};

impl Ipam {
    /// Carries a plan out, step by step, telling `progress`; `cancel` is heeded between steps.
    ///
    /// It goes on when its caller goes away: only `cancel`, or the end of the process, stops it.
    pub async fn carry_out(&self, plan: Plan, progress: &Progress, cancel: &Cancel) -> Outcome {
        let (ipam, progress, cancel) = (self.clone(), progress.clone(), cancel.clone());
        let steps = plan.steps.clone();
        let task = tokio::spawn(async move { ipam.execute(plan, &progress, &cancel).await });
        match task.await {
            Ok(outcome) => outcome,
            Err(why) => {
                let ended = vec![None; steps.len()];
                Outcome {
                    ended: Ended::Unknown,
                    ..nothing(
                        &steps,
                        ended,
                        format!(
                            "carrying the plan out broke off ({why}); the journal says how far it \
                             came"
                        ),
                    )
                }
            }
        }
    }

    async fn execute(&self, plan: Plan, progress: &Progress, cancel: &Cancel) -> Outcome {
        let not_begun = |why: String| nothing(&plan.steps, vec![None; plan.steps.len()], why);
        // What may be done now counts, not what might have been when it was planned.
        if let Judgement::Denied(why) = self.judgement(&plan) {
            return not_begun(why);
        }
        if plan.is_empty() {
            return Outcome {
                ended: Ended::Done,
                ..not_begun("everything is already so: there is nothing to do".to_owned())
            };
        }
        if plan.steps.is_empty() && plan.clears.is_empty() {
            let left_out = plan.left_out.iter().map(|left| left.why.clone());
            return Outcome {
                notes: left_out.collect(),
                ..not_begun(String::new())
            };
        }
        let servers: BTreeSet<&ServerName> = plan.steps.iter().map(|step| &step.server).collect();
        let operator = self.operator();
        let held = match self.inner.locks.hold(servers, operator).await {
            Ok(held) => held,
            Err(why) => return not_begun(why),
        };
        let id = match self.begin(&plan).await {
            Ok(id) => id,
            Err(error) => {
                return not_begun(format!(
                    "nothing was done, since it can't be journalled: {error}"
                ));
            }
        };
        let mut run = Run {
            ipam: self,
            id,
            plan: &plan,
            results: Vec::new(),
            marks: Marks::new(),
            notes: Vec::new(),
        };
        run.steps(progress, cancel).await;
        let mut outcome = run.end().await;
        drop(held);
        self.publish_config_sync().await;
        self.collect_written(&heard_of(&outcome)).await;
        if half_way(&plan, &outcome) {
            self.take_back(&plan, id, &mut outcome).await;
        }
        outcome
    }

    /// Takes back what was done of something half-way: at once where a change of both copies can be
    /// taken back without losing anything; else it is offered.
    async fn take_back(&self, plan: &Plan, id: PlanId, outcome: &mut Outcome) {
        let undo = Intent::Undo { plan: id };
        let back = match self.plan(undo.clone()).await {
            Ok(back) => back,
            Err(why) => {
                let note = format!("what was done can't be taken back now: {why}");
                outcome.notes.push(note);
                return;
            }
        };
        // A pair that did not come to be leaves a server that waits for it, and answers nobody; the
        // copies there were made a moment ago.
        let no_pair = matches!(
            &plan.intent,
            Intent::ConfigureFailover {
                with: FailoverChoice::New { ha: Some(_), .. },
                ..
            }
        );
        let change = matches!(plan.intent, Intent::Change { .. });
        let loses_nothing = (no_pair || (change && back.risk != Risk::Destructive))
            && back.left_out.is_empty()
            && back.refusal().is_none();
        if !loses_nothing {
            outcome.back_out = Some(back);
            return;
        }
        // Told apart from a plan of the operator's by its title and by what it takes back.
        let taken = Box::pin(self.execute(back, &Progress::none(), &Cancel::new())).await;
        if taken.ended == Ended::Done {
            let done = |step: &&mut StepOutcome| step.result == StepResult::Done;
            let mut servers = BTreeSet::new();
            let all = plan.steps.iter().zip(&mut outcome.steps);
            let own = all.filter(|(step, _)| !step.is_around());
            for step in own.map(|(_, outcome)| outcome).filter(done) {
                step.result = StepResult::TakenBack;
                servers.insert(step.server.to_string());
            }
            let servers: Vec<String> = servers.into_iter().collect();
            outcome.notes.push(format!(
                "what was done on {} was taken back, so that both servers are as before",
                servers.join(" and ")
            ));
            outcome.notes.extend(taken.notes);
            outcome.ended = match outcome.ended {
                Ended::Partly if open(plan, &marks_of(plan, outcome)).is_empty() => Ended::Nothing,
                other => other,
            };
            outcome.out_of_sync.clear();
            return;
        }
        let failed = taken.steps.iter().find_map(|step| match &step.result {
            StepResult::Failed(why) | StepResult::Unknown(why) => Some(why.to_string()),
            _ => None,
        });
        outcome.notes.push(format!(
            "what was done could not be taken back: {}",
            failed.unwrap_or_else(|| "it was not begun".to_owned())
        ));
        outcome.notes.extend(taken.notes);
        outcome.back_out = self.plan(undo).await.ok();
    }

    async fn begin(&self, plan: &Plan) -> Result<PlanId, StoreError> {
        let (plan, at) = (plan.clone(), self.inner.clock.now());
        let operator = self.inner.operator.clone();
        let owner = self.inner.locks.owner().to_owned();
        self.remember(move |store| {
            let id = store.begin(&plan, &operator, &owner, at)?;
            // What only concerns IPAM itself is journalled too.
            if let (true, Some((server, _))) = (plan.steps.is_empty(), plan.clears.first()) {
                let entry = Begun {
                    place: None,
                    server: server.clone(),
                    what: plan.title.clone(),
                    changes: Vec::new(),
                    at,
                };
                store.about_to(id, &entry)?;
            }
            Ok(id)
        })
        .await
    }
}

/// A plan on its way.
struct Run<'a> {
    ipam: &'a Ipam,
    id: PlanId,
    plan: &'a Plan,
    /// Of the steps so far; those missing were not begun.
    results: Vec<StepResult>,
    marks: Marks,
    notes: Vec<String>,
}

/// Why the steps from here on are not begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// One before them was not done.
    Failed,
    /// The operator cancelled.
    Cancelled,
}

impl Run<'_> {
    async fn steps(&mut self, progress: &Progress, cancel: &Cancel) {
        let plan = self.plan;
        let mut stopped = None;
        for (place, step) in plan.steps.iter().enumerate() {
            if stopped.is_none() && cancel.is_cancelled() {
                stopped = Some(Stopped::Cancelled);
            }
            let always = step.purpose == Purpose::Always;
            let due = always && is_due(plan, place, &self.marks);
            if !due && (always || stopped.is_some()) {
                self.results.push(match stopped {
                    Some(Stopped::Cancelled) => StepResult::Cancelled,
                    Some(Stopped::Failed) | None => StepResult::NotBegun,
                });
                continue;
            }
            if let (false, Some(bridge)) = (due, missing_bridge(plan, place, &self.marks)) {
                self.not_reached(step, bridge);
                if !goes_on(&step.purpose) && step.purpose != Purpose::Bridge {
                    stopped = Some(Stopped::Failed);
                }
                continue;
            }
            if let Err(error) = self.about_to(place, step).await {
                let (what, server) = (what(step), &step.server);
                if !due {
                    self.notes.push(format!(
                        "stopped before '{what}' on {server}, since it can't be journalled: {error}"
                    ));
                    self.results.push(StepResult::NotBegun);
                    stopped = Some(Stopped::Failed);
                    continue;
                }
                // What clients wait for is not kept back by a journal.
                self.notes
                    .push(format!("'{what}' on {server} can't be journalled: {error}"));
            }
            let journalled = self.one(place, step, progress).await;
            let done = self.results.last() == Some(&StepResult::Done);
            if let Err(error) = journalled {
                self.notes.push(format!(
                    "what became of '{}' on {} can't be journalled: {error}",
                    what(step),
                    step.server
                ));
                stopped = stopped.or(Some(Stopped::Failed));
            }
            // Of a bridge that failed, the steps that it leads to say whether the rest goes on.
            let goes_on = goes_on(&step.purpose) || step.is_around();
            if !done && !goes_on {
                stopped = stopped.or(Some(Stopped::Failed));
            }
        }
    }

    /// Does a step, and takes down what became of it.
    async fn one(
        &mut self,
        place: usize,
        step: &Step,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        progress.tell(place, None);
        let (result, mark) = match self.ipam.driver(&step.server) {
            Ok(driver) => do_step(driver.as_ref(), step).await,
            Err(error) => {
                let mark = Mark::Failed(error.to_string());
                (StepResult::Failed(error), mark)
            }
        };
        let journalled = self.took_down(place, &mark).await;
        progress.tell(place, Some(&result));
        if result != StepResult::Done {
            match step.purpose {
                Purpose::BestEffort => self.notes.push(went_on_without(self.plan, step, &mark)),
                Purpose::Always => self.notes.push(left_open(step, &mark)),
                _ => {}
            }
        }
        self.results.push(result);
        self.marks.insert(place, mark);
        journalled
    }

    /// A step to which no bridge leads is not begun.
    fn not_reached(&mut self, step: &Step, bridge: usize) {
        let why = self.marks.get(&bridge).map(Mark::words);
        let on = self.plan.steps.get(bridge).map(|bridge| &bridge.server);
        if let (Some(why), Some(on)) = (why, on) {
            self.notes.push(format!(
                "{} was left as it is, since {on} could not stand in for it meanwhile: {why}",
                step.server
            ));
        }
        self.results.push(StepResult::NotBegun);
    }

    async fn about_to(&self, place: usize, step: &Step) -> Result<(), StoreError> {
        let entry = Begun {
            place: Some(place),
            server: step.server.clone(),
            what: what(step),
            changes: step.changes.clone(),
            at: self.ipam.inner.clock.now(),
        };
        let id = self.id;
        self.ipam
            .remember(move |store| store.about_to(id, &entry))
            .await
    }

    async fn took_down(&self, place: usize, mark: &Mark) -> Result<(), StoreError> {
        let (id, mark, at) = (self.id, mark.clone(), self.ipam.inner.clock.now());
        self.ipam
            .remember(move |store| store.mark(id, place, &mark, None, at))
            .await
    }

    async fn end(mut self) -> Outcome {
        let ended = ended(self.plan, &self.marks);
        let open = !open(self.plan, &self.marks).is_empty();
        let out_of_sync = config_sync::uncarried(self.plan, |place| self.marks.get(&place));
        let clears = config_sync::cleared(self.plan, ended, |place| self.marks.get(&place));
        let (id, at, rows) = (self.id, self.ipam.inner.clock.now(), out_of_sync.clone());
        let remembered = self
            .ipam
            .remember(move |store| {
                let end = PlanEnd {
                    ended,
                    out_of_sync: &rows,
                    clears: &clears,
                    open,
                };
                store.end(id, &end, at)
            })
            .await;
        if let Err(error) = remembered {
            self.notes
                .push(format!("how the plan ended can't be journalled: {error}"));
        }
        let left_out = self.plan.left_out.iter().map(|left| left.why.clone());
        let results = self.results.into_iter().map(Some);
        let all: Vec<Option<StepResult>> = results
            .chain(std::iter::repeat(None))
            .take(self.plan.steps.len())
            .collect();
        Outcome {
            plan: Some(id),
            steps: step_outcomes(&self.plan.steps, all),
            ended: match ended {
                Ended::Done | Ended::DoneHere | Ended::Nothing if open => Ended::Partly,
                other => other,
            },
            notes: left_out.chain(self.notes).collect(),
            back_out: None,
            out_of_sync,
        }
    }
}

/// Whether a plan goes on without a step of that purpose.
fn goes_on(purpose: &Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Carry { .. } | Purpose::Target | Purpose::BestEffort
    )
}

/// How a plan ended whose steps came so far: what was asked for of it, whatever stands around.
pub(in crate::ipam) fn ended(plan: &Plan, marks: &Marks) -> Ended {
    let done = |place: usize| matches!(marks.get(&place), Some(Mark::Done(_)));
    let own: Vec<(usize, &Step)> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !step.is_around())
        .collect();
    let unknown = |(place, _): &(usize, &Step)| matches!(marks.get(place), Some(Mark::Unknown(_)));
    if own.iter().any(unknown) {
        return Ended::Unknown;
    }
    let all_done = own.iter().filter(|(place, _)| done(*place)).count();
    let core_done = own.iter().all(|(place, step)| {
        done(*place) || matches!(step.purpose, Purpose::Carry { .. } | Purpose::BestEffort)
    });
    match all_done {
        all if all == own.len() && plan.left_out.is_empty() => Ended::Done,
        0 => Ended::Nothing,
        _ if core_done && plan.left_out.is_empty() => Ended::DoneHere,
        _ => Ended::Partly,
    }
}

/// The marks of steps as far as their results tell: enough to see what is left open.
fn marks_of(plan: &Plan, outcome: &Outcome) -> Marks {
    let steps = plan.steps.iter().zip(&outcome.steps).enumerate();
    steps
        .filter_map(|(place, (_, step))| {
            let mark = match &step.result {
                StepResult::Done | StepResult::TakenBack => Mark::Done(Vec::new()),
                StepResult::Failed(why) if why.nothing_done() => Mark::Failed(why.to_string()),
                StepResult::Failed(why) | StepResult::Unknown(why) => {
                    Mark::Unknown(why.to_string())
                }
                StepResult::NotBegun | StepResult::Cancelled => return None,
            };
            Some((place, mark))
        })
        .collect()
}

/// Whether something of both servers was done on one of them only.
fn half_way(plan: &Plan, outcome: &Outcome) -> bool {
    let joint = |done: bool| {
        let steps = plan.steps.iter().zip(&outcome.steps);
        let mut joint = steps.filter(|(step, _)| step.purpose == Purpose::Joint);
        joint.any(|(_, outcome)| (outcome.result == StepResult::Done) == done)
    };
    !matches!(plan.intent, Intent::Undo { .. }) && joint(true) && joint(false)
}

/// What is still to be done on a server, and who does it.
fn left_open(step: &Step, mark: &Mark) -> String {
    format!(
        "'{}' on {} was not done ({}): the next Twinscope that is started does it",
        printable(&step.words(), 300),
        step.server,
        mark.words()
    )
}

/// The servers about which something new is to be heard: not those just found dead.
fn heard_of(outcome: &Outcome) -> Vec<ServerName> {
    let steps = outcome.steps.iter();
    steps
        .filter(|step| {
            !matches!(
                &step.result,
                StepResult::NotBegun
                    | StepResult::Cancelled
                    | StepResult::Failed(DriverError::Unreachable {
                        how: Silence::TimedOut(_) | Silence::NoConnection(_),
                        ..
                    })
            )
        })
        .map(|step| step.server.clone())
        .collect()
}

fn nothing(steps: &[Step], results: Vec<Option<StepResult>>, why: String) -> Outcome {
    Outcome {
        plan: None,
        steps: step_outcomes(steps, results),
        ended: Ended::Nothing,
        notes: vec![why],
        back_out: None,
        out_of_sync: Vec::new(),
    }
}

fn step_outcomes(steps: &[Step], results: Vec<Option<StepResult>>) -> Vec<StepOutcome> {
    steps
        .iter()
        .zip(results)
        .map(|(step, result)| StepOutcome {
            server: step.server.clone(),
            what: what(step),
            result: result.unwrap_or(StepResult::NotBegun),
        })
        .collect()
}

/// What a plan that went on without a server leaves behind there, and the way out.
fn went_on_without(plan: &Plan, step: &Step, mark: &Mark) -> String {
    let server = &step.server;
    let mut note = format!("went on without {server}: {}", mark.words());
    let Action::Apply(edits) = &step.action else {
        return note;
    };
    let copies: BTreeSet<String> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::RemoveScope { scope, .. } => Some(scope.to_string()),
            _ => None,
        })
        .collect();
    let copies: Vec<String> = copies.into_iter().collect();
    let mut cmdlets: Vec<String> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::RemoveRelationship { name } => Some(format!(
                "Remove-DhcpServerv4Failover -ComputerName {server} -Name {} -Force",
                quoted(name)
            )),
            Edit::RemoveFailoverScopes { name, scopes } => {
                let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
                Some(format!(
                    "Remove-DhcpServerv4FailoverScope -ComputerName {server} -Name {} -ScopeId {} \
                     -Force",
                    quoted(name),
                    scopes.join(",")
                ))
            }
            _ => None,
        })
        .collect();
    if !copies.is_empty() {
        let (word, of) = (
            if copies.len() == 1 { "scope" } else { "scopes" },
            copies.join(", "),
        );
        let mut others = plan.steps.iter().map(|step| &step.server);
        let keeps = others.rfind(|other| *other != server);
        let as_here = keeps.map_or_else(String::new, |keeps| format!(", as {keeps} does"));
        note.push_str(&format!(
            "; {server} may still hold and serve its copies of {word} {of}{as_here}: remove them \
             there before it is back in service"
        ));
        cmdlets.push(format!(
            "Remove-DhcpServerv4Scope -ComputerName {server} -ScopeId {} -Force",
            copies.join(",")
        ));
        note.push_str(&format!(", with {}", cmdlets.join("; then ")));
    } else if !cmdlets.is_empty() {
        note.push_str(&format!(
            "; {server} may still have it: remove it there with {}",
            cmdlets.join("; then ")
        ));
    }
    note
}

/// As PowerShell quotes a text.
fn quoted(text: &str) -> String {
    format!("'{}'", printable(text, 130).replace('\'', "''"))
}

fn what(step: &Step) -> String {
    let action = step.action.to_string();
    let words = step.words();
    if words.ends_with(&action) {
        return printable(&words, 2000);
    }
    printable(&format!("{words} ({action})"), 2000)
}
