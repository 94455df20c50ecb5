//! Each view and its details: columns, cells, what is narrowed, what is old, what is hostile.

use twinscope::console::place::{Node, Place, View};
use twinscope::console::subject::Subject;
use twinscope::console::table::{SharedSource, Tone};
use twinscope::console::views;
use twinscope::drivers::embedded::{Fault, LabCommand};
use twinscope::model::edit::Edit;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::ServerRole;
use twinscope::model::{ClientId, Reservation, ScopeId, ServerName};

use crate::harness::Console;

fn server(host: &str) -> ServerName {
    ServerName::new(&format!("{host}.contoso.com"))
}

fn scope(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

fn rows(console: &Console, place: &Place) -> SharedSource {
    (views::spec(place.view).rows)(console.app.world(), place)
}

/// The row of a subject, a text a column, by the columns' names.
#[track_caller]
fn cell(console: &Console, place: &Place, subject: &Subject, column: &str) -> String {
    let source = rows(console, place);
    let row = source.find(subject, 0).unwrap();
    let mut columns = source.columns().iter();
    let column = columns.position(|spec| spec.name == column).unwrap();
    source
        .cell(row, column, console.app.world())
        .text
        .into_owned()
}

fn names(console: &Console, view: View) -> Vec<&'static str> {
    let source = rows(console, &Place::showing(view));
    let shown = source.columns().iter().filter(|column| column.shown);
    shown.map(|column| column.name).collect()
}

/// Goes to a view by keys, its name being the label that the selector has.
fn go(console: &mut Console, view: View) {
    let views = Node::Servers.views(twinscope::console::place::ServerType::Dhcp);
    let place = views.iter().position(|known| *known == view).unwrap();
    console.keys("1 v <home>");
    for _ in 0..place {
        console.keys("<down>");
    }
    console.keys("<enter>");
}

#[test]
fn columns_are_ipams_in_its_order() {
    let console = Console::new(120, 40);
    assert_eq!(
        names(&console, View::ServerProperties),
        [
            "Server Availability",
            "Duration in Current State",
            "Server Name",
            "Server Role",
            "Domain Name",
            "IP Address"
        ]
    );
    assert_eq!(
        names(&console, View::ScopeProperties),
        [
            "Scope Status",
            "Server Name",
            "Scope ID",
            "Scope Name",
            "Utilization",
            "Failover Relationship Name",
            "Failover Config Sync Status",
            "Pair"
        ]
    );
    assert_eq!(
        names(&console, View::FailoverRelationships),
        [
            "Relationship Name",
            "Mode",
            "Primary Server",
            "Secondary Server",
            "Primary Server Status",
            "Secondary Server Status"
        ]
    );
    assert_eq!(
        names(&console, View::Filters)[..3],
        ["Filter Type", "MAC Address", "Server Name"]
    );
}

#[test]
fn a_failover_scope_is_two_rows_that_stand_together() {
    let console = Console::new(120, 40);
    let place = Place::showing(View::ScopeProperties);
    let source = rows(&console, &place);
    let office = scope("10.0.0.0/24");
    let one = source.find(&Subject::Scope(server("dc1"), office), 0);
    let two = source.find(&Subject::Scope(server("dhcp1"), office), 0);
    assert_eq!((one, two), (Some(0), Some(1)));
    for host in ["dc1", "dhcp1"] {
        let row = Subject::Scope(server(host), office);
        let cell = |column| cell(&console, &place, &row, column);
        assert_eq!(cell("Server Name"), format!("{host}.contoso.com"));
        assert_eq!(cell("Scope ID"), "10.0.0.0");
        assert_eq!(cell("Subnet Mask"), "255.255.255.0");
        assert_eq!(
            cell("Failover Relationship Name"),
            "dhcp1.contoso.com-dc1.contoso.com"
        );
        assert_eq!(cell("Failover Config Sync Status"), "");
        assert_eq!(cell("Pair"), "same");
        assert_eq!(cell("Start IP Address"), "10.0.0.21");
        assert_eq!(cell("End IP Address"), "10.0.0.254");
        assert_eq!(cell("Lease Duration"), "8.00:00:00");
    }
    let drifted = Subject::Scope(server("branch1"), scope("10.2.2.0/24"));
    assert_eq!(cell(&console, &place, &drifted, "Pair"), "differs (2)");
    let alone = Subject::Scope(server("dhcp1"), scope("10.0.8.0/22"));
    assert_eq!(cell(&console, &place, &alone, "Pair"), "");
}

