//! The Address Map: what each address of a scope is, a cell an address, or a block of them where
//! the scope is large.

use std::net::Ipv4Addr;

use ratatui::text::{Line, Span};

use super::charts::is_ascii;
use super::look::Look;
use super::theme::Role;
use crate::model::{Lease, LeaseState, Range, Scope};

/// So many cells stand in a row.
pub const COLUMNS: u32 = 32;
/// No map has more cells; of larger scopes a cell is a block of addresses.
const MOST: u32 = 4096;
/// The room before a row for its first address.
const LABEL: u16 = 17;

/// What an address is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Held {
    /// In no range of the scope.
    Outside,
    /// In an exclusion range.
    Excluded,
    /// To be had.
    Free,
    /// Kept for a client.
    Reserved,
    /// A client has it.
    Leased,
    /// A bad address, or leased to another client than the one that it is kept for.
    Conflict,
}

impl Held {
    /// All of them, in the legend's order.
    pub const ALL: [Held; 6] = [
        Held::Free,
        Held::Leased,
        Held::Reserved,
        Held::Excluded,
        Held::Outside,
        Held::Conflict,
    ];

    /// The legend's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Held::Outside => "outside range",
            Held::Excluded => "excluded",
            Held::Free => "free",
            Held::Reserved => "reserved",
            Held::Leased => "leased",
            Held::Conflict => "conflicting",
        }
    }

    fn glyph(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Held::Outside, false) => " ",
            (Held::Excluded, false) => "╳",
            (Held::Free, false) => "·",
            (Held::Reserved, false) => "◆",
            (Held::Leased, false) => "■",
            (Held::Outside, true) => " ",
            (Held::Excluded, true) => "x",
            (Held::Free, true) => ".",
            (Held::Reserved, true) => "R",
            (Held::Leased, true) => "#",
            (Held::Conflict, _) => "!",
        }
    }

    fn role(self) -> Role {
        match self {
            Held::Outside | Held::Excluded => Role::Dim,
            Held::Free => Role::Text,
            Held::Reserved => Role::Accent,
            Held::Leased => Role::Good,
            Held::Conflict => Role::Bad,
        }
    }
}

/// What each address of a scope is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressMap {
    first: u32,
    last: u32,
    ranges: Vec<Range>,
    exclusions: Vec<Range>,
    /// Addresses that somebody has, or that are kept; in order, each once.
    taken: Vec<(u32, Held)>,
}

/// What the addresses of a block are, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// That may be handed out: in a range, and not excluded.
    pub usable: u64,
    /// Leased or conflicting.
    pub leased: u64,
    /// Reserved, and not leased.
    pub reserved: u64,
    /// Conflicting.
    pub conflicts: u64,
    /// Excluded.
    pub excluded: u64,
}

impl AddressMap {
    /// The map of a scope with its leases.
    #[must_use]
    pub fn of(scope: &Scope, leases: &[Lease]) -> AddressMap {
        let mut taken: std::collections::BTreeMap<u32, Held> = scope
            .reservations
            .keys()
            .map(|address| (address.to_bits(), Held::Reserved))
            .collect();
        for lease in leases.iter().filter(|lease| lease.state.occupies()) {
            let reserved = scope.reservations.get(&lease.address);
            let held = match (lease.state, reserved) {
                (LeaseState::Declined, _) => Held::Conflict,
                (_, Some(kept)) if kept.client != lease.client => Held::Conflict,
                (_, Some(_)) => Held::Reserved,
                (_, None) => Held::Leased,
            };
            if scope.id.contains(lease.address) {
                taken.insert(lease.address.to_bits(), held);
            }
        }
        AddressMap {
            first: scope.id.address().to_bits(),
            last: scope.id.broadcast().to_bits(),
            ranges: scope.ranges.clone(),
            exclusions: scope.exclusions.clone(),
            taken: taken.into_iter().collect(),
        }
    }

