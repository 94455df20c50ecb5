//! Scopes: `subnet4` elements, alone and in shared networks.

use serde_json::Value;

use super::lifetimes::{lifetimes, set_lifetime};
use super::reservations::{addresses, find};
use super::{
    Context, Document, Json, Outcome, Refusal, context, item_mut, list, list_mut, options,
    reservations, shown, text,
};
use crate::model::reservation::ReservationProperty;
use crate::model::scope::ScopeProperty;
use crate::model::{OptionLevel, Options, Range, Scope, ScopeId};
use crate::rules::Code;

const SUBNETS: &str = "subnet4";
const NETWORKS: &str = "shared-networks";
/// The highest id that a subnet may have.
const MAX_ID: u32 = u32::MAX - 1;

/// Where a subnet stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// In which shared network.
    pub(super) network: Option<usize>,
    at: usize,
}

pub(super) fn prefix(subnet: &Json) -> Option<ScopeId> {
    text(subnet, "subnet")?.parse().ok()
}

impl Document {
    /// Every subnet, those in shared networks last.
    pub(super) fn subnets(&self) -> impl Iterator<Item = (Place, &Json)> {
        let place = |network, at| Place { network, at };
        let alone = list(&self.dhcp4, SUBNETS).enumerate();
        let alone = alone.map(move |(at, subnet)| (place(None, at), subnet));
        let networks = list(&self.dhcp4, NETWORKS).enumerate();
        let shared = networks.flat_map(move |(network, of)| {
            let subnets = list(of, SUBNETS).enumerate();
            subnets.map(move |(at, subnet)| (place(Some(network), at), subnet))
        });
        alone.chain(shared)
    }

    pub(super) fn place(&self, id: ScopeId) -> Outcome<Place> {
        let usual = id.net().to_string();
        let mut subnets = self.subnets();
        let found = subnets.find(|(_, subnet)| match text(subnet, "subnet") {
            Some(text) if text == usual => true,
            _ => prefix(subnet) == Some(id),
        });
        found.map(|(place, _)| place).ok_or_else(|| {
            Refusal::rule(
                Code::SubnetNotPresent,
                format!("there is no scope {} on this server", id.net()),
            )
        })
    }

    pub(super) fn subnet(&self, id: ScopeId) -> Outcome<&Json> {
        let place = self.place(id)?;
        let of = match place.network {
            None => Some(&self.dhcp4),
            Some(network) => self.network(network),
        };
        let subnet = of.and_then(|of| of.get(SUBNETS)?.as_array()?.get(place.at)?.as_object());
        subnet.ok_or_else(|| Refusal::rule(Code::SubnetNotPresent, "the scope is gone"))
    }

    pub(super) fn subnet_mut(&mut self, id: ScopeId) -> Outcome<&mut Json> {
        let place = self.place(id)?;
        let of = match place.network {
            None => Some(&mut self.dhcp4),
            Some(network) => item_mut(&mut self.dhcp4, NETWORKS, network),
        };
        let subnet = of.and_then(|of| item_mut(of, SUBNETS, place.at));
        subnet.ok_or_else(|| Refusal::rule(Code::SubnetNotPresent, "the scope is gone"))
    }

    pub(super) fn network(&self, at: usize) -> Option<&Json> {
        list(&self.dhcp4, NETWORKS).nth(at)
    }

    /// The shared network of a subnet.
    pub(super) fn network_of(&self, place: Place) -> Option<&Json> {
        self.network(place.network?)
    }

