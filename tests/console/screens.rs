//! What every view and the main layers look like, as text: at each size, and whatever the servers
//! say. `INSTA_UPDATE=always cargo test --test console screens` writes the snapshots anew.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use twinscope::console::action::Action;
use twinscope::console::command;
use twinscope::console::place::{Place, View};
use twinscope::console::preferences::Preferences;
use twinscope::console::subject::Subject;
use twinscope::drivers::embedded::{Fault, LabCommand};
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::ServerRole;
use twinscope::model::{ClientId, Edit, Reservation, ScopeId, ServerName};

use crate::harness::Console;

type Size = (u16, u16);

const SMALL: Size = (80, 24);
const USUAL: Size = (120, 40);
const LARGE: Size = (200, 60);
const ALL: &[Size] = &[SMALL, USUAL, LARGE];
const TWO: &[Size] = &[SMALL, USUAL];

const SEED: &str = "dhcp1.contoso.com-dc1.contoso.com";

/// A snapshot for each size of what a console looks like after something was done with it.
fn shots(name: &str, sizes: &[Size], make: fn(&mut Console)) {
    for (width, height) in sizes {
        let mut console = Console::new(*width, *height);
        make(&mut console);
        shot(&format!("{name}_{width}x{height}"), &console.screen());
    }
}

fn shot(name: &str, screen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen));
}

/// A test a line: its name, which is the snapshot's too, the sizes, and what is done first.
macro_rules! screens {
    ($($name:ident: $sizes:expr, $make:expr;)*) => {
        $(#[test]
        fn $name() {
            shots(stringify!($name), $sizes, $make);
        })*
    };
}

fn server(short: &str) -> ServerName {
    ServerName::new(&format!("{short}.contoso.com"))
}

fn net(text: &str) -> ScopeId {
    text.parse().unwrap()
}

fn scope_row(on: &str, prefix: &str) -> Subject {
    Subject::Scope(server(on), net(prefix))
}

fn relationship_row(one: &str, other: &str, name: &str) -> Subject {
    Subject::Relationship(server(one), server(other), name.to_owned())
}

fn seed_row() -> Subject {
    relationship_row("dhcp1", "dc1", SEED)
}

fn server_row(on: &str) -> Subject {
    Subject::Server(server(on), ServerRole::Dhcp)
}

/// Goes to a row.
fn to<'c>(console: &'c mut Console, row: &Subject) -> &'c mut Console {
    // The cursor stays where somebody put it: a key, whichever.
    console.keys("<f9>");
    console.act(Action::Jump(row.clone()));
    let there = console.app.table().subject();
    assert_eq!(there, Some(row), "{}", console.screen());
    console
}

/// Runs a command on a row.
fn on(console: &mut Console, row: &Subject, id: &'static str) {
    to(console, row).act(Action::Run(id));
}

/// A view, filled in, with details where there is room for both.
fn view(console: &mut Console, view: View) {
    console.go(view);
    if console.buffer().area.height > 30 {
        console.keys("<enter>");
    }
    console.wait(1);
}

fn change(on: &str, edits: Vec<Edit>, reach: Reach) -> Intent {
    Intent::Change {
        server: server(on),
        edits,
        reach,
    }
}

fn reservation(address: &str, last: u8) -> Edit {
    let client = ClientId::mac([0, 0x15, 0x5d, 0xa7, 0x66, last]);
    Edit::AddReservation {
        scope: net("10.0.0.0/24"),
        reservation: Reservation::new(address.parse().unwrap(), client),
    }
}

fn described(prefix: &str, text: &str) -> Edit {
    Edit::SetScope {
        scope: net(prefix),
        properties: vec![ScopeProperty::Description(text.to_owned())],
    }
}

/// Something was done, something failed on the partner.
fn some_history(console: &mut Console) {
    console.intent(change(
        "dhcp1",
        vec![reservation("10.0.0.100", 2)],
        Reach::Pair,
    ));
    console.wait(60);
    console.lab(LabCommand::Fail("dc1".to_owned(), Fault::RefuseWrites));
    let edits = vec![described("10.0.0.0/24", "All floors")];
    console.intent(change("dhcp1", edits, Reach::Pair));
    console.lab(LabCommand::Fail("dc1".to_owned(), Fault::None));
    console.wait(5).collect();
}

