//! A plan: worked out, shown before it happens, carried out step by step, and its honest end.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role, width, wrap};
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::table::Tone;
use crate::console::world::World;
use crate::ipam::access::Judgement;
use crate::ipam::{Ended, Outcome, StepResult};
use crate::model::Plan;
use crate::model::plan::{Intent, Risk};

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

/// What is said when a plan has ended: the toast.
#[must_use]
pub fn summary(plan: &Plan, outcome: &Outcome) -> (Tone, String) {
    let failed = |step: &&crate::ipam::StepOutcome| {
        matches!(step.result, StepResult::Failed(_) | StepResult::Unknown(_))
    };
    let why = outcome
        .steps
        .iter()
        .find(failed)
        .map(|step| match &step.result {
            StepResult::Failed(why) | StepResult::Unknown(why) => why.to_string(),
            _ => String::new(),
        });
    let why = why
        .or_else(|| outcome.notes.first().cloned())
        .unwrap_or_default();
    let title = &plan.title;
    match outcome.ended {
        Ended::Done => {
            let mut servers: Vec<&str> = Vec::new();
            for step in &outcome.steps {
                if !servers.contains(&step.server.short()) {
                    servers.push(step.server.short());
                }
            }
            let undo = match plan.not_undoable() {
                None if outcome.plan.is_some() && !servers.is_empty() => " · u takes it back",
                _ => "",
            };
            let on = match servers.is_empty() {
                true => String::new(),
                false => format!(" on {}", servers.join(" and ")),
            };
            (Tone::Good, format!("Done{on}: {title}{undo}"))
        }
        Ended::DoneHere => (
            Tone::Warn,
            format!("Done here, not on the partner: {title}. {why}"),
        ),
        Ended::Partly => (Tone::Bad, format!("Only partly done: {title}. {why}")),
        Ended::Nothing => (Tone::Bad, format!("Not done: {title}. {why}")),
        Ended::Unknown => (
            Tone::Bad,
            format!("Nobody knows whether it was done: {title}. {why}"),
        ),
    }
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
    scroll: usize,
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
            scroll: 0,
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
        self.scroll = 0;
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

    fn title(&self) -> &str {
        match &self.phase {
            Phase::Preparing => "Working out what would be done",
            Phase::Impossible(_) => "This can't be done",
            Phase::Preview(_) => "What will be done",
            Phase::Running(..) => "Being done",
            Phase::Ended(_, outcome) => match outcome.ended {
                Ended::Done => "Done",
                Ended::DoneHere => "Done here, not on the partner",
                Ended::Partly => "Only partly done",
                Ended::Nothing => "Not done",
                Ended::Unknown => "Nobody knows whether it was done",
            },
        }
    }

    fn lines(&self, canvas: &Canvas<'_>, wide: u16) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let mut say = |role: Role, indent: u16, text: &str| {
            for line in wrap(text, wide.saturating_sub(indent)) {
                let indent = " ".repeat(usize::from(indent));
                lines.push(Line::styled(format!("{indent}{line}"), canvas.style(role)));
            }
        };
        match &self.phase {
            Phase::Preparing => say(Role::Dim, 0, "The servers concerned are being read…"),
            Phase::Impossible(why) => say(Role::Bad, 0, why),
            Phase::Preview(plan) | Phase::Running(plan, _) | Phase::Ended(plan, _) => {
                say(Role::Title, 0, &plan.title);
                if matches!(self.phase, Phase::Preview(_)) {
                    for warning in &plan.warnings {
                        say(Role::Warn, 0, &format!("! {warning}"));
                    }
                    let impact = format!("Clients: {}", plan.impact);
                    say(Role::Dim, 0, &impact);
                    match plan.not_undoable() {
                        Some(why) => say(Role::Warn, 0, &format!("No undo: {why}")),
                        None if plan.steps.is_empty() => {}
                        None => say(Role::Dim, 0, "Undo: takes it back on every server"),
                    }
                    match &self.judgement {
                        Judgement::Allowed => {}
                        Judgement::Confirm(why) => say(Role::Warn, 0, &format!("! {why}")),
                        Judgement::Denied(why) => say(Role::Bad, 0, why),
                        Judgement::TypeName(name, why) => {
                            say(Role::Warn, 0, &format!("! {why}"));
                            say(Role::Warn, 0, &format!("! Type {name} to go on."));
                        }
                    }
                    if plan.is_empty() {
                        say(
                            Role::Text,
                            0,
                            "Nothing is to be done: everything is already so.",
                        );
                    }
                }
            }
        }
        match &self.phase {
            Phase::Preview(plan) => preview(canvas, plan, wide, &mut lines),
            Phase::Running(plan, results) => {
                for (step, result) in plan.steps.iter().zip(results) {
                    let (role, word) = match result {
                        None => (Role::Dim, "waiting"),
                        Some(None) => (Role::Accent, "doing"),
                        Some(Some(result)) => result_words(result),
                    };
                    lines.push(step_line(canvas, role, word, &step.server.to_string()));
                    detail(canvas, &step.words(), None, wide, &mut lines);
                }
            }
            Phase::Ended(_, outcome) => {
                for step in &outcome.steps {
                    let (role, word) = result_words(&step.result);
                    lines.push(step_line(canvas, role, word, &step.server.to_string()));
                    let why = match &step.result {
                        StepResult::Failed(why) | StepResult::Unknown(why) => Some(why.to_string()),
                        _ => None,
                    };
                    detail(canvas, &step.what, why.as_deref(), wide, &mut lines);
                }
                for note in &outcome.notes {
                    for line in wrap(note, wide) {
                        lines.push(Line::styled(line, canvas.style(Role::Warn)));
                    }
                }
            }
            Phase::Preparing | Phase::Impossible(_) => {}
        }
        lines
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

pub(super) fn result_words(result: &StepResult) -> (Role, &'static str) {
    match result {
        StepResult::Done => (Role::Good, "done"),
        StepResult::TakenBack => (Role::Warn, "taken back"),
        StepResult::Failed(_) => (Role::Bad, "failed"),
        StepResult::Unknown(_) => (Role::Bad, "unknown"),
        StepResult::NotBegun => (Role::Dim, "not begun"),
        StepResult::Cancelled => (Role::Dim, "cancelled"),
    }
}

pub(super) fn step_line(
    canvas: &Canvas<'_>,
    role: Role,
    word: &str,
    server: &str,
) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{word:<10}"), canvas.style(role)),
        Span::styled(server.to_owned(), canvas.style(Role::Title)),
    ])
}

