//! What is said on a control channel: a command, and the answer to it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::drivers::{BoxFuture, DriverError};

/// A control channel of one server. One command at a time is on its way: Kea answers in turn.
pub trait Wire: Send + Sync {
    /// Sends a command and waits for its answer, no longer than the command says.
    ///
    /// An answer of whatever result is `Ok`; what no server can have meant as an answer (nothing,
    /// half of one, a proxy's page) is an error.
    ///
    /// # Errors
    /// `Unreachable` when the command was not sent (the server was not reached); `OutcomeUnknown`
    /// when it was sent, may change something, and no answer came; `Unreachable` also when it was
    /// sent and only reads; `Refused` with `AccessDenied` for a refused credential; `Protocol` for
    /// what makes no sense.
    fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>>;
}

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Its name: `config-get`.
    pub name: &'static str,
    /// Its arguments as JSON; `None` sends none.
    pub arguments: Option<String>,
    /// How long to wait for the whole answer.
    pub within: Duration,
    /// Whether it may change something.
    pub writes: bool,
}

impl Command {
    /// A command that only reads, and is answered within five seconds.
    #[must_use]
    pub fn read(name: &'static str) -> Command {
        Command {
            name,
            arguments: None,
            within: Duration::from_secs(5),
            writes: false,
        }
    }

    /// A command that changes something, and is answered within half a minute.
    #[must_use]
    pub fn write(name: &'static str) -> Command {
        Command {
            within: Duration::from_secs(30),
            writes: true,
            ..Command::read(name)
        }
    }

    /// With arguments: anything that serialises to a JSON object. What can't be serialised sends
    /// none.
    #[must_use]
    pub fn with(mut self, arguments: &impl serde::Serialize) -> Command {
        self.arguments = serde_json::to_string(arguments).ok();
        self
    }

    /// To be answered within that time.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Command {
        self.within = time;
        self
    }
}

/// An answer: Kea's result and text, and the arguments as it wrote them.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// 0 success, 1 error, 2 unknown command, 3 nothing found, 4 conflict, 5 partly applied.
    pub result: i64,
    /// In words; untrusted.
    #[serde(default)]
    pub text: String,
    /// The arguments, not yet looked at.
    #[serde(default)]
    pub arguments: Option<Box<RawValue>>,
}

impl Answer {
    /// Success.
    pub const SUCCESS: i64 = 0;
    /// Failure.
    pub const ERROR: i64 = 1;
    /// The server has no such command.
    pub const UNSUPPORTED: i64 = 2;
    /// Success, and nothing found.
    pub const EMPTY: i64 = 3;
    /// It conflicts with what is there (2.6 and later).
    pub const CONFLICT: i64 = 4;
    /// Failure, and a part was done (3.0.4 and later).
    pub const PARTLY: i64 = 5;

    /// The arguments as a type of ours; `None` where there are none or they do not fit.
    #[must_use]
    pub fn arguments<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.arguments.as_ref()?.get()).ok()
    }
}
