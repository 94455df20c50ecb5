//! Several plans, one for each server: shown together, carried out one after the other, each with
//! its own end.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::plan::preview;
use super::plan::{result_words, step_line, summary};
use super::scroll::Scroll;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role, wrap};
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::table::Tone;
use crate::console::world::World;
use crate::ipam::access::Judgement;
use crate::ipam::{Ended, Outcome};
use crate::model::Plan;
use crate::model::plan::Intent;

/// One of the plans.
#[derive(Debug)]
struct Part {
    intent: Intent,
    stands: Stands,
}

#[derive(Debug)]
enum Stands {
    /// It is to be worked out.
    Unplanned,
    /// It can't be done, and why.
    Impossible(String),
    /// It can be done.
    Planned(Box<Plan>),
    /// It has ended.
    Ended(Box<Plan>, Box<Outcome>),
}

impl Part {
    fn is_done(&self) -> bool {
        match &self.stands {
            Stands::Ended(_, outcome) => matches!(outcome.ended, Ended::Done | Ended::DoneHere),
            Stands::Planned(plan) => plan.is_empty(),
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Planning,
    Preview,
    Running,
    Ended,
}

/// The layer of several plans.
#[derive(Debug)]
pub struct Batch {
    title: String,
    parts: Vec<Part>,
    phase: Phase,
    job: Option<JobId>,
    /// Whether to stop after the plan that is being carried out.
    stopping: bool,
    scroll: Scroll,
    on_ok: bool,
    beneath: Option<&'static str>,
}

/// Plans intents: one in the usual way, several together.
#[must_use]
pub fn carry_out(title: &str, mut intents: Vec<Intent>) -> Vec<Action> {
    match (intents.pop(), intents.is_empty()) {
        (None, _) => Vec::new(),
        (Some(intent), true) => vec![Action::Do(intent)],
        (Some(last), false) => {
            intents.push(last);
            vec![Action::Open(Box::new(Batch::of(title, intents, None)))]
        }
    }
}

impl Batch {
    /// Several intents under one title; when all went well, `beneath` closes too.
    #[must_use]
    pub fn of(
        title: impl Into<String>,
        intents: Vec<Intent>,
        beneath: Option<&'static str>,
    ) -> Batch {
        let part = |intent| Part {
            intent,
            stands: Stands::Unplanned,
        };
        Batch {
            title: title.into(),
            parts: intents.into_iter().map(part).collect(),
            phase: Phase::Planning,
            job: None,
            stopping: false,
            scroll: Scroll::default(),
            on_ok: true,
            beneath,
        }
    }

    /// Works out the next plan, or shows them all.
    fn plan_next(&mut self) -> Reply {
        let unplanned = |part: &&Part| matches!(part.stands, Stands::Unplanned);
        match self.parts.iter().find(unplanned) {
            Some(part) => {
                self.phase = Phase::Planning;
                Reply::ask(JobRequest::Plan(Box::new(part.intent.clone())))
            }
            None => {
                self.phase = Phase::Preview;
                self.on_ok = self.can_go();
                Reply::consumed()
            }
        }
    }

    fn can_go(&self) -> bool {
        let planned = |part: &Part| match &part.stands {
            Stands::Planned(plan) => !plan.is_empty(),
            _ => false,
        };
        self.parts.iter().any(planned)
    }

    /// Carries out the next plan, or tells how it ended.
    fn run_next(&mut self) -> Reply {
        self.phase = Phase::Running;
        if !self.stopping {
            for part in &self.parts {
                if let Stands::Planned(plan) = &part.stands
                    && !plan.is_empty()
                {
                    return Reply::ask(JobRequest::CarryOut(plan.clone()));
                }
            }
        }
        self.phase = Phase::Ended;
        self.stopping = false;
        if self.parts.iter().all(Part::is_done) {
            let said = format!(
                "Done: {}, {} servers · u takes the last one back",
                self.title,
                self.parts.len()
            );
            let noted = |part: &Part| match &part.stands {
                Stands::Ended(_, outcome) => {
                    !outcome.notes.is_empty() || outcome.ended != Ended::Done
                }
                _ => false,
            };
            if self.parts.iter().any(noted) {
                return Reply::consumed();
            }
            return Reply::acts(vec![self.closing(), Action::Toast(Tone::Good, said)]);
        }
        Reply::consumed()
    }

    fn closing(&self) -> Action {
        match self.beneath {
            Some(beneath) if self.parts.iter().all(Part::is_done) => Action::CloseThrough(beneath),
            _ => Action::Close,
        }
    }

    fn ok(&mut self) -> Reply {
        match self.phase {
            Phase::Preview if self.can_go() => {
                self.scroll.top();
                self.run_next()
            }
            Phase::Preview | Phase::Ended => Reply::act(self.closing()),
            Phase::Planning | Phase::Running => Reply::consumed(),
        }
    }

    fn cancel(&mut self) -> Reply {
        match (self.phase, self.job) {
            (Phase::Running, job) => {
                self.stopping = true;
                match job {
                    Some(job) => Reply::act(Action::Cancel(job)),
                    None => Reply::consumed(),
                }
            }
            _ => Reply::act(self.closing()),
        }
    }

    /// Works out anew what was not done.
    fn retry(&mut self) -> Reply {
        if self.phase != Phase::Ended && self.phase != Phase::Preview {
            return Reply::consumed();
        }
        for part in &mut self.parts {
            let again = match &part.stands {
                Stands::Impossible(_) => true,
                Stands::Ended(..) => !part.is_done(),
                _ => false,
            };
            if again {
                part.stands = Stands::Unplanned;
            }
        }
        self.plan_next()
    }

    fn buttons(&self) -> Vec<(&'static str, u32)> {
        match self.phase {
            Phase::Planning => vec![("Cancel", 1)],
            Phase::Preview if self.can_go() => vec![("OK", 0), ("Cancel", 1)],
            Phase::Running => vec![("Stop after this step", 1)],
            Phase::Ended if self.parts.iter().all(Part::is_done) => vec![("Close", 1)],
            Phase::Preview | Phase::Ended => vec![("Close", 1), ("Retry what failed (r)", 2)],
        }
    }

    fn press(&mut self, button: u32) -> Reply {
        match button {
            0 => self.ok(),
            1 => self.cancel(),
            2 => self.retry(),
            _ => Reply::consumed(),
        }
    }

    fn lines(&self, canvas: &Canvas<'_>, wide: u16) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let say = |lines: &mut Vec<Line<'static>>, role: Role, indent: u16, text: &str| {
            for line in wrap(text, wide.saturating_sub(indent)) {
                let indent = " ".repeat(usize::from(indent));
                lines.push(Line::styled(format!("{indent}{line}"), canvas.style(role)));
            }
        };
        say(&mut lines, Role::Title, 0, &self.title);
        for part in &self.parts {
            lines.push(Line::default());
            match &part.stands {
                Stands::Unplanned => {
                    say(
                        &mut lines,
                        Role::Dim,
                        0,
                        &format!("{} is being read…", server(part)),
                    );
                }
                Stands::Impossible(why) => {
                    lines.push(step_line(canvas, Role::Bad, "can't", &server(part)));
                    say(&mut lines, Role::Bad, 2, why);
                }
                Stands::Planned(plan) => {
                    say(&mut lines, Role::Title, 0, &plan.title);
                    for warning in &plan.warnings {
                        say(&mut lines, Role::Warn, 2, &format!("! {warning}"));
                    }
                    say(
                        &mut lines,
                        Role::Dim,
                        2,
                        &format!("Clients: {}", plan.impact),
                    );
                    if let Some(why) = plan.not_undoable() {
                        say(&mut lines, Role::Warn, 2, &format!("No undo: {why}"));
                    }
                    if plan.is_empty() {
                        say(&mut lines, Role::Dim, 2, "Everything is already so.");
                    }
                    preview::steps(canvas, plan, wide, &mut lines);
                }
                Stands::Ended(plan, outcome) => {
                    let (tone, said) = summary(plan, outcome);
                    say(&mut lines, tone.into(), 0, &said);
                    for step in &outcome.steps {
                        let (role, word) = result_words(&step.result);
                        lines.push(step_line(canvas, role, word, &step.server.to_string()));
                    }
                    for note in &outcome.notes {
                        say(&mut lines, Role::Warn, 2, note);
                    }
                }
            }
        }
        lines
    }
}

fn server(part: &Part) -> String {
    match &part.intent {
        Intent::Change { server, .. } => server.to_string(),
        _ => String::new(),
    }
}

impl Layer for Batch {
    fn name(&self) -> &'static str {
        "batch"
    }

    fn opened(&mut self, _world: &World) -> Reply {
        self.plan_next()
    }

    fn asked(&mut self, job: JobId) {
        self.job = Some(job);
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        match key.code {
            KeyCode::Esc => return self.cancel(),
            KeyCode::Enter if self.on_ok => return self.ok(),
            KeyCode::Enter => return self.cancel(),
            KeyCode::Char('r') => return self.retry(),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.on_ok = !self.on_ok;
            }
            _ => {
                self.scroll.key(key);
            }
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, _click: Click, _world: &World) -> Reply {
        self.press(spot)
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.scroll.step(lines);
        Reply::consumed()
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.job != Some(job) || !said.is_last() {
            return Reply::consumed();
        }
        self.job = None;
        let unplanned = |part: &&mut Part| matches!(part.stands, Stands::Unplanned);
        let running = |part: &&mut Part| match &part.stands {
            Stands::Planned(plan) => !plan.is_empty(),
            _ => false,
        };
        match (said, self.phase) {
            (Said::Planned(planned), Phase::Planning) => {
                let stands = match planned {
                    Err(why) => Stands::Impossible(why.to_string()),
                    Ok(plan) => match (plan.refusal(), world.access.judge(plan, &world.estate)) {
                        (Some((step, why)), _) => {
                            Stands::Impossible(format!("{} refuses it: {why}", step.server))
                        }
                        (None, Judgement::Denied(why)) => Stands::Impossible(why),
                        (None, Judgement::TypeName(_, why)) => Stands::Impossible(format!(
                            "a guardrail has a name typed for this ({why}): do it for this \
                             server alone"
                        )),
                        // To be asked is what this layer is for.
                        (None, Judgement::Allowed | Judgement::Confirm(_)) => {
                            Stands::Planned(plan.clone())
                        }
                    },
                };
                if let Some(part) = self.parts.iter_mut().find(unplanned) {
                    part.stands = stands;
                }
                self.plan_next()
            }
            (Said::CarriedOut(outcome), Phase::Running) => {
                if let Some(part) = self.parts.iter_mut().find(running)
                    && let Stands::Planned(plan) = &part.stands
                {
                    part.stands = Stands::Ended(plan.clone(), outcome.clone());
                }
                self.run_next()
            }
            (Said::Failed(why), Phase::Planning) => {
                if let Some(part) = self.parts.iter_mut().find(unplanned) {
                    part.stands = Stands::Impossible(why.clone());
                }
                self.plan_next()
            }
            (Said::Failed(why), Phase::Running) => {
                if let Some(part) = self.parts.iter_mut().find(running) {
                    part.stands = Stands::Impossible(why.clone());
                }
                self.run_next()
            }
            _ => Reply::consumed(),
        }
    }

    fn drawn(&mut self, end: usize) {
        self.scroll.set_end(end);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = screen.width.saturating_sub(4).min(100);
        let lines = self.lines(canvas, wide.saturating_sub(4));
        let high = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let high = high
            .saturating_add(4)
            .clamp(7, screen.height.saturating_sub(2).max(7));
        let title = match self.phase {
            Phase::Planning => "Working out what would be done",
            Phase::Preview => "What will be done",
            Phase::Running => "Being done",
            Phase::Ended => "What was done",
        };
        let inner = canvas.modal(screen, wide, high, title);
        let body = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
            ..inner
        };
        self.scroll.draw(canvas, body, &lines);
        let mut x = inner.x + 1;
        let y = inner.bottom().saturating_sub(1);
        for (place, (label, number)) in self.buttons().into_iter().enumerate() {
            let focused = (place == 0) == self.on_ok && place < 2;
            x += canvas.button(x, y, label, focused, number) + 2;
        }
    }
}
