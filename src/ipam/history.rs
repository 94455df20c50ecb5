//! What was collected, over time: how full each scope was, and which states each end of a
//! relationship went through.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::estate::ServerView;
use super::{Ipam, StoreError};
use crate::config::Periods;
use crate::model::failover::{FailoverState, RelationshipStatus};
use crate::model::lease::ScopeStatistics;
use crate::model::server::ServerReading;
use crate::model::{ScopeId, ServerName};

/// So many of the last changes of each scope are at hand without asking the store.
const RECENT: usize = 36;
/// State changes are few, and are kept for so long.
const KEEP_STATES: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Two times of one change may be told so far apart.
const SAME: SignedDuration = SignedDuration::from_secs(2);

/// How full a scope was from a moment on, until the next one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Usage {
    /// From when on.
    pub at: Timestamp,
    /// Percentage in use, 0 to 100.
    pub percent: f32,
    /// Addresses in use.
    pub in_use: u64,
}

/// A state that one end of a relationship was in, until the next one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spell {
    /// Since when, by that server's word.
    pub since: Timestamp,
    /// The state.
    pub state: FailoverState,
    /// The server's own word, where it has one that is none of the fourteen; untrusted text.
    pub own_word: Option<String>,
}

/// Addresses in use, and free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// In use.
    pub in_use: u32,
    /// Free.
    pub free: u32,
}

impl Level {
    fn of(statistics: &ScopeStatistics) -> Level {
        let fit = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Level {
            in_use: fit(statistics.in_use),
            free: fit(statistics.free),
        }
    }

    fn usage(self, at: Timestamp) -> Usage {
        let statistics = ScopeStatistics {
            in_use: self.in_use.into(),
            free: self.free.into(),
            ..ScopeStatistics::default()
        };
        #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
        let percent = statistics.percent_in_use() as f32;
        Usage {
            at,
            percent,
            in_use: self.in_use.into(),
        }
    }
}

/// How full scopes of a server were at one moment: those of which it has changed since the sample
/// before, and at times all of them.
pub type Sample = BTreeMap<ScopeId, Level>;

/// A state of one end, on its way into the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateChange {
    /// On which server.
    pub server: ServerName,
    /// Of which relationship, by its name in lower case.
    pub relationship: String,
    /// Which state, since when.
    pub spell: Spell,
}

/// What goes into the store at once.
#[derive(Clone, Default, Debug)]
pub struct Batch {
    /// Samples: whose, at which second since 1970, and which.
    pub samples: Vec<(ServerName, i64, Sample)>,
    /// States.
    pub states: Vec<StateChange>,
}

/// Watches what is published, while somebody keeps collecting.
#[derive(Default)]
pub(super) struct Recorder {
    on: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    usage: BTreeMap<ServerName, OnServer>,
    ends: BTreeMap<(ServerName, String), Spell>,
    states: Vec<StateChange>,
}

#[derive(Default)]
struct OnServer {
    scopes: HashMap<ScopeId, InScope>,
    /// The day on which all scopes were last put into a sample.
    day: Option<i64>,
}

struct InScope {
    /// Second since 1970, and the level from then on.
    recent: VecDeque<(i64, Level)>,
    stored: Option<Level>,
}

impl Recorder {
    pub(super) fn begin(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what servers said just now.
    pub(super) fn note(&self, views: &[Arc<ServerView>]) {
        if !self.on.load(Ordering::Relaxed) {
            return;
        }
        let mut seen = self.seen();
        for view in views {
            let fresh = view.error.is_none() && !view.cached;
            if let Some(reading) = view.reading.as_ref().filter(|_| fresh) {
                seen.note(&view.name, reading);
            }
        }
    }

    /// Forgets servers that were made anew.
    pub(super) fn forget(&self, servers: &[ServerName]) {
        let mut seen = self.seen();
        for server in servers {
            seen.usage.remove(server);
            seen.ends.retain(|(holder, _), _| holder != server);
            seen.states.retain(|change| change.server != *server);
        }
    }

    /// What is to be stored now.
    fn batch(&self, now: Timestamp) -> Batch {
        let mut seen = self.seen();
        let states = std::mem::take(&mut seen.states);
        let second = now.as_second();
        let day = second.div_euclid(86_400);
        let mut samples = Vec::new();
        for (server, on) in &mut seen.usage {
            // All of them once a day, so that nobody has to look back further.
            let whole = on.day != Some(day);
            let mut sample = Sample::new();
            for (id, scope) in &mut on.scopes {
                let Some((_, level)) = scope.recent.back() else {
                    continue;
                };
                if whole || scope.stored != Some(*level) {
                    scope.stored = Some(*level);
                    sample.insert(*id, *level);
                }
            }
            on.day = Some(day);
            if !sample.is_empty() {
                samples.push((server.clone(), second, sample));
            }
        }
        Batch { samples, states }
    }

    /// What could not be stored is stored with the next batch.
    fn put_back(&self, batch: Batch) {
        let mut seen = self.seen();
        let later = std::mem::replace(&mut seen.states, batch.states);
        seen.states.extend(later);
        for (server, _, sample) in batch.samples {
            let Some(on) = seen.usage.get_mut(&server) else {
                continue;
            };
            on.day = None;
            for id in sample.keys() {
                if let Some(scope) = on.scopes.get_mut(id) {
                    scope.stored = None;
                }
            }
        }
    }

    fn recent(&self, server: &ServerName, scope: ScopeId) -> Vec<(i64, Level)> {
        let seen = self.seen();
        let on = seen.usage.get(server);
        let scope = on.and_then(|on| on.scopes.get(&scope));
        scope.map_or_else(Vec::new, |scope| scope.recent.iter().copied().collect())
    }

    fn unstored(&self, server: &ServerName, relationship: &str) -> Vec<Spell> {
        let seen = self.seen();
        let of = seen
            .states
            .iter()
            .filter(|change| change.server == *server && change.relationship == relationship);
        of.map(|change| change.spell.clone()).collect()
    }
}

impl Seen {
    fn note(&mut self, server: &ServerName, reading: &ServerReading) {
        let at = reading.taken.as_second();
        let on = self.usage.entry(server.clone()).or_default();
        if on.scopes.len() > reading.statistics.len() {
            on.scopes
                .retain(|id, _| reading.statistics.contains_key(id));
        }
        for (id, statistics) in &reading.statistics {
            let level = Level::of(statistics);
            let scope = on.scopes.entry(*id).or_insert_with(|| InScope {
                recent: VecDeque::new(),
                stored: None,
            });
            if scope.recent.back().is_none_or(|(_, last)| *last != level) {
                if scope.recent.len() == RECENT {
                    scope.recent.pop_front();
                }
                scope.recent.push_back((at, level));
            }
        }
        for (relationship, status) in &reading.relationships {
            self.note_state(server, relationship, status);
        }
    }

