//! The header: how everything is, what is wrong, and how old the data is.

use ratatui::layout::Rect;

use super::canvas::{Canvas, width};
use super::theme::Role;
use crate::console::age;
use crate::console::app::App;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
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
