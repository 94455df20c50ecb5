//! A scope that is not there yet: Create DHCP Scope and Duplicate DHCP Scope.

use super::{WhyNot, chosen_kind, delay, field_of, kind_field};
use crate::console::dialogs::{change, dns};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::scope::{ClientType, ScopeState};
use crate::model::server::ServerRole;
use crate::model::text::printable;
use crate::model::{Edit, Intent, Range, Scope, ScopeId, ServerName};
use crate::rules::error::Code;

/// Start, end and mask of a new scope.
fn place_fields() -> [Field; 3] {
    [
        Field::of("start", "Start IP address", Format::Address, ""),
        Field::of("end", "End IP address", Format::Address, ""),
        Field::of("mask", "Subnet mask", Format::Mask, "255.255.255.0"),
    ]
}

/// What follows from where a new scope begins and ends, as long as nobody typed otherwise: the end
/// is the last address of the subnet, and the mask is wide enough for both.
fn follow(id: FieldId, fields: &mut Fields) {
    let Some(start) = fields.address("start") else {
        return;
    };
    if id == "end"
        && let Some(end) = fields.address("end")
    {
        let differ = (start.to_bits() ^ end.to_bits()).leading_zeros();
        let length = u8::try_from(differ).unwrap_or(24).min(24);
        if let Some(id) = ScopeId::of(start, length.max(8)) {
            fields.propose("mask", id.mask().to_string());
        }
    }
    let length = read::mask(fields.text("mask"));
    if id != "end"
        && let Some(id) = length.ok().and_then(|length| ScopeId::of(start, length))
        && id.net().prefix_len() <= 30
    {
        fields.propose("end", id.hosts().end().to_string());
    }
}

/// The subnet and the range that the fields name.
fn place(fields: &Fields) -> Result<(ScopeId, Range), Wrong> {
    let start = fields.read("start", read::address)?;
    let end = fields.read("end", read::address)?;
    let length = fields.read("mask", read::mask)?;
    let range = Range::new(start, end).map_err(|why| vec![("end", why.to_string())])?;
    let Some(id) = ScopeId::of(start, length) else {
        return Err(vec![("mask", "this mask does not fit".to_owned())]);
    };
    if !id.contains(end) {
        let why = format!("{end} does not lie in {}, where the scope begins", id.net());
        return Err(vec![("end", why)]);
    }
    Ok((id, range))
}

/// The servers that scopes can be made on, by name.
fn dhcp_servers(world: &World) -> Vec<ServerName> {
    let servers = world.estate.servers.values().filter(|view| {
        let reading = view.reading.as_ref();
        reading.is_some_and(|reading| reading.identity.roles.contains(&ServerRole::Dhcp))
    });
    servers.map(|view| view.name.clone()).collect()
}

/// Create DHCP Scope.
#[derive(Debug)]
pub struct Create {
    server: ServerName,
}

impl Create {
    /// On a server.
    #[must_use]
    pub fn new(server: ServerName) -> Create {
        Create { server }
    }
}

impl FormKind for Create {
    fn title(&self) -> String {
        "Create DHCP Scope".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!("On {}", self.server)
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let [start, end, mask] = place_fields();
        let why_not = WhyNot {
            world,
            server: &self.server,
        };
        let mut fields = vec![
            Field::heading("general", "General Properties"),
            Field::text("name", "Scope name", "").required(),
            Field::text("description", "Description", ""),
            start,
            end,
            mask,
            Field::of("duration", "Lease duration", Format::Duration, "8d"),
            Field::of("exclusions", "Exclusion range", Format::Ranges, "")
                .hint("From-to, several separated by commas")
                .unless(why_not.exclusions()),
            Field::choice("state", "Activate scope", ["Yes", "No"], 0).unless(why_not.state()),
            Field::heading("advanced", "Advanced"),
            kind_field(ClientType::Dhcp).unless(why_not.kind()),
            Field::of("delay", "Subnet delay", Format::Number(0, 1000), "0")
                .unit("ms")
                .unless(why_not.delay()),
            Field::text("superscope", "Superscope name", "").hint("Empty: none"),
        ];
        fields.extend(dns::fields(None, true, why_not.dns()));
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        dns::shown(id, fields)
    }

