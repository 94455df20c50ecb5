//! Details of a relationship: what it is, its scopes, both servers side by side, its states.

use jiff::Timestamp;

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
use crate::ipam::estate::{End, ServerView};
use crate::model::server::Product;
use crate::model::text::printable;
use crate::model::{Mode, Relationship, RelationshipStatus, ServerName};

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Relationship Properties",
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "DHCP Scopes",
        fill: |page, subject, world| At::fill(page, subject, world, scopes),
    },
    Tab {
        name: "Servers",
        fill: |page, subject, world| At::fill(page, subject, world, servers),
    },
    Tab {
        name: "Timeline",
        fill: |page, subject, world| At::fill(page, subject, world, timeline),
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

/// The relationship that a page is about.
struct At<'w> {
    subject: &'w Subject,
    world: &'w World,
    name: &'w str,
    servers: [&'w ServerName; 2],
}

impl<'w> At<'w> {
    fn end(&self, server: &ServerName) -> Option<End<'w>> {
        self.world.estate.end(server, self.name)
    }

    /// Which kind of servers they are.
    fn product(&self) -> Product {
        let servers = &self.world.estate.servers;
        let mut views = self
            .servers
            .iter()
            .filter_map(|server| servers.get(*server));
        let reading = views.find_map(|view| view.reading.as_ref());
        reading.map_or(Product::default(), |reading| reading.identity.product)
    }

    /// The relationship in the words of the first server that can tell it.
    fn known(&self) -> Option<(&'w ServerName, &'w Relationship)> {
        let mut servers = self.servers.into_iter();
        servers.find_map(|server| Some((server, self.end(server)?.relationship)))
    }
}

/// What servers of this kind do not have.
fn not_there(label: &str) -> Field {
    (label.to_owned(), Cell::toned(views::NOT_THERE, Tone::Dim))
}

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Relationship(primary, secondary, name) = subject else {
            return None;
        };
        Some(At {
            subject,
            world,
            name,
            servers: [primary, secondary],
        })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        let servers = &self.world.estate.servers;
        let views = self.servers.into_iter();
        views.filter_map(|server| servers.get(server).map(AsRef::as_ref))
    }
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let [primary, secondary] = at.servers;
    let mut fields: Vec<Field> = vec![text("Relationship Name", at.name)];
    let known = at.known();
    if let Some((server, known)) = known {
        fields.push(text("Mode", known.mode.label()));
        let share = match Mode::has_shares(at.product()) {
            true => text(
                "Load Balance / Reserve",
                format!("{} (as {} sees it)", known.mode, server.short()),
            ),
            false => not_there("Load Balance / Reserve"),
        };
        fields.push(share);
    }
    fields.push(text("Primary Server", primary.as_str()));
    fields.push(text("Secondary Server", secondary.as_str()));
    for (label, server) in [
        ("Primary Server Status", primary),
        ("Secondary Server Status", secondary),
    ] {
        let status = views::status_of(at.world, server, at.name);
        fields.push((label.to_owned(), status));
    }
    if let Some((_, known)) = known {
        for property in known.properties().iter().skip(1) {
            fields.push(match property.is_known_to(at.product()) {
                true => text(property.label(), property.to_string()),
                false => not_there(property.label()),
            });
        }
        let count = known.scopes.len();
        let cell = match count {
            0 => Cell::toned("none: it still counts against the 31", Tone::Warn),
            _ => Cell::new(count.to_string()),
        };
        fields.push(("Scopes".to_owned(), cell));
    }
    page.fields(&fields);
    if let [Some(one), Some(other)] = at.servers.map(|server| at.end(server)) {
        let mirrored = other.relationship.mirrored(secondary);
        let mine = one.relationship;
        let same = mine.mode == mirrored.mode
            && mine.mclt == mirrored.mclt
            && mine.switch_interval == mirrored.switch_interval
            && mine.authenticated == mirrored.authenticated
            && mine.scopes == mirrored.scopes;
        page.gap();
        match same {
            true => page.say(Tone::Good, "Both servers hold the same relationship."),
            false => page.say(
                Tone::Warn,
                "The two servers do not hold the same relationship: see Servers.",
            ),
        }
    }
}

fn scopes(page: &mut Page<'_>, at: &At<'_>) {
    let Some((server, known)) = at.known() else {
        page.say(Tone::Dim, "Neither server could be read.");
        return;
    };
    let Some(view) = at.world.estate.servers.get(server) else {
        return;
    };
    let said = format!("As {} holds them:", printable(server.as_str(), 255));
    page.say(Tone::Dim, &said);
    let held = |id: &crate::model::ScopeId| at.world.estate.scope(server, *id);
    shared::scopes(page, at.world, view, known.scopes.iter().filter_map(held));
}

