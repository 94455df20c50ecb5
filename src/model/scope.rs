//! A scope: one subnet on one server, with everything that hangs on it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::address::{Range, ScopeId};
use super::option::Options;
use super::policy::Policy;
use super::reservation::Reservation;
use super::server::Product;

/// Whether a scope hands out addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ScopeState {
    /// It does.
    #[default]
    Active,
    /// It does not. PowerShell spells it `InActive`, IPAM `Inactive`.
    Inactive,
}

impl fmt::Display for ScopeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ScopeState::Active => "Active",
            ScopeState::Inactive => "Inactive",
        })
    }
}

/// Which clients a scope or a reservation is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ClientType {
    /// DHCP clients only; a scope's default.
    #[default]
    Dhcp,
    /// BOOTP clients only.
    Bootp,
    /// Both kinds; a reservation's default.
    Both,
}

impl ClientType {
    /// IPAM's label; what prints is the word of Windows' cmdlets.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            ClientType::Dhcp => "DHCP",
            ClientType::Bootp => "BOOTP",
            ClientType::Both => "Both",
        }
    }
}

impl fmt::Display for ClientType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ClientType::Dhcp => "Dhcp",
            ClientType::Bootp => "Bootp",
            ClientType::Both => "Both",
        })
    }
}

/// A span of time in whole seconds; prints as a .NET TimeSpan does, `8.00:00:00` or `01:00:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl Seconds {
    /// That many hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Seconds {
        Seconds(hours * 3600)
    }

    /// That many days.
    #[must_use]
    pub const fn days(days: u32) -> Seconds {
        Seconds(days * 86_400)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
        if days > 0 {
            f.pad(&format!("{days}.{hours:02}:{minutes:02}:{seconds:02}"))
        } else {
            f.pad(&format!("{hours:02}:{minutes:02}:{seconds:02}"))
        }
    }
}

/// How long a client may keep an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum LeaseDuration {
    /// That long (at least a second).
    Limited(Seconds),
    /// For ever.
    Unlimited,
}

impl Default for LeaseDuration {
    /// Eight days, as Windows proposes for a new scope.
    fn default() -> LeaseDuration {
        LeaseDuration::Limited(Seconds::days(8))
    }
}

impl fmt::Display for LeaseDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeaseDuration::Limited(seconds) => seconds.fmt(f),
            // What Windows shows for an unlimited lease: TimeSpan.MaxValue's seconds do not fit
            // a table, so the console's word stands here.
            LeaseDuration::Unlimited => f.pad("Unlimited"),
        }
    }
}

/// When the server registers clients in DNS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum DynamicUpdates {
    /// Only as the client asks.
    #[default]
    OnClientRequest,
    /// For every client.
    Always,
    /// Never.
    Never,
}

impl fmt::Display for DynamicUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DynamicUpdates::OnClientRequest => "OnClientRequest",
            DynamicUpdates::Always => "Always",
            DynamicUpdates::Never => "Never",
        })
    }
}

/// The DNS page of a server's or a scope's properties (Windows keeps it as option 81).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct DnsSettings {
    /// Dynamically update DNS records.
    pub dynamic_updates: DynamicUpdates,
    /// Enable name protection.
    pub name_protection: bool,
    /// Discard DNS A and PTR records when lease is deleted.
    pub delete_on_lease_expiry: bool,
    /// Dynamically update DNS records for DHCP clients that do not request updates.
    pub update_for_older_clients: bool,
    /// Disable dynamic updates for DNS PTR records.
    pub disable_ptr_updates: bool,
    /// The suffix to register under, empty for the client's own.
    pub suffix: String,
}

impl Default for DnsSettings {
    fn default() -> DnsSettings {
        DnsSettings {
            dynamic_updates: DynamicUpdates::OnClientRequest,
            name_protection: false,
            delete_on_lease_expiry: true,
            update_for_older_clients: false,
            disable_ptr_updates: false,
            suffix: String::new(),
        }
    }
}

