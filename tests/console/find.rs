//! Finding: the palette, the search, help, columns, who has an address, the jobs; and every command
//! whatever the circumstances.

use crossterm::event::MouseEventKind;
use twinscope::console::action::Action;
use twinscope::console::keymap::Keymap;
use twinscope::console::layers::help;
use twinscope::console::place::View;
use twinscope::console::{command, find};
use twinscope::drivers::embedded::LabCommand;
use twinscope::ipam::Access;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::{ClientId, Edit, Reservation, ScopeId, ServerName};

use crate::harness::Console;

fn layers(console: &Console) -> Vec<&'static str> {
    let layers = console.app.layers();
    layers
        .map(twinscope::console::layers::Layer::name)
        .collect()
}

fn show(console: &Console) {
    if std::env::var("SHOW").is_ok() {
        let mut out = std::io::stderr();
        let _ = std::io::Write::write_all(&mut out, (console.screen() + "\n").as_bytes());
    }
}

#[test]
fn the_palette_runs_commands() {
    let mut console = Console::new(120, 40);
    console.keys(":").expect("Commands");
    show(&console);
    console.keys("\"sort\"").expect("Sort");
    show(&console);
    console.keys("<enter>").expect("Sort by");
    assert_eq!(layers(&console), ["menu"]);
}

#[test]
fn the_palette_says_why_not_and_stays() {
    let mut console = Console::with_access(120, 40, Access::read_only("the house is closed"));
    console.keys(": \"undo\"").expect("the house is closed");
    console.keys("<enter>");
    console.expect("Undo: nothing may be changed here: the house is closed");
    assert_eq!(layers(&console), ["palette"]);
    show(&console);
    console.keys("<esc>");
    assert!(layers(&console).is_empty());
}

#[test]
fn the_palette_goes_to_views_and_to_anything_there_is() {
    let mut console = Console::new(120, 40);
    console
        .keys(": \"relationsh\"")
        .expect("Go to Failover Relationships");
    console.keys(": <esc> : \"gotofail\" <enter>");
    console.expect("Relationship Name");
    console.keys(": \"10.0.0.99\"").expect("reservation · test");
    show(&console);
    console.keys("<enter>");
    assert_eq!(console.app.place().view, View::Reservations);
    let subject = console.app.table().subject().unwrap().to_string();
    assert!(subject.starts_with("10.0.0.99 on "), "{subject}");
    console.keys(": \"dc1\"").expect("server");
    console.keys("<enter>");
    let subject = console.app.table().subject().unwrap().to_string();
    assert_eq!(subject, "dc1.contoso.com");
}

#[test]
fn the_search_finds_any_spelling_by_kind() {
    let mut console = Console::new(120, 40);
    for spelling in [
        "aabbccddeeff",
        "AA:BB:CC:DD:EE:FF",
        "aabb.ccdd.eeff",
        "bb-cc-dd",
    ] {
        console.keys("ctrl-f").expect("Search");
        console
            .keys(&format!("\"{spelling}\""))
            .expect("Reservations");
        console
            .expect("10.0.0.99")
            .expect("dhcp1.contoso.com")
            .expect("dc1.contoso.com");
        console.keys("<esc>");
    }
    console.keys("ctrl-f \"contoso\"");
    console
        .expect("Servers")
        .expect("Failover relationships")
        .expect_not("Reservations");
    show(&console);
    console
        .keys("<esc> ctrl-f \"test 10.0.0\"")
        .expect("10.0.0.99");
    console.keys("<enter>");
    assert_eq!(console.app.place().view, View::Reservations);
}

#[test]
fn leases_that_were_read_are_searched() {
    let mut console = Console::new(120, 40);
    console.keys(": \"gotoleases\" <enter>").wait(1);
    console.wait(1);
    let first = console
        .app
        .table()
        .source()
        .cell(0, 0, console.app.world())
        .text
        .into_owned();
    assert!(!first.is_empty(), "no leases were read");
    let subject = console.app.table().subject().unwrap().to_string();
    let address = subject.split(' ').next().unwrap().to_owned();
    console
        .keys(&format!("ctrl-f \"{address}\""))
        .expect("Leases");
    show(&console);
}

