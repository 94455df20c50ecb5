//! A real Kea is asked over its unix socket, and through its Control Agent.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use twinscope::config::{KeaAddress, KeaEntry, KeaUrl, Login, PasswordFrom, Secret};
use twinscope::drivers::DriverError;
use twinscope::drivers::check::Weight;
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::check::check;
use twinscope::drivers::kea::wire::{Answer, Command, Wire};
use twinscope::model::ServerName;
use twinscope::rules::Code;

const KEA: &str = "/usr/sbin/kea-dhcp4";
const AGENT: &str = "/usr/sbin/kea-ctrl-agent";

/// A process of ours, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, folder: &Path, config: &str) -> Running {
    let name = Path::new(program).file_name().unwrap();
    let file = folder.join(name).with_extension("conf");
    std::fs::write(&file, config).unwrap();
    let child = std::process::Command::new(program)
        .arg("-c")
        .arg(&file)
        .env("KEA_PIDFILE_DIR", folder)
        .env("KEA_LOCKFILE_DIR", "none")
        .env("KEA_LOGGER_DESTINATION", folder.join("log"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.unwrap())
}

fn kea(folder: &Path) -> Running {
    let hooks = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|machine| PathBuf::from(format!("/usr/lib/{machine}/kea/hooks")));
    let hooks = hooks.into_iter().find(|hooks| hooks.exists()).unwrap();
    let (folder_is, hooks) = (folder.display(), hooks.display());
    let config = format!(
        r#"{{ "Dhcp4": {{
            "interfaces-config": {{ "interfaces": [ ] }},
            "control-socket": {{ "socket-type": "unix", "socket-name": "{folder_is}/ctl.sock" }},
            "lease-database": {{ "type": "memfile", "persist": false }},
            "hooks-libraries": [
                {{ "library": "{hooks}/libdhcp_lease_cmds.so" }},
                {{ "library": "{hooks}/libdhcp_stat_cmds.so" }} ],
            "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24" }} ] }} }}"#
    );
    start(KEA, folder, &config)
}

fn agent(folder: &Path, port: u16) -> Running {
    let folder_is = folder.display();
    let config = format!(
        r#"{{ "Control-agent": {{
            "http-host": "127.0.0.1", "http-port": {port},
            "authentication": {{ "type": "basic", "realm": "kea", "clients": [
                {{ "user": "twinscope", "password": "hush" }} ] }},
            "control-sockets": {{ "dhcp4": {{
                "socket-type": "unix", "socket-name": "{folder_is}/ctl.sock" }} }} }} }}"#
    );
    start(AGENT, folder, &config)
}

/// Asks until it is reached: servers take a moment to begin.
async fn ready(channel: &Channel) -> Answer {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match channel.ask(&Command::read("version-get")).await {
            Ok(answer) => return answer,
            Err(error) if Instant::now() > until => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn open(address: &KeaAddress) -> Channel {
    Channel::open(ServerName::new("kea1"), address).unwrap()
}

fn at(port: u16, password: &str) -> KeaAddress {
    let password = PasswordFrom::Prompt(Some(Secret::new(password.to_owned())));
    KeaAddress::Url(Box::new(KeaUrl {
        login: Some(Login {
            user: "twinscope".to_owned(),
            password,
        }),
        ..KeaUrl::new(&format!("http://127.0.0.1:{port}/"))
    }))
}

async fn answers_like_a_server(channel: &Channel) {
    let config = channel.ask(&Command::read("config-get")).await.unwrap();
    let config: serde_json::Value = config.arguments().unwrap();
    assert_eq!(config["Dhcp4"]["subnet4"][0]["subnet"], "10.0.0.0/24");
    let unknown = channel.ask(&Command::write("no-such")).await.unwrap();
    assert_eq!(unknown.result, Answer::UNSUPPORTED, "{}", unknown.text);
    let lease = Command::read("lease4-get").with(&serde_json::json!({"ip-address": "10.0.0.9"}));
    let lease = channel.ask(&lease).await.unwrap();
    assert_eq!(lease.result, Answer::EMPTY, "{}", lease.text);
}

#[tokio::test]
async fn a_real_server_answers_at_its_socket_and_through_its_control_agent() {
    if !(Path::new(KEA).exists() && Path::new(AGENT).exists()) {
        assert!(std::env::var_os("CI").is_none(), "{KEA} is not installed");
        eprintln!("skipped: {KEA} and {AGENT} are not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = kea(folder.path());
    let socket = KeaAddress::Socket(folder.path().join("ctl.sock"));
    let channel = open(&socket);
    let version = ready(&channel).await;
    assert_eq!(version.result, Answer::SUCCESS);
    answers_like_a_server(&channel).await;
    // Side by side, in turn.
    let command = Command::read("config-get");
    let both = tokio::join!(channel.ask(&command), channel.ask(&command));
    assert!(both.0.is_ok() && both.1.is_ok());

    let entry = KeaEntry {
        address: socket,
        ha_url: None,
    };
    let lines = check(&entry, &channel).await;
    assert!(
        lines.iter().all(|line| line.weight < Weight::Failure),
        "{lines:?}"
    );
    assert!(lines[0].text.starts_with("Kea "), "{lines:?}");
    let hooks = "hooks: lease_cmds, stat_cmds";
    assert!(lines.iter().any(|line| line.text == hooks), "{lines:?}");

    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let _agent = agent(folder.path(), port);
    let through = open(&at(port, "hush"));
    assert_eq!(ready(&through).await.text, version.text);
    answers_like_a_server(&through).await;
    let stranger = open(&at(port, "wrong"));
    let error = stranger.ask(&Command::read("config-get")).await;
    let DriverError::Refused { error, .. } = error.unwrap_err() else {
        panic!("let in with a wrong password")
    };
    assert_eq!(error.code, Code::AccessDenied);

    // The agent without its server: nothing was sent.
    drop(server);
    let error = through
        .ask(&Command::write("config-set"))
        .await
        .unwrap_err();
    assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
    let error = channel
        .ask(&Command::write("config-set"))
        .await
        .unwrap_err();
    assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
}
