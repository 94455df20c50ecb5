//! Tables: what is shown, marked and under the cursor, against a simple model.
use super::*;
use crate::console::table::source::{Align, Cell, Column, ColumnSpec, SortKey};
use jiff::Timestamp;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Item {
    name: String,
    size: i64,
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

const COLUMNS: &[Column<Item>] = &[
    Column {
        spec: spec("Name"),
        cell: |item, _| Cell::new(item.name.as_str()),
        key: |item, _| SortKey::Text(item.name.as_str().into()),
    },
    Column {
        spec: spec("Size"),
        cell: |item, _| Cell::new(item.size.to_string()),
        key: |item, _| match item.size {
            0 => SortKey::Nothing,
            size => SortKey::Number(size),
        },
    },
];

fn source(items: &[(&str, i64)]) -> SharedSource {
    let items = items.iter().map(|(name, size)| Item {
        name: (*name).to_owned(),
        size: *size,
    });
    of(items.collect())
}

fn of(items: Vec<Item>) -> SharedSource {
    let subject = |item: &Item| Subject::Group(item.name.clone());
    Arc::new(Rows::new(items, COLUMNS, subject, |_, _| false))
}

fn many(count: usize) -> SharedSource {
    let item = |number: usize| Item {
        name: format!("item {number}"),
        size: i64::try_from(number * 7919 % 1000).unwrap(),
    };
    of((0..count).map(item).collect())
}

fn world() -> World {
    World::unknown(Timestamp::UNIX_EPOCH)
}

fn group(name: &str) -> Subject {
    Subject::Group(name.to_owned())
}

/// A table of a few rows; there is no job for those.
fn table(items: &[(&str, i64)]) -> Table {
    let mut table = Table::default();
    table.set_page(3);
    assert!(table.show(source(items), &world()).is_none());
    table
}

fn names(table: &Table) -> Vec<String> {
    let rows = table.order().iter();
    rows.map(|row| {
        table
            .source()
            .cell(*row as usize, 0, &world())
            .text
            .into_owned()
    })
    .collect()
}

/// Does what a job does.
fn carry_out(request: &JobRequest) -> (u64, Ordered) {
    let JobRequest::Order {
        generation,
        source,
        filter,
        sort,
        before,
        world,
    } = request
    else {
        panic!("not an order: {request:?}");
    };
    let ordered = match before {
        Some(before) => Ordered::within(source.as_ref(), filter, before, world),
        None => Ordered::of(source.as_ref(), filter, sort, world),
    };
    (*generation, ordered)
}

const FRUIT: &[(&str, i64)] = &[
    ("cherry", 3),
    ("Apple", 1),
    ("fig", 0),
    ("banana", 3),
    ("elder", 2),
];

#[test]
fn sorting_is_stable_and_nothing_comes_last_in_either_direction() {
    let mut table = table(FRUIT);
    assert_eq!(names(&table), ["cherry", "Apple", "fig", "banana", "elder"]);
    let _ = table.sort_by(1, &world());
    assert_eq!(names(&table), ["Apple", "elder", "cherry", "banana", "fig"]);
    let _ = table.sort_by(1, &world());
    assert_eq!(names(&table), ["cherry", "banana", "elder", "Apple", "fig"]);
    let _ = table.sort_by(1, &world());
    assert_eq!(names(&table), ["cherry", "Apple", "fig", "banana", "elder"]);
    let _ = table.sort_by(0, &world());
    assert_eq!(names(&table), ["Apple", "banana", "cherry", "elder", "fig"]);
}

#[test]
fn the_cursor_stays_with_its_subject_and_on_its_line() {
    let mut table = table(FRUIT);
    assert!(table.select(&group("banana")));
    let _ = table.sort_by(0, &world());
    assert_eq!(table.subject(), Some(&group("banana")));
    assert_eq!(table.cursor(), 1);
    let _ = table.set_filter(Filter::parse("an"), &world());
    assert_eq!(table.subject(), Some(&group("banana")));
    let _ = table.set_filter(Filter::default(), &world());
    let mut more = FRUIT.to_vec();
    more.insert(0, ("aaa", 9));
    more.insert(0, ("aab", 9));
    let line = table.cursor() - table.top();
    let _ = table.show(source(&more), &world());
    assert_eq!(table.subject(), Some(&group("banana")));
    assert_eq!(table.cursor(), 3);
    assert_eq!(table.cursor() - table.top(), line, "the row does not jump");
}

#[test]
fn when_its_row_vanishes_the_cursor_stays_at_the_place() {
    let mut table = table(FRUIT);
    table.go(3);
    let fewer: Vec<_> = FRUIT
        .iter()
        .copied()
        .filter(|one| one.0 != "banana")
        .collect();
    let _ = table.show(source(&fewer), &world());
    assert_eq!(table.cursor(), 3);
    assert_eq!(table.subject(), Some(&group("elder")));
    let _ = table.show(source(&[]), &world());
    assert_eq!((table.cursor(), table.subject()), (0, None));
    table.move_by(5);
    table.scroll_by(5);
    table.toggle_mark();
    assert_eq!(table.selection(), []);
}

#[test]
fn the_wheel_moves_the_view_and_takes_the_cursor_along_only_when_it_must() {
    let mut table = table(FRUIT);
    table.go(1);
    table.scroll_by(1);
    assert_eq!((table.top(), table.cursor()), (1, 1));
    table.scroll_by(1);
    assert_eq!((table.top(), table.cursor()), (2, 2));
    table.scroll_by(9);
    assert_eq!((table.top(), table.cursor()), (2, 2));
    table.scroll_by(-9);
    assert_eq!((table.top(), table.cursor()), (0, 2));
    table.page_by(1);
    assert_eq!((table.top(), table.cursor()), (2, 4));
}

#[test]
fn marks_stay_with_their_subjects_and_count_what_is_hidden() {
    let mut table = table(FRUIT);
    table.toggle_mark();
    assert_eq!(table.cursor(), 1, "on to the next");
    table.go(4);
    table.toggle_mark();
    assert_eq!(table.selection(), [group("cherry"), group("elder")]);
    let _ = table.sort_by(1, &world());
    assert_eq!(table.selection(), [group("elder"), group("cherry")]);
    let _ = table.set_filter(Filter::parse("cherry"), &world());
    assert_eq!(table.marked(), 2);
    assert_eq!(table.selection(), [group("cherry"), group("elder")]);
    // The cherry is deleted: its mark goes with it.
    let _ = table.show(source(&FRUIT[1..]), &world());
    assert_eq!(table.marked(), 1);
    assert_eq!(table.selection(), [group("elder")]);
    table.clear_marks();
    assert_eq!(
        table.selection(),
        [],
        "nothing is shown, nothing is under the cursor"
    );
}

#[test]
fn ranges_grow_and_shrink_and_leave_other_marks_alone() {
    let mut table = table(FRUIT);
    table.toggle_mark_at(4);
    table.go(1);
    assert_eq!(table.mark_range_by(2), None);
    assert_eq!(table.marked(), 4);
    let _ = table.mark_range_by(-1);
    assert_eq!(
        table.selection(),
        [group("Apple"), group("fig"), group("elder")]
    );
    let _ = table.mark_range_to(0);
    assert_eq!(
        table.selection(),
        [group("cherry"), group("Apple"), group("elder")]
    );
    table.move_by(2);
    let _ = table.mark_range_by(1);
    assert_eq!(table.marked(), 5, "a new range adds to the old one");
    assert_eq!(table.toggle_all_marks(), None);
    assert_eq!(table.marked(), 0);
}

#[test]
fn a_large_table_is_put_in_order_by_a_job_and_the_old_order_stays_until_then() {
    let world = world();
    let mut table = Table::default();
    assert!(table.show(many(LARGE + 5), &world).is_none(), "as it comes");
    let first = table.sort_by(1, &world).unwrap();
    assert_eq!(table.order()[..3], [0, 1, 2]);
    let second = table
        .set_filter(Filter::parse("\"item 12"), &world)
        .unwrap();
    let (generation, ordered) = carry_out(&first);
    assert!(table.ordered(generation, ordered).is_none());
    assert_eq!(table.order().len(), LARGE + 5, "an older answer is dropped");
    let (generation, ordered) = carry_out(&second);
    assert!(table.is_working());
    assert!(table.ordered(generation, ordered).is_none());
    assert_eq!(table.order().len(), 111);
    assert!(!table.is_working());
    // The next letter narrows what is there, here and now.
    assert!(
        table
            .set_filter(Filter::parse("\"item 120"), &world)
            .is_none()
    );
    assert_eq!(table.order().len(), 11);
    let expected = Ordered::of(
        table.source().as_ref(),
        table.filter(),
        &table.sort(),
        &world,
    );
    assert_eq!(table.order(), expected.rows.as_slice());
    // Back again takes a job, which sorts only what is found.
    assert!(table.set_filter(Filter::default(), &world).is_some());
}

#[test]
fn a_filter_taken_back_finds_the_order_that_was_there() {
    let world = world();
    let mut table = Table::default();
    let _ = table.show(many(LARGE), &world);
    let (generation, ordered) = carry_out(&table.sort_by(1, &world).unwrap());
    let _ = table.ordered(generation, ordered);
    let whole = table.order().to_vec();
    let narrow = table.set_filter(Filter::parse("99"), &world).unwrap();
    let (generation, ordered) = carry_out(&narrow);
    let _ = table.ordered(generation, ordered);
    assert!(table.set_filter(Filter::default(), &world).is_none());
    assert_eq!(table.order(), whole);
}

#[test]
fn rows_that_come_faster_than_they_are_sorted_wait() {
    let world = world();
    let mut table = Table::default();
    table.set_sort(Sort {
        column: Some(1),
        descending: false,
    });
    let first = table.show(many(LARGE + 1), &world).unwrap();
    assert!(table.order().is_empty());
    assert!(table.show(many(LARGE + 2), &world).is_none());
    assert!(table.show(many(LARGE + 3), &world).is_none());
    let (generation, ordered) = carry_out(&first);
    let last = table.ordered(generation, ordered).unwrap();
    assert_eq!(table.order().len(), LARGE + 1, "shown with their own order");
    assert_eq!(table.source().len(), LARGE + 1);
    let (generation, ordered) = carry_out(&last);
    assert!(table.ordered(generation, ordered).is_none());
    assert_eq!(table.order().len(), LARGE + 3);
    // One that never answers does not hold up the next for ever.
    let lost = table.show(many(LARGE + 4), &world).unwrap();
    let JobRequest::Order { generation, .. } = lost else {
        panic!("not an order");
    };
    table.gave_up(generation);
    assert!(table.show(many(LARGE + 4), &world).is_some());
    // And one that nobody has begun does neither.
    let again = (0..4).find_map(|_| table.show(many(LARGE + 5), &world));
    assert!(again.is_some());
}

#[derive(Clone, Debug)]
enum Deed {
    Show(Vec<Item>),
    Filter(String),
    Sort(usize),
    Go(usize),
    Move(isize),
    Scroll(isize),
    Page(usize),
    Mark,
    Range(isize),
    All,
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    proptest::collection::btree_map("[a-cA-C]{1,3}", 0..4_i64, 0..12).prop_map(|items| {
        let items = items.into_iter();
        items.map(|(name, size)| Item { name, size }).collect()
    })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        items().prop_map(Deed::Show),
        "[a-c]?|size>[0-3]|-[a-c]".prop_map(Deed::Filter),
        (0..3_usize).prop_map(Deed::Sort),
        (0..20_usize).prop_map(Deed::Go),
        (-9..9_isize).prop_map(Deed::Move),
        (-9..9_isize).prop_map(Deed::Scroll),
        (0..9_usize).prop_map(Deed::Page),
        Just(Deed::Mark),
        (-4..4_isize).prop_map(Deed::Range),
        Just(Deed::All),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_the_table_is_whole(deeds in proptest::collection::vec(deed(), 0..30)) {
        let world = world();
        let mut table = Table::default();
        for deed in deeds {
            let before = table.subject().cloned();
            let reordered = matches!(deed, Deed::Show(_) | Deed::Filter(_) | Deed::Sort(_));
            match deed {
                Deed::Show(items) => drop(table.show(of(items), &world)),
                Deed::Filter(text) => drop(table.set_filter(Filter::parse(&text), &world)),
                Deed::Sort(column) => drop(table.sort_by(column, &world)),
                Deed::Go(place) => table.go(place),
                Deed::Move(rows) => table.move_by(rows),
                Deed::Scroll(rows) => table.scroll_by(rows),
                Deed::Page(rows) => table.set_page(rows),
                Deed::Mark => table.toggle_mark(),
                Deed::Range(rows) => drop(table.mark_range_by(rows)),
                Deed::All => drop(table.toggle_all_marks()),
            }
            let order = table.order();
            // Exactly the matching rows, each once.
            let mut rows = order.to_vec();
            rows.sort_unstable();
            prop_assert_eq!(
                rows,
                crate::console::table::filter::scan(table.source().as_ref(), table.filter(), None, &world)
            );
            // Sorted by keys.
            if let Some(column) = table.sort().column {
                let key = |row: u32| table.source().sort_key(row as usize, column, &world);
                for pair in order.windows(2) {
                    let (one, two) = (key(pair[0]), key(pair[1]));
                    let ordering = match table.sort().descending && two != SortKey::Nothing && one != SortKey::Nothing {
                        true => two.order(&one),
                        false => one.order(&two),
                    };
                    prop_assert!(ordering.then(pair[0].cmp(&pair[1])).is_lt());
                }
            }
            // The cursor is on a row that is seen, and knows which.
            prop_assert!(table.cursor() < order.len().max(1));
            let under = order.get(table.cursor()).and_then(|row| table.source().subject(*row as usize));
            prop_assert_eq!(table.subject(), under.as_ref());
            prop_assert!(table.top() <= table.cursor());
            prop_assert!(table.cursor() < table.top() + table.page());
            prop_assert!(table.top() <= order.len().saturating_sub(table.page()));
            // It stayed on its row, if that is still shown.
            if reordered && let Some(before) = before {
                let shown = order.iter().any(|row| table.source().subject(*row as usize).as_ref() == Some(&before));
                prop_assert!(!shown || table.subject() == Some(&before));
            }
            // What is marked is what is selected.
            if table.marked() > 0 {
                prop_assert_eq!(table.selection().len(), table.marked());
            }
        }
    }
}
