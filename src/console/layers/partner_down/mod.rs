//! Set Partner Down: whether the partner is really down, what the switch costs, and the way back
//! to Normal afterwards.

mod lines;

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::plan::PlanLayer;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Look, Role, width};
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::table::Tone;
use crate::console::world::World;
use crate::ipam::partner_down::{Checklist, Evidence, Verdict, checklist, verdict};
use crate::model::plan::Intent;
use crate::model::text::printable;
use crate::model::{FailoverState, ServerName};

/// So often the evidence is gathered anew while it is looked at.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

const GO: u32 = 0;
const CLOSE: u32 = 1;
const GATHER: u32 = 2;
const FENCED: u32 = 3;
const TYPE: u32 = 4;

/// The layer.
#[derive(Debug)]
pub struct PartnerDownLayer {
    survivor: ServerName,
    relationship: String,
    evidence: Option<Box<Evidence>>,
    /// Why it could not be gathered the last time.
    failed: Option<String>,
    /// The job that gathers, and when it was asked for.
    gathering: Option<JobId>,
    asked: Option<Timestamp>,
    /// Whether the operator says that the partner is fenced.
    fenced: bool,
    /// Whether keys go into the field for the relationship's name.
    typing: bool,
    typed: Input,
    /// What is wrong with what was typed.
    complaint: Option<String>,
    /// The verdict on which the plan was opened, which may lie above: a worse one is told there.
    handed: Option<&'static str>,
    /// Once the survivor says Partner Down: the way back.
    checklist: Option<Checklist>,
    scroll: usize,
    /// How far the last frame could be scrolled.
    most: Cell<usize>,
}

impl PartnerDownLayer {
    /// The layer for telling `survivor` that its partner in a relationship is down.
    #[must_use]
    pub fn new(survivor: &ServerName, relationship: &str) -> PartnerDownLayer {
        PartnerDownLayer {
            survivor: survivor.clone(),
            relationship: relationship.to_owned(),
            evidence: None,
            failed: None,
            gathering: None,
            asked: None,
            fenced: false,
            typing: false,
            typed: Input::default(),
            complaint: None,
            handed: None,
            checklist: None,
            scroll: 0,
            most: Cell::new(0),
        }
    }

    fn gather(&mut self, world: &World) -> Reply {
        if self.gathering.is_some() {
            return Reply::consumed();
        }
        self.asked = Some(world.now);
        // A number is given once the job has one; until then nothing else is asked for.
        self.gathering = Some(0);
        let request = match self.checklist {
            None => JobRequest::Gather(self.survivor.clone(), self.relationship.clone()),
            Some(_) => JobRequest::Retrieve(self.both(world)),
        };
        Reply::ask(request)
    }

    fn both(&self, world: &World) -> Vec<ServerName> {
        let mut both = vec![self.survivor.clone()];
        if let Some(end) = world.estate.end(&self.survivor, &self.relationship) {
            let partner = world.estate.partner(&end.relationship.partner);
            both.extend(partner.map(|partner| partner.name.clone()));
        }
        both
    }

    /// Gathers anew where the evidence has grown old. For the checklist both servers are read:
    /// one that was silent is asked rarely by then, and its return is what one waits for.
    fn gather_again(&mut self, world: &World) -> Reply {
        let due = self
            .asked
            .is_none_or(|asked| world.now.duration_since(asked) >= AGAIN);
        let busy = world.busy.contains(&self.survivor);
        if !due || busy {
            return Reply::consumed();
        }
        self.gather(world)
    }

    fn verdict(&self) -> Option<(&Evidence, Verdict)> {
        let evidence = self.evidence.as_deref()?;
        Some((evidence, verdict(evidence)))
    }

