//! Who has or had an address: reservations and leases on every server, and what the journal says.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use tui_input::Input;

use super::list::{self, Line, List};
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::draw::{Canvas, Role, wrap};
use crate::console::find;
use crate::console::jobs::{JobId, JobRequest, Said};
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::drivers::LeaseQuery;
use crate::ipam::{JournalEntry, JournalQuery};
use crate::model::text::printable;
use crate::model::{ClientId, Lease, ServerName};

/// So many entries of the journal are looked through.
const ENTRIES: usize = 20_000;
/// So many of them are listed.
const LISTED: usize = 50;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Asked {
    Address(Ipv4Addr),
    Client(ClientId),
}

impl Asked {
    fn parse(text: &str) -> Result<Asked, String> {
        let text = text.trim();
        if let Ok(address) = text.parse() {
            return Ok(Asked::Address(address));
        }
        match text.parse::<ClientId>() {
            Ok(client) if client.bytes().len() >= 6 => Ok(Asked::Client(client)),
            _ => Err("Type a whole IP address or client ID, in any spelling of a MAC.".to_owned()),
        }
    }

    /// Whether a text names it, as a whole.
    fn is_in(&self, text: &str) -> bool {
        let name = match self {
            Asked::Address(address) => address.to_string(),
            Asked::Client(client) => client.to_string(),
        };
        let text = text.to_ascii_lowercase();
        let more = |c: char| c.is_ascii_alphanumeric();
        text.match_indices(&name).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + name.len()..).unwrap_or("");
            // 10.0.0.1 is not in 10.0.0.10, nor in 10.0.0.1.2; a full stop may follow it.
            let mut next = after.chars();
            let goes_on = match next.next() {
                Some('.' | '-') => next.next().is_some_and(more),
                Some(c) => more(c),
                None => false,
            };
            !goes_on && !before.is_some_and(|c| more(c) || c == '.' || c == '-')
        })
    }
}

/// What a server said.
#[derive(Clone, PartialEq, Debug)]
enum Answer {
    Asking,
    Leases(Vec<Lease>),
    Failed(String),
}

/// Who has or had an address.
#[derive(Debug, Default)]
pub struct WhoHas {
    input: Input,
    /// What stood there before anything was typed.
    offered: String,
    asked: Option<Asked>,
    trouble: String,
    /// The job whose answers count.
    job: Option<JobId>,
    answers: Vec<(ServerName, Answer)>,
    journal: Option<Arc<Vec<JournalEntry>>>,
    list: List,
    subjects: Vec<Option<Subject>>,
}

impl WhoHas {
    /// Asks for what a row is about: its address; of a scope the part that all its addresses share.
    #[must_use]
    pub fn new(row: Option<&Subject>) -> WhoHas {
        let text = match row {
            Some(Subject::Reservation(_, _, address) | Subject::Lease(_, _, address)) => {
                address.to_string()
            }
            Some(Subject::Scope(_, scope)) => {
                let whole = scope
                    .mask()
                    .octets()
                    .iter()
                    .take_while(|octet| **octet == 255)
                    .count()
                    .min(3);
                let octets = scope.address().octets();
                let octets = octets.iter().take(whole);
                octets.map(|octet| format!("{octet}.")).collect()
            }
            _ => String::new(),
        };
        WhoHas {
            input: text.clone().into(),
            offered: text,
            ..WhoHas::default()
        }
    }

    /// Asks every server that could know.
    fn ask(&mut self, world: &World) -> Reply {
        // Whoever typed a whole address or client ID behind what was offered meant that alone.
        let typed = self.input.value().to_owned();
        let alone = match typed.strip_prefix(&self.offered) {
            Some(rest) if !self.offered.is_empty() => Asked::parse(rest).ok().map(|_| rest),
            _ => None,
        };
        if let Some(rest) = alone.filter(|_| Asked::parse(&typed).is_err()) {
            self.input = rest.to_owned().into();
        }
        let asked = match Asked::parse(self.input.value()) {
            Ok(asked) => asked,
            Err(why) => {
                self.trouble = why;
                return Reply::consumed();
            }
        };
        self.trouble.clear();
        self.journal = None;
        self.job = None;
        let (servers, query) = match &asked {
            Asked::Address(address) => {
                let rows = world.estate.scopes_of(*address);
                let query = LeaseQuery {
                    scope: rows.first().map(|(_, scope)| scope.id),
                    client: None,
                    after: address.to_bits().checked_sub(1).map(Ipv4Addr::from_bits),
                    limit: 1,
                };
                let mut servers: Vec<ServerName> =
                    rows.into_iter().map(|(server, _)| server.clone()).collect();
                servers.dedup();
                (servers, query)
            }
            Asked::Client(client) => {
                let dhcp = world.estate.servers.values().filter(|view| {
                    let reading = view.reading.as_ref();
                    reading.is_none_or(|reading| !reading.config.scopes.is_empty())
                });
                let query = LeaseQuery {
                    client: Some(client.clone()),
                    ..LeaseQuery::default()
                };
                (dhcp.map(|view| view.name.clone()).collect(), query)
            }
        };
        let asking = servers
            .iter()
            .map(|server| (server.clone(), Answer::Asking));
        self.answers = asking.collect();
        self.asked = Some(asked);
        self.show(world, true);
        Reply::ask(JobRequest::LeasesOn(servers, query))
    }

