//! What an operator who tries a Kea server out is told: how it is reached, what it is, what can be
//! done there, and what is missing or unwise.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::abilities::KeaVersion;
use super::wire::{Answer, Command, Wire};
use crate::config::{KeaAddress, KeaEntry};
use crate::drivers::check::CheckLine;

/// How long each question may take.
const EACH: Duration = Duration::from_secs(4);

/// Hook libraries, each told by a command that only it has.
const HOOKS: &[(&str, &str)] = &[
    ("ha-heartbeat", "ha"),
    ("lease4-get-page", "lease_cmds"),
    ("stat-lease4-get", "stat_cmds"),
    ("reservation-add", "host_cmds"),
    ("subnet4-add", "subnet_cmds"),
    ("class-add", "class_cmds"),
    ("remote-server4-set", "cb_cmds"),
    ("cache-get", "host_cache"),
];

/// Asks a server what it is, changing nothing.
pub async fn check(entry: &KeaEntry, wire: &dyn Wire) -> Vec<CheckLine> {
    let version = match wire.ask(&Command::read("version-get").within(EACH)).await {
        Ok(answer) if answer.result == Answer::SUCCESS => answer.text,
        Ok(answer) => {
            let why = format!("it does not tell its version: {}", answer.text);
            return vec![CheckLine::failure(why)];
        }
        Err(error) => return vec![CheckLine::failure(error.to_string())],
    };
    let mut lines = vec![CheckLine::fact(format!(
        "Kea {version}, {}",
        reached(entry)
    ))];
    lines.extend(openness(entry));
    let number = KeaVersion::parse(&version);
    if number.is_none_or(|number| number < KeaVersion::new(2, 2, 0)) {
        lines.push(CheckLine::warning(
            "this version of Kea was never tried: 2.2, 2.6 and 3.0 were",
        ));
    }
    let listed = wire.ask(&Command::read("list-commands").within(EACH)).await;
    match listed.map(|answer| (answer.arguments::<BTreeSet<String>>(), answer)) {
        Ok((Some(commands), _)) => lines.extend(can(number, &commands)),
        Ok((None, answer)) => {
            let why = format!("it does not tell its commands: {}", answer.text);
            lines.push(CheckLine::failure(why));
        }
        Err(error) => {
            lines.push(CheckLine::failure(error.to_string()));
            return lines;
        }
    }
    let status = wire.ask(&Command::read("status-get").within(EACH)).await;
    match status.map(|answer| (answer.arguments::<Status>(), answer)) {
        Ok((Some(status), _)) => lines.extend(running(status)),
        Ok((None, answer)) => {
            let why = format!("it does not tell its state: {}", answer.text);
            lines.push(CheckLine::failure(why));
        }
        Err(error) => lines.push(CheckLine::failure(error.to_string())),
    }
    lines
}

fn reached(entry: &KeaEntry) -> String {
    match &entry.address {
        KeaAddress::Socket(path) => format!("through the control socket {}", path.display()),
        KeaAddress::Url(url) => {
            let user = url.login.as_ref();
            let user = user.map(|login| format!(", as the user {}", login.user));
            let certificate = match url.client {
                Some(_) => ", with a client certificate",
                None => "",
            };
            format!("at {}{}{certificate}", url.url, user.unwrap_or_default())
        }
    }
}

/// What is unwise in how it was reached.
fn openness(entry: &KeaEntry) -> Vec<CheckLine> {
    let KeaAddress::Url(url) = &entry.address else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if url.sends_password_in_clear() {
        lines.push(CheckLine::warning(
            "the password crosses the network unencrypted (allow_cleartext_password)",
        ));
    }
    if url.login.is_none() && url.client.is_none() {
        lines.push(CheckLine::warning(
            "it answered without a password: whoever reaches its port can do the same",
        ));
    }
    lines
}

