//! Colours and glyphs by meaning.

use ratatui::style::{Color, Modifier, Style};

use crate::console::table::Tone;

/// What something on the screen means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is a meaning")]
pub enum Role {
    Text,
    Dim,
    Accent,
    Good,
    Warn,
    Bad,
    Title,
    Border,
    BorderFocused,
    Header,
    Cursor,
    Marked,
    Label,
    Input,
    InputFocused,
    Button,
    ButtonFocused,
    Disabled,
    Key,
    BarFull,
    BarEmpty,
    Toast,
    Shadow,
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

/// A theme.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Its glyphs.
    pub glyphs: Glyphs,
}

/// The glyphs of a theme.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "each is named for what it shows")]
pub struct Glyphs {
    pub cursor: &'static str,
    pub mark: &'static str,
    pub running: &'static str,
    pub trouble: &'static str,
    pub pair: &'static str,
    pub writes: &'static str,
    pub reads: &'static str,
    pub here: &'static str,
    pub drop_down: &'static str,
    pub ascending: &'static str,
    pub descending: &'static str,
    pub ellipsis: &'static str,
    pub thumb: &'static str,
    pub track: &'static str,
    pub bars: [&'static str; 9],
}

impl Glyphs {
    /// The bar for a share, 0 to 1.
    #[must_use]
    pub fn bar(&self, share: f32) -> &'static str {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and 8"
        )]
        let step = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
        // Whatever is not empty shows.
        let step = if share > 0.0 { step.max(1) } else { step };
        self.bars.get(step).copied().unwrap_or(" ")
    }
}

impl Theme {
    /// The default.
    #[must_use]
    pub fn dark() -> Theme {
        Theme {
            glyphs: Glyphs {
                cursor: "▌",
                mark: "✓",
                running: "●",
                trouble: "▲",
                pair: "⇄",
                writes: "✎",
                reads: "⊘",
                here: "▸",
                drop_down: "▾",
                ascending: "▲",
                descending: "▼",
                ellipsis: "…",
                thumb: "┃",
                track: "│",
                bars: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
            },
        }
    }

    /// How something of that meaning looks.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let plain = Style::default();
        match role {
            Role::Text | Role::Input => plain,
            Role::Dim | Role::Shadow | Role::Disabled | Role::BarEmpty => plain.fg(Color::DarkGray),
            Role::Accent | Role::Key | Role::BorderFocused | Role::BarFull => plain.fg(Color::Cyan),
            Role::Good => plain.fg(Color::Green),
            Role::Warn => plain.fg(Color::Yellow),
            Role::Bad => plain.fg(Color::LightRed),
            Role::Title | Role::Header => plain.add_modifier(Modifier::BOLD),
            Role::Border | Role::Label => plain.fg(Color::Gray),
            Role::Cursor | Role::ButtonFocused | Role::InputFocused => {
                plain.add_modifier(Modifier::REVERSED)
            }
            Role::Marked => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Button => plain.add_modifier(Modifier::UNDERLINED),
            Role::Toast => plain.add_modifier(Modifier::REVERSED),
        }
    }
}
