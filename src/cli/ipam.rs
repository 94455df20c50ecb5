//! `twinscope ipam`: what IPAM's console does, as commands that reach both partners.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::cmdlets::{Answer, Console, confirm, render_plan};
use crate::ipam::{Cancel, Ended, Ipam, JournalQuery, Outcome, Progress, StepResult};
use crate::model::edit::Order;
use crate::model::plan::{Intent, Plan, Reach, ReplicationLevel, Risk};
use crate::model::scope::ClientType;
use crate::model::server::printable;
use crate::model::{ClientId, Edit, Reservation, ScopeId, ServerName};

#[derive(Args, Debug)]
pub(super) struct IpamArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug)]
struct On {
    /// The server whose row it is; by default the configuration's first.
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// Print the plan, and do nothing.
    #[arg(long)]
    what_if: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Kind {
    Both,
    Dhcp,
    Bootp,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Servers, with their availability.
    Servers,
    /// Scopes, a row a server, with Failover Config Sync Status and Pair.
    Scopes,
    /// Failover relationships, with the state that each server tells of itself.
    Relationships,
    /// Create DHCP Reservation.
    CreateReservation {
        #[command(flatten)]
        on: On,
        /// The scope, such as 10.0.0.0; by default the one that holds the address.
        #[arg(long, value_name = "SCOPE")]
        scope: Option<Ipv4Addr>,
        /// IP address.
        #[arg(long, value_name = "ADDRESS")]
        ip: Ipv4Addr,
        /// Client ID, in any spelling of a MAC.
        #[arg(long, value_name = "ID")]
        client: ClientId,
        /// Reservation name.
        #[arg(long, default_value = "")]
        name: String,
        /// Reservation type.
        #[arg(long, value_enum, default_value = "both")]
        r#type: Kind,
        /// Description.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Delete a reservation.
    DeleteReservation {
        #[command(flatten)]
        on: On,
        /// IP address.
        #[arg(long, value_name = "ADDRESS")]
        ip: Ipv4Addr,
    },
    /// Make the partner's copies those of the server: of scopes, of a relationship, or all.
    Replicate {
        #[command(flatten)]
        on: On,
        /// These scopes.
        #[arg(long = "scope", value_name = "SCOPE", conflicts_with = "relationship")]
        scopes: Vec<Ipv4Addr>,
        /// This relationship.
        #[arg(long, value_name = "NAME")]
        relationship: Option<String>,
    },
    /// Say that a configuration sync error was dealt with elsewhere.
    ClearConfigSyncError {
        #[command(flatten)]
        on: On,
        /// These scopes.
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Ipv4Addr>,
    },
    /// Compare a relationship's two copies, field by field.
    Compare {
        /// The server on the left; by default the configuration's first.
        #[arg(long, value_name = "NAME")]
        server: Option<String>,
        /// Only this relationship.
        #[arg(long, value_name = "NAME")]
        relationship: Option<String>,
    },
    /// Tell the survivor that its partner is down.
    SetPartnerDown {
        #[command(flatten)]
        on: On,
        /// Which relationship.
        #[arg(long, value_name = "NAME")]
        relationship: String,
    },
    /// What was done, newest first.
    Journal {
        /// At most so many steps.
        #[arg(short = 'n', long, default_value_t = 20)]
        limit: usize,
    },
    /// Take back a plan on every server it changed; by default the last.
    Undo {
        /// Its number in the journal.
        plan: Option<i64>,
        /// Print the plan, and do nothing.
        #[arg(long)]
        what_if: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(ipam: &Ipam, args: IpamArgs) -> anyhow::Result<u8> {
    for sentence in ipam.take_up().await? {
        writeln!(io::stderr(), "{}", printable(&sentence, 1000))?;
    }
    match args.command {
        Command::Servers => servers(ipam).await,
        Command::Scopes => scopes(ipam).await,
        Command::Relationships => relationships(ipam).await,
        Command::CreateReservation {
            on,
            scope,
            ip,
            client,
            name,
            r#type,
            description,
        } => {
            let server = server(ipam, on.server.as_deref())?;
            let scope = scope_for(ipam, &server, scope, ip).await?;
            let mut reservation = Reservation::new(ip, client);
            reservation.name = name;
            reservation.description = description;
            reservation.kind = match r#type {
                Kind::Both => ClientType::Both,
                Kind::Dhcp => ClientType::Dhcp,
                Kind::Bootp => ClientType::Bootp,
            };
            let edits = vec![Edit::AddReservation { scope, reservation }];
            change(ipam, server, edits, on.what_if, on.yes).await
        }
        Command::DeleteReservation { on, ip } => {
            let server = server(ipam, on.server.as_deref())?;
            let scope = scope_for(ipam, &server, None, ip).await?;
            let edits = vec![Edit::RemoveReservation { scope, address: ip }];
            change(ipam, server, edits, on.what_if, on.yes).await
        }
        Command::Replicate {
            on,
            scopes,
            relationship,
        } => {
            let from = server(ipam, on.server.as_deref())?;
            let what = match relationship {
                Some(name) => ReplicationLevel::Relationship(name),
                None if scopes.is_empty() => ReplicationLevel::Server,
                None => ReplicationLevel::Scopes(scope_ids(ipam, &from, &scopes).await?),
            };
            carry_out(ipam, Intent::Replicate { from, what }, on.what_if, on.yes).await
        }
        Command::ClearConfigSyncError { on, scopes } => {
            let server = server(ipam, on.server.as_deref())?;
            let scopes = scope_ids(ipam, &server, &scopes).await?;
            let intent = Intent::ClearConfigSyncError { server, scopes };
            carry_out(ipam, intent, on.what_if, on.yes).await
        }
        Command::Compare {
            server: name,
            relationship,
        } => compare(ipam, name.as_deref(), relationship.as_deref()).await,
        Command::SetPartnerDown { on, relationship } => {
            let server = server(ipam, on.server.as_deref())?;
            let order = Order::SetPartnerDown { relationship };
            carry_out(ipam, Intent::Order { server, order }, on.what_if, on.yes).await
        }
        Command::Journal { limit } => journal(ipam, limit),
        Command::Undo { plan, what_if, yes } => {
            let plan = match plan {
                Some(plan) => plan,
                None => ipam.last_undoable()?.context("there is nothing to undo")?,
            };
            carry_out(ipam, Intent::Undo { plan }, what_if, yes).await
        }
    }
}

fn server(ipam: &Ipam, name: Option<&str>) -> anyhow::Result<ServerName> {
    match name {
        Some(name) => Ok(ipam.resolve(name)?),
        None => ipam
            .servers()
            .into_iter()
            .next()
            .context("the configuration has no server"),
    }
}

async fn scope_for(
    ipam: &Ipam,
    server: &ServerName,
    scope: Option<Ipv4Addr>,
    address: Ipv4Addr,
) -> anyhow::Result<ScopeId> {
    let reading = ipam.read(server).await?;
    let found = match scope {
        Some(network) => reading.config.scope_at(network),
        None => reading.config.scope_of(address),
    };
    match (found, scope) {
        (Some(found), _) => Ok(found.id),
        (None, Some(network)) => bail!("there is no scope {network} on {server}"),
        (None, None) => bail!("no scope on {server} holds {address}"),
    }
}

async fn scope_ids(
    ipam: &Ipam,
    server: &ServerName,
    networks: &[Ipv4Addr],
) -> anyhow::Result<BTreeSet<ScopeId>> {
    let reading = ipam.read(server).await?;
    networks
        .iter()
        .map(|network| {
            let scope = reading.config.scope_at(*network);
            scope
                .map(|scope| scope.id)
                .with_context(|| format!("there is no scope {network} on {server}"))
        })
        .collect()
}

async fn change(
    ipam: &Ipam,
    server: ServerName,
    edits: Vec<Edit>,
    what_if: bool,
    yes: bool,
) -> anyhow::Result<u8> {
    let intent = Intent::Change {
        server,
        edits,
        reach: Reach::Pair,
    };
    carry_out(ipam, intent, what_if, yes).await
}

/// Plans, asks where more than one object changes or something is lost, carries out, tells.
async fn carry_out(ipam: &Ipam, intent: Intent, what_if: bool, yes: bool) -> anyhow::Result<u8> {
    let plan = ipam.plan(intent).await?;
    if what_if {
        render_plan(&plan, &mut io::stdout().lock())?;
        return Ok(0);
    }
    if plan.is_empty() {
        writeln!(io::stdout(), "{}: nothing to do", plan.title)?;
        tell(&plan.warnings)?;
        return Ok(0);
    }
    if plan.risk > Risk::Small && !yes && !asked(&plan)? {
        writeln!(io::stderr(), "nothing was done")?;
        return Ok(1);
    }
    let warnings = plan.warnings.clone();
    let title = plan.title.clone();
    let outcome = ipam
        .carry_out(plan, &Progress::none(), &Cancel::new())
        .await;
    tell(&warnings)?;
    report(&title, &outcome)
}

fn asked(plan: &Plan) -> anyhow::Result<bool> {
    render_plan(plan, &mut io::stderr().lock())?;
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    let (mut input, mut output, mut errors) = (io::stdin(), io::sink(), io::stderr());
    let mut console = Console {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
        interactive,
    };
    match confirm(&mut console, "Carry this out?")? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::NobodyToAsk => bail!("this asks before it is done: add --yes to do it unasked"),
    }
}

fn tell(sentences: &[String]) -> io::Result<()> {
    let mut errors = io::stderr().lock();
    sentences
        .iter()
        .try_for_each(|sentence| writeln!(errors, "{}", printable(sentence, 1000)))
}

fn report(title: &str, outcome: &Outcome) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    match outcome.plan {
        Some(plan) => writeln!(out, "{title} (plan {plan})")?,
        None => writeln!(out, "{title}")?,
    }
    for step in &outcome.steps {
        let result = match &step.result {
            StepResult::Done => "done".to_owned(),
            StepResult::Failed(error) => format!("failed: {error}"),
            StepResult::Unknown(error) => format!("unknown: {error}"),
            StepResult::NotBegun => "not begun".to_owned(),
            StepResult::Cancelled => "cancelled".to_owned(),
        };
        writeln!(
            out,
            "  {}: {}: {}",
            step.server,
            printable(&step.what, 200),
            printable(&result, 600)
        )?;
    }
    for (server, scope, why) in &outcome.out_of_sync {
        writeln!(
            out,
            "  {scope} on {server} is Out of sync: {}",
            printable(why, 400)
        )?;
    }
    drop(out);
    tell(&outcome.notes)?;
    Ok(match outcome.ended {
        Ended::Done => 0,
        Ended::DoneHere | Ended::Partly | Ended::Nothing | Ended::Unknown => 1,
    })
}

/// A table of columns as wide as their widest cell; a cell is made printable, and cut at 40.
fn table(head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell, 40)).collect())
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = io::stdout().lock();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(&mut head.iter().copied())?;
    rows.iter()
        .try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}