fn detail(
    canvas: &Canvas<'_>,
    what: &str,
    why: Option<&str>,
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
    let mut say = |role: Role, text: &str| {
        for line in wrap(text, wide.saturating_sub(10)) {
            let line = format!("{:10}{line}", "");
            lines.push(Line::styled(line, canvas.style(role)));
        }
    };
    say(Role::Text, what);
    if let Some(why) = why {
        say(Role::Bad, why);
    }
}

/// A field before and after: on one line where both fit, else on as many as it takes; what is
/// carried out must have been seen.
fn field(
    canvas: &Canvas<'_>,
    name: &str,
    before: (Role, String),
    after: (Role, String),
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
    let mut label = format!("    {name:<26} ");
    let indent = width(&label);
    let room = wide.saturating_sub(indent).max(8);
    let style = |role| canvas.style(role);
    if width(&before.1) + 3 + width(&after.1) <= room {
        lines.push(Line::from(vec![
            Span::styled(label, style(Role::Label)),
            Span::styled(before.1, style(before.0)),
            Span::styled(" → ", style(Role::Dim)),
            Span::styled(after.1, style(after.0)),
        ]));
        return;
    }
    let mut say = |sign: &'static str, role: Role, text: String| {
        lines.push(Line::from(vec![
            Span::styled(std::mem::take(&mut label), style(Role::Label)),
            Span::styled(sign, style(Role::Dim)),
            Span::styled(text, style(role)),
        ]));
        label = " ".repeat(usize::from(indent));
    };
    for line in wrap(&before.1, room) {
        say("", before.0, line);
    }
    let mut sign = "→ ";
    for line in wrap(&after.1, room - 2) {
        say(std::mem::replace(&mut sign, "  "), after.0, line);
    }
}

