//! How edits are made on a server, so that its clients feel as little of it as can be.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::KeaServer;
use super::abilities::Abilities;
use super::pairing;
use super::prepare::{Configuration, Prepared, Reversible, expect, prepare};
use super::standing::{self, SOON, Standing, Status, Terms};
use super::wire::{Answer, Command};
use crate::drivers::{DriverError, Expected};
use crate::model::edit::{Edit, ObjectRef};
use crate::model::text::printable;
use crate::rules::{Code, DhcpError};

/// Why a server is not configured that does not hear its partner.
const OUT_OF_TOUCH: &str = "it does not hear its partner, and would begin anew, take the partner for down after a while, and answer all clients, even if the partner lives and answers them too. Put their connection right first; if the partner is down, Set Partner Down";

/// How it begins where the configuration is all there, and something else is not well.
const ALL_THERE: &str = "the configuration is set and saved, but ";

/// A server that has just lost its partner's heartbeat is given so long to hear it again.
const TO_BE_HEARD: Duration = Duration::from_secs(5);

/// So often a configuration that somebody else changes meanwhile is taken anew.
const ATTEMPTS: usize = 3;

impl KeaServer {
    /// Makes the edits, all or none, and has the server save them.
    pub(super) async fn write(
        &self,
        edits: &[Edit],
        expected: Expected<'_>,
    ) -> Result<(), DriverError> {
        let _alone = self.writer.lock().await;
        if edits.is_empty() {
            return self.is_as_expected(expected).await;
        }
        // Also finds out a server that hangs before anything large is asked of it.
        let mut status = self.status().await?;
        let abilities = self.abilities(status.pid).await?;
        let mut before = self.configuration().await?;
        for _ in 0..ATTEMPTS {
            let terms = self.learn(&before);
            let prepared = self.prepared(&before, &abilities, edits, expected).await?;
            if let Some(commands) = &prepared.gapless {
                self.keep_copy(&before)?;
                let unsaved = self.changing(&status);
                let done = match self.one_by_one(commands).await {
                    Ok(()) => self.write_file().await,
                    failed => failed,
                };
                return done.map_err(|error| {
                    self.not_changed(unsaved, &error);
                    match error.nothing_done() {
                        true => error,
                        false => self.with_what_was_sent(error, || as_sent(commands)),
                    }
                });
            }
            let goes = |edit: &Edit| matches!(edit, Edit::RemoveRelationship { .. });
            if !edits.iter().any(goes) {
                status = self.heard(&terms, status).await?;
            }
            self.may_be_configured(&terms, &status, edits)?;
            if let Some((_, ha)) = pairing::added(edits) {
                self.may_pair(ha).await?;
            }
            if abilities.config_test_is_safe() {
                self.test(&prepared).await?;
            }
            self.keep_copy(&before)?;
            let Some(changed) = self.changed_since(&before, &abilities).await? else {
                let held = Held {
                    before: &before,
                    abilities: &abilities,
                    terms: &terms,
                    status: &status,
                };
                let unsaved = self.changing(&status);
                return self.set(&prepared, &held, edits).await.map_err(|error| {
                    self.not_changed(unsaved, &error);
                    self.with_what_was_sent(error, || prepared.text.clone())
                });
            };
            before = changed;
        }
        let mut objects: Vec<ObjectRef> = edits.iter().flat_map(Edit::touches).collect();
        objects.dedup();
        Err(DriverError::Stale {
            server: self.server.clone(),
            objects,
        })
    }

    /// Whether it is as expected, where there is nothing to write.
    async fn is_as_expected(&self, expected: Expected<'_>) -> Result<(), DriverError> {
        if expected.is_empty() {
            return Ok(());
        }
        self.status().await?;
        expect(&self.reader, &self.configuration().await?, expected)
    }

    /// What the edits make of the configuration; on a thread of its own, since it may be large.
    async fn prepared(
        &self,
        before: &Configuration,
        abilities: &Abilities,
        edits: &[Edit],
        expected: Expected<'_>,
    ) -> Result<Prepared, DriverError> {
        let (before, abilities) = (before.clone(), abilities.clone());
        let reader = self.reader.clone();
        let partner = self.partner_subnets(edits);
        let (edits, expected) = (edits.to_vec(), expected.to_vec());
        let work = tokio::task::spawn_blocking(move || {
            prepare(&reader, &before, &abilities, partner, &edits, &expected)
        });
        work.await.unwrap_or_else(|_| {
            Err(self.unsupported("its configuration could not be edited; nothing was sent".into()))
        })
    }

