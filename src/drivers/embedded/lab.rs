//! Drills: what a line of `lab` does to the machines, and what the operator reads then.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::file::Halt;
use super::history::{self, Standing};
use super::machines::{self, Machine, Machines, Meaning, Service};
use super::store::{self, Cache};
use super::{Fault, LabCommand, NewServer, clients, leases};
use crate::model::server::{ServerCounters, ServerRole};
use crate::model::text::printable;
use crate::rules::failover_states::Event;

/// Longer than ten years is no drill, and would leave the calendar some day.
const LONGEST: u32 = 3660 * 86_400;
/// A clock that is wrong by more than a year says nothing that a day does not say.
const MOST_WRONG: i64 = 366 * 86_400;

/// Carries out a line that writes; the line's text.
pub(super) fn carry_out(
    conn: &Connection,
    cache: &Cache,
    sample: fn(Timestamp) -> Vec<NewServer>,
    command: &LabCommand,
    now: Timestamp,
) -> Result<String, Halt> {
    let machines = Machines::load(conn)?;
    let named = |name: &str| resolve(&machines, name).cloned();
    match command {
        LabCommand::Reset => {
            let servers = sample(now);
            store::found(conn, &servers, now)?;
            Ok(format!(
                "The sample estate stands anew: {}.",
                Machines::load(conn)?.names()
            ))
        }
        LabCommand::Stop(name) => service(conn, &named(name)?, Service::Stopped, now),
        LabCommand::Start(name) => service(conn, &named(name)?, Service::Running, now),
        LabCommand::Pause(name) => service(conn, &named(name)?, Service::Paused, now),
        LabCommand::Cut(one, other) => link(conn, &named(one)?, &named(other)?, true, now),
        LabCommand::Join(one, other) => link(conn, &named(one)?, &named(other)?, false, now),
        LabCommand::Skew(name, seconds) => skew(conn, &named(name)?, *seconds, now),
        LabCommand::Fail(name, fault) => fail(conn, &named(name)?, *fault, now),
        LabCommand::Clients(name, wanted) => {
            let machine = named(name)?;
            if !store::identity(conn, machine.id)?
                .roles
                .contains(&ServerRole::Dhcp)
            {
                return Err(Halt::Said(format!(
                    "{} is no DHCP server: clients ask nothing of it",
                    machine.name
                )));
            }
            match machine.service {
                Service::Running => {}
                Service::Stopped | Service::Paused => {
                    return Err(Halt::Said(format!(
                        "{} is {} and gives no client an address: start it",
                        machine.name,
                        machine.service.word()
                    )));
                }
            }
            if !machine.host_answers() {
                return Err(Halt::Said(format!(
                    "{} is unreachable and gives no client an address: lab fail {} nothing",
                    machine.name,
                    machine.name.short()
                )));
            }
            let config = cache.config(conn, &machine)?;
            clients::come(conn, &machines, &machine, &config, *wanted, now)
        }
        LabCommand::Pass(seconds) => pass(conn, *seconds, now),
        LabCommand::Status => status(conn, now),
    }
}

fn resolve<'a>(machines: &'a Machines, name: &str) -> Result<&'a Machine, Halt> {
    match machines.meaning(name) {
        Meaning::One(machine) => Ok(machine),
        Meaning::None => Err(Halt::Said(format!(
            "there is no server '{}'; the estate has {}",
            printable(name, 80),
            machines.names()
        ))),
        Meaning::Several(meant) => Err(Halt::Said(format!(
            "'{}' may be {}: give the whole name",
            printable(name, 80),
            machines::names(meant.into_iter())
        ))),
    }
}

fn service(
    conn: &Connection,
    machine: &Machine,
    to: Service,
    now: Timestamp,
) -> Result<String, Halt> {
    let event = match (machine.service, to) {
        (from, to) if from == to => {
            return Ok(format!("{} was {} already.", machine.name, to.word()));
        }
        (Service::Stopped, Service::Paused) => {
            return Err(Halt::Said(format!(
                "{} is stopped: start it before you pause it",
                machine.name
            )));
        }
        (_, Service::Stopped) => Some(Event::Stopped),
        (Service::Stopped, _) => Some(Event::Started),
        _ => None,
    };
    let (machines, standing) = history::turn(conn, now, |standing| {
        machines::set_service(conn, machine.id, to)?;
        if to == Service::Running && machine.service == Service::Stopped {
            // They count since the service started.
            let counters = ServerCounters {
                started: Some(now),
                ..ServerCounters::default()
            };
            store::set_counters(conn, machine.id, &counters)?;
        }
        let Some(event) = event else { return Ok(()) };
        for index in 0..standing.ends.len() {
            if standing.ends[index].server == machine.id {
                standing
                    .happen(index, event, now)
                    .map_err(|error| Halt::Said(error.to_string()))?;
            }
        }
        Ok(())
    })?;
    let done = match (machine.service, to) {
        (Service::Paused, Service::Running) => "goes on",
        (_, Service::Running) => "started",
        (_, Service::Stopped) => "stopped",
        (_, Service::Paused) => "paused",
    };
    let mut text = format!("{} {done}.", machine.name);
    states(&mut text, &machines, &standing, &[machine.id]);
    Ok(text)
}

fn link(
    conn: &Connection,
    one: &Machine,
    other: &Machine,
    cut: bool,
    now: Timestamp,
) -> Result<String, Halt> {
    if one.id == other.id {
        return Err(Halt::Said(format!(
            "{} has no link to itself: name two servers",
            one.name
        )));
    }
    let (machines, standing) = history::turn(conn, now, |_| {
        machines::set_cut(conn, one.id, other.id, cut)
    })?;
    let done = if cut { "is cut" } else { "works" };
    let mut text = format!("The link between {} and {} {done}.", one.name, other.name);
    states_between(&mut text, &machines, &standing, one.id, other.id);
    Ok(text)
}

