//! Whether this IPAM may write: read-only, with its reason; guardrail rules join it here.

use crate::model::Intent;

/// What this IPAM may do. It protects from mistakes, not from an operator who holds the servers'
/// own passwords: real access control is the servers'.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// Nothing may be written, and why; `None`: everything may.
    pub read_only: Option<String>,
}

impl Access {
    /// Everything is looked at, nothing is written, for that reason.
    #[must_use]
    pub fn read_only(reason: impl Into<String>) -> Access {
        Access {
            read_only: Some(reason.into()),
        }
    }

    /// Whether that may be planned.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn allows(&self, intent: &Intent) -> Result<(), String> {
        let _ = intent;
        self.may_write()
    }

    /// Whether anything may be written.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn may_write(&self) -> Result<(), String> {
        match &self.read_only {
            None => Ok(()),
            Some(reason) => Err(format!("nothing may be changed here: {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_says_why() {
        assert_eq!(Access::default().may_write(), Ok(()));
        assert_eq!(
            Access::read_only("it is the night shift's console").may_write(),
            Err("nothing may be changed here: it is the night shift's console".to_owned())
        );
    }
}
