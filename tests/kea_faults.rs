//! Faults on live pairs of Kea, with the whole program on top: what is lost (nothing), what is said
//! of it (the truth), and whether the next change goes through (it does).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kea_faults/estate.rs"]
mod estate;
#[path = "kea_lab/mod.rs"]
mod kea_lab;
#[path = "kea_faults/relay.rs"]
mod relay;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use estate::{Estate, Said, minimal};
use kea_lab::{Control, Lab, Mode, NAMES, Options, Version, left_out, namespaces, on_each};
use relay::{Fate, Moment};
use serde_json::{Value, json};
use twinscope::ipam::{Cancel, Ended, Progress};

const S1: usize = 0;
const S2: usize = 1;

fn number(said: &Value) -> Vec<String> {
    serde_json::from_value(said["arguments"]["scopes"].clone()).unwrap_or_default()
}

#[test]
fn a_partner_that_is_dead_or_dies_meanwhile() {
    on_each("faults: SIGKILL", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        let lab = &estate.lab;
        // Before the change.
        estate.directly();
        lab.kill(S2);
        let said = estate.reserve(50);
        said.failed().says(&[
            "the change stands on s1 all the same",
            "Out of sync until it is replicated",
        ]);
        assert_eq!(estate.reserved(S1, 50), [true, true]);
        lab.start_again(S2);
        lab.wait_normal();
        assert_eq!(estate.reserved(S2, 50), [false, false]);
        estate.run("ipam compare").failed();
        estate
            .run("ipam replicate --server s1 --scope 10.0.0.0 --yes")
            .done();
        estate.on_both(50, true);
        estate.next_action(53);
        // The primary, as its configuration is about to be sent, its partner standing in for it.
        let other = Estate::start(version, Mode::HotStandby, minimal());
        let lab = other.lab.clone();
        other.relay.at(S1, "config-set", Moment::Before, move |_| {
            lab.kill(S1);
            Fate::Lose
        });
        let said = other.reserve(51);
        assert!(other.relay.all_happened());
        let sent = other.sent(S1);
        assert_eq!(sent.len(), 1);
        said.failed().says(&[
            "10.0.0.0 on s1 is Out of sync",
            "nobody knows whether",
            &sent[0].display().to_string(),
        ]);
        other.lab.start_again(S1);
        other.each_its_own();
        assert_eq!(other.reserved(S1, 51), [false, false]);
        assert_eq!(other.reserved(S2, 51), [true, true]);
        other.run("ipam compare").failed().says(&["10.0.0.51"]);
        other
            .run("ipam replicate --server s2 --scope 10.0.0.0 --yes")
            .done();
        other.next_action(52);
    });
}

#[test]
fn a_server_that_hangs_before_or_at_the_write() {
    on_each("faults: SIGSTOP", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        for server in [S1, S2] {
            let number = 60 + u8::try_from(server).unwrap();
            estate.lab.freeze(server);
            let begun = Instant::now();
            let said = estate.reserve(number);
            said.failed()
                .says(&[&format!("{} did not answer within 3 s", NAMES[server])]);
            assert!(begun.elapsed() < Duration::from_secs(30));
            estate.lab.thaw(server);
            estate.lab.wait_normal();
            assert_eq!(estate.reserved(S2, number), [false, false]);
            // The partner alone can be behind: that is said, and healed.
            let here = server == S2;
            assert_eq!(estate.reserved(S1, number), [here, here]);
            if here {
                said.says(&["the change stands on s1 all the same", "is Out of sync"]);
                estate
                    .run("ipam replicate --server s1 --scope 10.0.0.0 --yes")
                    .done();
            }
        }
        // With its configuration in its hands.
        let lab = estate.lab.clone();
        estate.relay.at(S2, "config-set", Moment::Before, move |_| {
            lab.freeze(S2);
            Fate::Pass
        });
        let said = estate.reserve(62);
        said.failed();
        let sent = estate.sent(S2);
        assert_eq!(sent.len(), 1);
        said.says(&["its answer was lost", &sent[0].display().to_string()]);
        estate.lab.thaw(S2);
        estate.lab.wait_normal();
        // It did it once it could.
        assert_eq!(estate.reserved(S2, 62), [true, false]);
        assert_eq!(estate.reserved(S1, 62), [false, false]);
        assert!(estate.not_saved("s2").is_some());
        estate.run("ipam compare").failed().says(&["10.0.0.62"]);
        estate
            .run("ipam replicate --server s2 --scope 10.0.0.0 --yes")
            .done();
        estate.next_action(63);
        estate.on_both(62, true);
        assert_eq!(estate.not_saved("s2"), None);
    });
}

