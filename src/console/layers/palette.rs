//! The command palette: any command, any view, anything there is, by a part of its name.

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::Rect;

use super::list::{self, Done, Finder, Line};
use super::{Click, Layer, Reply};
use crate::console::action::Action;
use crate::console::command::Id;
use crate::console::draw::{Canvas, Role};
use crate::console::find::{self, Fit, Query};
use crate::console::place::{Node, Place, View};
use crate::console::subject::Subject;
use crate::console::table::Tone;
use crate::console::world::World;

/// So many things of each kind are offered.
const OF_A_KIND: usize = 20;
/// So many lines are offered in all.
const LINES: usize = 100;

/// A command as the palette offers it.
#[derive(Clone, PartialEq, Debug)]
pub struct Offer {
    /// Which.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// Its keys.
    pub keys: String,
    /// Why it can't be run now.
    pub refused: Option<String>,
    /// Whether it belongs to the view, and is offered before anything is typed.
    pub here: bool,
}

/// What a line stands for.
#[derive(Clone, PartialEq, Debug)]
enum Choice {
    Run(Id),
    Refused(String),
    Go(Place),
    Jump(Subject),
}

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    finder: Finder,
    offers: Vec<Offer>,
    places: Vec<(String, Place)>,
    choices: Vec<Choice>,
}

impl Palette {
    /// A palette of commands, in the order in which they are offered.
    #[must_use]
    pub fn new(offers: Vec<Offer>) -> Palette {
        Palette {
            finder: Finder::default(),
            offers,
            places: places(),
            choices: Vec::new(),
        }
    }

    /// Finds anew what was typed.
    fn find(&mut self, world: &World, anew: bool) {
        let typed = self.finder.typed();
        let mut found: Vec<(u32, Line, Choice)> = Vec::new();
        let offer = |offer: &Offer, score| {
            let mut line = Line::new(offer.title.clone(), "");
            line.key.clone_from(&offer.keys);
            let choice = match &offer.refused {
                None => Choice::Run(offer.id),
                Some(why) => {
                    line.note.clone_from(why);
                    line.role = Role::Disabled;
                    Choice::Refused(format!("{}: {why}", offer.title))
                }
            };
            (score, line, choice)
        };
        if typed.is_empty() {
            let (here, elsewhere): (Vec<&Offer>, Vec<&Offer>) =
                self.offers.iter().partition(|offer| offer.here);
            found.extend(
                here.into_iter()
                    .chain(elsewhere)
                    .map(|known| offer(known, 0)),
            );
        } else {
            let mut score = Scorer::new(typed);
            for known in &self.offers {
                let text = format!("{} {} {}", known.title, known.id, known.keys);
                if let Some(score) = score.of(&text) {
                    // Of two that fit alike, the one that can be run comes first.
                    let score = score * 2 + u32::from(known.refused.is_none());
                    found.push(offer(known, score));
                }
            }
            for (name, place) in &self.places {
                if let Some(score) = score.of(name) {
                    let line = Line::new(name.clone(), "view");
                    found.push((score * 2, line, Choice::Go(place.clone())));
                }
            }
            // A letter alone means a command.
            if typed.chars().count() > 1 {
                let best = score.best();
                for group in find::find(world, &Query::parse(typed), OF_A_KIND) {
                    for hit in group.hits {
                        let score = match hit.fit {
                            Fit::Exact => best + 1,
                            Fit::Begins => best,
                            Fit::Has => best / 2,
                        };
                        let line =
                            Line::new(hit.name, format!("{} · {}", one(group.kind), hit.note));
                        found.push((score * 2, line, Choice::Jump(hit.subject)));
                    }
                }
            }
            found.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        }
        found.truncate(LINES);
        let (lines, choices) = found
            .into_iter()
            .map(|(_, line, choice)| (line, choice))
            .unzip();
        self.choices = choices;
        self.finder.show(lines, anew);
    }

    fn choose(&self) -> Reply {
        let place = self.finder.list.focus();
        let choice = place.and_then(|place| self.choices.get(place));
        let action = match choice {
            None => return Reply::consumed(),
            Some(Choice::Refused(why)) => {
                return Reply::act(Action::Toast(Tone::Warn, why.clone()));
            }
            Some(Choice::Run(id)) => Action::Run(id),
            Some(Choice::Go(place)) => Action::Go(place.clone()),
            Some(Choice::Jump(subject)) => Action::Jump(subject.clone()),
        };
        Reply::acts(vec![Action::Close, action])
    }
}

