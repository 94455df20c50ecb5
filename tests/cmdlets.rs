//! The cmdlets end to end, on the sample estate in a home of their own: the seed's transcript,
//! round trips, questions, errors, rows, and that no line makes them panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::ffi::OsString;
use std::sync::{Mutex, MutexGuard, OnceLock};

use proptest::prelude::*;
use twinscope::clock::Clock;
use twinscope::cmdlets::{self, Console};
use twinscope::config::{Configuration, Home};
use twinscope::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};
use twinscope::ipam::{Cancel, Ended, Ipam, Progress};
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::{Edit, Reservation, ServerName};

struct House {
    home: Home,
    clock: Clock,
    ipam: Ipam,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

struct Ran {
    code: u8,
    out: String,
    err: String,
}

impl House {
    fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let clock = Clock::manual("2026-03-02T09:00:00Z".parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let ipam = {
            let _inside = runtime.enter();
            Ipam::open(&home, &Configuration::default(), clock.clone(), "tester").unwrap()
        };
        House {
            home,
            clock,
            ipam,
            runtime,
            _folder: folder,
        }
    }

    fn lab(&self, command: &LabCommand) {
        EmbeddedEstate::open(&self.home.estate_file(), self.clock.clone())
            .unwrap()
            .lab(command)
            .unwrap();
    }

    fn words(&self, words: &[String], input: &str, interactive: bool) -> Ran {
        let line: Vec<OsString> = words.iter().map(OsString::from).collect();
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut input = input.as_bytes();
        let code = self
            .runtime
            .block_on(cmdlets::run(
                &self.ipam,
                &line,
                &mut Console {
                    input: &mut input,
                    output: &mut output,
                    errors: &mut errors,
                    interactive,
                },
            ))
            .unwrap();
        Ran {
            code,
            out: String::from_utf8(output).unwrap(),
            err: String::from_utf8(errors).unwrap(),
        }
    }

    fn run(&self, line: &str) -> Ran {
        self.words(&split(line), "", false)
    }

    /// Runs a line that must succeed, and gives what it printed.
    fn good(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}\n{}", ran.err);
        ran.out
    }

    /// Runs a line that must fail, and gives what it said.
    fn bad(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, 1, "{line}\n{}", ran.out);
        assert!(!ran.err.is_empty(), "{line}");
        ran.err
    }

    fn json(&self, line: &str) -> serde_json::Value {
        serde_json::from_str(&self.good(&format!("{line} --output json"))).unwrap()
    }
}

/// Words as a shell would give them: blanks part them, quotation marks hold them together.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut mark, mut there) = (Vec::new(), String::new(), None, false);
    for character in line.chars() {
        match (mark, character) {
            (Some(open), c) if c == open => mark = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                mark = Some(character);
                there = true;
            }
            (None, ' ') => {
                if there {
                    words.push(std::mem::take(&mut word));
                }
                there = false;
            }
            (None, c) => {
                word.push(c);
                there = true;
            }
        }
    }
    if there {
        words.push(word);
    }
    words
}

fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect()
}

/// Prompts 1 to 6 of the seed with what they print.
const FIRST: &str = "\
PS C:\\> Get-DhcpServerv4Failover
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
PS C:\\> Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 00155DA76602
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dhcp1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dc1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
PS C:\\> Invoke-DhcpServerv4FailoverReplication -ComputerName dhcp1.contoso.com -ScopeId 10.0.0.0 -Force
10.0.0.0
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dc1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both
";

/// Prompts 7 and 8.
const AFTER_DELETION: &str = "\
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dhcp1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dc1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
";

/// Prompts 9 and 10.
const AFTER_IPAM: &str = "\
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dhcp1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both
PS C:\\> Get-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ComputerName dc1.contoso.com
IPAddress            ScopeId              ClientId             Name                 Type                 Description
---------            -------              --------             ----                 ----                 -----------
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both
";

/// Types every prompt of a transcript, and compares what is printed, blank lines and trailing
/// blanks aside.
fn follow(house: &House, transcript: &str) {
    for part in transcript.split("PS C:\\> ").skip(1) {
        let (typed, printed) = part.split_once('\n').unwrap();
        let out = house.good(typed);
        assert_eq!(lines(&out), lines(printed), "{typed}");
    }
}

#[test]
fn the_seeds_transcript_holds() {
    let house = House::new();
    follow(&house, FIRST);
    for server in ["dhcp1.contoso.com", "dc1"] {
        house.good(&format!(
            "Remove-DhcpServerv4Reservation -IPAddress 10.0.0.100 -ComputerName {server}"
        ));
    }
    follow(&house, AFTER_DELETION);
    let intent = Intent::Change {
        server: ServerName::new("dhcp1.contoso.com"),
        edits: vec![Edit::AddReservation {
            scope: "10.0.0.0/24".parse().unwrap(),
            reservation: Reservation::new(
                "10.0.0.100".parse().unwrap(),
                "00155DA76602".parse().unwrap(),
            ),
        }],
        reach: Reach::Pair,
    };
    let ended = house.runtime.block_on(async {
        let plan = house.ipam.plan(intent).await.unwrap();
        let (progress, cancel) = (Progress::none(), Cancel::new());
        house.ipam.carry_out(plan, &progress, &cancel).await.ended
    });
    assert_eq!(ended, Ended::Done);
    follow(&house, AFTER_IPAM);
}

#[test]
fn reservations_go_round() {
    let house = House::new();
    let passed = house.good(
        "add-dhcpserverv4reservation 10.0.0.0 10.0.0.120 00:15:5d:00:00:01 -Name printer -Type dhcp -Description 'second floor' -PassThru",
    );
    assert!(passed.contains("10.0.0.120           10.0.0.0             00-15-5d-00-00-01    printer              Dhcp                 second floor"), "{passed}");
    house.good(
        "Set-DhcpServerv4Reservation 10.0.0.120 -Name plotter -ClientId 00155d000002 -Type Both",
    );
    let shown = house.json("Get-DhcpServerv4Reservation -IPAddress 10.0.0.120");
    assert_eq!(shown[0]["Name"], "plotter");
    assert_eq!(shown[0]["ClientId"], "00-15-5d-00-00-02");
    assert_eq!(shown[0]["AddressState"], "InactiveReservation");
    let by_client = house.json("Get-DhcpServerv4Reservation 10.0.0.0 00155d000002");
    assert_eq!(by_client[0]["IPAddress"], "10.0.0.120");
    house.good("Remove-DhcpServerv4Reservation -ScopeId 10.0.0.0 -ClientId 0015.5d00.0002");
    let err = house.bad("Get-DhcpServerv4Reservation -IPAddress 10.0.0.120");
    assert!(
        err.contains("DHCP 20018,Get-DhcpServerv4Reservation"),
        "{err}"
    );
    // The others are given all the same.
    let ran = house.run("Get-DhcpServerv4Reservation -IPAddress 10.0.0.120, 10.0.0.99");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("10.0.0.99"));
}

