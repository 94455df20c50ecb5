//! How the console looks on this terminal: a theme, and the glyphs that it can show.

use ratatui::style::Style;

use super::theme::{Glyphs, Role, Theme};
use crate::console::table::Tone;

/// A theme with glyphs.
#[derive(Clone, Debug)]
pub struct Look {
    /// Styles.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
}

impl Look {
    /// How a role looks.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

impl Default for Look {
    fn default() -> Look {
        Look {
            theme: Theme::default(),
            glyphs: Glyphs::UNICODE,
        }
    }
}

impl From<Tone> for Role {
    fn from(tone: Tone) -> Role {
        match tone {
            Tone::Plain => Role::Text,
            Tone::Dim => Role::Dim,
            Tone::Good => Role::Good,
            Tone::Warn => Role::Warn,
            Tone::Bad => Role::Bad,
            Tone::Accent => Role::Accent,
        }
    }
}
