//! What a server or a plan refused, and the field that it is about.

use super::{FormKind, Wrong};
use crate::drivers::DriverError;
use crate::ipam::PlanError;
use crate::rules::DhcpError;
use crate::rules::error::Code;

/// Why there is no plan.
pub(super) fn plan(kind: &dyn FormKind, error: &PlanError) -> Wrong {
    match error {
        PlanError::Refused { server, error } => refused(kind, server.as_str(), error),
        PlanError::Driver(error) => driver(kind, error),
        other => vec![("", other.to_string())],
    }
}

/// Why a server was not written.
pub(super) fn driver(kind: &dyn FormKind, error: &DriverError) -> Wrong {
    match error {
        DriverError::Refused { server, error } => refused(kind, server.as_str(), error),
        other => vec![("", other.to_string())],
    }
}

fn refused(kind: &dyn FormKind, server: &str, error: &DhcpError) -> Wrong {
    match kind.field_of(error.code, &error.sentence) {
        Some(id) => vec![(id, error.to_string())],
        None => vec![("", format!("{server} refuses it: {error}"))],
    }
}

/// A refusal that is foretold as a sentence, which names its code at its end.
pub(super) fn sentence(kind: &dyn FormKind, server: &str, why: &str) -> Wrong {
    let named = |code: &&Code| why.contains(&format!("(DHCP {}, {})", code.number(), code.name()));
    let code = Code::ALL.iter().find(named);
    match code.and_then(|code| kind.field_of(*code, why)) {
        Some(id) => vec![(id, format!("{server}: {why}"))],
        None => vec![("", format!("{server} refuses it: {why}"))],
    }
}