#[test]
fn help_lists_every_command() {
    let keymap = Keymap::new(command::defaults()).unwrap();
    let table = help::keys_table(&keymap);
    for known in command::all() {
        assert!(table.iter().any(|line| line.id == known.id), "{}", known.id);
    }
    for section in help::Section::ALL {
        assert!(
            table.iter().any(|line| line.section == section),
            "{section:?}"
        );
    }
    let mut console = Console::new(80, 24);
    console
        .keys("?")
        .expect("Help")
        .expect("In Scope Properties");
    show(&console);
    console
        .keys("\"takes back the last\"")
        .expect("Undo")
        .expect_not("Mark all");
    for _ in 0..19 {
        console.keys("<backspace>");
    }
    console.keys("<end>").expect("Ends the program.");
    console.keys("<enter>");
    assert!(layers(&console).is_empty());
}

#[test]
fn columns_are_chosen_moved_sorted_and_remembered() {
    let mut console = Console::new(140, 42);
    console.expect_not("Subnet Mask");
    // The status goes away, the mask comes, and moves to the front.
    console.keys("c").expect("Columns of Scope Properties");
    show(&console);
    console.keys("<space>");
    console.expect("[ ] Scope Status");
    for _ in 0..30 {
        console.keys("j");
    }
    console.keys("k <space>");
    for _ in 0..12 {
        console.keys("K");
    }
    console.keys("s s <esc>");
    let names = |console: &Console| -> Vec<&'static str> {
        let table = console.app.table();
        let columns = table.source().columns();
        table
            .shown()
            .iter()
            .map(|place| columns[*place].name)
            .collect()
    };
    let chosen = names(&console);
    assert!(!chosen.contains(&"Scope Status"));
    let sort = console.app.table().sort();
    assert!(sort.descending && sort.column.is_some());
    console.restart();
    assert_eq!(names(&console), chosen);
    assert_eq!(console.app.table().sort(), sort);
    // And back to what they were.
    console.keys("c r <esc>").expect_not("Subnet Mask");
    assert!(names(&console).contains(&"Scope Status"));
    console.restart().expect_not("Subnet Mask");
    assert!(names(&console).contains(&"Scope Status"));
    assert_eq!(console.app.table().sort().column, None);
}

#[test]
fn the_last_column_stays() {
    let mut console = Console::new(140, 42);
    console.keys("c");
    for _ in 0..30 {
        console.keys("<space> j");
    }
    assert!(!console.app.table().shown().is_empty());
}

#[test]
fn a_header_opens_the_chooser_and_sorts_for_good() {
    let mut console = Console::new(140, 42);
    console
        .right_click("Scope ID")
        .expect("Columns of Scope Properties")
        .keys("<esc>");
    console.click("Scope ID");
    let sort = console.app.table().sort();
    assert!(sort.column.is_some());
    console.restart();
    assert_eq!(console.app.table().sort(), sort);
    console.keys("s").expect("Sort by");
    show(&console);
}

#[test]
fn a_theme_is_chosen_and_remembered() {
    let mut console = Console::new(120, 40);
    console.keys(": \"theme\" <enter> h <enter>");
    assert_eq!(console.app.look().theme.name(), "high-contrast");
}

#[test]
fn who_has_asks_both_servers_by_address_and_by_any_spelling() {
    let mut console = Console::new(120, 40);
    console.keys(": \"10.0.0.99\" <enter> w");
    console
        .expect("Who has or had this address")
        .expect("10.0.0.99  aa-bb-cc-dd-ee-ff");
    show(&console);
    console.keys("<esc> w ctrl-u \"AABB.CCDD.EEFF\" <enter>");
    let screen = console.screen();
    let found = screen
        .lines()
        .filter(|line| line.contains("10.0.0.99  aa-bb"));
    assert!(found.count() >= 2, "{screen}");
    console.keys("<enter>");
    assert_eq!(console.app.place().view, View::Reservations);
    console
        .keys("w ctrl-u \"10.0\" <enter>")
        .expect("Type a whole IP address");
    console.keys("<esc>");
    assert!(layers(&console).is_empty());
}

