//! What IPAM remembers, as rows and queries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::file::SqliteStore;
use super::{OutOfSync, PlanEnd, RELEASED, Store};
use crate::ipam::StoreError;
use crate::ipam::carry_out::Ended;
use crate::ipam::history::{Batch, Level, Spell};
use crate::ipam::journal::{Begun, JournalEntry, JournalQuery, Mark, Remembered};
use crate::model::plan::PlanId;
use crate::model::server::Availability;
use crate::model::{Intent, Plan, ScopeId, ServerName};

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.into()))
}

fn from_json<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|why| not_understood(column, why))
}

fn not_understood(
    column: usize,
    why: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
}

/// A step's place; what is no step of its plan, but happened with it, stands before the first.
fn place(place: Option<usize>) -> i64 {
    place.map_or(-1, |place| i64::try_from(place).unwrap_or(i64::MAX))
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse::<Timestamp>()
        .map_err(|why| not_understood(column, why))
}

fn scope(row: &Row<'_>, column: usize) -> rusqlite::Result<ScopeId> {
    let text: String = row.get(column)?;
    text.parse::<ScopeId>()
        .map_err(|why| not_understood(column, why))
}

fn optional_timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    match row.get::<_, Option<String>>(column)? {
        Some(_) => timestamp(row, column).map(Some),
        None => Ok(None),
    }
}

