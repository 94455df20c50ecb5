//! What stays as it was, and what is refused.

use super::*;
use crate::drivers::kea::abilities::Abilities;
use crate::model::failover::{Mode, Relationship, RelationshipProperty, Role};
use crate::model::reservation::ReservationProperty;
use crate::model::scope::{LeaseDuration, ScopeProperty, Seconds};
use crate::model::{ClientId, OptionKey, OptionLevel, OptionValue, Reservation};
use crate::rules;

fn office() -> ScopeId {
    id("10.0.0.0/24")
}

fn set(property: ScopeProperty) -> Edit {
    Edit::SetScope {
        scope: office(),
        properties: vec![property],
    }
}

fn value(text: &str) -> OptionValue {
    OptionValue(vec![text.to_owned()])
}

/// The JSON under a path.
fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    document.pointer(path).unwrap_or(&Value::Null)
}

fn json(document: &Document) -> Value {
    serde_json::from_str(&document.text()).unwrap()
}

#[test]
fn what_is_read_is_written_in_its_order() {
    for text in [STANDBY, BALANCED, ALONE] {
        let read: Value = serde_json::from_str(text).unwrap();
        let mut read = read.as_object().unwrap().clone();
        read.shift_remove("hash");
        assert_eq!(document(text).text(), Value::Object(read).to_string());
    }
}

