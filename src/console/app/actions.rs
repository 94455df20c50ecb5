//! Actions: what each changes.

use jiff::SignedDuration;
use ratatui::layout::Position;

use super::{App, Details, Focus, Opened, Toast, Toast as Said};
use crate::console::action::{Action, Effect, Motion, Opening};
use crate::console::command;
use crate::console::draw::Target;
use crate::console::jobs::JobRequest;
use crate::console::layers::Layer;
use crate::console::layers::columns::Columns;
use crate::console::layers::help::Help;
use crate::console::layers::menu::{Item, Menu};
use crate::console::layers::message::Message;
use crate::console::layers::plan::PlanLayer;
use crate::console::place::{Node, Place, ServerType};
use crate::console::subject::Subject;
use crate::console::table::{Table, Tone};
use crate::console::views;
use crate::model::plan::Intent;
use crate::model::server::ServerRole;

/// An error of more characters is a message that waits, and no toast.
const TOO_LONG: usize = 240;

/// So long a toast stays.
const TOAST: SignedDuration = SignedDuration::from_secs(6);

impl App {
    /// Does several things, in order.
    pub fn acts(&mut self, actions: Vec<Action>) -> Vec<Effect> {
        let each = actions.into_iter().flat_map(|action| self.act(action));
        each.collect()
    }

    /// Does one thing.
    pub fn act(&mut self, action: Action) -> Vec<Effect> {
        self.changed = true;
        match action {
            Action::Run(id) => return self.run(id),
            Action::Show(opening) => return self.show(opening),
            Action::Move(motion) => return self.motion(motion),
            Action::Open(layer) => return self.open(layer),
            Action::Close => {
                self.layers.pop();
            }
            Action::CloseThrough(name) => {
                let lowest = self
                    .layers
                    .iter()
                    .rposition(|open| open.layer.name() == name);
                self.layers
                    .truncate(lowest.unwrap_or(self.layers.len().saturating_sub(1)));
            }
            Action::Go(place) => return self.go(place),
            Action::Jump(subject) => return self.jump(&subject),
            Action::Back => return self.back(),
            Action::Do(intent) => return self.open(Box::new(PlanLayer::of(intent, false))),
            Action::CarryOut(plan) => {
                let request = JobRequest::CarryOut(plan);
                return vec![self.spawn(request, None)];
            }
            Action::Undo(plan) => {
                return self.open(Box::new(PlanLayer::of(Intent::Undo { plan }, true)));
            }
            Action::Ask(request) => return vec![self.spawn(request, None)],
            Action::Cancel(job) => return vec![Effect::Cancel(job)],
            Action::Retrieve(servers) => {
                return vec![self.spawn(JobRequest::Retrieve(servers), None)];
            }
            Action::Toast(Tone::Bad, text) if text.chars().count() > TOO_LONG => {
                return self.open(Box::new(Message::new("This went wrong", text)));
            }
            Action::Toast(tone, text) => self.toast(tone, text),
            Action::Copy(text) => {
                let more = text.lines().count().saturating_sub(1);
                let said = match (text.lines().next().unwrap_or_default(), more) {
                    (first, 0) => format!("Copied: {first}"),
                    (first, more) => format!("Copied: {first} and {more} more"),
                };
                self.toast(Tone::Plain, said);
                return vec![Effect::Copy(text)];
            }
            Action::CopyRows => {
                let rows = self.rows_as_text();
                if !rows.is_empty() {
                    return self.act(Action::Copy(rows));
                }
            }
            Action::Filter(text) => {
                self.filter = text.into();
                return self.narrow();
            }
            Action::Prefer(preferences) => return self.prefer(*preferences),
            Action::ToggleMouse => {
                self.mouse = !self.mouse;
                let said = match self.mouse {
                    true => "The mouse is the console's again",
                    false => {
                        "The mouse is the terminal's: select and copy as you like; the same key takes it back"
                    }
                };
                self.toast(Tone::Plain, said.to_owned());
                return vec![Effect::Mouse(self.mouse)];
            }
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Quit => return vec![Effect::Quit],
        }
        Vec::new()
    }