/// Follows what a plan takes back: what it undoes is undone by it, what that had undone holds
/// again, and so on.
fn mark_undone(change: &Transaction<'_>, plan: PlanId) -> rusqlite::Result<()> {
    let undoes = |id: PlanId| -> rusqlite::Result<Option<PlanId>> {
        Ok(change
            .query_row("SELECT undoes FROM plan WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .optional()?
            .flatten())
    };
    let mut undone = Some(plan);
    let mut next = undoes(plan)?;
    while let Some(id) = next {
        change.execute(
            "UPDATE plan SET undone_by = ?2 WHERE id = ?1",
            params![id, undone],
        )?;
        bring_back(change, id, undone.is_some())?;
        undone = if undone.is_some() { None } else { Some(plan) };
        // A plan only ever undoes an older one, so this ends.
        next = undoes(id)?.filter(|older| *older < id);
    }
    Ok(())
}

/// Whether a plan that has ended is open; nobody owns it then.
fn mark_open(change: &Transaction<'_>, plan: PlanId, open: bool) -> rusqlite::Result<()> {
    change.execute(
        "UPDATE plan SET open = ?2, owner = CASE WHEN ?2 THEN ?3 || owner ELSE owner END
         WHERE id = ?1",
        params![plan, open, RELEASED],
    )?;
    Ok(())
}

/// A row that was out of sync: server, scope, reason, since when.
type Row4 = (String, String, String, String);

/// The errors that a plan ended are there again when it is taken back, and end again when it holds
/// again.
fn bring_back(change: &Transaction<'_>, plan: PlanId, undone: bool) -> rusqlite::Result<()> {
    let text: String =
        change.query_row("SELECT cleared FROM plan WHERE id = ?1", [plan], |row| {
            row.get(0)
        })?;
    for (server, scope, reason, since) in from_json::<Vec<Row4>>(0, &text)? {
        if undone {
            change.execute(
                "INSERT INTO out_of_sync (server, scope, reason, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (server, scope) DO NOTHING",
                params![server, scope, reason, since],
            )?;
        } else {
            change.execute(
                "DELETE FROM out_of_sync WHERE server = ?1 AND scope = ?2 AND reason = ?3",
                params![server, scope, reason],
            )?;
        }
    }
    Ok(())
}

/// Ends errors, and gives those that there were.
fn clear(change: &Transaction<'_>, rows: &[(ServerName, ScopeId)]) -> rusqlite::Result<Vec<Row4>> {
    let mut cleared = Vec::new();
    for (server, scope) in rows {
        let row = change
            .query_row(
                "DELETE FROM out_of_sync WHERE server = ?1 AND scope = ?2
                 RETURNING server, scope, reason, since",
                params![server.as_str(), scope.net().to_string()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()?;
        cleared.extend(row);
    }
    Ok(cleared)
}

impl Store for SqliteStore {
    fn begin(
        &self,
        plan: &Plan,
        operator: &str,
        owner: &str,
        at: Timestamp,
    ) -> Result<PlanId, StoreError> {
        let undoes = match plan.intent {
            Intent::Undo { plan } => Some(plan),
            _ => None,
        };
        self.write(|change| {
            change.execute(
                "INSERT INTO plan (title, operator, owner, began, plan, undoes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    plan.title,
                    operator,
                    owner,
                    at.to_string(),
                    json(plan)?,
                    undoes
                ],
            )?;
            Ok(change.last_insert_rowid())
        })
    }

    fn about_to(&self, plan: PlanId, step: &Begun) -> Result<(), StoreError> {
        self.write(|change| {
            change.execute(
                "INSERT INTO step (plan, place, server, what, changes, at, mark, words)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
                params![
                    plan,
                    place(step.place),
                    step.server.as_str(),
                    step.what,
                    json(&step.changes)?,
                    step.at.to_string(),
                    if step.place.is_some() {
                        "about to"
                    } else {
                        "done"
                    }
                ],
            )?;
            Ok(())
        })
    }

    fn mark(
        &self,
        plan: PlanId,
        at_place: usize,
        mark: &Mark,
        words: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (kind, after) = match mark {
            Mark::AboutTo => ("about to", json(&[0; 0])),
            Mark::Done(after) => ("done", json(after)),
            Mark::Failed(_) => ("failed", json(&[0; 0])),
            Mark::Unknown(_) => ("unknown", json(&[0; 0])),
        };
        let words = words.map_or_else(|| mark.words(), str::to_owned);
        self.write(|change| {
            change.execute(
                "UPDATE step SET mark = ?3, words = ?4, after = ?5, ended = ?6
                 WHERE plan = ?1 AND place = ?2",
                params![
                    plan,
                    place(Some(at_place)),
                    kind,
                    words,
                    after?,
                    at.to_string()
                ],
            )?;
            Ok(())
        })
    }

    fn end(&self, plan: PlanId, end: &PlanEnd<'_>, at: Timestamp) -> Result<(), StoreError> {
        let PlanEnd {
            ended,
            out_of_sync,
            clears,
            open,
        } = *end;
        self.write(|change| {
            mark_open(change, plan, open)?;
            change.execute(
                "UPDATE plan SET status = ?2, ended = ?3 WHERE id = ?1",
                params![plan, ended.word(), at.to_string()],
            )?;
            if matches!(ended, Ended::Done | Ended::DoneHere) {
                mark_undone(change, plan)?;
            }
            let cleared = clear(change, clears)?;
            if !cleared.is_empty() {
                change.execute(
                    "UPDATE plan SET cleared = ?2 WHERE id = ?1",
                    params![plan, json(&cleared)?],
                )?;
            }
            for (server, scope, reason) in out_of_sync {
                change.execute(
                    "INSERT INTO out_of_sync (server, scope, reason, since)
                     VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (server, scope) DO UPDATE SET reason = ?3",
                    params![
                        server.as_str(),
                        scope.net().to_string(),
                        reason,
                        at.to_string()
                    ],
                )?;
            }
            Ok(())
        })
    }

    fn leave(&self, plan: PlanId, open: bool) -> Result<(), StoreError> {
        self.write(|change| mark_open(change, plan, open))
    }

    fn plan(&self, id: PlanId) -> Result<Option<Remembered>, StoreError> {
        self.read(|connection| {
            let found = connection
                .query_row(
                    "SELECT plan, operator, owner, began, status, undone_by, forgotten
                     FROM plan WHERE id = ?1",
                    [id],
                    |row| {
                        Ok(Remembered {
                            id,
                            plan: from_json(0, &row.get::<_, String>(0)?)?,
                            operator: row.get(1)?,
                            owner: row.get(2)?,
                            began: timestamp(row, 3)?,
                            ended: row
                                .get::<_, Option<String>>(4)?
                                .map(|word| Ended::from_word(&word)),
                            undone_by: row.get(5)?,
                            forgotten: row.get(6)?,
                            marks: BTreeMap::new(),
                        })
                    },
                )
                .optional()?;
            let Some(mut remembered) = found else {
                return Ok(None);
            };
            let mut steps = connection
                .prepare_cached("SELECT place, mark, words, after FROM step WHERE plan = ?1")?;
            let mut rows = steps.query([id])?;
            while let Some(row) = rows.next()? {
                let Ok(place) = usize::try_from(row.get::<_, i64>(0)?) else {
                    continue;
                };
                let words: String = row.get(2)?;
                let mark = match row.get::<_, String>(1)?.as_str() {
                    "done" => Mark::Done(from_json(3, &row.get::<_, String>(3)?)?),
                    "failed" => Mark::Failed(words),
                    "unknown" => Mark::Unknown(words),
                    _ => Mark::AboutTo,
                };
                remembered.marks.insert(place, mark);
            }
            Ok(Some(remembered))
        })
    }

    fn running(&self) -> Result<Vec<(PlanId, String)>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, owner FROM plan WHERE status IS NULL
                     UNION SELECT id, owner FROM plan WHERE open = 1 ORDER BY id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    fn claim(&self, plan: PlanId, from: &str, to: &str) -> Result<bool, StoreError> {
        self.write(|change| {
            let claimed = change.execute(
                "UPDATE plan SET owner = ?3 
                 WHERE id = ?1 AND owner = ?2 AND (status IS NULL OR open = 1)",
                params![plan, from, to],
            )?;
            Ok(claimed == 1)
        })
    }

    fn journal(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError> {
        let limit = match query.limit {
            0 => -1,
            limit => i64::try_from(limit).unwrap_or(-1),
        };
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT step.id, step.plan, plan.title, step.at, step.ended, plan.operator,
                            step.server, step.what, step.changes, step.words
                     FROM step JOIN plan ON plan.id = step.plan
                     WHERE ?1 IS NULL OR step.plan = ?1
                     ORDER BY step.id DESC LIMIT ?2",
                )?
                .query_map(params![query.plan, limit], |row| {
                    Ok(JournalEntry {
                        id: row.get(0)?,
                        plan: row.get(1)?,
                        title: row.get(2)?,
                        at: timestamp(row, 3)?,
                        ended: optional_timestamp(row, 4)?,
                        operator: row.get(5)?,
                        server: ServerName::new(&row.get::<_, String>(6)?),
                        what: row.get(7)?,
                        changes: from_json(8, &row.get::<_, String>(8)?)?,
                        outcome: row.get(9)?,
                    })
                })?
                .collect()
        })
    }

    fn last_undoable(&self) -> Result<Option<PlanId>, StoreError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT id FROM plan
                     WHERE status IS NOT NULL AND undoes IS NULL AND undone_by IS NULL
                       AND NOT forgotten
                       AND EXISTS (SELECT 1 FROM step
                                   WHERE step.plan = plan.id AND mark = 'done' AND place >= 0
                                     AND json_type(plan.plan,
                                                   '$.steps[' || place || '].inverse.Err') IS NULL)
                     ORDER BY id DESC LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    fn forget(&self, servers: &[ServerName]) -> Result<(), StoreError> {
        self.write(|change| {
            for server in servers {
                let server = server.as_str();
                change.execute("DELETE FROM out_of_sync WHERE server = ?1", [server])?;
                change.execute("DELETE FROM availability WHERE server = ?1", [server])?;
                change.execute("DELETE FROM usage WHERE server = ?1", [server])?;
                change.execute("DELETE FROM state WHERE server = ?1", [server])?;
                change.execute(
                    "UPDATE plan SET forgotten = 1
                     WHERE status IS NOT NULL
                       AND EXISTS (SELECT 1 FROM step WHERE step.plan = plan.id
                                                        AND server = ?1 COLLATE NOCASE)",
                    [server],
                )?;
            }
            Ok(())
        })
    }

    fn out_of_sync(&self) -> Result<OutOfSync, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT server, scope, reason FROM out_of_sync")?
                .query_map([], |row| {
                    let server = ServerName::new(&row.get::<_, String>(0)?);
                    Ok(((server, scope(row, 1)?), row.get(2)?))
                })?
                .collect()
        })
    }

    fn available_since(
        &self,
        server: &ServerName,
        availability: Availability,
        at: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let state = availability.to_string();
        let known = self.read(|connection| {
            connection
                .query_row(
                    "SELECT since FROM availability WHERE server = ?1 AND state = ?2",
                    params![server.as_str(), state],
                    |row| timestamp(row, 0),
                )
                .optional()
        })?;
        if let Some(since) = known {
            return Ok(since);
        }
        self.write(|change| {
            change.execute(
                "INSERT INTO availability (server, state, since) VALUES (?1, ?2, ?3)
                 ON CONFLICT (server) DO UPDATE SET state = ?2, since = ?3",
                params![server.as_str(), state, at.to_string()],
            )?;
            Ok(at)
        })
    }
    fn add_history(&self, batch: &Batch) -> Result<(), StoreError> {
        self.write_history(batch)
    }

    fn thin_history(&self, samples: i64, fine: i64, states: Timestamp) -> Result<(), StoreError> {
        self.prune_history(samples, fine, states)
    }

    fn utilisation(
        &self,
        server: &ServerName,
        scope: ScopeId,
        from: i64,
    ) -> Result<Vec<(i64, Level)>, StoreError> {
        self.read_usage(server, scope, from)
    }

    fn states(&self, server: &ServerName, relationship: &str) -> Result<Vec<Spell>, StoreError> {
        self.read_states(server, relationship)
    }
}
