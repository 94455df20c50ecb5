//! Which configured server a peer is, in every way that it can be told.

use super::super::ha::{HaMode, HaTerms};
use super::*;

/// A hot standby of those two, in the view of the first or the second.
fn terms(this: usize, peers: [(&str, &str); 2]) -> HaTerms {
    let roles = ["primary", "standby"];
    let peers: Vec<String> = peers
        .iter()
        .zip(roles)
        .map(|((name, url), role)| format!(r#"{{"name":"{name}","url":"{url}","role":"{role}"}}"#))
        .collect();
    let text = format!(
        r#"{{"this-server-name":"","mode":"hot-standby","peers":[{}]}}"#,
        peers.join(",")
    );
    let mut terms: HaTerms = serde_json::from_str(&text).unwrap();
    assert_eq!(terms.mode, HaMode::HotStandby);
    terms.this_server_name = terms.peers[this].name.clone();
    terms
}

fn entry(server: &str) -> PeerEntry {
    PeerEntry {
        server: ServerName::new(server),
        aliases: Vec::new(),
        ha_url: None,
        url: None,
    }
}

fn managed(server: &str, url: &str) -> PeerEntry {
    PeerEntry {
        url: Some(url.into()),
        ..entry(server)
    }
}

/// Whom the server takes its partner for.
fn partner(peers: &Peers, asker: &str, terms: &HaTerms) -> Option<String> {
    let peer = terms.partner().unwrap();
    let found = peers.resolve(&ServerName::new(asker), &peer.name, &peer.url, terms);
    found.map(|server| server.as_str().to_owned())
}

const PAIR: [(&str, &str); 2] = [
    ("server1", "http://10.0.0.1:8001/"),
    ("server2", "http://10.0.0.2:8001/"),
];

#[test]
fn urls_have_one_spelling() {
    assert_eq!(
        normal("HTTP://Kea1.Example:8001/"),
        "http://kea1.example:8001"
    );
    assert_eq!(normal("http://kea1"), normal("http://KEA1:80/"));
    assert_eq!(normal("https://kea1/"), normal("https://kea1:443"));
    assert_ne!(normal("http://kea1"), normal("https://kea1"));
    assert_eq!(host_of("http://[::1]:8001/").as_deref(), Some("::1"));
    assert_eq!(normal("http://[::1]/"), "http://[::1]:80");
    assert_eq!(host_of("unix:///run/kea/s"), None);
    assert_eq!(port_of("https://a/"), Some(443));
}

#[test]
fn a_configured_ha_url_decides() {
    let configured = PeerEntry {
        ha_url: Some("http://10.0.0.2:8001".into()),
        ..entry("west")
    };
    let peers = Peers::new(vec![entry("east"), configured, entry("server2")]);
    assert_eq!(
        partner(&peers, "east", &terms(0, PAIR)).as_deref(),
        Some("west")
    );
}

#[test]
fn what_a_server_said_of_itself_decides() {
    let peers = Peers::new(vec![entry("a"), entry("b"), entry("c")]);
    assert_eq!(partner(&peers, "a", &terms(0, PAIR)), None);
    peers.learn(&ServerName::new("b"), &[terms(1, PAIR)]);
    assert_eq!(partner(&peers, "a", &terms(0, PAIR)).as_deref(), Some("b"));
    // Who says the same of itself, but has other peers, is somebody else.
    let other = [PAIR[1], ("server1", "http://10.0.0.9:8001/")];
    peers.learn(&ServerName::new("b"), &[terms(0, other)]);
    assert_eq!(partner(&peers, "a", &terms(0, PAIR)), None);
}

#[test]
fn a_name_decides_unless_the_server_said_otherwise() {
    let aliased = PeerEntry {
        aliases: vec!["Server2".into()],
        ..entry("west")
    };
    let peers = Peers::new(vec![entry("east"), aliased, entry("third")]);
    assert_eq!(
        partner(&peers, "east", &terms(0, PAIR)).as_deref(),
        Some("west")
    );
    let elsewhere = [
        ("server1", "http://10.9.0.1:8001/"),
        ("server2", "http://10.9.0.2:8001/"),
    ];
    peers.learn(&ServerName::new("west"), &[terms(1, elsewhere)]);
    assert_eq!(partner(&peers, "east", &terms(0, PAIR)), None);
}

#[test]
fn a_host_decides_where_one_server_is_on_it() {
    let peers = Peers::new(vec![
        managed("east", "http://10.0.0.1:8000"),
        managed("west", "http://10.0.0.2:8000"),
        managed("third", "https://10.0.0.3:8000"),
    ]);
    assert_eq!(
        partner(&peers, "east", &terms(0, PAIR)).as_deref(),
        Some("west")
    );
    let crowded = Peers::new(vec![
        managed("east", "http://10.0.0.1:8000"),
        managed("west", "http://10.0.0.2:8000"),
        managed("third", "https://10.0.0.2:9000"),
    ]);
    assert_eq!(partner(&crowded, "east", &terms(0, PAIR)), None);
}

#[test]
fn of_two_servers_it_is_the_other_one() {
    let peers = Peers::new(vec![entry("east"), entry("west")]);
    assert_eq!(
        partner(&peers, "east", &terms(0, PAIR)).as_deref(),
        Some("west")
    );
    assert_eq!(
        partner(&peers, "west", &terms(1, PAIR)).as_deref(),
        Some("east")
    );
    // Unless it said that it is in another pair.
    let elsewhere = [
        ("server1", "http://10.9.0.1:8001/"),
        ("server2", "http://10.9.0.2:8001/"),
    ];
    peers.learn(&ServerName::new("west"), &[terms(1, elsewhere)]);
    assert_eq!(partner(&peers, "east", &terms(0, PAIR)), None);
}

#[test]
fn two_pairs_of_the_manual_are_kept_apart() {
    let north = PAIR;
    let south = [
        ("server1", "http://10.1.0.1:8001/"),
        ("server2", "http://10.1.0.2:8001/"),
    ];
    let servers = ["n1", "n2", "s1", "s2"];
    let peers = Peers::new(servers.map(entry).to_vec());
    let held = [
        terms(0, north),
        terms(1, north),
        terms(0, south),
        terms(1, south),
    ];
    for (server, terms) in servers.iter().zip(&held) {
        peers.learn(&ServerName::new(server), std::slice::from_ref(terms));
    }
    let found: Vec<_> = servers
        .iter()
        .zip(&held)
        .map(|(server, terms)| partner(&peers, server, terms).unwrap())
        .collect();
    assert_eq!(found, ["n2", "n1", "s2", "s1"]);
}

#[test]
fn two_pairs_of_the_same_urls_are_not_told_apart_by_them() {
    let servers = ["n1", "n2", "s1", "s2"];
    let peers = Peers::new(servers.map(entry).to_vec());
    for (server, this) in servers.iter().zip([0, 1, 0, 1]) {
        peers.learn(&ServerName::new(server), &[terms(this, PAIR)]);
    }
    assert_eq!(partner(&peers, "n1", &terms(0, PAIR)), None);
}

#[test]
fn two_peers_are_never_one_server() {
    // A hub of two spokes, of which one is configured.
    let hub_b = terms(
        0,
        [
            ("hub1", "http://10.0.0.1:8001/"),
            ("b", "http://10.0.0.2:8001/"),
        ],
    );
    let hub_c = terms(
        0,
        [
            ("hub2", "http://10.0.0.1:8002/"),
            ("c", "http://10.0.0.3:8001/"),
        ],
    );
    let peers = Peers::new(vec![entry("hub"), entry("spoke")]);
    peers.learn(&ServerName::new("hub"), &[hub_b.clone(), hub_c.clone()]);
    assert_eq!(partner(&peers, "hub", &hub_b), None);
    assert_eq!(partner(&peers, "hub", &hub_c), None);
    // Once it has said who it is, that peer is it, and the other is not.
    let as_spoke = terms(
        1,
        [
            ("hub1", "http://10.0.0.1:8001/"),
            ("b", "http://10.0.0.2:8001/"),
        ],
    );
    peers.learn(&ServerName::new("spoke"), std::slice::from_ref(&as_spoke));
    assert_eq!(partner(&peers, "hub", &hub_b).as_deref(), Some("spoke"));
    assert_eq!(partner(&peers, "hub", &hub_c), None);
    // And the spoke knows the hub under the one of its names.
    assert_eq!(partner(&peers, "spoke", &as_spoke).as_deref(), Some("hub"));
}
