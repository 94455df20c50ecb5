//! What would take an edit back.

use crate::model::plan::NotUndoable;
use crate::model::{Edit, ServerConfig};

/// The edits that bring `before` back after `edit`, in order.
///
/// # Errors
/// [`NotUndoable`] with the reason where there are none.
pub fn invert(before: &ServerConfig, edit: &Edit) -> Result<Vec<Edit>, NotUndoable> {
    let _ = (before, edit);
    todo!()
}
