//! How high availability stands on one server: its terms as configured, its state as it says.

use std::time::Duration;

use serde::Deserialize;

use super::wire::{Answer, Command, Wire};
use crate::drivers::DriverError;
use crate::model::server::ServerName;
use crate::model::text::printable;

/// A state in which both servers do what they are configured to do.
const NORMAL: [&str; 2] = ["hot-standby", "load-balancing"];

/// One relationship as a server's own configuration gives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    /// Its name in the model.
    pub(super) name: String,
    /// What this server is called in it.
    pub(super) own: String,
    /// What the other main server is called.
    pub(super) partner: String,
    /// `hot-standby`, `load-balancing` or `passive-backup`.
    pub(super) mode: String,
    /// `primary`, `secondary` or `standby`.
    pub(super) role: String,
    /// Between two heartbeats.
    pub(super) heartbeat: Duration,
    /// After so long without an answer the partner counts as down.
    pub(super) max_response: Duration,
    /// Leases are copied so many at a time.
    pub(super) sync_page: u64,
}

impl Terms {
    /// The names of both main servers, this one's first.
    pub(super) fn mains(&self) -> Vec<String> {
        let mut mains = vec![self.own.clone()];
        mains.extend((!self.partner.is_empty()).then(|| self.partner.clone()));
        mains
    }

    /// Whose clients this server answers while all is well.
    pub(super) fn own_scopes(&self) -> Vec<String> {
        match self.serves() {
            true => vec![self.own.clone()],
            false => Vec::new(),
        }
    }

    /// Whose clients its partner answers while all is well.
    pub(super) fn partner_scopes(&self) -> Vec<String> {
        match self.mode.as_str() {
            "load-balancing" => vec![self.partner.clone()],
            "hot-standby" if self.role == "standby" => vec![self.partner.clone()],
            _ => Vec::new(),
        }
    }

    /// Whether this server answers clients while all is well.
    pub(super) fn serves(&self) -> bool {
        self.role != "standby" && self.role != "backup"
    }

    /// How long a restarted state machine may need until it answers clients again, leases aside.
    pub(super) fn longest_return(&self) -> Duration {
        self.max_response + self.heartbeat * 3
    }
}

#[derive(Deserialize)]
struct Root {
    #[serde(rename = "Dhcp4")]
    dhcp4: Dhcp4,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Dhcp4 {
    #[serde(default)]
    hooks_libraries: Vec<Hook>,
}

#[derive(Deserialize)]
struct Hook {
    #[serde(default)]
    library: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Parameters {
    #[serde(default)]
    high_availability: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Element {
    this_server_name: String,
    #[serde(default)]
    mode: String,
    heartbeat_delay: Option<u64>,
    max_response_delay: Option<u64>,
    sync_page_limit: Option<u64>,
    #[serde(default)]
    peers: Vec<Peer>,
    #[serde(default)]
    user_context: Option<Named>,
}

#[derive(Deserialize)]
struct Peer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// The relationships of a configuration (`config-get`'s arguments as text), in its order; none
/// where there are none, or where it is not understood.
pub(super) fn terms(config: &str) -> Vec<Terms> {
    let Ok(root) = serde_json::from_str::<Root>(config) else {
        return Vec::new();
    };
    root.dhcp4
        .hooks_libraries
        .into_iter()
        .filter(|hook| hook.library.contains("libdhcp_ha"))
        .filter_map(|hook| hook.parameters)
        .flat_map(|parameters| parameters.high_availability)
        .map(Element::terms)
        .collect()
}

impl Element {
    fn terms(self) -> Terms {
        let main = |role: &str| {
            let named = |peer: &&Peer| peer.role == role;
            self.peers.iter().find(named).map(|peer| peer.name.clone())
        };
        let primary = main("primary");
        let second = main("secondary").or_else(|| main("standby"));
        let named = self.user_context.as_ref().and_then(|it| it.name.clone());
        let name = named.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            let part = |name: &Option<String>| name.clone().unwrap_or_default();
            format!("{}-{}", part(&primary), part(&second))
        });
        let own = self.this_server_name;
        let partner = [primary, second]
            .into_iter()
            .flatten()
            .find(|name| *name != own);
        let role = self.peers.iter().find(|peer| peer.name == own);
        let millis = |given: Option<u64>, default| Duration::from_millis(given.unwrap_or(default));
        Terms {
            name,
            partner: partner.unwrap_or_default(),
            mode: self.mode,
            role: role.map(|peer| peer.role.clone()).unwrap_or_default(),
            heartbeat: millis(self.heartbeat_delay, 10_000),
            max_response: millis(self.max_response_delay, 60_000),
            sync_page: self.sync_page_limit.unwrap_or(10_000),
            own,
        }
    }
}

/// How a relationship stands, in a server's own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// `load-balancing`, `waiting`, …; printable.
    pub(super) state: String,
    /// Whose clients it answers.
    pub(super) scopes: Vec<String>,
}