#[test]
fn scopes_go_round() {
    let house = House::new();
    house.good(
        "Add-DhcpServerv4Scope -StartRange 10.9.0.10 -EndRange 10.9.0.200 -SubnetMask 255.255.255.0 -Name 'A rather long name' -LeaseDuration 12:00:00 -State InActive -Delay 5",
    );
    let table = house.good("Get-DhcpServerv4Scope 10.9.0.0");
    assert_eq!(
        lines(&table),
        [
            "ScopeId         SubnetMask      Name           State    StartRange      EndRange        LeaseDuration",
            "-------         ----------      ----           -----    ----------      --------        -------------",
            "10.9.0.0        255.255.255.0   A rather lo... InActive 10.9.0.10       10.9.0.200      12:00:00",
        ]
    );
    house.good("Set-DhcpServerv4Scope 10.9.0.0 -State Active -Name x -StartRange 10.9.0.5 -EndRange 10.9.0.220 -SuperscopeName s");
    let shown = house.json("Get-DhcpServerv4Scope 10.9.0.0");
    assert_eq!(shown[0]["State"], "Active");
    assert_eq!(shown[0]["StartRange"], "10.9.0.5");
    assert_eq!(shown[0]["SuperscopeName"], "s");
    assert_eq!(
        house.json("Get-DhcpServerv4Superscope s")[0]["ScopeId"][0],
        "10.9.0.0"
    );
    house.good("Rename-DhcpServerv4Superscope s t");
    house.good("Remove-DhcpServerv4Superscope t");
    house.bad("Get-DhcpServerv4Superscope t");
    house.good("Add-DhcpServerv4Superscope u 10.9.0.0, 10.0.16.0");
    assert_eq!(
        house.json("Get-DhcpServerv4SuperscopeStatistics u")[0]["NumberOfScopes"],
        2
    );
    let err = house.bad("Add-DhcpServerv4Superscope v 10.9.0.0");
    assert!(
        err.contains("DHCP 20004,") && err.contains("-Force"),
        "{err}"
    );
    house.good("Add-DhcpServerv4Superscope v 10.9.0.0 -Force");
    house.good("Remove-DhcpServerv4Scope 10.9.0.0");
    let err = house.bad("Get-DhcpServerv4Scope 10.9.0.0");
    assert_eq!(
        lines(&err)[0],
        "Get-DhcpServerv4Scope : Failed to get scope information for scope 10.9.0.0 on DHCP server dhcp1.contoso.com."
    );
    assert!(err.contains("    + CategoryInfo          : ObjectNotFound: (10.9.0.0:DhcpServerv4Scope) [Get-DhcpServerv4Scope], CimException\n    + FullyQualifiedErrorId : DHCP 20005,Get-DhcpServerv4Scope\n"));
}

#[test]
fn a_scope_with_leases_needs_force() {
    let house = House::new();
    let err = house.bad("Remove-DhcpServerv4Scope 10.0.8.0");
    assert!(
        err.contains("DHCP 20007,") && err.contains("-Force"),
        "{err}"
    );
    house.good("Get-DhcpServerv4Scope 10.0.8.0");
    house.good("Remove-DhcpServerv4Scope 10.0.8.0 -Force");
    house.bad("Get-DhcpServerv4Scope 10.0.8.0");
    let err = house.bad("Remove-DhcpServerv4Scope 10.0.0.0 -Force");
    assert!(err.contains("DHCP 20113,"), "{err}");
}

#[test]
fn exclusions_options_filters_policies_and_settings_go_round() {
    let house = House::new();
    house.good("Add-DhcpServerv4ExclusionRange 10.0.16.0 10.0.16.20 10.0.16.30");
    let err = house.bad("Add-DhcpServerv4ExclusionRange 10.0.16.0 10.0.16.20 10.0.16.30");
    assert!(err.contains("Failed to add exclusion range with start range 10.0.16.20 and end range 10.0.16.30 to scope 10.0.16.0 on DHCP server dhcp1.contoso.com."), "{err}");
    assert!(
        err.contains("InvalidData:") && err.contains("DHCP 20023,"),
        "{err}"
    );
    let table = house.good("Get-DhcpServerv4ExclusionRange 10.0.16.0");
    assert!(table.contains("10.0.16.0 10.0.16.20 10.0.16.30"), "{table}");
    house.good("Remove-DhcpServerv4ExclusionRange 10.0.16.0");
    assert_eq!(house.good("Get-DhcpServerv4ExclusionRange 10.0.16.0"), "");

    house.good("Set-DhcpServerv4OptionValue -ScopeId 10.0.16.0 -Router 10.0.16.1 -DnsServer 10.0.0.11, 10.0.0.12 -DnsDomain contoso.com");
    let shown = house.json("Get-DhcpServerv4OptionValue 6 10.0.16.0");
    assert_eq!(shown[0]["Value"][1], "10.0.0.12");
    house.good("Set-DhcpServerv4OptionValue -OptionId 42 -Value 10.0.0.1,10.0.0.2");
    house.good("Remove-DhcpServerv4OptionValue -OptionId 42");
    let err = house.bad("Get-DhcpServerv4OptionValue -OptionId 42");
    assert!(err.contains("Failed to get option value of 42 on DHCP server dhcp1.contoso.com."));
    assert!(
        err.contains("ObjectNotFound:") && err.contains("DHCP 20010,"),
        "{err}"
    );
    house.good("Set-DhcpServerv4OptionValue -ReservedIP 10.0.0.99 -OptionId 12 -Value host");
    assert_eq!(
        house.json("Get-DhcpServerv4OptionValue -ReservedIP 10.0.0.99 -OptionId 12")[0]["Value"][0],
        "host"
    );
    assert_eq!(
        house.json("Get-DhcpServerv4OptionDefinition 3")[0]["Name"],
        "Router"
    );

    house.good("Add-DhcpServerv4Filter Deny AA-BB-CC-*, 00-11-22-33-44-55 -Description x");
    let shown = house.good("Get-DhcpServerv4Filter -List Deny");
    assert!(shown.contains("AA-BB-CC-*-*-*"), "{shown}");
    let err = house.bad("Add-DhcpServerv4Filter Allow AA-BB-CC-*");
    assert!(err.contains("DHCP 20093,"), "{err}");
    house.good("Add-DhcpServerv4Filter Allow AA-BB-CC-* -Force");
    house.good("Remove-DhcpServerv4Filter AA-BB-CC-*,001122334455");
    house.good("Set-DhcpServerv4FilterList -Deny $true");
    assert_eq!(house.json("Get-DhcpServerv4FilterList")[0]["Deny"], true);

    house.good("Add-DhcpServerv4Policy p Or -ScopeId 10.0.16.0 -MacAddress EQ,AA*,BB* -LeaseDuration 01:00:00");
    house.good("Add-DhcpServerv4PolicyIPRange p 10.0.16.0 10.0.16.40 10.0.16.50");
    house.good(
        "Set-DhcpServerv4Policy p 10.0.16.0 -Description d -Enabled:false -ProcessingOrder 1",
    );
    let shown = house.json("Get-DhcpServerv4Policy p 10.0.16.0");
    assert_eq!(
        shown[0]["MacAddress"],
        serde_json::json!(["EQ", "AA*", "BB*"])
    );
    assert_eq!(shown[0]["Enabled"], false);
    assert_eq!(
        house.json("Get-DhcpServerv4PolicyIPRange 10.0.16.0")[0]["EndRange"],
        "10.0.16.50"
    );
    house.good("Remove-DhcpServerv4PolicyIPRange p 10.0.16.0");
    house.good("Remove-DhcpServerv4Policy p 10.0.16.0");
    let err = house.bad("Get-DhcpServerv4Policy p 10.0.16.0");
    assert!(err.contains("DHCP 20111,"), "{err}");

    house.good("Set-DhcpServerSetting -ConflictDetectionAttempts 2");
    assert!(
        house
            .good("Get-DhcpServerSetting")
            .contains("ConflictDetectionAttempts : 2")
    );
    house.good("Set-DhcpServerAuditLog $false D:\\logs");
    assert_eq!(house.json("Get-DhcpServerAuditLog")[0]["Enable"], false);
    house.good(
        "Set-DhcpServerv4DnsSetting -ScopeId 10.0.16.0 -DynamicUpdates Always -DnsSuffix x.test",
    );
    assert_eq!(
        house.json("Get-DhcpServerv4DnsSetting 10.0.16.0")[0]["DynamicUpdates"],
        "Always"
    );
    assert_eq!(
        house.json("Get-DhcpServerv4DnsSetting")[0]["DynamicUpdates"],
        "OnClientRequest"
    );
}

