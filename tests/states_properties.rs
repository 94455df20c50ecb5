//! The failover state machine under any sequence of stops, starts, cuts, hands and time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use twinscope::model::failover::FailoverState;
use twinscope::model::scope::Seconds;
use twinscope::rules::failover_states::{Endpoint, Event, Service, Terms, advance, service};

#[derive(Clone, Copy, Debug)]
enum Happening {
    Stop(usize),
    Start(usize),
    Cut,
    Join,
    PartnerDown(usize),
    Pass(u32),
}

#[derive(Clone, Debug)]
struct Pair {
    ends: [Endpoint; 2],
    terms: Terms,
    joined: bool,
    now: Timestamp,
}

impl Pair {
    fn new(terms: Terms, now: Timestamp) -> Pair {
        let mut pair = Pair {
            ends: [Endpoint::new(now); 2],
            terms,
            joined: true,
            now,
        };
        pair.pass_to(now);
        pair
    }

    fn in_contact(&self) -> bool {
        self.joined
            && self
                .ends
                .iter()
                .all(|end| end.state != FailoverState::Shutdown)
    }

    fn pass_to(&mut self, now: Timestamp) {
        let contact = self.in_contact();
        let [first, second] = self.ends;
        let (first, second, transitions) =
            advance(first, second, &self.terms, contact, self.now, now);
        assert!(transitions.is_sorted_by_key(|(at, _, _)| *at));
        assert!(
            transitions
                .iter()
                .all(|(at, _, _)| (self.now..=now).contains(at))
        );
        self.ends = [first, second];
        self.now = now;
    }

    fn pass(&mut self, seconds: u32) {
        let now = self
            .now
            .checked_add(SignedDuration::from_secs(i64::from(seconds)))
            .unwrap_or(Timestamp::MAX);
        self.pass_to(now);
    }

    fn happen(&mut self, happening: Happening) {
        let event = |end: Endpoint, event, pair: &Pair| {
            end.next(&pair.terms, event, pair.now).unwrap_or(end)
        };
        match happening {
            Happening::Stop(which) => {
                self.ends[which] = event(self.ends[which], Event::Stopped, self);
            }
            Happening::Start(which) => {
                self.ends[which] = event(self.ends[which], Event::Started, self);
            }
            Happening::PartnerDown(which) => {
                let before = self.ends[which];
                match before.next(&self.terms, Event::PartnerDown, self.now) {
                    Ok(after) => {
                        assert!(!before.in_contact);
                        assert_eq!(after.state, FailoverState::PartnerDown);
                        self.ends[which] = after;
                    }
                    Err(refusal) => assert!(!refusal.sentence.is_empty()),
                }
            }
            Happening::Cut => self.joined = false,
            Happening::Join => self.joined = true,
            Happening::Pass(seconds) => self.pass(seconds),
        }
        self.pass_to(self.now);
    }

    fn check(&self) {
        let serving = [
            FailoverState::Normal,
            FailoverState::CommunicationInterrupted,
            FailoverState::PartnerDown,
            FailoverState::ConflictDone,
            FailoverState::ResolutionInterrupted,
            FailoverState::RecoverDone,
        ];
        for end in &self.ends {
            assert_eq!(
                service(end.state) != Service::None,
                serving.contains(&end.state)
            );
            assert!(end.since <= self.now);
            assert!(end.last_contact.is_none_or(|at| at <= self.now));
            assert!(end.stopped.is_none_or(|at| at <= self.now));
            assert_eq!(end.in_contact, self.in_contact());
            let status = end.status(&self.terms, None);
            assert!(
                status
                    .switches_at
                    .is_none_or(|at| at > self.now || at == Timestamp::MAX)
            );
            assert!(
                status
                    .recovers_at
                    .is_none_or(|at| at > self.now || at == Timestamp::MAX)
            );
        }
        let states = self.ends.map(|end| end.state);
        if self.in_contact() {
            assert_ne!(states, [FailoverState::PartnerDown; 2]);
            assert!(states.iter().any(|state| *state == FailoverState::Normal
                || service(*state) == Service::All));
            // Both ends share the work, or one of them leaves it to the other.
            let sharing = states.map(|state| state == FailoverState::Normal);
            assert_eq!(sharing[0], sharing[1], "{states:?}");
        } else {
            assert!(!states.contains(&FailoverState::Normal));
        }
    }
}

