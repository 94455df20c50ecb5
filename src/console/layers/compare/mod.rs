//! The Compare layer: two copies side by side, and replication in either direction from there.

mod lines;
mod rows;

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::plan::PlanLayer;
use super::scroll::Scroll;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Look, Role, width};
use crate::console::table::Tone;
use crate::console::world::World;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::{ScopeId, ServerName};
use rows::{Compared, Overview};

const CLOSE: u32 = 0;
const TO_PARTNER: u32 = 1;
const FROM_PARTNER: u32 = 2;
const ALL: u32 = 3;
const OPEN: u32 = 4;
/// The scopes of the list are the spots from here on.
const LIST: u32 = 100;

/// The comparison of a scope's two copies as lines of at most `room` cells: the differences only.
/// Where there is nothing to compare, the line says why.
#[must_use]
pub fn compare_lines(
    look: &Look,
    world: &World,
    server: &ServerName,
    scope: ScopeId,
    room: u16,
) -> Vec<Line<'static>> {
    match rows::of_scope(world, server, scope) {
        Ok(compared) => lines::scope_lines(look, &compared, false, room),
        Err(why) => vec![Line::styled(why, look.style(Role::Dim))],
    }
}

/// What is shown.
#[derive(Debug)]
enum Showing {
    /// A relationship: its parameters, and its scopes with their counts.
    List(Result<Box<Overview>, String>),
    /// One scope.
    Scope(ScopeId, Result<Box<Compared>, String>),
}

/// The layer.
#[derive(Debug)]
pub struct CompareLayer {
    here: ServerName,
    /// The relationship and its other server, where it was opened on one.
    of: Option<(ServerName, String)>,
    showing: Showing,
    /// The scope in the list that the cursor is on.
    cursor: Option<ScopeId>,
    all: bool,
    scroll: Scroll,
}

impl CompareLayer {
    /// The two copies of a scope, as this server and its partner have it.
    #[must_use]
    pub fn scope(world: &World, server: &ServerName, scope: ScopeId) -> CompareLayer {
        let compared = rows::of_scope(world, server, scope).map(Box::new);
        CompareLayer {
            here: server.clone(),
            of: None,
            showing: Showing::Scope(scope, compared),
            cursor: None,
            all: false,
            scroll: Scroll::default(),
        }
    }

    /// A relationship's two ends: its scopes first, each of which opens.
    #[must_use]
    pub fn relationship(
        world: &World,
        server: &ServerName,
        partner: &ServerName,
        name: &str,
    ) -> CompareLayer {
        let overview = rows::of_relationship(world, server, partner, name).map(Box::new);
        let first = overview.as_ref().ok();
        let first = first.and_then(|overview| overview.scopes.first());
        CompareLayer {
            here: server.clone(),
            of: Some((partner.clone(), name.to_owned())),
            cursor: first.map(|first| first.scope),
            showing: Showing::List(overview),
            all: false,
            scroll: Scroll::default(),
        }
    }

    fn show_scope(&mut self, world: &World, scope: ScopeId) {
        let compared = rows::of_scope(world, &self.here, scope).map(Box::new);
        self.showing = Showing::Scope(scope, compared);
        self.scroll.top();
    }

    fn show_list(&mut self, world: &World) {
        if let Some((partner, name)) = &self.of {
            let overview = rows::of_relationship(world, &self.here, partner, name);
            self.showing = Showing::List(overview.map(Box::new));
            self.scroll.top();
        }
    }

    /// One step back: from a scope to its relationship's list, or out.
    fn back(&mut self, world: &World) -> Reply {
        match (&self.showing, &self.of) {
            (Showing::Scope(..), Some(_)) => {
                self.show_list(world);
                Reply::consumed()
            }
            _ => Reply::close(),
        }
    }

    fn open(&mut self, world: &World) -> Reply {
        if let (Showing::List(Ok(_)), Some(scope)) = (&self.showing, self.cursor) {
            self.show_scope(world, scope);
        }
        Reply::consumed()
    }

    /// Replicates what is shown: to the partner, or from it.
    fn replicate(&self, world: &World, to_partner: bool) -> Reply {
        let (here, there, what) = match &self.showing {
            Showing::Scope(scope, Ok(compared)) => {
                let what = ReplicationLevel::Scopes(BTreeSet::from([*scope]));
                (&compared.here, &compared.there, what)
            }
            Showing::List(Ok(overview)) => {
                let what = ReplicationLevel::Relationship(overview.relationship.clone());
                (&overview.here, &overview.there, what)
            }
            Showing::Scope(_, Err(_)) | Showing::List(Err(_)) => return Reply::consumed(),
        };
        if let Err(why) = world.access.may_write() {
            return Reply::act(Action::Toast(Tone::Warn, why));
        }
        let from = if to_partner { here } else { there };
        let intent = Intent::Replicate {
            from: from.server.clone(),
            what,
        };
        Reply::act(Action::Open(Box::new(PlanLayer::of(intent, true))))
    }

