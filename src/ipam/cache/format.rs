//! The cache as bytes: a header, then chunks that are read side by side.
//!
//! A scope that several servers hold alike is written once, and is one `Arc` when it is read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Views;
use crate::drivers::{DriverError, Silence};
use crate::ipam::estate::ServerView;
use crate::model::failover::{Relationship, RelationshipStatus};
use crate::model::lease::ScopeStatistics;
use crate::model::option::Options;
use crate::model::policy::{Criterion, Filter, MacPattern, Policy};
use crate::model::server::{
    Availability, Coverage, DnsZone, ServerConfig, ServerCounters, ServerIdentity, ServerReading,
};
use crate::model::settings::ServerSettings;
use crate::model::{ClientId, OptionKey, OptionValue, Reservation, Scope, ScopeId, ServerName};

const MAGIC: &[u8; 16] = b"twinscope-cache\n";
/// Counts up when bytes change their meaning in a way that [`shape`] does not see.
const FORMAT: u64 = 1;
/// So many scopes, or servers, in a chunk.
const SCOPES: usize = 512;
const SERVERS: usize = 8;
/// Magic, format, shape, written, chunks of scopes, chunks of servers.
const HEADER: usize = 16 + 5 * 8;

const FOREIGN: &str = "is no cache of this program";
const OTHER_VERSION: &str = "was written by another version of this program";
const DAMAGED: &str = "is damaged";

#[derive(Serialize, Deserialize)]
struct CachedServer<'a> {
    name: Cow<'a, ServerName>,
    availability: Option<Availability>,
    since: Option<Timestamp>,
    silence: Option<CachedSilence>,
    reading: Option<CachedReading<'a>>,
}

/// Why a server could not be read, as far as it is worth keeping.
#[derive(Serialize, Deserialize)]
enum CachedSilence {
    Stopped,
    TimedOut(Duration),
    Otherwise(String),
}

#[derive(Serialize, Deserialize)]
struct CachedReading<'a> {
    identity: Cow<'a, ServerIdentity>,
    taken: Timestamp,
    server_clock: Option<Timestamp>,
    availability: Availability,
    coverage: Coverage,
    settings: Cow<'a, ServerSettings>,
    /// Places among all scopes.
    scopes: Vec<u32>,
    options: Cow<'a, Options>,
    policies: Cow<'a, [Policy]>,
    filters: Cow<'a, BTreeMap<MacPattern, Filter>>,
    relationships: Cow<'a, BTreeMap<String, Relationship>>,
    foreign: Cow<'a, [String]>,
    states: Cow<'a, BTreeMap<String, RelationshipStatus>>,
    statistics: Cow<'a, BTreeMap<ScopeId, ScopeStatistics>>,
    counters: ServerCounters,
    zones: Cow<'a, [DnsZone]>,
    revision: Cow<'a, str>,
}

impl CachedSilence {
    fn of(error: &DriverError) -> CachedSilence {
        match error {
            DriverError::Unreachable { how, .. } => match how {
                Silence::ServiceStopped => CachedSilence::Stopped,
                Silence::TimedOut(after) => CachedSilence::TimedOut(*after),
                Silence::NoConnection(why) => CachedSilence::Otherwise(why.clone()),
            },
            other => CachedSilence::Otherwise(other.to_string()),
        }
    }

    fn error(self, server: &ServerName) -> DriverError {
        DriverError::Unreachable {
            server: server.clone(),
            how: match self {
                CachedSilence::Stopped => Silence::ServiceStopped,
                CachedSilence::TimedOut(after) => Silence::TimedOut(after),
                CachedSilence::Otherwise(why) => Silence::NoConnection(why),
            },
        }
    }
}

/// Every scope once.
#[derive(Default)]
struct Pool<'a> {
    scopes: Vec<&'a Scope>,
    places: HashMap<ScopeId, Vec<u32>>,
}

impl<'a> Pool<'a> {
    fn place(&mut self, scope: &'a Scope) -> u32 {
        let alike = self.places.entry(scope.id).or_default();
        let known = alike.iter().copied().find(|place| {
            let place = usize::try_from(*place).unwrap_or(usize::MAX);
            let known = self.scopes.get(place);
            known.is_some_and(|known| std::ptr::eq(*known, scope) || *known == scope)
        });
        known.unwrap_or_else(|| {
            let place = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
            self.scopes.push(scope);
            alike.push(place);
            place
        })
    }
}

