//! Lines that are read, and lines that are refused.

use proptest::prelude::*;

use super::super::call::Call;
use super::super::table::CMDLETS;
use super::*;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn call(line: &str) -> Call {
    parse(&words(line)).unwrap().complete().unwrap()
}

fn says(line: &str) -> String {
    match parse(&words(line)).and_then(|line| line.complete()) {
        Ok(call) => format!("{call:?}"),
        Err(wrong) => wrong.sentence,
    }
}

#[test]
fn the_seeds_lines_are_read() {
    let add = call(
        "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 00155DA76602",
    );
    assert_eq!(add.address("ScopeId"), "10.0.0.0".parse().ok());
    assert_eq!(add.clients("ClientId")[0].to_string(), "00-15-5d-a7-66-02");
    let invoke = call(
        "Invoke-DhcpServerv4FailoverReplication -ComputerName dhcp1.contoso.com -ScopeId 10.0.0.0 -Force",
    );
    assert!(invoke.switch("Force"));
    assert_eq!(invoke.text("ComputerName"), Some("dhcp1.contoso.com"));
}

#[test]
fn spellings_of_one_line() {
    for line in [
        "add-dhcpserverv4reservation -scopeid 10.0.0.0 -ipaddress 10.0.0.7 -clientid aabb -whatif",
        "Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.7 aabb -WhatIf",
        "Add-DhcpServerv4Reservation -ReservedIP:10.0.0.7 10.0.0.0 aabb -wi",
        "Add-DhcpServerv4Reservation -Sc 10.0.0.0 -I 10.0.0.7 -Cl aa:bb -Wh:$true",
        "Add-DhcpServerv4Reservation \u{2013}ScopeId 10.0.0.0 -IP 10.0.0.7 -Cli aa-bb -WhatIf:true",
    ] {
        let call = call(line);
        assert_eq!(call.address("IPAddress"), "10.0.0.7".parse().ok(), "{line}");
        assert_eq!(call.address("ScopeId"), "10.0.0.0".parse().ok(), "{line}");
        assert_eq!(call.clients("ClientId")[0].to_string(), "aa-bb", "{line}");
        assert!(call.common.what_if, "{line}");
    }
}

#[test]
fn lists_come_with_and_without_blanks() {
    for line in [
        "Get-DhcpServerv4Scope -ScopeId 10.0.0.0,10.0.1.0,10.0.2.0",
        "Get-DhcpServerv4Scope -ScopeId 10.0.0.0, 10.0.1.0, 10.0.2.0",
        "Get-DhcpServerv4Scope -ScopeId 10.0.0.0 , 10.0.1.0 ,10.0.2.0",
        "Get-DhcpServerv4Scope 10.0.0.0, 10.0.1.0, 10.0.2.0",
        "Get-DhcpServerv4Scope -- 10.0.0.0,10.0.1.0 ,10.0.2.0",
    ] {
        assert_eq!(call(line).addresses("ScopeId").len(), 3, "{line}");
    }
}

#[test]
fn empty_texts_are_texts_where_they_may_be() {
    let mut line = words("Set-DhcpServerv4Failover -Name x -SharedSecret");
    line.push(String::new());
    let call = parse(&line).unwrap().complete().unwrap();
    assert_eq!(call.text("SharedSecret"), Some(""));
    assert_eq!(
        says("Set-DhcpServerv4Failover -Name:"),
        "-Name: an empty text won't do"
    );
}

#[test]
fn output_stands_anywhere() {
    for line in [
        "Get-DhcpServerv4Scope --output json",
        "Get-DhcpServerv4Scope -o json 10.0.0.0",
        "Get-DhcpServerv4Scope --output=JSON",
        "Get-DhcpServerv4Scope -Output json",
        "Get-DhcpServerv4OptionValue -o json -O 3",
    ] {
        assert_eq!(call(line).common.output, Some(Output::Json), "{line}");
    }
    assert_eq!(
        says("Get-DhcpServerv4Scope --output xml"),
        "--output: 'xml' is none of table, list, json, csv"
    );
}

#[test]
fn sets_are_told_apart() {
    assert!(call("Get-DhcpServerv4Lease -BadLeases").switch("BadLeases"));
    assert!(call("Get-DhcpServerv4Lease -BadLeases 10.0.0.0").has("ScopeId"));
    assert_eq!(
        call("Get-DhcpServerv4Reservation 10.0.0.0 aabb,ccdd")
            .clients("ClientId")
            .len(),
        2
    );
    assert_eq!(
        call("Set-DhcpServerv4OptionValue -Router 10.0.0.1 10.0.0.0").address("ScopeId"),
        "10.0.0.0".parse().ok()
    );
}

