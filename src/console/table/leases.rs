//! Leases as the console keeps them: many, small, apart from the estate.
//!
//! A book is immutable and shares all that did not change with the book before it: a page that was
//! read makes a new book, in which a few chunks are new.

mod bits;
mod chunk;
mod minutes;
mod rows;
mod search;
mod sort;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::source::SharedSource;
use crate::console::age;
use crate::console::subject::Subject;
use crate::drivers::LeaseQuery;
use crate::model::text::printable;
use crate::model::{ClientId, Lease, ScopeId, ServerName};

use chunk::{Builder, Chunk, MOST};
pub use rows::{COLUMNS, LeaseRows};

/// What is known of leases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LeaseBook {
    shelves: Arc<BTreeMap<ServerName, Arc<Shelf>>>,
    zone: TimeZone,
}

impl Default for LeaseBook {
    fn default() -> LeaseBook {
        LeaseBook::in_zone(TimeZone::UTC)
    }
}

/// A server's leases.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    server: ServerName,
    /// In the order of their addresses; none is empty, and none reach into each other.
    chunks: Vec<Arc<Chunk>>,
    len: usize,
    reading: Reading,
    /// When single scopes were read, later than the whole server was.
    scopes: Arc<BTreeMap<ScopeId, Timestamp>>,
}

/// How far the reading of a server's leases has come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// Since when they are being read, if they are.
    pub begun: Option<Timestamp>,
    /// How many were read since then.
    pub so_far: usize,
    /// When all were read the last time.
    pub complete: Option<Timestamp>,
    /// Why the last reading ended early, if it did.
    pub trouble: Option<String>,
}

impl Reading {
    /// As it is said beside the table: `reading… 40,000 so far`, `read 3 min ago`.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        if self.begun.is_some() {
            return format!("reading… {} so far", thousands(self.so_far));
        }
        let read = match self.complete {
            Some(at) => {
                let seconds = (now.as_second() - at.as_second()).max(0);
                format!("read {}", age::ago(seconds))
            }
            None => "not read yet".to_owned(),
        };
        match &self.trouble {
            Some(why) => format!("{read}; {why}"),
            None => read,
        }
    }
}

fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The addresses that a page of a query speaks for, first and last.
fn page_of(query: &LeaseQuery, leases: &[Lease]) -> Option<(u32, u32)> {
    let first = match query.after {
        Some(after) => after.to_bits().checked_add(1)?,
        None => 0,
    };
    // A page that is full says nothing of what comes after it.
    let last = match query.limit > 0 && leases.len() >= query.limit {
        true => leases.iter().map(|lease| lease.address.to_bits()).max()?,
        false => u32::MAX,
    };
    let (first, last) = match query.scope {
        Some(scope) => (
            first.max(scope.address().to_bits()),
            last.min(scope.broadcast().to_bits()),
        ),
        None => (first, last),
    };
    (first <= last).then_some((first, last))
}

impl LeaseBook {
    /// A book without leases that shows times as they are in a zone.
    #[must_use]
    pub fn in_zone(zone: TimeZone) -> LeaseBook {
        LeaseBook {
            shelves: Arc::default(),
            zone,
        }
    }

