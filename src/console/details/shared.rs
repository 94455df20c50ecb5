//! What several details show alike: options, scopes, events, how two copies differ.

use std::sync::Arc;

use super::page::{Field, Page};
use crate::console::age;
use crate::console::subject::Subject;
use crate::console::table::{Cell, Tone};
use crate::console::views;
use crate::console::world::World;
use crate::ipam::estate::ServerView;
use crate::model::scope::ScopeState;
use crate::model::text::printable;
use crate::model::{Comparison, Options, Scope, ScopeId, ServerName};

/// So many rows of a kind are listed; the view has all of them.
const MOST: usize = 200;

/// Options, one a row; `from` says where they are set when it is not here alone.
pub(super) fn options(page: &mut Page<'_>, levels: &[(&str, &Options)], none: &str) {
    let mut rows = Vec::new();
    for (level, options) in levels {
        for (key, value) in options.iter() {
            // What a more special level sets is what clients get.
            let special = levels
                .iter()
                .take_while(|(other, _)| other != level)
                .any(|(_, options)| options.get(key).is_some());
            let tone = if special { Tone::Dim } else { Tone::Plain };
            let said = if special {
                format!("{level} (overridden)")
            } else {
                (*level).to_owned()
            };
            rows.push(vec![
                Cell::toned(printable(&key.to_string(), 120), tone),
                Cell::toned(printable(&value.to_string(), 400), tone),
                Cell::toned(said, Tone::Dim),
            ]);
        }
    }
    if rows.is_empty() {
        page.say(Tone::Dim, none);
        return;
    }
    page.table(&["Option", "Value", "Set at"], &rows);
}

/// What a server or a scope of it has, and the model has no word for.
pub(super) fn foreign(page: &mut Page<'_>, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    page.gap();
    let said = match lines.len() {
        1 => "One thing that IPAM has no word for; it survives every edit:".to_owned(),
        count => format!("{count} things that IPAM has no word for; they survive every edit:"),
    };
    page.say(Tone::Dim, &said);
    for line in lines {
        page.say(Tone::Dim, &format!("  {}", printable(line, 400)));
    }
}

/// Scopes of a server, one a row.
pub(super) fn scopes<'a>(
    page: &mut Page<'_>,
    world: &World,
    view: &ServerView,
    scopes: impl Iterator<Item = &'a Arc<Scope>>,
) {
    let reading = view.reading.as_ref();
    let rows: Vec<_> = scopes
        .map(|scope| {
            let statistics = reading.and_then(|reading| reading.statistics.get(&scope.id));
            let state = match scope.state {
                ScopeState::Active => Cell::toned("Active", Tone::Good),
                ScopeState::Inactive => Cell::toned("Inactive", Tone::Dim),
            };
            let used = statistics.map(|known| views::utilization(known.percent_in_use()));
            let free = statistics.map(|known| Cell::new(format!("{:>6}", known.free)));
            let pair = world.estate.pair(&view.name, scope.id);
            vec![
                Cell::new(scope.id.to_string()),
                state,
                Cell::new(printable(&scope.name, 256)),
                used.unwrap_or_default(),
                free.unwrap_or_default(),
                pair.as_ref().map(views::pair).unwrap_or_default(),
            ]
        })
        .take(MOST)
        .collect();
    if rows.is_empty() {
        page.say(Tone::Dim, "No scopes.");
        return;
    }
    page.table(
        &["Scope ID", "Status", "Scope Name", "Used", "  Free", "Pair"],
        &rows,
    );
}

/// What was done from here to a subject, newest first.
pub(super) fn events(page: &mut Page<'_>, world: &World, subject: &Subject) {
    let entries = world.journal.iter();
    let about = entries.filter(|entry| views::is_about(entry, subject));
    let rows: Vec<_> = about
        .take(MOST)
        .map(|entry| {
            vec![
                Cell::new(views::moment(world, entry.at)),
                Cell::new(printable(&entry.operator, 32)),
                Cell::new(printable(&entry.what, 300)),
                views::outcome(entry),
            ]
        })
        .collect();
    if rows.is_empty() {
        page.say(Tone::Dim, "Nothing was changed here from this console yet.");
        return;
    }
    page.table(
        &["Time of Event", "User Name", "Description", "Outcome"],
        &rows,
    );
}

/// How two copies differ, side by side.
pub(super) fn differences(
    page: &mut Page<'_>,
    comparison: &Comparison,
    (left, right): (&ServerName, &ServerName),
) {
    for area in &comparison.unknown {
        let said = format!("{area}: unverified, one of the two readings does not cover it");
        page.say(Tone::Warn, &said);
    }
    if comparison.differences.is_empty() {
        if comparison.unknown.is_empty() {
            page.say(Tone::Good, "Both copies are the same.");
        }
        return;
    }
    let side = |value: Option<String>| match value {
        None => Cell::toned("(not there)", Tone::Dim),
        Some(value) if value.is_empty() => Cell::toned("(empty)", Tone::Dim),
        Some(value) => Cell::new(printable(&value, 300)),
    };
    let rows: Vec<_> = comparison
        .differences
        .iter()
        .take(MOST)
        .map(|difference| {
            let object = difference.object.to_string();
            let field = printable(&difference.field(), 80);
            // An option's field is its name, which the object says already.
            let what = match object.contains(&field) {
                true => object,
                false => format!("{object}, {field}"),
            };
            vec![
                Cell::toned(what, Tone::Warn),
                side(difference.left()),
                side(difference.right()),
            ]
        })
        .collect();
    let (left, right) = (left.short(), right.short());
    page.table(
        &["What", &printable(left, 64), &printable(right, 64)],
        &rows,
    );
}

/// Where the fields come from and how old they are.
pub(super) fn refreshed(world: &World, view: &ServerView) -> Vec<Field> {
    let taken = view.reading.as_ref().map(|reading| reading.taken);
    let mut fields = Vec::new();
    if let Some(taken) = taken {
        let ago = age::ago(world.age(taken));
        let old = view.is_old();
        let tone = if old { Tone::Bad } else { Tone::Dim };
        fields.push(("Last Refreshed".to_owned(), Cell::toned(ago, tone)));
    }
    fields
}

/// A server's scope, with what is known of the server.
pub(super) fn scope<'w>(
    world: &'w World,
    server: &ServerName,
    scope: ScopeId,
) -> Option<(&'w ServerView, &'w Arc<Scope>)> {
    let view = world.estate.servers.get(server)?;
    Some((view.as_ref(), world.estate.scope(server, scope)?))
}
