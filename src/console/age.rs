//! How ages are said: in steps, so that a screen on which nothing happens does not change.

/// The age in words, in steps of a growing size: `now`, `10 s`, `30 s`, `1 min`, `5 min`, `2 h`,
/// `3 days`.
#[must_use]
pub fn words(seconds: i64) -> String {
    match seconds {
        ..10 => "now".to_owned(),
        10..30 => "10 s".to_owned(),
        30..60 => "30 s".to_owned(),
        60..300 => format!("{} min", seconds / 60),
        300..3600 => format!("{} min", seconds / 300 * 5),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The same as what came before now: `3 min ago`, `just now`.
#[must_use]
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..10 => "just now".to_owned(),
        _ => format!("{} ago", words(seconds)),
    }
}

/// The same as what has lasted until now: `3 min`, `under 10 s`.
#[must_use]
pub fn lasting(seconds: i64) -> String {
    match seconds {
        ..10 => "under 10 s".to_owned(),
        _ => words(seconds),
    }
}

/// In how many seconds the words of an age change.
#[must_use]
pub fn until_next(seconds: i64) -> i64 {
    match seconds {
        ..10 => 10 - seconds,
        10..30 => 30 - seconds,
        30..60 => 60 - seconds,
        60..300 => 60 - seconds % 60,
        300..3600 => 300 - seconds % 300,
        3600..172_800 => 3600 - seconds % 3600,
        _ => 86_400 - seconds % 86_400,
    }
}

/// A countdown or a duration to the second: `59:07`, `1:02:03`, `2 days 3 h`.
#[must_use]
pub fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        1..48 => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{} days {} h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_exactly_when_foretold() {
        for seconds in 0..200_000 {
            let next = until_next(seconds);
            assert!(next > 0);
            assert_eq!(words(seconds), words(seconds + next - 1), "{seconds}");
            assert_ne!(words(seconds), words(seconds + next), "{seconds}");
        }
    }

    #[test]
    fn clocks_are_read_at_a_glance() {
        assert_eq!(clock(3547), "59:07");
        assert_eq!(clock(3723), "1:02:03");
        assert_eq!(clock(183_600), "2 days 3 h");
        assert_eq!(clock(-5), "0:00");
    }
}