#[test]
fn leases_and_statistics_are_shown() {
    let house = House::new();
    let table = house.good("Get-DhcpServerv4Lease 10.0.0.0");
    assert!(lines(&table)[0].starts_with("IPAddress       ScopeId         ClientId             HostName             AddressState         LeaseExpiryTime"), "{table}");
    let active = house.json("Get-DhcpServerv4Lease 10.0.0.0");
    let all = house.json("Get-DhcpServerv4Lease 10.0.0.0 -AllLeases");
    let states = |leases: &serde_json::Value| -> Vec<String> {
        let leases = leases.as_array().unwrap().iter();
        leases
            .map(|lease| lease["AddressState"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(
        states(&active)
            .iter()
            .all(|state| state.starts_with("Active"))
    );
    assert!(states(&all).len() >= states(&active).len());
    let address = active[0]["IPAddress"].as_str().unwrap().to_owned();
    house.good(&format!("Remove-DhcpServerv4Lease -IPAddress {address}"));
    house.bad(&format!("Get-DhcpServerv4Lease -IPAddress {address}"));
    house.good("Get-DhcpServerv4Lease -BadLeases");

    let table = house.good("Get-DhcpServerv4ScopeStatistics");
    assert!(lines(&table)[0].starts_with("ScopeId          Free            InUse           PercentageInUse  Reserved        Pending         SuperscopeName"), "{table}");
    let split = house.good("Get-DhcpServerv4ScopeStatistics -Failover");
    assert!(split.contains("AddressesFreeOnPartnerServer"), "{split}");
    let err = house.bad("Get-DhcpServerv4ScopeStatistics 10.0.16.0 -Failover");
    assert!(err.contains("DHCP 20116,"), "{err}");
    assert!(
        house
            .good("Get-DhcpServerv4Statistics")
            .contains("TotalScopes")
    );
    assert_eq!(
        lines(&house.good("Get-DhcpServerVersion"))[2]
            .split_whitespace()
            .count(),
        2
    );
    assert!(house.good("Get-DhcpServerInDC").contains("dc1.contoso.com"));
    let free = house.good("Get-DhcpServerv4FreeIPAddress 10.0.16.0 -NumAddress 3");
    assert_eq!(free.lines().count(), 3);
    assert!(free.lines().all(|line| line.starts_with("10.0.16.")));
}

#[test]
fn failover_cmdlets_touch_both_servers() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    house.good("Add-DhcpServerv4Failover -Name second -ScopeId 10.0.16.0 -PartnerServer dc1 -ServerRole Standby -ReservePercent 10 -StateSwitchInterval 00:30:00 -MaxClientLeadTime 2:00:00");
    let here = house.json("Get-DhcpServerv4Failover second");
    assert_eq!(here[0]["ServerRole"], "Standby");
    assert_eq!(here[0]["ServerType"], "PrimaryServer");
    assert_eq!(here[0]["AutoStateTransition"], true);
    let there = house.json("Get-DhcpServerv4Failover second -ComputerName dc1");
    assert_eq!(there[0]["ServerRole"], "Active");
    assert_eq!(there[0]["PartnerServer"], "dhcp1.contoso.com");
    house.good("Get-DhcpServerv4Scope 10.0.16.0 -ComputerName dc1");
    house.clock.advance(jiff::SignedDuration::from_mins(5));

    house.good("Set-DhcpServerv4Failover second -ReservePercent 20 -AutoStateTransition:$false");
    let there = house.json("Get-DhcpServerv4Failover second -ComputerName dc1");
    assert_eq!(there[0]["ReservePercent"], 20);
    assert_eq!(there[0]["AutoStateTransition"], false);
    let err = house.bad("Set-DhcpServerv4Failover second -LoadBalancePercent 20");
    assert!(err.contains("-Mode LoadBalance"), "{err}");
    let err = house.bad("Set-DhcpServerv4Failover second -Mode LoadBalance");
    assert!(err.contains("-Force"), "{err}");
    house.good("Set-DhcpServerv4Failover second -Mode LoadBalance -LoadBalancePercent 70 -Force");
    let there = house.json("Get-DhcpServerv4Failover second -ComputerName dc1");
    assert_eq!(there[0]["LoadBalancePercent"], 30);
    let err = house.bad("Set-DhcpServerv4Failover second -SharedSecret s3cret");
    assert!(
        err.contains("clear text") && !err.contains("s3cret"),
        "{err}"
    );
    house.good("Set-DhcpServerv4Failover second -SharedSecret s3cret -Confirm:false");
    assert_eq!(
        house.json("Get-DhcpServerv4Failover second")[0]["EnableAuth"],
        true
    );
    house.good("Set-DhcpServerv4Failover second -SharedSecret ''");
    assert_eq!(
        house.json("Get-DhcpServerv4Failover second")[0]["EnableAuth"],
        false
    );

    let err = house.bad("Remove-DhcpServerv4FailoverScope second 10.0.16.0");
    assert!(
        err.contains("what dc1.contoso.com holds of it is deleted") && err.contains("-Force"),
        "{err}"
    );
    house.good("Get-DhcpServerv4Scope 10.0.16.0 -ComputerName dc1");
    house.good("Remove-DhcpServerv4FailoverScope second 10.0.16.0 -Confirm:false");
    house.bad("Get-DhcpServerv4Scope 10.0.16.0 -ComputerName dc1");
    let empty = house.good("Get-DhcpServerv4Failover second");
    assert!(lines(&empty).contains(&"ScopeId             :"), "{empty}");
    let err = house.bad("Remove-DhcpServerv4FailoverScope second 10.0.0.0");
    assert!(err.contains("DHCP 20116,"), "{err}");
    house.good("Add-DhcpServerv4FailoverScope second 10.0.16.0");
    house.good("Get-DhcpServerv4Scope 10.0.16.0 -ComputerName dc1");

    let ran = house.words(&split("Remove-DhcpServerv4Failover second"), "n\n", true);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("(default is \"N\")") && ran.err.contains("Nothing was done."));
    let ran = house.words(&split("Remove-DhcpServerv4Failover second"), "y\n", true);
    assert_eq!(ran.code, 0, "{}", ran.err);
    house.bad("Get-DhcpServerv4Failover second -ComputerName dc1");
    house.good("Get-DhcpServerv4Scope 10.0.16.0");
    let err = house.bad("Get-DhcpServerv4Failover -ScopeId 10.0.16.0");
    assert!(err.contains(
        "Failed to get failover relationship for scope 10.0.16.0 on DHCP server dhcp1.contoso.com."
    ));
    assert!(
        err.contains("ObjectNotFound:") && err.contains("DHCP 20116,"),
        "{err}"
    );
    let err = house.bad(&format!("Add-DhcpServerv4Failover {name} 10.0.16.0 dc1"));
    assert!(err.contains("DHCP 20114,"), "{err}");
    let err = house.bad("Add-DhcpServerv4Failover x 10.0.16.0 nowhere");
    assert!(err.contains("DHCP 20124,"), "{err}");
}

#[test]
fn partner_down_is_ordered_on_the_survivor() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    house.lab(&LabCommand::Stop("dc1.contoso.com".into()));
    house.clock.advance(jiff::SignedDuration::from_mins(10));
    let err = house.bad("Get-DhcpServerv4Scope -ComputerName dc1");
    assert!(
        err.contains("ResourceUnavailable:") && err.contains("DHCP 1722,"),
        "{err}"
    );
    let state = |house: &House| house.json("Get-DhcpServerv4Failover")[0]["State"].clone();
    assert_eq!(state(&house), "CommunicationInterrupted");
    let err = house.bad(&format!("Set-DhcpServerv4Failover {name} -PartnerDown"));
    assert!(err.contains("-Force"), "{err}");
    house.good(&format!(
        "Set-DhcpServerv4Failover {name} -PartnerDown -Force"
    ));
    assert_eq!(state(&house), "PartnerDown");
    let err = house.bad("Invoke-DhcpServerv4FailoverReplication -ScopeId 10.0.0.0 -Force");
    assert!(err.contains("Failed to replicate"), "{err}");
}

