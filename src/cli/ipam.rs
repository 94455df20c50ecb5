//! `twinscope ipam`: what IPAM's console does, as commands that reach both partners.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::{tell, views};
use crate::cmdlets::{Answer, Console, Output, confirm, render_plan, type_name};
use crate::drivers::DriverError;
use crate::ipam::{Cancel, Ended, Ipam, Judgement, Outcome, Progress, StepResult};
use crate::model::edit::Order;
use crate::model::plan::{Intent, Plan, Reach, ReplicationLevel, Risk};
use crate::model::scope::ClientType;
use crate::model::text::printable;
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

#[derive(Args, Debug)]
struct View {
    /// How it is written.
    #[arg(long, short, value_enum)]
    output: Option<Format>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Format {
    Table,
    List,
    Json,
    Csv,
}

impl View {
    fn output(&self) -> Option<Output> {
        Some(match self.output? {
            Format::Table => Output::Table,
            Format::List => Output::List,
            Format::Json => Output::Json,
            Format::Csv => Output::Csv,
        })
    }
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
    Servers(View),
    /// Scopes, a row a server, with Failover Config Sync Status and Pair.
    Scopes(View),
    /// Failover relationships, with the state that each server tells of itself.
    Relationships(View),
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
    /// Compare every relationship's two copies, field by field.
    Compare {
        /// Only this server's relationships, with its copies on the left.
        #[arg(long, value_name = "NAME")]
        server: Option<String>,
        /// Only this relationship.
        #[arg(long, value_name = "NAME")]
        relationship: Option<String>,
    },
    /// Tell the survivor that its partner is down, where the evidence says that it is.
    SetPartnerDown {
        #[command(flatten)]
        on: On,
        /// Also against the evidence: the partner is fenced, and I say so.
        #[arg(long)]
        force: bool,
        /// Which relationship.
        #[arg(long, value_name = "NAME")]
        relationship: String,
    },
    /// Have a Kea server answer for both, so that its partner can be switched off.
    StartMaintenance {
        #[command(flatten)]
        on: On,
        /// Which relationship.
        #[arg(long, value_name = "NAME")]
        relationship: String,
    },
    /// Take that back: the partner serves again.
    CancelMaintenance {
        #[command(flatten)]
        on: On,
        /// Which relationship.
        #[arg(long, value_name = "NAME")]
        relationship: String,
    },
    /// Start a stuck Kea server's HA anew.
    ResetHa {
        #[command(flatten)]
        on: On,
        /// Which relationship.
        #[arg(long, value_name = "NAME")]
        relationship: String,
    },
    /// Have a Kea server write what it does to its file, after a change that it could not save.
    SaveConfiguration(On),
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
        Command::Servers(view) => views::servers(ipam, view.output()).await,
        Command::Scopes(view) => views::scopes(ipam, view.output()).await,
        Command::Relationships(view) => views::relationships(ipam, view.output()).await,
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
            let from = holder(ipam, on.server.as_deref(), relationship.as_deref()).await?;
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
        } => {
            let servers = match &name {
                Some(name) => vec![ipam.resolve(name)?],
                None => ipam.servers(),
            };
            views::compare(ipam, &servers, relationship.as_deref()).await
        }
        Command::SetPartnerDown {
            on,
            force,
            relationship,
        } => {
            let server = holder(ipam, on.server.as_deref(), Some(&relationship)).await?;
            let evidence = ipam.gather(&server, &relationship).await?;
            match evidence.objection() {
                Some(why) if on.what_if || force => tell(&[why])?,
                Some(why) => bail!(
                    "nothing was done. {why}. --force does it against the evidence",
                    why = printable(&why, 2000)
                ),
                None => {}
            }
            let order = Order::SetPartnerDown { relationship };
            carry_out(ipam, Intent::Order { server, order }, on.what_if, on.yes).await
        }
        Command::StartMaintenance { on, relationship } => {
            let order = |relationship| Order::StartMaintenance { relationship };
            ordered(ipam, on, relationship, order).await
        }
        Command::CancelMaintenance { on, relationship } => {
            let order = |relationship| Order::CancelMaintenance { relationship };
            ordered(ipam, on, relationship, order).await
        }
        Command::ResetHa { on, relationship } => {
            let order = |relationship| Order::ResetHa { relationship };
            ordered(ipam, on, relationship, order).await
        }
        Command::SaveConfiguration(on) => {
            let Some(name) = on.server.as_deref() else {
                bail!("say which server is to do it, with --server");
            };
            let (server, order) = (ipam.resolve(name)?, Order::SaveConfiguration);
            carry_out(ipam, Intent::Order { server, order }, on.what_if, on.yes).await
        }
        Command::Journal { limit } => views::journal(ipam, limit),
        Command::Undo { plan, what_if, yes } => {
            let named = plan.is_some();
            let plan = match plan {
                Some(plan) => plan,
                None => ipam.last_undoable()?.context("there is nothing to undo")?,
            };
            let undone = carry_out(ipam, Intent::Undo { plan }, what_if, yes).await;
            if named {
                return undone;
            }
            undone.with_context(|| {
                format!(
                    "plan {plan}, the last one, was not undone (`twinscope ipam journal` lists the \
                     older ones; `twinscope ipam undo PLAN` takes one back)"
                )
            })
        }
    }
}

