//! The lowest lines: what keys there are, and what was said lately.

use ratatui::layout::Rect;

use super::canvas::{Canvas, width, wrap};
use super::theme::Role;
use crate::console::app::App;
use crate::console::command;
use crate::console::table::Tone;

/// What keys there are here, each of which can be clicked.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
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
pub(super) fn toasts(app: &App, canvas: &mut Canvas<'_>, area: Rect, layered: bool) {
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
