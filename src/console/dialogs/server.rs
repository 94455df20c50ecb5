//! Edit DHCP Server Properties.

use super::{change, dns};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Format, Wrong, read};
use crate::console::world::World;
use crate::model::settings::{ServerSettings, SettingsProperty};
use crate::model::{Edit, Intent, ServerName};
use crate::rules::error::Code;

/// Edit DHCP Server Properties.
#[derive(Debug)]
pub struct EditServer {
    server: ServerName,
    before: ServerSettings,
}

impl EditServer {
    /// Of a server with the settings it has.
    #[must_use]
    pub fn new(server: ServerName, before: ServerSettings) -> EditServer {
        EditServer { server, before }
    }
}

impl FormKind for EditServer {
    fn title(&self) -> String {
        "Edit DHCP Server Properties".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        format!("Of {}", self.server)
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        let before = &self.before;
        let attempts = before.conflict_detection_attempts.to_string();
        let mut fields = vec![
            Field::heading("general", "General Properties"),
            Field::check("audit", "Enable DHCP audit logging", before.audit_log),
            Field::text("path", "Audit log file path", before.audit_log_path.clone()).required(),
            Field::of(
                "attempts",
                "Conflict detection attempts",
                Format::Number(0, 5),
                attempts,
            ),
            Field::check("policies", "Activate policies", before.activate_policies),
            Field::heading("filters", "MAC Address Filters"),
            Field::check("allow", "Enable allow list", before.allow_list_enabled),
            Field::check("deny", "Enable deny list", before.deny_list_enabled),
        ];
        fields.extend(dns::fields(Some(&before.dns), false, None));
        fields
    }

    fn submit(&self, fields: &Fields, _world: &World) -> Result<Vec<Intent>, Wrong> {
        let mut after = self.before.clone();
        after.audit_log = fields.on("audit");
        if fields.touched("path") {
            after.audit_log_path = fields.text("path").to_owned();
        }
        let attempts = fields.read("attempts", |text| read::number(text, 0, 5))?;
        after.conflict_detection_attempts = u8::try_from(attempts).unwrap_or(u8::MAX);
        after.activate_policies = fields.on("policies");
        after.allow_list_enabled = fields.on("allow");
        after.deny_list_enabled = fields.on("deny");
        if let Some(dns) = dns::settings(fields) {
            let suffix = self.before.dns.suffix.clone();
            after.dns = dns;
            if !fields.touched("dns-suffix") {
                after.dns.suffix = suffix;
            }
        }
        let before = self.before.properties();
        let properties: Vec<SettingsProperty> = after
            .properties()
            .into_iter()
            .filter(|property| !before.contains(property))
            .collect();
        if properties.is_empty() {
            return Ok(Vec::new());
        }
        let edit = Edit::SetSettings { properties };
        Ok(change(&self.server, vec![edit]).into_iter().collect())
    }

    fn field_of(&self, code: Code, sentence: &str) -> Option<FieldId> {
        match code {
            Code::InvalidParameter if sentence.contains("path") => Some("path"),
            Code::InvalidParameter if sentence.contains("attempts") => Some("attempts"),
            Code::InvalidParameter if sentence.contains("suffix") => Some("dns-suffix"),
            _ => None,
        }
    }
}
