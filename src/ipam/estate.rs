//! Every server's reading at one moment, paired and indexed; immutable, shared by `Arc`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::drivers::DriverError;
use crate::model::failover::Relationship;
use crate::model::server::{Availability, ServerName, ServerReading};
use crate::model::{Comparison, ScopeId};

/// What is known of one server.
#[derive(Clone, Debug)]
pub struct ServerView {
    /// Which.
    pub name: ServerName,
    /// Whether it answers; `None` before it was first asked.
    pub availability: Option<Availability>,
    /// Since when that is so.
    pub availability_since: Option<Timestamp>,
    /// Its last reading, however old.
    pub reading: Option<Arc<ServerReading>>,
    /// Why it could not be read the last time.
    pub error: Option<DriverError>,
    /// When it was last asked.
    pub asked: Option<Timestamp>,
}

/// IPAM's computed truth about a failover scope's two copies: the column Pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pair {
    /// Both are the same.
    Same,
    /// They differ in so many fields.
    Differs(usize),
    /// The partner has no copy.
    OnlyHere,
    /// The partner can't be read.
    PartnerUnreachable,
    /// One of the readings does not cover all of it.
    Unverified,
}

impl fmt::Display for Pair {
    /// The column's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pair::Same => f.write_str("same"),
            Pair::Differs(fields) => write!(f, "differs ({fields})"),
            Pair::OnlyHere => f.write_str("only here"),
            Pair::PartnerUnreachable => f.write_str("partner unreachable"),
            Pair::Unverified => f.write_str("unverified"),
        }
    }
}

/// Everything that is known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// The servers, by name.
    pub servers: BTreeMap<ServerName, Arc<ServerView>>,
    /// Configuration sync errors: on which server's row of which scope, and why.
    pub out_of_sync: BTreeMap<(ServerName, ScopeId), String>,
}

impl Estate {
    /// The server that a relationship's partner name means.
    #[must_use]
    pub fn partner(&self, name: &ServerName) -> Option<&Arc<ServerView>> {
        let _ = name;
        todo!()
    }

    /// The relationship a scope of a server is in.
    #[must_use]
    pub fn relationship_of(&self, server: &ServerName, scope: ScopeId) -> Option<&Relationship> {
        let _ = (server, scope);
        todo!()
    }

    /// The column Pair of a scope's row; `None` where there is no failover.
    #[must_use]
    pub fn pair(&self, server: &ServerName, scope: ScopeId) -> Option<Pair> {
        let _ = (server, scope);
        todo!()
    }

    /// How the partner's copies differ from a server's, for a relationship.
    #[must_use]
    pub fn compare(&self, server: &ServerName, relationship: &str) -> Option<Comparison> {
        let _ = (server, relationship);
        todo!()
    }
}
