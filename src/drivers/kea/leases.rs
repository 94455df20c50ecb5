//! Which leases a Kea server has: asked for in pages, never all at once, which would stop DHCP.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::abilities::Abilities;
use super::reading::scopes::identifier;
use super::wire::{Answer, Command, Wire};
use crate::drivers::{DriverError, LeaseQuery};
use crate::model::ScopeId;
use crate::model::client_id::{ClientId, ClientIdKind};
use crate::model::lease::{Lease, LeaseState};
use crate::model::scope::ClientType;
use crate::model::server::{ServerConfig, ServerName};
use crate::model::text::printable;

/// Leases in a page: 7 ms of the server's time; ten times as many take it 450 ms.
const PAGE: usize = 1000;
/// A lease that never ends.
const ENDLESS: u32 = u32::MAX;

/// Reads the leases that `query` asks for, at most its limit, in order of address. `config` tells
/// which scope an address belongs to, and which are reserved; what is in none of its scopes is left
/// out.
///
/// # Errors
/// `Unsupported` without `lease_cmds`; those of the wire; `Protocol` for what is no lease.
pub async fn leases(
    wire: &dyn Wire,
    abilities: &Abilities,
    server: &ServerName,
    config: &ServerConfig,
    query: &LeaseQuery,
    now: Timestamp,
) -> Result<Vec<Lease>, DriverError> {
    if !abilities.has_leases() {
        return Err(DriverError::Unsupported {
            server: server.clone(),
            why: "its hook libdhcp_lease_cmds.so is not loaded, without which it does not tell its leases".to_owned(),
        });
    }
    let asking = Asking {
        wire,
        server,
        config,
        now,
    };
    match &query.client {
        Some(client) => asking.of_client(client, query).await,
        None => asking.pages(query).await,
    }
}

/// The lease of one address, if there is one.
///
/// # Errors
/// Those of [`leases`].
pub async fn lease_of(
    wire: &dyn Wire,
    server: &ServerName,
    config: &ServerConfig,
    address: Ipv4Addr,
    now: Timestamp,
) -> Result<Option<Lease>, DriverError> {
    let asking = Asking {
        wire,
        server,
        config,
        now,
    };
    let command = Command::read("lease4-get").with(&json!({ "ip-address": address }));
    let answer = wire.ask(&command).await?;
    if answer.result == Answer::EMPTY {
        return Ok(None);
    }
    let said: Said<'_> = asking.understood(&answer)?;
    Ok(asking.lease(&said))
}

struct Asking<'a> {
    wire: &'a dyn Wire,
    server: &'a ServerName,
    config: &'a ServerConfig,
    now: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Said<'a> {
    ip_address: Ipv4Addr,
    #[serde(default, borrow)]
    hw_address: Cow<'a, str>,
    #[serde(default, borrow)]
    client_id: Cow<'a, str>,
    #[serde(default, borrow)]
    hostname: Cow<'a, str>,
    cltt: i64,
    valid_lft: u32,
    #[serde(default)]
    state: u8,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    leases: Vec<Said<'a>>,
}

