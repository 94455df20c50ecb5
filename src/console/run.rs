//! The loop: what comes in is drained, handled, and drawn once.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::event::Event as FromTerminal;
use futures_util::StreamExt;
use jiff::Timestamp;
use ratatui::layout::Size;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::action::Effect;
use super::app::{App, Event};
use super::draw;
use super::jobs::{JobMessage, Jobs};
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::ipam::Estate;

/// What is not asked for by a key is drawn at most this often.
const FRAME: Duration = Duration::from_millis(40);
/// So many events are handled before the next frame at the most.
const DRAIN: usize = 512;
/// The longest wait for what changes by itself.
const LONG: Duration = Duration::from_secs(3600);
/// So long a step that is under way may keep the program from ending.
const SETTLE: Duration = Duration::from_secs(10);

/// What comes from outside.
#[derive(Debug)]
pub enum Input {
    /// The terminal says something.
    Terminal(FromTerminal),
    /// The process goes on after it was stopped.
    Continued,
    /// The process is to end: a signal, or the terminal has gone.
    End,
}

/// Everything that the loop listens to.
#[derive(Debug)]
pub struct Sources {
    /// The terminal and signals.
    pub inputs: mpsc::Receiver<Input>,
    /// Jobs.
    pub messages: mpsc::Receiver<JobMessage>,
    /// What is known of the servers.
    pub estates: watch::Receiver<std::sync::Arc<Estate>>,
}

/// Runs the console until it ends, and lets a plan that is being carried out come to the end of
/// its step.
///
/// # Errors
/// What the terminal answers to a frame.
pub async fn run<W: Write>(
    app: &mut App,
    terminal: &mut Terminal<W>,
    jobs: &mut Jobs,
    mut sources: Sources,
    clock: &Clock,
    size: fn() -> Size,
) -> io::Result<()> {
    let ended = until_the_end(app, terminal, jobs, &mut sources, clock, size).await;
    if jobs.writing() {
        app.say("Twinscope ends as soon as the step that is under way has ended".to_owned());
        // The terminal may have gone: that changes nothing.
        let _ = draw_frame(app, terminal);
        jobs.settle(&mut sources.messages, SETTLE).await;
    }
    ended
}

async fn until_the_end<W: Write>(
    app: &mut App,
    terminal: &mut Terminal<W>,
    jobs: &mut Jobs,
    sources: &mut Sources,
    clock: &Clock,
    size: fn() -> Size,
) -> io::Result<()> {
    let mut runner = Runner {
        app,
        terminal,
        jobs,
        size,
        over: false,
        urgent: true,
    };
    let effects = runner.app.start();
    runner.carry(effects)?;
    let mut drawn: Option<Instant> = None;
    let mut changed = true;
    while !runner.over {
        let paced = drawn.map_or_else(Instant::now, |at| at + FRAME);
        if changed && (runner.urgent || Instant::now() >= paced) {
            runner.draw()?;
            (changed, drawn) = (false, Some(Instant::now()));
        }
        // A key that changed nothing hurries nothing either.
        runner.urgent = false;
        let due = match changed {
            true => paced,
            false => Instant::now() + until(runner.app.next_tick(), clock.now()),
        };
        tokio::select! {
            biased;
            input = sources.inputs.recv() => match input {
                Some(input) => {
                    runner.give(Event::Tick(clock.now()))?;
                    runner.input(input)?;
                }
                None => runner.over = true,
            },
            Some(message) = sources.messages.recv() => {
                runner.give(Event::Tick(clock.now()))?;
                runner.message(message)?;
            }
            Ok(()) = sources.estates.changed() => {
                runner.give(Event::Tick(clock.now()))?;
                let estate = sources.estates.borrow_and_update().clone();
                runner.give(Event::Estate(estate))?;
            }
            () = sleep_until(due) => runner.give(Event::Tick(clock.now()))?,
        }
        // What has come meanwhile belongs to the same frame.
        for _ in 0..DRAIN {
            if let Ok(input) = sources.inputs.try_recv() {
                runner.input(input)?;
            } else if let Ok(message) = sources.messages.try_recv() {
                runner.message(message)?;
            } else {
                break;
            }
        }
        // Many messages must not keep what is known from being told.
        if let Ok(true) = sources.estates.has_changed() {
            let estate = sources.estates.borrow_and_update().clone();
            runner.give(Event::Estate(estate))?;
        }
        changed |= runner.app.take_changed();
    }
    Ok(())
}

