//! Leases against a plain list of them: pages, searching, sorting, who has what.
use super::*;
use crate::console::table::filter::{Filter, scan};
use crate::console::table::order::{Ordered, Sort};
use crate::console::table::source::SortKey;
use crate::console::world::World;
use crate::model::client_id::ClientIdKind;
use crate::model::lease::LeaseState;
use crate::model::scope::ClientType;
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn server(number: u8) -> ServerName {
    ServerName::new(&format!("dhcp{number}.contoso.com"))
}

fn lease(address: [u8; 4], host: &str) -> Lease {
    let address = Ipv4Addr::from(address);
    let [_, _, third, last] = address.octets();
    Lease {
        address,
        scope: ScopeId::of(address, 24).unwrap(),
        client: ClientId::mac([0, 0x15, 0x5d, 0xa7, third, last]),
        host_name: host.to_owned(),
        description: String::new(),
        state: LeaseState::Active,
        client_type: ClientType::Dhcp,
        expires: Some(at(NOW + i64::from(last) * 60)),
        policy: String::new(),
        given_by: None,
    }
}

fn everything() -> LeaseQuery {
    LeaseQuery::default()
}

fn read(leases: &[Lease]) -> LeaseBook {
    LeaseBook::default().with_page(&server(1), &everything(), leases.to_vec(), at(NOW))
}

fn world() -> World {
    World::unknown(at(NOW))
}

fn found(book: &LeaseBook, text: &str) -> Vec<String> {
    let (source, world) = (book.source(None), world());
    let rows = source.matching(&Filter::parse(text), None, &world);
    rows.into_iter()
        .map(|row| source.cell(row as usize, 0, &world).text.into_owned())
        .collect()
}

#[test]
fn what_is_put_in_comes_out() {
    let mut odd = lease([10, 0, 0, 9], "DESKTOP-Ä\u{1b}[31m");
    odd.client = ClientId::new(ClientIdKind::Duid, &[1, 2, 3]).unwrap();
    odd.description = "Third floor".to_owned();
    odd.policy = "Phones".to_owned();
    odd.given_by = Some(server(2));
    odd.state = LeaseState::ActiveReservation;
    odd.client_type = ClientType::Both;
    odd.expires = None;
    let leases = [lease([10, 0, 0, 8], "a"), odd, lease([10, 0, 1, 8], "")];
    let book = read(&leases);
    assert_eq!(book.len(), 3);
    let mut shown = leases.clone();
    shown[1].host_name = "DESKTOP-Ä\u{fffd}[31m".to_owned();
    let scope = shown[0].scope;
    let of_scope: Vec<Lease> = book.of_scope(&server(1), scope).collect();
    assert_eq!(of_scope, shown[..2]);
    assert_eq!(
        book.who_has(shown[1].address),
        [(server(1), shown[1].clone())]
    );
    assert_eq!(
        book.who_has_client(&shown[1].client),
        [(server(1), shown[1].clone())]
    );
    let subject = Subject::Lease(server(1), scope, shown[1].address);
    assert_eq!(book.lease(&subject), Some(shown[1].clone()));
    let (source, world) = (book.source(None), world());
    let cells = |row| -> Vec<String> {
        let cells = (0..COLUMNS.len()).map(|column| source.cell(row, column, &world));
        cells.map(|cell| cell.text.into_owned()).collect()
    };
    assert_eq!(
        cells(0),
        [
            "10.0.0.8",
            "dhcp1.contoso.com",
            "10.0.0.0",
            "00-15-5d-a7-00-08",
            "a",
            "Active",
            "2027-01-15 08:08",
            "Dhcp",
            "",
            "",
            ""
        ]
    );
    assert_eq!(
        cells(1)[3..],
        [
            "duid:01-02-03",
            "DESKTOP-Ä\u{fffd}[31m",
            "ActiveReservation",
            "",
            "Both",
            "Third floor",
            "Phones",
            "dhcp2.contoso.com"
        ]
    );
    assert_eq!(source.find(&subject, 0), Some(1));
    assert_eq!(source.subject(1), Some(subject));
    assert_eq!(source.subject(3), None);
}

