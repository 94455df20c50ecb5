//! What is typed into the filter bar, and which rows it lets through.

use super::source::Source;
use crate::console::world::World;

/// A filter as it was typed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    /// Reads what was typed; every text is a filter.
    #[must_use]
    pub fn parse(text: &str) -> Filter {
        Filter {
            text: text.to_owned(),
            words: text.split_whitespace().map(str::to_lowercase).collect(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// The rows of a source that a filter lets through, cell by cell.
pub fn scan<S: Source + ?Sized>(
    source: &S,
    filter: &Filter,
    among: Option<&[u32]>,
    world: &World,
) -> Vec<u32> {
    let lets = |row: &u32| {
        let text: String = (0..source.columns().len())
            .map(|column| {
                source
                    .cell(*row as usize, column, world)
                    .text
                    .to_lowercase()
                    + " "
            })
            .collect();
        filter.words.iter().all(|word| text.contains(word))
    };
    match among {
        Some(rows) => rows.iter().copied().filter(lets).collect(),
        None => (0..u32::try_from(source.len()).unwrap_or(u32::MAX))
            .filter(lets)
            .collect(),
    }
}