    fn step(&mut self, by: isize) {
        let Showing::List(Ok(overview)) = &self.showing else {
            return self.scroll.step(by);
        };
        let scopes = &overview.scopes;
        let place = scopes
            .iter()
            .position(|scope| Some(scope.scope) == self.cursor);
        let last = scopes.len().saturating_sub(1);
        let next = place.unwrap_or(0).saturating_add_signed(by).min(last);
        self.cursor = scopes.get(next).map(|scope| scope.scope);
    }

    fn title(&self) -> String {
        match &self.showing {
            Showing::Scope(scope, Ok(compared)) => {
                format!(
                    "Compare: {scope} {} · {}",
                    compared.name,
                    compared.verdict()
                )
            }
            Showing::Scope(scope, Err(_)) => format!("Compare: {scope}"),
            Showing::List(Ok(overview)) => {
                let name = crate::model::text::printable(&overview.relationship, 126);
                let count = rows::differences(overview.differences());
                format!("Compare: {name} · {count}")
            }
            Showing::List(Err(_)) => "Compare".to_owned(),
        }
    }

    /// The buttons with their spots, in the fewest words that it takes to have them in `room`.
    fn buttons(&self, room: u16) -> Vec<(String, u32)> {
        let sides = match &self.showing {
            Showing::Scope(_, Ok(compared)) => Some((&compared.here, &compared.there)),
            Showing::List(Ok(overview)) => Some((&overview.here, &overview.there)),
            _ => None,
        };
        let mut others = Vec::new();
        match &self.showing {
            Showing::Scope(_, Ok(_)) => {
                let label = match self.all {
                    true => "d differences",
                    false => "d all fields",
                };
                others.push((label.to_owned(), ALL));
            }
            Showing::List(Ok(overview)) if !overview.scopes.is_empty() => {
                others.push(("Enter open".to_owned(), OPEN));
            }
            _ => {}
        }
        let close = match (&self.showing, &self.of) {
            (Showing::Scope(..), Some(_)) => "Back",
            _ => "Close",
        };
        others.push((close.to_owned(), CLOSE));
        let Some((here, there)) = sides else {
            return others;
        };
        let (here, there) = (here.server.short(), there.server.short());
        let directions = [
            [
                format!("Replicate {here} > {there}"),
                format!("Replicate {here} < {there}"),
            ],
            [format!("{here} > {there}"), format!("{here} < {there}")],
            ["> replicate".to_owned(), "< replicate".to_owned()],
        ];
        let wide = |labels: &[String; 2]| {
            let labels = labels.iter().chain(others.iter().map(|(label, _)| label));
            labels.map(|label| width(label) + 5).sum::<u16>()
        };
        let last = directions.len() - 1;
        let fits = directions.iter().position(|labels| wide(labels) <= room);
        let [to, from] = directions
            .into_iter()
            .nth(fits.unwrap_or(last))
            .unwrap_or_default();
        let mut buttons = vec![(to, TO_PARTNER), (from, FROM_PARTNER)];
        buttons.append(&mut others);
        buttons
    }

    /// What is shown, and which line belongs to which scope of the list.
    fn lines(&self, look: &Look, room: u16) -> (Vec<Line<'static>>, Vec<(usize, ScopeId)>) {
        let failed = |why: &String| vec![Line::styled(why.clone(), look.style(Role::Bad))];
        match &self.showing {
            Showing::Scope(_, Err(why)) => (failed(why), Vec::new()),
            Showing::List(Err(why)) => (failed(why), Vec::new()),
            Showing::Scope(_, Ok(compared)) => (
                lines::scope_lines(look, compared, self.all, room),
                Vec::new(),
            ),
            Showing::List(Ok(overview)) => self.list(look, overview, room),
        }
    }

