//! A plan's layer: worked out, shown before it happens, carried out step by step, and its honest
//! end; where it stands, and what keys do there.

mod paint;
pub(super) mod preview;
mod results;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::scroll::Scroll;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::Canvas;
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::world::World;
use crate::ipam::access::Judgement;
use crate::ipam::{Ended, Outcome, StepResult};
use crate::model::Plan;
use crate::model::plan::{Intent, Risk};

pub use results::summary;
pub(super) use results::{result_words, step_line};

/// What IPAM's plans say of most changes.
const NO_INTERRUPTION: &str = "no interruption";

/// Whether a plan is carried out without being shown: it changes one object, can be undone, no
/// guardrail asks, clients feel nothing of it or not for long, and there is nothing that the
/// operator should know before.
#[must_use]
pub fn harmless(plan: &Plan, world: &World) -> bool {
    world.access.judge(plan, &world.estate) == Judgement::Allowed
        && plan.risk == Risk::Small
        && plan.warnings.is_empty()
        && plan.left_out.is_empty()
        && (plan.impact == NO_INTERRUPTION || !plan.silence.is_zero())
        && plan.refusal().is_none()
}

#[derive(Debug)]
enum Phase {
    /// The servers are read.
    Preparing,
    /// There is no plan, and why.
    Impossible(String),
    /// It is shown.
    Preview(Box<Plan>),
    /// It is being carried out: what became of each step so far.
    Running(Box<Plan>, Vec<Option<Option<StepResult>>>),
    /// It has ended.
    Ended(Box<Plan>, Box<Outcome>),
}

/// A plan's layer.
#[derive(Debug)]
pub struct PlanLayer {
    intent: Intent,
    phase: Phase,
    /// Show it however harmless it is.
    always: bool,
    job: Option<JobId>,
    scroll: Scroll,
    /// Whether the focus is on the button that carries it out.
    on_ok: bool,
    /// The layer below that is closed with this one when all went well.
    beneath: Option<&'static str>,
    /// What the guardrails say of the plan.
    judgement: Judgement,
    /// The name, as far as it was typed, where a guardrail asks for it.
    typed: Input,
}

impl PlanLayer {
    /// Works out a plan, shows it where that matters, and carries it out.
    #[must_use]
    pub fn of(intent: Intent, always: bool) -> PlanLayer {
        PlanLayer {
            intent,
            phase: Phase::Preparing,
            always,
            job: None,
            scroll: Scroll::default(),
            on_ok: true,
            beneath: None,
            judgement: Judgement::Allowed,
            typed: Input::default(),
        }
    }

    /// Shows a plan that was worked out; when it has been carried out, `beneath` closes too.
    #[must_use]
    pub fn preview(plan: Plan, beneath: Option<&'static str>) -> PlanLayer {
        PlanLayer {
            phase: Phase::Preview(Box::new(plan.clone())),
            beneath,
            ..PlanLayer::of(plan.intent, true)
        }
    }

    fn show(&mut self, plan: Box<Plan>, world: &World) {
        self.judgement = world.access.judge(&plan, &world.estate);
        self.typed.reset();
        self.phase = Phase::Preview(plan);
    }

    /// Whether the plan that is shown may be carried out as things stand.
    fn may_go(&self, plan: &Plan) -> bool {
        plan.refusal().is_none()
            && match &self.judgement {
                Judgement::Allowed | Judgement::Confirm(_) => true,
                Judgement::TypeName(name, _) => self.typed.value().trim() == name,
                Judgement::Denied(_) => false,
            }
    }

    /// Whether a name is asked for, and typed keys go there.
    fn asks_name(&self) -> bool {
        matches!(
            (&self.phase, &self.judgement),
            (Phase::Preview(_), Judgement::TypeName(..))
        )
    }

    fn carry_out(&mut self, plan: Box<Plan>) -> Reply {
        let steps = vec![None; plan.steps.len()];
        self.phase = Phase::Running(plan.clone(), steps);
        self.scroll.top();
        Reply::ask(JobRequest::CarryOut(plan))
    }

    fn close(&self) -> Reply {
        match self.beneath {
            Some(beneath) => Reply::act(Action::CloseThrough(beneath)),
            None => Reply::close(),
        }
    }

    fn ok(&mut self) -> Reply {
        match &self.phase {
            Phase::Preview(plan) if plan.is_empty() => Reply::close(),
            Phase::Preview(plan) if self.may_go(plan) => {
                let plan = plan.clone();
                self.carry_out(plan)
            }
            // A name is still to be typed.
            Phase::Preview(plan) if plan.refusal().is_none() && self.asks_name() => {
                Reply::consumed()
            }
            // What was asked for was done: nobody fills in the form for it again.
            Phase::Ended(_, outcome) if matches!(outcome.ended, Ended::Done | Ended::DoneHere) => {
                self.close()
            }
            Phase::Preparing | Phase::Running(..) => Reply::consumed(),
            Phase::Preview(_) | Phase::Impossible(_) | Phase::Ended(..) => Reply::close(),
        }
    }

