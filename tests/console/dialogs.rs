//! Every dialog: what it does when all is well, and where it says what a server refuses.

use std::sync::Arc;

use twinscope::console::action::Action;
use twinscope::console::subject::Subject;
use twinscope::drivers::embedded::LabCommand;
use twinscope::model::policy::FilterList;
use twinscope::model::scope::ScopeState;
use twinscope::model::server::{ServerConfig, ServerRole};
use twinscope::model::{OptionKey, Reservation, Scope, ScopeId, ServerName};

use crate::harness::Console;

fn net(text: &str) -> ScopeId {
    text.parse().unwrap()
}

fn server(short: &str) -> ServerName {
    ServerName::new(&format!("{short}.contoso.com"))
}

fn config(console: &Console, on: &str) -> Arc<ServerConfig> {
    let estate = console.ipam.estate();
    let reading = estate.servers[&server(on)].reading.as_ref().unwrap();
    Arc::clone(&reading.config)
}

fn scope(console: &Console, on: &str, prefix: &str) -> Option<Scope> {
    let config = config(console, on);
    config
        .scopes
        .get(&net(prefix))
        .map(|scope| scope.as_ref().clone())
}

fn reservation(console: &Console, on: &str, prefix: &str, at: &str) -> Option<Reservation> {
    let scope = scope(console, on, prefix)?;
    let found = scope.reservations.get(&at.parse().unwrap());
    found.map(|reservation| reservation.as_ref().clone())
}

fn scope_row(on: &str, prefix: &str) -> Subject {
    Subject::Scope(server(on), net(prefix))
}

fn server_row(on: &str) -> Subject {
    Subject::Server(server(on), ServerRole::Dhcp)
}

/// A console with the cursor on a row.
fn on(row: &Subject) -> Console {
    on_sized((80, 24), row)
}

fn on_sized(size: (u16, u16), row: &Subject) -> Console {
    let mut console = Console::new(size.0, size.1);
    go(&mut console, row);
    console
}

fn go(console: &mut Console, row: &Subject) {
    // The cursor stays where somebody put it: a key, whichever.
    console.keys("<f9>");
    console.act(Action::Jump(row.clone()));
    assert_eq!(
        console.app.selection().rows,
        std::slice::from_ref(row),
        "{}",
        console.screen()
    );
}

/// Marks rows of one view.
fn mark(console: &mut Console, rows: &[Subject]) {
    for row in rows {
        console.act(Action::Jump(row.clone()));
        console.keys("<space>");
    }
    assert_eq!(console.app.selection().rows.len(), rows.len());
}

fn run<'c>(console: &'c mut Console, id: &'static str) -> &'c mut Console {
    console.act(Action::Run(id))
}

/// Prints the screen where somebody wants to look at it.
#[allow(clippy::print_stdout, reason = "it is asked for")]
fn look(console: &Console) {
    if std::env::var_os("SHOW").is_some() {
        println!("{}\n", console.screen());
    }
}

/// Fails when words are not on the screen, however they are broken into lines.
#[track_caller]
fn says<'c>(console: &'c mut Console, words: &str) -> &'c mut Console {
    let screen = console.screen().replace(['│', '█'], " ");
    let screen: Vec<&str> = screen.split_whitespace().collect();
    assert!(
        screen.join(" ").contains(words),
        "'{words}':\n{}",
        console.screen()
    );
    console
}

/// How many lines lie between a label and what is said below its field.
#[track_caller]
fn said_below(console: &Console, label: &str, said: &str) {
    let (_, field) = console.find(label);
    let (_, words) = console.find(said);
    assert!(words > field && words <= field + 3, "{}", console.screen());
}

#[test]
fn a_reservation_is_edited_on_both_servers() {
    let row = Subject::Reservation(
        server("dc1"),
        net("10.0.0.0/24"),
        "10.0.0.99".parse().unwrap(),
    );
    let mut console = on(&row);
    run(&mut console, "edit-reservation").expect("Edit DHCP Reservation");
    look(&console);
    console.keys("ctrl-u \"printer\" <tab> <tab> <right> <enter>");
    says(&mut console, "u takes it back");
    for on in ["dhcp1", "dc1"] {
        let after = reservation(&console, on, "10.0.0.0/24", "10.0.0.99").unwrap();
        assert_eq!(
            (after.name.as_str(), after.kind.to_string().as_str()),
            ("printer", "Dhcp")
        );
        assert_eq!(after.description, "A1");
    }
    // A name that is too long is the name's fault; everything is kept.
    run(&mut console, "edit-reservation").keys("ctrl-u");
    console.paste(&"x".repeat(129)).keys("<enter>");
    said_below(&console, "Reservation name", "the name of reservation");
    console
        .keys("<esc> <esc>")
        .expect_not("Edit DHCP Reservation");
}

