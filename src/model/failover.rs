//! Failover: a relationship as one of its two servers holds it, and the states it goes through.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::ScopeId;
use super::scope::Seconds;
use super::server::{Product, ServerName};

/// A server has at most so many relationships (DHCP Failover guide).
pub const MAX_RELATIONSHIPS: usize = 31;
/// At most so many scopes are added to a relationship at once (DHCP_FAILOVER_MAX_NUM_ADD_SCOPES).
pub const MAX_ADD_SCOPES: usize = 400;
/// A relationship's name has at most so many characters.
pub const MAX_NAME: usize = 126;
/// What the console fills in when State Switchover Interval is ticked.
pub const DEFAULT_SWITCH_INTERVAL: Seconds = Seconds::hours(1);
/// The default Maximum Client Lead Time.
pub const DEFAULT_MCLT: Seconds = Seconds::hours(1);
/// The default of LoadBalancePercent.
pub const DEFAULT_LOAD_BALANCE_PERCENT: u8 = 50;
/// The default of ReservePercent.
pub const DEFAULT_RESERVE_PERCENT: u8 = 5;

/// Who serves in hot standby.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Answers clients.
    Active,
    /// Waits.
    Standby,
}

impl Role {
    /// The partner's role.
    #[must_use]
    pub fn other(self) -> Role {
        match self {
            Role::Active => Role::Standby,
            Role::Standby => Role::Active,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Active => "Active",
            Role::Standby => "Standby",
        })
    }
}

/// How the two share the work, as seen from the server that holds the relationship.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Mode {
    /// Both answer.
    LoadBalance {
        /// This server's share of the clients, 0 to 100.
        percent: u8,
    },
    /// One answers, the other waits.
    HotStandby {
        /// This server's role.
        role: Role,
        /// Addresses reserved for the standby server, 0 to 100 percent.
        reserve_percent: u8,
    },
}

impl Mode {
    /// The same mode as the partner sees it.
    #[must_use]
    pub fn mirrored(self) -> Mode {
        match self {
            Mode::LoadBalance { percent } => Mode::LoadBalance {
                percent: 100_u8.saturating_sub(percent),
            },
            Mode::HotStandby {
                role,
                reserve_percent,
            } => Mode::HotStandby {
                role: role.other(),
                reserve_percent,
            },
        }
    }

    /// IPAM's word: `Load Balance` or `Hot Standby`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Mode::LoadBalance { .. } => "Load Balance",
            Mode::HotStandby { .. } => "Hot Standby",
        }
    }
}

impl Default for Mode {
    fn default() -> Mode {
        Mode::LoadBalance {
            percent: DEFAULT_LOAD_BALANCE_PERCENT,
        }
    }
}

impl Mode {
    /// The shares of the two, as servers of a kind have them to set: Kea's do not.
    #[must_use]
    pub fn has_shares(product: Product) -> bool {
        product == Product::Microsoft
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mode::LoadBalance { percent } => write!(f, "Load Balance, {percent} %"),
            Mode::HotStandby {
                role,
                reserve_percent,
            } => {
                write!(f, "Hot Standby, {role}, reserve {reserve_percent} %")
            }
        }
    }
}

/// Which of the two made the relationship (MS-DHCPM, serverType).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Side {
    /// The server on which it was created.
    Primary,
    /// Its partner.
    Secondary,
}

impl Side {
    /// The partner's side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Primary => Side::Secondary,
            Side::Secondary => Side::Primary,
        }
    }
}

/// A relationship as one of its two servers holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Relationship {
    /// 1 to 126 characters, unique on both servers.
    pub name: String,
    /// The other server.
    pub partner: ServerName,
    /// Whether this server is the primary.
    pub side: Side,
    /// How the two share the work.
    pub mode: Mode,
    /// Maximum Client Lead Time, at least a second.
    pub mclt: Seconds,
    /// After so long without contact the state switches to partner down by itself; `None`: never.
    /// (AutoStateTransition is whether it is set.)
    pub switch_interval: Option<Seconds>,
    /// Whether messages are authenticated. The secret itself no server ever tells.
    pub authenticated: bool,
    /// The scopes in it.
    pub scopes: BTreeSet<ScopeId>,
}

impl Relationship {
    /// A relationship in which the server that makes it is the primary, with Windows' defaults.
    #[must_use]
    pub fn new(name: impl Into<String>, partner: ServerName) -> Relationship {
        Relationship {
            name: name.into(),
            partner,
            side: Side::Primary,
            mode: Mode::default(),
            mclt: DEFAULT_MCLT,
            switch_interval: None,
            authenticated: false,
            scopes: BTreeSet::new(),
        }
    }

