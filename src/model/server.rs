//! A server: its name, what it is configured to do, and a reading of it at one moment.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::address::ScopeId;
use super::failover::{Relationship, RelationshipStatus};
use super::lease::ScopeStatistics;
use super::option::Options;
use super::policy::{Filter, MacPattern, Policy};
use super::scope::Scope;
use super::settings::ServerSettings;
use super::text::Caseless;

/// A server's name as the configuration writes it; compared without regard to case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerName(Caseless);

impl ServerName {
    /// The name.
    #[must_use]
    pub fn new(name: &str) -> ServerName {
        ServerName(name.trim().into())
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The first label: `dhcp1` of `dhcp1.contoso.com`; an address is its own.
    #[must_use]
    pub fn short(&self) -> &str {
        let name = self.as_str();
        if name.parse::<Ipv4Addr>().is_ok() {
            return name;
        }
        name.split('.').next().unwrap_or(name)
    }

    /// Whether the two can be names of one server: equal, or one is the other's first label
    /// (`DC1` = `dc1.contoso.com`). Two servers of one first label need their whole names.
    #[must_use]
    pub fn means(&self, other: &str) -> bool {
        let other = ServerName::new(other.trim().trim_end_matches('.'));
        let is_short = |name: &ServerName| !name.as_str().contains('.');
        let first_label = |name: &ServerName| ServerName::new(name.short());
        *self == other
            || (is_short(&other) && first_label(self) == other)
            || (is_short(self) && first_label(&other) == *self)
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ServerRole {
    /// A DHCP server.
    Dhcp,
    /// A DNS server.
    Dns,
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ServerRole::Dhcp => "DHCP",
            ServerRole::Dns => "DNS",
        })
    }
}

/// IPAM's Server Availability.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Availability {
    /// The service runs.
    Running,
    /// The host answers, the service is stopped.
    Stopped,
    /// The service is paused.
    Paused,
    /// No answer.
    NotReachable,
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Availability::Running => "Running",
            Availability::Stopped => "Stopped",
            Availability::Paused => "Paused",
            Availability::NotReachable => "Not Reachable",
        })
    }
}

/// DhcpServerVersion: 6.2 is Windows Server 2012, 6.3 is 2012 R2, 10.0 is 2016 and later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ServerVersion {
    /// MajorVersion.
    pub major: u16,
    /// MinorVersion.
    pub minor: u16,
}

impl ServerVersion {
    /// Windows Server 2008 R2, the last one without failover.
    pub const WINDOWS_2008_R2: ServerVersion = ServerVersion { major: 6, minor: 1 };
    /// Windows Server 2012, the first one with failover.
    pub const WINDOWS_2012: ServerVersion = ServerVersion { major: 6, minor: 2 };
    /// Windows Server 2012 R2.
    pub const WINDOWS_2012_R2: ServerVersion = ServerVersion { major: 6, minor: 3 };
    /// Windows Server 2016 and later.
    pub const WINDOWS_2016: ServerVersion = ServerVersion {
        major: 10,
        minor: 0,
    };
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Everything that a DHCP server is configured to do. A scope is shared until it is changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerConfig {
    /// Its settings.
    pub settings: ServerSettings,
    /// Its scopes.
    pub scopes: BTreeMap<ScopeId, Arc<Scope>>,
    /// Options for every client of the server.
    pub options: Options,
    /// Server policies; the processing order is the place in the list, from 1.
    pub policies: Vec<Policy>,
    /// MAC address filters.
    pub filters: BTreeMap<MacPattern, Filter>,
    /// Relationships by name, lower case (names are compared without regard to case).
    pub relationships: BTreeMap<String, Relationship>,
    /// What the server has for all its scopes and the model has no word for: shown, counted, never
    /// edited.
    pub foreign: Vec<String>,
}

impl ServerConfig {
    /// The scope whose network address this is (Windows' ScopeId).
    #[must_use]
    pub fn scope_at(&self, network: Ipv4Addr) -> Option<&Arc<Scope>> {
        // Prefixes order by address, then length: the shortest one at this address comes first.
        let from = (0..=32)
            .find_map(|length| ScopeId::of(network, length).filter(|id| id.address() == network))?;
        let (_, scope) = self.scopes.range(from..).next()?;
        (scope.id.address() == network).then_some(scope)
    }

    /// The scope in whose subnet the address lies (scopes of a server never overlap).
    #[must_use]
    pub fn scope_of(&self, address: Ipv4Addr) -> Option<&Arc<Scope>> {
        let last = ScopeId::of(address, 32)?;
        let (_, scope) = self.scopes.range(..=last).next_back()?;
        scope.id.contains(address).then_some(scope)
    }

    /// The relationship of that name, without regard to case.
    #[must_use]
    pub fn relationship(&self, name: &str) -> Option<&Relationship> {
        self.relationships.get(&name.to_lowercase())
    }

    /// The relationship that the scope is in.
    #[must_use]
    pub fn relationship_of(&self, scope: ScopeId) -> Option<&Relationship> {
        self.relationships
            .values()
            .find(|relationship| relationship.scopes.contains(&scope))
    }

    /// Superscopes by name: each is the scopes that name it.
    #[must_use]
    pub fn superscopes(&self) -> BTreeMap<&str, Vec<ScopeId>> {
        let mut superscopes = BTreeMap::<&str, Vec<ScopeId>>::new();
        for scope in self.scopes.values() {
            if let Some(name) = &scope.superscope {
                superscopes.entry(name).or_default().push(scope.id);
            }
        }
        superscopes
    }

