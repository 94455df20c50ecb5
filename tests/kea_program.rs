//! The whole program on live pairs of Kea: the console by keys, the cmdlets, IPAM's commands, check.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::path::PathBuf;

use kea_lab::{Control, Lab, Mode, NAMES, Options, Version};

/// A `config.toml` for a pair: the first by HTTP where the lab has it, the second by its socket.
fn configuration(lab: &Lab) -> String {
    let mut text = String::from("[collect]\nstate = 1\nretry = 1\nconfiguration = 60\n");
    for (server, name) in NAMES.iter().enumerate() {
        let address = match (server, lab.options.control) {
            (0, Control::Http | Control::Agent) => format!("url = \"{}\"", lab.url(server)),
            _ => format!("socket = \"{}\"", lab.socket(server).display()),
        };
        text += &format!(
            "\n[[server]]\nname = \"{name}.example.org\"\naliases = [\"{name}\"]\nkind = \"kea\"\n{address}\n"
        );
    }
    text
}

/// Not a test: a pair to look at. `KEA=3.0 MODE=hot-standby HOME_AT=/tmp/x cargo test --test
/// kea_program to_look_at -- --ignored --nocapture`; it lasts until `HOME_AT/stop` is there.
#[test]
#[ignore = "it waits until it is told to stop"]
fn to_look_at() {
    let word = |name: &str| std::env::var(name).unwrap_or_default();
    let version = Version::ALL
        .into_iter()
        .find(|version| version.number() == word("KEA"))
        .unwrap_or(Version::V3_0);
    let mode = match word("MODE").as_str() {
        "hot-standby" => Mode::HotStandby,
        _ => Mode::LoadBalance,
    };
    let options = Options {
        subnets: 20,
        shared: 4,
        reservations: 60,
        mixed: true,
        leases: 200,
        heartbeat: 1000,
        max_response: 10_000,
        control: Control::Http,
        comments: true,
        ..Options::default()
    };
    let lab = Lab::start(version, mode, options);
    let home = PathBuf::from(word("HOME_AT"));
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("config.toml"), configuration(&lab)).unwrap();
    for server in 0..2 {
        eprintln!("{} {} {}", NAMES[server], lab.pid(server), lab.folder(server).display());
    }
    let started = |server: usize| home.join(format!("start{}", server + 1));
    while !home.join("stop").exists() {
        for server in 0..2 {
            if std::fs::remove_file(started(server)).is_ok() {
                lab.kill(server);
                lab.start_again(server);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
