//! A control socket in front of a server's own, on which things happen at a command of our choice.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

/// Before the command reaches the server, or after its answer has come from there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    Before,
    After,
}

/// What becomes of the command, or of its answer.
pub enum Fate {
    Pass,
    /// The connection is closed without it.
    Lose,
    /// This goes on in its place.
    Instead(Value),
}

type Doing = Box<dyn FnOnce(&Value) -> Fate + Send>;

struct Trap {
    server: usize,
    command: &'static str,
    moment: Moment,
    doing: Doing,
}

/// What went through, and what is to happen.
#[derive(Default)]
pub struct Relay {
    traps: Mutex<Vec<Trap>>,
    log: Mutex<Vec<(usize, Value)>>,
}

impl Relay {
    /// Listens at a path, for the server behind another one.
    pub fn listen(self: &Arc<Relay>, server: usize, path: &Path, behind: &Path) {
        let listener = UnixListener::bind(path).unwrap();
        let (relay, behind) = (self.clone(), behind.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (relay, behind) = (relay.clone(), behind.clone());
                std::thread::spawn(move || relay.pass(server, stream, &behind));
            }
        });
    }

    /// Has something happen, once, at the next such command.
    pub fn at(
        &self,
        server: usize,
        command: &'static str,
        moment: Moment,
        doing: impl FnOnce(&Value) -> Fate + Send + 'static,
    ) {
        self.traps.lock().unwrap().push(Trap {
            server,
            command,
            moment,
            doing: Box::new(doing),
        });
    }

    /// Whether everything happened that was to.
    pub fn all_happened(&self) -> bool {
        self.traps.lock().unwrap().is_empty()
    }

    /// The commands since it was asked last, in the order in which they came.
    pub fn commands(&self) -> Vec<(usize, Value)> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn spring(&self, server: usize, name: &str, moment: Moment, about: &Value) -> Fate {
        let trap = {
            let mut traps = self.traps.lock().unwrap();
            let place = traps.iter().position(|trap| {
                trap.server == server && trap.command == name && trap.moment == moment
            });
            place.map(|place| traps.remove(place))
        };
        trap.map_or(Fate::Pass, |trap| (trap.doing)(about))
    }

    fn pass(&self, server: usize, mut client: UnixStream, behind: &Path) -> Option<()> {
        let mut command = whole(&mut client)?;
        let name = command["command"].as_str()?.to_owned();
        self.log.lock().unwrap().push((server, command.clone()));
        match self.spring(server, &name, Moment::Before, &command) {
            Fate::Pass => {}
            Fate::Lose => return None,
            Fate::Instead(other) => command = other,
        }
        let mut kea = UnixStream::connect(behind).ok()?;
        kea.write_all(command.to_string().as_bytes()).ok()?;
        let mut answer = Vec::new();
        kea.read_to_end(&mut answer).ok()?;
        let said = serde_json::from_slice(&answer).unwrap_or_default();
        match self.spring(server, &name, Moment::After, &said) {
            Fate::Pass => {}
            Fate::Lose => return None,
            Fate::Instead(other) => answer = other.to_string().into_bytes(),
        }
        client.write_all(&answer).ok()?;
        client.shutdown(Shutdown::Both).ok()
    }
}

/// A command, once it is whole.
fn whole(client: &mut UnixStream) -> Option<Value> {
    let (mut bytes, mut more) = (Vec::new(), [0; 65536]);
    loop {
        let count = client.read(&mut more).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&more[..count]);
        if let Ok(command) = serde_json::from_slice(&bytes) {
            return Some(command);
        }
    }
}

/// A TCP port in front of a server's own, which counts.
pub struct Counted {
    port: u16,
    count: Arc<AtomicUsize>,
}

impl Counted {
    /// In front of that `http://127.0.0.1:18001/`.
    pub fn before(url: &str) -> Counted {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let (address, count) = (address.to_owned(), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let counter = count.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&address) else {
                    continue;
                };
                let both = [
                    (client.try_clone(), server.try_clone()),
                    (Ok(server), Ok(client)),
                ];
                for (place, (from, to)) in both.into_iter().enumerate() {
                    let (mut from, mut to) = (from.unwrap(), to.unwrap());
                    let counter = (place == 0).then(|| counter.clone());
                    std::thread::spawn(move || {
                        let mut bytes = [0; 65536];
                        while let Ok(read @ 1..) = from.read(&mut bytes) {
                            // Whatever else a request is, it begins with that.
                            let asks = bytes[..read].windows(5).filter(|it| it == b"POST ");
                            if let Some(counter) = &counter {
                                counter.fetch_add(asks.count(), Ordering::SeqCst);
                            }
                            if to.write_all(&bytes[..read]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Counted { port, count }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

/// A file that lies on a full disk; the one that it was comes back with the end of this.
pub struct Full {
    file: PathBuf,
    disk: TempDir,
}

impl Full {
    /// `None` where nothing can be mounted.
    pub fn disk_under(file: &Path) -> Option<Full> {
        let mount = |words: &[&str]| {
            let mut mount = Command::new("mount");
            let mount = mount.args(words).stderr(Stdio::null());
            mount.status().is_ok_and(|status| status.success())
        };
        let disk = tempfile::tempdir().unwrap();
        let path = disk.path().to_str().unwrap();
        if !mount(&["-t", "tmpfs", "-o", "size=64k", "twinscope-full", path]) {
            return None;
        }
        let full = Full {
            file: file.to_owned(),
            disk,
        };
        let inner = full.disk.path().join("kea-dhcp4.conf");
        std::fs::copy(file, &inner).unwrap();
        // What is overwritten is freed first: leave it less than it had.
        let mut rest = std::fs::File::create(full.disk.path().join("rest")).unwrap();
        while rest.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
        std::fs::write(&inner, "").unwrap();
        while rest.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
        mount(&["--bind", inner.to_str().unwrap(), file.to_str().unwrap()]).then_some(full)
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        for path in [self.file.as_path(), self.disk.path()] {
            let _ = Command::new("umount")
                .arg("-l")
                .arg(path)
                .stderr(Stdio::null())
                .status();
        }
    }
}
