//! A menu: items one below the other, those that can't run dimmed with their reason.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Position, Rect};

use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role, width};
use crate::console::keymap::Chord;
use crate::console::table::Tone;
use crate::console::world::World;

/// An item of a menu.
#[derive(Debug)]
pub struct Item {
    /// What it says.
    pub label: String,
    /// What stands at its right: its key.
    pub key: String,
    /// Why it can't be chosen.
    pub refused: Option<String>,
    /// Whether it is what is chosen already, in a selector.
    pub current: bool,
    /// What follows when it is chosen.
    pub actions: Vec<Action>,
}

impl Item {
    /// An item that can be chosen.
    #[must_use]
    pub fn new(label: impl Into<String>, actions: Vec<Action>) -> Item {
        Item {
            label: label.into(),
            key: String::new(),
            refused: None,
            current: false,
            actions,
        }
    }
}

/// A menu that hangs at a position.
#[derive(Debug)]
pub struct Menu {
    title: String,
    items: Vec<Item>,
    /// Where it hangs; `None`: it stands in the middle.
    at: Option<Position>,
    focus: usize,
}

impl Menu {
    /// A menu; the focus begins on the current item, or on the first that can be chosen.
    #[must_use]
    pub fn new(title: impl Into<String>, items: Vec<Item>, at: Position) -> Menu {
        let current = items.iter().position(|item| item.current);
        let open = items.iter().position(|item| item.refused.is_none());
        Menu {
            title: title.into(),
            items,
            at: Some(at),
            focus: current.or(open).unwrap_or(0),
        }
    }

    /// A menu that stands in the middle of the screen: a question that no place belongs to.
    #[must_use]
    pub fn centred(title: impl Into<String>, items: Vec<Item>) -> Menu {
        let mut menu = Menu::new(title, items, Position::ORIGIN);
        menu.at = None;
        menu
    }

    fn step(&mut self, by: isize) {
        let count = self.items.len().max(1);
        let place = self.focus.saturating_add_signed(by + count.cast_signed());
        self.focus = place % count;
    }

    fn choose(&mut self) -> Reply {
        let Some(item) = self.items.get_mut(self.focus) else {
            return Reply::close();
        };
        if let Some(why) = &item.refused {
            let said = format!("{}: {why}", item.label);
            return Reply::act(Action::Toast(Tone::Warn, said));
        }
        let mut actions = vec![Action::Close];
        actions.append(&mut item.actions);
        Reply::acts(actions)
    }

    fn area(&self, screen: Rect) -> Rect {
        let widest = |of: fn(&Item) -> &str| self.items.iter().map(|item| width(of(item))).max();
        let labels = widest(|item| &item.label).unwrap_or(0);
        let keys = widest(|item| &item.key).unwrap_or(0);
        let wide = (labels + keys + 7)
            .max(width(&self.title) + 6)
            .min(screen.width);
        let high = u16::try_from(self.items.len() + 2).unwrap_or(u16::MAX);
        let high = high.min(screen.height);
        let middle = Position::new(
            screen.x + (screen.width - wide) / 2,
            screen.y + (screen.height - high) / 2,
        );
        let at = self.at.unwrap_or(middle);
        Rect {
            x: at.x.min(screen.right().saturating_sub(wide)),
            y: at.y.min(screen.bottom().saturating_sub(high)),
            width: wide,
            height: high,
        }
    }
}

impl Layer for Menu {
    fn name(&self) -> &'static str {
        "menu"
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        // The key that stands beside an item does what it says.
        let pressed = Chord::of(&key).map(|chord| chord.to_string());
        if let Some(pressed) = pressed.filter(|pressed| !pressed.is_empty()) {
            let named = self.items.iter().position(|item| item.key == pressed);
            if let Some(place) = named {
                self.focus = place;
                return self.choose();
            }
        }
        match key.code {
            KeyCode::Esc | KeyCode::Left => return Reply::close(),
            KeyCode::Up | KeyCode::BackTab => self.step(-1),
            KeyCode::Down | KeyCode::Tab => self.step(1),
            KeyCode::Home | KeyCode::PageUp => self.focus = 0,
            KeyCode::End | KeyCode::PageDown => self.focus = self.items.len().saturating_sub(1),
            KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Right => return self.choose(),
            KeyCode::Char(letter) => {
                // The next item that begins with it; j, k and q mean what they mean elsewhere
                // only where no item does.
                let begins = |place: &usize| {
                    let label = self.items.get(*place).map(|item| item.label.chars().next());
                    let first = label.flatten();
                    first.is_some_and(|first| first.eq_ignore_ascii_case(&letter))
                };
                let count = self.items.len();
                let next = (1..=count).map(|by| (self.focus + by) % count.max(1));
                match (
                    next.filter(begins).map(|place| place.to_owned()).next(),
                    letter,
                ) {
                    (Some(place), _) => self.focus = place,
                    (None, 'j') => self.step(1),
                    (None, 'k') => self.step(-1),
                    (None, 'q') => return Reply::close(),
                    (None, _) => {}
                }
            }
            _ => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, _world: &World) -> Reply {
        match usize::try_from(spot)
            .ok()
            .filter(|place| *place < self.items.len())
        {
            Some(place) => {
                self.focus = place;
                if click == Click::Drag {
                    return Reply::consumed();
                }
                self.choose()
            }
            None => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.step(lines.signum());
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let area = self.area(screen);
        let inner = canvas.popup(screen, area, &self.title);
        let visible = usize::from(inner.height);
        let from = (self.focus + 1).saturating_sub(visible);
        for (place, item) in self.items.iter().enumerate().skip(from).take(visible) {
            let Ok(line) = u16::try_from(place - from) else {
                break;
            };
            let row = Rect::new(inner.x, inner.y + line, inner.width, 1);
            let role = match (place == self.focus, &item.refused) {
                (true, _) => Role::Cursor,
                (false, Some(_)) => Role::Disabled,
                (false, None) => Role::Text,
            };
            let style = canvas.style(role);
            canvas.buffer.set_style(row, style);
            let current = if item.current {
                canvas.theme.glyphs.done
            } else {
                " "
            };
            canvas.text(row.x, row.y, 1, current, style);
            canvas.text(row.x + 1, row.y, row.width - 1, &item.label, style);
            if !item.key.is_empty() {
                let key = match (place == self.focus, &item.refused) {
                    (false, None) => canvas.style(Role::Key),
                    _ => style,
                };
                canvas.text_right(row.x, row.y, row.width - 1, &item.key, key);
            }
            if let Ok(spot) = u32::try_from(place) {
                canvas.spot(row, spot);
            }
        }
    }
}
