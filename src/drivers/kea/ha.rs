//! The high-availability stanza: who the two servers are, on which terms, and how they stand.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::failover::{FailoverState, Mode, RelationshipStatus, Role, Side, Unacked};
use crate::model::scope::Seconds;
use crate::model::text::printable;

/// A peer's part in a relationship.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HaRole {
    /// Serves in hot standby; half of load balancing.
    Primary,
    /// The other half of load balancing.
    Secondary,
    /// Waits in hot standby.
    Standby,
    /// Gets the leases, and never serves by itself.
    Backup,
}

/// How Kea shares the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HaMode {
    /// Both answer.
    LoadBalancing,
    /// One answers, the other waits.
    HotStandby,
    /// One answers, and the backups get the leases: no failover.
    PassiveBackup,
}

/// A peer of a relationship.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HaPeer {
    /// Its name among the peers: `server1`.
    pub name: String,
    /// Where it is found by the others.
    #[serde(default)]
    pub url: String,
    /// Its part.
    pub role: HaRole,
    /// Whether its work is taken over when it is down.
    #[serde(default = "yes")]
    pub auto_failover: bool,
}

/// One relationship's terms, with Kea's defaults where they are not said. Delays are milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HaTerms {
    /// Which of the peers this server is.
    pub this_server_name: String,
    /// How the work is shared.
    pub mode: HaMode,
    /// Everyone in it, this server too.
    pub peers: Vec<HaPeer>,
    /// Between two heartbeats.
    #[serde(default = "ten_seconds")]
    pub heartbeat_delay: u64,
    /// Without contact for so long, the partner is out of contact.
    #[serde(default = "a_minute")]
    pub max_response_delay: u64,
    /// After so long a client counts as asking in vain.
    #[serde(default = "ten_seconds")]
    pub max_ack_delay: u64,
    /// So many clients may ask in vain before the partner is taken for down; 0 asks for none.
    #[serde(default = "ten")]
    pub max_unacked_clients: u32,
    /// So many leases may be refused by the partner before this server terminates.
    #[serde(default = "ten")]
    pub max_rejected_lease_updates: u32,
    /// So many lease updates are kept for a partner out of contact.
    #[serde(default)]
    pub delayed_updates_limit: u32,
    /// Leases in a page of a synchronisation.
    #[serde(default = "ten_thousand")]
    pub sync_page_limit: u32,
    /// A synchronisation may take so long.
    #[serde(default = "a_minute")]
    pub sync_timeout: u64,
    /// Whether leases are sent to the partner.
    #[serde(default = "yes")]
    pub send_lease_updates: bool,
    /// Whether leases are synchronised after a start.
    #[serde(default = "yes")]
    pub sync_leases: bool,
    /// Whether an answer waits for the backups.
    #[serde(default)]
    pub wait_backup_ack: bool,
    /// `user-context.name`, a relationship's name with us.
    #[serde(default, rename = "user-context", deserialize_with = "name_in_context")]
    pub given_name: Option<String>,
}

fn yes() -> bool {
    true
}
fn ten() -> u32 {
    10
}
fn ten_thousand() -> u32 {
    10_000
}
fn ten_seconds() -> u64 {
    10_000
}
fn a_minute() -> u64 {
    60_000
}

fn name_in_context<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let context = serde_json::Value::deserialize(from)?;
    let name = context.get("name").and_then(serde_json::Value::as_str);
    Ok(name
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned))
}

/// The relationships of the `parameters` of the hook `libdhcp_ha.so`, in their order.
///
/// # Errors
/// Why they can't be read.
pub fn relationships(parameters: &RawValue) -> Result<Vec<HaTerms>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Parameters {
        #[serde(default, rename = "high-availability")]
        relationships: Vec<HaTerms>,
    }
    serde_json::from_str(parameters.get()).map(|found: Parameters| found.relationships)
}

impl HaTerms {
    /// This server among the peers.
    #[must_use]
    pub fn this(&self) -> Option<&HaPeer> {
        self.peer(&self.this_server_name)
    }

