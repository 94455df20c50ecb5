//! Details of a server.

use super::Tab;

/// The tabs.
pub const TABS: &[Tab] = &[];
