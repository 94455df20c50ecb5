//! What the console holds on to, whatever comes in: every command whatever is known, the cursor and
//! the marks through refresh, sort and filter, late answers, double clicks, a start without servers.

use std::collections::BTreeSet;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use twinscope::console::Event;
use twinscope::console::action::{Action, Effect, Motion};
use twinscope::console::command::{self, Command, Risk, Wants, Where};
use twinscope::console::jobs::{JobMessage, JobRequest, Said};
use twinscope::console::keymap::Keymap;
use twinscope::console::layers::help;
use twinscope::console::place::{Place, View};
use twinscope::console::preferences::Preferences;
use twinscope::console::subject::Subject;
use twinscope::console::table::Ordered;
use twinscope::drivers::embedded::{Fault, LabCommand};
use twinscope::ipam::Access;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::{Edit, ScopeId, ServerName};

use crate::harness::Console;

fn server(short: &str) -> ServerName {
    ServerName::new(&format!("{short}.contoso.com"))
}

fn net(text: &str) -> ScopeId {
    text.parse().unwrap()
}

fn scope_row(on: &str, prefix: &str) -> Subject {
    Subject::Scope(server(on), net(prefix))
}

fn renamed(on: &str, prefix: &str, name: &str) -> Intent {
    Intent::Change {
        server: server(on),
        edits: vec![Edit::SetScope {
            scope: net(prefix),
            properties: vec![ScopeProperty::Name(name.to_owned())],
        }],
        reach: Reach::Server,
    }
}

/// Goes to a row, and puts the cursor there by hand.
fn to(console: &mut Console, row: &Subject) {
    console.keys("<f9>");
    console.act(Action::Jump(row.clone()));
    assert_eq!(console.app.table().subject(), Some(row));
}

fn marked(console: &Console) -> BTreeSet<Subject> {
    let rows = console.app.selection().rows.into_iter();
    rows.filter(|row| console.app.table().is_marked(row))
        .collect()
}

fn layers(console: &Console) -> usize {
    console.app.layers().count()
}

fn close_all(console: &mut Console, what: &str) {
    for _ in 0..4 {
        if layers(console) == 0 {
            return;
        }
        console.keys("<esc>");
    }
    panic!("{what} does not close:\n{}", console.screen());
}

/// The servers' data is that of an earlier session, and nobody was asked in this one.
fn from_the_cache(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.wait(600).offline();
    console
}

#[test]
fn it_starts_without_servers_on_what_the_last_session_knew() {
    for size in [(80, 24), (120, 40)] {
        let mut console = from_the_cache(size.0, size.1);
        console
            .expect("10.0.0.0")
            .expect("Contoso HQ")
            .expect_not("read just now");
        // Whatever the row says is old, and is drawn so.
        let source = console.app.table().source();
        assert!((0..source.len()).all(|row| source.stale(row, console.app.world())));
        console.keys("<enter>").expect("10 min ago");
        // Every view stands.
        for view in View::ALL {
            console.go(view).keys("<home> <tab> l l <backtab>");
        }
    }
}

/// Whoever writes from an old reading is told, or reads first; a command never runs on nothing.
#[test]
fn every_command_on_what_the_last_session_knew() {
    let mut console = from_the_cache(120, 40);
    for view in View::ALL {
        for known in command::all().filter(|known| known.is_in(view)) {
            console.go(view).keys("<home>");
            let selection = console.app.selection();
            let why = known.refusal(console.app.world(), &selection);
            console.act(Action::Run(known.id));
            match why {
                Some(why) => {
                    let toasts = console.app.toasts();
                    assert!(
                        toasts.iter().any(|toast| toast.text.contains(&why)),
                        "{}: {why}",
                        known.id
                    );
                    assert_eq!(layers(&console), 0, "{}", known.id);
                }
                None => close_all(&mut console, known.id),
            }
        }
    }
}

/// Where no row is selected, what wants one says so, in every view.
#[test]
fn every_command_without_a_selection() {
    let mut console = Console::new(120, 40);
    for view in View::ALL {
        console.go(view);
        console.act(Action::Filter("no such thing anywhere".to_owned()));
        assert!(console.app.selection().rows.is_empty(), "{view:?}");
        for known in command::all().filter(|known| known.is_in(view)) {
            let selection = console.app.selection();
            let why = known.refusal(console.app.world(), &selection);
            if known.wants != Wants::Nothing {
                let why = why.as_deref();
                assert_eq!(why, Some("no row is selected"), "{view:?}: {}", known.id);
            }
            let place = console.app.place().clone();
            console.act(Action::Run(known.id));
            close_all(&mut console, known.id);
            console.act(Action::Go(place));
            console.act(Action::Filter("no such thing anywhere".to_owned()));
        }
        console.act(Action::Filter(String::new()));
    }
}

