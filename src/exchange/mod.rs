//! Files in and out: how others write what the model says.

pub mod csv;
pub mod reservations;

use std::fmt;

use crate::model::lease::Lease;
use crate::model::server::{Coverage, Product, ServerConfig, ServerVersion};

/// A file that was read: what of it the model has words for, and, one by one, what it has not.
#[derive(Clone, Debug)]
pub struct Imported {
    /// How the file is written, as a reader would name it: `Export-DhcpServer XML`.
    pub format: &'static str,
    /// What the file calls the server; `None` where it names none.
    pub server: Option<String>,
    /// Which kind of server wrote it.
    pub product: Product,
    /// The server's version, where the file says.
    pub version: Option<ServerVersion>,
    /// What the file can say at all. What such a file never holds (relationships in an export) is
    /// not covered, which is not the same as empty.
    pub coverage: Coverage,
    /// The configuration, within coverage.
    pub config: ServerConfig,
    /// The leases, in order of address.
    pub leases: Vec<Lease>,
    /// What was not translated, in the order of the file. Nothing is dropped silently.
    pub left_out: Vec<LeftOut>,
}

/// Something in a file that the model has no word for, or that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// On which line it stands, from 1; `None` where that is not known.
    pub line: Option<u64>,
    /// The kind of thing, for counting: `option definition`, `NAP profile`, `IPv6 scope`.
    pub kind: &'static str,
    /// Which one, as the file calls it.
    pub what: String,
    /// Why it was left out, as the end of a sentence: `has no counterpart here`.
    pub why: String,
}

/// Why a file was not read: a sentence that says what, where and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct BadFile {
    /// The line, from 1.
    pub line: Option<u64>,
    /// The column in it, from 1, in characters.
    pub column: Option<u64>,
    /// What is wrong, without the place.
    pub what: String,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        f.write_str(&self.what)
    }
}
