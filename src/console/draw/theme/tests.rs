//! Tests of `theme`.

use unicode_width::UnicodeWidthStr;

use super::*;

fn environment<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| {
        let found = set.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

/// Roles that stand in the same place and have to be told apart there, without colour.
const TOLD_APART: &[(Role, Role)] = &[
    (Role::Text, Role::Cursor),
    (Role::Text, Role::CursorUnfocused),
    (Role::Cursor, Role::CursorUnfocused),
    (Role::Text, Role::Marked),
    (Role::Text, Role::Match),
    (Role::Text, Role::Disabled),
    (Role::Text, Role::Bad),
    (Role::Text, Role::Warn),
    (Role::Text, Role::Header),
    (Role::Border, Role::BorderFocused),
    (Role::Input, Role::InputFocused),
    (Role::Button, Role::ButtonFocused),
    (Role::Tab, Role::TabActive),
];

#[test]
fn mono_has_no_colour_and_still_tells_apart() {
    for role in Role::ALL {
        let style = Theme::Mono.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
    for theme in Theme::ALL {
        for (one, other) in TOLD_APART {
            assert_ne!(theme.style(*one), theme.style(*other), "{theme:?}");
        }
    }
    let cursor = Theme::Mono.style(Role::Cursor);
    assert!(cursor.has_modifier(Modifier::REVERSED));
}

#[test]
fn only_the_sixteen_colours_are_used() {
    for theme in Theme::ALL {
        for role in Role::ALL {
            let style = theme.style(role);
            for colour in [style.fg, style.bg].into_iter().flatten() {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)));
            }
            // Text of the ground's own colour would not be seen.
            assert!(style.fg.is_none() || style.fg != style.bg, "{role:?}");
        }
    }
    for role in Role::ALL {
        let style = Theme::HighContrast.style(role);
        assert!(style.fg.is_some() && style.bg.is_some());
        assert!(!style.has_modifier(Modifier::DIM));
    }
}

#[test]
fn every_role_is_listed_once() {
    for (at, role) in Role::ALL.iter().enumerate() {
        assert_eq!(*role as usize, at);
    }
}

#[test]
fn a_theme_is_chosen_by_name_or_by_the_environment() {
    let choose = |name, set: &[(&str, &str)]| Theme::choose(name, &environment(set));
    assert_eq!(choose(None, &[]), Ok(Theme::Dark));
    assert_eq!(choose(None, &[("NO_COLOR", "1")]), Ok(Theme::Mono));
    assert_eq!(choose(None, &[("NO_COLOR", "")]), Ok(Theme::Dark));
    assert_eq!(choose(None, &[("TERM", "dumb")]), Ok(Theme::Mono));
    assert_eq!(choose(None, &[("TERM", "xterm-mono")]), Ok(Theme::Mono));
    assert_eq!(
        choose(Some("Light"), &[("NO_COLOR", "1")]),
        Ok(Theme::Light)
    );
    assert_eq!(
        choose(Some("pink\u{1b}"), &[]).unwrap_err().to_string(),
        "there is no theme 'pink\u{fffd}': use dark, light, mono or high-contrast"
    );
    for theme in Theme::ALL {
        assert_eq!(Theme::named(theme.name()), Ok(theme));
    }
}

#[test]
fn glyphs_follow_the_locale_the_terminal_and_the_option() {
    let unicode =
        |ascii, set: &[(&str, &str)]| Glyphs::choose(ascii, &environment(set)) == Glyphs::UNICODE;
    assert!(unicode(false, &[("LANG", "de_DE.UTF-8")]));
    assert!(unicode(false, &[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
    assert!(!unicode(false, &[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    assert!(!unicode(false, &[]));
    assert!(!unicode(true, &[("LANG", "de_DE.UTF-8")]));
    for term in ["linux", "dumb", "vt220"] {
        assert!(!unicode(false, &[("LANG", "C.UTF-8"), ("TERM", term)]));
    }
}

/// Every glyph of a set.
fn all(set: &Glyphs) -> (Vec<&'static str>, [&'static str; 4]) {
    let mut single = vec![
        set.running,
        set.warning,
        set.off,
        set.sync,
        set.write,
        set.locked,
        set.here,
        set.down,
        set.sort_up,
        set.sort_down,
        set.mark,
        set.done,
        set.failed,
        set.pending,
        set.working,
        set.more,
        set.arrow,
        set.crumb,
        set.dot,
        set.full,
        set.empty,
        set.track,
        set.thumb,
    ];
    single.extend(set.bars);
    for border in [set.border, set.dialog] {
        single.extend([border.top_left, border.horizontal_top, border.vertical_left]);
    }
    single.extend([set.line.vertical, set.line.cross, set.line.vertical_left]);
    let boxes = [set.checked, set.unchecked, set.chosen, set.unchosen];
    (single, boxes)
}

#[test]
fn glyphs_are_as_wide_as_promised() {
    for set in [Glyphs::UNICODE, Glyphs::ASCII] {
        let (single, boxes) = all(&set);
        assert!(single.iter().all(|glyph| glyph.width() == 1));
        assert!(boxes.iter().all(|glyph| glyph.width() == 3));
    }
    let (single, boxes) = all(&Glyphs::ASCII);
    assert!(single.iter().chain(&boxes).all(|glyph| glyph.is_ascii()));
}

#[test]
fn a_bar_is_blank_for_nothing_only() {
    let bar = |part| Glyphs::UNICODE.bar(part);
    assert_eq!([bar(0.0), bar(-1.0), bar(f32::NAN)], [" ", " ", " "]);
    assert_eq!([bar(0.001), bar(0.12), bar(0.5)], ["▁", "▁", "▄"]);
    assert_eq!([bar(0.99), bar(1.0), bar(7.0)], ["▇", "█", "█"]);
    assert_eq!(Glyphs::ASCII.bar(1.0), "#");
}