#[test]
fn who_has_says_which_server_did_not_answer() {
    let mut console = Console::new(120, 40);
    let dc1 = "dc1.contoso.com".to_owned();
    console.lab(LabCommand::Stop(dc1));
    console.collect();
    console
        .keys(": \"10.0.0.99\" <enter> w")
        .expect("dc1.contoso.com");
    show(&console);
}

#[test]
fn jobs_are_listed_with_their_ends() {
    let mut console = Console::new(120, 40);
    console.keys("r J").expect("Jobs").expect("Running");
    show(&console);
    console.keys("x <enter> <esc>");
}

#[test]
fn what_was_done_is_in_the_jobs_and_found_by_who_asks() {
    let mut console = Console::new(80, 24);
    console.does(a_change());
    console.keys("J").expect("Running").expect("Ended");
    console.expect("done  dhcp1.contoso.com: Add reservation 10.0.0.100");
    console.expect("done  dc1.contoso.com: Add reservation 10.0.0.100");
    show(&console);
    console.keys("<enter>").expect("Close");
    show(&console);
    console.keys("<esc> <esc> : \"10.0.0.100\" <enter> w");
    console.expect("Add reservation 10.0.0.100");
    show(&console);
    console.keys("<end> <down> <down> <down> <down> <down> <enter>");
    assert_eq!(console.app.place().view, View::EventCatalog);
    // While it runs, it is in the list too.
    let mut console = Console::new(80, 24);
    console.hang(a_change());
    console.keys("J").expect("x stops").expect("step 1 of 2");
    show(&console);
    console.keys("x");
}

/// Whatever opens a layer can be closed with Esc.
#[test]
fn every_layer_closes_on_esc() {
    for id in command::all().map(|known| known.id) {
        let mut console = Console::new(120, 40);
        run(&mut console, id);
        for _ in 0..4 {
            if layers(&console).is_empty() {
                break;
            }
            console.keys("<esc>");
        }
        assert!(layers(&console).is_empty(), "{id}: {:?}", layers(&console));
    }
}

fn run(console: &mut Console, id: &'static str) {
    let effects = console.app.run(id);
    console.carry_out(effects);
}

