//! Create DHCP Reservation and Edit DHCP Reservation.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::{change, refused};
use crate::console::jobs::{JobRequest, Said};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::drivers::LeaseQuery;
use crate::model::address::free_addresses;
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ClientType;
use crate::model::{ClientId, Edit, Intent, Reservation, Scope, ScopeId, ServerName};
use crate::rules::error::Code;

/// Reservation types, in the dialog's order.
const TYPES: [(&str, ClientType); 3] = [
    ("Both", ClientType::Both),
    ("DHCP", ClientType::Dhcp),
    ("BOOTP", ClientType::Bootp),
];

/// What a new reservation begins with, when it is made from a lease.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prefill {
    /// The address; otherwise the next free one is proposed.
    pub address: Option<Ipv4Addr>,
    /// The client.
    pub client: Option<ClientId>,
    /// Its name.
    pub name: String,
}

/// Create DHCP Reservation.
#[derive(Debug)]
pub struct Create {
    server: ServerName,
    scope: ScopeId,
    prefill: Prefill,
}

impl Create {
    /// In a scope of a server.
    #[must_use]
    pub fn new(server: ServerName, scope: ScopeId, prefill: Prefill) -> Create {
        Create {
            server,
            scope,
            prefill,
        }
    }

    fn scope<'w>(&self, world: &'w World) -> Option<&'w Scope> {
        let scope = world.estate.scope(&self.server, self.scope);
        scope.map(AsRef::as_ref)
    }
}

/// The next free address of a scope: in its range, not excluded, not reserved, not leased.
fn next_free(scope: &Scope, leased: impl IntoIterator<Item = Ipv4Addr>) -> Option<Ipv4Addr> {
    let mut taken: BTreeSet<Ipv4Addr> = scope.reservations.keys().copied().collect();
    taken.extend(leased);
    free_addresses(&scope.ranges, &scope.exclusions, &taken).next()
}

fn types(world: &World, server: &ServerName, scope: ScopeId, kind: ClientType) -> Field {
    let other = Edit::SetReservation {
        scope,
        address: Ipv4Addr::UNSPECIFIED,
        properties: vec![ReservationProperty::Kind(ClientType::Dhcp)],
    };
    let why_not = refused(world, server, &other);
    let at = TYPES.iter().position(|(_, known)| *known == kind);
    let words = TYPES.iter().map(|(word, _)| *word);
    Field::choice("type", "Reservation type", words, at.unwrap_or(0)).unless(why_not)
}

fn chosen_type(fields: &Fields) -> ClientType {
    let chosen = TYPES.get(fields.chosen("type"));
    chosen.map_or(ClientType::Both, |(_, kind)| *kind)
}

/// What is said of a scope in a dialog: where a change to it goes.
pub(super) fn where_it_goes(world: &World, server: &ServerName, scope: ScopeId) -> String {
    match world.estate.relationship_of(server, scope) {
        None => format!("Scope {scope} on {server}"),
        Some(relationship) => {
            let partner = &relationship.partner;
            format!("Scope {scope} on {server}, and on its partner {partner}")
        }
    }
}

impl FormKind for Create {
    fn title(&self) -> String {
        "Create DHCP Reservation".to_owned()
    }

    fn about(&self, world: &World) -> String {
        where_it_goes(world, &self.server, self.scope)
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let free = self.scope(world).and_then(|scope| next_free(scope, []));
        let address = self.prefill.address.or(free);
        let address = address.map(|address| address.to_string());
        let client = self.prefill.client.as_ref().map(ToString::to_string);
        vec![
            Field::text("name", "Reservation name", self.prefill.name.clone()),
            Field::of(
                "address",
                "IP address",
                Format::Address,
                address.unwrap_or_default(),
            ),
            Field::of(
                "client",
                "Client ID",
                Format::Client,
                client.unwrap_or_default(),
            )
            .hint("A MAC address in any spelling"),
            types(world, &self.server, self.scope, ClientType::Both),
            Field::text("description", "Description", ""),
        ]
    }

    fn asks(&self, _world: &World) -> Option<JobRequest> {
        if self.prefill.address.is_some() {
            return None;
        }
        let query = LeaseQuery {
            scope: Some(self.scope),
            ..LeaseQuery::default()
        };
        Some(JobRequest::Leases(self.server.clone(), query))
    }

