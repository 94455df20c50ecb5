//! The failover states, event by event.

use FailoverState as S;

use super::*;

const TERMS: Terms = Terms {
    mclt: Seconds::hours(1),
    switch_interval: None,
};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minutes * 60).unwrap()
}

fn pair(minutes: i64) -> (Endpoint, Endpoint) {
    let (first, second, _) = advance(
        Endpoint::new(at(minutes)),
        Endpoint::new(at(minutes)),
        &TERMS,
        true,
        at(minutes),
        at(minutes),
    );
    (first, second)
}

fn changes(transitions: &Transitions, first: bool) -> Vec<FailoverState> {
    transitions
        .iter()
        .filter(|(_, of_first, _)| *of_first == first)
        .map(|(_, _, state)| *state)
        .collect()
}

fn then(end: Endpoint, event: Event, minutes: i64) -> Endpoint {
    end.next(&TERMS, event, at(minutes)).unwrap()
}

#[test]
fn a_new_relationship_in_contact_is_normal_at_once() {
    let new = Endpoint::new(at(0));
    assert_eq!((new.state, new.previous), (S::Startup, S::Init));
    let (first, second, transitions) = advance(new, new, &TERMS, true, at(0), at(0));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    assert_eq!(first.partner_state, Some(S::Normal));
    for is_first in [true, false] {
        assert_eq!(
            changes(&transitions, is_first),
            [S::Recover, S::RecoverDone, S::Normal]
        );
    }
    let (first, _, _) = advance(new, new, &TERMS, false, at(0), at(60));
    assert_eq!(first.state, S::Startup);
}

#[test]
fn contact_lost_and_regained() {
    let (first, second) = pair(0);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(600));
    assert_eq!(first.state, S::CommunicationInterrupted);
    assert_eq!((first.since, first.last_contact), (at(10), Some(at(10))));
    assert_eq!(first.status(&TERMS, None).switches_at, None);
    let (first, second, _) = advance(first, second, &TERMS, true, at(600), at(601));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    assert_eq!(first.last_contact, Some(at(601)));
}

#[test]
fn it_switches_by_itself_after_the_interval() {
    let terms = Terms {
        switch_interval: Some(Seconds::hours(2)),
        ..TERMS
    };
    let (first, second) = pair(0);
    let second = then(second, Event::Stopped, 5);
    let (early, _, _) = advance(first, second, &terms, false, at(5), at(124));
    assert_eq!(early.state, S::CommunicationInterrupted);
    assert_eq!(early.status(&terms, None).switches_at, Some(at(125)));
    let (first, second, _) = advance(first, second, &terms, false, at(5), at(300));
    assert_eq!((first.state, first.since), (S::PartnerDown, at(125)));
    assert_eq!(first.status(&terms, None).takes_over_at, Some(at(185)));
    assert_eq!(second.state, S::Shutdown);
    for never in [Seconds(0), Seconds(u32::MAX)] {
        let terms = Terms {
            switch_interval: Some(never),
            ..TERMS
        };
        let (first, second) = pair(0);
        let (first, _, _) = advance(first, second, &terms, false, at(1), Timestamp::MAX);
        assert_eq!(first.state, S::CommunicationInterrupted);
    }
}

#[test]
fn who_comes_back_to_a_partner_in_partner_down_recovers() {
    let (first, second) = pair(0);
    let second = then(second, Event::Stopped, 10);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let first = then(first, Event::PartnerDown, 20);
    let second = then(second, Event::Started, 30);
    assert_eq!((second.state, second.previous), (S::Startup, S::Normal));
    let (first, second, _) = advance(first, second, &TERMS, true, at(30), at(31));
    assert_eq!(
        (first.state, second.state),
        (S::PartnerDown, S::RecoverWait)
    );
    assert_eq!(second.status(&TERMS, None).recovers_at, Some(at(70)));
    let (first, second, transitions) = advance(first, second, &TERMS, true, at(31), at(90));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    assert_eq!(first.since, at(70));
    assert_eq!(changes(&transitions, false), [S::RecoverDone, S::Normal]);
    assert_eq!(second.stopped, None);
}

#[test]
fn who_was_away_for_longer_than_mclt_does_not_wait() {
    let (first, second) = pair(0);
    let second = then(second, Event::Stopped, 10);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let first = then(first, Event::PartnerDown, 20);
    let second = then(second, Event::Started, 71);
    let (first, second, transitions) = advance(first, second, &TERMS, true, at(71), at(71));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    assert_eq!(
        changes(&transitions, false),
        [S::Recover, S::RecoverDone, S::Normal]
    );
}

