//! After the switch: what is done, what goes on, and what is yet to come, until both are Normal.

use jiff::Timestamp;

use crate::ipam::estate::{End, RelationshipRow, ServerView};
use crate::model::FailoverState as S;
use crate::model::difference::Comparison;
use crate::model::edit::Order;
use crate::model::failover::{Mode, RelationshipStatus, Role};
use crate::model::server::{Availability, Product, ServerName};
use crate::rules::kea_ha;

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mark {
    /// It is done.
    Done,
    /// It goes on, or it is the operator's turn.
    Doing,
    /// Its turn comes later.
    Waiting,
}

/// One step on the way back to Normal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckStep {
    /// What it is.
    pub title: String,
    /// How far it is.
    pub mark: Mark,
    /// How it stands, in a sentence.
    pub sentence: String,
    /// When it ends, where that is known: what a countdown counts down to.
    pub until: Option<Timestamp>,
}

/// The way back to Normal, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checklist {
    /// Its steps.
    pub steps: Vec<CheckStep>,
    /// What went wrong on the way, and what to do.
    pub trouble: Option<String>,
    /// The order that would put that right, and on which server, where there is one.
    pub offer: Option<(ServerName, Order)>,
}

impl Checklist {
    /// Whether everything is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.trouble.is_none() && self.steps.iter().all(|step| step.mark == Mark::Done)
    }
}

/// How one end stands now: what it said when it was read the last time does not count once it
/// can't be read.
#[derive(Clone, Copy)]
struct Now<'a> {
    status: Option<&'a RelationshipStatus>,
    /// Whether it is one that serves nobody while the other one may.
    stands_by: bool,
}

impl Now<'_> {
    fn of<'a>(end: Option<&End<'a>>) -> Now<'a> {
        let end = end.filter(|end| end.view.error.is_none());
        let kea = end.is_some_and(|end| is_kea(end.view));
        let mode = end.map(|end| end.relationship.mode);
        let standby = |mode| {
            matches!(
                mode,
                Mode::HotStandby {
                    role: Role::Standby,
                    ..
                }
            )
        };
        Now {
            status: end.and_then(|end| end.status),
            stands_by: kea && mode.is_some_and(standby),
        }
    }

    fn says(&self, word: &str) -> bool {
        self.status.is_some_and(|status| kea_ha::says(status, word))
    }

    fn word(&self) -> String {
        self.status
            .map_or_else(|| "not known".to_owned(), kea_ha::word)
    }

    fn state(&self) -> Option<S> {
        self.status.map(|status| status.state)
    }
}

fn is_kea(view: &ServerView) -> bool {
    let reading = view.reading.as_ref();
    reading.is_some_and(|reading| reading.identity.product == Product::Kea)
}

/// A step before it is its turn: what it is, whether it is done, how it stands, when it ends.
type Link = (String, bool, String, Option<Timestamp>);

