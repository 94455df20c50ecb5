//! Failover: comparing, replicating, configuring, taking apart, and Set Partner Down.

use twinscope::drivers::embedded::LabCommand;
use twinscope::ipam::Access;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::{Edit, FailoverState, ScopeId, ServerName};

use crate::harness::Console;

const SEED: &str = "dhcp1.contoso.com-dc1.contoso.com";

fn name(host: &str) -> ServerName {
    ServerName::new(&format!("{host}.contoso.com"))
}

fn scope(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

/// A description set on one server only, as a cmdlet does it: the copies drift apart.
fn drift(console: &mut Console, host: &str, prefix: &str, description: &str) {
    let properties = vec![ScopeProperty::Description(description.to_owned())];
    let scope = scope(prefix);
    let edit = Edit::SetScope { scope, properties };
    console.intent(Intent::Change {
        server: name(host),
        edits: vec![edit],
        reach: Reach::Server,
    });
}

fn description(console: &Console, host: &str, prefix: &str) -> String {
    let estate = console.ipam.estate();
    let scope = estate.scope(&name(host), scope(prefix));
    scope.unwrap().description.clone()
}

fn state(console: &Console, host: &str) -> FailoverState {
    let estate = console.ipam.estate();
    let end = estate.end(&name(host), SEED);
    end.unwrap().status.unwrap().state
}

fn pair(console: &Console, host: &str, prefix: &str) -> String {
    let estate = console.ipam.estate();
    estate.pair(&name(host), scope(prefix)).unwrap().to_string()
}

/// Puts the cursor on the only row that these words leave.
fn on(console: &mut Console, words: &str) {
    console.keys(&format!("/ \"{words}\" <enter>"));
    console.expect("1 of ");
}

/// Runs a command of the menu by its label.
fn choose(console: &mut Console, label: &str) {
    console.keys("m").click(label);
}

fn relationships(console: &mut Console) {
    console
        .keys("v f f <enter>")
        .expect("View: Failover Relationships");
}

#[test]
fn a_scope_is_replicated_from_the_row_that_is_right() {
    let mut console = Console::new(120, 40);
    drift(&mut console, "dhcp1", "10.0.0.0/24", "the right one");
    assert_eq!(pair(&console, "dhcp1", "10.0.0.0/24"), "differs (1)");
    on(&mut console, "server:dhcp1 10.0.0.0");
    choose(&mut console, "Replicate DHCP Scope");
    console
        .expect("What will be done")
        .expect("On dc1.contoso.com")
        .expect("the right one")
        .keys("<enter>")
        .expect("Done on dc1");
    assert_eq!(description(&console, "dc1", "10.0.0.0/24"), "the right one");
    assert_eq!(pair(&console, "dhcp1", "10.0.0.0/24"), "same");
}

#[test]
fn a_relationship_is_replicated_in_the_direction_asked_for() {
    let mut console = Console::new(80, 24);
    drift(&mut console, "dc1", "10.0.0.0/24", "from the secondary");
    relationships(&mut console);
    on(&mut console, "dc1");
    choose(&mut console, "Replicate DHCP Failover Relationship");
    console
        .expect("dhcp1.contoso.com")
        .expect("dc1.contoso.com");
    console
        .expect("Select server")
        .expect("1 difference")
        .keys("<right> <enter>");
    console
        .expect("What will be done")
        .expect("from the secondary")
        .keys("<enter>");
    assert_eq!(
        description(&console, "dhcp1", "10.0.0.0/24"),
        "from the secondary"
    );
}

#[test]
fn a_server_is_replicated_to_every_partner() {
    let mut console = Console::new(120, 40);
    console.keys("v s s <enter>");
    if !console.shows("Server Availability") {
        console.keys("v <home> <enter>");
    }
    on(&mut console, "branch1");
    choose(&mut console, "Replicate DHCP Server");
    console
        .expect("What will be done")
        .expect("branch2.contoso.com")
        .keys("<enter>");
    for scope in ["10.2.0.0/24", "10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"] {
        assert_eq!(pair(&console, "branch1", scope), "same", "{scope}");
    }
}

/// The partner is stopped and a failover scope edited here: the row says so until it is healed.
fn out_of_sync(console: &mut Console) {
    console.lab(LabCommand::Stop("dc1".into()));
    console.collect();
    let scope = scope("10.0.0.0/24");
    let properties = vec![ScopeProperty::Description("edited alone".to_owned())];
    console.intent(Intent::Change {
        server: name("dhcp1"),
        edits: vec![Edit::SetScope { scope, properties }],
        reach: Reach::Pair,
    });
    console.collect();
    on(console, "server:dhcp1 10.0.0.0");
    console.expect("Out of sync");
}

#[test]
fn out_of_sync_is_healed_by_replicating() {
    let mut console = Console::new(140, 42);
    out_of_sync(&mut console);
    choose(&mut console, "Replicate DHCP Scope");
    console.expect("This can't be done").keys("<esc>");
    console.lab(LabCommand::Start("dc1".into()));
    console.wait(5).collect().expect("Out of sync");
    choose(&mut console, "Replicate DHCP Scope");
    console.expect("edited alone").keys("<enter>");
    console.expect_not("Out of sync");
    assert_eq!(description(&console, "dc1", "10.0.0.0/24"), "edited alone");
}

#[test]
fn out_of_sync_is_cleared_where_it_is_and_only_there() {
    let mut console = Console::new(140, 42);
    out_of_sync(&mut console);
    choose(&mut console, "Clear Config Sync Error");
    console.keys("<enter>").expect_not("Out of sync");
    console.wait(7).keys("<esc>");
    choose(&mut console, "Clear Config Sync Error");
    console.expect("is not out of sync");
}

#[test]
fn what_is_not_under_failover_says_so() {
    let mut console = Console::new(120, 40);
    on(&mut console, "server:old1 10.3.0.0");
    for label in ["Replicate DHCP Scope", "Compare With Partner"] {
        choose(&mut console, label);
        console.expect("10.3.0.0 is not in a failover relationship");
        console.keys("<esc>");
    }
}

#[test]
fn copies_are_compared_and_replicated_in_both_directions() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        relationships(&mut console);
        on(&mut console, "branch");
        console
            .keys("=")
            .expect("Compare: branches · 5 differences")
            .expect("10.2.2.0")
            .expect("2 differences")
            .keys("<enter>")
            .expect("Branch Wi-Fi")
            .expect("Staff and suppliers")
            .expect("(not there)")
            .expect_not("Lease Duration")
            .keys("d")
            .expect("Lease Duration")
            .keys("d >")
            .expect("What will be done")
            .expect("On branch2.contoso.com")
            .keys("<esc> <")
            .expect("On branch1.contoso.com")
            .expect("(deleted)")
            .keys("<enter>")
            .expect("Both copies are the same")
            .keys("<esc>")
            .expect("3 differences")
            .keys("<esc>")
            .expect_not("Compare:");
        assert_eq!(pair(&console, "branch1", "10.2.2.0/24"), "same");
        assert_eq!(
            description(&console, "branch1", "10.2.2.0/24"),
            "Staff and suppliers"
        );
    }
}

