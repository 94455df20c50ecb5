//! The console's state, and what each event does to it. It is synchronous and total: it waits for
//! nobody, asks no clock and knows no terminal.

mod actions;
mod drawn;
mod events;
mod loads;
mod openings;
mod summary;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use tui_input::Input;

use super::action::Effect;
use super::command::{self, Command, Selection};
use super::draw::{self, Look};
use super::jobs::{JobId, JobRequest};
use super::keymap::Keymap;
use super::layers::Layer;
use super::place::{Place, ServerType, View};
use super::preferences::Preferences;
use super::subject::Subject;
use super::table::{Table, Tone};
use super::views;
use super::work;
use super::world::World;
use crate::model::ServerName;
use crate::model::plan::Intent;

pub use events::Event;
pub use summary::Summary;

/// Where keys go when no layer is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Focus {
    /// To the navigation.
    Navigation,
    /// To the table.
    Table,
    /// Into the filter bar.
    Filter,
    /// To the details.
    Details,
}

/// What is seen of the details.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Details {
    /// Which tab.
    pub tab: usize,
    /// From which line on.
    pub scroll: usize,
}

/// Something said for a while.
#[derive(Clone, PartialEq, Debug)]
pub struct Toast {
    /// What it means.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// When it goes; `None`: with the next key.
    pub until: Option<Timestamp>,
    /// Whether it says what came of a plan: the next plan's outcome takes its place.
    pub outcome: bool,
}

/// A job that runs.
#[derive(Debug)]
struct Running {
    title: String,
    /// The layer that asked, by its number; `None`: the console itself.
    owner: Option<u64>,
    /// Whether the operator is told of it.
    shown: bool,
    request: JobKind,
}

/// What the console has to remember of a request.
#[derive(Clone, PartialEq, Debug)]
enum JobKind {
    /// On which servers; and the marked rows there, whose marks go when all of it was done.
    Write(Vec<ServerName>, Place, Vec<Subject>),
    Order(Place, u64),
    Other,
}

#[derive(Debug)]
struct Opened {
    number: u64,
    layer: Box<dyn Layer>,
}

/// The console's state.
#[derive(Debug)]
pub struct App {
    world: World,
    summary: Summary,
    place: Place,
    trail: Vec<Place>,
    /// The view that was last open of each server type.
    views: BTreeMap<ServerType, View>,
    tables: HashMap<Place, Table>,
    table: Table,
    /// What each column's cells would take.
    widths: Vec<u16>,
    filter: Input,
    focus: Focus,
    details: Option<Details>,
    layers: Vec<Opened>,
    next_layer: u64,
    toasts: Vec<Toast>,
    /// Whether what is said now is what came of a plan.
    telling_outcome: bool,
    jobs: BTreeMap<JobId, Running>,
    next_job: JobId,
    drawn: drawn::Drawn,
    pressed: Option<(Timestamp, u16, u16)>,
    /// Since when the cursor is where it is.
    rested: Timestamp,
    /// What is being asked for because it is looked at, by job.
    loading: BTreeMap<JobId, loads::Load>,
    /// When it was last there.
    loaded: BTreeMap<loads::Load, Timestamp>,
    /// Whether the operator has touched anything: until then the cursor stays on the first row,
    /// whatever rows come above it.
    touched: bool,
    mouse: bool,
    look: Look,
    keymap: Keymap,
    preferences: Preferences,
    changed: bool,
}

impl App {
    /// A console that begins where programs begin.
    #[must_use]
    pub fn new(world: World, look: Look, keymap: Keymap, preferences: Preferences) -> App {
        let details = preferences.details.then(Details::default);
        let now = world.now;
        let mut app = App {
            summary: Summary::of(&world),
            world,
            place: Place::START,
            trail: Vec::new(),
            views: BTreeMap::new(),
            tables: HashMap::new(),
            table: Table::default(),
            widths: Vec::new(),
            filter: Input::default(),
            focus: Focus::Table,
            details,
            layers: Vec::new(),
            next_layer: 0,
            toasts: Vec::new(),
            telling_outcome: false,
            jobs: BTreeMap::new(),
            next_job: 0,
            drawn: drawn::Drawn::default(),
            pressed: None,
            touched: false,
            rested: now,
            loading: BTreeMap::new(),
            loaded: BTreeMap::new(),
            mouse: true,
            look,
            keymap,
            preferences,
            changed: true,
        };
        app.table = app.fresh_table();
        app
    }

    /// The first things to do: what is known is asked for.
    #[must_use]
    pub fn start(&mut self) -> Vec<Effect> {
        let mut effects = self.refresh();
        effects.push(self.spawn(JobRequest::Journal(journal_query()), None));
        effects
    }

    /// What is known.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How everything is, in a line.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Where the operator is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What each of the table's columns would take.
    #[must_use]
    pub fn widths(&self) -> &[u16] {
        &self.widths
    }

    /// What is in the filter bar.
    #[must_use]
    pub fn filter_input(&self) -> &Input {
        &self.filter
    }

    /// Where keys go when no layer is open.
    #[must_use]
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// What is seen of the details; `None`: they are closed.
    #[must_use]
    pub fn details(&self) -> Option<Details> {
        self.details
    }

    /// The layers, from the lowest to the top one.
    pub fn layers(&self) -> impl Iterator<Item = &dyn Layer> {
        self.layers.iter().map(|opened| opened.layer.as_ref())
    }

    /// What was said lately.
    #[must_use]
    pub fn toasts(&self) -> &[Toast] {
        &self.toasts
    }

