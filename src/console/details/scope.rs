//! Details of a scope: Scope Properties, and what hangs on it.

use ratatui::layout::Rect;

use super::{Tab, field, lines};
use crate::console::draw::Canvas;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::text::printable;

/// The tabs.
pub const TABS: &[Tab] = &[Tab {
    name: "Scope Properties",
    draw: properties,
}];

fn properties(
    subject: &Subject,
    world: &World,
    canvas: &mut Canvas<'_>,
    area: Rect,
    from: usize,
) -> usize {
    let scope = match subject {
        Subject::Scope(server, scope) => world.estate.scope(server, *scope),
        _ => None,
    };
    let Some(scope) = scope else {
        return 0;
    };
    let fields = scope.properties();
    let fields: Vec<_> = fields
        .iter()
        .map(|property| {
            field(
                canvas,
                property.label(),
                printable(&property.to_string(), 400),
            )
        })
        .collect();
    lines(canvas, area, from, &fields)
}