#[test]
fn a_comparison_says_what_it_does_not_know() {
    let mut console = Console::new(120, 40);
    console.lab(LabCommand::Stop("dc1".into()));
    console.wait(40).collect();
    on(&mut console, "server:dhcp1 10.0.0.0");
    console
        .keys("=")
        .expect("Compare: 10.0.0.0")
        .expect("no difference found")
        .expect("not reachable, read 30 s ago")
        .click("< dc1");
    console.expect("can't be done");
}

/// Opens Set Partner Down on the seed's relationship.
fn drill(console: &mut Console) {
    relationships(console);
    on(console, "dc1");
    choose(console, "Set Partner Down");
}

#[test]
fn the_drill_of_three_in_the_morning() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.lab(LabCommand::Cut("dhcp1".into(), "dc1".into()));
        console.wait(30).collect();
        drill(&mut console);
        // Both are alone and both answer: the operator says which one is meant.
        console
            .expect("which server goes on?")
            .keys("<enter>")
            .expect("DON'T: the partner is alive")
            .keys("<enter> \"nonsense\" <enter>")
            .expect("that is not its name")
            .expect_not("What will be done")
            .keys("<esc>")
            .expect("DON'T");
        console.lab(LabCommand::Stop("dc1".into()));
        console
            .wait(6)
            .expect("SAFE TO SWITCH")
            .expect_not("type the relationship's name")
            .keys("<end>")
            .expect("-PartnerDown")
            .keys("<enter>")
            .expect("What will be done")
            .keys("<enter>")
            .expect("PARTNER DOWN")
            .expect("MCLT passes")
            .expect("1:00:00 left");
        assert_eq!(state(&console, "dhcp1"), FailoverState::PartnerDown);
        console.wait(60).expect("59:00 left");
        console.lab(LabCommand::Join("dhcp1".into(), "dc1".into()));
        console.lab(LabCommand::Start("dc1".into()));
        for _ in 0..10 {
            console.wait(600).collect();
        }
        console.expect("NORMAL AGAIN").keys("<esc>");
        assert_eq!(state(&console, "dhcp1"), FailoverState::Normal);
        assert_eq!(state(&console, "dc1"), FailoverState::Normal);
    }
}

