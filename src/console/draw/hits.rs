//! The hit registry: what lies where on the screen, as the last frame drew it.

use ratatui::layout::{Position, Rect};

use crate::console::command::Id;
use crate::console::place::Node;

/// What can be hit with the mouse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A row of the table, by its place in the order shown.
    Row(usize),
    /// A header of the table, by its column's place in the source.
    Header(usize),
    /// The table around its rows.
    Table,
    /// The scroll bar of the table.
    Scrollbar,
    /// The filter bar.
    FilterBar,
    /// The details.
    Details,
    /// A tab of the details.
    Tab(usize),
    /// A node of the navigation.
    Nav(Node),
    /// A command: a hint, a button, a selector.
    Command(Id),
    /// A spot of the top layer, by that layer's own number.
    Spot(u32),
    /// Everything around the top layer.
    Shield,
}

/// What lies where. What was registered later lies above.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    spots: Vec<(Rect, Target)>,
    /// How many rows of the table are visible.
    pub page: usize,
    /// How far the details can be scrolled, in lines.
    pub details_end: usize,
    /// How far the top layer can be scrolled, in lines.
    pub layer_end: usize,
    /// Where menus of the cursor's row hang.
    pub cursor_row: Option<Position>,
}

impl Hits {
    /// Registers a target.
    pub fn add(&mut self, area: Rect, target: Target) {
        if !area.is_empty() {
            self.spots.push((area, target));
        }
    }

    /// Everything that can be hit, from the lowest to what lies above.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.spots.iter().map(|(_, target)| target)
    }

    /// What lies at a position, and its whole area.
    #[must_use]
    pub fn at(&self, column: u16, row: u16) -> Option<(&Target, Rect)> {
        let position = Position::new(column, row);
        let found = self.spots.iter().rev();
        let mut found = found.filter(|(area, _)| area.contains(position));
        found.next().map(|(area, target)| (target, *area))
    }

    /// Where a target was drawn; the highest place of it, if there are several (a selector, whose
    /// command the footer names too).
    #[must_use]
    pub fn area_of(&self, target: &Target) -> Option<Rect> {
        let found = self.spots.iter().filter(|(_, known)| known == target);
        found.map(|(area, _)| *area).min_by_key(|area| area.y)
    }
}