#[test]
fn leases_are_found_by_whatever_is_typed() {
    let mut leases = vec![
        lease([10, 0, 0, 8], "Printer-Ä"),
        lease([10, 0, 0, 9], "desktop"),
        lease([10, 0, 1, 8], "printer"),
    ];
    leases[1].expires = None;
    leases[2].policy = "Phones".to_owned();
    let book = read(&leases);
    assert_eq!(found(&book, "printer"), ["10.0.0.8", "10.0.1.8"]);
    assert_eq!(found(&book, "PRINTER-ä"), ["10.0.0.8"]);
    assert_eq!(found(&book, "0015.5da7.00"), ["10.0.0.8", "10.0.0.9"]);
    assert_eq!(found(&book, "00155DA70108"), ["10.0.1.8"]);
    assert_eq!(found(&book, "10.0.1.0/24"), ["10.0.1.8"]);
    assert_eq!(found(&book, "unlim"), ["10.0.0.9"]);
    assert_eq!(found(&book, "\"15 08:08\" 10.0.0"), ["10.0.0.8"]);
    assert_eq!(found(&book, "policy:phones"), ["10.0.1.8"]);
    assert_eq!(found(&book, "policy=\"\" -desk"), ["10.0.0.8"]);
    assert_eq!(found(&book, "lease<2h"), ["10.0.0.8", "10.0.1.8"]);
    assert_eq!(found(&book, "ip>=10.0.0.9"), ["10.0.0.9", "10.0.1.8"]);
    assert_eq!(found(&book, "server=dhcp1 scope=10.0.1.0"), ["10.0.1.8"]);
    assert_eq!(found(&book, "server:dhcp2"), [""; 0]);
}

