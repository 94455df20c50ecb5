//! What of a `user-context` is ours: names, descriptions, and who is under failover.

use serde_json::Value;

use super::{Json, text};

/// The keys of a name, ours and Stork's.
pub(super) const NAME: [&str; 2] = ["name", "subnet-name"];
/// The keys of a description, ours and Kea's.
pub(super) const DESCRIPTION: [&str; 2] = ["description", "comment"];
/// The key that says whether a scope is under failover.
const FAILOVER: &str = "failover";
/// The key that says by a peer's name in which relationship it is.
const SERVER_NAME: &str = "ha-server-name";

/// The words under the first of the keys that has any.
pub(super) fn words<'a>(of: &'a Json, keys: [&str; 2]) -> Option<&'a str> {
    let context = context(of)?;
    keys.into_iter().find_map(|key| text(context, key))
}

/// Sets the words where there are any, else under the first key that is free; `None` takes them
/// away.
pub(super) fn set_words(of: &mut Json, keys: [&str; 2], words: Option<&str>) {
    let Some(words) = words else {
        for key in keys {
            if context(of).is_some_and(|context| text(context, key).is_some()) {
                remove(of, key);
            }
        }
        return;
    };
    let key = context(of).map_or(keys[0], |context| {
        let held = keys.into_iter().find(|key| text(context, key).is_some());
        let free = |key: &&str| {
            let held = context.get(*key);
            held.is_none_or(|held| held.is_null() || held.is_string())
        };
        held.or_else(|| keys.into_iter().find(free))
            .unwrap_or(keys[0])
    });
    insert(of, key, words);
}

/// A description, wherever it stands.
pub(super) fn description(of: &Json) -> &str {
    let words = words(of, DESCRIPTION).or_else(|| text(of, "comment"));
    words.unwrap_or_default()
}

pub(super) fn set_description(of: &mut Json, description: &str) {
    if description.is_empty() {
        set_words(of, DESCRIPTION, None);
        of.shift_remove("comment");
    } else if words(of, DESCRIPTION).is_none() && of.contains_key("comment") {
        of.insert("comment".to_owned(), description.into());
    } else {
        set_words(of, DESCRIPTION, Some(description));
    }
}

/// Whether a scope was taken out of failover.
pub(super) fn no_failover(of: &Json) -> bool {
    let word = context(of).and_then(|context| text(context, FAILOVER));
    word.is_some_and(|word| word.eq_ignore_ascii_case("none"))
}

/// Takes a scope out of failover, or lets it in.
pub(super) fn set_failover(of: &mut Json, on: bool) {
    match on {
        true if no_failover(of) => remove(of, FAILOVER),
        false if !no_failover(of) => insert(of, FAILOVER, "none"),
        _ => {}
    }
}

/// The peer by whose name a scope's relationship is found.
pub(super) fn server_name(of: &Json) -> Option<&str> {
    text(context(of)?, SERVER_NAME)
}

pub(super) fn set_server_name(of: &mut Json, name: &str) {
    insert(of, SERVER_NAME, name);
}

fn context(of: &Json) -> Option<&Json> {
    of.get("user-context")?.as_object()
}

pub(super) fn insert(of: &mut Json, key: &str, words: &str) {
    let context = of.entry("user-context").or_insert(Value::Null);
    if context.is_null() {
        *context = Value::Object(Json::new());
    }
    if let Some(context) = context.as_object_mut() {
        context.insert(key.to_owned(), words.into());
    }
}

fn remove(of: &mut Json, key: &str) {
    let Some(context) = of.get_mut("user-context").and_then(Value::as_object_mut) else {
        return;
    };
    context.shift_remove(key);
    if context.is_empty() {
        of.shift_remove("user-context");
    }
}
