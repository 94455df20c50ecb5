//! How Set Partner Down looks: the verdict at the top, what was found out, what is asked, its
//! buttons.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{CLOSE, FENCED, GATHER, GO, INSTEAD, OTHER, PartnerDownLayer, TYPE, lines};
use crate::console::draw::{Canvas, Look, Role, width};
use crate::console::world::World;
use crate::model::Order;
use crate::model::text::printable;

impl PartnerDownLayer {
    /// What stands at the top: in words, and its tone.
    fn headline(&self) -> (String, Role) {
        if let Some(checklist) = &self.checklist {
            return match (checklist.is_done(), &checklist.trouble) {
                (true, _) => ("NORMAL AGAIN: everything is done".to_owned(), Role::Good),
                (false, Some(_)) => ("TROUBLE".to_owned(), Role::Bad),
                (false, None) => {
                    let name = self.survivor.short();
                    let said = format!("PARTNER DOWN: {name} goes on alone; the way back");
                    (said, Role::Accent)
                }
            };
        }
        match (self.verdict(), &self.failed) {
            (Some((_, verdict)), _) => (verdict.headline().to_owned(), lines::tone(&verdict)),
            (None, Some(_)) => ("NOT KNOWN".to_owned(), Role::Bad),
            (None, None) => (
                "Gathering what is known of both servers…".to_owned(),
                Role::Dim,
            ),
        }
    }

