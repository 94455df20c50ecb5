//! A partner that plays the other half of a load balancing pair, lives, and answers as it was told
//! when it is asked whether it may be switched off.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What it answers when it is told to prepare for maintenance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notified {
    Success,
    Failure,
    Unsupported,
    NotAllowed,
    Unauthorized,
    ServerError,
    Nonsense,
    Proxy,
    Close,
    Hang,
}

impl Notified {
    pub const ALL: [Notified; 10] = [
        Notified::Success,
        Notified::Failure,
        Notified::Unsupported,
        Notified::NotAllowed,
        Notified::Unauthorized,
        Notified::ServerError,
        Notified::Nonsense,
        Notified::Proxy,
        Notified::Close,
        Notified::Hang,
    ];

    /// The status, the kind of body, and the body; `None`: it hangs up.
    fn answer(self) -> Option<(&'static str, &'static str, String)> {
        let result = |result: i32| {
            let body = json!([{"result": result, "text": format!("result {result}")}]);
            ("200 OK", "application/json", body.to_string())
        };
        let map = |status: &'static str, result: i32| {
            let body = json!({"result": result, "text": status});
            (status, "application/json", body.to_string())
        };
        Some(match self {
            Notified::Success => result(0),
            Notified::Failure => result(1),
            Notified::Unsupported => result(2),
            Notified::NotAllowed => result(1001),
            Notified::Unauthorized => map("401 Unauthorized", 401),
            Notified::ServerError => map("500 Internal Server Error", 500),
            Notified::Nonsense => ("200 OK", "application/json", "hello".to_owned()),
            Notified::Proxy => (
                "502 Bad Gateway",
                "text/html",
                "<html><h1>502 Bad Gateway</h1></html>".to_owned(),
            ),
            Notified::Close | Notified::Hang => return None,
        })
    }
}

struct Script {
    notified: Notified,
    /// What it says of itself.
    state: &'static str,
    /// Heartbeats that were answered.
    answered: usize,
    ended: bool,
}

struct Stage {
    script: Mutex<Script>,
    changed: Condvar,
}

/// It listens until it is dropped.
pub struct Partner {
    stage: Arc<Stage>,
    at: std::net::SocketAddr,
}

impl Partner {
    /// In the place of the partner that listened there.
    pub fn at(url: &str) -> Partner {
        let at = url.trim_start_matches("http://").trim_end_matches('/');
        let at: std::net::SocketAddr = at.parse().unwrap();
        let listener = TcpListener::bind(at).unwrap();
        let stage = Arc::new(Stage {
            script: Mutex::new(Script {
                notified: Notified::Success,
                state: "load-balancing",
                answered: 0,
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let playing = Arc::clone(&stage);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if playing.script.lock().unwrap().ended {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let stage = Arc::clone(&playing);
                std::thread::spawn(move || serve(stream, &stage));
            }
        });
        Partner { stage, at }
    }

    pub fn answers(&self, notified: Notified) {
        self.stage.script.lock().unwrap().notified = notified;
    }

    /// From now on it says that it is in that state.
    pub fn is(&self, state: &'static str) {
        self.stage.script.lock().unwrap().state = state;
    }

    /// Waits for two more heartbeats: the server knows again who it has.
    pub fn wait_heard(&self) {
        let script = self.stage.script.lock().unwrap();
        let wanted = script.answered + 2;
        let patience = Duration::from_secs(30);
        let heard = |script: &mut Script| script.answered < wanted;
        let changed = &self.stage.changed;
        let (_script, late) = changed.wait_timeout_while(script, patience, heard).unwrap();
        assert!(!late.timed_out(), "no heartbeat came");
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.stage.script.lock().unwrap().ended = true;
        self.stage.changed.notify_all();
        // Whoever waits for a connection gets one, and sees that it is over.
        let _ = TcpStream::connect(self.at);
    }
}

/// Requests of one connection, one after the other.
fn serve(stream: TcpStream, stage: &Stage) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let Ok(writer) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        if !answer(&request, &writer, stage) {
            let _ = writer.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

/// A request's body; `null` where it is none of ours.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut lines = VecDeque::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push_back(line.to_lowercase());
    }
    let length = lines.iter().find_map(|line| {
        let length = line.strip_prefix("content-length:")?;
        length.trim().parse::<usize>().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn say(mut writer: &TcpStream, status: &str, kind: &str, body: &str) -> bool {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    writer.write_all(text.as_bytes()).is_ok()
}

/// Answers a request; `false`: the connection ends here.
fn answer(request: &Value, writer: &TcpStream, stage: &Stage) -> bool {
    let good = |arguments: Value| {
        let body = json!([{"result": 0, "text": "", "arguments": arguments}]);
        say(writer, "200 OK", "application/json", &body.to_string())
    };
    match request["command"].as_str().unwrap_or_default() {
        "ha-heartbeat" => {
            let mut script = stage.script.lock().unwrap();
            script.answered += 1;
            let state = script.state;
            drop(script);
            stage.changed.notify_all();
            good(json!({
                "state": state,
                "date-time": now(),
                "scopes": ["s2"],
                "unsent-update-count": 0,
            }))
        }
        "ha-maintenance-notify" if request["arguments"]["cancel"] != true => {
            let notified = stage.script.lock().unwrap().notified;
            match notified.answer() {
                Some((status, kind, body)) => say(writer, status, kind, &body),
                None if notified == Notified::Hang => {
                    let script = stage.script.lock().unwrap();
                    let long = Duration::from_secs(25);
                    let _ = stage
                        .changed
                        .wait_timeout_while(script, long, |script| !script.ended);
                    false
                }
                None => false,
            }
        }
        "" => {
            say(writer, "400 Bad Request", "application/json", "{}");
            false
        }
        "lease4-get-page" => {
            let body = json!([{"result": 3, "text": "0 IPv4 lease(s) found.", "arguments": {"count": 0, "leases": []}}]);
            say(writer, "200 OK", "application/json", &body.to_string())
        }
        _ => good(json!({})),
    }
}

/// Now, as HTTP has it.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