#[test]
fn a_reservation_is_deleted_on_both_servers() {
    let row = Subject::Reservation(
        server("dc1"),
        net("10.0.0.0/24"),
        "10.0.0.99".parse().unwrap(),
    );
    let mut console = on(&row);
    run(&mut console, "delete-reservation");
    look(&console);
    says(&mut console, "u takes it back");
    assert!(reservation(&console, "dhcp1", "10.0.0.0/24", "10.0.0.99").is_none());
}

#[test]
fn a_lease_becomes_a_reservation() {
    let mut console = Console::new(120, 40);
    go(&mut console, &scope_row("old1", "10.3.0.0/24"));
    run(&mut console, "show-leases");
    // Leases are read once the operator rests there.
    console.wait(1).keys("<up>");
    let rows = console.app.selection().rows;
    let [Subject::Lease(_, _, address)] = rows.as_slice() else {
        panic!("no lease:\n{}", console.screen());
    };
    run(&mut console, "create-reservation").expect(&address.to_string());
    look(&console);
    console.keys("<enter>");
    assert!(reservation(&console, "old1", "10.3.0.0/24", &address.to_string()).is_some());
}

#[test]
fn reservations_are_pasted() {
    let mut console = on(&scope_row("dhcp1", "10.0.0.0/24"));
    run(&mut console, "paste-reservations").expect("Import Reservations");
    console.paste("\"IPAddress\",\"ClientId\",\"Name\"\r\"10.0.0.60\",\"00155d000060\",\"a\"\r\"10.0.0.61\",\"oops\",\"b\"\r");
    console.expect("1 reservation; line 3:");
    look(&console);
    console.keys("<tab> <enter>").expect("line 3:");
    console.click("Paste lines").keys("ctrl-u");
    console.paste("10.0.0.60,00155d000060,a\n10.0.0.61,00155d000061,b,Room 1\n");
    console
        .expect("2 reservations")
        .keys("<tab> <enter>")
        .expect("What will be done");
    look(&console);
    console.keys("<enter>").expect_not("Import Reservations");
    for on in ["dhcp1", "dc1"] {
        let made = reservation(&console, on, "10.0.0.0/24", "10.0.0.61").unwrap();
        assert_eq!(made.description, "Room 1");
    }
}

#[test]
fn a_scope_is_created() {
    let mut console = on(&server_row("dhcp1"));
    run(&mut console, "create-scope").expect("Create DHCP Scope");
    look(&console);
    // The range must lie in the subnet, and the subnet must be free.
    console.keys("\"Branch\" <tab> \"Far away\" <tab> \"10.0.0.50\" <tab>");
    console.expect("lies in scope 10.0.0.0");
    console
        .keys("<backtab> ctrl-u \"10.9.0.10\" <tab>")
        .expect("10.9.0.254");
    console
        .keys("ctrl-u \"10.9.1.5\" <tab>")
        .expect("255.255.254.0");
    console.keys("<backtab> ctrl-u \"10.9.0.200\" <tab> ctrl-u \"255.255.255.0\"");
    console
        .keys("<tab> ctrl-u \"soon\" <tab>")
        .expect("a span of time is needed");
    console.keys("<backtab> ctrl-u \"12h\"").expect("12 hours");
    console.keys("<tab> \"10.9.0.10-20, 10.9.0.30\" <enter>");
    look(&console);
    console.expect_not("Create DHCP Scope ");
    let made = scope(&console, "dhcp1", "10.9.0.0/24").unwrap();
    assert_eq!(
        (made.name.as_str(), made.state),
        ("Branch", ScopeState::Active)
    );
    assert_eq!(made.exclusions.len(), 2);
    assert_eq!(made.lease_duration.to_string(), "12:00:00");
    assert_eq!(made.dns, None);
    // Once more is once too often.
    run(&mut console, "create-scope");
    console.keys("\"Again\" <tab> <tab> \"10.9.0.10\" <enter>");
    console.expect("20052");
    said_below(&console, "Start IP address", "20052");
}

