//! The console without a terminal: keys and clicks go in, a screen comes out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::type_complexity,
    missing_docs
)]

mod clicks;
mod dialogs;
mod failover;
mod find;
mod forms;
mod frame;
mod habits;
mod harness;
mod kea;
mod operator;
mod screens;
mod shape;
mod states;
mod views;
