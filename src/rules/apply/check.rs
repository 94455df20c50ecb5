//! What the rules of every object share: finding things, lengths of texts, properties given once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::super::{Code, DhcpError, Facts};
use crate::model::text::printable;
use crate::model::{Scope, ScopeId, ServerConfig};

/// What a rule answers.
pub(super) type Outcome<T = ()> = Result<T, DhcpError>;

/// Refuses.
pub(super) fn refuse<T>(code: Code, sentence: impl Into<String>) -> Outcome<T> {
    Err(DhcpError::new(code, sentence))
}

/// A typed name as a sentence shows it.
pub(super) fn shown(text: &str) -> String {
    printable(text, 80)
}

/// The deciding server's name as a sentence shows it.
pub(super) fn server(facts: &Facts) -> String {
    shown(facts.this_server.as_str())
}

/// A scope with its name as a sentence shows it.
pub(super) fn scope_shown(scope: &Scope) -> String {
    format!("{} '{}'", scope.id.net(), shown(&scope.name))
}

/// The scope, or 20005.
pub(super) fn scope<'c>(
    config: &'c ServerConfig,
    facts: &Facts,
    id: ScopeId,
) -> Outcome<&'c Arc<Scope>> {
    match config.scopes.get(&id) {
        Some(scope) => Ok(scope),
        None => Err(no_scope(config, facts, id)),
    }
}

/// The scope to be written, or 20005.
pub(super) fn scope_mut<'c>(
    config: &'c mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
) -> Outcome<&'c mut Scope> {
    if !config.scopes.contains_key(&id) {
        return Err(no_scope(config, facts, id));
    }
    match config.scopes.get_mut(&id) {
        Some(scope) => Ok(Arc::make_mut(scope)),
        None => Err(no_scope(&ServerConfig::default(), facts, id)),
    }
}

fn no_scope(config: &ServerConfig, facts: &Facts, id: ScopeId) -> DhcpError {
    let server = server(facts);
    let sentence = match config.scope_at(id.address()) {
        Some(other) => format!(
            "there is no scope {} on {server}: the scope at that address is {}; name that one",
            id.net(),
            scope_shown(other)
        ),
        None => format!(
            "there is no scope {} on {server}; add it, or name one that the server has",
            id.net()
        ),
    };
    DhcpError::new(Code::SubnetNotPresent, sentence)
}

/// Which of the scopes shares an address with that subnet. They don't overlap each other, so that
/// only the neighbours can.
pub(super) fn overlapping<T>(scopes: &BTreeMap<ScopeId, T>, id: ScopeId) -> Option<(ScopeId, &T)> {
    let before = scopes.range(..=id).next_back();
    let after = scopes.range(id..).next();
    before
        .into_iter()
        .chain(after)
        .find(|(other, _)| other.overlaps(&id))
        .map(|(other, held)| (*other, held))
}

/// The length as Windows counts it, in UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Refuses with 87 what is longer than `max` characters or has a NUL in it: Windows' texts end at
/// the first one.
pub(super) fn text(what: impl fmt::Display, text: &str, max: usize) -> Outcome {
    let length = length(text);
    if length > max {
        return refuse(
            Code::InvalidParameter,
            format!("{what} has {length} characters; at most {max} are possible: shorten it"),
        );
    }
    no_nul(what, text)
}

/// Refuses with 87 a text with a NUL in it.
pub(super) fn no_nul(what: impl fmt::Display, text: &str) -> Outcome {
    if text.contains('\0') {
        return refuse(
            Code::InvalidParameter,
            format!("{what} has a NUL character in it, which no server can keep: take it out"),
        );
    }
    Ok(())
}

/// Refuses with 87 an empty text.
pub(super) fn not_empty(what: impl fmt::Display, text: &str) -> Outcome {
    if text.is_empty() {
        return refuse(
            Code::InvalidParameter,
            format!("{what} is empty: give it one"),
        );
    }
    Ok(())
}

/// Refuses with 87 when a property is given twice.
pub(super) fn once<P>(
    what: impl fmt::Display,
    properties: &[P],
    same_kind: impl Fn(&P, &P) -> bool,
    label: impl Fn(&P) -> &'static str,
) -> Outcome {
    // There are few kinds, so that the first repetition comes soon, however long the list.
    for (index, property) in properties.iter().enumerate() {
        if properties[..index]
            .iter()
            .any(|earlier| same_kind(earlier, property))
        {
            return refuse(
                Code::InvalidParameter,
                format!(
                    "'{}' of {what} is given twice: give it once",
                    label(property)
                ),
            );
        }
    }
    Ok(())
}
