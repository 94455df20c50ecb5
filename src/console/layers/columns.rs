//! The column chooser: which columns of a view are shown, in which order, and by which it is sorted.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role, width};
use crate::console::place::View;
use crate::console::preferences::{Preferences, ViewPreferences};
use crate::console::table::{ColumnSpec, Table, Tone};
use crate::console::world::World;

/// The number of the first button's spot; those before are columns.
const BUTTONS: u32 = 1000;

/// A column.
#[derive(Clone, PartialEq, Debug)]
struct Choice {
    name: &'static str,
    shown: bool,
}

/// The column chooser.
#[derive(Debug)]
pub struct Columns {
    view: View,
    /// Those that are shown first, in their order.
    choices: Vec<Choice>,
    /// As they are until somebody changes them.
    defaults: Vec<Choice>,
    sort: Option<&'static str>,
    descending: bool,
    focus: usize,
    preferences: Preferences,
}

impl Columns {
    /// The columns of a view's table.
    #[must_use]
    pub fn new(view: View, table: &Table, preferences: Preferences) -> Columns {
        let specs = table.source().columns();
        let shown = table.shown().iter().filter_map(|place| specs.get(*place));
        let mut choices: Vec<Choice> = shown
            .map(|spec| Choice {
                name: spec.name,
                shown: true,
            })
            .collect();
        for spec in specs {
            if choices.iter().all(|choice| choice.name != spec.name) {
                choices.push(Choice {
                    name: spec.name,
                    shown: false,
                });
            }
        }
        let (first, then): (Vec<&ColumnSpec>, Vec<&ColumnSpec>) =
            specs.iter().partition(|spec| spec.shown);
        let defaults = first.into_iter().chain(then).map(|spec| Choice {
            name: spec.name,
            shown: spec.shown,
        });
        let sort = table.sort();
        let by = sort.column.and_then(|place| specs.get(place));
        Columns {
            view,
            choices,
            defaults: defaults.collect(),
            sort: by.map(|spec| spec.name),
            descending: sort.descending,
            focus: 0,
            preferences,
        }
    }

    /// What was changed shows at once, and is remembered.
    fn put(&mut self) -> Reply {
        let columns = match self.choices == self.defaults {
            true => Vec::new(),
            false => {
                let shown = self.choices.iter().filter(|choice| choice.shown);
                shown.map(|choice| choice.name.to_owned()).collect()
            }
        };
        let taste = ViewPreferences {
            columns,
            sort: self.sort.unwrap_or_default().to_owned(),
            descending: self.descending,
        };
        let views = &mut self.preferences.views;
        views.insert(self.view.label().to_owned(), taste);
        Reply::act(Action::Prefer(Box::new(self.preferences.clone())))
    }

    fn toggle(&mut self) -> Reply {
        let shown = self.choices.iter().filter(|choice| choice.shown).count();
        let Some(choice) = self.choices.get_mut(self.focus) else {
            return Reply::consumed();
        };
        if choice.shown && shown == 1 {
            let said = "A table has at least one column".to_owned();
            return Reply::act(Action::Toast(Tone::Warn, said));
        }
        choice.shown = !choice.shown;
        self.put()
    }

    fn shift(&mut self, by: isize) -> Reply {
        let to = self.focus.saturating_add_signed(by);
        if to >= self.choices.len() || to == self.focus {
            return Reply::consumed();
        }
        self.choices.swap(self.focus, to);
        self.focus = to;
        self.put()
    }

    fn sort(&mut self) -> Reply {
        let name = self.choices.get(self.focus).map(|choice| choice.name);
        (self.sort, self.descending) = match (self.sort == name, self.descending) {
            (false, _) => (name, false),
            (true, false) => (name, true),
            (true, true) => (None, false),
        };
        self.put()
    }

    fn reset(&mut self) -> Reply {
        self.choices.clone_from(&self.defaults);
        (self.sort, self.descending) = (None, false);
        self.put()
    }

