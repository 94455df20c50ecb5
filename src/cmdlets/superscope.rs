//! Superscopes: Get, Add, Remove, Rename.

use std::collections::BTreeMap;

use super::act::Run;
use super::error::{Done, Failure};
use super::not_built;
use super::object::{Object, Results};
use crate::model::scope::ScopeProperty;
use crate::model::server::{ServerName, ServerReading};
use crate::model::{Edit, ScopeId};
use crate::rules::error::Code;

pub(super) async fn run(run: &mut Run<'_, '_>) -> Done<Results> {
    match run.call.cmdlet.verb() {
        "Get" => get(run).await,
        "Add" => add(run).await,
        "Remove" => remove(run).await,
        "Rename" => rename(run).await,
        _ => Err(not_built(run)),
    }
}

fn object(name: &str, scopes: &[ScopeId]) -> Object {
    let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    Object::new("DhcpServerv4Superscope")
        .with("SuperscopeName", name)
        .with("ScopeId", scopes)
}

/// That there is no superscope of a name.
pub(super) fn none(server: &ServerName, name: &str) -> Failure {
    Failure::refused(
        format!("Failed to get superscope {name} on DHCP server {server}."),
        name,
        Code::SubnetNotPresent,
        format!(
            "there is no superscope '{name}' on {server}: Get-DhcpServerv4Superscope lists those \
             there are"
        ),
    )
}

/// The superscope of that name, without regard to case, as it is spelt.
fn spelt<'a>(all: &BTreeMap<&'a str, Vec<ScopeId>>, name: &str) -> Option<(&'a str, Vec<ScopeId>)> {
    all.iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(known, scopes)| (*known, scopes.clone()))
}

async fn get(run: &mut Run<'_, '_>) -> Done<Results> {
    let reading = run.reading().await?;
    let all = reading.config.superscopes();
    if !run.call.has("SuperscopeName") {
        let objects = all.iter().map(|(name, scopes)| object(name, scopes));
        return Ok(Results::Objects(objects.collect()));
    }
    let mut objects = Vec::new();
    for name in run.call.texts("SuperscopeName") {
        match spelt(&all, name) {
            Some((name, scopes)) => objects.push(object(name, &scopes)),
            None => run.tell(none(&run.server, name))?,
        }
    }
    Ok(Results::Objects(objects))
}

async fn passed(run: &mut Run<'_, '_>, name: &str) -> Done<Results> {
    if !run.passes() {
        return Ok(Results::Nothing);
    }
    let reading = run.reading().await?;
    let found = spelt(&reading.config.superscopes(), name);
    let objects = found.map(|(name, scopes)| object(name, &scopes));
    Ok(run.pass(objects.into_iter().collect()))
}

fn put(scope: ScopeId, superscope: Option<&str>) -> Edit {
    Edit::SetScope {
        scope,
        properties: vec![ScopeProperty::Superscope(superscope.map(str::to_owned))],
    }
}

async fn add(run: &mut Run<'_, '_>) -> Done<Results> {
    let call = run.call;
    let typed = run.need(call.text("SuperscopeName"), "SuperscopeName")?;
    let reading = run.reading().await?;
    let name = spelt(&reading.config.superscopes(), typed)
        .map_or_else(|| typed.to_owned(), |(name, _)| name.to_owned());
    let force = call.switch("Force");
    let mut edits = Vec::new();
    for id in call.addresses("ScopeId") {
        let scope = run.scope(&reading, id)?;
        if scope.superscope.as_deref() == Some(name.as_str()) {
            continue;
        }
        if let Some(other) = &scope.superscope {
            if !force {
                return Err(Failure::refused(
                    format!(
                        "Failed to add scope {id} to superscope {name} on DHCP server {}.",
                        run.server
                    ),
                    id,
                    Code::SubnetExits,
                    format!("scope {id} is in superscope '{other}' already: -Force moves it"),
                )
                .into());
            }
            // No server moves a scope from one superscope right into another.
            edits.push(put(scope.id, None));
        }
        edits.push(put(scope.id, Some(&name)));
    }
    if !edits.is_empty() {
        let message = format!(
            "Failed to add scopes to superscope {name} on DHCP server {}.",
            run.server
        );
        run.change(edits, &message, &name).await?;
    }
    passed(run, &name).await
}

/// The scopes of the superscope that the line removes.
fn leaving(
    run: &mut Run<'_, '_>,
    reading: &ServerReading,
    name: &str,
    scopes: &[ScopeId],
) -> Done<Vec<ScopeId>> {
    if !run.call.has("ScopeId") {
        return Ok(scopes.to_vec());
    }
    let mut leaving = Vec::new();
    for id in run.call.addresses("ScopeId") {
        match run.scope(reading, id) {
            Ok(scope) if scopes.contains(&scope.id) => leaving.push(scope.id),
            Ok(_) => {
                let message = format!(
                    "Failed to remove scope {id} from superscope {name} on DHCP server {}.",
                    run.server
                );
                let why = format!("scope {id} is not in superscope '{name}'");
                let failure = Failure::refused(message, id, Code::SubnetNotPresent, why);
                run.tell(failure)?;
            }
            Err(failure) => run.tell(failure)?,
        }
    }
    Ok(leaving)
}

async fn remove(run: &mut Run<'_, '_>) -> Done<Results> {
    let typed = run.need(run.call.text("SuperscopeName"), "SuperscopeName")?;
    let reading = run.reading().await?;
    let Some((name, scopes)) = spelt(&reading.config.superscopes(), typed) else {
        return Err(none(&run.server, typed).into());
    };
    let leaving = leaving(run, &reading, name, &scopes)?;
    if leaving.is_empty() {
        return Ok(Results::Nothing);
    }
    let edits = leaving.iter().map(|scope| put(*scope, None)).collect();
    let message = format!(
        "Failed to remove superscope {name} on DHCP server {}.",
        run.server
    );
    run.change(edits, &message, name).await?;
    Ok(run.pass(vec![object(name, &leaving)]))
}

async fn rename(run: &mut Run<'_, '_>) -> Done<Results> {
    let typed = run.need(run.call.text("Name"), "Name")?;
    let new = run.need(run.call.text("NewName"), "NewName")?;
    let reading = run.reading().await?;
    let Some((name, _)) = spelt(&reading.config.superscopes(), typed) else {
        return Err(none(&run.server, typed).into());
    };
    let message = format!(
        "Failed to rename superscope {name} on DHCP server {}.",
        run.server
    );
    let edit = Edit::RenameSuperscope {
        from: name.to_owned(),
        to: new.to_owned(),
    };
    run.change(vec![edit], &message, name).await?;
    passed(run, new).await
}