    /// The peer of that name.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<&HaPeer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// The two that share the work, the primary first; `None` with passive backups.
    #[must_use]
    pub fn pair(&self) -> Option<(&HaPeer, &HaPeer)> {
        let of = |role| self.peers.iter().find(|peer| peer.role == role);
        let second = match self.mode {
            HaMode::LoadBalancing => of(HaRole::Secondary),
            HaMode::HotStandby => of(HaRole::Standby),
            HaMode::PassiveBackup => None,
        };
        of(HaRole::Primary).zip(second)
    }

    /// The other of the two, when this server is one of them.
    #[must_use]
    pub fn partner(&self) -> Option<&HaPeer> {
        let (primary, second) = self.pair()?;
        match self.side()? {
            Side::Primary => Some(second),
            Side::Secondary => Some(primary),
        }
    }

    /// Which of the two this server is; `None` for a backup.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        let (primary, second) = self.pair()?;
        match &self.this_server_name {
            this if *this == primary.name => Some(Side::Primary),
            this if *this == second.name => Some(Side::Secondary),
            _ => None,
        }
    }

    /// The relationship's name: its own, else the names of the two.
    #[must_use]
    pub fn name(&self) -> String {
        let pair = || {
            let (primary, second) = self.pair()?;
            Some(format!("{}-{}", primary.name, second.name))
        };
        let name = self.given_name.clone().or_else(pair);
        printable(&name.unwrap_or_else(|| self.this_server_name.clone()), 126)
    }

    /// The mode as this server sees it; `None` where there is no pair.
    #[must_use]
    pub fn model_mode(&self) -> Option<Mode> {
        let role = match self.side()? {
            Side::Primary => Role::Active,
            Side::Secondary => Role::Standby,
        };
        match self.mode {
            HaMode::LoadBalancing => Some(Mode::LoadBalance { percent: 50 }),
            HaMode::HotStandby => Some(Mode::HotStandby {
                role,
                reserve_percent: 0,
            }),
            HaMode::PassiveBackup => None,
        }
    }

    /// After so long without contact it switches by itself, whatever its clients do.
    #[must_use]
    pub fn switch_interval(&self) -> Option<Seconds> {
        let seconds = self.max_response_delay.div_ceil(1000);
        (self.max_unacked_clients == 0).then(|| Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)))
    }

    /// The class of the pools that a peer serves in load balancing: `HA_server1`.
    #[must_use]
    pub fn class_of(peer: &str) -> String {
        format!("HA_{peer}")
    }

    /// Whether the server is a peer of that name, of whatever role.
    #[must_use]
    pub fn has_peer(&self, name: &str) -> bool {
        self.peer(name).is_some()
    }
}

/// `high-availability` of `status-get`: one relationship.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HaStatus {
    /// The two.
    #[serde(default)]
    pub ha_servers: HaServers,
}

/// The two of a relationship, in the words of one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct HaServers {
    /// The server that answers.
    #[serde(default)]
    pub local: HaLocal,
    /// Its partner.
    pub remote: Option<HaRemote>,
}

/// What a server says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct HaLocal {
    /// Its state, in Kea's word.
    pub state: String,
    /// Whose pools it serves.
    pub scopes: Vec<String>,
    /// Which peer it is (2.6 and later).
    pub server_name: Option<String>,
}

/// What a server says of its partner: what it last knew.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct HaRemote {
    /// Seconds since it heard of it.
    pub age: i64,
    /// Whether it ever did.
    pub in_touch: bool,
    /// Its last state; `unavailable` when it did not answer.
    pub last_state: String,
    /// Which peer it is (2.6 and later).
    pub server_name: Option<String>,
    /// Whether it has been silent for longer than the delay allows.
    pub communication_interrupted: bool,
    /// Its clock less the server's, in seconds (3.0).
    pub clock_skew: Option<i64>,
    /// Clients that asked, and may yet be answered.
    pub connecting_clients: u32,
    /// Clients that asked in vain.
    pub unacked_clients: u32,
    /// So many more it takes.
    pub unacked_clients_left: u32,
}

/// The answer to `ha-heartbeat`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Heartbeat {
    /// The state.
    #[serde(default)]
    pub state: String,
    /// Whose pools it serves.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its clock, `Mon, 23 Nov 2026 18:29:23 GMT`.
    pub date_time: Option<String>,
    /// Lease updates that the partner has not got.
    pub unsent_update_count: Option<u32>,
}