    fn changed(&mut self, id: FieldId, fields: &mut Fields, _world: &World) {
        follow(id, fields);
    }

    fn wrong(&self, id: FieldId, fields: &Fields, world: &World) -> Option<String> {
        let start = fields.address("start").filter(|_| id == "start")?;
        let reading = world.estate.servers.get(&self.server)?.reading.as_ref()?;
        let held = reading.config.scope_of(start)?;
        let name = printable(&held.name, 60);
        Some(format!(
            "{start} lies in scope {} '{name}' already",
            held.id
        ))
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let (id, range) = place(fields)?;
        let mut scope = Scope::new(id, fields.text("name"), range);
        scope.description = fields.text("description").to_owned();
        scope.lease_duration = fields.read("duration", read::duration)?;
        scope.exclusions = fields.read("exclusions", read::ranges)?;
        scope.kind = chosen_kind(fields);
        scope.delay_ms = delay(fields)?;
        scope.dns = dns::settings(fields);
        let superscope = fields.text("superscope");
        scope.superscope = (!superscope.is_empty()).then(|| superscope.to_owned());
        if fields.chosen("state") == 1 {
            scope.state = ScopeState::Inactive;
        }
        let edit = Edit::AddScope(Box::new(scope));
        Ok(change(&self.server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        field_of(code, sentence)
    }
}

/// Duplicate DHCP Scope.
#[derive(Debug)]
pub struct Duplicate {
    server: ServerName,
    from: Box<Scope>,
}

impl Duplicate {
    /// Of a scope as a server holds it.
    #[must_use]
    pub fn new(server: ServerName, from: Scope) -> Duplicate {
        Duplicate {
            server,
            from: Box::new(from),
        }
    }
}

impl FormKind for Duplicate {
    fn title(&self) -> String {
        "Duplicate DHCP Scope".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!(
            "Of {} on {}: options, policies without ranges, DNS and advanced settings are copied; \
             reservations, exclusions and failover are not. The new scope is active.",
            self.from.id, self.server
        )
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let servers = dhcp_servers(world);
        let here = servers.iter().position(|server| *server == self.server);
        let names = servers.iter().map(ToString::to_string);
        let [start, end, mask] = place_fields();
        let duration = self.from.lease_duration.to_string();
        vec![
            Field::choice("server", "DHCP server", names, here.unwrap_or(0)),
            Field::text("name", "Scope name", self.from.name.clone()).required(),
            Field::text("description", "Description", self.from.description.clone()),
            start,
            end,
            mask,
            Field::of("duration", "Lease duration", Format::Duration, duration),
        ]
    }

    fn changed(&mut self, id: FieldId, fields: &mut Fields, _world: &World) {
        follow(id, fields);
    }

    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong> {
        let (id, range) = place(fields)?;
        let mut scope = self.from.as_ref().clone();
        scope.id = id;
        scope.ranges = vec![range];
        if fields.touched("name") {
            scope.name = fields.text("name").to_owned();
        }
        if fields.touched("description") {
            scope.description = fields.text("description").to_owned();
        }
        scope.lease_duration = fields.read("duration", read::duration)?;
        scope.state = ScopeState::Active;
        scope.exclusions.clear();
        scope.reservations.clear();
        scope.foreign.clear();
        // A policy's own range lies in the old subnet.
        scope.policies.retain(|policy| policy.ranges.is_empty());
        let chosen = fields.text("server");
        let servers = dhcp_servers(world);
        let server = servers.iter().find(|server| server.as_str() == chosen);
        let server = server.unwrap_or(&self.server);
        if *server != self.server {
            scope.superscope = None;
        }
        let edit = Edit::AddScope(Box::new(scope));
        Ok(change(server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        field_of(code, sentence)
    }
}
