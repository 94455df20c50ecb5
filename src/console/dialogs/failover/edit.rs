//! Edit DHCP Failover Relationship: its parameters; its name and its servers never change.

use super::{interval, mclt, mode, parameter_shown, parameters};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::model::ServerName;
use crate::model::failover::{Relationship, RelationshipProperty, SharedSecret};
use crate::model::plan::Intent;
use crate::model::text::printable;

/// The dialog.
#[derive(Debug)]
pub struct EditRelationship {
    server: ServerName,
    held: Relationship,
}

impl EditRelationship {
    /// The dialog for a relationship as a server holds it.
    #[must_use]
    pub fn new(server: &ServerName, held: &Relationship) -> EditRelationship {
        EditRelationship {
            server: server.clone(),
            held: held.clone(),
        }
    }
}

impl FormKind for EditRelationship {
    fn title(&self) -> String {
        "Edit DHCP Failover Relationship".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!(
            "{}: {} with {}",
            printable(&self.held.name, 126),
            self.server,
            self.held.partner
        )
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let mut fields = parameters(world, &self.server, &self.held);
        if let Some(secret) = fields.iter_mut().find(|field| field.id == "secret")
            && self.held.authenticated
        {
            secret.hint = "empty: the one they have stays".to_owned();
        }
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        parameter_shown(id, fields)
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let held = &self.held;
        let mut properties = Vec::new();
        let mode = mode(fields)?;
        if mode != held.mode {
            properties.push(RelationshipProperty::Mode(mode));
        }
        let mclt = mclt(fields)?;
        if mclt != held.mclt {
            properties.push(RelationshipProperty::Mclt(mclt));
        }
        let interval = interval(fields, held.switch_interval)?;
        if interval != held.switch_interval {
            properties.push(RelationshipProperty::SwitchInterval(interval));
        }
        let secret = fields.text("secret");
        match (held.authenticated, fields.on("auth"), secret.is_empty()) {
            (true, false, _) => properties.push(RelationshipProperty::Authentication(None)),
            (_, true, false) => {
                let secret = SharedSecret::Text(secret.into());
                properties.push(RelationshipProperty::Authentication(Some(secret)));
            }
            (false, true, true) => {
                return Err(vec![("secret", "a shared secret is needed".to_owned())]);
            }
            (true, true, true) | (false, false, _) => {}
        }
        if properties.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Intent::EditRelationship {
            server: self.server.clone(),
            name: held.name.clone(),
            properties,
        }])
    }
}
