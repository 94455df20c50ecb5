//! Whether this IPAM may do something: read-only, with its reason, and the guardrail rules.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Estate;
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::guardrail::{CommandKind, Effect, Glob, Guardrail};
use crate::model::plan::{Action, Intent, Plan, Step};
use crate::model::server::ServerName;
use crate::model::text::printable;
use crate::model::{Relationship, ScopeId};

/// What this IPAM may do. It protects from mistakes, not from an operator who holds the servers'
/// own passwords: real access control is the servers'.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// Nothing may be written, and why; `None`: everything may that the rules let through.
    pub read_only: Option<String>,
    /// The guardrail rules, in the configuration's order.
    pub rules: Vec<Guardrail>,
    /// What leaves clients without answers for longer is asked about first.
    pub ask_above: Duration,
}

/// Clients ask again after that long without noticing anything.
pub const ASK_ABOVE: Duration = Duration::from_secs(2);

impl Default for Access {
    fn default() -> Access {
        Access {
            read_only: None,
            rules: Vec::new(),
            ask_above: ASK_ABOVE,
        }
    }
}

/// What the guardrails say to a plan: the strictest of all that are about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Nothing.
    Allowed,
    /// Ask first, for that reason.
    Confirm(String),
    /// Have this typed first, for that reason.
    TypeName(String, String),
    /// No, in a sentence.
    Denied(String),
}

impl Access {
    /// Everything is looked at, nothing is written, for that reason.
    #[must_use]
    pub fn read_only(reason: impl Into<String>) -> Access {
        Access {
            read_only: Some(reason.into()),
            ..Access::default()
        }
    }

    /// Whether anything may be written.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn may_write(&self) -> Result<(), String> {
        match &self.read_only {
            None => Ok(()),
            Some(reason) => Err(format!(
                "nothing may be changed here: {}",
                printable(reason, 300)
            )),
        }
    }

    /// What is said to a plan; the estate tells which scopes a relationship has.
    #[must_use]
    pub fn judge(&self, plan: &Plan, estate: &Estate) -> Judgement {
        if let Err(why) = self.may_write() {
            return Judgement::Denied(why);
        }
        let felt = || {
            if plan.silence <= self.ask_above {
                return Judgement::Allowed;
            }
            Judgement::Confirm(format!(
                "clients will feel it for more than {} s ({})",
                self.ask_above.as_secs_f64(),
                printable(&plan.impact, 300)
            ))
        };
        if self.rules.is_empty() {
            return felt();
        }
        let touches = touches(plan, estate);
        let about = |rule: &&Guardrail| !met(rule, &touches).is_empty();
        let strictest = self
            .rules
            .iter()
            .filter(about)
            .map(|rule| rule.effect)
            .max();
        let Some(effect) = strictest else {
            return felt();
        };
        let mut rules = self.rules.iter().filter(about);
        let Some(rule) = rules.find(|rule| rule.effect == effect) else {
            return felt();
        };
        let reason = printable(&rule.reason, 300);
        match effect {
            Effect::Deny => Judgement::Denied(format!("a guardrail denies it ({rule}): {reason}")),
            Effect::Confirm => Judgement::Confirm(reason),
            Effect::TypeName => Judgement::TypeName(to_type(&met(rule, &touches)), reason),
        }
    }
}

/// One thing that a plan touches on one server.
#[derive(Debug)]
struct Touch {
    server: ServerName,
    kinds: Vec<CommandKind>,
    scopes: Vec<(ScopeId, Option<String>)>,
    relationships: Vec<String>,
    /// The same for both copies of one object.
    object: String,
}

