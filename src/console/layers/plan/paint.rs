//! How a plan's layer looks: its title and lines, the field for a name, its buttons.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Phase, PlanLayer, preview, results};
use crate::console::draw::{Canvas, Role, wrap};
use crate::ipam::Ended;

impl PlanLayer {
    fn title(&self) -> &str {
        match &self.phase {
            Phase::Preparing => "Working out what would be done",
            Phase::Impossible(_) => "This can't be done",
            Phase::Preview(_) => "What will be done",
            Phase::Running(..) => "Being done",
            Phase::Ended(_, outcome) => match outcome.ended {
                Ended::Done => "Done",
                Ended::DoneHere => "Done here, not on the partner",
                Ended::Partly => "Only partly done",
                Ended::Nothing => "Not done",
                Ended::Unknown => "Nobody knows whether it was done",
            },
        }
    }

    fn lines(&self, canvas: &Canvas<'_>, wide: u16) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let mut say = |role: Role, text: &str| {
            for line in wrap(text, wide) {
                lines.push(Line::styled(line, canvas.style(role)));
            }
        };
        match &self.phase {
            Phase::Preparing => say(Role::Dim, "The servers concerned are being read…"),
            Phase::Impossible(why) => say(Role::Bad, why),
            Phase::Preview(plan) => {
                say(Role::Title, &plan.title);
                preview::before(canvas, plan, &self.judgement, wide, &mut lines);
                preview::steps(canvas, plan, wide, &mut lines);
            }
            Phase::Running(plan, results) => {
                say(Role::Title, &plan.title);
                results::progress(canvas, plan, results, wide, &mut lines);
            }
            Phase::Ended(plan, outcome) => {
                say(Role::Title, &plan.title);
                results::end(canvas, outcome, wide, &mut lines);
            }
        }
        lines
    }

    /// Draws it.
    pub(super) fn paint(&self, canvas: &mut Canvas<'_>, screen: Rect) {
        let wide = screen.width.saturating_sub(4).min(100);
        let lines = self.lines(canvas, wide.saturating_sub(4));
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(4);
        let high = high.clamp(7, screen.height.saturating_sub(2).max(7));
        let inner = canvas.modal(screen, wide, high, self.title());
        let body = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(2),
            ..inner
        };
        self.scroll.draw(canvas, body, &lines);
        let mut x = inner.x + 1;
        if self.asks_name() {
            let style = canvas.style(Role::InputFocused);
            let room = inner.width.saturating_sub(2);
            let y = inner.bottom().saturating_sub(2);
            let field = Rect::new(x, y, room, 1);
            canvas.buffer.set_style(field, style);
            let used = canvas.text(x, y, room, self.typed.value(), style);
            canvas.cursor = Some(ratatui::layout::Position::new(x + used, y));
        }
        for (place, (label, number)) in self.buttons().into_iter().enumerate() {
            let focused = (place == 0) == self.on_ok && place < 2;
            let y = inner.bottom().saturating_sub(1);
            x += canvas.button(x, y, label, focused, number) + 2;
        }
    }
}