    /// What is going on, in a few words; empty: nothing.
    #[must_use]
    pub fn busy(&self) -> String {
        let mut shown = self.jobs.values().filter(|job| job.shown);
        match (shown.next(), shown.count()) {
            (None, _) => String::new(),
            (Some(job), 0) => job.title.clone(),
            (Some(job), more) => format!("{} and {more} more", job.title),
        }
    }

    /// How things look.
    #[must_use]
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// Which key is which command.
    #[must_use]
    pub fn keymap(&self) -> &Keymap {
        &self.keymap
    }

    /// Whether something is to be drawn; asking forgets it.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// What commands act on.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection {
            place: self.place.clone(),
            rows: self.table.selection(),
        }
    }

    /// When something on the screen will look different by itself: a toast goes, an age grows, a
    /// countdown counts.
    #[must_use]
    pub fn next_tick(&self) -> Option<Timestamp> {
        let counting = self.layers.iter().any(|opened| opened.layer.counts());
        let second = counting.then(|| {
            let second = self.world.now.as_second() + 1;
            Timestamp::from_second(second).unwrap_or(self.world.now)
        });
        let toasts = self.toasts.iter().filter_map(|toast| toast.until);
        let told = [self.summary.oldest, self.summary.stale];
        let age = told.into_iter().flatten().filter_map(|at| {
            let next = super::age::until_next(self.world.age(at));
            Timestamp::from_second(self.world.now.as_second() + next).ok()
        });
        let loads = self.next_load();
        toasts.chain(second).chain(age).chain(loads).min()
    }

    /// A table that looks as it is remembered; its rows come with the next refresh.
    fn fresh_table(&mut self) -> Table {
        let mut table = Table::default();
        let spec = views::spec(self.place.view);
        let source = (spec.rows)(&self.world, &self.place);
        self.preferences.apply(self.place.view, &source, &mut table);
        table
    }

    fn command_of(&self, id: &str) -> Option<&'static Command> {
        command::find(id)
    }

    fn spawn(&mut self, request: JobRequest, owner: Option<u64>) -> Effect {
        self.next_job += 1;
        let job = self.next_job;
        let kind = match &request {
            JobRequest::CarryOut(plan) => {
                let servers = plan.steps.iter().map(|step| step.server.clone());
                let servers: Vec<ServerName> = servers.collect();
                let rows = match plan.intent {
                    Intent::Undo { .. } => Vec::new(),
                    _ => self.marked_on(&servers),
                };
                JobKind::Write(servers, self.place.clone(), rows)
            }
            JobRequest::Order { generation, .. } => JobKind::Order(self.place.clone(), *generation),
            _ => JobKind::Other,
        };
        let shown = matches!(
            request,
            JobRequest::CarryOut(_) | JobRequest::Retrieve(_) | JobRequest::LeasesOn(..)
        );
        let title = request.title();
        if shown {
            let steps = match &request {
                JobRequest::CarryOut(plan) => Some((0, plan.steps.len())),
                _ => None,
            };
            Arc::make_mut(&mut self.world.work).begin(work::Running {
                job,
                title: title.clone(),
                since: self.world.now,
                steps,
                stops: matches!(request, JobRequest::CarryOut(_)),
            });
        }
        self.jobs.insert(
            job,
            Running {
                title,
                owner,
                shown,
                request: kind,
            },
        );
        self.changed |= shown;
        self.note_busy();
        Effect::Spawn(job, request)
    }

    /// The marked rows of these servers.
    fn marked_on(&self, servers: &[ServerName]) -> Vec<Subject> {
        if self.table.marked() == 0 {
            return Vec::new();
        }
        let rows = self.table.selected().iter();
        let there = |row: &&Subject| row.server().is_some_and(|server| servers.contains(server));
        rows.filter(there).cloned().collect()
    }

    fn note_busy(&mut self) {
        let writes = self.jobs.values().filter_map(|job| match &job.request {
            JobKind::Write(servers, ..) => Some(servers.clone()),
            _ => None,
        });
        self.world.busy = writes.flatten().collect();
    }

    fn set_estate(&mut self, estate: Arc<crate::ipam::Estate>) -> Vec<Effect> {
        let news = self.world.estate.content_generation != estate.content_generation;
        self.world.estate = estate;
        let summary = Summary::of(&self.world);
        // Where only times went on, rows stay; the header's age may be told anew.
        self.changed |= news || self.age_changed(&summary);
        self.summary = summary;
        match news {
            true => self.refresh(),
            false => Vec::new(),
        }
    }

    fn age_changed(&self, summary: &Summary) -> bool {
        let words = |at: Option<Timestamp>| at.map(|at| super::age::words(self.world.age(at)));
        words(self.summary.oldest) != words(summary.oldest)
            || words(self.summary.stale) != words(summary.stale)
    }

    /// Makes the rows anew from what is known.
    fn refresh(&mut self) -> Vec<Effect> {
        self.changed = true;
        let spec = views::spec(self.place.view);
        let source = (spec.rows)(&self.world, &self.place);
        self.widths = draw::natural(source.as_ref(), &self.world);
        let request = self.table.show(source, &self.world);
        if !self.touched {
            self.table.go(0);
        }
        let mut effects: Vec<Effect> = Vec::new();
        if let Some(request) = request {
            effects.push(self.spawn(request, None));
        }
        effects
    }
}

fn journal_query() -> crate::ipam::JournalQuery {
    crate::ipam::JournalQuery {
        plan: None,
        limit: 1000,
    }
}
