//! What a form looks like: labels on the left, what is operated on the right, words below.

use ratatui::layout::{Position, Rect};
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

use super::keys::{AFTER, BEFORE, CANCEL, FIELD, OK, PART};
use super::{At, Control, Field, Form, Format};
use crate::console::draw::{Canvas, Role, width, wrap};
use crate::console::world::World;

/// A form is at most so wide.
const WIDEST: u16 = 78;
/// The labels' column is at most so wide.
const LABELS: u16 = 32;
/// How many lines of an area are seen.
const AREA: u16 = 7;

/// A field with the lines it takes.
struct Block<'a> {
    place: usize,
    field: &'a Field,
    /// Lines before it.
    above: u16,
    /// Lines of its own.
    high: u16,
    /// What is said below.
    role: Role,
    words: Vec<String>,
}

impl Block<'_> {
    fn total(&self, roomy: bool) -> u16 {
        let words = u16::try_from(self.words.len()).unwrap_or(u16::MAX);
        let spare = u16::from(roomy && words == 0 && self.is_spaced());
        self.above
            .saturating_add(self.high)
            .saturating_add(words)
            .saturating_add(spare)
    }

    /// Whether a blank line follows where there is room: boxes and headings stand close.
    fn is_spaced(&self) -> bool {
        !matches!(self.field.control, Control::Heading | Control::Check(_))
    }
}

/// Where the parts of a form are.
struct Columns {
    labels: u16,
    room: u16,
}

impl Form {
    pub(super) fn draw_on(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        let wide = screen.width.saturating_sub(2).min(WIDEST);
        let inside = wide.saturating_sub(4);
        let labelled = self.visible().filter_map(|place| self.fields.0.get(place));
        let labels = labelled
            .filter(|field| !matches!(field.control, Control::Check(_) | Control::Heading))
            .map(|field| width(&field.label) + 2)
            .max()
            .unwrap_or(0)
            .clamp(12, LABELS);
        let columns = Columns {
            labels,
            room: inside.saturating_sub(labels),
        };
        let blocks = self.blocks(&columns, inside);
        let about = self.kind.about(world);
        let about = match about.is_empty() {
            true => Vec::new(),
            false => wrap(&about, inside),
        };
        let head = u16::try_from(about.len()).unwrap_or(0);
        let head = if head > 0 { head + 1 } else { 0 };
        let foot = self.foot(inside);
        // Two for the frame, one above the buttons, one for them.
        let around = 4 + head + u16::try_from(foot.1.len()).unwrap_or(0);
        let most = screen.height.saturating_sub(around).max(1);
        let sum = |roomy: bool| -> u16 {
            let totals = blocks.iter().map(|block| block.total(roomy));
            totals.fold(0, u16::saturating_add)
        };
        let roomy = sum(true) <= most;
        let body = sum(roomy).min(most);
        let inner = canvas.modal(screen, wide, around + body, &self.kind.title());
        let left = inner.x + 1;
        let dim = canvas.style(Role::Dim);
        for (line, y) in about.iter().zip(inner.y..inner.bottom()) {
            canvas.text(left, y, inside, line, dim);
        }
        let area = Rect::new(left, inner.y + head, inside, body);
        self.draw_fields(canvas, area, &blocks, roomy, &columns);
        for (line, y) in foot.1.iter().zip(area.bottom()..) {
            canvas.text(left, y, inside, line, canvas.style(foot.0));
        }
        self.buttons(canvas, left, inner.bottom().saturating_sub(1), inside);
    }

