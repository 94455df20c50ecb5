//! What every cmdlet does: read its server, plan, ask, carry out, and tell what failed.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::Console;
use super::ask::{Answer, confirm, render_plan, type_name};
use super::call::Call;
use super::error::{Done, Failure, Stop};
use super::object::{Object, Results};
use super::parse::Output;
use crate::drivers::{DriverError, LeaseQuery};
use crate::ipam::{Cancel, Ended, Ipam, Judgement, Outcome, Progress, StepResult};
use crate::model::lease::Lease;
use crate::model::plan::{Intent, Plan, Purpose, Reach};
use crate::model::scope::{LeaseDuration, Seconds};
use crate::model::server::{Product, ServerName, ServerReading, ServerRole};
use crate::model::text::printable;
use crate::model::{Edit, Scope, ScopeId};
use crate::rules::error::Code;

/// One cmdlet at work.
pub(super) struct Run<'r, 'c> {
    pub ipam: &'r Ipam,
    pub console: &'r mut Console<'c>,
    pub call: &'r Call,
    /// The server it acts on.
    pub server: ServerName,
    /// The line of standard input that its arguments came from.
    pub row: Option<u64>,
    /// Whether one of the things it was asked for failed.
    pub failed: bool,
    asked: bool,
}

/// The server that `-ComputerName` names, or else the configuration's first DHCP server.
pub(super) fn server(ipam: &Ipam, call: &Call) -> Result<ServerName, Failure> {
    let named = call
        .cmdlet
        .parameter("ComputerName")
        .and_then(|_| call.text("ComputerName"));
    if let Some(name) = named {
        return ipam.resolve(name).map_err(|error| Failure {
            target: name.to_owned(),
            category: "ObjectNotFound".to_owned(),
            id: "UnknownServer".to_owned(),
            ..Failure::invalid(error.to_string())
        });
    }
    let estate = ipam.estate();
    let dns_only = |name: &ServerName| {
        estate
            .servers
            .get(name)
            .and_then(|view| view.reading.as_ref())
            .is_some_and(|reading| !reading.identity.roles.contains(&ServerRole::Dhcp))
    };
    ipam.servers()
        .into_iter()
        .find(|name| !dns_only(name))
        .ok_or_else(|| {
            Failure::invalid(
                "the configuration names no DHCP server: add a [[server]] entry to config.toml",
            )
        })
}

impl<'r, 'c> Run<'r, 'c> {
    pub(super) fn new(
        ipam: &'r Ipam,
        console: &'r mut Console<'c>,
        call: &'r Call,
        server: ServerName,
        row: Option<u64>,
    ) -> Run<'r, 'c> {
        Run {
            ipam,
            console,
            call,
            server,
            row,
            failed: false,
            asked: false,
        }
    }

    /// Reads the server.
    pub(super) async fn reading(&self) -> Done<Arc<ServerReading>> {
        let server = &self.server;
        let reading = self.ipam.read(server).await.map_err(|error| {
            let message = format!("Failed to get version of the DHCP server {server}.");
            Failure::driver(server, &message, server.as_str(), &error)
        })?;
        if !reading.identity.roles.contains(&ServerRole::Dhcp) {
            return Err(Failure::invalid(format!(
                "{server} is no DHCP server: name one with -ComputerName"
            ))
            .into());
        }
        Ok(reading)
    }

    /// A reading of the server with its settings; an error where servers of its kind have none.
    pub(super) async fn reading_with_settings(&self) -> Done<Arc<ServerReading>> {
        let reading = self.reading().await?;
        if reading.coverage.settings {
            return Ok(reading);
        }
        let server = self.server.clone();
        let none = Edit::SetSettings {
            properties: Vec::new(),
        };
        let why = self.ipam.refuses(&server, &none);
        let why = why.unwrap_or_else(|| "its settings were not read".to_owned());
        let error = DriverError::Unsupported { server, why };
        let message = format!(
            "Failed to get server settings on DHCP server {}.",
            self.server
        );
        let target = self.server.as_str();
        Err(Failure::driver(&self.server, &message, target, &error).into())
    }

