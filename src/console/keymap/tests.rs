//! Tests of `keymap`.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;

use super::*;

fn chord(text: &str) -> Chord {
    text.parse().unwrap()
}

fn event(code: KeyCode, modifiers: KeyModifiers) -> Option<Chord> {
    Chord::of(&KeyEvent::new(code, modifiers))
}

const DEFAULTS: &[(&str, &[&str], &str)] = &[
    ("quit", &["q"], "global"),
    ("back", &["esc"], "global"),
    ("close-menu", &["esc", "left"], "menu"),
    ("create-reservation", &["n"], "table"),
    ("retrieve", &["r", "f5"], "table"),
    ("down", &["j", "down"], "table"),
    ("down", &["j", "down"], "menu"),
    ("nothing", &[], "table"),
];

fn keymap() -> Keymap {
    Keymap::new(DEFAULTS.iter().copied()).unwrap()
}

fn with(text: &str) -> Result<Keymap, ConfigError> {
    keymap().with_text(Path::new("keymap.toml"), text)
}

fn says(text: &str) -> String {
    with(text).unwrap_err().to_string()
}

#[test]
fn chords_are_read_and_shown() {
    for (text, shown) in [
        ("ctrl-r", "Ctrl-R"),
        ("Ctrl-R", "Ctrl-R"),
        ("shift-f10", "Shift-F10"),
        ("menu", "Menu"),
        ("space", "Space"),
        ("ctrl-space", "Ctrl-Space"),
        ("G", "G"),
        ("g", "g"),
        ("shift-g", "G"),
        ("?", "?"),
        ("alt-left", "Alt-Left"),
        ("alt-G", "Alt-G"),
        ("enter", "Enter"),
        ("escape", "Esc"),
        ("backtab", "Shift-Tab"),
        ("shift-tab", "Shift-Tab"),
        ("-", "-"),
        ("ctrl--", "Ctrl--"),
        ("pagedown", "PgDn"),
        ("ctrl-alt-del", "Ctrl-Alt-Del"),
        ("ä", "ä"),
        ("F24", "F24"),
    ] {
        assert_eq!(chord(text).to_string(), shown);
        assert_eq!(chord(shown), chord(text), "{shown}");
    }
    assert_eq!(format!("{:>7}|", chord("ctrl-r")), " Ctrl-R|");
}

#[test]
fn what_is_no_chord_is_refused_with_a_reason() {
    let says = |text: &str| text.parse::<Chord>().unwrap_err().to_string();
    for text in [
        "",
        " ",
        "ctrl-",
        "foo",
        "f0",
        "f25",
        "ctrl-ctrl-r",
        "nn",
        "\u{1b}",
        "hyper-x",
        "f-1",
    ] {
        assert!(says(text).contains("is no key"), "{text}");
    }
    assert!(says("ctrl-i").contains("from Tab"));
    assert!(says("Ctrl-M").contains("from Enter"));
    assert!(says("ctrl-[").contains("from Esc"));
    assert!(says("f14").contains("from Menu"));
    assert!(says("ctrl-shift-r").contains("without Shift"));
    assert!(says("shift-1").contains("the character that it types"));
    assert!(says("shift-space").contains("the character that it types"));
}

#[test]
fn events_fold_to_the_chords_that_are_written() {
    let none = KeyModifiers::empty();
    let (shift, ctrl) = (KeyModifiers::SHIFT, KeyModifiers::CONTROL);
    for (code, modifiers, text) in [
        (KeyCode::Char('G'), shift, "G"),
        (KeyCode::Char('G'), none, "G"),
        (KeyCode::Char('g'), shift, "G"),
        (KeyCode::Char('?'), shift, "?"),
        (KeyCode::Char(' '), none, "space"),
        (KeyCode::Char(' '), shift, "space"),
        (KeyCode::Char('r'), ctrl, "ctrl-r"),
        (KeyCode::Char('R'), ctrl | shift, "ctrl-r"),
        (KeyCode::Char('g'), KeyModifiers::ALT, "alt-g"),
        (KeyCode::BackTab, shift, "backtab"),
        (KeyCode::BackTab, none, "backtab"),
        (KeyCode::Tab, shift, "backtab"),
        (KeyCode::F(10), shift, "shift-f10"),
        (KeyCode::Menu, none, "menu"),
        (KeyCode::F(14), none, "menu"),
        (KeyCode::Left, KeyModifiers::ALT, "alt-left"),
    ] {
        assert_eq!(event(code, modifiers), Some(chord(text)), "{text}");
    }
    assert_eq!(chord("G").character(), Some('G'));
    assert_eq!(chord("space").character(), Some(' '));
    assert_eq!(chord("ctrl-r").character(), None);
    assert_eq!(chord("enter").character(), None);
}

#[test]
fn releases_and_foreign_keys_are_dropped() {
    let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::empty());
    key.kind = KeyEventKind::Repeat;
    assert_eq!(Chord::of(&key), Some(chord("q")));
    key.kind = KeyEventKind::Release;
    assert_eq!(Chord::of(&key), None);
    assert_eq!(event(KeyCode::Char('q'), KeyModifiers::SUPER), None);
    assert_eq!(event(KeyCode::CapsLock, KeyModifiers::empty()), None);
    assert_eq!(event(KeyCode::Null, KeyModifiers::empty()), None);
}

