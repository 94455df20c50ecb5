//! What a server is told to do that is not configuration, and whether it then did it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::KeaServer;
use super::prepare::expect;
use super::standing::{self, Standing, Terms, of_relationship};
use super::wire::{Answer, Command};
use super::write::in_kea_s_words;
use crate::config::KeaAddress;
use crate::drivers::{DriverError, Expected};
use crate::model::edit::Order;
use crate::model::text::printable;
use crate::rules::Code;

/// The partner is given ten seconds to answer, and the server answers nobody meanwhile.
const MAINTENANCE: Duration = Duration::from_secs(15);

/// The state of a server whose partner is prepared to be stopped.
const HOLDS: &str = "partner-in-maintenance";

impl KeaServer {
    /// Does what is ordered, and sees whether it was done.
    pub(super) async fn obey(
        &self,
        order: &Order,
        expected: Expected<'_>,
    ) -> Result<(), DriverError> {
        let _alone = self.writer.lock().await;
        let status = self.status().await?;
        self.abilities(status.pid).await?;
        if !expected.is_empty() {
            let now = self.configuration().await?;
            self.learn(&now);
            expect(&self.reader, &now, expected)?;
        }
        let name = match order {
            Order::RemoveLease { address, .. } => return self.remove_lease(*address).await,
            Order::SetPartnerDown { relationship }
            | Order::StartMaintenance { relationship }
            | Order::CancelMaintenance { relationship }
            | Order::ResetHa { relationship }
            | Order::GrantScopes { relationship, .. } => relationship,
        };
        let terms = self.terms_of(name).await?;
        let now = self.standing(&terms).await?;
        match order {
            Order::SetPartnerDown { .. } => self.set_partner_down(&terms, &now).await,
            Order::StartMaintenance { .. } => self.start_maintenance(&terms, &now).await,
            Order::CancelMaintenance { .. } => self.cancel_maintenance(&terms, &now).await,
            Order::ResetHa { .. } => self.reset(&terms).await,
            Order::GrantScopes { scopes, .. } => self.grant(&terms, &now, scopes).await,
            Order::RemoveLease { .. } => Ok(()),
        }
    }

    async fn remove_lease(&self, address: std::net::Ipv4Addr) -> Result<(), DriverError> {
        let command = Command::write("lease4-del")
            .within(Duration::from_secs(10))
            .with(&serde_json::json!({ "ip-address": address }));
        let answer = self.ask(&command).await?;
        match answer.result {
            Answer::SUCCESS => Ok(()),
            Answer::EMPTY => Err(self.refused(
                Code::ElementCantRemove,
                format!("there is no lease of {address}: somebody removed it already"),
            )),
            Answer::UNSUPPORTED => Err(self.unsupported(
                "a lease can only be deleted with the hook libdhcp_lease_cmds.so, which is not loaded".into(),
            )),
            _ => Err(self.refused(Code::ElementCantRemove, in_kea_s_words(&answer))),
        }
    }

    /// The terms of the relationship of that name, as it has them now.
    async fn terms_of(&self, name: &str) -> Result<Terms, DriverError> {
        let find = |all: &[Terms]| {
            let mut all = all.iter();
            all.find(|terms| terms.name.to_lowercase() == name.to_lowercase())
                .cloned()
        };
        if let Some(terms) = find(&self.known_terms()) {
            return Ok(terms);
        }
        let terms = self.learn(&self.configuration().await?);
        find(&terms).ok_or_else(|| {
            self.refused(
                Code::FoRelationshipDoesNotExist,
                format!("it has no failover relationship '{}'", printable(name, 130)),
            )
        })
    }

    pub(super) async fn standing(&self, terms: &Terms) -> Result<Standing, DriverError> {
        standing::standing(&*self.wire, &self.server, terms).await
    }

