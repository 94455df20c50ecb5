//! The view Access Control: who we are, whether anything may be written, and the rules in force.

use std::sync::Arc;

use super::{ViewSpec, text};
use crate::console::details::access;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::model::guardrail::Effect;
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &["copy-cell", "copy-row"],
    tabs: access::TABS,
    empty: "",
};

/// A line of Access Control.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it is about.
    pub about: String,
    /// What holds.
    pub effect: String,
    /// What that means.
    pub tone: Tone,
    /// Why.
    pub reason: String,
}

/// The lines: who we are, whether we may write, and each rule.
#[must_use]
pub fn lines(world: &World) -> Vec<Line> {
    let line = |about: &str, effect: &str, tone: Tone, reason: &str| Line {
        about: about.to_owned(),
        effect: effect.to_owned(),
        tone,
        reason: reason.to_owned(),
    };
    let operator = printable(&world.operator, 64);
    let mut lines = vec![line(
        "Operator",
        &operator,
        Tone::Accent,
        "This name stands in the Event Catalog.",
    )];
    lines.push(match &world.access.read_only {
        Some(why) => line("Access", "read-only", Tone::Warn, &printable(why, 300)),
        None => line(
            "Access",
            "read-write",
            Tone::Good,
            "What the servers themselves let this operator do, within the rules below.",
        ),
    });
    let rules = rules(world);
    if rules.is_empty() {
        let how = "config.toml can have rules: deny, confirm, type the name.";
        lines.push(line("Guardrail rules", "none", Tone::Dim, how));
    }
    lines.extend(rules);
    lines
}

/// The guardrail rules in force, a line each.
fn rules(world: &World) -> Vec<Line> {
    let rules = world.access.rules.iter().map(|rule| {
        let tone = match rule.effect {
            Effect::Deny => Tone::Bad,
            Effect::Confirm | Effect::TypeName => Tone::Warn,
        };
        // The rule's own line begins with its effect, which has a column of its own.
        let effect = rule.effect.to_string();
        let line = rule.to_string();
        let about = line.strip_prefix(&effect).unwrap_or(&line).trim();
        Line {
            about: printable(about, 300),
            effect,
            tone,
            reason: printable(&rule.reason, 300),
        }
    });
    rules.collect()
}

static COLUMNS: &[Column<(usize, Line)>] = &[
    Column {
        spec: text("Rule", &["rule", "about"], (12, 60), 0),
        cell: |(_, line), _| Cell::new(line.about.as_str()),
        key: |(_, line), _| SortKey::Text(line.about.as_str().into()),
    },
    Column {
        spec: text("Effect", &["effect"], (10, 24), 0),
        cell: |(_, line), _| Cell::toned(line.effect.as_str(), line.tone),
        key: |(_, line), _| SortKey::Text(line.effect.as_str().into()),
    },
    Column {
        spec: text("Reason", &["reason", "why"], (20, 100), 0),
        cell: |(_, line), _| Cell::new(line.reason.as_str()),
        key: |(_, line), _| SortKey::Text(line.reason.as_str().into()),
    },
];

fn rows(world: &World, _place: &Place) -> SharedSource {
    let rows = lines(world).into_iter().enumerate();
    Arc::new(Rows::new(
        rows.collect(),
        COLUMNS,
        |(place, _)| Subject::Rule(*place),
        |_, _| false,
    ))
}
