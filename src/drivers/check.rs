//! What an operator who tries a server out is told of it.

use super::DriverError;
use crate::model::ServerReading;

/// One line about one server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckLine {
    /// How much it matters.
    pub weight: Weight,
    /// One line; not yet made printable.
    pub text: String,
}

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// It is so.
    Fact,
    /// Something is missing or unwise.
    Warning,
    /// The server can't be used as it is.
    Failure,
}

impl CheckLine {
    /// It is so.
    #[must_use]
    pub fn fact(text: impl Into<String>) -> CheckLine {
        CheckLine::new(Weight::Fact, text)
    }

    /// Something is missing or unwise.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> CheckLine {
        CheckLine::new(Weight::Warning, text)
    }

    /// The server can't be used as it is.
    #[must_use]
    pub fn failure(text: impl Into<String>) -> CheckLine {
        CheckLine::new(Weight::Failure, text)
    }

    fn new(weight: Weight, text: impl Into<String>) -> CheckLine {
        CheckLine {
            weight,
            text: text.into(),
        }
    }

    /// What reading a server tells: its state, its version and how much it has; or why it could
    /// not be read.
    #[must_use]
    pub fn from_read(read: &Result<ServerReading, DriverError>) -> CheckLine {
        match read {
            Ok(reading) => CheckLine::fact(summary(reading)),
            Err(error) => CheckLine::failure(error.to_string()),
        }
    }
}

fn summary(reading: &ServerReading) -> String {
    let roles = reading.identity.roles.iter().map(ToString::to_string);
    let roles: Vec<String> = roles.collect();
    let config = &reading.config;
    let has: Vec<String> = [
        (config.scopes.len(), "scope", "scopes"),
        (
            config.relationships.len(),
            "failover relationship",
            "failover relationships",
        ),
        (reading.zones.len(), "zone", "zones"),
    ]
    .into_iter()
    .filter(|(count, _, _)| *count > 0)
    .map(|(count, one, more)| format!("{count} {}", if count == 1 { one } else { more }))
    .collect();
    format!(
        "{} ({}), {}: {}",
        reading.availability,
        roles.join(" and "),
        reading.identity.version_text,
        if has.is_empty() {
            "empty".to_owned()
        } else {
            has.join(", ")
        },
    )
}