async fn servers(ipam: &Ipam) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let now = ipam.clock().now();
    let mut rows = Vec::new();
    for name in ipam.servers() {
        let Some(view) = estate.servers.get(&name) else {
            continue;
        };
        let roles = view
            .reading
            .as_ref()
            .map(|reading| reading.identity.roles.clone());
        let roles: Vec<String> = roles
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        rows.push(vec![
            view.availability
                .map(|word| word.to_string())
                .unwrap_or_default(),
            view.availability_since
                .map(|since| ago(now, since))
                .unwrap_or_default(),
            name.to_string(),
            roles.join(", "),
            view.reading
                .as_ref()
                .map(|reading| reading.identity.domain.clone())
                .unwrap_or_default(),
        ]);
    }
    let head = [
        "Server Availability",
        "Duration in Current State",
        "Server Name",
        "Server Role",
        "Domain Name",
    ];
    table(&head, &rows)?;
    Ok(0)
}

async fn scopes(ipam: &Ipam) -> anyhow::Result<u8> {
    let estate = ipam.collect().await;
    let mut rows = Vec::new();
    for name in ipam.servers() {
        let Some(reading) = estate
            .servers
            .get(&name)
            .and_then(|view| view.reading.clone())
        else {
            continue;
        };
        for scope in reading.config.scopes.values() {
            let statistics = reading
                .statistics
                .get(&scope.id)
                .copied()
                .unwrap_or_default();
            let sync = estate.out_of_sync.get(&(name.clone(), scope.id));
            let relationship = reading.config.relationship_of(scope.id);
            rows.push(vec![
                scope.state.to_string(),
                name.to_string(),
                scope.id.to_string(),
                scope.name.clone(),
                format!("{:.0} %", statistics.percent_in_use()),
                relationship
                    .map(|relationship| relationship.name.clone())
                    .unwrap_or_default(),
                sync.map(|_| "Out of sync".to_owned()).unwrap_or_default(),
                estate
                    .pair(&name, scope.id)
                    .map(|pair| pair.to_string())
                    .unwrap_or_default(),
            ]);
        }
    }
    let head = [
        "Scope Status",
        "Server Name",
        "Scope ID",
        "Scope Name",
        "Utilization",
        "Failover Relationship Name",
        "Failover Config Sync Status",
        "Pair",
    ];
    table(&head, &rows)?;
    for ((server, scope), why) in &estate.out_of_sync {
        tell(&[format!("{scope} on {server} is Out of sync: {why}")])?;
    }
    unread(ipam, &estate)
}