impl Standing {
    /// Whether both servers do what they are configured to do.
    pub(super) fn is_normal(&self) -> bool {
        NORMAL.contains(&self.state.as_str())
    }

    /// Whether it answers for its partner too, by right.
    pub(super) fn serves_alone(&self) -> bool {
        matches!(
            self.state.as_str(),
            "partner-down" | "partner-in-maintenance"
        )
    }
}

/// What `status-get` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Status {
    /// The process: another one has forgotten what was not saved.
    pub(super) pid: i64,
    /// How each relationship stands, in the configuration's order; none without the hook.
    pub(super) relationships: Vec<Standing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawStatus {
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    high_availability: Vec<RawRelationship>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawRelationship {
    ha_servers: RawServers,
}

#[derive(Deserialize)]
struct RawServers {
    local: RawStanding,
}

#[derive(Deserialize)]
struct RawStanding {
    #[serde(default)]
    state: String,
    #[serde(default)]
    scopes: Vec<String>,
}

impl From<RawStanding> for Standing {
    fn from(raw: RawStanding) -> Standing {
        Standing {
            state: printable(&raw.state, 60),
            scopes: raw.scopes,
        }
    }
}

/// Asks whether it lives: a server that hangs is found out by this.
pub(super) const SOON: Duration = Duration::from_secs(3);

/// Asks for its status.
pub(super) async fn status(wire: &dyn Wire, server: &ServerName) -> Result<Status, DriverError> {
    let answer = wire.ask(&Command::read("status-get").within(SOON)).await?;
    let raw: RawStatus = answer
        .arguments()
        .filter(|_| answer.result == Answer::SUCCESS)
        .ok_or_else(|| not_understood(server, "status-get", &answer))?;
    let standings = raw.high_availability.into_iter();
    Ok(Status {
        pid: raw.pid,
        relationships: standings.map(|it| it.ha_servers.local.into()).collect(),
    })
}

/// Asks how one relationship stands. That also has a server look after its timers at once.
pub(super) async fn standing(
    wire: &dyn Wire,
    server: &ServerName,
    terms: &Terms,
) -> Result<Standing, DriverError> {
    let answer = wire.ask(&heartbeat(terms)).await?;
    let raw: RawStanding = answer
        .arguments()
        .filter(|_| answer.result == Answer::SUCCESS)
        .ok_or_else(|| not_understood(server, "ha-heartbeat", &answer))?;
    Ok(raw.into())
}

fn heartbeat(terms: &Terms) -> Command {
    of_relationship(Command::read("ha-heartbeat").within(SOON), terms)
}

/// The command for that relationship only, whatever others the server has.
pub(super) fn of_relationship(command: Command, terms: &Terms) -> Command {
    command.with(&serde_json::json!({ "server-name": terms.own }))
}

/// An answer that was none.
pub(super) fn not_understood(server: &ServerName, command: &str, answer: &Answer) -> DriverError {
    DriverError::Protocol {
        server: server.clone(),
        what: format!(
            "{command}: result {}, '{}'",
            answer.result,
            printable(&answer.text, 300)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = r#"{"Dhcp4": {"hooks-libraries": [
        {"library": "/usr/lib/libdhcp_lease_cmds.so"},
        {"library": "/usr/lib/libdhcp_ha.so", "parameters": {"high-availability": [{
            "this-server-name": "s2", "mode": "hot-standby", "heartbeat-delay": 500,
            "peers": [{"name": "s1", "role": "primary"}, {"name": "s2", "role": "standby"}]}]}}]}}"#;

    #[test]
    fn terms_have_kea_s_defaults() {
        let terms = terms(PAIR).remove(0);
        assert_eq!(terms.name, "s1-s2");
        assert_eq!((terms.own.as_str(), terms.partner.as_str()), ("s2", "s1"));
        assert_eq!(terms.heartbeat, Duration::from_millis(500));
        assert_eq!(terms.max_response, Duration::from_secs(60));
        assert!(!terms.serves() && terms.own_scopes().is_empty());
        assert_eq!(terms.partner_scopes(), ["s1"]);
        assert_eq!(terms.mains(), ["s2", "s1"]);
    }

    #[test]
    fn a_configuration_without_it_has_none() {
        assert!(super::terms(r#"{"Dhcp4": {}}"#).is_empty());
        assert!(super::terms("<html>").is_empty());
    }
}