    /// Its configuration, if it is another one than it was.
    async fn changed_since(
        &self,
        before: &Configuration,
        abilities: &Abilities,
    ) -> Result<Option<Configuration>, DriverError> {
        if let (Some(hash), true) = (&before.hash, abilities.has_hash()) {
            let answer = self.ask(&Command::read("config-hash-get")).await?;
            let now: Option<Hash> = answer.arguments();
            if now.is_some_and(|now| now.hash == *hash) {
                return Ok(None);
            }
        }
        let now = self.configuration().await?;
        Ok((!now.same(before)).then_some(now))
    }

    /// Its status, once it hears its partner, or has been given the time to.
    async fn heard(&self, terms: &[Terms], mut status: Status) -> Result<Status, DriverError> {
        let until = Instant::now() + TO_BE_HEARD;
        let waits = |now: &Standing| now.interrupted && now.state != "partner-down";
        while status.relationships.iter().any(waits) && Instant::now() < until {
            for terms in terms {
                // It looks after its timers when it is asked.
                let _ = standing::standing(&*self.wire, &self.server, terms).await;
            }
            sleep(Duration::from_millis(100)).await;
            status = self.status().await?;
        }
        Ok(status)
    }

    /// Whether its state is one from which it comes back to its clients after it was configured.
    fn may_be_configured(
        &self,
        terms: &[Terms],
        status: &Status,
        edits: &[Edit],
    ) -> Result<(), DriverError> {
        let goes = |terms: &Terms| {
            let named = terms.name.to_lowercase();
            let removal = |edit: &Edit| matches!(edit, Edit::RemoveRelationship { name } if name.to_lowercase() == named);
            edits.iter().any(removal)
        };
        for (terms, standing) in terms.iter().zip(&status.relationships) {
            // Nothing is waited for that goes away.
            if goes(terms) {
                continue;
            }
            let what_to_do = match standing.state.as_str() {
                "in-maintenance" | "partner-in-maintenance" => {
                    "cancel the maintenance first, or wait until it is over"
                }
                "waiting" | "syncing" | "ready" => {
                    "it would have to begin anew, and answers no client until then: wait until it is back to normal"
                }
                // It would begin anew, hear nothing, and take its partner for down; and so answer
                // the clients of a partner that may well live, and answer them too.
                "communication-recovery" => OUT_OF_TOUCH,
                _ if standing.interrupted && standing.is_normal() && terms.would_take_over() => {
                    OUT_OF_TOUCH
                }
                _ => continue,
            };
            return Err(self.refused(
                Code::FoStateNotNormal,
                format!(
                    "this configuration can only be set as a whole, and '{}' is {} on this server: {what_to_do}",
                    printable(&terms.name, 130),
                    standing.state
                ),
            ));
        }
        Ok(())
    }

    /// Has the server look through the new configuration.
    async fn test(&self, prepared: &Prepared) -> Result<(), DriverError> {
        let mut command = Command::read("config-test").within(time_for(&prepared.text));
        command.arguments = Some(prepared.text.clone());
        let answer = self.ask(&command).await?;
        match answer.result {
            Answer::SUCCESS => Ok(()),
            _ => Err(self.refused(Code::InvalidParameter, in_kea_s_words(&answer))),
        }
    }

    /// Keeps a copy of the configuration before this home's first write of the file.
    fn keep_copy(&self, before: &Configuration) -> Result<(), DriverError> {
        let Some(copies) = &self.copies else {
            return Ok(());
        };
        let kept = copies.keep(&self.server, &before.text, self.clock.now());
        kept.map_err(|why| {
            self.unsupported(format!(
                "its file is about to lose its comments and includes, and no copy of its configuration can be kept in {} ({why}); nothing was sent: make room there and try again",
                printable(&copies.folder().display().to_string(), 300)
            ))
        })
    }