impl fmt::Display for DnsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dynamic_updates)?;
        for (on, word) in [
            (self.name_protection, "name protection"),
            (self.delete_on_lease_expiry, "delete on expiry"),
            (self.update_for_older_clients, "older clients"),
            (self.disable_ptr_updates, "no PTR"),
        ] {
            if on {
                write!(f, ", {word}")?;
            }
        }
        if !self.suffix.is_empty() {
            write!(f, ", suffix {}", self.suffix)?;
        }
        Ok(())
    }
}

/// A scope as one server holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// Its subnet.
    pub id: ScopeId,
    /// Its name, 1 to 256 characters.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it hands out addresses.
    pub state: ScopeState,
    /// Which clients it serves.
    pub kind: ClientType,
    /// At most so many BOOTP clients.
    pub max_bootp_clients: u32,
    /// What may be handed out: exactly one range on Windows, any number on Kea. In order.
    pub ranges: Vec<Range>,
    /// What may not, though it lies in a range. In order, disjoint.
    pub exclusions: Vec<Range>,
    /// How long clients keep an address.
    pub lease_duration: LeaseDuration,
    /// How long the server waits before it offers, 0 to 1000 ms.
    pub delay_ms: u16,
    /// The superscope it belongs to.
    pub superscope: Option<String>,
    /// Whether its policies are in force.
    pub activate_policies: bool,
    /// Its own DNS settings; `None` takes the server's.
    pub dns: Option<DnsSettings>,
    /// Options for every client in it.
    pub options: Options,
    /// Reservations by address.
    pub reservations: BTreeMap<Ipv4Addr, Arc<Reservation>>,
    /// Its policies; the processing order is the place in the list, from 1.
    pub policies: Vec<Policy>,
    /// What the server has here and the model has no word for: shown, counted, never edited.
    pub foreign: Vec<String>,
}

/// The default of [`Scope::max_bootp_clients`], a DWORD's maximum, as Windows has it.
pub const MAX_BOOTP_CLIENTS: u32 = u32::MAX;

