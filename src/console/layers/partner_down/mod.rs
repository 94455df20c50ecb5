//! Set Partner Down: whether the partner is really down, what the switch costs, and the way back
//! to Normal afterwards.

mod lines;
mod paint;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::plan::PlanLayer;
use super::scroll::Scroll;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::Canvas;
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::table::Tone;
use crate::console::world::World;
use crate::ipam::partner_down::{Checklist, Evidence, Verdict, checklist, verdict};
use crate::model::plan::Intent;
use crate::model::text::printable;
use crate::model::{FailoverState, Order, ServerName};

/// So often the evidence is gathered anew while it is looked at.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

const GO: u32 = 0;
const CLOSE: u32 = 1;
const GATHER: u32 = 2;
const FENCED: u32 = 3;
const TYPE: u32 = 4;
const OTHER: u32 = 5;
const INSTEAD: u32 = 6;

/// The layer.
#[derive(Debug)]
pub struct PartnerDownLayer {
    survivor: ServerName,
    relationship: String,
    /// Why this server goes on, where nobody was asked.
    why: Option<String>,
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
    scroll: Scroll,
}

impl PartnerDownLayer {
    /// The layer for telling `survivor` that its partner in a relationship is down.
    #[must_use]
    pub fn new(survivor: &ServerName, relationship: &str) -> PartnerDownLayer {
        PartnerDownLayer {
            survivor: survivor.clone(),
            relationship: relationship.to_owned(),
            why: None,
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
            scroll: Scroll::default(),
        }
    }

    /// Says why this server goes on, where the operator was not asked.
    #[must_use]
    pub fn since(mut self, why: impl Into<String>) -> PartnerDownLayer {
        self.why = Some(printable(&why.into(), 300));
        self
    }

    /// The other way round: the partner goes on.
    fn turn(&mut self, world: &World) -> Reply {
        let both = self.both(world);
        let Some(partner) = both.get(1).filter(|_| self.checklist.is_none()) else {
            return Reply::consumed();
        };
        let why = format!("{partner} goes on: you say so");
        *self = PartnerDownLayer::new(partner, &self.relationship).since(why);
        self.opened(world)
    }

    /// Whether the operator's word that the partner is fenced is asked for: it is what is missing,
    /// or was given.
    fn takes_fence(&self) -> bool {
        let missing =
            |(_, verdict): (&Evidence, Verdict)| matches!(verdict, Verdict::Unconfirmed(_));
        self.checklist.is_none() && (self.fenced || self.verdict().is_some_and(missing))
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
            self.scroll.top();
            self.typing = false;
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

    /// What can be ordered instead, or would put right what went wrong, and on which server.
    fn offer(&self) -> Option<(ServerName, Order)> {
        match &self.checklist {
            Some(checklist) => checklist.offer.clone(),
            None => {
                let order = self.evidence.as_ref()?.instead()?;
                Some((self.survivor.clone(), order))
            }
        }
    }

    fn take_offer(&mut self, world: &World) -> Reply {
        let Some((server, order)) = self.offer() else {
            return Reply::consumed();
        };
        if let Err(why) = world.access.may_write() {
            return Reply::act(Action::Toast(Tone::Warn, why));
        }
        let intent = Intent::Order { server, order };
        Reply::act(Action::Open(Box::new(PlanLayer::of(intent, true))))
    }

    fn fence(&mut self) -> Reply {
        self.fenced = !self.fenced;
        if let Some(evidence) = &mut self.evidence {
            evidence.fenced = self.fenced;
        }
        self.scroll.top();
        Reply::consumed()
    }

    fn press(&mut self, spot: u32, world: &World) -> Reply {
        match spot {
            GO => self.go(world),
            CLOSE => Reply::close(),
            GATHER => self.gather(world),
            FENCED if self.takes_fence() => self.fence(),
            OTHER => self.turn(world),
            INSTEAD => self.take_offer(world),
            TYPE => {
                self.typing = true;
                Reply::consumed()
            }
            _ => Reply::consumed(),
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
            KeyCode::Char('o') if self.why.is_some() => return self.turn(world),
            KeyCode::Char('m') => return self.take_offer(world),
            KeyCode::Char('f') if self.takes_fence() => return self.fence(),
            KeyCode::Tab | KeyCode::BackTab => {
                let takes = self
                    .verdict()
                    .is_some_and(|(_, verdict)| verdict.needs_name());
                self.typing = takes && self.checklist.is_none();
            }
            _ => {
                self.scroll.key(key);
            }
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
        self.scroll.step(lines);
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

    fn drawn(&mut self, end: usize) {
        self.scroll.set_end(end);
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        self.paint(canvas, screen, world);
    }
}