#[test]
fn partner_down_is_refused_against_the_evidence() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    house.lab(&LabCommand::Cut("dhcp1".into(), "dc1".into()));
    house.clock.advance(jiff::SignedDuration::from_mins(10));
    let line = format!("Set-DhcpServerv4Failover {name} -PartnerDown");
    let err = house.bad(&format!("{line} -Confirm:false"));
    assert!(
        err.contains("DON'T: the partner is alive") && err.contains("-Force does it"),
        "{err}"
    );
    let state = |house: &House| house.json("Get-DhcpServerv4Failover")[0]["State"].clone();
    assert_eq!(state(&house), "CommunicationInterrupted");
    house.lab(&LabCommand::Fail(
        "dc1.contoso.com".into(),
        Fault::Unreachable,
    ));
    let err = house.bad(&format!("{line} -Confirm:false"));
    assert!(
        err.contains("UNCONFIRMED") && err.contains("-Force does it"),
        "{err}"
    );
    house.run(&format!("{line} -Force"));
    assert_eq!(state(&house), "PartnerDown");
}

#[test]
fn a_relationship_is_deleted_without_its_partner_by_force_only() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    house.lab(&LabCommand::Stop("dc1.contoso.com".into()));
    let err = house.bad(&format!(
        "Remove-DhcpServerv4Failover {name} -Confirm:false"
    ));
    assert!(
        err.contains("DHCP 1722,") && err.contains("-Force goes on"),
        "{err}"
    );
    house.good(&format!("Get-DhcpServerv4Failover {name}"));
    let ran = house.run(&format!("Remove-DhcpServerv4Failover {name} -Force"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("WARNING: ") && ran.err.contains("dc1"),
        "{}",
        ran.err
    );
    house.bad(&format!("Get-DhcpServerv4Failover {name}"));
    house.lab(&LabCommand::Start("dc1.contoso.com".into()));
    house.good(&format!(
        "Get-DhcpServerv4Failover {name} -ComputerName dc1"
    ));
}

#[test]
fn what_if_changes_nothing() {
    let house = House::new();
    let before = house.good("Get-DhcpServerv4Reservation 10.0.0.0");
    let out = house
        .good("Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.101 00155DA76603 -WhatIf -PassThru");
    assert!(out.starts_with("What if: "), "{out}");
    assert!(
        out.contains("dhcp1.contoso.com: Add reservation 10.0.0.101"),
        "{out}"
    );
    assert_eq!(house.good("Get-DhcpServerv4Reservation 10.0.0.0"), before);
    let out = house.good("Remove-DhcpServerv4Failover dhcp1.contoso.com-dc1.contoso.com -WhatIf");
    assert!(out.contains("dc1.contoso.com: "), "{out}");
    assert!(
        house
            .good("Get-DhcpServerv4Failover")
            .contains("dhcp1.contoso.com-dc1")
    );
    let out = house.good("Remove-DhcpServerv4Scope 10.0.16.0 -WhatIf");
    assert!(out.contains("Delete scope 10.0.16.0"), "{out}");
    house.good("Get-DhcpServerv4Scope 10.0.16.0");
}

#[test]
fn questions_without_a_terminal_name_the_switch() {
    let house = House::new();
    let err = house.bad("Invoke-DhcpServerv4FailoverReplication");
    assert!(err.contains("-Force (or -Confirm:false)"), "{err}");
    assert!(
        err.contains("on dc1.contoso.com will be overwritten"),
        "{err}"
    );
    let err = house.bad("Remove-DhcpServerv4Reservation -IPAddress 10.0.0.99 -Confirm");
    assert!(err.contains("add -Confirm:false"), "{err}");
    house.good("Get-DhcpServerv4Reservation -IPAddress 10.0.0.99");
    let line = split("Remove-DhcpServerv4Reservation -IPAddress 10.0.0.99 -Confirm");
    assert_eq!(house.words(&line, "y\n", true).code, 0);
    house.bad("Get-DhcpServerv4Reservation -IPAddress 10.0.0.99");
}

