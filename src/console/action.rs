//! What keys, clicks, menus and layers lead to: actions change the console, effects leave it.

use ratatui::layout::Position;

use crate::model::plan::{Intent, PlanId};
use crate::model::{Plan, ServerName};

use super::command::Id;
use super::jobs::{JobId, JobRequest};
use super::layers::Layer;
use super::place::Place;
use super::preferences::Preferences;
use super::subject::Subject;
use super::table::source::Tone;

/// What changes the console.
#[derive(Debug)]
pub enum Action {
    /// Runs a command on what is selected.
    Run(Id),
    /// Opens a layer above all others.
    Open(Box<dyn Layer>),
    /// Closes the top layer.
    Close,
    /// Closes the top layer and those below it down to, and with, the one of that name.
    CloseThrough(&'static str),
    /// Opens a layer that the console makes from where it is.
    Show(Opening),
    /// Moves the cursor, the marks or the focus.
    Move(Motion),
    /// Goes somewhere; back leads here again.
    Go(Place),
    /// Goes to a row: its view, with the cursor on it.
    Jump(Subject),
    /// Goes back.
    Back,
    /// Plans an intent and shows it, or carries it out at once where that is harmless.
    Do(Intent),
    /// Carries out a plan that the operator has seen, without asking again.
    CarryOut(Box<Plan>),
    /// Takes back a plan.
    Undo(PlanId),
    /// Begins a job that belongs to no layer.
    Ask(JobRequest),
    /// Cancels a job.
    Cancel(JobId),
    /// Reads servers anew; none means all.
    Retrieve(Vec<ServerName>),
    /// Says something for a while.
    Toast(Tone, String),
    /// Puts text into the terminal's clipboard.
    Copy(String),
    /// The same with the selected rows: a line each, with a tab between two columns.
    CopyRows,
    /// Narrows the table to what was typed.
    Filter(String),
    /// Changes what is remembered of the operator's taste.
    Prefer(Box<Preferences>),
    /// Gives the mouse to the terminal, or takes it back.
    ToggleMouse,
    /// Draws everything anew.
    Redraw,
    /// Stops until the shell says go on.
    Suspend,
    /// Ends the program.
    Quit,
}

/// Layers that the console makes from where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// The menu of what is selected, at a position or under the cursor's row.
    Menu(Option<Position>),
    /// The selector Server Type.
    ServerType,
    /// The selector View.
    View,
    /// The command palette.
    Palette,
    /// Help.
    Help,
    /// The column chooser.
    Columns,
    /// By which column rows are sorted.
    Sort,
    /// How things look.
    Theme,
}

/// Movements of the cursor, the marks and the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Motion {
    /// So many rows down.
    Rows(isize),
    /// So many pages down.
    Pages(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the tab or pane on the left.
    Left,
    /// To the tab or pane on the right.
    Right,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// Into the filter bar.
    FilterBar,
    /// Opens or closes the details.
    Details,
    /// Marks or unmarks the row.
    Mark,
    /// Marks or unmarks all rows.
    MarkAll,
    /// Moves the cursor so many rows down and marks those that it passes.
    MarkRows(isize),
    /// Sorts by a column of the source.
    Sort(usize),
}

/// What leaves the console: the loop carries it out.
#[derive(Debug)]
pub enum Effect {
    /// Begins a job.
    Spawn(JobId, JobRequest),
    /// Asks a job to stop.
    Cancel(JobId),
    /// Puts text into the terminal's clipboard.
    Copy(String),
    /// Turns mouse capture on or off.
    Mouse(bool),
    /// Draws everything anew.
    Redraw,
    /// Stops until the shell says go on.
    Suspend,
    /// Ends the program.
    Quit,
}
