//! The console without a terminal: keys and clicks go in, a screen comes out.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod clicks;
mod dialogs;
mod failover;
mod find;
mod forms;
mod frame;
mod harness;
mod operator;
mod screens;
mod states;
mod views;
