//! What every driver has to hold, whatever kind of server it speaks to: the bench that a kind of
//! server brings along, and how the cases are run on it.

mod failover;
mod reading;
mod samples;
mod writing;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use twinscope::drivers::{BoxFuture, Driver, DriverError, LeaseQuery, Readings};
use twinscope::model::address::free_addresses;
use twinscope::model::fingerprint::fingerprint;
use twinscope::model::scope::Seconds;
use twinscope::model::{
    ClientId, Edit, Fingerprint, ObjectRef, Reservation, Scope, ScopeId, ServerConfig,
    ServerReading,
};
use twinscope::rules::{Code, Facts, Rulebook};

pub use samples::Kind;

/// A pair of servers in contact, 0 and 1, to try a driver on. Every case gets one that is as it
/// was made: the cases leave behind what they did.
pub trait Bench: Send + Sync {
    /// The two servers.
    fn pair(&self) -> [Arc<dyn Driver>; 2];

    /// A scope in the relationship of the two: equal copies on both, one range, at least 40 of its
    /// addresses not excluded, reserved or leased. Leases in it are wanted: at least three.
    fn scope(&self) -> ScopeId;

    /// Another scope that server 0 has, and that no case but one by somebody else changes.
    fn other_scope(&self) -> ScopeId;

    /// A subnet, /24 or wider, in which neither server has a scope.
    fn spare(&self) -> ScopeId;

    /// The relationship that the scope is in, as both servers name it.
    fn relationship(&self) -> String;

    /// Whether the edit has a meaning on these servers. One that has none must be `Unsupported`,
    /// and change nothing.
    fn knows(&self, edit: &Edit) -> bool;

    /// The edit without what has no meaning on these servers, where something is left of it: a
    /// scope without its exclusions. All of it is tried, and must be `Unsupported`; then what is
    /// left.
    fn fit(&self, edit: Edit) -> Edit {
        edit
    }

    /// A State Switchover Interval that the servers can have, and do not have yet.
    fn switch_interval(&self) -> Seconds {
        Seconds(7777)
    }

    /// What a scope is called once it was given that name.
    fn scope_name(&self, scope: ScopeId, given: &str) -> String {
        let _ = scope;
        given.to_owned()
    }

    /// What is kept of a text given as an option's value.
    fn option_text(&self, given: &str) -> String {
        given.to_owned()
    }

    /// Edits that mean something, and of which the servers have no room for so much. They must be
    /// refused as the rules refuse them, and change nothing.
    fn too_much(&self) -> Vec<Edit>;

    /// Whether edits of this kind change the partner too, as Windows' own failover cmdlets do.
    fn changes_both(&self, kind: Kind) -> bool {
        let _ = kind;
        false
    }

    /// By which rules the servers decide.
    fn rulebook(&self) -> Rulebook {
        Rulebook::LATEST
    }

    /// Whether a server that has lost its partner takes a change and stays as it is. One that would
    /// take its partner for down over it must refuse it, until partner down is set.
    fn writes_alone(&self, server: usize) -> bool {
        let _ = server;
        true
    }

    /// Somebody else changes a server: past the driver under test, and waits until it is done.
    fn outside_edit<'a>(&'a self, server: usize, edit: &'a Edit) -> BoxFuture<'a, ()>;

    /// Stops a server's DHCP service; its host still answers, where there is something on it that
    /// can.
    fn stop(&self, server: usize) -> Option<BoxFuture<'_, ()>>;

    /// Takes a server away without a word: nothing answers any more.
    fn kill(&self, server: usize) -> Option<BoxFuture<'_, ()>>;

    /// Brings back what was stopped or killed.
    fn start(&self, server: usize) -> Option<BoxFuture<'_, ()>>;

    /// Breaks the link between the two; whoever administers them still reaches both.
    fn cut(&self) -> Option<BoxFuture<'_, ()>>;

    /// Mends it.
    fn join(&self) -> Option<BoxFuture<'_, ()>>;

    /// Lets some time pass while a state is waited for.
    fn pass(&self) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(250)))
    }

    /// How often time may pass until a state that must come has come.
    fn patience(&self) -> u32 {
        480
    }
}

/// Why a case could not be tried: what the bench has no means for.
#[derive(Debug)]
pub struct Skip(String);

/// What a case comes to; what does not hold is a panic.
pub type Outcome = Result<(), Skip>;

