//! The high-availability stanza: a relationship made, changed, taken away.

use serde_json::{Value, json};

use super::failover::{classes, split};
use super::{
    Context, Document, Json, Outcome, Refusal, context, item_mut, list, list_mut, pools, shown,
    text,
};
use crate::drivers::kea::abilities::KeaVersion;
use crate::drivers::kea::ha::{HaMode, HaRole, HaTerms};
use crate::model::failover::{MAX_NAME, Mode, Relationship, RelationshipProperty, Role, Side};
use crate::model::scope::Seconds;
use crate::model::text::printable;
use crate::model::{HaEnd, HaSetup, ScopeId};
use crate::rules::{Code, ha_setup};

const HOOKS: &str = "hooks-libraries";
const STANZA: &str = "high-availability";
/// Kea's own default.
const UNACKED: u32 = 10;

/// Leases in a page of a synchronisation: at Kea's own ten thousand it answers nobody for half a
/// second a page.
const SYNC_PAGE: u32 = 1000;

fn is_ha(hook: &Json) -> bool {
    let file = text(hook, "library").and_then(|library| library.rsplit('/').next());
    file.is_some_and(|file| file.starts_with("libdhcp_ha."))
}

impl Document {
    pub(super) fn ha_hook(&self) -> Option<&Json> {
        list(&self.dhcp4, HOOKS).find(|hook| is_ha(hook))
    }

    fn stanzas(&mut self) -> Option<&mut Vec<Value>> {
        let at = list(&self.dhcp4, HOOKS).position(is_ha)?;
        let hook = item_mut(&mut self.dhcp4, HOOKS, at)?;
        list_mut(hook.get_mut("parameters")?.as_object_mut()?, STANZA)
    }

    pub(super) fn add_relationship(
        &mut self,
        new: &Relationship,
        ha: Option<&HaSetup>,
        context: &Context,
    ) -> Outcome {
        if !self.terms().map_err(Refusal::value)?.is_empty() {
            return Err(Refusal::rule(
                Code::FoRelationshipExists,
                "this server has a high-availability stanza already: add the scopes to its \
                 relationship; a second one (hub and spoke) is made in the configuration files",
            ));
        }
        let Some(terms) = ha else {
            return Err(Refusal::value(
                "a relationship needs the names and URLs of both servers on Kea",
            ));
        };
        sound(new, terms)?;
        let hooks = self.hooks_folder()?;
        let stanza = stanza(new, terms);
        let mut after = Vec::new();
        let known = terms
            .pair(new.side)
            .map(|peer| HaTerms::class_of(&peer.name));
        for id in &new.scopes {
            let subnet = self.subnet(*id)?;
            self.same_id(*id, subnet, context)?;
            if matches!(new.mode, Mode::LoadBalance { .. }) {
                pools::may_share(subnet, &known)?;
                after.push(*id);
            }
        }
        self.write_stanza(&stanza, &hooks, context.version);
        let all: Vec<ScopeId> = self.subnet_ids().into_values().collect();
        for id in all {
            let subnet = self.subnet_mut(id)?;
            context::set_failover(subnet, new.scopes.contains(&id));
        }
        let split = pools::Split {
            pair: known.clone(),
            known: known.to_vec(),
        };
        for id in after {
            pools::share(self.subnet_mut(id)?, &split, context.version)?;
        }
        Ok(())
    }

    fn hooks_folder(&self) -> Outcome<String> {
        let libraries = list(&self.dhcp4, HOOKS).filter_map(|hook| text(hook, "library"));
        let mut folders = libraries.filter_map(|library| Some(library.rsplit_once('/')?.0));
        folders.next().map(str::to_owned).ok_or_else(|| {
            Refusal::value(
                "this server has no hook loaded, so that nobody knows where they are: load \
                 libdhcp_lease_cmds.so in its configuration file first",
            )
        })
    }