    /// How many addresses a cell stands for.
    #[must_use]
    pub fn per_cell(&self) -> u32 {
        let size = u64::from(self.last - self.first) + 1;
        // A subnet's size is a power of two, and so is this.
        u32::try_from(size / u64::from(MOST)).unwrap_or(1).max(1)
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> u32 {
        let size = u64::from(self.last - self.first) + 1;
        u32::try_from(size / u64::from(self.per_cell())).unwrap_or(MOST)
    }

    /// How many rows of cells there are.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.cells().div_ceil(COLUMNS)
    }

    /// The addresses of a cell; the last cell's for what is beyond it.
    #[must_use]
    pub fn addresses(&self, cell: u32) -> Range {
        let per = self.per_cell();
        let cell = cell.min(self.cells().saturating_sub(1));
        let from = self.first + cell * per;
        let (from, to) = (
            Ipv4Addr::from_bits(from),
            Ipv4Addr::from_bits(from + (per - 1)),
        );
        Range::new(from, to).unwrap_or(Range::single(from))
    }

    /// The cell of an address of the subnet.
    #[must_use]
    pub fn cell_of(&self, address: Ipv4Addr) -> Option<u32> {
        let bits = address.to_bits();
        let inside = (self.first..=self.last).contains(&bits);
        inside.then(|| (bits - self.first) / self.per_cell())
    }

    /// What an address is.
    #[must_use]
    pub fn held(&self, address: Ipv4Addr) -> Held {
        let bits = address.to_bits();
        if let Ok(place) = self.taken.binary_search_by_key(&bits, |(known, _)| *known) {
            return self.taken.get(place).map_or(Held::Free, |(_, held)| *held);
        }
        let within = |ranges: &[Range]| ranges.iter().any(|range| range.contains(address));
        match (within(&self.exclusions), within(&self.ranges)) {
            (true, _) => Held::Excluded,
            (false, false) => Held::Outside,
            (false, true) => Held::Free,
        }
    }

    /// What the addresses of a block are, counted.
    #[must_use]
    pub fn block(&self, block: Range) -> Block {
        let common = |range: &Range| range.intersection(&block);
        let in_range: Vec<Range> = self.ranges.iter().filter_map(common).collect();
        let in_range_count: u64 = in_range.iter().map(Range::len).sum();
        let excluded: u64 = self
            .exclusions
            .iter()
            .filter_map(common)
            .map(|range| {
                let both = in_range
                    .iter()
                    .filter_map(|known| known.intersection(&range));
                both.map(|both| both.len()).sum::<u64>()
            })
            .sum();
        let from = self
            .taken
            .partition_point(|(bits, _)| *bits < block.start().to_bits());
        let to = self
            .taken
            .partition_point(|(bits, _)| *bits <= block.end().to_bits());
        let taken = self.taken.get(from..to).unwrap_or_default();
        let count = |held: Held| taken.iter().filter(|(_, known)| *known == held).count() as u64;
        Block {
            usable: in_range_count.saturating_sub(excluded),
            leased: count(Held::Leased) + count(Held::Conflict),
            reserved: count(Held::Reserved),
            conflicts: count(Held::Conflict),
            excluded,
        }
    }

    /// What a cell shows: its glyph and its meaning.
    fn shown(&self, cell: u32, theme: &Look) -> (&'static str, Role) {
        let ascii = is_ascii(theme);
        let range = self.addresses(cell);
        if range.len() == 1 {
            let held = self.held(range.start());
            return (held.glyph(ascii), held.role());
        }
        let block = self.block(range);
        let taken = block.leased + block.reserved;
        match block {
            Block { conflicts: 1.., .. } => (Held::Conflict.glyph(ascii), Role::Bad),
            Block { usable: 0, .. } if taken == 0 && block.excluded > 0 => {
                (Held::Excluded.glyph(ascii), Role::Dim)
            }
            Block { usable: 0, .. } if taken == 0 => (Held::Outside.glyph(ascii), Role::Dim),
            _ if taken == 0 => (Held::Free.glyph(ascii), Role::Text),
            _ => {
                let share = taken as f64 / block.usable.max(taken) as f64;
                (theme.glyphs.bar(share as f32), Held::Leased.role())
            }
        }
    }

