//! Help: every command with its keys, as the command table and the operator's keymap have them.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use tui_input::Input;

use super::list;
use super::{Click, Layer, Reply};
use crate::console::command::{self, Command, Where};
use crate::console::draw::{Canvas, Role, width, wrap};
use crate::console::keymap::Keymap;
use crate::console::place::View;
use crate::console::world::World;

/// What commands are about, as help groups them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "each is its label")]
pub enum Section {
    Move,
    Find,
    Look,
    Servers,
    Scopes,
    Reservations,
    Failover,
    Program,
}

impl Section {
    /// All of them, in help's order.
    pub const ALL: [Section; 8] = [
        Section::Move,
        Section::Find,
        Section::Look,
        Section::Servers,
        Section::Scopes,
        Section::Reservations,
        Section::Failover,
        Section::Program,
    ];

    /// Its label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Section::Move => "Move",
            Section::Find => "Find",
            Section::Look => "Look",
            Section::Servers => "Servers",
            Section::Scopes => "Scopes",
            Section::Reservations => "Reservations and leases",
            Section::Failover => "Failover",
            Section::Program => "Program",
        }
    }

    /// Where a command belongs: the console's own by name, the others by what they are about.
    #[must_use]
    pub fn of(command: &Command) -> Section {
        match command.id {
            "up" | "down" | "page-up" | "page-down" | "first" | "last" | "left" | "right"
            | "next-pane" | "previous-pane" | "back" | "details" | "mark" | "mark-all"
            | "mark-up" | "mark-down" | "menu" => return Section::Move,
            "filter" | "palette" | "search" | "who-has" | "journal" => return Section::Find,
            "server-type" | "view" | "columns" | "sort" | "theme" | "compare" => {
                return Section::Look;
            }
            "retrieve-all" => return Section::Servers,
            "help" | "jobs" | "undo" | "mouse" | "redraw" | "suspend" | "quit" => {
                return Section::Program;
            }
            _ => {}
        }
        let has = |words: &[&str]| words.iter().any(|word| command.id.contains(word));
        if has(&["copy", "go-", "map"]) {
            Section::Look
        } else if has(&[
            "failover",
            "partner",
            "relationship",
            "replicate",
            "sync",
            "maintenance",
            "compare",
        ]) {
            Section::Failover
        } else if has(&["reservation", "lease"]) {
            Section::Reservations
        } else if has(&["scope", "option", "polic", "range"]) {
            Section::Scopes
        } else if has(&["server", "filter", "retrieve", "group"]) {
            Section::Servers
        } else {
            match command.place {
                Where::In(views) => of_view(views.first().copied()),
                Where::Anywhere => Section::Program,
            }
        }
    }
}

fn of_view(view: Option<View>) -> Section {
    match view {
        Some(View::ServerProperties | View::Filters | View::ServerGroups) => Section::Servers,
        Some(View::Reservations | View::Leases) => Section::Reservations,
        Some(View::FailoverRelationships) => Section::Failover,
        Some(View::ScopeProperties | View::SuperscopeProperties | View::Policies) => {
            Section::Scopes
        }
        Some(View::EventCatalog | View::AccessControl) | None => Section::Program,
    }
}

/// A command with its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyLine {
    /// Where it belongs.
    pub section: Section,
    /// Its name, as the keymap file calls it.
    pub id: &'static str,
    /// Its keys, separated by commas; empty: none.
    pub keys: String,
    /// Its title.
    pub title: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Where it exists.
    pub place: Where,
}

/// Every command with its keys, section by section.
#[must_use]
pub fn keys_table(keymap: &Keymap) -> Vec<KeyLine> {
    let mut lines: Vec<KeyLine> = command::all()
        .map(|command| KeyLine {
            section: Section::of(command),
            id: command.id,
            keys: keys(keymap, command.id),
            title: command.title,
            help: command.help,
            place: command.place,
        })
        .collect();
    lines.sort_by_key(|line| line.section);
    lines
}

/// A command's keys, separated by commas.
#[must_use]
pub fn keys(keymap: &Keymap, id: &str) -> String {
    let keys: Vec<String> = keymap.keys(id).iter().map(ToString::to_string).collect();
    keys.join(", ")
}

/// The table in Markdown, as the README has it.
#[must_use]
pub fn markdown(keymap: &Keymap) -> String {
    let mut text = String::from("| key | command | what it does |\n| --- | --- | --- |\n");
    let mut section = None;
    let escaped = |text: &str| text.replace('|', "\\|");
    for line in keys_table(keymap) {
        if section.replace(line.section) != Some(line.section) {
            text.push_str(&format!("| | **{}** | |\n", line.section.label()));
        }
        let keys: Vec<String> = keymap
            .keys(line.id)
            .iter()
            .map(|key| format!("`{}`", escaped(&key.to_string())))
            .collect();
        let (keys, title, help) = (keys.join(" "), escaped(line.title), escaped(line.help));
        text.push_str(&format!("| {keys} | {title} (`{}`) | {help} |\n", line.id));
    }
    text
}

/// The help layer.
#[derive(Debug)]
pub struct Help {
    /// Under headings, those of the view first.
    groups: Vec<(String, Vec<KeyLine>)>,
    input: Input,
    scroll: usize,
}

