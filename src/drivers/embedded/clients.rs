//! Clients that come for addresses: what a DHCP server gives them, and why some get none.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::file::Halt;
use super::history::{self, Standing};
use super::machines::{Machine, Machines};
use super::names::{self, Device};
use super::share::Share;
use super::{leases, store};
use crate::model::address::free_addresses;
use crate::model::failover::{Mode, Relationship, Role};
use crate::model::lease::{Lease, LeaseState};
use crate::model::policy::FilterList;
use crate::model::scope::{ClientType, LeaseDuration, Scope, ScopeState, Seconds};
use crate::model::server::{ServerConfig, ServerName};
use crate::model::{ClientId, ScopeId};
use crate::rules::failover_states::{self, Service};

/// So many come at most at a time: a drill is no benchmark.
const AT_MOST: u32 = 100_000;

/// What a scope has for new clients.
struct Pool {
    scope: ScopeId,
    /// In the order in which they go, the last one first.
    addresses: Vec<Ipv4Addr>,
    lasts: Option<Seconds>,
    given_by: Option<ServerName>,
    given: u32,
}

/// Has new clients come to a server. Gives what the operator reads.
pub(super) fn come(
    conn: &Connection,
    machines: &Machines,
    machine: &Machine,
    config: &ServerConfig,
    wanted: u32,
    now: Timestamp,
) -> Result<String, Halt> {
    if wanted > AT_MOST {
        return Err(Halt::Said(format!(
            "at most {AT_MOST} clients come at a time; {wanted} are too many"
        )));
    }
    let mut standing = Standing::of(conn, machine.id)?;
    standing.advance(machines, now);
    let mut pools = Vec::new();
    let mut closed = Vec::new();
    for scope in config.scopes.values() {
        let terms = match terms(machines, machine, config, &standing, scope, now) {
            Ok(terms) => terms,
            Err(why) => {
                closed.push(format!("{}: {why}", scope.id));
                continue;
            }
        };
        let addresses = free(conn, machine, config, scope, terms.share, wanted, now)?;
        pools.push(Pool {
            scope: scope.id,
            addresses,
            lasts: terms.lasts,
            given_by: terms.under_failover.then(|| machine.name.clone()),
            given: 0,
        });
    }
    let (mut given, mut filtered) = (0, 0);
    let first = take_numbers(conn, wanted)?;
    for number in first..first.saturating_add(wanted) {
        let (client, host_name) = names::client(Device::Personal, number);
        if filtered_out(config, &client) {
            filtered += 1;
            continue;
        }
        // Who has given least gives next, so that clients spread over the scopes.
        let open = pools.iter_mut().filter(|pool| !pool.addresses.is_empty());
        let Some(pool) = open.min_by_key(|pool| pool.given) else {
            break;
        };
        let Some(address) = pool.addresses.pop() else {
            break;
        };
        let lease = Lease {
            address,
            scope: pool.scope,
            client,
            host_name,
            description: String::new(),
            state: LeaseState::Active,
            client_type: ClientType::Dhcp,
            expires: pool.lasts.and_then(|lasts| {
                now.checked_add(SignedDuration::from_secs(lasts.0.into()))
                    .ok()
            }),
            policy: String::new(),
            given_by: pool.given_by.clone(),
        };
        if pool.given_by.is_some() {
            leases::insert_owed(conn, machine.id, &lease)?;
        } else {
            leases::insert(conn, machine.id, &lease)?;
        }
        pool.given += 1;
        given += 1;
    }
    count(conn, machine, wanted, given, now)?;
    history::flow(conn, machines, &standing)?;
    Ok(tell(machine, wanted, given, filtered, &pools, &closed))
}

fn tell(
    machine: &Machine,
    wanted: u32,
    given: u32,
    filtered: u32,
    pools: &[Pool],
    closed: &[String],
) -> String {
    let mut text = format!(
        "{} gave an address to {given} of {wanted} new clients.",
        machine.name
    );
    for pool in pools.iter().filter(|pool| pool.given > 0) {
        let _ = write!(text, "\n  {}: {}", pool.scope, pool.given);
    }
    if given + filtered < wanted {
        let none = wanted - given - filtered;
        let _ = write!(text, "\n{none} got none: no free address left to give.");
    }
    if filtered > 0 {
        let _ = write!(text, "\n{filtered} got none: MAC address filters.");
    }
    for reason in closed {
        let _ = write!(text, "\n  {reason}");
    }
    text
}

/// What a scope gives new clients.
struct Terms {
    share: Option<Share>,
    lasts: Option<Seconds>,
    under_failover: bool,
}