#[test]
fn a_page_speaks_for_its_addresses_only() {
    let leases: Vec<Lease> = (1..=6).map(|last| lease([10, 0, 0, last], "old")).collect();
    let book = read(&leases);
    let page = LeaseQuery {
        after: Some([10, 0, 0, 1].into()),
        limit: 2,
        ..everything()
    };
    // Two and three are gone; the page is full with four and five, and six is not in it.
    let new = vec![lease([10, 0, 0, 4], "new"), lease([10, 0, 0, 5], "new")];
    let next = book.with_page(&server(1), &page, new, at(NOW + 60));
    assert_eq!(
        found(&next, ""),
        ["10.0.0.1", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
    );
    assert_eq!(found(&next, "new"), ["10.0.0.4", "10.0.0.5"]);
    assert_eq!(book.len(), 6, "the book before it is as it was");
    let last = LeaseQuery {
        after: Some([10, 0, 0, 5].into()),
        ..page
    };
    let next = next.with_page(&server(1), &last, Vec::new(), at(NOW + 61));
    assert_eq!(found(&next, ""), ["10.0.0.1", "10.0.0.4", "10.0.0.5"]);
}

#[test]
fn a_reading_says_how_far_it_has_come() {
    let words = |book: &LeaseBook, now: i64| book.reading(&server(1)).words(at(now));
    let book = LeaseBook::default();
    assert_eq!(words(&book, NOW), "not read yet");
    let page = |after: Option<Ipv4Addr>| LeaseQuery {
        after,
        limit: 1000,
        ..everything()
    };
    let leases = |third: u8, count: u16| -> Vec<Lease> {
        (0..count)
            .map(|number| {
                let [high, low] = number.to_be_bytes();
                lease([10, third, high, low], "")
            })
            .collect()
    };
    let book = book.with_page(&server(1), &page(None), leases(0, 1000), at(NOW));
    assert_eq!(words(&book, NOW), "reading… 1,000 so far");
    assert_eq!(book.read_at(&server(1), None), None);
    let after = Some([10, 0, 3, 231].into());
    let book = book.with_page(&server(1), &page(after), leases(1, 7), at(NOW + 5));
    assert_eq!(words(&book, NOW + 190), "read 3 min ago");
    assert_eq!(book.read_at(&server(1), None), Some(at(NOW + 5)));
    assert_eq!(book.len(), 1007);
    let book = book.begun(&server(1), at(NOW + 200));
    assert_eq!(words(&book, NOW + 200), "reading… 0 so far");
    let book = book.failed(&server(1), "dhcp1.contoso.com does not answer");
    assert_eq!(
        words(&book, NOW + 200),
        "read 3 min ago; dhcp1.contoso.com does not answer"
    );
    let scope = ScopeId::of([10, 1, 0, 0].into(), 24).unwrap();
    let of_scope = LeaseQuery {
        scope: Some(scope),
        ..everything()
    };
    let book = book.with_page(&server(1), &of_scope, leases(1, 9), at(NOW + 300));
    assert_eq!(book.read_at(&server(1), Some(scope)), Some(at(NOW + 300)));
    assert_eq!(book.read_at(&server(1), None), Some(at(NOW + 5)));
    assert_eq!(book.of_scope(&server(1), scope).count(), 9);
    assert_eq!(book.len(), 1009, "the other scopes stay");
}

#[test]
fn what_did_not_change_is_shared() {
    let leases: Vec<Lease> = (0..40_000_u32)
        .map(|number| lease((0x0a00_0000 + number).to_be_bytes(), "host"))
        .collect();
    let book = read(&leases);
    let one = book.without(&server(1), [10, 0, 0, 77].into());
    let of = |book: &LeaseBook| book.shelves[&server(1)].chunks.clone();
    let (before, after) = (of(&book), of(&one));
    assert_eq!(one.len(), 39_999);
    assert!(before.len() >= 5);
    let shared = |chunk: &Arc<Chunk>| before.iter().any(|old| Arc::ptr_eq(old, chunk));
    let new = after.iter().filter(|chunk| !shared(chunk)).count();
    assert!(new <= 1, "{new}");
}

#[test]
fn a_table_is_narrowed_to_a_server_a_scope_an_address() {
    let leases = vec![
        lease([10, 0, 0, 8], ""),
        lease([10, 0, 0, 9], ""),
        lease([10, 0, 1, 8], ""),
        lease([10, 0, 2, 8], ""),
    ];
    let book = read(&leases).with_page(&server(2), &everything(), leases.clone(), at(NOW));
    let role = crate::model::server::ServerRole::Dhcp;
    let scope = leases[0].scope;
    let count = |within: Option<Subject>| book.source(within.as_ref()).len();
    assert_eq!(count(None), 8);
    assert_eq!(count(Some(Subject::Server(server(2), role))), 4);
    assert_eq!(count(Some(Subject::Scope(server(2), scope))), 2);
    let address = leases[2].address;
    assert_eq!(
        count(Some(Subject::Lease(server(2), leases[2].scope, address))),
        1
    );
    let two = [
        (server(1), leases[2].scope),
        (server(1), scope),
        (server(2), scope),
    ];
    let source = book.source_of(&two);
    assert_eq!(source.len(), 5);
    for row in 0..5 {
        let subject = source.subject(row).unwrap();
        assert_eq!(source.find(&subject, 0), Some(row));
    }
    let outside = Subject::Lease(server(1), leases[3].scope, leases[3].address);
    assert_eq!(source.find(&outside, 0), None);
    assert!(!source.stale(0, &world()));
    assert!(source.stale(0, &World::unknown(at(NOW + 1000))));
}

fn any_client() -> impl Strategy<Value = ClientId> {
    let bytes = prop_oneof![
        proptest::collection::vec(prop_oneof![Just(0x15_u8), Just(0x5d), any::<u8>()], 6),
        proptest::collection::vec(any::<u8>(), 1..20),
    ];
    let kind = prop_oneof![8 => Just(0_usize), 1 => 1..5_usize];
    (kind, bytes).prop_map(|(kind, bytes)| ClientId::new(ClientIdKind::ALL[kind], &bytes).unwrap())
}

prop_compose! {
    fn any_lease()(
        place in prop_oneof![0..600_u32, 200_000..200_020_u32],
        client in any_client(),
        host_name in "|[a-d0-9-]{1,5}(\\.contoso\\.com)?|DESKTOP-[A-C]{1,12}|10\\.0\\.0\\.[0-9]|[äÖß ]{1,3}",
        description in "||||[a-c0-9 ]{1,6}",
        state in 0..6_usize,
        kind in 0..3_usize,
        expires in prop_oneof![
            Just(None),
            (-90_000..90_000_i64).prop_map(|more| Some(NOW + more)),
            Just(Some(NOW + 900_000_000)),
        ],
        policy in "|||Phones|Lab",
        given_by in proptest::option::of(1..3_u8),
    ) -> Lease {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + place);
        Lease {
            address,
            scope: ScopeId::of(address, 25).unwrap(),
            client,
            host_name,
            description,
            state: chunk::STATES[state],
            client_type: chunk::TYPES[kind],
            expires: expires.map(at),
            policy,
            given_by: given_by.map(server),
        }
    }
}