/// A bench as the cases hold it.
pub type Held = Arc<dyn Bench>;

struct Case {
    name: &'static str,
    run: fn(Held) -> BoxFuture<'static, Outcome>,
}

macro_rules! cases {
    ($($room:ident :: $case:ident),* $(,)?) => {
        &[$(Case {
            name: concat!(stringify!($room), "::", stringify!($case)),
            run: |bench| Box::pin(async move { $room::$case(&bench).await }),
        }),*]
    };
}

const CASES: &[Case] = cases![
    // The longest first: the others are tried beside them.
    samples::every_edit_is_there_not_at_the_partner_and_taken_back,
    writing::hostile_text_is_kept_or_refused,
    reading::a_reading_says_who_when_and_what,
    reading::reading_twice_is_the_same_and_writes_nothing,
    reading::what_somebody_else_changed_alone_is_new,
    reading::read_back_agrees_with_the_reading,
    reading::leases_come_in_pages,
    reading::leases_are_found_by_client,
    reading::leases_of_what_is_not_there,
    samples::every_kind_of_edit_has_a_sample,
    writing::several_edits_are_all_done_or_none,
    writing::what_is_as_expected_is_written,
    writing::what_somebody_else_changed_is_stale,
    writing::what_else_changed_does_not_disturb,
    writing::an_order_looks_at_what_is_expected,
    writing::refusals_have_their_number,
    writing::errors_are_one_line,
    writing::stale_errors_are_one_line,
    writing::different_reservations_at_once,
    writing::the_same_address_at_once,
    writing::expanding_keeps_the_step,
    failover::in_contact_both_are_normal,
    failover::partner_down_is_refused_in_contact,
    failover::a_stopped_partner,
    failover::a_killed_partner,
    failover::a_cut_link,
];

/// Runs every case, each on a bench from `make` that is as it was made, which is given the case's
/// name; so many of them at once, each on a bench of its own.
///
/// A skipped case is named on the standard error; with `CI=true` it fails.
///
/// # Panics
/// When a case fails, after all of them were tried: with the name of each that did.
pub async fn hold<F, Made>(lanes: usize, make: F)
where
    F: Fn(&'static str) -> Made + Send + Sync + 'static,
    Made: Future<Output = Held> + Send + 'static,
{
    let (make, next) = (Arc::new(make), Arc::new(AtomicUsize::new(0)));
    let lanes: Vec<_> = (0..lanes)
        .map(|_| {
            let (make, next) = (Arc::clone(&make), Arc::clone(&next));
            tokio::spawn(async move {
                let mut failed = Vec::new();
                while let Some(case) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failed.extend(try_case(case, make(case.name)).await);
                }
                failed
            })
        })
        .collect();
    let mut failed = Vec::new();
    for lane in lanes {
        failed.extend(lane.await.expect("a bench is made"));
    }
    assert!(
        failed.is_empty(),
        "{} of {} cases of the contract do not hold:\n{}",
        failed.len(),
        CASES.len(),
        failed.join("\n")
    );
}

