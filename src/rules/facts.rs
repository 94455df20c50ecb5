//! What configuration alone can't tell a rule, and the caller must give: never fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::model::ScopeId;
use crate::model::failover::FailoverState;
use crate::model::server::{Product, ServerIdentity, ServerName, ServerVersion};

/// What kind of server decides, and what its version can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rulebook {
    /// Which kind of server.
    pub product: Product,
    /// The version whose rules hold.
    pub version: ServerVersion,
}

impl Rulebook {
    /// Windows Server 2016 and later.
    pub const LATEST: Rulebook = Rulebook {
        product: Product::Microsoft,
        version: ServerVersion::WINDOWS_2016,
    };

    /// What holds on a server that says this of itself.
    #[must_use]
    pub fn of(identity: &ServerIdentity) -> Rulebook {
        let version = identity.version.unwrap_or(Rulebook::LATEST.version);
        Rulebook {
            product: identity.product,
            version,
        }
    }

    /// The rules of that Windows version.
    #[must_use]
    pub const fn windows(version: ServerVersion) -> Rulebook {
        Rulebook {
            product: Product::Microsoft,
            version,
        }
    }

    /// ISC Kea decides.
    #[must_use]
    pub fn is_kea(self) -> bool {
        self.product == Product::Kea
    }

    /// The rules of that Kea version.
    #[must_use]
    pub const fn kea(version: ServerVersion) -> Rulebook {
        Rulebook {
            product: Product::Kea,
            version,
        }
    }

    fn since(self, version: ServerVersion) -> bool {
        self.product != Product::Microsoft || self.version >= version
    }

    /// Failover came with Windows Server 2012.
    #[must_use]
    pub fn has_failover(self) -> bool {
        self.since(ServerVersion::WINDOWS_2012)
    }

    /// BOOTP and Both scopes may be under failover since 2012 R2.
    #[must_use]
    pub fn bootp_in_failover(self) -> bool {
        self.since(ServerVersion::WINDOWS_2012_R2)
    }

    /// Policies came with Windows Server 2012.
    #[must_use]
    pub fn has_policies(self) -> bool {
        self.since(ServerVersion::WINDOWS_2012)
    }

    /// FQDN conditions in policies came with 2012 R2.
    #[must_use]
    pub fn fqdn_in_policies(self) -> bool {
        self.since(ServerVersion::WINDOWS_2012_R2)
    }
}

/// What a rule may need to know besides the configuration. Left out is unknown, and a rule that
/// needs what is unknown lets the edit pass: the server has the last word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Which server decides.
    pub this_server: ServerName,
    /// By which rules.
    pub rulebook: Rulebook,
    /// Whether the caller is a DHCP administrator there.
    pub may_write: bool,
    /// The addresses that clients hold, for the scopes that the edit touches.
    pub leased: BTreeMap<ScopeId, BTreeSet<Ipv4Addr>>,
    /// The state of each relationship, by name, lower case.
    pub states: BTreeMap<String, FailoverState>,
    /// What is known of each partner that the edit names.
    pub partners: BTreeMap<ServerName, PartnerFacts>,
}

impl Facts {
    /// Facts of a server of which nothing more is known.
    #[must_use]
    pub fn of(this_server: ServerName, rulebook: Rulebook) -> Facts {
        Facts {
            this_server,
            rulebook,
            may_write: true,
            leased: BTreeMap::new(),
            states: BTreeMap::new(),
            partners: BTreeMap::new(),
        }
    }
}

/// What is known of a partner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerFacts {
    /// Whether its name resolves.
    pub resolves: bool,
    /// Whether its host answers.
    pub reachable: bool,
    /// Whether its DHCP service runs (paused counts as running).
    pub running: bool,
    /// Whether the caller is a DHCP administrator there.
    pub may_write: bool,
    /// By which rules it decides.
    pub rulebook: Rulebook,
    /// Its clock less this server's, in seconds.
    pub clock_skew: i64,
    /// Its scopes, each with the relationship that it is in there, if any.
    pub scopes: BTreeMap<ScopeId, Option<String>>,
    /// Its relationships, by name, lower case, each with the partner it has there.
    pub relationships: BTreeMap<String, ServerName>,
}

/// Clocks may differ by so many seconds (DHCP Failover guide: one minute by default).
pub const MAX_CLOCK_SKEW: i64 = 60;