    /// The error with the file that holds what was sent, where that tells more.
    fn with_what_was_sent(&self, error: DriverError, sent: impl FnOnce() -> String) -> DriverError {
        let worth = match &error {
            DriverError::Refused { .. } => true,
            DriverError::PartlyApplied { what, .. } => !what.starts_with(ALL_THERE),
            error => !error.nothing_done(),
        };
        let Some(copies) = self.copies.as_ref().filter(|_| worth) else {
            return error;
        };
        let kept = match copies.keep_sent(&self.server, &sent(), self.clock.now()) {
            Ok(path) => format!(
                "what was sent is kept in {}",
                printable(&path.display().to_string(), 300)
            ),
            Err(why) => format!("what was sent could not be kept ({why})"),
        };
        let with = |text: String| format!("{}; {kept}", text.trim_end_matches('.'));
        match error {
            DriverError::PartlyApplied { server, what } => DriverError::PartlyApplied {
                server,
                what: with(what),
            },
            DriverError::OutcomeUnknown { server, why } => DriverError::OutcomeUnknown {
                server,
                why: with(why),
            },
            DriverError::Refused { server, error } => DriverError::Refused {
                server,
                error: DhcpError::new(error.code, with(error.sentence)),
            },
            other => other,
        }
    }

    /// Commands that change one thing each, without the server being configured anew. When one
    /// fails, those before it are taken back.
    async fn one_by_one(&self, commands: &[Reversible]) -> Result<(), DriverError> {
        for (place, command) in commands.iter().enumerate() {
            let error = match self.ask(&command.forth).await {
                Ok(answer) if answer.result == Answer::SUCCESS => continue,
                Ok(answer) if answer.result == Answer::PARTLY => DriverError::PartlyApplied {
                    server: self.server.clone(),
                    what: in_kea_s_words(&answer),
                },
                Ok(answer) => self.refused(Code::InvalidParameter, in_kea_s_words(&answer)),
                Err(error) => error,
            };
            // What was changed is not in the file, whatever becomes of it.
            let done = &commands[..place];
            if !error.nothing_done() {
                self.not_saved("a command was sent whose answer was lost");
                return Err(error);
            }
            return Err(match self.back(done).await {
                Ok(()) => error,
                Err(why) => {
                    self.not_saved("some changes were made, and could not be taken back");
                    DriverError::PartlyApplied {
                        server: self.server.clone(),
                        what: format!(
                            "{place} of {} changes were made, then: {error}; they could not be taken back: {why}. What was made is not saved in its file: read it again, and compare it with its partner",
                            commands.len()
                        ),
                    }
                }
            });
        }
        Ok(())
    }