/// How the case fails, if it does.
async fn try_case(case: &Case, bench: impl Future<Output = Held>) -> Option<String> {
    let strict = std::env::var("CI").is_ok_and(|ci| ci == "true");
    match tokio::spawn((case.run)(bench.await)).await {
        Ok(Ok(())) => None,
        Ok(Err(Skip(why))) => {
            say(&format!("contract {} skipped: {why}", case.name));
            strict.then(|| format!("{}: skipped, which CI does not allow", case.name))
        }
        Err(error) => {
            let why = match error.try_into_panic() {
                Ok(panic) => message(&*panic),
                Err(error) => error.to_string(),
            };
            say(&format!("contract {} FAILED", case.name));
            Some(format!("{}: {why}", case.name))
        }
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

// What the cases share.

/// The means, or a reason to skip the case.
async fn with_means(what: &str, means: Option<BoxFuture<'_, ()>>) -> Outcome {
    match means {
        Some(doing) => {
            doing.await;
            Ok(())
        }
        None => Err(Skip(format!("this bench can't {what}"))),
    }
}

fn driver(bench: &Held, server: usize) -> Arc<dyn Driver> {
    Arc::clone(&bench.pair()[server])
}

async fn read(bench: &Held, server: usize) -> ServerReading {
    let driver = driver(bench, server);
    match driver.read(None).await {
        Ok(reading) => reading,
        Err(error) => panic!("server {server} can't be read: {error}"),
    }
}

async fn config(bench: &Held, server: usize) -> Arc<ServerConfig> {
    read(bench, server).await.config
}

async fn readings(bench: &Held) -> Readings {
    let mut readings = Readings::new();
    for server in 0..2 {
        let reading = read(bench, server).await;
        readings.insert(reading.identity.name.clone(), Arc::new(reading));
    }
    readings
}

/// What edits expect to find, as a plan made from that configuration would say it.
fn expected(config: &ServerConfig, edits: &[Edit]) -> Vec<(ObjectRef, Option<Fingerprint>)> {
    let objects: BTreeSet<ObjectRef> = edits.iter().flat_map(Edit::touches).collect();
    objects
        .into_iter()
        .map(|object| (object.clone(), fingerprint(config, &object)))
        .collect()
}

/// Applies edits to what the server has now.
async fn apply(bench: &Held, server: usize, edits: &[Edit]) -> Result<(), DriverError> {
    let expected = expected(&*config(bench, server).await, edits);
    driver(bench, server).apply(edits, &expected).await
}

/// Applies edits that must be accepted.
async fn put(bench: &Held, server: usize, edits: &[Edit]) {
    if let Err(error) = apply(bench, server, edits).await {
        panic!("{}: {error}", shown(edits));
    }
}

fn shown(edits: &[Edit]) -> String {
    let lines: Vec<String> = edits.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// The error, which must read as one line and say that nothing was done.
fn refusal<T: fmt::Debug>(result: Result<T, DriverError>, what: &str) -> DriverError {
    let error = match result {
        Ok(done) => panic!("{what} was done: {done:?}"),
        Err(error) => error,
    };
    one_line(&error.to_string());
    assert!(error.nothing_done(), "{what}: {error}");
    error
}

/// The number with which the server refused.
fn code<T: fmt::Debug>(result: Result<T, DriverError>, what: &str) -> Code {
    match refusal(result, what) {
        DriverError::Refused { error, .. } => error.code,
        other => panic!("{what}: not refused, but {other}"),
    }
}

fn one_line(text: &str) {
    assert!(!text.trim().is_empty(), "an error without words");
    let unfit = text.chars().find(|c| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(unfit, None, "an error that is not fit to show: {text:?}");
}

/// What is known of a server when its configuration alone is.
fn facts(bench: &Held, server: usize) -> Facts {
    Facts::of(driver(bench, server).server().clone(), bench.rulebook())
}

/// The scope of the relationship, as a server holds it.
fn held(bench: &Held, config: &ServerConfig) -> Arc<Scope> {
    let scope = config.scopes.get(&bench.scope());
    Arc::clone(scope.expect("the bench's scope is on both servers"))
}

/// So many addresses of the scope that are free on both servers, and follow each other.
async fn free(bench: &Held, wanted: usize) -> Vec<Ipv4Addr> {
    let query = LeaseQuery {
        scope: Some(bench.scope()),
        ..LeaseQuery::default()
    };
    let mut taken = BTreeSet::new();
    let mut excluded = Vec::new();
    let mut ranges = Vec::new();
    for server in 0..2 {
        let scope = held(bench, &*config(bench, server).await);
        taken.extend(scope.reservations.keys().copied());
        excluded.extend(scope.exclusions.iter().copied());
        ranges = scope.ranges.clone();
        let leases = driver(bench, server).leases(&query).await;
        taken.extend(leases.expect("leases are read").iter().map(|l| l.address));
    }
    let free: Vec<Ipv4Addr> = free_addresses(&ranges, &excluded, &taken).collect();
    let apart = |run: &&[Ipv4Addr]| u32::from(run[run.len() - 1]) - u32::from(run[0]);
    let run = free
        .windows(wanted)
        .find(|run| apart(run) as usize + 1 == wanted);
    match run {
        Some(run) => run.to_vec(),
        None if free.len() >= wanted => free[..wanted].to_vec(),
        None => panic!("the bench's scope has only {} free addresses", free.len()),
    }
}

/// A client that nobody else is.
fn client(number: u8) -> ClientId {
    ClientId::mac([0x02, 0xc0, 0x47, 0x2a, 0xc7, number])
}

fn reserve(bench: &Held, address: Ipv4Addr, number: u8) -> Edit {
    Edit::AddReservation {
        scope: bench.scope(),
        reservation: Reservation::new(address, client(number)),
    }
}