#[test]
fn who_comes_back_to_a_partner_that_waited_is_normal_at_once() {
    let (first, second) = pair(0);
    let second = then(second, Event::Stopped, 10);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let second = then(second, Event::Started, 20);
    let (first, second, transitions) = advance(first, second, &TERMS, true, at(20), at(20));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    assert_eq!(changes(&transitions, false), [S::Normal]);
    let second = then(then(second, Event::Stopped, 30), Event::Started, 40);
    let (_, second, _) = advance(first, second, &TERMS, false, at(40), at(41));
    assert_eq!(second.state, S::CommunicationInterrupted);
    assert_eq!(second.stopped, None);
}

#[test]
fn both_sides_of_a_partition_resolve_what_they_gave_out() {
    let (first, second) = pair(0);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let first = then(first, Event::PartnerDown, 20);
    let (first, second, transitions) = advance(first, second, &TERMS, true, at(30), at(40));
    assert_eq!((first.state, second.state), (S::Normal, S::Normal));
    for end in [true, false] {
        assert_eq!(changes(&transitions, end)[0], S::PotentialConflict);
    }
}

#[test]
fn partner_down_outlives_a_restart() {
    let (first, second) = pair(0);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let first = then(first, Event::PartnerDown, 20);
    let first = then(then(first, Event::Stopped, 30), Event::Started, 31);
    let (alone, _, _) = advance(first, second, &TERMS, false, at(31), at(32));
    assert_eq!(alone.state, S::PartnerDown);
    let (_, _, transitions) = advance(first, second, &TERMS, true, at(31), at(32));
    assert_eq!(
        changes(&transitions, true),
        [S::PartnerDown, S::PotentialConflict, S::Normal]
    );
}

#[test]
fn two_in_partner_down_resolve_their_conflict_the_first_first() {
    let (first, second) = pair(0);
    let (first, second, _) = advance(first, second, &TERMS, false, at(10), at(20));
    let first = then(first, Event::PartnerDown, 20);
    let second = then(second, Event::PartnerDown, 20);
    let (done, also, transitions) = advance(first, second, &TERMS, true, at(30), at(30));
    assert_eq!((done.state, also.state), (S::Normal, S::Normal));
    assert_eq!(
        changes(&transitions, true),
        [S::PotentialConflict, S::ConflictDone, S::Normal]
    );
    assert_eq!(
        changes(&transitions, false),
        [S::PotentialConflict, S::Normal]
    );

    let first = then(first, Event::Contact(S::PartnerDown), 30);
    assert_eq!(first.state, S::PotentialConflict);
    let first = then(first, Event::ContactLost, 31);
    assert_eq!(first.state, S::ResolutionInterrupted);
    assert_eq!(
        then(first, Event::Contact(S::PotentialConflict), 32).state,
        S::PotentialConflict
    );
    assert_eq!(then(first, Event::PartnerDown, 32).state, S::PartnerDown);
}

#[test]
fn partner_down_is_refused_where_it_makes_no_sense() {
    let (first, second) = pair(0);
    let refusal = first.next(&TERMS, Event::PartnerDown, at(1)).unwrap_err();
    assert_eq!(refusal.code, Code::InvalidParameter);
    assert!(refusal.sentence.contains("both servers are in contact"));
    let (first, _, _) = advance(first, second, &TERMS, false, at(1), at(1));
    let first = then(first, Event::PartnerDown, 1);
    let again = first.next(&TERMS, Event::PartnerDown, at(2)).unwrap_err();
    assert!(again.sentence.contains("PartnerDown"));
    let stopped = then(first, Event::Stopped, 3);
    assert_eq!(
        stopped
            .next(&TERMS, Event::PartnerDown, at(4))
            .unwrap_err()
            .code,
        Code::ServerNotRunning
    );
}

#[test]
fn every_pair_of_states_comes_to_rest() {
    for first in S::ALL {
        for second in S::ALL {
            for previous in S::ALL {
                let end = |state| Endpoint {
                    state,
                    previous,
                    stopped: Some(at(-10)),
                    ..Endpoint::new(at(0))
                };
                let mut ends = [end(first), end(second)];
                let contact = first != S::Shutdown && second != S::Shutdown;
                exchange(&mut ends, &TERMS, contact, at(0), &mut Vec::new());
                let mut more = Vec::new();
                exchange(&mut ends, &TERMS, contact, at(0), &mut more);
                assert_eq!(more, [], "{first} {second} {previous}");
            }
        }
    }
}
