//! Tests of the store and its file.

use rusqlite::Connection;

use super::*;
use crate::model::plan::{Intent, Risk};

fn plan(intent: Intent) -> Plan {
    Plan {
        intent,
        title: "a plan".into(),
        steps: Vec::new(),
        warnings: Vec::new(),
        impact: String::new(),
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
    store.end(id, Ended::Done, &[], &[], at).unwrap();
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
    store.end(id, Ended::Nothing, &[], &[], at).unwrap();
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
    store.end(id, Ended::DoneHere, &[row], &[], at).unwrap();
    let key = (ServerName::new("dhcp1"), scope);
    assert_eq!(store.out_of_sync().unwrap()[&key], "why");
    store.end(id, Ended::Done, &[], &[key], at).unwrap();
    assert!(store.out_of_sync().unwrap().is_empty());
}
