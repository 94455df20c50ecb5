//! The global search: everything that has the words typed, by kind.

use std::fmt;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::list::{self, Done, Finder, Line};
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role};
use crate::console::find::{self, Fit, Found, Hit, Kind, Query};
use crate::console::place::{Place, View};
use crate::console::subject::Subject;
use crate::console::table::{Filter, SharedSource};
use crate::console::views;
use crate::console::world::World;

/// So many of each kind are listed.
const OF_A_KIND: usize = 50;

/// The global search.
#[derive(Default)]
pub struct Search {
    finder: Finder,
    /// What each line leads to.
    subjects: Vec<Option<Subject>>,
    /// The leases known when it was opened or anything changed.
    leases: Option<SharedSource>,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("finder", &self.finder)
            .finish_non_exhaustive()
    }
}

impl Search {
    /// A search for nothing yet.
    #[must_use]
    pub fn new() -> Search {
        Search::default()
    }

    fn find(&mut self, world: &World, anew: bool) {
        let typed = self.finder.typed();
        let mut found = find::find(world, &Query::parse(typed), OF_A_KIND);
        if !typed.is_empty() {
            found.extend(
                self.leases
                    .as_ref()
                    .map(|leases| in_leases(leases, typed, world)),
            );
        }
        let mut lines = Vec::new();
        self.subjects.clear();
        for group in found.into_iter().filter(|group| group.total > 0) {
            let count = match group.total - group.hits.len() {
                0 => group.total.to_string(),
                _ => format!("{} of {}", group.hits.len(), group.total),
            };
            lines.push(Line::heading(group.kind.label(), count));
            self.subjects.push(None);
            for hit in group.hits {
                lines.push(Line::new(hit.name, hit.note));
                self.subjects.push(Some(hit.subject));
            }
        }
        self.finder.show(lines, anew);
    }

    fn choose(&self) -> Reply {
        let place = self.finder.list.focus();
        let subject = place.and_then(|place| self.subjects.get(place)).cloned();
        match subject.flatten() {
            None => Reply::consumed(),
            Some(subject) => Reply::acts(vec![Action::Close, Action::Jump(subject)]),
        }
    }
}

/// The leases that have the words typed, as the filter of their view finds them.
fn in_leases(leases: &SharedSource, typed: &str, world: &World) -> Found {
    let rows = leases.matching(&Filter::parse(typed), None, world);
    let hits = rows.iter().take(OF_A_KIND).filter_map(|row| {
        let row = *row as usize;
        let subject = leases.subject(row)?;
        let Subject::Lease(server, _, address) = &subject else {
            return None;
        };
        let mut others = Vec::new();
        for column in 0..leases.columns().len() {
            let text = leases.cell(row, column, world).text.into_owned();
            if !text.is_empty() && text != address.to_string() && text != server.as_str() {
                others.push(text);
            }
        }
        others.truncate(3);
        others.push(server.to_string());
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        Some(Hit {
            name: address.to_string(),
            note: find::together(&others),
            fit: Fit::Has,
            subject,
        })
    });
    Found {
        kind: Kind::Lease,
        total: rows.len(),
        hits: hits.collect(),
    }
}

/// The leases as their view has them.
fn known_leases(world: &World) -> SharedSource {
    (views::spec(View::Leases).rows)(world, &Place::showing(View::Leases))
}

impl Layer for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    fn opened(&mut self, world: &World) -> Reply {
        self.leases = Some(known_leases(world));
        Reply::consumed()
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        match self.finder.key(key) {
            Done::Left => return Reply::close(),
            Done::Chosen => return self.choose(),
            Done::Typed => self.find(world, true),
            Done::Moved => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, _world: &World) -> Reply {
        match self.finder.click(spot, click) {
            Done::Chosen => self.choose(),
            _ => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.finder.list.step(lines);
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, world: &World) -> Reply {
        list::pasted(&mut self.finder.input, text);
        self.find(world, true);
        Reply::consumed()
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.leases = Some(known_leases(world));
        self.find(world, false);
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 100.min(screen.width.saturating_sub(4));
        let high = 30.min(screen.height.saturating_sub(4));
        let inner = canvas.modal(screen, wide, high, "Search");
        let empty = "an address, a MAC in any spelling, a name";
        if let Some(below) = self.finder.draw(canvas, inner, " Find: ", empty) {
            let text = match self.finder.typed().is_empty() {
                true => {
                    "Servers, failover relationships, scopes, reservations and the leases read so far."
                }
                false => "Nothing has that. Who has or had an address: w asks the servers.",
            };
            let room = Rect {
                x: below.x + 1,
                y: below.y + 1,
                width: below.width.saturating_sub(2),
                height: below.height.saturating_sub(1),
            };
            list::say(canvas, room, Role::Dim, text);
        }
    }
}