    fn retry(&mut self) -> Reply {
        match &self.phase {
            Phase::Ended(_, outcome) if outcome.ended != Ended::Done => {}
            Phase::Impossible(_) => {}
            _ => return Reply::consumed(),
        }
        self.phase = Phase::Preparing;
        self.always = true;
        Reply::ask(JobRequest::Plan(Box::new(self.intent.clone())))
    }

    fn back_out(&mut self) -> Reply {
        match &self.phase {
            Phase::Ended(_, outcome) => match &outcome.back_out {
                Some(plan) => {
                    let layer = PlanLayer::preview(plan.clone(), None);
                    Reply::acts(vec![Action::Close, Action::Open(Box::new(layer))])
                }
                None => Reply::consumed(),
            },
            _ => Reply::consumed(),
        }
    }

    fn buttons(&self) -> Vec<(&'static str, u32)> {
        match &self.phase {
            Phase::Preparing => vec![("Cancel", 1)],
            Phase::Impossible(_) => vec![("Close", 1), ("Retry (r)", 2)],
            Phase::Preview(plan)
                if plan.refusal().is_some()
                    || plan.is_empty()
                    || matches!(self.judgement, Judgement::Denied(_)) =>
            {
                vec![("Close", 1)]
            }
            Phase::Preview(_) => vec![("OK", 0), ("Cancel", 1)],
            Phase::Running(..) => vec![("Stop after this step", 1)],
            Phase::Ended(_, outcome) => {
                let mut buttons = vec![("Close", 1)];
                if !matches!(outcome.ended, Ended::Done) {
                    buttons.push(("Retry (r)", 2));
                }
                if outcome.back_out.is_some() {
                    buttons.push(("Take back what was done (b)", 3));
                }
                buttons
            }
        }
    }

    fn press(&mut self, button: u32) -> Reply {
        match button {
            0 => self.ok(),
            1 => self.cancel(),
            2 => self.retry(),
            3 => self.back_out(),
            _ => Reply::consumed(),
        }
    }

    fn cancel(&mut self) -> Reply {
        match (&self.phase, self.job) {
            (Phase::Running(..), Some(job)) => Reply::act(Action::Cancel(job)),
            (Phase::Running(..), None) => Reply::consumed(),
            (Phase::Ended(_, outcome), _)
                if matches!(outcome.ended, Ended::Done | Ended::DoneHere) =>
            {
                self.close()
            }
            _ => Reply::close(),
        }
    }
}

impl Layer for PlanLayer {
    fn name(&self) -> &'static str {
        "plan"
    }

    fn opened(&mut self, world: &World) -> Reply {
        match &self.phase {
            Phase::Preparing => Reply::ask(JobRequest::Plan(Box::new(self.intent.clone()))),
            Phase::Preview(plan) => {
                let plan = plan.clone();
                self.show(plan, world);
                Reply::consumed()
            }
            _ => Reply::consumed(),
        }
    }

    fn asked(&mut self, job: JobId) {
        self.job = Some(job);
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        match key.code {
            KeyCode::Esc => self.cancel(),
            KeyCode::Enter if self.on_ok => self.ok(),
            KeyCode::Enter => self.cancel(),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.on_ok = !self.on_ok;
                Reply::consumed()
            }
            KeyCode::Char(_) | KeyCode::Backspace if self.asks_name() => {
                self.typed.handle_event(&crossterm::event::Event::Key(key));
                Reply::consumed()
            }
            KeyCode::Char('r') => self.retry(),
            KeyCode::Char('b') => self.back_out(),
            _ => {
                self.scroll.key(key);
                Reply::consumed()
            }
        }
    }

    fn click(&mut self, spot: u32, _click: Click, _world: &World) -> Reply {
        self.press(spot)
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.scroll.step(lines);
        Reply::consumed()
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.job != Some(job) {
            return Reply::consumed();
        }
        match said {
            Said::Planned(Ok(plan)) if !self.always && harmless(plan, world) => {
                self.carry_out(plan.clone())
            }
            Said::Planned(Ok(plan)) => {
                self.show(plan.clone(), world);
                Reply::consumed()
            }
            Said::Planned(Err(why)) => {
                self.phase = Phase::Impossible(why.to_string());
                Reply::consumed()
            }
            Said::Step(place, result) => {
                if let Phase::Running(_, steps) = &mut self.phase
                    && let Some(step) = steps.get_mut(*place)
                {
                    *step = Some(result.clone());
                }
                Reply::consumed()
            }
            Said::CarriedOut(outcome) => {
                let Phase::Running(plan, _) = &self.phase else {
                    return Reply::consumed();
                };
                let (tone, said) = summary(plan, outcome);
                let done = outcome.ended == Ended::Done && outcome.notes.is_empty();
                if done {
                    let close = match self.beneath {
                        Some(beneath) => Action::CloseThrough(beneath),
                        None => Action::Close,
                    };
                    return Reply::acts(vec![close, Action::Toast(tone, said)]);
                }
                self.phase = Phase::Ended(plan.clone(), outcome.clone());
                Reply::consumed()
            }
            Said::Failed(why) => {
                self.phase = Phase::Impossible(why.clone());
                Reply::consumed()
            }
            _ => Reply::consumed(),
        }
    }

    fn drawn(&mut self, end: usize) {
        self.scroll.set_end(end);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        self.paint(canvas, screen);
    }
}
