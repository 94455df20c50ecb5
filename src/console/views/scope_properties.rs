//! The view Scope Properties: a scope as one server holds it; under failover it is two rows.

use std::sync::Arc;

use super::{ViewSpec, hidden, number, servers, text};
use crate::console::age;
use crate::console::details::scope;
use crate::console::place::Place;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Column, Rows, SharedSource, SortKey, Tone};
use crate::console::world::World;
use crate::ipam::OUT_OF_SYNC;
use crate::ipam::estate::{Pair, ServerView};
use crate::model::Scope;
use crate::model::lease::ScopeStatistics;
use crate::model::scope::{LeaseDuration, ScopeState};
use crate::model::text::printable;

/// The view.
pub const VIEW: ViewSpec = ViewSpec {
    rows,
    menu: &[
        "edit-scope",
        "edit-scope-options",
        "duplicate-scope",
        "create-reservation",
        "paste-reservations",
        "add-to-superscope",
        "configure-failover",
        "activate-scope",
        "deactivate-scope",
        "clear-config-sync-error",
        "replicate-scope",
        "remove-failover",
        "remove-from-superscope",
        "compare-with-partner",
        "delete-scope",
        "show-reservations",
        "show-leases",
        "address-map",
        "show-relationship",
        "show-on-partner",
        "retrieve-server-data",
    ],
    tabs: scope::TABS,
    empty: "No scopes.",
};

/// A scope on a server.
struct Row {
    view: Arc<ServerView>,
    scope: Arc<Scope>,
    statistics: Option<ScopeStatistics>,
    relationship: Option<String>,
    out_of_sync: bool,
    pair: Option<Pair>,
}

impl Row {
    fn first(&self) -> Option<std::net::Ipv4Addr> {
        self.scope.ranges.first().map(crate::model::Range::start)
    }

    fn last(&self) -> Option<std::net::Ipv4Addr> {
        self.scope.ranges.last().map(crate::model::Range::end)
    }
}

fn address(address: Option<std::net::Ipv4Addr>) -> Cell<'static> {
    Cell::new(address.map(|found| found.to_string()).unwrap_or_default())
}

fn address_key(address: Option<std::net::Ipv4Addr>) -> SortKey<'static> {
    match address {
        None => SortKey::Nothing,
        Some(address) => SortKey::Number(i64::from(address.to_bits())),
    }
}

fn count(of: Option<u64>) -> Cell<'static> {
    Cell::new(of.map(|count| count.to_string()).unwrap_or_default())
}

fn count_key(of: Option<u64>) -> SortKey<'static> {
    match of {
        None => SortKey::Nothing,
        Some(count) => SortKey::Number(i64::try_from(count).unwrap_or(i64::MAX)),
    }
}

fn free(row: &Row) -> Option<u64> {
    row.statistics.map(|statistics| statistics.free)
}

fn in_use(row: &Row) -> Option<u64> {
    row.statistics.map(|statistics| statistics.in_use)
}

