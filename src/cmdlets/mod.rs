//! Verb-Noun: the DhcpServer cmdlets on a command line.

mod act;
mod ask;
mod call;
mod error;
mod exclusion;
mod failover;
mod filter;
mod format;
mod help;
mod lease;
mod object;
mod option;
mod parse;
mod policy;
mod replication;
mod reservation;
mod rows;
mod scope;
mod server;
mod spec;
mod statistics;
mod superscope;
mod table;
mod value;

use std::ffi::OsString;
use std::io::{self, Read, Write};

use crate::ipam::Ipam;
use act::Run;
use call::{Call, Line};
use error::{Done, Failure, Stop};

pub use ask::{Answer, confirm, render_plan, type_name};
pub use format::write;
pub use object::{Object, Results, Value};
pub use parse::Output;

/// What a cmdlet talks to.
pub struct Console<'a> {
    /// Standard input, for rows and answers.
    pub input: &'a mut dyn Read,
    /// Standard output.
    pub output: &'a mut dyn Write,
    /// Standard error.
    pub errors: &'a mut dyn Write,
    /// Whether a person can answer a question.
    pub interactive: bool,
}

/// Every cmdlet's name, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    table::CMDLETS.iter().map(|cmdlet| cmdlet.name)
}

/// What a cmdlet does, in a line.
#[must_use]
pub fn about(cmdlet: &str) -> Option<&'static str> {
    spec::find(cmdlet).map(|cmdlet| cmdlet.about)
}

/// A cmdlet's parameters, without their hyphens, those that every cmdlet takes at the end; none
/// where there is no such cmdlet.
#[must_use]
pub fn parameters(cmdlet: &str) -> Vec<&'static str> {
    let Some(cmdlet) = spec::find(cmdlet) else {
        return Vec::new();
    };
    let own = cmdlet.parameters.iter().map(|parameter| parameter.name);
    own.chain(["WhatIf", "Confirm", "Verbose", "Output"])
        .collect()
}