#[test]
fn relationships_have_their_hidden_columns() {
    let console = Console::new(120, 40);
    let place = Place::showing(View::FailoverRelationships);
    let standby = Subject::Relationship(
        server("dhcp2"),
        server("dhcp3"),
        "dhcp2.contoso.com-dhcp3.contoso.com".to_owned(),
    );
    let cell = |column| cell(&console, &place, &standby, column);
    assert_eq!(cell("Mode"), "Hot Standby");
    assert_eq!(cell("Load Balance / Reserve"), "dhcp2 active, reserve 5 %");
    assert_eq!(cell("Maximum Client Lead Time"), "01:00:00");
    assert_eq!(cell("State Switchover Interval"), "01:00:00");
    assert_eq!(cell("Message Authentication"), "on");
    assert_eq!(cell("Scopes"), "7");
    assert_eq!(cell("N of 31"), "1 of 31");
    assert_eq!(cell("Primary Server Status"), "Normal");
}

#[test]
fn the_other_views_have_what_hangs_on_servers_and_scopes() {
    let console = Console::new(120, 40);
    let hall = Subject::Superscope(server("dhcp2"), "Warehouse".to_owned());
    let place = Place::showing(View::SuperscopeProperties);
    assert_eq!(cell(&console, &place, &hall, "Scopes"), "3");
    assert_eq!(cell(&console, &place, &hall, "Superscope Status"), "Active");
    let place = Place::showing(View::Policies);
    let voip = Subject::Policy(server("dhcp2"), None, "VoIP".to_owned());
    assert_eq!(cell(&console, &place, &voip, "Scope ID"), "server");
    assert_eq!(cell(&console, &place, &voip, "Processing Order"), "1");
    let place = Place::showing(View::Filters);
    let pattern = "00-15-5D-*".parse().unwrap();
    let filter = Subject::Filter(server("dhcp1"), pattern);
    assert_eq!(
        cell(&console, &place, &filter, "MAC Address"),
        "00-15-5D-*-*-*"
    );
    // Its list is off, and that is said: such a filter does nothing.
    assert_eq!(cell(&console, &place, &filter, "List"), "Disabled");
    let place = Place::showing(View::Reservations);
    let yard = Subject::Reservation(
        server("branch1"),
        scope("10.2.2.0/24"),
        "10.2.2.105".parse().unwrap(),
    );
    assert_eq!(cell(&console, &place, &yard, "Pair"), "only here");
    assert_eq!(cell(&console, &place, &yard, "Type"), "Both");
    let place = Place::showing(View::ServerGroups);
    let group = Subject::Group("contoso.com".to_owned());
    assert_eq!(cell(&console, &place, &group, "Running"), "9");
    let place = Place::showing(View::AccessControl);
    assert_eq!(cell(&console, &place, &Subject::Rule(0), "Effect"), "op");
    assert_eq!(
        cell(&console, &place, &Subject::Rule(1), "Effect"),
        "read-write"
    );
}

#[test]
fn rows_are_narrowed_to_what_they_are_within() {
    let console = Console::new(120, 40);
    let count = |view, within| rows(&console, &Place::showing(view).narrowed(within)).len();
    let relationship =
        Subject::Relationship(server("branch1"), server("branch2"), "branches".to_owned());
    assert_eq!(count(View::ScopeProperties, relationship), 8);
    let hall = Subject::Superscope(server("dhcp2"), "Warehouse".to_owned());
    assert_eq!(count(View::ScopeProperties, hall), 3);
    let old = Subject::Server(server("old1"), ServerRole::Dhcp);
    assert_eq!(count(View::ScopeProperties, old), 2);
    let group = Subject::Group("contoso.com".to_owned());
    assert_eq!(count(View::ScopeProperties, group), 32);
    let printers = || Subject::Scope(server("dhcp2"), scope("10.1.5.0/24"));
    assert_eq!(count(View::Reservations, printers()), 6);
    assert_eq!(count(View::Policies, printers()), 1);
    let nothing = Subject::Scope(server("dhcp2"), scope("10.99.0.0/24"));
    assert_eq!(count(View::Reservations, nothing), 0);
    let gone = Subject::Server(server("nowhere"), ServerRole::Dhcp);
    assert_eq!(count(View::ScopeProperties, gone), 0);
}

#[test]
fn commands_lead_from_row_to_row() {
    let mut console = Console::new(120, 40);
    console
        .keys("R")
        .expect("aa-bb-cc-dd-ee-ff")
        .expect("1 row");
    console.keys("p").expect("› 10.0.0.0 on dhcp1.contoso.com");
    console.keys("H").expect("View: Server Properties");
    assert_eq!(
        console.app.table().subject(),
        Some(&Subject::Server(server("dhcp1"), ServerRole::Dhcp))
    );
    console.keys("S").expect("3 rows").expect("Test lab");
    console.keys("<esc> <esc> <esc> <esc>");
    console.keys("F").expect("View: Failover Relationships");
    console.keys("S").expect("2 rows");
    console
        .keys("5")
        .expect("ACCESS CONTROL")
        .expect("read-write");
    console.keys("0 <home> <enter>").expect("Scope ID");
}

