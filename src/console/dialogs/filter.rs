//! Add DHCP MAC Address Filter.

use super::change;
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::policy::{Filter, FilterList};
use crate::model::{Edit, Intent, ServerName};
use crate::rules::error::Code;

/// Add DHCP MAC Address Filter.
#[derive(Debug)]
pub struct Add {
    servers: Vec<ServerName>,
}

impl Add {
    /// On servers.
    #[must_use]
    pub fn new(servers: Vec<ServerName>) -> Add {
        Add { servers }
    }
}

impl FormKind for Add {
    fn title(&self) -> String {
        "Add DHCP MAC Address Filter".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        match self.servers.as_slice() {
            [server] => format!("On {server}"),
            several => format!("On {} servers", several.len()),
        }
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        vec![
            Field::choice("list", "Filter Type", ["Allow", "Deny"], 0),
            Field::of("mac", "MAC Address", Format::Pattern, "")
                .hint("Six bytes, or one to five and *: 00-15-5D-*"),
            Field::text("description", "Description", ""),
        ]
    }

    fn wrong(&self, id: FieldId, fields: &Fields, world: &World) -> Option<String> {
        let pattern = read::pattern(fields.text("mac"))
            .ok()
            .filter(|_| id == "mac")?;
        self.servers.iter().find_map(|server| {
            let reading = world.estate.servers.get(server)?.reading.as_ref()?;
            let held = reading.config.filters.get(&pattern)?;
            Some(format!("{server} has {pattern} already: {}", held.list))
        })
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let pattern = fields.read("mac", read::pattern)?;
        let list = match fields.chosen("list") {
            0 => FilterList::Allow,
            _ => FilterList::Deny,
        };
        let filter = Filter {
            list,
            description: fields.text("description").to_owned(),
        };
        let add = |server: &ServerName| {
            let edit = Edit::AddFilter {
                pattern: pattern.clone(),
                filter: filter.clone(),
                force: false,
            };
            change(server, vec![edit])
        };
        Ok(self.servers.iter().filter_map(add).collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        match code {
            Code::LinklayerAddressExists => Some("mac"),
            Code::InvalidParameter if sentence.contains("description") => Some("description"),
            _ => None,
        }
    }
}
