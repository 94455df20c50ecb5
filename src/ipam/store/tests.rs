//! Tests of the store and its file.

use rusqlite::Connection;

use super::*;
use crate::ipam::history::StateChange;
use crate::model::failover::FailoverState;
use crate::model::plan::{Intent, Risk};

fn plan(intent: Intent) -> Plan {
    Plan {
        intent,
        title: "a plan".into(),
        steps: Vec::new(),
        warnings: Vec::new(),
        impact: String::new(),
        silence: std::time::Duration::ZERO,
        risk: Risk::Small,
        clears: Vec::new(),
        left_out: Vec::new(),
    }
}

fn clear() -> Intent {
    Intent::ClearConfigSyncError {
        server: ServerName::new("dhcp1"),
        scopes: ["10.0.0.0/24".parse().unwrap()].into(),
    }
}

fn ended(
    store: &SqliteStore,
    id: PlanId,
    ended: Ended,
    out_of_sync: &[(ServerName, ScopeId, String)],
    clears: &[(ServerName, ScopeId)],
    at: Timestamp,
) {
    let end = PlanEnd {
        ended,
        out_of_sync,
        clears,
        open: false,
    };
    store.end(id, &end, at).unwrap();
}

#[test]
fn an_open_plan_has_ended_and_is_anybodys() {
    let store = SqliteStore::in_memory().unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let id = store.begin(&plan(clear()), "alice", "1", at).unwrap();
    let end = PlanEnd {
        ended: Ended::Done,
        out_of_sync: &[],
        clears: &[],
        open: true,
    };
    store.end(id, &end, at).unwrap();
    let released = |owner: &str| format!("{RELEASED}{owner}");
    assert_eq!(store.running().unwrap(), [(id, released("1"))]);
    assert_eq!(store.plan(id).unwrap().unwrap().ended, Some(Ended::Done));
    assert!(store.claim(id, &released("1"), "2").unwrap());
    assert!(!store.claim(id, &released("1"), "3").unwrap());
    store.leave(id, true).unwrap();
    assert_eq!(store.running().unwrap(), [(id, released("2"))]);
    assert!(store.claim(id, &released("2"), "3").unwrap());
    store.leave(id, false).unwrap();
    assert!(store.running().unwrap().is_empty());
}

fn carried_out(store: &SqliteStore, intent: Intent) -> PlanId {
    let at = Timestamp::UNIX_EPOCH;
    let id = store.begin(&plan(intent), "alice", "1", at).unwrap();
    let step = Begun {
        place: Some(0),
        server: ServerName::new("dhcp1"),
        what: "something".into(),
        changes: Vec::new(),
        at,
    };
    store.about_to(id, &step).unwrap();
    store
        .mark(id, 0, &Mark::Done(vec![None]), None, at)
        .unwrap();
    ended(store, id, Ended::Done, &[], &[], at);
    id
}

#[test]
fn an_undo_undone_leaves_the_first_plan_in_force() {
    let store = SqliteStore::in_memory().unwrap();
    let undone_by = |id| store.plan(id).unwrap().unwrap().undone_by;
    let first = carried_out(&store, clear());
    let undo = carried_out(&store, Intent::Undo { plan: first });
    assert_eq!((undone_by(first), undone_by(undo)), (Some(undo), None));
    assert_eq!(store.last_undoable().unwrap(), None);
    let redo = carried_out(&store, Intent::Undo { plan: undo });
    assert_eq!((undone_by(first), undone_by(undo)), (None, Some(redo)));
    assert_eq!(store.last_undoable().unwrap(), Some(first));
    let again = carried_out(&store, Intent::Undo { plan: redo });
    assert_eq!((undone_by(first), undone_by(undo)), (Some(again), None));
}

#[test]
fn a_plan_has_one_owner() {
    let store = SqliteStore::in_memory().unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let id = store.begin(&plan(clear()), "alice", "1", at).unwrap();
    assert_eq!(store.running().unwrap(), [(id, "1".to_owned())]);
    assert!(store.claim(id, "1", "2").unwrap());
    assert!(!store.claim(id, "1", "3").unwrap());
    ended(&store, id, Ended::Nothing, &[], &[], at);
    assert!(!store.claim(id, "2", "3").unwrap());
    assert!(store.running().unwrap().is_empty());
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ipam.sqlite");
    drop(SqliteStore::open(&file).unwrap());
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    drop(connection);
    let error = SqliteStore::open(&file).err().unwrap().to_string();
    assert!(
        error.contains("ipam.sqlite") && error.contains("version 9"),
        "{error}"
    );
}

#[test]
fn a_file_of_another_program_is_not_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ipam.sqlite");
    for version in [0, 1] {
        let connection = Connection::open(&file).unwrap();
        connection
            .execute_batch("CREATE TABLE IF NOT EXISTS bookmark (url TEXT)")
            .unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(connection);
        let before = std::fs::read(&file).unwrap();
        let error = SqliteStore::open(&file).err().unwrap().to_string();
        assert!(
            error.contains("ipam.sqlite") && error.contains("of another program"),
            "{error}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[test]
fn of_a_damaged_file_it_is_said_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ipam.sqlite");
    std::fs::write(&file, "what is this? ".repeat(1000)).unwrap();
    let error = SqliteStore::open(&file).err().unwrap().to_string();
    assert!(
        error.contains("it is damaged") && error.contains("the servers are not"),
        "{error}"
    );
}

#[test]
fn a_full_disk_is_told() {
    let store = SqliteStore::in_memory().unwrap();
    let connection = store.connection();
    let pages: i64 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    drop(connection);
    let mut long = plan(clear());
    long.title = "long".repeat(100_000);
    let begun = store.begin(&long, "alice", "1", Timestamp::UNIX_EPOCH);
    let error = begun.unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "{error}");
}

