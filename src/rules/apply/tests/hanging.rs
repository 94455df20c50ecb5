//! The rules of what hangs on a scope: reservations, options and policies.

use super::*;
use crate::model::OptionLevel;
use crate::model::policy::PolicyProperty;
use crate::model::reservation::ReservationProperty;
use crate::model::scope::Seconds;
use crate::model::server::ServerVersion;

fn reserve(text: &str, client: u8) -> Edit {
    Edit::AddReservation {
        scope: floor(),
        reservation: reservation(text, client),
    }
}

fn option(level: OptionLevel, id: u8, value: &[&str]) -> Edit {
    Edit::SetOption {
        level,
        key: OptionKey::standard(id),
        value: OptionValue(value.iter().map(ToString::to_string).collect()),
    }
}

fn add_policy(change: impl FnOnce(&mut Policy)) -> Edit {
    let mut policy = policy("guests");
    change(&mut policy);
    Edit::AddPolicy {
        level: Some(floor()),
        policy: Box::new(policy),
        order: None,
    }
}

fn condition(criterion: Criterion, comparator: Comparator, values: &[&str]) -> Condition {
    Condition {
        criterion,
        comparator,
        values: values.iter().map(ToString::to_string).collect(),
    }
}

fn on_fqdn(policy: &mut Policy) {
    policy.conditions = vec![condition(Criterion::Fqdn, Comparator::Isl, &[])];
}

#[test]
fn r20018_a_reservation_lies_among_the_subnets_hosts() {
    let code = Code::NotReservedClient;
    for (text, word) in [
        ("10.0.1.5", "10.0.0.0/24"),
        ("10.0.0.0", "network"),
        ("10.0.0.255", "broadcast"),
    ] {
        refused(&base(), &facts(), &reserve(text, 1), code, &[text, word]);
    }
    // Outside the range, and inside an exclusion, it may.
    accepted(&base(), &facts(), &reserve("10.0.0.250", 1));
    accepted(&base(), &facts(), &reserve("10.0.0.20", 1));
}

#[test]
fn r20018_a_reservation_must_be_there() {
    let (scope, missing) = (floor(), address("10.0.0.98"));
    for edit in [
        Edit::RemoveReservation {
            scope,
            address: missing,
        },
        Edit::SetReservation {
            scope,
            address: missing,
            properties: Vec::new(),
        },
        option(OptionLevel::Reservation(scope, missing), 6, &["10.0.0.1"]),
    ] {
        refused(
            &base(),
            &facts(),
            &edit,
            Code::NotReservedClient,
            &["there is no reservation 10.0.0.98"],
        );
    }
}

#[test]
fn r20022_no_address_and_no_client_is_reserved_twice() {
    let code = Code::ReservedIpExits;
    refused(
        &base(),
        &facts(),
        &reserve("10.0.0.99", 1),
        code,
        &["10.0.0.99", "aa-aa-aa-aa-aa-aa", "'test'"],
    );
    refused(
        &base(),
        &facts(),
        &reserve("10.0.0.98", 0xaa),
        code,
        &["10.0.0.99", "aa-aa-aa-aa-aa-aa"],
    );
    let config = accepted(&base(), &facts(), &reserve("10.0.0.98", 1));
    let edit = Edit::SetReservation {
        scope: floor(),
        address: address("10.0.0.98"),
        properties: vec![ReservationProperty::Client(ClientId::mac([0xaa; 6]))],
    };
    refused(&config, &facts(), &edit, code, &["10.0.0.99"]);
    // In another scope a client may have another reservation.
    let edit = Edit::AddReservation {
        scope: id("10.0.1.0/24"),
        reservation: reservation("10.0.1.9", 0xaa),
    };
    accepted(&base(), &facts(), &edit);
}

#[test]
fn r87_a_reservations_texts_are_short() {
    for property in [
        ReservationProperty::Name("x".repeat(129)),
        ReservationProperty::Description("x".repeat(129)),
    ] {
        let edit = Edit::SetReservation {
            scope: floor(),
            address: address("10.0.0.99"),
            properties: vec![property.clone()],
        };
        let words = ["10.0.0.99", "129"];
        refused(&base(), &facts(), &edit, Code::InvalidParameter, &words);
        let edit = Edit::SetReservation {
            scope: floor(),
            address: address("10.0.0.99"),
            properties: vec![property.clone(), property],
        };
        refused(&base(), &facts(), &edit, Code::InvalidParameter, &["twice"]);
    }
}

