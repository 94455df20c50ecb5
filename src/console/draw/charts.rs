//! Pictures in a line or a few: how full something is, how it went, which states it was in.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::canvas::width;
use super::look::Look;
use super::theme::Role;
use crate::console::age;
use crate::console::table::Tone;

/// Whether the theme's pictures are made of ASCII alone.
#[must_use]
pub fn is_ascii(theme: &Look) -> bool {
    theme.glyphs.bar(1.0).is_ascii()
}

/// A bar of so many cells that is full to a share of 0 to 1: whatever is not empty shows, and
/// what is not full is not shown full.
#[must_use]
pub fn bar(theme: &Look, share: f64, wide: u16, role: Role) -> Vec<Span<'static>> {
    let wide = usize::from(wide);
    let (full_glyph, empty_glyph) = match is_ascii(theme) {
        true => ("#", "."),
        false => ("█", "░"),
    };
    let share = if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    };
    let mut full = (share * wide as f64).round() as usize;
    if share > 0.0 {
        full = full.max(1);
    }
    if share < 1.0 {
        full = full.min(wide.saturating_sub(1));
    }
    vec![
        Span::styled(full_glyph.repeat(full), theme.style(role)),
        Span::styled(empty_glyph.repeat(wide - full), theme.style(Role::BarEmpty)),
    ]
}

/// A scope's utilisation as a line: the percentage, a long bar, and what is said of it.
#[must_use]
pub fn utilization(theme: &Look, percent: f64, wide: u16, said: &str) -> Line<'static> {
    let role = match percent {
        _ if percent >= 95.0 => Role::Bad,
        _ if percent > 80.0 => Role::Warn,
        _ => Role::BarFull,
    };
    let number = format!("{percent:.0} % ");
    let room = wide.saturating_sub(width(&number) + width(said)).min(60);
    let mut spans = vec![Span::styled(number, theme.style(Role::Title))];
    spans.extend(bar(theme, percent / 100.0, room, role));
    spans.push(Span::styled(said.to_owned(), theme.style(Role::Text)));
    Line::from(spans)
}

/// How something went, a cell a value of 0 to 1, the newest on the right; of more values than
/// cells each cell shows the greatest of its share. What is no number is a blank.
#[must_use]
pub fn sparkline(theme: &Look, values: &[f32], wide: u16) -> Span<'static> {
    let wide = usize::from(wide).max(1);
    let mut text = String::new();
    if values.len() <= wide {
        text.extend(values.iter().map(|value| theme.glyphs.bar(*value)));
    } else {
        for cell in 0..wide {
            let from = cell * values.len() / wide;
            let to = ((cell + 1) * values.len() / wide).max(from + 1);
            let share = values.get(from..to).unwrap_or_default();
            let most = share.iter().copied().fold(f32::NAN, f32::max);
            text.push_str(theme.glyphs.bar(if most.is_nan() { 0.0 } else { most }));
        }
    }
    Span::styled(text, theme.style(Role::BarFull))
}

/// What a state of a relationship means.
#[must_use]
pub fn state_tone(word: &str) -> Tone {
    match word {
        "Normal" => Tone::Good,
        "Partner Down" => Tone::Bad,
        "" => Tone::Dim,
        _ => Tone::Warn,
    }
}

/// Which states something was in, each from its moment on until the next one's, the last until
/// now: a bar in proportion, and a line for each, the newest first. Entries are in order of time.
#[must_use]
pub fn timeline(
    theme: &Look,
    states: &[(Timestamp, String)],
    now: Timestamp,
    wide: u16,
) -> Vec<Line<'static>> {
    let Some((begin, _)) = states.first() else {
        return Vec::new();
    };
    let span = (now.as_second() - begin.as_second()).max(1);
    let until = |place: usize| states.get(place + 1).map_or(now, |(at, _)| *at);
    let wide = usize::from(wide.min(100)).max(states.len());
    // A cell for each, and the rest by how long it lasted.
    let spare = wide - states.len();
    let mut cells = Vec::new();
    let mut lines = Vec::new();
    for (place, (at, word)) in states.iter().enumerate() {
        let lasted = (until(place).as_second() - at.as_second()).max(0);
        let share = (lasted as f64 / span as f64 * spare as f64).round() as usize;
        let style = theme.style(Role::from(state_tone(word)));
        // Two glyphs in turn, so that neighbours differ without colours too.
        let glyph = match (is_ascii(theme), place % 2) {
            (true, 0) => "=",
            (true, _) => "#",
            (false, 0) => "█",
            (false, _) => "▓",
        };
        cells.push(Span::styled(glyph.repeat(share + 1), style));
        let last = place + 1 == states.len();
        let how_long = match last {
            true => format!("for {} until now", age::lasting(lasted)),
            false => format!("for {}", age::lasting(lasted)),
        };
        lines.push(Line::from(vec![
            Span::styled(glyph.to_owned() + " ", style),
            Span::styled(
                at.strftime("%Y-%m-%d %H:%M:%SZ  ").to_string(),
                theme.style(Role::Label),
            ),
            Span::styled(format!("{word}  "), style),
            Span::styled(how_long, theme.style(Role::Dim)),
        ]));
    }
    lines.push(Line::from(cells));
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(spans: &[Span<'_>]) -> String {
        spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn bars_show_what_is_there_and_never_more() {
        let theme = Look::default();
        let bar = |share| drawn(&bar(&theme, share, 10, Role::BarFull));
        assert_eq!(bar(0.0), "░░░░░░░░░░");
        assert_eq!(bar(0.001), "█░░░░░░░░░");
        assert_eq!(bar(0.5), "█████░░░░░");
        assert_eq!(bar(0.999), "█████████░");
        assert_eq!(bar(1.0), "██████████");
        assert_eq!(bar(f64::NAN), "░░░░░░░░░░");
    }

    #[test]
    fn sparklines_keep_peaks_when_there_are_too_many_values() {
        let theme = Look::default();
        let line = |values: &[f32], wide| sparkline(&theme, values, wide).content.into_owned();
        assert_eq!(line(&[0.0, 0.5, 1.0], 8), " ▄█");
        let mut many = vec![0.125_f32; 100];
        many[57] = 1.0;
        assert_eq!(line(&many, 10), "▁▁▁▁▁█▁▁▁▁");
    }

    #[test]
    fn timelines_have_every_state_however_short() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let states = [
            (at(0), "Normal".to_owned()),
            (at(3_590), "Communication Interrupted".to_owned()),
            (at(3_600), "Normal".to_owned()),
        ];
        let lines = timeline(&Look::default(), &states, at(7_200), 40);
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 4);
        assert!(text[0].contains('▓'), "{text:?}");
        assert!(text[1].contains("until now"), "{text:?}");
        assert!(text[2].contains("Communication Interrupted"), "{text:?}");
        assert!(timeline(&Look::default(), &[], at(0), 40).is_empty());
    }
}
