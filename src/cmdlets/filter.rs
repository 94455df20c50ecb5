//! MAC address filters and the two lists: Get, Add, Remove, Set.

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results};
use crate::model::Edit;
use crate::model::policy::{Filter, FilterList, MacPattern};
use crate::model::settings::{ServerSettings, SettingsProperty};

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.name {
        "Get-DhcpServerv4Filter" => get(run).await,
        "Add-DhcpServerv4Filter" => add(run).await,
        "Remove-DhcpServerv4Filter" => remove(run).await,
        "Get-DhcpServerv4FilterList" => lists(run).await,
        "Set-DhcpServerv4FilterList" => set_lists(run).await,
        _ => Err(not_built(run)),
    }
}

fn object(pattern: &MacPattern, filter: &Filter) -> Object {
    Object::new("DhcpServerv4Filter")
        .with("MacAddress", pattern.to_string())
        .with("List", filter.list.to_string())
        .with("Description", &filter.description)
}

fn list(word: &str) -> FilterList {
    match word {
        "Allow" => FilterList::Allow,
        _ => FilterList::Deny,
    }
}

fn patterns(run: &Run<'_, '_>) -> Result<Vec<MacPattern>, Failure> {
    let texts = run.call.texts("MacAddress");
    texts
        .into_iter()
        .map(|text| {
            text.parse()
                .map_err(|error: crate::model::policy::BadMacPattern| {
                    Failure::invalid(format!("-MacAddress: {error}"))
                })
        })
        .collect()
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let wanted = run.call.word("List").map(list);
    let filters = reading.config.filters.iter();
    let objects = filters
        .filter(|(_, filter)| wanted.is_none_or(|list| filter.list == list))
        .map(|(pattern, filter)| object(pattern, filter));
    Ok(Results::Objects(objects.collect()))
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let patterns = patterns(run)?;
    let word = run.need(run.call.word("List"), "List")?;
    let filter = Filter {
        list: list(word),
        description: run.call.text("Description").unwrap_or("").to_owned(),
    };
    let force = run.call.switch("Force");
    let mut added = Vec::new();
    // Each by itself: an address that is in a list already does not keep the others out.
    for pattern in patterns {
        let message = format!(
            "Failed to add MAC address {pattern} to the {} filter list on DHCP server {}.",
            filter.list, run.server
        );
        let edit = Edit::AddFilter {
            pattern: pattern.clone(),
            filter: filter.clone(),
            force,
        };
        match run.change(vec![edit], &message, &pattern).await {
            Ok(_) => added.push(object(&pattern, &filter)),
            Err(super::Stop::Failed(failure)) => run.tell(*failure)?,
            Err(stop) => return Err(stop),
        }
    }
    Ok(run.pass(added))
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let patterns = patterns(run)?;
    let reading = run.reading().await?;
    let mut removed = Vec::new();
    for pattern in patterns {
        let message = format!(
            "Failed to remove MAC address {pattern} from the filter list on DHCP server {}.",
            run.server
        );
        let edit = Edit::RemoveFilter {
            pattern: pattern.clone(),
        };
        match run.change(vec![edit], &message, &pattern).await {
            Ok(_) => {
                let held = reading.config.filters.get(&pattern);
                removed.extend(held.map(|filter| object(&pattern, filter)));
            }
            Err(super::Stop::Failed(failure)) => run.tell(*failure)?,
            Err(stop) => return Err(stop),
        }
    }
    Ok(run.pass(removed))
}

fn list_object(settings: &ServerSettings) -> Object {
    Object::new("DhcpServerv4FilterList")
        .with("Allow", settings.allow_list_enabled)
        .with("Deny", settings.deny_list_enabled)
}

async fn lists(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading_with_settings().await?;
    Ok(Results::Objects(vec![list_object(
        &reading.config.settings,
    )]))
}

async fn set_lists(run: &mut Run<'_, '_>) -> Done<Results> {
    let mut properties = Vec::new();
    if let Some(on) = run.call.boolean("Allow") {
        properties.push(SettingsProperty::AllowListEnabled(on));
    }
    if let Some(on) = run.call.boolean("Deny") {
        properties.push(SettingsProperty::DenyListEnabled(on));
    }
    run.something(&properties)?;
    let message = format!(
        "Failed to set the filter lists on DHCP server {}.",
        run.server
    );
    let server = run.server.to_string();
    run.change(vec![Edit::SetSettings { properties }], &message, server)
        .await?;
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    lists(run).await
}
