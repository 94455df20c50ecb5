//! Jobs: what is asked of IPAM away from the screen, and what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::preferences::Preferences;
use super::table::filter::Filter;
use super::table::order::{Ordered, Sort};
use super::table::source::SharedSource;
use super::world::World;
use crate::drivers::LeaseQuery;
use crate::ipam::partner_down::Evidence;
use crate::ipam::{
    Cancel, Ipam, JournalEntry, JournalQuery, Outcome, PlanError, Progress, Spell, StepResult,
    Usage,
};
use crate::model::plan::{Intent, PlanId};
use crate::model::{Lease, Plan, ScopeId, ServerName};

/// So many servers are asked at a time.
const AT_A_TIME: usize = 16;

/// A job's number; never used twice in a run.
pub type JobId = u64;

/// What is asked for.
#[derive(Clone)]
pub enum JobRequest {
    /// What would be done.
    Plan(Box<Intent>),
    /// Does it.
    CarryOut(Box<Plan>),
    /// Reads servers anew; none means all.
    Retrieve(Vec<ServerName>),
    /// Reads the journal, and what undo would take back.
    Journal(JournalQuery),
    /// Reads a page of leases of one server.
    Leases(ServerName, LeaseQuery),
    /// Reads leases of several servers at once; each answers when it can.
    LeasesOn(Vec<ServerName>, LeaseQuery),
    /// Reads all leases of a server, page by page.
    AllLeases(ServerName),
    /// Reads how full a scope of a server was since then.
    Usage(ServerName, ScopeId, Timestamp),
    /// Reads the states that the ends of a relationship went through.
    States(String, Vec<ServerName>),
    /// Orders the rows of a large table: the table's generation comes back with it.
    Order {
        /// The table's generation.
        generation: u64,
        /// The rows.
        source: SharedSource,
        /// Which of them.
        filter: Filter,
        /// In which order.
        sort: Sort,
        /// An order of that source and sort that has every row wanted, if there is one.
        before: Option<Arc<Vec<u32>>>,
        /// What cells are made from.
        world: Box<World>,
    },
    /// Writes down the operator's taste.
    Remember(Box<Preferences>),
    /// Gathers what is known before a server is told that its partner is down: the server that
    /// would be told, and the relationship.
    Gather(ServerName, String),
}

impl std::fmt::Debug for JobRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JobRequest::Plan(intent) => f.debug_tuple("Plan").field(intent).finish(),
            JobRequest::CarryOut(plan) => f.debug_tuple("CarryOut").field(&plan.title).finish(),
            JobRequest::Retrieve(servers) => f.debug_tuple("Retrieve").field(servers).finish(),
            JobRequest::Journal(query) => f.debug_tuple("Journal").field(query).finish(),
            JobRequest::Leases(server, query) => {
                f.debug_tuple("Leases").field(server).field(query).finish()
            }
            JobRequest::LeasesOn(servers, query) => f
                .debug_tuple("LeasesOn")
                .field(servers)
                .field(query)
                .finish(),
            JobRequest::AllLeases(server) => f.debug_tuple("AllLeases").field(server).finish(),
            JobRequest::Usage(server, scope, _) => {
                f.debug_tuple("Usage").field(server).field(scope).finish()
            }
            JobRequest::States(name, servers) => {
                f.debug_tuple("States").field(name).field(servers).finish()
            }
            JobRequest::Order { generation, .. } => {
                f.debug_tuple("Order").field(generation).finish()
            }
            JobRequest::Remember(_) => f.write_str("Remember"),
            JobRequest::Gather(server, relationship) => f
                .debug_tuple("Gather")
                .field(server)
                .field(relationship)
                .finish(),
        }
    }
}