#[test]
fn r87_an_options_value_is_of_its_type() {
    for (id, value) in [
        (0, vec!["1"]),
        (255, vec!["1"]),
        (3, vec![]),
        (3, vec!["10.0.0.01"]),
        (3, vec!["router"]),
        (15, vec!["a", "b"]),
        (15, vec![""]),
        (19, vec!["256"]),
        (19, vec!["+1"]),
        (19, vec!["0x"]),
        (26, vec!["65536"]),
        (51, vec!["4294967296"]),
        (51, vec!["99999999999999999999999"]),
        (43, vec!["0xabc"]),
    ] {
        let edit = option(OptionLevel::Scope(floor()), id, &value);
        refused(&base(), &facts(), &edit, Code::InvalidParameter, &[]);
    }
}

#[test]
fn an_options_value_is_kept_in_one_spelling() {
    for (id, typed, kept) in [
        (
            6,
            vec![" 10.0.0.1", "10.0.0.2"],
            vec!["10.0.0.1", "10.0.0.2"],
        ),
        (51, vec!["0xFF"], vec!["255"]),
        (51, vec!["007"], vec!["7"]),
        (43, vec!["0x1", "0A0b"], vec!["0x01", "0x0a0b"]),
        (199, vec!["Whatever"], vec!["Whatever"]),
    ] {
        let after = accepted(&base(), &facts(), &option(OptionLevel::Server, id, &typed));
        let value = after.options.get(&OptionKey::standard(id)).unwrap();
        assert_eq!(value.0, kept);
    }
}

#[test]
fn r20010_an_option_must_be_set_to_be_removed() {
    let remove = |id| Edit::RemoveOption {
        level: OptionLevel::Scope(floor()),
        key: OptionKey::standard(id),
    };
    let words = ["006 DNS Servers", "10.0.0.0"];
    refused(
        &base(),
        &facts(),
        &remove(6),
        Code::OptionNotPresent,
        &words,
    );
    let after = accepted(&base(), &facts(), &remove(3));
    assert!(after.scopes[&floor()].options.is_empty());
}

#[test]
fn options_are_set_at_every_level() {
    let level = OptionLevel::Reservation(floor(), address("10.0.0.99"));
    let after = accepted(&base(), &facts(), &option(level, 6, &["10.0.0.1"]));
    let held = &after.scopes[&floor()].reservations[&address("10.0.0.99")];
    assert_eq!(held.options.len(), 1);
    let level = OptionLevel::Policy(Some(floor()), "PHONES".into());
    let after = accepted(&base(), &facts(), &option(level, 6, &["10.0.0.1"]));
    assert_eq!(after.scopes[&floor()].policies[0].options.len(), 1);
}

#[test]
fn r20105_a_policys_name_is_unique_without_regard_to_case() {
    let edit = add_policy(|policy| policy.name = "Phones".into());
    refused(&base(), &facts(), &edit, Code::PolicyExists, &["'phones'"]);
}

#[test]
fn r20106_the_ranges_of_policies_share_no_address() {
    let edit = add_policy(|policy| policy.ranges = vec![range("10.0.0.159", "10.0.0.160")]);
    let words = ["'phones'", "10.0.0.150-10.0.0.159"];
    refused(&base(), &facts(), &edit, Code::PolicyRangeExists, &words);
    let edit = add_policy(|policy| policy.ranges = vec![range("10.0.0.60", "10.0.0.60"); 2]);
    refused(&base(), &facts(), &edit, Code::PolicyRangeExists, &[]);
}

#[test]
fn r20107_a_policys_range_lies_in_the_scopes() {
    let edit = add_policy(|policy| policy.ranges = vec![range("10.0.0.199", "10.0.0.201")]);
    let words = ["'guests'", "10.0.0.10-10.0.0.200"];
    refused(&base(), &facts(), &edit, Code::PolicyRangeBad, &words);
}

#[test]
fn r20108_a_server_policy_has_no_range() {
    let mut policy = policy("guests");
    policy.ranges = vec![range("10.0.0.60", "10.0.0.69")];
    let edit = Edit::AddPolicy {
        level: None,
        policy: Box::new(policy),
        order: None,
    };
    let code = Code::RangeInvalidInServerPolicy;
    refused(&base(), &facts(), &edit, code, &["'guests'"]);
}

