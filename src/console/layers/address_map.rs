//! The layer Address Map: every address of a scope, a cursor over them, and who has the one below
//! the cursor.

use std::net::Ipv4Addr;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::form::Form;
use super::menu::{Item, Menu};
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::command;
use crate::console::dialogs::reservation::{Create, Prefill};
use crate::console::draw::address_map::COLUMNS;
use crate::console::draw::{AddressMap, Canvas, Held, Role, wrap};
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::subject::Subject;
use crate::console::table::Tone;
use crate::console::views;
use crate::console::world::World;
use crate::drivers::LeaseQuery;
use crate::model::text::printable;
use crate::model::{Lease, Range, Scope, ScopeId, ServerName};

/// How far a page goes, in rows.
const PAGE: u32 = 8;

/// What is known of the leases.
#[derive(Debug)]
enum Leases {
    /// They are being read.
    Asked,
    /// All of them, by address.
    Read(Vec<Lease>),
    /// They could not be read, and why.
    Failed(String),
}

/// The layer.
#[derive(Debug)]
pub struct AddressMapLayer {
    server: ServerName,
    scope: ScopeId,
    leases: Leases,
    map: Option<AddressMap>,
    /// The cell under the cursor.
    cell: u32,
    begin: Option<Ipv4Addr>,
    job: Option<JobId>,
}

impl AddressMapLayer {
    /// The map of a server's scope, the cursor on an address or on the first of its range.
    #[must_use]
    pub fn of(server: ServerName, scope: ScopeId, at: Option<Ipv4Addr>) -> AddressMapLayer {
        AddressMapLayer {
            server,
            scope,
            leases: Leases::Asked,
            map: None,
            cell: 0,
            begin: at,
            job: None,
        }
    }

    fn scope<'w>(&self, world: &'w World) -> Option<&'w Scope> {
        let scope = world.estate.scope(&self.server, self.scope);
        scope.map(AsRef::as_ref)
    }

    fn leases(&self) -> &[Lease] {
        match &self.leases {
            Leases::Read(leases) => leases,
            Leases::Asked | Leases::Failed(_) => &[],
        }
    }

    fn remake(&mut self, world: &World) {
        let scope = self.scope(world);
        self.map = scope.map(|scope| AddressMap::of(scope, self.leases()));
        if let (Some(map), Some(begin)) = (&self.map, self.begin.take()) {
            self.cell = map.cell_of(begin).unwrap_or(0);
        }
    }

    fn ask(&self) -> Reply {
        let query = LeaseQuery {
            scope: Some(self.scope),
            ..LeaseQuery::default()
        };
        Reply::ask(JobRequest::Leases(self.server.clone(), query))
    }

    fn step(&mut self, cells: i64) {
        let last = self
            .map
            .as_ref()
            .map_or(0, |map| map.cells().saturating_sub(1));
        let to = (i64::from(self.cell) + cells).clamp(0, i64::from(last));
        self.cell = u32::try_from(to).unwrap_or(0);
    }

    /// Who has the addresses of the cell under the cursor.
    fn who(&self, world: &World) -> Vec<(Tone, String)> {
        let (Some(map), Some(scope)) = (&self.map, self.scope(world)) else {
            return Vec::new();
        };
        let range = map.addresses(self.cell);
        if range.len() > 1 {
            let block = map.block(range);
            let free = block.usable.saturating_sub(block.leased + block.reserved);
            return vec![(
                Tone::Plain,
                format!(
                    "{free} free, {} leased, {} reserved, {} excluded, of {} addresses",
                    block.leased,
                    block.reserved,
                    block.excluded,
                    range.len()
                ),
            )];
        }
        who(
            world,
            scope,
            self.leases(),
            range.start(),
            map.held(range.start()),
        )
    }

    fn offer(&self, world: &World) -> Reply {
        let (Some(map), Some(scope)) = (&self.map, self.scope(world)) else {
            return Reply::consumed();
        };
        let range = map.addresses(self.cell);
        let address = range.start();
        let mut items = Vec::new();
        let leave = |actions: Vec<Action>| {
            let mut all = vec![Action::CloseThrough("address-map")];
            all.extend(actions);
            all
        };
        if range.len() == 1 {
            let reservation = Subject::Reservation(self.server.clone(), self.scope, address);
            match scope.reservations.contains_key(&address) {
                true => items.push(Item::new(
                    "Show Reservation",
                    leave(vec![Action::Jump(reservation)]),
                )),
                false => items.push(self.create(scope, address, world)),
            }
        }
        let text = match range.len() {
            1 => address.to_string(),
            _ => range.to_string(),
        };
        items.push(Item::new("Copy", vec![Action::Copy(text.clone())]));
        Reply::act(Action::Open(Box::new(Menu::new(
            text,
            items,
            Position::new(28, 9),
        ))))
    }
}

