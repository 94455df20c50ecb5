//! What doors that are open, shut or silent tell.

use std::net::TcpListener;

use super::*;
use crate::drivers::kea::scripted::Scripted;

fn now() -> Timestamp {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

const RUNS: &str = r#"{"result":0,"arguments":{"pid":1,"reload":1,"uptime":1}}"#;

async fn look(status: &str, url: Option<&str>) -> Probe {
    let wire = Scripted::new(&[("status-get", status)]);
    probe(&wire, &ServerName::new("east"), url, now()).await
}

/// A listener that answers so, once; its URL.
fn listener(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 512];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(answer.as_bytes());
    });
    url
}

#[tokio::test]
async fn a_server_that_lives_answers_everywhere() {
    let url = listener("HTTP/1.1 400 Bad Request\r\n\r\n");
    let probe = look(RUNS, Some(&url)).await;
    assert_eq!(probe.host.found, Found::Answers);
    assert_eq!(probe.management.found, Found::Answers);
    assert_eq!(probe.failover_port.found, Found::Answers);
    assert_eq!(probe.dns_name.found, Found::NotKnown);
    assert_eq!(
        (probe.dhcp_service.found, probe.dhcp_service.detail.as_str()),
        (Found::Answers, "running")
    );
}

#[tokio::test]
async fn something_else_on_the_port_is_not_the_listener() {
    let url = listener("SSH-2.0-x\r\n");
    assert_eq!(
        look(RUNS, Some(&url)).await.failover_port.found,
        Found::Refuses
    );
    let url = listener("");
    assert_eq!(
        look(RUNS, Some(&url)).await.failover_port.found,
        Found::Refuses
    );
}

#[tokio::test]
async fn a_port_that_is_closed_tells_that_the_host_lives() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = r#"{"result":1,"text":"unable to forward command to the dhcp4 service: Connection refused. The server is likely to be offline"}"#;
    let probe = look(gone, Some(&format!("http://{free}/"))).await;
    assert_eq!(probe.host.found, Found::Answers);
    assert_eq!(probe.failover_port.found, Found::Refuses);
    assert_eq!(probe.dhcp_service.found, Found::Refuses);
}

#[tokio::test]
async fn what_is_not_known_is_said_to_be() {
    let probe = look(r#"{"result":1,"text":"no"}"#, None).await;
    assert_eq!(probe.failover_port.found, Found::NotKnown);
    assert_eq!(probe.management.found, Found::Refuses);
    assert_eq!(probe.dhcp_service.found, Found::NotKnown);
}