    /// Says that something went wrong outside of the console's own work.
    pub fn say(&mut self, text: String) {
        self.toast(Tone::Bad, text);
        self.changed = true;
    }

    fn toast(&mut self, tone: Tone, text: String) {
        // What went wrong stays until a key is pressed; two that say the same are one.
        let until = match tone {
            Tone::Bad => None,
            _ => self.world.now.checked_add(TOAST).ok(),
        };
        self.toasts.retain(|known: &Said| known.text != text);
        let outcome = self.telling_outcome;
        self.toasts.push(Toast {
            tone,
            text,
            until,
            outcome,
        });
        let surplus = self.toasts.len().saturating_sub(3);
        self.toasts.drain(..surplus);
    }

    /// The selected rows: a line each, with a tab between two columns.
    fn rows_as_text(&self) -> String {
        let source = self.table.source();
        let line = |row: usize| {
            let cells = 0..source.columns().len();
            let cells = cells.map(|column| source.cell(row, column, &self.world).text.into_owned());
            cells.collect::<Vec<String>>().join("\t")
        };
        let rows = self.table.selected().iter();
        let rows = rows.filter_map(|row| source.find(row, 0)).map(line);
        rows.collect::<Vec<String>>().join("\n")
    }

    fn open(&mut self, mut layer: Box<dyn Layer>) -> Vec<Effect> {
        let reply = layer.opened(&self.world);
        self.next_layer += 1;
        self.layers.push(Opened {
            number: self.next_layer,
            layer,
        });
        self.replied(self.next_layer, reply)
    }

    fn motion(&mut self, motion: Motion) -> Vec<Effect> {
        match motion {
            Motion::Rows(by) => match self.focus {
                Focus::Navigation => return self.step_node(by),
                Focus::Details => self.scroll_details(by),
                Focus::Table | Focus::Filter => self.table.move_by(by),
            },
            Motion::Pages(by) => match self.focus {
                Focus::Details => self.scroll_details(by * 8),
                _ => {
                    let page = isize::try_from(self.table.page()).unwrap_or(1);
                    self.table.move_by(by * (page - 1).max(1));
                }
            },
            Motion::First => match self.focus {
                Focus::Details => self.scroll_details(isize::MIN),
                _ => self.table.go(0),
            },
            Motion::Last => self.table.go(usize::MAX),
            Motion::Left => match (self.focus, &mut self.details) {
                (Focus::Details, Some(details)) if details.tab > 0 => {
                    (details.tab, details.scroll) = (details.tab - 1, 0);
                }
                (Focus::Details, _) => {}
                _ => self.focus = Focus::Navigation,
            },
            Motion::Right => {
                let tabs = views::spec(self.place.view).tabs.len();
                match (self.focus, &mut self.details) {
                    (Focus::Details, Some(details)) if details.tab + 1 < tabs => {
                        (details.tab, details.scroll) = (details.tab + 1, 0);
                    }
                    (Focus::Details, _) => {}
                    _ => self.focus = Focus::Table,
                }
            }
            Motion::NextPane => {
                self.focus = match (self.focus, self.details.is_some()) {
                    (Focus::Navigation, _) => Focus::Table,
                    (Focus::Table | Focus::Filter, true) => Focus::Details,
                    _ => Focus::Navigation,
                };
            }
            Motion::PreviousPane => {
                self.focus = match (self.focus, self.details.is_some()) {
                    (Focus::Navigation, true) => Focus::Details,
                    (Focus::Navigation, false) | (Focus::Details, _) => Focus::Table,
                    (Focus::Table | Focus::Filter, _) => Focus::Navigation,
                };
            }
            Motion::FilterBar => self.focus = Focus::Filter,
            Motion::Details => {
                if self.focus == Focus::Navigation {
                    self.focus = Focus::Table;
                } else {
                    match self.details {
                        Some(_) => self.close_details(),
                        None => self.details = Some(Details::default()),
                    }
                }
            }
            Motion::Mark => self.table.toggle_mark(),
            Motion::MarkAll => self.note(Table::toggle_all_marks),
            Motion::MarkRows(by) => self.note(|table| table.mark_range_by(by)),
            Motion::Sort(column) => {
                let request = self.table.sort_by(column, &self.world);
                let mut effects = self.remember_sort();
                effects.extend(request.map(|request| self.spawn(request, None)));
                return effects;
            }
        }
        Vec::new()
    }

