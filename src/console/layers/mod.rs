//! Layers: what lies above the table, one on the other. Keys go to the top one; it answers with
//! data.

pub mod address_map;
pub mod batch;
pub mod columns;
pub mod compare;
pub mod form;
pub mod help;
pub mod jobs;
mod list;
pub mod menu;
pub mod message;
pub mod palette;
pub mod partner_down;
pub mod plan;
mod scroll;
pub mod search;
pub mod who_has;

use std::fmt;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::action::Action;
use super::draw::Canvas;
use super::jobs::{JobId, JobRequest, Said};
use super::world::World;

/// What was done with the mouse to a spot of a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Click {
    /// The left button, once.
    Once,
    /// The left button, twice.
    Twice,
    /// The right button.
    Right,
    /// The left button held, and moved here.
    Drag,
}

/// What a layer answers.
#[derive(Debug, Default)]
pub struct Reply {
    /// Whether the event ends here; what is not consumed by any layer goes to the keymap only
    /// where the layer lets it through.
    pub consumed: bool,
    /// What follows.
    pub actions: Vec<Action>,
    /// A job for this layer: what it says comes to [`Layer::told`].
    pub ask: Option<JobRequest>,
}

impl Reply {
    /// Not for this layer.
    #[must_use]
    pub fn ignored() -> Reply {
        Reply::default()
    }

    /// It ends here.
    #[must_use]
    pub fn consumed() -> Reply {
        Reply {
            consumed: true,
            ..Reply::default()
        }
    }

    /// Something follows.
    #[must_use]
    pub fn act(action: Action) -> Reply {
        Reply::acts(vec![action])
    }

    /// Several things follow, in order.
    #[must_use]
    pub fn acts(actions: Vec<Action>) -> Reply {
        Reply {
            consumed: true,
            actions,
            ask: None,
        }
    }

    /// The layer closes.
    #[must_use]
    pub fn close() -> Reply {
        Reply::act(Action::Close)
    }

    /// A job begins, and the layer waits for it.
    #[must_use]
    pub fn ask(request: JobRequest) -> Reply {
        Reply {
            consumed: true,
            actions: Vec::new(),
            ask: Some(request),
        }
    }
}

/// A layer above the table.
pub trait Layer: fmt::Debug + Send {
    /// What it is called, for `Action::CloseThrough` and tests.
    fn name(&self) -> &'static str;

    /// It has been opened.
    fn opened(&mut self, world: &World) -> Reply {
        let _ = world;
        Reply::consumed()
    }

    /// A key was pressed. Esc closes every layer, or asks before something is lost.
    fn key(&mut self, key: KeyEvent, world: &World) -> Reply;

    /// A spot that it registered with [`Canvas::spot`] was clicked.
    fn click(&mut self, spot: u32, click: Click, world: &World) -> Reply {
        let _ = (spot, click, world);
        Reply::consumed()
    }

    /// A click outside of it.
    fn clicked_outside(&mut self, world: &World) -> Reply {
        let _ = world;
        Reply::consumed()
    }

    /// The wheel was turned over it, so many lines down.
    fn wheel(&mut self, lines: isize, world: &World) -> Reply {
        let _ = (lines, world);
        Reply::consumed()
    }

    /// Text was pasted.
    fn paste(&mut self, text: &str, world: &World) -> Reply {
        let _ = (text, world);
        Reply::consumed()
    }

    /// The job it asked for has that number.
    fn asked(&mut self, job: JobId) {
        let _ = job;
    }

    /// A job of its own says something.
    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        let _ = (job, said, world);
        Reply::consumed()
    }

    /// The world has changed.
    fn changed(&mut self, world: &World) -> Reply {
        let _ = world;
        Reply::consumed()
    }

    /// Time has passed; asked only of a layer that counts seconds.
    fn ticked(&mut self, world: &World) -> Reply {
        let _ = world;
        Reply::consumed()
    }

    /// Whether it counts seconds, and wants to be drawn every second.
    fn counts(&self) -> bool {
        false
    }

    /// It was drawn, on top, and could be scrolled so many lines: what drawing took down as
    /// [`crate::console::draw::Hits::layer_end`].
    fn drawn(&mut self, end: usize) {
        let _ = end;
    }

    /// Draws it into the whole screen's area; it chooses its own place there.
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, world: &World);
}
