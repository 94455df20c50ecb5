//! Flags and subcommands: what stands on the command line, handed to one of the rooms below.

mod check;
mod ipam;
mod keys;
mod lab;
mod manual;
mod password;
mod views;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::clock::Clock;
use crate::cmdlets::{self, Console};
use crate::config::{Configuration, Home};
use crate::console;
use crate::drivers::embedded::EmbeddedEstate;
use crate::ipam::{Access, Ipam};
use crate::model::ServerName;
use crate::model::text::printable;

/// A console for redundant DHCP: IPAM's views, failover pairs, and the DhcpServer cmdlets.
#[derive(Parser, Debug)]
#[command(name = "twinscope", version, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    console: ConsoleArgs,
    #[command(subcommand)]
    room: Option<Room>,
}

/// Of the console, which opens without a subcommand.
#[derive(Args, Debug)]
struct ConsoleArgs {
    /// Look only: nothing can be changed.
    #[arg(long)]
    read_only: bool,
    /// dark, light, mono or high-contrast.
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    /// Draw with ASCII only.
    #[arg(long)]
    ascii: bool,
    /// Leave the mouse to the terminal.
    #[arg(long)]
    no_mouse: bool,
}

const AFTER_HELP: &str = "\
Cmdlets: the DhcpServer cmdlets that `twinscope cmdlets` lists run as on Windows, names and
parameters in any case, on the server that -ComputerName names (by default the configuration's
first):

  twinscope Get-DhcpServerv4Failover
  twinscope Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 00155DA76602
  twinscope Get-DhcpServerv4Reservation -?        the parameters of one
  twinscope cmdlets                               all of them

Home: TWINSCOPE_HOME (one folder for configuration and state), or else the XDG folders.
Without a config.toml there, the embedded estate is used: a sample to learn and drill on.";

#[derive(Subcommand, Debug)]
enum Room {
    /// What IPAM's console does, as commands: changes reach both partners and are journalled.
    Ipam(ipam::IpamArgs),
    /// Drills on the embedded estate: stop a server, cut a link, let time pass.
    Lab(lab::LabArgs),
    /// Try every configured server, and say what was found.
    Check(check::CheckArgs),
    /// List the cmdlets.
    Cmdlets,
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// List the console's keys and commands, as the home's keymap.toml has them.
    Keys,
    /// Print the manual page.
    Man,
}

#[derive(Args, Debug)]
struct CompletionsArgs {
    /// Which shell.
    shell: clap_complete::Shell,
}

/// Runs a command line, the program's name first; gives the exit code: 0, or 1 with a sentence on
/// standard error.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    let outcome = match arguments.get(1) {
        Some(word) if cmdlets::is_cmdlet(&word.to_string_lossy()) => run_cmdlet(&arguments[1..]),
        _ => run_room(arguments),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // The reader of our output has gone: nothing is wrong, and nobody is there to be told.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let sentence = error
                .chain()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": ");
            let _ = writeln!(io::stderr(), "twinscope: {}", printable(&sentence, 2000));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run_room(arguments: &[OsString]) -> anyhow::Result<u8> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A word with a hyphen that no cmdlet has: the cmdlets know what was meant.
            let asked_for_help = !error.use_stderr();
            let text = error.render();
            if asked_for_help {
                write!(io::stdout(), "{text}")?;
                return Ok(0);
            }
            write!(io::stderr(), "{text}")?;
            return Ok(1);
        }
    };
    let mut out = io::stdout().lock();
    match cli.room {
        None => {
            drop(out);
            run_console(&cli.console)
        }
        Some(Room::Ipam(args)) => {
            let ipam = open()?;
            drop(out);
            block_on(ipam::run(&ipam, args))?
        }
        Some(Room::Lab(args)) => {
            let anew = args.is_reset();
            let estate = open_estate()?;
            let code = lab::run(&estate, args, &mut out)?;
            if anew {
                // What IPAM remembers of the servers that were is not true of those that are.
                let servers = estate.servers()?.into_iter().map(|server| server.name);
                let servers: Vec<ServerName> = servers.collect();
                let ipam = open()?;
                block_on(async { ipam.forget(&servers).await })??;
            }
            Ok(code)
        }
        Some(Room::Check(args)) => {
            let (home, configuration) = configuration()?;
            let ipam = open_with(&home, &configuration)?;
            drop(out);
            block_on(check::run(&home, &ipam, args))?
        }
        Some(Room::Cmdlets) => {
            for name in cmdlets::names() {
                writeln!(out, "{name}")?;
            }
            Ok(0)
        }
        Some(Room::Completions(args)) => {
            // Into memory first: what writes the script knows no errors.
            let mut script = Vec::new();
            let mut command = with_cmdlets(command());
            clap_complete::generate(args.shell, &mut command, "twinscope", &mut script);
            out.write_all(&script)?;
            Ok(0)
        }
        Some(Room::Keys) => {
            let (home, _) = configuration()?;
            keys::write(&home, &mut out)?;
            Ok(0)
        }
        Some(Room::Man) => {
            manual::write(command(), &mut out)?;
            Ok(0)
        }
    }
}