screens! {
    server_properties: ALL, |console| view(console, View::ServerProperties);
    scope_properties: ALL, |console| view(console, View::ScopeProperties);
    superscope_properties: ALL, |console| view(console, View::SuperscopeProperties);
    policies: ALL, |console| view(console, View::Policies);
    filters: ALL, |console| view(console, View::Filters);
    failover_relationships: ALL, |console| view(console, View::FailoverRelationships);
    reservations: ALL, |console| view(console, View::Reservations);
    leases: ALL, |console| {
        let scope = scope_row("dhcp1", "10.0.0.0/24");
        console.act(Action::Go(Place::showing(View::Leases).narrowed(scope)));
        if console.buffer().area.height > 30 {
            console.keys("<enter>");
        }
        // Leases are read once the operator rests there.
        console.wait(1).keys("<home>");
    };
    event_catalog: ALL, |console| {
        some_history(console);
        view(console, View::EventCatalog);
    };
    server_groups: ALL, |console| view(console, View::ServerGroups);
    access_control: ALL, |console| view(console, View::AccessControl);
}

#[test]
fn below_the_least_size_it_says_what_it_needs() {
    let mut screens = String::new();
    for (width, height) in [(59, 15), (59, 16), (60, 15), (20, 5), (1, 1)] {
        let mut console = Console::new(width, height);
        // With a layer open, too.
        let plain = console.screen();
        console.keys("?");
        assert_eq!(console.screen(), plain);
        screens.push_str(&format!("== {width}x{height}\n{plain}\n"));
    }
    shot("below_the_least_size", &screens);
}