/// Who has an address, in a line or a few.
fn who(
    world: &World,
    scope: &Scope,
    leases: &[Lease],
    address: Ipv4Addr,
    held: Held,
) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    let excluded = |range: &&Range| range.contains(address);
    if let Some(range) = scope.exclusions.iter().find(excluded) {
        lines.push((Tone::Dim, format!("excluded, in the range {range}")));
    }
    if let Some(kept) = scope.reservations.get(&address) {
        let name = printable(&kept.name, 80);
        let name = if name.is_empty() { "no name" } else { &name };
        let said = format!("reserved for {} ({name})", kept.client);
        lines.push((Tone::Accent, said));
    }
    if let Some(lease) = leases.iter().find(|lease| lease.address == address) {
        let host = printable(&lease.host_name, 80);
        let until = match lease.expires {
            None => "without end".to_owned(),
            Some(at) => format!("until {}", views::moment(world, at)),
        };
        let tone = match held {
            Held::Conflict => Tone::Bad,
            _ if lease.state.occupies() => Tone::Good,
            _ => Tone::Dim,
        };
        let said = format!("{} lease of {} {host} {until}", lease.state, lease.client);
        lines.push((tone, said));
    }
    if lines.is_empty() {
        lines.push(match held {
            Held::Outside => (Tone::Dim, "outside the scope's address range".to_owned()),
            other => (Tone::Plain, other.word().to_owned()),
        });
    }
    lines
}

impl AddressMapLayer {
    /// The item Create DHCP Reservation, for whoever has the address now.
    fn create(&self, scope: &Scope, address: Ipv4Addr, world: &World) -> Item {
        let lease = self.leases().iter().find(|lease| lease.address == address);
        let holder = lease.filter(|lease| lease.state.is_active());
        let prefill = Prefill {
            address: Some(address),
            client: holder.map(|lease| lease.client.clone()),
            name: holder.map_or_else(String::new, |lease| lease.host_name.clone()),
        };
        let form = Create::new(self.server.clone(), self.scope, prefill);
        let mut actions = vec![Action::CloseThrough("address-map")];
        actions.extend(Form::open(form, world));
        let mut item = Item::new("Create DHCP Reservation", actions);
        item.refused = match scope.id.hosts().contains(address) {
            true => world.access.may_write().err(),
            false => Some(format!("{address} can't be a host's address")),
        };
        let unwritable = || command::unwritable(world, &self.server);
        item.refused = item.refused.or_else(unwritable);
        item
    }
}

