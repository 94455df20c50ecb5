//! Text that came from somewhere else, made fit to be shown.

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
}
