//! Option values and definitions: Get, Set, Remove.

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results, Value};
use crate::model::option::{DEFINITIONS, OptionDefinition, OptionType, definition};
use crate::model::server::ServerReading;
use crate::model::{Edit, OptionKey, OptionLevel, OptionValue, Options};
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.name {
        "Get-DhcpServerv4OptionDefinition" => definitions(run).await,
        "Get-DhcpServerv4OptionValue" => get(run).await,
        "Set-DhcpServerv4OptionValue" => set(run).await,
        "Remove-DhcpServerv4OptionValue" => remove(run).await,
        _ => Err(not_built(run)),
    }
}

/// What `-Brief` gives.
fn brief(object: &Object) -> Object {
    ["OptionId", "Name", "Value"].into_iter().fold(
        Object::new("DhcpServerv4OptionValueBrief"),
        |brief, name| brief.with(name, object.get(name).clone()),
    )
}

fn object(key: &OptionKey, value: &OptionValue, policy: Option<&str>) -> Object {
    let kind = definition(key).map_or(OptionType::BinaryData, |definition| definition.kind);
    let class = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Object::new("DhcpServerv4OptionValue")
        .with("OptionId", key.id)
        .with("Name", key.name())
        .with("Type", kind.to_string())
        .with("Value", value.0.clone())
        .with("VendorClass", class(&key.vendor_class))
        .with("UserClass", class(&key.user_class))
        .with("PolicyName", policy)
}

/// That an option is not set (or not defined).
fn not_set(run: &Run<'_, '_>, id: u32) -> Failure {
    Failure::refused(
        format!(
            "Failed to get option value of {id} on DHCP server {}.",
            run.server
        ),
        id,
        Code::OptionNotPresent,
        if run.call.cmdlet.verb() == "Get" {
            format!("option {id} is not set there: without -OptionId those that are set are listed")
        } else {
            format!(
                "option {id} is not set there: Get-DhcpServerv4OptionValue lists those that are"
            )
        },
    )
}

/// Where the parameters say that an option is.
fn level(run: &Run<'_, '_>, reading: &ServerReading) -> Result<OptionLevel, Failure> {
    let call = run.call;
    let apart = |one: &str, other: &str| {
        if call.has(one) && call.has(other) {
            Err(Failure::invalid(format!(
                "-{one} and -{other} can't be given together"
            )))
        } else {
            Ok(())
        }
    };
    apart("PolicyName", "UserClass")?;
    apart("PolicyName", "ReservedIP")?;
    let scope = match call.address("ScopeId") {
        Some(id) => Some(run.scope(reading, id)?.id),
        None => None,
    };
    if let Some(name) = call.text("PolicyName") {
        return Ok(OptionLevel::Policy(scope, name.to_owned()));
    }
    if let Some(address) = call.address("ReservedIP") {
        let of = run.scope_of(reading, address)?.id;
        if let Some(scope) = scope
            && scope != of
        {
            return Err(Failure::invalid(format!(
                "{address} does not lie in scope {scope}, but in {of}"
            )));
        }
        return Ok(OptionLevel::Reservation(of, address));
    }
    Ok(scope.map_or(OptionLevel::Server, OptionLevel::Scope))
}

/// The options that are set there.
fn options<'a>(
    run: &Run<'_, '_>,
    reading: &'a ServerReading,
    level: &OptionLevel,
) -> Result<&'a Options, Failure> {
    let config = &reading.config;
    match level {
        OptionLevel::Server => Ok(&config.options),
        OptionLevel::Scope(scope) => Ok(&run.scope(reading, scope.address())?.options),
        OptionLevel::Reservation(scope, address) => run
            .scope(reading, scope.address())?
            .reservations
            .get(address)
            .map(|reservation| &reservation.options)
            .ok_or_else(|| {
                Failure::refused(
                    format!(
                        "Failed to get reservation information of IP address {address} on DHCP \
                         server {}.",
                        run.server
                    ),
                    address,
                    Code::NotReservedClient,
                    format!("{address} is not reserved on {}", run.server),
                )
            }),
        OptionLevel::Policy(scope, name) => {
            let policy = match scope {
                Some(scope) => run.scope(reading, scope.address())?.policy(name),
                None => config.policy(name),
            };
            policy
                .map(|policy| &policy.options)
                .ok_or_else(|| super::policy::none(&run.server, *scope, name))
        }
    }
}

fn key(run: &Run<'_, '_>, id: u32) -> Result<OptionKey, Failure> {
    let id = u8::try_from(id).ok().filter(|id| (1..=254).contains(id));
    Ok(OptionKey {
        id: id.ok_or_else(|| Failure::invalid("-OptionId: options are numbered 1 to 254"))?,
        vendor_class: run.call.text("VendorClass").unwrap_or("").to_owned(),
        user_class: run.call.text("UserClass").unwrap_or("").to_owned(),
    })
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let options = options(run, &reading, &level)?;
    let policy = run.call.text("PolicyName");
    let mut found = Vec::new();
    if run.call.has("OptionId") {
        for id in run.call.numbers("OptionId") {
            let key = key(run, id)?;
            let all = run.call.switch("All");
            let there: Vec<Object> = options
                .iter()
                .filter(|(held, _)| **held == key || all && held.id == key.id)
                .map(|(held, value)| object(held, value, policy))
                .collect();
            if there.is_empty() {
                run.tell(not_set(run, id))?;
            }
            found.extend(there);
        }
        return Ok(listed(run, found));
    }
    let vendor = run.call.text("VendorClass").unwrap_or("");
    let user = run.call.text("UserClass").unwrap_or("");
    let all = run.call.switch("All");
    let wanted = options.iter().filter(|(key, _)| {
        all || key.vendor_class.eq_ignore_ascii_case(vendor)
            && key.user_class.eq_ignore_ascii_case(user)
    });
    found.extend(wanted.map(|(key, value)| object(key, value, policy)));
    Ok(listed(run, found))
}

