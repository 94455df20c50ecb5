//! The filter language: what it reads, and what it lets through.
use super::*;
use crate::console::subject::Subject;
use crate::console::table::source::{Align, Cell, Column, Rows};
use jiff::Timestamp;
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000;

pub(crate) struct Scope {
    address: std::net::Ipv4Addr,
    server: &'static str,
    name: &'static str,
    client: &'static str,
    used: f64,
    ends: i64,
}

const fn spec(name: &'static str, words: &'static [&'static str], align: Align) -> ColumnSpec {
    ColumnSpec {
        name,
        words,
        width: (4, 20),
        align,
        shown: true,
        drop: 0,
    }
}

const COLUMNS: &[Column<Scope>] = &[
    Column {
        spec: spec("Scope ID", &["scope", "ip"], Align::Left),
        cell: |row, _| Cell::new(row.address.to_string()),
        key: |row, _| SortKey::Number(row.address.to_bits().into()),
    },
    Column {
        spec: spec("Server Name", &["server"], Align::Left),
        cell: |row, _| Cell::new(row.server),
        key: |row, _| SortKey::Text(row.server.into()),
    },
    Column {
        spec: spec("Scope Name", &["name"], Align::Left),
        cell: |row, _| Cell::new(row.name),
        key: |row, _| SortKey::Text(row.name.into()),
    },
    Column {
        spec: spec("Client ID", &["client", "mac"], Align::Left),
        cell: |row, _| Cell::new(row.client),
        key: |row, _| SortKey::Text(row.client.into()),
    },
    Column {
        spec: spec("Percentage Utilized", &["used"], Align::Right),
        cell: |row, _| Cell::new(format!("{:.0} %", row.used)),
        key: |row, _| SortKey::Fraction(row.used),
    },
    Column {
        spec: spec("Lease Expiration Time", &["lease", "expires"], Align::Left),
        cell: |_, _| Cell::new("soon"),
        key: |row, _| match row.ends {
            0 => SortKey::Nothing,
            ends => SortKey::Number(ends),
        },
    },
];

fn rows() -> Rows<Scope> {
    let row = |address: [u8; 4], server, name, client, used, ends| Scope {
        address: address.into(),
        server,
        name,
        client,
        used,
        ends,
    };
    let rows = vec![
        row(
            [10, 0, 0, 0],
            "dhcp1.contoso.com",
            "Head office",
            "00-15-5d-a7-66-02",
            12.3,
            NOW + 3600,
        ),
        row(
            [10, 1, 0, 0],
            "dc1.contoso.com",
            "Warehouse",
            "00-15-5d-a7-66-03",
            87.0,
            NOW + 8000,
        ),
        row(
            [10, 1, 2, 0],
            "dc1.contoso.com",
            "Büro Öst",
            "aa-bb-cc-00-15-5d",
            100.0,
            0,
        ),
        row([110, 1, 0, 9], "dhcp1.contoso.com", "", "", 0.0, NOW - 600),
    ];
    Rows::new(
        rows,
        COLUMNS,
        |row| Subject::Group(row.address.to_string()),
        |_, _| false,
    )
}

fn world() -> World {
    World::unknown(Timestamp::from_second(NOW).unwrap())
}

/// The rows that a filter lets through, by both ways.
fn found(text: &str) -> Vec<u32> {
    let (rows, world, filter) = (rows(), world(), Filter::parse(text));
    let scanned = scan(&rows, &filter, None, &world);
    assert_eq!(rows.matching(&filter, None, &world), scanned, "{text}");
    scanned
}

#[test]
fn words_are_found_in_any_order_and_column() {
    assert_eq!(found("contoso dhcp1"), [0, 3]);
    assert_eq!(found("OFFICE head"), [0]);
    assert_eq!(found("\"head office\""), [0]);
    assert_eq!(found("\"office head\""), [0; 0]);
    assert_eq!(found("büro öst"), [2]);
    assert_eq!(found("BÜRO"), [2]);
    assert_eq!(
        found("comhead"),
        [0; 0],
        "nothing is found across two cells"
    );
    assert_eq!(found(""), [0, 1, 2, 3]);
    assert_eq!(found("  "), [0, 1, 2, 3]);
}

#[test]
fn inverses() {
    assert_eq!(found("-dc1"), [0, 3]);
    assert_eq!(found("!dc1 !head"), [3]);
    assert_eq!(found("-server:dc1"), [0, 3]);
    assert_eq!(found("-10.1.0.0/16"), [0, 3]);
    assert_eq!(found("-"), [0, 1, 2, 3]);
    assert_eq!(found("-used>50"), [0, 3]);
    assert_eq!(found("-server!=dc1"), [1, 2]);
}

#[test]
fn client_ids_in_every_spelling() {
    for spelling in [
        "00-15-5d-a7-66-02",
        "00:15:5d:a7:66:02",
        "0:15:5d:a7:66:2",
        "0015.5da7.6602",
        "00155DA76602",
        "5da76602",
        "client:0015.5da7.6602",
        "mac=00:15:5D:A7:66:02",
        "mac=0015.5DA7.6602",
        "55da76602",
    ] {
        assert_eq!(found(spelling), [0], "{spelling}");
    }
    assert_eq!(found("00:15:5d"), [0, 1, 2]);
    assert_eq!(found("00155D"), [0, 1, 2]);
    assert_eq!(found("00:15:5d:a"), [0, 1]);
    assert_eq!(found("aa:bb:"), [2]);
}

#[test]
fn addresses() {
    assert_eq!(found("10.1.0.0/16"), [1, 2]);
    assert_eq!(found("10.1/16"), [1, 2]);
    assert_eq!(found("10.0.0.0-10.1.0.5"), [0, 1]);
    assert_eq!(found("10.1.0.0-5"), [1]);
    assert_eq!(found("10.1.*"), [1, 2]);
    assert_eq!(
        found("10.1."),
        [1, 2, 3],
        "as a word it is a part of anything"
    );
    assert_eq!(found("ip:10.1."), [1, 2]);
    assert_eq!(found("scope=10.1.0.0"), [1]);
    assert_eq!(found("scope>10.1.0.0"), [2, 3]);
    assert_eq!(found("10.1.0.0/"), [1]);
    assert_eq!(found("0.0.0.0/0"), [0, 1, 2, 3]);
}

#[test]
fn columns_and_comparisons() {
    assert_eq!(found("server:dc1"), [1, 2]);
    assert_eq!(found("server=dc1"), [1, 2]);
    assert_eq!(found("server=dc"), [0; 0]);
    assert_eq!(found("server!=dc1"), [0, 3]);
    assert_eq!(found("\"server name\":dc1"), [1, 2]);
    assert_eq!(found("servername:dc1"), [1, 2]);
    assert_eq!(found("utilized>80"), [1, 2]);
    assert_eq!(found("used>80"), [1, 2]);
    assert_eq!(found("used>=100%"), [2]);
    assert_eq!(found("used:>80"), [1, 2]);
    assert_eq!(found("used=12"), [0]);
    assert_eq!(found("used<12"), [3]);
    assert_eq!(found("used>"), [0, 1, 2, 3], "not finished");
    assert_eq!(found("name=\"\""), [3]);
    assert_eq!(found("name!=\"\""), [0, 1, 2]);
    assert_eq!(found("name:\"head office\""), [0]);
    assert_eq!(found("name>i"), [1]);
}

#[test]
fn durations_are_measured_from_now() {
    assert_eq!(found("lease<2h"), [0, 3]);
    assert_eq!(found("lease>1h30m"), [1]);
    assert_eq!(found("expires<2027-01-15T08:00"), [3]);
    assert_eq!(found("-lease<2h"), [1, 2]);
}

#[test]
fn a_column_that_there_is_not_is_said_and_searched_for_as_text() {
    let specs: Vec<ColumnSpec> = COLUMNS.iter().map(|column| column.spec).collect();
    let says = |text: &str| Filter::parse(text).trouble(&specs);
    assert_eq!(
        says("sever:dc1").unwrap(),
        "There is no column 'sever' here, so it is searched for as it stands: did you mean \
         server (Server Name)?"
    );
    assert!(
        says("zzz=1")
            .unwrap()
            .ends_with("; there are scope, server, name, client, used, lease")
    );
    assert_eq!(
        says("used>full").unwrap(),
        "Percentage Utilized is a number, and 'full' is none: try used>80"
    );
    for fine in [
        "", "dc1", "used>80", "00:15:5d", "aa:bb", "12:30", "used>", "\"a:b\"",
    ] {
        assert_eq!(says(fine), None, "{fine}");
    }
    assert_eq!(found("sever:dc1"), [0; 0]);
    assert_eq!(found("-sever:dc1"), [0, 1, 2, 3]);
}

#[test]
fn the_next_letter_narrows() {
    let narrows = |new: &str, old: &str| Filter::parse(new).narrows(&Filter::parse(old));
    assert!(narrows("off", "of"));
    assert!(narrows("office dc1", "off"));
    assert!(narrows("anything", ""));
    assert!(narrows("server:dc1", "server:dc"));
    assert!(narrows("00:15:5d", "00:15"));
    assert!(narrows("00155da7", "00155d"));
    assert!(narrows("used>8", "used>"));
    assert!(!narrows("of", "off"));
    assert!(!narrows("-off", "-of"));
    assert!(
        !narrows("cafe", "caf"),
        "from here on it may be a client ID"
    );
    assert!(!narrows("used>80", "used>8"));
    assert!(!narrows("name:dc1", "server:dc1"));
}

/// Pieces of filters, put together at random.
fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("10.1".to_owned()),
        Just("10.1.0.0/16".to_owned()),
        Just("00:15:5".to_owned()),
        Just("0015".to_owned()),
        Just("server".to_owned()),
        Just("name:".to_owned()),
        Just("used>".to_owned()),
        Just("80".to_owned()),
        Just("-".to_owned()),
        Just("!".to_owned()),
        Just("=".to_owned()),
        Just("\"".to_owned()),
        Just(" ".to_owned()),
        Just("lease<2h".to_owned()),
        "[a-e0-1.:-]{1,3}",
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_filter(text in ".*") {
        let filter = Filter::parse(&text);
        prop_assert_eq!(filter.text(), text.as_str());
        let specs: Vec<ColumnSpec> = COLUMNS.iter().map(|column| column.spec).collect();
        let _ = filter.trouble(&specs);
        prop_assert!(filter.narrows(&filter));
        found(&text);
    }

    #[test]
    fn both_ways_find_the_same(text in typed()) {
        found(&text);
    }

    #[test]
    fn what_narrows_finds_no_more(one in typed(), more in typed(), two in typed()) {
        for new in [format!("{one}{more}"), two] {
            if Filter::parse(&new).narrows(&Filter::parse(&one)) {
                let before = found(&one);
                for row in found(&new) {
                    prop_assert!(before.contains(&row), "{} narrows {}", new, one);
                }
            }
        }
    }

    #[test]
    fn inverses_split_the_rows(word in "[a-z0-9.]{1,4}|server:[a-z0-9]{1,3}|used>[0-9]{1,2}") {
        let mut both = found(&word);
        both.extend(found(&format!("-{word}")));
        both.sort_unstable();
        prop_assert_eq!(both, [0, 1, 2, 3]);
    }

    #[test]
    fn folding_keeps_lengths_and_is_done_once(text in ".*") {
        let folded = fold(&text).into_owned();
        prop_assert_eq!(folded.len(), text.len());
        prop_assert_eq!(fold(&folded).into_owned(), folded);
    }
}