#[test]
fn errors_have_powershells_shape_and_code_one() {
    let house = House::new();
    let err = house.bad("Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.99 00155DA76602");
    let told = lines(&err);
    assert_eq!(
        told[0],
        "Add-DhcpServerv4Reservation : Failed to add reservation 10.0.0.99 to scope 10.0.0.0 on DHCP server dhcp1.contoso.com."
    );
    assert_eq!(
        told[told.len() - 2],
        "    + CategoryInfo          : ResourceExists: (10.0.0.99:DhcpServerv4Reservation) [Add-DhcpServerv4Reservation], CimException"
    );
    assert_eq!(
        told[told.len() - 1],
        "    + FullyQualifiedErrorId : DHCP 20022,Add-DhcpServerv4Reservation"
    );
    let err = house.bad("Add-DhcpServerv4Reservation 10.0.0.0 10.1.0.99 00155DA76602");
    assert!(err.contains("DHCP 20018,"), "{err}");
    let err = house.bad("Get-DhcpServerv4Scope -ComputerName nowhere");
    assert!(err.contains("there is no server 'nowhere'"), "{err}");
    let err = house.bad("Get-DhcpServerv4Scope -ComputerName dns1");
    assert!(err.contains("is no DHCP server"), "{err}");
    let err = house.bad("Add-DhcpServerv4Scope 10.0.0.10 10.0.0.20 255.255.255.0 again");
    assert!(err.contains("Failed to add scope 10.0.0.0 on DHCP server dhcp1.contoso.com."));
    assert!(
        err.contains("ResourceExists:") && err.contains("DHCP 20052,"),
        "{err}"
    );
    let err = house.bad("Get-DhcpServerv4Scop");
    assert!(err.contains("did you mean Get-DhcpServerv4Scope?"), "{err}");
    assert!(house.good("Get-DhcpServerv4Scope -?").contains("SYNTAX"));
    assert_eq!(
        house
            .run("Get-DhcpServerv4Scope 10.99.0.0 -ErrorAction SilentlyContinue")
            .err,
        ""
    );
}

#[test]
fn rows_come_on_standard_input() {
    let house = House::new();
    let rows = "ReservedIP,ClientId,Name\n\
                10.0.0.130,00155d000130,a\n\
                10.0.0.99,00155d000099,taken\n\
                10.0.0.x,00155d000131,b\n\
                10.0.0.132,00155d000132,c\n";
    let line = split("Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 - -PassThru");
    let ran = house.words(&line, rows, false);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("line 3: Failed to add reservation 10.0.0.99"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("line 4: -IPAddress: '10.0.0.x' is no IPv4 address"),
        "{}",
        ran.err
    );
    assert!(
        ran.out.contains("10.0.0.130") && ran.out.contains("10.0.0.132"),
        "{}",
        ran.out
    );
    house.good("Get-DhcpServerv4Reservation -IPAddress 10.0.0.130, 10.0.0.132");
    // What is written as CSV can be given to another server as it is.
    let csv = house.good("Get-DhcpServerv4Reservation 10.0.0.0 --output csv");
    house.good("Remove-DhcpServerv4Reservation 10.0.0.0");
    let ran = house.words(&split("Add-DhcpServerv4Reservation -"), &csv, false);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        house.good("Get-DhcpServerv4Reservation 10.0.0.0 --output csv"),
        csv
    );
    let ran = house.words(
        &split("Add-DhcpServerv4Reservation -"),
        "Colour\nred\n",
        false,
    );
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("column 'Colour'"), "{}", ran.err);
}

/// Failover with two more partners: `second` with dhcp2, `third` with dhcp3.
fn three_partners(house: &House) {
    house.good("Add-DhcpServerv4Failover second 10.0.16.0 dhcp2 -ComputerName dhcp1");
    house.good("Add-DhcpServerv4Failover third 10.0.8.0 dhcp3 -ComputerName dhcp1");
    house.clock.advance(jiff::SignedDuration::from_mins(5));
    for (scope, address) in [
        ("10.0.0.0", "10.0.0.140"),
        ("10.0.8.0", "10.0.8.140"),
        ("10.0.16.0", "10.0.16.140"),
    ] {
        house.good(&format!(
            "Add-DhcpServerv4Reservation {scope} {address} 00155d0001{}",
            &address[address.len() - 2..]
        ));
    }
}

#[test]
fn a_dead_or_orphaned_relationship_keeps_no_other_back() {
    let house = House::new();
    three_partners(&house);
    house.good("Add-DhcpServerv4Scope 10.9.0.10 10.9.0.20 255.255.255.0 alone");
    // dhcp2 is dead, and dhcp3 does not know of its relationship any more.
    house.lab(&LabCommand::Stop("dhcp3.contoso.com".into()));
    house.lab(&LabCommand::Stop("dhcp1.contoso.com".into()));
    house.lab(&LabCommand::Start("dhcp3.contoso.com".into()));
    house.good("Remove-DhcpServerv4Failover third -Force -ComputerName dhcp3");
    house.lab(&LabCommand::Start("dhcp1.contoso.com".into()));
    house.lab(&LabCommand::Stop("dhcp2.contoso.com".into()));
    let there = |address: &str| {
        house.run(&format!(
            "Get-DhcpServerv4Reservation -IPAddress {address} -ComputerName dc1"
        ))
    };
    assert_eq!(there("10.0.0.140").code, 1);
    for which in [
        "",
        "-ScopeId 10.9.0.0, 10.0.16.0, 10.0.8.0, 10.0.0.0",
        "-Name third, second, nowhere, dhcp1.contoso.com-dc1.contoso.com",
    ] {
        let ran = house.run(&format!(
            "Invoke-DhcpServerv4FailoverReplication {which} -Force"
        ));
        assert_eq!(ran.code, 1, "{which}");
        assert_eq!(ran.out, "10.0.0.0\n", "{which}\n{}", ran.err);
        assert!(
            ran.err.contains("Failed to replicate scope 10.0.16.0 of failover relationship second from DHCP server dhcp1.contoso.com to its partner dhcp2.contoso.com.")
                && ran.err.contains("DHCP 1722,"),
            "{which}\n{}",
            ran.err
        );
        assert!(
            ran.err.contains("failover relationship third")
                && ran
                    .err
                    .contains("dhcp3.contoso.com has no failover relationship 'third'")
                && ran.err.contains("DHCP 20115,"),
            "{which}\n{}",
            ran.err
        );
        assert_eq!(ran.err.contains("DHCP 20116,"), which.contains("10.9.0.0"));
        assert_eq!(ran.err.contains("'nowhere'"), which.contains("nowhere"));
    }
    assert_eq!(there("10.0.0.140").code, 0);
}

