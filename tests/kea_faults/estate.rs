//! A live pair with a home that knows it: what the program does there, and what is true.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home};
use twinscope::ipam::Ipam;
use twinscope::model::edit::Edit;
use twinscope::model::plan::{Intent, Reach};
use twinscope::model::{Reservation, ServerName};

use super::kea_lab::{Hooks, Lab, Mode, NAMES, Options, Version};
use super::relay::Relay;

/// Without the hooks that change one thing at a time.
pub fn minimal() -> Options {
    Options {
        hooks: Hooks::Minimal,
        reservations: 3,
        leases: 1,
        ..Options::default()
    }
}

pub struct Estate {
    pub lab: Arc<Lab>,
    pub home: TempDir,
    pub relay: Arc<Relay>,
    pub runtime: Runtime,
}

/// What the program said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Said {
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn all(&self) -> String {
        format!("{:?}\n{}{}", self.code, self.out, self.err)
    }

    #[track_caller]
    pub fn says(&self, words: &[&str]) -> &Said {
        for words in words {
            let all = self.all();
            assert!(all.contains(words), "not said: {words}\n{all}");
        }
        self
    }

    #[track_caller]
    pub fn done(&self) -> &Said {
        assert_eq!(self.code, Some(0), "{}", self.all());
        self
    }

    #[track_caller]
    pub fn failed(&self) -> &Said {
        assert_eq!(self.code, Some(1), "{}", self.all());
        self
    }
}

impl Estate {
    /// A pair behind a relay.
    pub fn start(version: Version, mode: Mode, options: Options) -> Estate {
        let lab = Arc::new(Lab::start(version, mode, options));
        let home = tempfile::tempdir().unwrap();
        let relay = Arc::new(Relay::default());
        let estate = Estate {
            lab,
            home,
            relay,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
        };
        let sockets = [0, 1].map(|server| {
            let path = estate.home.path().join(format!("{}.sock", NAMES[server]));
            let behind = estate.lab.socket(server);
            estate.relay.listen(server, &path, &behind);
            path
        });
        estate.reached_at(&sockets.map(|path| format!("socket = {path:?}\n")));
        estate
    }

    /// Configures the servers with those lines.
    pub fn reached_at(&self, lines: &[String; 2]) {
        let servers = [0, 1].map(|server| {
            format!(
                "[[server]]\nname = \"{}\"\nkind = \"kea\"\nha_url = \"{}\"\n{}",
                NAMES[server],
                self.lab.peer_url(server),
                lines[server],
            )
        });
        std::fs::write(self.home.path().join("config.toml"), servers.join("\n")).unwrap();
    }

    /// The servers' own sockets, with nothing between.
    pub fn directly(&self) {
        let lines = [0, 1].map(|server| format!("socket = {:?}\n", self.lab.socket(server)));
        self.reached_at(&lines);
    }

