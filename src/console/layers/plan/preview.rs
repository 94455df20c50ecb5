//! What would be done: a plan server by server, field by field, and what is to be known before.

use ratatui::text::{Line, Span};

use crate::console::draw::{Canvas, Role, width, wrap};
use crate::ipam::access::Judgement;
use crate::model::Plan;

/// What is to be known before: warnings, what clients feel, undo, and the guardrails' word.
pub(super) fn before(
    canvas: &Canvas<'_>,
    plan: &Plan,
    judgement: &Judgement,
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
    let mut say = |role: Role, text: &str| {
        for line in wrap(text, wide) {
            lines.push(Line::styled(line, canvas.style(role)));
        }
    };
    for warning in &plan.warnings {
        say(Role::Warn, &format!("! {warning}"));
    }
    say(Role::Dim, &format!("Clients: {}", plan.impact));
    match plan.not_undoable() {
        Some(why) => say(Role::Warn, &format!("No undo: {why}")),
        None if plan.steps.is_empty() => {}
        None => say(Role::Dim, "Undo: takes it back on every server"),
    }
    match judgement {
        Judgement::Allowed => {}
        Judgement::Confirm(why) => say(Role::Warn, &format!("! {why}")),
        Judgement::Denied(why) => say(Role::Bad, why),
        Judgement::TypeName(name, why) => {
            say(Role::Warn, &format!("! {why}"));
            say(Role::Warn, &format!("! Type {name} to go on."));
        }
    }
    if plan.is_empty() {
        say(
            Role::Text,
            "Nothing is to be done: everything is already so.",
        );
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
pub(in crate::console::layers) fn steps(
    canvas: &Canvas<'_>,
    plan: &Plan,
    wide: u16,
    lines: &mut Vec<Line<'static>>,
) {
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