    async fn set_partner_down(&self, terms: &Terms, now: &Standing) -> Result<(), DriverError> {
        if now.state == "partner-down" {
            return Ok(());
        }
        self.may_start(terms, now)?;
        let asked = self.start(terms).await?;
        // Its words can't be trusted: it says the same of a partner that sent it away.
        let after = self.after(terms, now, &asked).await?;
        match after.state.as_str() {
            "partner-down" => Ok(()),
            "partner-in-maintenance" => {
                let cancelled = self.cancel(terms).await;
                let then = match cancelled {
                    Ok(()) => "that was cancelled at once, and nothing has changed".to_owned(),
                    Err(why) => format!("that could not be cancelled ({why}): cancel it by hand"),
                };
                Err(self.refused(
                    Code::FoStateNotNormal,
                    format!(
                        "its partner {} is alive: it answered, and prepared for maintenance; {then}. To stop the partner for a while, Start Maintenance is the way",
                        self.partner(terms)
                    ),
                ))
            }
            _ => Err(self.did_not(&asked, &after, "partner-down")),
        }
    }

    async fn start_maintenance(&self, terms: &Terms, now: &Standing) -> Result<(), DriverError> {
        if now.state == "partner-in-maintenance" {
            return Ok(());
        }
        self.may_start(terms, now)?;
        let asked = self.start(terms).await?;
        let after = self.after(terms, now, &asked).await?;
        match after.state.as_str() {
            "partner-in-maintenance" => Ok(()),
            "partner-down" => Err(DriverError::PartlyApplied {
                server: self.server.clone(),
                what: format!(
                    "its partner {} did not take part (it is down, or did not accept it), so this server took it for down: its state is partner-down, and it answers all clients alone. That can't be cancelled: it ends by itself once the partner is back",
                    self.partner(terms)
                ),
            }),
            _ => Err(self.did_not(&asked, &after, "partner-in-maintenance")),
        }
    }

    /// Whether Kea would begin at all.
    fn may_start(&self, terms: &Terms, now: &Standing) -> Result<(), DriverError> {
        let others = self.known_terms().len().saturating_sub(1);
        if others > 0 {
            return Err(self.unsupported(format!(
                "this server has {others} more relationship{}, and Kea would do it in all of them at once: nothing was sent",
                if others == 1 { "" } else { "s" }
            )));
        }
        let why = match now.state.as_str() {
            "backup" => "this server is a backup, which answers no clients",
            "in-maintenance" => {
                "this server is itself prepared to be stopped: cancel that on its partner first"
            }
            "partner-in-maintenance" => {
                "its partner is prepared to be stopped, so it is alive: stop it, and this server takes over by itself"
            }
            "partner-down" => "its partner is taken for down already",
            "terminated" => {
                "failover has ended on this server (terminated): put right why (clocks, mostly), and restart both servers"
            }
            _ => return Ok(()),
        };
        let name = printable(&terms.name, 130);
        Err(self.refused(Code::FoStateNotNormal, format!("{why} ('{name}')")))
    }

    /// Starts maintenance: what it said, or how its answer was lost.
    async fn start(&self, terms: &Terms) -> Result<Result<Answer, DriverError>, DriverError> {
        match self.ask(&maintenance_start(terms)).await {
            Err(error) if error.nothing_done() => Err(error),
            asked => Ok(asked),
        }
    }