    fn show(&mut self, world: &World, anew: bool) {
        let Some(asked) = &self.asked else {
            return;
        };
        let mut lines = Vec::new();
        self.subjects.clear();
        let mut push = |line: Line, subject: Option<Subject>| {
            lines.push(line);
            self.subjects.push(subject);
        };
        push(Line::heading("Reservations", ""), None);
        let known = reservations(asked, world);
        if known.is_empty() {
            push(
                Line::remark("  none, as the servers were last read", Role::Dim),
                None,
            );
        }
        for (line, subject) in known {
            push(line, Some(subject));
        }
        push(Line::heading("Leases", ""), None);
        let mut none = true;
        for (server, answer) in &self.answers {
            let name = printable(server.as_str(), 255);
            match answer {
                Answer::Asking => {
                    none = false;
                    push(Line::remark(format!("  asking {name}…"), Role::Dim), None);
                }
                Answer::Failed(why) => {
                    none = false;
                    // The sentence names the server.
                    for line in wrap(&printable(why, 300), 90) {
                        push(Line::remark(format!("  {line}"), Role::Bad), None);
                    }
                }
                Answer::Leases(leases) => {
                    for lease in leases {
                        none = false;
                        let (line, subject) = of_lease(server, lease);
                        push(line, Some(subject));
                    }
                }
            }
        }
        if none {
            let said = match (asked, self.answers.is_empty()) {
                (Asked::Address(_), true) => "  no server has a scope with this address",
                _ => "  none on any server",
            };
            push(Line::remark(said, Role::Dim), None);
        }
        push(Line::heading("Event Catalog", ""), None);
        let journal = self.journal.as_ref().unwrap_or(&world.journal);
        let mut entries = journal
            .iter()
            .filter(|entry| names(entry, asked))
            .peekable();
        if entries.peek().is_none() {
            push(
                Line::remark("  nothing was changed about it from here", Role::Dim),
                None,
            );
        }
        for entry in entries.by_ref().take(LISTED) {
            let at = entry.at.strftime("%Y-%m-%d %H:%M");
            let who = printable(&entry.operator, 64);
            let note = format!(
                "{} · {who} · {}",
                printable(&entry.outcome, 80),
                entry.server
            );
            let text = format!("{at}  {}", printable(&entry.what, 200));
            push(Line::new(text, note), Some(Subject::Event(entry.id)));
        }
        let more = entries.count();
        if more > 0 {
            push(Line::remark(format!("  and {more} more"), Role::Dim), None);
        }
        match anew {
            true => self.list.set(lines),
            false => self.list.renew(lines),
        }
    }

    fn choose(&self) -> Reply {
        let place = self.list.focus();
        let subject = place.and_then(|place| self.subjects.get(place)).cloned();
        match subject.flatten() {
            None => Reply::consumed(),
            Some(subject) => Reply::acts(vec![Action::Close, Action::Jump(subject)]),
        }
    }

    fn is_asked(&self) -> bool {
        self.asked.is_some() && Asked::parse(self.input.value()).ok() == self.asked
    }
}

fn reservations(asked: &Asked, world: &World) -> Vec<(Line, Subject)> {
    let estate = &world.estate;
    let found: Vec<_> = match asked {
        Asked::Client(client) => estate
            .reservations_of(client)
            .into_iter()
            .map(|(server, scope, known)| (server, scope, Arc::clone(known)))
            .collect(),
        Asked::Address(address) => estate
            .scopes_of(*address)
            .into_iter()
            .filter_map(|(server, scope)| {
                let known = scope.reservations.get(address)?;
                Some((server, scope, Arc::clone(known)))
            })
            .collect(),
    };
    let lines = found.into_iter().map(|(server, scope, known)| {
        let text = format!("{}  {}", known.address, known.client);
        let note = find::together(&[&known.name, server.as_str()]);
        let subject = Subject::Reservation(server.clone(), scope.id, known.address);
        (Line::new(text, note), subject)
    });
    lines.collect()
}

fn of_lease(server: &ServerName, lease: &Lease) -> (Line, Subject) {
    let text = format!("{}  {}", lease.address, lease.client);
    let until = match lease.expires {
        None => "unlimited".to_owned(),
        Some(at) => format!("until {}", at.strftime("%Y-%m-%d %H:%M")),
    };
    let (state, server_name) = (lease.state.to_string(), server.as_str());
    let note = find::together(&[&lease.host_name, &state, &until, server_name]);
    let subject = Subject::Lease(server.clone(), lease.scope, lease.address);
    (Line::new(text, note), subject)
}