/// Whether a word looks like a cmdlet: `Verb-Noun`.
#[must_use]
pub fn is_cmdlet(word: &str) -> bool {
    word.split_once('-').is_some_and(|(verb, noun)| {
        !verb.is_empty()
            && verb.bytes().all(|byte| byte.is_ascii_alphabetic())
            && noun.starts_with(|first: char| first.is_ascii_alphabetic())
            && noun.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Runs a cmdlet line, such as `Get-DhcpServerv4Scope -ComputerName dhcp1`; gives the exit code:
/// 0, or 1 when anything that was asked for failed.
///
/// # Errors
/// Only when output can't be written.
pub async fn run(ipam: &Ipam, line: &[OsString], console: &mut Console<'_>) -> io::Result<u8> {
    let mut words = Vec::with_capacity(line.len());
    for word in line {
        let Some(text) = word.to_str() else {
            writeln!(
                console.errors,
                "'{}' is not valid text (UTF-8): type it again",
                crate::model::text::printable(&word.to_string_lossy(), 80)
            )?;
            return Ok(1);
        };
        words.push(text.to_owned());
    }
    let line = match parse::parse(&words) {
        Ok(line) => line,
        Err(wrong) => {
            console.errors.write_all(wrong.render().as_bytes())?;
            return Ok(1);
        }
    };
    if line.help {
        console
            .output
            .write_all(help::help(line.cmdlet).as_bytes())?;
        return Ok(0);
    }
    let (answer, failed) = if line.rows {
        by_rows(ipam, &line, console).await?
    } else {
        match line.complete() {
            Ok(call) => one(ipam, &call, None, console).await?,
            Err(wrong) => {
                console.errors.write_all(wrong.render().as_bytes())?;
                return Ok(1);
            }
        }
    };
    write(console.output, &answer, line.common.output)?;
    if format::altered(&answer, line.common.output) {
        writeln!(
            console.errors,
            "WARNING: control characters of some texts are written as blanks or \u{fffd}: --output json \
             has the texts as they are"
        )?;
    }
    Ok(u8::from(failed))
}

/// Runs one call, tells what failed, and gives the rest.
async fn one(
    ipam: &Ipam,
    call: &Call,
    row: Option<u64>,
    console: &mut Console<'_>,
) -> io::Result<(Results, bool)> {
    let (server, none) = match act::server(ipam, call) {
        Ok(server) => (server, None),
        Err(failure) => (crate::model::ServerName::new(""), Some(failure)),
    };
    let mut run = Run::new(ipam, console, call, server, row);
    let answer = match none {
        Some(failure) => Err(failure.into()),
        None => dispatch(&mut run).await,
    };
    match answer {
        Ok(answer) => Ok((answer, run.failed)),
        Err(Stop::Failed(failure)) => {
            run.tell(*failure)?;
            Ok((Results::Nothing, true))
        }
        Err(Stop::Declined) => {
            writeln!(run.console.errors, "Nothing was done.")?;
            Ok((Results::Nothing, true))
        }
        Err(Stop::Io(error)) => Err(error),
    }
}

/// Runs the line once for every row of standard input; a row that fails does not stop the others.
async fn by_rows(
    ipam: &Ipam,
    line: &Line,
    console: &mut Console<'_>,
) -> io::Result<(Results, bool)> {
    let (cmdlet, silent) = (line.cmdlet, line.common.silent);
    let tell = |console: &mut Console<'_>, failure: &Failure| {
        if silent {
            return Ok(());
        }
        let text = failure.render(cmdlet.name, cmdlet.class);
        console.errors.write_all(text.as_bytes())
    };
    let rows = match rows::read(line, console.input)? {
        Ok(rows) => rows,
        Err(failure) => {
            tell(console, &failure)?;
            return Ok((Results::Nothing, true));
        }
    };
    let (mut objects, mut failed) = (Vec::new(), false);
    for (at, arguments) in rows {
        let call = arguments.and_then(|arguments| {
            let mut line = line.clone();
            line.arguments.extend(arguments);
            line.complete().map_err(Failure::from)
        });
        match call {
            Ok(call) => {
                let (answer, row_failed) = one(ipam, &call, Some(at), console).await?;
                failed |= row_failed;
                if let Results::Objects(more) = answer {
                    objects.extend(more);
                }
            }
            Err(mut failure) => {
                failure.message = format!("line {at}: {}", failure.message);
                tell(console, &failure)?;
                failed = true;
            }
        }
    }
    let answer = if line.arguments.contains_key("PassThru") {
        Results::Objects(objects)
    } else {
        Results::Nothing
    };
    Ok((answer, failed))
}

async fn dispatch(run: &mut Run<'_, '_>) -> Done<Results> {
    let noun = run.call.cmdlet.noun();
    match noun {
        "DhcpServerv4Failover" | "DhcpServerv4FailoverScope" => failover::run(run).await,
        "DhcpServerv4FailoverReplication" => replication::run(run).await,
        "DhcpServerv4Scope" => scope::run(run).await,
        "DhcpServerv4Reservation" => reservation::run(run).await,
        "DhcpServerv4Lease" => lease::run(run).await,
        "DhcpServerv4ExclusionRange" => exclusion::run(run).await,
        "DhcpServerv4OptionValue" | "DhcpServerv4OptionDefinition" => option::run(run).await,
        "DhcpServerv4FreeIPAddress"
        | "DhcpServerv4ScopeStatistics"
        | "DhcpServerv4Statistics"
        | "DhcpServerv4SuperscopeStatistics" => statistics::run(run).await,
        "DhcpServerv4Superscope" => superscope::run(run).await,
        "DhcpServerv4Filter" | "DhcpServerv4FilterList" => filter::run(run).await,
        "DhcpServerv4Policy" | "DhcpServerv4PolicyIPRange" => policy::run(run).await,
        _ => server::run(run).await,
    }
}

/// That the table has a cmdlet which nobody carries out: a mistake of ours, which a test looks for.
fn not_built(run: &Run<'_, '_>) -> Stop {
    Failure {
        category: "NotImplemented".to_owned(),
        id: "NotImplemented".to_owned(),
        ..Failure::invalid(format!("{} is not built yet", run.call.cmdlet.name))
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmdlets_are_told_from_our_own_words() {
        for word in [
            "Get-DhcpServerv4Scope",
            "get-x",
            "Add-DhcpServerv4Reseration",
        ] {
            assert!(is_cmdlet(word), "{word}");
        }
        for word in [
            "lab", "-x", "--help", "ipam", "a-", "a-1", "-", "", "a b-c", "é-x",
        ] {
            assert!(!is_cmdlet(word), "{word}");
        }
    }

    #[test]
    fn completion_knows_names_and_parameters() {
        assert!(names().any(|name| name == "Get-DhcpServerv4Failover"));
        assert!(parameters("set-dhcpserverv4failover").contains(&"PartnerDown"));
        assert!(parameters("x-y").is_empty());
    }
}
