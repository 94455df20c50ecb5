//! What an operator's `keymap.toml` changes, and where it is wrong.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Chord, Keymap};
use crate::config::{ConfigError, Source};
use crate::model::text::printable;

/// Puts the keys of the text in the place of the defaults.
pub(super) fn merge(keymap: &mut Keymap, file: &Path, text: &str) -> Result<(), ConfigError> {
    let source = Source { file, text };
    let root = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
    let mut given: Vec<(usize, Range<usize>)> = Vec::new();
    for (section, value) in root.get_ref() {
        if section.get_ref() != "keys" {
            let what = format!(
                "there is no '{}' here: commands and their keys stand under [keys]",
                printable(section.get_ref(), 80)
            );
            return Err(source.at(section.span().start, what));
        }
        let DeValue::Table(commands) = value.get_ref() else {
            let what = "this is a table: [keys], and a line for each command below".to_owned();
            return Err(source.at(value.span().start, what));
        };
        for (name, keys) in commands {
            let Some(place) = keymap.place(name.get_ref()) else {
                return Err(source.at(name.span().start, unknown(keymap, name.get_ref())));
            };
            let chords = chords(&source, keys).map_err(|error| ConfigError {
                // In a list of several lines, the key is not on the line.
                key: Some(printable(name.get_ref(), 80)),
                ..error
            })?;
            if let Some(entry) = keymap.entries.get_mut(place) {
                entry.keys = chords;
                entry.by_file = true;
            }
            given.push((place, name.span()));
        }
    }
    keymap.index().map_err(|clash| {
        // The line of the command that was given the key, or else of the one that kept it.
        let line = |name: &str| {
            let place = keymap.place(name)?;
            let (_, span) = given.iter().find(|(given, _)| *given == place)?;
            Some(span.start)
        };
        let (at, taken_by) = match line(&clash.other) {
            Some(at) => (at, &clash.one),
            None => (line(&clash.one).unwrap_or(0), &clash.other),
        };
        let what = format!(
            "{} is the key of {taken_by} already; give one of the two another",
            clash.chord
        );
        source.at(at, what)
    })
}

fn chords(source: &Source<'_>, keys: &Spanned<DeValue<'_>>) -> Result<Vec<Chord>, ConfigError> {
    let wrong = |at: usize| {
        source.at(
            at,
            "keys are text, as in [\"n\", \"ctrl-n\"]; [] takes the keys away".to_owned(),
        )
    };
    let listed: Vec<&Spanned<DeValue<'_>>> = match keys.get_ref() {
        DeValue::Array(list) => list.iter().collect(),
        _ => vec![keys],
    };
    let mut chords = Vec::new();
    for key in listed {
        let DeValue::String(text) = key.get_ref() else {
            return Err(wrong(key.span().start));
        };
        let chord = text
            .parse::<Chord>()
            .map_err(|error| source.at(key.span().start, error.to_string()))?;
        if !chords.contains(&chord) {
            chords.push(chord);
        }
    }
    Ok(chords)
}

fn unknown(keymap: &Keymap, name: &str) -> String {
    let nearest = keymap
        .entries
        .iter()
        .map(|entry| (strsim::damerau_levenshtein(name, entry.name), entry.name))
        .min();
    let shown = printable(name, 80);
    match nearest {
        // A third of its letters wrong is still a slip; more is another word.
        Some((slips, near)) if slips <= near.len().div_ceil(3) => {
            format!("there is no command '{shown}'; did you mean '{near}'?")
        }
        _ => format!("there is no command '{shown}'; help (?) lists them"),
    }
}
