//! The estate's file: how it is made, opened and checked, and what its errors mean to an operator.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::EstateError;
use crate::drivers::DriverError;
use crate::model::text::printable;

/// The layout of the file that this program reads and writes.
const VERSION: i64 = 1;

/// How long a write waits for another process's.
const PATIENCE: Duration = Duration::from_secs(5);

/// One row for each object that edits name; what is never looked for by itself is JSON.
/// `revision` and `lease_revision` are drawn from one counter that never goes back, so that a
/// number once seen never means anything else, not even after a reset.
const SCHEMA: &str = "
CREATE TABLE estate (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    born TEXT NOT NULL,
    counter INTEGER NOT NULL,
    clients INTEGER NOT NULL
) STRICT;
CREATE TABLE servers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    service TEXT NOT NULL DEFAULT 'running',
    fault TEXT NOT NULL DEFAULT 'none',
    skew INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL,
    lease_revision INTEGER NOT NULL,
    identity TEXT NOT NULL,
    zones TEXT NOT NULL,
    counters TEXT NOT NULL,
    parts TEXT NOT NULL
) STRICT;
CREATE TABLE scopes (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (server, scope)
) STRICT;
CREATE TABLE leases (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    address INTEGER NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    expires INTEGER,
    owed INTEGER NOT NULL DEFAULT 0,
    given_by TEXT,
    client TEXT NOT NULL,
    host_name TEXT NOT NULL,
    description TEXT NOT NULL,
    client_type TEXT NOT NULL,
    policy TEXT NOT NULL,
    PRIMARY KEY (server, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_owed ON leases (server, scope) WHERE owed = 1;
CREATE TABLE endpoints (
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    relationship TEXT NOT NULL,
    partner TEXT NOT NULL,
    is_primary INTEGER NOT NULL,
    terms TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    PRIMARY KEY (server, relationship)
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoints_by_name ON endpoints (relationship);
CREATE TABLE cuts (
    one INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    PRIMARY KEY (one, other),
    CHECK (one < other)
) STRICT, WITHOUT ROWID;
CREATE TABLE transitions (
    at INTEGER NOT NULL,
    server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    relationship TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX transitions_by_time ON transitions (at);
";

/// Why a piece of work on the file ended early.
#[derive(Debug)]
pub(super) enum Halt {
    /// SQLite failed; nothing was written.
    Sql(rusqlite::Error),
    /// SQLite failed while it made the work lasting: nobody knows.
    Commit(rusqlite::Error),
    /// A row holds what this program can't read.
    Damaged(String),
    /// The file is not what it was when it was opened.
    Gone,
    /// A server's answer.
    Driver(DriverError),
    /// A sentence for who gives the drill.
    Said(String),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Halt {
        Halt::Sql(error)
    }
}

impl From<serde_json::Error> for Halt {
    fn from(error: serde_json::Error) -> Halt {
        Halt::Damaged(error.to_string())
    }
}

impl From<DriverError> for Halt {
    fn from(error: DriverError) -> Halt {
        Halt::Driver(error)
    }
}

/// An open estate file.
pub(super) struct File {
    connection: Connection,
    path: PathBuf,
    same: Option<Sameness>,
}

/// What tells a file from another one that was put in its place.
type Sameness = (u64, u64);

impl File {
    /// Opens the file for writing; where there is none it is made, and `found` puts the first
    /// servers in. Two processes that come at once make it once.
    pub(super) fn open(
        path: &Path,
        found: impl FnOnce(&Connection) -> Result<(), Halt>,
    ) -> Result<File, EstateError> {
        make(path)?;
        let mut file = File::connect(path)?;
        let opened = file.check_version().and_then(|empty| {
            if empty {
                file.create(found)?;
            }
            Ok(())
        });
        match opened {
            Ok(()) => Ok(file),
            Err(halt) => Err(EstateError(file.sentence(&halt))),
        }
    }

    /// Opens the file, which is there, for reading only.
    pub(super) fn open_reader(path: &Path) -> Result<File, EstateError> {
        let file = File::connect(path)?;
        match file.connection.pragma_update(None, "query_only", true) {
            Ok(()) => Ok(file),
            Err(error) => Err(EstateError(file.sentence(&Halt::Sql(error)))),
        }
    }

    fn connect(path: &Path) -> Result<File, EstateError> {
        let prepare = || -> rusqlite::Result<Connection> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(64);
            write_ahead(&connection)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            Ok(connection)
        };
        let connection =
            prepare().map_err(|error| EstateError(sentence(path, &Halt::Sql(error))))?;
        Ok(File {
            connection,
            path: path.to_owned(),
            same: sameness(path),
        })
    }

    /// Whether the file is new and empty; an error when it is not an estate that we can read.
    fn check_version(&self) -> Result<bool, Halt> {
        let version: i64 = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get(0))?;
        let path = self.path.display();
        match version {
            VERSION => Ok(false),
            0 => {
                let tables: i64 =
                    self.connection
                        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
                if tables == 0 {
                    return Ok(true);
                }
                Err(Halt::Said(format!(
                    "{path} is a database, but no estate: move it away, or name another home"
                )))
            }
            newer if newer > VERSION => Err(Halt::Said(format!(
                "{path} was written by a newer twinscope (layout {newer}; this one knows \
                 {VERSION}): use that one, or name another home"
            ))),
            other => Err(Halt::Said(format!(
                "{path} has a layout ({other}) that no twinscope writes: move it away, or name \
                 another home"
            ))),
        }
    }

    fn create(&mut self, found: impl FnOnce(&Connection) -> Result<(), Halt>) -> Result<(), Halt> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster between the look and the lock.
        let version: i64 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != 0 {
            drop(transaction);
            self.check_version()?;
            return Ok(());
        }
        transaction.execute_batch(SCHEMA)?;
        // Tells this file's revisions from those of one that was here before it.
        let born = format!(
            "{:x}.{:x}",
            Timestamp::now().as_microsecond(),
            std::process::id()
        );
        transaction.execute(
            "INSERT INTO estate (only, born, counter, clients) VALUES (1, ?1, 1, 0)",
            [born],
        )?;
        found(&transaction)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit().map_err(Halt::Commit)
    }

    /// Does something that only reads, on one state of the file.
    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        self.still_there()?;
        let transaction = self.connection.transaction()?;
        work(&transaction)
    }

    /// Does something that writes: all of it, or nothing.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        self.still_there()?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(Halt::Commit)?;
        Ok(done)
    }

    /// SQLite would go on in a file that was deleted, and everything written would be lost.
    fn still_there(&self) -> Result<(), Halt> {
        if sameness(&self.path) == self.same {
            Ok(())
        } else {
            Err(Halt::Gone)
        }
    }

    /// What the operator reads.
    pub(super) fn sentence(&self, halt: &Halt) -> String {
        sentence(&self.path, halt)
    }
}

