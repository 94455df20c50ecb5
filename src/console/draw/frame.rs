//! The frame: where header, navigation, selectors, table, details and footer stand, and the layers
//! above.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, width, wrap};
use super::hits::{Hits, Target};
use super::theme::{Glyphs, Role};
use super::{ascii, details, footer, header, table};
use crate::console::app::{App, Focus};
use crate::console::command;
use crate::console::place::{Node, View};
use crate::console::views;

/// Below so many columns or rows nothing useful can be drawn.
pub const LEAST: (u16, u16) = (60, 16);
/// From so many columns on the navigation has a place of its own.
const WITH_NAVIGATION: u16 = 100;
/// The navigation's width.
const NAVIGATION: u16 = 27;

/// Draws the console; gives what lies where, and where the terminal's cursor is to be.
#[must_use]
pub fn draw(app: &App, buffer: &mut Buffer) -> (Hits, Option<Position>) {
    let drawn = draw_all(app, buffer);
    if app.look().glyphs == Glyphs::ASCII {
        ascii::only(buffer);
    }
    drawn
}

fn draw_all(app: &App, buffer: &mut Buffer) -> (Hits, Option<Position>) {
    let mut hits = Hits::default();
    let area = buffer.area;
    let mut canvas = Canvas {
        buffer,
        theme: app.look(),
        hits: &mut hits,
        cursor: None,
    };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(&mut canvas, area);
        let cursor = canvas.cursor;
        return (hits, cursor);
    }
    let [head, body, foot] = rows(area, [1, 0, 1]);
    header::draw(app, &mut canvas, head);
    let (main, below) = match app.details() {
        Some(_) => {
            let usual = (body.height * 2 / 5).max(7);
            // What a short table leaves empty is the details'; a filter does not move them.
            let table = u16::try_from(app.table().source().len()).unwrap_or(u16::MAX);
            let left = body.height.saturating_sub(table.saturating_add(4));
            let high = usual.max(left.min(body.height * 3 / 4));
            let [main, below] = split(body, body.height - high.min(body.height - 6));
            (main, Some(below))
        }
        None => (body, None),
    };
    let main = if area.width >= WITH_NAVIGATION {
        let nav = Rect {
            width: NAVIGATION,
            ..main
        };
        navigation(app, &mut canvas, nav);
        Rect {
            x: main.x + NAVIGATION,
            width: main.width - NAVIGATION,
            ..main
        }
    } else {
        main
    };
    let [bar, filter, list] = rows(main, [1, 1, 0]);
    selectors(app, &mut canvas, bar, area.width < WITH_NAVIGATION);
    filter_bar(app, &mut canvas, filter);
    let focused = matches!(app.focus(), Focus::Table | Focus::Filter);
    let mut servers = app.world().estate.servers.values();
    let unread = servers.all(|view| view.reading.is_none() && view.error.is_none());
    let empty = match app.place().node {
        Node::Servers | Node::Scopes if unread => "Nothing was read yet.",
        _ => views::spec(app.place().view).empty,
    };
    table::draw(
        &mut canvas,
        list,
        (app.table(), app.widths()),
        app.world(),
        focused,
        empty,
    );
    if let Some(below) = below {
        details::draw(app, &mut canvas, below);
    }
    footer::draw(app, &mut canvas, foot);
    let mut layered = false;
    for layer in app.layers() {
        (canvas.cursor, canvas.hits.layer_end) = (None, 0);
        layer.draw(&mut canvas, area, app.world());
        layered = true;
    }
    footer::toasts(app, &mut canvas, area, layered);
    let cursor = canvas.cursor;
    (hits, cursor)
}

/// Rows from top to bottom; the one of height 0 takes what is left.
fn rows<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let fixed: u16 = heights.iter().sum();
    let mut y = area.y;
    heights.map(|height| {
        let height = match height {
            0 => area.height.saturating_sub(fixed),
            height => height.min(area.bottom().saturating_sub(y)),
        };
        let row = Rect { y, height, ..area };
        y += height;
        row
    })
}

fn split(area: Rect, at: u16) -> [Rect; 2] {
    let above = Rect { height: at, ..area };
    let below = Rect {
        y: area.y + at,
        height: area.height - at,
        ..area
    };
    [above, below]
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let text = format!(
        "Twinscope needs {} columns and {} rows; this terminal has {} and {}.",
        LEAST.0, LEAST.1, area.width, area.height
    );
    let style = canvas.style(Role::Text);
    for (line, y) in wrap(&text, area.width)
        .iter()
        .zip(area.top()..area.bottom())
    {
        canvas.text(area.x, y, area.width, line, style);
    }
}

