//! Replication: the edits that make the right copy the left one.

use crate::model::{Difference, Edit};

/// The edits for the right server that heal these differences, in an order in which each is
/// accepted (swapped addresses, moved ranges).
#[must_use]
pub fn heal(differences: &[Difference]) -> Vec<Edit> {
    let _ = differences;
    todo!()
}
