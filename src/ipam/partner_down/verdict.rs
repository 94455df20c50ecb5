//! Whether it is safe to tell a server that its partner is down: pure, and decided for every
//! evidence.

use std::fmt;

use super::{Evidence, ServerEvidence};
use crate::drivers::DriverError;
use crate::drivers::probe::{Found, ProbeItem};
use crate::model::FailoverState as S;
use crate::model::edit::Order;
use crate::model::server::Availability;
use crate::model::text::printable;
use crate::rules::facts::MAX_CLOCK_SKEW;
use crate::rules::kea_ha;

/// What the evidence says about the switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The partner is known not to serve, and why that is known.
    Safe(Vec<String>),
    /// Nobody knows, and why not.
    Unconfirmed(Vec<String>),
    /// Not now.
    Wait {
        /// What has to be so first.
        for_what: String,
    },
    /// Both would serve, and why.
    Dont(Vec<String>),
}

impl Verdict {
    /// It in a few words, as it stands at the top of the screen.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        match self {
            Verdict::Safe(_) => "SAFE TO SWITCH",
            Verdict::Unconfirmed(_) => "UNCONFIRMED: fence it first",
            Verdict::Wait { .. } => "WAIT",
            Verdict::Dont(_) => "DON'T: the partner is alive",
        }
    }

    /// Why, a sentence each.
    #[must_use]
    pub fn reasons(&self) -> Vec<&str> {
        match self {
            Verdict::Safe(why) | Verdict::Unconfirmed(why) | Verdict::Dont(why) => {
                why.iter().map(String::as_str).collect()
            }
            Verdict::Wait { for_what } => vec![for_what],
        }
    }

    /// Whether the operator has to type the relationship's name to go against it.
    #[must_use]
    pub fn needs_name(&self) -> bool {
        !matches!(self, Verdict::Safe(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.headline())
    }
}

/// What the evidence says. Only positive evidence makes it safe: silence looks the same whether
/// the partner died or only the way to it is cut.
#[must_use]
pub fn verdict(evidence: &Evidence) -> Verdict {
    let (survivor, partner) = (&evidence.survivor, &evidence.partner);
    if survivor.was_read() && survivor.state() == Some(S::PartnerDown) {
        return Verdict::Wait {
            for_what: format!(
                "{} is in Partner Down already: there is nothing left to switch, only the \
                 partner's return to wait for",
                survivor.server
            ),
        };
    }
    if let Some(for_what) = maintained(evidence) {
        return Verdict::Wait { for_what };
    }
    let alive = signs_of_life(evidence);
    if !alive.is_empty() {
        return Verdict::Dont(alive);
    }
    if let Some(for_what) = not_ready(evidence) {
        return Verdict::Wait { for_what };
    }
    let fenced = "you say that it is fenced: off, and not coming back by itself";
    let probe = &partner.probe;
    let stopped = probe.dhcp_service.found == Found::Refuses;
    match (is_there(partner), stopped) {
        (true, true) => {
            let mut why = vec![format!(
                "{}'s host answers, and its DHCP service is known to be stopped{}",
                partner.server,
                in_brackets(&probe.dhcp_service)
            )];
            if evidence.fenced {
                why.push(fenced.to_owned());
            }
            Verdict::Safe(why)
        }
        (true, false) => {
            let mut why = vec![format!(
                "{}'s host is there, and nobody says whether its DHCP service is stopped: {}",
                partner.server,
                said(&probe.dhcp_service)
            )];
            if evidence.fenced {
                why.push("you say that it is fenced, and yet its host answers".to_owned());
            }
            Verdict::Unconfirmed(why)
        }
        (false, _) if evidence.fenced => Verdict::Safe(vec![
            format!("nothing of {} answers", partner.server),
            fenced.to_owned(),
        ]),
        (false, _) => Verdict::Unconfirmed(silence(partner)),
    }
}