    fn list(
        &self,
        look: &Look,
        overview: &Overview,
        room: u16,
    ) -> (Vec<Line<'static>>, Vec<(usize, ScopeId)>) {
        let mut said = lines::notes(look, &overview.unknown, room);
        said.extend(lines::heads(look, &overview.here, &overview.there, room));
        let own: Vec<&rows::Row> = overview.rows.iter().collect();
        said.extend(lines::row_lines(
            look,
            &own,
            &overview.here,
            &overview.there,
            room,
        ));
        said.push(Line::default());
        let label = format!("DHCP Scopes ({})", overview.scopes.len());
        said.push(Line::styled(label, look.style(Role::Accent)));
        if overview.scopes.is_empty() {
            let empty = "No scope is in this relationship.";
            said.push(Line::styled(empty, look.style(Role::Dim)));
        }
        let mut places = Vec::new();
        for scope in &overview.scopes {
            places.push((said.len(), scope.scope));
            let here = Some(scope.scope) == self.cursor;
            let cursor = if here { look.glyphs.here } else { " " };
            let (role, word) = match (scope.differences, &scope.only_on) {
                (_, Some(server)) => (Role::Warn, format!("only on {server}")),
                (0, None) if overview.unknown.is_empty() => (Role::Good, "same".to_owned()),
                (0, None) => (Role::Dim, "no difference found".to_owned()),
                (count, None) => (Role::Warn, rows::differences(count)),
            };
            let of_row = look.style(if here { Role::Cursor } else { Role::Text });
            let of_word = match here {
                true => of_row,
                false => look.style(role),
            };
            let name: String = scope.name.chars().take(28).collect();
            said.push(Line::from(vec![
                Span::styled(format!("{cursor} {:<16}", scope.scope.to_string()), of_row),
                Span::styled(format!("{name:<30}"), of_row),
                Span::styled(word, of_word),
            ]));
        }
        (said, places)
    }
}

impl Layer for CompareLayer {
    fn name(&self) -> &'static str {
        "compare"
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        match key.code {
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => return self.back(world),
            KeyCode::Char('q') => return Reply::close(),
            KeyCode::Enter | KeyCode::Right => return self.open(world),
            KeyCode::Char('>') => return self.replicate(world, true),
            KeyCode::Char('<') => return self.replicate(world, false),
            KeyCode::Char('d') => {
                self.all = !self.all;
                self.scroll.top();
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-10),
            KeyCode::PageDown | KeyCode::Char(' ') => self.step(10),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN / 2),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX / 2),
            _ => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        match spot {
            CLOSE => self.back(world),
            TO_PARTNER => self.replicate(world, true),
            FROM_PARTNER => self.replicate(world, false),
            ALL => {
                self.all = !self.all;
                self.scroll.top();
                Reply::consumed()
            }
            OPEN => self.open(world),
            spot => {
                let place = spot
                    .checked_sub(LIST)
                    .and_then(|at| usize::try_from(at).ok());
                if let (Showing::List(Ok(overview)), Some(place)) = (&self.showing, place)
                    && let Some(scope) = overview.scopes.get(place)
                {
                    self.cursor = Some(scope.scope);
                    if click == Click::Twice {
                        return self.open(world);
                    }
                }
                Reply::consumed()
            }
        }
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.step(lines);
        Reply::consumed()
    }

    fn changed(&mut self, world: &World) -> Reply {
        let scroll = self.scroll;
        match self.showing {
            Showing::Scope(scope, _) => self.show_scope(world, scope),
            Showing::List(_) => self.show_list(world),
        }
        self.scroll = scroll;
        Reply::consumed()
    }

    fn drawn(&mut self, end: usize) {
        self.scroll.set_end(end);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = screen.width.saturating_sub(4).min(140);
        let room = wide.saturating_sub(4);
        let (lines, places) = self.lines(canvas.theme, room);
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(5);
        let high = high.clamp(9, screen.height.saturating_sub(2).max(9));
        let inner = canvas.modal(screen, wide, high, &self.title());
        let body = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
            ..inner
        };
        let cursor = places
            .iter()
            .find(|(_, scope)| Some(*scope) == self.cursor)
            .map(|(line, _)| *line);
        let from = match cursor {
            Some(line) if line >= usize::from(body.height) => line + 1 - usize::from(body.height),
            Some(_) => 0,
            None => self.scroll.from(),
        };
        let from = self.scroll.draw_from(from, canvas, body, &lines);
        for (spot, (line, _)) in (LIST..).zip(&places) {
            let at = line.checked_sub(from).and_then(|at| u16::try_from(at).ok());
            if let Some(at) = at.filter(|at| *at < body.height) {
                canvas.spot(Rect::new(body.x, body.y + at, body.width, 1), spot);
            }
        }
        let mut x = inner.x + 1;
        for (label, spot) in self.buttons(inner.width.saturating_sub(1)) {
            let y = inner.bottom().saturating_sub(1);
            x += canvas.button(x, y, &label, false, spot) + 1;
        }
    }
}