    fn blocks(&self, columns: &Columns, inside: u16) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for place in self.visible() {
            let Some(field) = self.fields.0.get(place) else {
                continue;
            };
            let said = match (&field.locked, &field.wrong, field.meaning()) {
                (Some(why), ..) => (Role::Dim, why.clone()),
                (None, Some(wrong), _) => (Role::Bad, wrong.clone()),
                (None, None, Some(meaning)) => (Role::Dim, meaning),
                (None, None, None) => (Role::Dim, field.hint.clone()),
            };
            let room = match field.control {
                Control::Check(_) => inside.saturating_sub(4),
                Control::Area(_) | Control::Heading => inside,
                _ => columns.room,
            };
            let words = match said.1.is_empty() {
                true => Vec::new(),
                false => wrap(&said.1, room),
            };
            let heading = matches!(field.control, Control::Heading);
            blocks.push(Block {
                place,
                field,
                above: u16::from(heading && !blocks.is_empty()),
                high: match &field.control {
                    // The reason stands where the value would.
                    _ if field.is_put_by() => 0,
                    Control::Area(_) => AREA + 1,
                    Control::Check(_) => {
                        let lines = wrap(&field.label, inside.saturating_sub(4)).len();
                        u16::try_from(lines).unwrap_or(1)
                    }
                    _ => 1,
                },
                role: said.0,
                words,
            });
        }
        blocks
    }

    fn draw_fields(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        blocks: &[Block<'_>],
        roomy: bool,
        columns: &Columns,
    ) {
        // What the focus is on is seen, with what stands around it.
        let mut top = 0;
        let mut focus = (0, 1);
        let mut total: u16 = 0;
        for block in blocks {
            let high = block.total(roomy);
            if self.at == At::Field(block.place) {
                focus = (total, high);
            }
            total = total.saturating_add(high);
        }
        if !matches!(self.at, At::Field(_)) {
            focus = (total.saturating_sub(1), 1);
        }
        if total > area.height {
            let middle = (focus.0 + focus.1 / 2).saturating_sub(area.height / 2);
            top = middle.min(total - area.height);
        }
        let mut line: u16 = 0;
        for block in blocks {
            let begin = line + block.above;
            line = line.saturating_add(block.total(roomy));
            if begin < top || begin + block.high > top + area.height {
                continue;
            }
            let y = area.y + (begin - top);
            self.field_on(canvas, block, Rect { y, ..area }, columns);
            let indent = match block.field.control {
                Control::Area(_) | Control::Heading => 0,
                Control::Check(_) => 4,
                _ => columns.labels,
            };
            let style = canvas.style(block.role);
            for (words, y) in block.words.iter().zip(y + block.high..area.bottom()) {
                let room = area.width.saturating_sub(indent);
                canvas.text(area.x + indent, y, room, words, style);
            }
        }
        if total > area.height {
            let shown = canvas.style(Role::Dim);
            let glyphs = canvas.theme.glyphs;
            if top > 0 {
                canvas.text_right(area.x, area.y, area.width + 1, glyphs.sort_up, shown);
            }
            if top + area.height < total {
                let last = area.bottom().saturating_sub(1);
                canvas.text_right(area.x, last, area.width + 1, glyphs.sort_down, shown);
            }
        }
    }

    fn field_on(&self, canvas: &mut Canvas<'_>, block: &Block<'_>, at: Rect, columns: &Columns) {
        let focused = self.at == At::Field(block.place) && !self.asking && !self.is_waiting();
        let base = u32::try_from(block.place + 1).unwrap_or(1) * FIELD;
        let field = block.field;
        let label = match (focused, &field.control) {
            (_, Control::Heading) => Role::Header,
            (true, _) => Role::Accent,
            (false, _) => Role::Label,
        };
        let label = canvas.style(match field.locked {
            Some(_) => Role::Disabled,
            None => label,
        });
        let x = at.x + columns.labels;
        match &field.control {
            _ if field.is_put_by() => {
                let room = columns.labels.saturating_sub(1);
                canvas.text(at.x, at.y, room, &field.label, label);
            }
            Control::Check(_) if field.locked.is_some() => {
                let line = format!("[ ] {}", field.label);
                for (words, y) in wrap(&line, at.width).iter().zip(at.y..) {
                    canvas.text(at.x, y, at.width, words, label);
                }
            }
            Control::Heading => {
                canvas.text(at.x, at.y, at.width, &field.label, label);
            }
            Control::Check(on) => {
                let mark = if *on { canvas.theme.glyphs.done } else { " " };
                let style = canvas.style(if focused { Role::Cursor } else { Role::Text });
                let used = canvas.text(at.x, at.y, at.width, &format!("[{mark}]"), style);
                let room = at.width.saturating_sub(used + 1);
                let text = canvas.style(if focused { Role::Accent } else { Role::Text });
                for (words, y) in wrap(&field.label, room).iter().zip(at.y..) {
                    let more = canvas.text(at.x + used + 1, y, room, words, text);
                    canvas.spot(Rect::new(at.x, y, used + 1 + more, 1), base);
                }
            }
            Control::Area(text) => {
                canvas.text(at.x, at.y, at.width, &field.label, label);
                let rect = Rect::new(at.x, at.y + 1, at.width, AREA);
                self.area_on(canvas, text, rect, focused, base);
            }
            Control::Choice {
                options,
                at: chosen,
            } => {
                let room = columns.labels.saturating_sub(1);
                canvas.text(at.x, at.y, room, &field.label, label);
                let area = Rect::new(x, at.y, columns.room, 1);
                choice_on(canvas, options, *chosen, area, focused, base);
            }
            Control::Text {
                input,
                format,
                secret,
                unit,
                ..
            } => {
                let room = columns.labels.saturating_sub(1);
                canvas.text(at.x, at.y, room, &field.label, label);
                canvas.spot(Rect::new(at.x, at.y, columns.labels, 1), base);
                let wide = match format {
                    Format::Number(..) => 10,
                    Format::Address | Format::Mask => 17,
                    Format::Duration | Format::Seconds => 17,
                    Format::Client | Format::Pattern => 32,
                    Format::Text | Format::Ranges => columns.room,
                };
                let box_ = Rect::new(x, at.y, wide.min(columns.room), 1);
                text_on(canvas, input, *secret, box_, focused, base);
                if !unit.is_empty() {
                    let dim = canvas.style(Role::Dim);
                    let room = columns.room.saturating_sub(box_.width + 1);
                    canvas.text(box_.right() + 1, at.y, room, unit, dim);
                }
            }
        }
    }

    fn area_on(&self, canvas: &mut Canvas<'_>, text: &str, area: Rect, focused: bool, base: u32) {
        let style = canvas.style(if focused {
            Role::InputFocused
        } else {
            Role::Input
        });
        canvas.buffer.set_style(area, style);
        canvas.spot(area, base);
        let lines: Vec<&str> = text.split('\n').collect();
        let from = lines.len().saturating_sub(usize::from(area.height));
        let mut end = (area.x, area.y);
        for (line, y) in lines.iter().skip(from).zip(area.top()..area.bottom()) {
            let line = crate::model::text::printable(line, 500);
            let used = canvas.text(area.x, y, area.width.saturating_sub(1), &line, style);
            end = (area.x + used, y);
        }
        if focused {
            canvas.cursor = Some(Position::from(end));
        }
    }

    /// What is said above the buttons.
    fn foot(&self, inside: u16) -> (Role, Vec<String>) {
        if self.asking {
            let said =
                "What you typed would be lost. Esc or Enter discards it; any other key goes on.";
            return (Role::Warn, wrap(said, inside));
        }
        match &self.wrong {
            Some(wrong) => (Role::Bad, wrap(wrong, inside)),
            None => (Role::Text, Vec::new()),
        }
    }

    fn buttons(&self, canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16) {
        if self.is_waiting() {
            let dim = canvas.style(Role::Disabled);
            let used = canvas.text(x, y, room, "[ OK ]", dim);
            let cancel = x + used + 2;
            let more = canvas.button(cancel, y, "Cancel", true, CANCEL);
            let words = "Working…  Esc stops waiting";
            let left = room.saturating_sub(used + more + 5);
            let accent = canvas.style(Role::Accent);
            canvas.text(cancel + more + 3, y, left, words, accent);
            return;
        }
        let (yes, no, at_yes, at_no) = match self.asking {
            true => ("Discard", "Go on", true, false),
            false => ("OK", "Cancel", self.at == At::Ok, self.at == At::Cancel),
        };
        let used = canvas.button(x, y, yes, at_yes, OK);
        let more = canvas.button(x + used + 2, y, no, at_no, CANCEL);
        let left = room.saturating_sub(used + more + 4);
        let hint = match self.field().map(|field| &field.control) {
            _ if self.asking => "",
            Some(Control::Choice { .. }) => "Left/Right choose  Tab next  Enter OK  Esc Cancel",
            Some(Control::Check(_)) => "Space on/off  Tab next  Enter OK  Esc Cancel",
            Some(Control::Area(_)) => "Tab next  Esc Cancel",
            _ => "Tab next  Enter OK  Esc Cancel",
        };
        let dim = canvas.style(Role::Dim);
        canvas.text_right(x + used + more + 4, y, left, hint, dim);
    }
}