    pub(super) fn add_scope(&mut self, scope: &Scope, context: &Context) -> Outcome {
        let id = scope.id;
        let held = self.subnets().filter_map(|(_, subnet)| prefix(subnet));
        if let Some(held) = held.into_iter().find(|held| held.overlaps(&id)) {
            return Err(Refusal::rule(
                Code::SubnetExists,
                format!(
                    "subnet {} overlaps scope {} on this server",
                    id.net(),
                    held.net()
                ),
            ));
        }
        within(id, &scope.ranges)?;
        let number = self.new_id(id, context)?;
        for reservation in scope.reservations.values() {
            self.sound(id, reservation)?;
        }
        let hosts = scope
            .reservations
            .values()
            .map(|of| self.host(of).map(Value::Object));
        let hosts = hosts.collect::<Outcome<Vec<Value>>>()?;
        let options = self.entries(&scope.options)?;
        let mut subnet = Json::new();
        subnet.insert("id".to_owned(), number.into());
        subnet.insert("subnet".to_owned(), id.net().to_string().into());
        let network = scope.superscope.as_deref();
        let network = network.and_then(|name| self.networks_named(name).next());
        let network = network.and_then(|at| self.network(at));
        set_lifetime(
            &mut subnet,
            [network, Some(&self.dhcp4)],
            scope.lease_duration,
        );
        subnet.insert("option-data".to_owned(), Value::Array(options));
        subnet.insert("pools".to_owned(), Value::Array(Vec::new()));
        subnet.insert(reservations::LIST.to_owned(), Value::Array(hosts));
        if !scope.name.is_empty() && scope.name != id.net().to_string() {
            context::set_words(&mut subnet, context::NAME, Some(&scope.name));
        }
        if !scope.description.is_empty() {
            context::set_description(&mut subnet, &scope.description);
        }
        // It is in no relationship until it is put into one.
        if self.has_relationship() {
            context::set_failover(&mut subnet, false);
        }
        reservations::no_client_twice(&subnet, id)?;
        super::pools::set(&mut subnet, &scope.ranges, None, context.version)?;
        self.insert_subnet(subnet, scope.superscope.as_deref());
        Ok(())
    }

    pub(super) fn set_scope(
        &mut self,
        id: ScopeId,
        properties: &[ScopeProperty],
        context: &Context,
    ) -> Outcome {
        let subnet = self.subnet(id)?;
        let place = self.place(id)?;
        let mut new = None;
        for property in properties {
            match property {
                ScopeProperty::Ranges(ranges) => {
                    within(id, ranges)?;
                    let split = self.split_of(place, subnet);
                    let mut trial = subnet.clone();
                    // The subnet is small without its reservations, which may be many.
                    trial.shift_remove(reservations::LIST);
                    super::pools::set(&mut trial, ranges, split.as_ref(), context.version)?;
                    new = trial.shift_remove("pools");
                }
                ScopeProperty::Superscope(Some(name)) if name.is_empty() => {
                    return Err(Refusal::value("the name of the superscope is empty"));
                }
                _ => {}
            }
        }
        let inherited = [self.network_of(place), Some(&self.dhcp4)].map(|of| of.map(lifetimes));
        let subnet = self.subnet_mut(id)?;
        let mut move_to = None;
        for property in properties {
            match property {
                ScopeProperty::Name(name) => set_name(subnet, id, name),
                ScopeProperty::Description(words) => {
                    if words != context::description(subnet) {
                        context::set_description(subnet, words);
                    }
                }
                ScopeProperty::Ranges(_) => {
                    if let Some(pools) = new.take() {
                        subnet.insert("pools".to_owned(), pools);
                    }
                }
                ScopeProperty::LeaseDuration(duration) => {
                    let inherited = inherited.each_ref().map(Option::as_ref);
                    set_lifetime(subnet, inherited, *duration);
                }
                ScopeProperty::Superscope(name) => move_to = Some(name.as_deref()),
                ScopeProperty::State(_)
                | ScopeProperty::Kind(_)
                | ScopeProperty::MaxBootpClients(_)
                | ScopeProperty::Delay(_)
                | ScopeProperty::ActivatePolicies(_)
                | ScopeProperty::Dns(_) => {}
            }
        }
        if let Some(name) = move_to {
            self.move_subnet(place, name);
        }
        Ok(())
    }

    pub(super) fn replace_scope(&mut self, scope: &Scope, context: &Context) -> Outcome {
        let before = self.subnet(scope.id)?.clone();
        let done = self.make_scope(scope, context);
        if done.is_err()
            && let Ok(subnet) = self.subnet_mut(scope.id)
        {
            *subnet = before;
        }
        done
    }

