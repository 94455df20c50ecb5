//! IPAM's views as text: servers, scopes, relationships, a comparison, the journal.

use std::io::{self, Write};

use anyhow::{Context, bail};
use jiff::Timestamp;

use super::tell;
use crate::cmdlets::{Object, Output, Results, write};
use crate::ipam::estate::ServerView;
use crate::ipam::{Estate, Ipam, JournalQuery};
use crate::model::failover::Side;
use crate::model::text::printable;
use crate::model::{Relationship, ServerName};

/// Writes rows as a table, or as asked for.
fn rows(rows: Vec<Object>, output: Option<Output>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    write(
        &mut out,
        &Results::Objects(rows),
        output.or(Some(Output::Table)),
    )?;
    out.flush()
}

/// Server Properties.
pub(super) async fn servers(ipam: &Ipam, output: Option<Output>) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let now = ipam.clock().now();
    let row = |view: &ServerView| {
        let identity = view.reading.as_ref().map(|reading| &reading.identity);
        let since = view.availability_since.map(|since| span(now, since));
        let roles = identity.map(|identity| {
            let roles: Vec<String> = identity.roles.iter().map(ToString::to_string).collect();
            roles.join(", ")
        });
        let address = identity.and_then(|identity| identity.addresses.first().copied());
        Object::new("IpamServer")
            .with(
                "Server Availability",
                view.availability
                    .map(|availability| availability.to_string()),
            )
            .with("Duration in Current State", since)
            .with("Server Name", view.name.as_str())
            .with("Server Role", roles)
            .with(
                "Domain Name",
                identity.map(|identity| identity.domain.clone()),
            )
            .with("IP Address", address)
    };
    let servers = ipam.servers();
    let views = servers.iter().filter_map(|name| estate.servers.get(name));
    rows(views.map(|view| row(view)).collect(), output)?;
    unread(ipam, &estate)?;
    Ok(0)
}

/// Scope Properties, with the columns Failover Config Sync Status and Pair.
pub(super) async fn scopes(ipam: &Ipam, output: Option<Output>) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let mut scopes = Vec::new();
    for name in ipam.servers() {
        let reading = estate
            .servers
            .get(&name)
            .and_then(|view| view.reading.as_ref());
        let Some(reading) = reading else { continue };
        for scope in reading.config.scopes.values() {
            let statistics = reading.statistics.get(&scope.id);
            let relationship = reading.config.relationship_of(scope.id);
            let sync = estate.out_of_sync.get(&(name.clone(), scope.id));
            scopes.push(
                Object::new("IpamScope")
                    .with("Scope Status", scope.state.to_string())
                    .with("Server Name", name.as_str())
                    .with("Scope ID", scope.id)
                    .with("Scope Name", &scope.name)
                    .with(
                        "Utilization",
                        statistics
                            .map(|statistics| format!("{:.0} %", statistics.percent_in_use())),
                    )
                    .with(
                        "Failover Relationship Name",
                        relationship.map(|relationship| relationship.name.clone()),
                    )
                    .with("Failover Config Sync Status", sync.map(|_| "Out of sync"))
                    .with(
                        "Pair",
                        estate.pair(&name, scope.id).map(|pair| pair.to_string()),
                    ),
            );
        }
    }
    rows(scopes, output)?;
    for ((server, scope), why) in &estate.out_of_sync {
        tell(&[format!("{scope} on {server} is Out of sync: {why}")])?;
    }
    unread(ipam, &estate)?;
    Ok(0)
}

/// Failover Relationships: each once, with the state that each server tells of itself.
pub(super) async fn relationships(ipam: &Ipam, output: Option<Output>) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let mut relationships = Vec::new();
    for name in ipam.servers() {
        let reading = estate
            .servers
            .get(&name)
            .and_then(|view| view.reading.as_ref());
        let Some(reading) = reading else { continue };
        for relationship in reading.config.relationships.values() {
            if !tells(&estate, relationship) {
                continue;
            }
            let (primary, secondary) = match relationship.side {
                Side::Primary => (&name, &relationship.partner),
                Side::Secondary => (&relationship.partner, &name),
            };
            relationships.push(
                Object::new("IpamRelationship")
                    .with("Relationship Name", &relationship.name)
                    .with("Mode", relationship.mode.label())
                    .with("Primary Server", primary.as_str())
                    .with("Secondary Server", secondary.as_str())
                    .with(
                        "Primary Server Status",
                        status(&estate, primary, relationship),
                    )
                    .with(
                        "Secondary Server Status",
                        status(&estate, secondary, relationship),
                    ),
            );
        }
    }
    rows(relationships, output)?;
    unread(ipam, &estate)?;
    Ok(0)
}

