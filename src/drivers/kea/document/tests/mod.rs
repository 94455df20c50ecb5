//! What the tests of the document share.

mod agreement;
mod by_hand;
mod server;

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;
use crate::drivers::kea::reading;
use crate::model::server::{ServerConfig, ServerName, ServerVersion};
use crate::model::{HaEnd, HaSetup, Range, Scope};
use crate::rules::{Facts, Rulebook};

/// What config-get of 2.2 gives, shortened: a hot standby with things that we have no word for.
const STANDBY: &str = r#"{"Dhcp4":{"valid-lifetime":3600,"renew-timer":900,"rebind-timer":1800,"x-first":{"b":1,"a":[0.875,null]},
"host-reservation-identifiers":["hw-address","duid","circuit-id","client-id"],
"option-def":[{"code":222,"name":"own","space":"dhcp4","type":"string"}],
"option-data":[{"always-send":false,"code":6,"csv-format":true,"data":"10.0.0.53","name":"domain-name-servers","space":"dhcp4"}],
"hooks-libraries":[{"library":"/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_lease_cmds.so"},
 {"library":"/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_ha.so","parameters":{"high-availability":[{"this-server-name":"s1","mode":"hot-standby",
  "heartbeat-delay":1000,"max-response-delay":2500,"max-unacked-clients":0,"x-ha":7,
  "peers":[{"name":"s1","url":"http://127.0.0.1:24011/","role":"primary"},{"name":"s2","url":"http://127.0.0.1:24012/","role":"standby"}]}]}}],
"shared-networks":[{"name":"campus","relay":{"ip-addresses":[]},"subnet4":[{"id":3,"subnet":"10.0.2.0/24","user-context":{"failover":"none","subnet-name":"from Stork"}}],"x-net":1}],
"subnet4":[
 {"4o6-interface":"","id":1,"max-valid-lifetime":3600,"min-valid-lifetime":3600,"rebind-timer":1800,"renew-timer":900,"valid-lifetime":3600,"subnet":"10.0.0.0/24","x-subnet":{"z":1},
  "option-data":[{"always-send":true,"code":3,"csv-format":true,"data":"10.0.0.1","name":"routers","space":"dhcp4"},{"code":1,"space":"vendor-9","data":"x","name":"v"}],
  "pools":[{"option-data":[],"pool":"10.0.0.16/28","x-pool":1},{"pool":"10.0.0.100-10.0.0.150","option-data":[{"code":3,"data":"10.0.0.2"}]}],
  "relay":{"ip-addresses":["10.0.0.254"]},
  "reservations":[
   {"boot-file-name":"pxe.0","client-classes":[],"hostname":"printer","hw-address":"02:00:00:00:00:01","ip-address":"10.0.0.5","next-server":"0.0.0.0","option-data":[{"code":67,"data":"x.efi"}],"user-context":{"description":"by the door","x-host":[1]}},
   {"client-id":"01:02:03","ip-address":"10.0.0.6","x-key":true},
   {"hw-address":"02:00:00:00:00:09","hostname":"no-address"}],
  "user-context":{"ipam":{"name":"theirs"},"name":"Office","comment":"3rd floor"}},
 {"id":2,"subnet":"10.0.1.0/24","pools":[]}],
"x-last":"kept"},"hash":"ABC"}"#;

/// A load balancing of 3.0.
const BALANCED: &str = r#"{"Dhcp4":{"valid-lifetime":3600,
"hooks-libraries":[{"library":"/hooks/libdhcp_ha.so","parameters":{"high-availability":[{"this-server-name":"s2","mode":"load-balancing",
  "max-unacked-clients":10,"user-context":{"name":"Pair"},
  "peers":[{"name":"s1","url":"http://127.0.0.1:24011/","role":"primary"},{"name":"s2","url":"http://127.0.0.1:24012/","role":"secondary"},{"name":"b","url":"http://127.0.0.1:24013/","role":"backup"}]}]}}],
"subnet4":[{"id":1,"subnet":"10.0.0.0/24","option-data":[],"pools":[{"client-classes":["HA_s1"],"pool":"10.0.0.16/28","x-pool":1},{"client-classes":["HA_s2"],"pool":"10.0.0.32/28","option-data":[{"code":3,"data":"10.0.0.2"}]}],"reservations":[]},
 {"id":7,"subnet":"10.0.1.0/24","pools":[{"pool":"10.0.1.10-10.0.1.20"}],"user-context":{"failover":"none"}}]}}"#;

/// A server alone, as somebody may write it.
const ALONE: &str = r#"{"Dhcp4":{"min-valid-lifetime":1800,"max-valid-lifetime":7200,
"hooks-libraries":[{"library":"/hooks/libdhcp_lease_cmds.so"}],
"subnet4":[{"id":1,"subnet":"10.0.0.0/24","comment":"a remark"},{"id":5,"subnet":"10.0.1.0/24","pools":[{"pool":"10.0.1.1 - 10.0.1.9"}]}]}}"#;

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn context() -> Context {
    Context::of(KeaVersion::new(2, 2, 0))
}

fn newer() -> Context {
    Context::of(KeaVersion::new(3, 0, 3))
}

fn id(prefix: &str) -> ScopeId {
    prefix.parse().unwrap()
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn range(start: &str, end: &str) -> Range {
    Range::new(address(start), address(end)).unwrap()
}

fn facts() -> Facts {
    let version = ServerVersion { major: 3, minor: 0 };
    Facts::of(ServerName::new("dhcp1"), Rulebook::kea(version))
}

/// The configuration without the words that the model has no say about.
fn read(document: &Document) -> ServerConfig {
    known(reading::configuration(&document.text()).unwrap())
}

fn known(mut config: ServerConfig) -> ServerConfig {
    config.foreign.clear();
    for scope in config.scopes.values_mut() {
        if !scope.foreign.is_empty() {
            Arc::make_mut(scope).foreign.clear();
        }
    }
    config
}

fn terms() -> HaSetup {
    let end = |name: &str, url: &str| HaEnd {
        name: name.to_owned(),
        url: url.to_owned(),
    };
    HaSetup {
        heartbeat_delay: 1000,
        ..HaSetup::between(
            end("s1", "http://127.0.0.1:24011/"),
            end("s2", "http://127.0.0.1:24012/"),
        )
    }
}

fn plain(prefix: &str) -> Scope {
    let id = id(prefix);
    Scope::new(id, prefix, id.hosts())
}