fn choice_on(
    canvas: &mut Canvas<'_>,
    options: &[String],
    chosen: usize,
    area: Rect,
    focused: bool,
    base: u32,
) {
    let wide: u16 = options.iter().map(|option| width(option) + 6).sum();
    let plain = canvas.style(Role::Text);
    let style = canvas.style(if focused { Role::Cursor } else { Role::Text });
    if wide <= area.width + 2 {
        let mut x = area.x;
        for (place, option) in options.iter().enumerate() {
            let on = place == chosen;
            let dot = if on { canvas.theme.glyphs.running } else { " " };
            let words = format!("({dot}) {option}");
            let style = if on { style } else { plain };
            let used = canvas.text(x, area.y, area.right().saturating_sub(x), &words, style);
            let part = u32::try_from(place).unwrap_or(0) + PART;
            canvas.spot(Rect::new(x, area.y, used, 1), base + part);
            x += used + 2;
        }
        return;
    }
    let of = format!("{} of {}", chosen + 1, options.len());
    let room = area.width.saturating_sub(width(&of) + 6);
    let option = options.get(chosen).map_or("", String::as_str);
    canvas.spot(area, base);
    let used = canvas.text(area.x, area.y, 2, "< ", style);
    canvas.spot(Rect::new(area.x, area.y, used, 1), base + BEFORE);
    let more = canvas.text(area.x + used, area.y, room, option, style);
    let after = area.x + used + more;
    canvas.text(after, area.y, 2, " >", style);
    canvas.spot(Rect::new(after, area.y, 2, 1), base + AFTER);
    let dim = canvas.style(Role::Dim);
    canvas.text(after + 4, area.y, width(&of), &of, dim);
}

