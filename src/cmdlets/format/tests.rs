//! Tests of `format`.

use super::*;

fn text(objects: Vec<Object>, output: Option<Output>) -> String {
    let mut out = Vec::new();
    write(&mut out, &Results::Objects(objects), output).unwrap();
    String::from_utf8(out).unwrap()
}

fn reservation(address: &str, client: &str, name: &str, description: &str) -> Object {
    Object::new("DhcpServerv4Reservation")
        .with("Name", name)
        .with("Description", description)
        .with("Type", "Both")
        .with("ClientId", client)
        .with("IPAddress", address)
        .with("ScopeId", "10.0.0.0")
        .with("AddressState", Value::Null)
}

#[test]
fn reservations_print_as_the_seed_prints_them() {
    let printed = text(
        vec![
            reservation("10.0.0.99", "aa-bb-cc-dd-ee-ff", "test", "A1"),
            reservation("10.0.0.100", "00-15-5d-a7-66-02", "", ""),
        ],
        None,
    );
    assert_eq!(
        printed,
        "\n\
IPAddress            ScopeId              ClientId             Name                 Type                 Description\n\
---------            -------              --------             ----                 ----                 -----------\n\
10.0.0.99            10.0.0.0             aa-bb-cc-dd-ee-ff    test                 Both                 A1\n\
10.0.0.100           10.0.0.0             00-15-5d-a7-66-02                         Both\n\n"
    );
}

#[test]
fn known_columns_begin_where_windows_begins_them() {
    for (class, starts) in [
        ("DhcpServerv4Reservation", vec![0, 21, 42, 63, 84, 105]),
        ("DhcpServerv4Lease", vec![0, 16, 32, 53, 74, 95]),
        (
            "DhcpServerv4ScopeStatistics",
            vec![0, 17, 33, 49, 66, 82, 98],
        ),
        ("DhcpServerv4Scope", vec![0, 16, 32, 47, 56, 72, 88]),
    ] {
        let Some(View::Table(columns)) = view(class) else {
            unreachable!("{class} has a table");
        };
        let mut at = 0;
        let found: Vec<usize> = columns
            .iter()
            .map(|(_, _, width)| {
                let start = at;
                at += width + 1;
                start
            })
            .collect();
        assert_eq!(found, starts, "{class}");
    }
}

#[test]
fn a_relationship_prints_as_the_seed_prints_it() {
    let object = Object::new("DhcpServerv4Failover")
        .with("Name", "dhcp1.contoso.com-dc1.contoso.com")
        .with("PartnerServer", "dc1.contoso.com")
        .with("Mode", "LoadBalance")
        .with("ServerRole", Value::Null)
        .with("LoadBalancePercent", 50_u8)
        .with("ReservePercent", Value::Null)
        .with("ScopeId", Value::OneOrMany(vec!["10.0.0.0".into()]))
        .with("MaxClientLeadTime", crate::model::scope::Seconds::hours(1))
        .with("AutoStateTransition", false)
        .with("StateSwitchInterval", Value::Null)
        .with("State", "Normal")
        .with("EnableAuth", false)
        .with("ServerType", "PrimaryServer");
    assert_eq!(
        text(vec![object], None),
        "\n\
Name                : dhcp1.contoso.com-dc1.contoso.com\n\
PartnerServer       : dc1.contoso.com\n\
Mode                : LoadBalance\n\
LoadBalancePercent  : 50\n\
ServerRole          :\n\
ReservePercent      :\n\
MaxClientLeadTime   : 01:00:00\n\
StateSwitchInterval :\n\
State               : Normal\n\
ScopeId             : 10.0.0.0\n\
AutoStateTransition : False\n\
EnableAuth          : False\n\n"
    );
}

#[test]
fn small_objects_are_tables_and_large_ones_lists() {
    let version = Object::new("DhcpServerVersion")
        .with("MajorVersion", 10_u16)
        .with("MinorVersion", 0_u16);
    assert_eq!(
        text(vec![version], None),
        "\nMajorVersion MinorVersion\n------------ ------------\n          10            0\n\n"
    );
    let mut large = Object::new("Large");
    for name in ["One", "Two", "Three", "Four", "Fives"] {
        large = large.with(name, true);
    }
    assert!(text(vec![large], None).starts_with("\nOne   : True\nTwo"));
}

#[test]
fn long_values_are_cut_in_a_table() {
    let printed = text(
        vec![reservation(
            "10.0.0.1",
            "aa",
            "abcdefghijklmnopqrstuvwxyz",
            "",
        )],
        None,
    );
    assert!(printed.contains("abcdefghijklmnopq... Both"), "{printed}");
}

#[test]
fn json_is_always_an_array_and_escapes_what_a_terminal_heeds() {
    let hostile = reservation("10.0.0.1", "aa", "a\u{9b}2J\u{1b}\u{202e}\u{fffd}", "");
    let printed = text(vec![hostile], Some(Output::Json));
    assert!(printed.contains(r"a\u009b2J\u001b\u202e"), "{printed}");
    let read: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(read[0]["Name"], "a\u{9b}2J\u{1b}\u{202e}\u{fffd}");
    assert_eq!(read[0]["AddressState"], serde_json::Value::Null);
    assert_eq!(text(vec![], Some(Output::Json)), "[]\n");
}

#[test]
fn csv_quotes_as_export_csv_does() {
    let object = Object::new("DhcpServerv4Superscope")
        .with("SuperscopeName", "a \"b\"\u{7}")
        .with(
            "ScopeId",
            vec!["10.0.0.0".to_owned(), "10.0.1.0".to_owned()],
        );
    assert_eq!(
        text(vec![object], Some(Output::Csv)),
        "\"SuperscopeName\",\"ScopeId\"\n\"a \"\"b\"\"\u{fffd}\",\"10.0.0.0,10.0.1.0\"\n"
    );
    let object = Object::new("x").with("Value", vec!["a, b".to_owned(), "c".to_owned()]);
    assert_eq!(
        text(vec![object], Some(Output::Csv)),
        "\"Value\"\n\"'a, b',c\"\n"
    );
}

#[test]
fn numbers_and_times_print_as_windows_prints_them() {
    assert_eq!(real(0.0), "0");
    assert_eq!(real(100.0), "100");
    assert_eq!(real(150.0 / 7.0), "21.42857");
    assert_eq!(real(0.5), "0.5");
    let time: Timestamp = "2015-02-05T19:57:12Z".parse().unwrap();
    assert_eq!(local(time, TimeZone::UTC), "2/5/2015 7:57:12 PM");
}