/// What one of a kind is called.
fn one(kind: find::Kind) -> &'static str {
    match kind {
        find::Kind::Server => "server",
        find::Kind::Relationship => "relationship",
        find::Kind::Scope => "scope",
        find::Kind::Reservation => "reservation",
        find::Kind::Lease => "lease",
    }
}

/// Where one can go.
fn places() -> Vec<(String, Place)> {
    let views = View::ALL.into_iter();
    let views = views.map(|view| (view.label(), Place::showing(view)));
    let nodes = [Node::Servers, Node::Scopes].into_iter();
    let nodes = nodes.map(|node| (node.label(), Place::of(node)));
    nodes
        .chain(views)
        .map(|(label, place)| (format!("Go to {label}"), place))
        .collect()
}

/// How well texts fit what was typed: its letters in order, those together and at the beginnings
/// of words before others.
struct Scorer {
    matcher: Matcher,
    pattern: Pattern,
    room: Vec<char>,
    /// What was typed fits itself best.
    best: u32,
}

impl Scorer {
    fn new(typed: &str) -> Scorer {
        let (case, marks) = (CaseMatching::Ignore, Normalization::Smart);
        let mut scorer = Scorer {
            matcher: Matcher::new(Config::DEFAULT),
            pattern: Pattern::new(typed, case, marks, AtomKind::Fuzzy),
            room: Vec::new(),
            best: 0,
        };
        scorer.best = scorer.of(typed).unwrap_or(0);
        scorer
    }

    fn best(&self) -> u32 {
        self.best
    }

    fn of(&mut self, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.room);
        self.pattern.score(text, &mut self.matcher)
    }
}

impl Layer for Palette {
    fn name(&self) -> &'static str {
        "palette"
    }

    fn opened(&mut self, world: &World) -> Reply {
        self.find(world, true);
        Reply::consumed()
    }

    fn key(&mut self, key: KeyEvent, world: &World) -> Reply {
        if key.code == KeyCode::Backspace && self.finder.input.value().is_empty() {
            return Reply::close();
        }
        match self.finder.key(key) {
            Done::Left => return Reply::close(),
            Done::Chosen => return self.choose(),
            Done::Typed => self.find(world, true),
            Done::Moved => {}
        }
        Reply::consumed()
    }

    fn click(&mut self, spot: u32, click: Click, _world: &World) -> Reply {
        match self.finder.click(spot, click) {
            Done::Chosen => self.choose(),
            _ => Reply::consumed(),
        }
    }

    fn clicked_outside(&mut self, _world: &World) -> Reply {
        Reply::close()
    }

    fn wheel(&mut self, lines: isize, _world: &World) -> Reply {
        self.finder.list.step(lines);
        Reply::consumed()
    }

    fn paste(&mut self, text: &str, world: &World) -> Reply {
        list::pasted(&mut self.finder.input, text);
        self.find(world, true);
        Reply::consumed()
    }

    fn changed(&mut self, world: &World) -> Reply {
        self.find(world, false);
        Reply::consumed()
    }

    fn draw(&self, canvas: &mut Canvas<'_>, screen: Rect, _world: &World) {
        let wide = 92.min(screen.width.saturating_sub(4));
        // No higher than what it has to say; its head stays where it is.
        let lines = u16::try_from(self.finder.list.lines().len().max(1)).unwrap_or(u16::MAX);
        let high = lines.saturating_add(3).min(22);
        let area = Rect {
            x: screen.x + (screen.width - wide) / 2,
            y: screen.y + 2,
            width: wide,
            height: high.min(screen.height.saturating_sub(4)),
        };
        let inner = canvas.popup(screen, area, "Commands");
        let empty = "a command, a view, a server, an address, a MAC…";
        if let Some(below) = self.finder.draw(canvas, inner, " : ", empty) {
            let room = Rect {
                x: below.x + 3,
                width: below.width.saturating_sub(3),
                ..below
            };
            list::say(canvas, room, Role::Dim, "Nothing has that in its name.");
        }
    }
}