/// What it is called, and how it comes about.
type Circumstance = (&'static str, fn() -> Console);

fn a_change() -> Intent {
    let scope: ScopeId = "10.0.0.0/24".parse().unwrap();
    let client = ClientId::mac([2, 0, 0, 0, 0, 1]);
    Intent::Change {
        server: ServerName::new("dhcp1.contoso.com"),
        edits: vec![Edit::AddReservation {
            scope,
            reservation: Reservation::new("10.0.0.100".parse().unwrap(), client),
        }],
        reach: Reach::Pair,
    }
}

/// Every command, in every view, whatever the circumstances: it runs, or says why not.
#[test]
fn every_command_runs_or_says_why_not() {
    let circumstances: [Circumstance; 5] = [
        ("as it is", || Console::new(120, 40)),
        ("read-only", || {
            Console::with_access(120, 40, Access::read_only("the house is closed"))
        }),
        ("not reachable", || {
            let mut console = Console::new(120, 40);
            for server in ["dhcp1.contoso.com", "dc1.contoso.com"] {
                console.lab(LabCommand::Stop(server.to_owned()));
            }
            console.collect();
            console
        }),
        ("a job runs", || {
            let mut console = Console::new(120, 40);
            console.hang(a_change());
            console
        }),
        ("nothing is known", || {
            let mut console = Console::new(120, 40);
            console.forget();
            console
        }),
    ];
    for (circumstance, make) in circumstances {
        for view in View::ALL {
            let mut console = make();
            console.go(view);
            for known in command::all() {
                let place = console.app.place().clone();
                let (selection, world) = (console.app.selection(), console.app.world());
                if let Some(why) = known.refusal(world, &selection) {
                    let told = format!("{circumstance}, {view:?}, {}: {why}", known.id);
                    assert!(why.len() > 8 && !why.ends_with('.'), "{told}");
                    run(&mut console, known.id);
                    let mut toasts = console.app.toasts().iter();
                    assert!(toasts.any(|toast| toast.text.contains(&why)), "{told}");
                } else {
                    let writes = known.risk != command::Risk::Read;
                    assert!(
                        !(writes && circumstance == "read-only"),
                        "{view:?}: {} runs though nothing may be changed",
                        known.id
                    );
                    let servers = selection.servers();
                    assert!(
                        !(writes && servers.iter().any(|server| world.busy.contains(server))),
                        "{view:?}: {} runs while its server is being changed",
                        known.id
                    );
                    run(&mut console, known.id);
                }
                for _ in 0..4 {
                    if layers(&console).is_empty() {
                        break;
                    }
                    console.keys("<esc>");
                }
                if console.app.place() != &place {
                    console.go(view);
                }
            }
        }
    }
}

/// How long a key takes where there is much: `cargo test --test console large -- --ignored`
#[test]
#[ignore = "it takes a minute to make the estate"]
fn finding_in_a_large_estate() {
    let mut console = Console::large();
    let world = console.app.world().clone();
    for typed in ["10.100.0.1", "10.1", "0015", "office", "dhcp1 printer"] {
        let begun = std::time::Instant::now();
        let found = find::find(&world, &find::Query::parse(typed), 20);
        let took = begun.elapsed();
        let totals: Vec<usize> = found.iter().map(|group| group.total).collect();
        let line = format!("{typed}: {totals:?} in {took:?}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        assert!(found.iter().all(|group| group.hits.len() <= 20));
    }
    console.keys(": \"10.0.0\" <enter>");
    assert!(console.app.table().subject().is_some());
}

/// What the README says of keys is what they are. `BLESS=1` writes it anew.
#[test]
fn the_readme_lists_the_keys() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(file).unwrap();
    let keymap = Keymap::new(command::defaults()).unwrap();
    let (begin, end) = ("<!-- keys -->\n", "<!-- /keys -->");
    let (before, rest) = readme.split_once(begin).unwrap();
    let (now, after) = rest.split_once(end).unwrap();
    let wanted = help::markdown(&keymap);
    if std::env::var("BLESS").is_ok() {
        let text = format!("{before}{begin}{wanted}{end}{after}");
        std::fs::write(file, text).unwrap();
    } else {
        assert!(
            now == wanted,
            "run BLESS=1 cargo test --test console readme"
        );
    }
}

#[test]
fn the_palette_by_mouse() {
    let mut console = Console::new(120, 40);
    console.keys(": \"gotofail\"");
    console.mouse(MouseEventKind::ScrollDown, "Go to Failover");
    console.click("Go to Failover Relationships");
    assert_eq!(console.app.place().view, View::FailoverRelationships);
}

#[test]
fn hints_are_whole_on_a_small_screen() {
    let mut console = Console::new(80, 24);
    console
        .keys("ctrl-f")
        .expect("scopes, reservations and the")
        .expect("read so far.")
        .keys("\"nobody-has-this\"")
        .expect("w asks the servers.")
        .keys("<esc> w ctrl-u \"10.0\" <enter>")
        .expect("in any spelling of a MAC.");
}

#[test]
fn a_long_message_scrolls() {
    use twinscope::console::layers::message::Message;
    let text: Vec<String> = (1..=60).map(|line| format!("line {line} of it")).collect();
    let mut console = Console::new(80, 24);
    let message = Message::new("A long story", text.join("\n"));
    console
        .act(Action::Open(Box::new(message)))
        .expect("line 1 of it")
        .expect_not("line 60 of it")
        .expect("of 60 lines")
        .keys("<down>")
        .expect_not("line 1 of it")
        .keys("<end>")
        .expect("line 60 of it")
        .expect("60 of 60 lines")
        // It does not go further than there is something to see.
        .keys("<down> <down> <up> <home>")
        .expect("line 1 of it");
    console
        .mouse(MouseEventKind::ScrollDown, "line 5 of it")
        .expect_not("line 3 of it")
        .expect("line 4 of it")
        .keys("<space> <space> <space> <space>")
        .expect("60 of 60 lines")
        .keys("<space>")
        .expect_not("A long story");
}
