//! The rows of the view Leases: some of a book's leases, as a table shows them.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;

use super::Shelf;
use super::chunk::{BLANK, Chunk, STATES, TYPES, UNLIMITED};
use super::minutes::{self, Minutes};
use super::{search, sort};
use crate::console::subject::Subject;
use crate::console::table::filter::{Filter, Row, fold};
use crate::console::table::source::{Align, Cell, ColumnSpec, SortKey, Source, Tone};
use crate::console::world::World;
use crate::model::lease::LeaseState;

/// After so many seconds a reading is old: its rows are drawn dimmed.
const OLD: i64 = 900;

/// The columns of the view, by their places.
pub(super) mod column {
    pub const ADDRESS: usize = 0;
    pub const SERVER: usize = 1;
    pub const SCOPE: usize = 2;
    pub const CLIENT: usize = 3;
    pub const NAME: usize = 4;
    pub const STATE: usize = 5;
    pub const EXPIRES: usize = 6;
    pub const TYPE: usize = 7;
    pub const DESCRIPTION: usize = 8;
    pub const POLICY: usize = 9;
    pub const GIVER: usize = 10;
}

const fn spec(
    name: &'static str,
    words: &'static [&'static str],
    width: (u16, u16),
    shown: bool,
    drop: u8,
) -> ColumnSpec {
    ColumnSpec {
        name,
        words,
        width,
        align: Align::Left,
        shown,
        drop,
    }
}

/// The columns of the view Leases.
pub const COLUMNS: [ColumnSpec; 11] = [
    spec("IP Address", &["ip", "address"], (8, 15), true, 0),
    spec("Server Name", &["server"], (10, 28), true, 2),
    spec("Scope ID", &["scope"], (8, 15), true, 3),
    spec("Client ID", &["client", "mac"], (17, 30), true, 1),
    spec("Name", &["name", "host"], (8, 40), true, 1),
    spec("Address State", &["state"], (7, 19), true, 4),
    spec(
        "Lease Expiration Time",
        &["lease", "expires", "ends"],
        (16, 16),
        true,
        5,
    ),
    spec("Type", &["type"], (4, 5), false, 7),
    spec("Description", &["description"], (8, 40), false, 8),
    spec("Policy Name", &["policy"], (8, 24), false, 9),
    spec("Leased By", &["by"], (8, 28), false, 9),
];

/// Rows that follow one another in a chunk.
pub(super) struct Part {
    pub shelf: Arc<Shelf>,
    pub chunk: Arc<Chunk>,
    /// The first row in the chunk.
    pub from: usize,
    /// The one after the last.
    pub to: usize,
    /// The number of the first row in the table.
    pub start: usize,
}

impl Part {
    /// The end of the chunk's rows that it has, in the table.
    pub fn end(&self) -> usize {
        self.start + self.to - self.from
    }
}

/// From which address to which, several times, in order.
pub(super) type Ends = Vec<(u32, u32)>;

/// The rows of the view Leases.
pub struct LeaseRows {
    pub(super) parts: Vec<Part>,
    pub(super) zone: TimeZone,
    len: usize,
    minutes: OnceLock<Minutes>,
}

impl LeaseRows {
    /// Leases of servers: those whose addresses lie from one to another.
    pub(super) fn new(shelves: Vec<(Arc<Shelf>, Ends)>, zone: TimeZone) -> LeaseRows {
        let mut parts = Vec::new();
        let mut len = 0;
        for (shelf, ends) in shelves {
            for (first, last) in ends {
                let from = shelf.chunks.partition_point(|chunk| chunk.ends().1 < first);
                let chunks = shelf.chunks.iter().skip(from);
                for chunk in chunks.take_while(|chunk| chunk.ends().0 <= last) {
                    let rows = chunk.rows_within(first, last);
                    if rows.is_empty() {
                        continue;
                    }
                    parts.push(Part {
                        shelf: Arc::clone(&shelf),
                        chunk: Arc::clone(chunk),
                        from: rows.start,
                        to: rows.end,
                        start: len,
                    });
                    len += rows.len();
                }
            }
        }
        LeaseRows {
            parts,
            zone,
            len,
            minutes: OnceLock::new(),
        }
    }

