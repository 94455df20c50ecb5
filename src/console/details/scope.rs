//! Details of a scope: Scope Properties, and what hangs on it.

use ratatui::layout::Rect;

use super::Tab;
use super::page::{Field, Page, text};
use super::shared;
use crate::console::draw::{AddressMap, Canvas, charts};
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::console::world::World;
use crate::ipam::OUT_OF_SYNC;
use crate::ipam::estate::{Pair, ServerView};
use crate::model::text::printable;
use crate::model::{Lease, Scope, ScopeId, ServerName};
use crate::rules::compare::Copy;
use crate::rules::compare_scopes;

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Scope Properties",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, properties)
        },
    },
    Tab {
        name: "Options",
        draw: |subject, world, canvas, area, from| tab(subject, world, canvas, area, from, options),
    },
    Tab {
        name: "Reservations",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, reservations)
        },
    },
    Tab {
        name: "Leases",
        draw: |subject, world, canvas, area, from| tab(subject, world, canvas, area, from, leases),
    },
    Tab {
        name: "Address Map",
        draw: |subject, world, canvas, area, from| tab(subject, world, canvas, area, from, map),
    },
    Tab {
        name: "Compare",
        draw: |subject, world, canvas, area, from| tab(subject, world, canvas, area, from, compare),
    },
    Tab {
        name: "Event Catalog",
        draw: |subject, world, canvas, area, from| {
            tab(subject, world, canvas, area, from, |page, at| {
                shared::events(page, at.world, at.subject);
            })
        },
    },
];

/// The scope that a page is about.
struct At<'w> {
    subject: &'w Subject,
    world: &'w World,
    view: &'w ServerView,
    scope: &'w Scope,
}

impl At<'_> {
    fn server(&self) -> &ServerName {
        &self.view.name
    }

    fn id(&self) -> ScopeId {
        self.scope.id
    }
}

fn tab(
    subject: &Subject,
    world: &World,
    canvas: &mut Canvas<'_>,
    area: Rect,
    from: usize,
    fill: fn(&mut Page<'_>, &At<'_>),
) -> usize {
    let Subject::Scope(server, scope) = subject else {
        return 0;
    };
    let Some((view, scope)) = shared::scope(world, server, *scope) else {
        return 0;
    };
    let at = At {
        subject,
        world,
        view,
        scope,
    };
    let mut page = Page::new(canvas, area);
    page.source(world, view);
    fill(&mut page, &at);
    page.draw(canvas, area, from)
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let estate = &at.world.estate;
    let key = (at.server().clone(), at.id());
    if let Some(why) = estate.out_of_sync.get(&key) {
        let why = printable(why, 400);
        page.say(Tone::Bad, &format!("{OUT_OF_SYNC}: {why}"));
        let heal = "Replicate DHCP Scope heals it; Clear Config Sync Error says that it is healed.";
        page.say(Tone::Dim, heal);
        page.gap();
    }
    let reading = at.view.reading.as_ref();
    let statistics = reading.and_then(|reading| reading.statistics.get(&at.id()));
    if let Some(statistics) = statistics {
        let percent = statistics.percent_in_use();
        let said = format!(
            "  {} in use, {} free, {} reserved",
            statistics.in_use, statistics.free, statistics.reserved
        );
        page.push(charts::utilization(
            page.theme(),
            percent,
            page.width(),
            &said,
        ));
        if let Some(split) = statistics.split {
            let said = format!(
                "Free here {}, at the partner {}; in use here {}, at the partner {}",
                split.free_here, split.free_at_partner, split.in_use_here, split.in_use_at_partner
            );
            page.say(Tone::Dim, &said);
        }
        page.gap();
    }
    let scope = at.scope;
    let mut fields: Vec<Field> = vec![
        text("Server Name", at.server().as_str()),
        text("Scope ID", scope.id.to_string()),
        text("Subnet Mask", scope.id.mask().to_string()),
    ];
    let own = scope.properties();
    fields.extend(own.iter().filter_map(|property| {
        let value = property.to_string();
        // Windows' default, which is no limit at all.
        let unlimited = value == crate::model::scope::MAX_BOOTP_CLIENTS.to_string();
        let value = if unlimited {
            "no limit".to_owned()
        } else {
            value
        };
        (!value.is_empty()).then(|| text(property.label(), value))
    }));
    if !scope.exclusions.is_empty() {
        let ranges: Vec<String> = scope.exclusions.iter().map(ToString::to_string).collect();
        fields.push(text("Exclusion Range", ranges.join(", ")));
    }
    if let Some(relationship) = estate.relationship_of(at.server(), at.id()) {
        fields.push(text("Failover Relationship Name", &relationship.name));
    }
    if let Some(pair) = estate.pair(at.server(), at.id()) {
        fields.push(("Pair".to_owned(), views::pair(&pair)));
    }
    fields.push(text("Reservations", scope.reservations.len().to_string()));
    if !scope.policies.is_empty() {
        fields.push(text("Policies", scope.policies.len().to_string()));
    }
    fields.extend(shared::refreshed(at.world, at.view));
    page.fields(&fields);
    if !scope.foreign.is_empty() {
        let said = format!(
            "{} settings of this server that IPAM has no word for; they survive every edit:",
            scope.foreign.len()
        );
        page.gap();
        page.say(Tone::Dim, &said);
        for line in &scope.foreign {
            page.say(Tone::Dim, &format!("  {}", printable(line, 400)));
        }
    }
}

