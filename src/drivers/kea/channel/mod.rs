//! How a command reaches a Kea server, and what its silence or a strange answer means.

mod answer;
mod escapes;
mod http;
mod password;
mod tls;
mod unix;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::wire::{Answer, Command, Wire};
use crate::config::KeaAddress;
use crate::drivers::{BoxFuture, DriverError, Silence};
use crate::model::ServerName;
use crate::model::text::printable;
use crate::rules::{Code, DhcpError};

/// The largest answer that is taken: 100,000 reservations are about 35 MB.
const LARGEST: usize = 256 << 20;

/// A control channel to one server. Nothing is connected before the first command.
pub struct Channel {
    server: ServerName,
    way: Way,
    /// Held while a command is on its way.
    turn: Mutex<()>,
    /// Whether the server ever answered: then this is the right address.
    answered: AtomicBool,
}

enum Way {
    Socket(unix::Socket),
    Http(Box<http::Http>),
}

impl Channel {
    /// A channel to that server at that address.
    ///
    /// # Errors
    /// `Unsupported` with a sentence on what the configuration must say otherwise.
    pub fn open(server: ServerName, address: &KeaAddress) -> Result<Channel, DriverError> {
        let way = match address {
            KeaAddress::Socket(path) => Way::Socket(unix::Socket::new(path)),
            KeaAddress::Url(url) => match http::Http::new(url) {
                Ok(http) => Way::Http(Box::new(http)),
                Err(why) => return Err(DriverError::Unsupported { server, why }),
            },
        };
        Ok(Channel {
            server,
            way,
            turn: Mutex::new(()),
            answered: AtomicBool::new(false),
        })
    }

    async fn exchange(&self, command: &Command) -> Result<Answer, DriverError> {
        let mut sent = Sent(false);
        let work = async {
            let _turn = self.turn.lock().await;
            match &self.way {
                Way::Socket(socket) => socket.ask(command, &mut sent).await,
                Way::Http(http) => http.ask(command, &mut sent).await,
            }
        };
        let outcome = timeout(command.within, work).await;
        let failure = match outcome {
            Ok(Ok(answer)) => {
                self.answered.store(true, Ordering::Relaxed);
                return Ok(answer);
            }
            Ok(Err(Failure::Gone(_))) if self.answered.load(Ordering::Relaxed) => {
                Failure::NotReached(Silence::ServiceStopped)
            }
            Ok(Err(failure)) => failure,
            Err(_) if sent.0 => Failure::Lost(Silence::TimedOut(command.within)),
            Err(_) => Failure::NotReached(Silence::TimedOut(command.within)),
        };
        Err(failure.of(&self.server, command))
    }
}

impl Wire for Channel {
    fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>> {
        Box::pin(self.exchange(command))
    }
}

/// Whether any byte of the command may have left.
struct Sent(bool);

/// Why there is no answer, as far as a transport can know.
#[derive(Debug)]
enum Failure {
    /// Nothing was sent, or what took it says that it went no further.
    NotReached(Silence),
    /// Where the server's socket should be, there is none. One that was there goes when its server
    /// is stopped in good order.
    Gone(String),
    /// It was sent, and no whole answer came.
    Lost(Silence),
    /// It was sent, and what came is no answer of a server.
    Nonsense(String),
    /// What came says by itself that no server has seen the command.
    NotForKea(String),
    /// A credential was refused, and nothing done.
    Denied(String),
}

impl Failure {
    fn no_connection(why: impl Into<String>) -> Failure {
        Failure::NotReached(Silence::NoConnection(why.into()))
    }

    fn cut(why: impl Into<String>) -> Failure {
        Failure::Lost(Silence::NoConnection(why.into()))
    }

    fn of(self, server: &ServerName, command: &Command) -> DriverError {
        let server = server.clone();
        match self {
            Failure::Gone(why) => DriverError::Unreachable {
                server,
                how: Silence::NoConnection(why),
            },
            Failure::Lost(how) if command.writes => DriverError::OutcomeUnknown {
                server,
                why: match how {
                    Silence::TimedOut(after) => no_answer_within(after),
                    Silence::NoConnection(why) => why,
                    Silence::ServiceStopped => how.to_string(),
                },
            },
            Failure::NotReached(how) | Failure::Lost(how) => {
                DriverError::Unreachable { server, how }
            }
            // It may have been done, whatever then became of the answer.
            Failure::Nonsense(what) if command.writes => DriverError::OutcomeUnknown {
                server,
                why: format!("what came is not understood: {what}"),
            },
            Failure::Denied(why) => DriverError::Refused {
                server,
                error: DhcpError::new(Code::AccessDenied, why),
            },
            Failure::Nonsense(what) | Failure::NotForKea(what) => {
                DriverError::Protocol { server, what }
            }
        }
    }
}

fn no_answer_within(time: Duration) -> String {
    format!("no answer within {} s", time.as_secs_f64())
}

/// The beginning of something untrusted, in one printable line.
fn excerpt(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(400)];
    let text = String::from_utf8_lossy(start);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    printable(&line, 120)
}

#[cfg(test)]
mod tests;
