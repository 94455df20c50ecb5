//! Is a large Kea server read in no more time than `curl` and `jq` take for the same calls?
//! `cargo bench --bench kea` (`-- --version 3.0` for another version).
//!
//! One server on the loopback address, asked by both in turn. `-- --small` has it hold little, for
//! a first look without a release build.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

#[path = "../tests/kea_lab/mod.rs"]
mod kea_lab;

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kea_lab::config::{POOL, host};
use kea_lab::{Control, Hooks, Lab, Mode, NAMES, Options, Version, left_out};
use twinscope::config::{KeaAddress, KeaUrl};
use twinscope::drivers::LeaseQuery;
use twinscope::drivers::kea::abilities::{self, Abilities};
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::leases::leases;
use twinscope::drivers::kea::peers::Peers;
use twinscope::drivers::kea::reading::Reader;
use twinscope::model::server::ServerReading;
use twinscope::model::{ServerConfig, ServerName};

const SERVER: usize = 0;

/// How much the server holds.
struct Size {
    subnets: usize,
    reservations: usize,
    leases: usize,
    rounds: usize,
}

const SMALL: Size = Size {
    subnets: 10,
    reservations: 1000,
    leases: 2500,
    rounds: 1,
};
const LARGE: Size = Size {
    subnets: 1000,
    reservations: 100_000,
    leases: 100_000,
    rounds: 5,
};

/// Asks on the socket; the answer is on standard output.
const SOCKET: &str =
    r#"ask() { printf %s "$1" | socat -t 60 STDIO UNIX-CONNECT:"$AT",shut-none; }"#;
/// Asks over HTTP.
const HTTP: &str = r#"ask() { curl -s -H 'Content-Type: application/json' -d "$1" "$AT"; }"#;

/// An answer may come in a list.
const CONFIGURATION: &str = r#"
ask '{"command": "config-get", "service": ["dhcp4"]}' |
    jq '(if type == "array" then .[0] else . end) | [.arguments.Dhcp4.subnet4[].reservations[]] | length'
"#;

const PAGES: &str = r#"
from=start; all=0; count=1000
while [ "$count" = 1000 ]; do
    page=$(ask '{"command": "lease4-get-page", "service": ["dhcp4"], "arguments": {"from": "'$from'", "limit": 1000}}' |
        jq -r '(if type == "array" then .[0] else . end) | .arguments | "\(.count // 0) \(.leases[-1]["ip-address"] // "")"')
    count=${page% *}; from=${page#* }; all=$((all + count))
done
echo $all
"#;

fn main() {
    // As a test it only has to run: then cargo does not say that it is a bench.
    let words: Vec<String> = std::env::args().collect();
    let asked = |wanted: &str| words.iter().any(|word| word == wanted);
    let small = asked("--small") || !asked("--bench");
    let size = if small { SMALL } else { LARGE };
    let number = words.iter().skip_while(|word| *word != "--version").nth(1);
    let number = number.map_or("2.2", String::as_str);
    let mut versions = Version::ALL.into_iter();
    let Some(version) = versions.find(|version| version.number() == number) else {
        panic!("--version takes 2.2, 2.6 or 3.0, not {number}");
    };
    const BENCH: &str = "how fast a large Kea server is read";
    if !version.here_for(BENCH) {
        return;
    }
    for tool in ["curl", "jq", "socat"] {
        if Command::new(tool).arg("--help").output().is_err() {
            return left_out(&format!("{BENCH}: {tool} is not here"));
        }
    }
    let lab = start(version, &size);
    println!(
        "Kea {number}: {} subnets, {} reservations, {} leases; {} rounds, ms",
        size.subnets, size.reservations, size.leases, size.rounds
    );
    println!(
        "{:<32} {:>9} {:>9} {:>11} {:>9} {:>7}",
        "", "ours min", "median", "theirs min", "median", "ratio"
    );
    let url = lab.url(SERVER);
    let socket = lab.socket(SERVER);
    let ways = [
        (
            "unix socket",
            SOCKET,
            socket.display().to_string(),
            KeaAddress::Socket(socket.clone()),
        ),
        (
            "HTTP",
            HTTP,
            url.clone(),
            KeaAddress::Url(Box::new(KeaUrl::new(&url))),
        ),
    ];
    for (way, ask, at, address) in &ways {
        let shell = |script: &str, expected: usize| {
            timed(|| {
                let done = Command::new("bash")
                    .arg("-c")
                    .arg(format!("{ask}\n{script}"))
                    .env("AT", at)
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&done.stdout);
                assert_eq!(said.trim(), expected.to_string(), "{done:?}");
            })
        };
        let ours = Ours::at(address);
        let name = |what: &str| format!("{what}, {way}");
        compare(
            &name("configuration"),
            size.rounds,
            || timed(|| ours.configuration(size.reservations)),
            || shell(CONFIGURATION, size.reservations),
        );
        compare(
            &name("all leases by pages"),
            size.rounds,
            || timed(|| ours.leases(size.leases)),
            || shell(PAGES, size.leases),
        );
    }
}