fn options(page: &mut Page<'_>, at: &At<'_>) {
    let reading = at.view.reading.as_ref();
    let none = crate::model::Options::new();
    let server = reading.map_or(&none, |reading| &reading.config.options);
    shared::options(
        page,
        &[("scope", &at.scope.options), ("server", server)],
        "No options, neither here nor at the server.",
    );
}

fn reservations(page: &mut Page<'_>, at: &At<'_>) {
    if at.scope.reservations.is_empty() {
        page.say(Tone::Dim, "No reservations.");
        return;
    }
    let rows: Vec<_> = at
        .scope
        .reservations
        .values()
        .map(|reservation| {
            vec![
                Cell::new(reservation.address.to_string()),
                Cell::new(reservation.client.to_string()),
                Cell::new(printable(&reservation.name, 256)),
                Cell::new(reservation.kind.to_string()),
                Cell::new(printable(&reservation.description, 256)),
            ]
        })
        .collect();
    page.table(
        &["IP Address", "Client ID", "Name", "Type", "Description"],
        &rows,
    );
}

/// A scope's leases as far as the console has them; `None`: they were not read. Here the lease
/// book comes in.
fn known_leases(at: &At<'_>) -> Option<Vec<Lease>> {
    let _ = (&at.world.leases, at.id());
    None
}

fn leases(page: &mut Page<'_>, at: &At<'_>) {
    match known_leases(at) {
        None => page.say(
            Tone::Dim,
            "Leases are read when they are asked for: Show Leases, in the scope's menu.",
        ),
        Some(leases) if leases.is_empty() => page.say(Tone::Dim, "No leases."),
        Some(leases) => {
            let rows: Vec<_> = leases
                .iter()
                .map(|lease| {
                    let until = lease.expires.map(views::moment);
                    vec![
                        Cell::new(lease.address.to_string()),
                        Cell::new(lease.client.to_string()),
                        Cell::new(printable(&lease.host_name, 255)),
                        Cell::new(lease.state.to_string()),
                        Cell::new(until.unwrap_or_else(|| "never".to_owned())),
                    ]
                })
                .collect();
            page.table(
                &["IP Address", "Client ID", "Host Name", "State", "Expires"],
                &rows,
            );
        }
    }
}

fn map(page: &mut Page<'_>, at: &At<'_>) {
    let leases = known_leases(at);
    let map = AddressMap::of(at.scope, leases.as_deref().unwrap_or_default());
    for line in map.lines(page.theme(), page.width(), None) {
        page.push(line);
    }
    if leases.is_none() {
        page.say(
            Tone::Dim,
            "Without leases, which were not read: A opens the map with them.",
        );
    }
}

fn compare(page: &mut Page<'_>, at: &At<'_>) {
    let estate = &at.world.estate;
    let Some(relationship) = estate.relationship_of(at.server(), at.id()) else {
        let said = format!("{} is not in a failover relationship.", at.id());
        page.say(Tone::Dim, &said);
        return;
    };
    let partner = printable(relationship.partner.as_str(), 255);
    let there = estate.partner(&relationship.partner);
    let readable = |view: &'_ ServerView| view.error.is_none() && view.reading.is_some();
    let there = there.filter(|view| readable(view));
    let (Some(there), true) = (there, readable(at.view)) else {
        let pair = estate.pair(at.server(), at.id());
        let said = match pair {
            Some(Pair::PartnerUnreachable) | None => format!("{partner} can't be read now."),
            Some(other) => format!("{other}: one of the two can't be read now."),
        };
        page.say(Tone::Warn, &said);
        return;
    };
    let (Some(here_reading), Some(there_reading)) = (&at.view.reading, &there.reading) else {
        return;
    };

    let comparison = compare_scopes(
        Copy {
            config: &here_reading.config,
            coverage: here_reading.coverage,
        },
        Copy {
            config: &there_reading.config,
            coverage: there_reading.coverage,
        },
        &[at.id()],
    );
    shared::differences(page, &comparison, (at.server(), &there.name));
}
