//! How what is meant looks: a style for each role, and the characters that pictures are made of.
//!
//! No colour says anything alone. Roles of state (`Good`, `Warn`, `Bad` and their toasts) stand
//! beside a word or a glyph that says the same; roles of place (`Cursor`, `Marked`,
//! `BorderFocused`, `InputFocused`, `ButtonFocused`, `TabActive`) differ by a modifier in the theme
//! without colours, and the tests hold that.

mod glyphs;
#[cfg(test)]
mod tests;

use ratatui::style::{Color, Modifier, Style};

pub use glyphs::Glyphs;

/// What a piece of the screen means; the theme says how that looks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Plain text, and the ground everything stands on.
    Text,
    /// Old data, side remarks.
    Dim,
    /// The one accent: what leads somewhere, names of objects.
    Accent,
    /// All is well. Beside a word or glyph.
    Good,
    /// To be looked at. Beside a word or glyph.
    Warn,
    /// Wrong. Beside a word or glyph.
    Bad,
    /// A title.
    Title,
    /// A frame.
    Border,
    /// The frame of what has the focus.
    BorderFocused,
    /// The head of a table.
    Header,
    /// The row under the cursor, where the focus is.
    Cursor,
    /// The row under the cursor of a table without the focus.
    CursorUnfocused,
    /// A marked row; the mark's glyph stands in it too.
    Marked,
    /// What a filter or a search has found in a text.
    Match,
    /// A field's label.
    Label,
    /// A field.
    Input,
    /// The field with the focus; the terminal's cursor stands in it.
    InputFocused,
    /// A button.
    Button,
    /// The button that Enter presses.
    ButtonFocused,
    /// A tab.
    Tab,
    /// The tab that is shown.
    TabActive,
    /// What can't be chosen now.
    Disabled,
    /// A key, in hints and menus.
    Key,
    /// The full part of a bar.
    BarFull,
    /// The empty part of a bar.
    BarEmpty,
    /// A message that passes.
    Toast,
    /// A message: done. Its words say so.
    ToastGood,
    /// A message: done in part, or careful. Its words say so.
    ToastWarn,
    /// A message: failed. Its words say so.
    ToastBad,
    /// The screen behind a dialog.
    Shadow,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 30] = [
        Role::Text,
        Role::Dim,
        Role::Accent,
        Role::Good,
        Role::Warn,
        Role::Bad,
        Role::Title,
        Role::Border,
        Role::BorderFocused,
        Role::Header,
        Role::Cursor,
        Role::CursorUnfocused,
        Role::Marked,
        Role::Match,
        Role::Label,
        Role::Input,
        Role::InputFocused,
        Role::Button,
        Role::ButtonFocused,
        Role::Tab,
        Role::TabActive,
        Role::Disabled,
        Role::Key,
        Role::BarFull,
        Role::BarEmpty,
        Role::Toast,
        Role::ToastGood,
        Role::ToastWarn,
        Role::ToastBad,
        Role::Shadow,
    ];
}

/// A theme. All use the sixteen colours that every terminal's own palette has, so what the operator
/// chose there holds here; only `high-contrast` sets its own ground.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// For dark grounds.
    #[default]
    Dark,
    /// For light grounds.
    Light,
    /// Without any colour: bold, dim, reverse and underline only.
    Mono,
    /// White and bright on black, nothing dim.
    HighContrast,
}

/// There is no theme of that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no theme '{0}': use dark, light, mono or high-contrast")]
pub struct UnknownTheme(pub String);

impl Theme {
    /// Every theme, as a chooser lists them.
    pub const ALL: [Theme; 4] = [Theme::Dark, Theme::Light, Theme::Mono, Theme::HighContrast];