    /// Reads leases of the server.
    pub(super) async fn leases(&self, scope: Option<ScopeId>) -> Done<Vec<Lease>> {
        let query = LeaseQuery {
            scope,
            ..LeaseQuery::default()
        };
        let leases = self.ipam.leases(&self.server, &query).await;
        Ok(leases.map_err(|error| {
            let message = format!("Failed to get leases on DHCP server {}.", self.server);
            Failure::driver(&self.server, &message, self.server.as_str(), &error)
        })?)
    }

    /// The scope that a ScopeId names.
    pub(super) fn scope<'a>(
        &self,
        reading: &'a ServerReading,
        id: Ipv4Addr,
    ) -> Result<&'a Arc<Scope>, Failure> {
        reading.config.scope_at(id).ok_or_else(|| {
            let server = &self.server;
            Failure::refused(
                format!("Failed to get scope information for scope {id} on DHCP server {server}."),
                id,
                Code::SubnetNotPresent,
                format!(
                    "there is no scope {id} on {server}: Get-DhcpServerv4Scope lists those there are"
                ),
            )
        })
    }

    /// The scope in whose subnet an address lies.
    pub(super) fn scope_of<'a>(
        &self,
        reading: &'a ServerReading,
        address: Ipv4Addr,
    ) -> Result<&'a Arc<Scope>, Failure> {
        reading.config.scope_of(address).ok_or_else(|| {
            let server = &self.server;
            Failure::refused(
                format!("Failed to get scope information for {address} on DHCP server {server}."),
                address,
                Code::SubnetNotPresent,
                format!("{address} lies in no scope of {server}"),
            )
        })
    }

    /// The scopes that `-ScopeId` names, or all of them; those that are not there are told.
    pub(super) fn scopes(&mut self, reading: &ServerReading) -> Done<Vec<Arc<Scope>>> {
        let named = self.call.addresses("ScopeId");
        if named.is_empty() && !self.call.has("ScopeId") {
            return Ok(reading.config.scopes.values().cloned().collect());
        }
        let mut scopes = Vec::new();
        for id in named {
            match self.scope(reading, id) {
                Ok(scope) => scopes.push(Arc::clone(scope)),
                Err(failure) => self.tell(failure)?,
            }
        }
        Ok(scopes)
    }

    /// Tells of something that failed while the rest goes on.
    pub(super) fn tell(&mut self, failure: Failure) -> io::Result<()> {
        self.failed = true;
        if self.call.common.silent {
            return Ok(());
        }
        let failure = match self.row {
            Some(line) => Failure {
                message: format!("line {line}: {}", failure.message),
                ..failure
            },
            None => failure,
        };
        let cmdlet = self.call.cmdlet;
        self.console
            .errors
            .write_all(failure.render(cmdlet.name, cmdlet.class).as_bytes())
    }

    /// Tells what was left as it was, because the operator said no.
    pub(super) fn left(&mut self, text: &str) -> io::Result<()> {
        self.failed = true;
        writeln!(self.console.errors, "{}", printable(text, 4000))
    }

    /// Tells something that the operator should know.
    pub(super) fn warn(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.console.errors, "WARNING: {}", printable(text, 4000))
    }

    /// Asks before something is done that the namesake asks about; `-Force` and `-Confirm:false`
    /// are the answer yes.
    pub(super) fn ask(&mut self, question: &str) -> Done<()> {
        let forced = self.call.cmdlet.parameter("Force").is_some() && self.call.switch("Force");
        let wanted = self.call.common.confirm;
        if self.call.common.what_if || wanted == Some(false) || (forced && wanted.is_none()) {
            return Ok(());
        }
        let way = if self.call.cmdlet.parameter("Force").is_some() {
            "-Force (or -Confirm:false)"
        } else {
            "-Confirm:false"
        };
        self.asked = true;
        // Where rows come on standard input, no answer can.
        let answer = match self.row {
            Some(_) => Answer::NobodyToAsk,
            None => confirm(self.console, question)?,
        };
        match answer {
            Answer::Yes => Ok(()),
            Answer::No => Err(Stop::Declined),
            Answer::NobodyToAsk => Err(Failure {
                category: "InvalidOperation".to_owned(),
                id: "ConfirmationNeeded".to_owned(),
                ..Failure::invalid(format!(
                    "{question} There is no terminal to answer that at, and nothing was done: add \
                     {way}"
                ))
            }
            .into()),
        }
    }

    /// Edits of this server, which stay on it: the cmdlets do not replicate by themselves. Gives
    /// whether anything was done, which `-WhatIf` prevents.
    pub(super) async fn change(
        &mut self,
        edits: Vec<Edit>,
        message: &str,
        target: impl ToString,
    ) -> Done<bool> {
        let intent = Intent::Change {
            server: self.server.clone(),
            edits,
            reach: Reach::Server,
        };
        Ok(self.carry(intent, message, target).await?.is_some())
    }

    /// Plans an intent, shows it (`-WhatIf`) or carries it out; `message` is what to say when it
    /// fails. `None`: nothing was done, because that was what was asked for.
    pub(super) async fn carry(
        &mut self,
        intent: Intent,
        message: &str,
        target: impl ToString,
    ) -> Done<Option<Outcome>> {
        let target = target.to_string();
        let plan = self
            .ipam
            .plan(intent)
            .await
            .map_err(|error| Failure::plan(&self.server, message, &target, &error))?;
        if self.call.common.what_if {
            write!(self.console.output, "What if: ")?;
            render_plan(&plan, self.console.output)?;
            return Ok(None);
        }
        if self.call.common.confirm == Some(true) && !self.asked {
            self.ask(&format!("{}. Are you sure?", plan.title))?;
        }
        self.heed_guardrails(&plan)?;
        let (title, warnings) = (plan.title.clone(), plan.warnings.clone());
        let purposes: Vec<Purpose> = plan.steps.iter().map(|s| s.purpose.clone()).collect();
        // Windows' cmdlets have nothing to warn of here; what a Kea server's file is about to lose is
        // told without being asked.
        let estate = self.ipam.estate();
        let reading = estate.servers.get(&self.server);
        let reading = reading.and_then(|view| view.reading.as_ref());
        if reading.is_some_and(|reading| reading.identity.product == Product::Kea) {
            for warning in &warnings {
                self.warn(warning)?;
            }
        }
        let outcome = self.carry_out(plan).await;
        if self.call.common.verbose {
            let title = printable(&title, 1000);
            writeln!(self.console.errors, "VERBOSE: {title}")?;
            for warning in &warnings {
                let warning = printable(warning, 1000);
                writeln!(self.console.errors, "VERBOSE: {warning}")?;
            }
            for step in &outcome.steps {
                let what = printable(&step.what, 1000);
                writeln!(self.console.errors, "VERBOSE: {}: {what}", step.server)?;
            }
        }
        if matches!(outcome.ended, Ended::Done | Ended::DoneHere) {
            for note in &outcome.notes {
                self.warn(note)?;
            }
            return Ok(Some(outcome));
        }
        Err(failed(&self.server, message, &target, &outcome, &purposes).into())
    }

    /// Asks what the guardrails want asked. `-Confirm:false` answers a question, as it does every
    /// other; a name that is to be typed is typed.
    fn heed_guardrails(&mut self, plan: &Plan) -> Done<()> {
        match self.ipam.judgement(plan) {
            // What is denied is refused where it is carried out, with the same sentence.
            Judgement::Allowed | Judgement::Denied(_) => Ok(()),
            Judgement::Confirm(reason) => self.ask(&format!(
                "{}. A guardrail asks: {reason}. Continue?",
                plan.title
            )),
            Judgement::TypeName(name, reason) => {
                let reason = format!("{}. A guardrail asks: {reason}.", plan.title);
                let answer = match self.row {
                    Some(_) => Answer::NobodyToAsk,
                    None => type_name(self.console, &name, &reason)?,
                };
                match answer {
                    Answer::Yes => Ok(()),
                    Answer::No => Err(Stop::Declined),
                    Answer::NobodyToAsk => Err(Failure {
                        category: "InvalidOperation".to_owned(),
                        id: "ConfirmationNeeded".to_owned(),
                        ..Failure::invalid(format!(
                            "{reason} '{name}' has to be typed at a terminal; nothing was done"
                        ))
                    }
                    .into()),
                }
            }
        }
    }

    /// Reads servers that have not been read yet, where the properties that are to be printed tell
    /// of them; the known tables and lists do not.
    pub(super) async fn meet(&self, servers: BTreeSet<ServerName>) {
        if matches!(self.call.common.output, None | Some(Output::Table)) {
            return;
        }
        let estate = self.ipam.estate();
        let unread = |name: &ServerName| {
            let view = estate.servers.get(name);
            *name != self.server && view.is_none_or(|view| view.reading.is_none())
        };
        let unread: Vec<ServerName> = servers
            .iter()
            .filter_map(|name| self.ipam.resolve(name.as_str()).ok())
            .filter(unread)
            .collect();
        if !unread.is_empty() {
            self.ipam.collect_only(&unread).await;
        }
    }

    async fn carry_out(&self, plan: Plan) -> Outcome {
        if plan.is_empty() {
            return Outcome {
                plan: None,
                steps: Vec::new(),
                ended: Ended::Done,
                notes: Vec::new(),
                back_out: None,
                out_of_sync: Vec::new(),
            };
        }
        self.ipam
            .carry_out(plan, &Progress::none(), &Cancel::new())
            .await
    }

    /// What `-PassThru` gives: the objects as they are after a change.
    pub(super) fn passes(&self) -> bool {
        self.call.switch("PassThru") && !self.call.common.what_if
    }

    /// Objects where `-PassThru` asks for them, nothing otherwise.
    pub(super) fn pass(&self, objects: Vec<Object>) -> Results {
        if self.passes() {
            Results::Objects(objects)
        } else {
            Results::Nothing
        }
    }

    /// An argument that the table says must be there.
    pub(super) fn need<T>(&self, value: Option<T>, name: &str) -> Result<T, Failure> {
        value.ok_or_else(|| Failure::invalid(format!("-{name} is needed")))
    }

    /// A span that has an end.
    pub(super) fn limited(&self, name: &str) -> Result<Option<Seconds>, Failure> {
        match self.call.span(name) {
            None => Ok(None),
            Some(LeaseDuration::Limited(seconds)) => Ok(Some(seconds)),
            Some(LeaseDuration::Unlimited) => Err(Failure::invalid(format!(
                "-{name}: give a span of time that ends, such as 01:00:00"
            ))),
        }
    }

    /// Refuses to switch on network access protection; that it is off, or has no profile, is so
    /// everywhere. Gives whether the line says that.
    pub(super) fn no_nap(&self, names: &[&str], message: &str) -> Result<bool, Failure> {
        let call = self.call;
        let wanted = |name: &&&str| {
            call.has(name)
                && call.boolean(name) != Some(false)
                && call.text(name).is_none_or(|text| !text.is_empty())
        };
        match names.iter().find(wanted) {
            None => Ok(names.iter().any(|name| call.has(name))),
            Some(name) => Err(Failure::refused(
                message,
                &self.server,
                Code::NapNotSupported,
                format!(
                    "-{name}: network access protection went with Windows Server 2016 and is not \
                     kept here"
                ),
            )),
        }
    }

    /// Refuses parameters that the namesake has and that mean nothing on these servers.
    pub(super) fn refuse(&self, names: &[&str], why: &str) -> Result<(), Failure> {
        match names.iter().find(|name| self.call.has(name)) {
            None => Ok(()),
            Some(name) => Err(Failure {
                category: "NotImplemented".to_owned(),
                id: "NotSupported".to_owned(),
                ..Failure::invalid(format!("-{name}: {why}"))
            }),
        }
    }

    /// Something to set must have been given.
    pub(super) fn something<T>(&self, properties: &[T]) -> Result<(), Failure> {
        if properties.is_empty() {
            let name = self.call.cmdlet.name;
            return Err(Failure::invalid(format!(
                "nothing is to be set: {name} -? shows what can be"
            )));
        }
        Ok(())
    }
}

