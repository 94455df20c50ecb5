//! Which things have the words typed: servers, relationships, scopes and reservations.
//!
//! Every word must be found in a thing itself or in what it lies in (its scope, its server), and
//! at least one in the thing itself. Client identifiers are found in every spelling. Nothing is
//! indexed and nothing is made into text but what is given back: a hundred thousand reservations
//! are looked through between two keys.

#[cfg(test)]
mod tests;
mod word;

use std::net::Ipv4Addr;

use super::subject::Subject;
use super::world::World;
use crate::ipam::estate::RelationshipRow;
use crate::model::server::ServerRole;
use crate::model::text::printable;
use crate::model::{Reservation, Scope, ScopeId, ServerReading};

use word::Word;

/// What can be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A server.
    Server,
    /// A relationship.
    Relationship,
    /// A scope on a server.
    Scope,
    /// A reservation on a server.
    Reservation,
    /// A lease on a server.
    Lease,
}

impl Kind {
    /// Many of them, as a heading.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Kind::Server => "Servers",
            Kind::Relationship => "Failover relationships",
            Kind::Scope => "Scopes",
            Kind::Reservation => "Reservations",
            Kind::Lease => "Leases",
        }
    }
}

/// How well something fits; the least fits best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fit {
    /// It is what was typed.
    Exact,
    /// It begins with it.
    Begins,
    /// It has it somewhere.
    Has,
}

/// Something found. The texts are printable.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// What.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// What else tells it from others.
    pub note: String,
    /// How well it fits.
    pub fit: Fit,
}

/// What was found of one kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// Of which kind.
    pub kind: Kind,
    /// How many there are in all.
    pub total: usize,
    /// The best of them, the best first.
    pub hits: Vec<Hit>,
}

/// What was typed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Query {
    words: Vec<Word>,
}

/// Which of the words were found, a bit a word, and how well what was found fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Match {
    words: u32,
    fit: Fit,
}

impl Query {
    /// Reads what was typed; from the 33rd word on nothing is read.
    #[must_use]
    pub fn parse(text: &str) -> Query {
        let words = text.split_whitespace().take(32).map(Word::parse);
        Query {
            words: words.collect(),
        }
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn all(&self) -> u32 {
        let count = u32::try_from(self.words.len()).unwrap_or(32);
        u32::MAX.checked_shr(32 - count.min(32)).unwrap_or(0)
    }

    /// Which words fit, and how well the worst of those that do.
    fn fits(&self, of: impl Fn(&Word) -> Option<Fit>) -> Match {
        let mut found = Match {
            words: 0,
            fit: Fit::Exact,
        };
        for (place, word) in self.words.iter().enumerate() {
            if let Some(fit) = of(word) {
                found.words |= 1 << place;
                found.fit = found.fit.max(fit);
            }
        }
        found
    }

    /// Whether a thing is meant: by itself, and by what it lies in.
    fn means(&self, own: Match, around: u32) -> bool {
        own.words != 0 && own.words | around == self.all()
    }
}

/// Finds at most so many of each kind, the best first.
#[must_use]
pub fn find(world: &World, query: &Query, most: usize) -> Vec<Found> {
    if query.is_empty() {
        return Vec::new();
    }
    let mut servers = Vec::new();
    let mut scopes = Vec::new();
    let mut reservations = Vec::new();
    for view in world.estate.servers.values() {
        let name = view.name.as_str();
        let around = query.fits(|word| word.in_text(name));
        let own = query.fits(|word| {
            let short = word.is(view.name.short()).then_some(Fit::Exact);
            let identity = view.reading.as_ref().map(|reading| &reading.identity);
            let addresses = identity.into_iter().flat_map(|known| &known.addresses);
            let address = addresses.filter_map(|known| word.in_address(*known)).min();
            best([short, word.in_text(name), address])
        });
        if query.means(own, 0) {
            servers.push((own.fit, view));
        }
        let Some(reading) = &view.reading else {
            continue;
        };
        for scope in reading.config.scopes.values() {
            let own = query.fits(|word| in_scope(word, scope));
            if query.means(own, around.words) {
                scopes.push((own.fit, scope.id, view, scope));
            }
            // What names the subnet names what lies in it, too.
            let around = around.words | own.words;
            for reservation in scope.reservations.values() {
                let own = query.fits(|word| in_reservation(word, reservation));
                if query.means(own, around) {
                    let address = reservation.address;
                    reservations.push((own.fit, address, view, scope.id, reservation));
                }
            }
        }
    }
    let mut relationships = world.estate.relationships();
    relationships.retain(|row| query.means(query.fits(|word| in_relationship(word, row)), 0));
    vec![
        group(Kind::Server, servers, most, |(fit, view)| Hit {
            subject: Subject::Server(view.name.clone(), role(view.reading.as_deref())),
            name: printable(view.name.as_str(), 255),
            note: match &view.error {
                Some(error) => printable(&error.to_string(), 200),
                None => "server".to_owned(),
            },
            fit,
        }),
        group(
            Kind::Relationship,
            relationships
                .into_iter()
                .map(|row| (query.fits(|word| in_relationship(word, &row)).fit, row))
                .collect(),
            most,
            |(fit, row)| Hit {
                subject: Subject::Relationship(
                    row.primary.clone(),
                    row.secondary.clone(),
                    row.name.to_owned(),
                ),
                name: printable(row.name, 126),
                note: format!(
                    "{} and {}",
                    printable(row.primary.short(), 64),
                    printable(row.secondary.short(), 64)
                ),
                fit,
            },
        ),
        group(Kind::Scope, scopes, most, |(fit, id, view, scope)| Hit {
            subject: Subject::Scope(view.name.clone(), id),
            name: id.to_string(),
            note: together(&[&scope.name, view.name.as_str()]),
            fit,
        }),
        group(
            Kind::Reservation,
            reservations,
            most,
            |(fit, address, view, scope, known)| Hit {
                subject: Subject::Reservation(view.name.clone(), scope, address),
                name: address.to_string(),
                note: together(&[&known.name, &known.client.to_string(), view.name.as_str()]),
                fit,
            },
        ),
    ]
}

/// The best of what was found, in the order found where they fit alike: by server, by address.
fn group<T>(kind: Kind, found: Vec<T>, most: usize, hit: impl Fn(T) -> Hit) -> Found
where
    T: Ranked,
{
    let total = found.len();
    // Only the few that are shown are worth being put in order.
    let mut of_fit: [Vec<T>; 3] = Default::default();
    for one in found {
        let place = one.fit() as usize;
        if let Some(list) = of_fit.get_mut(place)
            && list.len() < most.saturating_mul(8)
        {
            list.push(one);
        }
    }
    let mut hits = Vec::new();
    for mut list in of_fit {
        list.sort_by_key(Ranked::address);
        let room = most.saturating_sub(hits.len());
        hits.extend(list.into_iter().take(room).map(&hit));
    }
    Found { kind, total, hits }
}

/// What is put in order before it is made into text.
trait Ranked {
    fn fit(&self) -> Fit;
    /// By address, so that partners' copies stand together.
    fn address(&self) -> u32 {
        0
    }
}

impl<V> Ranked for (Fit, V) {
    fn fit(&self) -> Fit {
        self.0
    }
}

impl<V, S> Ranked for (Fit, ScopeId, V, S) {
    fn fit(&self) -> Fit {
        self.0
    }