#[test]
fn several_relationships_are_replicated_in_one_line() {
    let house = House::new();
    three_partners(&house);
    house.good("Add-DhcpServerv4Scope 10.9.0.10 10.9.0.20 255.255.255.0 gone");
    house.good("Add-DhcpServerv4Failover empty 10.9.0.0 branch1");
    house.clock.advance(jiff::SignedDuration::from_mins(5));
    house.good("Remove-DhcpServerv4FailoverScope empty 10.9.0.0 -Force");
    // A relationship without a scope is none of the server's business here, dead or not.
    house.lab(&LabCommand::Stop("branch1.contoso.com".into()));
    let ran = house.run("Invoke-DhcpServerv4FailoverReplication");
    assert!(
        ran.err.contains("The configuration of 3 scopes on dc1.contoso.com, dhcp2.contoso.com and dhcp3.contoso.com will be overwritten"),
        "{}",
        ran.err
    );
    let out = house.good("Invoke-DhcpServerv4FailoverReplication -Force");
    let mut done = lines(&out);
    done.sort_unstable();
    assert_eq!(done, ["10.0.0.0", "10.0.16.0", "10.0.8.0"]);
    house.good("Get-DhcpServerv4Reservation -IPAddress 10.0.16.140 -ComputerName dhcp2");
    house.good("Get-DhcpServerv4Reservation -IPAddress 10.0.8.140 -ComputerName dhcp3");
}

#[test]
fn what_ends_half_way_says_what_was_done_and_how_to_take_it_back() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    house.lab(&LabCommand::Fail(
        "dc1.contoso.com".into(),
        Fault::RefuseWrites,
    ));
    let err = house.bad(&format!(
        "Set-DhcpServerv4Failover {name} -LoadBalancePercent 70"
    ));
    assert!(
        err.contains("dhcp1.contoso.com was changed (") && err.contains("70"),
        "{err}"
    );
    assert!(err.contains("dc1.contoso.com was not changed ("), "{err}");
    let undo = err.split("`twinscope ipam undo ").nth(1).unwrap();
    let plan = undo.split('`').next().unwrap().parse().unwrap();
    let percent = || house.json("Get-DhcpServerv4Failover")[0]["LoadBalancePercent"].clone();
    assert_eq!(percent(), 70);
    house.runtime.block_on(async {
        let back = house.ipam.plan(Intent::Undo { plan }).await.unwrap();
        let (progress, cancel) = (Progress::none(), Cancel::new());
        let outcome = house.ipam.carry_out(back, &progress, &cancel).await;
        assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
    });
    assert_eq!(percent(), 50);
    // Nothing was done: nothing is to be taken back, and it is said who refused.
    let err = house.bad("Add-DhcpServerv4Failover second 10.0.16.0 dc1");
    assert!(!err.contains("undo"), "{err}");
    assert!(err.contains("\ndc1.contoso.com refused: "), "{err}");
}

#[test]
fn a_partner_that_has_drifted_is_left_no_copy() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    let refuse = |fault| house.lab(&LabCommand::Fail("dc1.contoso.com".into(), fault));
    refuse(Fault::RefuseWrites);
    house.bad(&format!("Add-DhcpServerv4FailoverScope {name} 10.0.16.0"));
    refuse(Fault::None);
    // dc1 does not know of that scope; what it does hold must go all the same, or both would serve.
    house.good(&format!("Remove-DhcpServerv4Failover {name} -Force"));
    house.bad("Get-DhcpServerv4Scope 10.0.0.0 -ComputerName dc1");
    for server in ["dhcp1", "dc1"] {
        house.bad(&format!(
            "Get-DhcpServerv4Failover -Name {name} -ComputerName {server}"
        ));
    }
    house.good("Get-DhcpServerv4Scope 10.0.0.0 -ComputerName dhcp1");
}

#[test]
fn leases_of_a_scope_are_removed_without_its_unused_reservations() {
    let house = House::new();
    let free = house.good("Get-DhcpServerv4FreeIPAddress 10.0.8.0");
    house.good(&format!(
        "Add-DhcpServerv4Reservation 10.0.8.0 {} 00155d000140",
        free.trim()
    ));
    let all = house.json("Get-DhcpServerv4Lease 10.0.8.0 -AllLeases");
    let states: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|lease| lease["AddressState"].as_str().unwrap())
        .collect();
    assert!(states.contains(&"InactiveReservation"), "{states:?}");
    assert!(states.contains(&"Active"), "{states:?}");
    house.good("Remove-DhcpServerv4Lease -ScopeId 10.0.8.0");
    let left = house.json("Get-DhcpServerv4Lease 10.0.8.0 -AllLeases");
    for lease in left.as_array().unwrap() {
        assert_eq!(lease["AddressState"], "InactiveReservation");
    }
    let err = house.bad("Get-DhcpServerv4Lease -IPAddress 10.0.8.77");
    assert!(
        err.contains("ObjectNotFound:") && err.contains("DHCP 20013,"),
        "{err}"
    );
}

