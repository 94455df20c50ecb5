//! What a comparison looks like: a field a line, both values beside each other or, where that
//! leaves no room, one below the other.

use ratatui::text::{Line, Span};

use super::rows::{Compared, Row, Section, Side};
use crate::console::draw::{Look, Role, columns as beside, width, wrap};
use crate::model::Detail;
use crate::model::text::printable;

/// Under this width values stand one below the other.
const BESIDE: u16 = 64;
/// What stands for an object that one of the two does not have.
const ABSENT: &str = "(not there)";

/// The columns, in cells.
#[derive(Clone, Copy)]
struct Columns {
    field: u16,
    value: u16,
}

impl Columns {
    /// `None`: there is no room for columns.
    fn of(room: u16) -> Option<Columns> {
        if room < BESIDE {
            return None;
        }
        // Two for the mark, and two between columns.
        let field = (room / 3).clamp(18, 34);
        let value = (room - field - 6) / 2;
        Some(Columns { field, value })
    }
}

/// A comparison of a scope as lines of at most `room` cells.
pub(super) fn scope_lines(
    look: &Look,
    compared: &Compared,
    all: bool,
    room: u16,
) -> Vec<Line<'static>> {
    let mut lines = notes(look, &compared.unknown, room);
    lines.extend(heads(look, &compared.here, &compared.there, room));
    let rows: Vec<&Row> = compared
        .rows
        .iter()
        .filter(|row| all || row.differs)
        .collect();
    if rows.is_empty() {
        let said = match compared.unknown.is_empty() {
            true => "Both copies are the same.",
            false => "No difference, as far as both copies are known.",
        };
        lines.push(Line::default());
        lines.push(Line::styled(said, look.style(Role::Good)));
    }
    lines.extend(row_lines(
        look,
        &rows,
        &compared.here,
        &compared.there,
        room,
    ));
    lines
}

/// What could not be compared.
pub(super) fn notes(look: &Look, notes: &[String], room: u16) -> Vec<Line<'static>> {
    let notes = notes
        .iter()
        .flat_map(|note| wrap(&format!("! {note}"), room));
    notes
        .map(|line| Line::styled(line, look.style(Role::Warn)))
        .collect()
}

/// Who is who, and how old what is shown of it is.
pub(super) fn heads(look: &Look, here: &Side, there: &Side, room: u16) -> Vec<Line<'static>> {
    let tone = |side: &Side| {
        look.style(match side.readable {
            true => Role::Dim,
            false => Role::Bad,
        })
    };
    let title = look.style(Role::Title);
    match Columns::of(room) {
        Some(columns) => {
            let room = columns.value;
            let blank = ("", title, columns.field + 2);
            let (one, two) = (here.server.as_str(), there.server.as_str());
            let mut lines = beside(&[blank, (one, title, room), (two, title, room)]);
            let one = (here.age.as_str(), tone(here), room);
            let two = (there.age.as_str(), tone(there), room);
            lines.extend(beside(&[blank, one, two]));
            lines
        }
        None => [here, there]
            .into_iter()
            .map(|side| {
                Line::from(vec![
                    Span::styled(side.server.to_string(), title),
                    Span::styled(format!("  {}", side.age), tone(side)),
                ])
            })
            .collect(),
    }
}

/// Rows, with a heading where a section begins.
pub(super) fn row_lines(
    look: &Look,
    rows: &[&Row],
    here: &Side,
    there: &Side,
    room: u16,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut section: Option<Section> = None;
    for row in rows {
        if section != Some(row.section()) {
            section = Some(row.section());
            lines.push(Line::default());
            let label = row.section().label();
            lines.push(Line::styled(label, look.style(Role::Accent)));
        }
        lines.extend(one_row(look, row, here, there, room));
    }
    lines
}

fn one_row(look: &Look, row: &Row, here: &Side, there: &Side, room: u16) -> Vec<Line<'static>> {
    let both = (row.field.left(), row.field.right());
    // An exclusion that both have is written like one that only the left one has.
    let values = match (&row.field.detail, row.differs) {
        (Detail::Exclusion { range, .. }, false) => {
            (Some(range.to_string()), Some(range.to_string()))
        }
        _ => both,
    };
    let style = |value: &Option<String>| {
        look.style(match (row.differs, value) {
            (true, Some(_)) => Role::Text,
            (true, None) => Role::Bad,
            (false, _) => Role::Dim,
        })
    };
    let styles = [style(&values.0), style(&values.1)];
    let text = |value: Option<String>| match value {
        Some(value) if value.is_empty() => "(empty)".to_owned(),
        Some(value) => printable(&value, 2000),
        None => ABSENT.to_owned(),
    };
    let values = [text(values.0), text(values.1)];
    let mark = if row.differs { "!" } else { " " };
    let (label, of_mark) = match row.differs {
        true => (Role::Text, Role::Warn),
        false => (Role::Dim, Role::Dim),
    };
    if let Some(columns) = Columns::of(room) {
        // The mark and the label stand a cell apart, not two: the mark is the label's beginning.
        let mut lines = beside(&[
            (&row.label(), look.style(label), columns.field),
            (&values[0], styles[0], columns.value),
            (&values[1], styles[1], columns.value),
        ]);
        for (place, line) in lines.iter_mut().enumerate() {
            let mark = if place == 0 { mark } else { " " };
            let mark = Span::styled(format!("{mark} "), look.style(of_mark));
            line.spans.insert(0, mark);
        }
        return lines;
    }
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{mark} "), look.style(of_mark)),
        Span::styled(row.label(), look.style(label)),
    ])];
    if !row.differs {
        let said = wrap(&values[0], room.saturating_sub(4));
        lines.extend(
            said.into_iter()
                .map(|part| Line::styled(format!("    {part}"), styles[0])),
        );
        return lines;
    }
    for ((side, value), style) in [here, there].into_iter().zip(values).zip(styles) {
        let name = side.server.short().to_owned();
        let indent = usize::from(width(&name)) + 6;
        let parts = wrap(
            &value,
            room.saturating_sub(u16::try_from(indent).unwrap_or(8)),
        );
        for (place, part) in parts.into_iter().enumerate() {
            let head = match place {
                0 => format!("    {name}: "),
                _ => " ".repeat(indent),
            };
            lines.push(Line::from(vec![
                Span::styled(head, look.style(Role::Label)),
                Span::styled(part, style),
            ]));
        }
    }
    lines
}
