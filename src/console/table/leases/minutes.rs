//! Times as the table shows them, to the minute, and which minutes show a typed word.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use memchr::memmem::Finder;

use super::bits::Bits;
use super::chunk::{BLANK, UNLIMITED};
use super::text::Fixed;

/// `2026-11-05 10:22` and an end.
const WIDTH: usize = 17;
/// So many minutes (half a year) are prepared; what ends later is looked at one by one.
const PREPARED: u32 = 270_000;

/// A lease's end as it is shown.
pub fn text(ends: u32, zone: &TimeZone) -> String {
    match ends {
        BLANK => String::new(),
        UNLIMITED => "Unlimited".to_owned(),
        ends => {
            let at = Timestamp::from_second(i64::from(ends / 60 * 60)).unwrap_or_default();
            let at = zone.to_datetime(at);
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02}",
                at.year(),
                at.month(),
                at.day(),
                at.hour(),
                at.minute()
            )
        }
    }
}

/// The texts of the minutes in which leases of a table end.
#[derive(Debug)]
pub struct Minutes {
    first: u32,
    count: u32,
    texts: Fixed<WIDTH>,
}

impl Minutes {
    /// The texts of the minutes from the first to the last.
    pub fn of(ends: Option<(u32, u32)>, zone: &TimeZone) -> Minutes {
        let (first, last) = ends.unwrap_or((1, 0));
        let count = (last + 1).saturating_sub(first).min(PREPARED);
        let mut texts = Fixed::default();
        for minute in first..first + count {
            texts.push(&text(minute.saturating_mul(60), zone));
        }
        Minutes {
            first,
            count,
            texts: texts.finish(),
        }
    }

    /// The minutes whose text has one of the parts, and whether `Unlimited` has.
    pub fn with(&self, parts: &[Finder<'_>]) -> Ends {
        let count = self.count as usize;
        let mut found = Bits::new(count);
        for part in parts.iter().filter(|part| may_be_in(part.needle())) {
            self.texts.find(part, 0..count, &mut found);
        }
        Ends {
            first: self.first,
            count: self.count,
            found,
            unlimited: parts.iter().any(|part| part.find(b"unlimited").is_some()),
        }
    }
}

/// Whether a part can be in the text of a minute.
pub fn may_be_in(part: &[u8]) -> bool {
    part.iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b' '))
}

/// Which ends of leases show what was typed.
#[derive(Debug)]
pub struct Ends {
    first: u32,
    count: u32,
    found: Bits,
    unlimited: bool,
}

impl Ends {
    /// Whether a lease's end does; `None` when it is not among the minutes known.
    pub fn has(&self, ends: u32) -> Option<bool> {
        match ends {
            BLANK => Some(false),
            UNLIMITED => Some(self.unlimited),
            ends => {
                let minute = (ends / 60).checked_sub(self.first)?;
                (minute < self.count).then(|| self.found.has(minute as usize))
            }
        }
    }
}