fn navigation(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let focused = app.focus() == Focus::Navigation;
    let inner = canvas.frame(area, "MONITOR AND MANAGE", focused);
    for (node, y) in Node::ALL.into_iter().zip(inner.top()..inner.bottom()) {
        let line = Rect::new(inner.x, y, inner.width, 1);
        let here = app.place().node == node;
        let role = match (here, focused) {
            (true, true) => Role::Cursor,
            (true, false) => Role::Accent,
            (false, _) => Role::Text,
        };
        let style = canvas.style(role);
        if here {
            canvas.buffer.set_style(line, style);
            let here = canvas.theme.glyphs.here;
            canvas.text(line.x, y, 1, here, style);
        }
        canvas.text(line.x + 1, y, line.width - 1, node.label(), style);
        canvas.hits.add(line, Target::Nav(node));
    }
}

/// Where the operator is, and the selectors.
fn selectors(app: &App, canvas: &mut Canvas<'_>, area: Rect, breadcrumb: bool) {
    let place = app.place();
    let (title, dim, accent) = (
        canvas.style(Role::Title),
        canvas.style(Role::Label),
        canvas.style(Role::Accent),
    );
    let mut x = area.x + 1;
    let label = place.node.label();
    let used = canvas.text(x, area.y, area.right().saturating_sub(x), label, title);
    if breadcrumb {
        canvas.command(Rect::new(x, area.y, used, 1), "go-to-node");
    }
    x += used;
    let drop_down = canvas.theme.glyphs.down;
    let mut selector = |x: &mut u16, name: &str, value: &str, id: command::Id| {
        let from = *x + 2;
        let room = area.right().saturating_sub(from);
        if room < 8 {
            return;
        }
        let name = format!("{name}: ");
        let mut used = canvas.text(from, area.y, room, &name, dim);
        let value = format!("{value} {drop_down}");
        used += canvas.text(
            from + used,
            area.y,
            room.saturating_sub(used),
            &value,
            accent,
        );
        canvas.command(Rect::new(from, area.y, used, 1), id);
        *x = from + used;
    };
    match place.node {
        Node::Servers => {
            selector(
                &mut x,
                "Server Type",
                place.server_type.label(),
                "server-type",
            );
            selector(&mut x, "View", place.view.label(), "view");
        }
        Node::Scopes => selector(&mut x, "Current view", place.view.label(), "view"),
        Node::Groups | Node::Events | Node::Access => {}
    }
    if let Some(within) = &place.within {
        let room = area.right().saturating_sub(x + 2);
        if room > 6 {
            let text = format!("› {within}");
            let used = canvas.text(x + 2, area.y, room, &text, accent);
            canvas.command(Rect::new(x + 2, area.y, used, 1), "back");
        }
    }
}

fn filter_bar(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let table = app.table();
    let focused = app.focus() == Focus::Filter;
    let shown = table.order().len();
    let all = table.source().len();
    let mut count = if shown == all && table.filter().is_empty() {
        format!("{all} {}", if all == 1 { "row" } else { "rows" })
    } else {
        format!("{shown} of {all}")
    };
    if app.place().view == View::Leases {
        let under_way = app.world().leases.servers();
        let under_way: Vec<usize> = under_way
            .filter(|(_, _, reading)| reading.begun.is_some())
            .map(|(_, _, reading)| reading.so_far)
            .collect();
        if !under_way.is_empty() {
            let so_far: usize = under_way.iter().sum();
            count = format!("{count} · reading… {so_far} so far");
        }
    }
    if table.marked() > 0 {
        count = format!("{count} · {} marked", table.marked());
    }
    let dim = canvas.style(Role::Dim);
    canvas.text_right(area.x, area.y, area.width - 1, &count, dim);
    let room = area.width.saturating_sub(width(&count) + 5);
    let input = app.filter_input();
    let box_ = Rect::new(area.x + 1, area.y, room, 1);
    canvas.hits.add(box_, Target::FilterBar);
    if !focused && input.value().is_empty() {
        canvas.text(box_.x, box_.y, box_.width, "/ filter…", dim);
        return;
    }
    let role = if focused { Role::Input } else { Role::Accent };
    let style = canvas.style(role);
    canvas.text(box_.x, box_.y, 2, "/ ", canvas.theme.style(Role::Key));
    canvas.text(
        box_.x + 2,
        box_.y,
        box_.width.saturating_sub(2),
        input.value(),
        style,
    );
    // What the filter does not understand is said beside it; it still finds the words as they are.
    if let Some(why) = table.filter().trouble(table.source().columns()) {
        let from = width(input.value()).saturating_add(5);
        let style = canvas.style(Role::Warn);
        let room = box_.width.saturating_sub(from);
        canvas.text(box_.x.saturating_add(from), box_.y, room, &why, style);
    }
    if focused {
        let at = u16::try_from(input.visual_cursor()).unwrap_or(u16::MAX);
        let x = box_
            .x
            .saturating_add(2)
            .saturating_add(at)
            .min(box_.right());
        canvas.cursor = Some(Position::new(x, box_.y));
    }
}