#[test]
fn a_scope_is_edited_with_its_partners_copy() {
    let mut console = on(&scope_row("dc1", "10.0.0.0/24"));
    run(&mut console, "edit-scope")
        .expect("Edit DHCP Scope")
        .expect("10.0.0.21");
    look(&console);
    console.keys("<tab> ctrl-u \"All floors\"");
    console
        .click("Exclusion range")
        .keys("\"10.0.0.200-10.0.0.210\"");
    console.keys("<enter>").expect("What will be done");
    look(&console);
    console.keys("<enter>").expect_not("Edit DHCP Scope ");
    for on in ["dhcp1", "dc1"] {
        let after = scope(&console, on, "10.0.0.0/24").unwrap();
        assert_eq!(after.description, "All floors");
        assert_eq!(after.exclusions.len(), 1);
    }
    // An exclusion outside is refused where it was typed.
    run(&mut console, "edit-scope");
    console
        .click("Exclusion range")
        .keys("ctrl-u \"10.0.0.5\" <enter>");
    said_below(&console, "Exclusion range", "does not lie");
    // The end of a form that does not fit is reached.
    console.keys("<backtab> <backtab> <backtab> <backtab>");
    for _ in 0..9 {
        console.keys("<backtab>");
    }
    look(&console);
    console.expect("[ OK ]");
}

#[test]
fn the_dns_page_is_there_when_the_scope_has_its_own() {
    let mut console = on_sized((120, 50), &scope_row("dhcp2", "10.1.4.0/24"));
    run(&mut console, "edit-scope")
        .expect("DNS settings")
        .expect_not("name protection");
    console
        .click("( ) Its own")
        .expect("Enable name protection");
    console.click("Enable name protection");
    look(&console);
    console.keys("<enter> <enter>");
    let after = scope(&console, "dhcp3", "10.1.4.0/24").unwrap();
    assert!(after.dns.unwrap().name_protection);
}

#[test]
fn several_scopes_are_edited_on_several_servers() {
    let rows = [
        scope_row("old1", "10.3.0.0/24"),
        scope_row("dhcp1", "10.0.8.0/22"),
    ];
    let mut console = Console::new(100, 30);
    mark(&mut console, &rows);
    run(&mut console, "edit-scope").expect("2 scopes");
    console.keys("<enter>").expect("nothing is to be changed");
    console
        .keys("\"Moved\" <tab> \"2d\" <enter>")
        .expect("What will be done");
    look(&console);
    console.keys("<enter>").expect("2 servers");
    for (on, prefix) in [("old1", "10.3.0.0/24"), ("dhcp1", "10.0.8.0/22")] {
        let after = scope(&console, on, prefix).unwrap();
        assert_eq!(after.description, "Moved");
        assert_eq!(after.lease_duration.to_string(), "2.00:00:00");
    }
}

#[test]
fn what_one_of_several_servers_refuses_is_told_and_tried_again() {
    let rows = [
        scope_row("old1", "10.3.0.0/24"),
        scope_row("dhcp1", "10.0.8.0/22"),
    ];
    let mut console = Console::new(100, 30);
    mark(&mut console, &rows);
    run(&mut console, "edit-scope")
        .keys("\"Moved\" <enter>")
        .expect("What will be done");
    console.lab(LabCommand::Stop(server("old1").to_string()));
    console
        .keys("<enter>")
        .expect("What was done")
        .expect("failed");
    look(&console);
    assert_eq!(
        scope(&console, "dhcp1", "10.0.8.0/22").unwrap().description,
        "Moved"
    );
    console.lab(LabCommand::Start(server("old1").to_string()));
    console.keys("r").expect("What will be done");
    console.keys("<enter>").expect_not("2 scopes");
    assert_eq!(
        scope(&console, "old1", "10.3.0.0/24").unwrap().description,
        "Moved"
    );
}