    fn make_scope(&mut self, scope: &Scope, context: &Context) -> Outcome {
        let id = scope.id;
        let properties = [
            ScopeProperty::Name(scope.name.clone()),
            ScopeProperty::Description(scope.description.clone()),
            ScopeProperty::Ranges(scope.ranges.clone()),
            ScopeProperty::LeaseDuration(scope.lease_duration),
        ];
        self.set_scope(id, &properties, context)?;
        self.make_options(&OptionLevel::Scope(id), &scope.options)?;
        let held = addresses(self.subnet(id)?);
        for address in held
            .keys()
            .filter(|held| !scope.reservations.contains_key(held))
        {
            self.remove_reservation(id, *address)?;
        }
        let held = addresses(self.subnet(id)?);
        // Whose client is another one gets it before anybody is added who may be the former one.
        for (address, client) in &held {
            if let Some(wanted) = scope.reservations.get(address)
                && wanted.client != *client
            {
                self.change_client(id, *address, &wanted.client)?;
            }
        }
        for (address, wanted) in &scope.reservations {
            if !held.contains_key(address) {
                self.add_reservation(id, wanted)?;
                continue;
            }
            let properties = [
                ReservationProperty::Name(wanted.name.clone()),
                ReservationProperty::Description(wanted.description.clone()),
            ];
            self.set_reservation(id, *address, &properties)?;
            self.make_options(&OptionLevel::Reservation(id, *address), &wanted.options)?;
        }
        reservations::no_client_twice(self.subnet(id)?, id)
    }

    /// Makes the options of a level those.
    fn make_options(&mut self, level: &OptionLevel, wanted: &Options) -> Outcome {
        let held = match level {
            OptionLevel::Reservation(id, address) => {
                options::keys(find(self.subnet(*id)?, *id, *address)?.1)
            }
            OptionLevel::Scope(id) => options::keys(self.subnet(*id)?),
            _ => Vec::new(),
        };
        for key in held.iter().filter(|key| wanted.get(key).is_none()) {
            // An option that is there twice is gone after the first time.
            if self.remove_option(level, key).is_err() {
                continue;
            }
        }
        for (key, value) in wanted.iter() {
            self.set_option(level, key, value)?;
        }
        Ok(())
    }

    pub(super) fn remove_scope(&mut self, id: ScopeId) -> Outcome {
        let place = self.place(id)?;
        self.take_subnet(place);
        Ok(())
    }

    pub(super) fn rename_network(&mut self, from: &str, to: &str) -> Outcome {
        let found: Vec<usize> = self.networks_named(from).collect();
        if found.is_empty() {
            return Err(Refusal::rule(
                Code::SubnetNotPresent,
                format!("there is no superscope '{}' on this server", shown(from)),
            ));
        }
        if from != to && self.networks_named(to).next().is_some() {
            return Err(Refusal::rule(
                Code::SubnetExits,
                format!(
                    "there is a superscope '{}' on this server already",
                    shown(to)
                ),
            ));
        }
        if to.is_empty() {
            return Err(Refusal::value("the new name of the superscope is empty"));
        }
        for at in found {
            if let Some(network) = item_mut(&mut self.dhcp4, NETWORKS, at) {
                network.insert("name".to_owned(), to.into());
            }
        }
        Ok(())
    }

    pub(super) fn networks_named(&self, name: &str) -> impl Iterator<Item = usize> {
        let networks = list(&self.dhcp4, NETWORKS).enumerate();
        networks
            .filter(move |(_, network)| text(network, "name") == Some(name))
            .map(|(at, _)| at)
    }

    fn move_subnet(&mut self, from: Place, to: Option<&str>) {
        let held = self
            .network_of(from)
            .and_then(|network| text(network, "name"));
        if held == to {
            return;
        }
        if let Some(subnet) = self.take_subnet(from) {
            self.insert_subnet(subnet, to);
        }
    }