impl<'a> CachedServer<'a> {
    fn of(view: &'a ServerView, pool: &mut Pool<'a>) -> CachedServer<'a> {
        let reading = view.reading.as_deref().map(|reading| {
            let config = &*reading.config;
            let scopes = config.scopes.values().map(|scope| pool.place(scope));
            CachedReading {
                identity: Cow::Borrowed(&reading.identity),
                taken: reading.taken,
                server_clock: reading.server_clock,
                availability: reading.availability,
                coverage: reading.coverage,
                settings: Cow::Borrowed(&config.settings),
                scopes: scopes.collect(),
                options: Cow::Borrowed(&config.options),
                policies: Cow::Borrowed(&config.policies),
                filters: Cow::Borrowed(&config.filters),
                relationships: Cow::Borrowed(&config.relationships),
                foreign: Cow::Borrowed(&config.foreign),
                states: Cow::Borrowed(&reading.relationships),
                statistics: Cow::Borrowed(&reading.statistics),
                counters: reading.counters,
                zones: Cow::Borrowed(&reading.zones),
                revision: Cow::Borrowed(&reading.revision),
            }
        });
        CachedServer {
            name: Cow::Borrowed(&view.name),
            availability: view.availability,
            since: view.availability_since,
            silence: view.error.as_ref().map(CachedSilence::of),
            reading,
        }
    }

    fn view(self, scopes: &[Arc<Scope>]) -> Result<ServerView, &'static str> {
        let name = self.name.into_owned();
        let reading = match self.reading {
            None => None,
            Some(reading) => Some(Arc::new(reading.reading(scopes)?)),
        };
        Ok(ServerView {
            availability: self.availability,
            availability_since: self.since,
            cached: reading.is_some(),
            reading,
            error: self.silence.map(|silence| silence.error(&name)),
            asked: None,
            name,
        })
    }
}

impl CachedReading<'_> {
    fn reading(self, scopes: &[Arc<Scope>]) -> Result<ServerReading, &'static str> {
        let places = self.scopes.into_iter().map(|place| {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            let scope = scopes.get(place).ok_or(DAMAGED)?;
            Ok((scope.id, Arc::clone(scope)))
        });
        Ok(ServerReading {
            identity: self.identity.into_owned(),
            taken: self.taken,
            server_clock: self.server_clock,
            availability: self.availability,
            coverage: self.coverage,
            config: Arc::new(ServerConfig {
                settings: self.settings.into_owned(),
                scopes: places.collect::<Result<_, &'static str>>()?,
                options: self.options.into_owned(),
                policies: self.policies.into_owned(),
                filters: self.filters.into_owned(),
                relationships: self.relationships.into_owned(),
                foreign: self.foreign.into_owned(),
            }),
            relationships: self.states.into_owned(),
            statistics: self.statistics.into_owned(),
            counters: self.counters,
            zones: self.zones.into_owned(),
            revision: self.revision.into_owned(),
        })
    }
}

/// The servers, as bytes.
pub(super) fn encode(servers: &Views, written: Timestamp) -> Result<Vec<u8>, postcard::Error> {
    let mut pool = Pool::default();
    let servers: Vec<_> = servers
        .values()
        .map(|view| CachedServer::of(view, &mut pool))
        .collect();
    let scopes: Vec<_> = pool.scopes.chunks(SCOPES).map(Chunk::Scopes).collect();
    let servers: Vec<_> = servers.chunks(SERVERS).map(Chunk::Servers).collect();
    let mut bytes = MAGIC.to_vec();
    let counts = [scopes.len(), servers.len()].map(|count| count as u64);
    let written = written.as_millisecond().to_le_bytes();
    for number in [
        FORMAT,
        shape()?,
        u64::from_le_bytes(written),
        counts[0],
        counts[1],
    ] {
        bytes.extend(number.to_le_bytes());
    }
    let mut body = Vec::new();
    for chunk in scopes.iter().chain(&servers) {
        let from = body.len();
        body = postcard::to_extend(chunk, body)?;
        let chunk = &body[from..];
        bytes.extend((chunk.len() as u64).to_le_bytes());
        bytes.extend(checksum(chunk).to_le_bytes());
    }
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes.extend(body);
    Ok(bytes)
}

