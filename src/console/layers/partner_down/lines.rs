//! What Set Partner Down shows: the two servers beside each other, what was found out about them,
//! the scopes, the command and what it costs; and afterwards the checklist.

use jiff::Timestamp;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::console::age;
use crate::console::draw::{Look, Role, columns, wrap};
use crate::console::world::World;
use crate::drivers::probe::{Found, ProbeItem};
use crate::ipam::partner_down::{
    Checklist, Evidence, Mark, ScopeForecast, ServerEvidence, Verdict,
};
use crate::model::text::printable;

/// A value of one of the two servers, and what it means.
type Value = (String, Role);

/// Lines under each other in a width.
struct Page<'t> {
    look: &'t Look,
    room: u16,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn style(&self, role: Role) -> Style {
        self.look.style(role)
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(Line::default());
        let style = self.style(Role::Accent);
        self.lines.push(Line::styled(text.to_owned(), style));
    }

    fn say(&mut self, role: Role, first: &str, text: &str) {
        let indent = crate::console::draw::width(first);
        for (place, part) in wrap(text, self.room.saturating_sub(indent))
            .into_iter()
            .enumerate()
        {
            let head = match place {
                0 => first.to_owned(),
                _ => " ".repeat(usize::from(indent)),
            };
            let style = self.style(role);
            self.lines
                .push(Line::styled(format!("{head}{part}"), style));
        }
    }

    /// A label, and a value of each server.
    fn row(&mut self, label: &str, here: &Value, there: &Value) {
        let field = (self.room / 5).clamp(18, 26);
        let value = self.room.saturating_sub(field + 4) / 2;
        let lines = columns(&[
            (label, self.style(Role::Label), field),
            (&here.0, self.style(here.1), value),
            (&there.0, self.style(there.1), value),
        ]);
        self.lines.extend(lines);
    }
}

/// The tone of a verdict.
pub(super) fn tone(verdict: &Verdict) -> Role {
    match verdict {
        Verdict::Safe(_) => Role::Good,
        Verdict::Unconfirmed(_) | Verdict::Wait { .. } => Role::Warn,
        Verdict::Dont(_) => Role::Bad,
    }
}

/// Everything that is known before the switch, in lines of at most `room` cells.
pub(super) fn evidence(
    look: &Look,
    evidence: &Evidence,
    verdict: &Verdict,
    world: &World,
    room: u16,
) -> Vec<Line<'static>> {
    let lines = Vec::new();
    let mut page = Page { look, room, lines };
    let now = world.now;
    for reason in verdict.reasons() {
        page.say(Role::Text, "· ", &printable(reason, 600));
    }
    both(&mut page, evidence, now);
    let gathered = age::ago(world.age(evidence.gathered));
    page.heading(&format!("Our own evidence, gathered {gathered}"));
    let (here, there) = (&evidence.survivor.probe, &evidence.partner.probe);
    for ((label, here), (_, there)) in here.items().into_iter().zip(there.items()) {
        page.row(label, &found(here), &found(there));
    }
    let last = |server: &ServerEvidence| match &server.probe.last_lease {
        Some(last) => {
            let when = when(Some(last.at), now);
            (format!("{when} ({})", last.detail), Role::Text)
        }
        None => ("not known".to_owned(), Role::Dim),
    };
    page.row(
        "Last lease granted",
        &last(&evidence.survivor),
        &last(&evidence.partner),
    );
    scopes(&mut page, evidence, now);
    page.heading("What will be sent");
    page.say(Role::Text, "  ", &evidence.command);
    page.heading("What it costs");
    match evidence.costs.takes_over_at {
        Some(at) => {
            let left = age::clock(at.as_second() - now.as_second());
            let said = format!(
                "{} may take the partner's free addresses in {left}, at {} (MCLT {})",
                evidence.survivor.server,
                clock_time(at),
                evidence.mclt
            );
            page.say(Role::Text, "· ", &said);
        }
        None => {
            let here = &evidence.survivor.server;
            let said = format!("{here} serves every client from every pool, at once");
            page.say(Role::Text, "· ", &said);
        }
    }
    page.say(Role::Warn, "· ", &evidence.costs.undoable);
    for note in &evidence.costs.notes {
        page.say(Role::Text, "· ", note);
    }
    page.lines
}

