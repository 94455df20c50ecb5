//! Add to DHCP Superscope, and Rename.

use std::collections::BTreeSet;

use super::change;
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::model::scope::ScopeProperty;
use crate::model::text::printable;
use crate::model::{Edit, Intent, ScopeId, ServerName};
use crate::rules::error::Code;

/// Puts a scope into a superscope, or takes it out of the one it is in.
pub fn put(scope: ScopeId, superscope: Option<&str>) -> Edit {
    Edit::SetScope {
        scope,
        properties: vec![ScopeProperty::Superscope(superscope.map(str::to_owned))],
    }
}

/// A server's superscopes.
fn known(world: &World, server: &ServerName) -> BTreeSet<String> {
    let view = world.estate.servers.get(server);
    let reading = view.and_then(|view| view.reading.as_ref());
    let names = reading.map(|reading| reading.config.superscopes());
    names
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Add to DHCP Superscope.
#[derive(Debug)]
pub struct Add {
    server: ServerName,
    scopes: Vec<ScopeId>,
}

impl Add {
    /// Scopes of one server.
    #[must_use]
    pub fn new(server: ServerName, scopes: Vec<ScopeId>) -> Add {
        Add { server, scopes }
    }
}

impl FormKind for Add {
    fn title(&self) -> String {
        "Add to DHCP Superscope".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        match self.scopes.as_slice() {
            [scope] => format!("Scope {scope} on {}", self.server),
            several => format!("{} scopes on {}", several.len(), self.server),
        }
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let known = known(world, &self.server);
        let mut fields = Vec::new();
        if !known.is_empty() {
            let shown = known.iter().map(|name| printable(name, 256));
            fields.push(Field::check("existing", "Use existing superscope", false));
            fields.push(Field::choice("which", "Superscope", shown, 0));
        }
        fields.push(Field::text("name", "Superscope name", "").required());
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        match id {
            "which" => fields.on("existing"),
            "name" => !fields.on("existing"),
            _ => true,
        }
    }

    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong> {
        let names = known(world, &self.server);
        let name = match fields.on("existing") {
            true => names.iter().nth(fields.chosen("which")).cloned(),
            false => {
                let typed = fields.text("name");
                let same = |name: &&String| name.eq_ignore_ascii_case(typed);
                let spelt = names.iter().find(same);
                Some(spelt.cloned().unwrap_or_else(|| typed.to_owned()))
            }
        };
        let name = name.unwrap_or_default();
        let mut edits = Vec::new();
        for scope in &self.scopes {
            let held = world.estate.scope(&self.server, *scope);
            let held = held.and_then(|held| held.superscope.as_deref());
            if held == Some(name.as_str()) {
                continue;
            }
            if held.is_some() {
                // No server moves a scope from one superscope right into another.
                edits.push(put(*scope, None));
            }
            edits.push(put(*scope, Some(&name)));
        }
        Ok(change(&self.server, edits).into_iter().collect())
    }

    fn field_of(&self, code: Code, _sentence: &str) -> Option<FieldId> {
        match code {
            Code::SuperScopeNameTooLong | Code::SubnetExits | Code::InvalidParameter => {
                Some("name")
            }
            _ => None,
        }
    }
}

/// Rename DHCP Superscope.
#[derive(Debug)]
pub struct Rename {
    server: ServerName,
    name: String,
}

impl Rename {
    /// A superscope of a server.
    #[must_use]
    pub fn new(server: ServerName, name: String) -> Rename {
        Rename { server, name }
    }
}

impl FormKind for Rename {
    fn title(&self) -> String {
        "Rename DHCP Superscope".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!("{} on {}", printable(&self.name, 256), self.server)
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        vec![Field::text("name", "Superscope name", self.name.clone()).required()]
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let to = fields.text("name");
        if to == self.name || !fields.touched("name") {
            return Ok(Vec::new());
        }
        let edit = Edit::RenameSuperscope {
            from: self.name.clone(),
            to: to.to_owned(),
        };
        Ok(change(&self.server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, _sentence: &str) -> Option<FieldId> {
        match code {
            Code::SuperScopeNameTooLong | Code::SubnetExits | Code::InvalidParameter => {
                Some("name")
            }
            _ => None,
        }
    }
}
