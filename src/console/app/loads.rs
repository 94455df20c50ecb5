//! Loads: what is asked for because it is looked at: leases, and what was seen of the past.

use jiff::{SignedDuration, Timestamp};

use super::App;
use crate::console::action::Effect;
use crate::console::jobs::{JobRequest, Said};
use crate::console::place::View;
use crate::console::subject::Subject;
use crate::console::world::History;
use crate::drivers::LeaseQuery;
use crate::model::{ScopeId, ServerName};
use std::sync::Arc;

/// Details are filled in for a row on which the cursor has rested for so long.
const REST: SignedDuration = SignedDuration::from_millis(150);
/// What is shown is asked for again after so long.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// All leases of a server are many: they are asked for again after so long.
const ALL_AGAIN: SignedDuration = SignedDuration::from_secs(600);
/// How far back pictures go.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// Of so many things the past is kept.
const KEPT: usize = 64;

/// Something to be asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Load {
    /// All leases of a server.
    Leases(ServerName),
    /// Those of one of its scopes.
    ScopeLeases(ServerName, ScopeId),
    /// How full a scope was.
    Usage(ServerName, ScopeId),
    /// The states of a relationship's ends.
    States(String, ServerName, ServerName),
    /// The journal: others write it too.
    Journal,
}

impl Load {
    fn again(&self) -> SignedDuration {
        match self {
            Load::Leases(_) => ALL_AGAIN,
            _ => AGAIN,
        }
    }

    fn request(&self, now: Timestamp) -> JobRequest {
        match self {
            Load::Leases(server) => JobRequest::AllLeases(server.clone()),
            Load::ScopeLeases(server, scope) => JobRequest::Leases(
                server.clone(),
                LeaseQuery {
                    scope: Some(*scope),
                    ..LeaseQuery::default()
                },
            ),
            Load::Usage(server, scope) => {
                let since = now.checked_sub(BACK).unwrap_or(now);
                JobRequest::Usage(server.clone(), *scope, since)
            }
            Load::Journal => JobRequest::Journal(super::journal_query()),
            Load::States(name, one, two) => {
                JobRequest::States(name.clone(), vec![one.clone(), two.clone()])
            }
        }
    }
}

impl App {
    /// When what is looked at has been looked at long enough to be asked for.
    pub(super) fn next_load(&self) -> Option<Timestamp> {
        let loads = self.wanted().into_iter();
        let due = loads.filter(|load| !self.loading.values().any(|known| known == load));
        let due = due.map(|load| match self.loaded.get(&load) {
            Some(at) => at.checked_add(load.again()).unwrap_or(self.world.now),
            None => self.rested.checked_add(REST).unwrap_or(self.world.now),
        });
        due.min()
    }

    /// Asks for what is looked at and due.
    pub(super) fn load(&mut self) -> Vec<Effect> {
        let now = self.world.now;
        if self
            .rested
            .checked_add(REST)
            .is_ok_and(|rested| rested > now)
        {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for load in self.wanted() {
            let fresh = self
                .loaded
                .get(&load)
                .is_some_and(|at| at.checked_add(load.again()).is_ok_and(|again| again > now));
            if fresh || self.loading.values().any(|known| *known == load) {
                continue;
            }
            if let Load::Leases(server) = &load {
                self.world.leases = Arc::new(self.world.leases.begun(server, now));
            }
            let effect = self.spawn(load.request(now), None);
            self.loading.insert(self.next_job, load);
            effects.push(effect);
        }
        effects
    }

    /// What is looked at.
    fn wanted(&self) -> Vec<Load> {
        let mut wanted = Vec::new();
        let answers = |server: &ServerName| {
            let view = self.world.estate.servers.get(server);
            view.is_some_and(|view| view.reading.is_some() && view.error.is_none())
        };
        if self.place.view == View::Leases {
            match &self.place.within {
                Some(Subject::Scope(server, scope)) => {
                    wanted.push(Load::ScopeLeases(server.clone(), *scope));
                }
                Some(within) => {
                    let servers = within.server().into_iter();
                    wanted.extend(servers.cloned().map(Load::Leases));
                }
                None => {
                    let servers = self.world.estate.servers.keys();
                    wanted.extend(servers.cloned().map(Load::Leases));
                }
            }
        }
        if self.place.view == View::EventCatalog {
            wanted.push(Load::Journal);
        }
        if self.details.is_some() {
            match self.table.subject() {
                Some(Subject::Scope(server, scope)) => {
                    wanted.push(Load::ScopeLeases(server.clone(), *scope));
                    wanted.push(Load::Usage(server.clone(), *scope));
                }
                Some(Subject::Reservation(server, scope, _)) => {
                    wanted.push(Load::ScopeLeases(server.clone(), *scope));
                }
                Some(Subject::Relationship(primary, secondary, name)) => {
                    let load = Load::States(name.clone(), primary.clone(), secondary.clone());
                    wanted.push(load);
                }
                _ => {}
            }
        }
        wanted.retain(|load| match load {
            Load::Leases(server) | Load::ScopeLeases(server, _) => answers(server),
            Load::Usage(..) | Load::States(..) | Load::Journal => true,
        });
        wanted
    }

    /// Takes what a load brought; says whether it was one.
    pub(super) fn loaded(&mut self, job: u64, said: &Said) -> bool {
        let Some(load) = self.loading.get(&job).cloned() else {
            return false;
        };
        let now = self.world.now;
        if said.is_last() {
            self.loading.remove(&job);
            self.loaded.insert(load.clone(), now);
        }
        match said {
            Said::Page(server, query, leases) | Said::Leases(server, query, leases) => {
                let book = &self.world.leases;
                let book = book.with_page(server, query, leases.clone(), now);
                self.world.leases = Arc::new(book);
            }
            Said::Usage(server, scope, usage) => {
                let history: &mut History = Arc::make_mut(&mut self.world.history);
                if history.usage.len() >= KEPT {
                    history.usage.clear();
                }
                let of = (server.clone(), *scope);
                history.usage.insert(of, usage.clone());
            }
            Said::States(name, states) => {
                let history: &mut History = Arc::make_mut(&mut self.world.history);
                if history.states.len() >= KEPT {
                    history.states.clear();
                }
                for (server, spells) in states {
                    let of = (name.clone(), server.clone());
                    history.states.insert(of, spells.clone());
                }
            }
            Said::Journal(entries, undoable) => {
                self.world.journal = Arc::clone(entries);
                self.world.undoable.clone_from(undoable);
            }
            Said::Failed(why) => {
                if let Load::Leases(server) | Load::ScopeLeases(server, _) = &load {
                    self.world.leases = Arc::new(self.world.leases.failed(server, why));
                }
            }
            _ => {}
        }
        true
    }
}
