//! The full-screen console: one loop, one state, one command table, one stack of layers. Drawing
//! only reads, and servers are reached only from jobs.

pub mod action;
pub mod age;
pub mod app;
pub mod command;
mod commands;
pub mod details;
pub mod dialogs;
pub mod draw;
pub mod find;
pub mod jobs;
pub mod keymap;
pub mod layers;
pub mod open;
pub mod place;
pub mod preferences;
pub mod run;
pub mod subject;
pub mod table;
pub mod terminal;
pub mod views;
pub mod work;
pub mod world;

pub use app::{App, Event};
pub use open::{ConsoleError, Options, open};
