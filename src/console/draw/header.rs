//! The header: how everything is, what is wrong, and how old the data is.

use ratatui::layout::Rect;

use super::canvas::{Canvas, width};
use super::theme::Role;
use crate::console::age;
use crate::console::app::App;

/// Something said, and what it means.
type Said = (Role, String);

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let summary = app.summary();
    let glyphs = canvas.theme.glyphs;
    let title = canvas.style(Role::Title);
    let name = match summary.domain.as_str() {
        "" => " Twinscope".to_owned(),
        domain => format!(" Twinscope · {domain}"),
    };
    let age = age(app);
    let busy = app.busy();
    let mut right = match busy.as_str() {
        "" => age.clone(),
        busy => format!("{busy} · {age}"),
    };
    let mut good = match summary.running {
        // Nobody was asked yet: that none runs is not known either.
        0 if summary.unasked > 0 => Vec::new(),
        running => vec![(Role::Good, format!("{} {running} running", glyphs.running))],
    };
    let mut wrong = Vec::new();
    let mut count = |count: usize, role: Role, glyph: &str, word: &str| {
        if count > 0 {
            wrong.push((role, format!("{glyph} {count} {word}")));
        }
    };
    let (warning, sync) = (glyphs.warning, glyphs.sync);
    count(summary.stopped, Role::Bad, warning, "stopped");
    count(summary.paused, Role::Warn, warning, "paused");
    count(summary.unreachable, Role::Bad, warning, "not reachable");
    count(summary.unasked, Role::Warn, warning, "not asked yet");
    count(summary.abnormal, Role::Warn, sync, "not normal");
    count(summary.out_of_sync, Role::Bad, sync, "out of sync");
    let mut mode = match app.world().access.read_only {
        Some(_) => vec![(Role::Warn, format!("{} read-only", glyphs.locked))],
        None => vec![(Role::Dim, format!("{} read-write", glyphs.write))],
    };

    // How old the data is stays, whatever else there is to say. What goes first is what says that
    // nothing is amiss, then what is less wrong, and last what is going on.
    let all = |parts: [&[Said]; 3]| parts.concat();
    let fits = |name: &str, said: &[Said], right: &str| {
        let said: u16 = said.iter().map(|(_, text)| width(text) + 3).sum();
        width(name) + said + width(right) + 4 <= area.width
    };
    let mut name = name;
    if !fits(&name, &all([&good, &wrong, &mode]), &right) {
        name = " Twinscope".to_owned();
    }
    if !fits(&name, &all([&good, &wrong, &mode]), &right) && app.world().access.read_only.is_none()
    {
        mode.clear();
    }
    let others = wrong.len() + mode.len();
    if !fits(&name, &all([&good, &wrong, &mode]), &right) && others > 0 {
        good.clear();
    }
    let mut left_out = 0;
    let mut shown = wrong.clone();
    while !fits(&name, &all([&good, &shown, &mode]), &right) && wrong.len() > 1 {
        let least = wrong.iter().rposition(|(role, _)| *role == Role::Warn);
        wrong.remove(least.unwrap_or(wrong.len() - 1));
        left_out += 1;
        shown.clone_from(&wrong);
        shown.push((Role::Warn, format!("+{left_out} more")));
    }
    let said = all([&good, &shown, &mode]);
    if !fits(&name, &said, &right) {
        right = age;
    }

    let mut x = area.x + canvas.text(area.x, area.y, area.width, &name, title);
    // Kept free for the age.
    let end = area.right().saturating_sub(width(&right) + 3);
    for (role, text) in said {
        let room = end.saturating_sub(x + 3);
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

/// How old what is shown is.
fn age(app: &App) -> String {
    let summary = app.summary();
    let age = match summary.oldest {
        Some(at) => format!("read {}", age::ago(app.world().age(at))),
        None if summary.stale.is_some() => String::new(),
        None => "not read yet".to_owned(),
    };
    let stale = summary.stale.map(|at| age::ago(app.world().age(at)));
    match stale {
        Some(stale) if age.is_empty() => format!("read {stale}"),
        Some(stale) if !age.ends_with(&stale) => format!("oldest {stale}"),
        _ => age,
    }
}
