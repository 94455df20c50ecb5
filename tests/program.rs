//! The whole program, as an operator runs it: the seed's transcript, a drill, races, wrong input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

/// A fresh home, and the program in it.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.program();
        command.args(line.split_whitespace());
        command
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinscope"));
        command
            .env("TWINSCOPE_HOME", self.0.path())
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    fn try_run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Standard output of a line that must succeed.
    fn run(&self, line: &str) -> String {
        let output = self.try_run(line);
        assert!(output.status.success(), "{line}\n{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard error of a line that must fail with exit code 1.
    fn refused(&self, line: &str) -> String {
        let output = self.try_run(line);
        assert_eq!(output.status.code(), Some(1), "{line}\n{}", said(&output));
        String::from_utf8(output.stderr).unwrap()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The lines of a text, blank lines and trailing blanks aside.
fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect()
}

const FAILOVER: &str = "\
Name                : dhcp1.contoso.com-dc1.contoso.com
PartnerServer       : dc1.contoso.com
Mode                : LoadBalance
LoadBalancePercent  : 50
ServerRole          :
ReservePercent      :
MaxClientLeadTime   : 01:00:00
StateSwitchInterval :
State               : Normal
ScopeId             : 10.0.0.0
AutoStateTransition : False
EnableAuth          : False
";

const ONE_RESERVATION: &str = "\
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
";

const TWO_RESERVATIONS: &str = "\
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both
";

const ON_DHCP1: &str =
    "Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dhcp1.contoso.com";
const ON_DC1: &str = "Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dc1.contoso.com";

#[test]
fn guardrails_hold_in_cmdlets_and_in_ipams_commands() {
    let home = Home::new();
    let rule = |action: &str, effect: &str, more: &str| {
        format!("[[guardrail]]\naction = \"{action}\"\neffect = \"{effect}\"\n{more}\n")
    };
    let configure = |rules: &[String]| {
        std::fs::write(home.path().join("config.toml"), rules.concat()).unwrap();
    };
    configure(&[
        rule(
            "create",
            "deny",
            "reason = \"freeze\"\nscope = \"10.0.8.0/22\"",
        ),
        rule("delete", "confirm", "reason = \"look twice\""),
        rule("partner-down", "type-name", "reason = \"call the desk\""),
    ]);
    let add = "Add-DhcpServerv4Reservation -ScopeId 10.0.8.0 -IPAddress 10.0.8.105 -ClientId 00155DA76602";
    let refused = home.refused(add);
    assert!(
        refused.contains("a guardrail denies it") && refused.contains("freeze"),
        "{refused}"
    );
    let refused =
        home.refused("ipam create-reservation --ip 10.0.8.105 --client 00155DA76602 --yes");
    assert!(refused.contains("freeze"), "{refused}");
    // A question is answered by a switch, a name only by hand.
    home.run("ipam create-reservation --ip 10.0.0.105 --client 00155DA76602");
    let remove = "Remove-DhcpServerv4Reservation -IPAddress 10.0.0.105";
    let refused = home.refused(remove);
    assert!(
        refused.contains("look twice") && refused.contains("-Confirm:false"),
        "{refused}"
    );
    home.run(&format!("{remove} -Confirm:false"));
    let refused = home.refused("ipam delete-reservation --server dc1 --ip 10.0.0.105");
    assert!(refused.contains("--yes"), "{refused}");
    home.run("lab stop dc1");
    let pair = "dhcp1.contoso.com-dc1.contoso.com";
    for line in [
        format!("Set-DhcpServerv4Failover {pair} -PartnerDown -Force"),
        format!("ipam set-partner-down --relationship {pair} --yes"),
    ] {
        let refused = home.refused(&line);
        let asked = refused.contains("call the desk") && refused.contains("has to be typed");
        assert!(asked, "{line}: {refused}");
    }
    assert!(home.run("lab status").contains("CommunicationInterrupted"));
    configure(&["read_only = true\nread_only_reason = \"training\"\n".to_owned()]);
    let refused = home.refused("ipam create-reservation --ip 10.0.0.106 --client 00155DA76603");
    assert!(refused.contains("training"), "{refused}");
    // A rule about a server that is not there would protect nobody.
    configure(&[rule("create", "deny", "reason = \"x\"\nserver = \"dhpc1\"")]);
    let refused = home.refused("ipam servers");
    assert!(
        refused.contains("line 5, server: there is no server 'dhpc1'"),
        "{refused}"
    );
    configure(&[rule("create", "forbid", "reason = \"x\"")]);
    let refused = home.refused("ipam servers");
    assert!(
        refused.contains("line 3, effect: 'forbid' is no effect"),
        "{refused}"
    );
}

#[test]
fn the_seeds_transcript_holds() {
    let home = Home::new();
    let shows =
        |line: &str, expected: &str| assert_eq!(lines(&home.run(line)), lines(expected), "{line}");
    shows("Get-DhcpServerv4Failover", FAILOVER);
    shows(
        "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 00155DA76602",
        "",
    );
    shows(ON_DHCP1, TWO_RESERVATIONS);
    shows(ON_DC1, ONE_RESERVATION);
    shows(
        "Invoke-DhcpServerv4FailoverReplication -ComputerName dhcp1.contoso.com -ScopeId 10.0.0.0 -Force",
        "10.0.0.0",
    );
    shows(ON_DC1, TWO_RESERVATIONS);
    // The seed deletes the reservation from both servers off the page.
    shows("Remove-DhcpServerv4Reservation -IPAddress 10.0.0.100", "");
    shows(
        "Remove-DhcpServerv4Reservation -ComputerName DC1 -IPAddress 10.0.0.100",
        "",
    );
    shows(ON_DHCP1, ONE_RESERVATION);
    shows(ON_DC1, ONE_RESERVATION);
    // By IPAM it is on both at once.
    home.run("ipam create-reservation --ip 10.0.0.100 --client 00155DA76602");
    shows(ON_DHCP1, TWO_RESERVATIONS);
    shows(ON_DC1, TWO_RESERVATIONS);
    // And so is its undoing.
    home.run("ipam undo");
    shows(ON_DHCP1, ONE_RESERVATION);
    shows(ON_DC1, ONE_RESERVATION);
}

#[test]
fn a_dead_partner_leaves_out_of_sync_until_it_is_replicated() {
    let home = Home::new();
    home.run("lab stop dc1");
    let output = home.try_run("ipam create-reservation --ip 10.0.0.100 --client 00155DA76602");
    assert!(said(&output).contains("Out of sync"), "{}", said(&output));
    assert_eq!(output.status.code(), Some(1), "not all of it was done");
    assert_eq!(lines(&home.run(ON_DHCP1)), lines(TWO_RESERVATIONS));
    let row = |home: &Home| {
        let scopes = home.run("ipam scopes");
        let row = scopes
            .lines()
            .find(|row| row.contains(" dhcp1.contoso.com ") && row.contains(" 10.0.0.0 "));
        row.unwrap_or_else(|| panic!("no such row:\n{scopes}"))
            .to_owned()
    };
    assert!(
        row(&home).contains("Out of sync"),
        "it survives the process"
    );
    home.run("lab start dc1");
    assert!(
        row(&home).contains("Out of sync"),
        "starting the partner alone mends nothing"
    );
    assert!(row(&home).contains("differs"));
    home.run("Invoke-DhcpServerv4FailoverReplication -ScopeId 10.0.0.0 -Force");
    assert!(
        !row(&home).contains("Out of sync") && row(&home).contains("same"),
        "{}",
        row(&home)
    );
    assert_eq!(lines(&home.run(ON_DC1)), lines(TWO_RESERVATIONS));
}

#[test]
fn one_dead_partner_keeps_no_other_from_its_copy() {
    let home = Home::new();
    home.run("Add-DhcpServerv4Failover R3 10.0.8.0 dhcp3");
    for (scope, address) in [("10.0.0.0", "10.0.0.150"), ("10.0.8.0", "10.0.8.150")] {
        home.run(&format!(
            "Add-DhcpServerv4Reservation {scope} {address} 001122"
        ));
    }
    home.run("lab stop dhcp3");
    for line in [
        "ipam replicate --yes",
        "Invoke-DhcpServerv4FailoverReplication -Force",
    ] {
        assert!(home.refused(line).contains("dhcp3"), "{line}");
        assert!(home.run(ON_DC1).contains("10.0.0.150"), "{line}");
    }
}

#[test]
fn the_sample_anew_is_remembered_as_new() {
    let home = Home::new();
    home.run("lab stop dc1");
    home.try_run("ipam create-reservation --ip 10.0.0.100 --client 00155DA76602");
    home.run("lab reset");
    assert!(!home.run("ipam scopes").contains("Out of sync"));
    assert!(home.refused("ipam undo").contains("nothing to undo"));
}

#[test]
fn clearing_a_config_sync_error_is_the_operators_word() {
    let home = Home::new();
    home.run("lab stop dc1");
    home.try_run("ipam create-reservation --ip 10.0.0.100 --client 00155DA76602");
    home.run("ipam clear-config-sync-error --scope 10.0.0.0 --yes");
    assert!(!home.run("ipam scopes").contains("Out of sync"));
}

#[test]
fn a_drill_goes_through_to_normal() {
    let home = Home::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    let state = |server: &str| {
        let text = home.run(&format!(
            "Get-DhcpServerv4Failover -ComputerName {server} -Name {name}"
        ));
        let line = text
            .lines()
            .find(|line| line.starts_with("State "))
            .unwrap()
            .to_owned();
        line.split(": ").nth(1).unwrap().trim().to_owned()
    };
    let partner_down = format!("Set-DhcpServerv4Failover -Name {name} -PartnerDown -Force");
    assert_eq!(state("dhcp1"), "Normal");
    home.refused(&partner_down);
    // While the partner lives, only force does it.
    home.run("lab cut dhcp1 dc1");
    let told = format!("ipam set-partner-down --relationship {name} --yes");
    let refused = home.refused(&told);
    assert!(
        refused.contains("DON'T: the partner is alive") && refused.contains("--force"),
        "{refused}"
    );
    assert_eq!(state("dhcp1"), "CommunicationInterrupted");
    home.run("lab join dhcp1 dc1");
    home.run("lab stop dc1");
    assert_eq!(state("dhcp1"), "CommunicationInterrupted");
    home.run(&partner_down);
    assert_eq!(state("dhcp1"), "PartnerDown");
    home.run("lab start dc1");
    assert_eq!(
        state("dc1"),
        "RecoverWait",
        "it was away for less than MCLT"
    );
    assert_eq!(
        state("dhcp1"),
        "PartnerDown",
        "the survivor works on meanwhile"
    );
    home.run("lab pass 1h");
    assert_eq!(state("dc1"), "Normal");
    assert_eq!(state("dhcp1"), "Normal");
    home.run("lab cut dhcp1 dc1");
    assert_eq!(state("dc1"), "CommunicationInterrupted");
    home.run("lab join dhcp1 dc1");
    assert_eq!(state("dc1"), "Normal");
}

#[test]
fn racing_processes_lose_nothing() {
    let home = Home::new();
    home.run("Get-DhcpServerVersion");
    let mut children = Vec::new();
    // Eight want the same address, eight an address each of two scopes of one server.
    for number in 0..8 {
        let same = format!(
            "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 02000000010{number}"
        );
        let own = format!(
            "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.11{number} -ClientId 02000000020{number}"
        );
        for line in [same, own] {
            let child = home
                .command(&line)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            children.push((line, child));
        }
    }
    let mut winners = 0;
    for (line, child) in children {
        let output = child.wait_with_output().unwrap();
        if line.contains("10.0.0.100 ") {
            match output.status.code() {
                Some(0) => winners += 1,
                _ => assert!(said(&output).contains("10.0.0.100"), "{}", said(&output)),
            }
        } else {
            assert!(output.status.success(), "{line}\n{}", said(&output));
        }
    }
    assert_eq!(winners, 1);
    let reservations = home.run("Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 --output csv");
    assert_eq!(
        reservations.lines().count(),
        1 + 1 + 1 + 8,
        "{reservations}"
    );
}

#[test]
fn killed_at_any_moment_the_home_still_opens() {
    let home = Home::new();
    home.run("Get-DhcpServerVersion");
    for round in 0..12 {
        let line = format!(
            "ipam create-reservation --ip 10.0.0.{} --client 0200000003{:02x}",
            120 + round,
            round
        );
        let mut child = home
            .command(&line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4 * round));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // Whatever was left behind is reported once, and then there is nothing more to report.
    home.run("ipam scopes");
    let again = home.try_run("ipam scopes");
    // (Why a row is Out of sync is said every time, and that may be an interruption too.)
    assert!(
        !String::from_utf8_lossy(&again.stderr).contains("was interrupted"),
        "{}",
        said(&again)
    );
    // What is on the partner is on this server: this server is written first.
    let addresses = |line: &str| -> Vec<String> {
        let text = home.run(&format!("{line} --output csv"));
        text.lines()
            .skip(1)
            .map(|row| row.split(',').next().unwrap().to_owned())
            .collect()
    };
    let (here, there) = (addresses(ON_DHCP1), addresses(ON_DC1));
    assert!(
        there.iter().all(|address| here.contains(address)),
        "{here:?} {there:?}"
    );
    home.run("Invoke-DhcpServerv4FailoverReplication -ScopeId 10.0.0.0 -Force");
    assert_eq!(addresses(ON_DC1), here);
}

#[test]
fn state_files_are_the_operators_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.run("ipam create-reservation --ip 10.0.0.100 --client 00155DA76602");
    let mut seen = 0;
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "the two databases");
}

