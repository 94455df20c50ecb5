//! Forms: filled in by keys and by mouse, refused and corrected, carried out and taken back.

use twinscope::console::subject::Subject;
use twinscope::model::{Reservation, ScopeId, ServerName};

use crate::harness::Console;

fn scope(text: &str) -> ScopeId {
    text.parse().unwrap()
}

fn server(short: &str) -> ServerName {
    ServerName::new(&format!("{short}.contoso.com"))
}

fn reserved(console: &Console, on: &str, prefix: &str, address: &str) -> Option<Reservation> {
    let estate = console.ipam.estate();
    let scope = estate.scope(&server(on), scope(prefix)).unwrap();
    let found = scope.reservations.get(&address.parse().unwrap());
    found.map(|reservation| reservation.as_ref().clone())
}

/// A console with the cursor on a scope's row.
fn at_scope(size: (u16, u16), on: &str, prefix: &str) -> Console {
    let mut console = Console::new(size.0, size.1);
    go(&mut console, on, prefix);
    console
}

fn go(console: &mut Console, on: &str, prefix: &str) {
    let id = scope(prefix);
    console.keys("/");
    let words = format!("\"{} {}\"", server(on), id.address());
    console.keys(&words).keys("<enter>");
    // A relationship's name has both servers' in it.
    let wanted = [Subject::Scope(server(on), id)];
    for _ in 0..4 {
        if console.app.selection().rows != wanted {
            console.keys("<down>");
        }
    }
    assert_eq!(console.app.selection().rows, wanted, "{}", console.screen());
}

const OFFICE: &str = "10.0.0.0/24";

#[test]
fn the_seeds_example_goes_through_by_keys() {
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("m").expect("Create DHCP Reservation");
    console.keys("c <enter>").expect("Reservation type");
    // The next free address is proposed; another is typed over it.
    console
        .keys("<tab>")
        .keys("ctrl-u \"10.0.0.100\" <tab> \"00155DA76602\"");
    console.expect("00-15-5d-a7-66-02");
    console.keys("<enter>");
    console
        .expect_not("Reservation type")
        .expect("u takes it back");
    for on in ["dhcp1", "dc1"] {
        let made = reserved(&console, on, OFFICE, "10.0.0.100").unwrap();
        assert_eq!(made.client.to_string(), "00-15-5d-a7-66-02");
        assert_eq!(made.name, "");
        assert_eq!(made.kind.to_string(), "Both");
    }
    console.keys("u <enter>");
    for on in ["dhcp1", "dc1"] {
        assert!(reserved(&console, on, OFFICE, "10.0.0.100").is_none());
    }
}

#[test]
fn the_seeds_example_goes_through_by_mouse() {
    let mut console = Console::new(140, 42);
    let row = console
        .screen()
        .lines()
        .position(|line| line.contains("dhcp1.contoso.com") && line.contains("10.0.0.0 "))
        .unwrap();
    let row: u16 = row.try_into().unwrap();
    let click = |console: &mut Console, kind, column, row| {
        console.give(twinscope::console::Event::Mouse(
            crossterm::event::MouseEvent {
                kind,
                column,
                row,
                modifiers: crossterm::event::KeyModifiers::NONE,
            },
        ));
    };
    use crossterm::event::{MouseButton, MouseEventKind};
    click(
        &mut console,
        MouseEventKind::Down(MouseButton::Right),
        50,
        row,
    );
    console
        .click("Create DHCP Reservation")
        .expect("IP address");
    console.click("IP address").keys("ctrl-u");
    console.paste("10.0.0.100\nand what comes after");
    console.click("Client ID").paste("00:15:5D:A7:66:02");
    console.click("( ) DHCP");
    console.click("[ OK ]").expect("u takes it back");
    for on in ["dhcp1", "dc1"] {
        let made = reserved(&console, on, OFFICE, "10.0.0.100").unwrap();
        assert_eq!(made.kind.to_string(), "Dhcp");
    }
}

