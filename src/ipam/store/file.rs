//! The SQLite file that holds what IPAM remembers: making it, knowing it for ours, transactions.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::history;
use crate::ipam::StoreError;
use crate::ipam::locks::{private_folder, private_options};

/// The version of the tables below, and of those of [`history`].
const VERSION: i64 = 3;

const TABLES: &str = "
CREATE TABLE plan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    operator TEXT NOT NULL,
    owner TEXT NOT NULL,
    began TEXT NOT NULL,
    ended TEXT,
    status TEXT,            -- NULL while it is being carried out
    plan TEXT NOT NULL,     -- JSON, without secrets
    undoes INTEGER,         -- the plan that this one takes back
    undone_by INTEGER,      -- the plan that took this one back
    forgotten INTEGER NOT NULL DEFAULT 0,   -- 1: its servers were made anew since
    cleared TEXT NOT NULL DEFAULT '[]',     -- JSON: the rows out of sync that it ended
    open INTEGER NOT NULL DEFAULT 0         -- 1: it has ended, but for what must be done always
) STRICT;
CREATE INDEX plan_running ON plan (id) WHERE status IS NULL;
CREATE INDEX plan_open ON plan (id) WHERE open = 1;
CREATE TABLE step (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan INTEGER NOT NULL REFERENCES plan (id),
    place INTEGER NOT NULL,
    server TEXT NOT NULL,
    what TEXT NOT NULL,
    changes TEXT NOT NULL,
    at TEXT NOT NULL,
    ended TEXT,
    mark TEXT NOT NULL,     -- about to, done, failed, unknown
    words TEXT NOT NULL,    -- what became of it, for people
    after TEXT NOT NULL DEFAULT '[]',
    UNIQUE (plan, place)
) STRICT;
CREATE TABLE out_of_sync (
    server TEXT NOT NULL COLLATE NOCASE,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (server, scope)
) STRICT;
CREATE TABLE availability (
    server TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    state TEXT NOT NULL,
    since TEXT NOT NULL
) STRICT;
";

/// What the third version has more than the second.
const THIRD: &str = "
ALTER TABLE plan ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
CREATE INDEX plan_open ON plan (id) WHERE open = 1;
";

/// The store in a SQLite file, which several processes may use at once.
pub struct SqliteStore {
    connection: Mutex<Connection>,
    file: PathBuf,
}

impl SqliteStore {
    /// Opens the file, which is made when it is not there, readable by its owner alone.
    ///
    /// # Errors
    /// [`StoreError`] that names the file when it can't be made, opened or understood.
    pub fn open(file: &Path) -> Result<SqliteStore, StoreError> {
        let failed =
            |why: &dyn Display| StoreError(format!("can't open {}: {why}", file.display()));
        private_file(file).map_err(|why| failed(&why))?;
        let connection = Connection::open(file).map_err(|why| failed(&why))?;
        SqliteStore::with(connection, file).map_err(|StoreError(why)| failed(&why))
    }

    /// A store that is gone when it is dropped.
    ///
    /// # Errors
    /// [`StoreError`] when there is no memory for it.
    pub fn in_memory() -> Result<SqliteStore, StoreError> {
        let connection = Connection::open_in_memory().map_err(|why| StoreError(why.to_string()))?;
        SqliteStore::with(connection, Path::new(":memory:"))
    }

    fn with(mut connection: Connection, file: &Path) -> Result<SqliteStore, StoreError> {
        let text = |why: rusqlite::Error| StoreError(in_words(&why));
        connection
            .busy_timeout(Duration::from_secs(10))
            .map_err(text)?;
        // Before anything is written to it: it may be somebody else's.
        ours(&mut connection)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(text)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(text)?;
        let change = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(text)?;
        let version: i64 = change
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(text)?;
        match version {
            0 => {
                change.execute_batch(TABLES).map_err(text)?;
                change.execute_batch(history::TABLES).map_err(text)?;
            }
            1 => {
                change.execute_batch(history::TABLES).map_err(text)?;
                change.execute_batch(THIRD).map_err(text)?;
            }
            2 => change.execute_batch(THIRD).map_err(text)?,
            VERSION => {}
            other => {
                return Err(StoreError(format!(
                    "it is of version {other}, and this program knows {VERSION}: use the newer program"
                )));
            }
        }
        if version != VERSION {
            change
                .pragma_update(None, "user_version", VERSION)
                .map_err(text)?;
        }
        change.commit().map_err(text)?;
        Ok(SqliteStore {
            connection: Mutex::new(connection),
            file: file.to_owned(),
        })
    }

    fn failed(&self, doing: &str, why: &dyn Display) -> StoreError {
        StoreError(format!("can't {doing} {}: {why}", self.file.display()))
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let failed = |why: rusqlite::Error| self.failed("write", &in_words(&why));
        let change = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let result = work(&change).map_err(failed)?;
        change.commit().map_err(failed)?;
        Ok(result)
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        work(&self.connection()).map_err(|why| self.failed("read", &in_words(&why)))
    }
}

/// Refuses a database that has tables, but not those of this program.
fn ours(connection: &mut Connection) -> Result<(), StoreError> {
    let look = |connection: &mut Connection| -> rusqlite::Result<(i64, BTreeSet<String>)> {
        // In one transaction: another process may be making the tables at this moment.
        let view = connection.transaction()?;
        let version = view.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables = view
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' \
                 ESCAPE '#'",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok((version, tables))
    };
    let (version, tables) = look(connection).map_err(|why| StoreError(in_words(&why)))?;
    let has = |names: &[&str]| names.iter().all(|name| tables.contains(*name));
    let first = has(&["plan", "step", "out_of_sync", "availability"]);
    let foreign = match version {
        0 => !tables.is_empty(),
        1 => !first,
        2 | VERSION => !first || !has(&["usage", "state"]),
        _ => false,
    };
    if foreign {
        return Err(StoreError(
            "it is a SQLite database, but of another program, and is left as it is: move it away, \
             or name another folder"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What SQLite says, and what to do about it.
fn in_words(why: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode as E;
    match why.sqlite_error_code() {
        Some(E::DatabaseCorrupt | E::NotADatabase) => format!(
            "it is damaged ({why}): restore a copy of it with its -wal file, or move both away; \
             what IPAM remembers (journal, undo, Out of sync) is then lost, the servers are not"
        ),
        Some(E::DiskFull) => {
            "the disk is full: make room on it, and try again; nothing of this was written"
                .to_owned()
        }
        _ => why.to_string(),
    }
}

/// Makes the file, for its owner alone, and the folders it is in.
fn private_file(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        private_folder(folder)?;
    }
    private_options()
        .create(true)
        .append(true)
        .open(file)
        .map(drop)
}
