//! What the configuration file says about who may do what, and which servers belong together.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, GroupEntry, GuardrailEntry, Source, shown};
use crate::model::guardrail::{CommandKind, Effect, Glob, Guardrail, ScopePattern};
use crate::model::text::printable;

/// What is said of a console that is read-only for no reason given.
const READ_ONLY: &str = "the configuration says read_only";
/// A reason or a name is no longer than this.
const LONGEST: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGuardrail {
    server: Option<Spanned<String>>,
    scope: Option<Spanned<String>>,
    relationship: Option<Spanned<String>>,
    action: Option<Spanned<String>>,
    effect: Option<Spanned<String>>,
    max_bulk: Option<Spanned<u32>>,
    reason: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    name: Option<Spanned<String>>,
    servers: Option<Spanned<Vec<Spanned<String>>>>,
}

impl Source<'_> {
    /// Why nothing may be written, if so.
    pub(super) fn read_only(
        &self,
        read_only: Option<&Spanned<bool>>,
        reason: Option<&Spanned<String>>,
    ) -> Result<Option<String>, ConfigError> {
        let on = read_only.is_some_and(|on| *on.get_ref());
        match (on, reason) {
            (true, None) => Ok(Some(READ_ONLY.to_owned())),
            (true, Some(reason)) => self.text_of(reason).map(Some),
            (false, Some(reason)) if read_only.is_none() => Err(self.at(
                reason.span().start,
                "there is a reason for it, and no read_only = true".to_owned(),
            )),
            (false, _) => Ok(None),
        }
    }

    pub(super) fn guardrails(
        &self,
        raw: &[Spanned<RawGuardrail>],
    ) -> Result<Vec<GuardrailEntry>, ConfigError> {
        raw.iter()
            .map(|raw| {
                let (at, raw) = (raw.span().start, raw.get_ref());
                let server = raw.server.as_ref().map(|server| server.span().start);
                Ok(GuardrailEntry {
                    rule: self.guardrail(at, raw)?,
                    line: self.line(server.unwrap_or(at)),
                })
            })
            .collect()
    }

    fn guardrail(&self, at: usize, raw: &RawGuardrail) -> Result<Guardrail, ConfigError> {
        let Some(action) = &raw.action else {
            let actions = kinds();
            let what = format!("the guardrail needs an action: {actions}");
            return Err(self.at(at, what));
        };
        let kind = match action.get_ref().as_str() {
            "*" => None,
            word => match CommandKind::of(word) {
                Some(kind) => Some(kind),
                None => {
                    let what = format!("'{}' is no kind of command: use {}", shown(word), kinds());
                    return Err(self.at(action.span().start, what));
                }
            },
        };
        let Some(effect) = &raw.effect else {
            let what = format!("the guardrail needs an effect: {}", effects());
            return Err(self.at(at, what));
        };
        let Some(found) = Effect::of(effect.get_ref()) else {
            let word = shown(effect.get_ref());
            let what = format!("'{word}' is no effect: use {}", effects());
            return Err(self.at(effect.span().start, what));
        };
        let Some(reason) = &raw.reason else {
            let what = "the guardrail needs a reason: whoever runs into it will read it";
            return Err(self.at(at, what.to_owned()));
        };
        let mut rule = Guardrail::new(found, self.text_of(reason)?);
        rule.action = kind;
        rule.server = self.glob(raw.server.as_ref())?;
        rule.relationship = self.glob(raw.relationship.as_ref())?;
        if let Some(scope) = &raw.scope {
            rule.scope = Some(self.scope(scope)?);
        }
        rule.max_bulk = raw
            .max_bulk
            .as_ref()
            .map(|most| usize::try_from(*most.get_ref()).unwrap_or(usize::MAX));
        Ok(rule)
    }

    fn scope(&self, text: &Spanned<String>) -> Result<ScopePattern, ConfigError> {
        let pattern = ScopePattern::new(&self.text_of(text)?);
        match &pattern {
            // It was meant as a network, and would never mean anything.
            ScopePattern::Named(glob) if glob.as_str().contains('/') && !glob.is_wild() => {
                let what = format!(
                    "'{}' is no network: write it as in 10.0.0.0/8",
                    shown(text.get_ref())
                );
                Err(self.at(text.span().start, what))
            }
            _ => Ok(pattern),
        }
    }

    fn glob(&self, text: Option<&Spanned<String>>) -> Result<Option<Glob>, ConfigError> {
        text.map(|text| Ok(Glob::new(&self.text_of(text)?)))
            .transpose()
    }

    /// A text that says something.
    fn text_of(&self, text: &Spanned<String>) -> Result<String, ConfigError> {
        let trimmed = text.get_ref().trim();
        if trimmed.is_empty() {
            return Err(self.at(text.span().start, "it is empty".to_owned()));
        }
        Ok(printable(trimmed, LONGEST))
    }

    pub(super) fn groups(&self, raw: &[Spanned<RawGroup>]) -> Result<Vec<GroupEntry>, ConfigError> {
        let mut names = BTreeSet::new();
        raw.iter()
            .map(|group| {
                let (at, raw) = (group.span().start, group.get_ref());
                let Some(name) = &raw.name else {
                    let what = "the group needs a name, as in name = \"Branches\"";
                    return Err(self.at(at, what.to_owned()));
                };
                let named = self.text_of(name)?;
                if !names.insert(named.to_lowercase()) {
                    let what = format!("there is a group '{}' already", shown(&named));
                    return Err(self.at(name.span().start, what));
                }
                let Some(servers) = &raw.servers else {
                    let what = "the group needs servers, as in servers = [\"dhcp*\"]";
                    return Err(self.at(at, what.to_owned()));
                };
                let globs = servers.get_ref().iter();
                let globs: Result<Vec<Glob>, ConfigError> = globs
                    .map(|server| Ok(Glob::new(&self.text_of(server)?)))
                    .collect();
                Ok(GroupEntry {
                    name: named,
                    servers: globs?,
                    line: self.line(at),
                })
            })
            .collect()
    }
}

fn kinds() -> String {
    let mut words: Vec<String> = CommandKind::ALL
        .iter()
        .map(|kind| format!("\"{kind}\""))
        .collect();
    words.push("\"*\"".to_owned());
    words.join(", ")
}

fn effects() -> String {
    let words: Vec<String> = Effect::ALL
        .iter()
        .map(|effect| format!("\"{effect}\""))
        .collect();
    words.join(", ")
}