/// Nothing that writes leaves the console where only looking is allowed: not even a plan.
#[test]
fn read_only_asks_for_no_write() {
    let access = Access::read_only("the house is closed");
    let mut console = Console::with_access(120, 40, access);
    for view in View::ALL {
        console.go(view).keys("<home>");
        for known in command::all().filter(|known| known.is_in(view) && known.risk != Risk::Read) {
            let effects = console.app.run(known.id);
            let writes = |effect: &Effect| {
                matches!(
                    effect,
                    Effect::Spawn(_, JobRequest::CarryOut(_) | JobRequest::Plan(_))
                )
            };
            assert!(!effects.iter().any(writes), "{view:?}: {}", known.id);
            assert_eq!(layers(&console), 0, "{view:?}: {}", known.id);
        }
    }
}

/// On a server that does not answer nothing that writes there is offered without a word.
#[test]
fn a_server_that_does_not_answer_is_not_written() {
    for fault in [Fault::Unreachable, Fault::Garbage] {
        let mut console = Console::new(120, 40);
        console.lab(LabCommand::Fail("old1".to_owned(), fault));
        console.wait(60).collect();
        let row = scope_row("old1", "10.3.0.0/24");
        to(&mut console, &row);
        for id in ["edit-scope", "create-reservation", "delete-scope"] {
            let command = command::find(id).unwrap();
            let selection = console.app.selection();
            let why = command.refusal(console.app.world(), &selection);
            assert!(why.is_some_and(|why| why.contains("old1")), "{id}");
            console.act(Action::Run(id)).expect(command.title);
            assert_eq!(layers(&console), 0, "{id}");
        }
        // What only looks goes on with what was read last.
        console.keys("<enter>").expect("as read 1 min ago");
        assert_eq!(console.app.table().subject(), Some(&row));
    }
}

#[test]
fn every_command_has_help_and_is_in_help_and_readme() {
    let readme = include_str!("../../README.md");
    let keymap = Keymap::new(command::defaults()).unwrap();
    let table = help::keys_table(&keymap);
    for known in command::all() {
        let Command { id, help, .. } = known;
        assert!(help.len() > 8, "{id}");
        assert!(table.iter().any(|line| line.id == *id), "{id}");
        let line = readme
            .lines()
            .find(|line| line.contains(&format!("(`{id}`)")));
        assert!(line.is_some_and(|line| line.contains(help)), "{id}");
        if let Where::In(views) = known.place {
            assert!(!views.is_empty(), "{id}");
        }
    }
}

/// Each view's menu has what is built for it: a command that writes there is in it.
#[test]
fn what_writes_is_in_its_views_menu() {
    for known in command::all().filter(|known| known.risk != Risk::Read) {
        let Where::In(views) = known.place else {
            continue;
        };
        let somewhere = views.iter().any(|view| {
            twinscope::console::views::spec(*view)
                .menu
                .contains(&known.id)
        });
        assert!(somewhere, "{} is in no menu", known.id);
    }
}

#[test]
fn the_cursor_stays_on_its_row() {
    let mut console = Console::new(120, 40);
    let row = scope_row("branch1", "10.2.2.0/24");
    to(&mut console, &row);
    let stays = |console: &Console, after: &str| {
        assert_eq!(console.app.table().subject(), Some(&row), "{after}");
    };
    console.wait(5).collect();
    stays(&console, "a refresh");
    // Rows come and go above it.
    let first = Intent::Change {
        server: server("old1"),
        edits: vec![Edit::RemoveScope {
            scope: net("10.3.1.0/24"),
            force: true,
        }],
        reach: Reach::Server,
    };
    console.intent(first);
    stays(&console, "a row that went");
    for column in 0..console.app.table().source().columns().len() {
        console.act(Action::Move(Motion::Sort(column)));
        stays(&console, "a sort upwards");
        console.act(Action::Move(Motion::Sort(column)));
        stays(&console, "a sort downwards");
        console.act(Action::Move(Motion::Sort(column)));
    }
    console.keys("/ \"branch\"");
    stays(&console, "a filter that has it");
    console.keys("<esc>");
    stays(&console, "the filter's end");
    // What the sort goes by changes.
    console.keys("s n <enter>");
    console.intent(renamed("branch1", "10.2.2.0/24", "AAA first of all"));
    stays(&console, "a new name");
    // Elsewhere and back.
    console.keys("5 <esc>");
    stays(&console, "a way there and back");
    // It is deleted: the cursor stays near, on something.
    console.lab(LabCommand::Stop("branch2".to_owned()));
    console.collect();
    stays(&console, "a partner that stopped");
}