fn any_book() -> impl Strategy<Value = LeaseBook> {
    let leases = || proptest::collection::vec(any_lease(), 0..40);
    (leases(), leases())
        .prop_map(|(one, two)| read(&one).with_page(&server(2), &everything(), two, at(NOW)))
}

fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("10.0".to_owned()),
        Just("10.0.0.0/24".to_owned()),
        Just("10.0.0.9-99".to_owned()),
        Just("15:5d".to_owned()),
        Just("155d".to_owned()),
        Just("5d-".to_owned()),
        Just("desk".to_owned()),
        Just("server:dhcp1".to_owned()),
        Just("server=dhcp2".to_owned()),
        Just("name:".to_owned()),
        Just("name=10.0.0.1".to_owned()),
        Just("state=active".to_owned()),
        Just("state!=active".to_owned()),
        Just("type:b".to_owned()),
        Just("scope:10.0.0".to_owned()),
        Just("scope>10.0.0.0".to_owned()),
        Just("scope=10.0.0.128".to_owned()),
        Just("ip>10.0.0.99".to_owned()),
        Just("ip=10.0.0.7".to_owned()),
        Just("ip=10".to_owned()),
        Just("policy=\"\"".to_owned()),
        Just("policy:phones".to_owned()),
        Just("by:dhcp2".to_owned()),
        Just("lease<2h".to_owned()),
        Just("lease>2027-01-15".to_owned()),
        Just("lease:08:0".to_owned()),
        Just("\"15 08:\"".to_owned()),
        Just("unlimited".to_owned()),
        Just("client=00-15-5d-15-5d-15".to_owned()),
        Just("client>5d".to_owned()),
        Just("description:a".to_owned()),
        Just("-".to_owned()),
        Just(" ".to_owned()),
        "[a-e0-9.:-]{1,2}",
        "[a-z]{1,2}",
    ];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn searching_finds_what_looking_at_every_cell_finds(book in any_book(), text in typed()) {
        let (source, world, filter) = (book.source(None), world(), Filter::parse(&text));
        let scanned = scan(source.as_ref(), &filter, None, &world);
        prop_assert_eq!(source.matching(&filter, None, &world), scanned.clone(), "{}", text);
        let some: Vec<u32> = (0..u32::try_from(source.len()).unwrap()).filter(|row| row % 3 != 1).collect();
        let expected: Vec<u32> = scanned.into_iter().filter(|row| row % 3 != 1).collect();
        prop_assert_eq!(source.matching(&filter, Some(&some), &world), expected);
    }

    #[test]
    fn sorting_is_what_the_keys_say(book in any_book(), column in 0..11_usize, descending: bool, odd: bool) {
        let (source, world) = (book.source(None), world());
        let mut rows: Vec<u32> = (0..u32::try_from(source.len()).unwrap()).filter(|row| odd || row % 2 == 0).collect();
        let mut expected: Vec<(SortKey<'_>, u32)> = rows
            .iter()
            .map(|row| (source.sort_key(*row as usize, column, &world), *row))
            .collect();
        expected.sort_by(|one, two| {
            let nothing = one.0 == SortKey::Nothing || two.0 == SortKey::Nothing;
            match descending && !nothing {
                true => two.0.order(&one.0),
                false => one.0.order(&two.0),
            }
        });
        let expected: Vec<u32> = expected.into_iter().map(|(_, row)| row).collect();
        prop_assert!(source.sorted(&mut rows, column, descending, &world));
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn every_row_is_found_by_its_subject(book in any_book()) {
        let source = book.source(None);
        for row in 0..source.len() {
            let subject = source.subject(row).unwrap();
            prop_assert_eq!(source.find(&subject, 0), Some(row));
            prop_assert!(book.lease(&subject).is_some());
        }
    }

    /// Against a plain map, with pages small and large.
    #[test]
    fn pages_replace_what_they_speak_for(
        pages in proptest::collection::vec(
            (proptest::collection::vec(any_lease(), 0..60), proptest::option::of(0..700_u32), prop_oneof![Just(0_usize), 1..60_usize], any::<bool>()),
            1..8,
        ),
    ) {
        let mut book = LeaseBook::default();
        let mut model: BTreeMap<Ipv4Addr, Lease> = BTreeMap::new();
        for (mut leases, after, limit, scoped) in pages {
            let after = after.map(|after| Ipv4Addr::from_bits(0x0a00_0000 + after));
            let scope = scoped.then(|| ScopeId::of([10, 0, 0, 130].into(), 25).unwrap());
            // As a server answers.
            leases.retain(|lease| after.is_none_or(|after| lease.address > after));
            leases.retain(|lease| scope.is_none_or(|scope| lease.scope == scope));
            leases.sort_by_key(|lease| lease.address);
            leases.dedup_by_key(|lease| lease.address);
            let full = limit > 0 && leases.len() >= limit;
            if full {
                leases.truncate(limit);
            }
            let last = leases.last().filter(|_| full).map(|lease| lease.address);
            model.retain(|address, _| {
                after.is_some_and(|after| *address <= after)
                    || scope.is_some_and(|scope| !scope.contains(*address))
                    || last.is_some_and(|last| *address > last)
            });
            model.extend(leases.iter().map(|lease| (lease.address, lease.clone())));
            let query = LeaseQuery { scope, after, limit, client: None };
            book = book.with_page(&server(1), &query, leases, at(NOW));
            let shelf = &book.shelves[&server(1)];
            prop_assert_eq!(shelf.len, model.len());
            let kept = shelf.chunks.iter().flat_map(|chunk| (0..chunk.len()).filter_map(|row| chunk.lease(row)));
            prop_assert_eq!(kept.collect::<Vec<_>>(), model.values().cloned().collect::<Vec<_>>());
        }
    }
}

#[test]
fn large_tables_are_searched_and_sorted_in_shares() {
    let host = |number: u32| match number % 7 {
        0 => String::new(),
        more => format!(
            "DESKTOP-PREFIX-{:04x}-{more}",
            number.wrapping_mul(40_503) & 0xffff
        ),
    };
    let leases: Vec<Lease> = (0..120_000_u32)
        .map(|number| lease((0x0a00_0000 + number * 3).to_be_bytes(), &host(number)))
        .collect();
    let (source, world) = (read(&leases).source(None), world());
    for text in ["prefix-0", "-5d-a7-01"] {
        let filter = Filter::parse(text);
        let scanned = scan(source.as_ref(), &filter, None, &world);
        assert!(!scanned.is_empty(), "{text}");
        assert_eq!(source.matching(&filter, None, &world), scanned, "{text}");
    }
    for column in [0, 4] {
        let sort = Sort {
            column: Some(column),
            descending: true,
        };
        let rows = Ordered::of(source.as_ref(), &Filter::default(), &sort, &world).rows;
        let key = |row: u32| source.sort_key(row as usize, column, &world);
        for pair in rows.windows(2) {
            let (one, two) = (key(pair[0]), key(pair[1]));
            let order = match two == SortKey::Nothing || one == SortKey::Nothing {
                true => one.order(&two),
                false => two.order(&one),
            };
            assert!(order.then(pair[0].cmp(&pair[1])).is_lt());
        }
    }
}
