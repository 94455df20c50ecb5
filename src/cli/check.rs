//! `twinscope check`: tries every configured server, and says what was found.

use std::io::{self, Write};

use clap::Args;

use crate::config::Home;
use crate::drivers::check::Weight;
use crate::ipam::Ipam;
use crate::model::text::printable;

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Only these servers.
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
}

/// Exit code 0 when every server could be read, else 1.
pub(super) async fn run(home: &Home, ipam: &Ipam, args: CheckArgs) -> anyhow::Result<u8> {
    let servers = if args.servers.is_empty() {
        ipam.servers()
    } else {
        args.servers
            .iter()
            .map(|name| ipam.resolve(name))
            .collect::<Result<_, _>>()?
    };
    let mut out = io::stdout().lock();
    let file = home.config_file();
    let named = printable(&file.display().to_string(), 400);
    if file.exists() {
        writeln!(out, "configuration: {named}")?;
    } else {
        writeln!(
            out,
            "configuration: none at {named}; the embedded estate is used"
        )?;
    }
    writeln!(
        out,
        "state: {}",
        printable(&home.state.display().to_string(), 400)
    )?;
    drop(out);
    let checked = ipam.check(&servers).await;
    let mut out = io::stdout().lock();
    let mut code = 0;
    for (name, lines) in checked {
        for (number, line) in lines.iter().enumerate() {
            let text = printable(&line.text, 400);
            let sign = match line.weight {
                Weight::Fact => "",
                Weight::Warning => "warning: ",
                Weight::Failure => "failure: ",
            };
            match number {
                // Of an error, the sentence begins with the server's name.
                0 if text.starts_with(&format!("{name} ")) => writeln!(out, "{text}")?,
                0 => writeln!(out, "{name}: {text}")?,
                _ => writeln!(out, "  {sign}{text}")?,
            }
            if line.weight == Weight::Failure {
                code = 1;
            }
        }
    }
    Ok(code)
}
