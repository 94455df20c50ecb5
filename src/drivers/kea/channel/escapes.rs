//! What does a text say in which Kea wrote each byte of a letter as if it were a letter itself?

use std::borrow::Cow;

use memchr::memchr;

/// An escape of a byte, such as `\u00c3`.
const LENGTH: usize = 6;

/// JSON as Kea writes it, with its letters whole. Kea takes texts as bytes, and writes each byte
/// beyond ASCII as an escape of its own: of `ü` it makes `\u00c3\u00bc`, which is `Ã¼` to everybody
/// else, and would be made more of each time it is written back. Escapes that do not come to UTF-8
/// stay as they are.
pub(super) fn whole_letters(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(ahead) = memchr(b'\\', &bytes[at..]) {
        at += ahead;
        let run = run(&bytes[at..]);
        if run.is_empty() {
            // Whatever is escaped is one character at least.
            at = (at + 2).min(bytes.len());
            continue;
        }
        let end = at + run.len() * LENGTH;
        out.push_str(json.get(kept..at).unwrap_or_default());
        for chunk in run.utf8_chunks() {
            out.push_str(chunk.valid());
            for byte in chunk.invalid() {
                out.push_str(&format!("\\u00{byte:02x}"));
            }
        }
        (kept, at) = (end, end);
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(json.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// The bytes of the escapes beyond ASCII that follow each other there.
fn run(text: &[u8]) -> Vec<u8> {
    let escapes = text.chunks_exact(LENGTH).map_while(|escape| {
        let digits = escape.strip_prefix(b"\\u00")?;
        let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        (!byte.is_ascii()).then_some(byte)
    });
    escapes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_whole() {
        for (json, wanted) in [
            (
                r#"{"a": "plain\n\u001b \" \\"}"#,
                r#"{"a": "plain\n\u001b \" \\"}"#,
            ),
            (r#""B\u00c3\u00bcro""#, "\"Büro\""),
            (r#""\u00F0\u009f\u0098\u0080\u00c3\u00a4x""#, "\"😀äx\""),
            // A backslash, and what looks like an escape after it.
            (r#""\\u00c3\\\u00c3\u00a4\\""#, "\"\\\\u00c3\\\\ä\\\\\""),
            // Latin-1, and letters as JSON has them.
            (r#""B\u00fcro \u00c3""#, r#""B\u00fcro \u00c3""#),
            (r#""\u00e4\u00c3\u00a4\u00e4""#, "\"\\u00e4ä\\u00e4\""),
            (
                r#""\u20ac \u00c3\u00+4 \u00"#,
                r#""\u20ac \u00c3\u00+4 \u00"#,
            ),
            ("\"ü \\", "\"ü \\"),
        ] {
            assert_eq!(whole_letters(json), wanted, "{json}");
        }
    }

    #[test]
    fn what_kea_makes_of_any_text_is_that_text() {
        for text in ["", "ä", "e\u{301} ﷽ 漢字 \u{10ffff}\u{9b}", "\\u00c3ü\\"] {
            let said: String = serde_json::to_string(text)
                .unwrap()
                .bytes()
                .map(|byte| match byte.is_ascii() {
                    true => char::from(byte).to_string(),
                    false => format!("\\u00{byte:02x}"),
                })
                .collect();
            let read: String = serde_json::from_str(&whole_letters(&said)).unwrap();
            assert_eq!(read, text);
        }
    }
}
