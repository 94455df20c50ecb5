//! The job list: what is being done, what came of what was done, and a way to stop.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::list::{Line, List};
use super::message::Message;
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::age;
use crate::console::draw::{Canvas, Role};
use crate::console::jobs::JobId;
use crate::console::table::Tone;
use crate::console::work::{End, Work};
use crate::console::world::World;

/// What a line stands for.
#[derive(Clone, PartialEq, Debug)]
enum Of {
    Nothing,
    /// A job that runs, and whether it can be stopped.
    Running(JobId, bool),
    /// What is known of one that ended.
    Ended(Box<End>),
}

/// The job list.
#[derive(Debug, Default)]
pub struct JobList {
    list: List,
    of: Vec<Of>,
    seen: Work,
}

impl JobList {
    /// The jobs.
    #[must_use]
    pub fn new() -> JobList {
        JobList::default()
    }

    fn show(&mut self, world: &World) {
        self.seen = Work::clone(&world.work);
        let (lines, of) = lines(&self.seen, world);
        self.of = of;
        self.list.renew(lines);
    }

    fn chosen(&self) -> Of {
        let place = self.list.focus();
        let of = place.and_then(|place| self.of.get(place));
        of.cloned().unwrap_or(Of::Nothing)
    }

    fn open(&self) -> Reply {
        match self.chosen() {
            Of::Nothing => Reply::consumed(),
            Of::Running(..) => self.stop(),
            Of::Ended(end) => {
                let message = Message::new("Job", story(&end));
                Reply::act(Action::Open(Box::new(message)))
            }
        }
    }

    fn stop(&self) -> Reply {
        let said = match self.chosen() {
            Of::Running(job, true) => return Reply::act(Action::Cancel(job)),
            Of::Running(_, false) => "This can't be stopped: it ends by itself",
            Of::Ended(_) => "This has ended",
            Of::Nothing => return Reply::consumed(),
        };
        Reply::act(Action::Toast(Tone::Plain, said.to_owned()))
    }
}

/// The whole of an end.
fn story(end: &End) -> String {
    let mut text = format!("{}\n{}\n", end.title, end.word);
    for (server, what, _, came) in &end.targets {
        text.push_str(&format!("\n{server}: {what}: {came}"));
    }
    for note in &end.notes {
        text.push_str(&format!("\n\n{note}"));
    }
    text
}

fn lines(work: &Work, world: &World) -> (Vec<Line>, Vec<Of>) {
    let mut lines = Vec::new();
    let mut of = Vec::new();
    let mut push = |line, what| {
        lines.push(line);
        of.push(what);
    };
    push(
        Line::heading("Running", work.running.len().to_string()),
        Of::Nothing,
    );
    for job in &work.running {
        let since = age::words(world.age(job.since));
        let mut line = Line::new(job.title.clone(), "");
        line.key = match job.steps {
            Some((done, all)) => format!("step {} of {all} · {since}", (done + 1).min(all)),
            None => since,
        };
        push(line, Of::Running(job.job, job.stops));
    }
    push(Line::remark("", Role::Text), Of::Nothing);
    push(Line::heading("Ended", ""), Of::Nothing);
    for end in &work.ended {
        let mut line = Line::new(end.title.clone(), end.word.clone());
        line.role = Role::from(end.tone);
        line.key = age::ago(world.age(end.at));
        push(line, Of::Ended(Box::new(end.clone())));
        for (server, what, tone, came) in &end.targets {
            let (word, more) = came.split_once(": ").unwrap_or((came, what));
            let text = format!("  {word}  {server}: {more}");
            push(Line::remark(text, Role::from(*tone)), Of::Nothing);
        }
    }
    if work.ended.is_empty() {
        push(Line::remark("  nothing yet", Role::Dim), Of::Nothing);
    }
    (lines, of)
}

impl Layer for JobList {
    fn name(&self) -> &'static str {
        "jobs"
    }

    fn opened(&mut self, world: &World) -> Reply {
        self.show(world);
        self.list.go(0);
        Reply::consumed()
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        if *world.work != self.seen {
            self.show(world);
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q' | 'J') => return Reply::close(),
            KeyCode::Enter => return self.open(),
            KeyCode::Char('x') | KeyCode::Delete => return self.stop(),
            KeyCode::Char('j') => self.list.step(1),
            KeyCode::Char('k') => self.list.step(-1),
            KeyCode::Home => self.list.go(0),
            KeyCode::End => self.list.step(isize::MAX),
            _ => {
                self.list.key(key);
            }
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        if *world.work != self.seen {
            self.show(world);
        }
        self.list.go(usize::try_from(spot).unwrap_or(usize::MAX));
        match click {
            Click::Twice => self.open(),
            _ => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.list.step(lines);
        Reply::consumed()
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.show(world);
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, world: &World) {
        let wide = 100.min(screen.width.saturating_sub(4));
        let list = lines(&world.work, world).0;
        let high = u16::try_from(list.len())
            .unwrap_or(u16::MAX)
            .saturating_add(4);
        let high = high.clamp(10, 30).min(screen.height.saturating_sub(4));
        let inner = canvas.modal(screen, wide, high, "Jobs");
        let below = Rect {
            height: inner.height.saturating_sub(1),
            ..inner
        };
        // What is known now is drawn; the focus stays on its line.
        let mut shown = self.list.clone();
        shown.renew(list);
        shown.draw(canvas, below);
        let dim = canvas.style(Role::Dim);
        let hint = "Enter shows all of it · x stops what runs · Event Catalog has everything";
        canvas.text(
            inner.x + 1,
            inner.bottom().saturating_sub(1),
            inner.width.saturating_sub(2),
            hint,
            dim,
        );
    }
}