fn skew(
    conn: &Connection,
    machine: &Machine,
    seconds: i64,
    now: Timestamp,
) -> Result<String, Halt> {
    if !(-MOST_WRONG..=MOST_WRONG).contains(&seconds) {
        return Err(Halt::Said(format!(
            "a clock can be wrong by at most {MOST_WRONG} s, a year; {seconds} is more"
        )));
    }
    let (machines, standing) =
        history::turn(conn, now, |_| machines::set_skew(conn, machine.id, seconds))?;
    let mut text = match seconds {
        0 => format!("{}'s clock is right.", machine.name),
        fast if fast > 0 => format!("{}'s clock is {fast} s fast.", machine.name),
        slow => format!("{}'s clock is {} s slow.", machine.name, -slow),
    };
    states(&mut text, &machines, &standing, &[machine.id]);
    Ok(text)
}

fn fail(
    conn: &Connection,
    machine: &Machine,
    fault: Fault,
    now: Timestamp,
) -> Result<String, Halt> {
    let (machines, standing) =
        history::turn(conn, now, |_| machines::set_fault(conn, machine.id, fault))?;
    let what = match fault {
        Fault::None => "behaves".to_owned(),
        Fault::Unreachable => "does not answer at all".to_owned(),
        Fault::RefuseWrites => "refuses every write".to_owned(),
        Fault::Slow(millis) => format!("takes {millis} ms for everything"),
        Fault::Garbage => "answers garbage".to_owned(),
        Fault::LoseAnswers => "does what it is asked, but its answers are lost".to_owned(),
    };
    let mut text = format!("{} {what}.", machine.name);
    states(&mut text, &machines, &standing, &[machine.id]);
    Ok(text)
}

fn pass(conn: &Connection, seconds: u32, now: Timestamp) -> Result<String, Halt> {
    if seconds > LONGEST {
        return Err(Halt::Said(format!(
            "at most ten years ({LONGEST} s) pass at a time; {seconds} s are more"
        )));
    }
    let by = SignedDuration::from_secs(seconds.into());
    history::shift(conn, by)?;
    leases::shift(conn, by)?;
    let machines = Machines::load(conn)?;
    for machine in machines.iter() {
        let mut counters = store::counters(conn, machine.id)?;
        if let Some(started) = counters.started {
            counters.started = started.checked_sub(by).ok();
            store::set_counters(conn, machine.id, &counters)?;
        }
        store::leases_changed(conn, machine.id)?;
    }
    let (machines, standing) = history::turn(conn, now, |_| Ok(()))?;
    let mut text = format!("{seconds} s have passed.");
    let all: Vec<i64> = machines.iter().map(|machine| machine.id).collect();
    states(&mut text, &machines, &standing, &all);
    Ok(text)
}

/// The states of the relationships that these servers have: `name: dhcp1 Normal, dc1 Normal`.
fn states(text: &mut String, machines: &Machines, standing: &Standing, of: &[i64]) {
    for (index, other) in standing.pairs(machines) {
        let mut ends = std::iter::once(index).chain(other);
        if ends.any(|end| of.contains(&standing.ends[end].server)) {
            pair(text, machines, standing, index, other);
        }
    }
}

fn states_between(text: &mut String, machines: &Machines, standing: &Standing, one: i64, two: i64) {
    for (index, other) in standing.pairs(machines) {
        let servers: Vec<i64> = std::iter::once(index)
            .chain(other)
            .map(|end| standing.ends[end].server)
            .collect();
        if servers.contains(&one) && servers.contains(&two) {
            pair(text, machines, standing, index, other);
        }
    }
}

fn pair(
    text: &mut String,
    machines: &Machines,
    standing: &Standing,
    index: usize,
    other: Option<usize>,
) {
    let _ = write!(text, "\n{}:", standing.ends[index].relationship);
    for (place, end) in std::iter::once(index).chain(other).enumerate() {
        let end = &standing.ends[end];
        let name = machines
            .get(end.server)
            .map_or("?", |machine| machine.name.short());
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(text, "{comma} {name} {}", end.endpoint.state);
    }
}

/// How everything stands, without writing.
pub(super) fn status(conn: &Connection, now: Timestamp) -> Result<String, Halt> {
    let machines = Machines::load(conn)?;
    let mut standing = Standing::all(conn)?;
    standing.advance(&machines, now);
    let mut rows = vec![
        ["Server", "Service", "Clock", "Fault"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for machine in machines.iter() {
        rows.push(vec![
            machine.name.to_string(),
            machine.service.word().to_owned(),
            match machine.skew {
                0 => "right".to_owned(),
                skew => format!("{skew:+} s"),
            },
            match machine.fault {
                Fault::None => String::new(),
                fault => fault.word(),
            },
        ]);
    }
    let mut text = table(&rows);
    for (one, other) in machines.cuts() {
        let _ = write!(
            text,
            "\nThe link between {} and {} is cut.",
            one.name, other.name
        );
    }
    rows = vec![
        ["Relationship", "Server", "State", "Since"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (index, other) in standing.pairs(&machines) {
        for end in std::iter::once(index).chain(other) {
            let end = &standing.ends[end];
            rows.push(vec![
                end.relationship.clone(),
                machines
                    .get(end.server)
                    .map(|machine| machine.name.to_string())
                    .unwrap_or_default(),
                end.endpoint.state.to_string(),
                end.endpoint
                    .since
                    .strftime("%Y-%m-%d %H:%M:%SZ")
                    .to_string(),
            ]);
        }
    }
    let _ = write!(text, "\n\n{}", table(&rows));
    Ok(text)
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}