/// The address by which a server is known, once it has been read.
pub(super) fn address_of(ipam: &Ipam, server: &ServerName) -> Option<Ipv4Addr> {
    let name = ipam.resolve(server.as_str()).ok()?;
    let estate = ipam.estate();
    let reading = estate.servers.get(&name)?.reading.as_ref()?;
    reading.identity.addresses.first().copied()
}

/// Why a plan did not go through.
fn failed(
    here: &ServerName,
    message: &str,
    target: &str,
    outcome: &Outcome,
    purposes: &[Purpose],
) -> Failure {
    let bad = |wanted: bool| {
        outcome.steps.iter().enumerate().find_map(|(index, step)| {
            let carries = matches!(
                purposes.get(index),
                Some(Purpose::Carry { .. } | Purpose::BestEffort | Purpose::Always)
            );
            match &step.result {
                StepResult::Failed(error) | StepResult::Unknown(error) if carries != wanted => {
                    Some(Failure::driver(here, message, target, error))
                }
                _ => None,
            }
        })
    };
    let notes = outcome.notes.join(" ");
    let mut failure = bad(true).or_else(|| bad(false)).unwrap_or_else(|| Failure {
        target: target.to_owned(),
        category: "InvalidOperation".to_owned(),
        id: "NotDone".to_owned(),
        ..Failure::invalid(message)
    });
    if let Some(half) = half_way(outcome) {
        failure.why = Some(half);
        if let (Some(plan), Some(_)) = (outcome.plan, &outcome.back_out) {
            failure = failure.adding(&format!(
                "`twinscope ipam undo {plan}` takes back what was done"
            ));
        }
    }
    let told = failure.why.as_deref().unwrap_or("").contains(&notes);
    if notes.is_empty() || told {
        failure
    } else {
        failure.adding(&notes)
    }
}

