//! A form: labelled fields, checked as one goes, whose OK plans what was asked for, carries it out
//! where that is harmless, and shows it first where it is not.

mod draw;
mod field;
mod keys;
pub mod read;
mod refusal;

use std::fmt;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use tui_input::Input;

use super::batch::Batch;
use super::plan::{PlanLayer, harmless, summary};
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::Canvas;
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::world::World;
use crate::ipam::{Ended, Outcome, StepResult};
use crate::model::Plan;
use crate::model::plan::Intent;
use crate::rules::error::Code;

pub use field::{Control, Field, FieldId, Fields, Format, Wrong};

/// What a form's layer is called.
pub const NAME: &str = "form";

/// What makes a form this dialog and not another.
pub trait FormKind: fmt::Debug + Send {
    /// The dialog's title, IPAM's to the letter.
    fn title(&self) -> String;

    /// What it is about, in a line below the title.
    fn about(&self, world: &World) -> String {
        let _ = world;
        String::new()
    }

    /// The fields, in their one order.
    fn fields(&self, world: &World) -> Vec<Field>;

    /// Whether a field is there, as the others stand.
    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        let _ = (id, fields);
        true
    }

    /// What is wrong with one field beyond its format, as far as is known here: said as soon as
    /// the field is left. The server has the last word, on OK.
    fn wrong(&self, id: FieldId, fields: &Fields, world: &World) -> Option<String> {
        let _ = (id, fields, world);
        None
    }

    /// A field was changed by the operator: others may follow.
    fn changed(&mut self, id: FieldId, fields: &mut Fields, world: &World) {
        let _ = (id, fields, world);
    }

    /// Something to look up while the form is being filled in.
    fn asks(&self, world: &World) -> Option<JobRequest> {
        let _ = world;
        None
    }

    /// What was looked up.
    fn told(&mut self, said: &Said, fields: &mut Fields, world: &World) {
        let _ = (said, fields, world);
    }

    /// What is asked for: for each server concerned an intent.
    ///
    /// # Errors
    /// What is wrong, by field.
    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong>;

    /// The field that a server's refusal is about; `None` is the form as a whole.
    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        let _ = (code, sentence);
        None
    }
}

/// Where the focus is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Field(usize),
    Ok,
    Cancel,
}

/// What the form waits for.
#[derive(Debug)]
enum Waiting {
    Nothing,
    Plan,
    End(Box<Plan>),
}

/// A form.
#[derive(Debug)]
pub struct Form {
    kind: Box<dyn FormKind>,
    fields: Fields,
    at: At,
    waiting: Waiting,
    /// The job that plans or carries out.
    job: Option<JobId>,
    /// The job that looks something up.
    looking: Option<JobId>,
    /// What is wrong with the form as a whole.
    wrong: Option<String>,
    /// Whether it asks if what was typed may be lost.
    asking: bool,
}

impl Form {
    /// A form, empty but for what it proposes.
    #[must_use]
    pub fn new(kind: impl FormKind + 'static, world: &World) -> Form {
        let fields = Fields(kind.fields(world));
        let mut form = Form {
            kind: Box::new(kind),
            fields,
            at: At::Ok,
            waiting: Waiting::Nothing,
            job: None,
            looking: None,
            wrong: None,
            asking: false,
        };
        form.at = form.stops().first().copied().unwrap_or(At::Ok);
        form
    }

    /// The action that opens it.
    #[must_use]
    pub fn open(kind: impl FormKind + 'static, world: &World) -> Vec<Action> {
        vec![Action::Open(Box::new(Form::new(kind, world)))]
    }

