//! What one Kea server can do: its version, and the commands that it and its hooks have.

use std::collections::BTreeSet;
use std::fmt;

use super::wire::{Answer, Command, Wire};
use crate::drivers::DriverError;
use crate::model::server::{ServerName, ServerVersion};
use crate::model::text::printable;

/// A version of Kea: `3.0.3`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeaVersion {
    /// 2 or 3.
    pub major: u16,
    /// Even for stable versions.
    pub minor: u16,
    /// The maintenance release.
    pub patch: u16,
}

impl KeaVersion {
    /// That version.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> KeaVersion {
        KeaVersion {
            major,
            minor,
            patch,
        }
    }

    /// Reads `3.0.3` or `2.7.9-git`; a number that is not there is 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<KeaVersion> {
        let mut numbers = text.trim().splitn(3, '.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit());
            part.get(..digits.unwrap_or(part.len()))?
                .parse::<u16>()
                .ok()
        });
        let major = numbers.next().flatten()?;
        let minor = numbers.next().flatten()?;
        let patch = numbers.next().flatten().unwrap_or(0);
        Some(KeaVersion::new(major, minor, patch))
    }

    /// As the model has it, without the maintenance release.
    #[must_use]
    pub fn model(self) -> ServerVersion {
        ServerVersion {
            major: self.major,
            minor: self.minor,
        }
    }
}

impl fmt::Display for KeaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a server can do. It changes only when the server is started or configured anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Abilities {
    /// Its version.
    pub version: KeaVersion,
    /// The commands that it answers.
    pub commands: BTreeSet<String>,
}

impl Abilities {
    /// Whether it has that command.
    #[must_use]
    pub fn has(&self, command: &str) -> bool {
        self.commands.contains(command)
    }

    fn has_all(&self, commands: &[&str]) -> bool {
        commands.iter().all(|command| self.has(command))
    }

    /// Whether reservations can be changed in memory, with no interruption (`host_cmds` of 2.7 and
    /// later: before, it wrote to databases only).
    #[must_use]
    pub fn gapless_reservations(&self) -> bool {
        self.version >= KeaVersion::new(2, 7, 0)
            && self.has_all(&["reservation-add", "reservation-update", "reservation-del"])
    }

    /// Whether subnets can be changed with no interruption (`subnet_cmds`).
    #[must_use]
    pub fn gapless_subnets(&self) -> bool {
        self.has_all(&["subnet4-add", "subnet4-update", "subnet4-del"])
    }

    /// Whether it tells the hash of its configuration (2.4 and later).
    #[must_use]
    pub fn has_hash(&self) -> bool {
        self.has("config-hash-get")
    }

    /// Whether its configuration can change without it being configured anew.
    #[must_use]
    pub fn changes_in_place(&self) -> bool {
        [
            "reservation-add",
            "subnet4-add",
            "network4-add",
            "class-add",
        ]
        .iter()
        .any(|command| self.has(command))
    }

    /// Whether a `config-test` leaves the server unharmed: 3.0.0 to 3.0.3 lose their
    /// high-availability listener after it (ISC #4145).
    #[must_use]
    pub fn config_test_is_safe(&self) -> bool {
        !(KeaVersion::new(3, 0, 0)..=KeaVersion::new(3, 0, 3)).contains(&self.version)
            && self.has("config-test")
    }

    /// Whether the high-availability hook is loaded.
    #[must_use]
    pub fn has_ha(&self) -> bool {
        self.has("ha-heartbeat")
    }

    /// Whether it tells how full its subnets are (`stat_cmds`).
    #[must_use]
    pub fn has_statistics(&self) -> bool {
        self.has("stat-lease4-get")
    }

    /// Whether it tells its leases (`lease_cmds`).
    #[must_use]
    pub fn has_leases(&self) -> bool {
        self.has("lease4-get-page")
    }

    /// Which hooks are missing, and what can't be done without them, one sentence each.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut say = |there: bool, what: &str| {
            if !there {
                missing.push(what.to_owned());
            }
        };
        say(
            self.has_ha(),
            "libdhcp_ha.so is not loaded: no failover relationship",
        );
        say(
            self.has_leases(),
            "libdhcp_lease_cmds.so is not loaded: leases are not shown",
        );
        say(
            self.has_statistics(),
            "libdhcp_stat_cmds.so is not loaded: utilization is not shown",
        );
        say(
            self.gapless_reservations(),
            match self.version >= KeaVersion::new(2, 7, 0) {
                true => {
                    "libdhcp_host_cmds.so is not loaded: a changed reservation sets the whole configuration anew"
                }
                false => {
                    "this version changes a reservation only by setting the whole configuration anew"
                }
            },
        );
        say(
            self.gapless_subnets(),
            "libdhcp_subnet_cmds.so is not loaded: a changed scope sets the whole configuration anew",
        );
        missing
    }
}

/// Asks a server for its version and its commands.
///
/// # Errors
/// Those of the wire; `Protocol` when it answers no version, or no list.
pub async fn probe(wire: &dyn Wire, server: &ServerName) -> Result<Abilities, DriverError> {
    let protocol = |what: &str| DriverError::Protocol {
        server: server.clone(),
        what: printable(what, 200),
    };
    let answer = wire.ask(&Command::read("version-get")).await?;
    let version = KeaVersion::parse(&answer.text)
        .filter(|_| answer.result == Answer::SUCCESS)
        .ok_or_else(|| protocol(&format!("its version is '{}'", answer.text)))?;
    let answer = wire.ask(&Command::read("list-commands")).await?;
    let commands: Vec<String> = answer
        .arguments()
        .filter(|_| answer.result == Answer::SUCCESS)
        .ok_or_else(|| protocol(&format!("its commands are no list: {}", answer.text)))?;
    Ok(Abilities {
        version,
        commands: commands.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities(version: &str, commands: &[&str]) -> Abilities {
        Abilities {
            version: KeaVersion::parse(version).unwrap(),
            commands: commands.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn versions_are_read_whatever_follows_them() {
        assert_eq!(KeaVersion::parse("2.2.0"), Some(KeaVersion::new(2, 2, 0)));
        assert_eq!(
            KeaVersion::parse("2.7.9-git"),
            Some(KeaVersion::new(2, 7, 9))
        );
        assert_eq!(KeaVersion::parse("3.0"), Some(KeaVersion::new(3, 0, 0)));
        assert_eq!(KeaVersion::parse("kea"), None);
        assert_eq!(KeaVersion::parse(""), None);
    }

    #[test]
    fn config_test_is_left_alone_where_it_kills() {
        let safe = |version| abilities(version, &["config-test"]).config_test_is_safe();
        assert_eq!(
            ["2.2.0", "2.6.3", "3.0.0", "3.0.3", "3.0.4", "3.1.8"].map(safe),
            [true, true, false, false, true, true]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let bare = abilities("2.2.0", &["config-get"]);
        assert!(!bare.gapless_reservations() && !bare.has_hash() && !bare.changes_in_place());
        assert!(
            bare.missing()
                .iter()
                .any(|line| line.contains("libdhcp_ha"))
        );
        let all = [
            "ha-heartbeat",
            "lease4-get-page",
            "stat-lease4-get",
            "reservation-add",
            "reservation-update",
            "reservation-del",
            "subnet4-add",
            "subnet4-update",
            "subnet4-del",
        ];
        let full = abilities("3.0.3", &all);
        assert_eq!(full.missing(), Vec::<String>::new());
        assert!(full.changes_in_place());
    }
}
