//! Set Partner Down, maintenance and recovery on real pairs of ISC Kea, with every way in which a
//! partner can be away, or only seem to be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_lab/mod.rs"]
mod kea_lab;
#[path = "kea_partner_down/pair.rs"]
mod pair;
#[path = "kea_partner_down/partner.rs"]
mod partner;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kea_lab::{Control, Hooks, Mode, NAMES, Options, namespaces, on_each};
use pair::{
    OTHER, Pair, cancel_maintenance, name, patient, relationship, reset_ha, set_partner_down,
    start_maintenance,
};
use partner::{Notified, Partner};
use twinscope::drivers::DriverError;
use twinscope::ipam::partner_down::{Evidence, Mark, verdict};
use twinscope::ipam::{Cancel, Ended, Progress};
use twinscope::model::edit::Edit;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::{FailoverState, Reservation, ServerName};

const SAFE: &str = "SAFE TO SWITCH";
const UNCONFIRMED: &str = "UNCONFIRMED: fence it first";
const DONT: &str = "DON'T: the partner is alive";

/// Who is killed: who serves, in hot standby.
fn victim(mode: Mode) -> (usize, usize) {
    match mode {
        Mode::HotStandby => (0, 1),
        Mode::LoadBalance => (1, 0),
    }
}

/// Of what Kea does not have, nothing is said.
#[track_caller]
fn says_nothing_of_windows(text: &str) {
    for word in ["MCLT", "Lead Time", "reserve (", "Switchover"] {
        assert!(!text.contains(word), "'{word}': {text}");
    }
}

fn words(evidence: &Evidence) -> String {
    let mut all: Vec<String> = verdict(evidence)
        .reasons()
        .into_iter()
        .map(str::to_owned)
        .collect();
    all.push(evidence.costs.undoable.clone());
    all.extend(evidence.costs.notes.clone());
    all.join("\n")
}

#[test]
fn a_dead_partner_is_taken_for_down_and_comes_back() {
    on_each("a partner that is killed", |version| {
        for mode in Mode::ALL {
            let pair = Pair::start(version, mode, patient());
            let (dead, survivor) = victim(mode);
            pair.lab.kill(dead);
            pair.until_alone(survivor);
            let waits = pair.status(survivor).unwrap().waits_for().unwrap();
            assert!(waits.contains("max-unacked-clients 5"), "{waits}");
            let mut evidence = pair.gather(survivor);
            let said = words(&evidence);
            eprintln!(
                "{version:?} {mode:?} killed: {}\n{said}",
                verdict(&evidence)
            );
            says_nothing_of_windows(&said);
            assert_eq!(verdict(&evidence).headline(), SAFE, "{said}");
            evidence.fenced = true;
            assert_eq!(verdict(&evidence).headline(), SAFE);
            assert_eq!(
                evidence.command,
                format!(
                    r#"{{"command":"ha-maintenance-start","arguments":{{"server-name":"{}"}}}}"#,
                    NAMES[survivor]
                )
            );
            assert_eq!(evidence.costs.takes_over_at, None);
            let outcome = pair.order(survivor, evidence.switch_order()).unwrap();
            assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
            // Read back, by us and past us.
            assert_eq!(pair.state(survivor), Some(FailoverState::PartnerDown));
            assert_eq!(pair.lab.state(survivor).as_deref(), Some("partner-down"));
            let list = pair.checklist(survivor);
            let text = format!("{list:?}");
            says_nothing_of_windows(&text);
            assert_eq!(list.steps[0].mark, Mark::Done, "{text}");
            let again = pair.order(survivor, set_partner_down()).unwrap_err();
            assert!(again.to_string().contains("goes on alone already"));
            // The survivor is configured anew: nobody waits for it to find out again.
            let scope = "10.0.0.0/20".parse().unwrap();
            let client = "02-cc-00-00-00-01".parse().unwrap();
            let reservation = Reservation::new("10.0.0.77".parse().unwrap(), client);
            let outcome = pair
                .carry_out(Intent::Change {
                    server: name(survivor),
                    edits: vec![Edit::AddReservation { scope, reservation }],
                    reach: Reach::Server,
                })
                .unwrap();
            assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
            assert_eq!(pair.lab.state(survivor).as_deref(), Some("partner-down"));
            pair.lab.start_again(dead);
            let seen = Mutex::new(Vec::new());
            pair.until("both are Normal, step by step", || {
                let list = pair.checklist(survivor);
                says_nothing_of_windows(&format!("{list:?}"));
                assert_eq!(list.trouble, None);
                let done = list.steps.iter().filter(|step| step.mark == Mark::Done);
                let done = done.count();
                let mut seen = seen.lock().unwrap();
                if seen.last() != Some(&done) {
                    seen.push(done);
                }
                [0, 1].map(|server| pair.state(server)) == [Some(FailoverState::Normal); 2]
            });
            let seen = seen.into_inner().unwrap();
            eprintln!("{version:?} {mode:?} steps done: {seen:?}");
            assert!(seen.is_sorted(), "{seen:?}");
            let last = pair.checklist(survivor);
            // The survivor has one reservation more: the last step is to look at that.
            let open: Vec<_> = last
                .steps
                .iter()
                .filter(|step| step.mark != Mark::Done)
                .collect();
            assert_eq!(open.len(), 1, "{last:?}");
            assert!(open[0].sentence.contains("1 difference"), "{last:?}");
        }
    });
}