#[test]
fn scopes_are_activated_and_deactivated() {
    let mut console = on(&scope_row("dhcp1", "10.0.16.0/24"));
    run(&mut console, "deactivate-scope").expect("is inactive already");
    says(run(&mut console, "activate-scope"), "u takes it back");
    let state = |console: &Console| scope(console, "dhcp1", "10.0.16.0/24").unwrap().state;
    assert_eq!(state(&console), ScopeState::Active);
    run(&mut console, "deactivate-scope").expect("no new leases and no renewals");
    console.keys("<enter>");
    assert_eq!(state(&console), ScopeState::Inactive);
}

#[test]
fn a_scope_is_duplicated() {
    let mut console = on(&scope_row("dhcp2", "10.1.4.0/24"));
    run(&mut console, "duplicate-scope").expect("Duplicate DHCP Scope");
    console
        .keys("<tab> <tab> <tab> \"10.1.4.20\" <enter>")
        .expect("20052");
    look(&console);
    console.keys("ctrl-u \"10.1.50.20\" <tab> ctrl-u \"10.1.50.90\" <enter>");
    console.expect_not("Duplicate DHCP Scope");
    let made = scope(&console, "dhcp2", "10.1.50.0/24").unwrap();
    assert!(made.options.get(&OptionKey::standard(150)).is_some());
    assert!(made.reservations.is_empty());
}

#[test]
fn a_scope_is_deleted_with_its_leases_said() {
    let mut console = on(&scope_row("old1", "10.3.1.0/24"));
    run(&mut console, "delete-scope")
        .expect("What will be done")
        .expect("will be lost");
    look(&console);
    console.keys("<esc>");
    assert!(scope(&console, "old1", "10.3.1.0/24").is_some());
    run(&mut console, "delete-scope").keys("<enter>");
    assert!(scope(&console, "old1", "10.3.1.0/24").is_none());
    go(&mut console, &scope_row("dhcp1", "10.0.0.0/24"));
    run(&mut console, "delete-scope").expect("is in failover relationship");
}

#[test]
fn server_properties_are_edited() {
    let mut console = on(&server_row("dhcp1"));
    run(&mut console, "edit-server").expect("Edit DHCP Server Properties");
    look(&console);
    console.keys("<space>");
    console
        .click("Conflict detection attempts")
        .keys("ctrl-u \"6\" <tab>");
    console.expect("from 0 to 5 is needed");
    console.keys("<backtab> ctrl-u \"3\" <enter>");
    says(&mut console, "u takes it back");
    let settings = config(&console, "dhcp1").settings.clone();
    assert!(!settings.audit_log && settings.deny_list_enabled);
    assert_eq!(settings.conflict_detection_attempts, 3);
    run(&mut console, "edit-server").keys("<tab>");
    console.paste(&"x".repeat(300)).keys("<enter>");
    said_below(&console, "Audit log file path", "the path of the audit log");
}

#[test]
fn options_are_added_overwritten_and_deleted() {
    let mut console = on(&scope_row("dc1", "10.0.0.0/24"));
    let of = |console: &Console, on: &str, id| {
        let scope = scope(console, on, "10.0.0.0/24").unwrap();
        scope
            .options
            .get(&OptionKey::standard(id))
            .map(ToString::to_string)
    };
    run(&mut console, "edit-scope-options").expect("003 Router: 10.0.0.1");
    console.keys("<tab> \"ntp\"").expect("042 NTP Servers");
    console.keys("<tab> \"nowhere\" <enter>");
    look(&console);
    said_below(&console, "Value", "is no value");
    console.keys("ctrl-u \"10.0.0.3, 10.0.0.4\" <enter>");
    says(&mut console, "u takes it back");
    for on in ["dhcp1", "dc1"] {
        assert_eq!(of(&console, on, 42).unwrap(), "10.0.0.3, 10.0.0.4");
    }
    run(&mut console, "edit-scope-options")
        .keys("<tab> \"42\"")
        .expect("10.0.0.3, 10.0.0.4");
    console.keys("<enter>").expect("Overwrite changes it");
    console.click("( ) Delete").keys("<enter>");
    assert_eq!(of(&console, "dhcp1", 42), None);
    // At a server, and at several.
    go(&mut console, &server_row("old1"));
    mark(&mut console, &[server_row("old1"), server_row("branch1")]);
    run(&mut console, "edit-server-options").expect("In 2 places");
    console.keys("<tab> \"4\" <tab> \"10.0.0.9\" <enter> <enter>");
    for on in ["old1", "branch1"] {
        assert!(
            config(&console, on)
                .options
                .get(&OptionKey::standard(4))
                .is_some()
        );
    }
}