#[test]
fn what_leads_nowhere_says_why() {
    let mut console = Console::new(120, 40);
    console.keys("/ \"10.0.8.0\" <enter>");
    console
        .keys("F")
        .expect("10.0.8.0 is not in a failover relationship");
    console
        .keys("p")
        .expect("Show on Partner: 10.0.8.0 is not in a failover relationship");
}

#[test]
fn what_names_a_row_is_copied() {
    let mut console = Console::new(120, 40);
    console.keys("y").expect("Copied: 10.0.0.0");
    console.keys("Y");
    let copied: Vec<String> = console
        .effects
        .iter()
        .filter_map(|effect| match effect {
            twinscope::console::action::Effect::Copy(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(copied[0], "10.0.0.0");
    let row: Vec<&str> = copied[1].split('\t').collect();
    assert_eq!(row[..3], ["Active", "dc1.contoso.com", "10.0.0.0"]);
}

#[test]
fn details_have_the_tabs_of_ipam() {
    let mut console = Console::new(160, 50);
    console
        .keys("<enter>")
        .expect("Details: 10.0.0.0 on dc1.contoso.com");
    console.expect("Subnet Mask").expect("in use");
    console
        .keys("<tab> l")
        .expect("006 DNS Servers")
        .expect("Set at");
    console.keys("l").expect("aa-bb-cc-dd-ee-ff");
    console.keys("l l").expect("free").expect("excluded");
    console.keys("l").expect("Both copies are the same.");
    console.keys("l").expect("Nothing was changed here");
}

#[test]
fn two_copies_that_differ_stand_side_by_side() {
    let mut console = Console::new(160, 50);
    console.keys("/ \"branch1 10.2.1.0\" <enter> <enter> <tab>");
    console.keys("l l l l l");
    console
        .expect("Lease Duration")
        .expect("1.00:00:00")
        .expect("8.00:00:00")
        .expect("branch2");
}

#[test]
fn a_server_that_stops_leaves_what_it_said_last() {
    let mut console = Console::new(120, 40);
    console.lab(LabCommand::Stop("dc1".to_owned()));
    console.wait(65).collect();
    go(&mut console, View::FailoverRelationships);
    let place = Place::showing(View::FailoverRelationships);
    let pair = Subject::Relationship(
        server("dhcp1"),
        server("dc1"),
        "dhcp1.contoso.com-dc1.contoso.com".to_owned(),
    );
    assert_eq!(
        cell(&console, &place, &pair, "Secondary Server Status"),
        "Not reachable (last Normal, 1 min ago)"
    );
    assert_eq!(
        cell(&console, &place, &pair, "Primary Server Status"),
        "Communication Interrupted"
    );
    // Its rows stay, and are known to be old.
    let place = Place::showing(View::ScopeProperties);
    let source = rows(&console, &place);
    let world = console.app.world();
    let office = scope("10.0.0.0/24");
    let stale = |host| {
        let row = source.find(&Subject::Scope(server(host), office), 0);
        source.stale(row.unwrap(), world)
    };
    assert!(stale("dc1") && !stale("dhcp1"));
    assert_eq!(
        cell(
            &console,
            &place,
            &Subject::Scope(server("dhcp1"), office),
            "Pair"
        ),
        "partner unreachable"
    );
    go(&mut console, View::ScopeProperties);
    console.keys("<home> <enter>");
    console.expect("This is as read 1 min ago.");
    console.keys("<esc> 3").expect("dc1 Stopped");
}

#[test]
fn a_change_that_was_not_carried_is_told_with_its_reason() {
    let mut console = Console::new(120, 40);
    console.lab(LabCommand::Fail("dc1".to_owned(), Fault::RefuseWrites));
    let reservation = Reservation::new(
        "10.0.0.100".parse().unwrap(),
        ClientId::mac([0, 0x15, 0x5d, 1, 2, 3]),
    );
    console.intent(Intent::Change {
        server: server("dhcp1"),
        edits: vec![Edit::AddReservation {
            scope: scope("10.0.0.0/24"),
            reservation,
        }],
        reach: Reach::Pair,
    });
    console.collect();
    console.keys("<down> <enter>");
    console
        .expect("Out of sync: ")
        .expect("Replicate DHCP Scope heals it");
    let place = Place::showing(View::ScopeProperties);
    let row = Subject::Scope(server("dhcp1"), scope("10.0.0.0/24"));
    assert_eq!(
        cell(&console, &place, &row, "Failover Config Sync Status"),
        "Out of sync"
    );
    console.keys("4").wait(1);
    console.expect("10.0.0.100").expect("failed");
    console.expect("Before").expect("After");
    let within = Place::showing(View::EventCatalog).narrowed(row);
    assert_eq!(rows(&console, &within).len(), 1);
}

#[test]
fn hostile_and_wide_names_stay_in_their_cells() {
    let mut console = Console::new(120, 40);
    let name = "日本語\u{1b}]0;x\u{7}\u{202e}の部屋".to_owned();
    console.intent(Intent::Change {
        server: server("dhcp1"),
        edits: vec![Edit::SetScope {
            scope: scope("10.0.8.0/22"),
            properties: vec![
                ScopeProperty::Name(name.clone()),
                ScopeProperty::Description(name.repeat(12)),
            ],
        }],
        reach: Reach::Server,
    });
    console.collect();
    console.keys("<down> <down> <enter>").expect("日本語");
    for view in View::ALL {
        let place = Place::showing(view);
        let source = rows(&console, &place);
        for row in 0..source.len() {
            for column in 0..source.columns().len() {
                let cell = source.cell(row, column, console.app.world());
                let bad = |c: char| c.is_control() || c == '\u{202e}';
                assert!(!cell.text.contains(bad), "{view:?} {row} {column}");
            }
        }
    }
    for _ in 0..7 {
        console.keys("<tab> l <backtab>");
        let screen = console.screen();
        let hostile = screen.contains(['\u{1b}', '\u{7}', '\u{202e}']);
        assert!(!hostile, "{screen}");
        let widest = screen.lines().map(unicode_width::UnicodeWidthStr::width);
        assert!(widest.max() <= Some(120), "{screen}");
    }
}

#[test]
fn every_view_stands_at_every_size_with_its_details() {
    for (wide, high) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut console = Console::new(wide, high);
        console.keys("<enter>");
        for keys in ["1", "2", "3", "4", "5"] {
            console.keys(keys);
            assert_eq!(console.screen().lines().count(), usize::from(high));
        }
        for view in Node::Servers.views(twinscope::console::place::ServerType::Dhcp) {
            go(&mut console, *view);
            let tabs = views::spec(*view).tabs;
            console.keys("<tab>");
            for _ in tabs {
                console.keys("l <down> <down> <pagedown>");
            }
            console.keys("<esc>");
        }
    }
}

#[test]
fn narrow_screens_keep_what_tells_rows_apart() {
    let mut console = Console::new(60, 16);
    console.expect("dc1").expect("10.0.0.0").expect("same");
    go(&mut console, View::FailoverRelationships);
    console.expect("branches").expect("Normal");
    // Both states are there just when they are long.
    console.lab(LabCommand::Cut("dhcp1".to_owned(), "dc1".to_owned()));
    console.wait(60).collect();
    let screen = console.screen();
    let row = screen.lines().find(|line| line.contains("dhcp1.contoso"));
    let both = row.is_some_and(|row| row.matches("Communication").count() == 2);
    assert!(both, "{screen}");
}

#[test]
fn states_have_tones_and_words() {
    let console = Console::new(120, 40);
    let place = Place::showing(View::ScopeProperties);
    let source = rows(&console, &place);
    let row = source
        .find(&Subject::Scope(server("dhcp1"), scope("10.0.16.0/24")), 0)
        .unwrap();
    let status = source.cell(row, 0, console.app.world());
    assert_eq!((status.text.as_ref(), status.tone), ("Inactive", Tone::Dim));
}

#[test]
fn the_address_map_tells_who_has_what() {
    let mut console = Console::new(120, 40);
    console
        .keys("A")
        .expect("Address Map: 10.0.0.0 on dc1.contoso.com");
    console.expect("43 leases").expect("Active lease of");
    // The row below the reservation's: two rows down from .35 is .99.
    console.keys("<home> <down> <down> <down> l l l");
    console
        .expect("10.0.0.99")
        .expect("reserved for aa-bb-cc-dd-ee-ff (test)");
    console.keys("<enter>").expect("Show Reservation");
    console.keys("<enter>").expect("Current view: Reservations");
    console.keys("<esc> A").expect("10.0.0.21");
    console
        .click("10.0.0.64 ")
        .keys("<home>")
        .expect("outside the scope's address range");
    console
        .keys("<end>")
        .expect("10.0.0.255")
        .keys("<enter> c <enter>");
    console.expect("10.0.0.255 can't be a host's address");
    // A free address is proposed to the form.
    console
        .keys("<esc> <left> <left> <enter>")
        .expect("Create DHCP Reservation");
    console.keys("<home> <enter>").expect("10.0.0.253");
    console.expect("Client ID").keys("<esc>");
    console.expect_not("Address Map: 10.0.0.0");
    // A map that is larger than the screen scrolls with its cursor.
    console
        .keys("<esc> / \"10.0.8.0\" <enter> A")
        .expect("10.0.8.10");
    console.keys("<end>").expect("10.0.11.255");
}
