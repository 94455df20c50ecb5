//! What a Microsoft DHCP server does with an edit.

use super::{DhcpError, Facts};
use crate::model::{Edit, ServerConfig};

/// The configuration after an edit.
///
/// # Errors
/// [`DhcpError`] with Microsoft's number when the server would refuse it.
pub fn apply(config: &ServerConfig, facts: &Facts, edit: &Edit) -> Result<ServerConfig, DhcpError> {
    let _ = (config, facts, edit);
    todo!()
}

/// The configuration after several edits, all or none.
///
/// # Errors
/// The first refusal.
pub fn apply_all(
    config: &ServerConfig,
    facts: &Facts,
    edits: &[Edit],
) -> Result<ServerConfig, DhcpError> {
    edits
        .iter()
        .try_fold(config.clone(), |config, edit| apply(&config, facts, edit))
}
