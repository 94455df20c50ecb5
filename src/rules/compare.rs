//! Field by field: how two copies differ, and what has changed from one to the other.

use crate::model::plan::FieldChange;
use crate::model::server::Coverage;
use crate::model::{Comparison, ScopeId, ServerConfig};

/// One server's copy, and what of it was read.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'a> {
    /// The configuration.
    pub config: &'a ServerConfig,
    /// What of it was read.
    pub coverage: Coverage,
}

/// How the right copies of these scopes differ from the left ones in what replication copies.
#[must_use]
pub fn compare_scopes(left: Copy<'_>, right: Copy<'_>, scopes: &[ScopeId]) -> Comparison {
    let _ = (left, right, scopes);
    todo!()
}

/// How the two servers' views of a relationship, and their copies of its scopes, differ.
#[must_use]
pub fn compare_relationship(left: Copy<'_>, right: Copy<'_>, name: &str) -> Comparison {
    let _ = (left, right, name);
    todo!()
}

/// Every field that differs between a configuration before and after: what a preview shows.
#[must_use]
pub fn changes(before: &ServerConfig, after: &ServerConfig) -> Vec<FieldChange> {
    let _ = (before, after);
    todo!()
}