/// What its commands say that can be done.
fn can(number: Option<KeaVersion>, commands: &BTreeSet<String>) -> Vec<CheckLine> {
    let has = |name: &str| commands.contains(name);
    let hooks = HOOKS.iter().filter(|(command, _)| has(command));
    let hooks: Vec<&str> = hooks.map(|(_, hook)| *hook).collect();
    let mut lines = vec![CheckLine::fact(if hooks.is_empty() {
        "hooks: none that brings commands".to_owned()
    } else {
        format!("hooks: {}", hooks.join(", "))
    })];
    if !has("config-get") {
        lines.push(CheckLine::failure(
            "config-get is not allowed here: its configuration can't be read",
        ));
    }
    if !has("lease4-get-page") {
        lines.push(CheckLine::warning(
            "leases can't be shown nor removed: load the hook libdhcp_lease_cmds.so",
        ));
    }
    if !has("stat-lease4-get") {
        lines.push(CheckLine::warning(
            "how full its scopes are can't be shown: load the hook libdhcp_stat_cmds.so",
        ));
    }
    lines.extend(can_write(number, &has));
    let unsafe_test = KeaVersion::new(3, 0, 0)..=KeaVersion::new(3, 0, 3);
    if number.is_some_and(|number| unsafe_test.contains(&number)) {
        lines.push(CheckLine::warning(
            "Kea 3.0.0 to 3.0.3 loses its failover listener when a configuration is tested before it is set (ISC #4145): it is set untested here; 3.0.4 has that mended",
        ));
    }
    if has("ha-heartbeat") && number.is_some_and(|number| number < KeaVersion::new(3, 0, 0)) {
        lines.push(CheckLine::warning(
            "before Kea 3.0 the failover listener carries out any command, config-get included, without a password: let only its partners reach that port",
        ));
    }
    lines
}

fn can_write(number: Option<KeaVersion>, has: &impl Fn(&str) -> bool) -> Vec<CheckLine> {
    if !has("config-set") {
        return vec![CheckLine::warning(
            "config-set is not allowed here: nothing can be changed",
        )];
    }
    let mut lines = Vec::new();
    let all = |names: &[&str]| {
        number.is_some_and(|number| number >= KeaVersion::new(3, 0, 0))
            && names.iter().all(|name| has(name))
    };
    let gapless: Vec<&str> = [
        (
            all(&["reservation-add", "reservation-update", "reservation-del"]),
            "reservations",
        ),
        (
            all(&["subnet4-add", "subnet4-update", "subnet4-del"]),
            "scopes",
        ),
    ]
    .into_iter()
    .filter_map(|(is, what)| is.then_some(what))
    .collect();
    lines.push(CheckLine::fact(match gapless.as_slice() {
        [] => "changes: the configuration as a whole, each time; the partner of a pair answers meanwhile"
            .to_owned(),
        some => format!(
            "changes: {} one by one, with no interruption; the rest with the configuration as a whole",
            some.join(" and ")
        ),
    }));
    if !has("config-write") {
        lines.push(CheckLine::warning(
            "config-write is not allowed here: changes are lost when it restarts",
        ));
    }
    if !has("config-hash-get") {
        lines.push(CheckLine::fact(
            "whether its configuration has changed is told by reading all of it (no config-hash-get before 2.4)",
        ));
    }
    lines
}