screens! {
    menu_of_a_scope: TWO, |console| {
        to(console, &scope_row("dhcp1", "10.0.0.0/24")).keys("m");
    };
    menu_of_a_relationship: &[SMALL], |console| {
        to(console, &seed_row()).keys("m");
    };
    selector_view: &[SMALL], |console| {
        console.keys("v");
    };
    palette: TWO, |console| {
        console.keys(": \"fail\"");
    };
    search: &[SMALL], |console| {
        console.keys("ctrl-f \"aabbcc\"");
    };
    help: TWO, |console| {
        console.keys("?");
    };
    columns: &[SMALL], |console| {
        console.keys("c");
    };
    sort: &[SMALL], |console| {
        console.keys("s");
    };
    filtered_and_marked: &[SMALL], |console| {
        console.keys("/ \"branch used>10\" <enter> <space> <down> <space>");
    };
    who_has: &[SMALL], |console| {
        console.keys("w ctrl-u \"10.0.0.99\" <enter>");
    };
    jobs: &[SMALL], |console| {
        console.does(change("dhcp1", vec![reservation("10.0.0.100", 2)], Reach::Pair));
        console.hang(change("old1", vec![described("10.3.0.0/24", "x")], Reach::Server));
        console.keys("J");
    };
    address_map: ALL, |console| {
        to(console, &scope_row("dhcp1", "10.0.0.0/24")).keys("A");
        console.wait(1);
    };
    create_reservation: TWO, |console| {
        to(console, &scope_row("dhcp1", "10.0.0.0/24")).keys("n");
    };
    create_reservation_refused: &[SMALL], |console| {
        to(console, &scope_row("dhcp1", "10.0.0.0/24")).keys("n");
        console.keys("<tab> ctrl-u \"10.0.0.99\" <tab> \"0015.5da7.6602\" <enter>");
    };
    edit_reservation: &[SMALL], |console| {
        let address = "10.0.0.99".parse().unwrap();
        let row = Subject::Reservation(server("dc1"), net("10.0.0.0/24"), address);
        on(console, &row, "edit-reservation");
    };
    paste_reservations: &[SMALL], |console| {
        on(console, &scope_row("dhcp1", "10.0.0.0/24"), "paste-reservations");
        console.paste("10.0.0.60,00155d000060,a\n10.0.0.61,oops,b\n");
    };
    create_scope: &[SMALL], |console| on(console, &server_row("dhcp1"), "create-scope");
    edit_scope: TWO, |console| on(console, &scope_row("dhcp1", "10.0.0.0/24"), "edit-scope");
    edit_scope_options: &[SMALL], |console| {
        on(console, &scope_row("dhcp1", "10.0.0.0/24"), "edit-scope-options");
    };
    edit_server: &[SMALL], |console| on(console, &server_row("dhcp1"), "edit-server");
    add_to_superscope: &[SMALL], |console| {
        on(console, &scope_row("dhcp2", "10.1.4.0/24"), "add-to-superscope");
    };
    add_filter: &[SMALL], |console| on(console, &server_row("dhcp1"), "add-filter");
    configure_failover: TWO, |console| {
        on(console, &scope_row("dhcp1", "10.0.16.0/24"), "configure-failover");
    };
    remove_failover: &[SMALL], |console| {
        on(console, &scope_row("dhcp1", "10.0.0.0/24"), "remove-failover");
    };
    edit_relationship: &[SMALL], |console| on(console, &seed_row(), "edit-relationship");
    replicate_relationship: &[SMALL], |console| {
        let row = relationship_row("branch1", "branch2", "branches");
        on(console, &row, "replicate-relationship");
    };
    delete_relationship: &[SMALL], |console| on(console, &seed_row(), "delete-relationship");
    plan_preview: ALL, |console| {
        on(console, &scope_row("branch1", "10.2.2.0/24"), "replicate-scope");
    };
    plan_that_loses_leases: &[SMALL], |console| {
        on(console, &scope_row("old1", "10.3.1.0/24"), "delete-scope");
    };
    plan_carried_out_in_part: &[SMALL], |console| {
        let row = scope_row("dhcp1", "10.0.0.0/24");
        to(console, &row).act(Action::Run("deactivate-scope"));
        console.lab(LabCommand::Fail("dc1".to_owned(), Fault::RefuseWrites));
        console.keys("<enter>");
    };
    several_servers_one_refused: &[SMALL], |console| {
        to(console, &scope_row("old1", "10.3.0.0/24")).keys("<space>");
        to(console, &scope_row("dhcp1", "10.0.8.0/22")).keys("<space>");
        console.act(Action::Run("edit-scope"));
        console.keys("\"Moved\" <enter>");
        console.lab(LabCommand::Stop("old1".to_owned()));
        console.keys("<enter>");
    };
    compare_scope: ALL, |console| {
        on(console, &scope_row("branch1", "10.2.2.0/24"), "compare-with-partner");
    };
    compare_partners: &[SMALL], |console| {
        let row = relationship_row("branch1", "branch2", "branches");
        on(console, &row, "compare-partners");
    };
    partner_down_do_not: TWO, |console| {
        console.lab(LabCommand::Cut("dhcp1".to_owned(), "dc1".to_owned()));
        console.wait(30).collect();
        on(console, &seed_row(), "set-partner-down");
        console.keys("<enter>");
    };
    partner_down_unconfirmed: &[SMALL], |console| {
        console.lab(LabCommand::Fail("dc1".to_owned(), Fault::Unreachable));
        console.wait(60).collect();
        on(console, &seed_row(), "set-partner-down");
    };
    partner_down_safe: ALL, |console| {
        console.lab(LabCommand::Stop("dc1".to_owned()));
        console.wait(60).collect();
        on(console, &seed_row(), "set-partner-down");
    };
    partner_down_afterwards: TWO, |console| {
        console.lab(LabCommand::Stop("dc1".to_owned()));
        console.wait(60).collect();
        on(console, &seed_row(), "set-partner-down");
        console.keys("<enter> <enter>").wait(600);
    };
}

#[test]
fn a_word_to_the_operator_that_waits() {
    let mut console = Console::new(80, 24);
    let long = "This is a long story about what went wrong. ".repeat(8);
    console.act(Action::Toast(twinscope::console::table::Tone::Bad, long));
    shot("message_80x24", &console.screen());
}