impl Help {
    /// Help for a view.
    #[must_use]
    pub fn new(keymap: &Keymap, view: View) -> Help {
        let is_here =
            |line: &KeyLine| matches!(line.place, Where::In(views) if views.contains(&view));
        let (here, others): (Vec<KeyLine>, Vec<KeyLine>) =
            keys_table(keymap).into_iter().partition(is_here);
        let mut groups = vec![(format!("In {}", view.label()), here)];
        for section in Section::ALL {
            let of_it = others.iter().filter(|line| line.section == section);
            groups.push((section.label().to_owned(), of_it.cloned().collect()));
        }
        Help {
            groups,
            input: Input::default(),
            scroll: 0,
        }
    }

    /// The lines that have what was typed, wrapped for a width: text with its role, by column.
    fn lines(&self, wide: u16) -> Vec<[(String, Role); 3]> {
        let typed = self.input.value().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let wanted = |line: &KeyLine| {
            let text = format!("{} {} {} {}", line.keys, line.title, line.help, line.id);
            let text = text.to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let room = help_room(wide);
        let mut lines = Vec::new();
        let nothing = || (String::new(), Role::Text);
        for (heading, group) in &self.groups {
            let group: Vec<&KeyLine> = group.iter().filter(|line| wanted(line)).collect();
            if group.is_empty() {
                continue;
            }
            if !lines.is_empty() {
                lines.push([nothing(), nothing(), nothing()]);
            }
            lines.push([(heading.clone(), Role::Title), nothing(), nothing()]);
            for line in group {
                let place = match line.place {
                    Where::In(views) if !heading.starts_with("In ") => {
                        let views: Vec<&str> = views.iter().map(|view| view.label()).collect();
                        format!(" (In {}.)", views.join(", "))
                    }
                    _ => String::new(),
                };
                let mut help = wrap(&format!("{}{place}", line.help), room).into_iter();
                let first = help.next().unwrap_or_default();
                lines.push([
                    (line.keys.clone(), Role::Key),
                    (line.title.to_owned(), Role::Text),
                    (first, Role::Dim),
                ]);
                lines.extend(help.map(|more| [nothing(), nothing(), (more, Role::Dim)]));
            }
        }
        lines
    }

    fn scroll_by(&mut self, lines: isize) {
        self.scroll = self.scroll.saturating_add_signed(lines);
        // A line is never narrower than this, so there are never more of them.
        let most = self.lines(60).len().saturating_sub(4);
        self.scroll = self.scroll.min(most);
    }
}

/// The keys' column, and the titles', in so much room.
fn columns(wide: u16) -> (u16, u16) {
    match wide >= 90 {
        true => (18, 34),
        false => (12, 20),
    }
}

fn help_room(wide: u16) -> u16 {
    let (keys, titles) = columns(wide);
    wide.saturating_sub(keys + titles + 3).max(12)
}

impl Layer for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::F(1) => return Reply::close(),
            KeyCode::Up => self.scroll_by(-1),
            KeyCode::Down => self.scroll_by(1),
            KeyCode::PageUp => self.scroll_by(-15),
            KeyCode::PageDown => self.scroll_by(15),
            KeyCode::Home => self.scroll = 0,
            KeyCode::End => self.scroll_by(isize::MAX / 2),
            _ => {
                if list::typed(&mut self.input, key) {
                    self.scroll = 0;
                }
            }
        }
        Reply::consumed()
    }

    fn click(&mut self, _spot: u32, _click: Click, _world: &World) -> Reply {
        Reply::consumed()
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.scroll_by(lines);
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, _world: &World) -> Reply {
        list::pasted(&mut self.input, text);
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 116.min(screen.width.saturating_sub(4));
        let high = screen.height.saturating_sub(4);
        let inner = canvas.modal(screen, wide, high, "Help");
        let line = Rect { height: 1, ..inner };
        let empty = "type to find · arrows scroll · Esc closes";
        list::draw_input(canvas, line, " Find: ", &self.input, empty);
        let area = Rect {
            x: inner.x + 1,
            y: inner.y + 2,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
        };
        let lines = self.lines(area.width);
        if lines.is_empty() {
            let dim = canvas.style(Role::Dim);
            canvas.text(area.x, area.y, area.width, "No command has that.", dim);
        }
        let last = lines.len().saturating_sub(usize::from(area.height));
        let (wide_keys, wide_titles) = columns(area.width);
        let shown = lines.iter().skip(self.scroll.min(last));
        for ([keys, title, help], y) in shown.zip(area.top()..area.bottom()) {
            let heading = keys.1 == Role::Title;
            let style = canvas.style(keys.1);
            let room = if heading { area.width } else { wide_keys };
            canvas.text(area.x, y, room, &keys.0, style);
            let style = canvas.style(title.1);
            canvas.text(area.x + wide_keys + 1, y, wide_titles, &title.0, style);
            let style = canvas.style(help.1);
            let x = area.x + wide_keys + wide_titles + 2;
            canvas.text(x, y, area.right().saturating_sub(x), &help.0, style);
        }
        if last > self.scroll {
            let more = canvas.theme.glyphs.more;
            let dim = canvas.style(Role::Dim);
            let wide = width(more);
            canvas.text(
                area.right().saturating_sub(wide),
                area.bottom() - 1,
                wide,
                more,
                dim,
            );
        }
    }
}
