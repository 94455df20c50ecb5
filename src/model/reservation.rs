//! A reservation: one address kept for one client.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::client_id::ClientId;
use super::option::Options;
use super::scope::ClientType;

/// A reservation as one server holds it in a scope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reservation {
    /// The address kept.
    pub address: Ipv4Addr,
    /// For whom.
    pub client: ClientId,
    /// Reservation name; may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Reservation type.
    pub kind: ClientType,
    /// Options for this client alone.
    pub options: Options,
}

impl Reservation {
    /// A reservation of type Both with no name, as Windows makes it from an address and a client.
    #[must_use]
    pub fn new(address: Ipv4Addr, client: ClientId) -> Reservation {
        Reservation {
            address,
            client,
            name: String::new(),
            description: String::new(),
            kind: ClientType::Both,
            options: Options::new(),
        }
    }

    /// What can be changed about it, one by one, in the order in which it is shown.
    #[must_use]
    pub fn properties(&self) -> Vec<ReservationProperty> {
        vec![
            ReservationProperty::Client(self.client.clone()),
            ReservationProperty::Name(self.name.clone()),
            ReservationProperty::Kind(self.kind),
            ReservationProperty::Description(self.description.clone()),
        ]
    }

    /// Sets one property, unchecked: the rules check.
    pub fn set(&mut self, property: ReservationProperty) {
        match property {
            ReservationProperty::Client(client) => self.client = client,
            ReservationProperty::Name(name) => self.name = name,
            ReservationProperty::Kind(kind) => self.kind = kind,
            ReservationProperty::Description(description) => self.description = description,
        }
    }
}

/// One property of a reservation with its value. The address is its identity and never changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each is the field of Reservation of the same name"
)]
pub enum ReservationProperty {
    Client(ClientId),
    Name(String),
    Kind(ClientType),
    Description(String),
}

impl ReservationProperty {
    /// IPAM's label for it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            ReservationProperty::Client(_) => "Client ID",
            ReservationProperty::Name(_) => "Reservation name",
            ReservationProperty::Kind(_) => "Reservation type",
            ReservationProperty::Description(_) => "Description",
        }
    }

    /// Whether the two are values of the same property.
    #[must_use]
    pub fn same_kind(&self, other: &ReservationProperty) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for ReservationProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReservationProperty::Client(client) => client.fmt(f),
            ReservationProperty::Name(text) | ReservationProperty::Description(text) => {
                f.write_str(text)
            }
            ReservationProperty::Kind(kind) => f.write_str(kind.label()),
        }
    }
}