#[test]
fn the_cursor_stays_near_what_was_deleted() {
    let mut console = Console::new(120, 40);
    to(&mut console, &scope_row("old1", "10.3.0.0/24"));
    let place = console.app.table().cursor();
    console.keys("<delete> <enter>");
    assert!(console.app.table().subject().is_some());
    let now = console.app.table().cursor();
    assert!(now.abs_diff(place) <= 1, "{place} → {now}");
}

#[test]
fn marks_stay_through_refresh_sort_and_filter() {
    let mut console = Console::new(120, 40);
    let rows = [
        scope_row("old1", "10.3.0.0/24"),
        scope_row("dhcp1", "10.0.8.0/22"),
    ];
    for row in &rows {
        to(&mut console, row);
        console.keys("<space>");
    }
    let wanted: BTreeSet<Subject> = rows.into_iter().collect();
    assert_eq!(marked(&console), wanted);
    console.wait(5).collect();
    assert_eq!(marked(&console), wanted);
    console.act(Action::Move(Motion::Sort(2)));
    console.act(Action::Move(Motion::Sort(2)));
    assert_eq!(marked(&console), wanted);
    // What a filter hides stays marked, is counted, and is acted on.
    console.keys("/ \"old1\" <enter>").expect("· 2 marked");
    assert_eq!(marked(&console), wanted);
}

/// What failed stays marked, so that it can be tried again; what was done is marked no more.
#[test]
fn marks_stay_on_what_failed_and_go_from_what_was_done() {
    let rows = [
        scope_row("old1", "10.3.0.0/24"),
        scope_row("dhcp1", "10.0.8.0/22"),
    ];
    let mut console = Console::new(100, 30);
    for row in &rows {
        to(&mut console, row);
        console.keys("<space>");
    }
    console.act(Action::Run("edit-scope"));
    console
        .keys("\"Moved\" <enter>")
        .expect("What will be done");
    console.lab(LabCommand::Stop("old1".to_owned()));
    console.keys("<enter>").expect("What was done");
    close_all(&mut console, "what was done");
    assert!(
        marked(&console).contains(&rows[0]),
        "{:?}",
        marked(&console)
    );
    console.lab(LabCommand::Start("old1".to_owned()));
    console.collect();
    console.act(Action::Run("edit-scope"));
    console.keys("\"Moved again\" <enter>");
    for _ in 0..3 {
        if layers(&console) > 0 {
            console.keys("<enter>");
        }
    }
    assert_eq!(layers(&console), 0, "{}", console.screen());
    assert!(marked(&console).is_empty(), "{:?}", marked(&console));
}

/// Answers that nobody waits for any more change nothing.
#[test]
fn late_answers_change_nothing() {
    let mut console = Console::new(120, 40);
    console.keys("/ \"branch\" <enter>");
    let before = console.screen();
    let none = Ordered {
        rows: std::sync::Arc::default(),
    };
    let late = [
        Said::Ordered(0, none),
        Said::Journal(std::sync::Arc::default(), None),
        Said::Failed("nobody asked".to_owned()),
        Said::Retrieved,
        Said::Done,
    ];
    for said in late {
        // Of jobs long ended, and of such as never were.
        for job in [0, 1, 2, 999] {
            let effects = console.app.handle(Event::Job(JobMessage {
                job,
                said: said.clone(),
            }));
            assert!(effects.is_empty(), "{said:?}: {effects:?}");
        }
    }
    assert_eq!(console.screen(), before);
    // A layer that was closed before its plan came: the plan opens nothing.
    let effects = console
        .app
        .act(Action::Do(renamed("dhcp1", "10.0.8.0/22", "x")));
    let Some(Effect::Spawn(job, _)) = effects.into_iter().next() else {
        panic!("no plan was asked for");
    };
    console.keys("<esc>");
    let failed = Said::Failed("too late".to_owned());
    let effects = console
        .app
        .handle(Event::Job(JobMessage { job, said: failed }));
    assert_eq!((layers(&console), effects.len()), (0, 0));
}

