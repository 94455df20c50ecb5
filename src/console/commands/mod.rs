//! The commands, in one table made of a file for each kind of thing they act on.

mod find;
mod general;
mod reservation;

use super::command::Command;

/// Every command.
pub const ALL: &[&[Command]] = &[general::COMMANDS, find::COMMANDS, reservation::COMMANDS];
