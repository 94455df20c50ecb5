//! What the switch costs, and whether it can be taken back: in the words of the survivor's kind.

use jiff::Timestamp;

use super::gather::product;
use super::{Costs, ServerEvidence};
use crate::ipam::Estate;
use crate::model::FailoverState;
use crate::model::failover::{Mode, Relationship, RelationshipStatus, Role};
use crate::model::server::{Product, ServerName};
use crate::model::text::printable;

/// What telling `here` that `partner` is down costs.
pub(super) fn costs(
    estate: &Estate,
    held: &Relationship,
    here: &ServerEvidence,
    takes_over_at: Option<Timestamp>,
    partner: &ServerName,
) -> Costs {
    let kea = product(estate, &here.server) == Product::Kea;
    let status = here.status.as_ref();
    let switched = status.is_some_and(|status| status.state == FailoverState::PartnerDown);
    let mut notes = Vec::new();
    if takes_over_at.is_some() {
        notes.push(format!(
            "Leases are given for at most the Maximum Client Lead Time ({}), until both work \
             together again",
            held.mclt
        ));
    }
    if kea && !switched {
        notes.push(until_then(held.mode, &here.server));
    }
    notes.extend(by_itself(held, status, kea));
    if let Mode::HotStandby {
        role: Role::Standby,
        reserve_percent,
    } = held.mode
        && !kea
        && !switched
    {
        notes.push(format!(
            "It is the standby server: until then new clients get only its reserve \
             ({reserve_percent} %)"
        ));
    }
    if kea {
        notes.extend(touched(estate, held, &here.server));
    }
    notes.push(format!(
        "If {partner} comes back without contact to the survivor, both serve the same addresses to \
         different clients"
    ));
    let undoable = match kea {
        true => format!(
            "It can't be taken back: it ends by itself when {partner} is back and has copied the \
             leases (maintenance of a partner that lives can be cancelled)"
        ),
        false => format!(
            "It can't be taken back: it ends by itself when {partner} is back and both have \
             compared what they gave out"
        ),
    };
    Costs {
        takes_over_at,
        undoable,
        notes,
    }
}

/// Whom a Kea server serves while it does not know that its partner is down.
fn until_then(mode: Mode, server: &ServerName) -> String {
    match mode {
        Mode::HotStandby {
            role: Role::Standby,
            ..
        } => format!("Until then nobody is served: {server} is the standby"),
        Mode::HotStandby {
            role: Role::Active, ..
        } => format!("{server} is the primary: it serves every client already"),
        Mode::LoadBalance { .. } => {
            format!("Until then {server} serves only its own share of the clients")
        }
    }
}

/// Whether and when it switches by itself, and why it has not.
fn by_itself(
    held: &Relationship,
    status: Option<&RelationshipStatus>,
    kea: bool,
) -> Option<String> {
    if let Some(waits) = status.and_then(RelationshipStatus::waits_for) {
        let night = "who has a lease asks only when half of it is over, so at night that can take \
                     hours";
        return Some(format!("Without you it {waits}: {night}"));
    }
    if let Some(at) = status.and_then(|status| status.switches_at) {
        let setting = match kea {
            true => "max-response-delay",
            false => "State Switchover Interval",
        };
        return Some(format!(
            "Without you it switches by itself at {} ({setting})",
            at.strftime("%Y-%m-%d %H:%M:%SZ")
        ));
    }
    let unacked = status.and_then(|status| status.unacked);
    match (held.switch_interval, kea, unacked) {
        (Some(_), ..) | (None, true, None) => None,
        (None, true, Some(unacked)) => Some(format!(
            "Once contact is lost it switches by itself only when more than {} clients asked in \
             vain (max-unacked-clients)",
            unacked.allowed
        )),
        (None, false, _) => {
            Some("It never switches by itself: no State Switchover Interval is set".to_owned())
        }
    }
}

/// Which relationships the command touches: Kea tells all partners at once, whichever is named.
fn touched(estate: &Estate, held: &Relationship, server: &ServerName) -> Option<String> {
    let view = estate.servers.get(server)?;
    let config = &view.reading.as_ref()?.config;
    let others = config.relationships.values();
    let others: Vec<String> = others
        .filter(|other| other.name != held.name)
        .map(|other| format!("'{}' with {}", printable(&other.name, 126), other.partner))
        .collect();
    Some(match others.is_empty() {
        true => format!("The command touches this relationship only: {server} has no other"),
        false => format!(
            "Kea would carry the command out in every relationship of {server} at once, also in \
             {}: it is not sent while there are others",
            others.join(", ")
        ),
    })
}
