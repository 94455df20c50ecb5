//! What a Kea server shows of itself to somebody who only wants to know whether it lives.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use jiff::Timestamp;

use super::peers::{host_of, port_of};
use super::reading::running::Status;
use super::wire::{Answer, Command, Wire};
use crate::drivers::probe::{Found, Probe, ProbeItem};
use crate::drivers::{DriverError, Silence};
use crate::model::server::ServerName;

/// A server that lives answers its status within milliseconds; one under load within a second.
const STATUS_WITHIN: Duration = Duration::from_secs(3);
/// For the connection to the port of its partner, and again for its answer.
const PORT_WITHIN: Duration = Duration::from_secs(2);
/// For all of it, whatever the resolver does.
const ALL_WITHIN: Duration = Duration::from_secs(6);

/// Looks at a server from outside. `ha_url` is where its partner finds it.
pub async fn probe(
    wire: &dyn Wire,
    server: &ServerName,
    ha_url: Option<&str>,
    now: Timestamp,
) -> Probe {
    let mut probe = Probe::unknown(server, "not tried", now);
    let command = Command::read("status-get").within(STATUS_WITHIN);
    let (answer, door) = tokio::join!(wire.ask(&command), knock(ha_url));
    managed(&mut probe, answer, now);
    let item = |found, detail: &str| ProbeItem::new(found, detail, now);
    match door {
        Door::NotTried(why) => probe.failover_port = ProbeItem::not_known(why, now),
        Door::NoName(name) => {
            probe.dns_name = item(Found::Silent, &name);
            probe.failover_port = ProbeItem::not_known("its name is not known to DNS", now);
        }
        Door::Tried { named, at, what } => {
            probe.dns_name = match named {
                Some(name) => item(Found::Answers, &name),
                None => ProbeItem::not_known("it is reached by its address", now),
            };
            let (host, port) = match what {
                Knock::Answered => (Found::Answers, Found::Answers),
                Knock::HungUp | Knock::Refused => (Found::Answers, Found::Refuses),
                // The system takes connections for a process that is frozen.
                Knock::Mute => (Found::Answers, Found::Silent),
                Knock::Nobody => (Found::Silent, Found::Silent),
            };
            if probe.host.found != Found::Answers {
                probe.host = item(host, &at);
            }
            probe.failover_port = item(port, &at);
        }
    }
    probe
}

/// What the management channel says.
fn managed(probe: &mut Probe, answer: Result<Answer, DriverError>, now: Timestamp) {
    let item = |found, detail: &str| ProbeItem::new(found, detail, now);
    let answer = match answer {
        Ok(answer) => answer,
        Err(DriverError::OutcomeUnknown { why, .. }) => {
            probe.management = item(Found::Silent, &why);
            return;
        }
        Err(error) => {
            *probe = Probe::from_read(&probe.server.clone(), &Err(error), now);
            return;
        }
    };
    let status = answer.arguments::<Status>();
    match status.filter(|_| answer.result == Answer::SUCCESS) {
        Some(status) => {
            let serves = status
                .dhcp_state
                .as_ref()
                .is_none_or(|state| !state.globally_disabled);
            probe.host = item(Found::Answers, "its management channel does");
            probe.management = item(Found::Answers, "");
            probe.dhcp_service = match (status.paused(), serves) {
                (true, _) => item(Found::Answers, "paused"),
                (false, true) => item(Found::Answers, "running"),
                (false, false) => item(Found::Answers, "running, does not serve at the moment"),
            };
        }
        None if is_stopped(&answer) => {
            let error = DriverError::Unreachable {
                server: probe.server.clone(),
                how: Silence::ServiceStopped,
            };
            *probe = Probe::from_read(&probe.server.clone(), &Err(error), now);
        }
        None => {
            probe.host = item(Found::Answers, "its management channel does");
            probe.management = item(Found::Refuses, &answer.text);
            probe.dhcp_service = ProbeItem::not_known("it does not say", now);
        }
    }
}

/// Whether a Control Agent says that the server behind it is not there.
fn is_stopped(answer: &Answer) -> bool {
    answer.result == Answer::ERROR
        && answer.text.contains("unable to forward command")
        && !answer.text.contains("timed out")
}

enum Door {
    NotTried(&'static str),
    NoName(String),
    Tried {
        named: Option<String>,
        at: String,
        what: Knock,
    },
}

enum Knock {
    /// It says something.
    Answered,
    /// It takes the connection, and ends it without a word.
    HungUp,
    /// Nobody listens there.
    Refused,
    /// It takes the connection, and says nothing.
    Mute,
    /// The host does not answer.
    Nobody,
}

async fn knock(url: Option<&str>) -> Door {
    let Some((host, port)) = url.and_then(|url| host_of(url).zip(port_of(url))) else {
        return Door::NotTried("where its partner finds it is not known");
    };
    // An address is no name; only a name is looked up.
    let named = host
        .parse::<std::net::IpAddr>()
        .is_err()
        .then(|| host.clone());
    let secure = url.is_some_and(|url| url.trim().to_ascii_lowercase().starts_with("https"));
    let at = format!("{host}:{port}");
    let name = host.clone();
    let work = tokio::task::spawn_blocking(move || {
        let address = (host.as_str(), port).to_socket_addrs().ok()?.next()?;
        Some(speak(&address, &host, secure))
    });
    match tokio::time::timeout(ALL_WITHIN, work).await {
        Ok(Ok(Some(what))) => Door::Tried { named, at, what },
        Ok(Ok(None)) => Door::NoName(name),
        Ok(Err(_)) | Err(_) => Door::NotTried("looking it up took too long"),
    }
}

/// Says something to the port that any HTTP server answers, and any TLS server refuses in a word.
fn speak(address: &std::net::SocketAddr, host: &str, secure: bool) -> Knock {
    let mut stream = match TcpStream::connect_timeout(address, PORT_WITHIN) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Knock::Refused,
        Err(_) => return Knock::Nobody,
    };
    let in_time = [
        stream.set_read_timeout(Some(PORT_WITHIN)),
        stream.set_write_timeout(Some(PORT_WITHIN)),
    ];
    if in_time.iter().any(Result::is_err) {
        return Knock::Mute;
    }
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    if stream.write_all(request.as_bytes()).is_err() {
        return Knock::HungUp;
    }
    let mut begin = [0_u8; 5];
    match stream.read(&mut begin) {
        Ok(0) if secure => Knock::Answered,
        Ok(0) => Knock::HungUp,
        Ok(read)
            if secure
                || begin
                    .get(..read)
                    .is_some_and(|read| b"HTTP/".starts_with(read)) =>
        {
            Knock::Answered
        }
        Ok(_) => Knock::HungUp,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Knock::Mute
        }
        Err(_) if secure => Knock::Answered,
        Err(_) => Knock::HungUp,
    }
}

#[cfg(test)]
mod tests;