/// The two servers in their own words.
fn both(page: &mut Page<'_>, evidence: &Evidence, now: Timestamp) {
    let (here, there) = (&evidence.survivor, &evidence.partner);
    page.lines.push(Line::default());
    page.row(
        "",
        &(here.server.to_string(), Role::Title),
        &(there.server.to_string(), Role::Title),
    );
    page.row(
        "",
        &("goes on alone".to_owned(), Role::Dim),
        &("is taken for down".to_owned(), Role::Dim),
    );
    page.row("State", &state(here), &state(there));
    let of = |server: &ServerEvidence, value: fn(&ServerEvidence, Timestamp) -> Option<String>| {
        let role = match server.was_read() {
            true => Role::Text,
            false => Role::Dim,
        };
        match value(server, now) {
            Some(value) => (value, role),
            None => ("not known".to_owned(), Role::Dim),
        }
    };
    let mut row = |label, value: fn(&ServerEvidence, Timestamp) -> Option<String>| {
        page.row(label, &of(here, value), &of(there, value));
    };
    row("Since", |server, now| {
        Some(when(Some(server.status.as_ref()?.since), now))
    });
    row("Last contact", |server, now| {
        Some(when(Some(server.status.as_ref()?.last_contact?), now))
    });
    row("Clock skew", |server, _| {
        let skew = server.status.as_ref()?.clock_skew?;
        Some(format!("{skew} s"))
    });
    row("Unsent updates", |server, _| {
        let unsent = server.status.as_ref()?.unsent_updates?;
        Some(unsent.to_string())
    });
    let read = |server: &ServerEvidence| {
        let seconds = server.age(now).map(|age| age.as_secs());
        match (seconds, server.was_read()) {
            (None, _) => ("never read".to_owned(), Role::Bad),
            (Some(seconds), true) => (format!("read {}", age::ago(seconds)), Role::Text),
            (Some(seconds), false) => {
                let said = format!("can't be read; last {}", age::ago(seconds));
                (said, Role::Bad)
            }
        }
    };
    page.row("Reading", &read(here), &read(there));
}

fn state(server: &ServerEvidence) -> Value {
    let Some(status) = &server.status else {
        return ("not known".to_owned(), Role::Dim);
    };
    let word = match &status.own_word {
        Some(own) => printable(own, 64),
        None => status.state.label().to_owned(),
    };
    match server.was_read() {
        true => (word, Role::Title),
        false => (format!("last {word}"), Role::Dim),
    }
}

fn found(item: &ProbeItem) -> Value {
    let role = match item.found {
        Found::Answers => Role::Good,
        Found::Refuses => Role::Warn,
        Found::Silent => Role::Bad,
        Found::NotKnown => Role::Dim,
    };
    let word = item.found.word();
    match item.detail.as_str() {
        "" => (word.to_owned(), role),
        detail => (format!("{word}: {detail}"), role),
    }
}

/// How many of a relationship's scopes are named.
const NAMED: usize = 50;

