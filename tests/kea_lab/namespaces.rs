//! Two network namespaces and the link between them, for a partition with both alive. Needs root.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What every name begins with; then the tests' process, a number, and the end.
const OURS: &str = "twinscope";

/// The interface on either end: nothing else is in there to be confused with it.
const LINK: &str = "partner";

pub struct Namespaces {
    names: [String; 2],
}

fn ip(words: &[&str]) -> Result<String, String> {
    let output = Command::new("ip").args(words).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {}: {}", words.join(" "), said.trim()))
}

/// Whether namespaces can be made here; where not, says that `test` is left out, and why.
///
/// # Panics
/// With `CI=true`, where they must be possible.
pub fn possible(test: &str) -> bool {
    static WHY_NOT: OnceLock<Option<String>> = OnceLock::new();
    let why_not = WHY_NOT.get_or_init(|| {
        if !rustix::process::geteuid().is_root() {
            return Some("not root".to_owned());
        }
        remove_stale();
        Namespaces::try_make().err()
    });
    if let Some(why) = why_not {
        super::left_out(&format!(
            "{test}: network namespaces can't be made here ({why})"
        ));
    }
    why_not.is_none()
}

/// Those of test runs that were killed.
fn remove_stale() {
    for line in ip(&["netns", "list"]).unwrap_or_default().lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let mut parts = name.split('-');
        if let (Some(OURS), Some(process)) = (parts.next(), parts.next())
            && process.parse::<u32>().is_ok()
            && !std::path::Path::new("/proc").join(process).exists()
        {
            let _ = ip(&["netns", "delete", name]);
        }
    }
}

impl Namespaces {
    /// Makes them, joined.
    pub fn make() -> Namespaces {
        Namespaces::try_make().unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_make() -> Result<Namespaces, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let names = ["a", "b"].map(|end| format!("{OURS}-{process}-{number}-{end}"));
        // From here on, what was made goes when it does.
        let made = Namespaces { names };
        let [a, b] = made.names.each_ref().map(String::as_str);
        ip(&["netns", "add", a])?;
        ip(&["netns", "add", b])?;
        let pair = ["type", "veth", "peer", "name", LINK, "netns", b];
        ip(&[&["link", "add", LINK, "netns", a], &pair[..]].concat())?;
        for server in 0..2 {
            let name = made.name(server);
            let address = format!("{}/30", made.address(server));
            ip(&["-n", name, "address", "add", &address, "dev", LINK])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
            ip(&["-n", name, "link", "set", LINK, "up"])?;
        }
        Ok(made)
    }

    pub fn name(&self, server: usize) -> &str {
        &self.names[server]
    }

    /// The address of a server on the link; nobody outside sees it.
    pub fn address(&self, server: usize) -> Ipv4Addr {
        [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)][server]
    }

    /// Takes the link down, and resets what is under way on it; both go on, and notice at once.
    pub fn cut(&self) {
        self.cut_silently();
        for name in &self.names {
            // Where it can't be done, they notice when their requests' time is up: after 10 s.
            let _ = ip(&["netns", "exec", name, "ss", "-K", "-t"]);
        }
    }

    /// Takes the link down. Kea waits 10 s for what is under way before it believes it.
    pub fn cut_silently(&self) {
        self.link("down");
    }

    /// Takes it up again.
    pub fn join(&self) {
        self.link("up");
    }

    fn link(&self, how: &str) {
        for name in &self.names {
            let set = ip(&["-n", name, "link", "set", LINK, how]);
            set.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = ip(&["netns", "delete", name]);
        }
    }
}
