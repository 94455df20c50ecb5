//! Whether a real server takes what was written.

use std::process::Command;

use super::*;
use crate::model::failover::{Mode, Relationship, RelationshipProperty};
use crate::model::scope::{LeaseDuration, ScopeProperty, Seconds};
use crate::model::{ClientId, OptionKey, OptionLevel, OptionValue, Reservation};

const SERVER: &str = "/usr/sbin/kea-dhcp4";
const HOOKS: &str = "/usr/lib/x86_64-linux-gnu/kea/hooks";

fn takes(document: &Document) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kea.conf");
    std::fs::write(&file, document.text()).unwrap();
    let told = Command::new(SERVER)
        .arg("-t")
        .arg(&file)
        .env("KEA_LOCKFILE_DIR", "none")
        .env("KEA_PIDFILE_DIR", folder.path())
        .env("KEA_LOGGER_DESTINATION", folder.path().join("log"))
        .output()
        .unwrap();
    let words =
        String::from_utf8_lossy(&told.stderr).into_owned() + &String::from_utf8_lossy(&told.stdout);
    match told.status.success() && !words.contains("ERROR") {
        true => Ok(()),
        false => Err(words),
    }
}

#[test]
fn kea_takes_what_edits_write() {
    if !std::path::Path::new(SERVER).exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{SERVER} is not installed"
        );
        eprintln!("SKIPPED: {SERVER} is not installed");
        return;
    }
    let base = format!(
        r#"{{"Dhcp4":{{"interfaces-config":{{"interfaces":[]}},"lease-database":{{"type":"memfile","persist":false}},
        "valid-lifetime":3600,"renew-timer":900,"rebind-timer":1800,"hooks-libraries":[{{"library":"{HOOKS}/libdhcp_lease_cmds.so"}}],
        "option-def":[{{"code":222,"name":"own","space":"dhcp4","type":"string"}}],
        "subnet4":[{{"id":1,"subnet":"10.0.0.0/24"}},{{"id":2,"subnet":"10.0.1.0/24"}}]}}}}"#
    );
    let mut document = document(&base);
    takes(&document).expect("the base");
    let mut context = context();
    context.ha = Some(terms());
    let (one, two) = (id("10.0.0.0/24"), id("10.0.1.0/24"));
    let set = |scope, properties| Edit::SetScope { scope, properties };
    let mut scope = plain("10.7.0.0/24");
    scope.superscope = Some("campus".into());
    scope.lease_duration = LeaseDuration::Unlimited;
    let mut edits = vec![
        set(
            one,
            vec![
                ScopeProperty::Name("ä \"x\"".into()),
                ScopeProperty::Description("d".into()),
                ScopeProperty::Ranges(vec![
                    range("10.0.0.10", "10.0.0.99"),
                    range("10.0.0.120", "10.0.0.130"),
                ]),
                ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(600))),
            ],
        ),
        Edit::AddScope(Box::new(scope)),
        set(
            two,
            vec![
                ScopeProperty::Superscope(Some("campus".into())),
                ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(1))),
            ],
        ),
        Edit::RenameSuperscope {
            from: "campus".into(),
            to: "site".into(),
        },
    ];
    for (place, client) in [
        "02:00:00:00:00:01",
        "client-id:01",
        "duid:00:01:02",
        "circuit-id:61",
    ]
    .iter()
    .enumerate()
    {
        let mut reservation = Reservation::new(
            Ipv4Addr::new(10, 0, 0, 200 + u8::try_from(place).unwrap()),
            client.parse::<ClientId>().unwrap(),
        );
        reservation.name = format!("h{place}.example.org");
        reservation.description = "by the door".into();
        reservation
            .options
            .insert(OptionKey::standard(67), OptionValue(vec!["x.efi".into()]));
        edits.push(Edit::AddReservation {
            scope: one,
            reservation,
        });
    }
    for (code, value) in [
        (2, "4294963696"),
        (3, "10.0.0.1"),
        (6, "10.0.0.53"),
        (15, "a.example"),
        (19, "1"),
        (43, "0x0102"),
        (51, "600"),
        (66, "a, b"),
        (119, "0x0161036e657400"),
        (121, "0x080a0a000001"),
        (150, "10.0.0.1"),
        (199, "0x0a"),
        (222, "own"),
        (252, "http://wpad/"),
    ] {
        let (key, value) = (OptionKey::standard(code), OptionValue(vec![value.into()]));
        edits.push(Edit::SetOption {
            level: OptionLevel::Server,
            key: key.clone(),
            value: value.clone(),
        });
        edits.push(Edit::SetOption {
            level: OptionLevel::Scope(one),
            key,
            value,
        });
    }
    let mut relationship = Relationship::new("Pair", ServerName::new("s2"));
    relationship.mclt = Seconds(0);
    relationship.scopes = [one].into();
    edits.push(Edit::AddRelationship {
        relationship,
        secret: None,
    });
    edits.push(Edit::AddFailoverScopes {
        name: "Pair".into(),
        scopes: [two].into(),
    });
    edits.push(Edit::SetRelationship {
        name: "Pair".into(),
        properties: vec![
            RelationshipProperty::Mode(Mode::HotStandby {
                role: crate::model::failover::Role::Active,
                reserve_percent: 0,
            }),
            RelationshipProperty::SwitchInterval(Some(Seconds(60))),
        ],
    });
    edits.push(Edit::RemoveRelationship {
        name: "Pair".into(),
    });
    for edit in &edits {
        document
            .edit(edit, &context)
            .unwrap_or_else(|why| panic!("{edit}: {why}"));
        // One start of the server for each kind is enough: it takes some 20 ms.
        if let Err(words) = takes(&document) {
            panic!("{edit}: {words}\n{}", document.text());
        }
    }
}