#[test]
fn over_http_only_somebody_on_its_machine_knows_that_it_is_stopped() {
    on_each("a partner that is stopped, over HTTP", |version| {
        let options = Options {
            control: Control::Http,
            ..patient()
        };
        let pair = Pair::start(version, Mode::HotStandby, options);
        pair.lab.stop(0);
        pair.until_alone(1);
        let mut evidence = pair.gather(1);
        let said = words(&evidence);
        eprintln!("{version:?} stopped, HTTP: {}\n{said}", verdict(&evidence));
        // Its Control Agent says so. Without one there are two ports that refuse, which a firewall
        // does as well.
        let (plain, fenced) = match pair.lab.has_agent() {
            true => (SAFE, SAFE),
            false => (UNCONFIRMED, UNCONFIRMED),
        };
        assert_eq!(verdict(&evidence).headline(), plain, "{said}");
        evidence.fenced = true;
        assert_eq!(verdict(&evidence).headline(), fenced, "{said}");
        assert!(evidence.command.contains(r#""service":["dhcp4"]"#));
        let outcome = pair.order(1, evidence.switch_order()).unwrap();
        assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
        assert_eq!(pair.lab.state(1).as_deref(), Some("partner-down"));
        pair.lab.start_again(0);
        pair.until_normal();
    });
}

#[test]
fn a_survivor_configured_as_a_whole_goes_on_alone_at_once() {
    on_each("a survivor that is configured anew", |version| {
        for mode in Mode::ALL {
            let options = Options {
                hooks: Hooks::Minimal,
                // Found out anew, it would take half a minute.
                max_response: 30_000,
                ..patient()
            };
            let pair = Pair::start(version, mode, options);
            let (dead, survivor) = victim(mode);
            pair.lab.kill(dead);
            pair.force(survivor, &set_partner_down()).unwrap();
            pair.collect();
            let scope = "10.0.0.0/20".parse().unwrap();
            let client = "02-cc-00-00-00-01".parse().unwrap();
            let reservation = Reservation::new("10.0.0.77".parse().unwrap(), client);
            let begun = Instant::now();
            let outcome = pair
                .carry_out(Intent::Change {
                    server: name(survivor),
                    edits: vec![Edit::AddReservation { scope, reservation }],
                    reach: Reach::Server,
                })
                .unwrap();
            let took = begun.elapsed();
            eprintln!("{version:?} {mode:?} survivor configured in {took:?}");
            assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
            assert_eq!(pair.lab.state(survivor).as_deref(), Some("partner-down"));
            assert!(took < Duration::from_secs(15), "{took:?}");
        }
    });
}

#[test]
fn a_partner_that_lives_is_never_taken_for_down() {
    on_each("a partner that lives", |version| {
        for mode in Mode::ALL {
            let pair = Pair::start(version, mode, patient());
            for survivor in 0..2 {
                let mut evidence = pair.gather(survivor);
                evidence.fenced = true;
                let said = words(&evidence);
                assert_eq!(verdict(&evidence).headline(), DONT, "{said}");
                says_nothing_of_windows(&said);
                assert_eq!(evidence.instead(), Some(start_maintenance()), "{said}");
                // Not even planned.
                let refused = pair.order(survivor, set_partner_down()).unwrap_err();
                assert!(
                    refused.to_string().contains("a partner that lives"),
                    "{refused}"
                );
                // Sent all the same.
                let refused = pair.force(survivor, &set_partner_down()).unwrap_err();
                eprintln!("{version:?} {mode:?} alive: {refused}");
                assert!(matches!(refused, DriverError::Refused { .. }), "{refused}");
                let said = refused.to_string();
                assert!(said.contains("is alive") && said.contains("nothing has changed"));
                assert_ne!(pair.lab.state(survivor).as_deref(), Some("partner-down"));
                pair.until_normal();
            }
        }
    });
}

#[test]
fn maintenance_is_started_taken_back_and_seen_through() {
    on_each("maintenance", |version| {
        for mode in Mode::ALL {
            let pair = Pair::start(version, mode, patient());
            let (other, stays) = victim(mode);
            let refused = pair.order(stays, cancel_maintenance()).unwrap_err();
            assert!(refused.to_string().contains("does not hold"), "{refused}");
            for cancelled in [true, false] {
                let outcome = pair.order(stays, start_maintenance()).unwrap();
                assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
                pair.collect();
                let word = |server| pair.status(server).unwrap().own_word;
                assert_eq!(word(stays).as_deref(), Some("partner-in-maintenance"));
                assert_eq!(word(other).as_deref(), Some("in-maintenance"));
                let evidence = pair.gather(stays);
                let said = words(&evidence);
                assert_eq!(verdict(&evidence).headline(), "WAIT", "{said}");
                assert!(said.contains("goes on alone by itself"), "{said}");
                assert_eq!(evidence.instead(), Some(cancel_maintenance()));
                // Nothing else makes sense there now.
                for server in 0..2 {
                    assert!(pair.order(server, set_partner_down()).is_err());
                    assert!(pair.order(server, start_maintenance()).is_err());
                }
                if cancelled {
                    let outcome = pair.order(stays, cancel_maintenance()).unwrap();
                    assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
                    pair.until_normal();
                }
            }
            pair.lab.stop(other);
            pair.until("the survivor goes on alone", || {
                pair.state(stays) == Some(FailoverState::PartnerDown)
            });
            let refused = pair.order(stays, cancel_maintenance()).unwrap_err();
            assert!(refused.to_string().contains("does not hold"), "{refused}");
            pair.lab.start_again(other);
            pair.until_normal();
        }
    });
}

#[test]
fn the_command_line_says_and_does_the_same() {
    on_each("maintenance on the command line", |version| {
        let pair = Pair::start(version, Mode::HotStandby, patient());
        let relationship = relationship();
        let on = |verb, server, more: &[&str]| {
            let named = ["--server", server, "--relationship", &relationship];
            let words = [&[verb], &named[..], more].concat();
            let (well, said) = pair.verb(&words);
            eprintln!("{version:?} {verb} {server} {more:?}: {well}\n{said}");
            says_nothing_of_windows(&said);
            (well, said)
        };
        let (well, said) = on("set-partner-down", "s1", &["--yes"]);
        assert!(!well && said.contains(DONT), "{said}");
        assert!(said.contains("use Start Maintenance"), "{said}");
        let (well, said) = on("set-partner-down", "s1", &["--yes", "--force"]);
        assert!(!well && said.contains("a partner that lives"), "{said}");
        let (well, said) = on("reset-ha", "s2", &["--yes"]);
        assert!(!well && said.contains("is not stuck"), "{said}");
        let (well, said) = on("start-maintenance", "s1", &["--what-if"]);
        assert!(well && said.contains("s1 answers for both"), "{said}");
        pair.until_normal();
        let (well, said) = on("start-maintenance", "s1", &["--yes"]);
        assert!(well, "{said}");
        assert_eq!(pair.lab.state(0).as_deref(), Some("partner-in-maintenance"));
        let (well, said) = on("cancel-maintenance", "s2", &["--yes"]);
        assert!(!well && said.contains("does not hold"), "{said}");
        let (well, said) = on("cancel-maintenance", "s1", &["--yes"]);
        assert!(well, "{said}");
        pair.until_normal();
        // One that was prepared to be switched off, and whose partner forgot it.
        assert!(on("start-maintenance", "s1", &["--yes"]).0);
        pair.lab.kill(0);
        let (well, said) = on("reset-ha", "s2", &["--yes"]);
        assert!(well, "{said}");
        assert_ne!(pair.lab.state(1).as_deref(), Some("in-maintenance"));
        pair.lab.start_again(0);
        pair.until_normal();
    });
}

#[test]
fn a_frozen_partner_holds_up_its_survivor_and_nobody_else() {
    on_each("a partner that is frozen", |version| {
        for mode in Mode::ALL {
            let pair = Pair::start(version, mode, patient());
            let (frozen, survivor) = victim(mode);
            pair.lab.freeze(frozen);
            // It notices when its own question's time is up.
            pair.until_alone(survivor);
            let mut evidence = pair.gather(survivor);
            let said = words(&evidence);
            eprintln!(
                "{version:?} {mode:?} frozen: {}\n{said}",
                verdict(&evidence)
            );
            assert_eq!(verdict(&evidence).headline(), UNCONFIRMED, "{said}");
            evidence.fenced = true;
            // Its host is there: whoever fenced something, it was not this one.
            assert_eq!(verdict(&evidence).headline(), UNCONFIRMED);
            let steps = Arc::new(Mutex::new(Vec::new()));
            let told = Arc::clone(&steps);
            let begun = Instant::now();
            let read = pair.runtime.block_on(async {
                let order = set_partner_down();
                let server = name(survivor);
                let plan = pair
                    .ipam
                    .plan(Intent::Order { server, order })
                    .await
                    .unwrap();
                let (began, has_begun) = tokio::sync::watch::channel(false);
                let progress = Progress::to(move |step, result| {
                    told.lock().unwrap().push((step, result.is_some()));
                    began.send_replace(true);
                });
                let ipam = pair.ipam.clone();
                let doing =
                    tokio::spawn(
                        async move { ipam.carry_out(plan, &progress, &Cancel::new()).await },
                    );
                let mut has_begun = has_begun;
                has_begun.wait_for(|begun| *begun).await.unwrap();
                let since = Instant::now();
                let other = ServerName::new(OTHER);
                let estate = pair.ipam.collect_only(std::slice::from_ref(&other)).await;
                let read = since.elapsed();
                assert!(estate.servers[&other].error.is_none());
                // It is under way, and shows as that.
                assert_eq!(*steps.lock().unwrap(), [(0, false)]);
                let outcome = doing.await.unwrap();
                assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
                read
            });
            eprintln!(
                "{version:?} {mode:?}: the order took {:?}, another server was read in {read:?}",
                begun.elapsed()
            );
            assert_eq!(*steps.lock().unwrap(), [(0, false), (0, true)]);
            assert_eq!(pair.state(survivor), Some(FailoverState::PartnerDown));
            assert_eq!(pair.lab.state(survivor).as_deref(), Some("partner-down"));
            // It comes to, and finds the question whether it may be switched off.
            pair.lab.thaw(frozen);
            pair.until("it answers again", || pair.status(frozen).is_some());
            let stuck = || {
                let status = pair.status(frozen).unwrap();
                status.own_word.as_deref() == Some("in-maintenance")
            };
            pair.until("it says where it is", || {
                stuck() || pair.state(frozen) == Some(FailoverState::Normal)
            });
            eprintln!("{version:?} {mode:?} thawed: stuck {}", stuck());
            if stuck() {
                let list = pair.checklist(survivor);
                let trouble = list.trouble.clone().unwrap_or_default();
                assert!(trouble.contains("in-maintenance"), "{list:?}");
                assert_eq!(list.offer, Some((name(frozen), reset_ha())), "{list:?}");
                let outcome = pair.order(frozen, reset_ha()).unwrap();
                assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
            }
            pair.until_normal();
        }
    });
}

#[test]
fn a_partition_is_no_death() {
    if !namespaces::possible("Set Partner Down in a partition") {
        return;
    }
    on_each("Set Partner Down in a partition", |version| {
        for mode in Mode::ALL {
            let options = Options {
                apart: true,
                ..patient()
            };
            let pair = Pair::start(version, mode, options);
            let (_, survivor) = victim(mode);
            pair.lab.cut();
            pair.until_alone(survivor);
            let mut evidence = pair.gather(survivor);
            evidence.fenced = true;
            let said = words(&evidence);
            eprintln!("{version:?} {mode:?} cut: {}\n{said}", verdict(&evidence));
            assert_eq!(verdict(&evidence).headline(), DONT, "{said}");
            // Against that, it is done, and both serve: the checklist says so.
            let outcome = pair.order(survivor, set_partner_down()).unwrap();
            assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
            pair.collect();
            assert_eq!(pair.state(survivor), Some(FailoverState::PartnerDown));
            pair.until(
                "its partner notices, and the checklist that both serve",
                || {
                    let list = pair.checklist(survivor);
                    list.trouble.is_some_and(|said| said.contains("both"))
                },
            );
            pair.lab.join();
            pair.until_normal();
        }
    });
}

#[test]
fn whatever_a_live_partner_answers_the_words_are_true() {
    on_each("ten answers of a live partner", |version| {
        let pair = Pair::start(version, Mode::LoadBalance, patient());
        pair.lab.kill(1);
        let partner = Partner::at(&pair.lab.peer_url(1));
        let state = || pair.lab.state(0).unwrap_or_default();
        // It comes back as one that was away does.
        let back = || {
            if state() == "partner-down" {
                partner.is("ready");
                pair.lab.wait_state(0, "load-balancing");
                partner.is("load-balancing");
            }
            partner.wait_heard();
        };
        for notified in Notified::ALL {
            back();
            // We ask it ourselves: it is there, whatever it will say to its partner.
            let mut evidence = pair.gather(0);
            evidence.fenced = true;
            assert_eq!(verdict(&evidence).headline(), DONT, "{}", words(&evidence));
            partner.answers(notified);
            let begun = Instant::now();
            let ended = pair.force(0, &set_partner_down());
            let (took, after) = (begun.elapsed(), state());
            let said = match &ended {
                Ok(()) => "done".to_owned(),
                Err(error) => error.to_string(),
            };
            eprintln!(
                "{version:?} {notified:?}: {after}, {said} ({} ms)",
                took.as_millis()
            );
            assert!(!said.contains("safely shut"), "{said}");
            assert!(!said.contains("now in the partner-down"), "{said}");
            match notified {
                Notified::Success => {
                    assert_eq!(after, "load-balancing");
                    assert!(matches!(ended, Err(DriverError::Refused { .. })), "{said}");
                    assert!(said.contains("is alive"), "{said}");
                }
                Notified::Unsupported | Notified::NotAllowed => {
                    assert_eq!(after, "load-balancing");
                    assert!(matches!(ended, Err(DriverError::Refused { .. })), "{said}");
                    assert!(said.contains("its state is load-balancing"), "{said}");
                }
                // Done against all evidence, and said to be done since it was read back.
                _ => {
                    assert_eq!(after, "partner-down", "{said}");
                    ended.unwrap();
                }
            }
        }
        // As maintenance: whoever wanted that learns what became of it.
        for notified in [Notified::Failure, Notified::Nonsense, Notified::Proxy] {
            back();
            partner.answers(notified);
            let error = pair.force(0, &start_maintenance()).unwrap_err();
            let said = error.to_string();
            eprintln!("{version:?} maintenance, {notified:?}: {said}");
            assert_eq!(state(), "partner-down");
            assert!(matches!(error, DriverError::PartlyApplied { .. }), "{said}");
            assert!(said.contains("its state is partner-down"), "{said}");
            let refused = pair.force(0, &cancel_maintenance()).unwrap_err();
            assert!(
                refused.to_string().contains("can't be cancelled"),
                "{refused}"
            );
        }
    });
}