#[test]
fn silence_takes_the_name_or_a_fence() {
    use twinscope::drivers::embedded::Fault;
    let mut console = Console::new(120, 40);
    console.lab(LabCommand::Fail("dc1".into(), Fault::Unreachable));
    console.wait(60).collect();
    drill(&mut console);
    console
        .expect("UNCONFIRMED: fence it first")
        .expect("dhcp1.contoso.com goes on: dc1 is not reachable")
        .click("] dc1.contoso.com is fenced")
        .expect("[x] dc1.contoso.com is fenced")
        .expect("SAFE TO SWITCH")
        .keys("f")
        .expect("UNCONFIRMED")
        .keys("f")
        .expect("SAFE TO SWITCH")
        .keys("f <enter>")
        .expect("UNCONFIRMED")
        .expect_not("What will be done")
        .paste(SEED)
        .keys("<enter>")
        .expect("What will be done")
        .keys("<enter>")
        .expect("PARTNER DOWN");
    assert_eq!(state(&console, "dhcp1"), FailoverState::PartnerDown);
}

#[test]
fn who_goes_on_is_asked_only_where_nobody_can_tell() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.lab(LabCommand::Stop("dc1".into()));
        console.wait(30).collect();
        drill(&mut console);
        console
            .expect_not("which server goes on?")
            .expect("dhcp1.contoso.com goes on: dc1 is stopped  (o: the other way round)")
            .expect("SAFE TO SWITCH")
            // That is known: nothing is left for the operator to say.
            .expect_not("is fenced")
            .keys("o")
            .expect("dc1.contoso.com goes on: you say so")
            .expect_not("SAFE TO SWITCH")
            .click("dc1.contoso.com goes on: you")
            .expect("dhcp1.contoso.com goes on: you say so")
            .expect("SAFE TO SWITCH")
            .keys("<esc>");
        // Both live: the question stands in the middle.
        let mut console = Console::new(width, height);
        drill(&mut console);
        let (column, row) = console
            .expect("which server goes on?")
            .find("Set Partner Down: w");
        assert!(row.abs_diff(height / 2) <= 3, "row {row} of {height}");
        assert!(column > width / 8, "column {column} of {width}");
    }
}