    /// Looks whether the survivor says Partner Down; from then on the checklist is shown.
    fn follow(&mut self, world: &World) {
        let estate = &world.estate;
        let end = estate.end(&self.survivor, &self.relationship);
        let down = end
            .filter(|end| end.view.error.is_none())
            .is_some_and(|end| {
                let state = end.status.map(|status| status.state);
                state == Some(FailoverState::PartnerDown)
            });
        if !down && self.checklist.is_none() {
            return;
        }
        if self.checklist.is_none() {
            (self.scroll, self.typing) = (0, false);
        }
        let rows = estate.relationships();
        let row = rows.iter().find(|row| {
            let ours = row.primary == self.survivor || row.secondary == self.survivor;
            ours && row.name.eq_ignore_ascii_case(&self.relationship)
        });
        // A relationship that is gone leaves the last checklist standing.
        let Some(row) = row else { return };
        let partner = match row.primary == self.survivor {
            true => &row.secondary,
            false => &row.primary,
        };
        let compared = estate.compare(&self.survivor, &self.relationship);
        self.checklist = Some(checklist(
            row,
            &self.survivor,
            estate.partner(partner).map(AsRef::as_ref),
            compared.as_ref(),
            world.now,
        ));
    }

    /// Enter: switches, or says what is missing.
    fn go(&mut self, world: &World) -> Reply {
        if self.checklist.is_some() {
            return Reply::close();
        }
        if let Err(why) = world.access.may_write() {
            return Reply::act(Action::Toast(Tone::Warn, why));
        }
        let Some((evidence, verdict)) = self.verdict() else {
            return Reply::consumed();
        };
        if evidence.is_stale(world.now) {
            let said = "The evidence is older than a minute: it is gathered anew first";
            let mut reply = self.gather(world);
            let toast = Action::Toast(Tone::Warn, said.to_owned());
            reply.actions.push(toast);
            return reply;
        }
        let order = evidence.switch_order();
        let named = self.typed.value().trim() == printable(&evidence.relationship, 126);
        if verdict.needs_name() && !named {
            let asked = self.typing && !self.typed.value().trim().is_empty();
            self.complaint = asked.then(|| "that is not its name".to_owned());
            self.typing = true;
            return Reply::consumed();
        }
        let handed = verdict.headline();
        (self.typing, self.complaint) = (false, None);
        self.handed = Some(handed);
        self.typed.reset();
        let intent = Intent::Order {
            server: self.survivor.clone(),
            order,
        };
        Reply::act(Action::Open(Box::new(PlanLayer::of(intent, true))))
    }

    fn fence(&mut self) -> Reply {
        self.fenced = !self.fenced;
        if let Some(evidence) = &mut self.evidence {
            evidence.fenced = self.fenced;
        }
        self.scroll = 0;
        Reply::consumed()
    }

    fn step(&mut self, by: isize) {
        let most = self.most.get();
        self.scroll = self.scroll.min(most).saturating_add_signed(by).min(most);
    }

    fn press(&mut self, spot: u32, world: &World) -> Reply {
        match spot {
            GO => self.go(world),
            CLOSE => Reply::close(),
            GATHER => self.gather(world),
            FENCED if self.checklist.is_none() => self.fence(),
            TYPE => {
                self.typing = true;
                Reply::consumed()
            }
            _ => Reply::consumed(),
        }
    }

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
        let said = format!("{mark} {partner} is fenced (power off, port shut), and I say so  (f)");
        let style = canvas.style(Role::Text);
        let used = canvas.text(area.x, area.y, area.width, &said, style);
        canvas.spot(Rect::new(area.x, area.y, used, 1), FENCED);
        if !verdict.needs_name() {
            return;
        }
        let y = area.y + 1;
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
        match (&self.checklist, &self.evidence) {
            (Some(_), _) => vec![("Esc close", CLOSE), ("r read again", GATHER)],
            (None, None) => vec![("Esc close", CLOSE), ("r gather again", GATHER)],
            (None, Some(_)) => vec![
                ("Enter Set Partner Down", GO),
                ("r gather again", GATHER),
                ("Esc close", CLOSE),
            ],
        }
    }
}

