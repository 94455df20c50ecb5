//! Servers: version, settings, audit log, DNS settings, and which are authorised.

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results, Value};
use crate::model::Edit;
use crate::model::scope::{DnsSettings, DynamicUpdates, ScopeProperty};
use crate::model::server::{ServerReading, ServerRole};
use crate::model::settings::SettingsProperty;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.name {
        "Get-DhcpServerVersion" => version(run).await,
        "Get-DhcpServerInDC" => authorised(run).await,
        "Get-DhcpServerSetting" => settings(run).await,
        "Set-DhcpServerSetting" => set_settings(run).await,
        "Get-DhcpServerAuditLog" => audit_log(run).await,
        "Set-DhcpServerAuditLog" => set_audit_log(run).await,
        "Get-DhcpServerv4DnsSetting" => dns(run).await,
        "Set-DhcpServerv4DnsSetting" => set_dns(run).await,
        _ => Err(not_built(run)),
    }
}

async fn version(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let version = reading.identity.version;
    let object = Object::new("DhcpServerVersion")
        .with("MajorVersion", version.map(|version| version.major))
        .with("MinorVersion", version.map(|version| version.minor));
    Ok(Results::Objects(vec![object]))
}

async fn authorised(run: &mut Run<'_, '_>) -> Done<Results> {
    let estate = run.ipam.collect().await;
    let mut objects = Vec::new();
    for name in run.ipam.servers() {
        let Some(view) = estate.servers.get(&name) else {
            continue;
        };
        match &view.reading {
            Some(reading) => {
                let identity = &reading.identity;
                if identity.authorized && identity.roles.contains(&ServerRole::Dhcp) {
                    objects.push(
                        Object::new("DhcpServerInDC")
                            .with("IPAddress", identity.addresses.first().copied())
                            .with("DnsName", identity.name.to_string()),
                    );
                }
            }
            None => {
                let why = view.error.as_ref().map(ToString::to_string);
                let why = why.unwrap_or_else(|| "it has not been read".to_owned());
                run.warn(&format!("{name} is left out: {why}"))?;
            }
        }
    }
    Ok(Results::Objects(objects))
}

fn settings_object(reading: &ServerReading) -> Object {
    let settings = &reading.config.settings;
    Object::new("DhcpServerSetting")
        .with("IsDomainJoined", !reading.identity.domain.is_empty())
        .with("IsAuthorized", reading.identity.authorized)
        .with("DynamicBootp", Value::Null)
        .with("RestoreStatus", Value::Null)
        .with(
            "ConflictDetectionAttempts",
            settings.conflict_detection_attempts,
        )
        .with("NpsUnreachableAction", Value::Null)
        .with("NapEnabled", false)
        .with("ActivatePolicies", settings.activate_policies)
}

async fn settings(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading_with_settings().await?;
    Ok(Results::Objects(vec![settings_object(&reading)]))
}

/// Sets settings, and gives what `-PassThru` asks for by `then`.
async fn change(
    run: &mut Run<'_, '_>,
    properties: Vec<SettingsProperty>,
    what: &str,
) -> Done<bool> {
    run.something(&properties)?;
    let message = format!("Failed to set {what} on DHCP server {}.", run.server);
    let server = run.server.to_string();
    run.change(vec![Edit::SetSettings { properties }], &message, server)
        .await?;
    Ok(run.passes())
}

async fn set_settings(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let message = format!(
        "Failed to set server settings on DHCP server {}.",
        run.server
    );
    let nap = run.no_nap(&["NapEnabled", "NpsUnreachableAction"], &message)?;
    let mut properties = Vec::new();
    if let Some(attempts) = call.number("ConflictDetectionAttempts") {
        let attempts = u8::try_from(attempts).unwrap_or(u8::MAX);
        properties.push(SettingsProperty::ConflictDetectionAttempts(attempts));
    }
    if let Some(on) = call.boolean("ActivatePolicies") {
        properties.push(SettingsProperty::ActivatePolicies(on));
    }
    let pass = if properties.is_empty() && nap {
        run.passes()
    } else {
        change(run, properties, "server settings").await?
    };
    if pass {
        return settings(run).await;
    }
    Ok(Results::Nothing)
}

