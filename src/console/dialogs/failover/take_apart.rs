//! Taking failover apart: Remove DHCP Failover Configuration, and deleting a relationship. Both say
//! which copy stays and which is deleted.

use std::collections::BTreeSet;

use super::force;
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::model::plan::Intent;
use crate::model::text::printable;
use crate::model::{ScopeId, ServerName};

/// The dialog Remove DHCP Failover Configuration.
#[derive(Debug)]
pub struct RemoveFailover {
    server: ServerName,
    scopes: BTreeSet<ScopeId>,
}

impl RemoveFailover {
    /// The dialog for scopes that a server keeps.
    #[must_use]
    pub fn new(server: &ServerName, scopes: BTreeSet<ScopeId>) -> RemoveFailover {
        RemoveFailover {
            server: server.clone(),
            scopes,
        }
    }
}

impl FormKind for RemoveFailover {
    fn title(&self) -> String {
        "Remove DHCP Failover Configuration".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        let scopes: Vec<String> = self.scopes.iter().map(ToString::to_string).collect();
        match scopes.as_slice() {
            [one] => format!("{one} leaves its relationship, which stays"),
            _ => format!("{} scopes leave their relationships", scopes.len()),
        }
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let partners: BTreeSet<String> = self
            .scopes
            .iter()
            .filter_map(|scope| {
                let held = world.estate.relationship_of(&self.server, *scope)?;
                let known = world.estate.partner(&held.partner);
                let name = known.map_or(&held.partner, |view| &view.name);
                Some(name.to_string())
            })
            .collect();
        let partners: Vec<String> = partners.into_iter().collect();
        let copies = if self.scopes.len() == 1 {
            "copy"
        } else {
            "copies"
        };
        vec![
            Field::heading("keeps", format!("Stays: the {copies} on {}", self.server)),
            Field::heading(
                "loses",
                format!("Deleted: the {copies} on {}", partners.join(", ")),
            ),
            force(),
        ]
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        Ok(vec![Intent::RemoveFailover {
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            force: fields.on("force"),
        }])
    }
}

/// The dialog that deletes a relationship.
#[derive(Debug)]
pub struct DeleteRelationship {
    servers: [ServerName; 2],
    name: String,
    scopes: usize,
}

impl DeleteRelationship {
    /// The dialog for a relationship of a primary, which keeps the scopes unless the operator
    /// says otherwise, and a secondary.
    #[must_use]
    pub fn new(
        world: &World,
        primary: &ServerName,
        secondary: &ServerName,
        name: &str,
    ) -> DeleteRelationship {
        let ends = [primary, secondary];
        let held = ends
            .into_iter()
            .find_map(|server| world.estate.end(server, name));
        DeleteRelationship {
            servers: [primary.clone(), secondary.clone()],
            name: name.to_owned(),
            scopes: held.map_or(0, |end| end.relationship.scopes.len()),
        }
    }

    /// Who keeps the scopes, and who loses them.
    fn sides(&self, chosen: usize) -> (&ServerName, &ServerName) {
        let [primary, secondary] = &self.servers;
        match chosen {
            0 => (primary, secondary),
            _ => (secondary, primary),
        }
    }

    fn hint(&self, chosen: usize) -> String {
        let (keeps, loses) = self.sides(chosen);
        match self.scopes {
            0 => "no scope is in it".to_owned(),
            1 => format!("{keeps} keeps the scope; it is deleted on {loses}"),
            count => format!("{keeps} keeps the {count} scopes; they are deleted on {loses}"),
        }
    }
}

impl FormKind for DeleteRelationship {
    fn title(&self) -> String {
        "Delete DHCP Failover Relationship".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        printable(&self.name, 126)
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        let servers = self.servers.iter().map(ToString::to_string);
        vec![
            Field::choice("keep", "Select server", servers, 0).hint(self.hint(0)),
            force(),
        ]
    }

    fn changed(&mut self, id: FieldId, fields: &mut Fields, _world: &World) {
        if id == "keep" {
            let hint = self.hint(fields.chosen("keep"));
            fields.say("keep", hint);
        }
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let (keep_on, _) = self.sides(fields.chosen("keep"));
        Ok(vec![Intent::DeleteRelationship {
            keep_on: keep_on.clone(),
            name: self.name.clone(),
            force: fields.on("force"),
        }])
    }
}
