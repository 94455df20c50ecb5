//! The console's tables at their largest: a million leases, eighty thousand rows of scopes.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use twinscope::console::subject::Subject;
use twinscope::console::table::leases::LeaseBook;
use twinscope::console::table::{
    Align, Cell, Column, ColumnSpec, Filter, Ordered, Rows, SharedSource, Sort, SortKey,
};
use twinscope::console::world::World;
use twinscope::drivers::LeaseQuery;
use twinscope::model::lease::LeaseState;
use twinscope::model::scope::ClientType;
use twinscope::model::{ClientId, Lease, ScopeId, ServerName};

const NOW: i64 = 1_800_000_000;

/// A number that looks like any other.
fn mixed(number: u32) -> u32 {
    let mut one = number.wrapping_mul(0x9e37_79b9);
    one ^= one >> 15;
    one = one.wrapping_mul(0x85eb_ca6b);
    one ^ one >> 13
}

fn lease(number: u32) -> Lease {
    let chance = mixed(number);
    // A hundred leases in each /24.
    let address = Ipv4Addr::from_bits(0x0a00_0000 + (number / 100) * 256 + 10 + number % 100);
    let [a, b, c, d] = chance.to_be_bytes();
    let host_name = match chance % 8 {
        0 => String::new(),
        1 | 2 => format!("DESKTOP-{chance:07X}"),
        3 => format!("printer-{number:05}"),
        4 => format!(
            "iphone-of-{}",
            ["anna", "ben", "carla", "dmitri"][chance as usize / 8 % 4]
        ),
        _ => format!("lt-{chance:x}.corp.contoso.com"),
    };
    Lease {
        address,
        scope: ScopeId::of(address, 24).unwrap(),
        client: ClientId::mac([0, 0x15, a ^ 0x5d, b, c, d]),
        host_name,
        description: String::new(),
        state: match chance % 50 {
            0 => LeaseState::Declined,
            1..5 => LeaseState::Expired,
            5..8 => LeaseState::ActiveReservation,
            _ => LeaseState::Active,
        },
        client_type: ClientType::Dhcp,
        expires: (!(5..8).contains(&(chance % 50)))
            .then(|| Timestamp::from_second(NOW + i64::from(chance % 691_200)).unwrap()),
        policy: if chance.is_multiple_of(10) {
            "Phones".to_owned()
        } else {
            String::new()
        },
        given_by: None,
    }
}

/// So many leases on so many servers, read in pages of a thousand.
fn book(leases: u32, servers: u32) -> LeaseBook {
    let mut book = LeaseBook::default();
    let share = leases / servers;
    for number in 0..servers {
        let server = ServerName::new(&format!("dhcp{:03}.contoso.com", number + 1));
        let mut query = LeaseQuery {
            limit: 1000,
            ..LeaseQuery::default()
        };
        let now = Timestamp::from_second(NOW).unwrap();
        for first in (0..share).step_by(1000) {
            let numbers = first..share.min(first + 1000);
            // Two servers of a pair hold the same leases.
            let page: Vec<Lease> = numbers
                .map(|place| lease(number / 2 * share + place))
                .collect();
            let after = page.last().map(|lease| lease.address);
            book = book.with_page(&server, &query, page, now);
            query.after = after;
        }
        book = book.with_page(&server, &query, Vec::new(), now);
    }
    book
}

fn world() -> World {
    World::unknown(Timestamp::from_second(NOW).unwrap())
}

