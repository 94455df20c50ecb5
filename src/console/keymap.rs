//! Which keys call which command: the defaults, and what the operator's `keymap.toml` says.

mod chord;
mod file;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::config::{ConfigError, Home};

pub use chord::{Chord, ChordError};

/// The context whose keys work everywhere, unless the context at hand has the key itself.
pub const GLOBAL: &str = "global";

/// Two commands want the same key in the same place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{chord} is the key of both {one} and {other}")]
pub struct Clash {
    /// The key.
    pub chord: Chord,
    /// The command that has it.
    pub one: String,
    /// The one that wants it too.
    pub other: String,
}

/// The table of defaults is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DefaultsError {
    /// A key that can't be read.
    #[error("{command}: {error}")]
    Chord {
        /// Whose it is.
        command: String,
        /// What is wrong with it.
        error: ChordError,
    },
    /// Two commands, one key.
    #[error(transparent)]
    Clash(#[from] Clash),
}

/// One command's keys.
#[derive(Clone, Debug)]
struct Entry {
    name: &'static str,
    contexts: Vec<&'static str>,
    keys: Vec<Chord>,
    defaults: Vec<Chord>,
    /// The operator's file has set its keys.
    by_file: bool,
}

/// Keys to commands, and back.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    entries: Vec<Entry>,
    places: HashMap<&'static str, usize>,
    commands: HashMap<(&'static str, Chord), &'static str>,
}

impl Keymap {
    /// The defaults: each row is a command's name, its keys as [`Chord`] reads them, and the
    /// context where they work ([`GLOBAL`]: everywhere). A command that works in several contexts
    /// has several rows. A context's key may hide a global one: Esc closes a menu before it goes
    /// back.
    ///
    /// # Errors
    /// [`DefaultsError`]: a key that can't be read, two commands with one key in one context.
    pub fn new(
        defaults: impl IntoIterator<Item = (&'static str, &'static [&'static str], &'static str)>,
    ) -> Result<Keymap, DefaultsError> {
        let mut keymap = Keymap::default();
        for (name, keys, context) in defaults {
            let place = *keymap.places.entry(name).or_insert(keymap.entries.len());
            if place == keymap.entries.len() {
                keymap.entries.push(Entry {
                    name,
                    contexts: Vec::new(),
                    keys: Vec::new(),
                    defaults: Vec::new(),
                    by_file: false,
                });
            }
            let Some(entry) = keymap.entries.get_mut(place) else {
                continue;
            };
            if !entry.contexts.contains(&context) {
                entry.contexts.push(context);
            }
            for key in keys {
                let chord = key.parse::<Chord>().map_err(|error| DefaultsError::Chord {
                    command: name.to_owned(),
                    error,
                })?;
                if !entry.keys.contains(&chord) {
                    entry.keys.push(chord);
                    entry.defaults.push(chord);
                }
            }
        }
        keymap.index()?;
        Ok(keymap)
    }

    /// What the home's file says about keys.
    #[must_use]
    pub fn file(home: &Home) -> PathBuf {
        home.config.join("keymap.toml")
    }

    /// These keys with what the home's `keymap.toml` changes; unchanged without one.
    ///
    /// # Errors
    /// [`ConfigError`] naming file, line and key: what is no key, no command, or clashes.
    pub fn with_user(self, home: &Home) -> Result<Keymap, ConfigError> {
        let file = Keymap::file(home);
        match crate::config::read(&file)? {
            Some(text) => self.with_text(&file, &text),
            None => Ok(self),
        }
    }

    /// These keys with what the text of a `keymap.toml` changes; `file` is named in errors.
    /// Under `[keys]`, a command's keys (a list, or one) replace its defaults; an empty list takes
    /// them away.
    ///
    /// # Errors
    /// [`ConfigError`] naming file, line and key.
    pub fn with_text(mut self, file: &Path, text: &str) -> Result<Keymap, ConfigError> {
        file::merge(&mut self, file, text)?;
        Ok(self)
    }

    /// The command that a key calls in that context, or else everywhere.
    #[must_use]
    pub fn command(&self, chord: &Chord, context: &str) -> Option<&'static str> {
        // The tuple's lifetime is that of the question, so the map is asked with one as short.
        let commands: &HashMap<(&str, Chord), &'static str> = &self.commands;
        commands
            .get(&(context, *chord))
            .or_else(|| commands.get(&(GLOBAL, *chord)))
            .copied()
    }

    /// A command's keys, the first one first in hints; none for an unknown command.
    #[must_use]
    pub fn keys(&self, name: &str) -> &[Chord] {
        self.place(name)
            .and_then(|place| self.entries.get(place))
            .map_or(&[], |entry| &entry.keys)
    }

    /// Every command's name, its contexts and its keys, in the order of the defaults.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &[&'static str], &[Chord])> {
        self.entries
            .iter()
            .map(|entry| (entry.name, &*entry.contexts, &*entry.keys))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Builds the way from keys to commands.
    fn index(&mut self) -> Result<(), Clash> {
        self.commands.clear();
        for entry in &self.entries {
            for context in &entry.contexts {
                for chord in &entry.keys {
                    let before = self.commands.insert((*context, *chord), entry.name);
                    if let Some(one) = before {
                        return Err(clash(*chord, one, entry.name));
                    }
                }
            }
        }
        // The defaults may hide a global key; a file that did would take it away unseen.
        for entry in self.entries.iter().filter(|entry| entry.by_file) {
            for chord in &entry.keys {
                let global = entry.contexts.contains(&GLOBAL);
                let mut others = self.entries.iter().filter(|other| {
                    other.name != entry.name
                        && (global || other.contexts.contains(&GLOBAL))
                        && other.keys.contains(chord)
                        && !(entry.defaults.contains(chord) && other.defaults.contains(chord))
                });
                if let Some(other) = others.next() {
                    return Err(clash(*chord, other.name, entry.name));
                }
            }
        }
        Ok(())
    }
}

fn clash(chord: Chord, one: &str, other: &str) -> Clash {
    Clash {
        chord,
        one: one.to_owned(),
        other: other.to_owned(),
    }
}