/// Says which servers could not be read, and since when their rows are as they are.
fn unread(ipam: &Ipam, estate: &crate::ipam::Estate) -> anyhow::Result<u8> {
    let now = ipam.clock().now();
    for view in estate.servers.values() {
        if let Some(error) = &view.error {
            let age = view.reading.as_ref().map(|reading| ago(now, reading.taken));
            let age = age.map_or_else(String::new, |age| format!(" (its rows are {age} old)"));
            tell(&[format!("{error}{age}")])?;
        }
    }
    Ok(0)
}

async fn relationships(ipam: &Ipam) -> anyhow::Result<u8> {
    use crate::model::failover::Side;
    let estate = ipam.collect().await;
    let mut rows = Vec::new();
    for name in ipam.servers() {
        let Some(reading) = estate
            .servers
            .get(&name)
            .and_then(|view| view.reading.clone())
        else {
            continue;
        };
        for relationship in reading.config.relationships.values() {
            let partner = estate.partner(&relationship.partner);
            let other = partner.and_then(|view| view.reading.clone());
            // Told once: by the primary, or by the secondary when the primary is not known.
            let primary_known = other.as_ref().is_some_and(|other| {
                other
                    .config
                    .relationship(&relationship.name)
                    .is_some_and(|it| it.side == Side::Primary)
            });
            if relationship.side == Side::Secondary && primary_known {
                continue;
            }
            let status = |server: &ServerName| {
                let Some(view) = estate.partner(server) else {
                    return "not known".to_owned();
                };
                let word = view
                    .reading
                    .as_ref()
                    .and_then(|reading| {
                        reading.relationships.get(&relationship.name.to_lowercase())
                    })
                    .map(|status| status.state.label());
                match (&view.error, word) {
                    (None, Some(word)) => word.to_owned(),
                    (None, None) => "not there".to_owned(),
                    (Some(_), Some(word)) => format!("Not reachable (last {word})"),
                    (Some(_), None) => "Not reachable".to_owned(),
                }
            };
            let (primary, secondary) = match relationship.side {
                Side::Primary => (name.clone(), relationship.partner.clone()),
                Side::Secondary => (relationship.partner.clone(), name.clone()),
            };
            let (primary_status, secondary_status) = (status(&primary), status(&secondary));
            rows.push(vec![
                relationship.name.clone(),
                relationship.mode.label().to_owned(),
                primary.to_string(),
                secondary.to_string(),
                primary_status,
                secondary_status,
            ]);
        }
    }
    let head = [
        "Relationship Name",
        "Mode",
        "Primary Server",
        "Secondary Server",
        "Primary Server Status",
        "Secondary Server Status",
    ];
    table(&head, &rows)?;
    unread(ipam, &estate)
}

