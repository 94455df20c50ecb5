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
