//! Clicks that come faster than frames: they mean what the operator saw.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use twinscope::console::Event;

use crate::harness::Console;

/// A click, or whatever, before the next frame.
fn at_once(console: &mut Console, kind: MouseEventKind, (column, row): (u16, u16)) {
    let _ = console.app.handle(Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

fn key(console: &mut Console, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    let _ = console.app.handle(Event::Key(key));
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn a_click_on_a_row_that_has_moved_since_means_that_row() {
    let mut console = Console::new(120, 40);
    let row = console.find("10.1.6.0");
    console.click("10.1.6.0");
    let wanted = console.app.selection().rows;
    console.keys("<home>");
    assert_ne!(console.app.selection().rows, wanted);
    // Sorted the other way round, and not yet drawn.
    let header = console.find("Scope ID");
    at_once(&mut console, CLICK, header);
    at_once(&mut console, CLICK, header);
    at_once(&mut console, CLICK, row);
    assert_eq!(console.app.selection().rows, wanted);
    // Gone before the next frame: nothing is hit in its place.
    console.keys("<home>");
    let row = console.find("10.1.6.0");
    key(&mut console, KeyCode::Char('/'));
    "10.0.0.0"
        .chars()
        .for_each(|letter| key(&mut console, KeyCode::Char(letter)));
    let before = console.app.selection().rows;
    at_once(&mut console, MouseEventKind::Down(MouseButton::Right), row);
    assert_eq!(console.app.selection().rows, before);
    assert_eq!(console.app.layers().count(), 0);
}

#[test]
fn a_second_click_does_not_fall_through_what_the_first_one_closed() {
    let mut console = Console::new(120, 40);
    console.keys("v");
    let item = console.find("Failover Relationships");
    at_once(&mut console, CLICK, item);
    assert_eq!(console.app.layers().count(), 0);
    let before = console.app.selection().rows;
    at_once(&mut console, CLICK, item);
    at_once(&mut console, MouseEventKind::Down(MouseButton::Right), item);
    assert_eq!(console.app.selection().rows, before);
    assert_eq!(console.app.layers().count(), 0);
}
