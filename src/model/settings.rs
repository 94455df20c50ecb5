//! A DHCP server's own settings, one by one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::scope::DnsSettings;

/// A DHCP server's own settings: Edit DHCP Server Properties.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServerSettings {
    /// ConflictDetectionAttempts, 0 to 5.
    pub conflict_detection_attempts: u8,
    /// Whether policies are in force.
    pub activate_policies: bool,
    /// Whether the allow list of MAC address filters is enabled.
    pub allow_list_enabled: bool,
    /// Whether the deny list is.
    pub deny_list_enabled: bool,
    /// Whether the audit log is written.
    pub audit_log: bool,
    /// Where.
    pub audit_log_path: String,
    /// The DNS page.
    pub dns: DnsSettings,
}

impl Default for ServerSettings {
    fn default() -> ServerSettings {
        ServerSettings {
            conflict_detection_attempts: 0,
            activate_policies: true,
            allow_list_enabled: false,
            deny_list_enabled: false,
            audit_log: true,
            audit_log_path: r"C:\Windows\system32\dhcp".to_owned(),
            dns: DnsSettings::default(),
        }
    }
}

/// One of a server's settings with its value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each is the field of ServerSettings of the same name"
)]
pub enum SettingsProperty {
    ConflictDetectionAttempts(u8),
    ActivatePolicies(bool),
    AllowListEnabled(bool),
    DenyListEnabled(bool),
    AuditLog(bool),
    AuditLogPath(String),
    Dns(DnsSettings),
}

impl ServerSettings {
    /// Its properties one by one, in the order in which they are shown.
    #[must_use]
    pub fn properties(&self) -> Vec<SettingsProperty> {
        vec![
            SettingsProperty::ConflictDetectionAttempts(self.conflict_detection_attempts),
            SettingsProperty::ActivatePolicies(self.activate_policies),
            SettingsProperty::AllowListEnabled(self.allow_list_enabled),
            SettingsProperty::DenyListEnabled(self.deny_list_enabled),
            SettingsProperty::AuditLog(self.audit_log),
            SettingsProperty::AuditLogPath(self.audit_log_path.clone()),
            SettingsProperty::Dns(self.dns.clone()),
        ]
    }

    /// Sets one property, unchecked: the rules check.
    pub fn set(&mut self, property: SettingsProperty) {
        match property {
            SettingsProperty::ConflictDetectionAttempts(n) => self.conflict_detection_attempts = n,
            SettingsProperty::ActivatePolicies(on) => self.activate_policies = on,
            SettingsProperty::AllowListEnabled(on) => self.allow_list_enabled = on,
            SettingsProperty::DenyListEnabled(on) => self.deny_list_enabled = on,
            SettingsProperty::AuditLog(on) => self.audit_log = on,
            SettingsProperty::AuditLogPath(path) => self.audit_log_path = path,
            SettingsProperty::Dns(dns) => self.dns = dns,
        }
    }
}

impl SettingsProperty {
    /// IPAM's label for it.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            SettingsProperty::ConflictDetectionAttempts(_) => "Conflict Detection Attempts",
            SettingsProperty::ActivatePolicies(_) => "Policy Activation State",
            SettingsProperty::AllowListEnabled(_) => "Allow MAC Address Filters",
            SettingsProperty::DenyListEnabled(_) => "Deny MAC Address Filters",
            SettingsProperty::AuditLog(_) => "Audit Logging Status",
            SettingsProperty::AuditLogPath(_) => "Audit Log Path",
            SettingsProperty::Dns(_) => "DNS Dynamic Updates",
        }
    }

    /// Whether the two are values of the same property.
    #[must_use]
    pub fn same_kind(&self, other: &SettingsProperty) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for SettingsProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsProperty::ConflictDetectionAttempts(n) => n.fmt(f),
            SettingsProperty::ActivatePolicies(on)
            | SettingsProperty::AllowListEnabled(on)
            | SettingsProperty::DenyListEnabled(on)
            | SettingsProperty::AuditLog(on) => {
                f.write_str(if *on { "Enabled" } else { "Disabled" })
            }
            SettingsProperty::AuditLogPath(path) => f.write_str(path),
            SettingsProperty::Dns(dns) => dns.fmt(f),
        }
    }
}
