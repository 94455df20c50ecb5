//! Details of a policy: its properties, its conditions, its options.

use ratatui::layout::Rect;

use super::Tab;
use super::page::{Page, text};
use super::shared;
use crate::console::draw::Canvas;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::policy::PolicyProperty;
use crate::model::text::printable;
use crate::model::{Policy, PolicyLevel, Scope};

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Policy Properties",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, properties)
        },
    },
    Tab {
        name: "Conditions",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, conditions)
        },
    },
    Tab {
        name: "Options",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, |page, at| {
                let levels = [("policy", &at.policy.options)];
                shared::options(page, &levels, "No options of its own.");
            })
        },
    },
];

/// The policy that a page is about.
struct At<'w> {
    world: &'w World,
    view: &'w ServerView,
    level: PolicyLevel,
    scope: Option<&'w Scope>,
    policy: &'w Policy,
    /// Its place, from 0.
    place: usize,
}

fn tab(
    subject: &Subject,
    world: &World,
    canvas: &mut Canvas<'_>,
    area: Rect,
    from: usize,
    fill: fn(&mut Page<'_>, &At<'_>),
) -> usize {
    let Subject::Policy(server, level, name) = subject else {
        return 0;
    };
    let Some(view) = world.estate.servers.get(server) else {
        return 0;
    };
    let scope = level.and_then(|scope| world.estate.scope(server, scope));
    let policies = match (level, scope, &view.reading) {
        (Some(_), Some(scope), _) => scope.policies.as_slice(),
        (None, _, Some(reading)) => reading.config.policies.as_slice(),
        _ => &[],
    };
    let mut found = policies.iter().enumerate();
    let Some((place, policy)) = found.find(|(_, policy)| policy.name == *name) else {
        return 0;
    };
    let mut page = Page::new(canvas, area);
    page.source(world, view);
    let at = At {
        world,
        view,
        level: *level,
        scope: scope.map(AsRef::as_ref),
        policy,
        place,
    };
    fill(&mut page, &at);
    page.draw(canvas, area, from)
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let policies_at = match at.level {
        None => "the server".to_owned(),
        Some(scope) => format!("scope {scope}"),
    };
    let server = at.view.reading.as_ref();
    let server = server.is_some_and(|reading| reading.config.settings.activate_policies);
    let here = at.scope.is_none_or(|scope| scope.activate_policies);
    if at.policy.enabled && !(server && here) {
        let whose = if server {
            policies_at.as_str()
        } else {
            "the server"
        };
        let said = format!("It is enabled, but policies of {whose} are deactivated.");
        page.say(Tone::Warn, &said);
        page.gap();
    }
    let mut fields = vec![
        text("Server Name", at.view.name.as_str()),
        text("At", policies_at),
        text("Processing Order", (at.place + 1).to_string()),
    ];
    for property in at.policy.properties() {
        let value = property.to_string();
        if !matches!(property, PolicyProperty::Conditions(_)) && !value.is_empty() {
            fields.push(text(property.label(), value));
        }
    }
    fields.extend(shared::refreshed(at.world, at.view));
    page.fields(&fields);
}

fn conditions(page: &mut Page<'_>, at: &At<'_>) {
    let joined = match at.policy.conditions.len() {
        0 | 1 => "It is for clients for whom this holds:",
        _ => match at.policy.junction {
            crate::model::policy::Junction::And => "It is for clients for whom all of these hold:",
            crate::model::policy::Junction::Or => "It is for clients for whom one of these holds:",
        },
    };
    page.say(Tone::Dim, joined);
    let rows: Vec<_> = at
        .policy
        .conditions
        .iter()
        .map(|condition| {
            let operator = match condition.comparator {
                crate::model::policy::Comparator::Eq => "Equals",
                crate::model::policy::Comparator::Ne => "Not Equals",
                crate::model::policy::Comparator::Isl => "Is Single Label",
                crate::model::policy::Comparator::Insl => "Is Not Single Label",
            };
            vec![
                Cell::new(condition.criterion.name()),
                Cell::new(operator),
                Cell::new(printable(&condition.values.join(", "), 600)),
            ]
        })
        .collect();
    page.table(&["Criteria", "Operator", "Value"], &rows);
}
