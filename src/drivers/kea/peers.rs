//! Which configured server a peer of a high-availability relationship is.
//!
//! Manuals name the two of every pair `server1` and `server2`, so a name alone says little: what a
//! peer's URL says goes before it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::ha::{HaRole, HaTerms};
use crate::model::ScopeId;
use crate::model::server::ServerName;

/// A Kea server of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerEntry {
    /// Which server.
    pub server: ServerName,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Where its partners find it, where the configuration says so.
    pub ha_url: Option<String>,
    /// Where it is managed.
    pub url: Option<String>,
}

/// Who a server is in one relationship.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Identity {
    /// Its own URL among the peers.
    own: String,
    /// The URL of the other of the two.
    partner: Option<String>,
    /// All peers' URLs.
    peers: BTreeSet<String>,
    /// The names of all peers, by URL.
    names: BTreeMap<String, String>,
}

/// All Kea servers of a home, and what each has said of who it is.
#[derive(Debug, Default)]
pub struct Peers {
    entries: Vec<PeerEntry>,
    learned: Mutex<BTreeMap<ServerName, Vec<Identity>>>,
    subnets: Mutex<BTreeMap<ServerName, BTreeMap<u32, ScopeId>>>,
}

type Learned = BTreeMap<ServerName, Vec<Identity>>;

impl Peers {
    /// A registry of those servers.
    #[must_use]
    pub fn new(entries: Vec<PeerEntry>) -> Peers {
        Peers {
            entries,
            learned: Mutex::default(),
            subnets: Mutex::default(),
        }
    }

    /// Remembers who a server is in its relationships, instead of what was known.
    pub fn learn(&self, server: &ServerName, relationships: &[HaTerms]) {
        let identities = relationships.iter().filter_map(identity).collect();
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.insert(server.clone(), identities);
    }

    /// Remembers a server's subnets by Kea's ids.
    pub fn has_subnets(&self, server: &ServerName, subnets: &BTreeMap<u32, ScopeId>) {
        let mut held = self.subnets.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(server) != Some(subnets) {
            held.insert(server.clone(), subnets.clone());
        }
    }

    /// The subnets of those servers by Kea's ids, as far as they were read: leases are replicated
    /// by id, so that two partners must have the same.
    #[must_use]
    pub fn subnets_of(&self, servers: &[ServerName]) -> BTreeMap<u32, ScopeId> {
        let held = self.subnets.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = servers.iter().filter_map(|server| held.get(server));
        theirs.flatten().map(|(id, scope)| (*id, *scope)).collect()
    }

    /// Which configured server the peer of that name and URL is, in the relationship `terms` of the
    /// server `asker`; `None` when that can't be told. Never the asker itself, and never one server
    /// for two peers of one asker.
    #[must_use]
    pub fn resolve(
        &self,
        asker: &ServerName,
        peer_name: &str,
        peer_url: &str,
        terms: &HaTerms,
    ) -> Option<ServerName> {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = identity(terms)?;
        let url = normal(peer_url);
        let (server, strength) = self.find(&learned, asker, peer_name, &url, &asked)?;
        // Another peer, of this relationship or another one of the asker's, that has as good a
        // claim to the server: then neither has it.
        let mine = learned.get(asker).map(Vec::as_slice).unwrap_or_default();
        let others = mine.iter().chain([&asked]).flat_map(|identity| {
            let theirs = identity
                .names
                .iter()
                .map(move |(url, name)| (identity, url, name));
            theirs.filter(|(identity, url, _)| **url != identity.own)
        });
        let contested = others
            .filter(|(_, other, _)| **other != url)
            .filter_map(|(identity, url, name)| self.find(&learned, asker, name, url, identity))
            .any(|(other, as_strong)| other == server && as_strong >= strength);
        (!contested).then_some(server)
    }

    /// The server, and how strong the claim is.
    fn find(
        &self,
        learned: &Learned,
        asker: &ServerName,
        name: &str,
        url: &str,
        asked: &Identity,
    ) -> Option<(ServerName, u8)> {
        let others = || self.entries.iter().filter(|entry| entry.server != *asker);
        let configured = |entry: &PeerEntry| entry.ha_url.as_deref().map(normal);
        if let Some(entry) =
            only(others().filter(|entry| configured(entry).as_deref() == Some(url)))
        {
            return Some((entry.server.clone(), 5));
        }
        let said = |entry: &PeerEntry| {
            let mut identities = learned.get(&entry.server).into_iter().flatten();
            identities.any(|identity| identity.own == url && identity.peers == asked.peers)
        };
        if let Some(entry) = only(others().filter(|entry| said(entry))) {
            return Some((entry.server.clone(), 4));
        }
        // From here on only a server that has not said to be somebody else.
        let free: Vec<&PeerEntry> = others()
            .filter(|entry| {
                let known = learned.get(&entry.server);
                configured(entry).is_none() && known.is_none_or(Vec::is_empty)
            })
            .collect();
        let is_called = |entry: &PeerEntry| {
            let alias = |alias: &String| alias.eq_ignore_ascii_case(name);
            entry.server.means(name) || entry.aliases.iter().any(alias)
        };
        let called = only(free.iter().filter(|entry| is_called(entry)));
        if let Some(entry) = called {
            return Some((entry.server.clone(), 3));
        }
        let at = |entry: &PeerEntry| {
            let managed = entry.url.as_deref().map(host_of);
            managed
                .flatten()
                .is_some_and(|host| Some(host) == host_of(url))
        };
        // Every server of a laboratory may be on one host, the asker too: then it says nothing.
        let everywhere = self.entries.iter().filter(|entry| at(entry)).count();
        if everywhere == 1
            && let Some(entry) = only(free.iter().filter(|entry| at(entry)))
        {
            return Some((entry.server.clone(), 2));
        }
        if self.entries.len() == 2 && asked.partner.as_deref() == Some(url) {
            return only(free.iter()).map(|entry| (entry.server.clone(), 1));
        }
        None
    }
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

fn identity(terms: &HaTerms) -> Option<Identity> {
    let main = |role| role != HaRole::Backup;
    let peers = || terms.peers.iter();
    Some(Identity {
        own: normal(&terms.this()?.url),
        partner: terms.partner().map(|peer| normal(&peer.url)),
        peers: peers().map(|peer| normal(&peer.url)).collect(),
        names: peers()
            .filter(|peer| main(peer.role))
            .map(|peer| (normal(&peer.url), peer.name.clone()))
            .collect(),
    })
}

/// A URL in one spelling: scheme and host in lower case, the port always, no slash at the end.
#[must_use]
pub fn normal(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let authority = authority.to_ascii_lowercase();
    let bare = authority.rsplit(']').next().unwrap_or(&authority);
    let port = match (bare.contains(':'), scheme.as_str()) {
        (true, _) => "",
        (false, "https") => ":443",
        (false, _) => ":80",
    };
    format!("{scheme}://{authority}{port}{}", path.trim_end_matches('/'))
}

/// The host of a URL of HTTP, in lower case, without brackets; `None` of other URLs.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let url = normal(url);
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let authority = rest.split('/').next()?;
    let (host, _) = authority.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| host.to_owned())
}

/// The port of a URL of HTTP.
#[must_use]
pub fn port_of(url: &str) -> Option<u16> {
    let url = normal(url);
    let authority = url.split_once("://")?.1.split('/').next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests;
