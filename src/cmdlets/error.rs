//! Errors in PowerShell's shape: message, category, and an identifier such as `DHCP 20022,…`.

use std::fmt::Write as _;
use std::io;

use super::parse::Wrong;
use crate::drivers::DriverError;
use crate::ipam::PlanError;
use crate::model::ServerName;
use crate::model::text::printable;
use crate::rules::DhcpError;
use crate::rules::error::Code;

/// Why a cmdlet failed, or one of the things it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What failed: `Failed to get scope information for scope 10.9.0.0 on DHCP server dhcp1.`
    pub message: String,
    /// Why, and what to do.
    pub why: Option<String>,
    /// What it was about.
    pub target: String,
    /// PowerShell's category.
    pub category: String,
    /// What stands before the cmdlet's name in FullyQualifiedErrorId.
    pub id: String,
}

/// Why a cmdlet stops.
#[derive(Debug)]
pub enum Stop {
    /// It failed.
    Failed(Box<Failure>),
    /// The operator said no.
    Declined,
    /// Output can't be written.
    Io(io::Error),
}

/// What a cmdlet's parts give.
pub type Done<T> = Result<T, Stop>;

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(Box::new(failure))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl Failure {
    /// A mistake of the one who typed: what is wrong and what to do.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            why: None,
            target: String::new(),
            category: "InvalidArgument".to_owned(),
            id: "InvalidArgument".to_owned(),
        }
    }

    /// A refusal with a number.
    #[allow(clippy::needless_pass_by_value, reason = "addresses and names alike")]
    #[must_use]
    pub fn refused(
        message: impl Into<String>,
        target: impl ToString,
        code: Code,
        why: impl Into<String>,
    ) -> Failure {
        Failure {
            message: message.into(),
            why: Some(why.into()),
            target: target.to_string(),
            category: code.category().to_string(),
            id: format!("DHCP {}", code.number()),
        }
    }

    /// A server's refusal. Where it is not the server `here` that the line is about, the sentence
    /// says whose it is.
    #[must_use]
    pub fn dhcp(
        here: &ServerName,
        message: &str,
        target: &str,
        server: &ServerName,
        error: &DhcpError,
    ) -> Failure {
        let sentence = &error.sentence;
        let own = server.means(here.as_str()) || sentence.starts_with(server.as_str());
        let why = if own {
            sentence.clone()
        } else {
            format!("{server} refused: {sentence}")
        };
        Failure::refused(message, target, error.code, why)
    }

    /// A server that was not read or written; `here` is the one that the line is about.
    #[must_use]
    pub fn driver(here: &ServerName, message: &str, target: &str, error: &DriverError) -> Failure {
        let (category, id) = match error {
            DriverError::Refused { server, error } => {
                return Failure::dhcp(here, message, target, server, error);
            }
            DriverError::Unreachable { .. } => ("ResourceUnavailable", "DHCP 1722"),
            DriverError::Stale { .. } => ("ResourceBusy", "ChangedMeanwhile"),
            DriverError::PartlyApplied { .. } => ("InvalidResult", "PartlyApplied"),
            DriverError::OutcomeUnknown { .. } => ("OperationTimeout", "OutcomeUnknown"),
            DriverError::Protocol { .. } => ("ProtocolError", "Protocol"),
            DriverError::Unsupported { .. } => ("NotImplemented", "Unsupported"),
        };
        Failure {
            message: message.to_owned(),
            why: Some(error.to_string()),
            target: target.to_owned(),
            category: category.to_owned(),
            id: id.to_owned(),
        }
    }

    /// An intent that has no plan; `here` is the server that the line is about.
    #[must_use]
    pub fn plan(here: &ServerName, message: &str, target: &str, error: &PlanError) -> Failure {
        let (category, id) = match error {
            PlanError::Driver(error) => return Failure::driver(here, message, target, error),
            PlanError::Refused { server, error } => {
                return Failure::dhcp(here, message, target, server, error);
            }
            PlanError::Server(_) => ("ObjectNotFound", "UnknownServer"),
            PlanError::NotUndoable(_) => ("InvalidOperation", "NotUndoable"),
            PlanError::Invalid(_) => ("InvalidArgument", "InvalidArgument"),
            PlanError::NotAllowed(_) => ("PermissionDenied", "NotAllowed"),
            PlanError::Store(_) => ("ResourceUnavailable", "Store"),
        };
        Failure {
            message: message.to_owned(),
            why: Some(error.to_string()),
            target: target.to_owned(),
            category: category.to_owned(),
            id: id.to_owned(),
        }
    }

    /// The same with a sentence more at its end.
    #[must_use]
    pub fn adding(mut self, more: &str) -> Failure {
        match &mut self.why {
            Some(why) => {
                why.push_str(if why.ends_with(['.', '!', '?']) {
                    " "
                } else {
                    "; "
                });
                why.push_str(more);
            }
            None => self.why = Some(more.to_owned()),
        }
        self
    }

    /// The lines that go to standard error.
    #[must_use]
    pub fn render(&self, cmdlet: &str, class: &str) -> String {
        let line = |text: &str| printable(text, 4000);
        let mut out = format!("{cmdlet} : {}\n", line(&self.message));
        if let Some(why) = &self.why {
            let _ = writeln!(out, "{}", line(why));
        }
        let _ = writeln!(
            out,
            "    + CategoryInfo          : {}: ({}:{class}) [{cmdlet}], CimException",
            self.category,
            printable(&self.target, 200)
        );
        let _ = writeln!(out, "    + FullyQualifiedErrorId : {},{cmdlet}", self.id);
        out
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Failure {
        Failure {
            id: wrong.id.to_owned(),
            ..Failure::invalid(wrong.sentence)
        }
    }
}

impl Wrong {
    /// The lines that go to standard error.
    #[must_use]
    pub fn render(&self) -> String {
        let category = if self.id == "CommandNotFoundException" {
            "ObjectNotFound"
        } else {
            "InvalidArgument"
        };
        let name = printable(&self.cmdlet, 80);
        format!(
            "{name} : {}\n    + CategoryInfo          : {category}: (:) [{name}], \
             ParameterBindingException\n    + FullyQualifiedErrorId : {},{name}\n",
            printable(&self.sentence, 4000),
            self.id
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_powershells_shape() {
        let failure = Failure::refused(
            "Failed to get scope information for scope 10.9.0.0 on DHCP server dhcp1.",
            "10.9.0.0",
            Code::SubnetNotPresent,
            "there is no scope 10.9.0.0",
        );
        assert_eq!(
            failure.render("Get-DhcpServerv4Scope", "DhcpServerv4Scope"),
            "Get-DhcpServerv4Scope : Failed to get scope information for scope 10.9.0.0 on DHCP server dhcp1.\n\
             there is no scope 10.9.0.0\n    \
             + CategoryInfo          : ObjectNotFound: (10.9.0.0:DhcpServerv4Scope) [Get-DhcpServerv4Scope], CimException\n    \
             + FullyQualifiedErrorId : DHCP 20005,Get-DhcpServerv4Scope\n"
        );
    }

    #[test]
    fn hostile_text_in_an_error_is_made_printable() {
        let shown = Failure::invalid("a\u{1b}[2J\nb").render("X-Y", "z");
        assert!(!shown.contains('\u{1b}'));
        assert_eq!(shown.lines().count(), 3);
    }
}