impl Layer for AddressMapLayer {
    fn name(&self) -> &'static str {
        "address-map"
    }

    fn opened(&mut self, world: &World) -> Reply {
        if self.begin.is_none() {
            let ranges = self.scope(world).map(|scope| &scope.ranges);
            self.begin = ranges.and_then(|ranges| Some(ranges.first()?.start()));
        }
        self.remake(world);
        self.ask()
    }

    fn asked(&mut self, job: JobId) {
        self.job = Some(job);
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.job != Some(job) {
            return Reply::consumed();
        }
        match said {
            Said::Leases(_, _, leases) => self.leases = Leases::Read(leases.clone()),
            Said::Failed(why) => self.leases = Leases::Failed(why.clone()),
            _ => return Reply::consumed(),
        }
        self.remake(world);
        Reply::consumed()
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.remake(world);
        Reply::consumed()
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        let row = i64::from(COLUMNS);
        let page = row * i64::from(PAGE);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Reply::close(),
            KeyCode::Left | KeyCode::Char('h') => self.step(-1),
            KeyCode::Right | KeyCode::Char('l') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-row),
            KeyCode::Down | KeyCode::Char('j') => self.step(row),
            KeyCode::PageUp => self.step(-page),
            KeyCode::PageDown => self.step(page),
            KeyCode::Home | KeyCode::Char('g') => self.step(i64::MIN / 2),
            KeyCode::End | KeyCode::Char('G') => self.step(i64::MAX / 2),
            KeyCode::Char('r') => {
                self.leases = Leases::Asked;
                return self.ask();
            }
            KeyCode::Enter | KeyCode::Char('m') => return self.offer(world),
            _ => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        self.cell = spot;
        match click {
            Click::Twice | Click::Right => self.offer(world),
            Click::Once | Click::Drag => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        let lines = i64::try_from(lines).unwrap_or(0);
        self.step(lines.signum() * i64::from(COLUMNS));
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        let title = format!(
            "Address Map: {} on {}",
            self.scope,
            printable(self.server.as_str(), 255)
        );
        let Some(map) = &self.map else {
            let inner = canvas.modal(screen, 60, 5, &title);
            let style = canvas.style(Role::Dim);
            let gone = "The scope is not there any more. Esc closes.";
            canvas.text(inner.x + 1, inner.y + 1, inner.width - 2, gone, style);
            return;
        };
        let theme = canvas.theme;
        let wide = screen.width.saturating_sub(2).min(86);
        let room = wide.saturating_sub(4);
        let legend = map.legend(theme, room);
        let rows = u16::try_from(map.rows()).unwrap_or(u16::MAX);
        let legend_high = u16::try_from(legend.len()).unwrap_or(1);
        // The frame, the legend, a blank line, the address, two lines of who, the hint.
        let around = legend_high + 7;
        let most = screen.height.saturating_sub(around).max(1);
        let high = rows.min(most);
        let inner = canvas.modal(screen, wide, high + around, &title);
        let x = inner.x + 1;
        let bottom = inner.bottom();
        let mut y = inner.y;
        let line = |canvas: &mut Canvas<'_>, y: &mut u16, line: &Line<'_>| {
            if *y < bottom {
                canvas.line(Rect::new(x, *y, room, 1), line);
            }
            *y += 1;
        };
        for legend in &legend {
            line(canvas, &mut y, legend);
        }
        // The cursor's row stays in the middle, where the map is higher than the screen.
        let cursor_row = self.cell / COLUMNS;
        let last_top = map.rows().saturating_sub(u32::from(high));
        let top = cursor_row.saturating_sub(u32::from(high) / 2).min(last_top);
        for row in top..top + u32::from(high) {
            let at = y;
            let shown = map.row(row, theme, room, Some(self.cell));
            line(canvas, &mut y, &shown);
            for cell in row * COLUMNS..((row + 1) * COLUMNS).min(map.cells()) {
                let left = x + AddressMap::offset(cell, room);
                let spot = Rect::new(left, at, AddressMap::cell_width(room), 1);
                canvas.spot(spot, cell);
            }
        }
        y += 1;
        let range = map.addresses(self.cell);
        let name = match range.len() {
            1 => range.start().to_string(),
            _ => range.to_string(),
        };
        let name = Line::styled(name, canvas.style(Role::Title));
        line(canvas, &mut y, &name);
        let mut said = self.who(world).into_iter().flat_map(|(tone, said)| {
            let lines = wrap(&said, room).into_iter();
            lines.map(move |line| (tone, line))
        });
        for _ in 0..2 {
            if let Some((tone, text)) = said.next() {
                let style = theme.style(Role::from(tone));
                line(canvas, &mut y, &Line::styled(text, style));
            } else {
                y += 1;
            }
        }
        let (role, hint) = match &self.leases {
            Leases::Asked => (Role::Accent, "Reading leases…".to_owned()),
            Leases::Failed(why) => {
                let why = printable(why, 200);
                (Role::Bad, format!("Without leases: {why}"))
            }
            Leases::Read(leases) => (
                Role::Dim,
                format!(
                    "{} leases · arrows or click: who has it · Enter: what can be done",
                    leases.len()
                ),
            ),
        };
        let style = canvas.style(role);
        let hint_at = bottom.saturating_sub(1);
        canvas.text(x, hint_at, room, &hint, style);
    }
}
