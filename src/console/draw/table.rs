//! The table: the columns that fit, and the rows that are visible. What is not visible costs
//! nothing.

use ratatui::layout::{Position, Rect};

use super::canvas::{Canvas, width};
use super::hits::Target;
use super::theme::Role;
use crate::console::table::{Align, ColumnSpec, Source, Table};
use crate::console::world::World;

/// The room that a bar takes before a cell's text.
const BAR: u16 = 2;
/// No column is drawn narrower.
const LEAST: u16 = 4;
/// Names up to so many cells are kept whole before other columns are shown.
const WHOLE: u16 = 20;
/// What must stay is cut down to so many cells where nothing else helps.
const CUT: u16 = 10;
/// So many rows tell how wide columns are.
const SAMPLE: usize = 256;

/// Which columns fit into a width, and how wide each is drawn, as places in the source's columns.
/// `natural` is what each column's cells would take. Columns are dropped by their number, the
/// highest first; what is left over goes to what cells need, and then to headers.
#[must_use]
pub fn fit(specs: &[ColumnSpec], natural: &[u16], shown: &[usize], room: u16) -> Vec<(usize, u16)> {
    struct Fit {
        place: usize,
        drop: u8,
        least: u16,
        cells: u16,
        header: u16,
    }
    let wish = |place: &usize| {
        let spec = specs.get(*place)?;
        let (least, most) = spec.width;
        let cells = natural.get(*place).copied().unwrap_or(most);
        Some(Fit {
            place: *place,
            drop: spec.drop,
            // What is never dropped is never cut either, as long as others can be.
            least: match spec.drop {
                0 => cells.clamp(LEAST, most).min(least.max(WHOLE)),
                _ => least.min(cells.max(LEAST)),
            },
            cells: cells.min(most),
            header: (width(spec.name) + 1).min(most),
        })
    };
    let mut columns: Vec<Fit> = shown.iter().filter_map(wish).collect();
    let needs = |columns: &[Fit]| -> u16 { columns.iter().map(|column| column.least + 1).sum() };
    let drop = |columns: &mut Vec<Fit>, least: u8| {
        while columns.len() > 1 && needs(columns) > room {
            let last = columns.iter().enumerate();
            let last = last.filter(|(_, column)| column.drop >= least);
            let last = last.max_by_key(|(place, column)| (column.drop, *place));
            let Some((last, _)) = last else { break };
            columns.remove(last);
        }
    };
    drop(&mut columns, 1);
    // What must stay is cut before any of it goes, the widest first.
    while needs(&columns) > room {
        let widest = columns.iter_mut().filter(|column| column.least > CUT);
        match widest.max_by_key(|column| column.least) {
            Some(widest) => widest.least -= 1,
            None => break,
        }
    }
    drop(&mut columns, 0);
    let mut left = room.saturating_sub(needs(&columns));
    let mut widths: Vec<u16> = columns.iter().map(|column| column.least).collect();
    for goal in [|column: &Fit| column.cells, |column: &Fit| column.header] {
        // To those that are dropped last first; a cell at a time among those that are alike.
        let mut drops: Vec<u8> = columns.iter().map(|column| column.drop).collect();
        drops.sort_unstable();
        drops.dedup();
        for drop in drops {
            let mut given = true;
            while given && left > 0 {
                given = false;
                for (wide, column) in widths.iter_mut().zip(&columns) {
                    if left > 0 && column.drop == drop && *wide < goal(column) {
                        *wide += 1;
                        left -= 1;
                        given = true;
                    }
                }
            }
        }
    }
    let places = columns.iter().map(|column| column.place);
    places.zip(widths).collect()
}

/// What each column's cells would take, told from some of the rows.
#[must_use]
pub fn natural(source: &dyn Source, world: &World) -> Vec<u16> {
    let step = (source.len() / SAMPLE).max(1);
    let columns = source.columns().len();
    let wide = |row: usize, column: usize| {
        let cell = source.cell(row, column, world);
        let bar = if cell.bar.is_some() { BAR } else { 0 };
        width(&cell.text) + bar
    };
    let rows = || (0..source.len()).step_by(step);
    (0..columns)
        .map(|column| rows().map(|row| wide(row, column)).max().unwrap_or(0))
        .collect()
}