#[test]
fn superscopes_come_and_go() {
    let mut console = on(&scope_row("dhcp1", "10.0.8.0/22"));
    says(
        run(&mut console, "remove-from-superscope"),
        "is in no superscope",
    );
    run(&mut console, "add-to-superscope")
        .keys("<enter>")
        .expect("Superscope name is needed");
    look(&console);
    says(console.keys("\"Floors\" <enter>"), "u takes it back");
    let held = |console: &Console| scope(console, "dhcp1", "10.0.8.0/22").unwrap().superscope;
    assert_eq!(held(&console).as_deref(), Some("Floors"));
    // Another scope joins the one that is there.
    go(&mut console, &scope_row("dhcp1", "10.0.16.0/24"));
    run(&mut console, "add-to-superscope").click("Use existing superscope");
    console.expect("Floors").keys("<enter>");
    assert_eq!(
        scope(&console, "dhcp1", "10.0.16.0/24")
            .unwrap()
            .superscope
            .as_deref(),
        Some("Floors")
    );
    go(
        &mut console,
        &Subject::Superscope(server("dhcp1"), "Floors".to_owned()),
    );
    run(&mut console, "rename-superscope")
        .keys("ctrl-u")
        .paste(&"x".repeat(257));
    console.keys("<enter>");
    said_below(&console, "Superscope name", "shorten it");
    console.keys("ctrl-u \"Storeys\" <enter>");
    assert_eq!(held(&console).as_deref(), Some("Storeys"));
    go(&mut console, &scope_row("dhcp1", "10.0.8.0/22"));
    run(&mut console, "remove-from-superscope");
    assert_eq!(held(&console), None);
    go(
        &mut console,
        &Subject::Superscope(server("dhcp1"), "Storeys".to_owned()),
    );
    run(&mut console, "delete-superscope");
    assert_eq!(
        scope(&console, "dhcp1", "10.0.16.0/24").unwrap().superscope,
        None
    );
}

#[test]
fn filters_are_added_moved_and_deleted() {
    let mut console = on(&server_row("dhcp1"));
    run(&mut console, "add-filter")
        .keys("<tab> \"zz\" <tab>")
        .expect("is no MAC address filter");
    console
        .keys("<backtab> ctrl-u \"00155d*\"")
        .expect("00-15-5D-*-*-*");
    console.keys("<enter>").expect("20093");
    look(&console);
    said_below(&console, "MAC Address  ", "20093");
    console.keys("ctrl-u \"aabbcc*\" <enter>");
    says(&mut console, "u takes it back");
    let pattern = "AA-BB-CC-*".parse().unwrap();
    let list = |console: &Console| {
        let config = config(console, "dhcp1");
        config.filters.get(&pattern).map(|filter| filter.list)
    };
    assert_eq!(list(&console), Some(FilterList::Allow));
    go(
        &mut console,
        &Subject::Filter(server("dhcp1"), pattern.clone()),
    );
    run(&mut console, "move-to-allow").expect("already");
    run(&mut console, "move-to-deny");
    assert_eq!(list(&console), Some(FilterList::Deny));
    run(&mut console, "delete-filter");
    assert_eq!(list(&console), None);
}

#[test]
fn policies_are_disabled_and_deleted() {
    let row = Subject::Policy(server("dhcp2"), None, "VoIP".to_owned());
    let mut console = on(&row);
    run(&mut console, "enable-policy").expect("is enabled already");
    run(&mut console, "move-policy-up").expect("first already");
    run(&mut console, "disable-policy").expect("u takes it back");
    assert!(!config(&console, "dhcp2").policies[0].enabled);
    run(&mut console, "delete-policy");
    look(&console);
    assert!(config(&console, "dhcp2").policies.is_empty());
}

#[test]
fn nothing_is_offered_where_nothing_may_be_written() {
    let access = twinscope::ipam::Access::read_only("it is the night shift's console");
    let mut console = Console::with_access(80, 24, access);
    console.act(Action::Jump(scope_row("dhcp1", "10.0.0.0/24")));
    for id in [
        "create-reservation",
        "edit-scope",
        "delete-scope",
        "paste-reservations",
    ] {
        says(run(&mut console, id), "night shift");
    }
}