fn text_on(
    canvas: &mut Canvas<'_>,
    input: &Input,
    secret: bool,
    area: Rect,
    focused: bool,
    base: u32,
) {
    let style = canvas.style(if focused {
        Role::InputFocused
    } else {
        Role::Input
    });
    canvas.buffer.set_style(area, style);
    // The text scrolls so that its cursor is always seen.
    let characters = input.value().chars().count();
    let shown = match secret {
        true => "*".repeat(characters),
        false => input.value().to_owned(),
    };
    let view = Input::new(shown).with_cursor(input.cursor());
    let scroll = view.visual_scroll(usize::from(area.width.saturating_sub(1)));
    let mut column = 0;
    let mut character = 0;
    for part in view.value().graphemes(true) {
        let wide = usize::from(width(part));
        if column >= scroll && column + wide <= scroll + usize::from(area.width) {
            let x = area.x + u16::try_from(column - scroll).unwrap_or(0);
            canvas.text(x, area.y, width(part), part, style);
            let part = u32::try_from(character).unwrap_or(0) + PART;
            if part < BEFORE {
                let wide = u16::try_from(wide).unwrap_or(1);
                canvas.spot(Rect::new(x, area.y, wide, 1), base + part);
            }
        }
        column += wide;
        character += part.chars().count();
    }
    // Behind the text: its end.
    let end = u16::try_from(column.saturating_sub(scroll)).unwrap_or(u16::MAX);
    if end < area.width {
        let rest = Rect::new(area.x + end, area.y, area.width - end, 1);
        let part = u32::try_from(character).unwrap_or(0).min(BEFORE - 2) + PART;
        canvas.spot(rest, base + part);
    }
    if focused {
        let cursor = view.visual_cursor().saturating_sub(scroll);
        let x = area.x
            + u16::try_from(cursor)
                .unwrap_or(0)
                .min(area.width.saturating_sub(1));
        canvas.cursor = Some(Position::new(x, area.y));
    }
}
