//! The failover state machine: (state, event, now) -> state. Pure.
//!
//! The states and their order are those of the DHCP Failover guide and of MS-DHCPF; where both are
//! silent, those of the IETF's failover draft, from which Microsoft's protocol comes.
//!
//! Exchanging leases takes no time here. So the states that only last while leases are exchanged
//! (Recover, RecoverDone, PotentialConflict, ConflictDone) pass within one moment as long as there
//! is contact; they stand only when contact breaks in them, or while the MCLT has to be waited for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Code, DhcpError};
use crate::model::failover::{FailoverState, RelationshipStatus};
use crate::model::scope::Seconds;

/// A relationship's terms, as far as its states depend on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Maximum Client Lead Time.
    pub mclt: Seconds,
    /// State Switchover Interval, if any. Zero and the greatest number mean never, as in the API.
    pub switch_interval: Option<Seconds>,
}

/// One server's end of a relationship.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its state. While its service is stopped: Shutdown, and nothing but `Started` changes that.
    pub state: FailoverState,
    /// The state before. In Startup and Shutdown: the one it was in when its service last ran.
    pub previous: FailoverState,
    /// Since when it is in it.
    pub since: Timestamp,
    /// Whether it is in contact with its partner now.
    pub in_contact: bool,
    /// When it last was.
    pub last_contact: Option<Timestamp>,
    /// What it last heard the partner's state to be.
    pub partner_state: Option<FailoverState>,
    /// When its service stopped, while it is stopped or recovers from that. Recover waits until
    /// the MCLT has passed since then.
    pub stopped: Option<Timestamp>,
}

/// What happens to one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Its service starts.
    Started,
    /// Its service stops.
    Stopped,
    /// The partner is no longer heard.
    ContactLost,
    /// The partner is heard, and says what state it is in.
    Contact(FailoverState),
    /// The administrator says that the partner is down.
    PartnerDown,
    /// Nothing but time passes.
    TimePasses,
}

/// Whom a server in a state answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Nobody.
    None,
    /// Who renews or rebinds.
    RenewOnly,
    /// Its share, by mode.
    ByMode,
    /// Everybody.
    All,
}

impl Endpoint {
    /// The end of a relationship that was just made.
    #[must_use]
    pub fn new(now: Timestamp) -> Endpoint {
        Endpoint {
            state: FailoverState::Startup,
            previous: FailoverState::Init,
            since: now,
            in_contact: false,
            last_contact: None,
            partner_state: None,
            stopped: None,
        }
    }

    /// What follows from an event: at most one change of state. ([`advance`] goes on until both
    /// ends rest.)
    ///
    /// An end whose service is stopped is in Shutdown and heeds only `Started`.
    ///
    /// # Errors
    /// [`DhcpError`] when the event is an administrator's and the state does not allow it: 87, or
    /// 20123 while the service is stopped.
    pub fn next(&self, terms: &Terms, event: Event, now: Timestamp) -> Result<Endpoint, DhcpError> {
        if event == Event::PartnerDown {
            self.may_set_partner_down()?;
        }
        Ok(self.step(terms, event, now))
    }

    /// The status that a reading shows.
    #[must_use]
    pub fn status(&self, terms: &Terms, clock_skew: Option<i64>) -> RelationshipStatus {
        RelationshipStatus {
            state: self.state,
            previous: self.previous,
            since: self.since,
            last_contact: self.last_contact,
            partner_state: self.partner_state,
            clock_skew,
            unsent_updates: None,
            switches_at: self.switches_at(terms),
            takes_over_at: (self.state == FailoverState::PartnerDown)
                .then(|| later(self.since, terms.mclt)),
            recovers_at: (self.state == FailoverState::RecoverWait)
                .then(|| self.recovers_at(terms)),
            own_word: None,
            unacked: None,
        }
    }

    /// When it goes partner down by itself. It counts from when contact was lost, or, for a server
    /// that started without contact, from then: having been off says nothing of the partner.
    fn switches_at(&self, terms: &Terms) -> Option<Timestamp> {
        let interval = terms
            .switch_interval
            .filter(|interval| !matches!(interval.0, 0 | u32::MAX))?;
        let alone = self.state == FailoverState::CommunicationInterrupted && !self.in_contact;
        let lost = self
            .last_contact
            .map_or(self.since, |at| at.max(self.since));
        alone.then(|| later(lost, interval))
    }