    fn write_stanza(&mut self, stanza: &Value, folder: &str, version: KeaVersion) {
        if version < KeaVersion::new(2, 4, 0) {
            // Its own listener needs threads, which are off by default there.
            let threads = self
                .dhcp4
                .entry("multi-threading")
                .or_insert_with(|| json!({}));
            if let Some(threads) = threads.as_object_mut() {
                threads.insert("enable-multi-threading".to_owned(), true.into());
            }
        }
        let Some(hooks) = list_mut(&mut self.dhcp4, HOOKS) else {
            return;
        };
        let file = |hook: &Value| {
            let library = hook.get("library")?.as_str()?;
            Some(library.rsplit('/').next().unwrap_or(library).to_owned())
        };
        let has = |hooks: &[Value], name: &str| {
            hooks
                .iter()
                .filter_map(file)
                .any(|file| file.starts_with(name))
        };
        if !has(hooks, "libdhcp_lease_cmds.") {
            hooks.push(json!({ "library": format!("{folder}/libdhcp_lease_cmds.so") }));
        }
        hooks.retain(|hook| !hook.as_object().is_some_and(is_ha));
        hooks.push(json!({
            "library": format!("{folder}/libdhcp_ha.so"),
            "parameters": { STANZA: [stanza] },
        }));
    }

    pub(super) fn set_relationship(
        &mut self,
        name: &str,
        properties: &[RelationshipProperty],
        context: &Context,
    ) -> Outcome {
        let (terms, at) = self.terms_named(name)?;
        let Some(own) = terms.get(at) else {
            return Ok(());
        };
        let mut new_mode = None;
        let mut new_switch = None;
        for property in properties {
            match property {
                RelationshipProperty::Mode(mode) if own.model_mode() != Some(*mode) => {
                    role_fits(*mode, own.side())?;
                    new_mode = Some(*mode);
                }
                RelationshipProperty::SwitchInterval(switch)
                    if own.switch_interval() != *switch =>
                {
                    if let Some(switch) = switch {
                        ha_setup::switch_interval(*switch).map_err(Refusal::value)?;
                    }
                    new_switch = Some(*switch);
                }
                _ => {}
            }
        }
        let members = self.members(&terms, at);
        let mut after = own.clone();
        if let Some(mode) = new_mode {
            let known = classes(&terms);
            for id in &members {
                pools::may_share(self.subnet(*id)?, &known)?;
            }
            after.mode = match mode {
                Mode::LoadBalance { .. } => HaMode::LoadBalancing,
                Mode::HotStandby { .. } => HaMode::HotStandby,
            };
            for peer in &mut after.peers {
                peer.role = match (peer.role, after.mode) {
                    (HaRole::Secondary | HaRole::Standby, HaMode::LoadBalancing) => {
                        HaRole::Secondary
                    }
                    (HaRole::Secondary | HaRole::Standby, _) => HaRole::Standby,
                    (role, _) => role,
                };
            }
        }
        let Some(stanza) = self
            .stanzas()
            .and_then(|stanzas| stanzas.get_mut(at)?.as_object_mut())
        else {
            return Ok(());
        };
        match new_switch {
            Some(Some(Seconds(seconds))) => {
                stanza.insert(
                    "max-response-delay".to_owned(),
                    (u64::from(seconds) * 1000).into(),
                );
                stanza.insert("max-unacked-clients".to_owned(), 0.into());
            }
            Some(None) => {
                stanza.insert("max-unacked-clients".to_owned(), UNACKED.into());
            }
            None => {}
        }
        if new_mode.is_none() {
            return Ok(());
        }
        let balanced = after.mode == HaMode::LoadBalancing;
        let (word, second) = match balanced {
            true => ("load-balancing", "secondary"),
            false => ("hot-standby", "standby"),
        };
        stanza.insert("mode".to_owned(), word.into());
        let peers = stanza.get_mut("peers").and_then(Value::as_array_mut);
        for peer in peers.into_iter().flatten().filter_map(Value::as_object_mut) {
            if matches!(text(peer, "role"), Some("secondary" | "standby")) {
                peer.insert("role".to_owned(), second.into());
            }
        }
        let split = split(&after, &terms);
        let known = classes(&terms);
        for id in members {
            let subnet = self.subnet_mut(id)?;
            match &split {
                Some(split) => pools::share(subnet, split, context.version)?,
                None => pools::unshare(subnet, &known),
            }
        }
        Ok(())
    }