    /// Its name in options and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Theme::Dark => "dark",
            Theme::Light => "light",
            Theme::Mono => "mono",
            Theme::HighContrast => "high-contrast",
        }
    }

    /// The theme of that name, in any case.
    ///
    /// # Errors
    /// [`UnknownTheme`], which lists them.
    pub fn named(name: &str) -> Result<Theme, UnknownTheme> {
        Theme::ALL
            .into_iter()
            .find(|theme| theme.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| UnknownTheme(crate::model::text::printable(name, 40)))
    }

    /// The theme to begin with: the named one (an option's, or else the configuration's); else
    /// mono where `NO_COLOR` is set and not empty, or the terminal calls itself dumb; else dark.
    /// `environment` answers a variable's value.
    ///
    /// # Errors
    /// [`UnknownTheme`].
    pub fn choose(
        name: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Theme, UnknownTheme> {
        if let Some(name) = name {
            return Theme::named(name);
        }
        let no_color = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = environment("TERM").is_some_and(|term| term == "dumb" || is_mono(&term));
        Ok(if no_color || dumb {
            Theme::Mono
        } else {
            Theme::Dark
        })
    }

    /// How a role looks.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        match self {
            Theme::Dark => coloured(role, &DARK),
            Theme::Light => coloured(role, &LIGHT),
            Theme::Mono => mono(role),
            Theme::HighContrast => high_contrast(role),
        }
    }
}

/// Terminals of one colour; their TERM says so at its end or by being that old.
fn is_mono(term: &str) -> bool {
    term.ends_with("-m")
        || term.ends_with("-mono")
        || matches!(term, "vt100" | "vt102" | "vt220" | "vt320")
}

/// The colours in which dark and light differ.
struct Palette {
    accent: Color,
    good: Color,
    warn: Color,
    bad: Color,
    marked: Color,
    cursor: (Color, Color),
    pale: (Color, Color),
    on_colour: Color,
}

const DARK: Palette = Palette {
    accent: Color::Cyan,
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::LightRed,
    marked: Color::Yellow,
    cursor: (Color::Black, Color::Cyan),
    pale: (Color::White, Color::DarkGray),
    on_colour: Color::Black,
};

// Yellow can't be read on white; its place is taken by magenta.
const LIGHT: Palette = Palette {
    accent: Color::Blue,
    good: Color::Green,
    warn: Color::Magenta,
    bad: Color::Red,
    marked: Color::Magenta,
    cursor: (Color::White, Color::Blue),
    pale: (Color::Black, Color::Gray),
    on_colour: Color::White,
};

/// What is dim is so by "bright black": the modifier is shown by few terminals, and where the
/// palette has that colour for its ground there is the mono theme.
fn coloured(role: Role, palette: &Palette) -> Style {
    let plain = Style::new();
    let bold = plain.add_modifier(Modifier::BOLD);
    let dim = plain.fg(Color::DarkGray);
    let pair = |(fg, bg): (Color, Color)| plain.fg(fg).bg(bg);
    let toast = |colour| pair((palette.on_colour, colour));
    match role {
        Role::Text | Role::Tab | Role::Label => plain,
        Role::Dim | Role::Border | Role::BarEmpty | Role::Shadow => dim,
        Role::Accent | Role::BarFull | Role::Key => plain.fg(palette.accent),
        Role::Good => plain.fg(palette.good),
        Role::Warn => plain.fg(palette.warn),
        Role::Bad => bold.fg(palette.bad),
        Role::Title | Role::Header => bold,
        Role::BorderFocused => bold.fg(palette.accent),
        Role::Cursor => pair(palette.cursor),
        Role::CursorUnfocused => pair(palette.pale),
        Role::Marked => bold.fg(palette.marked),
        Role::Match => plain.fg(palette.accent).add_modifier(Modifier::UNDERLINED),
        Role::Input => plain.add_modifier(Modifier::UNDERLINED),
        Role::InputFocused => bold.fg(palette.accent).add_modifier(Modifier::UNDERLINED),
        Role::Button => pair(palette.pale),
        Role::ButtonFocused => pair(palette.cursor).add_modifier(Modifier::BOLD),
        Role::TabActive => bold.fg(palette.accent).add_modifier(Modifier::UNDERLINED),
        Role::Disabled => dim.add_modifier(Modifier::CROSSED_OUT),
        Role::Toast => toast(palette.accent),
        Role::ToastGood => toast(palette.good),
        Role::ToastWarn => toast(palette.warn),
        Role::ToastBad => toast(palette.bad).add_modifier(Modifier::BOLD),
    }
}