/// Orders the server named something about a relationship: which of the two is never guessed.
async fn ordered(
    ipam: &Ipam,
    on: On,
    relationship: String,
    order: impl FnOnce(String) -> Order,
) -> anyhow::Result<u8> {
    let Some(name) = on.server.as_deref() else {
        bail!("say which of the two servers is to do it, with --server");
    };
    let server = ipam.resolve(name)?;
    let order = order(relationship);
    carry_out(ipam, Intent::Order { server, order }, on.what_if, on.yes).await
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

/// The server named, else the default one; but where a relationship is named that this one has
/// not, whoever has it is to be named.
async fn holder(
    ipam: &Ipam,
    name: Option<&str>,
    relationship: Option<&str>,
) -> anyhow::Result<ServerName> {
    let server = server(ipam, name)?;
    let (None, Some(relationship)) = (name, relationship) else {
        return Ok(server);
    };
    let estate = ipam.collect().await;
    let has = |server: &ServerName| {
        let reading = estate.servers.get(server)?.reading.as_ref()?;
        reading.config.relationship(relationship).map(|_| ())
    };
    if has(&server).is_some() {
        return Ok(server);
    }
    let shown = printable(relationship, 126);
    let servers = ipam.servers();
    let holders = servers.iter().filter(|server| has(server).is_some());
    let holders: Vec<String> = holders.map(ToString::to_string).collect();
    match holders.is_empty() {
        true => bail!("no server has a failover relationship '{shown}'"),
        false => bail!(
            "'{shown}' is on {}: say on which with --server",
            holders.join(" and ")
        ),
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
    let guarded = ipam.judgement(&plan);
    let asks = plan.risk > Risk::Small || matches!(guarded, Judgement::Confirm(_));
    let typed = match &guarded {
        Judgement::TypeName(name, reason) => Some((name.as_str(), reason.as_str())),
        _ => None,
    };
    let reason = match &guarded {
        Judgement::Confirm(reason) => Some(reason.as_str()),
        _ => None,
    };
    let agreed = match typed {
        Some((name, reason)) => typed_by_hand(&plan, name, reason)?,
        None => !asks || yes || asked(&plan, reason)?,
    };
    if !agreed {
        writeln!(io::stderr(), "nothing was done")?;
        return Ok(1);
    }
    let warnings = plan.warnings.clone();
    let title = plan.title.clone();
    let outcome = ipam
        .carry_out(plan, &Progress::none(), &Cancel::new())
        .await;
    let told = tell(&warnings).map_err(anyhow::Error::from);
    told.and_then(|()| report(&title, &outcome))
        .with_context(|| match (outcome.plan, outcome.ended) {
            (Some(plan), Ended::Done) => format!("it was done (plan {plan}), but can't be shown"),
            (Some(plan), _) => format!("plan {plan} did not come to its end, and can't be shown"),
            (None, _) => "nothing was done, and it can't be shown why".to_owned(),
        })
}

fn asked(plan: &Plan, guardrail: Option<&str>) -> anyhow::Result<bool> {
    let question = match guardrail {
        Some(reason) => format!("A guardrail asks: {reason}. Carry this out?"),
        None => "Carry this out?".to_owned(),
    };
    match at_terminal(plan, |console| confirm(console, &question))? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::NobodyToAsk => bail!("this asks before it is done: add --yes to do it unasked"),
    }
}

/// Has the operator type a name, as a guardrail wants it; no flag stands for that.
fn typed_by_hand(plan: &Plan, name: &str, reason: &str) -> anyhow::Result<bool> {
    let reason = format!("A guardrail asks: {reason}.");
    match at_terminal(plan, |console| type_name(console, name, &reason))? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::NobodyToAsk => bail!(
            "nothing was done. {reason} '{}' has to be typed at a terminal",
            printable(name, 200)
        ),
    }
}

/// Shows a plan and asks about it.
fn at_terminal(
    plan: &Plan,
    ask: impl FnOnce(&mut Console<'_>) -> io::Result<Answer>,
) -> anyhow::Result<Answer> {
    render_plan(plan, &mut io::stderr().lock())?;
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    let (mut input, mut output, mut errors) = (io::stdin(), io::sink(), io::stderr());
    let mut console = Console {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
        interactive,
    };
    Ok(ask(&mut console)?)
}

fn report(title: &str, outcome: &Outcome) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    match outcome.plan {
        Some(plan) => writeln!(out, "{title} (plan {plan})")?,
        None => writeln!(out, "{title}")?,
    }
    for step in &outcome.steps {
        // The error begins with the server's name, and so does the line.
        let why = |error: &DriverError| {
            let text = error.to_string();
            let name = format!("{} ", step.server);
            text.strip_prefix(&name).unwrap_or(&text).to_owned()
        };
        let result = match &step.result {
            StepResult::Done => "done".to_owned(),
            StepResult::TakenBack => "done, and taken back".to_owned(),
            StepResult::Failed(error) => format!("failed: {}", why(error)),
            StepResult::Unknown(error) => format!("unknown: {}", why(error)),
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
    for (server, scope, _) in &outcome.out_of_sync {
        writeln!(out, "  {scope} on {server} is Out of sync")?;
    }
    drop(out);
    tell(&outcome.notes)?;
    Ok(match outcome.ended {
        Ended::Done => 0,
        Ended::DoneHere | Ended::Partly | Ended::Nothing | Ended::Unknown => 1,
    })
}