    // The program.

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinscope"));
        command
            .env("TWINSCOPE_HOME", self.home.path())
            .env("USER", "tester")
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, line: &str) -> Said {
        Said::of(self.command(line).output().unwrap())
    }

    pub fn spawn(&self, line: &str) -> Child {
        self.command(line).spawn().unwrap()
    }

    /// Reserves an address of the first scope on the pair.
    pub fn reserve(&self, number: u8) -> Said {
        self.run(&reserve(number))
    }

    // The same within this process.

    pub fn ipam(&self) -> Ipam {
        let home = Home::at(self.home.path());
        let file = home.config_file();
        let text = std::fs::read_to_string(&file).unwrap();
        let configuration = Configuration::parse(&file, &text).unwrap();
        let _inside = self.runtime.enter();
        let ipam = Ipam::open(&home, &configuration, Clock::system(), "tester").unwrap();
        self.runtime.block_on(async {
            ipam.collect().await;
            ipam.collect().await;
        });
        ipam
    }

    /// What the console's reading of a server, in another process, says is not in its file.
    pub fn not_saved(&self, server: &str) -> Option<String> {
        let estate = self.ipam().estate();
        let reading = estate.server(server).unwrap().reading.clone().unwrap();
        let mut lines = reading.config.foreign.iter();
        lines
            .find(|line| line.starts_with("set, but not saved"))
            .cloned()
    }

    // The truth.

    /// Whether a server has reserved it, now and in its file.
    pub fn reserved(&self, server: usize, number: u8) -> [bool; 2] {
        let saved = std::fs::read_to_string(self.lab.file(server)).unwrap_or_default();
        let saved: Value = serde_json::from_str(&saved).unwrap_or_default();
        [self.lab.config(server), saved].map(|config| has(&config, number))
    }

    #[track_caller]
    pub fn on_both(&self, number: u8, is: bool) {
        for (server, name) in NAMES.into_iter().enumerate() {
            let held = self.reserved(server, number);
            assert_eq!(held, [is, is], "10.0.0.{number} on {name}");
        }
    }

    /// Whose clients a server answers.
    pub fn serves(&self, server: usize) -> Vec<String> {
        let now = self.lab.get(server, "ha-heartbeat", json!({}));
        let mut scopes: Vec<String> = serde_json::from_value(now["scopes"].clone()).unwrap();
        scopes.sort();
        scopes
    }

    /// Both are well, each answers its own clients and nobody else's.
    #[track_caller]
    pub fn each_its_own(&self) {
        self.lab.wait_normal();
        let second: &[&str] = match self.lab.mode {
            Mode::HotStandby => &[],
            Mode::LoadBalance => &["s2"],
        };
        assert_eq!(self.serves(0), ["s1"]);
        assert_eq!(self.serves(1), second);
    }

    /// The copies are the same, and the next change goes through.
    #[track_caller]
    pub fn next_action(&self, number: u8) {
        self.each_its_own();
        self.run("ipam compare").done();
        self.reserve(number).done();
        self.on_both(number, true);
        self.each_its_own();
    }

    /// The files of what was sent to a server, each its owner's alone.
    pub fn sent(&self, server: usize) -> Vec<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let begins = format!("{}-", NAMES[server]);
        let folder = std::fs::read_dir(self.home.path().join("kea"));
        let files = folder.into_iter().flatten().flatten();
        let sent: Vec<PathBuf> = files
            .filter(|file| {
                let name = file.file_name().to_string_lossy().into_owned();
                name.starts_with(&begins) && name.ends_with(".sent.json")
            })
            .map(|file| file.path())
            .collect();
        for path in &sent {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let text = std::fs::read_to_string(path).unwrap();
            serde_json::from_str::<Value>(&text).unwrap();
        }
        sent
    }
}

pub fn reserve(number: u8) -> String {
    format!(
        "ipam create-reservation --server s1 --ip 10.0.0.{number} --client 02cc000000{number:02x} --name n{number} --yes"
    )
}

/// The same, as what is asked for.
pub fn reserving(number: u8) -> Intent {
    let client = format!("02-cc-00-00-00-{number:02x}");
    let address = format!("10.0.0.{number}");
    Intent::Change {
        server: ServerName::new("s1"),
        edits: vec![Edit::AddReservation {
            scope: "10.0.0.0/20".parse().unwrap(),
            reservation: Reservation::new(address.parse().unwrap(), client.parse().unwrap()),
        }],
        reach: Reach::Pair,
    }
}

fn has(config: &Value, number: u8) -> bool {
    let address = format!("10.0.0.{number}");
    let subnets = config["Dhcp4"]["subnet4"].as_array().cloned();
    let mut reservations = subnets.into_iter().flatten().flat_map(|subnet| {
        subnet["reservations"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    });
    reservations.any(|entry| entry["ip-address"] == address)
}

/// A configuration of a server's, with somebody else's reservation in it.
pub fn with_another(mut config: Value, number: u8) -> Value {
    let list = &mut config["Dhcp4"]["subnet4"][0]["reservations"];
    let mac = format!("02:dd:00:00:00:{number:02x}");
    let entry = json!({"hw-address": mac, "ip-address": format!("10.0.0.{number}")});
    list.as_array_mut().unwrap().push(entry);
    config
}
