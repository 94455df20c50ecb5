//! Whether a real server takes what was written.

use std::io::Write;
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

/// Says what is left out; under CI, nothing may be.
fn left_out(what: &str) {
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "left out, which CI does not allow: {what}");
    eprintln!("left out: {what}");
    if let Some(list) = std::env::var_os("TWINSCOPE_LEFT_OUT") {
        let list = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(list);
        let _ = list.and_then(|mut list| writeln!(list, "document: {what}"));
    }
}

#[test]
fn kea_takes_what_edits_write() {
    if !std::path::Path::new(SERVER).exists() {
        return left_out(&format!("{SERVER} is not installed"));
    }
    let base = format!(
        r#"{{"Dhcp4":{{"interfaces-config":{{"interfaces":[]}},"lease-database":{{"type":"memfile","persist":false}},
        "valid-lifetime":3600,"renew-timer":900,"rebind-timer":1800,"hooks-libraries":[{{"library":"{HOOKS}/libdhcp_lease_cmds.so"}}],
        "option-def":[{{"code":222,"name":"own","space":"dhcp4","type":"string"}}],
        "subnet4":[{{"id":1,"subnet":"10.0.0.0/24"}},{{"id":2,"subnet":"10.0.1.0/24"}}]}}}}"#
    );
    let mut document = document(&base);
    takes(&document).expect("the base");
    let context = context();
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
        ha: Some(Box::new(terms())),
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

/// The commands against a real 3.0, where one was laid for the tests.
mod in_place {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::process::{Child, Stdio};

    use super::*;
    use crate::drivers::kea::abilities::Abilities;

    struct Server(Child, tempfile::TempDir);

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Where `tests/kea/install.sh` lays it.
    fn laid() -> PathBuf {
        let folder = |name: &str| {
            let set = std::env::var_os(name).filter(|set| !set.is_empty());
            set.map(PathBuf::from)
        };
        let cache = || {
            let home = || std::env::home_dir().unwrap_or_default().join(".cache");
            let cache = folder("XDG_CACHE_HOME").unwrap_or_else(home);
            cache.join("twinscope-tests/kea")
        };
        folder("TWINSCOPE_KEA").unwrap_or_else(cache).join("3.0")
    }