    fn recovers_at(&self, terms: &Terms) -> Timestamp {
        later(self.stopped.unwrap_or(self.since), terms.mclt)
    }

    /// When time alone changes its state.
    fn deadline(&self, terms: &Terms) -> Option<Timestamp> {
        match self.state {
            FailoverState::RecoverWait => Some(self.recovers_at(terms)),
            _ => self.switches_at(terms),
        }
    }

    fn may_set_partner_down(&self) -> Result<(), DhcpError> {
        use FailoverState as S;
        let why = match self.state {
            S::Shutdown => {
                return Err(DhcpError::new(
                    Code::ServerNotRunning,
                    "the DHCP service is stopped on this server, so it can't take over: start it, \
                     or set partner down on the server that is still serving",
                ));
            }
            S::CommunicationInterrupted | S::ResolutionInterrupted if !self.in_contact => {
                return Ok(());
            }
            S::PartnerDown => "it already takes its partner for down: nothing is left to do",
            S::Recover | S::RecoverWait | S::RecoverDone if !self.in_contact => {
                "it was away itself and is not done with learning what its partner gave out: \
                 bring the partner back; if the partner is lost for good, delete the relationship here, and \
                 this server keeps the scopes"
            }
            S::NoState | S::Init | S::Startup if !self.in_contact => {
                "it has not yet been in contact with its partner: bring the partner back, or \
                 delete the relationship here, and this server keeps the scopes"
            }
            _ => {
                "both servers are in contact: the partner is not down. If it is to be taken out \
                 of service, stop its DHCP service first"
            }
        };
        Err(DhcpError::new(
            Code::InvalidParameter,
            format!(
                "partner down can be set only in state {}, and this server is in state {}: {why}",
                S::CommunicationInterrupted.name(),
                self.state.name()
            ),
        ))
    }

    /// [`Endpoint::next`] once an administrator's event is known to be allowed.
    fn step(&self, terms: &Terms, event: Event, now: Timestamp) -> Endpoint {
        use FailoverState as S;
        let mut end = *self;
        match event {
            Event::Started if self.state == S::Shutdown => {
                end.state = S::Startup;
                end.since = now;
                // Who has never served has nothing to wait for.
                if never_served(self.previous) {
                    end.stopped = None;
                }
                return end;
            }
            _ if self.state == S::Shutdown => return end,
            Event::Started => return end,
            Event::Stopped => {
                if self.state != S::Startup {
                    end.previous = self.state;
                }
                // Who did not serve since it stopped the last time is still away since then.
                if self.stopped.is_none() || service(self.state) != Service::None {
                    end.stopped = Some(now);
                }
                end.lose_contact(now);
                end.state = S::Shutdown;
                end.since = now;
                return end;
            }
            Event::ContactLost => {
                end.lose_contact(now);
                match self.state {
                    S::Normal | S::Paused => end.enter(S::CommunicationInterrupted, now),
                    S::PotentialConflict | S::ConflictDone => {
                        end.enter(S::ResolutionInterrupted, now);
                    }
                    S::Startup if !never_served(self.previous) => {
                        end.enter(resumed(self.previous), now);
                    }
                    _ => {}
                }
            }
            Event::Contact(partner) => {
                end.in_contact = true;
                end.last_contact = Some(now);
                end.partner_state = Some(partner);
                let to = self.on_contact(terms, partner, now);
                if to == S::Recover && !never_served(self.previous) {
                    end.stopped.get_or_insert(self.since);
                }
                end.enter(to, now);
            }
            Event::PartnerDown => end.enter(S::PartnerDown, now),
            Event::TimePasses => match self.state {
                S::RecoverWait if self.recovers_at(terms) <= now => end.enter(S::RecoverDone, now),
                S::CommunicationInterrupted
                    if self.switches_at(terms).is_some_and(|at| at <= now) =>
                {
                    end.enter(S::PartnerDown, now);
                }
                S::Startup if !self.in_contact && !never_served(self.previous) => {
                    end.enter(resumed(self.previous), now);
                }
                _ => {}
            },
        }
        // Serving again, in step with the partner or alone: the time away is over.
        match end.state {
            S::Normal | S::PartnerDown => end.stopped = None,
            S::CommunicationInterrupted if !end.in_contact => end.stopped = None,
            _ => {}
        }
        end
    }

