//! What happened to the relationships: both ends' states, carried from event to event and computed
//! in between, so that nothing has to run while nobody looks.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::file::Halt;
use super::machines::Machines;
use super::{NewServer, leases, store};
use crate::model::failover::{FailoverState, Relationship, RelationshipStatus, Side};
use crate::model::server::{ServerConfig, ServerName};
use crate::rules::DhcpError;
use crate::rules::failover_states::{self, Endpoint, Event, Terms};

/// One server's end of a relationship, as it stood at a moment.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) server: i64,
    /// Lower case.
    pub(super) relationship: String,
    partner: ServerName,
    primary: bool,
    pub(super) terms: Terms,
    pub(super) endpoint: Endpoint,
    as_of: Timestamp,
}

/// A change of state: when, whose, in which relationship (lower case), to what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// Whose state changed.
    pub server: ServerName,
    /// In which relationship; lower case.
    pub relationship: String,
    /// To what.
    pub state: FailoverState,
}

/// Ends of relationships, and what happened to them since they were loaded.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) ends: Vec<End>,
    moves: Vec<(Timestamp, usize, FailoverState)>,
}

/// The moment in the file's grain: whole milliseconds.
pub(super) fn whole_millis(now: Timestamp) -> Timestamp {
    from_millis(now.as_millisecond())
}

pub(super) fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn terms(relationship: &Relationship) -> Terms {
    Terms {
        mclt: relationship.mclt,
        switch_interval: relationship.switch_interval,
    }
}

const COLUMNS: &str =
    "SELECT server, relationship, partner, is_primary, terms, endpoint, as_of FROM endpoints";

impl Standing {
    /// Both ends of every relationship there is.
    pub(super) fn all(conn: &Connection) -> Result<Standing, Halt> {
        let mut standing = Standing::empty();
        standing.append(
            conn,
            &format!("{COLUMNS} ORDER BY server, relationship"),
            params![],
        )?;
        Ok(standing)
    }

    /// Both ends of every relationship of a server.
    pub(super) fn of(conn: &Connection, server: i64) -> Result<Standing, Halt> {
        let mut standing = Standing::empty();
        standing.append(
            conn,
            &format!(
                "{COLUMNS} WHERE relationship IN
                 (SELECT relationship FROM endpoints WHERE server = ?1)
                 ORDER BY server, relationship"
            ),
            params![server],
        )?;
        Ok(standing)
    }

    /// Every end of the relationships of these names (lower case).
    fn named(conn: &Connection, names: &BTreeSet<&str>) -> Result<Standing, Halt> {
        let mut standing = Standing::empty();
        let sql = format!("{COLUMNS} WHERE relationship = ?1 ORDER BY server");
        for name in names {
            standing.append(conn, &sql, params![name])?;
        }
        Ok(standing)
    }

    fn empty() -> Standing {
        Standing {
            ends: Vec::new(),
            moves: Vec::new(),
        }
    }

