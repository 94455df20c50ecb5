//! Text that came from somewhere else, made fit to be shown; names without regard to case.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A server's words made fit for a screen: no control characters (nor what reorders or hides
/// text), at most `max` characters, an ellipsis where it was cut.
#[must_use]
pub fn printable(text: &str, max: usize) -> String {
    let fit = |character: char| match character {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => '\u{fffd}',
        c => c,
    };
    let mut out: String = text.chars().take(max).map(fit).collect();
    if text.chars().nth(max).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// A name kept as it was written, and compared without regard to case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Caseless(Arc<str>);

impl Caseless {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its characters in lower case; nearly every name is ASCII, and quickly folded.
    fn folded(&self) -> impl Iterator<Item = char> + '_ {
        self.0.chars().flat_map(char::to_lowercase)
    }

    fn both_ascii(&self, other: &Caseless) -> bool {
        self.0.is_ascii() && other.0.is_ascii()
    }
}

impl From<&str> for Caseless {
    fn from(name: &str) -> Caseless {
        Caseless(name.into())
    }
}

impl PartialEq for Caseless {
    fn eq(&self, other: &Caseless) -> bool {
        if self.both_ascii(other) {
            return self.0.eq_ignore_ascii_case(&other.0);
        }
        self.folded().eq(other.folded())
    }
}

impl Eq for Caseless {}

impl PartialOrd for Caseless {
    fn partial_cmp(&self, other: &Caseless) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Caseless {
    // In the order of characters, which for ASCII is that of bytes.
    fn cmp(&self, other: &Caseless) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        if self.both_ascii(other) {
            let (one, two) = (self.0.bytes(), other.0.bytes());
            return one
                .map(|byte| byte.to_ascii_lowercase())
                .cmp(two.map(|byte| byte.to_ascii_lowercase()));
        }
        self.folded().cmp(other.folded())
    }
}

impl Hash for Caseless {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.0.is_ascii() {
            for byte in self.0.bytes() {
                state.write_u32(u32::from(byte.to_ascii_lowercase()));
            }
        } else {
            self.folded()
                .for_each(|character| state.write_u32(character.into()));
        }
        state.write_u8(0xff);
    }
}

impl fmt::Display for Caseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Caseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_made_printable() {
        assert_eq!(
            printable("a\u{1b}]0;x\u{7}\u{202e}b", 80),
            "a\u{fffd}]0;x\u{fffd}\u{fffd}b"
        );
        assert_eq!(printable("abcdef", 4), "abc…");
        assert_eq!(printable("abcd", 4), "abcd");
    }

    #[test]
    fn caseless_names_are_one_and_keep_their_spelling() {
        let (one, other) = (Caseless::from("R2-Ä"), Caseless::from("r2-ä"));
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        assert_eq!(one.to_string(), "R2-Ä");
    }
}