/// The plan, server by server, field by field.
pub(super) fn preview(canvas: &Canvas<'_>, plan: &Plan, wide: u16, lines: &mut Vec<Line<'static>>) {
    for step in &plan.steps {
        lines.push(Line::default());
        lines.push(Line::styled(
            format!("On {}", step.server),
            canvas.style(Role::Accent),
        ));
        if let Some(why) = &step.refused {
            for line in wrap(&format!("refused: {why}"), wide.saturating_sub(2)) {
                lines.push(Line::styled(format!("  {line}"), canvas.style(Role::Bad)));
            }
        }
        if step.changes.is_empty() {
            for line in wrap(&step.words(), wide.saturating_sub(2)) {
                lines.push(Line::styled(format!("  {line}"), canvas.style(Role::Text)));
            }
        }
        let mut object = None;
        for change in &step.changes {
            if object != Some(&change.object) {
                object = Some(&change.object);
                let name = format!("  {}", change.object);
                lines.push(Line::styled(name, canvas.style(Role::Title)));
            }
            let before = change.before.clone().map(|text| (Role::Dim, text));
            let after = change.after.clone().map(|text| (Role::Text, text));
            let (before, after) = match (before, after) {
                (Some(before), Some(after)) => (before, after),
                (Some(before), None) => (before, (Role::Bad, "(deleted)".to_owned())),
                (None, Some(after)) => ((Role::Dim, "(new)".to_owned()), after),
                (None, None) => continue,
            };
            field(canvas, change.field.as_str(), before, after, wide, lines);
        }
    }
    for left in &plan.left_out {
        lines.push(Line::default());
        for line in wrap(&format!("Left out on {}: {}", left.server, left.why), wide) {
            lines.push(Line::styled(line, canvas.style(Role::Warn)));
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
            KeyCode::Up | KeyCode::Char('k') => {
                self.scroll = self.scroll.saturating_sub(1);
                Reply::consumed()
            }
            KeyCode::Down | KeyCode::Char('j') => {
                self.scroll += 1;
                Reply::consumed()
            }
            KeyCode::PageUp => {
                self.scroll = self.scroll.saturating_sub(10);
                Reply::consumed()
            }
            KeyCode::PageDown | KeyCode::Char(' ') => {
                self.scroll += 10;
                Reply::consumed()
            }
            _ => Reply::consumed(),
        }
    }

    fn click(&mut self, spot: u32, _click: Click, _world: &World) -> Reply {
        self.press(spot)
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.scroll = self.scroll.saturating_add_signed(lines);
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

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = screen.width.saturating_sub(4).min(100);
        let lines = self.lines(canvas, wide.saturating_sub(4));
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(4);
        let high = high.clamp(7, screen.height.saturating_sub(2).max(7));
        let inner = canvas.modal(screen, wide, high, self.title());
        let body = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
            ..inner
        };
        let most = lines.len().saturating_sub(usize::from(body.height));
        let from = self.scroll.min(most);
        crate::console::details::lines(canvas, body, from, &lines);
        if most > 0 {
            let more = format!(
                "{} of {} lines",
                from + usize::from(body.height),
                lines.len()
            );
            canvas.text_right(
                body.x,
                body.bottom(),
                body.width,
                &more,
                canvas.theme.style(Role::Dim),
            );
        }
        let mut x = inner.x + 1;
        if self.asks_name() {
            let style = canvas.style(Role::InputFocused);
            let room = inner.width.saturating_sub(2);
            let y = inner.bottom().saturating_sub(2);
            let field = Rect::new(x, y, room, 1);
            canvas.buffer.set_style(field, style);
            let used = canvas.text(x, y, room, self.typed.value(), style);
            canvas.cursor = Some(ratatui::layout::Position::new(x + used, y));
        }
        for (place, (label, number)) in self.buttons().into_iter().enumerate() {
            let focused = (place == 0) == self.on_ok && place < 2;
            let y = inner.bottom().saturating_sub(1);
            x += canvas.button(x, y, label, focused, number) + 2;
        }
    }
}
