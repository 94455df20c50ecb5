//! Comma-separated text as spreadsheets and Export-Csv write it: which text, which separator, and
//! on which line a record stands.

/// The text without the line in which Windows PowerShell's Export-Csv writes the type, and how many
/// lines that was.
#[must_use]
pub fn without_type(text: &str) -> (u64, &str) {
    match text.strip_prefix("#TYPE") {
        Some(rest) => (1, rest.split_once('\n').map_or("", |(_, rest)| rest)),
        None => (0, text),
    }
}

/// The text of the bytes: UTF-8, or UTF-16 where a byte order mark says so, as Windows
/// PowerShell's `>` writes it.
///
/// # Errors
/// The end of a sentence that begins with what was read.
pub fn text(bytes: &[u8]) -> Result<String, String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|pair| from([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map_err(|_| "is not valid UTF-16 text".to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            String::from_utf8(text.to_vec()).map_err(|error| {
                format!(
                    "is not UTF-8 text: byte {} fits nothing; save it as UTF-8",
                    error.utf8_error().valid_up_to() + 1
                )
            })
        }
    }
}

/// What separates the cells, by the head: a comma, a semicolon or a tabulator.
#[must_use]
pub fn delimiter(head: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in head.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts
            .iter_mut()
            .find(|(delimiter, _)| !quoted && *delimiter == byte)
        {
            *count += 1;
        }
    }
    // The first of the most frequent: a comma where there is none at all.
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts
        .iter()
        .find(|(_, count)| *count == most)
        .map_or(b',', |(delimiter, _)| *delimiter)
}

/// Refuses a quoted field that does not end on its line. No value here may hold a line break, and a
/// quotation mark that is never closed would take the rows after it for its own.
///
/// # Errors
/// A sentence that names the line, counted from `first`.
pub fn whole_lines(text: &str, delimiter: u8, first: u64) -> Result<(), String> {
    let (mut quoted, mut begins) = (false, true);
    let (mut line, mut opened) = (first, first);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
            }
            b'"' if quoted => quoted = false,
            b'"' if begins => {
                quoted = true;
                opened = line;
            }
            b'\n' | b'\r' if quoted => break,
            _ => {}
        }
        line += u64::from(byte == b'\n');
        begins = !quoted && (byte == delimiter || matches!(byte, b'\n' | b'\r'));
    }
    if quoted {
        return Err(format!(
            "line {opened}: a quotation mark opens a field that does not end on its line: close it \
             (a mark within a field is doubled), and leave line breaks out"
        ));
    }
    Ok(())
}

/// Counts lines on and on: a record's own position may be before the line feeds that precede it.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// The lines of a text, the first of which is `first`.
    #[must_use]
    pub fn new(text: &'t str, first: u64) -> Lines<'t> {
        Lines {
            text,
            at: 0,
            line: first,
        }
    }

    /// The line on which a record begins; records are asked for in order.
    pub fn of(&mut self, position: Option<&::csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok());
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at)
            && (start.is_some_and(|start| self.at < start) || matches!(byte, b'\r' | b'\n'))
        {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}
