//! Kea's subnets as the model's scopes.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::foreign::Lines;
use super::said::{Context, Dhcp4, Host, OptionEntry, Subnet, Text};
use crate::drivers::kea::options::{self, Translated};
use crate::drivers::kea::pool;
use crate::model::client_id::{ClientId, ClientIdKind};
use crate::model::scope::{
    ClientType, LeaseDuration, MAX_BOOTP_CLIENTS, Scope, ScopeState, Seconds,
};
use crate::model::{Options, Reservation, ScopeId};

/// Kea's word for a lease without end.
pub(super) const UNLIMITED: u32 = u32::MAX;
/// Seconds that a lease lasts where nobody says.
const LIFETIME: u32 = 7200;
/// Characters of a name or a description that are kept.
const LONG: usize = 1000;

/// A scope, and what decides whether it is under failover.
pub(super) struct Read {
    pub(super) scope: Scope,
    pub(super) subnet_id: Option<u32>,
    pub(super) no_failover: bool,
    /// The peer that its relationship is found by.
    pub(super) ha_server_name: Option<String>,
}

/// A subnet as a scope; `None` when its prefix is none. `classes` are those that high availability
/// puts on pools.
pub(super) fn scope(
    subnet: &Subnet<'_>,
    network: Option<&str>,
    global: &Dhcp4<'_>,
    classes: &[String],
) -> Option<Read> {
    let id: ScopeId = subnet.subnet.as_str().parse().ok()?;
    let context = Context::of(subnet.user_context);
    let mut lines = Lines::default();
    let mut ranges = Vec::with_capacity(subnet.pools.len());
    for pool in &subnet.pools {
        let text = pool.pool.as_str();
        match pool::parse(text) {
            Some(range) => ranges.push(range),
            None => lines.say(format_args!("pool {text}")),
        }
        let guarded = pool.client_classes.iter().chain([&pool.client_class]);
        let guarded = guarded
            .map(Text::as_str)
            .filter(|class| !classes.iter().any(|known| known == class));
        lines.names(&format!("pool {text} is for client class"), guarded);
        for option in &pool.option_data {
            lines.say(format_args!(
                "pool {text}: {}",
                options::words(&option.plain())
            ));
        }
    }
    own_words(subnet, global, &mut lines);
    let options = options_of(&subnet.option_data, "", &mut lines);
    let reservations = reservations(&subnet.reservations, &mut lines);
    let lifetime = subnet
        .valid_lifetime
        .or(global.valid_lifetime)
        .unwrap_or(LIFETIME);
    let comment = subnet.comment.as_ref().map(Text::as_str);
    let scope = Scope {
        id,
        name: context.name().map_or_else(|| id.net().to_string(), bounded),
        description: bounded(context.description().or(comment).unwrap_or_default()),
        state: ScopeState::Active,
        kind: ClientType::Dhcp,
        max_bootp_clients: MAX_BOOTP_CLIENTS,
        ranges: pool::merge(ranges),
        exclusions: Vec::new(),
        lease_duration: match lifetime {
            UNLIMITED => LeaseDuration::Unlimited,
            seconds => LeaseDuration::Limited(Seconds(seconds)),
        },
        delay_ms: 0,
        superscope: network.map(bounded),
        activate_policies: true,
        dns: None,
        options,
        reservations,
        policies: Vec::new(),
        foreign: lines.done(),
    };
    Some(Read {
        scope,
        subnet_id: subnet.id,
        no_failover: context.no_failover(),
        ha_server_name: context.ha_server_name().map(str::to_owned),
    })
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((at, _)) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

/// What a subnet has that a scope has not, where it is not simply what the server has.
fn own_words(subnet: &Subnet<'_>, global: &Dhcp4<'_>, lines: &mut Lines) {
    let classes = subnet.client_classes.iter().chain([&subnet.client_class]);
    lines.names("only for client class", classes.map(Text::as_str));
    let also = subnet.require_client_classes.iter();
    let also = also.chain(&subnet.evaluate_additional_classes);
    lines.names("evaluates client class", also.map(Text::as_str));
    if let Some(relay) = &subnet.relay {
        lines.names("relay", relay.addresses.iter().map(Text::as_str));
    }
    lines.names("interface", std::iter::once(subnet.interface.as_str()));
    lines.names(
        "DNS suffix",
        std::iter::once(subnet.ddns_qualifying_suffix.as_str()),
    );
    if subnet.ddns_send_updates == Some(false) {
        lines.say("no DNS updates");
    }
    if subnet.match_client_id == Some(false) && global.match_client_id != Some(false) {
        lines.say("client identifiers are not matched");
    }
    for (what, own, of_all) in [
        ("next-server", &subnet.next_server, &global.next_server),
        (
            "boot-file-name",
            &subnet.boot_file_name,
            &global.boot_file_name,
        ),
        (
            "server-hostname",
            &subnet.server_hostname,
            &global.server_hostname,
        ),
        ("allocator", &subnet.allocator, &global.allocator),
    ] {
        let unset = |text: &&Text<'_>| text.is_unset() || text.as_str() == "0.0.0.0";
        if let Some(own) = own.as_ref().filter(|own| !unset(own))
            && of_all.as_ref() != Some(own)
        {
            lines.say(format_args!("{what} {}", own.as_str()));
        }
    }
    let lifetime = subnet.valid_lifetime;
    let bound = |bound: Option<u32>| bound.filter(|_| bound != lifetime);
    match (
        bound(subnet.min_valid_lifetime),
        bound(subnet.max_valid_lifetime),
    ) {
        (None, None) => {}
        (min, max) => {
            let seconds = |bound: Option<u32>| bound.or(lifetime).unwrap_or(LIFETIME);
            lines.say(format_args!(
                "clients may ask for a lease of {} to {} s",
                seconds(min),
                seconds(max)
            ));
        }
    }
}

/// Option entries as the model's options; the others become lines that begin with `whose`.
pub(super) fn options_of(entries: &[OptionEntry<'_>], whose: &str, lines: &mut Lines) -> Options {
    let mut options = Options::new();
    for entry in entries {
        let plain = entry.plain();
        if entry.client_classes.iter().any(|class| !class.is_unset()) {
            let classes: Vec<&str> = entry.client_classes.iter().map(Text::as_str).collect();
            let words = options::words(&plain);
            lines.say(format_args!(
                "{whose}{words} (only for client class {})",
                classes.join(", ")
            ));
            continue;
        }
        match options::translate(&plain) {
            Translated::Value(key, _) if options.get(&key).is_some() => {
                lines.say(format_args!("{whose}{} (again)", options::words(&plain)));
            }
            Translated::Value(key, value) => {
                for (is, what) in [(entry.always_send, "always"), (entry.never_send, "never")] {
                    if is {
                        lines.say(format_args!("{whose}option {} is {what} sent", key.id));
                    }
                }
                options.insert(key, value);
            }
            Translated::Foreign(words) => lines.say(format_args!("{whose}{words}")),
        }
    }
    options
}

fn reservations(hosts: &[Host<'_>], lines: &mut Lines) -> BTreeMap<Ipv4Addr, Arc<Reservation>> {
    // A map is built fastest from what is in order already, as Kea gives it mostly.
    let mut read = Vec::with_capacity(hosts.len());
    let mut addressless = 0_usize;
    for host in hosts {
        let address: Option<Ipv4Addr> = host.ip_address.as_str().parse().ok();
        let Some(address) = address.filter(|address| !address.is_unspecified()) else {
            addressless += 1;
            continue;
        };
        match reservation(host, address, lines) {
            Some(reservation) => read.push((address, Arc::new(reservation))),
            None => lines.say(format_args!(
                "reservation {address} of an unknown kind of client"
            )),
        }
    }
    if addressless > 0 {
        let s = if addressless == 1 { "" } else { "s" };
        lines.say(format_args!(
            "{addressless} reservation{s} without an address"
        ));
    }
    let found = read.len();
    let map: BTreeMap<_, _> = read.into_iter().collect();
    if map.len() < found {
        let twice = found - map.len();
        lines.say(format_args!(
            "{twice} more reservations of an address that is reserved already"
        ));
    }
    map
}

fn reservation(host: &Host<'_>, address: Ipv4Addr, lines: &mut Lines) -> Option<Reservation> {
    let client = client(host)?;
    let context = Context::of(host.user_context);
    let comment = host.comment.as_ref().map(Text::as_str);
    let description = context.description().or(comment).unwrap_or_default();
    let options = match host.option_data.is_empty() {
        true => Options::new(),
        false => options_of(
            &host.option_data,
            &format!("reservation {address}: "),
            lines,
        ),
    };
    if host.client_classes.iter().any(|class| !class.is_unset()) {
        let classes = host.client_classes.iter().map(Text::as_str);
        lines.names(
            &format!("reservation {address} puts its client in class"),
            classes,
        );
    }
    for (what, text) in [
        ("next-server", &host.next_server),
        ("server-hostname", &host.server_hostname),
        ("boot-file-name", &host.boot_file_name),
    ] {
        if !text.is_unset() && text.as_str() != "0.0.0.0" {
            lines.say(format_args!(
                "reservation {address}: {what} {}",
                text.as_str()
            ));
        }
    }
    Some(Reservation {
        address,
        client,
        name: bounded(host.hostname.as_str()),
        description: bounded(description),
        kind: ClientType::Both,
        options,
    })
}

fn client(host: &Host<'_>) -> Option<ClientId> {
    let ids = [
        (ClientIdKind::HwAddress, &host.hw_address),
        (ClientIdKind::ClientId, &host.client_id),
        (ClientIdKind::Duid, &host.duid),
        (ClientIdKind::CircuitId, &host.circuit_id),
        (ClientIdKind::FlexId, &host.flex_id),
    ];
    let (kind, text) = ids
        .into_iter()
        .find_map(|(kind, text)| Some((kind, text.as_ref().filter(|text| !text.is_unset())?)))?;
    identifier(kind, text.as_str())
}

/// An identifier as Kea writes it: hex with or without colons, or a text in quotes.
pub(crate) fn identifier(kind: ClientIdKind, text: &str) -> Option<ClientId> {
    let text = text.trim();
    if let Some(quoted) = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
    {
        return ClientId::new(kind, quoted.as_bytes()).ok();
    }
    let text = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = [0_u8; 255];
    let mut len = 0;
    let mut high: Option<u8> = None;
    for character in text.bytes() {
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'a'..=b'f' => character - b'a' + 10,
            b'A'..=b'F' => character - b'A' + 10,
            b':' | b'-' | b' ' => {
                // A byte may be one digit before a colon.
                if let Some(low) = high.take() {
                    *bytes.get_mut(len)? = low;
                    len += 1;
                }
                continue;
            }
            _ => return None,
        };
        match high.take() {
            None => high = Some(digit),
            Some(high) => {
                *bytes.get_mut(len)? = high << 4 | digit;
                len += 1;
            }
        }
    }
    if let Some(low) = high {
        // Kea reads an odd number of digits as if a zero were in front of them; after a colon, too.
        let colons = text.contains(':');
        if !colons && len > 0 {
            return identifier(kind, &format!("0{text}"));
        }
        *bytes.get_mut(len)? = low;
        len += 1;
    }
    ClientId::new(kind, bytes.get(..len)?).ok()
}