    /// The fields that are there, by their places.
    fn visible(&self) -> impl Iterator<Item = usize> + '_ {
        let fields = self.fields.0.iter().enumerate();
        fields
            .filter(|(_, field)| self.kind.shown(field.id, &self.fields))
            .map(|(place, _)| place)
    }

    /// Where Tab stops, in order.
    fn stops(&self) -> Vec<At> {
        let operated = |place: &usize| self.fields.0.get(*place).is_some_and(Field::is_operated);
        let fields = self.visible().filter(operated).map(At::Field);
        fields.chain([At::Ok, At::Cancel]).collect()
    }

    fn field(&self) -> Option<&Field> {
        match self.at {
            At::Field(place) => self.fields.0.get(place),
            _ => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        match self.at {
            At::Field(place) => self.fields.0.get_mut(place),
            _ => None,
        }
    }

    /// Whether anything would be lost.
    fn is_dirty(&self) -> bool {
        self.fields.0.iter().any(|field| field.touched)
    }

    fn is_waiting(&self) -> bool {
        !matches!(self.waiting, Waiting::Nothing)
    }

    fn go(&mut self, to: At, world: &World) {
        if self.at != to {
            self.leave(world);
            self.at = to;
        }
    }

    fn step(&mut self, by: isize, world: &World) {
        let stops = self.stops();
        let here = stops.iter().position(|stop| *stop == self.at).unwrap_or(0);
        let count = stops.len();
        let next = here.saturating_add_signed(by + count.cast_signed()) % count;
        if let Some(to) = stops.get(next) {
            self.go(*to, world);
        }
    }

    /// What one field has wrong, as far as is known here; to be empty is no fault yet.
    fn wrong_with(&self, place: usize, world: &World) -> Option<String> {
        let field = self.fields.0.get(place)?;
        let format = field.check_format(false);
        format.or_else(|| match &field.control {
            Control::Text { input, .. } if input.value().trim().is_empty() => None,
            _ => self.kind.wrong(field.id, &self.fields, world),
        })
    }

    fn leave(&mut self, world: &World) {
        if let At::Field(place) = self.at
            && self.fields.0.get(place).is_some_and(|field| field.touched)
        {
            let wrong = self.wrong_with(place, world);
            // What a server said stays until the field is changed.
            if let Some(field) = self.fields.0.get_mut(place)
                && field.wrong.is_none()
            {
                field.wrong = wrong;
            }
        }
    }

    /// The operator changed the focused field.
    fn edited(&mut self, world: &World) {
        let At::Field(place) = self.at else {
            return;
        };
        let Some(field) = self.fields.0.get_mut(place) else {
            return;
        };
        field.touched = true;
        let (id, was_wrong) = (field.id, field.wrong.take().is_some());
        self.wrong = None;
        self.kind.changed(id, &mut self.fields, world);
        if was_wrong {
            let still = self.wrong_with(place, world);
            if let Some(field) = self.fields.0.get_mut(place) {
                field.wrong = still;
            }
        }
    }

    /// Says what is wrong under the fields it is about, and goes to the first of them.
    fn blame(&mut self, wrong: Wrong) {
        let visible: Vec<usize> = self.visible().collect();
        let mut first: Option<usize> = None;
        for (id, why) in wrong {
            let place = self.fields.0.iter().position(|field| field.id == id);
            let operated =
                |place: &usize| self.fields.0.get(*place).is_some_and(Field::is_operated);
            let place = place.filter(|place| visible.contains(place) && operated(place));
            match place.and_then(|place| Some((place, self.fields.0.get_mut(place)?))) {
                Some((place, field)) => {
                    field.wrong = Some(why);
                    first = Some(first.map_or(place, |first| first.min(place)));
                }
                None => self.wrong = Some(why),
            }
        }
        if let Some(place) = first {
            self.at = At::Field(place);
        }
    }

    fn ok(&mut self, world: &World) -> Reply {
        if self.is_waiting() {
            return Reply::consumed();
        }
        self.wrong = None;
        let visible: Vec<usize> = self.visible().collect();
        let mut wrong = Wrong::new();
        for place in visible {
            if let Some(field) = self.fields.0.get_mut(place) {
                field.wrong = None;
                wrong.extend(field.check_format(true).map(|why| (field.id, why)));
            }
        }
        if !wrong.is_empty() {
            self.blame(wrong);
            return Reply::consumed();
        }
        let mut intents = match self.kind.submit(&self.fields, world) {
            Ok(intents) => intents,
            Err(wrong) => {
                self.blame(wrong);
                return Reply::consumed();
            }
        };
        match (intents.pop(), intents.is_empty()) {
            // Everything is as the form says already.
            (None, _) => Reply::close(),
            (Some(intent), true) => {
                self.waiting = Waiting::Plan;
                Reply::ask(JobRequest::Plan(Box::new(intent)))
            }
            (Some(last), false) => {
                intents.push(last);
                let batch = Batch::of(self.kind.title(), intents, Some(NAME));
                Reply::act(Action::Open(Box::new(batch)))
            }
        }
    }

    fn cancel(&mut self) -> Reply {
        match (&self.waiting, self.job) {
            (Waiting::Plan, job) => {
                // What is being worked out is of no interest any more.
                self.waiting = Waiting::Nothing;
                self.job = None;
                match job {
                    Some(job) => Reply::act(Action::Cancel(job)),
                    None => Reply::consumed(),
                }
            }
            (Waiting::End(_), Some(job)) => Reply::act(Action::Cancel(job)),
            (Waiting::End(_), None) => Reply::consumed(),
            (Waiting::Nothing, _) if self.is_dirty() && !self.asking => {
                self.asking = true;
                Reply::consumed()
            }
            (Waiting::Nothing, _) => Reply::close(),
        }
    }

    fn planned(&mut self, plan: &Plan, world: &World) -> Reply {
        if let Some((step, why)) = plan.refusal() {
            let wrong = refusal::sentence(self.kind.as_ref(), step.server.as_str(), why);
            self.blame(wrong);
            return Reply::consumed();
        }
        if harmless(plan, world) && !plan.is_empty() {
            self.waiting = Waiting::End(Box::new(plan.clone()));
            return Reply::ask(JobRequest::CarryOut(Box::new(plan.clone())));
        }
        let layer = PlanLayer::preview(plan.clone(), Some(NAME));
        Reply::act(Action::Open(Box::new(layer)))
    }

    fn ended(&mut self, plan: &Plan, outcome: &Outcome) -> Reply {
        let (tone, said) = summary(plan, outcome);
        if matches!(outcome.ended, Ended::Done | Ended::DoneHere) {
            return Reply::acts(vec![Action::CloseThrough(NAME), Action::Toast(tone, said)]);
        }
        let failed = outcome.steps.iter().find_map(|step| match &step.result {
            StepResult::Failed(why) => Some(why),
            _ => None,
        });
        let wrong = match failed {
            Some(why) => refusal::driver(self.kind.as_ref(), why),
            None => vec![("", said)],
        };
        self.blame(wrong);
        Reply::consumed()
    }
}

