//! Details of a scope: Scope Properties, and what hangs on it.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::Tab;
use super::about::About;
use super::page::{Field, Page, text};
use super::shared;
use crate::console::age;
use crate::console::draw::{AddressMap, Role, charts};
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
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "Options",
        fill: |page, subject, world| At::fill(page, subject, world, options),
    },
    Tab {
        name: "Reservations",
        fill: |page, subject, world| At::fill(page, subject, world, reservations),
    },
    Tab {
        name: "Leases",
        fill: |page, subject, world| At::fill(page, subject, world, leases),
    },
    Tab {
        name: "Address Map",
        fill: |page, subject, world| At::fill(page, subject, world, map),
    },
    Tab {
        name: "Compare",
        fill: |page, subject, world| At::fill(page, subject, world, compare),
    },
    Tab {
        name: "Event Catalog",
        fill: |page, subject, world| {
            At::fill(page, subject, world, |page, at| {
                shared::events(page, at.world, at.subject);
            });
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

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Scope(server, scope) = subject else {
            return None;
        };
        let (view, scope) = shared::scope(world, server, *scope)?;
        Some(At {
            subject,
            world,
            view,
            scope,
        })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        std::iter::once(self.view)
    }
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
        usage(page, at);
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
    let product = reading.map(|reading| reading.identity.product);
    let product = product.unwrap_or_default();
    let own = own.iter().filter(|property| property.is_known_to(product));
    fields.extend(own.filter_map(|property| {
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
    shared::foreign(page, &scope.foreign);
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
                Cell::new(reservation.kind.label()),
                Cell::new(printable(&reservation.description, 256)),
            ]
        })
        .collect();
    page.table(
        &["IP Address", "Client ID", "Name", "Type", "Description"],
        &rows,
    );
}

/// A scope's leases as far as the console has them; `None`: they were not read yet.
fn known_leases(at: &At<'_>) -> Option<(Timestamp, Vec<Lease>)> {
    let book = &at.world.leases;
    let read = book.read_at(at.server(), Some(at.id()))?;
    Some((read, book.of_scope(at.server(), at.id()).collect()))
}

/// Why leases are not there.
fn without_leases(at: &At<'_>) -> String {
    let reading = at.world.leases.reading(at.server());
    match (&at.view.error, reading.trouble) {
        (Some(_), _) => "Leases were not read, and can't be read now.".to_owned(),
        (None, Some(why)) => format!("Leases could not be read: {}", printable(&why, 300)),
        (None, None) => "Leases are being read…".to_owned(),
    }
}

fn leases(page: &mut Page<'_>, at: &At<'_>) {
    match known_leases(at) {
        None => page.say(Tone::Dim, &without_leases(at)),
        Some((_, leases)) if leases.is_empty() => page.say(Tone::Dim, "No leases."),
        Some((read, leases)) => {
            let said = format!("{} leases, read {}", leases.len(), ago(at, read));
            page.say(Tone::Dim, &said);
            let rows: Vec<_> = leases
                .iter()
                .map(|lease| {
                    let until = lease.expires.map(|end| views::moment(at.world, end));
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
    let known = leases.as_ref().map(|(_, leases)| leases.as_slice());
    let map = AddressMap::of(at.scope, known.unwrap_or_default());
    for line in map.lines(page.theme(), page.width(), None) {
        page.push(line);
    }
    match &leases {
        None => page.say(
            Tone::Warn,
            &format!("Without leases. {}", without_leases(at)),
        ),
        Some((read, leases)) => {
            let said = format!(
                "{} leases, read {}. Move over it: Address Map in the scope's menu.",
                leases.len(),
                ago(at, *read)
            );
            page.say(Tone::Dim, &said);
        }
    }
}

fn ago(at: &At<'_>, then: Timestamp) -> String {
    age::ago(at.world.age(then))
}

/// How full the scope was, as far as it was seen.
fn usage(page: &mut Page<'_>, at: &At<'_>) {
    let of = (at.server().clone(), at.id());
    let Some(seen) = at.world.history.usage.get(&of) else {
        return;
    };
    let (Some(first), true) = (seen.first(), seen.len() > 1) else {
        return;
    };
    // A cell an equal span of time, each as full as it was at its fullest.
    let wide = usize::from(page.width().saturating_sub(40).clamp(8, 60));
    let (begin, now) = (first.at.as_second(), at.world.now.as_second());
    let span = (now - begin).max(1);
    let mut values = vec![0.0_f32; wide];
    for (place, usage) in seen.iter().enumerate() {
        let until = seen.get(place + 1).map_or(now, |next| next.at.as_second());
        let cell = |second: i64| {
            let cell = (second - begin).max(0) * wide as i64 / span;
            usize::try_from(cell).unwrap_or(0).min(wide - 1)
        };
        for value in &mut values[cell(usage.at.as_second())..=cell(until)] {
            *value = value.max(usage.percent / 100.0);
        }
    }
    let most = seen.iter().map(|usage| usage.percent).fold(0.0, f32::max);
    let mut line = vec![charts::sparkline(page.theme(), &values, page.width())];
    let said = format!("  last {}, at most {most:.0} %", age::words(span));
    line.push(Span::styled(said, page.style(Role::Dim)));
    page.push(Line::from(line));
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
