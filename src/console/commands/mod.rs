//! The commands, in one table made of a file for each kind of thing they act on.

mod failover;
mod general;
mod go;
mod reservation;

use super::command::Command;

/// Every command.
pub const ALL: &[&[Command]] = &[
    general::COMMANDS,
    go::COMMANDS,
    reservation::COMMANDS,
    failover::COMMANDS,
];
