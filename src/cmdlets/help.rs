//! `Verb-Noun -?`: what a cmdlet does, how it is written, and what its parameters are.

use std::fmt::Write as _;

use super::spec::{Cmdlet, Parameter};
use super::value::Kind;

/// A cmdlet's help.
#[must_use]
pub fn help(cmdlet: &'static Cmdlet) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n    {}.\n\nSYNTAX", cmdlet.name, cmdlet.about);
    for set in cmdlet.sets() {
        let mut line = format!("    {}", cmdlet.name);
        let mut parameters: Vec<&Parameter> = cmdlet
            .parameters
            .iter()
            .filter(|parameter| parameter.belongs_to(set))
            .collect();
        parameters.sort_by_key(|parameter| parameter.position.unwrap_or(u8::MAX));
        for parameter in parameters {
            let _ = write!(line, " {}", written(parameter, set));
        }
        if cmdlet.verb() != "Get" {
            line.push_str(" [-WhatIf] [-Confirm]");
        }
        let _ = writeln!(out, "{line}");
    }
    if !cmdlet.parameters.is_empty() {
        let _ = writeln!(out, "\nPARAMETERS");
        for parameter in cmdlet.parameters {
            let mut line = format!(
                "    -{:<28}{}",
                parameter.name,
                about(cmdlet, parameter.name)
            );
            if !parameter.aliases.is_empty() {
                let _ = write!(line, " (alias {})", parameter.aliases.join(", "));
            }
            let _ = writeln!(out, "{line}");
        }
    }
    out.push_str("\nOUTPUT\n");
    let _ = writeln!(
        out,
        "    {}; --output table, list, json (always an array) or csv writes it otherwise.",
        cmdlet.class
    );
    if cmdlet.verb() == "Add" {
        out.push_str(
            "\nROWS\n    With - on the line, rows of CSV are read from standard input; the first \
             line names\n    parameters, and every row completes the line.\n",
        );
    }
    out
}

/// A parameter as SYNTAX writes it.
fn written(parameter: &Parameter, set: &str) -> String {
    let mut text = format!("-{}", parameter.name);
    if parameter.position.is_some() {
        text = format!("[{text}]");
    }
    match parameter.kind {
        Kind::Switch => {}
        Kind::Word(words) => {
            let _ = write!(text, " {{{}}}", words.join(" | "));
        }
        kind => {
            let many = if parameter.many { "[]" } else { "" };
            let _ = write!(text, " <{}{many}>", kind.name());
        }
    }
    if parameter.needed_in(set) {
        text
    } else {
        format!("[{text}]")
    }
}