#[test]
fn wrong_lines_get_a_sentence() {
    for (line, sentence) in [
        (
            "Add-DhcpServerv4Reseration",
            "there is no cmdlet 'Add-DhcpServerv4Reseration': did you mean Add-DhcpServerv4Reservation?",
        ),
        (
            "Get-DhcpServerv4Scope -ScopId 10.0.0.0",
            "Get-DhcpServerv4Scope has no parameter -ScopId: did you mean -ScopeId?",
        ),
        (
            "Get-DhcpServerv4Scope --ScopeId 10.0.0.0",
            "Get-DhcpServerv4Scope has no parameter --ScopeId: did you mean -ScopeId?",
        ),
        (
            "Get-DhcpServerv4Scope -Frobnicate",
            "Get-DhcpServerv4Scope has no parameter -Frobnicate: Get-DhcpServerv4Scope -? shows which there are",
        ),
        (
            "Get-DhcpServerv4Reservation -Co x",
            "-Co may be -ComputerName, -Confirm: write more of it",
        ),
        (
            "Get-DhcpServerv4Scope -ScopeId 10.0.0.0 -ScopeId 10.0.1.0",
            "-ScopeId is given twice",
        ),
        (
            "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0",
            "-IPAddress and -ClientId are needed: Add-DhcpServerv4Reservation -? shows how",
        ),
        (
            "Get-DhcpServerv4Reservation",
            "-ScopeId or -IPAddress is needed: Get-DhcpServerv4Reservation -? shows how",
        ),
        (
            "Get-DhcpServerv4Failover -Name x -ScopeId 10.0.0.0",
            "-Name and -ScopeId can't be given together",
        ),
        (
            "Get-DhcpServerv4Scope -ScopeId 10.0.0",
            "-ScopeId: '10.0.0' is no IPv4 address, such as 10.0.0.100",
        ),
        (
            "Get-DhcpServerv4Scope -ScopeId",
            "-ScopeId needs a value after it",
        ),
        (
            "Set-DhcpServerv4Scope 10.0.0.0 -Description -Name x",
            "-Description needs a value after it, and '-Name' looks like a parameter: to give it as the value, write -Description:-Name",
        ),
        (
            "Get-DhcpServerv4FreeIPAddress 10.0.0.0 -5",
            "-NumAddress: '-5' is no whole number from 0 to 1024",
        ),
        (
            "Get-DhcpServerVersion x",
            "'x' belongs to no parameter: Get-DhcpServerVersion -? shows which there are",
        ),
        (
            "Get-DhcpServerv4Scope -",
            "only Add- cmdlets read rows from standard input (-)",
        ),
        (
            "Set-DhcpServerv4Failover x -Confirm: -Mode HotStandby",
            "-Confirm: has no value after its colon (a shell that expands $false leaves nothing of it): write -Confirm:false or -Confirm:true",
        ),
        (
            "Get-DhcpServerv4Scope -CimSession x",
            "-CimSession is not used here: name the server with -ComputerName; how it is reached stands in the configuration",
        ),
        (
            "Get-DhcpServerv4Failover -ScopeId 10.0.0.0 x",
            "-Name and -ScopeId can't be given together",
        ),
        (
            "Get-DhcpServerv4Lease -IPAddress 10.0.0.5 10.0.0.0",
            "-IPAddress and -ScopeId can't be given together",
        ),
        (
            "Add-DhcpServerv4Failover n 10.0.0.0 dc1 -LoadBalancePercent 50 -ServerRole Active",
            "-LoadBalancePercent and -ServerRole can't be given together",
        ),
        (
            "Set-DhcpServerv4OptionValue 3 10.0.0.1 -Router 10.0.0.1",
            "-OptionId and -Router can't be given together",
        ),
        (
            "Set-DhcpServerv4OptionValue -Router 10.0.0.1 10.0.0",
            "-ScopeId: '10.0.0' is no IPv4 address, such as 10.0.0.100",
        ),
        (
            "Get-DhcpServerv4Scope -ScopeId:",
            "-ScopeId: a value is needed",
        ),
        (
            "Get-DhcpServerv4Reservation -ScopeId:",
            "-ScopeId: a value is needed",
        ),
        (
            "Get-Foo",
            "there is no cmdlet 'Get-Foo': `twinscope cmdlets` lists those there are",
        ),
        (
            "Set-DhcpServerv4Scope 10.0.0.0 -StartRange 10.0.0.1",
            "-EndRange is needed: Set-DhcpServerv4Scope -? shows how",
        ),
    ] {
        assert_eq!(says(line), sentence, "{line}");
    }
}

#[test]
fn dash_values_are_given_after_a_colon() {
    let call = call("Set-DhcpServerv4Scope 10.0.0.0 -Description:-x -Confirm:false");
    assert_eq!(call.text("Description"), Some("-x"));
    assert_eq!(call.common.confirm, Some(false));
}

proptest! {
    #[test]
    fn any_words_are_read_or_refused(
        name in 0..CMDLETS.len(),
        words in proptest::collection::vec("(-{0,2}[A-Za-z:,'\"]{0,6}|.{0,8}|[0-9.,]{1,12})", 0..8),
    ) {
        let mut line = vec![CMDLETS[name].name.to_owned()];
        line.extend(words);
        if let Err(wrong) = parse(&line).and_then(|line| line.complete()) {
            prop_assert!(!wrong.sentence.is_empty());
            prop_assert!(!wrong.sentence.chars().any(char::is_control));
        }
    }
}
