//! What becomes of a plan's steps: while they are carried out, at the end, and in a toast.

use ratatui::text::{Line, Span};

use crate::console::draw::{Canvas, Role, wrap};
use crate::console::table::Tone;
use crate::ipam::{Ended, Outcome, StepResult};
use crate::model::Plan;

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

pub(in crate::console::layers) fn result_words(result: &StepResult) -> (Role, &'static str) {
    match result {
        StepResult::Done => (Role::Good, "done"),
        StepResult::TakenBack => (Role::Warn, "taken back"),
        StepResult::Failed(_) => (Role::Bad, "failed"),
        StepResult::Unknown(_) => (Role::Bad, "unknown"),
        StepResult::NotBegun => (Role::Dim, "not begun"),
        StepResult::Cancelled => (Role::Dim, "cancelled"),
    }
}

pub(in crate::console::layers) fn step_line(
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

/// What became of each step so far.
pub(super) fn progress(
    canvas: &Canvas<'_>,
    plan: &Plan,
    results: &[Option<Option<StepResult>>],
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
    for (step, result) in plan.steps.iter().zip(results) {
        let (role, word) = match result {
            None => (Role::Dim, "waiting"),
            Some(None) => (Role::Accent, "doing"),
            Some(Some(result)) => result_words(result),
        };
        lines.push(step_line(canvas, role, word, &step.server.to_string()));
        detail(canvas, &step.words(), None, wide, lines);
    }
}

/// What became of each step in the end, and what else there is to know.
pub(super) fn end(
    canvas: &Canvas<'_>,
    outcome: &Outcome,
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
    for step in &outcome.steps {
        let (role, word) = result_words(&step.result);
        lines.push(step_line(canvas, role, word, &step.server.to_string()));
        let why = match &step.result {
            StepResult::Failed(why) | StepResult::Unknown(why) => Some(why.to_string()),
            _ => None,
        };
        detail(canvas, &step.what, why.as_deref(), wide, lines);
    }
    for note in &outcome.notes {
        for line in wrap(note, wide) {
            lines.push(Line::styled(line, canvas.style(Role::Warn)));
        }
    }
}