impl JobRequest {
    /// What is said to be going on.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            JobRequest::Plan(_) => "Working out what would be done".to_owned(),
            JobRequest::CarryOut(plan) => plan.title.clone(),
            JobRequest::Retrieve(_) => "Retrieving server data".to_owned(),
            JobRequest::Journal(_) => "Reading the journal".to_owned(),
            JobRequest::LeasesOn(servers, _) => format!("Asking {} servers", servers.len()),
            JobRequest::Leases(server, _) | JobRequest::AllLeases(server) => {
                format!("Reading leases of {server}")
            }
            JobRequest::Usage(..) | JobRequest::States(..) => "Reading the history".to_owned(),
            JobRequest::Order { .. } => "Sorting".to_owned(),
            JobRequest::Remember(_) => "Saving the view".to_owned(),
            JobRequest::Gather(server, _) => format!("Gathering evidence for {server}"),
        }
    }
}

/// What a job says. Every job ends with exactly one message for which [`Said::is_last`] holds.
#[derive(Clone, Debug)]
pub enum Said {
    /// The plan, or why there is none.
    Planned(Result<Box<Plan>, Arc<PlanError>>),
    /// A step of the plan begins (`None`) or ended.
    Step(usize, Option<StepResult>),
    /// The plan has ended.
    CarriedOut(Box<Outcome>),
    /// The servers were read.
    Retrieved,
    /// The journal, and what undo would take back.
    Journal(Arc<Vec<JournalEntry>>, Option<(PlanId, String)>),
    /// Leases of a server.
    Leases(ServerName, LeaseQuery, Vec<Lease>),
    /// One of several servers' leases, or why they can't be read.
    LeasesThere(ServerName, Result<Vec<Lease>, String>),
    /// A page of the leases of a server, of which more come.
    Page(ServerName, LeaseQuery, Vec<Lease>),
    /// How full a scope was.
    Usage(ServerName, ScopeId, Vec<Usage>),
    /// The states that the ends of a relationship went through.
    States(String, Vec<(ServerName, Vec<Spell>)>),
    /// The rows in order.
    Ordered(u64, Ordered),
    /// What is known of a relationship of which one server may be down.
    Gathered(Result<Box<Evidence>, Arc<PlanError>>),
    /// Nothing to say but that it is done.
    Done,
    /// It could not be done, and why.
    Failed(String),
}

impl Said {
    /// Whether the job has nothing more to say.
    #[must_use]
    pub fn is_last(&self) -> bool {
        !matches!(
            self,
            Said::Step(..) | Said::Page(..) | Said::LeasesThere(..)
        )
    }
}

/// A message of a job.
#[derive(Clone, Debug)]
pub struct JobMessage {
    /// Whose.
    pub job: JobId,
    /// What.
    pub said: Said,
}

/// The jobs that run, and how they are stopped.
#[derive(Debug)]
pub struct Jobs {
    ipam: Ipam,
    preferences: std::path::PathBuf,
    messages: mpsc::Sender<JobMessage>,
    cancels: BTreeMap<JobId, Cancel>,
    /// The newest job that has written down the operator's taste.
    remembered: Arc<Mutex<JobId>>,
    /// Those that change something on a server.
    writes: BTreeSet<JobId>,
}

impl Jobs {
    /// Jobs that reach servers through `ipam` and say what they have to say to `messages`.
    #[must_use]
    pub fn new(
        ipam: Ipam,
        preferences: std::path::PathBuf,
        messages: mpsc::Sender<JobMessage>,
    ) -> Jobs {
        Jobs {
            ipam,
            preferences,
            messages,
            cancels: BTreeMap::new(),
            remembered: Arc::default(),
            writes: BTreeSet::new(),
        }
    }

    /// Begins a job.
    pub fn spawn(&mut self, job: JobId, request: JobRequest) {
        self.cancels.retain(|_, cancel| !cancel.is_cancelled());
        let cancel = Cancel::new();
        self.cancels.insert(job, cancel.clone());
        if matches!(request, JobRequest::CarryOut(_)) {
            self.writes.insert(job);
        }
        let (ipam, messages) = (self.ipam.clone(), self.messages.clone());
        let taste = Taste {
            file: self.preferences.clone(),
            newest: Arc::clone(&self.remembered),
        };
        tokio::spawn(async move {
            let told = messages.clone();
            let work = tokio::spawn(run(ipam, job, request, taste, cancel, messages));
            let said = match work.await {
                Ok(said) => said,
                Err(why) => Said::Failed(format!("this went wrong inside the program: {why}")),
            };
            let _ = told.send(JobMessage { job, said }).await;
        });
    }

