//! The full-screen console: what an operator sees of IPAM and does with it.

pub mod draw;
pub mod keymap;
pub mod terminal;