    /// The part that a row is in, and its row in the chunk.
    pub(super) fn at(&self, row: usize) -> Option<At<'_>> {
        let place = self.parts.partition_point(|part| part.start <= row);
        let part = self.parts.get(place.checked_sub(1)?)?;
        let row = part.from + (row - part.start);
        (row < part.to).then_some(At {
            rows: self,
            part,
            row,
        })
    }

    /// The texts of the minutes in which leases end.
    pub(super) fn minutes(&self) -> &Minutes {
        self.minutes.get_or_init(|| {
            let ends = self.parts.iter().filter_map(|part| part.chunk.minutes);
            let both = |one: (u32, u32), two: (u32, u32)| (one.0.min(two.0), one.1.max(two.1));
            Minutes::of(ends.reduce(both), &self.zone)
        })
    }
}

/// A row.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub rows: &'a LeaseRows,
    pub part: &'a Part,
    /// In the chunk.
    pub row: usize,
}

impl<'a> At<'a> {
    fn cell(&self, column: usize) -> Cell<'a> {
        let (chunk, row) = (&self.part.chunk, self.row);
        match column {
            column::ADDRESS => Cell::new(chunk.address_texts.get(row)),
            column::SERVER => Cell::new(self.part.shelf.server.as_str()),
            column::SCOPE => Cell::new(chunk.scope_texts.get(chunk.scope_place(row))),
            column::CLIENT => Cell::new(chunk.client(row)),
            column::NAME => Cell::new(chunk.hosts.get(row)),
            column::STATE => {
                let state = STATES.get(chunk.state(row));
                let tone = match state {
                    Some(LeaseState::Declined) => Tone::Bad,
                    Some(LeaseState::Expired | LeaseState::InactiveReservation) => Tone::Dim,
                    _ => Tone::Plain,
                };
                Cell::toned(state_name(chunk.state(row)), tone)
            }
            column::EXPIRES => Cell::new(minutes::text(self.ends(), &self.rows.zone)),
            column::TYPE => Cell::new(type_name(chunk.client_type(row))),
            column::DESCRIPTION => Cell::new(chunk.descriptions.get(row)),
            column::POLICY => Cell::new(chunk.policies.get(row).map_or("", |name| &**name)),
            column::GIVER => Cell::new(chunk.givers.get(row).map_or("", |name| name.as_str())),
            _ => Cell::default(),
        }
    }

    fn ends(&self) -> u32 {
        self.part
            .chunk
            .expires
            .get(self.row)
            .copied()
            .unwrap_or(BLANK)
    }

    fn sort_key(&self, column: usize) -> SortKey<'a> {
        let (chunk, row) = (&self.part.chunk, self.row);
        match column {
            column::ADDRESS => match chunk.addresses.get(row) {
                Some(bits) => SortKey::Number((*bits).into()),
                None => SortKey::Nothing,
            },
            column::SCOPE => match chunk.scope(row) {
                Some(scope) => SortKey::Number(scope.address().to_bits().into()),
                None => SortKey::Nothing,
            },
            column::EXPIRES => expires_key(self.ends()),
            column => match self.cell(column).text {
                text if text.is_empty() => SortKey::Nothing,
                text => SortKey::Text(text),
            },
        }
    }
}

/// What a lease's end sorts by.
pub(super) fn expires_key(ends: u32) -> SortKey<'static> {
    match ends {
        BLANK => SortKey::Nothing,
        UNLIMITED => SortKey::Number(i64::MAX),
        ends => SortKey::Number(ends.into()),
    }
}