#[test]
fn nothing_was_read_yet() {
    let mut console = Console::new(80, 24);
    console.forget();
    shot("nothing_read_yet_80x24", &console.screen());
    // Every view says so, and none falls over.
    for view in View::ALL {
        console.go(view);
        console.expect("not read yet");
        if !matches!(
            view,
            View::EventCatalog | View::AccessControl | View::ServerGroups
        ) {
            console.expect("Nothing was read yet.");
        }
        console.keys("<enter> <tab> l l <esc> <enter>");
    }
}

screens! {
    no_rows_found: &[SMALL], |console| {
        console.keys("/ \"no such thing\" <enter>");
    };
    a_server_is_stopped: TWO, |console| {
        some_history(console);
        console.lab(LabCommand::Stop("dc1".to_owned()));
        console.wait(65).collect();
        view(console, View::ScopeProperties);
    };
    relationships_when_a_server_is_stopped: &[SMALL], |console| {
        console.lab(LabCommand::Stop("dc1".to_owned()));
        console.wait(65).collect();
        view(console, View::FailoverRelationships);
    };
    hostile_and_wide: ALL, |console| {
        hostile(console);
        to(console, &scope_row("dhcp1", "10.0.8.0/22"));
        if console.buffer().area.height > 30 {
            console.keys("<enter>");
        }
        console.wait(1);
    };
    hostile_and_wide_in_a_form: &[SMALL], |console| {
        hostile(console);
        on(console, &scope_row("dhcp1", "10.0.8.0/22"), "edit-scope");
    };
    hostile_and_wide_in_a_plan: &[SMALL], |console| {
        hostile(console);
        on(console, &scope_row("dhcp1", "10.0.8.0/22"), "delete-scope");
    };
}

/// Control characters, escape sequences, wide signs, joined signs, right to left, and much of it.
const HOSTILE: &str =
    "日本語\u{1b}]0;x\u{7}\u{202e}の部屋 👩‍👩‍👧 🇩🇪 e\u{301} مكتب\u{9b}31m\u{200b}\r\n\t";

fn hostile(console: &mut Console) {
    // Servers count as Windows does.
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= 255
    };
    let long: String = HOSTILE.chars().cycle().take_while(fits).collect();
    let scope = net("10.0.8.0/22");
    let mut reserved = Reservation::new(
        "10.0.8.77".parse().unwrap(),
        ClientId::mac([0, 0x15, 0x5d, 0, 0, 1]),
    );
    reserved.name = HOSTILE.to_owned();
    reserved.description = long.chars().take(90).collect();
    let edits = vec![
        Edit::SetScope {
            scope,
            properties: vec![
                ScopeProperty::Name(long.clone()),
                ScopeProperty::Description(long),
            ],
        },
        Edit::AddReservation {
            scope,
            reservation: reserved,
        },
    ];
    console.intent(change("dhcp1", edits, Reach::Server));
}

/// Nothing hostile reaches the terminal, in whatever layer the words stand, and no line is wider
/// than the screen.
#[test]
fn what_servers_say_reaches_the_terminal_as_signs_only() {
    for (width, height) in [(60, 16), SMALL, USUAL] {
        let mut console = Console::new(width, height);
        hostile(&mut console);
        console.wait(1);
        for view in [
            View::ScopeProperties,
            View::Reservations,
            View::EventCatalog,
        ] {
            console.go(view).keys("<home>");
            let row = match view {
                View::ScopeProperties => scope_row("dhcp1", "10.0.8.0/22"),
                View::Reservations => Subject::Reservation(
                    server("dhcp1"),
                    net("10.0.8.0/22"),
                    "10.0.8.77".parse().unwrap(),
                ),
                _ => console.app.table().subject().unwrap().clone(),
            };
            to(&mut console, &row);
            for known in command::all().filter(|known| known.is_in(view)) {
                let place = console.app.place().clone();
                console.act(Action::Run(known.id));
                clean(&console, known.id);
                closed(&mut console, known.id);
                if *console.app.place() != place {
                    console.act(Action::Back);
                }
            }
        }
    }
}

