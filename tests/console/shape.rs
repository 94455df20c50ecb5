//! What makes a screen easy to read: headers that say something, and how far there is to scroll.

use twinscope::console::place::View;

use crate::harness::Console;

#[test]
fn headers_are_never_cut_to_what_says_nothing() {
    let told = [
        (View::FailoverRelationships, " Pri. Status Sec. Status"),
        (View::Policies, " Order Policy "),
        (View::ScopeProperties, " Util. "),
    ];
    for (view, headers) in told {
        Console::new(120, 40).go(view).expect(headers);
    }
    let mut console = Console::new(200, 60);
    console.go(View::FailoverRelationships);
    console.expect("Primary Server Status");
}

#[test]
fn columns_stand_apart_where_there_is_room() {
    let mut console = Console::new(200, 60);
    console.expect("Active         dhcp1.contoso.com");
}

#[test]
fn details_say_which_lines_are_seen_and_end_where_they_end() {
    let mut console = Console::new(80, 24);
    console.keys("<enter>").expect("lines 1-5 of ");
    console.keys("<tab> <down>").expect("lines 2-6 of ");
    for _ in 0..40 {
        console.keys("<down>");
    }
    let screen = console.screen();
    let said = screen.lines().find(|line| line.contains("lines ")).unwrap();
    let said = said.split("lines ").nth(1).unwrap();
    let (seen, all) = said.split_once(" of ").unwrap();
    let all = all.split_whitespace().next().unwrap();
    assert!(seen.ends_with(&format!("-{all}")), "{said}");
    // One step back is one line back: nothing was counted beyond the end.
    console.keys("<up>").expect_not(&format!("-{all} of"));
    // What fits needs no such words.
    let mut console = Console::new(120, 40);
    console.keys("<enter>").expect_not("lines 1-");
}
