//! Commands on reservations.

use crate::console::command::Command;

/// Commands on reservations.
pub const COMMANDS: &[Command] = &[];