    /// The same relationship as the partner of `holder` holds it.
    #[must_use]
    pub fn mirrored(&self, holder: &ServerName) -> Relationship {
        Relationship {
            partner: holder.clone(),
            side: self.side.other(),
            mode: self.mode.mirrored(),
            ..self.clone()
        }
    }

    /// What can be changed about it, one by one, in the order in which it is shown.
    #[must_use]
    pub fn properties(&self) -> Vec<RelationshipProperty> {
        vec![
            RelationshipProperty::Mode(self.mode),
            RelationshipProperty::Mclt(self.mclt),
            RelationshipProperty::SwitchInterval(self.switch_interval),
            RelationshipProperty::Authentication(self.authenticated.then_some(SharedSecret::Kept)),
        ]
    }

    /// Sets one property, unchecked: the rules check.
    pub fn set(&mut self, property: &RelationshipProperty) {
        match property {
            RelationshipProperty::Mode(mode) => self.mode = *mode,
            RelationshipProperty::Mclt(mclt) => self.mclt = *mclt,
            RelationshipProperty::SwitchInterval(interval) => self.switch_interval = *interval,
            RelationshipProperty::Authentication(secret) => self.authenticated = secret.is_some(),
        }
    }
}

/// One property of a relationship with its value. Name and servers never change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each is the field of Relationship of the same name"
)]
pub enum RelationshipProperty {
    Mode(Mode),
    Mclt(Seconds),
    SwitchInterval(Option<Seconds>),
    /// `None`: messages are not authenticated.
    Authentication(Option<SharedSecret>),
}

impl RelationshipProperty {
    /// IPAM's label for it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            RelationshipProperty::Mode(_) => "Mode",
            RelationshipProperty::Mclt(_) => "Maximum Client Lead Time",
            RelationshipProperty::SwitchInterval(_) => "State Switchover Interval",
            RelationshipProperty::Authentication(_) => "Message Authentication",
        }
    }

    /// Whether servers of a kind have such a property at all; where not, its value is only what the
    /// model needs, and says nothing.
    #[must_use]
    pub fn is_known_to(&self, product: Product) -> bool {
        let microsofts = matches!(
            self,
            RelationshipProperty::Mclt(_) | RelationshipProperty::Authentication(_)
        );
        product == Product::Microsoft || !microsofts
    }

    /// The same value as the partner sees it.
    #[must_use]
    pub fn mirrored(&self) -> RelationshipProperty {
        match self {
            RelationshipProperty::Mode(mode) => RelationshipProperty::Mode(mode.mirrored()),
            other => other.clone(),
        }
    }

    /// Whether the two are values of the same property.
    #[must_use]
    pub fn same_kind(&self, other: &RelationshipProperty) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for RelationshipProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RelationshipProperty::Mode(mode) => mode.fmt(f),
            RelationshipProperty::Mclt(mclt) => mclt.fmt(f),
            RelationshipProperty::SwitchInterval(Some(interval)) => interval.fmt(f),
            RelationshipProperty::SwitchInterval(None) => f.write_str("off"),
            RelationshipProperty::Authentication(None) => f.write_str("off"),
            RelationshipProperty::Authentication(Some(SharedSecret::Kept)) => f.write_str("on"),
            RelationshipProperty::Authentication(Some(SharedSecret::Text(_))) => {
                f.write_str("on, new shared secret")
            }
        }
    }
}

/// A relationship's shared secret. Never printed, never written to a file.
#[derive(Clone, PartialEq, Eq)]
pub enum SharedSecret {
    /// The one that the server keeps, and does not tell.
    Kept,
    /// One that was typed, on its way to a server.
    Text(Box<str>),
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(***)")
    }
}

impl Serialize for SharedSecret {
    /// Whatever it is, a file only learns that there is one.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("kept")
    }
}

impl<'de> Deserialize<'de> for SharedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<SharedSecret, D::Error> {
        String::deserialize(deserializer).map(|_| SharedSecret::Kept)
    }
}

/// A server's state in a relationship (FSM_STATE, dhcpsapi.h; the numbers are its).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum FailoverState {
    /// No state.
    NoState = 0,
    /// Just made.
    Init = 1,
    /// Starting; finding out what the partner does.
    Startup = 2,
    /// In contact, sharing the work.
    Normal = 3,
    /// No contact; each works from its own share.
    CommunicationInterrupted = 4,
    /// The partner is known to be down; this server works alone.
    PartnerDown = 5,
    /// Both worked alone; what they gave out is being compared.
    PotentialConflict = 6,
    /// That is done on this side.
    ConflictDone = 7,
    /// Contact broke while it was being done.
    ResolutionInterrupted = 8,
    /// Back after having been away; learning what the partner gave out.
    Recover = 9,
    /// Learnt it; waiting until MCLT has passed.
    RecoverWait = 10,
    /// Ready for Normal.
    RecoverDone = 11,
    /// Paused by its administrator.
    Paused = 12,
    /// Shutting down.
    Shutdown = 13,
}