fn run_console(args: &ConsoleArgs) -> anyhow::Result<u8> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        anyhow::bail!(
            "the console needs a terminal; `twinscope --help` lists what works without one"
        );
    }
    let (home, configuration) = configuration()?;
    let ipam = open_with(&home, &configuration)?;
    if args.read_only {
        ipam.set_access(Access::read_only("the console was opened with --read-only"));
    }
    let options = console::Options {
        theme: args.theme.clone(),
        ascii: args.ascii,
        no_mouse: args.no_mouse,
        periods: configuration.collect,
    };
    block_on(console::open(ipam, &home, &options))??;
    Ok(0)
}

fn command() -> clap::Command {
    Cli::command()
}

/// The command with every cmdlet as a subcommand: what a shell completes.
fn with_cmdlets(command: clap::Command) -> clap::Command {
    cmdlets::names().fold(command, |command, name| {
        let parameters = cmdlets::parameters(name);
        let subcommand = clap::Command::new(name).disable_help_flag(true).arg(
            clap::Arg::new("parameter")
                .num_args(0..)
                .allow_hyphen_values(true)
                .value_parser(clap::builder::PossibleValuesParser::new(
                    parameters
                        .into_iter()
                        .map(|parameter| format!("-{parameter}")),
                )),
        );
        command.subcommand(subcommand)
    })
}

fn run_cmdlet(line: &[OsString]) -> anyhow::Result<u8> {
    let ipam = open()?;
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut input = io::stdin();
    let mut output = io::BufWriter::new(io::stdout());
    let mut errors = io::stderr();
    let mut console = Console {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
        interactive,
    };
    let code = block_on(async {
        for sentence in ipam.take_up().await? {
            writeln!(console.errors, "WARNING: {}", printable(&sentence, 1000))?;
        }
        anyhow::Ok(cmdlets::run(&ipam, line, &mut console).await?)
    })??;
    output.flush()?;
    Ok(code)
}

fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    Ok(runtime.block_on(work))
}

fn configuration() -> anyhow::Result<(Home, Configuration)> {
    let home = Home::of_user()?;
    let configuration = Configuration::load(&home)?;
    Ok((home, configuration))
}

fn open() -> anyhow::Result<Ipam> {
    let (home, configuration) = configuration()?;
    open_with(&home, &configuration)
}

fn open_with(home: &Home, configuration: &Configuration) -> anyhow::Result<Ipam> {
    let configuration = password::asked(configuration)?;
    Ok(Ipam::open(
        home,
        &configuration,
        Clock::system(),
        &operator(),
    )?)
}

fn open_estate() -> anyhow::Result<EmbeddedEstate> {
    let home = Home::of_user()?;
    Ok(EmbeddedEstate::open(&home.estate_file(), Clock::system())?)
}

/// Tells the operator something on standard error, a sentence a line.
fn tell(sentences: &[String]) -> io::Result<()> {
    let mut errors = io::stderr().lock();
    sentences
        .iter()
        .try_for_each(|sentence| writeln!(errors, "{}", printable(sentence, 1000)))
}

/// Who is asking: the login name, as far as the environment tells, else the user's number.
fn operator() -> String {
    use std::os::unix::fs::MetadataExt;
    let name = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|variable| {
            std::env::var(variable)
                .ok()
                .filter(|value| !value.is_empty())
        });
    let name = name.or_else(|| {
        let process = std::fs::metadata("/proc/self").ok()?;
        Some(format!("uid {}", process.uid()))
    });
    printable(name.as_deref().unwrap_or("unknown"), 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