    fn append(
        &mut self,
        conn: &Connection,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<(), Halt> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            let partner: String = row.get(2)?;
            let terms: String = row.get(4)?;
            let endpoint: String = row.get(5)?;
            self.ends.push(End {
                server: row.get(0)?,
                relationship: row.get(1)?,
                partner: ServerName::new(&partner),
                primary: row.get(3)?,
                terms: serde_json::from_str(&terms)?,
                endpoint: serde_json::from_str(&endpoint)?,
                as_of: from_millis(row.get(6)?),
            });
        }
        Ok(())
    }

    /// The server's end of a relationship (lower case).
    pub(super) fn find(&self, server: i64, relationship: &str) -> Option<usize> {
        self.ends
            .iter()
            .position(|end| end.server == server && end.relationship == relationship)
    }

    /// The other end: of the same relationship, at the server that this one names, and naming
    /// this one.
    pub(super) fn partner(&self, machines: &Machines, index: usize) -> Option<usize> {
        let end = self.ends.get(index)?;
        let me = machines.get(end.server)?;
        let partner = machines.find(end.partner.as_str())?;
        let other = self.find(partner.id, &end.relationship)?;
        let means_me = machines
            .find(self.ends.get(other)?.partner.as_str())
            .is_some_and(|meant| meant.id == me.id);
        (other != index && means_me).then_some(other)
    }

    /// Each relationship once: its end, and the partner's where the partner has one. The primary's
    /// comes first.
    pub(super) fn pairs(&self, machines: &Machines) -> Vec<(usize, Option<usize>)> {
        (0..self.ends.len())
            .filter_map(|index| match self.partner(machines, index) {
                Some(other) if other < index => None,
                Some(other) if self.ends[other].primary && !self.ends[index].primary => {
                    Some((other, Some(index)))
                }
                other => Some((index, other)),
            })
            .collect()
    }

    /// Lets time pass for all ends until now, under the contact that the machines allow.
    pub(super) fn advance(&mut self, machines: &Machines, now: Timestamp) {
        for (index, other) in self.pairs(machines) {
            let first = self.ends[index].clone();
            // A clock that was set back must not turn states back.
            let now = now.max(first.as_of);
            let Some(other) = other else {
                // Nobody answers it.
                let (endpoint, _, moves) = failover_states::advance(
                    first.endpoint,
                    Endpoint::new(first.as_of),
                    &first.terms,
                    false,
                    first.as_of,
                    now,
                );
                let end = &mut self.ends[index];
                (end.endpoint, end.as_of) = (endpoint, now);
                let mine = moves.into_iter().filter(|(_, first, _)| *first);
                self.moves
                    .extend(mine.map(|(at, _, state)| (at, index, state)));
                continue;
            };
            let second = self.ends[other].clone();
            let (one, two, moves) = failover_states::advance(
                first.endpoint,
                second.endpoint,
                &first.terms,
                machines.contact(first.server, second.server),
                first.as_of.min(second.as_of),
                now,
            );
            (self.ends[index].endpoint, self.ends[other].endpoint) = (one, two);
            (self.ends[index].as_of, self.ends[other].as_of) = (now, now);
            self.moves.extend(
                moves
                    .into_iter()
                    .map(|(at, first, state)| (at, if first { index } else { other }, state)),
            );
        }
    }

    /// An event at one end.
    pub(super) fn happen(
        &mut self,
        index: usize,
        event: Event,
        now: Timestamp,
    ) -> Result<(), DhcpError> {
        let end = &mut self.ends[index];
        let next = end.endpoint.next(&end.terms, event, now)?;
        if next.state != end.endpoint.state {
            self.moves.push((now, index, next.state));
        }
        end.endpoint = next;
        Ok(())
    }

    /// Keeps what the ends have come to.
    pub(super) fn store(&mut self, conn: &Connection) -> Result<(), Halt> {
        for end in &self.ends {
            conn.prepare_cached(
                "UPDATE endpoints SET endpoint = ?3, as_of = ?4
                 WHERE server = ?1 AND relationship = ?2",
            )?
            .execute(params![
                end.server,
                end.relationship,
                serde_json::to_string(&end.endpoint)?,
                end.as_of.as_millisecond()
            ])?;
        }
        for (at, index, state) in std::mem::take(&mut self.moves) {
            let end = &self.ends[index];
            conn.prepare_cached(
                "INSERT INTO transitions (at, server, relationship, state)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                at.as_millisecond(),
                end.server,
                end.relationship,
                state.name()
            ])?;
        }
        Ok(())
    }

    /// How an end stands, in its server's words. The partner's clock is known while it is heard.
    pub(super) fn status(&self, machines: &Machines, index: usize) -> RelationshipStatus {
        let end = &self.ends[index];
        let skew = self.partner(machines, index).and_then(|other| {
            let me = machines.get(end.server)?;
            let partner = machines.get(self.ends[other].server)?;
            (partner.serves() && machines.hear(me, partner)).then_some(partner.skew - me.skew)
        });
        end.endpoint.status(&end.terms, skew)
    }
}

/// Lets something happen at servers that may change who is in contact with whom: what went before
/// counts under the old contact, what follows under the new one, and leases flow where they can.
pub(super) fn turn(
    conn: &Connection,
    now: Timestamp,
    change: impl FnOnce(&mut Standing) -> Result<(), Halt>,
) -> Result<(Machines, Standing), Halt> {
    let mut standing = Standing::all(conn)?;
    standing.advance(&Machines::load(conn)?, now);
    change(&mut standing)?;
    let machines = Machines::load(conn)?;
    standing.advance(&machines, now);
    standing.store(conn)?;
    flow(conn, &machines, &standing)?;
    Ok((machines, standing))
}

/// Follows a change of a server's relationships: ends begin, end, or go by other terms.
pub(super) fn follow(
    conn: &Connection,
    server: i64,
    before: &ServerConfig,
    after: &ServerConfig,
    now: Timestamp,
) -> Result<(), Halt> {
    if before.relationships == after.relationships {
        return Ok(());
    }
    let changed: BTreeSet<&str> = before
        .relationships
        .keys()
        .chain(after.relationships.keys())
        .map(String::as_str)
        .filter(|name| before.relationships.get(*name) != after.relationships.get(*name))
        .collect();
    let machines = Machines::load(conn)?;
    let mut standing = Standing::named(conn, &changed)?;
    standing.advance(&machines, now);
    standing.store(conn)?;
    for name in &changed {
        let (old, new) = (
            before.relationships.get(*name),
            after.relationships.get(*name),
        );
        match (old, new) {
            (Some(_), None) => {
                conn.execute(
                    "DELETE FROM endpoints WHERE server = ?1 AND relationship = ?2",
                    params![server, name],
                )?;
            }
            (None, Some(new)) => begin(conn, server, new, Endpoint::new(now), now)?,
            (Some(_), Some(new)) => {
                conn.execute(
                    "UPDATE endpoints SET partner = ?3, is_primary = ?4, terms = ?5
                     WHERE server = ?1 AND relationship = ?2",
                    params![
                        server,
                        name,
                        new.partner.as_str(),
                        new.side == Side::Primary,
                        serde_json::to_string(&terms(new))?
                    ],
                )?;
            }
            (None, None) => {}
        }
        let scopes = |relationship: Option<&Relationship>| {
            relationship
                .map(|relationship| relationship.scopes.clone())
                .unwrap_or_default()
        };
        let (old, new) = (scopes(old), scopes(new));
        for joined in new.difference(&old) {
            leases::owe(conn, server, *joined, true)?;
        }
        for left in old.difference(&new) {
            leases::owe(conn, server, *left, false)?;
        }
    }
    let mut standing = Standing::named(conn, &changed)?;
    standing.advance(&machines, now);
    standing.store(conn)?;
    flow(conn, &machines, &standing)
}

