//! Details of a policy: its properties, its conditions, its options.

use super::Tab;
use super::about::About;
use super::page::{Page, text};
use super::shared;
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
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "Conditions",
        fill: |page, subject, world| At::fill(page, subject, world, conditions),
    },
    Tab {
        name: "Options",
        fill: |page, subject, world| {
            At::fill(page, subject, world, |page, at| {
                let levels = [("policy", &at.policy.options)];
                shared::options(page, &levels, "No options of its own.");
            });
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

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Policy(server, level, name) = subject else {
            return None;
        };
        let view = world.estate.servers.get(server)?;
        let scope = level.and_then(|scope| world.estate.scope(server, scope));
        let policies = match (level, scope, &view.reading) {
            (Some(_), Some(scope), _) => scope.policies.as_slice(),
            (None, _, Some(reading)) => reading.config.policies.as_slice(),
            _ => &[],
        };
        let mut found = policies.iter().enumerate();
        let (place, policy) = found.find(|(_, policy)| policy.name == *name)?;
        Some(At {
            world,
            view,
            level: *level,
            scope: scope.map(AsRef::as_ref),
            policy,
            place,
        })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        std::iter::once(self.view)
    }
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