impl FailoverState {
    /// All fourteen, by number.
    pub const ALL: [FailoverState; 14] = [
        FailoverState::NoState,
        FailoverState::Init,
        FailoverState::Startup,
        FailoverState::Normal,
        FailoverState::CommunicationInterrupted,
        FailoverState::PartnerDown,
        FailoverState::PotentialConflict,
        FailoverState::ConflictDone,
        FailoverState::ResolutionInterrupted,
        FailoverState::Recover,
        FailoverState::RecoverWait,
        FailoverState::RecoverDone,
        FailoverState::Paused,
        FailoverState::Shutdown,
    ];

    /// PowerShell's word, without spaces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FailoverState::NoState => "NoState",
            FailoverState::Init => "Init",
            FailoverState::Startup => "Startup",
            FailoverState::Normal => "Normal",
            FailoverState::CommunicationInterrupted => "CommunicationInterrupted",
            FailoverState::PartnerDown => "PartnerDown",
            FailoverState::PotentialConflict => "PotentialConflict",
            FailoverState::ConflictDone => "ConflictDone",
            FailoverState::ResolutionInterrupted => "ResolutionInterrupted",
            FailoverState::Recover => "Recover",
            FailoverState::RecoverWait => "RecoverWait",
            FailoverState::RecoverDone => "RecoverDone",
            FailoverState::Paused => "Paused",
            FailoverState::Shutdown => "Shutdown",
        }
    }

    /// The console's words: `Communication Interrupted`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            FailoverState::NoState => "No State",
            FailoverState::CommunicationInterrupted => "Communication Interrupted",
            FailoverState::PartnerDown => "Partner Down",
            FailoverState::PotentialConflict => "Potential Conflict",
            FailoverState::ConflictDone => "Conflict Done",
            FailoverState::ResolutionInterrupted => "Resolution Interrupted",
            FailoverState::RecoverWait => "Recover Wait",
            FailoverState::RecoverDone => "Recover Done",
            other => other.name(),
        }
    }
}

impl fmt::Display for FailoverState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a relationship stands, in the words of one of its two servers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RelationshipStatus {
    /// Its state.
    pub state: FailoverState,
    /// The state before.
    pub previous: FailoverState,
    /// Since when it is in it.
    pub since: Timestamp,
    /// When it last heard of its partner.
    pub last_contact: Option<Timestamp>,
    /// What it last heard the partner's state to be.
    pub partner_state: Option<FailoverState>,
    /// The partner's clock less its own, in seconds, where known.
    pub clock_skew: Option<i64>,
    /// Binding updates not yet acknowledged, where known.
    pub unsent_updates: Option<u32>,
    /// In communication interrupted with a switchover interval: when it will switch by itself.
    pub switches_at: Option<Timestamp>,
    /// In partner down: when it may take the partner's free addresses.
    pub takes_over_at: Option<Timestamp>,
    /// In recover wait: when that ends.
    pub recovers_at: Option<Timestamp>,
    /// The server's own word, where it has one that is none of the fourteen.
    pub own_word: Option<String>,
    /// The clients that the partner left without an answer, where the server counts them.
    #[serde(default)]
    pub unacked: Option<Unacked>,
}

/// Clients that ask in vain: some servers take their partner for down only when there are enough.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Unacked {
    /// Different clients that have asked in vain since contact was lost.
    pub clients: u32,
    /// How many more it takes.
    pub left: u32,
    /// How many may ask in vain before the partner is taken for down; 0 does not ask for any.
    pub allowed: u32,
}

impl RelationshipStatus {
    /// Why the server has not yet taken its partner for down by itself, though contact is lost,
    /// where it counts clients for that.
    #[must_use]
    pub fn waits_for(&self) -> Option<String> {
        let unacked = self.unacked.filter(|unacked| unacked.allowed > 0)?;
        if self.state != FailoverState::CommunicationInterrupted || self.switches_at.is_some() {
            return None;
        }
        let left = unacked.left;
        let clients = if left == 1 { "client" } else { "clients" };
        Some(format!(
            "switches by itself only once {left} more {clients} asked in vain \
             (max-unacked-clients {}, so far {})",
            unacked.allowed, unacked.clients
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kea_relationship_has_no_lead_time_and_no_secret() {
        let relationship = Relationship::new("a", ServerName::new("b"));
        let known = |product| {
            let properties = relationship.properties().into_iter();
            let known = properties.filter(|property| property.is_known_to(product));
            known.map(|property| property.label()).collect::<Vec<_>>()
        };
        assert_eq!(known(Product::Microsoft).len(), 4);
        assert_eq!(known(Product::Kea), ["Mode", "State Switchover Interval"]);
        assert!(!Mode::has_shares(Product::Kea));
    }
}
