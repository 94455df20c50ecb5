//! Which edits have no meaning on Kea, and what to do instead.

use crate::model::failover::{Mode, RelationshipProperty};
use crate::model::reservation::ReservationProperty;
use crate::model::scope::{ClientType, MAX_BOOTP_CLIENTS, ScopeProperty, ScopeState, Seconds};
use crate::model::{Edit, OptionKey, OptionLevel, Options, Reservation, Scope};

const EXCLUSION: &str = "Kea has no exclusion ranges: change the address ranges";
const POLICY: &str =
    "Kea has no policies: client classes do their work, in the server's configuration file";
const FILTER: &str = "Kea has no MAC address filters: let a client class named DROP match the \
                      clients, in the server's configuration file";
const SETTINGS: &str =
    "Kea has no such server properties: change them in the server's configuration file";
const STATE: &str = "a Kea scope is always active: to stop it from handing out addresses, remove \
                     its address ranges";
const KIND: &str = "Kea serves BOOTP by a hook, for the whole server: a scope's type stays Dhcp";
const BOOTP: &str = "Kea does not count BOOTP clients: leave their maximum as it is";
const DELAY: &str = "Kea has no delay of offers: leave it at 0 ms; which server answers first is \
                     the failover relationship's affair";
const DNS: &str = "Kea's DNS updates are not edited here: change the ddns keys in the server's \
                   configuration file";
const RESERVATION_KIND: &str = "a Kea reservation is for DHCP and BOOTP clients alike: leave its \
                                type at Both";
const MCLT: &str = "Kea has no Maximum Client Lead Time: a server that takes its partner for down \
                    serves all addresses at once; leave it at 0";
const PERCENT: &str = "Kea shares the load by a hash of the client, half and half: leave the load \
                       balance share at 50 %";
const RESERVE: &str = "Kea reserves no addresses for the standby server: leave the share at 0 %";
const AUTHENTICATION: &str = "Kea has no shared secret between partners: use TLS or a password in \
                              its high-availability stanza";
const TERMS: &str = "a relationship needs its two servers' names and URLs on Kea: configure failover \
                     anew with them";
const CLASS: &str = "Kea sends options to vendor and user classes by client classes, in the \
                     server's configuration file";

/// Why an edit can't be made on any Kea server, whatever its configuration. What only says what is
/// so anyway is no edit, and not refused.
#[must_use]
pub fn refusal(edit: &Edit) -> Option<String> {
    let why = match edit {
        Edit::AddScope(scope) | Edit::ReplaceScope(scope) => whole_scope(scope),
        Edit::SetScope { properties, .. } => properties.iter().find_map(scope_property),
        Edit::AddReservation { reservation, .. } => whole_reservation(reservation),
        Edit::SetReservation { properties, .. } => properties.iter().find_map(|property| {
            let kind =
                matches!(property, ReservationProperty::Kind(kind) if *kind != ClientType::Both);
            kind.then_some(RESERVATION_KIND)
        }),
        Edit::SetOption { level, key, .. } | Edit::RemoveOption { level, key } => match level {
            OptionLevel::Policy(..) => Some(POLICY),
            _ => class(key),
        },
        Edit::AddExclusion { .. } | Edit::RemoveExclusion { .. } => Some(EXCLUSION),
        Edit::AddPolicy { .. } | Edit::SetPolicy { .. } | Edit::RemovePolicy { .. } => Some(POLICY),
        Edit::AddFilter { .. } | Edit::RemoveFilter { .. } => Some(FILTER),
        Edit::SetSettings { .. } => Some(SETTINGS),
        Edit::AddRelationship {
            relationship,
            secret,
            ha,
        } => {
            let secret = secret.is_some() || relationship.authenticated;
            mode(relationship.mode)
                .or_else(|| mclt(relationship.mclt))
                .or_else(|| secret.then_some(AUTHENTICATION))
                .or_else(|| ha.is_none().then_some(TERMS))
        }
        Edit::SetRelationship { properties, .. } => {
            properties.iter().find_map(|property| match property {
                RelationshipProperty::Mode(new) => mode(*new),
                RelationshipProperty::Mclt(new) => mclt(*new),
                RelationshipProperty::SwitchInterval(_)
                | RelationshipProperty::Authentication(None) => None,
                RelationshipProperty::Authentication(Some(_)) => Some(AUTHENTICATION),
            })
        }
        Edit::RemoveScope { .. }
        | Edit::RemoveReservation { .. }
        | Edit::RenameSuperscope { .. }
        | Edit::RemoveRelationship { .. }
        | Edit::AddFailoverScopes { .. }
        | Edit::RemoveFailoverScopes { .. } => None,
    };
    why.map(str::to_owned)
}

fn scope_property(property: &ScopeProperty) -> Option<&'static str> {
    let (is_so, why) = match property {
        ScopeProperty::Name(_)
        | ScopeProperty::Description(_)
        | ScopeProperty::Ranges(_)
        | ScopeProperty::LeaseDuration(_)
        | ScopeProperty::Superscope(_) => return None,
        ScopeProperty::State(state) => (*state == ScopeState::Active, STATE),
        ScopeProperty::Kind(kind) => (*kind == ClientType::Dhcp, KIND),
        ScopeProperty::MaxBootpClients(max) => (*max == MAX_BOOTP_CLIENTS, BOOTP),
        ScopeProperty::Delay(delay) => (*delay == 0, DELAY),
        ScopeProperty::ActivatePolicies(on) => (*on, POLICY),
        ScopeProperty::Dns(dns) => (dns.is_none(), DNS),
    };
    (!is_so).then_some(why)
}

fn whole_scope(scope: &Scope) -> Option<&'static str> {
    let properties = scope.properties();
    properties
        .iter()
        .find_map(scope_property)
        .or_else(|| (!scope.exclusions.is_empty()).then_some(EXCLUSION))
        .or_else(|| (!scope.policies.is_empty()).then_some(POLICY))
        .or_else(|| classes(&scope.options))
        .or_else(|| {
            let mut reservations = scope.reservations.values();
            reservations.find_map(|reservation| whole_reservation(reservation))
        })
}

fn whole_reservation(reservation: &Reservation) -> Option<&'static str> {
    (reservation.kind != ClientType::Both)
        .then_some(RESERVATION_KIND)
        .or_else(|| classes(&reservation.options))
}

fn classes(options: &Options) -> Option<&'static str> {
    options.iter().find_map(|(key, _)| class(key))
}

fn class(key: &OptionKey) -> Option<&'static str> {
    (!key.vendor_class.is_empty() || !key.user_class.is_empty()).then_some(CLASS)
}

fn mode(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::LoadBalance { percent: 50 }
        | Mode::HotStandby {
            reserve_percent: 0, ..
        } => None,
        Mode::LoadBalance { .. } => Some(PERCENT),
        Mode::HotStandby { .. } => Some(RESERVE),
    }
}

fn mclt(mclt: Seconds) -> Option<&'static str> {
    (mclt.0 != 0).then_some(MCLT)
}
