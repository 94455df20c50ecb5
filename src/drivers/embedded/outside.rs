//! What an embedded server shows to somebody who knocks from outside, as the lab has set it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::Fault;
use super::file::Halt;
use super::machines::{Machine, Service};
use super::store;
use crate::drivers::probe::{Found, Probe, ProbeItem};
use crate::model::server::ServerName;

/// Knocks at a server's doors. A link that is cut lies between it and its partner, not here.
pub(super) fn probe(
    conn: &Connection,
    machine: &Machine,
    name: &ServerName,
    patience: Duration,
    now: Timestamp,
) -> Result<Probe, Halt> {
    let item = |found, detail: &str| ProbeItem::new(found, detail, now);
    let addresses = store::identity(conn, machine.id)?.addresses;
    let mut probe = Probe::unknown(name, "not tried", now);
    probe.dns_name = match addresses.first() {
        Some(address) => item(Found::Answers, &address.to_string()),
        None => item(Found::NotKnown, "the estate has no address of it"),
    };
    if !machine.host_answers() {
        probe.host = item(Found::Silent, "its host does not answer");
        probe.management = item(Found::Silent, "");
        probe.failover_port = item(Found::Silent, "");
        probe.dhcp_service = item(Found::NotKnown, "nobody answers who could say");
        return Ok(probe);
    }
    let at = addresses.first().map(ToString::to_string);
    probe.host = item(Found::Answers, &at.unwrap_or_default());
    probe.failover_port = match machine.service {
        Service::Running | Service::Paused => item(Found::Answers, "port 647"),
        Service::Stopped => item(Found::Refuses, "port 647 is closed"),
    };
    let service = match machine.service {
        Service::Running => item(Found::Answers, "running"),
        Service::Paused => item(Found::Answers, "paused"),
        Service::Stopped => item(Found::Refuses, "stopped"),
    };
    let hangs = |millis: u32| Duration::from_millis(millis.into()) >= patience;
    (probe.management, probe.dhcp_service) = match machine.fault {
        // Who is stopped has nobody left who could answer garbage.
        Fault::Garbage if machine.service != Service::Stopped => (
            item(Found::Refuses, "answers garbage"),
            item(Found::NotKnown, "its answer makes no sense"),
        ),
        Fault::Slow(millis) if hangs(millis) => {
            let late = format!("no answer within {} s", patience.as_secs());
            (
                item(Found::Silent, &late),
                item(Found::NotKnown, "nobody answers who could say"),
            )
        }
        _ => (item(Found::Answers, ""), service),
    };
    Ok(probe)
}