/// What is written at a time.
enum Chunk<'c, 'a> {
    Scopes(&'c [&'a Scope]),
    Servers(&'c [CachedServer<'a>]),
}

impl Serialize for Chunk<'_, '_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Chunk::Scopes(scopes) => scopes.serialize(serializer),
            Chunk::Servers(servers) => servers.serialize(serializer),
        }
    }
}

/// The servers that bytes are of, and when they were written.
pub(super) fn decode(bytes: &[u8]) -> Result<(Timestamp, Vec<ServerView>), &'static str> {
    if !bytes.starts_with(MAGIC) {
        return Err(FOREIGN);
    }
    let header = bytes.get(MAGIC.len()..HEADER).ok_or(DAMAGED)?;
    let mut numbers = header.chunks_exact(8).map(word);
    let mut next = || numbers.next().ok_or(DAMAGED);
    if next()? != FORMAT || Ok(next()?) != shape() {
        return Err(OTHER_VERSION);
    }
    let written = i64::from_le_bytes(next()?.to_le_bytes());
    let written = Timestamp::from_millisecond(written).map_err(|_| DAMAGED)?;
    let count = |number: u64| usize::try_from(number).map_err(|_| DAMAGED);
    let (of_scopes, of_servers) = (count(next()?)?, count(next()?)?);
    let chunks = chunks(bytes, of_scopes.checked_add(of_servers).ok_or(DAMAGED)?)?;
    let (scopes, servers) = chunks.split_at(of_scopes);
    let scopes: Vec<Arc<Scope>> = side_by_side(scopes, whole::<Vec<Arc<Scope>>>)?;
    let views = side_by_side(servers, |chunk| {
        let servers = whole::<Vec<CachedServer<'_>>>(chunk)?;
        let views = servers.into_iter().map(|server| server.view(&scopes));
        views.collect::<Result<Vec<_>, _>>()
    })?;
    Ok((written, views))
}

/// The chunks that the table after the header tells, each with its checksum.
fn chunks(bytes: &[u8], count: usize) -> Result<Vec<(&[u8], u64)>, &'static str> {
    let end = count
        .checked_mul(16)
        .and_then(|long| long.checked_add(HEADER));
    let end = end.ok_or(DAMAGED)?;
    let table = bytes.get(HEADER..end).ok_or(DAMAGED)?;
    let (told, mut body) = bytes[end..].split_at_checked(8).ok_or(DAMAGED)?;
    if word(told) != checksum(&bytes[..end]) {
        return Err(DAMAGED);
    }
    let mut chunks = Vec::with_capacity(count);
    for entry in table.chunks_exact(16) {
        let long = usize::try_from(word(&entry[..8])).map_err(|_| DAMAGED)?;
        let (chunk, rest) = body.split_at_checked(long).ok_or(DAMAGED)?;
        chunks.push((chunk, word(&entry[8..])));
        body = rest;
    }
    if body.is_empty() {
        Ok(chunks)
    } else {
        Err(DAMAGED)
    }
}

fn whole<T: DeserializeOwned>(chunk: &[u8]) -> Result<T, &'static str> {
    match postcard::take_from_bytes(chunk) {
        Ok((value, [])) => Ok(value),
        _ => Err(DAMAGED),
    }
}

/// Reads chunks on as many threads as there are cores, and gives what is in them, in order.
fn side_by_side<T: Send>(
    chunks: &[(&[u8], u64)],
    read: impl Fn(&[u8]) -> Result<Vec<T>, &'static str> + Sync,
) -> Result<Vec<T>, &'static str> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((chunk, told)) = chunks.get(number) else {
                return;
            };
            let items = if checksum(chunk) == *told {
                read(chunk)
            } else {
                Err(DAMAGED)
            };
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.insert(number, items);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(chunks.len()) {
            // Without another thread this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut all = Vec::new();
    for items in done.into_values() {
        all.extend(items?);
    }
    Ok(all)
}