fn sentence(path: &Path, halt: &Halt) -> String {
    let path = path.display();
    match halt {
        Halt::Said(text) => text.clone(),
        Halt::Driver(error) => error.to_string(),
        Halt::Damaged(what) => format!(
            "{path} holds something that can't be read ({}): restore a copy, or move the file \
             away and a sample estate is made anew",
            printable(what, 200)
        ),
        Halt::Gone => format!(
            "{path} was deleted or replaced while it was in use: nothing was done; start again"
        ),
        Halt::Commit(error) => format!("{path} may not have been written: {error}"),
        Halt::Sql(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
                "{path} was busy for more than {} s: another process is writing; try again",
                PATIENCE.as_secs()
            ),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!(
                "{path} is damaged, or no estate ({error}): restore a copy, or move it away (with its -wal and -shm files) and \
                 a sample estate is made anew"
            ),
            Some(ErrorCode::DiskFull) => {
                format!("{path} can't grow, the disk is full: nothing was done; make room")
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                format!("{path} can't be opened for writing ({error}): look at its owner and mode")
            }
            _ => format!("{path} can't be used: {error}"),
        },
    }
}

/// Makes the folder (0700) and the file (0600) where they are not there: the file holds what a
/// DHCP server knows of everybody in the building.
fn make(path: &Path) -> Result<(), EstateError> {
    let cannot = |what: &Path, error: &std::io::Error| {
        EstateError(format!(
            "{} can't be made or opened ({error}): look at its owner and mode, or name another \
             home",
            what.display()
        ))
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(folder)
            .map_err(|error| cannot(folder, &error))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| cannot(path, &error))?;
    Ok(())
}

/// Turns write-ahead logging on. SQLite does not wait here as it does elsewhere, so we do.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match answer {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other.map(drop),
        }
    }
}

#[cfg(unix)]
fn sameness(path: &Path) -> Option<Sameness> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn sameness(path: &Path) -> Option<Sameness> {
    std::fs::metadata(path).ok().map(|_| (0, 0))
}

#[cfg(test)]
mod tests;