#[test]
fn what_get_writes_as_csv_add_takes() {
    let house = House::new();
    let name = "dhcp1.contoso.com-dc1.contoso.com";
    let round = |get: &str, remove: &str, add: &str| {
        let csv = house.good(&format!("{get} --output csv"));
        assert!(csv.lines().count() > 1, "{get}\n{csv}");
        house.good(remove);
        let ran = house.words(&split(add), &csv, false);
        assert_eq!(ran.code, 0, "{add}\n{}\n{csv}", ran.err);
        assert_eq!(house.good(&format!("{get} --output csv")), csv);
    };
    house.good("Set-DhcpServerv4Scope 10.0.16.0 -LeaseDuration Unlimited -Description 'a, \"b\"'");
    round(
        "Get-DhcpServerv4Scope 10.0.16.0",
        "Remove-DhcpServerv4Scope 10.0.16.0 -Force",
        "Add-DhcpServerv4Scope -",
    );
    house.good("Add-DhcpServerv4ExclusionRange 10.0.16.0 10.0.16.20 10.0.16.30");
    round(
        "Get-DhcpServerv4ExclusionRange 10.0.16.0",
        "Remove-DhcpServerv4ExclusionRange 10.0.16.0",
        "Add-DhcpServerv4ExclusionRange -",
    );
    house.good("Add-DhcpServerv4Policy p1 Or -ScopeId 10.0.16.0 -Fqdn ISL -UserClass EQ,\"'a, b'\",c -LeaseDuration 01:00:00");
    house.good("Add-DhcpServerv4Policy p2 And -ScopeId 10.0.16.0 -MacAddress EQ,AA*,BB*");
    house.good("Add-DhcpServerv4PolicyIPRange p2 10.0.16.0 10.0.16.40 10.0.16.50");
    assert_eq!(
        house.json("Get-DhcpServerv4Policy p1 10.0.16.0")[0]["UserClass"],
        serde_json::json!(["EQ", "a, b", "c"])
    );
    round(
        "Get-DhcpServerv4PolicyIPRange 10.0.16.0",
        "Remove-DhcpServerv4PolicyIPRange p2 10.0.16.0",
        "Add-DhcpServerv4PolicyIPRange -",
    );
    round(
        "Get-DhcpServerv4Policy -ScopeId 10.0.16.0",
        "Remove-DhcpServerv4Policy p1,p2 10.0.16.0",
        "Add-DhcpServerv4Policy -",
    );
    house.good("Add-DhcpServerv4Filter Deny AA-BB-CC-*, 00-11-22-33-44-55 -Description 'x, y'");
    let wild = "Get-DhcpServerv4Filter -List Deny";
    round(
        wild,
        "Remove-DhcpServerv4Filter 00-0C-29-*, B8-27-EB-3A-51-07, AA-BB-CC-*, 001122334455",
        "Add-DhcpServerv4Filter -",
    );
    house.good("Add-DhcpServerv4Superscope 'a, b' 10.0.8.0, 10.0.16.0");
    round(
        "Get-DhcpServerv4Superscope \"'a, b'\"",
        "Remove-DhcpServerv4Superscope 'a, b'",
        "Add-DhcpServerv4Superscope -",
    );
    house.good(
        "Set-DhcpServerv4Failover dhcp1.contoso.com-dc1.contoso.com -StateSwitchInterval 00:30:00",
    );
    let before = house.good("Get-DhcpServerv4Failover --output csv");
    house.good(&format!("Remove-DhcpServerv4Failover {name} -Force"));
    let ran = house.words(&split("Add-DhcpServerv4Failover -"), &before, false);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let signed = before.replace("\"False\"", "\"True\"");
    let ran = house.words(&split("Add-DhcpServerv4Failover -"), &signed, false);
    assert!(ran.err.contains("add -SharedSecret"), "{}", ran.err);
}

#[test]
fn an_unclosed_quotation_mark_stops_all_rows() {
    let house = House::new();
    let line = split("Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -");
    let rows = "IPAddress,ClientId,Name\n10.0.0.140,00155d000140,a\n10.0.0.141,00155d000141,\"b\n10.0.0.142,00155d000142,c\n";
    let ran = house.words(&line, rows, false);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("line 3: a quotation mark"), "{}", ran.err);
    house.bad("Get-DhcpServerv4Reservation -IPAddress 10.0.0.140");
}

#[test]
fn network_access_protection_is_off_and_stays_off() {
    let house = House::new();
    house.good("Set-DhcpServerv4Scope 10.0.16.0 -NapEnable $false -NapProfile ''");
    house.good("Set-DhcpServerv4Scope 10.0.16.0 -NapEnable 0 -Description d");
    house.good("Add-DhcpServerv4Scope 10.9.0.10 10.9.0.20 255.255.255.0 x -NapEnable:$false");
    house.good("Set-DhcpServerSetting -NapEnabled $false");
    for line in [
        "Set-DhcpServerv4Scope 10.0.16.0 -NapEnable $true",
        "Set-DhcpServerv4Scope 10.0.16.0 -NapProfile x",
        "Add-DhcpServerv4Scope 10.8.0.10 10.8.0.20 255.255.255.0 x -NapEnable",
        "Set-DhcpServerSetting -NapEnabled $true",
        "Set-DhcpServerSetting -NpsUnreachableAction Full",
    ] {
        let err = house.bad(line);
        assert!(err.contains("DHCP 20138,"), "{line}\n{err}");
    }
}

#[test]
fn json_has_the_properties_of_the_namesakes() {
    let house = House::new();
    let has = |object: &serde_json::Value, nulls: &[&str], off: &[&str]| {
        for name in nulls {
            assert_eq!(object.get(name), Some(&serde_json::Value::Null), "{name}");
        }
        for name in off {
            assert_eq!(object[*name], false, "{name}");
        }
    };
    let lease = &house.json("Get-DhcpServerv4Lease 10.0.0.0")[0];
    let nulls = [
        "NapStatus",
        "ProbationEnds",
        "DnsRR",
        "DnsRegistration",
        "PolicyName",
    ];
    has(lease, &nulls, &["NapCapable"]);
    has(
        &house.json("Get-DhcpServerSetting")[0],
        &["DynamicBootp", "RestoreStatus", "NpsUnreachableAction"],
        &["NapEnabled"],
    );
    has(
        &house.json("Get-DhcpServerv4OptionDefinition 3")[0],
        &["Description", "DefaultValue"],
        &[],
    );
    has(
        &house.json("Get-DhcpServerAuditLog")[0],
        &["MaxMBFileSize", "DiskCheckInterval", "MinMBDiskSpace"],
        &[],
    );
    house.good("Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.140 00155d000140");
    let reservation = &house.json("Get-DhcpServerv4Reservation -IPAddress 10.0.0.140")[0];
    has(reservation, &["Name"], &[]);
    assert_eq!(reservation["Description"], "");
    // The partner is read for its address, though the line is about the other server.
    let pair = &house.json("Get-DhcpServerv4Failover")[0];
    assert!(pair["PrimaryServerIP"].is_string(), "{pair}");
    assert!(pair["SecondaryServerIP"].is_string(), "{pair}");
}

#[test]
fn numbers_go_with_what_is_not_there_or_does_not_fit() {
    let house = House::new();
    house.good("Add-DhcpServerv4Policy p Or -ScopeId 10.0.16.0 -MacAddress EQ,AA*");
    for (line, code) in [
        (
            "Add-DhcpServerv4ExclusionRange 10.0.16.0 10.0.16.30 10.0.16.20",
            20023,
        ),
        (
            "Add-DhcpServerv4Scope 10.9.0.20 10.9.0.10 255.255.255.0 x",
            20023,
        ),
        (
            "Get-DhcpServerv4FreeIPAddress 10.0.16.0 -StartAddress 10.0.16.9 -EndAddress 10.0.16.8",
            20023,
        ),
        (
            "Get-DhcpServerv4FreeIPAddress 10.0.16.0 -StartAddress 10.1.0.1",
            20023,
        ),
        ("Get-DhcpServerv4Superscope nowhere", 20005),
        ("Remove-DhcpServerv4Superscope nowhere", 20005),
        (
            "Remove-DhcpServerv4PolicyIPRange p 10.0.16.0 10.0.16.40 10.0.16.50",
            20107,
        ),
        ("Set-DhcpServerv4Policy p 10.0.16.0 -MacAddress ''", 20109),
    ] {
        let err = house.bad(line);
        assert!(err.contains(&format!("DHCP {code},")), "{line}\n{err}");
    }
    let err = house.bad("Get-DhcpServerv4FreeIPAddress 10.0.16.0 -StartAddress 10.1.0.1");
    assert!(
        err.contains("10.1.0.1 does not lie in scope 10.0.16.0"),
        "{err}"
    );
    let err = house.bad("Remove-DhcpServerv4OptionValue -OptionId 43");
    assert!(err.contains("Get-DhcpServerv4OptionValue lists"), "{err}");
}

