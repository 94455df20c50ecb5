//! The configurations that a lab's servers start with.

use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Control, Hooks, Lab, Mode, NAMES, Version, programs};

/// The address of that number in the subnet of that number.
pub fn host(subnet: usize, number: usize) -> Ipv4Addr {
    let bits = (10 << 24) + subnet * 4096 + number;
    Ipv4Addr::from_bits(u32::try_from(bits).unwrap())
}

/// The pool of every subnet, by numbers; the second half begins at `SECOND`.
pub const POOL: (usize, usize) = (2048, 4000);
const SECOND: usize = 3072;

/// The arguments of `lease4-add` for a lease of a subnet: every other address of its pool.
pub fn lease(subnet: usize, number: usize) -> Value {
    json!({
        "subnet-id": subnet + 1,
        "ip-address": host(subnet, POOL.0 + number * 2),
        "hw-address": hardware(0x10, subnet * 2000 + number),
        "hostname": format!("client{number}.example.org"),
        "valid-lft": 86400,
    })
}

fn hardware(kind: u8, number: usize) -> String {
    let [_, a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
    format!("02:{kind:02x}:00:{a:02x}:{b:02x}:{c:02x}")
}

/// Writes the files of a server.
pub fn write(lab: &Lab, server: usize) {
    let text = format!("{:#}\n", dhcp4(lab, server));
    let text = match lab.options.comments {
        true => by_a_person(&text, &lab.folder(server)),
        false => text,
    };
    std::fs::write(lab.file(server), text).unwrap();
    if lab.has_agent() {
        let file = lab.folder(server).join("kea-ctrl-agent.conf");
        std::fs::write(file, format!("{:#}\n", agent(lab, server))).unwrap();
    }
}

/// With comments of every kind that Kea takes, and a part in another file.
fn by_a_person(text: &str, folder: &Path) -> String {
    let included = folder.join("lifetime.json");
    std::fs::write(&included, "3600 // an hour, as agreed\n").unwrap();
    let include = format!(
        "\"valid-lifetime\": <?include {:?}?>",
        included.display().to_string()
    );
    let text = text.replace("\"valid-lifetime\": 3600", &include);
    let text = text.replace(
        "\"subnet4\":",
        "/* What we serve,\n   floor by floor. */\n    \"subnet4\":",
    );
    let text = text.replace(
        "\"loggers\":",
        "# Ask before changing this.\n    \"loggers\":",
    );
    format!("// The DHCP servers of the house.\n{text}")
}

fn dhcp4(lab: &Lab, server: usize) -> Value {
    let folder = lab.folder(server);
    let options = &lab.options;
    let interfaces = match options.dhcp {
        true => json!(["lo/127.0.0.1"]),
        false => json!([]),
    };
    let mut dhcp4 = json!({
        "interfaces-config": {
            "interfaces": interfaces,
            "dhcp-socket-type": "udp",
            "re-detect": false,
        },
        "lease-database": {
            "type": "memfile",
            "persist": true,
            "name": folder.join("leases4.csv"),
            "lfc-interval": 0,
        },
        "multi-threading": {
            "enable-multi-threading": true,
            "thread-pool-size": 2,
            "packet-queue-size": 64,
        },
        "hooks-libraries": hooks(lab, server),
        "valid-lifetime": 3600,
        "renew-timer": 900,
        "rebind-timer": 1800,
        "option-data": [{"name": "domain-name-servers", "data": "192.0.2.53, 192.0.2.54"}],
        "loggers": [logger(lab, server, "kea-dhcp4")],
    });
    let map = dhcp4.as_object_mut().unwrap();
    let socket = json!({"socket-type": "unix", "socket-name": lab.socket(server)});
    if lab.version < Version::V3_0 {
        map.insert("control-socket".to_owned(), socket);
    } else {
        let mut sockets = vec![socket];
        if options.control == Control::Http {
            let mut http = json!({
                "socket-type": "http",
                "socket-address": lab.address(server),
                "socket-port": lab.ports.control[server],
            });
            authenticate(lab, http.as_object_mut().unwrap());
            sockets.push(http);
        }
        map.insert("control-sockets".to_owned(), Value::Array(sockets));
    }
    let mut subnets: Vec<Value> = (0..options.subnets).map(|n| subnet(lab, n)).collect();
    let shared = subnets.split_off(options.subnets - options.shared.min(options.subnets));
    map.insert("subnet4".to_owned(), Value::Array(subnets));
    if !shared.is_empty() {
        let network = json!([{"name": "floor", "subnet4": shared}]);
        map.insert("shared-networks".to_owned(), network);
    }
    json!({"Dhcp4": dhcp4})
}

fn subnet(lab: &Lab, number: usize) -> Value {
    let options = &lab.options;
    let at = |host_number| host(number, host_number);
    let pools = match (options.ha, lab.mode) {
        (true, Mode::LoadBalance) => [(POOL.0, SECOND - 1), (SECOND, POOL.1)]
            .iter()
            .zip(NAMES)
            .map(|((first, last), name)| pool(lab, at(*first), at(*last), Some(name)))
            .collect(),
        _ => vec![pool(lab, at(POOL.0), at(POOL.1), None)],
    };
    let mut subnet = json!({
        "id": number + 1,
        "subnet": format!("{}/20", at(0)),
        "user-context": {
            "name": format!("Scope {}", number + 1),
            "description": format!("Floor {}", number + 1),
        },
        "pools": pools,
        "option-data": [{"name": "routers", "data": at(1)}],
        "reservations": reservations(lab, number),
    });
    if options.dhcp {
        // The first one is the one whose clients the loopback address relays.
        let relay = if number == 0 {
            Ipv4Addr::LOCALHOST
        } else {
            at(1)
        };
        subnet["relay"] = json!({"ip-addresses": [relay]});
    }
    subnet
}

fn pool(lab: &Lab, first: Ipv4Addr, last: Ipv4Addr, of: Option<&str>) -> Value {
    let mut pool = json!({"pool": format!("{first}-{last}")});
    if let Some(name) = of {
        let class = format!("HA_{name}");
        if lab.version < Version::V3_0 {
            pool["client-class"] = json!(class);
        } else {
            pool["client-classes"] = json!([class]);
        }
    }
    pool
}

fn reservations(lab: &Lab, subnet: usize) -> Vec<Value> {
    let options = &lab.options;
    let more = usize::from(subnet < options.reservations % options.subnets);
    let wanted = options.reservations / options.subnets + more;
    (0..wanted)
        .map(|number| {
            let of_all = subnet * 2000 + number;
            let (kind, identifier) = match number % 5 {
                1 if options.mixed => ("client-id", format!("01:02:{}", hardware(1, of_all))),
                2 if options.mixed => ("duid", format!("00:03:00:01:{}", hardware(1, of_all))),
                3 if options.mixed => ("circuit-id", format!("'port {of_all}'")),
                4 if options.mixed => ("flex-id", format!("'room {of_all}'")),
                _ => ("hw-address", hardware(0, of_all)),
            };
            json!({
                kind: identifier,
                "ip-address": host(subnet, 16 + number),
                "hostname": format!("h{of_all}.example.org"),
            })
        })
        .collect()
}

fn hooks(lab: &Lab, server: usize) -> Vec<Value> {
    let folder = programs::of(lab.version)
        .expect("this version is here")
        .hooks();
    let mut names = vec!["lease_cmds", "stat_cmds"];
    if lab.version >= Version::V3_0 && lab.options.hooks == Hooks::All {
        names.extend(["host_cmds", "subnet_cmds", "class_cmds"]);
    }
    let library = |name: &str| folder.join(format!("libdhcp_{name}.so"));
    let mut hooks: Vec<Value> = names
        .into_iter()
        .map(|name| json!({"library": library(name)}))
        .collect();
    if lab.options.ha {
        let parameters = json!({"high-availability": [relationship(lab, server)]});
        hooks.push(json!({"library": library("ha"), "parameters": parameters}));
    }
    hooks
}

/// The element of `high-availability` as a server of the lab has it.
pub fn relationship(lab: &Lab, server: usize) -> Value {
    let options = &lab.options;
    let second = match lab.mode {
        Mode::HotStandby => "standby",
        Mode::LoadBalance => "secondary",
    };
    let peers: Vec<Value> = NAMES
        .iter()
        .zip(["primary", second])
        .enumerate()
        .map(|(number, (name, role))| {
            json!({
                "name": name,
                "url": lab.peer_url(number),
                "role": role,
                "auto-failover": true,
            })
        })
        .collect();
    let mut relationship = json!({
        "this-server-name": NAMES[server],
        "mode": lab.mode.word(),
        "heartbeat-delay": options.heartbeat,
        "max-response-delay": options.max_response,
        "max-ack-delay": 1000,
        "max-unacked-clients": options.max_unacked,
        "sync-page-limit": 1000,
        "multi-threading": {
            "enable-multi-threading": true,
            "http-dedicated-listener": true,
            "http-listener-threads": 2,
            "http-client-threads": 2,
        },
        "peers": peers,
    });
    if let Some(name) = &options.relationship {
        relationship["user-context"] = json!({"name": name});
    }
    relationship
}

fn logger(lab: &Lab, server: usize, program: &str) -> Value {
    let file = lab.folder(server).join(format!("{program}.log"));
    let key = match lab.version {
        Version::V2_2 => "output_options",
        Version::V2_6 | Version::V3_0 => "output-options",
    };
    json!({"name": program, "severity": "INFO", key: [{"output": file, "maxsize": 0}]})
}

fn authenticate(lab: &Lab, channel: &mut Map<String, Value>) {
    if let Some((user, password)) = &lab.options.auth {
        let basic = json!({
            "type": "basic",
            "realm": "twinscope",
            "clients": [{"user": user, "password": password}],
        });
        channel.insert("authentication".to_owned(), basic);
    }
}

fn agent(lab: &Lab, server: usize) -> Value {
    let socket = json!({"socket-type": "unix", "socket-name": lab.socket(server)});
    let mut agent = json!({
        "http-host": lab.address(server),
        "http-port": lab.ports.control[server],
        "control-sockets": {"dhcp4": socket},
        "loggers": [logger(lab, server, "kea-ctrl-agent")],
    });
    authenticate(lab, agent.as_object_mut().unwrap());
    json!({"Control-agent": agent})
}
