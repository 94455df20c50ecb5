//! The frame of the details: its title, its tabs, and which lines of the page are seen.

use ratatui::layout::Rect;

use super::canvas::{Canvas, width};
use super::hits::Target;
use super::theme::Role;
use crate::console::app::{App, Focus};
use crate::console::details::Tab;
use crate::console::views;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
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
        let all = tab.draw((subject, app.world()), canvas, body, state.scroll);
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