fn listed(run: &Run<'_, '_>, found: Vec<Object>) -> Results {
    Results::Objects(if run.call.switch("Brief") {
        found.iter().map(brief).collect()
    } else {
        found
    })
}

/// The options that a line sets: by number, or by the names of the common ones.
fn settings(run: &Run<'_, '_>) -> Result<Vec<(OptionKey, OptionValue)>, Failure> {
    let call = run.call;
    let mut settings = Vec::new();
    if let Some(id) = call.number("OptionId") {
        let texts = call.texts("Value").into_iter().map(str::to_owned);
        settings.push((key(run, id)?, OptionValue(texts.collect())));
    }
    for (name, id) in [("Router", 3), ("DnsServer", 6), ("WinsServer", 44)] {
        let addresses = call.addresses(name);
        if !addresses.is_empty() {
            let texts = addresses.iter().map(ToString::to_string).collect();
            settings.push((key(run, id)?, OptionValue(texts)));
        }
    }
    for (name, id) in [("DnsDomain", 15), ("Wpad", 252)] {
        if let Some(text) = call.text(name) {
            settings.push((key(run, id)?, OptionValue(vec![text.to_owned()])));
        }
    }
    Ok(settings)
}

async fn set(run: &mut Run<'_, '_>) -> Done<Results> {
    let settings = settings(run)?;
    run.something(&settings)?;
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let ids: Vec<String> = settings.iter().map(|(key, _)| key.id.to_string()).collect();
    let ids = ids.join(", ");
    let message = format!(
        "Failed to set option value of {ids} on DHCP server {}.",
        run.server
    );
    let edits = settings
        .iter()
        .map(|(key, value)| Edit::SetOption {
            level: level.clone(),
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    run.change(edits, &message, &ids).await?;
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let options = options(run, &reading, &level)?;
    let policy = run.call.text("PolicyName");
    let objects = settings.iter().filter_map(|(key, _)| {
        let value = options.get(key)?;
        Some(object(key, value, policy))
    });
    Ok(run.pass(objects.collect()))
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let level = level(run, &reading)?;
    let held = options(run, &reading, &level)?;
    let (mut edits, mut removed, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for id in run.call.numbers("OptionId") {
        let key = key(run, id)?;
        match held.get(&key) {
            Some(value) => {
                removed.push(object(&key, value, run.call.text("PolicyName")));
                ids.push(id.to_string());
                edits.push(Edit::RemoveOption {
                    level: level.clone(),
                    key,
                });
            }
            None => run.tell(not_set(run, id))?,
        }
    }
    if edits.is_empty() {
        return Ok(Results::Nothing);
    }
    let ids = ids.join(", ");
    let message = format!(
        "Failed to delete option value of {ids} on DHCP server {}.",
        run.server
    );
    run.change(edits, &message, &ids).await?;
    Ok(run.pass(removed))
}

fn defined(definition: &OptionDefinition) -> Object {
    Object::new("DhcpServerv4OptionDefinition")
        .with("Name", definition.name)
        .with("Description", Value::Null)
        .with("OptionId", definition.id)
        .with("Type", definition.kind.to_string())
        .with("VendorClass", Value::Null)
        .with("MultiValued", definition.multi_valued)
        .with("DefaultValue", Value::Null)
}

async fn definitions(run: &mut Run<'_, '_>) -> Done<Results> {
    run.reading().await?;
    if run.call.has("VendorClass") {
        // Definitions of vendor classes are the server's own, and are not read.
        let class = run.call.text("VendorClass").unwrap_or("").to_owned();
        let message = format!(
            "Failed to get option definitions of vendor class {class} on DHCP server {}.",
            run.server
        );
        return Err(Failure::refused(
            message,
            class,
            Code::OptionNotPresent,
            "options of vendor classes are shown where they are set, but not defined here",
        )
        .into());
    }
    if !run.call.has("OptionId") {
        return Ok(Results::Objects(DEFINITIONS.iter().map(defined).collect()));
    }
    let mut found = Vec::new();
    for id in run.call.numbers("OptionId") {
        match DEFINITIONS.iter().find(|one| u32::from(one.id) == id) {
            Some(definition) => found.push(defined(definition)),
            None => run.tell(Failure::refused(
                format!(
                    "Failed to get option definition {id} on DHCP server {}.",
                    run.server
                ),
                id,
                Code::OptionNotPresent,
                format!("option {id} is not defined"),
            ))?,
        }
    }
    Ok(Results::Objects(found))
}
