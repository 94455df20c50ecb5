//! Events: what comes in, and to whom it goes.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Position;
use tui_input::backend::crossterm::EventHandler;

use super::{App, Focus, JobKind, Toast};
use crate::console::action::{Action, Effect, Motion, Opening};
use crate::console::command::Id;
use crate::console::draw::Target;
use crate::console::jobs::{JobMessage, Said};
use crate::console::keymap::Chord;
use crate::console::layers::{Click, Reply};
use crate::console::place::Place;
use crate::console::table::{Filter, Table, Tone};
use crate::console::work::End;
use crate::ipam::{Ended, Estate};
use std::sync::Arc;

/// Two presses within this are one double click.
const DOUBLE_CLICK: SignedDuration = SignedDuration::from_millis(400);

/// What comes in.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// It is now.
    Tick(Timestamp),
    /// What is known has changed.
    Estate(Arc<Estate>),
    /// A job says something.
    Job(JobMessage),
}

impl App {
    /// Does what an event asks for.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        let before = (self.table.subject().cloned(), self.place.view);
        let mut effects = self.handle_one(event);
        if before != (self.table.subject().cloned(), self.place.view) {
            self.rested = self.world.now;
            // Another row's details are read from the top.
            if let Some(details) = &mut self.details {
                details.scroll = 0;
            }
        }
        effects.extend(self.load());
        effects
    }

    fn handle_one(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Key(_) => Vec::new(),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Paste(text) => self.paste(&text),
            Event::Resize => {
                self.changed = true;
                Vec::new()
            }
            Event::Tick(now) => {
                self.tick(now);
                self.count()
            }
            Event::Estate(estate) => {
                let mut effects = self.set_estate(estate);
                for place in 0..self.layers.len() {
                    effects.extend(self.layer(place, |layer, world| layer.changed(world)));
                }
                effects
            }
            Event::Job(message) if matches!(message.said, Said::CarriedOut(_)) => {
                // What an earlier outcome says of undo holds no longer.
                let bad = |toast: &Toast| toast.tone == Tone::Bad;
                self.toasts.retain(|toast| !toast.outcome || bad(toast));
                self.telling_outcome = true;
                let effects = self.job(&message);
                self.telling_outcome = false;
                effects
            }
            Event::Job(message) => self.job(&message),
        }
    }

    fn tick(&mut self, now: Timestamp) {
        // What ages and counts is drawn in steps: only where a step was crossed.
        let due = self.next_tick().is_some_and(|due| due <= now);
        self.world.now = now;
        let before = self.toasts.len();
        self.toasts
            .retain(|toast| toast.until.is_none_or(|until| until > now));
        self.changed |= due || before != self.toasts.len();
    }

    /// Tells the layers that count seconds that time has passed.
    fn count(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for place in 0..self.layers.len() {
            let counts = self.layers.get(place).map(|open| open.layer.counts());
            if counts == Some(true) {
                effects.extend(self.layer(place, |layer, world| layer.ticked(world)));
            }
        }
        effects
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        (self.changed, self.touched) = (true, true);
        self.toasts.retain(|toast| toast.until.is_some());
        // Ctrl-C gets one out of whatever is open, as Esc does, before it gets one out of all.
        let out = key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL;
        let key = match out && (!self.layers.is_empty() || self.focus == Focus::Filter) {
            true => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
            false => key,
        };
        if let Some(top) = self.layers.len().checked_sub(1) {
            return self.layer(top, |layer, world| layer.key(key, world));
        }
        if self.focus == Focus::Filter {
            return self.filter_key(key);
        }
        let Some(chord) = Chord::of(&key) else {
            return Vec::new();
        };
        match self.keymap.command(&chord, self.place.view.label()) {
            Some(id) => self.run(id),
            None => Vec::new(),
        }
    }

    /// Runs a command by its name, or says why not.
    pub fn run(&mut self, id: Id) -> Vec<Effect> {
        let Some(command) = self.command_of(id) else {
            return Vec::new();
        };
        let selection = self.selection();
        match command.refusal(&self.world, &selection) {
            Some(why) => {
                let said = format!("{}: {why}", command.title);
                self.act(Action::Toast(Tone::Warn, said))
            }
            None => {
                let actions = (command.run)(&self.world, &selection);
                self.acts(actions)
            }
        }
    }

    fn filter_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc if self.filter.value().is_empty() => self.focus = Focus::Table,
            KeyCode::Esc => {
                self.filter.reset();
                self.focus = Focus::Table;
                return self.narrow();
            }
            KeyCode::Enter | KeyCode::Tab => self.focus = Focus::Table,
            KeyCode::Up => return self.act(Action::Move(Motion::Rows(-1))),
            KeyCode::Down => return self.act(Action::Move(Motion::Rows(1))),
            KeyCode::PageUp => return self.act(Action::Move(Motion::Pages(-1))),
            KeyCode::PageDown => return self.act(Action::Move(Motion::Pages(1))),
            _ => {
                let changed = self.filter.handle_event(&crossterm::event::Event::Key(key));
                if changed.is_some_and(|change| change.value) {
                    return self.narrow();
                }
            }
        }
        Vec::new()
    }

    pub(super) fn narrow(&mut self) -> Vec<Effect> {
        self.changed = true;
        let filter = Filter::parse(self.filter.value());
        let request = self.table.set_filter(filter, &self.world);
        match request {
            Some(request) => vec![self.spawn(request, None)],
            None => Vec::new(),
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.changed = true;
        if let Some(top) = self.layers.len().checked_sub(1) {
            return self.layer(top, |layer, world| layer.paste(text, world));
        }
        if self.focus == Focus::Filter {
            let line = text.lines().next().unwrap_or("");
            let value = format!("{}{line}", self.filter.value());
            self.filter = value.into();
            return self.narrow();
        }
        Vec::new()
    }

    fn job(&mut self, message: &JobMessage) -> Vec<Effect> {
        let Some(running) = self.jobs.get(&message.job) else {
            return Vec::new();
        };
        let (owner, kind) = (running.owner, running.request.clone());
        self.changed |= running.shown || owner.is_some();
        let mut effects = Vec::new();
        if message.said.is_last() {
            let (title, shown) = (running.title.clone(), running.shown);
            self.note_end(message, &title, shown);
            self.jobs.remove(&message.job);
            self.note_busy();
        }
        if let Said::Step(_, Some(_)) = message.said {
            Arc::make_mut(&mut self.world.work).step(message.job);
        }
        if let Said::CarriedOut(outcome) = &message.said {
            // What was not done stays marked, to be tried again.
            if let (Ended::Done, JobKind::Write(_, place, rows)) = (outcome.ended, &kind)
                && let Some(table) = self.table_at(place)
            {
                table.unmark(rows);
            }
            effects.push(self.spawn(super::JobRequest::Journal(super::journal_query()), None));
        }
        let place = owner.and_then(|owner| {
            let mut opened = self.layers.iter();
            opened.position(|opened| opened.number == owner)
        });
        if let Some(place) = place {
            let (job, said) = (message.job, message.said.clone());
            effects.extend(self.layer(place, |layer, world| layer.told(job, &said, world)));
            return effects;
        }
        if self.loaded(message.job, &message.said) {
            // Pages of many leases come quickly: rows are made anew when the last one is there,
            // and now and then before.
            self.changed = true;
            if message.said.is_last() || self.table.source().is_empty() {
                effects.extend(self.refresh());
            }
            return effects;
        }
        match &message.said {
            Said::Journal(entries, undoable) => {
                self.world.journal = Arc::clone(entries);
                self.world.undoable.clone_from(undoable);
                effects.extend(self.refresh());
            }
            Said::Ordered(generation, ordered) => {
                if let JobKind::Order(place, _) = &kind
                    && let Some(table) = self.table_at(place)
                    && let Some(request) = table.ordered(*generation, ordered.clone())
                {
                    effects.push(self.spawn(request, None));
                }
                self.changed = true;
            }
            Said::Failed(why) if matches!(kind, JobKind::Order(..)) => {
                // The old order stays; the next key that narrows or sorts asks again.
                if let JobKind::Order(place, generation) = &kind
                    && let Some(table) = self.table_at(place)
                {
                    table.gave_up(*generation);
                }
                effects.extend(self.act(Action::Toast(Tone::Bad, why.clone())));
            }
            Said::Failed(why) => effects.extend(self.act(Action::Toast(Tone::Bad, why.clone()))),
            Said::CarriedOut(outcome) => {
                // Its layer was closed while it ran: the end is told all the same.
                let title = outcome.steps.first().map_or("", |step| step.what.as_str());
                let (tone, word) = match outcome.ended {
                    Ended::Done => (Tone::Good, "done"),
                    Ended::DoneHere => (Tone::Warn, "done here, not on the partner"),
                    Ended::Partly => (Tone::Bad, "only partly done"),
                    Ended::Nothing => (Tone::Bad, "not done"),
                    Ended::Unknown => (Tone::Bad, "nobody knows whether it was done"),
                };
                effects.extend(self.act(Action::Toast(tone, format!("{title}: {word}"))));
            }
            _ => {}
        }
        effects
    }

    /// The table of a place, whether it is shown or was left.
    fn table_at(&mut self, place: &Place) -> Option<&mut Table> {
        match *place == self.place {
            true => Some(&mut self.table),
            false => self.tables.get_mut(place),
        }
    }

    /// What came of a job is kept where it is worth telling.
    fn note_end(&mut self, message: &JobMessage, title: &str, shown: bool) {
        let at = self.world.now;
        let end = match &message.said {
            Said::CarriedOut(outcome) => Some(End::of(title, outcome, at)),
            Said::Failed(why) if shown => Some(End::failed(title, why, at)),
            Said::Retrieved if shown => Some(End::done(title, at)),
            _ => None,
        };
        Arc::make_mut(&mut self.world.work).end(message.job, end);
    }

    /// Has a layer do something, and does what it answers.
    pub(super) fn layer(
        &mut self,
        place: usize,
        work: impl FnOnce(
            &mut dyn crate::console::layers::Layer,
            &crate::console::world::World,
        ) -> Reply,
    ) -> Vec<Effect> {
        self.changed = true;
        let Some(opened) = self.layers.get_mut(place) else {
            return Vec::new();
        };
        let number = opened.number;
        let reply = work(opened.layer.as_mut(), &self.world);
        self.replied(number, reply)
    }

    pub(super) fn replied(&mut self, number: u64, reply: Reply) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(request) = reply.ask {
            let effect = self.spawn(request, Some(number));
            let job = self.next_job;
            let opened = self
                .layers
                .iter_mut()
                .find(|opened| opened.number == number);
            if let Some(opened) = opened {
                opened.layer.asked(job);
            }
            effects.push(effect);
        }
        for action in reply.actions {
            // A layer that says close means itself, also when another has opened above it.
            effects.extend(match action {
                Action::Close => {
                    self.layers.retain(|opened| opened.number != number);
                    Vec::new()
                }
                other => self.act(other),
            });
        }
        effects
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        self.touched = true;
        let (column, row) = (mouse.column, mouse.row);
        let Some((target, _)) = self.drawn.hits.at(column, row) else {
            return Vec::new();
        };
        let target = target.clone();
        if !self.is_as_drawn() {
            return Vec::new();
        }
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(&target, -3),
            MouseEventKind::ScrollDown => self.wheel(&target, 3),
            MouseEventKind::Down(MouseButton::Left) => {
                let before = self.pressed.replace((self.world.now, column, row));
                let twice = before.is_some_and(|(at, x, y)| {
                    (x, y) == (column, row) && self.world.now.duration_since(at) < DOUBLE_CLICK
                });
                let click = if twice { Click::Twice } else { Click::Once };
                self.click(&target, click, mouse)
            }
            MouseEventKind::Down(MouseButton::Right) => self.click(&target, Click::Right, mouse),
            MouseEventKind::Drag(MouseButton::Left) => match target {
                Target::Spot(_) | Target::Scrollbar => self.click(&target, Click::Drag, mouse),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn wheel(&mut self, target: &Target, lines: isize) -> Vec<Effect> {
        self.changed = true;
        if let Some(top) = self.layers.len().checked_sub(1) {
            return self.layer(top, |layer, world| layer.wheel(lines, world));
        }
        match target {
            Target::Details | Target::Tab(_) => self.scroll_details(lines),
            Target::Nav(_) => {}
            _ => self.table.scroll_by(lines),
        }
        Vec::new()
    }

    fn click(&mut self, target: &Target, click: Click, mouse: MouseEvent) -> Vec<Effect> {
        self.changed = true;
        self.toasts.retain(|toast| toast.until.is_some());
        if let Some(top) = self.layers.len().checked_sub(1) {
            return match target {
                Target::Spot(u32::MAX) => Vec::new(),
                Target::Spot(spot) => {
                    let spot = *spot;
                    self.layer(top, |layer, world| layer.click(spot, click, world))
                }
                _ => self.layer(top, |layer, world| layer.clicked_outside(world)),
            };
        }
        let at = Position::new(mouse.column, mouse.row);
        match target {
            Target::Row(place) => {
                let Some(place) = &self.row_drawn_at(*place) else {
                    return Vec::new();
                };
                self.focus = Focus::Table;
                if click == Click::Right {
                    // The menu is that of the row under the pointer; marks stay where it is one of them.
                    self.table.go(*place);
                    let marked = self
                        .table
                        .subject()
                        .is_some_and(|row| self.table.is_marked(row));
                    if !marked {
                        self.table.clear_marks();
                    }
                    return self.act(Action::Show(Opening::Menu(Some(at))));
                }
                if mouse.modifiers.contains(KeyModifiers::SHIFT) {
                    let place = *place;
                    self.note(|table| table.mark_range_to(place));
                    return Vec::new();
                }
                self.table.go(*place);
                if mouse.modifiers.contains(KeyModifiers::CONTROL) {
                    self.table.toggle_mark_at(*place);
                } else if click == Click::Twice {
                    return self.act(Action::Move(Motion::Details));
                }
                Vec::new()
            }
            Target::Header(column) => self.act(match click {
                Click::Right => Action::Show(Opening::Columns),
                _ => Action::Move(Motion::Sort(*column)),
            }),
            Target::Scrollbar => {
                self.scroll_to(mouse.row);
                Vec::new()
            }
            Target::FilterBar => {
                self.focus = Focus::Filter;
                Vec::new()
            }
            Target::Details => {
                self.focus = Focus::Details;
                Vec::new()
            }
            Target::Tab(tab) => {
                if let Some(details) = &mut self.details {
                    (details.tab, details.scroll) = (*tab, 0);
                }
                self.focus = Focus::Details;
                Vec::new()
            }
            Target::Nav(node) => self.act(Action::Go(Place::of(*node))),
            Target::Command(id) => self.run(id),
            Target::Table | Target::Spot(_) | Target::Shield => Vec::new(),
        }
    }

    fn scroll_to(&mut self, row: u16) {
        let Some(track) = self.drawn.hits.area_of(&Target::Scrollbar) else {
            return;
        };
        let high = usize::from(track.height.saturating_sub(1)).max(1);
        let at = usize::from(row.saturating_sub(track.y)).min(high);
        let last = self.table.order().len().saturating_sub(1);
        self.table.go(last * at / high);
    }
}