    fn lines(&self, look: &Look, world: &World, room: u16) -> Vec<Line<'static>> {
        let mut said = Vec::new();
        if let Some(why) = self.failed.as_ref().filter(|_| self.checklist.is_none()) {
            for part in crate::console::draw::wrap(&format!("! {why}"), room) {
                said.push(Line::styled(part, look.style(Role::Bad)));
            }
        }
        if let Some(checklist) = &self.checklist {
            said.extend(lines::steps(look, checklist, world.now, room));
        } else if let Some((evidence, verdict)) = self.verdict() {
            said.extend(lines::evidence(look, evidence, &verdict, world, room));
        }
        said
    }

    /// The check box, and the field for the name where the verdict takes it: over the buttons.
    fn draw_asking(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let Some((evidence, verdict)) = self.verdict() else {
            return;
        };
        let partner = &evidence.partner.server;
        let glyphs = canvas.theme.glyphs;
        let mark = match self.fenced {
            true => glyphs.checked,
            false => glyphs.unchecked,
        };
        if self.takes_fence() {
            let said =
                format!("{mark} {partner} is fenced (power off, port shut), and I say so  (f)");
            let style = canvas.style(Role::Text);
            let used = canvas.text(area.x, area.y, area.width, &said, style);
            canvas.spot(Rect::new(area.x, area.y, used, 1), FENCED);
        }
        if !verdict.needs_name() {
            return;
        }
        let y = area.bottom().saturating_sub(1);
        let label = "Against this, type the relationship's name: ";
        let of_label = canvas.style(Role::Label);
        let used = canvas.text(area.x, y, area.width, label, of_label);
        let room = area.width.saturating_sub(used);
        let field = Rect::new(area.x + used, y, room.min(48), 1);
        let style = canvas.style(match self.typing {
            true => Role::InputFocused,
            false => Role::Input,
        });
        canvas.buffer.set_style(field, style);
        let keep = usize::from(field.width.saturating_sub(1));
        let from = self.typed.visual_scroll(keep);
        let shown: String = self.typed.value().chars().skip(from).take(keep).collect();
        let shown = match (self.typing, shown.is_empty()) {
            (false, true) => "____________".to_owned(),
            _ => shown,
        };
        canvas.text(field.x, y, field.width, &shown, style);
        if let Some(complaint) = &self.complaint {
            let bad = canvas.style(Role::Bad);
            let wide = width(complaint);
            let x = area.right().saturating_sub(wide);
            canvas.text(x, y, wide, complaint, bad);
        }
        if self.typing {
            let at = u16::try_from(self.typed.visual_cursor().saturating_sub(from));
            let x = field.x + at.unwrap_or(0).min(field.width.saturating_sub(1));
            canvas.cursor = Some(ratatui::layout::Position::new(x, y));
        }
        canvas.spot(field, TYPE);
    }

    fn buttons(&self) -> Vec<(&'static str, u32)> {
        let mut buttons = match (&self.checklist, &self.evidence) {
            (Some(_), _) => vec![("Esc close", CLOSE), ("r read again", GATHER)],
            (None, None) => vec![("Esc close", CLOSE), ("r gather again", GATHER)],
            (None, Some(_)) => vec![
                ("Enter Set Partner Down", GO),
                ("r gather again", GATHER),
                ("Esc close", CLOSE),
            ],
        };
        let label = match self.offer() {
            Some((_, Order::StartMaintenance { .. })) => "m Start Maintenance",
            Some((_, Order::CancelMaintenance { .. })) => "m Cancel Maintenance",
            Some((_, Order::ResetHa { .. })) => "m Reset HA",
            _ => return buttons,
        };
        buttons.insert(1, (label, INSTEAD));
        // In 80 columns there is no room for more words.
        for (label, spot) in &mut buttons {
            match *spot {
                GATHER => *label = "r again",
                CLOSE if self.checklist.is_none() => *label = "Esc",
                _ => {}
            }
        }
        buttons
    }

    /// Draws it.
    pub(super) fn paint(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        let narrow = screen.width <= 100;
        let wide = match narrow {
            true => screen.width,
            false => screen.width.saturating_sub(4).min(124),
        };
        let room = wide.saturating_sub(4);
        let lines = self.lines(canvas.theme, world, room);
        let asks = self.checklist.is_none() && self.evidence.is_some();
        let told = self.why.is_some() && self.checklist.is_none();
        let names = self
            .verdict()
            .is_some_and(|(_, verdict)| verdict.needs_name());
        let asked = match asks {
            true => u16::from(self.takes_fence()) + u16::from(names),
            false => 0,
        };
        let below = 2 + asked;
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(below + 4 + u16::from(told));
        let margin = if narrow { 0 } else { 2 };
        let most = screen.height.saturating_sub(margin);
        let high = high.clamp(10.min(most), most);
        let name = printable(&self.relationship, 126);
        let title = format!("Set Partner Down: {name}");
        let inner = canvas.modal(screen, wide, high, &title);
        let (x, width) = (inner.x + 1, inner.width.saturating_sub(2));
        let (headline, role) = self.headline();
        let style = canvas
            .style(role)
            .add_modifier(ratatui::style::Modifier::BOLD);
        canvas.text(x, inner.y, width, &headline, style);
        if self.gathering.is_some() {
            let dim = canvas.style(Role::Dim);
            let doing = match self.checklist {
                None => "gathering…",
                Some(_) => "reading…",
            };
            canvas.text_right(x, inner.y, width, doing, dim);
        }
        let mut head = 1;
        if let Some(why) = self.why.as_ref().filter(|_| self.checklist.is_none()) {
            let said = format!("{why}  (o: the other way round)");
            let dim = canvas.style(Role::Dim);
            let used = canvas.text(x, inner.y + 1, width, &said, dim);
            canvas.spot(Rect::new(x, inner.y + 1, used, 1), OTHER);
            head += 1;
        }
        let body = Rect {
            x,
            y: inner.y + head,
            width,
            height: inner.height.saturating_sub(below + head),
        };
        self.scroll.draw(canvas, body, &lines);
        let last = inner.bottom().saturating_sub(1);
        if asks {
            let asking = Rect::new(x, last.saturating_sub(asked), width, asked);
            self.draw_asking(canvas, asking);
        }
        let mut at = x;
        for (place, (label, spot)) in self.buttons().into_iter().enumerate() {
            let focused = place == 0 && !self.typing;
            at += canvas.button(at, last, label, focused, spot) + 2;
        }
    }
}
