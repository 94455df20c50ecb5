//! The frame: header, navigation, selectors, table, footer.

use crate::harness::Console;

#[test]
fn the_frame_has_its_labels() {
    let mut console = Console::new(120, 40);
    console
        .expect("Twinscope")
        .expect("MONITOR AND MANAGE")
        .expect("DNS and DHCP Servers")
        .expect("Server Type: DHCP")
        .expect("View: Scope Properties")
        .expect("Scope ID")
        .expect("10.0.0.0");
}

#[test]
fn selectors_and_menus_open() {
    let mut console = Console::new(80, 24);
    console.keys("v").expect("Failover Relationships");
    console.keys("f f <enter>");
    console
        .expect("Hot Standby")
        .keys("<esc>")
        .expect("Scope ID");
}