    fn step(&mut self, by: isize) {
        let last = self.choices.len().saturating_sub(1);
        self.focus = self.focus.saturating_add_signed(by).min(last);
    }
}

impl Layer for Columns {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn key(&mut self, key: KeyEvent, _world: &World) -> Reply {
        let moves = key
            .modifiers
            .intersects(KeyModifiers::SHIFT | KeyModifiers::ALT);
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('c' | 'q') => return Reply::close(),
            KeyCode::Char(' ' | 'x') => return self.toggle(),
            KeyCode::Char('K') => return self.shift(-1),
            KeyCode::Char('J') => return self.shift(1),
            KeyCode::Up if moves => return self.shift(-1),
            KeyCode::Down if moves => return self.shift(1),
            KeyCode::Char('k') if moves => return self.shift(-1),
            KeyCode::Char('j') if moves => return self.shift(1),
            KeyCode::Char('s') => return self.sort(),
            KeyCode::Char('r') => return self.reset(),
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.step(1),
            KeyCode::Home | KeyCode::Char('g') => self.focus = 0,
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            _ => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, _world: &World) -> Reply {
        match spot.checked_sub(BUTTONS) {
            Some(0) => self.reset(),
            Some(_) => Reply::close(),
            None => {
                self.focus = usize::try_from(spot).unwrap_or(0);
                match click {
                    Click::Once | Click::Twice => self.toggle(),
                    Click::Right => self.sort(),
                    Click::Drag => Reply::consumed(),
                }
            }
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.step(lines.signum());
        Reply::consumed()
    }

    /// At the right, so that the table is seen to change.
    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let names = self.choices.iter().map(|choice| width(choice.name));
        let wide = (names.max().unwrap_or(0) + 12).max(44).min(screen.width);
        let count = u16::try_from(self.choices.len()).unwrap_or(u16::MAX);
        let high = count.saturating_add(6).min(screen.height.saturating_sub(4));
        let area = Rect {
            x: screen.right().saturating_sub(wide + 1).max(screen.x),
            y: screen.y + 2,
            width: wide,
            height: high,
        };
        let title = format!("Columns of {}", self.view.label());
        let inner = canvas.popup(screen, area, &title);
        let visible = usize::from(inner.height.saturating_sub(4));
        let last = self.choices.len().saturating_sub(visible);
        let from = self.focus.saturating_sub(visible / 2).min(last);
        let glyphs = canvas.theme.glyphs;
        let shown = self.choices.iter().enumerate().skip(from).take(visible);
        for ((place, choice), y) in shown.zip(inner.top()..) {
            let row = Rect::new(inner.x, y, inner.width, 1);
            let role = match (place == self.focus, choice.shown) {
                (true, _) => Role::Cursor,
                (false, true) => Role::Text,
                (false, false) => Role::Dim,
            };
            let style = canvas.style(role);
            canvas.buffer.set_style(row, style);
            let sign = if choice.shown {
                glyphs.checked
            } else {
                glyphs.unchecked
            };
            let label = format!("{sign} {}", choice.name);
            canvas.text(row.x + 1, y, row.width.saturating_sub(2), &label, style);
            if self.sort == Some(choice.name) {
                let sign = if self.descending {
                    glyphs.sort_down
                } else {
                    glyphs.sort_up
                };
                canvas.text_right(row.x, y, row.width.saturating_sub(1), sign, style);
            }
            if let Ok(spot) = u32::try_from(place) {
                canvas.spot(row, spot);
            }
        }
        let dim = canvas.style(Role::Dim);
        let y = inner.bottom().saturating_sub(3);
        let room = inner.width.saturating_sub(2);
        canvas.text(
            inner.x + 1,
            y,
            room,
            "Space shows or hides · J K move it",
            dim,
        );
        canvas.text(
            inner.x + 1,
            y + 1,
            room,
            "s sorts by it: up, down, not",
            dim,
        );
        let used = canvas.button(inner.x + 1, y + 2, "r Reset", false, BUTTONS);
        canvas.button(inner.x + used + 3, y + 2, "Close", true, BUTTONS + 1);
    }
}