fn servers(page: &mut Page<'_>, at: &At<'_>) {
    let ends = at.servers.map(|server| at.end(server));
    let mut rows: Vec<Vec<Cell<'static>>> = Vec::new();
    let mut row = |label: &str, value: &dyn Fn(&ServerName, Option<End<'_>>) -> Cell<'static>| {
        let [one, other] = [0, 1].map(|place| {
            let (server, end) = (at.servers.get(place), ends.get(place));
            match (server, end) {
                (Some(server), Some(end)) => value(server, *end),
                _ => Cell::default(),
            }
        });
        rows.push(vec![Cell::toned(label.to_owned(), Tone::Dim), one, other]);
    };
    let world = at.world;
    let absent = || Cell::toned("?", Tone::Dim);
    row("Status", &|server, _| {
        views::status_of(world, server, at.name)
    });
    let told = |end: Option<End<'_>>, of: &dyn Fn(&RelationshipStatus) -> Cell<'static>| {
        let status = end.and_then(|end| end.status.cloned());
        status.as_ref().map_or_else(absent, of)
    };
    let ago = |at: Timestamp| Cell::new(age::ago(world.age(at)));
    row("Time in State", &|_, end| {
        told(end, &|status| {
            Cell::new(age::lasting(world.age(status.since)))
        })
    });
    row("Previous State", &|_, end| {
        told(end, &|status| Cell::new(status.previous.label()))
    });
    row("Last Contact", &|_, end| {
        told(end, &|status| status.last_contact.map_or_else(absent, ago))
    });
    row("Partner's State, as it heard", &|_, end| {
        told(end, &|status| {
            let heard = status.partner_state;
            heard.map_or_else(absent, |state| Cell::new(state.label()))
        })
    });
    row("Clock Skew", &|_, end| {
        told(end, &|status| match status.clock_skew {
            None => absent(),
            Some(skew) if skew.abs() > 60 => Cell::toned(format!("{skew:+} s"), Tone::Bad),
            Some(skew) => Cell::new(format!("{skew:+} s")),
        })
    });
    row("Unsent Updates", &|_, end| {
        told(end, &|status| match status.unsent_updates {
            None => absent(),
            Some(count) => Cell::new(count.to_string()),
        })
    });
    row("Waits Until", &|_, end| {
        told(end, &|status| waits(status, world))
    });
    let held = |end: Option<End<'_>>, of: &dyn Fn(&Relationship) -> String| match end {
        None => absent(),
        Some(end) => Cell::new(of(end.relationship)),
    };
    row("Mode", &|_, end| held(end, &|known| known.mode.to_string()));
    row("Maximum Client Lead Time", &|_, end| {
        held(end, &|known| known.mclt.to_string())
    });
    row("State Switchover Interval", &|_, end| {
        held(end, &|known| match known.switch_interval {
            None => "off".to_owned(),
            Some(interval) => interval.to_string(),
        })
    });
    row("Message Authentication", &|_, end| {
        held(end, &|known| {
            let word = if known.authenticated { "on" } else { "off" };
            word.to_owned()
        })
    });
    row("Scopes", &|_, end| {
        held(end, &|known| known.scopes.len().to_string())
    });
    row("As read", &|server, _| {
        let view = world.estate.servers.get(server);
        let reading = view.and_then(|view| view.reading.as_ref());
        reading.map_or_else(absent, |reading| ago(reading.taken))
    });
    let [one, other] = at.servers.map(|server| printable(server.as_str(), 255));
    page.table(&["", &one, &other], &rows);
}

/// What a server waits for in its state, and until when.
fn waits(status: &RelationshipStatus, world: &World) -> Cell<'static> {
    let left = |at: Timestamp| {
        let seconds = at.as_second() - world.now.as_second();
        match seconds > 0 {
            true => format!("in {}", age::words(seconds)),
            false => "now".to_owned(),
        }
    };
    let said = [
        (status.switches_at, "switches to Partner Down"),
        (status.takes_over_at, "takes the partner's addresses"),
        (status.recovers_at, "has recovered"),
    ];
    let mut said = said.into_iter();
    let next = said.find_map(|(at, what)| Some(format!("{what} {}", left(at?))));
    let next = next.or_else(|| status.waits_for());
    Cell::new(next.unwrap_or_else(|| "nothing".to_owned()))
}

/// The states that a server was in, in order of time: as they were seen, or else the one that it
/// tells now.
fn states(at: &At<'_>, server: &ServerName) -> Vec<(Timestamp, String)> {
    let of = (at.name.to_owned(), server.clone());
    let seen = at.world.history.states.get(&of).into_iter().flatten();
    let mut states: Vec<(Timestamp, String)> = seen
        .map(|spell| {
            let own = spell.own_word.as_deref().map(|own| printable(own, 64));
            let word = own.unwrap_or_else(|| spell.state.label().to_owned());
            (spell.since, word)
        })
        .collect();
    states.sort_by_key(|(since, _)| *since);
    if let Some(status) = at.end(server).and_then(|end| end.status) {
        let now = (status.since, views::word(status));
        if states.last().is_none_or(|last| last.0 < now.0) {
            states.push(now);
        }
    }
    states
}

fn timeline(page: &mut Page<'_>, at: &At<'_>) {
    for server in at.servers {
        page.heading(&printable(server.as_str(), 255));
        let states = states(at, server);
        if states.is_empty() {
            page.say(Tone::Dim, "Not known.");
            continue;
        }
        for line in charts::timeline(page.theme(), &states, at.world.now, page.width()) {
            page.push(line);
        }
        let status = at.end(server).and_then(|end| end.status);
        if let Some(status) = status
            && states.len() == 1
        {
            let before = format!("Before: {}.", status.previous.label());
            page.say(Tone::Dim, &before);
        }
    }
}
