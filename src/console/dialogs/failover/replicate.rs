//! Replicate DHCP Failover Relationship: which of the two servers is right.

use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::model::ServerName;
use crate::model::plan::{Intent, ReplicationLevel};
use crate::model::text::printable;

/// The dialog.
#[derive(Debug)]
pub struct ReplicateRelationship {
    servers: [ServerName; 2],
    name: String,
}

impl ReplicateRelationship {
    /// The dialog for a relationship of a primary and a secondary.
    #[must_use]
    pub fn new(primary: &ServerName, secondary: &ServerName, name: &str) -> ReplicateRelationship {
        ReplicateRelationship {
            servers: [primary.clone(), secondary.clone()],
            name: name.to_owned(),
        }
    }

    fn hint(&self, chosen: usize) -> String {
        let [primary, secondary] = &self.servers;
        let (right, other) = match chosen {
            0 => (primary, secondary),
            _ => (secondary, primary),
        };
        format!("{right} is right: {other}'s copies are overwritten")
    }
}

impl FormKind for ReplicateRelationship {
    fn title(&self) -> String {
        "Replicate DHCP Failover Relationship".to_owned()
    }

    fn about(&self, world: &World) -> String {
        let name = printable(&self.name, 126);
        match world.estate.compare(&self.servers[0], &self.name) {
            Some(found) if found.is_same() => format!("{name}: both copies are the same"),
            Some(found) => match found.differences.len() {
                1 => format!("{name}: 1 difference"),
                count => format!("{name}: {count} differences"),
            },
            None => name,
        }
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        let servers = self.servers.iter().map(ToString::to_string);
        vec![Field::choice("from", "Select server", servers, 0).hint(self.hint(0))]
    }

    fn changed(&mut self, _id: FieldId, fields: &mut Fields, _world: &World) {
        let hint = self.hint(fields.chosen("from"));
        fields.say("from", hint);
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let [primary, secondary] = &self.servers;
        let from = match fields.chosen("from") {
            0 => primary,
            _ => secondary,
        };
        Ok(vec![Intent::Replicate {
            from: from.clone(),
            what: ReplicationLevel::Relationship(self.name.clone()),
        }])
    }
}