/// How long until a time; never nothing at all, so that a loop that is late does not spin.
fn until(due: Option<Timestamp>, now: Timestamp) -> Duration {
    let Some(due) = due else {
        return LONG;
    };
    let wait = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    wait.clamp(Duration::from_millis(10), LONG)
}

fn draw_frame<W: Write>(app: &mut App, terminal: &mut Terminal<W>) -> io::Result<()> {
    let mut hits = None;
    terminal.screen().draw(|buffer| {
        let (drawn, cursor) = draw::draw(app, buffer);
        hits = Some(drawn);
        cursor
    })?;
    if let Some(hits) = hits {
        app.drawn(hits);
    }
    Ok(())
}

struct Runner<'a, W: Write> {
    app: &'a mut App,
    terminal: &'a mut Terminal<W>,
    jobs: &'a mut Jobs,
    size: fn() -> Size,
    over: bool,
    /// The operator waits for this frame.
    urgent: bool,
}

impl<W: Write> Runner<'_, W> {
    fn draw(&mut self) -> io::Result<()> {
        draw_frame(self.app, self.terminal)
    }

    fn give(&mut self, event: Event) -> io::Result<()> {
        let effects = self.app.handle(event);
        self.carry(effects)
    }

    fn input(&mut self, input: Input) -> io::Result<()> {
        self.urgent = true;
        match input {
            Input::Terminal(FromTerminal::Key(key)) => self.give(Event::Key(key)),
            Input::Terminal(FromTerminal::Mouse(mouse)) => self.give(Event::Mouse(mouse)),
            Input::Terminal(FromTerminal::Paste(text)) => self.give(Event::Paste(text)),
            Input::Terminal(FromTerminal::Resize(width, height)) => {
                self.terminal.screen().resize(Size { width, height });
                self.give(Event::Resize)
            }
            Input::Terminal(_) => Ok(()),
            Input::Continued => {
                self.terminal.resume()?;
                self.resized()
            }
            Input::End => {
                self.over = true;
                Ok(())
            }
        }
    }

    fn resized(&mut self) -> io::Result<()> {
        let size = (self.size)();
        self.terminal.screen().resize(size);
        self.give(Event::Resize)
    }

    fn message(&mut self, message: JobMessage) -> io::Result<()> {
        if message.said.is_last() {
            self.jobs.ended(message.job);
        }
        self.give(Event::Job(message))
    }

    fn carry(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Spawn(job, request) => self.jobs.spawn(job, request),
                Effect::Cancel(job) => self.jobs.cancel(job),
                Effect::Copy(text) => match self.terminal.screen().copy(&text) {
                    Ok(_) => {}
                    Err(super::terminal::CopyError::Io(why)) => return Err(why),
                    Err(too_long) => self.app.say(too_long.to_string()),
                },
                Effect::Mouse(on) => self.terminal.set_mouse(on)?,
                Effect::Redraw => self.terminal.screen().invalidate(),
                Effect::Suspend => {
                    self.terminal.suspend()?;
                    self.resized()?;
                }
                Effect::Quit => self.over = true,
            }
        }
        Ok(())
    }
}

/// Listens to the process's terminal and signals, each in a task of its own.
///
/// # Errors
/// What the system answers when a signal can't be listened to.
pub fn listen() -> io::Result<mpsc::Receiver<Input>> {
    let (tell, inputs) = mpsc::channel(1024);
    let from_terminal = tell.clone();
    // The stream is only ever awaited here: polling it from elsewhere would lose its wake-ups.
    tokio::spawn(async move {
        let mut events = crossterm::event::EventStream::new();
        loop {
            let input = match events.next().await {
                Some(Ok(event)) => Input::Terminal(event),
                Some(Err(_)) | None => Input::End,
            };
            let over = matches!(input, Input::End);
            if from_terminal.send(input).await.is_err() || over {
                break;
            }
        }
    });
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::quit(),
        ] {
            let (mut signals, tell) = (signal(kind)?, tell.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if tell.send(Input::End).await.is_err() {
                        break;
                    }
                }
            });
        }
        let mut continued = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        tokio::spawn(async move {
            while continued.recv().await.is_some() {
                if tell.send(Input::Continued).await.is_err() {
                    break;
                }
            }
        });
    }
    Ok(inputs)
}