static COLUMNS: &[Column<Row>] = &[
    Column {
        spec: text("Scope Status", &["status", "state"], (8, 12), 4),
        cell: |row, _| match row.scope.state {
            ScopeState::Active => Cell::toned("Active", Tone::Good),
            ScopeState::Inactive => Cell::toned("Inactive", Tone::Dim),
        },
        key: |row, _| SortKey::Text(row.scope.state.to_string().into()),
    },
    Column {
        spec: text("Server Name", &["server"], (10, 32), 0),
        cell: |row, _| Cell::new(printable(row.view.name.as_str(), 255)),
        key: |row, _| SortKey::Text(row.view.name.as_str().into()),
    },
    Column {
        spec: text("Scope ID", &["scope", "id"], (15, 15), 0),
        cell: |row, _| Cell::new(row.scope.id.to_string()),
        key: |row, _| SortKey::Number(i64::from(row.scope.id.address().to_bits())),
    },
    Column {
        spec: hidden(text("Subnet Mask", &["mask"], (9, 15), 6)),
        cell: |row, _| Cell::new(row.scope.id.mask().to_string()),
        key: |row, _| SortKey::Number(i64::from(row.scope.id.mask().to_bits())),
    },
    Column {
        spec: text("Scope Name", &["name"], (6, 32), 2),
        cell: |row, _| Cell::new(printable(&row.scope.name, 256)),
        key: |row, _| SortKey::Text(row.scope.name.as_str().into()),
    },
    Column {
        spec: number("Utilization", &["used", "utilization"], (7, 11), 1),
        cell: |row, _| match row.statistics {
            None => Cell::default(),
            Some(statistics) => utilization(statistics.percent_in_use()),
        },
        key: |row, _| match row.statistics {
            None => SortKey::Nothing,
            Some(statistics) => SortKey::Fraction(statistics.percent_in_use()),
        },
    },
    Column {
        spec: text(
            "Failover Relationship Name",
            &["relationship", "failover"],
            (14, 40),
            5,
        ),
        cell: |row, _| Cell::new(printable(row.relationship.as_deref().unwrap_or(""), 126)),
        key: |row, _| SortKey::Text(row.relationship.as_deref().unwrap_or("").into()),
    },
    Column {
        spec: text("Failover Config Sync Status", &["sync"], (11, 27), 3),
        cell: |row, _| match row.out_of_sync {
            true => Cell::toned(OUT_OF_SYNC, Tone::Bad),
            false => Cell::default(),
        },
        key: |row, _| match row.out_of_sync {
            true => SortKey::Text(OUT_OF_SYNC.into()),
            false => SortKey::Nothing,
        },
    },
    Column {
        spec: text("Pair", &["pair"], (11, 19), 1),
        cell: |row, _| match &row.pair {
            None => Cell::default(),
            Some(pair) => self::pair(pair),
        },
        key: |row, _| match &row.pair {
            None => SortKey::Nothing,
            Some(pair) => SortKey::Text(pair.to_string().into()),
        },
    },
    Column {
        spec: hidden(text("Superscope Name", &["superscope"], (8, 24), 7)),
        cell: |row, _| {
            Cell::new(printable(
                row.scope.superscope.as_deref().unwrap_or(""),
                256,
            ))
        },
        key: |row, _| match &row.scope.superscope {
            None => SortKey::Nothing,
            Some(name) => SortKey::Text(name.as_str().into()),
        },
    },
    Column {
        spec: hidden(number("Percentage Utilized", &["percent"], (6, 19), 7)),
        cell: |row, _| match row.statistics {
            None => Cell::default(),
            Some(statistics) => Cell::new(format!("{:.1}", statistics.percent_in_use())),
        },
        key: |row, _| match row.statistics {
            None => SortKey::Nothing,
            Some(statistics) => SortKey::Fraction(statistics.percent_in_use()),
        },
    },
    Column {
        spec: hidden(text("Start IP Address", &["start"], (8, 15), 7)),
        cell: |row, _| address(row.first()),
        key: |row, _| address_key(row.first()),
    },
    Column {
        spec: hidden(text("End IP Address", &["end"], (8, 15), 7)),
        cell: |row, _| address(row.last()),
        key: |row, _| address_key(row.last()),
    },
    Column {
        spec: hidden(number("Free Addresses", &["free"], (5, 14), 7)),
        cell: |row, _| count(free(row)),
        key: |row, _| count_key(free(row)),
    },
    Column {
        spec: hidden(number("Addresses in Use", &["inuse"], (5, 16), 7)),
        cell: |row, _| count(in_use(row)),
        key: |row, _| count_key(in_use(row)),
    },
    Column {
        spec: hidden(number("Reservations", &["reservations"], (5, 12), 7)),
        cell: |row, _| count(Some(row.scope.reservations.len() as u64)),
        key: |row, _| count_key(Some(row.scope.reservations.len() as u64)),
    },
    Column {
        spec: hidden(text("Lease Duration", &["lease", "duration"], (8, 14), 7)),
        cell: |row, _| Cell::new(row.scope.lease_duration.to_string()),
        key: |row, _| match row.scope.lease_duration {
            LeaseDuration::Limited(seconds) => SortKey::Number(i64::from(seconds.0)),
            LeaseDuration::Unlimited => SortKey::Number(i64::MAX),
        },
    },
    Column {
        spec: hidden(text("Scope Type", &["type"], (5, 10), 8)),
        cell: |row, _| Cell::new(row.scope.kind.to_string()),
        key: |row, _| SortKey::Text(row.scope.kind.to_string().into()),
    },
    Column {
        spec: hidden(number("Subnet Delay", &["delay"], (6, 12), 8)),
        cell: |row, _| Cell::new(format!("{} ms", row.scope.delay_ms)),
        key: |row, _| SortKey::Number(i64::from(row.scope.delay_ms)),
    },
    Column {
        spec: hidden(text("Policy Activation Status", &["policies"], (8, 24), 8)),
        cell: |row, _| {
            Cell::new(match row.scope.activate_policies {
                true => "Active",
                false => "Inactive",
            })
        },
        key: |row, _| SortKey::Number(i64::from(!row.scope.activate_policies)),
    },
    Column {
        spec: hidden(text("Description", &["description"], (8, 48), 8)),
        cell: |row, _| Cell::new(printable(&row.scope.description, 256)),
        key: |row, _| SortKey::Text(row.scope.description.as_str().into()),
    },
    Column {
        spec: hidden(text("Last Refreshed", &["refreshed"], (8, 14), 8)),
        cell: |row, world| match &row.view.reading {
            None => Cell::default(),
            Some(reading) => Cell::new(age::ago(world.age(reading.taken))),
        },
        key: |row, _| match &row.view.reading {
            None => SortKey::Nothing,
            Some(reading) => SortKey::Number(reading.taken.as_second()),
        },
    },
];