    /// Asks a job to stop; it says how far it came.
    pub fn cancel(&mut self, job: JobId) {
        if let Some(cancel) = self.cancels.get(&job) {
            cancel.cancel();
        }
    }

    /// Forgets a job that has ended.
    pub fn ended(&mut self, job: JobId) {
        self.cancels.remove(&job);
        self.writes.remove(&job);
    }

    /// Whether something is being changed on a server.
    #[must_use]
    pub fn writing(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Asks every job to stop, and waits until no step of a plan is under way any more, for so
    /// long at the most: who leaves in the middle of a step leaves behind a change of which nobody
    /// knows how it ended.
    pub async fn settle(&mut self, messages: &mut mpsc::Receiver<JobMessage>, most: Duration) {
        self.cancels.values().for_each(Cancel::cancel);
        let settled = async {
            while self.writing() {
                match messages.recv().await {
                    Some(message) if message.said.is_last() => self.ended(message.job),
                    Some(_) => {}
                    None => break,
                }
            }
        };
        // What is late is found by the next session, as after a crash.
        let _ = tokio::time::timeout(most, settled).await;
    }
}

/// Where the operator's taste is written down.
struct Taste {
    file: std::path::PathBuf,
    newest: Arc<Mutex<JobId>>,
}

impl Taste {
    /// Writes it down, unless a later job has done so already.
    fn remember(&self, job: JobId, taste: &Preferences) -> std::io::Result<()> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if job < *newest {
            return Ok(());
        }
        *newest = job;
        taste.save(&self.file)
    }
}

async fn run(
    ipam: Ipam,
    job: JobId,
    request: JobRequest,
    taste: Taste,
    cancel: Cancel,
    messages: mpsc::Sender<JobMessage>,
) -> Said {
    match request {
        JobRequest::Plan(intent) => {
            Said::Planned(ipam.plan(*intent).await.map(Box::new).map_err(Arc::new))
        }
        JobRequest::CarryOut(plan) => {
            // Steps are few; a channel of its own keeps their order without holding up the plan.
            let (tell, mut told) = mpsc::unbounded_channel();
            let progress = Progress::to(move |place, result| {
                let _ = tell.send((place, result.cloned()));
            });
            let forward = tokio::spawn(async move {
                while let Some((place, result)) = told.recv().await {
                    let said = Said::Step(place, result);
                    if messages.send(JobMessage { job, said }).await.is_err() {
                        break;
                    }
                }
            });
            let outcome = ipam.carry_out(*plan, &progress, &cancel).await;
            drop(progress);
            let _ = forward.await;
            Said::CarriedOut(Box::new(outcome))
        }
        JobRequest::Retrieve(servers) => {
            if servers.is_empty() {
                ipam.collect().await;
            } else {
                ipam.collect_only(&servers).await;
            }
            Said::Retrieved
        }
        JobRequest::Journal(query) => journal(ipam, query).await,
        JobRequest::Leases(server, query) => match ipam.leases(&server, &query).await {
            Ok(leases) => Said::Leases(server, query, leases),
            Err(why) => Said::Failed(why.to_string()),
        },
        JobRequest::AllLeases(server) => all_leases(&ipam, job, server, &cancel, &messages).await,
        JobRequest::Usage(server, scope, since) => {
            let of = (server.clone(), scope);
            let read = tokio::task::spawn_blocking(move || ipam.utilisation(&of.0, of.1, since));
            match read.await {
                Ok(Ok(usage)) => Said::Usage(server, scope, usage),
                Ok(Err(why)) => Said::Failed(why.to_string()),
                Err(why) => Said::Failed(why.to_string()),
            }
        }
        JobRequest::States(name, servers) => {
            let relationship = name.clone();
            let read = tokio::task::spawn_blocking(move || {
                let states = |server: ServerName| {
                    let states = ipam.states(&relationship, &server)?;
                    Ok::<_, crate::ipam::StoreError>((server, states))
                };
                servers
                    .into_iter()
                    .map(states)
                    .collect::<Result<Vec<_>, _>>()
            });
            match read.await {
                Ok(Ok(states)) => Said::States(name, states),
                Ok(Err(why)) => Said::Failed(why.to_string()),
                Err(why) => Said::Failed(why.to_string()),
            }
        }
        JobRequest::Order {
            generation,
            source,
            filter,
            sort,
            before,
            world,
        } => {
            let ordered = tokio::task::spawn_blocking(move || match before {
                Some(before) => Ordered::within(source.as_ref(), &filter, &before, &world),
                None => Ordered::of(source.as_ref(), &filter, &sort, &world),
            });
            match ordered.await {
                Ok(ordered) => Said::Ordered(generation, ordered),
                Err(why) => Said::Failed(why.to_string()),
            }
        }
        JobRequest::LeasesOn(servers, query) => {
            leases_on(&ipam, job, servers, &query, &messages).await;
            Said::Done
        }
        JobRequest::Gather(server, relationship) => {
            let gathered = ipam.gather(&server, &relationship).await;
            Said::Gathered(gathered.map(Box::new).map_err(Arc::new))
        }
        JobRequest::Remember(preferences) => {
            let saved = tokio::task::spawn_blocking(move || taste.remember(job, &preferences));
            match saved.await {
                Ok(Ok(())) => Said::Done,
                Ok(Err(why)) => Said::Failed(why.to_string()),
                Err(why) => Said::Failed(why.to_string()),
            }
        }
    }
}