#[test]
fn a_server_that_is_restarted_between_reading_and_writing() {
    on_each("faults: restart", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        let ipam = estate.ipam();
        let plan = estate
            .runtime
            .block_on(ipam.plan(estate::reserving(70)))
            .unwrap();
        estate.lab.kill(S2);
        estate.lab.start_again(S2);
        estate.lab.wait_normal();
        let (progress, cancel) = (Progress::none(), Cancel::new());
        let done = ipam.carry_out(plan, &progress, &cancel);
        let outcome = estate.runtime.block_on(done);
        assert_eq!(outcome.ended, Ended::Done, "{outcome:?}");
        estate.on_both(70, true);
        // Just before its new configuration comes.
        let lab = estate.lab.clone();
        estate.relay.at(S2, "config-set", Moment::Before, move |_| {
            lab.kill(S2);
            lab.start_again(S2);
            lab.wait_answers(S2);
            Fate::Pass
        });
        let said = estate.reserve(71);
        said.done();
        estate.on_both(71, true);
        estate.next_action(72);
    });
}

#[test]
fn a_file_that_can_t_be_written() {
    on_each("faults: config-write", |version| {
        for by_itself in [true, false] {
            let options = match by_itself {
                true => minimal(),
                false => Options::default(),
            };
            let estate = Estate::start(version, Mode::HotStandby, options);
            // Root may write to every file: a folder in its place stops it too.
            let file = estate.lab.file(S2);
            let aside = file.with_extension("aside");
            std::fs::rename(&file, &aside).unwrap();
            std::fs::create_dir(&file).unwrap();
            let said = estate.reserve(80);
            said.done().says(&["was done, but", "set, but not saved"]);
            for server in 0..2 {
                assert!(estate.reserved(server, 80)[0]);
            }
            estate.run("ipam journal").says(&["done, but"]);
            // Another process says so too, until it is saved.
            let save = "ipam save-configuration --server s2 --yes";
            estate.run(save).failed().says(&["set, but not saved"]);
            assert!(estate.not_saved("s2").is_some());
            assert_eq!(estate.not_saved("s1"), None);
            std::fs::remove_dir(&file).unwrap();
            std::fs::rename(&aside, &file).unwrap();
            assert_eq!(estate.reserved(S2, 80), [true, false]);
            match by_itself {
                true => estate.run(save).done(),
                false => estate.reserve(81).done(),
            };
            assert_eq!(estate.not_saved("s2"), None);
            estate.on_both(80, true);
            estate.next_action(82);
        }
    });
}

#[test]
fn somebody_else_s_change_between_our_reading_and_our_writing() {
    on_each("faults: somebody else", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        for (theirs, ours) in [(90, 91), (92, 92)] {
            let lab = estate.lab.clone();
            // The last thing before it is written is a question whether it is still the same.
            let last = match version {
                Version::V2_2 => "config-test",
                Version::V2_6 | Version::V3_0 => "config-hash-get",
            };
            estate.relay.at(S2, last, Moment::Before, move |_| {
                lab.set_config(S2, estate::with_another(lab.config(S2), theirs));
                lab.wait_normal();
                Fate::Pass
            });
            let said = estate.reserve(ours);
            assert!(estate.relay.all_happened());
            assert!(estate.reserved(S2, theirs)[0], "theirs is kept");
            if theirs == ours {
                said.failed().says(&["somebody else changed"]);
                assert_eq!(estate.reserved(S1, ours), [false, false]);
            } else {
                said.done();
                estate.on_both(ours, true);
            }
        }
        estate
            .run("ipam replicate --server s2 --scope 10.0.0.0 --yes")
            .done();
        estate.next_action(93);
    });
}