fn mono(role: Role) -> Style {
    let modifier = match role {
        Role::Text | Role::Good | Role::BarFull | Role::Tab => Modifier::empty(),
        Role::Dim | Role::Border | Role::BarEmpty | Role::Shadow | Role::Label => Modifier::DIM,
        Role::Accent
        | Role::Warn
        | Role::Title
        | Role::BorderFocused
        | Role::Marked
        | Role::Key => Modifier::BOLD,
        Role::Bad => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Header | Role::TabActive => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Cursor => Modifier::REVERSED,
        Role::CursorUnfocused => Modifier::REVERSED.union(Modifier::DIM),
        Role::Match | Role::Input => Modifier::UNDERLINED,
        Role::InputFocused => Modifier::UNDERLINED.union(Modifier::BOLD),
        Role::Button => Modifier::REVERSED.union(Modifier::DIM),
        Role::ButtonFocused => Modifier::REVERSED.union(Modifier::BOLD),
        Role::Disabled => Modifier::DIM.union(Modifier::CROSSED_OUT),
        Role::Toast | Role::ToastGood | Role::ToastWarn => Modifier::REVERSED,
        Role::ToastBad => Modifier::REVERSED.union(Modifier::BOLD),
    };
    Style::new().add_modifier(modifier)
}

fn high_contrast(role: Role) -> Style {
    let on_black = |colour| Style::new().fg(colour).bg(Color::Black);
    let on = |colour| Style::new().fg(Color::Black).bg(colour);
    let bold = Modifier::BOLD;
    match role {
        Role::Text
        | Role::Dim
        | Role::Label
        | Role::Border
        | Role::BarEmpty
        | Role::Shadow
        | Role::Tab => on_black(Color::White),
        Role::Accent | Role::BarFull | Role::Key => on_black(Color::LightCyan).add_modifier(bold),
        Role::Good => on_black(Color::LightGreen).add_modifier(bold),
        Role::Warn | Role::BorderFocused => on_black(Color::LightYellow).add_modifier(bold),
        Role::Bad => on_black(Color::LightRed).add_modifier(bold.union(Modifier::UNDERLINED)),
        Role::Title => on_black(Color::White).add_modifier(bold),
        Role::Header => on_black(Color::White).add_modifier(bold.union(Modifier::UNDERLINED)),
        Role::Marked => on_black(Color::LightYellow).add_modifier(bold),
        Role::Match => on_black(Color::LightCyan).add_modifier(Modifier::UNDERLINED),
        Role::Input => on_black(Color::White).add_modifier(Modifier::UNDERLINED),
        Role::InputFocused => {
            on_black(Color::LightYellow).add_modifier(bold.union(Modifier::UNDERLINED))
        }
        Role::TabActive => {
            on_black(Color::LightYellow).add_modifier(bold.union(Modifier::UNDERLINED))
        }
        Role::Cursor | Role::ButtonFocused => on(Color::LightYellow).add_modifier(bold),
        Role::CursorUnfocused | Role::Button | Role::Toast => on(Color::White),
        Role::Disabled => on_black(Color::White).add_modifier(Modifier::CROSSED_OUT),
        Role::ToastGood => on(Color::LightGreen).add_modifier(bold),
        Role::ToastWarn => on(Color::LightYellow).add_modifier(bold),
        Role::ToastBad => on(Color::LightRed).add_modifier(bold),
    }
}
