//! What belongs to both servers of a relationship, as edits for each of the two.

use std::collections::BTreeSet;

use super::DhcpError;
use crate::model::failover::RelationshipProperty;
use crate::model::plan::FailoverChoice;
use crate::model::{Edit, ScopeId, ServerConfig, ServerName};

/// The edits of one relationship's two servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Both {
    /// The relationship's name.
    pub name: String,
    /// The partner.
    pub partner: ServerName,
    /// For the server asked.
    pub here: Vec<Edit>,
    /// For the partner.
    pub there: Vec<Edit>,
}

/// Puts scopes under failover; the partner gets copies.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship or scope.
pub fn configure(
    this: &ServerName,
    config: &ServerConfig,
    scopes: &BTreeSet<ScopeId>,
    with: &FailoverChoice,
) -> Result<Both, DhcpError> {
    let _ = (this, config, scopes, with);
    todo!()
}

/// Takes scopes out of failover: this server keeps them. One `Both` a relationship concerned.
///
/// # Errors
/// [`DhcpError`] when a scope is not there or in no relationship.
pub fn remove_scopes(
    config: &ServerConfig,
    scopes: &BTreeSet<ScopeId>,
) -> Result<Vec<Both>, DhcpError> {
    let _ = (config, scopes);
    todo!()
}

/// Changes a relationship's parameters, given in this server's view.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship.
pub fn edit(
    config: &ServerConfig,
    name: &str,
    properties: &[RelationshipProperty],
) -> Result<Both, DhcpError> {
    let _ = (config, name, properties);
    todo!()
}

/// Deletes a relationship: this server keeps the scopes, the partner's copies go.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship.
pub fn delete(config: &ServerConfig, name: &str) -> Result<Both, DhcpError> {
    let _ = (config, name);
    todo!()
}
