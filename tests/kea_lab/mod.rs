//! A real pair of ISC Kea servers for one test: started in a folder of its own on the loopback
//! address, and gone with its value.
//!
//! Nothing here needs root but [`Options::apart`]. The client is one of the tests' own, so that
//! what the driver says can be compared with what the server says.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test file uses its own part of it"
)]

pub mod clients;
pub mod config;
pub mod namespaces;
mod options;
pub mod ports;
pub mod process;
pub mod programs;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use namespaces::Namespaces;
pub use options::{Control, Hooks, Mode, Options, Version, left_out, on_each};
use ports::Ports;
use process::Process;

/// The servers' own names; their order is that of every index here. 0 is the primary.
pub const NAMES: [&str; 2] = ["s1", "s2"];

/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running pair.
pub struct Lab {
    pub version: Version,
    pub mode: Mode,
    pub options: Options,
    // Fields go in order: the servers, then the namespaces that they run in, then their files.
    servers: [Server; 2],
    namespaces: Option<Namespaces>,
    ports: Ports,
    folder: TempDir,
}

/// What belongs to one server: itself, and its Control Agent.
#[derive(Default)]
struct Server {
    dhcp: Mutex<Option<Process>>,
    agent: Mutex<Option<Process>>,
}

impl Server {
    /// Whether it runs and does not hang.
    fn awake(&self) -> bool {
        let process = self.dhcp.lock().unwrap();
        process.as_ref().is_some_and(|process| !process.frozen())
    }
}

