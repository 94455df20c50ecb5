//! Details of a superscope.

use super::Tab;
use super::about::About;
use super::page::{Page, text};
use super::shared;
use crate::console::draw::charts;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::Scope;
use std::sync::Arc;

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Superscope Properties",
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "DHCP Scopes",
        fill: |page, subject, world| {
            At::fill(page, subject, world, |page, at| {
                shared::scopes(page, at.world, at.view, at.scopes());
            });
        },
    },
];

/// The superscope that a page is about.
struct At<'w> {
    world: &'w World,
    view: &'w ServerView,
    name: &'w str,
}

impl<'w> At<'w> {
    fn scopes(&self) -> impl Iterator<Item = &'w Arc<Scope>> + use<'w> {
        let reading = self.view.reading.as_ref();
        let scopes = reading.map(|reading| reading.config.scopes.values());
        let name = self.name;
        let scopes = scopes.into_iter().flatten();
        scopes.filter(move |scope| scope.superscope.as_deref() == Some(name))
    }
}

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Superscope(server, name) = subject else {
            return None;
        };
        let view = world.estate.servers.get(server)?;
        Some(At { world, view, name })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        std::iter::once(self.view)
    }
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let reading = at.view.reading.as_ref();
    let (mut free, mut in_use, mut count) = (0, 0, 0_usize);
    let mut ids = Vec::new();
    for scope in at.scopes() {
        count += 1;
        ids.push(scope.id.to_string());
        let statistics = reading.and_then(|reading| reading.statistics.get(&scope.id));
        free += statistics.map_or(0, |known| known.free);
        in_use += statistics.map_or(0, |known| known.in_use);
    }
    if free + in_use > 0 {
        let percent = in_use as f64 * 100.0 / (free + in_use) as f64;
        let said = format!("  {in_use} in use, {free} free");
        page.push(charts::utilization(
            page.theme(),
            percent,
            page.width(),
            &said,
        ));
        page.gap();
    }
    let mut fields = vec![
        text("Superscope Name", at.name),
        text("Server Name", at.view.name.as_str()),
        text("Scopes", count.to_string()),
        text("Scope IDs", ids.join(", ")),
    ];
    fields.extend(shared::refreshed(at.world, at.view));
    page.fields(&fields);
}
