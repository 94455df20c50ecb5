//! Keys and what they are for.

use std::collections::HashMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// The chord of a key press; `None` for a release.
    #[must_use]
    pub fn from_event(key: KeyEvent) -> Option<Chord> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let mut modifiers = key.modifiers;
        if matches!(key.code, KeyCode::Char(_)) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Some(Chord {
            code: key.code,
            modifiers,
        })
    }

    /// Reads `ctrl-r`, `shift-f10`, `space`, `G`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Chord> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-") {
                modifiers |= KeyModifiers::CONTROL;
                rest = after;
            } else if let Some(after) = rest.strip_prefix("shift-") {
                modifiers |= KeyModifiers::SHIFT;
                rest = after;
            } else if let Some(after) = rest.strip_prefix("alt-") {
                modifiers |= KeyModifiers::ALT;
                rest = after;
            } else {
                break;
            }
        }
        let code = match rest {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "space" => KeyCode::Char(' '),
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "backspace" => KeyCode::Backspace,
            "delete" => KeyCode::Delete,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            "menu" => KeyCode::Menu,
            other if other.chars().count() == 1 => KeyCode::Char(other.chars().next()?),
            other => KeyCode::F(other.strip_prefix('f')?.parse().ok()?),
        };
        Some(Chord { code, modifiers })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Which key is which command.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    commands: HashMap<(Chord, &'static str), &'static str>,
    keys: HashMap<&'static str, Vec<Chord>>,
}

impl Keymap {
    /// The keymap of commands: their names, their keys, and the context in which these hold.
    pub fn new(
        defaults: impl Iterator<Item = (&'static str, &'static [&'static str], &'static str)>,
    ) -> Keymap {
        let mut keymap = Keymap::default();
        for (name, keys, context) in defaults {
            let chords: Vec<Chord> = keys.iter().filter_map(|key| Chord::parse(key)).collect();
            for chord in &chords {
                keymap.commands.insert((*chord, context), name);
            }
            keymap.keys.insert(name, chords);
        }
        keymap
    }

    /// The command of a chord in a context, or else everywhere.
    #[must_use]
    pub fn command(&self, chord: &Chord, context: &'static str) -> Option<&'static str> {
        let found = self.commands.get(&(*chord, context));
        found
            .or_else(|| self.commands.get(&(*chord, "global")))
            .copied()
    }

    /// The keys of a command.
    #[must_use]
    pub fn keys(&self, name: &str) -> &[Chord] {
        self.keys.get(name).map_or(&[], Vec::as_slice)
    }
}