/// The checklist of a relationship in which `survivor` was told that its partner is down.
/// `partner`: what is known of the partner, where anything is; `compared`: both copies, where both
/// can be read ([`Estate::compare`](crate::ipam::Estate::compare)).
#[must_use]
pub fn checklist(
    row: &RelationshipRow<'_>,
    survivor: &ServerName,
    partner: Option<&ServerView>,
    compared: Option<&Comparison>,
    now: Timestamp,
) -> Checklist {
    let primary = row.primary == *survivor;
    let (here, there, name) = match primary {
        true => (&row.primary_end, &row.secondary_end, &row.secondary),
        false => (&row.secondary_end, &row.primary_end, &row.primary),
    };
    let (here, there) = (Now::of(here.as_ref()), Now::of(there.as_ref()));
    let normal = here.state() == Some(S::Normal) && there.state() == Some(S::Normal);
    let switched = normal
        || matches!(
            here.state(),
            Some(S::PartnerDown | S::Normal | S::PotentialConflict | S::ConflictDone)
        );
    let runs = there.state().is_some()
        && partner.is_none_or(|view| view.availability == Some(Availability::Running));
    let past = |states: &[S]| normal || there.state().is_some_and(|state| states.contains(&state));
    let same = normal && compared.is_some_and(Comparison::is_same);
    let kea = [row.primary_end.as_ref(), row.secondary_end.as_ref()]
        .into_iter()
        .flatten()
        .any(|end| is_kea(end.view));
    let mut chain: Vec<Link> = vec![
        (
            format!("{survivor} is in Partner Down"),
            switched,
            read_back(survivor, here, normal),
            None,
        ),
        (
            format!("{name}'s DHCP service runs again"),
            switched && runs,
            service(name, survivor, partner, runs),
            None,
        ),
    ];
    if kea {
        let found = past(&[S::RecoverDone]) || there.says(SYNCING);
        let copied = past(&[S::RecoverDone]);
        chain.extend([
            (
                format!("{name} finds {survivor} (waiting)"),
                switched && runs && found,
                finds(name, survivor, there, found),
                None,
            ),
            (
                format!("{name} copies {survivor}'s leases (syncing)"),
                switched && runs && copied,
                copies_leases(name, survivor, there, copied),
                None,
            ),
            (
                format!("{name} is ready (ready)"),
                switched && runs && copied,
                is_ready(survivor, copied),
                None,
            ),
        ]);
    } else {
        let recovered = past(&[S::RecoverWait, S::RecoverDone]);
        let waited = past(&[S::RecoverDone]);
        chain.extend([
            (
                format!("{name} learns what was given out (Recover)"),
                switched && runs && recovered,
                recover(name, survivor, there),
                None,
            ),
            (
                format!("{name} waits until MCLT has passed (Recover Wait)"),
                switched && runs && waited,
                recover_wait(name, there, waited),
                there.status.and_then(|status| status.recovers_at),
            ),
        ]);
    }
    chain.extend([
        (
            "Both are Normal".to_owned(),
            normal,
            both_normal(survivor, name, here, there),
            None,
        ),
        (
            "Both copies are the same".to_owned(),
            same,
            copies(survivor, compared.filter(|_| normal)),
            None,
        ),
    ]);
    let mut turn = true;
    let mut steps: Vec<CheckStep> = chain
        .into_iter()
        .map(|(title, done, sentence, until)| {
            let mark = match (turn, done) {
                (true, true) => Mark::Done,
                (true, false) => Mark::Doing,
                (false, _) => Mark::Waiting,
            };
            turn &= done;
            let until = until.filter(|_| mark == Mark::Doing);
            CheckStep {
                title,
                mark,
                sentence,
                until,
            }
        })
        .collect();
    if !kea {
        steps.insert(1, takeover(survivor, name, here, normal, switched, now));
    }
    let held = there.says(kea_ha::IN_MAINTENANCE);
    // One that its partner holds in maintenance is not stuck: that can be cancelled.
    let stuck = held && !here.says(kea_ha::HOLDS_PARTNER);
    let reset = || Order::ResetHa {
        relationship: row.name.to_owned(),
    };
    Checklist {
        steps,
        trouble: match stuck {
            true => Some(format!(
                "{name} is stuck in maintenance ({}) and serves nobody: it came to, and found the \
                 old request to make way. Reset HA there has it begin anew",
                kea_ha::IN_MAINTENANCE
            )),
            false => trouble(survivor, name, here, there),
        },
        offer: stuck.then(|| (name.clone(), reset())),
    }
}

/// Kea's word for a server that copies its partner's leases.
const SYNCING: &str = "syncing";

fn finds(partner: &ServerName, survivor: &ServerName, there: Now<'_>, found: bool) -> String {
    match there.state() {
        _ if found => "it has".to_owned(),
        Some(S::Recover) => format!("{partner} serves nobody until it has heard {survivor}"),
        Some(_) => format!("{partner} says {}", there.word()),
        None => format!("it begins when {partner} runs again, and reaches {survivor}"),
    }
}

fn copies_leases(
    partner: &ServerName,
    survivor: &ServerName,
    there: Now<'_>,
    copied: bool,
) -> String {
    match there.says(SYNCING) {
        true => format!(
            "{partner} asks for everything that was given out; {survivor} answers no client \
             meanwhile"
        ),
        false if copied => "it has".to_owned(),
        false => format!("so that {partner} knows what {survivor} gave out alone"),
    }
}

fn is_ready(survivor: &ServerName, copied: bool) -> String {
    match copied {
        true => "it is".to_owned(),
        false => format!("then {survivor} gives its share back"),
    }
}

fn read_back(survivor: &ServerName, here: Now<'_>, normal: bool) -> String {
    match here.status {
        None => format!("{survivor} can't be read: nobody knows whether it was done"),
        Some(status) if status.state == S::PartnerDown => {
            format!("read back from {survivor}: since {}", at(status.since))
        }
        Some(_) if normal => "it was, and is over".to_owned(),
        Some(_) => format!("{survivor} says {}", here.word()),
    }
}