#[test]
fn we_are_killed_at_each_step_of_a_write_to_both() {
    use Moment::{After, Before};
    on_each("faults: ours killed", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        // Where, and what is then said and on both.
        let (one, other, both) = ([false, false], [false, true], [true, true]);
        let back = "'Serve nobody in 's1-s2'' on s2 was done now";
        let steps = [
            (S2, "config-set", Before, "on s2 was not done", one),
            (S2, "config-set", After, "was done, and is saved now", other),
            (S2, "config-write", After, "on s2 was done", other),
            (S2, "ha-scopes", After, back, other),
            (S1, "config-set", Before, back, other),
            (S1, "config-set", After, back, both),
            (S1, "config-write", After, back, both),
        ];
        for (place, (server, command, moment, words, truth)) in steps.into_iter().enumerate() {
            let number = 100 + u8::try_from(place).unwrap();
            let (here, reached) = std::sync::mpsc::channel();
            let (go_on, gone) = std::sync::mpsc::channel::<()>();
            estate.relay.at(server, command, moment, move |_| {
                here.send(()).unwrap();
                let _ = gone.recv();
                Fate::Lose
            });
            let mut ours = estate.spawn(&estate::reserve(number));
            reached.recv_timeout(Duration::from_secs(60)).unwrap();
            ours.kill().unwrap();
            ours.wait().unwrap();
            drop(go_on);
            let said = estate.run("ipam scopes");
            said.says(&["was interrupted", words]);
            estate.each_its_own();
            let held = [S1, S2].map(|server| estate.reserved(server, number));
            assert_eq!(held, truth.map(|is| [is, is]), "{command} {moment:?}");
            let compared = estate.run("ipam compare");
            if truth == other {
                compared.failed();
                said.says(&["scope 10.0.0.0 on s1 is Out of sync"]);
            } else {
                compared.done();
            }
            // Twice is not told.
            assert!(!compared.err.contains("was interrupted"));
            if command == "ha-scopes" {
                let plan = said.err.strip_prefix("plan ").unwrap();
                let plan = plan.split(' ').next().unwrap();
                estate.run(&format!("ipam undo {plan} --yes")).done();
                estate.on_both(number, false);
            } else {
                let heal = "ipam replicate --server s2 --scope 10.0.0.0 --yes";
                estate.run(heal).done();
                estate.on_both(number, truth[S2]);
            }
            for server in NAMES {
                assert_eq!(estate.not_saved(server), None);
            }
        }
        estate.next_action(120);
    });
}

#[test]
fn a_write_that_fails_on_the_second_server() {
    on_each("faults: half-way", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        // The primary drops its hooks over it.
        estate
            .relay
            .at(S1, "config-set", Moment::Before, |command| {
                let mut bad = command.clone();
                let hooks = bad["arguments"]["Dhcp4"]["hooks-libraries"]
                    .as_array_mut()
                    .unwrap();
                let mut stanzas = hooks
                    .iter_mut()
                    .filter_map(|hook| hook.pointer_mut("/parameters/high-availability/0"));
                stanzas.next().unwrap()["this-server-name"] = json!("zz");
                Fate::Instead(bad)
            });
        let said = estate.reserve(130);
        let sent = estate.sent(S1);
        assert_eq!(sent.len(), 1);
        said.failed().says(&[
            "done, and taken back",
            "its old configuration was set again at once",
            "what was done on s2 was taken back, so that both servers are as before",
            &sent[0].display().to_string(),
        ]);
        estate.on_both(130, false);
        estate.next_action(131);
        // And with its answer lost.
        estate
            .relay
            .at(S1, "config-set", Moment::Before, |_| Fate::Lose);
        let said = estate.reserve(132);
        said.failed().says(&[
            "its answer was lost",
            "it was read again, and nothing was done",
            "what was done on s2 was taken back, so that both servers are as before",
        ]);
        assert_eq!(estate.sent(S1).len(), 2);
        assert_eq!(estate.not_saved("s1"), None);
        estate.on_both(132, false);
        estate.next_action(133);
    });
}

#[test]
fn two_of_us_at_once() {
    for mode in Mode::ALL {
        on_each("faults: two at once", |version| {
            let estate = Estate::start(version, mode, minimal());
            estate.reserve(140).done();
            estate.each_its_own();
            estate.relay.commands();
            let both = [141, 142].map(|number| estate.spawn(&estate::reserve(number)));
            for ours in both {
                let said = Said::of(ours.wait_with_output().unwrap());
                said.done();
            }
            estate.on_both(141, true);
            estate.on_both(142, true);
            // A bridge stands while its own server is written to, and nobody else takes it down.
            let mut bridged = false;
            let mut set = 0;
            for (server, command) in estate.relay.commands() {
                match command["command"].as_str().unwrap() {
                    "ha-scopes" if server == S2 => {
                        bridged = number(&command).len() == 2;
                    }
                    "config-set" if server == S1 => {
                        assert!(bridged, "{version:?}");
                        set += 1;
                    }
                    _ => {}
                }
            }
            assert_eq!((set, bridged), (2, false));
            estate.next_action(143);
        });
    }
}

