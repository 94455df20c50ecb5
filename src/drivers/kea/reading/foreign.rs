//! What Kea has and the model has no word for, in lines to be shown: printable, short, not many.

use crate::model::text::printable;

/// So many lines of one scope, or of one server, are kept.
const MOST: usize = 40;
/// Characters of a line.
const LONG: usize = 160;

/// Lines, of which only the first ones are kept, and the rest are counted.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<String>,
    more: usize,
}

impl Lines {
    /// Adds a line, of which nothing is written once there are enough.
    pub(super) fn say(&mut self, line: impl std::fmt::Display) {
        if self.lines.len() < MOST {
            self.lines.push(printable(&line.to_string(), LONG));
        } else {
            self.more += 1;
        }
    }

    /// Adds a line with names in it, if there are any.
    pub(super) fn names<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a str>) {
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).take(20).collect();
        if !names.is_empty() {
            self.say(format_args!("{what}: {}", names.join(", ")));
        }
    }

    /// The lines, and how many more there were.
    pub(super) fn done(mut self) -> Vec<String> {
        if self.more > 0 {
            self.lines.push(format!("and {} more", self.more));
        }
        self.lines
    }
}