#[test]
fn wrong_input_gets_a_sentence() {
    let home = Home::new();
    for (line, part) in [
        ("Get-DhcpServerv4Scop", "Get-DhcpServerv4Scope"),
        ("Get-DhcpServerv4Reservation -ScopId 10.0.0.0", "ScopeId"),
        ("Get-DhcpServerv4Scope 10.0.0", "10.0.0"),
        ("Get-DhcpServerv4Scope 10.99.0.0", "20005"),
        ("Get-DhcpServerv4Scope -ComputerName nowhere", "nowhere"),
        ("Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.100 zz", "zz"),
        (
            "Add-DhcpServerv4Reservation 10.0.0.0 10.9.0.100 00155DA76602",
            "20018",
        ),
        (
            "Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.99 00155DA76602",
            "20022",
        ),
        (
            "Add-DhcpServerv4Scope 10.9.0.9 10.9.0.1 255.255.255.0 x",
            "10.9.0.9",
        ),
        (
            "Add-DhcpServerv4Scope 10.9.0.1 10.9.0.9 255.0.255.0 x",
            "255.0.255.0",
        ),
        (
            "Add-DhcpServerv4Scope 10.0.0.1 10.0.0.9 255.255.255.0 x",
            "20052",
        ),
        ("Set-DhcpServerv4Scope 10.0.0.0 -Delay 1001", "20092"),
        ("Remove-DhcpServerv4Scope 10.0.0.0 -Force", "20113"),
        (
            "Set-DhcpServerv4Failover dhcp1.contoso.com-dc1.contoso.com -LoadBalancePercent 101",
            "101",
        ),
        (
            "ipam create-reservation --ip 10.0.0.300 --client 00155DA76602",
            "10.0.0.300",
        ),
        ("ipam create-reservation --ip 10.0.0.100 --client 0", "0"),
        ("ipam undo 999", "999"),
        ("lab stop nowhere", "nowhere"),
        ("lab stop", "<SERVER>"),
        ("lab pass soon", "soon"),
        ("completions cobol", "cobol"),
        ("no-such", "no-such"),
        ("--no-such", "--no-such"),
    ] {
        let sentence = home.refused(line);
        assert!(sentence.contains(part), "{line}: {sentence}");
        assert!(!sentence.contains("panicked"), "{line}: {sentence}");
    }
}