impl Heartbeat {
    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        let text = self.date_time.as_ref()?.replace("GMT", "+0000");
        let parsed = jiff::fmt::rfc2822::parse(&text).ok()?;
        Some(parsed.timestamp())
    }
}

/// A state as the model has it; `None` for a word that is none of Kea's.
#[must_use]
pub fn state(word: &str) -> Option<FailoverState> {
    Some(match word {
        "hot-standby" | "load-balancing" => FailoverState::Normal,
        "communication-recovery" => FailoverState::CommunicationInterrupted,
        "partner-down" => FailoverState::PartnerDown,
        "waiting" | "syncing" => FailoverState::Recover,
        "ready" => FailoverState::RecoverDone,
        "terminated" => FailoverState::Shutdown,
        "in-maintenance" | "partner-in-maintenance" | "paused" => FailoverState::Paused,
        // Of servers that are no pair.
        "backup" | "passive-backup" => FailoverState::Normal,
        _ => return None,
    })
}

/// Kea's word, where it says more than our state does.
fn own_word(word: &str) -> Option<String> {
    let ours = matches!(
        word,
        "hot-standby" | "load-balancing" | "communication-recovery" | "partner-down"
    );
    (!ours).then(|| printable(word, 40))
}

/// How a relationship stands, of what a server said at `now`. What Kea does not tell, since when
/// and which state was before, is known of the status `before`.
#[must_use]
pub fn status(
    terms: &HaTerms,
    said: &HaStatus,
    heartbeat: Option<&Heartbeat>,
    before: Option<&RelationshipStatus>,
    now: Timestamp,
) -> RelationshipStatus {
    // The heartbeat came later than the status.
    let local = &said.ha_servers.local;
    let word = heartbeat.map(|heartbeat| heartbeat.state.as_str());
    let word = word.filter(|word| !word.is_empty()).unwrap_or(&local.state);
    let remote = said.ha_servers.remote.clone().unwrap_or_default();
    let lost = remote.communication_interrupted || remote.last_state == "unavailable";
    // A server comes to its normal state only in contact: what the status said is over then.
    let came_back = *word != *local.state && state(word) == Some(FailoverState::Normal);
    let lost = lost && !came_back;
    let state = match state(word) {
        Some(FailoverState::Normal) if lost => FailoverState::CommunicationInterrupted,
        Some(state) => state,
        None => FailoverState::NoState,
    };
    let own_word = own_word(word);
    let age = SignedDuration::from_secs(remote.age.max(0));
    let last_contact = remote.in_touch.then(|| now.checked_sub(age).ok()).flatten();
    let same = before.filter(|before| before.state == state && before.own_word == own_word);
    let since = same.map_or(now, |before| before.since);
    let previous = match (same, before) {
        (Some(same), _) => same.previous,
        (None, Some(before)) if before.state == state => before.previous,
        (None, Some(before)) => before.state,
        (None, None) => FailoverState::NoState,
    };
    let interrupted = state == FailoverState::CommunicationInterrupted;
    // The active server of a hot standby has all the clients, and counts none.
    let counts = terms.max_unacked_clients > 0
        && !matches!(
            terms.model_mode(),
            Some(Mode::HotStandby {
                role: Role::Active,
                ..
            })
        );
    let delay = i64::try_from(terms.max_response_delay).unwrap_or(i64::MAX);
    let delay = SignedDuration::from_millis(delay);
    RelationshipStatus {
        state,
        previous,
        since,
        last_contact,
        partner_state: self::state(&remote.last_state),
        clock_skew: remote.clock_skew,
        unsent_updates: heartbeat.and_then(|heartbeat| heartbeat.unsent_update_count),
        switches_at: (interrupted && !counts)
            .then(|| last_contact.unwrap_or(since).checked_add(delay).ok())
            .flatten(),
        // There is no lead time: who takes the partner for down serves all at once.
        takes_over_at: (state == FailoverState::PartnerDown).then_some(since),
        recovers_at: None,
        own_word,
        unacked: counts.then(|| Unacked {
            clients: remote.unacked_clients,
            // It says 0 until it begins to count.
            left: match remote.communication_interrupted {
                true => remote.unacked_clients_left,
                false => terms.max_unacked_clients.saturating_add(1),
            },
            allowed: terms.max_unacked_clients,
        }),
    }
}

#[cfg(test)]
mod tests;