    /// How many leases are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shelves.values().map(|shelf| shelf.len).sum()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the leases take; what this book shares with others is counted in each.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunks = self.shelves.values().flat_map(|shelf| &shelf.chunks);
        chunks.map(|chunk| chunk.bytes()).sum()
    }

    fn with(&self, server: &ServerName, change: impl FnOnce(&mut Shelf)) -> LeaseBook {
        let mut shelf = match self.shelves.get(server) {
            Some(shelf) => Shelf::clone(shelf),
            None => Shelf {
                server: server.clone(),
                chunks: Vec::new(),
                len: 0,
                reading: Reading::default(),
                scopes: Arc::default(),
            },
        };
        change(&mut shelf);
        let mut shelves = BTreeMap::clone(&self.shelves);
        shelves.insert(server.clone(), Arc::new(shelf));
        LeaseBook {
            shelves: Arc::new(shelves),
            zone: self.zone.clone(),
        }
    }

    /// The book after a page of a server's leases was read: what the page speaks for is replaced,
    /// the rest stays. The first page of a whole server begins its reading, the last one ends it.
    #[must_use]
    pub fn with_page(
        &self,
        server: &ServerName,
        query: &LeaseQuery,
        mut leases: Vec<Lease>,
        at: Timestamp,
    ) -> LeaseBook {
        // An empty range at the end: there is nothing that it could speak for.
        let (first, last) = page_of(query, &leases).unwrap_or((u32::MAX, 0));
        let full = query.limit > 0 && leases.len() >= query.limit;
        leases.retain(|lease| (first..=last).contains(&lease.address.to_bits()));
        leases.sort_by_key(|lease| lease.address);
        leases.dedup_by_key(|lease| lease.address);
        self.with(server, |shelf| {
            if let Some(client) = &query.client {
                shelf.put_client(client, &leases, first, last);
                return;
            }
            if first <= last {
                shelf.put(first, last, &leases);
            }
            match query.scope {
                Some(scope) if !full => {
                    Arc::make_mut(&mut shelf.scopes).insert(scope, at);
                }
                Some(_) => {}
                None => {
                    if query.after.is_none() || shelf.reading.begun.is_none() {
                        shelf.reading.begun = Some(at);
                        shelf.reading.so_far = 0;
                    }
                    shelf.reading.trouble = None;
                    shelf.reading.so_far += leases.len();
                    if !full {
                        shelf.reading.begun = None;
                        shelf.reading.complete = Some(at);
                        shelf.scopes = Arc::default();
                    }
                }
            }
        })
    }

    /// The book when a reading of a server's leases begins, before its first page is there.
    #[must_use]
    pub fn begun(&self, server: &ServerName, at: Timestamp) -> LeaseBook {
        self.with(server, |shelf| {
            shelf.reading.begun = Some(at);
            shelf.reading.so_far = 0;
            shelf.reading.trouble = None;
        })
    }

    /// The book when a reading ended early; what was read stays.
    #[must_use]
    pub fn failed(&self, server: &ServerName, why: &str) -> LeaseBook {
        self.with(server, |shelf| {
            shelf.reading.begun = None;
            shelf.reading.trouble = Some(printable(why, 200));
        })
    }

    /// The book without a lease, after it was removed.
    #[must_use]
    pub fn without(&self, server: &ServerName, address: Ipv4Addr) -> LeaseBook {
        let bits = address.to_bits();
        match self.shelves.contains_key(server) {
            true => self.with(server, |shelf| shelf.put(bits, bits, &[])),
            false => self.clone(),
        }
    }

    /// How far the reading of a server's leases has come.
    #[must_use]
    pub fn reading(&self, server: &ServerName) -> Reading {
        let shelf = self.shelves.get(server);
        shelf.map_or_else(Reading::default, |shelf| shelf.reading.clone())
    }

    /// When the leases of a server, or of a scope there, were read; `None` when they were not, or
    /// not yet all.
    #[must_use]
    pub fn read_at(&self, server: &ServerName, scope: Option<ScopeId>) -> Option<Timestamp> {
        let shelf = self.shelves.get(server)?;
        shelf.read_at(scope)
    }

    /// The servers of which leases are known or were asked for, and how many are known.
    pub fn servers(&self) -> impl Iterator<Item = (&ServerName, usize, &Reading)> {
        let shelves = self.shelves.values();
        shelves.map(|shelf| (&shelf.server, shelf.len, &shelf.reading))
    }

    /// The leases of a scope, in the order of their addresses.
    pub fn of_scope(
        &self,
        server: &ServerName,
        scope: ScopeId,
    ) -> impl Iterator<Item = Lease> + use<> {
        let (first, last) = (scope.address().to_bits(), scope.broadcast().to_bits());
        let shelf = self.shelves.get(server).cloned();
        let chunks = shelf.map_or_else(Vec::new, |shelf| shelf.chunks.clone());
        chunks.into_iter().flat_map(move |chunk| {
            let rows = chunk.rows_within(first, last);
            let lease = move |row| chunk.lease(row);
            rows.filter_map(lease)
                .filter(move |lease| lease.scope == scope)
        })
    }

    /// The lease that a row is about.
    #[must_use]
    pub fn lease(&self, subject: &Subject) -> Option<Lease> {
        let Subject::Lease(server, scope, address) = subject else {
            return None;
        };
        let (chunk, row) = self.shelves.get(server)?.at(*address)?;
        chunk.lease(row).filter(|lease| lease.scope == *scope)
    }

    /// Who has an address, on every server that knows.
    #[must_use]
    pub fn who_has(&self, address: Ipv4Addr) -> Vec<(ServerName, Lease)> {
        let shelves = self.shelves.values();
        shelves
            .filter_map(|shelf| {
                let (chunk, row) = shelf.at(address)?;
                Some((shelf.server.clone(), chunk.lease(row)?))
            })
            .collect()
    }

    /// What a client has, on every server.
    #[must_use]
    pub fn who_has_client(&self, client: &ClientId) -> Vec<(ServerName, Lease)> {
        let text = client.to_string();
        let shelves = self.shelves.values();
        let has = shelves.flat_map(|shelf| {
            let leases = shelf.chunks.iter().flat_map(|chunk| {
                let rows = search::rows_with_client(chunk, &text);
                rows.into_iter().filter_map(|row| chunk.lease(row))
            });
            leases.map(|lease| (shelf.server.clone(), lease))
        });
        has.collect()
    }

    /// The rows of the view Leases: all of them, or those of a server, of a scope or of an
    /// address. What else there is to be within (a relationship, a superscope) has its scopes: see
    /// [`LeaseBook::source_of`].
    #[must_use]
    pub fn source(&self, within: Option<&Subject>) -> SharedSource {
        let everything = (0, u32::MAX);
        let shelf = |server: &ServerName| self.shelves.get(server).cloned();
        let parts = match within {
            Some(Subject::Scope(server, scope)) => {
                return self.source_of(&[(server.clone(), *scope)]);
            }
            Some(Subject::Reservation(server, _, address) | Subject::Lease(server, _, address)) => {
                let bits = address.to_bits();
                shelf(server)
                    .map(|shelf| (shelf, vec![(bits, bits)]))
                    .into_iter()
                    .collect()
            }
            Some(Subject::Server(server, _)) => shelf(server)
                .map(|shelf| (shelf, vec![everything]))
                .into_iter()
                .collect(),
            _ => {
                let shelves = self.shelves.values().cloned();
                shelves.map(|shelf| (shelf, vec![everything])).collect()
            }
        };
        Arc::new(LeaseRows::new(parts, self.zone.clone()))
    }

    /// The rows of the view Leases for some scopes of some servers.
    #[must_use]
    pub fn source_of(&self, scopes: &[(ServerName, ScopeId)]) -> SharedSource {
        let mut by_server: BTreeMap<&ServerName, Vec<(u32, u32)>> = BTreeMap::new();
        for (server, scope) in scopes {
            let ends = (scope.address().to_bits(), scope.broadcast().to_bits());
            by_server.entry(server).or_default().push(ends);
        }
        let parts = by_server.into_iter().filter_map(|(server, mut ends)| {
            ends.sort_unstable();
            ends.dedup();
            Some((self.shelves.get(server).cloned()?, ends))
        });
        Arc::new(LeaseRows::new(parts.collect(), self.zone.clone()))
    }
}