#[test]
fn the_digest_is_blind_to_order_alone() {
    let digest = |text: &str| document(text).digest();
    assert_eq!(
        digest(r#"{"Dhcp4":{"a":1,"b":[1,2]},"hash":"x"}"#),
        digest(r#"{"Dhcp4":{"b":[1,2],"a":1}}"#)
    );
    assert_ne!(
        digest(r#"{"Dhcp4":{"b":[2,1]}}"#),
        digest(r#"{"Dhcp4":{"b":[1,2]}}"#)
    );
    assert_ne!(
        digest(r#"{"Dhcp4":{"b":"1"}}"#),
        digest(r#"{"Dhcp4":{"b":1}}"#)
    );
}

#[test]
fn what_is_no_configuration_is_none() {
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"Dhcp4":[]}"#,
        r#"{"Dhcp4":{"subnet4":{}}}"#,
        r#"{"Dhcp4":{"subnet4":[1]}}"#,
        r#"{"Dhcp4":{"subnet4":[{"user-context":"x"}]}}"#,
    ] {
        assert!(Document::parse(bad).is_err(), "{bad}");
    }
    assert!(Document::parse(&"[".repeat(100_000)).is_err());
}

#[test]
fn an_edit_taken_back_leaves_every_byte() {
    let edits = [
        set(ScopeProperty::Name("Hall".into())),
        set(ScopeProperty::Description("4th floor".into())),
        set(ScopeProperty::LeaseDuration(LeaseDuration::Limited(
            Seconds(7200),
        ))),
        set(ScopeProperty::Ranges(vec![
            range("10.0.0.16", "10.0.0.31"),
            range("10.0.0.100", "10.0.0.160"),
        ])),
        Edit::SetReservation {
            scope: office(),
            address: address("10.0.0.5"),
            properties: vec![
                ReservationProperty::Client(ClientId::mac([2, 0, 0, 0, 0, 7])),
                ReservationProperty::Name("b".into()),
                ReservationProperty::Description("elsewhere".into()),
            ],
        },
        Edit::SetOption {
            level: OptionLevel::Scope(office()),
            key: OptionKey::standard(3),
            value: value("10.0.0.9"),
        },
        Edit::SetOption {
            level: OptionLevel::Server,
            key: OptionKey::standard(42),
            value: value("10.0.0.9"),
        },
        Edit::AddReservation {
            scope: office(),
            reservation: Reservation::new(address("10.0.0.50"), ClientId::mac([7; 6])),
        },
        Edit::AddScope(Box::new(plain("10.7.0.0/24"))),
        Edit::RenameSuperscope {
            from: "campus".into(),
            to: "site".into(),
        },
        Edit::RemoveFailoverScopes {
            name: "s1-s2".into(),
            scopes: [office()].into(),
        },
        Edit::SetRelationship {
            name: "s1-s2".into(),
            properties: vec![RelationshipProperty::Mode(Mode::LoadBalance {
                percent: 50,
            })],
        },
    ];
    for edit in edits {
        let mut document = document(STANDBY);
        let before = document.clone();
        let inverse = rules::invert(&read(&document), &edit).unwrap();
        document.edit(&edit, &context()).unwrap();
        assert_ne!(document, before, "{edit}");
        for edit in &inverse {
            document.edit(edit, &context()).unwrap();
        }
        assert_eq!(document.text(), before.text(), "{edit}");
    }
}

#[test]
fn pools_keep_what_they_have_besides_addresses() {
    let mut document = document(STANDBY);
    let wanted = vec![
        range("10.0.0.16", "10.0.0.40"),
        range("10.0.0.120", "10.0.0.200"),
    ];
    document
        .edit(&set(ScopeProperty::Ranges(wanted)), &context())
        .unwrap();
    let json = json(&document);
    let pools = at(&json, "/Dhcp4/subnet4/0/pools");
    assert_eq!(
        pools.to_string(),
        r#"[{"option-data":[],"pool":"10.0.0.16-10.0.0.40","x-pool":1},{"pool":"10.0.0.120-10.0.0.200","option-data":[{"code":3,"data":"10.0.0.2"}]}]"#
    );
}

#[test]
fn the_two_share_new_ranges_evenly() {
    let mut document = document(BALANCED);
    document
        .edit(
            &set(ScopeProperty::Ranges(vec![range("10.0.0.1", "10.0.0.100")])),
            &newer(),
        )
        .unwrap();
    let shared = json(&document);
    assert_eq!(
        at(&shared, "/Dhcp4/subnet4/0/pools").to_string(),
        r#"[{"client-classes":["HA_s1"],"pool":"10.0.0.1-10.0.0.31","x-pool":1},{"client-classes":["HA_s1"],"pool":"10.0.0.32-10.0.0.50","option-data":[{"code":3,"data":"10.0.0.2"}]},{"client-classes":["HA_s2"],"pool":"10.0.0.51-10.0.0.100","option-data":[{"code":3,"data":"10.0.0.2"}]}]"#
    );
    // A scope that comes in is shared, in the words of the version.
    for (context, words) in [
        (newer(), r#""client-classes":["HA_s2"]"#),
        (context(), r#""client-class":"HA_s2""#),
    ] {
        let mut document = self::document(BALANCED);
        let add = Edit::AddFailoverScopes {
            name: "pair".into(),
            scopes: [id("10.0.1.0/24")].into(),
        };
        document.edit(&add, &context).unwrap();
        assert!(
            document
                .text()
                .contains(&format!(r#"{{"pool":"10.0.1.16-10.0.1.20",{words}}}"#)),
            "{}",
            document.text()
        );
    }
}

#[test]
fn lifetimes_move_along() {
    let lasting = |text: &str, seconds| {
        let mut document = document(text);
        let edit = set(ScopeProperty::LeaseDuration(LeaseDuration::Limited(
            Seconds(seconds),
        )));
        document.edit(&edit, &context()).unwrap();
        let json = json(&document);
        ["min-valid", "valid", "max-valid", "renew", "rebind"].map(|key| {
            let key = match key {
                "renew" | "rebind" => format!("{key}-timer"),
                lifetime => format!("{lifetime}-lifetime"),
            };
            at(&json, &format!("/Dhcp4/subnet4/0/{key}")).as_u64()
        })
    };
    assert_eq!(
        lasting(STANDBY, 7200),
        [Some(7200), Some(7200), Some(7200), Some(900), Some(1800)]
    );
    assert_eq!(
        lasting(STANDBY, 1200),
        [Some(1200), Some(1200), Some(1200), Some(900), Some(1050)]
    );
    assert_eq!(
        lasting(STANDBY, 600),
        [Some(600), Some(600), Some(600), Some(300), Some(525)]
    );
    assert_eq!(lasting(ALONE, 3600), [None, Some(3600), None, None, None]);
    assert_eq!(
        lasting(ALONE, 900),
        [Some(900), Some(900), None, None, None]
    );
    assert_eq!(
        lasting(ALONE, 9000),
        [None, Some(9000), Some(9000), None, None]
    );
}

#[test]
fn a_new_subnet_has_the_partners_id() {
    let add = |context: &Context| {
        let mut document = document(STANDBY);
        document.edit(&Edit::AddScope(Box::new(plain("10.7.0.0/24"))), context)?;
        let ids = document.subnet_ids();
        Ok::<_, Refusal>(
            ids.into_iter()
                .find(|(_, held)| *held == id("10.7.0.0/24"))
                .unwrap()
                .0,
        )
    };
    let with = |number: u32, prefix: &str| Context {
        partner: [(number, id(prefix))].into(),
        ..context()
    };
    assert_eq!(add(&context()), Ok(4));
    assert_eq!(add(&with(9, "10.7.0.0/24")), Ok(9));
    assert_eq!(add(&with(9, "10.8.0.0/24")), Ok(10));
    assert_eq!(add(&with(u32::MAX - 1, "10.8.0.0/24")), Ok(4));
    assert!(
        add(&with(1, "10.7.0.0/24"))
            .unwrap_err()
            .to_string()
            .contains("partners need the same id")
    );
}

#[test]
fn what_kea_would_take_is_refused_with_a_sentence() {
    let reserve = |at: &str, client: &str, name: &str| {
        let mut reservation = Reservation::new(address(at), client.parse().unwrap());
        reservation.name = name.into();
        Edit::AddReservation {
            scope: office(),
            reservation,
        }
    };
    let mac = "02:00:00:00:00:77";
    for (edit, words) in [
        (
            reserve("10.0.0.50", "02:00", ""),
            "an Ethernet address has 6",
        ),
        (reserve("10.0.0.50", mac, "a b"), "host name"),
        (reserve("10.0.0.255", mac, ""), "can't be reserved"),
        (reserve("10.0.0.0", mac, ""), "can't be reserved"),
        (reserve("10.0.1.1", mac, ""), "can't be reserved"),
        (
            reserve("10.0.0.5", mac, ""),
            "reserved in scope 10.0.0.0 already",
        ),
        (
            reserve("10.0.0.50", "02:00:00:00:00:01", ""),
            "already, 10.0.0.5",
        ),
        (
            reserve("10.0.0.50", "02:00:00:00:00:09", ""),
            "one without an address",
        ),
        (
            reserve("10.0.0.50", "flex-id:01:02", ""),
            "host-reservation-identifiers",
        ),
        (
            set(ScopeProperty::Ranges(vec![range("10.0.1.1", "10.0.1.2")])),
            "does not lie in",
        ),
        (set(ScopeProperty::Delay(5)), "no delay"),
        (
            Edit::AddExclusion {
                scope: office(),
                range: range("10.0.0.20", "10.0.0.21"),
            },
            "change the address ranges",
        ),
        (
            Edit::SetOption {
                level: OptionLevel::Server,
                key: OptionKey::standard(199),
                value: value("text"),
            },
            "in hex",
        ),
        (
            Edit::AddRelationship {
                relationship: Relationship {
                    mclt: Seconds(0),
                    ..Relationship::new("x", ServerName::new("s2"))
                },
                secret: None,
                ha: Some(Box::new(terms())),
            },
            "already",
        ),
        (
            Edit::SetRelationship {
                name: "s1-s2".into(),
                properties: vec![RelationshipProperty::Mclt(Seconds(1))],
            },
            "Lead Time",
        ),
        (
            Edit::SetRelationship {
                name: "s1-s2".into(),
                properties: vec![RelationshipProperty::Mode(Mode::HotStandby {
                    role: Role::Standby,
                    reserve_percent: 0,
                })],
            },
            "swap",
        ),
    ] {
        let mut document = document(STANDBY);
        let before = document.text();
        let refusal = document.edit(&edit, &context()).unwrap_err().to_string();
        assert!(refusal.contains(words), "{edit}: {refusal}");
        assert_eq!(document.text(), before);
    }
    // What is so already is no edit.
    let same = Edit::SetScope {
        scope: office(),
        properties: read(&document(STANDBY)).scopes[&office()].properties(),
    };
    let mut document = document(STANDBY);
    let before = document.text();
    document.edit(&same, &context()).unwrap();
    assert_eq!(document.text(), before);
}

fn abilities(commands: &[&str]) -> Abilities {
    Abilities {
        version: KeaVersion::new(3, 0, 3),
        commands: commands.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_can_be_done_in_place_is() {
    let all = abilities(&[
        "reservation-add",
        "reservation-update",
        "reservation-del",
        "subnet4-add",
        "subnet4-update",
        "subnet4-del",
        "network4-add",
        "network4-del",
        "network4-subnet-add",
        "network4-subnet-del",
    ]);
    let names = |edits: &[Edit], abilities: &Abilities| {
        let before = document(STANDBY);
        let after = before.edited(edits, &newer()).unwrap();
        let commands = commands(&before, &after, abilities)?;
        assert!(commands.iter().all(|command| {
            !command.name.starts_with("subnet4")
                || !command.arguments.to_string().contains("\"reservations\"")
        }));
        Some(
            commands
                .iter()
                .map(|command| command.name)
                .collect::<Vec<_>>(),
        )
    };
    let reserve = Edit::AddReservation {
        scope: office(),
        reservation: Reservation::new(address("10.0.0.50"), ClientId::mac([7; 6])),
    };
    let client = |client| Edit::SetReservation {
        scope: office(),
        address: address("10.0.0.5"),
        properties: vec![client],
    };
    assert_eq!(names(&[], &all), Some(vec![]));
    assert_eq!(
        names(std::slice::from_ref(&reserve), &all),
        Some(vec!["reservation-add"])
    );
    assert_eq!(
        names(
            std::slice::from_ref(&reserve),
            &abilities(&["subnet4-update"])
        ),
        None
    );
    assert_eq!(
        names(&[client(ReservationProperty::Name("b".into()))], &all),
        Some(vec!["reservation-update"])
    );
    assert_eq!(
        names(
            &[client(ReservationProperty::Client(ClientId::mac([8; 6])))],
            &all
        ),
        Some(vec!["reservation-del", "reservation-add"])
    );
    assert_eq!(
        names(&[set(ScopeProperty::Name("x".into())), reserve], &all),
        Some(vec!["subnet4-update", "reservation-add"])
    );
    assert_eq!(
        names(&[set(ScopeProperty::Superscope(Some("new".into())))], &all),
        Some(vec!["network4-add", "network4-subnet-add"])
    );
    assert_eq!(
        names(
            &[Edit::RemoveScope {
                scope: office(),
                force: true
            }],
            &all
        ),
        Some(vec!["subnet4-del"])
    );
    assert_eq!(
        names(
            &[Edit::SetOption {
                level: OptionLevel::Server,
                key: OptionKey::standard(42),
                value: value("10.0.0.9")
            }],
            &all
        ),
        None
    );
    assert_eq!(
        names(
            &[Edit::RemoveRelationship {
                name: "s1-s2".into()
            }],
            &all
        ),
        None
    );
}
