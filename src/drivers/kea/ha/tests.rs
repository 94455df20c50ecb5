//! The stanza read, and the states that the servers tell.

use super::*;

const STANZA: &str = r#"{"high-availability":[{
    "this-server-name":"server2","mode":"hot-standby","max-response-delay":2500,
    "max-unacked-clients":5,"unknown-to-us":[1,2],
    "peers":[{"name":"server2","url":"http://10.0.0.2:8001/","role":"standby"},
             {"name":"server1","url":"http://10.0.0.1:8001/","role":"primary","auto-failover":false},
             {"name":"archive","url":"http://10.0.0.3:8001/","role":"backup"}]}]}"#;

fn terms() -> HaTerms {
    let raw: &RawValue = serde_json::from_str(STANZA).unwrap();
    relationships(raw).unwrap().remove(0)
}

fn now() -> Timestamp {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

fn said(state: &str, remote: &str) -> HaStatus {
    let text = format!(
        r#"{{"ha-mode":"x","ha-servers":{{"local":{{"state":"{state}"}},"remote":{remote}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_stanza_is_read_with_keas_defaults() {
    let terms = terms();
    assert_eq!(terms.name(), "server1-server2");
    assert_eq!(terms.side(), Some(Side::Secondary));
    assert_eq!(terms.partner().unwrap().name, "server1");
    assert_eq!(
        (terms.heartbeat_delay, terms.max_ack_delay),
        (10_000, 10_000)
    );
    assert_eq!(terms.switch_interval(), None);
    let at_once = HaTerms {
        max_unacked_clients: 0,
        ..terms.clone()
    };
    assert_eq!(at_once.switch_interval(), Some(Seconds(3)));
    assert!(!terms.peers[1].auto_failover && terms.peers[0].auto_failover);
    assert_eq!(
        terms.model_mode(),
        Some(Mode::HotStandby {
            role: Role::Standby,
            reserve_percent: 0
        })
    );
    let archive = HaTerms {
        this_server_name: "archive".into(),
        ..terms
    };
    assert_eq!((archive.side(), archive.partner()), (None, None));
}

#[test]
fn every_word_of_kea_is_a_state() {
    let of = |word: &str| {
        let status = status(
            &terms(),
            &said(word, r#"{"in-touch":true,"last-state":"ready"}"#),
            None,
            None,
            now(),
        );
        (status.state.label(), status.own_word)
    };
    let own = |word: &str| Some(word.to_owned());
    assert_eq!(of("hot-standby"), ("Normal", None));
    assert_eq!(of("load-balancing"), ("Normal", None));
    assert_eq!(
        of("communication-recovery"),
        ("Communication Interrupted", None)
    );
    assert_eq!(of("partner-down"), ("Partner Down", None));
    assert_eq!(of("waiting"), ("Recover", own("waiting")));
    assert_eq!(of("syncing"), ("Recover", own("syncing")));
    assert_eq!(of("ready"), ("Recover Done", own("ready")));
    assert_eq!(of("terminated"), ("Shutdown", own("terminated")));
    assert_eq!(of("in-maintenance"), ("Paused", own("in-maintenance")));
    assert_eq!(
        of("partner-in-maintenance"),
        ("Paused", own("partner-in-maintenance"))
    );
    assert_eq!(of("new\\u001b"), ("No State", own("new\u{fffd}")));
}

#[test]
fn lost_contact_is_told_with_what_it_waits_for() {
    let remote = r#"{"age":12,"in-touch":true,"communication-interrupted":true,
        "last-state":"unavailable","unacked-clients":2,"unacked-clients-left":4}"#;
    let lost = status(&terms(), &said("hot-standby", remote), None, None, now());
    assert_eq!(lost.state, FailoverState::CommunicationInterrupted);
    assert_eq!(
        lost.last_contact,
        Some(now() - SignedDuration::from_secs(12))
    );
    assert_eq!((lost.partner_state, lost.switches_at), (None, None));
    assert_eq!(
        lost.waits_for().unwrap(),
        "switches by itself only once 4 more clients asked in vain (max-unacked-clients 5, so far 2)"
    );
    // The active server counts nobody.
    let active = HaTerms {
        this_server_name: "server1".into(),
        ..terms()
    };
    let lost = status(&active, &said("hot-standby", remote), None, None, now());
    assert_eq!(lost.waits_for(), None);
    let at = now() - SignedDuration::from_secs(12) + SignedDuration::from_millis(2500);
    assert_eq!(lost.switches_at, Some(at));
}

#[test]
fn one_that_came_back_between_two_questions_is_not_alone() {
    let remote = r#"{"age":12,"in-touch":true,"communication-interrupted":true,
        "last-state":"unavailable"}"#;
    let heartbeat = |state: &str| Heartbeat {
        state: state.to_owned(),
        scopes: Vec::new(),
        date_time: None,
        unsent_update_count: None,
    };
    let of = |before: &str, after: &str| {
        let (said, after) = (said(before, remote), heartbeat(after));
        status(&terms(), &said, Some(&after), None, now()).state
    };
    assert_eq!(of("partner-down", "hot-standby"), FailoverState::Normal);
    assert_eq!(
        of("partner-down", "partner-down"),
        FailoverState::PartnerDown
    );
    assert_eq!(
        of("hot-standby", "hot-standby"),
        FailoverState::CommunicationInterrupted
    );
}

#[test]
fn since_when_is_remembered_while_the_word_stays() {
    let remote = r#"{"in-touch":true,"last-state":"waiting"}"#;
    let later = |seconds| now() + SignedDuration::from_secs(seconds);
    let waiting = status(&terms(), &said("waiting", remote), None, None, now());
    assert_eq!(
        (waiting.since, waiting.previous),
        (now(), FailoverState::NoState)
    );
    let still = status(
        &terms(),
        &said("waiting", remote),
        None,
        Some(&waiting),
        later(5),
    );
    assert_eq!(still.since, now());
    let syncing = status(
        &terms(),
        &said("syncing", remote),
        None,
        Some(&still),
        later(6),
    );
    assert_eq!(
        (syncing.since, syncing.previous),
        (later(6), FailoverState::NoState)
    );
    let ready = status(
        &terms(),
        &said("ready", remote),
        None,
        Some(&syncing),
        later(7),
    );
    assert_eq!(
        (ready.since, ready.previous),
        (later(7), FailoverState::Recover)
    );
}

#[test]
fn a_heartbeat_tells_the_clock_and_what_is_unsent() {
    let heartbeat: Heartbeat = serde_json::from_str(
        r#"{"date-time":"Mon, 23 Nov 2026 18:29:23 GMT","scopes":["s1"],"state":"partner-down","unsent-update-count":7}"#,
    )
    .unwrap();
    assert_eq!(
        heartbeat.clock(),
        Some("2026-11-23T18:29:23Z".parse().unwrap())
    );
    let said = said("hot-standby", "null");
    let status = status(&terms(), &said, Some(&heartbeat), None, now());
    assert_eq!(status.state, FailoverState::PartnerDown);
    assert_eq!(
        (status.unsent_updates, status.last_contact),
        (Some(7), None)
    );
    assert_eq!(status.takes_over_at, Some(now()));
}