impl Scope {
    /// A scope with a name and one range, and Windows' defaults for the rest.
    #[must_use]
    pub fn new(id: ScopeId, name: impl Into<String>, range: Range) -> Scope {
        Scope {
            id,
            name: name.into(),
            description: String::new(),
            state: ScopeState::Active,
            kind: ClientType::Dhcp,
            max_bootp_clients: MAX_BOOTP_CLIENTS,
            ranges: vec![range],
            exclusions: Vec::new(),
            lease_duration: LeaseDuration::default(),
            delay_ms: 0,
            superscope: None,
            activate_policies: true,
            dns: None,
            options: Options::new(),
            reservations: BTreeMap::new(),
            policies: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// Its properties one by one, in the order in which they are shown.
    #[must_use]
    pub fn properties(&self) -> Vec<ScopeProperty> {
        vec![
            ScopeProperty::Name(self.name.clone()),
            ScopeProperty::Description(self.description.clone()),
            ScopeProperty::State(self.state),
            ScopeProperty::Ranges(self.ranges.clone()),
            ScopeProperty::LeaseDuration(self.lease_duration),
            ScopeProperty::Kind(self.kind),
            ScopeProperty::MaxBootpClients(self.max_bootp_clients),
            ScopeProperty::Delay(self.delay_ms),
            ScopeProperty::Superscope(self.superscope.clone()),
            ScopeProperty::ActivatePolicies(self.activate_policies),
            ScopeProperty::Dns(self.dns.clone()),
        ]
    }

    /// Sets one property, unchecked: the rules check.
    pub fn set(&mut self, property: ScopeProperty) {
        match property {
            ScopeProperty::Name(name) => self.name = name,
            ScopeProperty::Description(description) => self.description = description,
            ScopeProperty::State(state) => self.state = state,
            ScopeProperty::Ranges(ranges) => self.ranges = ranges,
            ScopeProperty::LeaseDuration(duration) => self.lease_duration = duration,
            ScopeProperty::Kind(kind) => self.kind = kind,
            ScopeProperty::MaxBootpClients(clients) => self.max_bootp_clients = clients,
            ScopeProperty::Delay(delay) => self.delay_ms = delay,
            ScopeProperty::Superscope(superscope) => self.superscope = superscope,
            ScopeProperty::ActivatePolicies(on) => self.activate_policies = on,
            ScopeProperty::Dns(dns) => self.dns = dns,
        }
    }

    /// The policy of that name, compared as Windows compares names: without regard to case.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies
            .iter()
            .find(|policy| policy.name.eq_ignore_ascii_case(name))
    }
}

/// One property of a scope with its value: what an edit sets, a comparison finds, a preview shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the field of Scope of the same name")]
pub enum ScopeProperty {
    Name(String),
    Description(String),
    State(ScopeState),
    Ranges(Vec<Range>),
    LeaseDuration(LeaseDuration),
    Kind(ClientType),
    MaxBootpClients(u32),
    Delay(u16),
    Superscope(Option<String>),
    ActivatePolicies(bool),
    Dns(Option<DnsSettings>),
}

impl ScopeProperty {
    /// IPAM's label for it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            ScopeProperty::Name(_) => "Scope Name",
            ScopeProperty::Description(_) => "Description",
            ScopeProperty::State(_) => "Scope Status",
            ScopeProperty::Ranges(_) => "Address Range",
            ScopeProperty::LeaseDuration(_) => "Lease Duration",
            ScopeProperty::Kind(_) => "Scope Type",
            ScopeProperty::MaxBootpClients(_) => "Maximum BOOTP Clients",
            ScopeProperty::Delay(_) => "Subnet Delay",
            ScopeProperty::Superscope(_) => "Superscope Name",
            ScopeProperty::ActivatePolicies(_) => "Policy Activation Status",
            ScopeProperty::Dns(_) => "DNS Dynamic Updates",
        }
    }

    /// Whether servers of a kind have such a property at all; where not, its value is only what the
    /// model needs, and says nothing.
    #[must_use]
    pub fn is_known_to(&self, product: Product) -> bool {
        let microsofts = matches!(
            self,
            ScopeProperty::Kind(_)
                | ScopeProperty::MaxBootpClients(_)
                | ScopeProperty::Delay(_)
                | ScopeProperty::ActivatePolicies(_)
                | ScopeProperty::Dns(_)
        );
        product == Product::Microsoft || !microsofts
    }

    /// Whether the two are values of the same property.
    #[must_use]
    pub fn same_kind(&self, other: &ScopeProperty) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for ScopeProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopeProperty::Name(text) | ScopeProperty::Description(text) => f.write_str(text),
            ScopeProperty::State(state) => state.fmt(f),
            ScopeProperty::Ranges(ranges) => write_ranges(f, ranges),
            ScopeProperty::LeaseDuration(duration) => duration.fmt(f),
            ScopeProperty::Kind(kind) => f.write_str(kind.label()),
            ScopeProperty::MaxBootpClients(clients) => clients.fmt(f),
            ScopeProperty::Delay(delay) => write!(f, "{delay} ms"),
            ScopeProperty::Superscope(superscope) => {
                f.write_str(superscope.as_deref().unwrap_or(""))
            }
            ScopeProperty::ActivatePolicies(on) => {
                f.write_str(if *on { "Active" } else { "Inactive" })
            }
            ScopeProperty::Dns(Some(dns)) => dns.fmt(f),
            ScopeProperty::Dns(None) => f.write_str("as the server"),
        }
    }
}

/// Ranges, separated by commas.
pub(crate) fn write_ranges(f: &mut fmt::Formatter<'_>, ranges: &[Range]) -> fmt::Result {
    for (index, range) in ranges.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{range}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_print_as_dotnet_prints_them() {
        assert_eq!(Seconds::days(8).to_string(), "8.00:00:00");
        assert_eq!(Seconds::hours(1).to_string(), "01:00:00");
        assert_eq!(Seconds(61).to_string(), "00:01:01");
    }

    #[test]
    fn setting_every_property_of_another_scope_copies_them() {
        let id: ScopeId = "10.0.0.0/24".parse().unwrap();
        let mut from = Scope::new(id, "a", id.hosts());
        from.superscope = Some("floor".into());
        from.delay_ms = 7;
        from.dns = Some(DnsSettings::default());
        let mut to = Scope::new(id, "b", Range::single("10.0.0.9".parse().unwrap()));
        for property in from.properties() {
            to.set(property);
        }
        assert_eq!(from, to);
    }
}
