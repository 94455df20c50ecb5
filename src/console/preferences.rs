//! What is remembered of the operator's taste: columns, sort order and theme, in the home.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::place::View;
use super::table::{SharedSource, Sort, Source, Table};

/// What is remembered of the operator's taste.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The theme's name; empty for the default.
    pub theme: String,
    /// Whether details are open.
    pub details: bool,
    /// By view.
    pub views: BTreeMap<String, ViewPreferences>,
}

/// What is remembered of one view.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewPreferences {
    /// The columns shown, in order; empty for the default.
    pub columns: Vec<String>,
    /// The column sorted by; empty for none.
    pub sort: String,
    /// Whether it is sorted downwards.
    pub descending: bool,
}

impl Preferences {
    /// Has a table look as it is remembered; names that its source has not are passed over.
    pub fn apply(&self, view: View, source: &SharedSource, table: &mut Table) {
        let Some(known) = self.views.get(view.label()) else {
            return;
        };
        let place = |name: &String| {
            let mut columns = source.columns().iter();
            columns.position(|column| column.name == name)
        };
        let shown: Vec<usize> = known.columns.iter().filter_map(place).collect();
        // None at all means those that the view has by default.
        let shown = match shown.is_empty() {
            true => default_columns(source.as_ref()),
            false => shown,
        };
        table.set_shown(shown);
        table.set_sort(Sort {
            column: place(&known.sort),
            descending: known.descending,
        });
    }

    /// What a file remembers. A file that is not there, or can't be understood, remembers nothing:
    /// taste is never worth an error.
    #[must_use]
    pub fn load(file: &Path) -> Preferences {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Writes it down, whole or not at all.
    ///
    /// # Errors
    /// What the file system says.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        let beside = file.with_extension("new");
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, file)
    }
}

/// The columns that a view shows until somebody chooses others.
fn default_columns(source: &dyn Source) -> Vec<usize> {
    let columns = source.columns().iter().enumerate();
    let shown = columns.filter(|(_, column)| column.shown);
    shown.map(|(place, _)| place).collect()
}