/// Asks several servers, some at a time; each is told of as soon as it has answered.
async fn leases_on(
    ipam: &Ipam,
    job: JobId,
    servers: Vec<ServerName>,
    query: &LeaseQuery,
    messages: &mpsc::Sender<JobMessage>,
) {
    let turn = Arc::new(Semaphore::new(AT_A_TIME));
    let mut asking = JoinSet::new();
    for server in servers {
        let (ipam, query, turn) = (ipam.clone(), query.clone(), Arc::clone(&turn));
        asking.spawn(async move {
            let _turn = turn.acquire().await;
            let answer = ipam.leases(&server, &query).await;
            Said::LeasesThere(server, answer.map_err(|why| why.to_string()))
        });
    }
    while let Some(said) = asking.join_next().await {
        // Who panics has nothing to say, and the others still have.
        if let Ok(said) = said
            && messages.send(JobMessage { job, said }).await.is_err()
        {
            break;
        }
    }
}

async fn all_leases(
    ipam: &Ipam,
    job: JobId,
    server: ServerName,
    cancel: &Cancel,
    messages: &mpsc::Sender<JobMessage>,
) -> Said {
    let mut pages = ipam.lease_pages(&server, None);
    // The channel is bounded: the servers are read no faster than the screen takes it in.
    while !cancel.is_cancelled() {
        let query = pages.query().clone();
        // The last page is an empty one: it says that there are no more.
        let leases = match pages.next().await {
            Ok(page) => page.unwrap_or_default(),
            Err(why) => return Said::Failed(why.to_string()),
        };
        let over = leases.is_empty();
        let said = Said::Page(server.clone(), query, leases);
        if messages.send(JobMessage { job, said }).await.is_err() || over {
            return Said::Done;
        }
    }
    Said::Failed("stopped".to_owned())
}

async fn journal(ipam: Ipam, query: JournalQuery) -> Said {
    let read = tokio::task::spawn_blocking(move || {
        let entries = ipam.journal(&query)?;
        let undoable = match ipam.last_undoable()? {
            None => None,
            Some(plan) => {
                let query = JournalQuery {
                    plan: Some(plan),
                    limit: 1,
                };
                let entry = ipam.journal(&query)?.into_iter().next();
                entry.map(|entry| (plan, entry.title))
            }
        };
        Ok::<_, crate::ipam::StoreError>(Said::Journal(Arc::new(entries), undoable))
    });
    match read.await {
        Ok(Ok(said)) => said,
        Ok(Err(why)) => Said::Failed(why.to_string()),
        Err(why) => Said::Failed(why.to_string()),
    }
}
