//! Some thousand leases of one server, by column and small, with texts that are ready to search.

use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::text::{ADDRESS, CLIENT, Fixed, Sparse, Texts};
use crate::model::lease::LeaseState;
use crate::model::scope::ClientType;
use crate::model::text::printable;
use crate::model::{ClientId, Lease, ScopeId, ServerName};

/// At most so many leases are in a chunk; a place in it fits 16 bits.
pub const MOST: usize = 8192;

/// The expiry of what has none: a reservation's lease.
pub const BLANK: u32 = u32::MAX;
/// The expiry of a lease without end.
pub const UNLIMITED: u32 = u32::MAX - 1;

/// As many characters of a text are kept.
const LONGEST: usize = 255;

/// Every state, by its code.
pub const STATES: [LeaseState; 6] = [
    LeaseState::Offered,
    LeaseState::Active,
    LeaseState::Declined,
    LeaseState::Expired,
    LeaseState::ActiveReservation,
    LeaseState::InactiveReservation,
];

/// Every client type, by its code.
pub const TYPES: [ClientType; 3] = [ClientType::Dhcp, ClientType::Bootp, ClientType::Both];

/// Leases of one server in the order of their addresses, none twice.
#[derive(Debug)]
pub struct Chunk {
    /// The addresses.
    pub addresses: Box<[u32]>,
    /// When they end, seconds since 1970; [`BLANK`], [`UNLIMITED`].
    pub expires: Box<[u32]>,
    /// The first and the last minute since 1970 in which one ends, if one does.
    pub minutes: Option<(u32, u32)>,
    /// The code of the state, and 8 times that of the client type.
    pub states: Box<[u8]>,
    /// The addresses as text.
    pub address_texts: Fixed<ADDRESS>,
    /// The client identifiers that are hardware addresses of six bytes; the others are in `odd`.
    pub clients: Fixed<CLIENT>,
    /// The other client identifiers.
    pub odd: Sparse,
    /// The host names.
    pub hosts: Texts,
    /// The descriptions, where there are some.
    pub descriptions: Sparse,
    /// The policies.
    pub policies: Coded<Box<str>>,
    /// The partners that gave them.
    pub givers: Coded<ServerName>,
    /// The scopes, each with its first row.
    pub scopes: Box<[(u16, ScopeId)]>,
    /// The scopes as text.
    pub scope_texts: Fixed<ADDRESS>,
}

/// A column of which nearly all cells are empty, or one of a few values.
#[derive(Debug)]
pub struct Coded<T> {
    /// The values.
    pub values: Box<[T]>,
    /// For each row 0, or a value's place plus 1; empty when all are 0.
    codes: Box<[u16]>,
}

impl<T> Coded<T> {
    /// For each of those rows 0, or a value's place plus 1; nothing when all are 0.
    pub fn codes(&self, rows: Range<usize>) -> &[u16] {
        self.codes.get(rows).unwrap_or_default()
    }

    /// The place of a row's value.
    pub fn code(&self, row: usize) -> Option<usize> {
        let code = self.codes.get(row).copied()?;
        usize::from(code).checked_sub(1)
    }

    /// A row's value.
    pub fn get(&self, row: usize) -> Option<&T> {
        self.values.get(self.code(row)?)
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.values) + size_of_val(&*self.codes)
    }
}

/// A column of few values while it grows.
struct Coding<T> {
    values: Vec<T>,
    codes: Vec<u16>,
}

impl<T: PartialEq> Coding<T> {
    fn new() -> Coding<T> {
        Coding {
            values: Vec::new(),
            codes: Vec::new(),
        }
    }

    fn push(&mut self, value: Option<&T>)
    where
        T: Clone,
    {
        let code = match value {
            None => 0,
            Some(value) => {
                let known = self.values.iter().rposition(|known| known == value);
                let place = known.unwrap_or_else(|| {
                    self.values.push(value.clone());
                    self.values.len() - 1
                });
                u16::try_from(place + 1).unwrap_or(0)
            }
        };
        self.codes.push(code);
    }

    fn finish(self) -> Coded<T> {
        let some = self.codes.iter().any(|code| *code != 0);
        Coded {
            values: self.values.into(),
            codes: if some {
                self.codes.into()
            } else {
                Box::default()
            },
        }
    }
}

impl Chunk {
    /// How many leases.
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// The first address and the last.
    pub fn ends(&self) -> (u32, u32) {
        let first = self.addresses.first().copied().unwrap_or(u32::MAX);
        (first, self.addresses.last().copied().unwrap_or(0))
    }