#[test]
fn a_condition_is_taken_off_by_an_empty_value() {
    let house = House::new();
    house.good("Add-DhcpServerv4Policy p Or -ScopeId 10.0.16.0 -MacAddress EQ,AA* -UserClass EQ,a");
    house.good("Set-DhcpServerv4Policy p 10.0.16.0 -UserClass ''");
    let shown = house.json("Get-DhcpServerv4Policy p 10.0.16.0");
    assert_eq!(shown[0]["UserClass"], serde_json::Value::Null);
    assert_eq!(shown[0]["MacAddress"], serde_json::json!(["EQ", "AA*"]));
    house.good("Set-DhcpServerv4Policy p 10.0.16.0 -UserClass EQ,b -MacAddress $null");
    let shown = house.json("Get-DhcpServerv4Policy p 10.0.16.0");
    assert_eq!(shown[0]["MacAddress"], serde_json::Value::Null);
    let err = house.bad("Set-DhcpServerv4Policy p 10.0.16.0 -UserClass $null");
    assert!(err.contains("without a condition"), "{err}");
}

#[test]
fn names_hold_no_control_characters() {
    let house = House::new();
    for line in [
        "Set-DhcpServerv4Scope 10.0.16.0 -Name 'a\u{1b}[2Jb'",
        "Set-DhcpServerv4Scope 10.0.16.0 -Description 'a\tb'",
        "Set-DhcpServerv4Scope 10.0.16.0 -SuperscopeName 'a\u{7}'",
        "Add-DhcpServerv4Failover 'a\u{202e}b' 10.0.16.0 dc1",
        "Rename-DhcpServerv4Superscope a 'b\u{7}'",
        "Add-DhcpServerv4Policy 'p\u{0}' Or -MacAddress EQ,AA*",
        "Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.140 00155d000140 -Name 'a\nb'",
    ] {
        let err = house.bad(line);
        assert!(
            err.contains("has a control character in place"),
            "{line}\n{err}"
        );
    }
    // What servers hold of such all the same is not written as it is, and that is said.
    let intent = Intent::Change {
        server: ServerName::new("dhcp1.contoso.com"),
        edits: vec![Edit::SetScope {
            scope: "10.0.16.0/24".parse().unwrap(),
            properties: vec![ScopeProperty::Description("a\u{7}".into())],
        }],
        reach: Reach::Server,
    };
    house.runtime.block_on(async {
        let plan = house.ipam.plan(intent).await.unwrap();
        let (progress, cancel) = (Progress::none(), Cancel::new());
        house.ipam.carry_out(plan, &progress, &cancel).await
    });
    let ran = house.run("Get-DhcpServerv4Scope 10.0.16.0 --output csv");
    assert!(ran.err.contains("--output json"), "{}{}", ran.out, ran.err);
    assert_eq!(
        house.run("Get-DhcpServerv4Scope 10.0.8.0 --output csv").err,
        ""
    );
}

#[test]
fn option_values_are_shown_in_brief() {
    let house = House::new();
    house.good("Set-DhcpServerv4OptionValue -ScopeId 10.0.16.0 -Router 10.0.16.1");
    let table = house.good("Get-DhcpServerv4OptionValue 3 10.0.16.0 -Brief");
    let shown = lines(&table);
    assert_eq!(
        shown[0].split_whitespace().collect::<Vec<_>>(),
        ["OptionId", "Name", "Value"]
    );
    assert_eq!(
        shown[2].split_whitespace().collect::<Vec<_>>(),
        ["3", "Router", "{10.0.16.1}"]
    );
}

#[test]
fn every_cmdlet_is_built() {
    let house = House::new();
    for name in cmdlets::names() {
        let ran = house.run(name);
        assert!(!ran.err.contains("not built"), "{name}");
    }
}

/// One house for all random lines: what they do to it is part of the test.
fn shared() -> MutexGuard<'static, House> {
    static HOUSE: OnceLock<Mutex<House>> = OnceLock::new();
    let house = HOUSE.get_or_init(|| Mutex::new(House::new()));
    house
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn word() -> impl Strategy<Value = String> {
    let known = [
        "-ScopeId",
        "10.0.0.0",
        "10.0.16.0",
        "10.0.0.99",
        "10.0.0.101",
        "-IPAddress",
        "-ClientId",
        "aa-bb-cc-dd-ee-ff",
        "00155DA76602",
        "-Name",
        "second",
        "-PartnerServer",
        "dc1",
        "dns1",
        "dhcp1.contoso.com-dc1.contoso.com",
        "-Force",
        "-WhatIf",
        "-Confirm:false",
        "-PassThru",
        "-ComputerName",
        "-StartRange",
        "-EndRange",
        "-SubnetMask",
        "255.255.255.0",
        "-Value",
        "-OptionId",
        "6",
        "0",
        "255",
        "-Mode",
        "HotStandby",
        "-Type",
        "Both",
        "-o",
        "json",
        "--output",
        "csv",
        "list",
        "-SuperscopeName",
        "s",
        "-List",
        "Allow",
        "-MacAddress",
        "AA-BB-*",
        "-Condition",
        "And",
        "EQ,AA*",
        "-",
        "--",
        "",
        ",",
        "$false",
        "-AllLeases",
        "-BadLeases",
        "-SharedSecret",
        "-LeaseDuration",
        "01:00:00",
        "-?",
        "-Verbose",
        "255.255.255.255",
        "0.0.0.0",
        "-State",
        "InActive",
        "-Allow:$true",
        "-Deny",
        "1",
        "-NumAddress",
        "1024",
        "-ProcessingOrder",
        "65535",
        "\u{1b}[2J",
        "é",
    ];
    prop_oneof![
        9 => proptest::sample::select(known.map(str::to_owned).to_vec()),
        1 => ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_line_ends_with_zero_or_one(
        name in 0..64_usize,
        words in proptest::collection::vec(word(), 0..9),
        input in "[a-zA-Z0-9,;.\n\"-]{0,60}",
        interactive in any::<bool>(),
    ) {
        let names: Vec<&str> = cmdlets::names().collect();
        let mut line = vec![names[name % names.len()].to_owned()];
        line.extend(words);
        let ran = shared().words(&line, &input, interactive);
        prop_assert!(ran.code <= 1);
        prop_assert!(ran.code == 0 || !ran.err.is_empty(), "{:?}", line);
        for text in [&ran.out, &ran.err] {
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}: {:?}", line, text);
        }
    }
}
