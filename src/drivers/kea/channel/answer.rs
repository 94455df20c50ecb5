//! What came back: is it a whole answer?

use super::super::wire::Answer;
use super::escapes::whole_letters;
use super::{Failure, excerpt};

/// From this size on, an answer is looked through on a thread of its own.
const LARGE: usize = 1 << 20;

/// Reads the text of one answer: an object, or a list of just one, as what forwards to several
/// services gives it.
pub(super) async fn parse(bytes: Vec<u8>) -> Result<Answer, Failure> {
    if bytes.len() < LARGE {
        return read(&bytes);
    }
    match tokio::task::spawn_blocking(move || read(&bytes)).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Nonsense("an answer that can't be read".to_owned())),
    }
}

fn read(bytes: &[u8]) -> Result<Answer, Failure> {
    let nonsense = |why: &str| {
        let what = format!("{why}: {}", excerpt(bytes));
        Err(Failure::Nonsense(what))
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim(),
        Err(error) => {
            let at = error.valid_up_to();
            return nonsense(&format!("its byte {at} is not UTF-8"));
        }
    };
    let text = &*whole_letters(text);
    if text.starts_with('[') {
        return match serde_json::from_str::<Vec<Answer>>(text) {
            Ok(mut answers) => match (answers.pop(), answers.is_empty()) {
                (Some(answer), true) => Ok(answer),
                _ => nonsense("not one answer, but none or several"),
            },
            Err(error) => nonsense(&of_json(&error)),
        };
    }
    match serde_json::from_str(text) {
        Ok(answer) => Ok(answer),
        Err(error) => nonsense(&of_json(&error)),
    }
}

fn of_json(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => "half an answer".to_owned(),
        Category::Syntax | Category::Io => "not JSON".to_owned(),
        Category::Data => "JSON, but no answer of Kea".to_owned(),
    }
}

/// Tells, from bytes as they come, when one JSON object or list is whole. Looks at brackets and
/// strings only: whether it is right is for the parser.
#[derive(Default)]
pub(super) struct Whole {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Whole {
    /// Whether it is whole with these bytes.
    pub(super) fn with(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            if self.escaped {
                self.escaped = false;
                rest = after;
                continue;
            }
            if self.in_string {
                let Some(at) = memchr::memchr2(b'"', b'\\', rest) else {
                    return false;
                };
                self.escaped = rest[at] == b'\\';
                self.in_string = self.escaped;
                rest = &rest[at + 1..];
                continue;
            }
            match first {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return true;
                    }
                }
                _ => {}
            }
            rest = after;
        }
        false
    }
}