    /// The rows whose addresses lie from the first to the last.
    pub fn rows_within(&self, first: u32, last: u32) -> Range<usize> {
        let from = self.addresses.partition_point(|one| *one < first);
        let to = self.addresses.partition_point(|one| *one <= last);
        from..to.max(from)
    }

    /// The place in `scopes` of a row's scope.
    pub fn scope_place(&self, row: usize) -> usize {
        let after = |(first, _): &(u16, ScopeId)| usize::from(*first) <= row;
        self.scopes.partition_point(after).saturating_sub(1)
    }

    /// A row's scope.
    pub fn scope(&self, row: usize) -> Option<ScopeId> {
        let (_, scope) = self.scopes.get(self.scope_place(row))?;
        Some(*scope)
    }

    /// The rows of the scope at a place of `scopes`.
    pub fn scope_rows(&self, place: usize) -> Range<usize> {
        let begin = |place: usize| {
            let scope = self.scopes.get(place);
            scope.map_or(self.len(), |(first, _)| usize::from(*first))
        };
        begin(place)..begin(place + 1)
    }

    /// The code of a row's state.
    pub fn state(&self, row: usize) -> usize {
        usize::from(self.states.get(row).copied().unwrap_or(0) % 8)
    }

    /// The code of a row's client type.
    pub fn client_type(&self, row: usize) -> usize {
        usize::from(self.states.get(row).copied().unwrap_or(0) / 8)
    }

    /// A row's client identifier as text.
    pub fn client(&self, row: usize) -> &str {
        match self.clients.get(row) {
            "" => self.odd.get(row),
            text => text,
        }
    }

    /// A row as the lease it was made from (texts as far as they were kept, times in seconds).
    pub fn lease(&self, row: usize) -> Option<Lease> {
        let expires = self.expires.get(row).copied()?;
        Some(Lease {
            address: Ipv4Addr::from_bits(*self.addresses.get(row)?),
            scope: self.scope(row)?,
            client: self.client(row).parse().ok()?,
            host_name: self.hosts.get(row).to_owned(),
            description: self.descriptions.get(row).to_owned(),
            state: *STATES.get(self.state(row))?,
            client_type: *TYPES.get(self.client_type(row))?,
            expires: match expires {
                BLANK | UNLIMITED => None,
                seconds => Timestamp::from_second(seconds.into()).ok(),
            },
            policy: self.policies.get(row).map_or("", |name| name).to_owned(),
            given_by: self.givers.get(row).cloned(),
        })
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Chunk>()
            + size_of_val(&*self.addresses)
            + size_of_val(&*self.expires)
            + size_of_val(&*self.states)
            + self.address_texts.bytes()
            + self.clients.bytes()
            + self.odd.bytes()
            + self.hosts.bytes()
            + self.descriptions.bytes()
            + self.policies.bytes()
            + self
                .policies
                .values
                .iter()
                .map(|name| name.len())
                .sum::<usize>()
            + self.givers.bytes()
            + size_of_val(&*self.scopes)
            + self.scope_texts.bytes()
    }
}

/// Chunks while they grow: leases are pushed in the order of their addresses.
pub struct Builder {
    /// How many leases each chunk gets.
    share: usize,
    done: Vec<Arc<Chunk>>,
    addresses: Vec<u32>,
    expires: Vec<u32>,
    states: Vec<u8>,
    address_texts: Fixed<ADDRESS>,
    clients: Fixed<CLIENT>,
    odd: Sparse,
    hosts: Texts,
    descriptions: Sparse,
    policies: Coding<Box<str>>,
    givers: Coding<ServerName>,
    scopes: Vec<(u16, ScopeId)>,
    scope_texts: Fixed<ADDRESS>,
}

impl Builder {
    /// Chunks for so many leases, all of about one size.
    pub fn new(total: usize) -> Builder {
        Builder {
            share: total.div_ceil(total.div_ceil(MOST).max(1)).max(1),
            done: Vec::new(),
            addresses: Vec::new(),
            expires: Vec::new(),
            states: Vec::new(),
            address_texts: Fixed::default(),
            clients: Fixed::default(),
            odd: Sparse::default(),
            hosts: Texts::default(),
            descriptions: Sparse::default(),
            policies: Coding::new(),
            givers: Coding::new(),
            scopes: Vec::new(),
            scope_texts: Fixed::default(),
        }
    }