#[test]
fn out_of_sync_rows_come_and_go() {
    let store = SqliteStore::in_memory().unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let scope: ScopeId = "10.0.0.0/24".parse().unwrap();
    let id = store.begin(&plan(clear()), "alice", "1", at).unwrap();
    let row = (ServerName::new("DHCP1"), scope, "why".to_owned());
    ended(&store, id, Ended::DoneHere, &[row], &[], at);
    let key = (ServerName::new("dhcp1"), scope);
    assert_eq!(store.out_of_sync().unwrap()[&key], "why");
    ended(&store, id, Ended::Done, &[], &[key], at);
    assert!(store.out_of_sync().unwrap().is_empty());
}

const VERSION_1: &str = "
CREATE TABLE plan (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL) STRICT;
CREATE TABLE step (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
CREATE TABLE out_of_sync (server TEXT NOT NULL COLLATE NOCASE, scope TEXT NOT NULL,
    reason TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (server, scope)) STRICT;
CREATE TABLE availability (server TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    state TEXT NOT NULL, since TEXT NOT NULL) STRICT;
INSERT INTO out_of_sync VALUES ('dhcp1', '10.0.0.0/24', 'why', '2026-01-01T00:00:00Z');
PRAGMA user_version = 1;
";

#[test]
fn a_file_of_the_version_before_gets_the_new_tables_and_keeps_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ipam.sqlite");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    drop(connection);
    for _ in 0..2 {
        let store = SqliteStore::open(&file).unwrap();
        assert_eq!(store.out_of_sync().unwrap().len(), 1);
        store.add_history(&sample(0, &[(0, 7)])).unwrap();
        let version: i64 = store
            .connection()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 3);
    }
    // With the version's number, but without its tables, it is somebody else's.
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("DROP TABLE usage").unwrap();
    drop(connection);
    let error = SqliteStore::open(&file).err().unwrap().to_string();
    assert!(error.contains("of another program"), "{error}");
}

fn scope(third: u8) -> ScopeId {
    format!("10.0.{third}.0/24").parse().unwrap()
}

fn sample(at: i64, levels: &[(u8, u32)]) -> Batch {
    let level = |&(third, in_use): &(u8, u32)| (scope(third), Level { in_use, free: 9 });
    let levels = levels.iter().map(level).collect();
    Batch {
        samples: vec![(ServerName::new("dhcp1"), at, levels)],
        states: Vec::new(),
    }
}

#[test]
fn samples_of_a_day_ago_become_one_an_hour_with_every_scopes_last_level() {
    let store = SqliteStore::in_memory().unwrap();
    let (hour, day) = (3600, 86_400);
    for (at, levels) in [
        (300, &[(0, 1), (1, 10)][..]),
        (600, &[(0, 2)]),
        (900, &[(1, 11)]),
        (hour, &[(0, 3)]),
        (hour + 300, &[(0, 4)]),
    ] {
        store.add_history(&sample(at, levels)).unwrap();
    }
    // Another process in the same second.
    store.add_history(&sample(900, &[(2, 20)])).unwrap();
    let of = |third| -> Vec<(i64, u32)> {
        let found = store.utilisation(&ServerName::new("DHCP1"), scope(third), 0);
        found
            .unwrap()
            .into_iter()
            .map(|(at, level)| (at, level.in_use))
            .collect()
    };
    assert_eq!(of(0), [(300, 1), (600, 2), (3600, 3), (3900, 4)]);
    let epoch = Timestamp::UNIX_EPOCH;
    for _ in 0..2 {
        // The second hour is not over a day old in all its minutes.
        store.thin_history(0, hour + 1800, epoch).unwrap();
        assert_eq!(of(0), [(900, 2), (3600, 3), (3900, 4)]);
        assert_eq!((of(1), of(2)), (vec![(900, 11)], vec![(900, 20)]));
    }
    store.thin_history(hour, day, epoch).unwrap();
    assert_eq!((of(0), of(1)), (vec![(3900, 4)], vec![]));
    store.forget(&[ServerName::new("dhcp1")]).unwrap();
    assert_eq!(of(0), []);
}

#[test]
fn a_state_is_told_once_and_the_one_that_lasts_is_kept() {
    let store = SqliteStore::in_memory().unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let add = |state, second| {
        let change = StateChange {
            server: ServerName::new("dhcp1"),
            relationship: "r1".into(),
            spell: Spell {
                since: at(second),
                state,
                own_word: None,
            },
        };
        let states = vec![change];
        let samples = Vec::new();
        store.add_history(&Batch { samples, states }).unwrap();
    };
    let told = || -> Vec<_> {
        let states = store.states(&ServerName::new("dhcp1"), "r1").unwrap();
        states
            .iter()
            .map(|spell| (spell.state, spell.since))
            .collect()
    };
    add(FailoverState::Normal, 100);
    add(FailoverState::Normal, 101);
    add(FailoverState::PartnerDown, 200);
    add(FailoverState::Normal, 300);
    let all = [
        (FailoverState::Normal, at(100)),
        (FailoverState::PartnerDown, at(200)),
        (FailoverState::Normal, at(300)),
    ];
    assert_eq!(told(), all);
    store.thin_history(0, 0, at(1000)).unwrap();
    assert_eq!(told(), all[2..]);
    assert_eq!(store.states(&ServerName::new("dc1"), "r1").unwrap(), []);
}