    /// Takes a subnet away, and its shared network when that has nothing left that is its own.
    fn take_subnet(&mut self, place: Place) -> Option<Json> {
        let of = match place.network {
            None => &mut self.dhcp4,
            Some(network) => item_mut(&mut self.dhcp4, NETWORKS, network)?,
        };
        let subnets = list_mut(of, SUBNETS)?;
        let taken = (place.at < subnets.len()).then(|| subnets.remove(place.at));
        if subnets.is_empty()
            && let Some(network) = place.network
            && of_its_own(of).is_none()
        {
            list_mut(&mut self.dhcp4, NETWORKS)?.remove(network);
        }
        match taken {
            Some(Value::Object(subnet)) => Some(subnet),
            _ => None,
        }
    }

    fn insert_subnet(&mut self, subnet: Json, network: Option<&str>) {
        let held = network.and_then(|name| self.networks_named(name).next());
        let of = match (network, held) {
            (None, _) => Some(&mut self.dhcp4),
            (Some(_), Some(at)) => item_mut(&mut self.dhcp4, NETWORKS, at),
            (Some(name), None) => list_mut(&mut self.dhcp4, NETWORKS).and_then(|networks| {
                let mut network = Json::new();
                network.insert("name".to_owned(), name.into());
                networks.push(Value::Object(network));
                networks.last_mut()?.as_object_mut()
            }),
        };
        if let Some(subnets) = of.and_then(|of| list_mut(of, SUBNETS)) {
            subnets.push(Value::Object(subnet));
        }
    }

    /// The partner's id of that prefix, or the next one that neither has.
    fn new_id(&self, id: ScopeId, context: &Context) -> Outcome<u32> {
        let taken = self.subnet_ids();
        let theirs = context.partner.iter().find(|(_, held)| **held == id);
        if let Some((number, _)) = theirs {
            return match taken.get(number) {
                None => Ok(*number),
                Some(other) => Err(Refusal::rule(
                    Code::SubnetExists,
                    format!(
                        "the partner has subnet {} under the id {number}, which is that of {} \
                         here: partners need the same id for the same subnet; give one of them \
                         another in the server's configuration file",
                        id.net(),
                        other.net()
                    ),
                )),
            };
        }
        let free =
            |number: &u32| !taken.contains_key(number) && !context.partner.contains_key(number);
        let highest = taken.keys().chain(context.partner.keys()).max();
        let next = highest.map_or(1, |highest| highest.saturating_add(1));
        let mut numbers = (next..=MAX_ID).chain(1..=MAX_ID);
        numbers.find(free).ok_or_else(|| {
            Refusal::rule(
                Code::SubnetExists,
                "every subnet id is taken on this server",
            )
        })
    }
}

/// What a shared network has besides subnets, and would be lost with it.
fn of_its_own(network: &Json) -> Option<&String> {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "0.0.0.0",
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => map
            .values()
            .any(|value| value.as_array().is_none_or(|list| !list.is_empty())),
        Value::Bool(_) | Value::Number(_) => false,
    };
    let mut own = network.iter().filter(|(key, value)| {
        !matches!(key.as_str(), "name" | SUBNETS | "allocator") && says(value)
    });
    own.next().map(|(key, _)| key)
}

fn set_name(subnet: &mut Json, id: ScopeId, name: &str) {
    let prefix = id.net().to_string();
    let held = context::words(subnet, context::NAME).unwrap_or(&prefix);
    if name == held || (name.is_empty() && held == prefix) {
        return;
    }
    // A subnet without a name goes by its prefix.
    let name = (!name.is_empty() && name != prefix).then_some(name);
    context::set_words(subnet, context::NAME, name);
}

/// Refuses ranges outside the subnet.
fn within(id: ScopeId, ranges: &[Range]) -> Outcome {
    let outside = |range: &&Range| !id.contains(range.start()) || !id.contains(range.end());
    match ranges.iter().find(outside) {
        None => Ok(()),
        Some(range) => Err(Refusal::rule(
            Code::InvalidRange,
            format!("the range {range} does not lie in subnet {}", id.net()),
        )),
    }
}