/// Whether the row is this end's to tell: the primary's, or the secondary's where the primary's
/// end is not known.
fn tells(estate: &Estate, relationship: &Relationship) -> bool {
    let partner = estate.partner(&relationship.partner);
    let other = partner
        .and_then(|view| view.reading.as_ref())
        .and_then(|reading| reading.config.relationship(&relationship.name));
    relationship.side == Side::Primary || other.is_none_or(|other| other.side != Side::Primary)
}

/// A server's own word on a relationship; its last one where it can't be read.
fn status(estate: &Estate, server: &ServerName, relationship: &Relationship) -> String {
    let Some(view) = estate.partner(server) else {
        return "not known".to_owned();
    };
    let status = view
        .reading
        .as_ref()
        .and_then(|reading| reading.relationships.get(&relationship.name.to_lowercase()));
    match (&view.error, status.map(|status| status.state.label())) {
        (None, Some(word)) => word.to_owned(),
        (None, None) => "not there".to_owned(),
        (Some(_), Some(word)) => format!("Not reachable (last {word})"),
        (Some(_), None) => "Not reachable".to_owned(),
    }
}

/// Says which servers could not be read, and how old their rows are.
fn unread(ipam: &Ipam, estate: &Estate) -> io::Result<()> {
    let now = ipam.clock().now();
    for view in estate.servers.values() {
        if let Some(error) = &view.error {
            let age = view
                .reading
                .as_ref()
                .map(|reading| span(now, reading.taken));
            let age = age.map_or_else(String::new, |age| format!(" (its rows are {age} old)"));
            tell(&[format!("{error}{age}")])?;
        }
    }
    Ok(())
}

/// Each copy of relationships against the partner's; exit code 1 when something differs. Of
/// several servers, a relationship is told by its primary.
pub(super) async fn compare(
    ipam: &Ipam,
    servers: &[ServerName],
    only: Option<&str>,
) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let only = only.map(str::to_lowercase);
    let mut code = 0;
    let mut found = false;
    for left in servers {
        let view = estate
            .servers
            .get(left)
            .context("that server was not read")?;
        if let (Some(error), [_]) = (&view.error, servers) {
            return Err(error.clone().into());
        }
        let Some(reading) = &view.reading else {
            continue;
        };
        for relationship in reading.config.relationships.values() {
            let name = relationship.name.to_lowercase();
            let asked = only.as_ref().is_none_or(|only| *only == name);
            if asked && (servers.len() == 1 || tells(&estate, relationship)) {
                found = true;
                if !compared(&estate, left, relationship)? {
                    code = 1;
                }
            }
        }
    }
    match (only, found) {
        (Some(only), false) => bail!(
            "there is no failover relationship '{}' there",
            printable(&only, 126)
        ),
        (None, false) => writeln!(io::stdout(), "no failover relationship there")?,
        (_, true) => unread(ipam, &estate)?,
    }
    Ok(code)
}

/// Writes how the two copies differ; gives whether they are the same.
fn compared(
    estate: &Estate,
    left: &ServerName,
    relationship: &Relationship,
) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    let name = printable(&relationship.name, 126);
    write!(out, "{name}: {left} | {}: ", relationship.partner)?;
    let Some(comparison) = estate.compare(left, &relationship.name) else {
        writeln!(out, "partner unreachable")?;
        return Ok(false);
    };
    if comparison.is_same() {
        writeln!(out, "same")?;
        return Ok(true);
    }
    writeln!(out, "differs ({})", comparison.differences.len())?;
    for area in &comparison.unknown {
        writeln!(
            out,
            "  {area}: unverified, one of the readings does not cover it"
        )?;
    }
    for difference in &comparison.differences {
        let object = difference.object.to_string();
        let field = printable(&difference.field(), 60);
        // An option's field is its name, which the object says already.
        let what = if object.contains(&field) {
            object
        } else {
            format!("{object}, {field}")
        };
        let (left, right) = (difference.left(), difference.right());
        writeln!(
            out,
            "  {what}: {} | {}",
            side(left.as_deref()),
            side(right.as_deref())
        )?;
    }
    Ok(false)
}

fn side(value: Option<&str>) -> String {
    value.map_or_else(|| "(not there)".to_owned(), |value| printable(value, 80))
}

/// What was done, newest first, field by field.
pub(super) fn journal(ipam: &Ipam, limit: usize) -> anyhow::Result<u8> {
    let entries = ipam.journal(&JournalQuery { plan: None, limit })?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for entry in entries {
        writeln!(
            out,
            "{:>5}  {:.0}  {}  {}: {}: {}",
            entry.plan,
            entry.at,
            printable(&entry.operator, 32),
            entry.server,
            printable(&entry.what, 200),
            printable(&entry.outcome, 400)
        )?;
        for change in &entry.changes {
            let (before, after) = (
                side(change.before.as_deref()),
                side(change.after.as_deref()),
            );
            writeln!(
                out,
                "       {}, {}: {before} -> {after}",
                change.object, change.field
            )?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// A span in its two largest units: `2 d 3 h`, `4 m 10 s`.
fn span(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} m {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} m"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