    /// The server policy of that name, without regard to case.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies
            .iter()
            .find(|policy| policy.name.eq_ignore_ascii_case(name))
    }
}

/// Which parts of a configuration a reading holds. Absent is not empty: outside coverage nothing is
/// known, nothing is compared and nothing is healed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "it is a set of areas")]
pub struct Coverage {
    /// The server's settings.
    pub settings: bool,
    /// Scopes and their properties.
    pub scopes: bool,
    /// Exclusion ranges.
    pub exclusions: bool,
    /// Reservations.
    pub reservations: bool,
    /// Options at every level.
    pub options: bool,
    /// Policies.
    pub policies: bool,
    /// MAC address filters.
    pub filters: bool,
    /// Failover relationships.
    pub relationships: bool,
}

impl Coverage {
    /// Everything.
    pub const ALL: Coverage = Coverage {
        settings: true,
        scopes: true,
        exclusions: true,
        reservations: true,
        options: true,
        policies: true,
        filters: true,
        relationships: true,
    };

    /// Nothing.
    pub const NONE: Coverage = Coverage {
        settings: false,
        scopes: false,
        exclusions: false,
        reservations: false,
        options: false,
        policies: false,
        filters: false,
        relationships: false,
    };
}

/// A DNS server's zone, as far as IPAM's server view shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DnsZone {
    /// Its name.
    pub name: String,
    /// Whether this server holds the primary copy.
    pub primary: bool,
    /// How many records it has.
    pub records: u32,
}

/// A server's counters since it started (DhcpServerv4Statistics).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the class's properties")]
pub struct ServerCounters {
    pub discovers: u64,
    pub offers: u64,
    pub requests: u64,
    pub acks: u64,
    pub naks: u64,
    pub declines: u64,
    pub releases: u64,
    pub delayed_offers: u64,
    pub started: Option<Timestamp>,
}

/// Which kind of DHCP server it is: by whose rules it decides.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Product {
    /// Microsoft DHCP, and the embedded estate, which behaves like it.
    #[default]
    Microsoft,
    /// ISC Kea.
    Kea,
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Product::Microsoft => "Microsoft DHCP",
            Product::Kea => "ISC Kea",
        })
    }
}

/// What a server is, apart from its configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// Its name in the configuration.
    pub name: ServerName,
    /// What it is for; a server with two roles is two rows in IPAM.
    pub roles: Vec<ServerRole>,
    /// Its IPv4 addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// Its domain, empty where unknown.
    pub domain: String,
    /// Which kind of DHCP server it is.
    #[serde(default)]
    pub product: Product,
    /// Its version, where it told.
    pub version: Option<ServerVersion>,
    /// Its version in its own words.
    pub version_text: String,
    /// Whether Active Directory (or whoever does that there) authorises it.
    pub authorized: bool,
}

/// What one server said of itself at one moment.
#[derive(Clone, Debug)]
pub struct ServerReading {
    /// Who.
    pub identity: ServerIdentity,
    /// When.
    pub taken: Timestamp,
    /// Its own clock then.
    pub server_clock: Option<Timestamp>,
    /// Running or Paused; what is stopped or unreachable gives no reading.
    pub availability: Availability,
    /// What of its configuration was read.
    pub coverage: Coverage,
    /// Its configuration, within coverage.
    pub config: Arc<ServerConfig>,
    /// How each relationship stands, by name, lower case.
    pub relationships: BTreeMap<String, RelationshipStatus>,
    /// How full each scope is.
    pub statistics: BTreeMap<ScopeId, ScopeStatistics>,
    /// Its counters.
    pub counters: ServerCounters,
    /// A DNS server's zones.
    pub zones: Vec<DnsZone>,
    /// A number or hash that changes when the configuration does: a shortcut, never the judge.
    pub revision: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_canonically() {
        let dc1 = ServerName::new("dc1.contoso.com");
        assert!(dc1.means("DC1") && dc1.means("DC1.Contoso.com") && dc1.means("dc1.contoso.com."));
        assert!(!dc1.means("dc1.fabrikam.com") && !dc1.means("dc"));
        assert!(ServerName::new("DC1").means("dc1.contoso.com"));
        assert!(!ServerName::new("10.0.0.1").means("10"));
        assert_eq!(ServerName::new("DC1"), ServerName::new("dc1"));
    }

    #[test]
    fn scopes_are_found_by_address() {
        let mut config = ServerConfig::default();
        for prefix in ["10.0.0.0/24", "10.0.1.0/25", "10.1.0.0/16"] {
            let id: ScopeId = prefix.parse().unwrap();
            config
                .scopes
                .insert(id, Arc::new(Scope::new(id, prefix, id.hosts())));
        }
        let name = |scope: Option<&Arc<Scope>>| scope.map(|scope| scope.name.clone());
        assert_eq!(
            name(config.scope_at("10.0.1.0".parse().unwrap())).as_deref(),
            Some("10.0.1.0/25")
        );
        assert_eq!(name(config.scope_at("10.0.1.1".parse().unwrap())), None);
        assert_eq!(
            name(config.scope_of("10.1.200.7".parse().unwrap())).as_deref(),
            Some("10.1.0.0/16")
        );
        assert_eq!(name(config.scope_of("10.0.1.200".parse().unwrap())), None);
        assert_eq!(name(config.scope_at("0.0.0.0".parse().unwrap())), None);
    }
}