    /// The state in which it is once it has heard the partner's.
    fn on_contact(&self, terms: &Terms, partner: FailoverState, now: Timestamp) -> FailoverState {
        use FailoverState as S;
        let state = self.state;
        match (state, partner) {
            (S::NoState | S::Init, _) => S::Recover,
            (S::Paused, _) => S::CommunicationInterrupted,
            (S::Startup, _) => match resumed(self.previous) {
                // It was away when the partner took over: nobody else gave anything out.
                S::CommunicationInterrupted if partner == S::PartnerDown => S::Recover,
                S::CommunicationInterrupted => met(partner),
                other => other,
            },
            (S::ResolutionInterrupted, _) => S::PotentialConflict,

            // The partner is sorting out who gave out what: everybody takes part, but who has
            // done it already.
            (S::PotentialConflict, S::PotentialConflict) => S::ConflictDone,
            (S::PotentialConflict, S::ConflictDone | S::Normal) => S::Normal,
            (S::ConflictDone, S::ConflictDone | S::Normal) => S::Normal,
            (S::PotentialConflict | S::ConflictDone, _) => state,
            (S::Normal, S::ConflictDone) => S::Normal,
            (_, S::PotentialConflict | S::ResolutionInterrupted | S::ConflictDone) => {
                S::PotentialConflict
            }

            (S::Normal, S::PartnerDown) => S::PotentialConflict,
            (S::CommunicationInterrupted, _) => met(partner),
            (S::PartnerDown, S::PartnerDown) => S::PotentialConflict,
            (S::PartnerDown, S::RecoverDone) => S::Normal,

            (S::Recover, S::NoState | S::Init | S::Startup | S::Paused | S::Shutdown) => S::Recover,
            (S::Recover, _) => match self.stopped {
                Some(stopped) if now < later(stopped, terms.mclt) => S::RecoverWait,
                _ => S::RecoverDone,
            },
            (S::RecoverDone, S::Normal | S::RecoverDone) => S::Normal,
            _ => state,
        }
    }

    fn lose_contact(&mut self, now: Timestamp) {
        if self.in_contact {
            self.in_contact = false;
            self.last_contact = Some(now);
        }
    }

    fn enter(&mut self, state: FailoverState, now: Timestamp) {
        if state != self.state {
            self.previous = self.state;
            self.state = state;
            self.since = now;
        }
    }
}

/// Where a server that worked alone goes when it hears its partner.
fn met(partner: FailoverState) -> FailoverState {
    use FailoverState as S;
    match partner {
        S::Normal | S::CommunicationInterrupted | S::RecoverDone => S::Normal,
        // Both gave out addresses, the partner from the whole pool (draft-ietf-dhc-failover-12).
        S::PartnerDown | S::PotentialConflict | S::ConflictDone | S::ResolutionInterrupted => {
            S::PotentialConflict
        }
        // It is still finding out, or recovering: somebody has to serve meanwhile.
        S::NoState
        | S::Init
        | S::Startup
        | S::Recover
        | S::RecoverWait
        | S::Paused
        | S::Shutdown => S::CommunicationInterrupted,
    }
}

/// Where a server that starts goes, having been in `previous` when it stopped.
fn resumed(previous: FailoverState) -> FailoverState {
    use FailoverState as S;
    match previous {
        S::NoState | S::Init | S::Recover | S::RecoverWait | S::RecoverDone => S::Recover,
        S::PartnerDown => S::PartnerDown,
        S::PotentialConflict | S::ConflictDone | S::ResolutionInterrupted => {
            S::ResolutionInterrupted
        }
        S::Startup | S::Normal | S::CommunicationInterrupted | S::Paused | S::Shutdown => {
            S::CommunicationInterrupted
        }
    }
}

