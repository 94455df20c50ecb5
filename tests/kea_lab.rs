//! The lab itself: each version and mode starts, is killed, restarted, and well again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use kea_lab::config::host;
use kea_lab::{Control, Lab, Mode, NAMES, Options, Version, namespaces, on_each};
use serde_json::{Value, json};

fn killed_and_restarted(version: Version) {
    if !version.here_for("a pair is killed and restarted") {
        return;
    }
    for mode in Mode::ALL {
        let lab = Lab::start(version, mode, Options::default());
        let answer = lab.ask(0, &json!({"command": "version-get"}));
        let text = answer["text"].as_str().unwrap();
        assert!(text.starts_with(version.number()), "{text}");
        let lease = json!({"ip-address": host(0, 2048)});
        for server in 0..2 {
            let subnets = &lab.config(server)["Dhcp4"]["subnet4"];
            let prefixes: Vec<_> = subnets
                .as_array()
                .unwrap()
                .iter()
                .map(|it| &it["subnet"])
                .collect();
            assert_eq!(prefixes, ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]);
            assert_eq!(subnets[0]["reservations"].as_array().unwrap().len(), 2);
            let found = lab.get(server, "lease4-get", lease.clone());
            assert_eq!(found["subnet-id"], 1);
        }
        for gone in [1, 0] {
            let pid = lab.pid(gone);
            lab.kill(gone);
            assert!(
                lab.try_ask(gone, &json!({"command": "status-get"}))
                    .is_err()
            );
            lab.wait_state(1 - gone, "partner-down");
            lab.start_again(gone);
            lab.wait_normal();
            assert_ne!(lab.pid(gone), pid);
        }
        lab.stop(1);
        lab.start_again(1);
        lab.wait_normal();
    }
}

#[test]
fn a_2_2_pair() {
    killed_and_restarted(Version::V2_2);
}

#[test]
fn a_2_6_pair() {
    killed_and_restarted(Version::V2_6);
}

#[test]
fn a_3_0_pair() {
    killed_and_restarted(Version::V3_0);
}

#[test]
fn one_that_hangs_is_given_up_and_comes_back() {
    on_each("one that hangs is given up and comes back", |version| {
        let lab = Lab::start(version, Mode::HotStandby, Options::default());
        lab.freeze(0);
        lab.wait_state(1, "partner-down");
        lab.thaw(0);
        lab.wait_normal();
    });
}

#[test]
fn files_are_as_they_were_written_until_a_server_writes_them() {
    on_each(
        "files are as they were written until a server writes them",
        |version| {
            let options = Options {
                comments: true,
                shared: 2,
                reservations: 15,
                mixed: true,
                relationship: Some("Contoso".to_owned()),
                ..Options::default()
            };
            let lab = Lab::start(version, Mode::LoadBalance, options);
            let text = std::fs::read_to_string(lab.file(1)).unwrap();
            for sign in ["//", "/*", "# Ask", "<?include"] {
                assert!(text.contains(sign), "{text}");
            }
            let config = lab.config(1);
            let shared = &config["Dhcp4"]["shared-networks"][0];
            assert_eq!(shared["name"], "floor");
            assert_eq!(shared["subnet4"].as_array().unwrap().len(), 2);
            assert_eq!(
                shared["subnet4"][0]["reservations"]
                    .as_array()
                    .unwrap()
                    .len(),
                5
            );
            lab.get(1, "config-write", Value::Null);
            let written = lab.config_on_disk(1);
            assert_eq!(written["Dhcp4"]["valid-lifetime"], 3600);
            assert_eq!(written["Dhcp4"]["shared-networks"][0]["name"], "floor");
        },
    );
}

/// What an HTTP channel's first line says to a request with or without the password.
fn over_http(lab: &Lab, server: usize, with: &str) -> String {
    use std::io::{Read, Write};
    let url = lab.url(server);
    let at = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    let body = r#"{"command": "version-get", "service": ["dhcp4"]}"#;
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {at}\r\nContent-Type: application/json\r\n{with}\
         Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn over_http_only_with_the_password() {
    on_each("over http only with the password", |version| {
        let options = Options {
            control: Control::Http,
            auth: Some(("admin".to_owned(), "secret".to_owned())),
            leases: 0,
            ..Options::default()
        };
        let lab = Lab::start(version, Mode::HotStandby, options);
        for server in 0..2 {
            let refused = over_http(&lab, server, "");
            assert!(refused.contains("401"), "{refused}");
            let right = "Authorization: Basic YWRtaW46c2VjcmV0\r\n";
            let taken = over_http(&lab, server, right);
            assert!(taken.contains("200"), "{taken}");
        }
    });
}

#[test]
fn those_that_stand_alone_know_nothing_of_failover() {
    on_each(
        "those that stand alone know nothing of failover",
        |version| {
            let options = Options {
                ha: false,
                ..Options::default()
            };
            let lab = Lab::start(version, Mode::HotStandby, options);
            assert_eq!(lab.state(0), None);
            assert_eq!(lab.ask(0, &json!({"command": "ha-heartbeat"}))["result"], 2);
        },
    );
}

#[test]
fn real_clients_are_answered() {
    on_each("real clients are answered", |version| {
        let options = Options {
            dhcp: true,
            ..Options::default()
        };
        let lab = Lab::start(version, Mode::HotStandby, options);
        let (relay, servers) = lab.dhcp();
        let output = std::process::Command::new("/usr/sbin/perfdhcp")
            .args([
                "-4",
                "-l",
                "127.0.0.1",
                "-r",
                "50",
                "-R",
                "20",
                "-n",
                "20",
                "-W",
                "500000",
            ])
            .args([
                "-L",
                &relay.to_string(),
                "-N",
                &servers[0].to_string(),
                "127.0.0.1",
            ])
            .output();
        let Ok(output) = output else {
            return kea_lab::left_out("real clients are answered: perfdhcp is not here");
        };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("received packets: 20"), "{version:?}: {said}");
    });
}

#[test]
fn both_live_on_when_their_link_is_cut() {
    if !namespaces::possible("both live on when their link is cut") {
        return;
    }
    on_each("both live on when their link is cut", |version| {
        for mode in Mode::ALL {
            let options = Options {
                apart: true,
                ..Options::default()
            };
            let lab = Lab::start(version, mode, options);
            lab.cut();
            for server in 0..2 {
                lab.wait_state(server, "partner-down");
            }
            lab.join();
            lab.wait_normal();
            for (server, name) in NAMES.iter().enumerate() {
                let inside = lab.namespace(server).unwrap().to_owned();
                assert!(
                    inside.contains(&std::process::id().to_string()),
                    "{name}: {inside}"
                );
            }
        }
    });
}
