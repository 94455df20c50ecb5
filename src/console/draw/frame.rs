//! The frame: header, navigation, selectors, table, details and footer, and the layers above.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, width, wrap};
use super::hits::{Hits, Target};
use super::theme::{Glyphs, Role};
use super::{ascii, table};
use crate::console::age;
use crate::console::app::{App, Focus};
use crate::console::command;
use crate::console::details::Tab;
use crate::console::place::{Node, View};
use crate::console::table::Tone;
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
    header(app, &mut canvas, head);
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
        details(app, &mut canvas, below);
    }
    footer(app, &mut canvas, foot);
    let mut layered = false;
    for layer in app.layers() {
        (canvas.cursor, canvas.hits.layer_end) = (None, 0);
        layer.draw(&mut canvas, area, app.world());
        layered = true;
    }
    toasts(app, &mut canvas, area, layered);
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

fn header(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let summary = app.summary();
    let glyphs = canvas.theme.glyphs;
    let title = canvas.style(Role::Title);
    let name = match summary.domain.as_str() {
        "" => " Twinscope".to_owned(),
        domain => format!(" Twinscope · {domain}"),
    };
    let right = {
        let age = match summary.oldest {
            Some(at) => format!("read {}", age::ago(app.world().age(at))),
            None if summary.stale.is_some() => String::new(),
            None => "not read yet".to_owned(),
        };
        let stale = summary.stale.map(|at| age::ago(app.world().age(at)));
        let age = match stale {
            Some(stale) if age.is_empty() => format!("read {stale}"),
            Some(stale) if !age.ends_with(&stale) => format!("oldest {stale}"),
            _ => age,
        };
        let busy = app.busy();
        if busy.is_empty() {
            age
        } else {
            format!("{busy} · {age}")
        }
    };
    // What is wrong and how old the data is stay when there is little room; what goes first is
    // what says that nothing is amiss.
    let mut said = vec![(
        Role::Good,
        format!("{} {} running", glyphs.running, summary.running),
    )];
    let mut wrong = |count: usize, role: Role, glyph: &str, word: &str| {
        if count > 0 {
            said.push((role, format!("{glyph} {count} {word}")));
        }
    };
    wrong(summary.stopped, Role::Bad, glyphs.warning, "stopped");
    wrong(summary.paused, Role::Warn, glyphs.warning, "paused");
    wrong(
        summary.unreachable,
        Role::Bad,
        glyphs.warning,
        "not reachable",
    );
    wrong(summary.abnormal, Role::Warn, glyphs.sync, "not normal");
    wrong(summary.out_of_sync, Role::Bad, glyphs.sync, "out of sync");
    let writes = app.world().access.read_only.is_none();
    said.push(match writes {
        false => (Role::Warn, format!("{} read-only", glyphs.locked)),
        true => (Role::Dim, format!("{} read-write", glyphs.write)),
    });
    let taken = |name: &str, said: &[(Role, String)]| {
        let said: u16 = said.iter().map(|(_, text)| width(text) + 3).sum();
        width(name) + said + width(&right) + 4
    };
    let mut name = name;
    if taken(&name, &said) > area.width {
        name = " Twinscope".to_owned();
    }
    if taken(&name, &said) > area.width && writes {
        said.pop();
    }
    if taken(&name, &said) > area.width && said.len() > 1 {
        said.remove(0);
    }
    let mut x = area.x + canvas.text(area.x, area.y, area.width, &name, title);
    for (role, text) in said {
        let room = area.right().saturating_sub(x + 3);
        let style = canvas.style(role);
        if width(&text) <= room {
            x += 3 + canvas.text(x + 3, area.y, room, &text, style);
        }
    }
    let room = area.right().saturating_sub(x + 2);
    if width(&right) < room {
        let dim = canvas.style(Role::Dim);
        canvas.text_right(x + 2, area.y, room - 1, &right, dim);
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

fn details(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(state) = app.details() else {
        return;
    };
    let focused = app.focus() == Focus::Details;
    let spec = views::spec(app.place().view);
    let title = match app.table().subject() {
        Some(subject) => format!("Details: {subject}"),
        None => "Details".to_owned(),
    };
    let inner = canvas.frame(area, &title, focused);
    canvas.hits.add(area, Target::Details);
    let mut body = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    // The tabs stand in the frame where all of them fit beside the title, else in a row of their own.
    let needs: u16 = spec.tabs.iter().map(|tab| width(tab.name) + 3).sum();
    let beside = (area.x + width(&title) + 5).min(area.right());
    let mut row = Rect {
        x: beside,
        y: area.y,
        width: area.right().saturating_sub(beside + 1),
        height: 1,
    };
    if needs > row.width {
        row = Rect { height: 1, ..inner };
        body.y += 1;
        body.height = body.height.saturating_sub(1);
    }
    tabs(canvas, row, spec.tabs, state.tab);
    let tab = spec.tabs.get(state.tab).or_else(|| spec.tabs.first());
    if let (Some(tab), Some(subject)) = (tab, app.table().subject()) {
        let all = (tab.draw)(subject, app.world(), canvas, body, state.scroll);
        more_below(canvas, area, (state.scroll, usize::from(body.height), all));
    }
}

/// Says in the frame which lines are seen, where not all of them are.
fn more_below(canvas: &mut Canvas<'_>, area: Rect, (from, high, all): (usize, usize, usize)) {
    canvas.hits.details_end = all.saturating_sub(high);
    if all <= high || area.height < 2 {
        return;
    }
    let to = (from + high).min(all);
    let text = format!(" lines {}-{to} of {all} ", (from + 1).min(to));
    let style = canvas.style(Role::Text);
    let room = area.width.saturating_sub(4);
    canvas.text_right(area.x + 2, area.bottom() - 1, room, &text, style);
}

/// Tabs in a row; where not all of them fit, the one that is shown is in sight.
fn tabs(canvas: &mut Canvas<'_>, row: Rect, tabs: &[Tab], shown: usize) {
    let wide = |tab: &Tab| width(tab.name) + 3;
    let fits = |from: usize| {
        let upto = tabs.iter().take(shown + 1).skip(from);
        upto.map(wide).sum::<u16>() <= row.width
    };
    let from = (0..=shown).find(|from| fits(*from)).unwrap_or(shown);
    let mut x = row.x;
    for (place, tab) in tabs.iter().enumerate().skip(from) {
        let role = match place == shown {
            true => Role::TabActive,
            false => Role::Tab,
        };
        let room = row.right().saturating_sub(x);
        let text = format!(" {} ", tab.name);
        if width(&text) > room && place != shown {
            break;
        }
        let style = canvas.style(role);
        // In the frame they would take on its colour, and the one shown would not stand out.
        let spot = Rect::new(x, row.y, width(&text).min(room), 1);
        canvas.fill(spot, style);
        let used = canvas.text(x, row.y, room, &text, style);
        canvas.hits.add(spot, Target::Tab(place));
        x += used + 1;
    }
}

/// What keys there are here, each of which can be clicked.
fn footer(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let (key_style, text_style) = (canvas.style(Role::Key), canvas.style(Role::Dim));
    let mut x = area.x + 1;
    let here = command::all().filter(|command| !command.hint.is_empty());
    let here = here.filter(|command| command.is_in(app.place().view));
    let hints = here.filter_map(|command| {
        let key = app.keymap().keys(command.id).first()?.to_string();
        let needs = width(&key) + width(command.hint) + 1;
        Some((command, key, needs))
    });
    let hints: Vec<_> = hints.collect();
    // Whoever is new here needs one hint above all: where the others are.
    let help = hints.iter().find(|(command, ..)| command.id == "help");
    let help_needs = help.map_or(0, |(.., needs)| needs + 2);
    let all: u16 = hints.iter().map(|(.., needs)| needs + 2).sum();
    let cut = all > area.width;
    let end = area
        .right()
        .saturating_sub(if cut { help_needs } else { 0 });
    let mut shown: Vec<_> = Vec::new();
    let mut to = x;
    for hint in &hints {
        if cut && hint.0.id == "help" {
            continue;
        }
        if to + hint.2 > end {
            break;
        }
        to += hint.2 + 2;
        shown.push(hint);
    }
    shown.extend(help.filter(|_| cut));
    for (command, key, needs) in shown {
        let needs = (*needs).min(area.right().saturating_sub(x));
        let mut used = canvas.text(x, area.y, needs, key, key_style) + 1;
        used += canvas.text(
            x + used,
            area.y,
            needs.saturating_sub(used),
            command.hint,
            text_style,
        );
        canvas.command(Rect::new(x, area.y, used, 1), command.id);
        x += used + 2;
    }
}

/// What was said lately: above the footer. Over a layer only the last of it, in one line at the
/// top, where neither buttons are nor what is being read.
fn toasts(app: &App, canvas: &mut Canvas<'_>, area: Rect, layered: bool) {
    let mut lines = Vec::new();
    let before = match layered {
        true => app.toasts().len().saturating_sub(1),
        false => 0,
    };
    for toast in app.toasts().iter().skip(before) {
        let style = canvas.style(match toast.tone {
            Tone::Good => Role::ToastGood,
            Tone::Warn => Role::ToastWarn,
            Tone::Bad => Role::ToastBad,
            Tone::Plain | Tone::Dim | Tone::Accent => Role::Toast,
        });
        let wrapped = match layered {
            true => vec![toast.text.clone()],
            false => wrap(&toast.text, area.width.saturating_sub(4)),
        };
        lines.extend(wrapped.into_iter().map(|line| (line, style)));
    }
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = match layered {
        true => area.top(),
        false => area.bottom().saturating_sub(high.saturating_add(1)),
    };
    let last = area.bottom().saturating_sub(1);
    for ((line, style), y) in lines.iter().zip(top.max(area.top())..last) {
        let row = Rect::new(area.x, y, area.width, 1);
        canvas.fill(row, *style);
        canvas.text(row.x + 1, y, row.width.saturating_sub(2), line, *style);
    }
}