    /// The place of the next row, which is of that scope.
    fn next(&mut self, scope: ScopeId) -> u16 {
        if self.addresses.len() >= self.share {
            let left = Builder {
                share: self.share,
                done: std::mem::take(&mut self.done),
                ..Builder::new(0)
            };
            let full = std::mem::replace(self, left);
            self.done.push(Arc::new(full.chunk()));
        }
        let place = u16::try_from(self.addresses.len()).unwrap_or(u16::MAX);
        if self.scopes.last().is_none_or(|(_, last)| *last != scope) {
            self.scopes.push((place, scope));
            self.scope_texts.push(&scope.to_string());
        }
        place
    }

    /// Adds a lease.
    pub fn push(&mut self, lease: &Lease) {
        let place = self.next(lease.scope);
        self.addresses.push(lease.address.to_bits());
        self.address_texts.push(&lease.address.to_string());
        let reservation = matches!(
            lease.state,
            LeaseState::ActiveReservation | LeaseState::InactiveReservation
        );
        self.expires.push(match lease.expires {
            None if reservation => BLANK,
            None => UNLIMITED,
            Some(at) => u32::try_from(at.as_second().max(0)).unwrap_or(UNLIMITED),
        });
        let code = |place: Option<usize>| u8::try_from(place.unwrap_or(0)).unwrap_or(0);
        let state = code(STATES.iter().position(|state| *state == lease.state));
        let kind = code(TYPES.iter().position(|kind| *kind == lease.client_type));
        self.states.push(state + 8 * kind);
        let client = lease.client.to_string();
        match is_usual(&lease.client) {
            true => self.clients.push(&client),
            false => {
                self.clients.push("");
                self.odd.push(place, &client);
            }
        }
        self.hosts.push(&printable(&lease.host_name, LONGEST));
        if !lease.description.is_empty() {
            let text = printable(&lease.description, LONGEST);
            self.descriptions.push(place, &text);
        }
        let policy: Option<Box<str>> =
            (!lease.policy.is_empty()).then(|| printable(&lease.policy, LONGEST).into());
        self.policies.push(policy.as_ref());
        self.givers.push(lease.given_by.as_ref());
    }

    /// Adds rows of a chunk.
    pub fn copy(&mut self, chunk: &Chunk, rows: Range<usize>) {
        for row in rows {
            let (Some(address), Some(scope)) = (chunk.addresses.get(row), chunk.scope(row)) else {
                return;
            };
            let place = self.next(scope);
            self.addresses.push(*address);
            self.expires
                .push(chunk.expires.get(row).copied().unwrap_or(BLANK));
            self.states
                .push(chunk.states.get(row).copied().unwrap_or(0));
            self.address_texts.push(chunk.address_texts.get(row));
            self.clients.push(chunk.clients.get(row));
            if chunk.clients.get(row).is_empty() {
                self.odd.push(place, chunk.odd.get(row));
            }
            self.hosts.push(chunk.hosts.get(row));
            let description = chunk.descriptions.get(row);
            if !description.is_empty() {
                self.descriptions.push(place, description);
            }
            self.policies.push(chunk.policies.get(row));
            self.givers.push(chunk.givers.get(row));
        }
    }

    fn chunk(self) -> Chunk {
        let ends = self.expires.iter().filter(|ends| **ends < UNLIMITED);
        let minutes = ends.clone().min().zip(ends.max());
        Chunk {
            minutes: minutes.map(|(first, last)| (first / 60, last / 60)),
            addresses: self.addresses.into(),
            expires: self.expires.into(),
            states: self.states.into(),
            address_texts: self.address_texts.finish(),
            clients: self.clients.finish(),
            odd: self.odd.finish(),
            hosts: self.hosts.finish(),
            descriptions: self.descriptions.finish(),
            policies: self.policies.finish(),
            givers: self.givers.finish(),
            scopes: self.scopes.into(),
            scope_texts: self.scope_texts.finish(),
        }
    }

    /// The chunks.
    pub fn finish(mut self) -> Vec<Arc<Chunk>> {
        let mut done = std::mem::take(&mut self.done);
        if !self.addresses.is_empty() {
            done.push(Arc::new(self.chunk()));
        }
        done
    }
}

/// Whether a client identifier is a hardware address of six bytes.
fn is_usual(client: &ClientId) -> bool {
    client.kind() == crate::model::client_id::ClientIdKind::HwAddress && client.bytes().len() == 6
}