#[track_caller]
fn clean(console: &Console, what: &str) {
    let buffer = console.buffer();
    for cell in &buffer.content {
        let bad = |c: char| {
            c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        };
        let symbol = cell.symbol();
        assert!(!symbol.contains(bad), "{what}: {symbol:?}");
    }
    let screen = console.screen();
    let width = usize::from(buffer.area.width);
    for line in screen.lines() {
        let wide = unicode_width::UnicodeWidthStr::width(line);
        assert!(wide <= width, "{what}: {line}");
    }
}

fn closed(console: &mut Console, what: &str) {
    for _ in 0..4 {
        if console.app.layers().next().is_none() {
            return;
        }
        console.keys("<esc>");
    }
    panic!("{what} does not close");
}

/// The screen without colour, each line with a line of signs below that says how it looks.
fn marked(buffer: &Buffer) -> String {
    let text = crate::harness::text(buffer);
    let mut all = String::from(
        "b bold, d dim, u underlined, U bold and underlined, r reversed, R reversed and bold, \
         i reversed and dim, x crossed out\n",
    );
    for (y, line) in (buffer.area.top()..buffer.area.bottom()).zip(text.lines()) {
        let signs: String = (buffer.area.left()..buffer.area.right())
            .map(|x| sign(buffer[(x, y)].modifier))
            .collect();
        all.push_str(&format!("  {line}\n"));
        if !signs.trim().is_empty() {
            all.push_str(&format!("~ {}\n", signs.trim_end()));
        }
    }
    all
}

fn sign(modifier: Modifier) -> char {
    let has = |wanted| modifier.contains(wanted);
    let (bold, dim) = (has(Modifier::BOLD), has(Modifier::DIM));
    if has(Modifier::CROSSED_OUT) {
        return 'x';
    }
    match (has(Modifier::REVERSED), has(Modifier::UNDERLINED)) {
        (true, _) if bold => 'R',
        (true, _) if dim => 'i',
        (true, _) => 'r',
        (false, true) if bold => 'U',
        (false, true) => 'u',
        (false, false) if bold => 'b',
        (false, false) if dim => 'd',
        (false, false) => ' ',
    }
}

fn mono(console: &mut Console) {
    let taste = Preferences {
        theme: "mono".to_owned(),
        ..Preferences::default()
    };
    console.act(Action::Prefer(Box::new(taste)));
}

/// What it is called, at which size, and what is done first.
type Looked = (&'static str, Size, fn(&mut Console));

#[test]
fn without_colour() {
    let looks: [Looked; 6] = [
        ("scope_properties", USUAL, |console| {
            some_history(console);
            console.keys("<enter> <down> <space> <down>").wait(9);
        }),
        ("failover_relationships", SMALL, |console| {
            console.lab(LabCommand::Stop("dc1".to_owned()));
            console.wait(65).collect();
            view(console, View::FailoverRelationships);
        }),
        ("menu", SMALL, |console| {
            to(console, &scope_row("old1", "10.3.0.0/24")).keys("m");
        }),
        ("create_reservation", SMALL, |console| {
            to(console, &scope_row("dhcp1", "10.0.0.0/24")).keys("n <tab> \"9\" <tab>");
        }),
        ("plan", SMALL, |console| {
            on(
                console,
                &scope_row("branch1", "10.2.2.0/24"),
                "replicate-scope",
            );
        }),
        ("compare", SMALL, |console| {
            on(
                console,
                &scope_row("branch1", "10.2.2.0/24"),
                "compare-with-partner",
            );
        }),
    ];
    for (name, (width, height), make) in looks {
        let mut console = Console::new(width, height);
        mono(&mut console);
        make(&mut console);
        let buffer = console.buffer();
        let plain = ratatui::style::Color::Reset;
        let mut cells = buffer.content.iter();
        assert!(
            cells.all(|cell| cell.fg == plain && cell.bg == plain),
            "{name}"
        );
        shot(&format!("mono_{name}_{width}x{height}"), &marked(&buffer));
    }
}