#[test]
fn failover_is_configured_in_a_new_relationship() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        on(&mut console, "server:dhcp1 10.0.16.0");
        choose(&mut console, "Configure DHCP Failover");
        console
            .expect("Relationship name")
            .expect("Partner server")
            .expect("Mode")
            .expect("Load Balance Percentage")
            .expect("Maximum Client Lead Time")
            .expect("State Switchover Interval")
            .expect("Enable Message Authentication")
            .expect("Shared Secret")
            // The first field that is wrong gets the focus.
            .keys("<enter>")
            .expect("a shared secret is needed")
            .keys("\"s3cret\"")
            .expect_not("s3cret");
        // Back to the partner: dc1. The name that nobody changed follows.
        console
            .keys("<backtab> <backtab> <backtab> <backtab> <backtab> <backtab> d")
            .expect("dhcp1.contoso.com-dc1.contoso.com-1")
            .keys("<tab> <right>")
            .expect("Role of Partner Server")
            .expect("Addresses reserved for standby")
            .keys("<enter>")
            .expect("What will be done")
            .expect("On dc1.contoso.com")
            .keys("<enter>")
            .expect("Done on");
        let estate = console.ipam.estate();
        let held = estate.relationship_of(&name("dhcp1"), scope("10.0.16.0/24"));
        let held = held.unwrap();
        assert!(held.authenticated && held.mode.label() == "Hot Standby");
        assert_eq!(pair(&console, "dc1", "10.0.16.0/24"), "same");
    }
}

#[test]
fn failover_is_configured_in_a_relationship_that_is_there() {
    let mut console = Console::new(120, 40);
    on(&mut console, "server:dhcp1 10.0.16.0");
    choose(&mut console, "Configure DHCP Failover");
    console
        .keys("<right>")
        .expect_not("Partner server")
        .keys("<enter>")
        .expect("What will be done")
        .keys("<enter>");
    assert_eq!(pair(&console, "dc1", "10.0.16.0/24"), "same");
    choose(&mut console, "Configure DHCP Failover");
    console.expect("is in the failover relationship");
}

#[test]
fn the_clicked_server_keeps_what_leaves_failover() {
    let mut console = Console::new(120, 40);
    on(&mut console, "server:dc1 10.0.0.0");
    choose(&mut console, "Remove DHCP Failover Configuration");
    console
        .expect("Stays: the copy on dc1.contoso.com")
        .expect("Deleted: the copy on dhcp1.contoso.com")
        .expect("[ ] Go on when the partner can't be written")
        .keys("<enter>")
        .expect("What will be done")
        .expect("will be deleted")
        .keys("<enter>");
    let estate = console.ipam.estate();
    let scope = scope("10.0.0.0/24");
    assert!(estate.scope(&name("dc1"), scope).is_some());
    assert!(estate.scope(&name("dhcp1"), scope).is_none());
}

#[test]
fn without_the_partner_it_takes_a_tick() {
    let mut console = Console::new(120, 40);
    console.lab(LabCommand::Stop("dc1".into()));
    console.collect();
    on(&mut console, "server:dhcp1 10.0.0.0");
    choose(&mut console, "Remove DHCP Failover Configuration");
    console
        .keys("<enter>")
        .expect_not("What will be done")
        .expect("dc1.contoso.com")
        .keys("<space> <enter>")
        .expect("What will be done")
        .expect("Delete its copies there")
        .keys("<enter>");
    let estate = console.ipam.estate();
    let held = estate.relationship_of(&name("dhcp1"), scope("10.0.0.0/24"));
    assert!(held.is_none());
}

#[test]
fn a_relationship_is_edited_on_both_servers() {
    let mut console = Console::new(80, 24);
    relationships(&mut console);
    on(&mut console, "dc1");
    choose(&mut console, "Edit DHCP Failover Relationship");
    console
        .expect("Load Balance Percentage")
        .expect_not("Relationship name")
        .keys("<tab> <backspace> <backspace> \"70\" <enter>")
        .expect("What will be done")
        .expect("70 %")
        .expect("30 %")
        .keys("<enter>");
    let estate = console.ipam.estate();
    let mode = |host| {
        let end = estate.end(&name(host), SEED).unwrap();
        end.relationship.mode.to_string()
    };
    assert_eq!(mode("dhcp1"), "Load Balance, 70 %");
    assert_eq!(mode("dc1"), "Load Balance, 30 %");
}