    /// How many cells of the screen one of the map takes in a width.
    #[must_use]
    pub fn cell_width(wide: u16) -> u16 {
        let columns = u16::try_from(COLUMNS).unwrap_or(u16::MAX);
        match wide >= LABEL + columns * 2 {
            true => 2,
            false => 1,
        }
    }

    /// Where in its row a cell begins, in cells of the screen.
    #[must_use]
    pub fn offset(cell: u32, wide: u16) -> u16 {
        let column = u16::try_from(cell % COLUMNS).unwrap_or(0);
        LABEL + column * AddressMap::cell_width(wide)
    }

    /// A row of cells, with the address that it begins with; `cursor` is a cell to be shown.
    #[must_use]
    pub fn row(&self, row: u32, theme: &Look, wide: u16, cursor: Option<u32>) -> Line<'static> {
        let first = row * COLUMNS;
        let label = format!("{:<15}  ", self.addresses(first).start());
        let mut spans = vec![Span::styled(label, theme.style(Role::Label))];
        let gap = AddressMap::cell_width(wide) == 2;
        for cell in first..(first + COLUMNS).min(self.cells()) {
            let (glyph, role) = self.shown(cell, theme);
            let style = match cursor == Some(cell) {
                true => theme.style(Role::Cursor),
                false => theme.style(role),
            };
            spans.push(Span::styled(glyph, style));
            if gap {
                spans.push(Span::raw(" "));
            }
        }
        Line::from(spans)
    }

    /// What the glyphs mean, as many to a line as fit.
    #[must_use]
    pub fn legend(&self, theme: &Look, wide: u16) -> Vec<Line<'static>> {
        let ascii = is_ascii(theme);
        let mut items: Vec<(String, Role, String)> = Vec::new();
        let blocks = self.per_cell() > 1;
        for held in Held::ALL {
            match held {
                Held::Outside => {}
                Held::Leased | Held::Reserved if blocks => {}
                _ => items.push((
                    held.glyph(ascii).to_owned(),
                    held.role(),
                    held.word().to_owned(),
                )),
            }
        }
        if blocks {
            let steps: String = [0.2_f32, 0.6, 1.0]
                .map(|share| theme.glyphs.bar(share))
                .concat();
            items.insert(
                1,
                (steps, Role::Good, "share leased or reserved".to_owned()),
            );
            let per = format!("{} addresses a cell", self.per_cell());
            items.insert(0, (String::new(), Role::Title, per));
        }
        items.push((String::new(), Role::Dim, "blank: outside range".to_owned()));
        let mut lines: Vec<Line<'static>> = vec![Line::default()];
        for (glyph, role, word) in items {
            let wanted = glyph.chars().count() + word.chars().count() + 4;
            let full = lines
                .last()
                .is_some_and(|line| line.width() > 0 && line.width() + wanted > usize::from(wide));
            if full {
                lines.push(Line::default());
            }
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(glyph.clone(), theme.style(role)));
                let between = if glyph.is_empty() { "" } else { " " };
                let said = format!("{between}{word}   ");
                line.push_span(Span::styled(said, theme.style(Role::Dim)));
            }
        }
        lines
    }

    /// The whole map: the legend, and all rows.
    #[must_use]
    pub fn lines(&self, theme: &Look, wide: u16, cursor: Option<u32>) -> Vec<Line<'static>> {
        let mut lines = self.legend(theme, wide);
        lines.extend((0..self.rows()).map(|row| self.row(row, theme, wide, cursor)));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, Reservation, ScopeId};
    use std::sync::Arc;

    fn scope(prefix: &str) -> Scope {
        let id: ScopeId = prefix.parse().unwrap();
        Scope::new(id, "test", id.hosts())
    }

    fn ip(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    fn lease(scope: &Scope, address: &str, client: u8, state: LeaseState) -> Lease {
        Lease {
            address: ip(address),
            scope: scope.id,
            client: ClientId::mac([0, 0, 0, 0, 0, client]),
            host_name: String::new(),
            description: String::new(),
            state,
            client_type: crate::model::scope::ClientType::Dhcp,
            expires: None,
            policy: String::new(),
            given_by: None,
        }
    }

    #[test]
    fn an_address_is_what_it_is() {
        let mut scope = scope("10.0.0.0/24");
        scope.ranges = vec![Range::new(ip("10.0.0.10"), ip("10.0.0.200")).unwrap()];
        scope.exclusions = vec![Range::new(ip("10.0.0.20"), ip("10.0.0.29")).unwrap()];
        for (address, client) in [("10.0.0.50", 1), ("10.0.0.51", 2), ("10.0.0.25", 3)] {
            let kept = Reservation::new(ip(address), ClientId::mac([0, 0, 0, 0, 0, client]));
            scope.reservations.insert(kept.address, Arc::new(kept));
        }
        let leases = [
            lease(&scope, "10.0.0.40", 9, LeaseState::Active),
            lease(&scope, "10.0.0.41", 9, LeaseState::Expired),
            lease(&scope, "10.0.0.42", 9, LeaseState::Declined),
            lease(&scope, "10.0.0.50", 1, LeaseState::ActiveReservation),
            lease(&scope, "10.0.0.51", 9, LeaseState::Active),
            lease(&scope, "10.9.0.51", 9, LeaseState::Active),
        ];
        let map = AddressMap::of(&scope, &leases);
        for (address, held) in [
            ("10.0.0.0", Held::Outside),
            ("10.0.0.9", Held::Outside),
            ("10.0.0.10", Held::Free),
            ("10.0.0.20", Held::Excluded),
            ("10.0.0.25", Held::Reserved),
            ("10.0.0.40", Held::Leased),
            ("10.0.0.41", Held::Free),
            ("10.0.0.42", Held::Conflict),
            ("10.0.0.50", Held::Reserved),
            ("10.0.0.51", Held::Conflict),
            ("10.0.0.201", Held::Outside),
        ] {
            assert_eq!(map.held(ip(address)), held, "{address}");
        }
        assert_eq!((map.per_cell(), map.cells(), map.rows()), (1, 256, 8));
        let whole = Range::new(ip("10.0.0.0"), ip("10.0.0.255")).unwrap();
        let block = map.block(whole);
        assert_eq!((block.usable, block.excluded), (181, 10));
        assert_eq!((block.leased, block.reserved, block.conflicts), (3, 2, 2));
    }

    #[test]
    fn cells_cover_every_subnet_exactly() {
        for (prefix, per, cells) in [
            ("10.0.0.0/32", 1, 1),
            ("10.0.0.0/30", 1, 4),
            ("10.0.0.0/22", 1, 1024),
            ("10.0.0.0/20", 1, 4096),
            ("10.0.0.0/16", 16, 4096),
            ("0.0.0.0/0", 1 << 20, 4096),
        ] {
            let scope = scope(prefix);
            let map = AddressMap::of(&scope, &[]);
            assert_eq!((map.per_cell(), map.cells()), (per, cells), "{prefix}");
            assert_eq!(map.addresses(0).start(), scope.id.address());
            assert_eq!(map.addresses(cells - 1).end(), scope.id.broadcast());
            assert_eq!(map.addresses(u32::MAX).end(), scope.id.broadcast());
            assert_eq!(map.cell_of(scope.id.broadcast()), Some(cells - 1));
        }
    }

    #[test]
    fn legends_name_every_glyph_that_may_be_seen() {
        let theme = Look::default();
        for (prefix, words) in [
            (
                "10.0.0.0/24",
                vec!["free", "leased", "reserved", "excluded", "conflicting"],
            ),
            (
                "10.0.0.0/8",
                vec!["free", "share leased", "4096 addresses a cell"],
            ),
        ] {
            let legend = AddressMap::of(&scope(prefix), &[]).legend(&theme, 60);
            let text: String = legend.iter().map(ToString::to_string).collect();
            for word in words {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
    }
}
