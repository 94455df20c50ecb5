//! `twinscope check`: tries every configured server, and says what was found.

use std::io::{self, Write};

use clap::Args;

use crate::config::Home;
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
    let estate = ipam.collect_only(&servers).await;
    let mut out = io::stdout().lock();
    let mut code = 0;
    for name in &servers {
        let Some(view) = estate.servers.get(name) else {
            continue;
        };
        match (&view.reading, &view.error) {
            (Some(reading), None) => {
                let roles: Vec<String> = reading
                    .identity
                    .roles
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let mut has = Vec::new();
                let (config, zones) = (&reading.config, reading.zones.len());
                for (count, one, more) in [
                    (config.scopes.len(), "scope", "scopes"),
                    (
                        config.relationships.len(),
                        "failover relationship",
                        "failover relationships",
                    ),
                    (zones, "zone", "zones"),
                ] {
                    if count > 0 {
                        has.push(format!("{count} {}", if count == 1 { one } else { more }));
                    }
                }
                writeln!(
                    out,
                    "{name}: {} ({}), {}: {}",
                    reading.availability,
                    roles.join(" and "),
                    printable(&reading.identity.version_text, 80),
                    if has.is_empty() {
                        "empty".to_owned()
                    } else {
                        has.join(", ")
                    },
                )?;
            }
            (_, Some(error)) => {
                code = 1;
                writeln!(out, "{name}: {}", printable(&error.to_string(), 400))?;
            }
            (None, None) => {
                code = 1;
                writeln!(out, "{name}: was not asked")?;
            }
        }
    }
    Ok(code)
}