fn seconds() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => 0_u32..20_000,
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    (
        prop_oneof![4 => 1_u32..8_000, 1 => Just(u32::MAX)],
        proptest::option::of(seconds()),
    )
        .prop_map(|(mclt, switch)| Terms {
            mclt: Seconds(mclt),
            switch_interval: switch.map(Seconds),
        })
}

fn happening() -> impl Strategy<Value = Happening> {
    let which = 0_usize..2;
    prop_oneof![
        1 => which.clone().prop_map(Happening::Stop),
        2 => which.clone().prop_map(Happening::Start),
        1 => Just(Happening::Cut),
        2 => Just(Happening::Join),
        2 => which.prop_map(Happening::PartnerDown),
        3 => seconds().prop_map(Happening::Pass),
    ]
}

fn start() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        6 => Just(Timestamp::from_second(1_700_000_000).unwrap()),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_invariants_hold(
        terms in terms(),
        start in start(),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let mut pair = Pair::new(terms, start);
        pair.check();
        for happening in happenings {
            pair.happen(happening);
            pair.check();
        }
    }

    #[test]
    fn one_step_is_as_good_as_two(
        terms in terms(),
        happenings in proptest::collection::vec(happening(), 0..20),
        then in happening(),
        long in seconds(),
        part in 0_u32..=100,
    ) {
        let mut pair = Pair::new(terms, Timestamp::from_second(1_700_000_000).unwrap());
        for happening in happenings {
            pair.happen(happening);
        }
        // What happens last is not yet known to the other end: the steps below begin with it.
        match then {
            Happening::Cut => pair.joined = false,
            Happening::Join => pair.joined = true,
            Happening::Stop(which) => {
                pair.ends[which] = pair.ends[which].next(&terms, Event::Stopped, pair.now).unwrap();
            }
            Happening::Start(which) => {
                pair.ends[which] = pair.ends[which].next(&terms, Event::Started, pair.now).unwrap();
            }
            Happening::PartnerDown(_) | Happening::Pass(_) => {}
        }
        let contact = pair.in_contact();
        let [first, second] = pair.ends;
        let from = pair.now;
        let after = |seconds: u64| {
            from.checked_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap())).unwrap()
        };
        let middle = after(u64::from(long) * u64::from(part) / 100);
        let end = after(u64::from(long));
        let once = advance(first, second, &terms, contact, from, end);
        let (first, second, mut early) = advance(first, second, &terms, contact, from, middle);
        let (first, second, late) = advance(first, second, &terms, contact, middle, end);
        early.extend(late);
        prop_assert_eq!(once, (first, second, early));
    }

    #[test]
    fn in_contact_for_long_enough_both_are_normal(
        terms in terms(),
        happenings in proptest::collection::vec(happening(), 0..30),
    ) {
        let mut pair = Pair::new(terms, Timestamp::from_second(1_700_000_000).unwrap());
        for happening in happenings {
            pair.happen(happening);
        }
        pair.happen(Happening::Start(0));
        pair.happen(Happening::Start(1));
        pair.happen(Happening::Join);
        pair.pass(terms.mclt.0);
        pair.pass(terms.switch_interval.map_or(0, |interval| interval.0));
        prop_assert_eq!(pair.ends.map(|end| end.state), [FailoverState::Normal; 2]);
        prop_assert_eq!(pair.ends.map(|end| end.stopped), [None; 2]);
    }
}