impl Lab {
    /// Starts a pair, and waits until both are well and hold the leases.
    ///
    /// # Panics
    /// When it does not come up; with what the servers wrote last.
    pub fn start(version: Version, mode: Mode, options: Options) -> Lab {
        let namespaces = options.apart.then(Namespaces::make);
        let lab = Lab {
            version,
            mode,
            servers: Default::default(),
            ports: Ports::free(),
            namespaces,
            folder: tempfile::tempdir().unwrap(),
            options,
        };
        for server in 0..2 {
            let folder = lab.folder(server);
            std::fs::create_dir(&folder).unwrap();
            // Newer ones insist on it.
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o750)).unwrap();
            config::write(&lab, server);
            lab.start_again(server);
        }
        lab.wait_normal();
        for server in 0..2 {
            lab.wait_for_http(server);
        }
        lab.add_leases();
        lab
    }

    /// The folder of a server: its configuration, leases, socket, and logs.
    pub fn folder(&self, server: usize) -> PathBuf {
        self.folder.path().join(NAMES[server])
    }

    /// Its unix control socket.
    pub fn socket(&self, server: usize) -> PathBuf {
        self.folder(server).join("ctl.sock")
    }

    /// The address of its HTTP channel, `http://127.0.0.1:18001/`, whether there is one or not.
    pub fn url(&self, server: usize) -> String {
        format!(
            "http://{}:{}/",
            self.address(server),
            self.ports.control[server]
        )
    }

    /// The address of its listener for the partner, as it stands in `peers`.
    pub fn peer_url(&self, server: usize) -> String {
        format!(
            "http://{}:{}/",
            self.address(server),
            self.ports.peers[server]
        )
    }

    /// Where it can be reached.
    pub fn address(&self, server: usize) -> Ipv4Addr {
        match &self.namespaces {
            Some(namespaces) => namespaces.address(server),
            None => Ipv4Addr::LOCALHOST,
        }
    }

    /// The UDP ports of real DHCP: the relay's, to which they answer, and one of each server.
    /// `perfdhcp -4 -l 127.0.0.1 -L <relay> -N <server> … 127.0.0.1`
    pub fn dhcp(&self) -> (u16, [u16; 2]) {
        (self.ports.relay, self.ports.dhcp)
    }

    /// Its configuration file.
    pub fn file(&self, server: usize) -> PathBuf {
        self.folder(server).join("kea-dhcp4.conf")
    }

    /// What is in its configuration file.
    ///
    /// # Panics
    /// When it is not JSON: with [`Options::comments`], until the server has written it.
    pub fn config_on_disk(&self, server: usize) -> Value {
        let text = std::fs::read_to_string(self.file(server)).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The namespace that a server runs in, with [`Options::apart`].
    pub fn namespace(&self, server: usize) -> Option<&str> {
        self.namespaces
            .as_ref()
            .map(|namespaces| namespaces.name(server))
    }

    /// Cuts the link between the two, both going on, with [`Options::apart`].
    pub fn cut(&self) {
        self.namespaces.as_ref().expect("a lab that is apart").cut();
    }

    /// The same, with no word to what is under way: they notice only after Kea's own 10 s.
    pub fn cut_silently(&self) {
        let link = self.namespaces.as_ref();
        link.expect("a lab that is apart").cut_silently();
    }

    /// Joins them again.
    pub fn join(&self) {
        self.namespaces
            .as_ref()
            .expect("a lab that is apart")
            .join();
    }

    // The servers as processes.

    /// The process of a server.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self, server: usize) -> u32 {
        let process = self.servers[server].dhcp.lock().unwrap();
        process.as_ref().expect("it runs").pid()
    }

    /// Ends it and its Control Agent without a word.
    pub fn kill(&self, server: usize) {
        let Server { dhcp, agent } = &self.servers[server];
        for process in [dhcp, agent] {
            // Dropping ends it, and waits.
            drop(process.lock().unwrap().take());
        }
    }

    /// Stops the server as an administrator would, and waits; the Control Agent stays.
    pub fn stop(&self, server: usize) {
        let process = self.servers[server].dhcp.lock().unwrap().take();
        process.expect("it runs").stop();
    }

    /// Lets it hang: it takes connections, and does nothing with them.
    pub fn freeze(&self, server: usize) {
        self.process(server, Process::freeze);
    }

    /// Lets it go on.
    pub fn thaw(&self, server: usize) {
        self.process(server, Process::thaw);
    }

    fn process(&self, server: usize, doing: fn(&mut Process)) {
        let mut process = self.servers[server].dhcp.lock().unwrap();
        doing(process.as_mut().expect("it runs"));
    }

    /// Starts what does not run of a server, with what its file says now, and does not wait.
    pub fn start_again(&self, server: usize) {
        let programs = programs::of(self.version).expect("this version is here");
        let folder = self.folder(server);
        let Server { dhcp, agent } = &self.servers[server];
        let start = |place: &Mutex<Option<Process>>, program: &str, more: &[String]| {
            let mut place = place.lock().unwrap();
            if place.is_none() {
                let namespace = self.namespace(server);
                let file = folder.join(format!("{program}.conf"));
                let command = programs.command(program, &file, namespace, more);
                *place = Some(Process::start(command));
            }
        };
        let (relay, servers) = self.dhcp();
        let ports = match self.options.dhcp {
            true => vec![
                "-p".to_owned(),
                servers[server].to_string(),
                "-P".to_owned(),
                relay.to_string(),
            ],
            false => Vec::new(),
        };
        start(dhcp, "kea-dhcp4", &ports);
        if self.has_agent() {
            start(agent, "kea-ctrl-agent", &[]);
        }
    }

    /// Whether the HTTP channel is a Control Agent's.
    pub fn has_agent(&self) -> bool {
        match self.options.control {
            Control::Socket => false,
            Control::Http => self.version < Version::V3_0,
            Control::Agent => true,
        }
    }

    // Asking them.

    /// Asks a server on its socket: `{"command": "config-get"}`.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn ask(&self, server: usize, command: &Value) -> Value {
        let name = NAMES[server];
        match self.try_ask(server, command) {
            Ok(answer) => answer,
            Err(error) => panic!("{name} does not answer {command}: {error}\n{}", self.logs()),
        }
    }

    /// Asks for what must succeed, and gives the arguments of the answer.
    ///
    /// # Panics
    /// When it does not.
    pub fn get(&self, server: usize, command: &str, arguments: Value) -> Value {
        let mut answer = match arguments {
            Value::Null => self.ask(server, &json!({"command": command})),
            arguments => self.ask(server, &json!({"command": command, "arguments": arguments})),
        };
        assert_eq!(answer["result"], 0, "{command}: {answer}");
        answer["arguments"].take()
    }

    /// The configuration that it has now, `{"Dhcp4": {…}}`, without the hash.
    pub fn config(&self, server: usize) -> Value {
        let mut config = self.get(server, "config-get", Value::Null);
        config.as_object_mut().unwrap().remove("hash");
        config
    }

    /// Sets a configuration, as somebody else would.
    pub fn set_config(&self, server: usize, config: Value) {
        self.get(server, "config-set", config);
    }

    /// The same, or why there was no answer.
    pub fn try_ask(&self, server: usize, command: &Value) -> std::io::Result<Value> {
        let mut answer = ask(&self.socket(server), command)?;
        if let Value::Array(all) = &mut answer {
            return Ok(all.first_mut().map(Value::take).unwrap_or_default());
        }
        Ok(answer)
    }

    /// The state of a server, in its own word; `None` when it does not say one.
    pub fn state(&self, server: usize) -> Option<String> {
        let answer = self
            .try_ask(server, &json!({"command": "ha-heartbeat"}))
            .ok()?;
        answer["arguments"]["state"].as_str().map(str::to_owned)
    }

    /// Waits until the server is in the state.
    ///
    /// # Panics
    /// When it does not come to it.
    pub fn wait_state(&self, server: usize, wanted: &str) {
        let mut seen = Vec::new();
        self.wait(&format!("{} is {wanted}", NAMES[server]), || {
            let state = self.state(server).unwrap_or_else(|| "silent".to_owned());
            let there = state == wanted;
            if seen.last() != Some(&state) {
                seen.push(state);
            }
            there.then_some(()).ok_or_else(|| format!("{seen:?}"))
        });
    }

    /// Waits until both are well; those that stand alone, until they answer.
    ///
    /// # Panics
    /// When they do not come to it.
    pub fn wait_normal(&self) {
        if !self.options.ha {
            return (0..2).for_each(|server| self.wait_answers(server));
        }
        // Each as the other sees it too, and both at the same moment.
        self.wait("both are well and in touch", || {
            let seen: Vec<_> = (0..2).map(|server| self.view(server)).collect();
            let well = seen.iter().all(|view| {
                let [local, remote] = [&view["local"]["state"], &view["remote"]["last-state"]];
                local == self.mode.word()
                    && remote == self.mode.word()
                    && view["remote"]["communication-interrupted"] != true
            });
            well.then_some(()).ok_or_else(|| format!("{seen:?}"))
        });
    }

    /// What a server says of itself and of its partner: `ha-servers` of `status-get`.
    pub fn view(&self, server: usize) -> Value {
        let answer = self.try_ask(server, &json!({"command": "status-get"}));
        let answer = answer.unwrap_or_default();
        answer["arguments"]["high-availability"][0]["ha-servers"].clone()
    }

    /// Waits until it answers at all.
    pub fn wait_answers(&self, server: usize) {
        self.wait(&format!("{} answers", NAMES[server]), || {
            let answer = self.try_ask(server, &json!({"command": "version-get"}));
            answer.map(drop).map_err(|error| error.to_string())
        });
    }

    /// Waits until its HTTP channel listens, if it has one.
    ///
    /// # Panics
    /// When it does not come to it.
    pub fn wait_for_http(&self, server: usize) {
        if self.options.control == Control::Socket || self.options.apart {
            return;
        }
        let at = (self.address(server), self.ports.control[server]);
        self.wait(&format!("{at:?} listens"), || {
            let connected = std::net::TcpStream::connect(at);
            connected.map(drop).map_err(|error| error.to_string())
        });
    }

    fn wait(&self, what: &str, mut holds: impl FnMut() -> Result<(), String>) {
        let since = Instant::now();
        loop {
            // Kea looks at its timers when it is asked something, else once a second.
            for server in (0..2).filter(|server| self.servers[*server].awake()) {
                let _ = self.state(server);
            }
            let Err(seen) = holds() else { return };
            let dead = self.dead();
            let hopeless = dead.is_some() || since.elapsed() > PATIENCE;
            let dead = dead.unwrap_or_default();
            assert!(
                !hopeless,
                "never: {what}, but {seen} {dead}\n{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What ended by itself.
    fn dead(&self) -> Option<String> {
        self.servers.iter().zip(NAMES).find_map(|(server, name)| {
            [&server.dhcp, &server.agent]
                .into_iter()
                .find_map(|process| {
                    let ended = process.lock().unwrap().as_mut()?.ended()?;
                    Some(format!("and {name} ended: {ended}"))
                })
        })
    }

    /// The last lines that each wrote.
    pub fn logs(&self) -> String {
        let mut all = String::new();
        for name in NAMES {
            for file in [
                "kea-dhcp4.out",
                "kea-dhcp4.log",
                "kea-ctrl-agent.out",
                "kea-ctrl-agent.log",
            ] {
                let path = self.folder.path().join(name).join(file);
                let text = std::fs::read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let lines: Vec<&str> = text.lines().collect();
                for line in &lines[lines.len().saturating_sub(12)..] {
                    let _ = writeln!(all, "{name} {file}: {line}");
                }
            }
        }
        all
    }

    fn add_leases(&self) {
        for subnet in 0..self.options.subnets.min(3) {
            for number in 0..self.options.leases {
                let lease = config::lease(subnet, number);
                for server in 0..2 {
                    self.get(server, "lease4-add", lease.clone());
                }
            }
        }
    }
}

/// Asks on a unix socket, a minute at most. An answer that is none is an error.
pub fn ask(socket: &Path, command: &Value) -> std::io::Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(command.to_string().as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    serde_json::from_slice(&answer).map_err(std::io::Error::other)
}