#[test]
fn a_relationship_is_deleted_and_the_server_chosen_keeps_its_scopes() {
    for (keys, keeps, loses) in [("", "dhcp1", "dc1"), ("<right>", "dc1", "dhcp1")] {
        let mut console = Console::new(120, 40);
        relationships(&mut console);
        on(&mut console, "dc1");
        choose(&mut console, "Delete");
        console.expect("Select server").keys(keys);
        console
            .expect(&format!("{keeps}.contoso.com keeps the scope"))
            .keys("<enter>")
            .expect("What will be done")
            .keys("<enter>");
        let estate = console.ipam.estate();
        let scope = scope("10.0.0.0/24");
        assert!(estate.end(&name("dhcp1"), SEED).is_none());
        assert!(estate.scope(&name(keeps), scope).is_some());
        assert!(estate.scope(&name(loses), scope).is_none());
    }
}

#[test]
fn errors_of_several_servers_are_cleared_at_once() {
    let mut console = Console::new(140, 42);
    for (stopped, edited, prefix) in [
        ("dc1", "dhcp1", "10.0.0.0/24"),
        ("branch2", "branch1", "10.2.0.0/24"),
    ] {
        console.lab(LabCommand::Stop(stopped.into()));
        console.collect();
        let scope = scope(prefix);
        let properties = vec![ScopeProperty::Description("alone".to_owned())];
        console.intent(Intent::Change {
            server: name(edited),
            edits: vec![Edit::SetScope { scope, properties }],
            reach: Reach::Pair,
        });
    }
    console.keys("/ \"sync:out\" <enter>").expect("2 of ");
    console.keys("*");
    choose(&mut console, "Clear Config Sync Error");
    console.keys("<enter>");
    assert!(console.ipam.estate().out_of_sync.is_empty());
}

#[test]
fn who_may_only_look_looks() {
    let access = Access::read_only("this is a copy");
    let mut console = Console::with_access(120, 40, access);
    relationships(&mut console);
    on(&mut console, "dc1");
    for label in ["Replicate DHCP", "Edit DHCP", "Delete"] {
        choose(&mut console, label);
        console.expect("this is a copy").keys("<esc>");
    }
    console
        .keys("=")
        .expect("Compare: dhcp1")
        .keys(">")
        .expect("this is a copy")
        .expect_not("What will be done")
        .keys("<esc>");
    choose(&mut console, "Set Partner Down");
    console
        .keys("<enter>")
        .expect("DON'T: the partner is alive")
        .keys("<enter>")
        .expect("this is a copy");
}

#[test]
fn everything_that_looks_like_a_button_is_one() {
    let mut console = Console::new(120, 40);
    relationships(&mut console);
    on(&mut console, "branches");
    console.right_click("branch1.c").click("Compare Partners");
    console
        .click("10.2.3.0")
        .click("Enter open")
        .expect("Branch storage · 2 differences")
        .click("d all fields")
        .expect("Lease Duration")
        .click("branch1 < branch2")
        .expect("What will be done")
        .click("Cancel")
        .click("Back")
        .expect("Compare: branches")
        .click("[ Close ]")
        .expect_not("Compare:");
    console.right_click("branch1.c").click("Set Partner Down");
    console
        .click("branch2.contoso.com goes on")
        .expect("DON'T")
        // A fence would not make a partner safe that is seen to live.
        .expect_not("is fenced")
        .keys("f")
        .expect_not("is fenced")
        .click("Enter Set Partner Down")
        .keys("\"branches\"")
        .click("gather again")
        .click("Esc close")
        .expect_not("Set Partner Down");
}

#[test]
fn a_verdict_that_changes_while_the_plan_is_read_is_told_there() {
    let mut console = Console::new(80, 24);
    console.lab(LabCommand::Cut("dhcp1".into(), "dc1".into()));
    console.lab(LabCommand::Stop("dc1".into()));
    console.wait(30).collect();
    drill(&mut console);
    console.expect("SAFE TO SWITCH").keys("<enter>");
    console.expect("What will be done");
    console.lab(LabCommand::Start("dc1".into()));
    console
        .wait(6)
        .expect("What will be done")
        .expect("and now is DON'T: the partner is alive")
        .keys("<esc>")
        .expect("DON'T: the partner is alive");
}
