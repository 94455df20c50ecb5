//! Verb-Noun: the DhcpServer cmdlets on a command line.

use std::ffi::OsString;
use std::io::{Read, Write};

use crate::ipam::Ipam;

/// What a cmdlet talks to.
pub struct Console<'a> {
    /// Standard input, for rows and answers.
    pub input: &'a mut dyn Read,
    /// Standard output.
    pub output: &'a mut dyn Write,
    /// Standard error.
    pub errors: &'a mut dyn Write,
    /// Whether a person can answer a question.
    pub interactive: bool,
}

/// Whether a word looks like a cmdlet: `Verb-Noun`.
#[must_use]
pub fn is_cmdlet(word: &str) -> bool {
    let _ = word;
    todo!()
}

/// Runs a cmdlet line, such as `Get-DhcpServerv4Scope -ComputerName dhcp1`; gives the exit code.
///
/// # Errors
/// Only when output can't be written.
pub async fn run(ipam: &Ipam, line: &[OsString], console: &mut Console<'_>) -> std::io::Result<u8> {
    let _ = (ipam, line, console);
    todo!()
}

/// Every cmdlet's name, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}

/// A cmdlet's parameters, without their hyphens.
#[must_use]
pub fn parameters(cmdlet: &str) -> Vec<&'static str> {
    let _ = cmdlet;
    Vec::new()
}

/// What a person said to a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or nothing.
    No,
    /// There is no terminal to ask at.
    NobodyToAsk,
}

/// Asks a question on `console.errors` that is answered with yes or no (the default).
///
/// # Errors
/// When the question can't be written or the answer can't be read.
pub fn confirm(console: &mut Console<'_>, question: &str) -> std::io::Result<Answer> {
    let _ = (console, question);
    todo!()
}

/// Writes a plan for a person: its steps, server by server, field by field, and its warnings.
///
/// # Errors
/// When it can't be written.
pub fn render_plan(plan: &crate::model::Plan, out: &mut dyn Write) -> std::io::Result<()> {
    let _ = (plan, out);
    todo!()
}