    fn close_details(&mut self) {
        self.details = None;
        if self.focus == Focus::Details {
            self.focus = Focus::Table;
        }
    }

    /// Has the table do something, and says why it did not.
    pub(super) fn note(&mut self, work: impl FnOnce(&mut Table) -> Option<&'static str>) {
        if let Some(why) = work(&mut self.table) {
            self.toast(Tone::Warn, why.to_owned());
        }
    }

    pub(super) fn scroll_details(&mut self, by: isize) {
        if let Some(details) = &mut self.details {
            let end = self.drawn.hits.details_end;
            details.scroll = details.scroll.saturating_add_signed(by).min(end);
        }
    }

    fn step_node(&mut self, by: isize) -> Vec<Effect> {
        let here = Node::ALL.iter().position(|node| *node == self.place.node);
        let next = here
            .unwrap_or(0)
            .saturating_add_signed(by)
            .min(Node::ALL.len() - 1);
        match Node::ALL.get(next) {
            Some(node) if *node != self.place.node => {
                let effects = self.go(Place::of(*node));
                self.focus = Focus::Navigation;
                effects
            }
            _ => Vec::new(),
        }
    }

    /// Goes somewhere; back leads here again.
    fn go(&mut self, place: Place) -> Vec<Effect> {
        if place == self.place {
            self.focus = Focus::Table;
            return Vec::new();
        }
        self.trail.push(self.place.clone());
        self.arrive(place)
    }

    fn arrive(&mut self, place: Place) -> Vec<Effect> {
        let left = std::mem::replace(&mut self.place, place);
        if left.node == Node::Servers {
            self.views.insert(left.server_type, left.view);
        }
        let table = match self.tables.remove(&self.place) {
            Some(known) => known,
            None => self.fresh_table(),
        };
        let left_table = std::mem::replace(&mut self.table, table);
        self.tables.insert(left, left_table);
        self.filter = self.table.filter().text().to_owned().into();
        self.focus = Focus::Table;
        if let Some(details) = &mut self.details {
            *details = Details::default();
        }
        self.refresh()
    }

    fn back(&mut self) -> Vec<Effect> {
        // What was opened last is left first.
        if self.details.is_some() && self.focus != Focus::Navigation {
            self.close_details();
            return Vec::new();
        }
        if !self.table.filter().is_empty() {
            self.filter.reset();
            return self.narrow();
        }
        if self.table.marked() > 0 {
            self.table.clear_marks();
            return Vec::new();
        }
        match self.trail.pop() {
            Some(place) => self.arrive(place),
            None => Vec::new(),
        }
    }

    /// Goes to a row: its view, with the cursor on it.
    fn jump(&mut self, subject: &Subject) -> Vec<Effect> {
        let mut place = Place::showing(subject.view());
        if let Subject::Reservation(server, scope, _) | Subject::Lease(server, scope, _) = subject {
            place.within = Some(Subject::Scope(server.clone(), *scope));
        }
        if let Subject::Server(_, ServerRole::Dns) = subject {
            place.server_type = ServerType::Both;
        }
        let mut effects = self.go(place);
        if !self.table.select(subject) {
            // It may be filtered out: what was asked for comes first.
            self.filter.reset();
            effects.extend(self.narrow());
            self.table.select(subject);
        }
        effects
    }

