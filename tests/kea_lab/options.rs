//! What a lab is made of: versions, modes and choices, and what is said where one is missing.

use std::io::Write;

use super::programs;

/// A version of Kea that the tests know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Version {
    V2_2,
    V2_6,
    V3_0,
}

impl Version {
    pub const ALL: [Version; 3] = [Version::V2_2, Version::V2_6, Version::V3_0];

    /// As it says itself: `2.6`.
    pub fn number(self) -> &'static str {
        match self {
            Version::V2_2 => "2.2",
            Version::V2_6 => "2.6",
            Version::V3_0 => "3.0",
        }
    }

    /// Whether it is on this machine.
    pub fn available(self) -> bool {
        programs::of(self).is_some()
    }

    /// Those of the versions that are on this machine.
    pub fn found() -> Vec<Version> {
        let all = Version::ALL.into_iter();
        all.filter(|version| version.available()).collect()
    }

    /// Whether it is on this machine; where not, says that `test` is left out, and fails under CI.
    pub fn here_for(self, test: &str) -> bool {
        if !self.available() {
            let number = self.number();
            left_out(&format!(
                "{test}: Kea {number} is not here (tests/kea/install.sh all fetches it)"
            ));
        }
        self.available()
    }
}

/// Tries something on each version that is here, all at once: most of it is waiting.
///
/// # Panics
/// When it does on one of them.
pub fn on_each(test: &str, doing: impl Fn(Version) + Sync) {
    std::thread::scope(|scope| {
        for version in Version::ALL {
            if version.here_for(test) {
                let doing = &doing;
                scope.spawn(move || doing(version));
            }
        }
    });
}

/// Says what a test leaves out, where `tests/run.sh` finds it too.
///
/// # Panics
/// With `CI=true`, which leaves out nothing.
pub fn left_out(what: &str) {
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "left out, which CI does not allow: {what}");
    let _ = writeln!(std::io::stderr(), "left out: {what}");
    if let Some(list) = std::env::var_os("TWINSCOPE_LEFT_OUT") {
        let list = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(list);
        let _ = list.and_then(|mut list| writeln!(list, "{what}"));
    }
}

/// How the two share the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    HotStandby,
    LoadBalance,
}

impl Mode {
    pub const ALL: [Mode; 2] = [Mode::HotStandby, Mode::LoadBalance];

    /// Kea's word, which is also the name of the state in which all is well.
    pub fn word(self) -> &'static str {
        match self {
            Mode::HotStandby => "hot-standby",
            Mode::LoadBalance => "load-balancing",
        }
    }
}

/// On which channels a server can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// Its unix socket alone.
    Socket,
    /// HTTP too: with a Control Agent up to 2.6, by itself in 3.0.
    Http,
    /// HTTP too, with a Control Agent whatever the version.
    Agent,
}

/// Which hooks are loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hooks {
    /// High availability, lease and statistics commands: what every version has.
    Minimal,
    /// All those of the version that are free and that administer: in 3.0, host, subnet and class
    /// commands too.
    All,
}

/// What a lab is to be like. [`Options::default`] is a small one that starts at once.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many subnets: 10.0.0.0/20, 10.0.16.0/20, …
    pub subnets: usize,
    /// How many of them, the last ones, lie in the shared network `floor`.
    pub shared: usize,
    /// How many reservations in all, spread evenly over the subnets.
    pub reservations: usize,
    /// Whether the reservations have each kind of identifier in turn, not only hardware addresses.
    pub mixed: bool,
    /// How many leases each of the first three subnets has, on both servers.
    pub leases: usize,
    /// The heartbeat's period in milliseconds.
    pub heartbeat: u64,
    /// Milliseconds after which a silent partner counts as lost.
    pub max_response: u64,
    /// How many clients must stay unanswered before the partner counts as down; 0 is at once.
    pub max_unacked: u32,
    /// A name for the relationship, in the `user-context` of the HA element.
    pub relationship: Option<String>,
    /// Channels.
    pub control: Control,
    /// User and password of the HTTP channel.
    pub auth: Option<(String, String)>,
    /// Hooks.
    pub hooks: Hooks,
    /// Whether they answer real clients: relayed ones, on the loopback address ([`super::Lab::dhcp`]).
    pub dhcp: bool,
    /// Whether the file has comments of each kind and an include, as a person writes it.
    pub comments: bool,
    /// Whether the two are a pair; otherwise they stand alone, each with the same subnets.
    pub ha: bool,
    /// Whether each runs in a network namespace of its own, joined by a link that can be cut.
    /// Needs root; ask [`super::namespaces::possible`] first. The unix sockets are reached as ever, HTTP
    /// only from inside.
    pub apart: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            subnets: 3,
            shared: 0,
            reservations: 6,
            mixed: false,
            leases: 4,
            heartbeat: 200,
            max_response: 1000,
            max_unacked: 0,
            relationship: None,
            control: Control::Socket,
            auth: None,
            hooks: Hooks::All,
            dhcp: false,
            comments: false,
            ha: true,
            apart: false,
        }
    }
}