    fn address(&self) -> u32 {
        self.1.address().to_bits()
    }
}

impl<V, S, R> Ranked for (Fit, Ipv4Addr, V, S, R) {
    fn fit(&self) -> Fit {
        self.0
    }

    fn address(&self) -> u32 {
        self.1.to_bits()
    }
}

fn best<const N: usize>(fits: [Option<Fit>; N]) -> Option<Fit> {
    fits.into_iter().flatten().min()
}

fn in_scope(word: &Word, scope: &Scope) -> Option<Fit> {
    let superscope = scope.superscope.as_deref().unwrap_or("");
    best([
        word.in_address(scope.id.address()),
        word.in_text(&scope.name),
        word.in_text(superscope).map(|_| Fit::Has),
        word.in_text(&scope.description).map(|_| Fit::Has),
        // The scope in which an address lies is found by the address.
        word.lies_in(scope.id).then_some(Fit::Has),
    ])
}

fn in_reservation(word: &Word, reservation: &Reservation) -> Option<Fit> {
    best([
        word.in_address(reservation.address),
        word.in_client(&reservation.client),
        word.in_text(&reservation.name),
        word.in_text(&reservation.description).map(|_| Fit::Has),
    ])
}

fn in_relationship(word: &Word, row: &RelationshipRow<'_>) -> Option<Fit> {
    let servers = [row.primary.as_str(), row.secondary.as_str()];
    let server = servers.iter().any(|name| word.in_text(name).is_some());
    best([word.in_text(row.name), server.then_some(Fit::Has)])
}

/// The row by which a server is shown first.
fn role(reading: Option<&ServerReading>) -> ServerRole {
    let roles = reading.map_or(&[][..], |reading| &reading.identity.roles);
    match (roles.contains(&ServerRole::Dhcp), roles.first()) {
        (false, Some(first)) => *first,
        _ => ServerRole::Dhcp,
    }
}

/// What is not empty, with dots between.
pub(super) fn together(texts: &[&str]) -> String {
    let texts = texts.iter().filter(|text| !text.is_empty());
    let texts: Vec<String> = texts.map(|text| printable(text, 255)).collect();
    texts.join(" · ")
}
