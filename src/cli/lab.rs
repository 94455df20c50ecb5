//! `twinscope lab`: drills on the embedded estate.

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};

use crate::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};

#[derive(Args, Debug)]
pub(super) struct LabArgs {
    #[command(subcommand)]
    command: Command,
}

impl LabArgs {
    /// Whether the servers are made anew.
    pub(super) fn is_reset(&self) -> bool {
        matches!(self.command, Command::Reset)
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make the sample estate anew; everything in it is lost.
    Reset,
    /// Stop a server's DHCP service.
    Stop {
        /// Its name; the first label suffices.
        server: String,
    },
    /// Start it, or let it go on.
    Start {
        /// Its name.
        server: String,
    },
    /// Pause it.
    Pause {
        /// Its name.
        server: String,
    },
    /// Break the link between two servers; both live on.
    Cut {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Mend it.
    Join {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Set a server's clock wrong by so many seconds (0: right).
    Skew {
        /// Its name.
        server: String,
        /// Seconds; negative: slow.
        #[arg(allow_negative_numbers = true)]
        seconds: i64,
    },
    /// Have a server misbehave.
    Fail {
        /// Its name.
        server: String,
        /// How.
        what: What,
        /// With `slow`: how many milliseconds everything takes.
        #[arg(default_value_t = 3000, value_parser = clap::value_parser!(u32).range(0..=600_000))]
        milliseconds: u32,
    },
    /// Have clients take leases from a server.
    Clients {
        /// Its name.
        server: String,
        /// How many.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
        count: u32,
    },
    /// Let time pass: `90`, `90s`, `15m`, `2h`, `8d`.
    Pass {
        /// How long.
        #[arg(value_parser = seconds)]
        time: u32,
    },
    /// How everything stands.
    Status,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum What {
    /// It behaves again.
    Nothing,
    /// Its host does not answer.
    Unreachable,
    /// It refuses every write.
    RefuseWrites,
    /// It takes its time.
    Slow,
    /// It answers garbage.
    Garbage,
    /// It does what it is asked, and the answer is lost.
    LoseAnswers,
}

/// Seconds from a number with a unit.
fn seconds(text: &str) -> Result<u32, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let unit = match &text[split..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(format!("'{other}' is no unit: use s, m, h or d")),
    };
    let number: u32 = text[..split]
        .parse()
        .map_err(|_| format!("'{text}' is no time, such as 90, 15m or 2h"))?;
    number
        .checked_mul(unit)
        .filter(|seconds| *seconds <= 3660 * 86_400)
        .ok_or_else(|| format!("'{text}' is too long: at most ten years"))
}

pub(super) fn run(
    estate: &EmbeddedEstate,
    args: LabArgs,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let command = match args.command {
        Command::Reset => LabCommand::Reset,
        Command::Stop { server } => LabCommand::Stop(server),
        Command::Start { server } => LabCommand::Start(server),
        Command::Pause { server } => LabCommand::Pause(server),
        Command::Cut { first, second } => LabCommand::Cut(first, second),
        Command::Join { first, second } => LabCommand::Join(first, second),
        Command::Skew { server, seconds } => LabCommand::Skew(server, seconds),
        Command::Fail {
            server,
            what,
            milliseconds,
        } => LabCommand::Fail(
            server,
            match what {
                What::Nothing => Fault::None,
                What::Unreachable => Fault::Unreachable,
                What::RefuseWrites => Fault::RefuseWrites,
                What::Slow => Fault::Slow(milliseconds),
                What::Garbage => Fault::Garbage,
                What::LoseAnswers => Fault::LoseAnswers,
            },
        ),
        Command::Clients { server, count } => LabCommand::Clients(server, count),
        Command::Pass { time } => LabCommand::Pass(time),
        Command::Status => LabCommand::Status,
    };
    let answer = estate.lab(&command)?;
    writeln!(out, "{}", answer.trim_end())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_a_unit() {
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("8d"), Ok(8 * 86_400));
        assert!(seconds("2 h").is_err() && seconds("").is_err() && seconds("99999999999").is_err());
        assert!(seconds("4000d").is_err() && seconds("5µ").is_err());
    }
}
