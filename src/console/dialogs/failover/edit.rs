//! Edit DHCP Failover Relationship: its parameters; its name and its servers never change.

use super::{interval, kea, mclt, mode, parameter_shown, parameters};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::ServerName;
use crate::model::failover::{Relationship, RelationshipProperty, SharedSecret};
use crate::model::ha_setup::MAX_DELAY;
use crate::model::plan::Intent;
use crate::model::scope::Seconds;
use crate::model::server::Product;
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

impl EditRelationship {
    /// What of a pair of Kea servers can be changed while they run.
    fn kea_fields(&self) -> Vec<Field> {
        let interval = self.held.switch_interval.unwrap_or(Seconds(60));
        vec![
            Field::heading(
                "fixed",
                format!(
                    "{}: on Kea it stays, as do names and URLs; delete the relationship and \
                     configure failover anew to change them",
                    self.held.mode.label()
                ),
            ),
            Field::check(
                "switch",
                "State Switchover Interval",
                self.held.switch_interval.is_some(),
            )
            .hint("without contact it takes its partner for down by itself"),
            Field::of(
                "seconds",
                "Switches after",
                Format::Number(1, MAX_DELAY / 1000),
                interval.0.to_string(),
            )
            .unit("seconds"),
        ]
    }

    fn on_kea(&self, fields: &Fields) -> Result<Vec<Intent>, Wrong> {
        let interval = match fields.on("switch") {
            true => {
                let read = |text: &str| read::number(text, 1, MAX_DELAY / 1000);
                Some(Seconds(fields.read("seconds", read)?))
            }
            false => None,
        };
        if interval == self.held.switch_interval {
            return Ok(Vec::new());
        }
        Ok(vec![Intent::EditRelationship {
            server: self.server.clone(),
            name: self.held.name.clone(),
            properties: vec![RelationshipProperty::SwitchInterval(interval)],
        }])
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
        if kea::product(world, &self.server) == Some(Product::Kea) {
            return self.kea_fields();
        }
        let mut fields = parameters(&self.held);
        if let Some(secret) = fields.iter_mut().find(|field| field.id == "secret")
            && self.held.authenticated
        {
            secret.hint = "empty: the one they have stays".to_owned();
        }
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        match id {
            "seconds" => fields.on("switch"),
            _ => parameter_shown(id, fields),
        }
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let held = &self.held;
        if fields.get("seconds").is_some() {
            return self.on_kea(fields);
        }
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