/// A server that holds so much, alone.
fn start(version: Version, size: &Size) -> Lab {
    let options = Options {
        subnets: size.subnets,
        reservations: size.reservations,
        leases: 0,
        control: Control::Http,
        hooks: Hooks::All,
        ha: false,
        ..Options::default()
    };
    let lab = Lab::start(version, Mode::HotStandby, options);
    lab.kill(1);
    lab.stop(SERVER);
    let file = lab.folder(SERVER).join("leases4.csv");
    let header = std::fs::read_to_string(&file).unwrap();
    let mut text = header.trim_end().to_owned();
    let columns: Vec<&str> = header.trim().split(',').collect();
    let expire = (Timestamp::now().as_second() + 80_000).to_string();
    for number in 0..size.leases {
        let (subnet, place) = (number % size.subnets, number / size.subnets);
        let [_, a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
        let fields = columns.iter().map(|column| match *column {
            "address" => host(subnet, POOL.0 + place).to_string(),
            "hwaddr" => format!("02:10:00:{a:02x}:{b:02x}:{c:02x}"),
            "valid_lifetime" => "86400".to_owned(),
            "expire" => expire.clone(),
            "subnet_id" => (subnet + 1).to_string(),
            "hostname" => format!("client{number}.example.org"),
            "fqdn_fwd" | "fqdn_rev" | "state" | "pool_id" => "0".to_owned(),
            _ => String::new(),
        });
        let fields: Vec<String> = fields.collect();
        let _ = write!(text, "\n{}", fields.join(","));
    }
    text.push('\n');
    std::fs::write(&file, text).unwrap();
    lab.start_again(SERVER);
    lab.wait_answers(SERVER);
    lab.wait_for_http(SERVER);
    lab
}

/// What reads the server as the product does.
struct Ours {
    runtime: tokio::runtime::Runtime,
    server: ServerName,
    channel: Channel,
    abilities: Abilities,
    config: OnceCell<Arc<ServerConfig>>,
}

impl Ours {
    fn at(address: &KeaAddress) -> Ours {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = ServerName::new(NAMES[SERVER]);
        let channel = Channel::open(server.clone(), address).unwrap();
        let abilities = runtime
            .block_on(abilities::probe(&channel, &server))
            .unwrap();
        Ours {
            runtime,
            server,
            channel,
            abilities,
            config: OnceCell::new(),
        }
    }

    fn read(&self) -> ServerReading {
        // A new one knows nothing of the reading before.
        let reader = Reader::new(self.server.clone(), Arc::new(Peers::default()));
        let now = Timestamp::now();
        let reading = reader.read(&self.channel, &self.abilities, None, now);
        self.runtime.block_on(reading).unwrap()
    }

    /// A whole reading: the configuration as the model has it, and how the server runs.
    fn configuration(&self, expected: usize) {
        let reading = self.read();
        let scopes = reading.config.scopes.values();
        let found: usize = scopes.map(|scope| scope.reservations.len()).sum();
        assert_eq!(found, expected);
    }

    fn leases(&self, expected: usize) {
        let config = self.config.get_or_init(|| self.read().config);
        let query = LeaseQuery::default();
        let found = self.runtime.block_on(leases(
            &self.channel,
            &self.abilities,
            &self.server,
            config,
            &query,
            Timestamp::now(),
        ));
        assert_eq!(found.unwrap().len(), expected);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed()
}

/// Both in turn, and a line of the table. The limit is what they take.
fn compare(
    what: &str,
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut theirs: impl FnMut() -> Duration,
) {
    // Nobody is the first one to wake the server.
    ours();
    let (mut a, mut b): (Vec<Duration>, Vec<Duration>) =
        (0..rounds).map(|_| (ours(), theirs())).unzip();
    let [[least, middle], [their_least, their_middle]] = [&mut a, &mut b].map(|times| {
        times.sort_unstable();
        [times[0], times[rounds / 2]].map(|time| time.as_secs_f64() * 1000.0)
    });
    let ratio = middle / their_middle;
    let word = if ratio <= 1.0 { "ok" } else { "OVER" };
    println!(
        "{what:<32} {least:>9.1} {middle:>9.1} {their_least:>11.1} {their_middle:>9.1} {ratio:>7.2} {word}"
    );
}
