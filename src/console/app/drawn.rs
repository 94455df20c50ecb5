//! What the operator sees: a click means what the last frame showed there, whatever has come since.

use super::App;
use crate::console::draw::{Hits, Target};
use crate::console::subject::Subject;

/// What the last frame showed.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) hits: Hits,
    /// The rows by their places.
    rows: Vec<(usize, Option<Subject>)>,
    /// The top layer's number.
    top: Option<u64>,
}

impl App {
    /// What the last frame drew where.
    pub fn drawn(&mut self, hits: Hits) {
        let rows = hits.targets().filter_map(|target| match target {
            Target::Row(place) => Some((*place, self.row_at(*place))),
            _ => None,
        });
        let rows = rows.collect();
        self.table.set_page(hits.page);
        let top = self.top_layer();
        if let Some(opened) = self.layers.last_mut() {
            opened.layer.drawn(hits.layer_end);
        }
        self.drawn = Drawn { hits, rows, top };
    }

    /// Whether the layer that was clicked on is the one that is there now.
    pub(super) fn is_as_drawn(&self) -> bool {
        self.drawn.top == self.top_layer()
    }

    /// Where the row is now that was drawn as the one at that place; nowhere, if it has gone.
    pub(super) fn row_drawn_at(&self, place: usize) -> Option<usize> {
        let mut rows = self.drawn.rows.iter();
        let (_, drawn) = rows.find(|(drawn, _)| *drawn == place)?;
        if self.row_at(place) == *drawn {
            return Some(place);
        }
        let (source, drawn) = (self.table.source(), drawn.as_ref()?);
        let is_it = |row: &u32| source.subject(*row as usize).as_ref() == Some(drawn);
        // It has not gone far: rows came or went above it. A million are not looked through.
        let order = self.table.order();
        let from = place.saturating_sub(4096).min(order.len());
        let to = place.saturating_add(4096).min(order.len());
        let found = order.get(from..to)?.iter().position(is_it)?;
        Some(from + found)
    }

    fn row_at(&self, place: usize) -> Option<Subject> {
        let row = *self.table.order().get(place)?;
        self.table.source().subject(row as usize)
    }

    fn top_layer(&self) -> Option<u64> {
        self.layers.last().map(|opened| opened.number)
    }
}