#[test]
fn a_key_finds_the_command_of_its_context_and_then_the_global_one() {
    let keymap = keymap();
    let command = |text: &str, context: &str| keymap.command(&chord(text), context);
    assert_eq!(command("n", "table"), Some("create-reservation"));
    assert_eq!(command("n", "menu"), None);
    assert_eq!(command("q", "menu"), Some("quit"));
    assert_eq!(command("esc", "table"), Some("back"));
    assert_eq!(command("esc", "menu"), Some("close-menu"));
    assert_eq!(command("j", "table"), Some("down"));
    assert_eq!(command("j", "menu"), Some("down"));
    assert_eq!(keymap.keys("retrieve"), [chord("r"), chord("f5")]);
    assert!(keymap.keys("no-such").is_empty() && keymap.keys("nothing").is_empty());
    let down = keymap.all().find(|(name, ..)| *name == "down").unwrap();
    assert_eq!(down.1, ["table", "menu"]);
    assert_eq!(keymap.all().count(), 7);
}

#[test]
fn wrong_defaults_are_refused() {
    let refused = |rows: &[(&'static str, &'static [&'static str], &'static str)]| {
        Keymap::new(rows.iter().copied()).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&[("a", &["x"], "table"), ("b", &["y", "x"], "table")]),
        "x is the key of both a and b"
    );
    assert!(refused(&[("a", &["xx"], "table")]).starts_with("a: 'xx' is no key"));
}

#[test]
fn the_file_replaces_adds_and_takes_away() {
    let keymap = with(
        "# mine\n[keys]\ncreate-reservation = [\"a\", \"ctrl-n\"]\nretrieve = []\nnothing = \"n\"\n",
    )
    .unwrap();
    assert_eq!(keymap.command(&chord("n"), "table"), Some("nothing"));
    assert_eq!(keymap.keys("create-reservation").len(), 2);
    assert_eq!(keymap.command(&chord("f5"), "table"), None);
    assert!(keymap.keys("retrieve").is_empty());
    assert!(with("").is_ok());
    // Two commands may change keys with each other.
    let swapped = with("[keys]\nquit = \"n\"\ncreate-reservation = \"q\"").unwrap();
    assert_eq!(
        swapped.command(&chord("q"), "table"),
        Some("create-reservation")
    );
}

#[test]
fn errors_name_file_line_and_key() {
    assert_eq!(
        says("[keys]\nretrieve = []\ncreat-reservation = \"n\""),
        "keymap.toml, line 3, creat-reservation: there is no command 'creat-reservation'; \
         did you mean 'create-reservation'?"
    );
    assert!(says("[keys]\nxyzzy = \"n\"").ends_with("'xyzzy'; help (?) lists them"));
    assert!(
        says("[keys]\nquit = [\"x\", \"ctrl-i\"]")
            .starts_with("keymap.toml, line 2, quit: 'ctrl-i' can't be told from Tab")
    );
    assert!(says("[keys]\nquit = [\n  \"xx\",\n]").contains("line 3, quit: 'xx' is no key"));
    assert!(says("[keys]\nquit = [1]").starts_with("keymap.toml, line 2, quit: keys are text"));
    assert!(says("[keys]\nquit = true").contains("line 2, quit: keys are text"));
    assert!(says("keys = 1").contains("line 1, keys: this is a table"));
    assert!(says("[colours]\n").contains("line 1, colours: there is no 'colours' here"));
    assert!(says("[keys]\nquit = [").contains("line 2"));
}

#[test]
fn clashes_are_told_with_both_names_where_the_file_says_them() {
    assert_eq!(
        says("[keys]\nretrieve = \"n\""),
        "keymap.toml, line 2, retrieve: n is the key of create-reservation already; \
         give one of the two another"
    );
    assert!(says("[keys]\ncreate-reservation = \"r\"").contains("line 2, create-reservation: r"));
    // A global key would be gone unseen, on either side.
    assert!(says("[keys]\nnothing = \"q\"").contains("line 2, nothing: q is the key of quit"));
    assert!(says("[keys]\nquit = \"r\"").contains("line 2, quit: r is the key of retrieve"));
    // What hides a global key by default may be said again.
    assert!(with("[keys]\nclose-menu = [\"left\", \"esc\"]").is_ok());
    assert!(with("[keys]\nback = [\"esc\", \"x\"]").is_ok());
}

#[test]
fn the_home_may_have_a_keymap() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    assert_eq!(
        keymap().with_user(&home).unwrap().keys("quit"),
        [chord("q")]
    );
    std::fs::write(Keymap::file(&home), "[keys]\nquit = \"ctrl-q\"\n").unwrap();
    let changed = keymap().with_user(&home).unwrap();
    assert_eq!(changed.keys("quit"), [chord("ctrl-q")]);
    std::fs::write(Keymap::file(&home), b"[keys]\nquit = \"\xff\"\n").unwrap();
    let error = keymap().with_user(&home).unwrap_err();
    assert_eq!((error.line, error.key.as_deref()), (Some(2), Some("quit")));
}

proptest! {
    #[test]
    fn any_text_is_a_chord_or_refused_and_reads_back(text in "(ctrl-|alt-|shift-)?.{0,3}|\\PC{0,8}") {
        match text.parse::<Chord>() {
            Ok(chord) => prop_assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord)),
            Err(error) => prop_assert!(!error.to_string().chars().any(char::is_control)),
        }
    }

    #[test]
    fn any_key_reads_back_as_it_is_shown(character in any::<char>(), modifiers in 0u8..8) {
        let code = KeyCode::Char(character);
        if let Some(chord) = event(code, KeyModifiers::from_bits_truncate(modifiers)) {
            let again = chord.to_string().parse::<Chord>();
            // Those that a terminal never sends so are refused in files.
            prop_assert!(again == Ok(chord) || again.is_err());
        }
    }

    #[test]
    fn any_file_is_read_or_refused(text in "[\\[\\]a-z=\"'\n #,.\u{1b}-]{0,120}") {
        if let Err(error) = with(&format!("[keys]\n{text}")) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }
}
