//! Tests of `channel`, against servers that misbehave.

mod http;
mod tls;
mod unix;

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::config::KeaUrl;

/// Reads one request whole, takes it down, and answers with these bytes.
async fn serve(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    answer: &[u8],
    heard: &Mutex<Vec<String>>,
) {
    let mut asked = Vec::new();
    let whole = |asked: &[u8]| {
        let text = String::from_utf8_lossy(asked).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().unwrap())
        });
        (body.len() >= length.unwrap()).then_some(())
    };
    while whole(&asked).is_none() {
        if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
            return;
        }
    }
    heard
        .lock()
        .unwrap()
        .push(String::from_utf8(asked).unwrap());
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

/// An address on loopback that gives every request the same answer.
async fn web(answer: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            serve(&mut stream, &answer, &hearing).await;
        }
    });
    (url, heard)
}

fn to_url(url: KeaUrl) -> Channel {
    let address = KeaAddress::Url(Box::new(url));
    Channel::open(ServerName::new("kea1"), &address).unwrap()
}

/// HTTP with that status and body.
fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}