    impl Server {
        fn start(root: &std::path::Path) -> Server {
            use std::os::unix::fs::PermissionsExt;
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path();
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o750)).unwrap();
            let libraries = root.join("usr/lib/x86_64-linux-gnu");
            let hooks = libraries.join("kea/hooks");
            let hook =
                |name: &str| format!(r#"{{"library":"{}/libdhcp_{name}.so"}}"#, hooks.display());
            let config = format!(
                r#"{{"Dhcp4":{{"interfaces-config":{{"interfaces":[]}},"lease-database":{{"type":"memfile","persist":false}},"valid-lifetime":3600,
                "control-sockets":[{{"socket-type":"unix","socket-name":"{}/s.sock"}}],"hooks-libraries":[{},{}],
                "shared-networks":[{{"name":"campus","subnet4":[{{"id":3,"subnet":"10.0.2.0/24"}}]}}],
                "subnet4":[{{"id":1,"subnet":"10.0.0.0/24","pools":[{{"pool":"10.0.0.16/28"}}],"user-context":{{"other":[1]}},
                  "reservations":[{{"hw-address":"02:00:00:00:00:01","ip-address":"10.0.0.5","client-classes":["phones"],"user-context":{{"x":1}}}}]}},{{"id":2,"subnet":"10.0.1.0/24"}}]}}}}"#,
                at.display(),
                hook("host_cmds"),
                hook("subnet_cmds")
            );
            std::fs::write(at.join("kea.conf"), config).unwrap();
            let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
            command
                .arg("--library-path")
                .arg(&libraries)
                .arg(root.join("usr/sbin/kea-dhcp4"));
            command
                .args(["-p", "24067", "-c"])
                .arg(at.join("kea.conf"))
                .env("KEA_HOOKS_PATH", &hooks);
            for name in [
                "KEA_PIDFILE_DIR",
                "KEA_CONTROL_SOCKET_DIR",
                "KEA_DHCP_DATA_DIR",
                "KEA_LOG_FILE_DIR",
            ] {
                command.env(name, at);
            }
            command
                .env("KEA_LOCKFILE_DIR", "none")
                .env("KEA_LOGGER_DESTINATION", at.join("log"));
            let child = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            Server(child, folder)
        }

        fn ask(&self, name: &str, arguments: &Value) -> Value {
            let socket = self.1.path().join("s.sock");
            let start = std::time::Instant::now();
            let mut stream = loop {
                match UnixStream::connect(&socket) {
                    Ok(stream) => break stream,
                    Err(why) if start.elapsed().as_secs() > 20 => {
                        panic!("it does not come up: {why}")
                    }
                    Err(_) => std::thread::yield_now(),
                }
            };
            let command = serde_json::json!({ "command": name, "arguments": arguments });
            stream.write_all(command.to_string().as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            serde_json::from_str(&answer).unwrap()
        }

        fn document(&self) -> Document {
            let answer = self.ask("config-get", &Value::Object(Json::new()));
            document(&answer["arguments"].to_string())
        }
    }

    #[test]
    fn commands_bring_a_server_to_the_document_and_back() {
        let root = laid();
        if !root.join("complete").exists() {
            return left_out(&format!(
                "no Kea 3.0 in {} (tests/kea/install.sh all fetches it)",
                root.display()
            ));
        }
        let server = Server::start(&root);
        let before = server.document();
        let listed = server.ask("list-commands", &Value::Object(Json::new()));
        let abilities = Abilities {
            version: KeaVersion::new(3, 0, 3),
            commands: serde_json::from_value(listed["arguments"].clone()).unwrap(),
        };
        let (one, two) = (id("10.0.0.0/24"), id("10.0.1.0/24"));
        let mut scope = plain("10.7.0.0/24");
        scope.superscope = Some("campus".into());
        let reservation =
            |at: [u8; 4], last| Reservation::new(at.into(), ClientId::mac([2, 0, 0, 0, 0, last]));
        scope.reservations.insert(
            [10, 7, 0, 9].into(),
            Arc::new(reservation([10, 7, 0, 9], 9)),
        );
        let mut described = reservation([10, 0, 0, 6], 6);
        described.description = "by the door".into();
        described
            .options
            .insert(OptionKey::standard(67), OptionValue(vec!["x.efi".into()]));
        let set = |scope, properties| Edit::SetScope { scope, properties };
        let name = |name: &str| crate::model::reservation::ReservationProperty::Name(name.into());
        let edits = [
            set(
                one,
                vec![
                    ScopeProperty::Name("Office".into()),
                    ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(600))),
                    ScopeProperty::Ranges(vec![range("10.0.0.16", "10.0.0.40")]),
                ],
            ),
            Edit::AddReservation {
                scope: one,
                reservation: described,
            },
            Edit::SetReservation {
                scope: one,
                address: [10, 0, 0, 5].into(),
                properties: vec![name("printer")],
            },
            Edit::SetOption {
                level: OptionLevel::Scope(one),
                key: OptionKey::standard(3),
                value: OptionValue(vec!["10.0.0.1".into()]),
            },
            set(two, vec![ScopeProperty::Superscope(Some("new".into()))]),
            Edit::AddScope(Box::new(scope)),
            Edit::RemoveScope {
                scope: id("10.0.2.0/24"),
                force: true,
            },
        ];
        let after = before.edited(&edits, &newer()).unwrap();
        let commands = commands(&before, &after, &abilities).unwrap();
        for command in &commands {
            let answer = server.ask(command.name, &command.arguments);
            assert_eq!(answer["result"], 0, "{command:?}: {answer}");
        }
        assert_eq!(read(&server.document()), read(&after));
        for (name, arguments) in commands.iter().rev().flat_map(|command| &command.inverse) {
            let answer = server.ask(name, arguments);
            assert_eq!(answer["result"], 0, "{name} {arguments}: {answer}");
        }
        assert_eq!(server.document().digest(), before.digest());
    }
}