/// Whether an entry of the journal names it.
fn names(entry: &JournalEntry, asked: &Asked) -> bool {
    let changes = entry.changes.iter().any(|change| {
        let values = [&change.before, &change.after];
        let told = values.into_iter().flatten();
        asked.is_in(&change.object.to_string()) || told.into_iter().any(|value| asked.is_in(value))
    });
    changes || asked.is_in(&entry.what) || asked.is_in(&entry.title)
}

impl Layer for WhoHas {
    fn name(&self) -> &'static str {
        "who-has"
    }

    fn opened(&mut self, world: &World) -> Reply {
        match Asked::parse(self.input.value()) {
            Ok(_) => self.ask(world),
            Err(_) => Reply::consumed(),
        }
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        match key.code {
            KeyCode::Esc => return Reply::close(),
            KeyCode::Enter if self.is_asked() => return self.choose(),
            KeyCode::Enter => return self.ask(world),
            _ if self.list.key(key) => {}
            _ => {
                list::typed(&mut self.input, key);
                self.trouble.clear();
            }
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, _world: &World) -> Reply {
        self.list.go(usize::try_from(spot).unwrap_or(usize::MAX));
        match click {
            Click::Twice => self.choose(),
            _ => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.list.step(lines);
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, world: &World) -> Reply {
        self.input.reset();
        list::pasted(&mut self.input, text.trim());
        match Asked::parse(self.input.value()) {
            Ok(_) => self.ask(world),
            Err(_) => Reply::consumed(),
        }
    }

    fn asked(&mut self, job: JobId) {
        self.job = Some(job);
    }

    fn told(&mut self, job: JobId, said: &Said, world: &World) -> Reply {
        if self.job != Some(job) {
            return Reply::consumed();
        }
        let mut reply = Reply::consumed();
        match said {
            Said::LeasesThere(server, answer) => {
                let known = self.answers.iter_mut().find(|(name, _)| name == server);
                if let Some((_, known)) = known {
                    *known = match (answer, &self.asked) {
                        (Err(why), _) => Answer::Failed(why.clone()),
                        // The page begins at the address: it may be another one's.
                        (Ok(leases), Some(Asked::Address(address))) => {
                            let of_it = leases.iter().filter(|lease| lease.address == *address);
                            Answer::Leases(of_it.cloned().collect())
                        }
                        (Ok(leases), _) => Answer::Leases(leases.clone()),
                    };
                }
            }
            Said::Done => {
                let query = JournalQuery {
                    plan: None,
                    limit: ENTRIES,
                };
                reply = Reply::ask(JobRequest::Journal(query));
            }
            Said::Journal(entries, _) => self.journal = Some(Arc::clone(entries)),
            Said::Failed(why) => self.trouble.clone_from(why),
            _ => {}
        }
        // While nobody has moved, the focus is on the first thing found.
        self.show(world, self.list.focus().is_none());
        reply
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.show(world, false);
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 100.min(screen.width.saturating_sub(4));
        let high = 24.min(screen.height.saturating_sub(4));
        let title = "Who has or had this address";
        let inner = canvas.modal(screen, wide, high, title);
        let line = Rect { height: 1, ..inner };
        let empty = "10.0.0.100 or 00-15-5d-a7-66-02";
        list::draw_input(canvas, line, " Address or client ID: ", &self.input, empty);
        let below = Rect {
            y: inner.y + 2,
            height: inner.height.saturating_sub(3),
            ..inner
        };
        self.list.draw(canvas, below);
        let hint = match (self.trouble.as_str(), self.is_asked()) {
            ("", true) => "Enter goes to the line",
            ("", false) => "Enter asks every server",
            (why, _) => why,
        };
        let role = if self.trouble.is_empty() {
            Role::Dim
        } else {
            Role::Warn
        };
        let style = canvas.style(role);
        let y = inner.bottom().saturating_sub(1);
        canvas.text(inner.x + 1, y, inner.width.saturating_sub(2), hint, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_an_address_only_as_a_whole() {
        let one = Asked::parse("10.0.0.1").unwrap();
        assert!(one.is_in("Add reservation 10.0.0.1 for 00-15-5d-a7-66-02"));
        assert!(one.is_in("It was 10.0.0.1."));
        assert!(!one.is_in("10.0.0.10") && !one.is_in("110.0.0.1") && !one.is_in("10.0.0.1.5"));
        let client = Asked::parse("0015.5DA7.6602").unwrap();
        assert!(client.is_in("for 00-15-5d-a7-66-02"));
        assert!(!client.is_in("for 00-15-5d-a7-66-02-03"));
        assert!(Asked::parse("00-15").is_err() && Asked::parse("").is_err());
    }
}