fn terms(
    machines: &Machines,
    machine: &Machine,
    config: &ServerConfig,
    standing: &Standing,
    scope: &Scope,
    now: Timestamp,
) -> Result<Terms, String> {
    if scope.state == ScopeState::Inactive {
        return Err("the scope is inactive".to_owned());
    }
    if scope.kind == ClientType::Bootp {
        return Err("the scope is for BOOTP clients".to_owned());
    }
    let full = match scope.lease_duration {
        LeaseDuration::Limited(seconds) => Some(seconds),
        LeaseDuration::Unlimited => None,
    };
    let Some(relationship) = config.relationship_of(scope.id) else {
        return Ok(Terms {
            share: None,
            lasts: full,
            under_failover: false,
        });
    };
    let end = standing
        .find(machine.id, &relationship.name.to_lowercase())
        .ok_or_else(|| "its relationship has no state".to_owned())?;
    let status = standing.status(machines, end);
    let whole = status.takes_over_at.is_some_and(|at| at <= now);
    serves(relationship, failover_states::service(status.state))
        .map_err(|why| format!("{why} ({})", status.state.label()))?;
    Ok(Terms {
        share: (!whole).then(|| Share::of(relationship)),
        // New to the server, so for the Maximum Client Lead Time at first.
        lasts: Some(full.map_or(relationship.mclt, |full| full.min(relationship.mclt))),
        under_failover: true,
    })
}

fn serves(relationship: &Relationship, service: Service) -> Result<(), &'static str> {
    let standby = matches!(
        relationship.mode,
        Mode::HotStandby {
            role: Role::Standby,
            ..
        }
    );
    match service {
        Service::None => Err("this server answers nobody now"),
        Service::RenewOnly => Err("this server only renews now"),
        Service::ByMode if standby => Err("this server is the standby server"),
        Service::ByMode | Service::All => Ok(()),
    }
}

/// At most so many free addresses, the first one last; those that once were somebody's come
/// after those that never were.
fn free(
    conn: &Connection,
    machine: &Machine,
    config: &ServerConfig,
    scope: &Scope,
    share: Option<Share>,
    wanted: u32,
    now: Timestamp,
) -> Result<Vec<Ipv4Addr>, Halt> {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut excluded = scope.exclusions.clone();
    if scope.activate_policies && config.settings.activate_policies {
        // A policy's range is for those whom it matches, and these are not.
        let policies = scope.policies.iter().filter(|policy| policy.enabled);
        excluded.extend(policies.flat_map(|policy| policy.ranges.iter().copied()));
    }
    let ours = |address: &Ipv4Addr| share.is_none_or(|share| share.has(*address));
    let mut taken = leases::held(conn, machine.id, scope.id, now)?;
    taken.extend(scope.reservations.keys());
    let once = leases::held(conn, machine.id, scope.id, Timestamp::MIN)?;
    let never: BTreeSet<Ipv4Addr> = taken.union(&once).copied().collect();
    let mut addresses: Vec<Ipv4Addr> = free_addresses(&scope.ranges, &excluded, &never)
        .filter(ours)
        .take(wanted)
        .collect();
    if addresses.len() < wanted {
        let again = free_addresses(&scope.ranges, &excluded, &taken)
            .filter(ours)
            .filter(|address| once.contains(address))
            .take(wanted - addresses.len());
        addresses.extend(again);
    }
    addresses.reverse();
    Ok(addresses)
}

fn filtered_out(config: &ServerConfig, client: &ClientId) -> bool {
    let matches = |list| {
        config
            .filters
            .iter()
            .any(|(pattern, filter)| filter.list == list && pattern.matches(client.bytes()))
    };
    (config.settings.deny_list_enabled && matches(FilterList::Deny))
        || (config.settings.allow_list_enabled && !matches(FilterList::Allow))
}

/// So many clients that never came before; gives the first one's number.
fn take_numbers(conn: &Connection, wanted: u32) -> Result<u32, Halt> {
    let next: i64 = conn.query_row(
        "UPDATE estate SET clients = clients + ?1 RETURNING clients",
        params![wanted],
        |row| row.get(0),
    )?;
    Ok(u32::try_from((next - i64::from(wanted)) & 0x00ff_ffff).unwrap_or(0))
}

fn count(
    conn: &Connection,
    machine: &Machine,
    wanted: u32,
    given: u32,
    now: Timestamp,
) -> Result<(), Halt> {
    let mut counters = store::counters(conn, machine.id)?;
    counters.started.get_or_insert(now);
    counters.discovers += u64::from(wanted);
    counters.offers += u64::from(given);
    counters.requests += u64::from(given);
    counters.acks += u64::from(given);
    store::set_counters(conn, machine.id, &counters)?;
    leases::changed(conn, machine.id)
}
