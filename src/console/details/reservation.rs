//! Details of a reservation: its properties, its options, how the partner has it.

use super::Tab;
use super::about::About;
use super::page::{Page, text};
use super::shared;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::text::printable;
use crate::model::{Reservation, Scope};

/// The tabs.
pub const TABS: &[Tab] = &[
    Tab {
        name: "Reservation Properties",
        fill: |page, subject, world| At::fill(page, subject, world, properties),
    },
    Tab {
        name: "Options",
        fill: |page, subject, world| {
            At::fill(page, subject, world, |page, at| {
                let none = crate::model::Options::new();
                let reading = at.view.reading.as_ref();
                let server = reading.map_or(&none, |reading| &reading.config.options);
                let levels = [
                    ("reservation", &at.reservation.options),
                    ("scope", &at.scope.options),
                    ("server", server),
                ];
                shared::options(page, &levels, "No options at any level.");
            });
        },
    },
    Tab {
        name: "Elsewhere",
        fill: |page, subject, world| At::fill(page, subject, world, elsewhere),
    },
];

/// The reservation that a page is about.
struct At<'w> {
    world: &'w World,
    view: &'w ServerView,
    scope: &'w Scope,
    reservation: &'w Reservation,
}

impl<'w> About<'w> for At<'w> {
    fn find(subject: &'w Subject, world: &'w World) -> Option<At<'w>> {
        let Subject::Reservation(server, scope, address) = subject else {
            return None;
        };
        let (view, scope) = shared::scope(world, server, *scope)?;
        let reservation = scope.reservations.get(address)?;
        Some(At {
            world,
            view,
            scope,
            reservation,
        })
    }

    fn sources(&self) -> impl Iterator<Item = &'w ServerView> {
        std::iter::once(self.view)
    }
}

fn properties(page: &mut Page<'_>, at: &At<'_>) {
    let mut fields = vec![
        text("IP Address", at.reservation.address.to_string()),
        text("Scope ID", at.scope.id.to_string()),
        text("Scope Name", &at.scope.name),
        text("Server Name", at.view.name.as_str()),
    ];
    for property in at.reservation.properties() {
        fields.push(text(property.label(), property.to_string()));
    }
    let kind = at.reservation.client.kind().name();
    fields.push(text("Client ID Type", kind));
    let ranges = &at.scope.ranges;
    if !ranges
        .iter()
        .any(|range| range.contains(at.reservation.address))
    {
        let said = Cell::toned("outside the scope's address range", Tone::Dim);
        fields.push(("Place".to_owned(), said));
    }
    fields.push(("Lease".to_owned(), lease(at)));
    fields.extend(shared::refreshed(at.world, at.view));
    page.fields(&fields);
}

/// Who has the address now, as far as leases were read.
fn lease(at: &At<'_>) -> Cell<'static> {
    let (server, scope) = (&at.view.name, at.scope.id);
    let book = &at.world.leases;
    if book.read_at(server, Some(scope)).is_none() {
        return Cell::toned("not read yet", Tone::Dim);
    }
    let subject = Subject::Lease(server.clone(), scope, at.reservation.address);
    match book.lease(&subject) {
        None => Cell::toned("none", Tone::Dim),
        Some(lease) => {
            let host = printable(&lease.host_name, 80);
            let until = lease.expires.map(|end| views::moment(at.world, end));
            let until = until.map_or_else(|| "without end".to_owned(), |at| format!("until {at}"));
            let other = lease.client != at.reservation.client;
            match other && lease.state.occupies() {
                true => Cell::toned(
                    format!("{} has it {until}: another client", lease.client),
                    Tone::Bad,
                ),
                false => Cell::new(format!("{} {host} {until}", lease.state)),
            }
        }
    }
}

/// The same client's reservations on every server, this one's partner among them.
fn elsewhere(page: &mut Page<'_>, at: &At<'_>) {
    let all = at.world.estate.reservations_of(&at.reservation.client);
    let rows: Vec<_> = all
        .into_iter()
        .map(|(server, scope, known)| {
            let here = *server == at.view.name && known.address == at.reservation.address;
            let same = **known == *at.reservation;
            let word = match (here, same, known.address == at.reservation.address) {
                (true, ..) => Cell::toned("this one", Tone::Accent),
                (_, true, _) => Cell::toned("same", Tone::Good),
                (_, _, true) => Cell::toned("differs", Tone::Warn),
                _ => Cell::new("another address"),
            };
            vec![
                Cell::new(printable(server.as_str(), 255)),
                Cell::new(scope.id.to_string()),
                Cell::new(known.address.to_string()),
                Cell::new(printable(&known.name, 256)),
                word,
            ]
        })
        .collect();
    let said = format!("Reservations of {} on every server:", at.reservation.client);
    page.say(Tone::Dim, &said);
    page.table(
        &["Server Name", "Scope ID", "IP Address", "Name", ""],
        &rows,
    );
}
