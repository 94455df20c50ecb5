//! What an operator who is new here looks for: the small things of the frame and its menus.

use crate::harness::Console;
use twinscope::drivers::embedded::LabCommand;

#[test]
fn a_selectors_menu_hangs_under_its_label() {
    let mut console = Console::new(80, 24);
    console.keys("t");
    assert_eq!(console.find("╭ Server Type").1, 2, "{}", console.screen());
    console.keys("<esc> v");
    let (x, y) = console.find("╭ View");
    assert_eq!((x, y), (console.find("View: Scope Properties").0, 2));
}

#[test]
fn a_menu_of_no_row_leaves_the_header_alone() {
    let mut console = Console::new(80, 24);
    console.keys("v s <enter> / z z z z <enter> m");
    console.expect("Twinscope").expect("Server Type: DHCP");
}

#[test]
fn the_key_beside_an_item_does_what_it_says() {
    let mut console = Console::new(80, 24);
    console.keys("m n").expect("Reservation name");
    console
        .keys("<esc> m R")
        .expect("Current view: Reservations");
}

#[test]
fn narrow_footers_still_name_the_help() {
    for width in [60, 80, 120] {
        Console::new(width, 24).expect("? help");
    }
}

#[test]
fn what_is_wrong_and_how_old_it_is_fit_in_a_narrow_header() {
    let mut console = Console::new(80, 24);
    console.expect("contoso.com").expect("read-write");
    console.lab(LabCommand::Stop("dc1".into()));
    console.collect();
    console
        .expect("1 stopped")
        .expect("1 not normal")
        .expect("read just now");
}

#[test]
fn a_short_table_leaves_its_room_to_the_details() {
    let mut console = Console::new(80, 24);
    console.keys("v <end> <enter> <enter>");
    console
        .expect("Primary Server Status")
        .expect("Message Authentication");
}

#[test]
fn a_menu_says_what_it_is_about() {
    let mut console = Console::new(80, 24);
    console.keys("m").expect("╭ 10.0.0.0 on dc1.contoso.com");
    console.keys("<esc> <space> <down> <space> m");
    console.expect("╭ 2 rows");
}

#[test]
fn a_client_id_that_is_no_mac_address_is_told() {
    let mut console = Console::new(80, 24);
    console.keys("n <tab> <tab> 0 0 1 5 . 5 d a 7 . 6 6");
    console.expect("5 bytes, a MAC address has 6");
}

#[test]
fn addresses_and_states_are_whole_on_a_narrow_screen() {
    let mut console = Console::new(80, 24);
    console.keys("2 v r <enter>").expect("10.0.16.0 ");
    console.lab(LabCommand::Cut("dhcp1".into(), "dc1".into()));
    console.collect();
    console.keys("1 v <end> <enter>");
    console.expect("Communication Interrupted Communication Interrupted");

    // On the least of screens both still stand there, cut.
    let mut least = Console::new(60, 16);
    least.keys("v <end> <enter>");
    least
        .expect("Relationsh")
        .expect("Primary")
        .expect("Secondary");
}

#[test]
fn the_checklist_has_both_servers_read_while_one_waits() {
    let mut console = Console::new(80, 24);
    console.lab(LabCommand::Stop("dc1".into()));
    console.collect();
    console.keys("v <end> <enter> <down> m s <enter> <enter>");
    console.expect("SAFE TO SWITCH").keys("<enter>");
    console.expect("PARTNER DOWN");
    console.lab(LabCommand::Start("dc1".into()));
    // Nobody collects: the layer itself asks.
    console.wait(6);
    console.expect("✓ dc1.contoso.com's DHCP service runs again");
}

#[test]
fn what_is_typed_behind_an_offered_prefix_is_understood() {
    let mut console = Console::new(80, 24);
    console.keys("w \"0015.5da7.6604\" <enter>");
    console
        .expect(": 0015.5da7.6604")
        .expect_not("Type a whole IP address");
}

#[test]
fn the_header_does_not_call_old_data_new() {
    let mut console = Console::new(80, 24);
    console.lab(LabCommand::Stop("dc1".into()));
    console.collect().wait(120).collect();
    console.expect("oldest 2 min ago");
    console.lab(LabCommand::Start("dc1".into()));
    console.collect().expect("read just now");
}
