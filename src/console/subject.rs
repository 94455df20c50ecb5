//! What a row is about: the identity by which a cursor, a mark and a command find it again.

use std::fmt;
use std::net::Ipv4Addr;

use super::place::View;
use crate::model::policy::MacPattern;
use crate::model::server::ServerRole;
use crate::model::{PolicyLevel, ScopeId, ServerName};

/// The thing that a row shows. Rows come and go and move; their subject stays.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A server in one of its roles: with two roles it is two rows.
    Server(ServerName, ServerRole),
    /// A scope as one server holds it.
    Scope(ServerName, ScopeId),
    /// A superscope of a server.
    Superscope(ServerName, String),
    /// A policy of a server or of a scope there.
    Policy(ServerName, PolicyLevel, String),
    /// A MAC address filter of a server.
    Filter(ServerName, MacPattern),
    /// A relationship: its primary, its secondary, its name.
    Relationship(ServerName, ServerName, String),
    /// A reservation as one server holds it.
    Reservation(ServerName, ScopeId, Ipv4Addr),
    /// A lease as one server holds it.
    Lease(ServerName, ScopeId, Ipv4Addr),
    /// An entry of the journal, by its number.
    Event(i64),
    /// A server group, by its name.
    Group(String),
    /// A line of Access Control, by its place.
    Rule(usize),
}

impl Subject {
    /// The server whose row it is; for a relationship, its primary.
    #[must_use]
    pub fn server(&self) -> Option<&ServerName> {
        match self {
            Subject::Server(server, _)
            | Subject::Scope(server, _)
            | Subject::Superscope(server, _)
            | Subject::Policy(server, ..)
            | Subject::Filter(server, _)
            | Subject::Relationship(server, ..)
            | Subject::Reservation(server, ..)
            | Subject::Lease(server, ..) => Some(server),
            Subject::Event(_) | Subject::Group(_) | Subject::Rule(_) => None,
        }
    }

    /// The view that shows it.
    #[must_use]
    pub fn view(&self) -> View {
        match self {
            Subject::Server(..) => View::ServerProperties,
            Subject::Scope(..) => View::ScopeProperties,
            Subject::Superscope(..) => View::SuperscopeProperties,
            Subject::Policy(..) => View::Policies,
            Subject::Filter(..) => View::Filters,
            Subject::Relationship(..) => View::FailoverRelationships,
            Subject::Reservation(..) => View::Reservations,
            Subject::Lease(..) => View::Leases,
            Subject::Event(_) => View::EventCatalog,
            Subject::Group(_) => View::ServerGroups,
            Subject::Rule(_) => View::AccessControl,
        }
    }

    /// The scope that it is, or lies in.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeId> {
        match self {
            Subject::Scope(_, scope)
            | Subject::Reservation(_, scope, _)
            | Subject::Lease(_, scope, _)
            | Subject::Policy(_, Some(scope), _) => Some(*scope),
            _ => None,
        }
    }
}

/// As a title names it: `10.0.0.0 on dhcp1.contoso.com`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Server(server, _) => write!(f, "{server}"),
            Subject::Scope(server, scope) => write!(f, "{scope} on {server}"),
            Subject::Superscope(server, name) => write!(f, "{name} on {server}"),
            Subject::Policy(server, None, name) => write!(f, "{name} on {server}"),
            Subject::Policy(server, Some(scope), name) => {
                write!(f, "{name} of {scope} on {server}")
            }
            Subject::Filter(server, pattern) => write!(f, "{pattern} on {server}"),
            Subject::Relationship(_, _, name) => f.write_str(name),
            Subject::Reservation(server, _, address) | Subject::Lease(server, _, address) => {
                write!(f, "{address} on {server}")
            }
            Subject::Event(number) => write!(f, "event {number}"),
            Subject::Group(name) => f.write_str(name),
            Subject::Rule(place) => write!(f, "rule {}", place + 1),
        }
    }
}