impl Layer for PartnerDownLayer {
    fn name(&self) -> &'static str {
        "partner-down"
    }

    fn opened(&mut self, world: &World) -> Reply {
        self.follow(world);
        match self.checklist {
            None => self.gather(world),
            Some(_) => Reply::consumed(),
        }
    }

    fn asked(&mut self, job: JobId) {
        self.gathering = Some(job);
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        // Keys come here only when nothing lies above.
        self.handed = None;
        if self.typing {
            match key.code {
                KeyCode::Esc => {
                    (self.typing, self.complaint) = (false, None);
                    self.typed.reset();
                }
                KeyCode::Enter => return self.go(world),
                KeyCode::Tab | KeyCode::BackTab => self.typing = false,
                _ => {
                    self.complaint = None;
                    self.typed.handle_event(&crossterm::event::Event::Key(key));
                }
            }
            return Reply::consumed();
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Reply::close(),
            KeyCode::Enter => return self.go(world),
            KeyCode::Char('r') => return self.gather(world),
            KeyCode::Char('f') if self.checklist.is_none() => return self.fence(),
            KeyCode::Tab | KeyCode::BackTab => {
                let takes = self
                    .verdict()
                    .is_some_and(|(_, verdict)| verdict.needs_name());
                self.typing = takes && self.checklist.is_none();
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-10),
            KeyCode::PageDown | KeyCode::Char(' ') => self.step(10),
            KeyCode::Home | KeyCode::Char('g') => self.scroll = 0,
            KeyCode::End | KeyCode::Char('G') => self.scroll = self.most.get(),
            _ => {}
        }
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, _world: &World) -> Reply {
        if self.typing {
            let typed = format!("{}{}", self.typed.value(), printable(text.trim(), 126));
            self.typed = Input::new(typed);
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        match click {
            Click::Once => self.press(spot, world),
            Click::Twice | Click::Right | Click::Drag => Reply::consumed(),
        }
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.step(lines);
        Reply::consumed()
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.gathering != Some(job) {
            return Reply::consumed();
        }
        self.gathering = None;
        match said {
            Said::Gathered(Ok(evidence)) => {
                let mut evidence = evidence.clone();
                evidence.fenced = self.fenced;
                self.evidence = Some(evidence);
                self.failed = None;
            }
            Said::Gathered(Err(why)) => self.failed = Some(printable(&why.to_string(), 600)),
            Said::Failed(why) => self.failed = Some(printable(why, 600)),
            _ => {}
        }
        self.follow(world);
        let now = self.verdict().map(|(_, verdict)| verdict.headline());
        match (self.handed, now) {
            (Some(then), Some(now)) if then != now && self.checklist.is_none() => {
                self.handed = Some(now);
                let said = format!("Wait: the verdict was {then}, and now is {now}");
                Reply::act(Action::Toast(Tone::Bad, said))
            }
            _ => Reply::consumed(),
        }
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.follow(world);
        self.gather_again(world)
    }

    fn ticked(&mut self, world: &World) -> Reply {
        self.follow(world);
        self.gather_again(world)
    }

    fn counts(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        let narrow = screen.width <= 100;
        let wide = match narrow {
            true => screen.width,
            false => screen.width.saturating_sub(4).min(124),
        };
        let room = wide.saturating_sub(4);
        let lines = self.lines(canvas.theme, world, room);
        let asks = self.checklist.is_none() && self.evidence.is_some();
        let below: u16 = if asks { 4 } else { 2 };
        let high = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(below + 4);
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
        let body = Rect {
            x,
            y: inner.y + 1,
            width,
            height: inner.height.saturating_sub(below + 1),
        };
        let most = lines.len().saturating_sub(usize::from(body.height));
        self.most.set(most);
        let from = self.scroll.min(most);
        crate::console::details::lines(canvas, body, from, &lines);
        if most > 0 {
            let last = from + usize::from(body.height);
            let shown = format!("{last} of {} lines", lines.len());
            let dim = canvas.style(Role::Dim);
            canvas.text_right(x, body.bottom(), width, &shown, dim);
        }
        let last = inner.bottom().saturating_sub(1);
        if asks {
            let asking = Rect::new(x, last.saturating_sub(2), width, 2);
            self.draw_asking(canvas, asking);
        }
        let mut at = x;
        for (place, (label, spot)) in self.buttons().into_iter().enumerate() {
            let focused = place == 0 && !self.typing;
            at += canvas.button(at, last, label, focused, spot) + 2;
        }
    }
}