/// What of a plan a rule is about; nothing where that is no more than the rule allows at once.
fn met<'t>(rule: &Guardrail, touches: &'t [Touch]) -> Vec<&'t Touch> {
    let any = |glob: &Option<Glob>, names: &[String]| match glob {
        None => true,
        Some(glob) => names.iter().any(|name| glob.matches(name)),
    };
    let met: Vec<&Touch> = touches
        .iter()
        .filter(|touch| {
            let server = rule.server.as_ref();
            let scope = rule.scope.as_ref();
            rule.action.is_none_or(|kind| touch.kinds.contains(&kind))
                && server.is_none_or(|glob| glob.means(&touch.server))
                && scope.is_none_or(|pattern| {
                    let mut scopes = touch.scopes.iter();
                    scopes.any(|(scope, name)| pattern.means(*scope, name.as_deref()))
                })
                && any(&rule.relationship, &touch.relationships)
        })
        .collect();
    let objects: BTreeSet<&str> = met.iter().map(|touch| touch.object.as_str()).collect();
    match rule.max_bulk {
        Some(most) if objects.len() <= most => Vec::new(),
        _ => met,
    }
}

/// What has to be typed: the relationship where one is what it is about, or the one scope, or the
/// server.
fn to_type(met: &[&Touch]) -> String {
    let of_failover = |touch: &&&Touch| {
        touch
            .kinds
            .iter()
            .any(|kind| matches!(kind, CommandKind::Failover | CommandKind::PartnerDown))
    };
    let relationship = met
        .iter()
        .find(of_failover)
        .and_then(|touch| touch.relationships.first());
    if let Some(name) = relationship {
        return name.clone();
    }
    let scopes: BTreeSet<ScopeId> = met
        .iter()
        .flat_map(|touch| touch.scopes.iter().map(|(scope, _)| *scope))
        .collect();
    match (scopes.len(), scopes.first(), met.first()) {
        (1, Some(scope), _) => scope.to_string(),
        (_, _, Some(touch)) => touch.server.to_string(),
        _ => String::new(),
    }
}

/// Everything that a plan touches.
fn touches(plan: &Plan, estate: &Estate) -> Vec<Touch> {
    let whole = match &plan.intent {
        Intent::Replicate { .. } => Some(CommandKind::Replicate),
        Intent::ConfigureFailover { .. }
        | Intent::RemoveFailover { .. }
        | Intent::EditRelationship { .. }
        | Intent::DeleteRelationship { .. } => Some(CommandKind::Failover),
        Intent::Change { .. }
        | Intent::ClearConfigSyncError { .. }
        | Intent::Order { .. }
        | Intent::Undo { .. } => None,
    };
    let mut touches = Vec::new();
    for step in &plan.steps {
        of_step(step, estate, &mut touches);
    }
    for touch in &mut touches {
        touch.kinds.extend(whole);
        let deletes = matches!(plan.intent, Intent::DeleteRelationship { .. });
        touch.kinds.extend(deletes.then_some(CommandKind::Delete));
    }
    if matches!(plan.intent, Intent::ClearConfigSyncError { .. }) {
        for (server, scope) in &plan.clears {
            let mut touch = touch(
                server,
                CommandKind::ClearSyncError,
                format!("sync of {scope}"),
            );
            touch.in_scopes(estate, [*scope]);
            touches.push(touch);
        }
    }
    touches
}

fn touch(server: &ServerName, kind: CommandKind, object: String) -> Touch {
    Touch {
        server: server.clone(),
        kinds: vec![kind],
        scopes: Vec::new(),
        relationships: Vec::new(),
        object,
    }
}

impl Touch {
    /// It is in these scopes, and so in the relationships that have them.
    fn in_scopes(&mut self, estate: &Estate, scopes: impl IntoIterator<Item = ScopeId>) {
        for scope in scopes {
            let held = estate.scope(&self.server, scope);
            self.scopes
                .push((scope, held.map(|scope| scope.name.clone())));
            if let Some(relationship) = estate.relationship_of(&self.server, scope) {
                self.relationships.push(relationship.name.clone());
            }
        }
    }

    /// It is that relationship, and so touches the scopes in it.
    fn of_relationship(&mut self, estate: &Estate, name: &str) {
        let held = estate.end(&self.server, name).map(|end| end.relationship);
        let scopes: Vec<ScopeId> = held.iter().flat_map(|held| &held.scopes).copied().collect();
        self.relationships.push(
            held.map_or(name, |held: &Relationship| &held.name)
                .to_owned(),
        );
        self.in_scopes(estate, scopes);
    }
}