/// Why nothing is to be switched while either of the two is being maintained.
fn maintained(evidence: &Evidence) -> Option<String> {
    let survivor = &evidence.survivor;
    let status = survivor.status.as_ref().filter(|_| survivor.was_read())?;
    let words = [kea_ha::HOLDS_PARTNER, kea_ha::IN_MAINTENANCE];
    let is = words.into_iter().any(|word| kea_ha::says(status, word));
    let order = evidence.switch_order();
    let may = kea_ha::may_order(&order, &survivor.server, status);
    may.err().filter(|_| is)
}

/// Whether anything at all is there: even a door that is shut in one's face is a door.
fn is_there(server: &ServerEvidence) -> bool {
    let probe = &server.probe;
    let doors = [&probe.host, &probe.management, &probe.failover_port];
    let mut doors = doors.into_iter();
    doors.any(|item| matches!(item.found, Found::Answers | Found::Refuses))
}

/// Every sign that the partner lives.
fn signs_of_life(evidence: &Evidence) -> Vec<String> {
    let (survivor, partner) = (&evidence.survivor, &evidence.partner);
    let (here, there) = (&survivor.server, &partner.server);
    let probe = &partner.probe;
    let mut signs = Vec::new();
    let serves = probe.dhcp_service.found == Found::Answers;
    let read = partner.was_read()
        && matches!(
            partner.availability,
            Some(Availability::Running | Availability::Paused)
        );
    if serves || read {
        let paused = partner.availability == Some(Availability::Paused);
        signs.push(if paused {
            format!("{there}'s DHCP service is only paused: it keeps its state and can go on")
        } else {
            format!(
                "{there}'s DHCP service runs{}",
                in_brackets(&probe.dhcp_service)
            )
        });
    }
    if probe.failover_port.found == Found::Answers {
        signs.push(format!(
            "{there}'s failover port answers{}",
            in_brackets(&probe.failover_port)
        ));
    }
    let refused = match &partner.error {
        Some(error @ (DriverError::Refused { .. } | DriverError::Protocol { .. })) => {
            Some(error.to_string())
        }
        _ => (probe.management.found == Found::Refuses).then(|| said(&probe.management)),
    };
    // A server that is known to be stopped says nothing more by refusing to be managed.
    if let Some(refused) = refused.filter(|_| probe.dhcp_service.found != Found::Refuses) {
        signs.push(format!(
            "{there} answers, only not us: {refused}. A refused credential looks like a death"
        ));
    }
    let stopped = probe.dhcp_service.found == Found::Refuses;
    let lost = survivor.status.as_ref().and_then(|status| {
        let alone = status.state == S::CommunicationInterrupted;
        status.last_contact.filter(|_| alone)
    });
    if let (Some(last), Some(lost), false) = (&probe.last_lease, lost, stopped)
        && last.at > lost
    {
        signs.push(format!(
            "{there} granted a lease after {here} had last heard of it ({})",
            last.detail
        ));
    }
    if signs.is_empty() {
        return signs;
    }
    explain(evidence, serves || read, &mut signs);
    signs
}