fn word(bytes: &[u8]) -> u64 {
    let low_first = bytes.iter().rev();
    low_first.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Against damage, not against malice: the file is its owner's alone.
fn checksum(bytes: &[u8]) -> u64 {
    let mix =
        |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| {
        mix(sum, u64::from_le_bytes(*word))
    });
    let sum = mix(sum, word(rest));
    sum ^ sum >> 32
}

/// Changes when a field comes or goes anywhere in what is written: the bytes do not tell, so that
/// those of another shape must not be read.
fn shape() -> Result<u64, postcard::Error> {
    let name = ServerName::new("s");
    let at = Timestamp::UNIX_EPOCH;
    let id = ScopeId::from(ipnet::Ipv4Net::default());
    let mut options = Options::new();
    options.insert(OptionKey::standard(3), OptionValue(vec!["o".to_owned()]));
    let settings = ServerSettings::default();
    let policy = Policy {
        name: String::new(),
        description: String::new(),
        enabled: true,
        junction: crate::model::policy::Junction::Or,
        conditions: vec![crate::model::policy::Condition {
            criterion: Criterion::Fqdn,
            comparator: crate::model::policy::Comparator::Insl,
            values: Vec::new(),
        }],
        lease_duration: None,
        ranges: vec![id.hosts()],
        options: options.clone(),
    };
    let mut scope = Scope::new(id, "n", id.hosts());
    scope.dns = Some(settings.dns.clone());
    scope.policies = vec![policy.clone()];
    let reservation = Reservation::new(id.address(), ClientId::mac([2; 6]));
    scope.reservations = BTreeMap::from([(id.address(), Arc::new(reservation))]);
    let filter = Filter {
        list: crate::model::policy::FilterList::Deny,
        description: String::new(),
    };
    let filters = "00-15-5D-*".parse::<MacPattern>();
    let server = CachedServer {
        name: Cow::Borrowed(&name),
        availability: Some(Availability::NotReachable),
        since: Some(at),
        silence: Some(CachedSilence::TimedOut(Duration::from_secs(1))),
        reading: Some(CachedReading {
            identity: Cow::Owned(ServerIdentity {
                name: name.clone(),
                roles: vec![crate::model::server::ServerRole::Dns],
                addresses: vec![id.address()],
                domain: String::new(),
                product: crate::model::server::Product::Microsoft,
                version: Some(crate::model::server::ServerVersion::WINDOWS_2016),
                version_text: String::new(),
                authorized: true,
            }),
            taken: at,
            server_clock: Some(at),
            availability: Availability::Paused,
            coverage: Coverage::ALL,
            settings: Cow::Borrowed(&settings),
            scopes: vec![0],
            options: Cow::Borrowed(&options),
            policies: Cow::Owned(vec![policy]),
            filters: Cow::Owned(filters.into_iter().map(|by| (by, filter.clone())).collect()),
            foreign: Cow::Owned(vec!["class".to_owned()]),
            relationships: Cow::Owned(BTreeMap::from([(
                String::new(),
                Relationship::new("r", name.clone()),
            )])),
            states: Cow::Owned(BTreeMap::from([(
                String::new(),
                RelationshipStatus {
                    state: crate::model::FailoverState::Shutdown,
                    previous: crate::model::FailoverState::Shutdown,
                    since: at,
                    last_contact: None,
                    partner_state: None,
                    clock_skew: None,
                    unsent_updates: None,
                    switches_at: None,
                    takes_over_at: None,
                    recovers_at: None,
                    own_word: None,
                    unacked: Some(crate::model::failover::Unacked::default()),
                },
            )])),
            statistics: Cow::Owned(BTreeMap::from([(
                id,
                ScopeStatistics {
                    split: Some(crate::model::lease::FailoverSplit::default()),
                    ..ScopeStatistics::default()
                },
            )])),
            counters: ServerCounters::default(),
            zones: Cow::Owned(vec![DnsZone {
                name: String::new(),
                primary: true,
                records: 1,
            }]),
            revision: Cow::Borrowed("r"),
        }),
    };
    let bytes = postcard::to_stdvec(&(scope, server))?;
    Ok(checksum(&bytes))
}