/// Draws headers and visible rows.
pub fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    (table, natural): (&Table, &[u16]),
    world: &World,
    focused: bool,
    empty: &str,
) {
    canvas.hits.add(area, Target::Table);
    if area.height < 2 || area.width < 4 {
        return;
    }
    let source = table.source();
    let specs = source.columns();
    let columns = fit(specs, natural, table.shown(), area.width.saturating_sub(2));
    headers(canvas, area, table, specs, &columns);
    let rows = usize::from(area.height - 1);
    canvas.hits.page = rows;
    if table.order().is_empty() {
        let text = if table.filter().is_empty() {
            empty.to_owned()
        } else {
            format!(
                "No row has '{}'. Esc clears the filter.",
                table.filter().text()
            )
        };
        let style = canvas.style(Role::Dim);
        canvas.text(area.x + 2, area.y + 2, area.width - 2, &text, style);
        return;
    }
    let visible = table
        .order()
        .iter()
        .enumerate()
        .skip(table.top())
        .take(rows);
    for ((place, row), y) in visible.zip(area.y + 1..area.bottom()) {
        let row = *row as usize;
        let line = Rect::new(area.x, y, area.width, 1);
        let here = place == table.cursor();
        if here {
            canvas.hits.cursor_row = Some(Position::new(area.x + 2, y));
        }
        let marked = table.marked() > 0
            && source
                .subject(row)
                .is_some_and(|subject| table.is_marked(&subject));
        let stale = source.stale(row, world);
        let base = match (here, marked) {
            (true, _) if focused => Some(Role::Cursor),
            (true, _) => Some(Role::CursorUnfocused),
            (false, true) => Some(Role::Marked),
            (false, false) if stale => Some(Role::Dim),
            (false, false) => None,
        };
        if let Some(role) = base {
            let style = canvas.style(role);
            canvas.buffer.set_style(line, style);
        }
        let glyphs = canvas.theme.glyphs;
        let sign = match (here, marked) {
            (_, true) => glyphs.done,
            (true, false) => glyphs.mark,
            (false, false) => " ",
        };
        let accent = canvas.style(base.unwrap_or(Role::Accent));
        canvas.text(area.x, y, 1, sign, accent);
        let mut x = area.x + 1;
        for (column, wide) in &columns {
            let cell = source.cell(row, *column, world);
            let spec = specs.get(*column);
            let style = canvas.style(base.unwrap_or_else(|| Role::from(cell.tone)));
            let mut room = *wide;
            let mut at = x;
            if let Some(bar) = cell.bar {
                let glyph = glyphs.bar(bar);
                let full = canvas.style(base.unwrap_or(Role::BarFull));
                canvas.text(at, y, 1, glyph, full);
                at += BAR.min(room);
                room = room.saturating_sub(BAR);
            }
            if spec.is_some_and(|spec| spec.align == Align::Right) {
                canvas.text_right(at, y, room, &cell.text, style);
            } else {
                canvas.text(at, y, room, &cell.text, style);
            }
            x += wide + 1;
        }
        canvas.hits.add(line, Target::Row(place));
    }
    scrollbar(canvas, area, table, rows);
}

/// A column's label as it fits: long ones that many columns' labels begin like are told by the
/// word that tells them apart.
fn heading(name: &'static str, room: u16) -> &'static str {
    if width(name) <= room {
        return name;
    }
    match name {
        "Failover Config Sync Status" => "Sync",
        "Utilization" => "Util.",
        "Scope Status" => "Status",
        "Server Availability" => "Availability",
        "Duration in Current State" => "Duration",
        "Primary Server Status" if room < 18 => "Primary Status",
        "Secondary Server Status" if room < 20 => "Secondary Status",
        _ => name,
    }
}

fn headers(
    canvas: &mut Canvas<'_>,
    area: Rect,
    table: &Table,
    specs: &[ColumnSpec],
    columns: &[(usize, u16)],
) {
    let style = canvas.style(Role::Header);
    canvas.buffer.set_style(Rect { height: 1, ..area }, style);
    let mut x = area.x + 1;
    for (place, wide) in columns {
        let Some(spec) = specs.get(*place) else {
            continue;
        };
        let sort = table.sort();
        let arrow = match (sort.column == Some(*place), sort.descending) {
            (false, _) => "",
            (true, false) => canvas.theme.glyphs.sort_up,
            (true, true) => canvas.theme.glyphs.sort_down,
        };
        let room = wide.saturating_sub(width(arrow));
        let name = heading(spec.name, room);
        let used = if spec.align == Align::Right {
            canvas.text_right(x, area.y, room, name, style);
            room
        } else {
            canvas.text(x, area.y, room, name, style)
        };
        canvas.text(x + used, area.y, width(arrow), arrow, style);
        canvas
            .hits
            .add(Rect::new(x, area.y, *wide, 1), Target::Header(*place));
        x += wide + 1;
    }
}

fn scrollbar(canvas: &mut Canvas<'_>, area: Rect, table: &Table, rows: usize) {
    let count = table.order().len();
    if count <= rows {
        return;
    }
    let track = Rect::new(area.right() - 1, area.y + 1, 1, area.height - 1);
    let high = usize::from(track.height);
    let thumb = (rows * high / count).max(1);
    let most = count - rows;
    let from = table.top().min(most) * (high - thumb) / most;
    for (place, y) in (track.top()..track.bottom()).enumerate() {
        let inside = place >= from && place < from + thumb;
        let (glyph, role) = match inside {
            true => (canvas.theme.glyphs.thumb, Role::Border),
            false => (canvas.theme.glyphs.track, Role::Shadow),
        };
        let style = canvas.style(role);
        canvas.text(track.x, y, 1, glyph, style);
    }
    canvas.hits.add(track, Target::Scrollbar);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(width: (u16, u16), drop: u8) -> ColumnSpec {
        ColumnSpec {
            name: "x",
            words: &[],
            width,
            align: Align::Left,
            shown: true,
            drop,
        }
    }

    #[test]
    fn columns_are_dropped_by_number_and_grow_to_their_most() {
        let specs = [column((10, 20), 0), column((5, 5), 2), column((5, 8), 1)];
        let (all, natural) = ([0, 1, 2], [12, 5, 6]);
        assert_eq!(fit(&specs, &natural, &all, 25), [(0, 12), (1, 5), (2, 5)]);
        assert_eq!(fit(&specs, &natural, &all, 24), [(0, 12), (2, 6)]);
        assert_eq!(fit(&specs, &natural, &all, 100), [(0, 12), (1, 5), (2, 6)]);
        assert_eq!(fit(&specs, &natural, &all, 3), [(0, 10)]);
        assert_eq!(fit(&specs, &natural, &[2, 0], 19), [(2, 5), (0, 12)]);
        // Short cells need no more than they need; headers come last.
        assert_eq!(fit(&specs, &[5, 5, 5], &all, 18), [(0, 5), (1, 5), (2, 5)]);
    }
}