/// What else is to be known of a partner that lives.
fn explain(evidence: &Evidence, serves: bool, signs: &mut Vec<String>) {
    let (survivor, partner) = (&evidence.survivor, &evidence.partner);
    let (here, there) = (&survivor.server, &partner.server);
    let skew = [survivor, partner].into_iter().find_map(|end| {
        let skew = end.status.as_ref()?.clock_skew?;
        (skew.unsigned_abs() > MAX_CLOCK_SKEW.unsigned_abs()).then_some(skew.unsigned_abs())
    });
    if let Some(skew) = skew {
        signs.push(format!(
            "their clocks differ by {skew} s, which alone ends contact: set them right"
        ));
    }
    if !survivor.was_read() {
        signs.push(format!(
            "it is {here} that can't be read: if {here} is the one that is down, partner down is \
             set on {there}"
        ));
        return;
    }
    if partner.was_read() && partner.status.is_none() {
        signs.push(format!(
            "{there} itself does not have the relationship '{}': if it is not to come back, delete \
             it on {here}, which keeps the scopes",
            printable(&evidence.relationship, 126)
        ));
        return;
    }
    match (
        survivor.state(),
        partner.state().filter(|_| partner.was_read()),
    ) {
        (_, Some(S::PartnerDown)) => signs.push(format!(
            "{there} has taken {here} for down itself: it serves every client already"
        )),
        (Some(S::CommunicationInterrupted | S::ResolutionInterrupted), _) if serves => {
            signs.push(
                "only the contact between the two is lost: both would serve the same addresses. \
                 Mend the contact, or stop its DHCP service first"
                    .to_owned(),
            );
        }
        (Some(_), _) if serves => signs.push(format!(
            "{here} is in state {}: there is nothing to take over",
            word(survivor)
        )),
        _ => {}
    }
    if let Some(Order::StartMaintenance { .. }) = evidence.instead() {
        signs.push(format!(
            "to switch {there} off in good order, use Start Maintenance: that can be cancelled"
        ));
    }
}

/// What keeps the survivor from being told, whatever became of its partner.
fn not_ready(evidence: &Evidence) -> Option<String> {
    let survivor = &evidence.survivor;
    let here = &survivor.server;
    if !survivor.was_read() {
        let why = survivor.error.as_ref().map(ToString::to_string);
        return Some(match why {
            Some(why) => format!("until {here} can be read: {why}"),
            None => format!("until {here} can be read"),
        });
    }
    if survivor.availability == Some(Availability::Paused) {
        return Some(format!(
            "until {here}'s own DHCP service, which is paused, serves again: resume it"
        ));
    }
    let Some(status) = &survivor.status else {
        return Some(format!(
            "until {here} says how the relationship stands: it does not"
        ));
    };
    let now = kea_ha::word(status);
    match status.state {
        S::CommunicationInterrupted | S::ResolutionInterrupted => None,
        S::Normal | S::PotentialConflict | S::ConflictDone => Some(format!(
            "until {here} itself has noticed that contact is lost (Communication Interrupted): it \
             is in state {now}"
        )),
        S::Recover | S::RecoverWait | S::RecoverDone => Some(format!(
            "until {here} has recovered ({now}): it was away itself, and does not know yet what its \
             partner gave out"
        )),
        S::NoState | S::Init | S::Startup => Some(format!(
            "until {here} has been in contact with its partner ({now}): it knows nothing of what \
             the partner gave out"
        )),
        S::Paused | S::Shutdown | S::PartnerDown => Some(format!(
            "until {here} is in Communication Interrupted: it is in state {now}"
        )),
    }
}

/// The state of a server, in its own word where it told one.
fn word(server: &ServerEvidence) -> String {
    let status = server.status.as_ref();
    status.map_or_else(|| "not known".to_owned(), kea_ha::word)
}

/// Why silence tells nothing.
fn silence(partner: &ServerEvidence) -> Vec<String> {
    let there = &partner.server;
    let probe = &partner.probe;
    let tried = [&probe.host, &probe.management, &probe.failover_port];
    let first = if tried.iter().any(|item| item.found == Found::Silent) {
        format!("nothing of {there} answers")
    } else {
        format!("nobody knows how {there} is: {}", said(&probe.host))
    };
    vec![
        first,
        format!(
            "silence is no proof: from here, a cut between us and {there} looks just like its \
             death. Switch it off, or unplug it, and say so"
        ),
    ]
}

fn said(item: &ProbeItem) -> String {
    if item.detail.is_empty() {
        item.found.word().to_owned()
    } else {
        item.detail.clone()
    }
}

fn in_brackets(item: &ProbeItem) -> String {
    match item.detail.as_str() {
        "" | "running" | "stopped" => String::new(),
        detail => format!(" ({detail})"),
    }
}