fn press(console: &mut Console, column: u16, row: u16) {
    console.give(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

#[test]
fn a_double_click_opens_and_two_slow_ones_do_not() {
    let mut console = Console::new(120, 40);
    let (column, row) = console.find("dhcp2.contoso.com");
    press(&mut console, column, row);
    assert!(console.app.details().is_none());
    press(&mut console, column, row);
    assert!(console.app.details().is_some());
    let subject = console.app.table().subject().unwrap();
    assert_eq!(subject.server(), Some(&server("dhcp2")));
    console.keys("<enter>");
    assert!(console.app.details().is_none());
    // A second later it is another click; and so it is elsewhere.
    console.wait(1);
    press(&mut console, column, row);
    console.wait(1);
    press(&mut console, column, row);
    press(&mut console, column, row + 1);
    press(&mut console, column, row);
    assert!(console.app.details().is_none());
}

/// Two consoles that differ in colour only look the same without it: what a colour says, a sign or
/// a word says too. So no two rows of the same words may differ by style alone, but for the cursor.
#[test]
fn nothing_is_said_by_colour_alone() {
    let mut console = Console::new(200, 60);
    console.lab(LabCommand::Stop("dc1".to_owned()));
    console.wait(65).collect();
    let mut mono = Console::new(200, 60);
    let taste = Preferences {
        theme: "mono".to_owned(),
        ..Preferences::default()
    };
    mono.act(Action::Prefer(Box::new(taste)));
    mono.lab(LabCommand::Stop("dc1".to_owned()));
    mono.wait(65).collect();
    for view in View::ALL {
        let keys: &[&str] = &[
            "<home>",
            "<down> <space> <down>",
            "m",
            "<esc> <enter>",
            "<enter>",
        ];
        console.go(view);
        mono.go(view);
        for keys in keys {
            console.keys(keys);
            mono.keys(keys);
            // The words and signs are the same in every theme…
            assert_eq!(console.screen(), mono.screen(), "{view:?}");
            // …and what stands out by colour stands out without, too.
            let (colour, plain) = (console.buffer(), mono.buffer());
            stands_out(&colour, &plain, &format!("{view:?} {keys}"));
        }
        console.keys("<esc>");
        mono.keys("<esc>");
    }
}

/// Where a cell's ground is coloured, it is reversed without colour.
fn stands_out(colour: &Buffer, plain: &Buffer, what: &str) {
    for (cell, other) in colour.content.iter().zip(&plain.content) {
        let ground = cell.bg != ratatui::style::Color::Reset;
        let reversed = other.modifier.contains(Modifier::REVERSED);
        assert_eq!(ground, reversed, "{what}: {:?}", cell.symbol());
        let warns = matches!(
            cell.fg,
            ratatui::style::Color::LightRed | ratatui::style::Color::Yellow
        );
        let strong = Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED;
        assert!(
            !warns || other.modifier.intersects(strong),
            "{what}: {:?}",
            cell.symbol()
        );
    }
}

/// While a plan is carried out on a server, nothing else is begun there; elsewhere it is.
#[test]
fn a_server_that_is_being_changed_is_left_alone() {
    let mut console = Console::new(120, 40);
    console.hang(renamed("dhcp1", "10.0.8.0/22", "x"));
    to(&mut console, &scope_row("dhcp1", "10.0.16.0/24"));
    console
        .act(Action::Run("edit-scope"))
        .expect("a change is being carried out on dhcp1.contoso.com");
    assert_eq!(layers(&console), 0);
    to(&mut console, &scope_row("old1", "10.3.0.0/24"));
    console.act(Action::Run("edit-scope"));
    assert_eq!(layers(&console), 1);
    console.keys("<esc>");
    // Whoever looks, looks on.
    to(&mut console, &scope_row("dhcp1", "10.0.16.0/24"));
    let place = Place::showing(View::Leases).narrowed(scope_row("dhcp1", "10.0.8.0/22"));
    console.act(Action::Go(place)).wait(1);
    assert!(!console.app.table().order().is_empty());
}
