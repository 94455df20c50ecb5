//! Details of a server: what it is, its options, its scopes, its relationships, what was done there.

use super::Tab;
use super::about::About;
use super::page::{Field, Page, text};
use super::shared;
use crate::console::age;
use crate::console::draw::charts;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::failover::MAX_RELATIONSHIPS;
use crate::model::server::{Product, ServerRole};
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Server Properties",
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "Options",
        fill: |page, subject, world| At::fill(page, subject, world, options),
    },
    Tab {
        name: "DHCP Scopes",
        fill: |page, subject, world| {
            At::fill(page, subject, world, |page, at| {
                let reading = at.view.reading.as_ref();
                let scopes = reading.map(|reading| reading.config.scopes.values());
                shared::scopes(page, at.world, at.view, scopes.into_iter().flatten());
            });
        },
    },
    Tab {
        name: "Failover",
        fill: |page, subject, world| At::fill(page, subject, world, failover),
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

/// The server that a page is about.
struct At<'w> {
    subject: &'w Subject,
    world: &'w World,
    view: &'w ServerView,
    role: ServerRole,
}

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Server(server, role) = subject else {
            return None;
        };
        Some(At {
            subject,
            world,
            view: world.estate.servers.get(server)?,
            role: *role,
        })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        std::iter::once(self.view)
    }
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let view = at.view;
    let mut fields: Vec<Field> = vec![
        text("Server Name", view.name.as_str()),
        (
            "Server Availability".to_owned(),
            views::availability(view.availability),
        ),
    ];
    if let Some(since) = view.availability_since {
        let for_how_long = age::lasting(at.world.age(since));
        fields.push(text("Duration in Current State", for_how_long));
    }
    fields.push(text("Server Role", at.role.to_string()));
    let Some(reading) = &view.reading else {
        page.fields(&fields);
        return;
    };
    let identity = &reading.identity;
    let addresses: Vec<String> = identity.addresses.iter().map(ToString::to_string).collect();
    fields.push(text("Domain Name", &identity.domain));
    fields.push(text("IP Address", addresses.join(", ")));
    fields.push(text("Server Version", &identity.version_text));
    if at.role == ServerRole::Dhcp {
        let authorized = match identity.authorized {
            true => Cell::toned("yes", Tone::Good),
            false => Cell::toned("no", Tone::Bad),
        };
        // Only Active Directory authorises.
        let authorized = match identity.product {
            Product::Microsoft => authorized,
            Product::Kea => Cell::toned(views::NOT_THERE, Tone::Dim),
        };
        fields.push(("Authorized".to_owned(), authorized));
    }
    if let Some(clock) = reading.server_clock {
        let skew = clock.as_second() - reading.taken.as_second();
        let cell = match skew.abs() {
            0..=5 => Cell::toned("right", Tone::Good),
            // Partners whose clocks differ by more than a minute don't talk to each other.
            6..=60 => Cell::new(format!("{skew:+} s")),
            _ => Cell::toned(format!("wrong by {skew:+} s"), Tone::Bad),
        };
        fields.push(("Clock".to_owned(), cell));
    }
    fields.extend(shared::refreshed(at.world, view));
    if at.role == ServerRole::Dns {
        page.fields(&fields);
        zones(page, at);
        return;
    }
    let config = &reading.config;
    let (in_use, free) = reading
        .statistics
        .values()
        .fold((0, 0), |(in_use, free), known| {
            (in_use + known.in_use, free + known.free)
        });
    fields.push(text(
        "Number of IPv4 Scopes",
        config.scopes.len().to_string(),
    ));
    fields.push(text("IPv4 Active Leases", in_use.to_string()));
    let settings = config.settings.properties();
    // What was not read is not told.
    for property in settings.iter().filter(|_| reading.coverage.settings) {
        fields.push(text(property.label(), property.to_string()));
    }
    if in_use + free > 0 {
        let percent = in_use as f64 * 100.0 / (in_use + free) as f64;
        let said = format!("  {in_use} in use, {free} free");
        page.push(charts::utilization(
            page.theme(),
            percent,
            page.width(),
            &said,
        ));
        page.gap();
    }
    page.fields(&fields);
    let counters = &reading.counters;
    if let Some(started) = counters.started {
        let up = age::lasting(at.world.age(started));
        page.heading(&format!("Since it started, {up} ago"));
        let count = |label: &str, number: u64| text(label, number.to_string());
        page.fields(&[
            count("Discovers", counters.discovers),
            count("Offers", counters.offers),
            count("Requests", counters.requests),
            count("Acks", counters.acks),
            count("Naks", counters.naks),
            count("Declines", counters.declines),
            count("Releases", counters.releases),
            count("Delayed Offers", counters.delayed_offers),
        ]);
    }
    shared::foreign(page, &config.foreign);
}

fn zones(page: &mut Page<'_>, at: &At<'_>) {
    let Some(reading) = &at.view.reading else {
        return;
    };
    page.heading("DNS Zones");
    let rows: Vec<_> = reading
        .zones
        .iter()
        .map(|zone| {
            vec![
                Cell::new(printable(&zone.name, 255)),
                Cell::new(if zone.primary { "Primary" } else { "Secondary" }),
                Cell::new(format!("{:>7}", zone.records)),
            ]
        })
        .collect();
    page.table(&["Zone Name", "Zone Type", "Records"], &rows);
}

fn options(page: &mut Page<'_>, at: &At<'_>) {
    if let Some(reading) = &at.view.reading {
        let levels = [("server", &reading.config.options)];
        shared::options(page, &levels, "No server options.");
    }
}

fn failover(page: &mut Page<'_>, at: &At<'_>) {
    let Some(reading) = &at.view.reading else {
        return;
    };
    let relationships = &reading.config.relationships;
    if relationships.is_empty() {
        page.say(Tone::Dim, "No failover relationships.");
        return;
    }
    let rows: Vec<_> = relationships
        .values()
        .map(|known| {
            let partner = at.world.estate.partner(&known.partner);
            let partner = partner.map_or(&known.partner, |view| &view.name);
            vec![
                Cell::new(printable(&known.name, 126)),
                Cell::new(printable(partner.as_str(), 255)),
                Cell::new(known.mode.to_string()),
                Cell::new(format!("{:>6}", known.scopes.len())),
                views::status_of(at.world, &at.view.name, &known.name),
                views::status_of(at.world, partner, &known.name),
            ]
        })
        .collect();
    page.table(
        &[
            "Relationship Name",
            "Partner Server",
            "Mode",
            "Scopes",
            "Status here",
            "Status at the partner",
        ],
        &rows,
    );
    page.gap();
    let said = format!(
        "{} of the {MAX_RELATIONSHIPS} relationships that a server may have.",
        relationships.len()
    );
    page.say(Tone::Dim, &said);
}