    fn told(&mut self, said: &Said, fields: &mut Fields, world: &World) {
        let (Said::Leases(_, _, leases), Some(scope)) = (said, self.scope(world)) else {
            return;
        };
        let leased = leases.iter().filter(|lease| lease.state.occupies());
        match next_free(scope, leased.map(|lease| lease.address)) {
            Some(free) => {
                fields.propose("address", free.to_string());
                fields.say("address", "The next free address is proposed");
            }
            None => {
                fields.propose("address", "");
                fields.say(
                    "address",
                    format!("Scope {} has no free address", self.scope),
                );
            }
        }
    }

    fn wrong(&self, id: FieldId, fields: &Fields, world: &World) -> Option<String> {
        let scope = self.scope(world)?;
        match id {
            "address" => {
                let address = fields.address("address")?;
                if !scope.id.contains(address) {
                    let hosts = scope.id.hosts();
                    return Some(format!("{address} is not in scope {}: {hosts}", scope.id));
                }
                let held = scope.reservations.get(&address)?;
                Some(format!(
                    "{address} is reserved already, for {}",
                    held.client
                ))
            }
            "client" => {
                let client = read::client(fields.text("client")).ok()?;
                let mut held = scope.reservations.values();
                let held = held.find(|held| held.client == client)?;
                Some(format!(
                    "{client} has a reservation here already: {}",
                    held.address
                ))
            }
            _ => None,
        }
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let address = fields.read("address", read::address)?;
        let client = fields.read("client", read::client)?;
        let reservation = Reservation {
            name: fields.text("name").to_owned(),
            description: fields.text("description").to_owned(),
            kind: chosen_type(fields),
            ..Reservation::new(address, client)
        };
        let edit = Edit::AddReservation {
            scope: self.scope,
            reservation,
        };
        Ok(change(&self.server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        field_of(code, sentence)
    }
}

/// The field that a refusal of a reservation is about.
fn field_of(code: Code, sentence: &str) -> Option<FieldId> {
    match code {
        // One code for two rules: an address that is taken, and a client that has one.
        Code::ReservedIpExits if sentence.starts_with("client ") => Some("client"),
        Code::ReservedIpExits
        | Code::NotReservedClient
        | Code::InvalidRange
        | Code::IpAddressInUse => Some("address"),
        Code::ClientExists => Some("client"),
        Code::InvalidParameter if sentence.contains("the name of") => Some("name"),
        Code::InvalidParameter if sentence.contains("the description of") => Some("description"),
        _ => None,
    }
}

/// Edit DHCP Reservation.
#[derive(Debug)]
pub struct EditReservation {
    server: ServerName,
    scope: ScopeId,
    before: Reservation,
}

impl EditReservation {
    /// Of a reservation as it stands.
    #[must_use]
    pub fn new(server: ServerName, scope: ScopeId, before: Reservation) -> EditReservation {
        EditReservation {
            server,
            scope,
            before,
        }
    }
}

impl FormKind for EditReservation {
    fn title(&self) -> String {
        "Edit DHCP Reservation".to_owned()
    }

    fn about(&self, world: &World) -> String {
        let place = where_it_goes(world, &self.server, self.scope);
        format!("IP address {}. {place}", self.before.address)
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let before = &self.before;
        vec![
            Field::text("name", "Reservation name", before.name.clone()),
            Field::of(
                "client",
                "Client ID",
                Format::Client,
                before.client.to_string(),
            ),
            types(world, &self.server, self.scope, before.kind),
            Field::text("description", "Description", before.description.clone()),
        ]
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let mut after = self.before.clone();
        after.client = fields.read("client", read::client)?;
        after.kind = chosen_type(fields);
        // What was shown without its control characters is not written back so.
        if fields.touched("name") {
            after.name = fields.text("name").to_owned();
        }
        if fields.touched("description") {
            after.description = fields.text("description").to_owned();
        }
        let before = self.before.properties();
        let properties: Vec<ReservationProperty> = after
            .properties()
            .into_iter()
            .filter(|property| !before.contains(property))
            .collect();
        if properties.is_empty() {
            return Ok(Vec::new());
        }
        let edit = Edit::SetReservation {
            scope: self.scope,
            address: self.before.address,
            properties,
        };
        Ok(change(&self.server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        match field_of(code, sentence) {
            Some("address") | None => None,
            field => field,
        }
    }
}