    /// How it stands after a command that changes that. A server that was held up by its partner
    /// is given the time for it.
    async fn after(
        &self,
        terms: &Terms,
        before: &Standing,
        asked: &Result<Answer, DriverError>,
    ) -> Result<Standing, DriverError> {
        let lost = asked.is_err();
        let patience = Duration::from_secs(if lost { 15 } else { 1 });
        let until = Instant::now() + patience;
        loop {
            let now = self.standing(terms).await;
            let late = Instant::now() >= until;
            match now {
                Ok(now) if late || now.state != before.state => return Ok(now),
                Ok(now) if refused(asked) => return Ok(now),
                Err(error) if late => {
                    return Err(DriverError::OutcomeUnknown {
                        server: self.server.clone(),
                        why: format!("it was not heard of afterwards: {error}"),
                    });
                }
                Ok(_) | Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn did_not(
        &self,
        asked: &Result<Answer, DriverError>,
        after: &Standing,
        wanted: &str,
    ) -> DriverError {
        let state = &after.state;
        match asked {
            Ok(answer) if answer.result != Answer::SUCCESS => self.refused(
                Code::FoStateNotNormal,
                format!("{}; its state is {state}", in_kea_s_words(answer)),
            ),
            // What it says of its partner then may be true or not.
            Ok(_) => DriverError::PartlyApplied {
                server: self.server.clone(),
                what: format!("it said yes, yet its state is {state}, not {wanted}"),
            },
            Err(DriverError::OutcomeUnknown { why, .. }) => DriverError::OutcomeUnknown {
                server: self.server.clone(),
                why: format!("{why}; its state is {state} now"),
            },
            Err(error) => error.clone(),
        }
    }

    async fn cancel_maintenance(&self, terms: &Terms, now: &Standing) -> Result<(), DriverError> {
        if now.state != "partner-in-maintenance" {
            let why = match now.state.as_str() {
                "partner-down" => {
                    "its partner is taken for down, which can't be cancelled: it ends by itself once the partner is back"
                        .to_owned()
                }
                "in-maintenance" => {
                    "this server is the one prepared to be stopped: cancel it on its partner".to_owned()
                }
                state => format!("there is no maintenance to cancel: its state is {state}"),
            };
            return Err(self.refused(Code::FoStateNotNormal, why));
        }
        self.cancel(terms).await
    }

    /// Cancels the partner's maintenance, and sees that it is over.
    async fn cancel(&self, terms: &Terms) -> Result<(), DriverError> {
        let mut tries = 3;
        loop {
            tries -= 1;
            let command = Command::write("ha-maintenance-cancel").within(MAINTENANCE);
            let before = self.standing(terms).await?;
            let asked = match self.ask(&of_relationship(command, terms)).await {
                Err(error) if error.nothing_done() => return Err(error),
                asked => asked,
            };
            let mut after = self.after(terms, &before, &asked).await?;
            if after.state != HOLDS {
                // An answer of its partner that was under way says that this is in maintenance
                // still, and it takes up holding it again.
                sleep(Duration::from_millis(150)).await;
                after = self.standing(terms).await.unwrap_or(after);
            }
            match after.state.as_str() {
                HOLDS if tries > 0 && asked.is_ok() && !refused(&asked) => {}
                HOLDS => return Err(self.did_not(&asked, &after, "as before")),
                "partner-down" => {
                    return Err(DriverError::PartlyApplied {
                        server: self.server.clone(),
                        what: format!(
                            "its partner {} is gone meanwhile: its state is partner-down, which ends by itself once the partner is back",
                            self.partner(terms)
                        ),
                    });
                }
                _ => return Ok(()),
            }
        }
    }

    async fn reset(&self, terms: &Terms) -> Result<(), DriverError> {
        let command = Command::write("ha-reset").within(Duration::from_secs(10));
        let answer = self.ask(&of_relationship(command, terms)).await?;
        match answer.result {
            Answer::SUCCESS => Ok(()),
            _ => Err(self.refused(Code::FoStateNotNormal, in_kea_s_words(&answer))),
        }
    }

    /// Has it answer the clients of those servers. What it answers by right in its state it keeps.
    async fn grant(
        &self,
        terms: &Terms,
        now: &Standing,
        scopes: &[String],
    ) -> Result<(), DriverError> {
        let mut own = terms.own_scopes();
        let mut wanted = scopes.to_vec();
        let mut has = now.scopes.clone();
        for names in [&mut own, &mut wanted, &mut has] {
            names.sort_unstable();
        }
        if has == wanted {
            return Ok(());
        }
        let gives_back = wanted == own;
        let own_business = matches!(
            now.state.as_str(),
            "partner-down"
                | "partner-in-maintenance"
                | "in-maintenance"
                | "waiting"
                | "syncing"
                | "ready"
                | "backup"
                | "passive-backup"
        );
        if gives_back && own_business {
            return Ok(());
        }
        if !gives_back && !now.is_normal() {
            return Err(self.refused(
                Code::FoStateNotNormal,
                format!(
                    "it can answer for its partner only while both are well, and '{}' is {} on this server",
                    printable(&terms.name, 130),
                    now.state
                ),
            ));
        }
        let answer = self.ask(&ha_scopes(terms, scopes)).await?;
        if answer.result != Answer::SUCCESS {
            return Err(self.refused(Code::FoStateNotNormal, in_kea_s_words(&answer)));
        }
        let mut after = self.standing(terms).await?;
        after.scopes.sort_unstable();
        if after.scopes == wanted || after.state != now.state {
            return Ok(());
        }
        Err(DriverError::PartlyApplied {
            server: self.server.clone(),
            what: format!(
                "it said yes, yet it answers the clients of {}",
                match after.scopes.join(", ") {
                    none if none.is_empty() => "nobody".to_owned(),
                    some => printable(&some, 200),
                }
            ),
        })
    }

    /// Has a survivor take its partner for down again, after it was configured anew.
    pub(super) async fn force(&self, terms: &Terms) -> Result<(), DriverError> {
        let before = self.standing(terms).await?;
        let asked = self.start(terms).await?;
        let after = self.after(terms, &before, &asked).await?;
        match after.state.as_str() {
            "partner-down" => Ok(()),
            // The partner is back: it is no longer down, and all goes its usual way.
            "partner-in-maintenance" => self.cancel(terms).await,
            _ => Err(self.did_not(&asked, &after, "partner-down")),
        }
    }

    /// An order as it will be sent.
    pub(super) fn as_sent(&self, order: &Order) -> String {
        let known = self.known_terms();
        let of = |name: &str| {
            let mut known = known.iter();
            known.find(|terms| terms.name.to_lowercase() == name.to_lowercase())
        };
        let about = |command: &'static str, name: &str| {
            let command = Command::write(command);
            match of(name) {
                Some(terms) => of_relationship(command, terms),
                None => command,
            }
        };
        let command = match order {
            Order::SetPartnerDown { relationship } | Order::StartMaintenance { relationship } => {
                about("ha-maintenance-start", relationship)
            }
            Order::CancelMaintenance { relationship } => {
                about("ha-maintenance-cancel", relationship)
            }
            Order::ResetHa { relationship } => about("ha-reset", relationship),
            Order::GrantScopes {
                relationship,
                scopes,
            } => match of(relationship) {
                Some(terms) => ha_scopes(terms, scopes),
                None => Command::write("ha-scopes").with(&serde_json::json!({ "scopes": scopes })),
            },
            Order::RemoveLease { address, .. } => {
                Command::write("lease4-del").with(&serde_json::json!({ "ip-address": address }))
            }
        };
        // Over HTTP it says for which of the servers behind a Control Agent it is.
        let entry = self.entry.as_ref().map(|entry| &entry.address);
        let service = match entry {
            Some(KeaAddress::Url(_)) => r#","service":["dhcp4"]"#,
            Some(KeaAddress::Socket(_)) | None => "",
        };
        let arguments = command.arguments.map_or_else(String::new, |arguments| {
            format!(r#","arguments":{arguments}"#)
        });
        let text = format!(r#"{{"command":"{}"{service}{arguments}}}"#, command.name);
        printable(&text, 1000)
    }

    fn partner(&self, terms: &Terms) -> String {
        printable(&terms.partner, 80)
    }
}

fn refused(asked: &Result<Answer, DriverError>) -> bool {
    matches!(asked, Ok(answer) if answer.result != Answer::SUCCESS)
}

fn maintenance_start(terms: &Terms) -> Command {
    let command = Command::write("ha-maintenance-start").within(MAINTENANCE);
    of_relationship(command, terms)
}

fn ha_scopes(terms: &Terms, scopes: &[String]) -> Command {
    let arguments = serde_json::json!({ "scopes": scopes, "server-name": terms.own });
    Command::write("ha-scopes")
        .within(Duration::from_secs(10))
        .with(&arguments)
}