async fn compare(ipam: &Ipam, name: Option<&str>, only: Option<&str>) -> anyhow::Result<u8> {
    let left = server(ipam, name)?;
    let estate = ipam.collect().await;
    let view = estate
        .servers
        .get(&left)
        .context("that server was not read")?;
    if let Some(error) = &view.error {
        return Err(error.clone().into());
    }
    let reading = view.reading.as_ref().context("that server was not read")?;
    let mut code = 0;
    let mut found = false;
    for relationship in reading.config.relationships.values() {
        if only.is_some_and(|only| !only.eq_ignore_ascii_case(&relationship.name)) {
            continue;
        }
        found = true;
        let mut out = io::stdout().lock();
        write!(
            out,
            "{}: {left} | {}: ",
            relationship.name, relationship.partner
        )?;
        let Some(comparison) = estate.compare(&left, &relationship.name) else {
            writeln!(out, "partner unreachable")?;
            code = 1;
            continue;
        };
        if comparison.is_same() {
            writeln!(out, "same")?;
            continue;
        }
        code = 1;
        writeln!(out, "differs ({})", comparison.differences.len())?;
        for area in &comparison.unknown {
            writeln!(
                out,
                "  {area}: unverified, one of the readings does not cover it"
            )?;
        }
        let row = |side: Option<String>| side.unwrap_or_else(|| "(not there)".to_owned());
        for difference in &comparison.differences {
            writeln!(
                out,
                "  {}, {}: {} | {}",
                printable(&difference.object.to_string(), 80),
                printable(&difference.field(), 60),
                printable(&row(difference.left()), 80),
                printable(&row(difference.right()), 80)
            )?;
        }
    }
    match only {
        Some(only) if !found => {
            bail!(
                "there is no failover relationship '{}' on {left}",
                printable(only, 126)
            )
        }
        _ => Ok(code),
    }
}

fn journal(ipam: &Ipam, limit: usize) -> anyhow::Result<u8> {
    let entries = ipam.journal(&JournalQuery { plan: None, limit })?;
    let mut out = io::stdout().lock();
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
            let side = |value: &Option<String>| match value {
                Some(value) => printable(value, 80),
                None => "(not there)".to_owned(),
            };
            writeln!(
                out,
                "         {}, {}: {} -> {}",
                change.object,
                change.field,
                side(&change.before),
                side(&change.after)
            )?;
        }
    }
    Ok(0)
}

/// A span in its two largest units: `2 d 3 h`, `4 m 10 s`.
fn ago(now: jiff::Timestamp, then: jiff::Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} m {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} m"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