/// The countdown to the partner's free addresses: it runs beside everything else.
fn takeover(
    survivor: &ServerName,
    partner: &ServerName,
    here: Now<'_>,
    normal: bool,
    switched: bool,
    now: Timestamp,
) -> CheckStep {
    let down = here.status.filter(|status| status.state == S::PartnerDown);
    let takes_over_at = down.and_then(|status| status.takes_over_at);
    let (mark, sentence, until) = match (down, takes_over_at) {
        (Some(_), Some(at)) if at <= now => (
            Mark::Done,
            format!("{survivor} gives out {partner}'s free addresses too"),
            None,
        ),
        (Some(_), Some(at)) => (
            Mark::Doing,
            format!("until then {survivor} gives out only its own free addresses"),
            Some(at),
        ),
        (Some(_), None) => (
            Mark::Done,
            format!("{survivor} has no MCLT to wait for"),
            None,
        ),
        (None, _) if normal => (Mark::Done, "no longer needed: both serve".to_owned(), None),
        (None, _) if switched => (Mark::Done, "no longer needed".to_owned(), None),
        (None, _) => (
            Mark::Waiting,
            "it begins with Partner Down".to_owned(),
            None,
        ),
    };
    CheckStep {
        title: "MCLT passes".to_owned(),
        mark,
        sentence,
        until,
    }
}

fn service(
    partner: &ServerName,
    survivor: &ServerName,
    view: Option<&ServerView>,
    runs: bool,
) -> String {
    if runs {
        return format!("{partner} answers");
    }
    match view.and_then(|view| view.availability) {
        Some(Availability::Stopped) => {
            format!("its host answers: start the service once {partner} can reach {survivor} again")
        }
        Some(Availability::Paused) => "it is paused: resume it".to_owned(),
        Some(Availability::Running) => {
            format!(
                "it runs, and does not say how the relationship stands: is it still on {partner}?"
            )
        }
        Some(Availability::NotReachable) | None => format!(
            "not reachable: mend the host, and see to it that it reaches {survivor} before its \
             service starts"
        ),
    }
}

fn recover(partner: &ServerName, survivor: &ServerName, there: Now<'_>) -> String {
    match there.state() {
        Some(S::Recover | S::Startup | S::Init | S::NoState) => {
            format!("{partner} asks {survivor} for everything that was given out")
        }
        Some(S::RecoverWait | S::RecoverDone | S::Normal) => "it has".to_owned(),
        Some(state) => format!("{partner} says {}", state.label()),
        None => format!("it begins when {partner} hears {survivor} again"),
    }
}

fn recover_wait(partner: &ServerName, there: Now<'_>, waited: bool) -> String {
    match there.state() {
        Some(S::RecoverWait) => {
            format!("{partner} answers no client until then, so that old leases run out")
        }
        _ if waited => "it has".to_owned(),
        _ => "only if it was away for less than MCLT".to_owned(),
    }
}

fn both_normal(
    survivor: &ServerName,
    partner: &ServerName,
    here: Now<'_>,
    there: Now<'_>,
) -> String {
    let word = |end: Now<'_>| end.word();
    format!(
        "{survivor} says {}, {partner} says {}",
        word(here),
        word(there)
    )
}

fn copies(survivor: &ServerName, compared: Option<&Comparison>) -> String {
    match compared {
        None => "compared when both are Normal".to_owned(),
        Some(found) if found.is_same() => "compared field by field: no difference".to_owned(),
        Some(found) if found.differences.is_empty() => {
            "no difference, as far as both copies could be read".to_owned()
        }
        Some(found) => {
            let count = found.differences.len();
            let differences = if count == 1 {
                "1 difference".to_owned()
            } else {
                format!("{count} differences")
            };
            format!("{differences}: look at them, then replicate from {survivor}")
        }
    }
}

/// What should not be: the partner served while the survivor took it for down.
fn trouble(
    survivor: &ServerName,
    partner: &ServerName,
    here: Now<'_>,
    there: Now<'_>,
) -> Option<String> {
    match (here.state()?, there.state()?) {
        (_, S::Shutdown) if there.says("terminated") => Some(format!(
            "{partner} has given HA up ({}): put right why, mostly the clocks, then reset HA there",
            there.word()
        )),
        (S::PartnerDown, S::PartnerDown) => Some(format!(
            "each has taken the other for down, and both serve every client: stop the DHCP \
             service of {partner} until the two are in contact"
        )),
        (S::PartnerDown, S::CommunicationInterrupted) if there.stands_by => Some(format!(
            "{partner} is up, and has no contact to {survivor}: it serves nobody as the standby, \
             until it takes {survivor} for down. Mend the contact"
        )),
        (S::PartnerDown, S::CommunicationInterrupted | S::ResolutionInterrupted) => Some(format!(
            "{partner} serves, and has no contact to {survivor}: both give out addresses. Stop \
                 its DHCP service until the two are in contact"
        )),
        (here, there) => {
            let conflict = |state| {
                matches!(
                    state,
                    S::PotentialConflict | S::ConflictDone | S::ResolutionInterrupted
                )
            };
            (conflict(here) || conflict(there)).then(|| {
                "both have served alone, and now compare what they gave out: addresses given twice \
                 show up as conflicts"
                    .to_owned()
            })
        }
    }
}

fn at(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