/// A percentage in use as a cell: a bar, and the number.
#[must_use]
pub fn utilization(percent: f64) -> Cell<'static> {
    let tone = match percent {
        _ if percent >= 95.0 => Tone::Bad,
        _ if percent > 80.0 => Tone::Warn,
        _ => Tone::Plain,
    };
    #[allow(clippy::cast_possible_truncation, reason = "a bar has eight steps")]
    let bar = (percent / 100.0) as f32;
    Cell {
        text: format!("{percent:.0} %").into(),
        tone,
        bar: Some(bar),
    }
}

/// The column Pair as a cell.
#[must_use]
pub fn pair(pair: &Pair) -> Cell<'static> {
    let tone = match pair {
        Pair::Same => Tone::Good,
        Pair::Differs(_) | Pair::OnlyHere => Tone::Warn,
        Pair::PartnerUnreachable | Pair::Unverified => Tone::Dim,
    };
    Cell::toned(pair.to_string(), tone)
}

fn rows(world: &World, place: &Place) -> SharedSource {
    let estate = &world.estate;
    let mut rows = Vec::new();
    for view in servers(world, place) {
        let Some(reading) = &view.reading else {
            continue;
        };
        for (id, scope) in &reading.config.scopes {
            let relationship = estate.relationship_of(&view.name, *id);
            let wanted = match &place.within {
                Some(Subject::Relationship(_, _, name)) => {
                    relationship.is_some_and(|known| known.name.eq_ignore_ascii_case(name))
                }
                Some(Subject::Superscope(_, name)) => scope.superscope.as_ref() == Some(name),
                Some(Subject::Scope(_, within)) => within == id,
                _ => true,
            };
            if wanted {
                rows.push(Row {
                    view: Arc::clone(view),
                    scope: Arc::clone(scope),
                    statistics: reading.statistics.get(id).copied(),
                    relationship: relationship.map(|known| known.name.clone()),
                    out_of_sync: estate.out_of_sync.contains_key(&(view.name.clone(), *id)),
                    pair: estate.pair(&view.name, *id),
                });
            }
        }
    }
    // The two rows of a failover scope stand together.
    rows.sort_by(|one, two| (one.scope.id, &one.view.name).cmp(&(two.scope.id, &two.view.name)));
    Arc::new(Rows::new(
        rows,
        COLUMNS,
        |row| Subject::Scope(row.view.name.clone(), row.scope.id),
        |row, _| row.view.is_old(),
    ))
}