/// Whether a server that was last in that state has never been in contact with its partner.
fn never_served(previous: FailoverState) -> bool {
    matches!(previous, FailoverState::NoState | FailoverState::Init)
}

fn later(at: Timestamp, by: Seconds) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(i64::from(by.0)))
        .unwrap_or(Timestamp::MAX)
}

/// Whom a server in that state answers.
#[must_use]
pub fn service(state: FailoverState) -> Service {
    use FailoverState as S;
    match state {
        S::Normal => Service::ByMode,
        S::CommunicationInterrupted
        | S::PartnerDown
        | S::ConflictDone
        | S::ResolutionInterrupted => Service::All,
        S::RecoverDone => Service::RenewOnly,
        S::NoState
        | S::Init
        | S::Startup
        | S::PotentialConflict
        | S::Recover
        | S::RecoverWait
        | S::Paused
        | S::Shutdown => Service::None,
    }
}

/// Every change of state, in order of time: when, whether it was the first end's, and to what.
pub type Transitions = Vec<(Timestamp, bool, FailoverState)>;

/// Lets time pass for both ends, from where they stand to `now`, with or without contact between
/// them: timers run out in order, and ends in contact tell each other their states until nothing
/// changes. Gives the ends and every change of state on the way (`true`: the first end's).
///
/// `in_contact` holds for all the time from `from` to `now`; what starts or ends contact starts or
/// ends it at `from`. An end in Shutdown stays as it is, and nobody is in contact with it. Where
/// both may move, the first (give the primary) does so first: it resolves conflicts first.
///
/// Advancing from a to c is advancing from a to b and on from b to c.
#[must_use]
pub fn advance(
    first: Endpoint,
    second: Endpoint,
    terms: &Terms,
    in_contact: bool,
    from: Timestamp,
    now: Timestamp,
) -> (Endpoint, Endpoint, Transitions) {
    let runs = |end: &Endpoint| end.state != FailoverState::Shutdown;
    let contact = in_contact && runs(&first) && runs(&second);
    let mut ends = [first, second];
    let mut transitions = Vec::new();
    let mut at = from.min(now);
    // Each end has at most one timer running, a timer that has run out leads to states without
    // one, and only a start or a loss of contact (neither happens in here) sets one anew: so this
    // ends after two timers. The bound is for the reader.
    for _ in 0..8 {
        exchange(&mut ends, terms, contact, at, &mut transitions);
        let next = ends
            .iter()
            .filter_map(|end| end.deadline(terms))
            .filter(|deadline| (at..=now).contains(deadline) && *deadline > at)
            .min();
        match next {
            Some(deadline) => at = deadline,
            None => break,
        }
    }
    if contact {
        let [first, second] = &mut ends;
        first.last_contact = Some(now);
        second.last_contact = Some(now);
        first.partner_state = Some(second.state);
        second.partner_state = Some(first.state);
    }
    let [first, second] = ends;
    (first, second, transitions)
}

/// Lets both ends say and hear what state they are in until both rest. Every path through the
/// states leads to Normal, or to a state that waits for time or contact, without coming by a state
/// twice; so there are fewer rounds than states (a test goes through all pairs of states).
fn exchange(
    ends: &mut [Endpoint; 2],
    terms: &Terms,
    contact: bool,
    at: Timestamp,
    transitions: &mut Transitions,
) {
    for _ in 0..FailoverState::ALL.len() {
        let before = [ends[0].state, ends[1].state];
        for (index, is_first) in [(0, true), (1, false)] {
            let heard = if contact {
                Event::Contact(ends[1 - index].state)
            } else {
                Event::ContactLost
            };
            for event in [heard, Event::TimePasses] {
                let next = ends[index].step(terms, event, at);
                if next.state != ends[index].state {
                    transitions.push((at, is_first, next.state));
                }
                ends[index] = next;
            }
        }
        if [ends[0].state, ends[1].state] == before {
            break;
        }
    }
}

#[cfg(test)]
mod tests;
