//! Two servers that become a pair: what is looked at before, and that they have found each other
//! after.

use std::time::Duration;

use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::KeaServer;
use super::ha::HaStatus;
use super::peers::normal;
use super::standing;
use super::wire::{Answer, Command};
use crate::drivers::DriverError;
use crate::model::failover::{Mode, Relationship, Side};
use crate::model::server::{Product, ServerReading};
use crate::model::text::printable;
use crate::model::{Edit, HaEnd, HaSetup};
use crate::rules::{Code, ha_setup};

/// A connection over a network takes no longer.
const CONNECT: Duration = Duration::from_secs(2);
/// However long the heartbeats, so long at most is waited for two servers to find each other.
const LONGEST: Duration = Duration::from_secs(150);
/// And so long at least.
const LEAST: Duration = Duration::from_secs(5);
/// So many heartbeats it takes at most: one each to be heard of, to be ready, to be normal.
const HEARTBEATS: u32 = 4;
/// Besides them: leases are copied.
const MORE: Duration = Duration::from_secs(10);

/// The relationship that edits add, with its terms.
pub(super) fn added(edits: &[Edit]) -> Option<(&Relationship, &HaSetup)> {
    edits.iter().find_map(|edit| match edit {
        Edit::AddRelationship {
            relationship, ha, ..
        } => Some((relationship, ha.as_deref()?)),
        _ => None,
    })
}

/// Whether edits make or take away a relationship: its partner then can't stand in.
pub(super) fn of_a_relationship(edits: &[Edit]) -> bool {
    let whole = |edit: &Edit| {
        matches!(
            edit,
            Edit::AddRelationship { .. } | Edit::RemoveRelationship { .. }
        )
    };
    edits.iter().any(whole)
}

/// For how long a server that gets a relationship answers nobody.
pub(super) fn silence(ha: &HaSetup) -> Duration {
    Duration::from_millis(u64::from(ha.heartbeat_delay)) * 3
}

/// What listens at a URL.
enum Port {
    /// The host answers, and nothing listens there.
    Free,
    Busy,
    /// It can't be told from here, and why.
    Unknown(String),
}

async fn port(url: &str) -> Port {
    let Some((host, port)) = ha_setup::parts(url) else {
        return Port::Unknown("it is no address".to_owned());
    };
    match timeout(CONNECT, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => Port::Busy,
        Ok(Err(why)) if why.kind() == std::io::ErrorKind::ConnectionRefused => Port::Free,
        Ok(Err(why)) => Port::Unknown(why.to_string()),
        Err(_) => Port::Unknown(format!("no answer within {} s", CONNECT.as_secs())),
    }
}

impl KeaServer {
    /// This server's part of a pair, as far as the configuration tells.
    pub(super) fn proposed_end(&self) -> HaEnd {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = self.server.as_str().chars().filter(|c| plain(*c)).collect();
        let entry = self.entry.as_ref();
        let configured = entry.and_then(|entry| entry.ha_url.clone());
        let beside = || {
            let crate::config::KeaAddress::Url(url) = &entry?.address else {
                return None;
            };
            let host = super::peers::host_of(&url.url)?;
            let address: std::net::IpAddr = host.parse().ok()?;
            let shown = match address {
                std::net::IpAddr::V4(address) => address.to_string(),
                std::net::IpAddr::V6(address) => format!("[{address}]"),
            };
            Some(format!(
                "http://{shown}:{}/",
                crate::model::ha_setup::HA_PORT
            ))
        };
        HaEnd {
            name,
            url: configured.or_else(beside).unwrap_or_default(),
        }
    }

    /// Whether the server can listen where its partner will look for it, as far as can be told
    /// from here; a sentence where that can't be told.
    pub(super) async fn may_pair(&self, ha: &HaSetup) -> Result<Option<String>, DriverError> {
        let url = printable(&ha.own.url, 120);
        let configured = self.entry.as_ref().and_then(|entry| entry.ha_url.as_ref());
        if let Some(configured) = configured.filter(|known| normal(known) != normal(&ha.own.url)) {
            return Err(self.refused(
                Code::InvalidParameter,
                format!(
                    "{} is to listen at {url}, and our configuration says ha_url = {}: give that, \
                     or change the entry first",
                    self.server,
                    printable(configured, 120)
                ),
            ));
        }
        match port(&ha.own.url).await {
            Port::Free => Ok(None),
            Port::Busy => Err(self.refused(
                Code::InvalidParameter,
                format!(
                    "something listens at {url} already, so that {} could not hear its partner \
                     there: choose another port",
                    self.server
                ),
            )),
            Port::Unknown(why) => Ok(Some(format!(
                "whether {} can listen at {url} can't be told from here ({}): if the two don't \
                 find each other, both are put back as they were",
                self.server,
                printable(&why, 120)
            ))),
        }
    }