/// What a parameter is for.
#[must_use]
pub fn about(cmdlet: &Cmdlet, parameter: &str) -> &'static str {
    let noun = cmdlet.noun();
    match parameter {
        "ActivatePolicies" => "Whether policies are in force",
        "All" => "Those of every vendor and user class",
        "AllLeases" => "Also those not in use",
        "Allow" => "Whether the allow list is enabled",
        "AutoStateTransition" => "Whether the state switches to partner down by itself",
        "BadLeases" => "Addresses that clients declined",
        "Brief" => "Taken for the namesake's sake; changes nothing",
        "ClientId" if noun.ends_with("Policy") => "EQ or NE, then client identifiers",
        "ClientId" => "A client identifier, such as 00-15-5d-a7-66-02, in any spelling",
        "ComputerName" => "The server; by default the configuration's first",
        "Condition" => "How the conditions are joined",
        "ConflictDetectionAttempts" => "How often an address is probed before it is given, 0 to 5",
        "Delay" => "How long the server waits before it offers, 0 to 1000 ms",
        "DeleteDnsRROnLeaseExpiry" => "Discard A and PTR records when a lease is deleted",
        "Deny" => "Whether the deny list is enabled",
        "Description" => "A description",
        "DisableDnsPtrRRUpdate" => "Disable dynamic updates for PTR records",
        "DnsDomain" => "Option 15",
        "DnsServer" => "Option 6",
        "DnsSuffix" => "The suffix to register under",
        "DynamicUpdates" => "When clients are registered in DNS",
        "Enable" => "Whether the audit log is written",
        "Enabled" => "Whether the policy is in force",
        "EndAddress" => "Up to which address",
        "EndRange" => "The last address",
        "Failover" => "Failover scopes only, split between the partners",
        "Force" if noun.ends_with("Superscope") => "Also scopes of another superscope",
        "Force" if noun.ends_with("v4Filter") => "Also addresses that are in a list already",
        "Force" if cmdlet.name == "Remove-DhcpServerv4Scope" => "Also scopes with leases",
        "Force" if cmdlet.name == "Set-DhcpServerv4Failover" => {
            "Do not ask; with -PartnerDown, also against the evidence"
        }
        "Force" => "Do not ask",
        "Fqdn" => "EQ, NE, ISL or INSL, then names",
        "IPAddress" if noun.ends_with("DnsSetting") => "A reservation",
        "IPAddress" => "The address",
        "LeaseDuration" => "For how long, such as 8.00:00:00",
        "List" => "Which list",
        "LoadBalancePercent" => "The share of the server named, 0 to 100",
        "MacAddress" if noun.ends_with("Policy") => "EQ or NE, then MAC addresses; * at the end",
        "MacAddress" => "MAC addresses; AA-BB-CC-* for all that begin so",
        "MaxBootpClients" => "At most so many BOOTP clients",
        "MaxClientLeadTime" => "Maximum client lead time, such as 01:00:00",
        "Mode" => "How the two share the work",
        "Name" if noun.contains("Failover") => "The relationship's name",
        "Name" => "The name",
        "NameProtection" => "Enable name protection",
        "NewName" => "The new name",
        "NumAddress" => "How many, 1 to 1024",
        "OptionId" => "The option's number",
        "PartnerDown" => "Take the partner for down",
        "PartnerServer" => "The partner",
        "PassThru" => "Give what was changed",
        "Path" => "The folder of the audit log",
        "PolicyName" => "A policy",
        "ProcessingOrder" => "The place in the processing order, from 1",
        "ReservePercent" => "Addresses reserved for the standby server, 0 to 100",
        "ReservedIP" => "A reservation",
        "Router" => "Option 3",
        "ScopeId" => "The scope's network address",
        "ServerRole" => "This server's role in hot standby",
        "SharedSecret" => "For message authentication; empty turns it off",
        "StartAddress" => "From which address",
        "StartRange" => "The first address",
        "State" => "Whether it hands out addresses",
        "StateSwitchInterval" => "After how long without contact it switches",
        "SubnetMask" => "The subnet mask",
        "SuperscopeName" => "The superscope",
        "Type" => "For which clients",
        "UpdateDnsRRForOlderClients" => "Also for clients that do not ask",
        "UserClass" if noun.ends_with("Policy") => "EQ or NE, then user classes",
        "UserClass" => "The user class",
        "Value" => "The values",
        "VendorClass" if noun.ends_with("Policy") => "EQ or NE, then vendor classes",
        "VendorClass" => "The vendor class",
        "WinsServer" => "Option 44",
        "Wpad" => "Option 252",
        "CircuitId" | "RelayAgent" | "RemoteId" | "SubscriberId" => {
            "EQ or NE, then values of the relay agent information"
        }
        _ => "Not kept by these servers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmdlets::{spec, table};

    #[test]
    fn help_shows_the_sets_and_the_parameters() {
        let text = help(spec::find("Get-DhcpServerv4Reservation").unwrap());
        assert!(text.contains(
            "    Get-DhcpServerv4Reservation [-ScopeId] <IPAddress> [-ComputerName <String>]\n"
        ));
        assert!(text.contains("-ClientId] <String[]> [-ComputerName"));
        assert!(text.contains("(alias ReservationScopeID)"));
        let add = help(spec::find("Add-DhcpServerv4Filter").unwrap());
        assert!(add.contains("[-List] {Allow | Deny} [-MacAddress] <String[]>"));
        assert!(add.contains("ROWS"));
    }

    #[test]
    fn only_what_is_not_kept_has_no_words_of_its_own() {
        let mut without: Vec<&str> = table::CMDLETS
            .iter()
            .flat_map(|cmdlet| cmdlet.parameters.iter().map(move |p| (cmdlet, p.name)))
            .filter(|(cmdlet, name)| about(cmdlet, name).starts_with("Not kept"))
            .map(|(_, name)| name)
            .collect();
        without.sort_unstable();
        without.dedup();
        assert_eq!(
            without,
            [
                "DiskCheckInterval",
                "MaxMBFileSize",
                "MinMBDiskSpace",
                "NapEnable",
                "NapEnabled",
                "NapProfile",
                "NpsUnreachableAction"
            ]
        );
    }
}
