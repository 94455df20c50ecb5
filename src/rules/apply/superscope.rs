//! When a server accepts a superscope's name, and a scope in it.

use std::sync::Arc;

use super::super::{Code, Facts};
use super::check::{self, Outcome, refuse, shown};
use crate::model::{Scope, ServerConfig};

/// Characters of a superscope's name.
const MAX_NAME: usize = 256;

/// Refuses a text that can't be a superscope's name.
pub(super) fn name(name: &str) -> Outcome {
    check::not_empty("the name of the superscope", name)?;
    let length = check::length(name);
    if length > MAX_NAME {
        return refuse(
            Code::SuperScopeNameTooLong,
            format!(
                "the name of the superscope has {length} characters; at most {MAX_NAME} are \
                 possible: shorten it"
            ),
        );
    }
    check::no_nul("the name of the superscope", name)
}

/// Refuses to move a scope from one superscope right into another.
pub(super) fn enter(scope: &Scope, new: Option<&str>) -> Outcome {
    let Some(new) = new else { return Ok(()) };
    name(new)?;
    match &scope.superscope {
        Some(held) if held != new => refuse(
            Code::SubnetExits,
            format!(
                "scope {} is in superscope '{}' already: take it out of that one before it goes \
                 into '{}', or move it by force",
                scope.id,
                shown(held),
                shown(new)
            ),
        ),
        _ => Ok(()),
    }
}

pub(super) fn rename(config: &mut ServerConfig, facts: &Facts, from: &str, to: &str) -> Outcome {
    name(to)?;
    let is_in = |superscope: &str| {
        config
            .scopes
            .values()
            .find(|scope| scope.superscope.as_deref() == Some(superscope))
    };
    if is_in(from).is_none() {
        return refuse(
            Code::SubnetNotPresent,
            format!(
                "there is no superscope '{}' on {}: name one that the server has",
                shown(from),
                check::server(facts)
            ),
        );
    }
    if from == to {
        return Ok(());
    }
    if let Some(scope) = is_in(to) {
        return refuse(
            Code::SubnetExits,
            format!(
                "there is a superscope '{}' on {} already, with scope {} in it: choose another name",
                shown(to),
                check::server(facts),
                scope.id
            ),
        );
    }
    for scope in config.scopes.values_mut() {
        if scope.superscope.as_deref() == Some(from) {
            Arc::make_mut(scope).superscope = Some(to.to_owned());
        }
    }
    Ok(())
}