fn begin(
    conn: &Connection,
    server: i64,
    relationship: &Relationship,
    endpoint: Endpoint,
    now: Timestamp,
) -> Result<(), Halt> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO endpoints
         (server, relationship, partner, is_primary, terms, endpoint, as_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        server,
        relationship.name.to_lowercase(),
        relationship.partner.as_str(),
        relationship.side == Side::Primary,
        serde_json::to_string(&terms(relationship))?,
        serde_json::to_string(&endpoint)?,
        now.as_millisecond()
    ])?;
    Ok(())
}

/// The relationships of a new estate: Normal where both servers hold them.
pub(super) fn found(conn: &Connection, servers: &[NewServer], now: Timestamp) -> Result<(), Halt> {
    let held = |name: &str, by: &ServerName| {
        servers.iter().any(|server| {
            by.means(server.identity.name.as_str()) && server.config.relationship(name).is_some()
        })
    };
    for (id, server) in (1_i64..).zip(servers) {
        for relationship in server.config.relationships.values() {
            let mut endpoint = Endpoint::new(now);
            if held(&relationship.name, &relationship.partner) {
                endpoint.state = FailoverState::Normal;
                endpoint.previous = FailoverState::Startup;
                endpoint.in_contact = true;
                endpoint.last_contact = Some(now);
                endpoint.partner_state = Some(FailoverState::Normal);
            }
            begin(conn, id, relationship, endpoint, now)?;
        }
    }
    Ok(())
}

/// Hands over what partners in contact owe each other.
pub(super) fn flow(
    conn: &Connection,
    machines: &Machines,
    standing: &Standing,
) -> Result<(), Halt> {
    for (index, other) in standing.pairs(machines) {
        let Some(other) = other else { continue };
        let (one, two) = (&standing.ends[index], &standing.ends[other]);
        if !machines.contact(one.server, two.server)
            || !(leases::owes(conn, one.server)? || leases::owes(conn, two.server)?)
        {
            continue;
        }
        let mine = store::failover_scopes(conn, one.server, &one.relationship)?;
        let theirs = store::failover_scopes(conn, two.server, &two.relationship)?;
        let mut moved = 0;
        for scope in mine.intersection(&theirs) {
            moved += leases::exchange(conn, one.server, two.server, *scope)?;
        }
        if moved > 0 {
            store::leases_changed(conn, one.server)?;
            store::leases_changed(conn, two.server)?;
        }
    }
    Ok(())
}

/// The changes of state, oldest first: those that were kept, and those that follow by now.
pub(super) fn transitions(conn: &Connection, now: Timestamp) -> Result<Vec<Transition>, Halt> {
    let machines = Machines::load(conn)?;
    let mut statement = conn.prepare_cached(
        "SELECT at, server, relationship, state FROM transitions ORDER BY at, rowid",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    let name = |server: i64| machines.get(server).map(|machine| machine.name.clone());
    while let Some(row) = rows.next()? {
        let word: String = row.get(3)?;
        let state = FailoverState::ALL
            .into_iter()
            .find(|state| state.name() == word)
            .ok_or_else(|| Halt::Damaged(format!("state '{word}'")))?;
        if let Some(server) = name(row.get(1)?) {
            all.push(Transition {
                at: from_millis(row.get(0)?),
                server,
                relationship: row.get(2)?,
                state,
            });
        }
    }
    let mut standing = Standing::all(conn)?;
    standing.advance(&machines, now);
    for (at, index, state) in &standing.moves {
        let end = &standing.ends[*index];
        if let Some(server) = name(end.server) {
            all.push(Transition {
                at: *at,
                server,
                relationship: end.relationship.clone(),
                state: *state,
            });
        }
    }
    all.sort_by_key(|transition| transition.at);
    Ok(all)
}

/// Moves everything that is remembered of states into the past.
pub(super) fn shift(conn: &Connection, by: jiff::SignedDuration) -> Result<(), Halt> {
    let mut standing = Standing::all(conn)?;
    let earlier = |time: Timestamp| time.saturating_sub(by).unwrap_or(time);
    for end in &mut standing.ends {
        end.as_of = earlier(end.as_of);
        let endpoint = &mut end.endpoint;
        endpoint.since = earlier(endpoint.since);
        endpoint.last_contact = endpoint.last_contact.map(earlier);
        endpoint.stopped = endpoint.stopped.map(earlier);
    }
    standing.store(conn)?;
    conn.execute(
        "UPDATE transitions SET at = at - ?1",
        [i64::try_from(by.as_millis()).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}