/// What a status says, as far as it matters here. Every version leaves something out.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Status {
    #[serde(default)]
    high_availability: Vec<Relationship>,
    #[serde(default)]
    dhcp_state: DhcpState,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct DhcpState {
    globally_disabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Relationship {
    ha_mode: String,
    ha_servers: Servers,
}

#[derive(Deserialize)]
struct Servers {
    local: Peer,
    remote: Peer,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Peer {
    role: String,
    server_name: Option<String>,
    state: String,
    last_state: String,
    in_touch: Option<bool>,
    communication_interrupted: bool,
}

fn running(status: Status) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    if status.dhcp_state.globally_disabled {
        lines.push(CheckLine::warning(
            "its DHCP service is switched off (dhcp-disable, or waiting for its partner)",
        ));
    }
    if status.high_availability.is_empty() {
        lines.push(CheckLine::fact("failover: none"));
    }
    for relationship in status.high_availability {
        let Servers { local, remote } = relationship.ha_servers;
        let named = |peer: &Peer| {
            let name = peer.server_name.as_ref();
            name.map_or_else(|| peer.role.clone(), |name| format!("{} {name}", peer.role))
        };
        let heard = match (remote.last_state.as_str(), remote.in_touch) {
            ("", _) | (_, Some(false)) => "not heard of".to_owned(),
            (state, _) => format!("last heard as {state}"),
        };
        lines.push(CheckLine::fact(format!(
            "failover: {}, {} {}; its partner, {}, {heard}",
            relationship.ha_mode,
            named(&local),
            local.state,
            named(&remote)
        )));
        if remote.communication_interrupted {
            lines.push(CheckLine::warning(
                "it has no contact with its partner (communication interrupted)",
            ));
        }
        let serves = ["hot-standby", "load-balancing", "partner-down"];
        let passive = ["passive-backup", "backup"];
        let state = local.state.as_str();
        if !serves.contains(&state) && !passive.contains(&state) {
            lines.push(CheckLine::warning(format!(
                "failover is not in its normal state, but {}",
                local.state
            )));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::drivers::check::Weight;
    use crate::drivers::{BoxFuture, DriverError, Silence};
    use crate::model::ServerName;

    /// Answers from a table; not reached for what is not in it.
    struct Scripted(BTreeMap<&'static str, String>);

    impl Wire for Scripted {
        fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>> {
            let answer = self
                .0
                .get(command.name)
                .map(|text| serde_json::from_str(text).unwrap());
            let silent = DriverError::Unreachable {
                server: ServerName::new("kea1"),
                how: Silence::TimedOut(command.within),
            };
            Box::pin(std::future::ready(answer.ok_or(silent)))
        }
    }

    fn server(version: &str, commands: &[&str], status: &str) -> Scripted {
        let commands = serde_json::to_string(commands).unwrap();
        Scripted(BTreeMap::from([
            (
                "version-get",
                format!(r#"{{"result":0,"text":"{version}"}}"#),
            ),
            (
                "list-commands",
                format!(r#"{{"result":0,"arguments":{commands}}}"#),
            ),
            (
                "status-get",
                format!(r#"{{"result":0,"arguments":{status}}}"#),
            ),
        ]))
    }

    async fn lines(wire: &Scripted) -> (String, Weight) {
        let entry = KeaEntry {
            address: KeaAddress::Socket("/run/kea/ctl.sock".into()),
            ha_url: None,
        };
        let lines = check(&entry, wire).await;
        let heaviest = lines.iter().map(|line| line.weight).max().unwrap();
        let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        (texts.join("\n"), heaviest)
    }

    const ALL: &[&str] = &[
        "config-get",
        "config-hash-get",
        "config-set",
        "config-write",
        "ha-heartbeat",
        "lease4-get-page",
        "reservation-add",
        "reservation-del",
        "reservation-update",
        "stat-lease4-get",
        "subnet4-add",
        "subnet4-del",
        "subnet4-update",
    ];

    const PAIR: &str = r#"{"high-availability": [{"ha-mode": "hot-standby", "ha-servers": {
        "local": {"role": "primary", "server-name": "s1", "state": "hot-standby"},
        "remote": {"role": "standby", "server-name": "s2", "last-state": "hot-standby",
                   "in-touch": true, "communication-interrupted": false}}}]}"#;

    #[tokio::test]
    async fn a_server_with_everything_has_nothing_to_warn_of() {
        let (text, heaviest) = lines(&server("3.0.4", ALL, PAIR)).await;
        assert_eq!(heaviest, Weight::Fact, "{text}");
        for part in [
            "Kea 3.0.4, through the control socket /run/kea/ctl.sock",
            "hooks: ha, lease_cmds, stat_cmds, host_cmds, subnet_cmds",
            "reservations and scopes one by one, with no interruption",
            "failover: hot-standby, primary s1 hot-standby; its partner, standby s2, last heard as hot-standby",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[tokio::test]
    async fn what_is_missing_or_unwise_is_a_warning() {
        let bare = ["config-get", "config-set", "ha-heartbeat"];
        let state = r#"{"dhcp-state": {"globally-disabled": true}, "high-availability": [
            {"ha-mode": "load-balancing", "ha-servers": {
             "local": {"role": "primary", "state": "waiting"},
             "remote": {"role": "secondary", "last-state": "", "communication-interrupted": true}}}]}"#;
        let (text, heaviest) = lines(&server("2.2.0", &bare, state)).await;
        assert_eq!(heaviest, Weight::Warning, "{text}");
        for part in [
            "libdhcp_lease_cmds.so",
            "libdhcp_stat_cmds.so",
            "changes are lost when it restarts",
            "without a password",
            "switched off",
            "its partner, secondary, not heard of",
            "no contact with its partner",
            "but waiting",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        let (text, _) = lines(&server("3.0.3", ALL, PAIR)).await;
        assert!(text.contains("#4145"), "{text}");
        let (text, _) = lines(&server("3.0.3", &["config-get"], "{}")).await;
        assert!(text.contains("nothing can be changed"), "{text}");
        assert!(text.contains("failover: none"), "{text}");
    }

    #[tokio::test]
    async fn a_server_that_can_not_be_read_fails() {
        let (text, heaviest) = lines(&Scripted(BTreeMap::new())).await;
        assert_eq!(heaviest, Weight::Failure);
        assert_eq!(text, "kea1 did not answer within 4 s");
        let (text, heaviest) = lines(&server("3.0.4", &["status-get"], "{}")).await;
        assert_eq!(heaviest, Weight::Failure);
        assert!(text.contains("config-get is not allowed"), "{text}");
    }
}