/// A state's name by its code.
pub(super) fn state_name(code: usize) -> &'static str {
    match STATES.get(code) {
        Some(LeaseState::Offered) => "Offered",
        Some(LeaseState::Active) => "Active",
        Some(LeaseState::Declined) => "Declined",
        Some(LeaseState::Expired) => "Expired",
        Some(LeaseState::ActiveReservation) => "ActiveReservation",
        Some(LeaseState::InactiveReservation) => "InactiveReservation",
        None => "",
    }
}

/// A client type's name by its code.
pub(super) fn type_name(code: usize) -> &'static str {
    use crate::model::scope::ClientType;
    match TYPES.get(code) {
        Some(ClientType::Dhcp) => "Dhcp",
        Some(ClientType::Bootp) => "Bootp",
        Some(ClientType::Both) => "Both",
        None => "",
    }
}

impl Row for At<'_> {
    fn text(&self, column: usize) -> Cow<'_, str> {
        let (chunk, row) = (&self.part.chunk, self.row);
        match column {
            column::NAME => Cow::Borrowed(chunk.hosts.folded(row)),
            column::DESCRIPTION => Cow::Borrowed(chunk.descriptions.folded(row)),
            column => match self.cell(column).text {
                Cow::Borrowed(text) => fold(text),
                Cow::Owned(text) => Cow::Owned(fold(&text).into_owned()),
            },
        }
    }

    fn key(&self, column: usize) -> SortKey<'_> {
        self.sort_key(column)
    }
}

impl Source for LeaseRows {
    fn len(&self) -> usize {
        self.len
    }

    fn columns(&self) -> &[ColumnSpec] {
        &COLUMNS
    }

    fn cell<'a>(&'a self, row: usize, column: usize, _: &'a World) -> Cell<'a> {
        self.at(row)
            .map_or_else(Cell::default, |at| at.cell(column))
    }

    fn sort_key<'a>(&'a self, row: usize, column: usize, _: &'a World) -> SortKey<'a> {
        self.at(row)
            .map_or(SortKey::Nothing, |at| at.sort_key(column))
    }

    fn subject(&self, row: usize) -> Option<Subject> {
        let at = self.at(row)?;
        let address = Ipv4Addr::from_bits(*at.part.chunk.addresses.get(at.row)?);
        let scope = at.part.chunk.scope(at.row)?;
        Some(Subject::Lease(at.part.shelf.server.clone(), scope, address))
    }

    fn find(&self, subject: &Subject, _: usize) -> Option<usize> {
        let Subject::Lease(server, scope, address) = subject else {
            return None;
        };
        let bits = address.to_bits();
        // The parts are by server, and those of a server by address.
        let before = |part: &Part| {
            let last = part.chunk.addresses.get(part.to - 1);
            let last = last.copied().unwrap_or(0);
            (&part.shelf.server, last) < (server, bits)
        };
        let part = self.parts.get(self.parts.partition_point(before))?;
        if part.shelf.server != *server {
            return None;
        }
        let row = part.chunk.addresses.binary_search(&bits).ok()?;
        let here = (part.from..part.to).contains(&row) && part.chunk.scope(row) == Some(*scope);
        here.then(|| part.start + row - part.from)
    }

    fn matching(&self, filter: &Filter, among: Option<&[u32]>, world: &World) -> Vec<u32> {
        search::matching(self, filter, among, world.now.as_second())
    }

    fn sorted(&self, rows: &mut Vec<u32>, column: usize, descending: bool, _: &World) -> bool {
        sort::sorted(self, rows, column, descending);
        true
    }

    fn stale(&self, row: usize, world: &World) -> bool {
        self.at(row).is_some_and(|at| {
            let read = at.part.shelf.read_at(at.part.chunk.scope(at.row));
            let begun = at.part.shelf.reading.begun;
            read.max(begun).is_none_or(|read| world.age(read) > OLD)
        })
    }
}