impl Shelf {
    fn read_at(&self, scope: Option<ScopeId>) -> Option<Timestamp> {
        let of_scope = scope.and_then(|scope| self.scopes.get(&scope).copied());
        of_scope.max(self.reading.complete)
    }

    /// The chunk and the row of an address.
    fn at(&self, address: Ipv4Addr) -> Option<(&Arc<Chunk>, usize)> {
        let bits = address.to_bits();
        let place = self.chunks.partition_point(|chunk| chunk.ends().1 < bits);
        let chunk = self.chunks.get(place)?;
        let row = chunk.addresses.binary_search(&bits).ok()?;
        Some((chunk, row))
    }

    /// Puts leases (in the order of their addresses) in the place of those that are from `first`
    /// to `last`.
    fn put(&mut self, first: u32, last: u32, leases: &[Lease]) {
        let mut from = self.chunks.partition_point(|chunk| chunk.ends().1 < first);
        let to = self.chunks.partition_point(|chunk| chunk.ends().0 <= last);
        let to = to.max(from);
        let old = self.chunks.get(from..to).unwrap_or_default();
        let before = old
            .first()
            .map_or(0, |chunk| chunk.rows_within(first, last).start);
        let after = old
            .last()
            .map_or(0, |chunk| chunk.len() - chunk.rows_within(first, last).end);
        let mut total = before + leases.len() + after;
        // Small pages would make small chunks: they go to the chunk before them.
        let left = from.checked_sub(1).and_then(|place| self.chunks.get(place));
        let left = left.filter(|left| total < MOST / 4 && total + left.len() <= MOST);
        let mut builder;
        match left {
            Some(left) => {
                total += left.len();
                builder = Builder::new(total);
                builder.copy(left, 0..left.len());
                from -= 1;
            }
            None => builder = Builder::new(total),
        }
        if let Some(chunk) = old.first() {
            builder.copy(chunk, 0..before);
        }
        for lease in leases {
            builder.push(lease);
        }
        if let Some(chunk) = old.last() {
            builder.copy(chunk, chunk.len() - after..chunk.len());
        }
        self.chunks.splice(from..to, builder.finish());
        self.len = self.chunks.iter().map(|chunk| chunk.len()).sum();
    }

    /// Puts a client's leases in the place of those that it had from `first` to `last`.
    fn put_client(&mut self, client: &ClientId, leases: &[Lease], first: u32, last: u32) {
        let text = client.to_string();
        let mut had = Vec::new();
        for chunk in &self.chunks {
            let rows = search::rows_with_client(chunk, &text).into_iter();
            had.extend(rows.filter_map(|row| chunk.addresses.get(row).copied()));
        }
        for bits in had.into_iter().filter(|bits| (first..=last).contains(bits)) {
            self.put(bits, bits, &[]);
        }
        for lease in leases {
            let bits = lease.address.to_bits();
            self.put(bits, bits, std::slice::from_ref(lease));
        }
    }
}