#[test]
fn a_wrong_password() {
    on_each("faults: wrong password", |version| {
        let options = Options {
            control: Control::Http,
            auth: Some(("admin".to_owned(), "right".to_owned())),
            ..minimal()
        };
        let estate = Estate::start(version, Mode::HotStandby, options);
        let counted = [S1, S2].map(|server| relay::Counted::before(&estate.lab.url(server)));
        let file = estate.home.path().join("password");
        let configure = |password: &str| {
            std::fs::write(&file, password).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            let lines = [S1, S2].map(|server| {
                format!(
                    "url = \"{}\"\nuser = \"admin\"\npassword_file = {file:?}\n",
                    counted[server].url()
                )
            });
            estate.reached_at(&lines);
        };
        configure("wrong");
        let said = estate.reserve(150);
        said.failed();
        let why = format!("the user admin with the password of {}", file.display());
        said.failed().says(&[&why, "is not let in"]);
        let count = counted.each_ref().map(relay::Counted::count);
        assert_eq!(count, [1, 0], "asked once, and no more");
        estate.run("ipam servers").says(&[&why]);
        estate.on_both(150, false);
        configure("right");
        estate.next_action(150);
    });
}

#[test]
fn a_partition_with_both_alive() {
    if !namespaces::possible("faults: a partition with both alive") {
        return;
    }
    on_each("faults: partition", |version| {
        for (mode, max_unacked) in [
            (Mode::HotStandby, 0),
            (Mode::HotStandby, 10),
            (Mode::LoadBalance, 10),
        ] {
            let options = Options {
                apart: true,
                max_unacked,
                ..minimal()
            };
            let estate = Estate::start(version, mode, options);
            estate.lab.cut();
            match max_unacked {
                0 => [S1, S2].map(|server| estate.lab.wait_state(server, "partner-down")),
                _ => [S1, S2].map(|server| out_of_touch(&estate.lab, server)),
            };
            let before = [S1, S2].map(|server| estate.serves(server));
            estate.relay.commands();
            let said = estate.reserve(160);
            let words = said.all();
            match max_unacked {
                // Each thinks that it is alone, and goes on so.
                0 => said.done(),
                _ => said.failed().says(&["it does not hear its partner"]),
            };
            // Long enough for one that begins anew to take its partner for down.
            std::thread::sleep(Duration::from_millis(1500));
            let after = [S1, S2].map(|server| estate.serves(server));
            assert_eq!(before, after, "{version:?} {mode:?}: {words}");
            let granted = estate.relay.commands();
            let mut granted = granted
                .iter()
                .filter(|(_, it)| it["command"] == "ha-scopes");
            assert!(granted.next().is_none(), "{words}");
            if (mode, max_unacked) == (Mode::HotStandby, 10) {
                // What would have come of it: the standby answers the primary's clients too.
                estate.lab.set_config(S2, estate.lab.config(S2));
                estate.lab.wait_state(S2, "partner-down");
                assert_eq!(
                    [S1, S2].map(|server| estate.serves(server)),
                    [["s1"], ["s1"]]
                );
            }
            estate.lab.join();
            estate.each_its_own();
            let held = [S1, S2].map(|server| estate.reserved(server, 160));
            assert_eq!(held, [[max_unacked == 0; 2]; 2]);
            estate.next_action(161);
        }
    });
}

/// Waits until a server has noticed that its partner can't be reached, and waits for clients.
fn out_of_touch(lab: &Lab, server: usize) {
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        let view = lab.view(server);
        if view["remote"]["communication-interrupted"] == true {
            return;
        }
        assert!(Instant::now() < until, "{view}");
        let _ = lab.state(server);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk() {
    on_each("faults: full disk", |version| {
        let estate = Estate::start(version, Mode::HotStandby, minimal());
        let Some(full) = relay::Full::disk_under(&estate.lab.file(S2)) else {
            left_out("faults: full disk: nothing can be mounted here");
            return;
        };
        let said = estate.reserve(170);
        said.done()
            .says(&["set, but not saved", "the disk is full"]);
        assert!(estate.reserved(S2, 170)[0]);
        assert!(estate.not_saved("s2").is_some());
        drop(full);
        estate.next_action(171);
        estate.on_both(170, true);
    });
}