fn leases(criterion: &mut Criterion) {
    let world = world();
    let book = book(1_000_000, 160);
    let source = book.source(None);
    assert_eq!(source.len(), 1_000_000);
    #[allow(clippy::cast_precision_loss)]
    let each = book.bytes() as f64 / source.len() as f64;
    println!("a lease takes {each:.1} bytes, and 4 in the view's order");

    let mut group = criterion.benchmark_group("filter 1M leases");
    for text in [
        "p",
        "pr",
        "pri",
        "print",
        "printer",
        "printer-00",
        "1",
        "10",
        "10.1",
        "10.15.1",
        "a",
        "ca",
        "contoso",
        "00:15:5d",
        "00155d",
        "active",
        "state:declined",
        "10.1.0.0/16",
        "lease<2h",
        "-printer",
        "lt- contoso phones",
        "2027-01-16",
        "zzz",
    ] {
        let filter = Filter::parse(text);
        group.bench_function(text.replace('/', "|"), |bench| {
            bench.iter(|| source.matching(black_box(&filter), None, &world));
        });
    }
    group.bench_function("the 7 keys of printer, one after the other", |bench| {
        bench.iter(|| {
            let mut order = Arc::new((0..1_000_000).collect::<Vec<u32>>());
            for length in 1..=7 {
                let filter = Filter::parse(&"printer"[..length]);
                order = Ordered::within(source.as_ref(), &filter, &order, &world).rows;
            }
            order
        });
    });
    let by_name = Sort {
        column: Some(4),
        descending: false,
    };
    let sorted = Ordered::of(source.as_ref(), &Filter::default(), &by_name, &world).rows;
    let filter = Filter::parse("contoso");
    group.bench_function("contoso, sorted by name", |bench| {
        bench.iter(|| Ordered::within(source.as_ref(), &filter, &sorted, &world));
    });
    group.finish();

    let mut group = criterion.benchmark_group("sort 1M leases by");
    group.sample_size(10);
    for (column, spec) in source.columns().iter().enumerate() {
        let sort = Sort {
            column: Some(column),
            descending: true,
        };
        group.bench_function(spec.name, |bench| {
            bench.iter(|| Ordered::of(source.as_ref(), &Filter::default(), &sort, &world));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("leases");
    for (count, servers) in [(1000, 2), (1_000_000, 160)] {
        let source: SharedSource = self::book(count, servers).source(None);
        let middle = source.len() / 2;
        group.bench_function(format!("the cells of 50 rows of {count}"), |bench| {
            bench.iter(|| {
                let rows = middle..middle + 50;
                let cells = rows.flat_map(|row| (0..11).map(move |column| (row, column)));
                cells
                    .map(|(row, column)| source.cell(row, column, &world).text.len())
                    .sum::<usize>()
            });
        });
        let subject = source.subject(middle).unwrap();
        group.bench_function(format!("find a row of {count}"), |bench| {
            bench.iter(|| source.find(black_box(&subject), 0));
        });
    }
    let server = ServerName::new("dhcp070.contoso.com");
    let query = LeaseQuery {
        limit: 1000,
        after: Some(lease(213_999).address),
        ..LeaseQuery::default()
    };
    let page: Vec<Lease> = (214_000..215_000).map(lease).collect();
    group.bench_function("read a page of 1000 anew", |bench| {
        bench.iter(|| {
            let now = Timestamp::from_second(NOW).unwrap();
            book.with_page(&server, &query, page.clone(), now)
        });
    });
    group.bench_function("the view's rows from the book", |bench| {
        bench.iter(|| book.source(None).len());
    });
    group.finish();
}

struct Scope {
    address: Ipv4Addr,
    name: String,
    server: String,
    used: f64,
}

const fn spec(name: &'static str) -> ColumnSpec {
    ColumnSpec {
        name,
        words: &[],
        width: (4, 20),
        align: Align::Left,
        shown: true,
        drop: 0,
    }
}

const fn text(name: &'static str) -> Column<Scope> {
    Column {
        spec: spec(name),
        cell: |row, _| Cell::new(row.name.as_str()),
        key: |row, _| SortKey::Text(row.name.as_str().into()),
    }
}

const fn number(name: &'static str) -> Column<Scope> {
    Column {
        spec: spec(name),
        cell: |row, _| Cell::new(format!("{:.0} %", row.used)),
        key: |row, _| SortKey::Fraction(row.used),
    }
}

const SCOPE_COLUMNS: &[Column<Scope>] = &[
    Column {
        spec: spec("Scope ID"),
        cell: |row, _| Cell::new(row.address.to_string()),
        key: |row, _| SortKey::Number(row.address.to_bits().into()),
    },
    Column {
        spec: spec("Server Name"),
        cell: |row, _| Cell::new(row.server.as_str()),
        key: |row, _| SortKey::Text(row.server.as_str().into()),
    },
    number("Utilization"),
    text("Scope Name"),
    text("Superscope Name"),
    text("Description"),
    text("Failover Relationship Name"),
    text("Access Scope"),
    number("Free"),
    number("In Use"),
    number("Reserved"),
    text("Subnet Mask"),
    text("Start IP Address"),
    text("End IP Address"),
    text("Pair"),
];

fn scopes(criterion: &mut Criterion) {
    let world = world();
    let make = || -> SharedSource {
        let rows = (0..80_000_u32).map(|number| Scope {
            address: Ipv4Addr::from_bits(0x0a00_0000 + number / 2 * 256),
            name: format!("Branch {}", mixed(number / 2) % 100_000),
            server: format!("dhcp{:03}.contoso.com", number % 150 + 1),
            used: f64::from(mixed(number) % 1000) / 10.0,
        });
        let subject = |row: &Scope| Subject::Group(format!("{} {}", row.address, row.server));
        Arc::new(Rows::new(rows.collect(), SCOPE_COLUMNS, subject, |_, _| {
            false
        }))
    };
    let mut group = criterion.benchmark_group("80,000 rows of 15 columns");
    group.sample_size(10);
    let filter = Filter::parse("branch 77");
    group.bench_function("the first letter of a filter", |bench| {
        bench.iter_batched(
            make,
            |source| source.matching(&filter, None, &world),
            criterion::BatchSize::LargeInput,
        );
    });
    let source = make();
    for text in [
        "b",
        "branch",
        "7",
        "branch 77",
        "10.1.0.0/16",
        "utilization>80",
        "-dhcp001",
    ] {
        let filter = Filter::parse(text);
        let _ = source.matching(&filter, None, &world);
        group.bench_function(format!("then {}", text.replace('/', "|")), |bench| {
            bench.iter(|| source.matching(black_box(&filter), None, &world));
        });
    }
    for column in [0, 1, 2, 3] {
        let sort = Sort {
            column: Some(column),
            descending: false,
        };
        group.bench_function(
            format!("sort by {}", source.columns()[column].name),
            |bench| {
                bench.iter(|| Ordered::of(source.as_ref(), &Filter::default(), &sort, &world));
            },
        );
    }
    let subject = source.subject(60_000).unwrap();
    group.bench_function("find a row", |bench| {
        bench.iter(|| source.find(&subject, 0));
    });
    group.finish();
}

criterion_group!(
    name = console;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(1));
    targets = leases, scopes
);
criterion_main!(console);