    pub(super) fn remove_relationship(&mut self, name: &str) -> Outcome {
        let (terms, at) = self.terms_named(name)?;
        let known = classes(&terms);
        let members = self.members(&terms, at);
        let others: Vec<ScopeId> = (0..terms.len())
            .filter(|other| *other != at)
            .flat_map(|other| self.members(&terms, other))
            .collect();
        if terms.len() == 1 {
            if let Some(hooks) = list_mut(&mut self.dhcp4, HOOKS) {
                hooks.retain(|hook| !hook.as_object().is_some_and(is_ha));
            }
        } else if let Some(stanzas) = self.stanzas() {
            stanzas.remove(at);
        }
        let all: Vec<ScopeId> = self.subnet_ids().into_values().collect();
        for id in all {
            let subnet = self.subnet_mut(id)?;
            // Of what is left, a scope is not to become a member by itself.
            context::set_failover(subnet, terms.len() == 1 || others.contains(&id));
            if members.contains(&id) {
                pools::unshare(subnet, &known);
            }
        }
        Ok(())
    }
}

/// The primary is the active one in hot standby.
fn role_fits(mode: Mode, side: Option<Side>) -> Outcome {
    let fits = match (mode, side) {
        (Mode::HotStandby { role, .. }, Some(side)) => {
            (role == Role::Active) == (side == Side::Primary)
        }
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::value(
        "on Kea the primary of a hot standby is the active server: leave the role, or swap the \
         peers' roles in both configuration files",
    ))
}

fn sound(new: &Relationship, terms: &HaSetup) -> Outcome {
    let name = &new.name;
    if name.trim() != name || name.is_empty() || printable(name, MAX_NAME) != *name {
        return Err(Refusal::value(format!(
            "'{}' can't be a relationship's name",
            shown(name)
        )));
    }
    role_fits(new.mode, Some(new.side))?;
    if new.switch_interval == Some(Seconds(0)) {
        return Err(Refusal::value("the State Switchover Interval is 0"));
    }
    if new.switch_interval != terms.switch_interval() {
        return Err(Refusal::value(
            "the relationship and its terms do not agree on the State Switchover Interval",
        ));
    }
    ha_setup::sound(terms).map_err(Refusal::Rule)
}

fn stanza(new: &Relationship, terms: &HaSetup) -> Value {
    let (mode, second) = match new.mode {
        Mode::LoadBalance { .. } => ("load-balancing", "secondary"),
        Mode::HotStandby { .. } => ("hot-standby", "standby"),
    };
    let peer = |peer: &HaEnd, role: &str| {
        json!({
            "name": peer.name, "url": peer.url, "role": role, "auto-failover": terms.auto_failover,
        })
    };
    let [primary, other] = terms.pair(new.side);
    json!({
        "this-server-name": terms.own.name,
        "mode": mode,
        "heartbeat-delay": terms.heartbeat_delay,
        "max-response-delay": terms.max_response_delay,
        "max-ack-delay": terms.max_ack_delay,
        "max-unacked-clients": terms.max_unacked_clients,
        "sync-page-limit": SYNC_PAGE,
        "multi-threading": {
            "enable-multi-threading": true,
            "http-dedicated-listener": true,
            "http-listener-threads": 2,
            "http-client-threads": 2,
        },
        "peers": [peer(primary, "primary"), peer(other, second)],
        "user-context": { "name": new.name },
    })
}
