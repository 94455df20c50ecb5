//! What keys and clicks do to a form.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::backend::crossterm::EventHandler;

use super::{At, Control, Form};
use crate::console::layers::{Click, Reply};
use crate::console::world::World;

/// The spot of the button OK.
pub(super) const OK: u32 = 0;
/// The spot of the button Cancel.
pub(super) const CANCEL: u32 = 1;
/// The spots of a field begin at its place, counted from 1, times this.
pub(super) const FIELD: u32 = 4096;
/// The spots of a choice's options, or of a text's characters, begin here within the field's.
pub(super) const PART: u32 = 1;
/// The option before, within a choice's spots.
pub(super) const BEFORE: u32 = 4094;
/// The option after.
pub(super) const AFTER: u32 = 4095;

impl Form {
    pub(super) fn pressed(&mut self, key: KeyEvent, world: &World) -> Reply {
        if self.asking {
            match key.code {
                KeyCode::Esc | KeyCode::Enter => return Reply::close(),
                _ => self.asking = false,
            }
            return Reply::consumed();
        }
        if self.is_waiting() && key.code != KeyCode::Esc {
            return Reply::consumed();
        }
        let in_area = matches!(
            self.field().map(|field| &field.control),
            Some(Control::Area(_))
        );
        match key.code {
            KeyCode::Esc => return self.cancel(),
            KeyCode::Tab | KeyCode::Down => self.step(1, world),
            KeyCode::BackTab | KeyCode::Up => self.step(-1, world),
            KeyCode::Enter if in_area => self.typed(key, world),
            KeyCode::Enter if self.at == At::Cancel => return self.cancel(),
            KeyCode::Char(' ') if self.at == At::Cancel => return self.cancel(),
            KeyCode::Char(' ') if self.at == At::Ok => return self.ok(world),
            KeyCode::Enter => {
                self.leave(world);
                return self.ok(world);
            }
            KeyCode::Left | KeyCode::Right if self.at == At::Ok => self.at = At::Cancel,
            KeyCode::Left | KeyCode::Right if self.at == At::Cancel => self.at = At::Ok,
            _ => self.typed(key, world),
        }
        Reply::consumed()
    }

    fn typed(&mut self, key: KeyEvent, world: &World) {
        let Some(field) = self.field_mut() else {
            return;
        };
        let plain = !key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let changed = match &mut field.control {
            Control::Text { input, .. } => {
                let event = crossterm::event::Event::Key(key);
                input.handle_event(&event).is_some_and(|state| state.value)
            }
            Control::Choice { options, at } => {
                let before = *at;
                let count = options.len().max(1);
                match key.code {
                    KeyCode::Left => *at = (*at + count - 1) % count,
                    KeyCode::Right | KeyCode::Char(' ') => *at = (*at + 1) % count,
                    KeyCode::Home => *at = 0,
                    KeyCode::End => *at = count - 1,
                    KeyCode::Char(letter) if plain => {
                        let begins = |place: &usize| {
                            let option = options.get(*place);
                            let mut letters = option.map(|option| option.chars());
                            let first = letters.as_mut().and_then(Iterator::next);
                            first.is_some_and(|first| first.eq_ignore_ascii_case(&letter))
                        };
                        let next = (1..=count).map(|by| (before + by) % count).find(begins);
                        *at = next.unwrap_or(before);
                    }
                    _ => {}
                }
                *at != before
            }
            Control::Check(on) => {
                let toggles = matches!(key.code, KeyCode::Char(' ' | 'x'));
                *on ^= toggles;
                toggles
            }
            Control::Area(text) => match key.code {
                KeyCode::Enter => {
                    text.push('\n');
                    true
                }
                KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    text.clear();
                    true
                }
                KeyCode::Char(character) if plain => {
                    text.push(character);
                    true
                }
                KeyCode::Backspace => text.pop().is_some(),
                _ => false,
            },
            Control::Heading => false,
        };
        if changed {
            self.edited(world);
        }
    }

    pub(super) fn clicked(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        if click == Click::Right {
            return Reply::consumed();
        }
        let asking = std::mem::replace(&mut self.asking, false);
        match spot {
            // While it asks, the buttons are Discard and Go on.
            OK if asking => return Reply::close(),
            CANCEL if asking => return Reply::consumed(),
            CANCEL => return self.cancel(),
            OK => {
                self.leave(world);
                return self.ok(world);
            }
            _ if self.is_waiting() => return Reply::consumed(),
            _ => {}
        }
        let place = usize::try_from(spot / FIELD).unwrap_or(0);
        let Some(place) = place.checked_sub(1) else {
            return Reply::consumed();
        };
        let part = spot % FIELD;
        self.go(At::Field(place), world);
        let Some(field) = self.field_mut() else {
            return Reply::consumed();
        };
        let nth = usize::try_from(part.saturating_sub(PART)).unwrap_or(0);
        let changed = match &mut field.control {
            Control::Text { input, .. } if part >= PART => {
                *input = std::mem::take(input).with_cursor(nth);
                false
            }
            _ if click == Click::Drag => false,
            Control::Choice { options, at } => {
                let count = options.len().max(1);
                let to = match part {
                    0 => *at,
                    BEFORE => (*at + count - 1) % count,
                    AFTER => (*at + 1) % count,
                    _ => nth.min(count - 1),
                };
                let changed = *at != to;
                *at = to;
                changed
            }
            Control::Check(on) => {
                *on = !*on;
                true
            }
            _ => false,
        };
        if changed {
            self.edited(world);
        }
        Reply::consumed()
    }
}
