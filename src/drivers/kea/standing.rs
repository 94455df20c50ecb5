//! How high availability stands on one server: its terms as configured, its state as it says.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ha::{self, HaMode, HaRole, HaTerms};
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
    /// How they share the work.
    pub(super) mode: HaMode,
    /// This server's part.
    pub(super) role: HaRole,
    /// Between two heartbeats.
    pub(super) heartbeat: Duration,
    /// After so long without an answer the partner counts as down.
    pub(super) max_response: Duration,
    /// Leases are copied so many at a time.
    pub(super) sync_page: u32,
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
        match (self.mode, self.role) {
            (HaMode::LoadBalancing, _) | (HaMode::HotStandby, HaRole::Standby) => {
                vec![self.partner.clone()]
            }
            _ => Vec::new(),
        }
    }

    /// Whether this server answers clients while all is well.
    pub(super) fn serves(&self) -> bool {
        !matches!(self.role, HaRole::Standby | HaRole::Backup)
    }

    /// Whether, alone, it answers clients that it does not answer now.
    pub(super) fn would_take_over(&self) -> bool {
        self.mode == HaMode::LoadBalancing || self.role == HaRole::Standby
    }

    /// How long a restarted state machine may need until it answers clients again, leases aside.
    pub(super) fn longest_return(&self) -> Duration {
        self.max_response + self.heartbeat * 3
    }
}

#[derive(Deserialize)]
struct Root<'a> {
    #[serde(borrow, rename = "Dhcp4")]
    dhcp4: Dhcp4<'a>,
}

#[derive(Deserialize)]
struct Dhcp4<'a> {
    #[serde(borrow, default, rename = "hooks-libraries")]
    hooks: Vec<Hook<'a>>,
}

#[derive(Deserialize)]
struct Hook<'a> {
    #[serde(default)]
    library: String,
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
}

/// The relationships of a configuration (`config-get`'s arguments as text), in its order; none
/// where there are none, or where it is not understood.
pub(super) fn terms(config: &str) -> Vec<Terms> {
    let Ok(root) = serde_json::from_str::<Root>(config) else {
        return Vec::new();
    };
    let hooks = root.dhcp4.hooks.into_iter();
    hooks
        .filter(|hook| hook.library.contains("libdhcp_ha"))
        .filter_map(|hook| ha::relationships(hook.parameters?).ok())
        .flatten()
        .map(|terms| Terms::of(&terms))
        .collect()
}

impl Terms {
    pub(super) fn of(terms: &HaTerms) -> Terms {
        let own = terms.this_server_name.clone();
        let (primary, second) = terms.pair().unzip();
        let mut mains = primary.into_iter().chain(second).map(|peer| &peer.name);
        Terms {
            name: terms.name(),
            partner: mains
                .find(|name| **name != own)
                .cloned()
                .unwrap_or_default(),
            mode: terms.mode,
            role: terms.this().map_or(HaRole::Backup, |peer| peer.role),
            heartbeat: Duration::from_millis(terms.heartbeat_delay),
            max_response: Duration::from_millis(terms.max_response_delay),
            sync_page: terms.sync_page_limit,
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
    /// Whether it has no contact with its partner. A hot standby does not say so in its state; only
    /// a status does.
    pub(super) interrupted: bool,
}

impl Standing {
    /// Whether both servers do what they are configured to do.
    pub(super) fn is_normal(&self) -> bool {
        NORMAL.contains(&self.state.as_str())
    }
}

/// What `status-get` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Status {
    /// The process: another one has forgotten what was not saved.
    pub(super) pid: i64,
    /// For how many seconds it has run.
    pub(super) uptime: i64,
    /// How each relationship stands, in the configuration's order; none without the hook.
    pub(super) relationships: Vec<Standing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawStatus {
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    uptime: i64,
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
    #[serde(default)]
    remote: RawPartner,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct RawPartner {
    #[serde(default)]
    communication_interrupted: bool,
    #[serde(default)]
    last_state: String,
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
            interrupted: false,
        }
    }
}

impl From<RawServers> for Standing {
    fn from(raw: RawServers) -> Standing {
        Standing {
            interrupted: raw.remote.communication_interrupted
                || raw.remote.last_state == "unavailable",
            ..raw.local.into()
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
        uptime: raw.uptime,
        relationships: standings.map(|it| it.ha_servers.into()).collect(),
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
        assert!(terms(r#"{"Dhcp4": {}}"#).is_empty());
        assert!(terms("<html>").is_empty());
    }
}