impl Layer for Form {
    fn name(&self) -> &'static str {
        NAME
    }

    fn opened(&mut self, world: &World) -> Reply {
        match self.kind.asks(world) {
            Some(request) => Reply::ask(request),
            None => Reply::consumed(),
        }
    }

    fn asked(&mut self, job: JobId) {
        match self.waiting {
            Waiting::Nothing => self.looking = Some(job),
            _ => self.job = Some(job),
        }
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        self.pressed(key, world)
    }

    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        self.clicked(spot, click, world)
    }

    fn wheel(&mut self, lines: isize, world: &World) -> Reply {
        // What does not fit follows the focus.
        self.step(lines.signum(), world);
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, world: &World) -> Reply {
        self.asking = false;
        if self.is_waiting() {
            return Reply::consumed();
        }
        let pasted = match self.field_mut().map(|field| &mut field.control) {
            Some(Control::Text { input, .. }) => {
                let line = text.lines().map(str::trim).find(|line| !line.is_empty());
                let line: String = line
                    .unwrap_or("")
                    .chars()
                    .filter(|character| !character.is_control())
                    .collect();
                let place = input.cursor();
                let before: String = input.value().chars().take(place).collect();
                let after: String = input.value().chars().skip(place).collect();
                let cursor = place + line.chars().count();
                *input = Input::new(format!("{before}{line}{after}")).with_cursor(cursor);
                true
            }
            Some(Control::Area(lines)) => {
                // Terminals paste line ends as carriage returns.
                let text = text.replace("\r\n", "\n").replace('\r', "\n");
                lines.push_str(&text);
                true
            }
            _ => false,
        };
        if pasted {
            self.edited(world);
        }
        Reply::consumed()
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.looking == Some(job) {
            self.looking = None;
            self.kind.told(said, &mut self.fields, world);
            return Reply::consumed();
        }
        if self.job != Some(job) || !said.is_last() {
            return Reply::consumed();
        }
        self.job = None;
        let waiting = std::mem::replace(&mut self.waiting, Waiting::Nothing);
        match (said, waiting) {
            (Said::Planned(Ok(plan)), _) => self.planned(plan, world),
            (Said::Planned(Err(why)), _) => {
                let wrong = refusal::plan(self.kind.as_ref(), why);
                self.blame(wrong);
                Reply::consumed()
            }
            (Said::CarriedOut(outcome), Waiting::End(plan)) => self.ended(&plan, outcome),
            (Said::Failed(why), _) => {
                self.wrong = Some(why.clone());
                Reply::consumed()
            }
            _ => Reply::consumed(),
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        self.draw_on(canvas, screen, world);
    }
}
