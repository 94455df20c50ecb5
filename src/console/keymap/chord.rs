//! What one key press is, however a terminal reports it and an operator writes it.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::model::text::printable;

/// A key with its modifiers, in one form only: shift is part of the character, letters under Ctrl
/// are small (terminals send no other), Shift-Tab is one key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// A text is no key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChordError {
    /// There is no key of that name.
    #[error("'{0}' is no key: write it like \"n\", \"G\", \"ctrl-r\", \"shift-f10\" or \"space\"")]
    Unknown(String),
    /// A terminal sends the same bytes for another key.
    #[error("'{0}' can't be told from {1}: a terminal sends the same for both")]
    SameAs(String, &'static str),
    /// Shift with a character whose shifted form depends on the keyboard.
    #[error("'{0}' depends on the keyboard: write the character that it types")]
    Shifted(String),
}

/// The keys with names: as they are shown, as they are, and the ways to write them in small
/// letters.
const NAMES: &[(&str, KeyCode, &[&str])] = &[
    ("Enter", KeyCode::Enter, &["enter", "return"]),
    ("Esc", KeyCode::Esc, &["esc", "escape"]),
    ("Tab", KeyCode::Tab, &["tab"]),
    ("Shift-Tab", KeyCode::BackTab, &["backtab"]),
    ("Space", KeyCode::Char(' '), &["space"]),
    ("Backspace", KeyCode::Backspace, &["backspace"]),
    ("Del", KeyCode::Delete, &["del", "delete"]),
    ("Ins", KeyCode::Insert, &["ins", "insert"]),
    ("Home", KeyCode::Home, &["home"]),
    ("End", KeyCode::End, &["end"]),
    ("PgUp", KeyCode::PageUp, &["pgup", "pageup"]),
    ("PgDn", KeyCode::PageDown, &["pgdn", "pagedown", "pgdown"]),
    ("Up", KeyCode::Up, &["up"]),
    ("Down", KeyCode::Down, &["down"]),
    ("Left", KeyCode::Left, &["left"]),
    ("Right", KeyCode::Right, &["right"]),
    ("Menu", KeyCode::Menu, &["menu"]),
    ("-", KeyCode::Char('-'), &["minus"]),
];

const OURS: KeyModifiers = KeyModifiers::CONTROL
    .union(KeyModifiers::ALT)
    .union(KeyModifiers::SHIFT);

impl Chord {
    /// The key of an event: of presses and repeats, not of releases; `None` too for keys that no
    /// one binds (modifiers alone, media keys, the Windows key with something).
    #[must_use]
    pub fn of(event: &KeyEvent) -> Option<Chord> {
        if event.kind == KeyEventKind::Release || !OURS.contains(event.modifiers) {
            return None;
        }
        let known = match event.code {
            KeyCode::Char(character) => !character.is_control(),
            KeyCode::F(number) => (1..=24).contains(&number),
            code => NAMES.iter().any(|(_, known, _)| *known == code),
        };
        known.then(|| Chord::folded(event.code, event.modifiers))
    }

    /// The character that the key types, if it types one: what a text field takes.
    #[must_use]
    pub fn character(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }

    /// The key without its modifiers.
    #[must_use]
    pub fn code(&self) -> KeyCode {
        self.code
    }

    /// Its modifiers: Ctrl, Alt, and Shift where it is not part of a character.
    #[must_use]
    pub fn modifiers(&self) -> KeyModifiers {
        self.modifiers
    }

    fn folded(code: KeyCode, mut modifiers: KeyModifiers) -> Chord {
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::Char(character) if modifiers.contains(KeyModifiers::CONTROL) => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(character.to_ascii_lowercase())
            }
            // Shift-Space stays what it is: Space.
            KeyCode::Char(character) => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(match shift {
                    true => upper(character),
                    false => character,
                })
            }
            // What nearly every terminal sends for the Menu key, crossterm reads as F14.
            KeyCode::F(14) => KeyCode::Menu,
            KeyCode::Tab | KeyCode::BackTab if shift => {
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::BackTab
            }
            code => code,
        };
        Chord { code, modifiers }
    }
}

/// Its capital, where that is one character.
fn upper(character: char) -> char {
    let mut capital = character.to_uppercase();
    match (capital.next(), capital.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    /// Reads `ctrl-r`, `shift-f10`, `G`, `?`, `alt-left`, `-`: modifiers and names in any case,
    /// single characters as they are typed.
    fn from_str(text: &str) -> Result<Chord, ChordError> {
        let unknown = || ChordError::Unknown(printable(text, 40));
        let mut modifiers = KeyModifiers::empty();
        let mut rest = text.trim();
        while let Some((head, tail)) = rest.split_once('-') {
            let modifier = match head.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => KeyModifiers::CONTROL,
                "alt" | "meta" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            if tail.is_empty() || modifiers.contains(modifier) {
                return Err(unknown());
            }
            modifiers |= modifier;
            rest = tail;
        }
        let code = code(rest).ok_or_else(unknown)?;
        let shown = || printable(text, 40);
        if let KeyCode::Char(character) = code {
            let shift = modifiers.contains(KeyModifiers::SHIFT);
            if modifiers.contains(KeyModifiers::CONTROL) {
                match character.to_ascii_lowercase() {
                    'i' => return Err(ChordError::SameAs(shown(), "Tab")),
                    'm' => return Err(ChordError::SameAs(shown(), "Enter")),
                    '[' => return Err(ChordError::SameAs(shown(), "Esc")),
                    _ if shift => {
                        return Err(ChordError::SameAs(shown(), "the same key without Shift"));
                    }
                    _ => {}
                }
            } else if shift && !character.is_alphabetic() {
                return Err(ChordError::Shifted(shown()));
            }
        }
        if code == KeyCode::F(14) {
            return Err(ChordError::SameAs(shown(), "Menu"));
        }
        Ok(Chord::folded(code, modifiers))
    }
}

fn code(text: &str) -> Option<KeyCode> {
    let mut characters = text.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        // A blank was trimmed away before; it has a name.
        return (!character.is_control()).then_some(KeyCode::Char(character));
    }
    let name = text.to_ascii_lowercase();
    let named = NAMES
        .iter()
        .find(|(_, _, spellings)| spellings.contains(&name.as_str()));
    if let Some((_, code, _)) = named {
        return Some(*code);
    }
    let number = name.strip_prefix('f')?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

/// As help shows it: `Ctrl-R`, `Shift-F10`, `Space`, `G`, `Alt-Left`.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let control = self.modifiers.contains(KeyModifiers::CONTROL);
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                text.push_str(name);
            }
        }
        let named = NAMES.iter().find(|(_, code, _)| *code == self.code);
        match (named, self.code) {
            (Some((name, ..)), _) => text.push_str(name),
            // As the key's cap says it.
            (None, KeyCode::Char(character)) if control => {
                text.push(character.to_ascii_uppercase());
            }
            (None, KeyCode::Char(character)) => text.push(character),
            (None, KeyCode::F(number)) => text.push_str(&format!("F{number}")),
            (None, _) => {}
        }
        f.pad(&text)
    }
}