    /// Takes back commands that were done, the last one first.
    async fn back(&self, done: &[Reversible]) -> Result<(), String> {
        for command in done.iter().rev().flat_map(|command| &command.back) {
            match self.ask(command).await {
                Ok(answer) if answer.result == Answer::SUCCESS => {}
                Ok(answer) => return Err(in_kea_s_words(&answer)),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Sets the whole configuration, sees that the server comes back to its clients, and has it
    /// saved.
    async fn set(
        &self,
        prepared: &Prepared,
        held: &Held<'_>,
        edits: &[Edit],
    ) -> Result<(), DriverError> {
        let answer = match self.ask(&config_set(&prepared.text)).await {
            Ok(answer) => answer,
            Err(error) => {
                if !error.nothing_done() {
                    self.not_saved("a configuration was sent, and its answer was lost");
                }
                return Err(error);
            }
        };
        self.forget_abilities();
        if answer.result != Answer::SUCCESS {
            return Err(self.not_set(&answer, held).await);
        }
        if let Some((relationship, ha)) = pairing::added(edits)
            && let Err(why) = self.paired(relationship, ha, &prepared.text).await
        {
            return Err(self.not_paired(&why, held).await);
        }
        // A relationship that was removed, or has just been added, has nowhere to come back to.
        let after = standing::terms(&prepared.text);
        let (terms, standings): (Vec<Terms>, Vec<Standing>) = held
            .terms
            .iter()
            .zip(&held.status.relationships)
            .filter_map(|(terms, standing)| {
                let mut after = after.iter();
                let terms = after.find(|after| after.own == terms.own)?;
                Some((terms.clone(), standing.clone()))
            })
            .unzip();
        let back = self.back_to_clients(&terms, &standings).await;
        let saved = self.write_file().await;
        match (back, saved) {
            (Ok(()), saved) => saved,
            (Err(why), Ok(())) => Err(DriverError::PartlyApplied {
                server: self.server.clone(),
                what: format!("{ALL_THERE}{why}"),
            }),
            (Err(why), Err(error)) => Err(DriverError::PartlyApplied {
                server: self.server.clone(),
                what: format!("{error}; moreover {why}"),
            }),
        }
    }

    /// Puts the old configuration back where two servers have not become a pair: both would answer
    /// nobody.
    async fn not_paired(&self, why: &str, held: &Held<'_>) -> DriverError {
        let failed = match self.ask(&config_set(&held.before.text)).await {
            Ok(answer) if answer.result == Answer::SUCCESS => {
                self.forget_abilities();
                return self.refused(
                    Code::FoStateNotNormal,
                    format!(
                        "the two servers did not find each other: {why}. Its old configuration was set again, and it answers its clients as before: look whether each URL is reached from the other server"
                    ),
                );
            }
            Ok(answer) => in_kea_s_words(&answer),
            Err(error) => error.to_string(),
        };
        self.not_saved(
            "a relationship was set that did not come to be, and could not be taken back",
        );
        DriverError::PartlyApplied {
            server: self.server.clone(),
            what: format!(
                "the two servers did not find each other: {why}; and its old configuration could not be set again: {failed}. Its file is untouched: restart Kea there"
            ),
        }
    }

    /// What a failed config-set left behind, and puts it right.
    async fn not_set(&self, answer: &Answer, held: &Held<'_>) -> DriverError {
        let Held { terms, status, .. } = *held;
        let said = in_kea_s_words(answer);
        let partly = |what: String| DriverError::PartlyApplied {
            server: self.server.clone(),
            what,
        };
        if answer.result == Answer::PARTLY {
            self.not_saved("a configuration was set in part");
            return partly(format!(
                "it says that it took the configuration only in part: {said}"
            ));
        }
        let now = super::abilities::probe(&*self.wire, &self.server).await;
        let unloaded = match now {
            Ok(now) => !held.abilities.commands.is_subset(&now.commands),
            Err(error) => {
                return partly(format!(
                    "it refused the configuration: {said}; and then: {error}. Look after that server"
                ));
            }
        };
        if !unloaded {
            return match self.back_to_clients(terms, &status.relationships).await {
                Ok(()) => self.refused(Code::InvalidParameter, said),
                Err(why) => partly(format!(
                    "it refused the configuration ({said}) and kept the old one, but {why}"
                )),
            };
        }
        let again = self.ask(&config_set(&held.before.text)).await;
        let failed = match again {
            Ok(answer) if answer.result == Answer::SUCCESS => {
                let back = self.back_to_clients(terms, &status.relationships).await;
                match back {
                    Ok(()) => {
                        return self.refused(
                            Code::InvalidParameter,
                            format!(
                                "{said}. Kea dropped all its hooks over it; its old configuration was set again at once, and it answers its clients as before"
                            ),
                        );
                    }
                    Err(why) => format!("its old configuration was set again, but {why}"),
                }
            }
            Ok(answer) => format!(
                "its old configuration was refused as well: {}",
                in_kea_s_words(&answer)
            ),
            Err(error) => format!("its old configuration could not be set again: {error}"),
        };
        partly(format!(
            "it refused the configuration ({said}) and dropped all its hooks over it, high availability too; {failed}. Its file is untouched: restart Kea there"
        ))
    }

    /// Waits until every relationship is as it was, or normal.
    pub(super) async fn back_to_clients(
        &self,
        terms: &[Terms],
        before: &[Standing],
    ) -> Result<(), String> {
        for (terms, before) in terms.iter().zip(before) {
            self.one_back(terms, before).await?;
        }
        Ok(())
    }

    async fn one_back(&self, terms: &Terms, before: &Standing) -> Result<(), String> {
        let until = Instant::now() + terms.longest_return() + Duration::from_secs(10);
        let begun = Instant::now();
        let mut forced = None::<Instant>;
        let mut alone_since = None::<Instant>;
        loop {
            let now = standing::standing(&*self.wire, &self.server, terms).await;
            if let Ok(now) = &now {
                // One that had lost its partner finds that it is still lost.
                let lost = before.interrupted || !before.is_normal();
                let alone = now.state == "partner-down" && lost;
                if now.is_normal() || now.state == before.state || alone {
                    return Ok(());
                }
                alone_since = alone.then(|| alone_since.unwrap_or_else(Instant::now));
                let settled = terms.heartbeat * 3 + Duration::from_secs(2);
                let over = Instant::now() >= until;
                if alone_since.is_some_and(|since| over || since.elapsed() > settled) {
                    return Err(format!(
                        "it has lost its partner {} meanwhile and is partner-down in '{}', where it answers all clients alone: look after that partner",
                        printable(&terms.partner, 80),
                        printable(&terms.name, 130)
                    ));
                }
                // Its partner is known to be down: it need not wait to find out again.
                let waits = now.state == "waiting" && before.state == "partner-down";
                let again = forced.is_none_or(|at| at.elapsed() > Duration::from_secs(2));
                if waits && again {
                    forced = Some(Instant::now());
                    if self.force(terms).await.is_ok() {
                        continue;
                    }
                }
            }
            if Instant::now() >= until {
                let name = printable(&terms.name, 130);
                return Err(match now {
                    Ok(now) => format!(
                        "'{name}' has been {} for {} s and has not come back to {}: look after that server and its partner",
                        now.state,
                        (terms.longest_return().as_secs() + 10),
                        before.state
                    ),
                    Err(error) => format!("it does not say how '{name}' stands: {error}"),
                });
            }
            // Every question also has Kea look after its timers, which makes the silence shorter.
            let soon = begun.elapsed() < Duration::from_secs(5);
            sleep(Duration::from_millis(if soon { 20 } else { 200 })).await;
        }
    }

    pub(super) async fn status(&self) -> Result<Status, DriverError> {
        standing::status(&*self.wire, &self.server).await
    }

    /// Its whole configuration.
    pub(super) async fn configuration(&self) -> Result<Configuration, DriverError> {
        let command = Command::read("config-get").within(Duration::from_secs(30));
        let answer = self.ask(&command).await?;
        if answer.result != Answer::SUCCESS {
            return Err(standing::not_understood(
                &self.server,
                "config-get",
                &answer,
            ));
        }
        let arguments = answer.arguments.as_ref().map(|raw| raw.get());
        Configuration::of(arguments.unwrap_or_default()).ok_or_else(|| DriverError::Protocol {
            server: self.server.clone(),
            what: "config-get: no configuration".to_owned(),
        })
    }
}

/// What a server was before it was configured anew.
struct Held<'a> {
    before: &'a Configuration,
    abilities: &'a Abilities,
    terms: &'a [Terms],
    status: &'a Status,
}

#[derive(serde::Deserialize)]
struct Hash {
    hash: String,
}

fn config_set(text: &str) -> Command {
    let mut command = Command::write("config-set").within(time_for(text));
    command.arguments = Some(text.to_owned());
    command
}

/// Commands as they were sent, one after another.
fn as_sent(commands: &[Reversible]) -> String {
    let commands = commands.iter().map(|command| {
        let Command {
            name, arguments, ..
        } = &command.forth;
        let arguments = arguments.as_deref().unwrap_or("null");
        format!("{{\"command\":\"{name}\",\"arguments\":{arguments}}}")
    });
    format!("[{}]", commands.collect::<Vec<_>>().join(",\n"))
}

/// How long a server may need for a configuration of that size: measured is a second for each
/// 3 MB.
fn time_for(text: &str) -> Duration {
    SOON * 4 + Duration::from_secs(text.len() as u64 / 1_000_000)
}

/// What the server said, fit to be shown.
pub(super) fn in_kea_s_words(answer: &Answer) -> String {
    match printable(answer.text.trim(), 600) {
        text if text.is_empty() => format!("result {}, without a word", answer.result),
        text => format!("Kea says: {}", text.trim_end_matches('.')),
    }
}
