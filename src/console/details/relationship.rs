//! Details of a relationship.

use super::Tab;

/// The tabs.
pub const TABS: &[Tab] = &[];
