//! What a server shows of itself to somebody who only wants to know whether it lives.

use std::fmt;

use jiff::Timestamp;

use super::{DriverError, Silence};
use crate::model::edit::Order;
use crate::model::server::{Availability, ServerName, ServerReading};
use crate::model::text::printable;

/// What was found at one door of a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Found {
    /// It answers.
    Answers,
    /// It is there and says no: a service that is stopped, a credential that is refused, an answer
    /// that makes no sense.
    Refuses,
    /// Nothing came back.
    Silent,
    /// It was not tried, or what came back does not tell.
    NotKnown,
}

impl Found {
    /// The word for it: `answers`, `refuses`, `silent`, `not known`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Found::Answers => "answers",
            Found::Refuses => "refuses",
            Found::Silent => "silent",
            Found::NotKnown => "not known",
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One item of a probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbeItem {
    /// What was found.
    pub found: Found,
    /// In a few words: which address, what it said, why it is not known. Printable; may be empty.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

impl ProbeItem {
    /// What was found at that moment.
    #[must_use]
    pub fn new(found: Found, detail: &str, at: Timestamp) -> ProbeItem {
        let detail = printable(detail, 200);
        ProbeItem { found, detail, at }
    }

    /// Nothing was, for that reason.
    #[must_use]
    pub fn not_known(why: &str, at: Timestamp) -> ProbeItem {
        ProbeItem::new(Found::NotKnown, why, at)
    }
}

/// When a server last granted a lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastLease {
    /// When, as far as can be told.
    pub at: Timestamp,
    /// How that is known.
    pub detail: String,
}

/// What a server shows of itself now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Which server.
    pub server: ServerName,
    /// Whether its host answers.
    pub host: ProbeItem,
    /// Whether the channel by which it is managed answers. `Refuses` is a sign of life.
    pub management: ProbeItem,
    /// Whether the port answers on which its partner finds it.
    pub failover_port: ProbeItem,
    /// Whether its name is known to DNS.
    pub dns_name: ProbeItem,
    /// Whether its DHCP service runs. `Refuses` is said only of one that is known to be stopped.
    pub dhcp_service: ProbeItem,
    /// When it last granted a lease, where the server tells.
    pub last_lease: Option<LastLease>,
}

impl Probe {
    /// A server of which nothing is known, for that reason.
    #[must_use]
    pub fn unknown(server: &ServerName, why: &str, at: Timestamp) -> Probe {
        let item = || ProbeItem::not_known(why, at);
        Probe {
            server: server.clone(),
            host: item(),
            management: item(),
            failover_port: item(),
            dns_name: item(),
            dhcp_service: item(),
            last_lease: None,
        }
    }

    /// What having been read, or not, says of a server that can't be asked in any other way.
    #[must_use]
    pub fn from_read(
        server: &ServerName,
        read: &Result<ServerReading, DriverError>,
        at: Timestamp,
    ) -> Probe {
        let mut probe = Probe::unknown(server, "not tried", at);
        let item = |found, detail: &str| ProbeItem::new(found, detail, at);
        let answers = || item(Found::Answers, "its management channel does");
        match read {
            Ok(reading) => {
                probe.host = answers();
                probe.management = item(Found::Answers, "");
                probe.dhcp_service = match reading.availability {
                    Availability::Running => item(Found::Answers, "running"),
                    Availability::Paused => item(Found::Answers, "paused"),
                    Availability::Stopped => item(Found::Refuses, "stopped"),
                    Availability::NotReachable => item(Found::NotKnown, "it does not say"),
                };
            }
            Err(DriverError::Unreachable { how, .. }) => match how {
                Silence::ServiceStopped => {
                    probe.host = answers();
                    probe.management = item(Found::Answers, "");
                    probe.dhcp_service = item(Found::Refuses, "stopped");
                }
                Silence::TimedOut(_) | Silence::NoConnection(_) => {
                    probe.management = item(Found::Silent, &how.to_string());
                    probe.dhcp_service = item(Found::NotKnown, "nobody answers who could say");
                }
            },
            Err(error @ (DriverError::Refused { .. } | DriverError::Protocol { .. })) => {
                probe.host = answers();
                probe.management = item(Found::Refuses, &error.to_string());
                probe.dhcp_service = item(Found::NotKnown, "it does not say");
            }
            Err(error) => {
                let why = error.to_string();
                return Probe::unknown(server, &why, at);
            }
        }
        probe
    }

    /// Its items, in the order in which they are shown, with their labels.
    #[must_use]
    pub fn items(&self) -> [(&'static str, &ProbeItem); 5] {
        [
            ("Host", &self.host),
            ("Management channel", &self.management),
            ("Failover port", &self.failover_port),
            ("DNS name", &self.dns_name),
            ("DHCP service", &self.dhcp_service),
        ]
    }
}

/// An order as the cmdlet that gives it on Windows; other orders in our own words.
#[must_use]
pub fn cmdlet(server: &ServerName, order: &Order) -> String {
    match order {
        Order::SetPartnerDown { relationship } => format!(
            "Set-DhcpServerv4Failover -ComputerName {server} -Name {} -PartnerDown -Force",
            quoted(relationship)
        ),
        other => other.to_string(),
    }
}

/// A word of PowerShell, in quotes where it needs them.
fn quoted(text: &str) -> String {
    let text = printable(text, 130);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let begins_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_plain && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Code, DhcpError};
    use std::time::Duration;

    fn probe(error: DriverError) -> [Found; 3] {
        let server = ServerName::new("dc1");
        let probe = Probe::from_read(&server, &Err(error), Timestamp::UNIX_EPOCH);
        [probe.host, probe.management, probe.dhcp_service].map(|item| item.found)
    }

    #[test]
    fn an_answer_that_is_no_reading_still_tells() {
        let server = ServerName::new("dc1");
        let unreachable = |how| DriverError::Unreachable {
            server: server.clone(),
            how,
        };
        let (yes, no, silent, unknown) = (
            Found::Answers,
            Found::Refuses,
            Found::Silent,
            Found::NotKnown,
        );
        assert_eq!(probe(unreachable(Silence::ServiceStopped)), [yes, yes, no]);
        let late = Silence::TimedOut(Duration::from_secs(10));
        assert_eq!(probe(unreachable(late)), [unknown, silent, unknown]);
        let gone = Silence::NoConnection("refused".into());
        assert_eq!(probe(unreachable(gone)), [unknown, silent, unknown]);
        let error = DhcpError::new(Code::AccessDenied, "no");
        let denied = DriverError::Refused {
            server: server.clone(),
            error,
        };
        assert_eq!(probe(denied), [yes, no, unknown]);
        let garbage = DriverError::Protocol {
            server: server.clone(),
            what: "<html>".into(),
        };
        assert_eq!(probe(garbage), [yes, no, unknown]);
        let nobody = DriverError::Unsupported {
            server,
            why: "no driver".into(),
        };
        assert_eq!(probe(nobody), [unknown; 3]);
    }

    #[test]
    fn a_command_can_be_pasted() {
        let say = |name: &str| {
            let relationship = name.to_owned();
            cmdlet(
                &ServerName::new("dhcp1"),
                &Order::SetPartnerDown { relationship },
            )
        };
        assert_eq!(
            say("dhcp1-dc1"),
            "Set-DhcpServerv4Failover -ComputerName dhcp1 -Name dhcp1-dc1 -PartnerDown -Force"
        );
        assert!(say("Bob's; pair").contains("-Name 'Bob''s; pair' -PartnerDown"));
    }
}
