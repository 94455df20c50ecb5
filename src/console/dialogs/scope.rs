//! Create DHCP Scope, Edit DHCP Scope and Duplicate DHCP Scope.

use std::net::Ipv4Addr;

use super::{change, dns};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::scope::{ClientType, MAX_BOOTP_CLIENTS, ScopeProperty, ScopeState};
use crate::model::server::ServerRole;
use crate::model::text::printable;
use crate::model::{Edit, Intent, Range, Scope, ScopeId, ServerName};
use crate::rules::error::Code;

/// Whom a scope serves, in the dialog's order.
const KINDS: [(&str, ClientType); 3] = [
    ("DHCP", ClientType::Dhcp),
    ("BOOTP", ClientType::Bootp),
    ("Both", ClientType::Both),
];

fn kind_field(kind: ClientType) -> Field {
    let at = KINDS.iter().position(|(_, known)| *known == kind);
    let words = KINDS.iter().map(|(word, _)| *word);
    Field::choice("kind", "Assign addresses to", words, at.unwrap_or(0))
}

fn chosen_kind(fields: &Fields) -> ClientType {
    let chosen = KINDS.get(fields.chosen("kind"));
    chosen.map_or(ClientType::Dhcp, |(_, kind)| *kind)
}

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

fn field_of(code: Code, sentence: &str) -> Option<FieldId> {
    match code {
        Code::SubnetExists | Code::SubnetExits if sentence.contains("superscope") => {
            Some("superscope")
        }
        Code::SubnetExists | Code::SubnetExits => Some("start"),
        Code::InvalidSubnetPrefix => Some("mask"),
        Code::InvalidRange if sentence.contains("exclusion") || sentence.contains("excluded") => {
            Some("exclusions")
        }
        Code::InvalidRange | Code::IprangeConvIllegal | Code::FoRangePartOfRel => Some("end"),
        Code::ScopeNameTooLong => Some("name"),
        Code::SuperScopeNameTooLong => Some("superscope"),
        Code::InvalidDelay => Some("delay"),
        Code::FoBootNotSupported | Code::FoIprangeTypeConvIllegal => Some("kind"),
        Code::InvalidParameter if sentence.contains("the name of scope") => Some("name"),
        Code::InvalidParameter if sentence.contains("description") => Some("description"),
        Code::InvalidParameter if sentence.contains("lease") => Some("duration"),
        Code::InvalidParameter if sentence.contains("suffix") => Some("dns-suffix"),
        _ => None,
    }
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

    fn fields(&self, _world: &World) -> Vec<Field> {
        let [start, end, mask] = place_fields();
        let mut fields = vec![
            Field::heading("general", "General Properties"),
            Field::text("name", "Scope name", "").required(),
            Field::text("description", "Description", ""),
            start,
            end,
            mask,
            Field::of("duration", "Lease duration", Format::Duration, "8d"),
            Field::of("exclusions", "Exclusion range", Format::Ranges, "")
                .hint("From-to, several separated by commas"),
            Field::choice("state", "Activate scope", ["Yes", "No"], 0),
            Field::heading("advanced", "Advanced"),
            kind_field(ClientType::Dhcp),
            Field::of("delay", "Subnet delay", Format::Number(0, 1000), "0").unit("ms"),
            Field::text("superscope", "Superscope name", "").hint("Empty: none"),
        ];
        fields.extend(dns::fields(None, true));
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

fn delay(fields: &Fields) -> Result<u16, Wrong> {
    let delay = fields.read("delay", |text| read::number(text, 0, 1000))?;
    Ok(u16::try_from(delay).unwrap_or(u16::MAX))
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

/// Edit DHCP Scope, of one scope.
#[derive(Debug)]
pub struct EditOne {
    server: ServerName,
    before: Box<Scope>,
}

impl EditOne {
    /// Of a scope as a server holds it.
    #[must_use]
    pub fn new(server: ServerName, before: Scope) -> EditOne {
        EditOne {
            server,
            before: Box::new(before),
        }
    }
}

fn listed(ranges: &[Range]) -> String {
    let ranges: Vec<String> = ranges
        .iter()
        .map(|range| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        })
        .collect();
    ranges.join(", ")
}

impl FormKind for EditOne {
    fn title(&self) -> String {
        "Edit DHCP Scope".to_owned()
    }

    fn about(&self, world: &World) -> String {
        super::reservation::where_it_goes(world, &self.server, self.before.id)
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        let before = &self.before;
        let mut fields = vec![
            Field::heading("general", "General Properties"),
            Field::text("name", "Scope name", before.name.clone()).required(),
            Field::text("description", "Description", before.description.clone()),
        ];
        let address = |address: Option<Ipv4Addr>| {
            address
                .map(|address| address.to_string())
                .unwrap_or_default()
        };
        match before.ranges.as_slice() {
            [] | [_] => {
                let range = before.ranges.first();
                let (start, end) = (range.map(Range::start), range.map(Range::end));
                fields.extend([
                    Field::of("start", "Start IP address", Format::Address, address(start)),
                    Field::of("end", "End IP address", Format::Address, address(end)),
                ]);
            }
            several => fields.push(
                Field::of("end", "Address range", Format::Ranges, listed(several)).required(),
            ),
        }
        fields.extend([
            Field::of(
                "duration",
                "Lease duration",
                Format::Duration,
                before.lease_duration.to_string(),
            ),
            Field::of(
                "exclusions",
                "Exclusion range",
                Format::Ranges,
                listed(&before.exclusions),
            )
            .hint("From-to, several separated by commas"),
            Field::heading("advanced", "Advanced"),
            kind_field(before.kind),
            Field::of(
                "delay",
                "Subnet delay",
                Format::Number(0, 1000),
                before.delay_ms.to_string(),
            )
            .unit("ms"),
            Field::check("policies", "Activate policies", before.activate_policies),
        ]);
        if before.kind != ClientType::Dhcp || before.max_bootp_clients != MAX_BOOTP_CLIENTS {
            let clients = before.max_bootp_clients.to_string();
            let format = Format::Number(0, u32::MAX);
            fields.push(Field::of("bootp", "Maximum BOOTP clients", format, clients));
        }
        fields.extend(dns::fields(before.dns.as_ref(), true));
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        dns::shown(id, fields)
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let before = self.before.as_ref();
        let mut after = before.clone();
        // What was shown without its control characters is not written back so.
        if fields.touched("name") {
            after.name = fields.text("name").to_owned();
        }
        if fields.touched("description") {
            after.description = fields.text("description").to_owned();
        }
        after.ranges = if fields.get("start").is_some() {
            let start = fields.read("start", read::address)?;
            let end = fields.read("end", read::address)?;
            let range = Range::new(start, end).map_err(|why| vec![("end", why.to_string())])?;
            vec![range]
        } else {
            fields.read("end", read::ranges)?
        };
        after.lease_duration = fields.read("duration", read::duration)?;
        after.kind = chosen_kind(fields);
        after.delay_ms = delay(fields)?;
        after.activate_policies = fields.on("policies");
        if fields.get("bootp").is_some() {
            after.max_bootp_clients =
                fields.read("bootp", |text| read::number(text, 0, u32::MAX))?;
        }
        let touched = fields
            .0
            .iter()
            .any(|field| field.touched && field.id.starts_with("dns"));
        if touched {
            after.dns = dns::settings(fields);
        }
        let exclusions = fields.read("exclusions", read::ranges)?;
        let scope = before.id;
        let mut edits = Vec::new();
        // What goes first makes way: an exclusion lies in the range, before and after.
        for range in &before.exclusions {
            if !exclusions.contains(range) {
                edits.push(Edit::RemoveExclusion {
                    scope,
                    range: *range,
                });
            }
        }
        let known = before.properties();
        let properties: Vec<ScopeProperty> = after
            .properties()
            .into_iter()
            .filter(|property| !known.contains(property))
            .collect();
        if !properties.is_empty() {
            edits.push(Edit::SetScope { scope, properties });
        }
        for range in exclusions {
            if !before.exclusions.contains(&range) {
                edits.push(Edit::AddExclusion { scope, range });
            }
        }
        Ok(change(&self.server, edits).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        field_of(code, sentence)
    }
}

/// Edit DHCP Scope, of several: only what may be the same for all.
#[derive(Debug)]
pub struct EditSeveral {
    scopes: Vec<(ServerName, ScopeId)>,
}

impl EditSeveral {
    /// Of these.
    #[must_use]
    pub fn new(scopes: Vec<(ServerName, ScopeId)>) -> EditSeveral {
        EditSeveral { scopes }
    }
}

impl FormKind for EditSeveral {
    fn title(&self) -> String {
        "Edit DHCP Scope".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!(
            "{} scopes. What is left empty stays as it is in each.",
            self.scopes.len()
        )
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        let kinds = ["As it is", "DHCP", "BOOTP", "Both"];
        vec![
            Field::text("description", "Description", ""),
            Field::of("duration", "Lease duration", Format::Duration, "").optional(),
            Field::choice("kind", "Assign addresses to", kinds, 0),
            Field::of("delay", "Subnet delay", Format::Number(0, 1000), "")
                .optional()
                .unit("ms"),
        ]
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let mut properties = Vec::new();
        let description = fields.text("description");
        if !description.is_empty() {
            properties.push(ScopeProperty::Description(description.to_owned()));
        }
        if !fields.text("duration").is_empty() {
            let duration = fields.read("duration", read::duration)?;
            properties.push(ScopeProperty::LeaseDuration(duration));
        }
        let kind = fields.chosen("kind").checked_sub(1);
        if let Some((_, kind)) = kind.and_then(|kind| KINDS.get(kind)) {
            properties.push(ScopeProperty::Kind(*kind));
        }
        if !fields.text("delay").is_empty() {
            properties.push(ScopeProperty::Delay(delay(fields)?));
        }
        if properties.is_empty() {
            let why = "nothing is to be changed: fill in a field, or cancel".to_owned();
            return Err(vec![("", why)]);
        }
        let mut servers: Vec<&ServerName> = Vec::new();
        for (server, _) in &self.scopes {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        let of_server = |server: &ServerName| {
            let scopes = self.scopes.iter().filter(|(known, _)| known == server);
            let edits = scopes.map(|(_, scope)| Edit::SetScope {
                scope: *scope,
                properties: properties.clone(),
            });
            change(server, edits.collect())
        };
        Ok(servers.into_iter().filter_map(of_server).collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        field_of(code, sentence)
    }
}
