//! Do clients notice? DHCPDISCOVERs without end from ever new clients, and which of them nobody
//! answered.

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Lab;

/// Between two clients.
const EVERY: Duration = Duration::from_millis(5);
/// A client that has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many of them must be answered before anything is done to the servers, and after it.
const AROUND: usize = 60;

/// Clients of a lab's first subnet, as a relay on the loopback address passes their words on: to
/// both servers. They come until they are counted.
pub struct Clients {
    over: Arc<AtomicBool>,
    heard: Arc<Heard>,
    sender: JoinHandle<Vec<Instant>>,
    receiver: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    /// Who was answered when, and by which ports.
    answers: Mutex<HashMap<u32, (Instant, Vec<u16>)>>,
    clients: AtomicUsize,
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Count {
    /// DHCPDISCOVERs.
    pub sent: usize,
    /// When each that neither server answered within a second was sent.
    pub unanswered: Vec<Instant>,
    /// How many of them both answered.
    pub twice: usize,
    /// From the first to the last of those that were unanswered one after the other.
    pub silence: Duration,
}

impl Clients {
    /// Lets them come, and waits until some have been answered.
    ///
    /// # Panics
    /// When nobody answers them. The lab must have been started with `dhcp`.
    pub fn come(lab: &Lab) -> Clients {
        let (relay, servers) = lab.dhcp();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, relay)).unwrap();
        socket.set_read_timeout(Some(EVERY)).unwrap();
        let servers = servers.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let over = Arc::new(AtomicBool::new(false));
        let heard = Arc::new(Heard::default());
        let receiver = {
            let (socket, over, heard) = (socket.try_clone().unwrap(), over.clone(), heard.clone());
            std::thread::spawn(move || receive(&socket, &over, &heard))
        };
        let sender = {
            let over = over.clone();
            std::thread::spawn(move || send(&socket, servers, &over))
        };
        let clients = Clients {
            over,
            heard,
            sender,
            receiver,
        };
        clients.more(lab);
        clients
    }

    /// Waits until more of them have been answered.
    fn more(&self, lab: &Lab) {
        let before = self.heard.clients.load(Ordering::Relaxed);
        let since = Instant::now();
        while self.heard.clients.load(Ordering::Relaxed) < before + AROUND {
            let long = since.elapsed() > Duration::from_secs(30);
            assert!(!long, "nobody answers clients\n{}", lab.logs());
            std::thread::sleep(EVERY);
        }
    }

    /// Lets some more come, then no more, and counts those that came since `begun`.
    ///
    /// # Panics
    /// When nobody answers them any more.
    pub fn count(self, lab: &Lab, begun: Instant) -> Count {
        self.more(lab);
        self.over.store(true, Ordering::Relaxed);
        let sent = self.sender.join().unwrap();
        self.receiver.join().unwrap();
        let answers = self.heard.answers.lock().unwrap();
        let mut count = Count {
            sent: 0,
            unanswered: Vec::new(),
            twice: 0,
            silence: Duration::ZERO,
        };
        let mut silent_since = None;
        for (client, at) in (0_u32..).zip(&sent).filter(|(_, at)| **at >= begun) {
            count.sent += 1;
            let answer = answers.get(&client);
            count.twice += usize::from(answer.is_some_and(|(_, by)| by.len() > 1));
            if answer.is_some_and(|(answered, _)| *answered <= *at + PATIENCE) {
                silent_since = None;
                continue;
            }
            count.unanswered.push(*at);
            let since = *silent_since.get_or_insert(*at);
            count.silence = count.silence.max(*at - since);
        }
        count
    }
}

/// One client after the other, until it is over; and when each was there.
fn send(socket: &UdpSocket, servers: [SocketAddr; 2], over: &AtomicBool) -> Vec<Instant> {
    let mut sent = Vec::new();
    let begun = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let client = u32::try_from(sent.len()).unwrap();
        let message = discover(client);
        sent.push(Instant::now());
        for server in servers {
            // Nobody may be listening just now.
            let _ = socket.send_to(&message, server);
        }
        // At even intervals, whatever sending took.
        let next = begun + EVERY * (client + 1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    sent
}

/// Takes answers, until it is over and the last client's patience too.
fn receive(socket: &UdpSocket, over: &AtomicBool, heard: &Heard) {
    let mut message = [0_u8; 1500];
    let mut until = None;
    loop {
        if over.load(Ordering::Relaxed) {
            let until = *until.get_or_insert_with(|| Instant::now() + PATIENCE + EVERY);
            if Instant::now() > until {
                return;
            }
        }
        // Errors are time-outs, or of a port where nobody listened.
        let Ok((length, from)) = socket.recv_from(&mut message) else {
            continue;
        };
        let Some(client) = offered(&message[..length]) else {
            continue;
        };
        let mut answers = heard.answers.lock().unwrap();
        let answer = answers.entry(client).or_insert_with(|| {
            heard.clients.fetch_add(1, Ordering::Relaxed);
            (Instant::now(), Vec::new())
        });
        answer.1.push(from.port());
    }
}

/// The DHCPDISCOVER of a client by its number, as a relay passes it on.
fn discover(client: u32) -> Vec<u8> {
    let mut message = vec![1, 1, 6, 1];
    message.extend(client.to_be_bytes());
    message.extend([0; 16]);
    message.extend(Ipv4Addr::LOCALHOST.octets());
    // Of the numbers in order, load balancing would make long runs for one server.
    message.extend([0x02, 0xdd]);
    message.extend(client.wrapping_mul(2_654_435_761).to_be_bytes());
    message.resize(236, 0);
    message.extend([0x63, 0x82, 0x53, 0x63]);
    // A DHCPDISCOVER that asks for a mask and routers.
    message.extend([53, 1, 1, 55, 2, 1, 3, 255]);
    message
}

/// Whom a DHCPOFFER is for.
fn offered(message: &[u8]) -> Option<u32> {
    let options = message.get(240..)?;
    let offer = options.windows(3).any(|option| option == [53, 1, 2]);
    let client = message.get(4..8)?.try_into().ok()?;
    (message[0] == 2 && offer).then(|| u32::from_be_bytes(client))
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "some thousands")]
        let share = self.unanswered.len() as f64 * 100.0 / self.sent.max(1) as f64;
        write!(
            f,
            "{:>6} {:>10} {share:>6.1} % {:>8.2} s {:>6}",
            self.sent,
            self.unanswered.len(),
            self.silence.as_secs_f64(),
            self.twice,
        )
    }
}