#[test]
fn what_is_wrong_stands_under_its_field() {
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("n <tab> ctrl-u \"10.0.0.300\" <tab>");
    console.expect("'10.0.0.300' is no IP address");
    console.keys("\"xyz\" <tab>").expect("'x' at position 1");
    // OK goes to the first that is wrong, and says nothing to a server.
    console
        .keys("<enter>")
        .expect("'10.0.0.300' is no IP address");
    console.keys("<backspace> <backspace> <backspace> \"99\" <tab>");
    console.expect("10.0.0.99 is reserved already, for aa-bb-cc-dd-ee-ff");
    console
        .keys("ctrl-u <enter>")
        .expect("a client ID is needed");
    console.keys("\"0215\" <enter>");
    // Known here or not: the server has the last word.
    console
        .expect("(DHCP 20022")
        .expect("0215")
        .expect("10.0.0.99");
    let (_, label) = console.find("IP address");
    let (_, said) = console.find("10.0.0.99 is reserved in scope");
    assert_eq!(said, label + 1);
    // Everything is kept, and put right.
    console
        .keys("ctrl-u \"10.1.0.7\" <enter>")
        .expect("(DHCP 20018");
    console.keys("ctrl-u \"10.0.0.101\" <enter>");
    console.expect("u takes it back");
    assert!(reserved(&console, "dc1", OFFICE, "10.0.0.101").is_some());
}

#[test]
fn a_client_that_has_a_reservation_is_refused_at_its_own_field() {
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("n <tab> <tab> \"aabbccddeeff\" <enter>");
    let (_, label) = console.find("Client ID");
    let (_, said) = console.find("client aa-bb-cc-dd-ee-ff has a reservation");
    assert!(said > label && said < label + 3, "{}", console.screen());
    console.expect("(DHCP 20022");
}

#[test]
fn the_next_free_address_is_neither_reserved_nor_leased() {
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console
        .keys("n")
        .expect("The next free address is proposed");
    console.keys("<tab> <tab> \"00155DA76602\" <enter>");
    // Had it been leased, the plan would have warned, and asked.
    console.expect("u takes it back");
}

#[test]
fn esc_asks_only_when_something_was_typed() {
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("n <esc>").expect_not("Reservation name");
    console.keys("n \"x\" <esc>").expect("would be lost");
    console
        .keys("<tab>")
        .expect("Reservation name")
        .expect_not("would be lost");
    console.keys("<esc> <esc>").expect_not("Reservation name");
    console
        .keys("n \"x\" <esc>")
        .click("[ Go on ]")
        .expect("Reservation name");
    console
        .keys("<esc>")
        .click("[ Discard ]")
        .expect_not("Reservation name");
}

#[test]
fn a_server_that_does_not_answer_is_said_before_anything_is_typed() {
    use twinscope::drivers::embedded::LabCommand;
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.lab(LabCommand::Stop(server("dhcp1").to_string()));
    console.collect();
    console
        .keys("n")
        .expect_not("Reservation name")
        .expect("Create DHCP Reservation:");
}

#[test]
fn a_server_that_stops_meanwhile_is_said_in_the_form_and_everything_is_kept() {
    use twinscope::drivers::embedded::LabCommand;
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("n \"printer\" <tab> <tab> \"00155DA76602\"");
    console.lab(LabCommand::Stop(server("dhcp1").to_string()));
    console.keys("<enter>").expect("DHCP service is stopped");
    console.expect("printer").expect("00155DA76602");
    console.lab(LabCommand::Start(server("dhcp1").to_string()));
    console.keys("<enter>").expect_not("Reservation type");
    assert!(console.shows("u takes it back"), "{}", console.screen());
}

#[test]
fn a_partner_that_is_stopped_does_not_stand_in_the_way() {
    use twinscope::drivers::embedded::LabCommand;
    let mut console = at_scope((80, 24), "dhcp1", OFFICE);
    console.keys("n <tab> ctrl-u \"10.0.0.100\" <tab> \"00155DA76602\"");
    console.lab(LabCommand::Stop(server("dc1").to_string()));
    console.keys("<enter>").expect("What will be done");
    console.keys("<enter>").expect("not on the partner");
    // It stands on this server; nobody fills in the form for it again.
    console
        .keys("<esc>")
        .expect_not("Reservation type")
        .expect("Out of sync");
    assert!(reserved(&console, "dhcp1", OFFICE, "10.0.0.100").is_some());
}
