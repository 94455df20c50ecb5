//! What an operator relies on without thinking: what a key leaves, replaces, remembers and copies.

use twinscope::console::action::Effect;
use twinscope::console::place::View;
use twinscope::drivers::embedded::{Fault, LabCommand};
use twinscope::model::ServerName;

use crate::harness::Console;

fn header(console: &Console) -> String {
    console.screen().lines().next().unwrap_or("").to_owned()
}

#[test]
fn escape_leaves_the_details_before_it_leaves_the_view() {
    for focus in ["", "<tab>"] {
        let mut console = Console::new(120, 40);
        console
            .keys("t <home> <enter>")
            .expect("Server Type: DNS and DHCP");
        console.keys("<enter>").keys(focus).expect("Details: ");
        console.keys("<esc>").expect_not("Details: ");
        console.expect("Server Type: DNS and DHCP");
        console.keys("<esc>").expect("View: Scope Properties");
    }
}

#[test]
fn what_came_of_a_plan_takes_the_place_of_what_came_of_the_one_before() {
    let mut console = Console::new(120, 40);
    console.keys("n \"printer\" <tab> <tab> \"00155DA76602\" <enter>");
    console.expect("u takes it back");
    console.keys("u <enter>").expect("Done");
    let told = console.app.toasts().iter();
    let told = told.filter(|toast| toast.text.starts_with("Done"));
    assert_eq!(told.count(), 1, "{}", console.screen());
}

#[test]
fn each_server_type_opens_the_view_that_was_last_open() {
    let mut console = Console::new(120, 40);
    console.go(View::Policies).expect("View: Policies");
    console.keys("t <home> <down> <enter>");
    console
        .expect("Server Type: DNS ")
        .expect("View: Server Properties");
    console.keys("t <end> <enter>");
    console
        .expect("Server Type: DHCP ")
        .expect("View: Policies");
}

#[test]
fn whom_a_scope_serves_has_one_word() {
    let mut console = Console::new(120, 40);
    console.keys("<enter>");
    let screen = console.screen();
    let mut lines = screen.lines();
    let line = lines.find(|line| line.contains("Scope Type")).unwrap();
    assert!(line.contains("DHCP"), "{line}");
}

#[test]
fn that_a_server_ran_in_an_earlier_session_is_not_that_it_runs() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.wait(600).offline();
        let said = header(&console);
        assert!(!said.contains("running"), "{said}");
        assert!(said.contains("not asked yet"), "{said}");
        assert!(said.contains("10 min ago"), "{said}");
    }
}

#[test]
fn the_header_keeps_the_age_however_much_is_wrong() {
    let mut console = Console::new(80, 24);
    let full = |console: &Console, short: &str| {
        let servers = console.app.world().estate.servers.values();
        let names = servers.map(|view| view.name.clone());
        let mut names = names.filter(|name: &ServerName| name.short() == short);
        names.next().unwrap().to_string()
    };
    let (stopped, paused) = (full(&console, "dhcp1"), full(&console, "dc1"));
    console.lab(LabCommand::Stop(stopped));
    console.lab(LabCommand::Pause(paused));
    console.lab(LabCommand::Fail("old1".to_owned(), Fault::Unreachable));
    console.wait(600).collect();
    let said = header(&console);
    assert!(said.contains("10 min ago"), "{said}");
    assert!(
        said.contains("1 stopped") && said.contains("more"),
        "{said}"
    );
}

#[test]
fn marked_rows_are_copied_a_line_each() {
    let mut console = Console::new(120, 40);
    console.keys("<home> Y <space> <down> <space> Y");
    let copies = console.effects.iter().filter_map(|effect| match effect {
        Effect::Copy(text) => Some(text.lines().count()),
        _ => None,
    });
    assert_eq!(copies.collect::<Vec<usize>>(), [1, 2]);
}

#[test]
fn another_rows_details_are_read_from_the_top() {
    let mut console = Console::new(80, 24);
    console.keys("<home> <enter> <tab> <down> <down>");
    console.expect("lines 3-");
    console.keys("<backtab> <down>").expect("lines 1-");
}
