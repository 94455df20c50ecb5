//! When a server accepts a change to its settings.

use super::super::Code;
use super::check::{self, Outcome, refuse};
use super::scope;
use crate::model::ServerConfig;
use crate::model::settings::SettingsProperty;

/// Conflict detection attempts.
const MAX_ATTEMPTS: u8 = 5;
/// Characters of the audit log's path.
const MAX_PATH: usize = 259;

pub(super) fn set(config: &mut ServerConfig, properties: &[SettingsProperty]) -> Outcome {
    check::once(
        "the server",
        properties,
        SettingsProperty::same_kind,
        SettingsProperty::label,
    )?;
    for property in properties {
        match property {
            SettingsProperty::ConflictDetectionAttempts(attempts) if *attempts > MAX_ATTEMPTS => {
                return refuse(
                    Code::InvalidParameter,
                    format!(
                        "{attempts} conflict detection attempts are too many: give 0 to \
                         {MAX_ATTEMPTS}"
                    ),
                );
            }
            SettingsProperty::AuditLogPath(path) => {
                check::not_empty("the path of the audit log", path)?;
                check::text("the path of the audit log", path, MAX_PATH)?;
            }
            SettingsProperty::Dns(settings) => scope::dns("the server", settings)?,
            SettingsProperty::ConflictDetectionAttempts(_)
            | SettingsProperty::ActivatePolicies(_)
            | SettingsProperty::AllowListEnabled(_)
            | SettingsProperty::DenyListEnabled(_)
            | SettingsProperty::AuditLog(_) => {}
        }
    }
    for property in properties {
        config.settings.set(property.clone());
    }
    Ok(())
}
