//! The commands, in one table made of a file for each kind of thing they act on.

mod failover;
mod filter;
mod find;
mod general;
mod go;
pub mod maintenance;
mod policy;
mod reservation;
mod scope;
mod server;
mod superscope;

use super::command::Command;

/// Every command.
pub const ALL: &[&[Command]] = &[
    general::COMMANDS,
    find::COMMANDS,
    go::COMMANDS,
    server::COMMANDS,
    scope::COMMANDS,
    superscope::COMMANDS,
    reservation::COMMANDS,
    failover::COMMANDS,
    maintenance::COMMANDS,
    policy::COMMANDS,
    filter::COMMANDS,
];