/// What was done on which server, and what not, where some of it was done.
fn half_way(outcome: &Outcome) -> Option<String> {
    let steps = &outcome.steps;
    let did = |result: &StepResult| matches!(result, StepResult::Done | StepResult::TakenBack);
    if !steps.iter().any(|step| did(&step.result)) {
        return None;
    }
    let why = |error: &DriverError| match error {
        DriverError::Refused { error, .. } => error.sentence.clone(),
        other => other.to_string(),
    };
    let told: Vec<String> = steps
        .iter()
        .map(|step| {
            let (server, what) = (&step.server, printable(&step.what, 600));
            match &step.result {
                StepResult::Done => format!("{server} was changed ({what})"),
                StepResult::TakenBack => {
                    format!("{server} was changed, and is as before again ({what})")
                }
                StepResult::Failed(error) if !error.nothing_done() => {
                    format!("{server} was changed in part ({what}): {}", why(error))
                }
                StepResult::Failed(error) => {
                    format!("{server} was not changed ({what}): {}", why(error))
                }
                StepResult::Unknown(error) => {
                    format!("{server} may have been changed ({what}): {}", why(error))
                }
                StepResult::NotBegun | StepResult::Cancelled => {
                    format!("{server} was not changed ({what})")
                }
            }
        })
        .collect();
    Some(told.join("; "))
}
