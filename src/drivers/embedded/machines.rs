//! The machines: which servers there are, whether they run, and whether two of them are in contact.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::Fault;
use super::file::Halt;
use crate::model::server::ServerName;
use crate::rules::facts::MAX_CLOCK_SKEW;

/// What a server's DHCP (or DNS) service does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Service {
    Running,
    Stopped,
    Paused,
}

impl Service {
    pub(super) fn word(self) -> &'static str {
        match self {
            Service::Running => "running",
            Service::Stopped => "stopped",
            Service::Paused => "paused",
        }
    }

    fn read(word: &str) -> Result<Service, Halt> {
        [Service::Running, Service::Stopped, Service::Paused]
            .into_iter()
            .find(|service| service.word() == word)
            .ok_or_else(|| Halt::Damaged(format!("service '{word}'")))
    }
}

impl Fault {
    /// As the file and `lab status` have it.
    pub(super) fn word(self) -> String {
        match self {
            Fault::None => "none".to_owned(),
            Fault::Unreachable => "unreachable".to_owned(),
            Fault::RefuseWrites => "refuse-writes".to_owned(),
            Fault::Slow(millis) => format!("slow:{millis}"),
            Fault::Garbage => "garbage".to_owned(),
            Fault::LoseAnswers => "lose-answers".to_owned(),
        }
    }

    fn read(word: &str) -> Result<Fault, Halt> {
        let fault = match word {
            "none" => Some(Fault::None),
            "unreachable" => Some(Fault::Unreachable),
            "refuse-writes" => Some(Fault::RefuseWrites),
            "garbage" => Some(Fault::Garbage),
            "lose-answers" => Some(Fault::LoseAnswers),
            other => other
                .strip_prefix("slow:")
                .and_then(|millis| millis.parse().ok())
                .map(Fault::Slow),
        };
        fault.ok_or_else(|| Halt::Damaged(format!("fault '{word}'")))
    }
}

/// One server, without its configuration.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) id: i64,
    pub(super) name: ServerName,
    pub(super) service: Service,
    pub(super) fault: Fault,
    /// Its clock less ours, in seconds.
    pub(super) skew: i64,
    pub(super) revision: i64,
    pub(super) lease_revision: i64,
}

impl Machine {
    pub(super) fn host_answers(&self) -> bool {
        self.fault != Fault::Unreachable
    }

    pub(super) fn serves(&self) -> bool {
        self.service != Service::Stopped
    }
}

/// What a name means among the machines.
pub(super) enum Meaning<'a> {
    One(&'a Machine),
    None,
    Several(Vec<&'a Machine>),
}

/// All of them, and which links between them are cut.
#[derive(Debug)]
pub(super) struct Machines {
    all: Vec<Machine>,
    cuts: BTreeSet<(i64, i64)>,
}

impl Machines {
    pub(super) fn load(conn: &Connection) -> Result<Machines, Halt> {
        let mut statement = conn.prepare_cached(
            "SELECT id, name, service, fault, skew, revision, lease_revision
             FROM servers ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(Machine {
                id: row.get(0)?,
                name: ServerName::new(&row.get::<_, String>(1)?),
                service: Service::read(&row.get::<_, String>(2)?)?,
                fault: Fault::read(&row.get::<_, String>(3)?)?,
                skew: row.get(4)?,
                revision: row.get(5)?,
                lease_revision: row.get(6)?,
            });
        }
        let mut statement = conn.prepare_cached("SELECT one, other FROM cuts")?;
        let cuts = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        Ok(Machines { all, cuts })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Machine> {
        self.all.iter()
    }

    pub(super) fn get(&self, id: i64) -> Option<&Machine> {
        self.all.iter().find(|machine| machine.id == id)
    }

    /// Whom a name means: a whole name wins over a first label.
    pub(super) fn meaning(&self, name: &str) -> Meaning<'_> {
        let exact = ServerName::new(name.trim().trim_end_matches('.'));
        if let Some(machine) = self.all.iter().find(|machine| machine.name == exact) {
            return Meaning::One(machine);
        }
        let mut meant: Vec<&Machine> = self.all.iter().filter(|m| m.name.means(name)).collect();
        match (meant.len(), meant.pop()) {
            (1, Some(machine)) => Meaning::One(machine),
            (_, Some(last)) => {
                meant.push(last);
                Meaning::Several(meant)
            }
            (_, None) => Meaning::None,
        }
    }

    /// The one machine that a name means.
    pub(super) fn find(&self, name: &str) -> Option<&Machine> {
        match self.meaning(name) {
            Meaning::One(machine) => Some(machine),
            Meaning::None | Meaning::Several(_) => None,
        }
    }

    pub(super) fn is_cut(&self, one: i64, other: i64) -> bool {
        self.cuts.contains(&ordered(one, other))
    }

    /// Whether two hosts hear each other at all.
    pub(super) fn hear(&self, one: &Machine, other: &Machine) -> bool {
        one.host_answers() && other.host_answers() && !self.is_cut(one.id, other.id)
    }

    /// Whether two servers can be partners in contact: their services work, their hosts hear each
    /// other, and their clocks agree.
    pub(super) fn contact(&self, one: i64, other: i64) -> bool {
        match (self.get(one), self.get(other)) {
            (Some(one), Some(other)) => {
                one.serves()
                    && other.serves()
                    && self.hear(one, other)
                    && one.skew.abs_diff(other.skew) <= MAX_CLOCK_SKEW.unsigned_abs()
            }
            _ => false,
        }
    }

    /// The links that are cut.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (&Machine, &Machine)> {
        self.cuts
            .iter()
            .filter_map(|(one, other)| Some((self.get(*one)?, self.get(*other)?)))
    }

    /// Every name, for a sentence.
    pub(super) fn names(&self) -> String {
        names(self.all.iter())
    }
}

/// Names, separated by commas.
pub(super) fn names<'a>(machines: impl Iterator<Item = &'a Machine>) -> String {
    machines
        .map(|machine| machine.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn ordered(one: i64, other: i64) -> (i64, i64) {
    (one.min(other), one.max(other))
}

pub(super) fn set_service(conn: &Connection, id: i64, service: Service) -> Result<(), Halt> {
    conn.execute(
        "UPDATE servers SET service = ?2 WHERE id = ?1",
        params![id, service.word()],
    )?;
    Ok(())
}

pub(super) fn set_fault(conn: &Connection, id: i64, fault: Fault) -> Result<(), Halt> {
    conn.execute(
        "UPDATE servers SET fault = ?2 WHERE id = ?1",
        params![id, fault.word()],
    )?;
    Ok(())
}

pub(super) fn set_skew(conn: &Connection, id: i64, skew: i64) -> Result<(), Halt> {
    conn.execute(
        "UPDATE servers SET skew = ?2 WHERE id = ?1",
        params![id, skew],
    )?;
    Ok(())
}

pub(super) fn set_cut(conn: &Connection, one: i64, other: i64, cut: bool) -> Result<(), Halt> {
    let (one, other) = ordered(one, other);
    let sql = if cut {
        "INSERT OR IGNORE INTO cuts (one, other) VALUES (?1, ?2)"
    } else {
        "DELETE FROM cuts WHERE one = ?1 AND other = ?2"
    };
    conn.execute(sql, params![one, other])?;
    Ok(())
}