fn of_step(step: &Step, estate: &Estate, touches: &mut Vec<Touch>) {
    let server = &step.server;
    match &step.action {
        Action::Apply(edits) => {
            for edit in edits {
                of_edit(server, edit, estate, touches);
            }
        }
        Action::Order(order) => {
            let kind = match order {
                Order::SetPartnerDown { .. } => CommandKind::PartnerDown,
                Order::RemoveLease { .. } => CommandKind::Delete,
                Order::StartMaintenance { .. }
                | Order::CancelMaintenance { .. }
                | Order::ResetHa { .. }
                | Order::GrantScopes { .. }
                | Order::SaveConfiguration => CommandKind::Maintenance,
            };
            let mut touch = touch(server, kind, order.to_string());
            match order {
                Order::SetPartnerDown { relationship }
                | Order::StartMaintenance { relationship }
                | Order::CancelMaintenance { relationship }
                | Order::ResetHa { relationship }
                | Order::GrantScopes { relationship, .. } => {
                    touch.of_relationship(estate, relationship);
                }
                Order::RemoveLease { scope, .. } => touch.in_scopes(estate, [*scope]),
                Order::SaveConfiguration => {}
            }
            touches.push(touch);
        }
    }
}

fn of_edit(server: &ServerName, edit: &Edit, estate: &Estate, touches: &mut Vec<Touch>) {
    let kind = kind(edit);
    let objects = edit.touches();
    for object in &objects {
        let mut touch = touch(server, kind, object.to_string());
        touch.in_scopes(estate, object.scope());
        if let ObjectRef::Relationship(name) = object {
            touch.of_relationship(estate, name.as_str());
        }
        match edit {
            Edit::AddScope(scope) | Edit::ReplaceScope(scope) => {
                touch.scopes.push((scope.id, Some(scope.name.clone())));
            }
            Edit::AddRelationship { relationship, .. } => {
                touch.in_scopes(estate, relationship.scopes.iter().copied());
            }
            Edit::AddFailoverScopes { scopes, .. } | Edit::RemoveFailoverScopes { scopes, .. } => {
                touch.in_scopes(estate, scopes.iter().copied());
            }
            _ => {}
        }
        // What takes a relationship, or scopes out of one, away is a deletion too.
        if matches!(edit, Edit::RemoveRelationship { .. }) {
            touch.kinds.push(CommandKind::Delete);
        }
        touches.push(touch);
    }
    if let Edit::RenameSuperscope { from, .. } = edit {
        let mut touch = touch(server, kind, format!("superscope '{from}'"));
        let view = estate.servers.get(server);
        let reading = view.and_then(|view| view.reading.as_ref());
        let superscopes = reading.map(|reading| reading.config.superscopes());
        let members = superscopes.and_then(|mut superscopes| superscopes.remove(from.as_str()));
        touch.in_scopes(estate, members.unwrap_or_default());
        touches.push(touch);
    }
}

fn kind(edit: &Edit) -> CommandKind {
    match edit {
        Edit::AddScope(_)
        | Edit::AddExclusion { .. }
        | Edit::AddReservation { .. }
        | Edit::AddPolicy { .. }
        | Edit::AddFilter { .. } => CommandKind::Create,
        Edit::SetScope { .. }
        | Edit::ReplaceScope(_)
        | Edit::SetReservation { .. }
        | Edit::SetOption { .. }
        | Edit::SetPolicy { .. }
        | Edit::SetSettings { .. }
        | Edit::RenameSuperscope { .. } => CommandKind::Edit,
        Edit::RemoveScope { .. }
        | Edit::RemoveExclusion { .. }
        | Edit::RemoveReservation { .. }
        | Edit::RemoveOption { .. }
        | Edit::RemovePolicy { .. }
        | Edit::RemoveFilter { .. } => CommandKind::Delete,
        Edit::AddRelationship { .. }
        | Edit::SetRelationship { .. }
        | Edit::RemoveRelationship { .. }
        | Edit::AddFailoverScopes { .. }
        | Edit::RemoveFailoverScopes { .. } => CommandKind::Failover,
    }
}

#[cfg(test)]
mod tests;