impl Asking<'_> {
    async fn of_client(
        &self,
        client: &ClientId,
        query: &LeaseQuery,
    ) -> Result<Vec<Lease>, DriverError> {
        let bytes: Vec<String> = client
            .bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let (name, key) = match client.kind() {
            ClientIdKind::HwAddress => ("lease4-get-by-hw-address", "hw-address"),
            ClientIdKind::ClientId => ("lease4-get-by-client-id", "client-id"),
            // Leases are not kept by these.
            ClientIdKind::Duid | ClientIdKind::CircuitId | ClientIdKind::FlexId => {
                return Ok(Vec::new());
            }
        };
        let command = Command::read(name).with(&BTreeMap::from([(key, bytes.join(":"))]));
        let answer = self.wire.ask(&command).await?;
        if answer.result == Answer::EMPTY {
            return Ok(Vec::new());
        }
        let page: Page<'_> = self.understood(&answer)?;
        let leases = page.leases.iter().filter_map(|said| self.lease(said));
        let mut leases: Vec<Lease> = leases
            .filter(|lease| query.scope.is_none_or(|scope| scope == lease.scope))
            .filter(|lease| query.after.is_none_or(|after| lease.address > after))
            .collect();
        leases.sort_by_key(|lease| lease.address);
        if query.limit > 0 {
            leases.truncate(query.limit);
        }
        Ok(leases)
    }

    async fn pages(&self, query: &LeaseQuery) -> Result<Vec<Lease>, DriverError> {
        let wanted = |lease: &Lease| query.scope.is_none_or(|scope| scope == lease.scope);
        let last = query.scope.as_ref().map(ScopeId::broadcast);
        let before_scope = query
            .scope
            .and_then(|scope| scope.address().to_bits().checked_sub(1));
        let mut from = before_scope.map(Ipv4Addr::from_bits).max(query.after);
        let most = match query.limit {
            0 => usize::MAX,
            limit => limit,
        };
        let mut leases = Vec::new();
        while leases.len() < most && from.is_none_or(|from| last.is_none_or(|last| from < last)) {
            let size = (most - leases.len()).min(PAGE);
            let start = from.map_or_else(|| "start".to_owned(), |from| from.to_string());
            let command =
                Command::read("lease4-get-page").with(&json!({ "from": start, "limit": size }));
            let answer = self.wire.ask(&command).await?;
            if answer.result == Answer::EMPTY {
                break;
            }
            let page: Page<'_> = self.understood(&answer)?;
            for said in &page.leases {
                if from.is_some_and(|from| said.ip_address <= from) {
                    return Err(self.protocol("its pages of leases are not in order of address"));
                }
                from = Some(said.ip_address);
                if last.is_some_and(|last| said.ip_address > last) {
                    return Ok(leases);
                }
                leases.extend(self.lease(said).filter(wanted));
            }
            if page.leases.len() < size {
                break;
            }
        }
        leases.truncate(most);
        Ok(leases)
    }

    fn protocol(&self, what: &str) -> DriverError {
        DriverError::Protocol {
            server: self.server.clone(),
            what: printable(what, 200),
        }
    }

    fn understood<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, DriverError> {
        let arguments = answer
            .arguments
            .as_ref()
            .filter(|_| answer.result == Answer::SUCCESS);
        let arguments =
            arguments.ok_or_else(|| self.protocol(&format!("no leases: {}", answer.text)))?;
        serde_json::from_str(arguments.get())
            .map_err(|error| self.protocol(&format!("leases that can't be read: {error}")))
    }

    /// A lease in one of the scopes.
    fn lease(&self, said: &Said<'_>) -> Option<Lease> {
        let address = said.ip_address;
        let scope = self.config.scope_of(address)?;
        let reserved = scope.reservations.get(&address);
        let endless = said.valid_lft == ENDLESS;
        let lasts = SignedDuration::from_secs(said.valid_lft.into());
        let granted = Timestamp::from_second(said.cltt).ok();
        let expires = granted
            .and_then(|at| at.checked_add(lasts).ok())
            .filter(|_| !endless);
        let over = expires.is_some_and(|at| at <= self.now);
        let state = match said.state {
            1 => LeaseState::Declined,
            0 if !over && reserved.is_some() => LeaseState::ActiveReservation,
            0 if !over => LeaseState::Active,
            // Reclaimed, released, or about to be.
            _ => LeaseState::Expired,
        };
        // Of a declined address Kea keeps no client; Windows has the address there, backwards.
        let client = identifier(ClientIdKind::HwAddress, &said.hw_address)
            .or_else(|| identifier(ClientIdKind::ClientId, &said.client_id))
            .or_else(|| {
                let [a, b, c, d] = address.octets();
                ClientId::new(ClientIdKind::HwAddress, &[d, c, b, a]).ok()
            })?;
        Some(Lease {
            address,
            scope: scope.id,
            client,
            host_name: said.hostname.trim_end_matches('.').to_owned(),
            description: reserved
                .map(|kept| kept.description.clone())
                .unwrap_or_default(),
            state,
            client_type: ClientType::Dhcp,
            expires,
            policy: String::new(),
            given_by: None,
        })
    }
}

#[cfg(test)]
mod tests;