    /// Waits until the server listens for its partner, and, of the primary, until the two have
    /// found each other.
    pub(super) async fn paired(
        &self,
        relationship: &Relationship,
        ha: &HaSetup,
        text: &str,
    ) -> Result<(), String> {
        let terms = standing::terms(text);
        let own = terms.iter().find(|terms| terms.own == ha.own.name);
        let Some(own) = own else {
            return Err("it does not have the relationship".to_owned());
        };
        let heartbeat = Duration::from_millis(u64::from(ha.heartbeat_delay));
        let max_response = Duration::from_millis(u64::from(ha.max_response_delay));
        let listens = relationship.side == Side::Secondary;
        let patience = match listens {
            true => MORE,
            // Given back while its partner still waits: later that one would serve alone.
            false => (heartbeat * HEARTBEATS + MORE)
                .min(LONGEST)
                .min((max_response / 5 * 4).max(LEAST)),
        };
        let begun = Instant::now();
        loop {
            let now = standing::standing(&*self.wire, &self.server, own).await;
            let mut seen = match &now {
                Ok(now) => format!("it is {}", now.state),
                Err(error) => error.to_string(),
            };
            let there = match (&now, listens) {
                (Ok(_), true) => match port(&ha.own.url).await {
                    Port::Busy | Port::Unknown(_) => true,
                    Port::Free => {
                        seen = format!("nothing listens at {}", printable(&ha.own.url, 120));
                        false
                    }
                },
                (Ok(now), false) => now.is_normal(),
                (Err(_), _) => false,
            };
            if there {
                return Ok(());
            }
            // It has tried to reach its partner, in vain: waiting costs its clients.
            if !listens && self.partner_is_unavailable().await {
                return Err(format!(
                    "{} does not answer it at {}",
                    printable(&ha.partner.name, 80),
                    printable(&ha.partner.url, 120)
                ));
            }
            if begun.elapsed() >= patience {
                return Err(format!("after {} s {seen}", patience.as_secs()));
            }
            let soon = begun.elapsed() < Duration::from_secs(10);
            sleep(Duration::from_millis(if soon { 20 } else { 200 })).await;
        }
    }

    async fn partner_is_unavailable(&self) -> bool {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Status {
            #[serde(default)]
            high_availability: Vec<HaStatus>,
        }
        let command = Command::read("status-get").within(standing::SOON);
        let Ok(answer) = self.ask(&command).await else {
            return false;
        };
        let status: Option<Status> = answer
            .arguments()
            .filter(|_| answer.result == Answer::SUCCESS);
        let relationships = status.map(|status| status.high_availability);
        relationships.into_iter().flatten().any(|relationship| {
            let remote = relationship.ha_servers.remote;
            remote.is_some_and(|remote| remote.last_state == "unavailable")
        })
    }

    /// Why an edit of a relationship can't be made on this server, besides what no Kea server
    /// makes.
    pub(super) fn refuses_relationship(
        &self,
        edit: &Edit,
        reading: &ServerReading,
    ) -> Option<String> {
        match edit {
            Edit::AddRelationship { .. } => {
                if let Some(held) = reading.config.relationships.values().next() {
                    return Some(format!(
                        "{} is in failover relationship '{}' already, and Kea's high availability \
                         is the whole server's: use that one, or delete it first",
                        self.server,
                        printable(&held.name, 80)
                    ));
                }
                let abilities = self.learned().abilities.clone()?;
                let hooks = ["lease4-get", "lease4-get-page", "stat-lease4-get"];
                let more = ["reservation-add", "subnet4-add", "class-add"];
                let mut all = hooks.iter().chain(&more);
                (!all.any(|command| abilities.has(command))).then(|| {
                    format!(
                        "{} has no hook loaded, so that nobody knows where Kea's hooks are: load \
                         libdhcp_lease_cmds.so in its configuration file first",
                        self.server
                    )
                })
            }
            Edit::SetRelationship { name, properties } => {
                let held = reading.config.relationship(name)?;
                properties.iter().find_map(|property| match property {
                    crate::model::failover::RelationshipProperty::Mode(new)
                        if new.label() != held.mode.label() =>
                    {
                        Some(
                            "two Kea servers take their mode from each other as they come back \
                             one by one, so that it can't be changed while they run: delete the \
                             relationship and configure failover anew"
                                .to_owned(),
                        )
                    }
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// What the whole server's high availability means for scopes that only it has.
    pub(super) fn of_the_others(&self, edits: &[Edit], reading: &ServerReading) -> Option<String> {
        let (mode, side, left): (Mode, Side, Vec<String>) =
            edits.iter().find_map(|edit| match edit {
                Edit::AddRelationship { relationship, .. } => {
                    let scopes = reading.config.scopes.values();
                    let others = scopes.filter(|scope| {
                        !relationship.scopes.contains(&scope.id) && !scope.ranges.is_empty()
                    });
                    let others = others.map(|scope| scope.id.net().to_string());
                    Some((relationship.mode, relationship.side, others.collect()))
                }
                Edit::RemoveFailoverScopes { name, scopes } => {
                    let gone = |id| {
                        let removal = |edit: &Edit| {
                            matches!(edit, Edit::RemoveScope { scope, .. } if *scope == id)
                        };
                        edits.iter().any(removal)
                    };
                    let held = reading.config.relationship(name)?;
                    let stay = scopes.iter().filter(|id| !gone(**id));
                    let stay = stay.map(|id| id.net().to_string());
                    Some((held.mode, held.side, stay.collect()))
                }
                _ => None,
            })?;
        if left.is_empty() || reading.identity.product != Product::Kea {
            return None;
        }
        let which = match left.as_slice() {
            few if few.len() <= 4 => few.join(", "),
            [first, ..] => format!("{first} and {} more", left.len() - 1),
            [] => return None,
        };
        let server = &self.server;
        match (mode, side) {
            (Mode::HotStandby { .. }, Side::Primary) => None,
            (Mode::HotStandby { .. }, Side::Secondary) => Some(format!(
                "Kea's high availability is the whole server's: as the standby {server} answers \
                 nobody, also not in {which}, which only it has"
            )),
            (Mode::LoadBalance { .. }, _) => Some(format!(
                "Kea's load balancing is the whole server's: {server} answers only its half of the \
                 clients in {which}, which only it has"
            )),
        }
    }
}