    fn note_state(&mut self, server: &ServerName, relationship: &str, status: &RelationshipStatus) {
        let spell = Spell {
            since: status.since,
            state: status.state,
            own_word: status.own_word.clone(),
        };
        match self.ends.entry((server.clone(), relationship.to_owned())) {
            Entry::Occupied(known) if known.get().same(&spell) => return,
            Entry::Occupied(mut known) => {
                known.insert(spell.clone());
            }
            Entry::Vacant(place) => {
                place.insert(spell.clone());
            }
        }
        self.states.push(StateChange {
            server: server.clone(),
            relationship: relationship.to_owned(),
            spell,
        });
    }
}

impl Spell {
    /// Whether both are the same stay in the same state.
    #[must_use]
    pub fn same(&self, other: &Spell) -> bool {
        self.state == other.state
            && self.own_word == other.own_word
            && self.since.duration_since(other.since).abs() <= SAME
    }
}

impl Ipam {
    /// How full a scope was since then: a step whenever it changed, the first one being how it was
    /// at `since` where that is known. Blocks for as long as the store takes.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn utilisation(
        &self,
        server: &ServerName,
        scope: ScopeId,
        since: Timestamp,
    ) -> Result<Vec<Usage>, StoreError> {
        // Every session, and every day of it, begins with a sample of all scopes.
        let from = since.as_second().saturating_sub(2 * 86_400);
        let mut levels = self.inner.store.utilisation(server, scope, from)?;
        let recent = self.inner.recorder.recent(server, scope);
        if let Some((first, _)) = recent.first() {
            levels.retain(|(at, _)| at < first);
            levels.extend(recent);
        }
        let mut usage: Vec<Usage> = Vec::new();
        let since = since.as_second();
        for (at, level) in levels {
            let at = Timestamp::from_second(at.max(since)).unwrap_or(Timestamp::UNIX_EPOCH);
            let now = level.usage(at);
            match usage.last_mut() {
                Some(last) if last.at == now.at => *last = now,
                Some(last) if last.in_use == now.in_use && last.percent == now.percent => {}
                _ => usage.push(now),
            }
        }
        Ok(usage)
    }

    /// The states that a server's end of a relationship went through, the oldest first, as far as
    /// they were seen. Blocks for as long as the store takes.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    pub fn states(
        &self,
        relationship: &str,
        server: &ServerName,
    ) -> Result<Vec<Spell>, StoreError> {
        let relationship = relationship.to_lowercase();
        let mut spells = self.inner.store.states(server, &relationship)?;
        spells.extend(self.inner.recorder.unstored(server, &relationship));
        spells.sort_by_key(|spell| spell.since);
        spells.dedup_by(|later, earlier| later.same(earlier));
        Ok(spells)
    }

    /// Stores what was seen since the last time, and forgets what is too old.
    pub(super) async fn save_history(&self, periods: &Periods) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let batch = self.inner.recorder.batch(now);
        let kept = batch.clone();
        let keep = SignedDuration::try_from(periods.keep).unwrap_or(KEEP_STATES);
        let before = |age| now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH);
        let (samples, states) = (before(keep).as_second(), before(KEEP_STATES));
        let fine = before(SignedDuration::from_hours(24)).as_second();
        let stored = self.remember(move |store| {
            store.add_history(&batch)?;
            store.thin_history(samples, fine, states)
        });
        let stored = stored.await;
        if stored.is_err() {
            self.inner.recorder.put_back(kept);
        }
        stored
    }
}
