//! Which characters pictures are made of: a set for good terminals, and one of ASCII.

use ratatui::symbols::{border, line};

/// The characters of frames, states, bars and boxes. Each is one cell wide, but for the boxes,
/// which are three, in both sets alike: a layout need not ask which set it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glyphs {
    /// The frame of panes.
    pub border: border::Set<'static>,
    /// The frame of dialogs and menus.
    pub dialog: border::Set<'static>,
    /// Lines inside frames, with their junctions.
    pub line: line::Set<'static>,
    /// A server that runs, a state that is well.
    pub running: &'static str,
    /// A server that is not reachable, a state to look at.
    pub warning: &'static str,
    /// Off, deactivated, unknown.
    pub off: &'static str,
    /// Both partners: a relationship, out of sync.
    pub sync: &'static str,
    /// Read-write.
    pub write: &'static str,
    /// Read-only.
    pub locked: &'static str,
    /// Where one is in a list; closed, in a tree.
    pub here: &'static str,
    /// Opens downwards: selectors; open, in a tree.
    pub down: &'static str,
    /// Sorted upwards.
    pub sort_up: &'static str,
    /// Sorted downwards.
    pub sort_down: &'static str,
    /// A marked row.
    pub mark: &'static str,
    /// Done.
    pub done: &'static str,
    /// Failed.
    pub failed: &'static str,
    /// Still to come.
    pub pending: &'static str,
    /// Running now.
    pub working: &'static str,
    /// A text goes on.
    pub more: &'static str,
    /// From one value to another.
    pub arrow: &'static str,
    /// Between parts of a path.
    pub crumb: &'static str,
    /// Between things in a line.
    pub dot: &'static str,
    /// A bar's heights, from lowest to full.
    pub bars: [&'static str; 8],
    /// A full cell of a level bar.
    pub full: &'static str,
    /// An empty cell of a level bar.
    pub empty: &'static str,
    /// A box that is checked, three cells.
    pub checked: &'static str,
    /// A box that is not, three cells.
    pub unchecked: &'static str,
    /// The chosen one of several, three cells.
    pub chosen: &'static str,
    /// One of several, three cells.
    pub unchosen: &'static str,
    /// The scrollbar's way.
    pub track: &'static str,
    /// The scrollbar's handle.
    pub thumb: &'static str,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_LINE: line::Set<'static> = line::Set {
    vertical: "|",
    horizontal: "-",
    top_right: "+",
    top_left: "+",
    bottom_right: "+",
    bottom_left: "+",
    vertical_left: "+",
    vertical_right: "+",
    horizontal_down: "+",
    horizontal_up: "+",
    cross: "+",
};

impl Glyphs {
    /// For terminals with Unicode; panes with plain corners, dialogs with round ones.
    pub const UNICODE: Glyphs = Glyphs {
        border: border::PLAIN,
        dialog: border::ROUNDED,
        line: line::NORMAL,
        running: "●",
        warning: "▲",
        off: "○",
        sync: "⇄",
        write: "✎",
        locked: "▣",
        here: "▸",
        down: "▾",
        sort_up: "▴",
        sort_down: "▾",
        mark: "▌",
        done: "✓",
        failed: "✗",
        pending: "·",
        working: "▸",
        more: "…",
        arrow: "→",
        crumb: "›",
        dot: "·",
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        full: "█",
        empty: "░",
        checked: "[x]",
        unchecked: "[ ]",
        chosen: "(•)",
        unchosen: "( )",
        track: "│",
        thumb: "█",
    };

    /// For all others.
    pub const ASCII: Glyphs = Glyphs {
        border: ASCII_BORDER,
        dialog: ASCII_BORDER,
        line: ASCII_LINE,
        running: "*",
        warning: "!",
        off: "o",
        sync: "~",
        write: "w",
        locked: "r",
        here: ">",
        down: "v",
        sort_up: "^",
        sort_down: "v",
        mark: "#",
        done: "+",
        failed: "x",
        pending: ".",
        working: ">",
        more: "~",
        arrow: ">",
        crumb: ">",
        dot: "-",
        bars: [".", ":", "-", "=", "+", "*", "%", "#"],
        full: "#",
        empty: ".",
        checked: "[x]",
        unchecked: "[ ]",
        chosen: "(*)",
        unchosen: "( )",
        track: "|",
        thumb: "#",
    };

    /// ASCII where it is asked for, where the locale is not UTF-8, or the terminal is one whose
    /// font lacks the signs. `environment` answers a variable's value.
    #[must_use]
    pub fn choose(ascii: bool, environment: &dyn Fn(&str) -> Option<String>) -> Glyphs {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let poor = set("TERM").is_some_and(|term| {
            matches!(term.as_str(), "linux" | "dumb" | "ansi" | "cons25" | "sun")
                || term.starts_with("vt1")
                || term.starts_with("vt2")
                || term.starts_with("vt3")
                || term.starts_with("linux-")
        });
        if ascii || poor || !utf8 {
            Glyphs::ASCII
        } else {
            Glyphs::UNICODE
        }
    }

    /// The bar of a part of the whole, 0 to 1: a blank for nothing (or for what is no number) and
    /// never for something, the highest for the whole only.
    #[must_use]
    pub fn bar(&self, part: f32) -> &'static str {
        if part.is_nan() || part <= 0.0 {
            return " ";
        }
        // 0 to 7, so the cast keeps it.
        let step = (part.min(1.0) * 7.0) as usize;
        self.bars.get(step).copied().unwrap_or(" ")
    }
}