#[test]
fn a_broken_configuration_or_file_gets_a_sentence() {
    let home = Home::new();
    std::fs::write(
        home.path().join("config.toml"),
        "[[server]]\nname = \"a\"\nkind = \"isc\"\n",
    )
    .unwrap();
    let sentence = home.refused("Get-DhcpServerv4Scope");
    assert!(
        sentence.contains("config.toml, line 3, kind: "),
        "{sentence}"
    );
    let home = Home::new();
    std::fs::write(
        home.path().join("estate.sqlite"),
        "this is no database, and long enough not to be one",
    )
    .unwrap();
    let sentence = home.refused("Get-DhcpServerv4Scope");
    assert!(sentence.contains("estate.sqlite"), "{sentence}");
    let home = Home::new();
    std::fs::write(
        home.path().join("ipam.sqlite"),
        "this is no database, and long enough not to be one",
    )
    .unwrap();
    let sentence = home.refused("Get-DhcpServerv4Scope");
    assert!(sentence.contains("ipam.sqlite"), "{sentence}");
}

#[test]
fn rows_are_taken_from_standard_input() {
    let home = Home::new();
    let mut child = home
        .command("Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let rows = "IPAddress,ClientId,Name\n10.0.0.101,00155DA76603,one\n10.0.0.99,00155DA76604,taken\n10.0.0.102,0015.5da7.6605,two\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(rows.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "one of the three is taken");
    assert!(said(&output).contains("20022"), "{}", said(&output));
    let csv = home.run("Get-DhcpServerv4Reservation 10.0.0.0 --output csv");
    assert!(
        csv.contains("10.0.0.101") && csv.contains("10.0.0.102"),
        "{csv}"
    );
}

#[test]
fn views_can_be_read_by_programs() {
    let home = Home::new();
    for view in ["servers", "scopes", "relationships"] {
        let text = home.run(&format!("ipam {view} --output json"));
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(rows.as_array().unwrap().len() > 2, "{text}");
    }
    let csv = home.run("ipam relationships -o csv");
    assert!(
        csv.starts_with("\"Relationship Name\"") || csv.starts_with("Relationship Name"),
        "{csv}"
    );
}

#[test]
fn help_completions_and_manual_come_from_one_table() {
    let home = Home::new();
    assert!(home.refused("").contains("the console needs a terminal"));
    assert!(home.run("--help").contains("Get-DhcpServerv4Failover"));
    assert!(home.run("cmdlets").lines().count() > 40);
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            home.run(&format!("completions {shell}"))
                .contains("Get-DhcpServerv4Scope")
        );
    }
    assert!(home.run("man").contains(".TH"));
    assert!(home.run("check").contains("dhcp1.contoso.com: Running"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn any_command_line_ends_with_0_or_1(
        words in proptest::collection::vec(
            prop_oneof![
                Just("Get-DhcpServerv4Scope".to_owned()),
                Just("Add-DhcpServerv4Reservation".to_owned()),
                Just("Set-DhcpServerv4OptionValue".to_owned()),
                Just("-ScopeId".to_owned()),
                Just("-WhatIf".to_owned()),
                Just("10.0.0.0".to_owned()),
                Just("ipam".to_owned()),
                Just("lab".to_owned()),
                "[-a-zA-Z0-9.:,$\u{1b}é ]{0,12}",
            ],
            0..6,
        )
    ) {
        let home = Home::new();
        let output = home.program().args(&words).output().unwrap();
        prop_assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}: {}", words, said(&output));
        prop_assert!(!said(&output).contains("panicked"), "{:?}: {}", words, said(&output));
        prop_assert!(!String::from_utf8_lossy(&output.stderr).contains('\u{1b}'), "{:?}", words);
    }
}

#[test]
fn embedded_servers_go_by_their_short_names_in_the_configuration() {
    let home = Home::new();
    let configure = |name: &str| {
        let text = format!("[[server]]\nkind = \"embedded\"\nname = \"{name}\"\n");
        std::fs::write(home.path().join("config.toml"), text).unwrap();
    };
    configure("dc1");
    assert!(home.run("check").contains("dc1.contoso.com: Running"));
    configure("dc9");
    let sentence = home.refused("check");
    assert!(
        sentence.contains("config.toml, line 3, name: "),
        "{sentence}"
    );
}