fn scopes(page: &mut Page<'_>, evidence: &Evidence, now: Timestamp) {
    page.heading(&format!("Scopes, worst first ({})", evidence.scopes.len()));
    if evidence.scopes.is_empty() {
        page.say(Role::Dim, "  ", "no scope is in this relationship");
        return;
    }
    let wide = page.room >= 100;
    // Servers that share one pool say nothing of the partner's, nor of who is new.
    let any = |known: fn(&ScopeForecast) -> bool| evidence.scopes.iter().any(known);
    let there = any(|scope| scope.free_at_partner.is_some());
    let rate = wide && any(|scope| scope.rate.is_some());
    let ending = wide && evidence.costs.takes_over_at.is_some();
    let name = page.room.saturating_sub(if wide { 84 } else { 58 }).min(30);
    let [label, plain] = [Role::Label, Role::Text].map(|role| page.style(role));
    let mut heads = vec![
        ("Scope ID", label, 15),
        ("Scope Name", label, name),
        ("Free here", label, 9),
    ];
    if there {
        heads.push(("There", label, 7));
    }
    heads.push(("Runs out", label, 15));
    if rate {
        heads.push(("New clients", label, 11));
    }
    if ending {
        heads.push(("Leases ending", label, 13));
    }
    page.lines.extend(columns(&heads));
    for scope in evidence.scopes.iter().take(NAMED) {
        let number = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
        let id = scope.scope.to_string();
        let (free, other) = (number(scope.free_here), number(scope.free_at_partner));
        let (out, role) = runs_out(scope, now);
        let new = scope
            .rate
            .map_or("?".to_owned(), |rate| format!("{:.1}/h", rate.per_hour()));
        let ends = number(scope.leases_ending);
        let mut cells = vec![
            (id.as_str(), plain, 15),
            (scope.name.as_str(), plain, name),
            (free.as_str(), plain, 9),
        ];
        if there {
            cells.push((other.as_str(), plain, 7));
        }
        cells.push((out.as_str(), page.style(role), 15));
        if rate {
            cells.push((new.as_str(), plain, 11));
        }
        if ending {
            cells.push((ends.as_str(), plain, 13));
        }
        page.lines.extend(columns(&cells));
    }
    let more = evidence.scopes.len().saturating_sub(NAMED);
    if more > 0 {
        page.say(Role::Dim, "  ", &format!("and {more} more"));
    }
}

fn runs_out(scope: &ScopeForecast, now: Timestamp) -> Value {
    match scope.runs_out {
        None if scope.free_here == Some(0) => ("is full".to_owned(), Role::Bad),
        None if scope.rate.is_none() => ("not known".to_owned(), Role::Dim),
        None => ("not foreseeable".to_owned(), Role::Dim),
        Some(at) => {
            let left = at.as_second() - now.as_second();
            let role = match scope.before_takeover {
                true => Role::Bad,
                false => Role::Text,
            };
            (format!("in {}", age::words(left.max(10))), role)
        }
    }
}

/// A moment: the time, and how long ago.
fn when(at: Option<Timestamp>, now: Timestamp) -> String {
    match at {
        None => "not known".to_owned(),
        Some(at) => {
            let ago = age::ago((now.as_second() - at.as_second()).max(0));
            format!("{ago}, {}", clock_time(at))
        }
    }
}

fn clock_time(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// The way back to Normal, in lines of at most `room` cells.
pub(super) fn steps(
    look: &Look,
    checklist: &Checklist,
    now: Timestamp,
    room: u16,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(trouble) = &checklist.trouble {
        for part in wrap(&format!("! {trouble}"), room) {
            lines.push(Line::styled(part, look.style(Role::Bad)));
        }
        lines.push(Line::default());
    }
    for step in &checklist.steps {
        let (mark, of_mark, of_title) = match step.mark {
            Mark::Done => (look.glyphs.done, Role::Good, Role::Text),
            Mark::Doing => (look.glyphs.working, Role::Accent, Role::Title),
            Mark::Waiting => (look.glyphs.pending, Role::Dim, Role::Dim),
        };
        let mut spans = vec![
            Span::styled(format!("{mark} "), look.style(of_mark)),
            Span::styled(printable(&step.title, 300), look.style(of_title)),
        ];
        if let Some(until) = step.until {
            let left = until.as_second() - now.as_second();
            let said = match left {
                ..=0 => "  any moment now".to_owned(),
                left => format!("  {} left, until {}", age::clock(left), clock_time(until)),
            };
            spans.push(Span::styled(said, look.style(Role::Warn)));
        }
        lines.push(Line::from(spans));
        for part in wrap(&printable(&step.sentence, 600), room.saturating_sub(2)) {
            let said = format!("  {part}");
            lines.push(Line::styled(said, look.style(Role::Dim)));
        }
    }
    lines
}