    fn show(&mut self, opening: Opening) -> Vec<Effect> {
        let layer: Box<dyn Layer> = match opening {
            Opening::Menu(at) => {
                let items = self.menu_items();
                if items.is_empty() {
                    self.toast(Tone::Plain, "There is no menu here".to_owned());
                    return Vec::new();
                }
                let under = self
                    .drawn
                    .hits
                    .cursor_row
                    .map(|row| Position::new(row.x + 4, row.y + 1));
                let table = Position::new(1, 4);
                let at = at.or(under).unwrap_or(table);
                Box::new(Menu::new(self.menu_title(), items, at))
            }
            Opening::ServerType => {
                if self.place.node != Node::Servers {
                    let said = "Server Type is a selector of DNS and DHCP Servers".to_owned();
                    self.toast(Tone::Plain, said);
                    return Vec::new();
                }
                let items = ServerType::ALL.into_iter().map(|server_type| {
                    let mut place = self.place.with_server_type(server_type);
                    // Each type has its own views: the one that was last open there opens again.
                    if server_type != self.place.server_type
                        && let Some(view) = self.views.get(&server_type)
                    {
                        place = place.with_view(*view);
                    }
                    let mut item = Item::new(server_type.label(), vec![Action::Go(place)]);
                    item.current = server_type == self.place.server_type;
                    item
                });
                Box::new(Menu::new(
                    "Server Type",
                    items.collect(),
                    self.under("server-type"),
                ))
            }
            Opening::View => {
                let views = self.place.node.views(self.place.server_type);
                let items = views.iter().map(|view| {
                    let place = self.place.with_view(*view);
                    let mut item = Item::new(view.label(), vec![Action::Go(place)]);
                    item.current = *view == self.place.view;
                    item
                });
                let title = match self.place.node {
                    Node::Scopes => "Current view",
                    _ => "View",
                };
                Box::new(Menu::new(title, items.collect(), self.under("view")))
            }
            Opening::Palette => Box::new(self.palette()),
            Opening::Help => Box::new(Help::new(&self.keymap, self.place.view)),
            Opening::Columns | Opening::Sort if self.table.source().columns().is_empty() => {
                self.toast(Tone::Plain, "There is no table here".to_owned());
                return Vec::new();
            }
            Opening::Columns => {
                let taste = self.preferences.clone();
                Box::new(Columns::new(self.place.view, &self.table, taste))
            }
            Opening::Sort => Box::new(self.sorts()),
            Opening::Theme => Box::new(self.themes()),
        };
        self.open(layer)
    }

    /// What a menu is about, since it may cover its row.
    fn menu_title(&self) -> String {
        match self.selection().rows.as_slice() {
            [] => String::new(),
            [one] => one.to_string(),
            rows => format!("{} rows", rows.len()),
        }
    }

    /// The menu of what is selected: the view's commands, in IPAM's order.
    pub(super) fn menu_items(&self) -> Vec<Item> {
        let selection = self.selection();
        let commands = views::spec(self.place.view).menu.iter();
        let commands = commands.filter_map(|id| command::find(id));
        let commands = commands.filter(|known| known.is_offered(&self.world, &selection));
        let items = commands.map(|command| {
            let mut item = Item::new(command.title, vec![Action::Run(command.id)]);
            item.refused = command.refusal(&self.world, &selection);
            let key = self.keymap.keys(command.id).first();
            item.key = key.map(ToString::to_string).unwrap_or_default();
            item
        });
        items.collect()
    }

    /// Just below what a command's selector was drawn as.
    pub(super) fn under(&self, id: command::Id) -> Position {
        let area = self.drawn.hits.area_of(&Target::Command(id));
        area.map_or(Position::new(1, 2), |area| {
            Position::new(area.x, area.y + 1)
        })
    }
}
