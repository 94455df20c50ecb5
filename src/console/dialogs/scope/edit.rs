//! A scope that is there, or several: Edit DHCP Scope.

use std::net::Ipv4Addr;

use super::{KINDS, WhyNot, chosen_kind, delay, field_of, kind_field};
use crate::console::dialogs::{change, dns, reservation};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::scope::{ClientType, MAX_BOOTP_CLIENTS, ScopeProperty};
use crate::model::{Edit, Intent, Range, Scope, ScopeId, ServerName};
use crate::rules::error::Code;

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
        reservation::where_it_goes(world, &self.server, self.before.id)
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let before = &self.before;
        let why_not = WhyNot {
            world,
            server: &self.server,
        };
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
            .hint("From-to, several separated by commas")
            .unless(why_not.exclusions()),
            Field::heading("advanced", "Advanced"),
            kind_field(before.kind).unless(why_not.kind()),
            Field::of(
                "delay",
                "Subnet delay",
                Format::Number(0, 1000),
                before.delay_ms.to_string(),
            )
            .unit("ms")
            .unless(why_not.delay()),
            Field::check("policies", "Activate policies", before.activate_policies)
                .unless(why_not.policies()),
        ]);
        if before.kind != ClientType::Dhcp || before.max_bootp_clients != MAX_BOOTP_CLIENTS {
            let clients = before.max_bootp_clients.to_string();
            let format = Format::Number(0, u32::MAX);
            fields.push(Field::of("bootp", "Maximum BOOTP clients", format, clients));
        }
        fields.extend(dns::fields(before.dns.as_ref(), true, why_not.dns()));
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

    fn fields(&self, world: &World) -> Vec<Field> {
        // What one of them has no use for is not asked of all.
        let of_one = |why_not: &dyn Fn(&WhyNot<'_>) -> Option<String>| {
            let mut servers = self.scopes.iter().map(|(server, _)| server);
            servers.find_map(|server| why_not(&WhyNot { world, server }))
        };
        let kinds = ["As it is", "DHCP", "BOOTP", "Both"];
        vec![
            Field::text("description", "Description", ""),
            Field::of("duration", "Lease duration", Format::Duration, "").optional(),
            Field::choice("kind", "Assign addresses to", kinds, 0)
                .unless(of_one(&|field| field.kind())),
            Field::of("delay", "Subnet delay", Format::Number(0, 1000), "")
                .optional()
                .unit("ms")
                .unless(of_one(&|field| field.delay())),
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
