//! The control socket of a server on this machine: one connection a command.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::super::wire::{Answer, Command};
use super::answer::{self, Whole};
use super::{Failure, LARGEST, Sent};
use crate::drivers::Silence;
use crate::model::text::printable;

/// A socket's path. Kea closes a connection after its answer: there is nothing to keep open.
pub(super) struct Socket {
    path: PathBuf,
}

impl Socket {
    pub(super) fn new(path: &Path) -> Socket {
        Socket {
            path: path.to_owned(),
        }
    }

    pub(super) async fn ask(&self, command: &Command, sent: &mut Sent) -> Result<Answer, Failure> {
        let mut stream = UnixStream::connect(&self.path)
            .await
            .map_err(|error| self.not_connected(&error))?;
        sent.0 = true;
        let asked = stream.write_all(text(command).as_bytes()).await;
        // Whoever closed early may have said why: read on.
        let mut bytes = Vec::new();
        let mut whole = Whole::default();
        loop {
            // Few large reads for large answers, no large buffer for small ones.
            bytes.reserve(bytes.len().clamp(16 << 10, 4 << 20));
            let before = bytes.len();
            match stream.read_buf(&mut bytes).await {
                Ok(0) => break,
                Ok(_) if whole.with(&bytes[before..]) => return answer::parse(bytes).await,
                Ok(_) if bytes.len() > LARGEST => {
                    return Err(Failure::Nonsense(format!(
                        "an answer of more than {} MiB",
                        LARGEST >> 20
                    )));
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::cut(lost(&error))),
            }
        }
        if let (Err(error), true) = (&asked, bytes.is_empty()) {
            return Err(Failure::cut(lost(error)));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::cut("it closed the connection without an answer"));
        }
        if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return Err(Failure::cut(format!(
                "it closed the connection in the middle of its answer, after {} bytes",
                bytes.len()
            )));
        }
        answer::parse(bytes).await
    }

    fn not_connected(&self, error: &io::Error) -> Failure {
        let path = printable(&self.path.display().to_string(), 200);
        Failure::no_connection(match error.kind() {
            // A process that ended leaves this behind, and on one machine nothing else looks so.
            ErrorKind::ConnectionRefused => return Failure::NotReached(Silence::ServiceStopped),
            ErrorKind::NotFound => {
                return Failure::Gone(format!(
                    "there is no control socket {path}: Kea is not running, or its configuration says another path"
                ));
            }
            ErrorKind::PermissionDenied => format!(
                "this user may not open the control socket {path}: it needs the permissions of Kea's group"
            ),
            ErrorKind::WouldBlock => format!(
                "the control socket {path} takes no more connections: the server may be hung"
            ),
            _ => format!("the control socket {path}: {error}"),
        })
    }
}

fn lost(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "it broke off the connection without an answer".to_owned()
        }
        _ => format!("the connection failed: {error}"),
    }
}

/// A command as a server's own socket takes it.
fn text(command: &Command) -> String {
    match &command.arguments {
        None => format!(r#"{{"command":"{}"}}"#, command.name),
        Some(arguments) => format!(
            r#"{{"command":"{}","arguments":{arguments}}}"#,
            command.name
        ),
    }
}