#[test]
fn r20109_a_policys_conditions_make_sense() {
    for conditions in [
        vec![],
        vec![condition(Criterion::MacAddress, Comparator::Eq, &[])],
        vec![condition(Criterion::MacAddress, Comparator::Isl, &[])],
        vec![condition(Criterion::Fqdn, Comparator::Insl, &["a"])],
        vec![condition(Criterion::Fqdn, Comparator::Ne, &[])],
        vec![condition(Criterion::UserClass, Comparator::Eq, &[""])],
        vec![condition(Criterion::MacAddress, Comparator::Eq, &["*"])],
        vec![condition(
            Criterion::MacAddress,
            Comparator::Eq,
            &["00-1G*"],
        )],
        vec![condition(
            Criterion::MacAddress,
            Comparator::Eq,
            &["duid:00-11"],
        )],
    ] {
        let edit = add_policy(|policy| policy.conditions = conditions);
        let code = Code::InvalidPolicyExpression;
        refused(&base(), &facts(), &edit, code, &["'guests'"]);
    }
    for value in [
        "00155d*",
        "00-15-5D-*-*-*",
        "00:15:5d:a7:66:02",
        "0015.5da7.6602",
    ] {
        let conditions = vec![condition(Criterion::MacAddress, Comparator::Ne, &[value])];
        let edit = add_policy(|policy| policy.conditions = conditions);
        accepted(&base(), &facts(), &edit);
    }
}

#[test]
fn r20110_a_processing_order_is_one_there_is() {
    let code = Code::InvalidProcessingOrder;
    let add = |order| Edit::AddPolicy {
        level: Some(floor()),
        policy: Box::new(policy("guests")),
        order: Some(order),
    };
    for order in [0, 3, u16::MAX] {
        refused(&base(), &facts(), &add(order), code, &["1 to 2"]);
    }
    let after = accepted(&base(), &facts(), &add(1));
    assert_eq!(after.scopes[&floor()].policies[0].name, "guests");
    let set = |order| Edit::SetPolicy {
        level: Some(floor()),
        name: "guests".into(),
        properties: vec![PolicyProperty::ProcessingOrder(order)],
    };
    refused(&after, &facts(), &set(3), code, &["1 to 2"]);
    let after = accepted(&after, &facts(), &set(2));
    assert_eq!(after.scopes[&floor()].policies[1].name, "guests");
}

#[test]
fn r20111_a_policy_must_be_there() {
    let (level, name) = (Some(floor()), "nobody".to_owned());
    for edit in [
        Edit::RemovePolicy {
            level,
            name: name.clone(),
        },
        Edit::SetPolicy {
            level,
            name: name.clone(),
            properties: Vec::new(),
        },
        option(OptionLevel::Policy(level, name.clone()), 6, &["10.0.0.1"]),
        Edit::RemoveOption {
            level: OptionLevel::Policy(None, name),
            key: OptionKey::standard(6),
        },
    ] {
        refused(
            &base(),
            &facts(),
            &edit,
            Code::PolicyNotFound,
            &["'nobody'"],
        );
    }
}

#[test]
fn r20135_a_policy_on_fqdn_has_no_range() {
    let edit = add_policy(|policy| {
        on_fqdn(policy);
        policy.ranges = vec![range("10.0.0.60", "10.0.0.69")];
    });
    let code = Code::PolicyFqdnRangeUnsupported;
    refused(&base(), &facts(), &edit, code, &["'guests'"]);
}

#[test]
fn r20136_a_policy_on_fqdn_has_no_options() {
    let code = Code::PolicyFqdnOptionUnsupported;
    let config = accepted(&base(), &facts(), &add_policy(on_fqdn));
    let level = OptionLevel::Policy(Some(floor()), "guests".into());
    let edit = option(level, 6, &["10.0.0.1"]);
    refused(&config, &facts(), &edit, code, &["'guests'"]);
    let edit = add_policy(|policy| {
        on_fqdn(policy);
        let value = OptionValue(vec!["10.0.0.1".into()]);
        policy.options.insert(OptionKey::standard(6), value);
    });
    refused(&base(), &facts(), &edit, code, &[]);
}

#[test]
fn r20137_windows_2012_knows_no_fqdn_conditions() {
    let facts = facts_at(ServerVersion::WINDOWS_2012);
    let code = Code::PolicyEditFqdnUnsupported;
    refused(&base(), &facts, &add_policy(on_fqdn), code, &["'guests'"]);
    accepted(
        &base(),
        &facts_at(ServerVersion::WINDOWS_2012_R2),
        &add_policy(on_fqdn),
    );
}

#[test]
fn r87_windows_2008_has_no_policies() {
    let facts = facts_at(ServerVersion::WINDOWS_2008_R2);
    let edit = add_policy(|_| {});
    refused(&base(), &facts, &edit, Code::InvalidParameter, &["2012"]);
}

#[test]
fn r87_a_policys_texts_and_duration_make_sense() {
    type Change = fn(&mut Policy);
    let wrong: [Change; 4] = [
        |policy| policy.name.clear(),
        |policy| policy.name = "x".repeat(65),
        |policy| policy.description = "x".repeat(256),
        |policy| policy.lease_duration = Some(Seconds(0)),
    ];
    for change in wrong {
        let edit = add_policy(change);
        refused(&base(), &facts(), &edit, Code::InvalidParameter, &[]);
    }
}