async fn audit_log(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading_with_settings().await?;
    let settings = &reading.config.settings;
    let object = Object::new("DhcpServerAuditLog")
        .with("Path", &settings.audit_log_path)
        .with("Enable", settings.audit_log)
        .with("MaxMBFileSize", Value::Null)
        .with("DiskCheckInterval", Value::Null)
        .with("MinMBDiskSpace", Value::Null);
    Ok(Results::Objects(vec![object]))
}

async fn set_audit_log(run: &mut Run<'_, '_>) -> Done<Results> {
    run.refuse(
        &["MaxMBFileSize", "DiskCheckInterval", "MinMBDiskSpace"],
        "these servers keep only whether the audit log is written, and where",
    )?;
    let mut properties = Vec::new();
    if let Some(on) = run.call.boolean("Enable") {
        properties.push(SettingsProperty::AuditLog(on));
    }
    if let Some(path) = run.call.text("Path") {
        properties.push(SettingsProperty::AuditLogPath(path.to_owned()));
    }
    if change(run, properties, "the audit log").await? {
        return audit_log(run).await;
    }
    Ok(Results::Nothing)
}

fn dns_object(dns: &DnsSettings) -> Object {
    Object::new("DhcpServerv4DnsSetting")
        .with("DynamicUpdates", dns.dynamic_updates.to_string())
        .with("DeleteDnsRROnLeaseExpiry", dns.delete_on_lease_expiry)
        .with("UpdateDnsRRForOlderClients", dns.update_for_older_clients)
        .with("DnsSuffix", Value::name(&dns.suffix))
        .with("DisableDnsPtrRRUpdate", dns.disable_ptr_updates)
        .with("NameProtection", dns.name_protection)
}

/// The settings that hold: a scope's own, or else the server's.
fn effective(run: &Run<'_, '_>, reading: &ServerReading) -> Result<DnsSettings, Failure> {
    run.refuse(
        &["IPAddress", "PolicyName"],
        "DNS settings are kept for servers and scopes only",
    )?;
    let server = &reading.config.settings.dns;
    match run.call.address("ScopeId") {
        Some(id) => Ok(run
            .scope(reading, id)?
            .dns
            .as_ref()
            .unwrap_or(server)
            .clone()),
        None => Ok(server.clone()),
    }
}

async fn dns(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading_with_settings().await?;
    let dns = effective(run, &reading)?;
    Ok(Results::Objects(vec![dns_object(&dns)]))
}

async fn set_dns(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let reading = run.reading_with_settings().await?;
    let before = effective(run, &reading)?;
    let mut dns = before.clone();
    let mut given = Vec::new();
    if let Some(word) = call.word("DynamicUpdates") {
        dns.dynamic_updates = match word {
            "Always" => DynamicUpdates::Always,
            "Never" => DynamicUpdates::Never,
            _ => DynamicUpdates::OnClientRequest,
        };
        given.push("DynamicUpdates");
    }
    for (name, field) in [
        ("NameProtection", &mut dns.name_protection),
        ("DeleteDnsRROnLeaseExpiry", &mut dns.delete_on_lease_expiry),
        (
            "UpdateDnsRRForOlderClients",
            &mut dns.update_for_older_clients,
        ),
        ("DisableDnsPtrRRUpdate", &mut dns.disable_ptr_updates),
    ] {
        if let Some(on) = call.boolean(name) {
            *field = on;
            given.push(name);
        }
    }
    if let Some(suffix) = call.text("DnsSuffix") {
        suffix.clone_into(&mut dns.suffix);
        given.push("DnsSuffix");
    }
    run.something(&given)?;
    let (edit, target) = match call.address("ScopeId") {
        Some(id) => {
            let scope = run.scope(&reading, id)?.id;
            let properties = vec![ScopeProperty::Dns(Some(dns.clone()))];
            (Edit::SetScope { scope, properties }, scope.to_string())
        }
        None => {
            let properties = vec![SettingsProperty::Dns(dns.clone())];
            (Edit::SetSettings { properties }, run.server.to_string())
        }
    };
    let message = format!("Failed to set DNS settings on DHCP server {}.", run.server);
    run.change(vec![edit], &message, target).await?;
    Ok(run.pass(vec![dns_object(&dns)]))
}
