//! One process that the tests started: signalled by its own number, and never outlives its value.

use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

use rustix::process::{Pid, Signal, kill_process};

pub struct Process {
    child: Child,
    frozen: bool,
}

type Start = (Command, Sender<Child>);

/// Starts a command on a thread that lives as long as the tests: what is to die with its parent
/// dies with the thread that started it, and a test's own thread is soon over.
fn spawn(command: Command) -> Child {
    static STARTER: OnceLock<Mutex<Sender<Start>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (starter, orders) = channel::<Start>();
        std::thread::spawn(move || {
            for (mut command, answer) in orders {
                let child = command
                    .spawn()
                    .unwrap_or_else(|error| panic!("{command:?}: {error}"));
                let _ = answer.send(child);
            }
        });
        Mutex::new(starter)
    });
    let (answer, child) = channel();
    starter.lock().unwrap().send((command, answer)).unwrap();
    child.recv().expect("it was started")
}

impl Process {
    pub fn start(command: Command) -> Process {
        Process {
            child: spawn(command),
            frozen: false,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        self.child.wait().unwrap();
    }

    pub fn freeze(&mut self) {
        self.signal(Signal::STOP);
        self.frozen = true;
    }

    pub fn thaw(&mut self) {
        self.signal(Signal::CONT);
        self.frozen = false;
    }

    pub fn frozen(&self) -> bool {
        self.frozen
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    fn signal(&self, signal: Signal) {
        // Not waited for yet, so that the number is still its own.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
