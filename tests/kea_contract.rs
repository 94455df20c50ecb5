//! The contract of all drivers, on live pairs of ISC Kea: each version, each mode.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod contract;
#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use contract::Bench;
use kea_lab::{Control, Lab, Mode, NAMES, Options, Version, namespaces};
use serde_json::{Value, json};
use tokio::task::block_in_place;
use twinscope::clock::Clock;
use twinscope::config::{KeaAddress, KeaUrl, Login, PasswordFrom};
use twinscope::drivers::kea::KeaServer;
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::peers::{PeerEntry, Peers};
use twinscope::drivers::{BoxFuture, Driver};
use twinscope::model::failover::RelationshipProperty;
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::{ClientType, ScopeProperty, ScopeState, Seconds};
use twinscope::model::server::{Product, ServerVersion};
use twinscope::model::{ClientId, Edit, OptionKey, OptionLevel, Scope, ScopeId, ServerName};
use twinscope::rules::Rulebook;

/// A pair of the lab, and the drivers of the two.
struct Pair {
    lab: Lab,
    drivers: [Arc<dyn Driver>; 2],
}

/// In the configuration they are not called what they call each other.
const CONFIGURED: [&str; 2] = ["dhcp1.contoso.com", "dhcp2.contoso.com"];

const USER: &str = "admin";
const PASSWORD: &str = "not a secret here";

impl Pair {
    fn start(version: Version, mode: Mode, case: &str) -> Pair {
        let link = case.ends_with("a_cut_link");
        let apart = link && namespaces::possible("the contract, on a cut link");
        // One mode on the sockets and one over HTTP; into a namespace only the sockets lead.
        let control = match mode {
            Mode::LoadBalance if !apart => Control::Http,
            Mode::LoadBalance | Mode::HotStandby => Control::Socket,
        };
        let options = Options {
            heartbeat: 100,
            // Where contact is lost it is the operator who decides, not the servers.
            max_unacked: if case.starts_with("failover") { 5 } else { 0 },
            auth: Some((USER.to_owned(), PASSWORD.to_owned())),
            control,
            apart,
            ..Options::default()
        };
        let lab = Lab::start(version, mode, options);
        let name = |server: usize| ServerName::new(CONFIGURED[server]);
        let entry = |server| PeerEntry {
            server: name(server),
            aliases: Vec::new(),
            ha_url: Some(lab.peer_url(server)),
            url: Some(lab.url(server)),
        };
        let peers = Arc::new(Peers::new(vec![entry(0), entry(1)]));
        let drivers = [0, 1].map(|server| {
            let channel = Channel::open(name(server), &address(&lab, server)).unwrap();
            let wire = Arc::new(channel);
            let server = KeaServer::new(name(server), wire, Arc::clone(&peers), Clock::system());
            Arc::new(server) as Arc<dyn Driver>
        });
        Pair { lab, drivers }
    }
}

fn address(lab: &Lab, server: usize) -> KeaAddress {
    if lab.options.control == Control::Socket {
        return KeaAddress::Socket(lab.socket(server));
    }
    let file = lab.folder(server).join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let mut url = KeaUrl::new(&lab.url(server));
    url.login = Some(Login {
        user: USER.to_owned(),
        password: PasswordFrom::File(file),
    });
    KeaAddress::Url(Box::new(url))
}

/// Blocking work of the lab, as a step of a case.
fn doing<'a>(work: impl FnOnce() + Send + 'a) -> BoxFuture<'a, ()> {
    Box::pin(async move { block_in_place(work) })
}

impl Bench for Pair {
    fn pair(&self) -> [Arc<dyn Driver>; 2] {
        self.drivers.clone()
    }

    fn scope(&self) -> ScopeId {
        "10.0.0.0/20".parse().unwrap()
    }

    fn other_scope(&self) -> ScopeId {
        "10.0.16.0/20".parse().unwrap()
    }

    fn spare(&self) -> ScopeId {
        "10.77.0.0/24".parse().unwrap()
    }

    fn relationship(&self) -> String {
        NAMES.join("-")
    }

    fn knows(&self, edit: &Edit) -> bool {
        match edit {
            Edit::AddScope(scope) | Edit::ReplaceScope(scope) => **scope == fit(scope),
            Edit::SetScope { properties, .. } => properties.iter().all(|property| {
                matches!(
                    property,
                    ScopeProperty::Name(_)
                        | ScopeProperty::Description(_)
                        | ScopeProperty::State(ScopeState::Active)
                        | ScopeProperty::Ranges(_)
                        | ScopeProperty::LeaseDuration(_)
                        | ScopeProperty::Superscope(_)
                )
            }),
            Edit::AddReservation { reservation, .. } => reservation.kind == ClientType::Both,
            Edit::SetReservation { properties, .. } => properties.iter().all(|property| {
                !matches!(property, ReservationProperty::Kind(kind) if *kind != ClientType::Both)
            }),
            Edit::SetOption { level, key, .. } | Edit::RemoveOption { level, key } => {
                let plain = OptionKey::standard(key.id) == *key;
                plain && !matches!(level, OptionLevel::Policy(..))
            }
            Edit::SetRelationship { properties, .. } => properties.iter().all(|property| {
                matches!(property, RelationshipProperty::SwitchInterval(Some(_)))
            }),
            Edit::RemoveScope { .. }
            | Edit::RemoveReservation { .. }
            | Edit::RenameSuperscope { .. }
            | Edit::RemoveRelationship { .. }
            | Edit::AddFailoverScopes { .. }
            | Edit::RemoveFailoverScopes { .. } => true,
            // The two are in a relationship, and a server of a pair can be in no other one.
            Edit::AddRelationship { .. }
            | Edit::AddExclusion { .. }
            | Edit::RemoveExclusion { .. }
            | Edit::AddPolicy { .. }
            | Edit::SetPolicy { .. }
            | Edit::RemovePolicy { .. }
            | Edit::AddFilter { .. }
            | Edit::RemoveFilter { .. }
            | Edit::SetSettings { .. } => false,
        }
    }

    fn fit(&self, edit: Edit) -> Edit {
        match edit {
            Edit::AddScope(scope) => Edit::AddScope(Box::new(fit(&scope))),
            Edit::ReplaceScope(scope) => Edit::ReplaceScope(Box::new(fit(&scope))),
            Edit::AddReservation {
                scope,
                mut reservation,
            } => {
                reservation.kind = ClientType::Both;
                Edit::AddReservation { scope, reservation }
            }
            other => other,
        }
    }

    fn switch_interval(&self) -> Seconds {
        Seconds(42)
    }

    /// A subnet without a name goes by its prefix.
    fn scope_name(&self, scope: ScopeId, given: &str) -> String {
        match given {
            "" => scope.net().to_string(),
            name => name.to_owned(),
        }
    }

    /// Kea reads a line of fields, and takes the spaces around each for none of it.
    fn option_text(&self, given: &str) -> String {
        given.trim().to_owned()
    }

    fn too_much(&self) -> Vec<Edit> {
        let interval = RelationshipProperty::SwitchInterval(Some(Seconds(67)));
        let name = ScopeProperty::Name("x".repeat(1001));
        vec![
            Edit::SetRelationship {
                name: self.relationship(),
                properties: vec![interval],
            },
            Edit::SetScope {
                scope: self.scope(),
                properties: vec![name],
            },
        ]
    }

    fn rulebook(&self) -> Rulebook {
        let (major, minor) = match self.lab.version {
            Version::V2_2 => (2, 2),
            Version::V2_6 => (2, 6),
            Version::V3_0 => (3, 0),
        };
        Rulebook {
            product: Product::Kea,
            version: ServerVersion { major, minor },
        }
    }

    fn outside_edit<'a>(&'a self, server: usize, edit: &'a Edit) -> BoxFuture<'a, ()> {
        doing(move || {
            let mut config = self.lab.config(server);
            by_hand(&mut config, edit);
            self.lab.set_config(server, config);
            self.lab.wait_normal();
        })
    }

    fn stop(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab.stop(server)))
    }

    fn kill(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab.kill(server)))
    }

    fn start(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab.start_again(server)))
    }

    fn cut(&self) -> Option<BoxFuture<'_, ()>> {
        let cut = || self.lab.cut();
        self.lab.options.apart.then(|| doing(cut))
    }

    fn join(&self) -> Option<BoxFuture<'_, ()>> {
        let join = || self.lab.join();
        self.lab.options.apart.then(|| doing(join))
    }

    fn pass(&self) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(50)))
    }

    fn patience(&self) -> u32 {
        1200
    }
}

/// The scope as Kea can have it.
fn fit(scope: &Scope) -> Scope {
    let mut fitting = scope.clone();
    fitting.exclusions.clear();
    for reservation in fitting.reservations.values_mut() {
        Arc::make_mut(reservation).kind = ClientType::Both;
    }
    fitting
}

/// What somebody does to the configuration in an editor.
fn by_hand(config: &mut Value, edit: &Edit) {
    match edit {
        Edit::SetScope { scope, properties } => {
            let [ScopeProperty::Description(text)] = &properties[..] else {
                panic!("nobody does that by hand here: {edit}");
            };
            subnet(config, *scope)["user-context"]["description"] = json!(text);
        }
        Edit::AddReservation { scope, reservation } => {
            let entry = json!({
                "hw-address": colons(&reservation.client),
                "ip-address": reservation.address,
                "hostname": reservation.name,
            });
            reservations(config, *scope).push(entry);
        }
        Edit::SetReservation {
            scope,
            address,
            properties,
        } => {
            let [ReservationProperty::Name(name)] = &properties[..] else {
                panic!("nobody does that by hand here: {edit}");
            };
            let mut all = reservations(config, *scope).iter_mut();
            let entry = all.find(|entry| is_at(entry, *address));
            entry.expect("the reservation")["hostname"] = json!(name);
        }
        Edit::RemoveReservation { scope, address } => {
            reservations(config, *scope).retain(|entry| !is_at(entry, *address));
        }
        other => panic!("nobody does that by hand here: {other}"),
    }
}

fn subnet(config: &mut Value, scope: ScopeId) -> &mut Value {
    let prefix = scope.net().to_string();
    let subnets = config["Dhcp4"]["subnet4"].as_array_mut().unwrap();
    let mut subnets = subnets.iter_mut();
    let subnet = subnets.find(|subnet| subnet["subnet"] == prefix.as_str());
    subnet.expect("the subnet")
}

fn reservations(config: &mut Value, scope: ScopeId) -> &mut Vec<Value> {
    let reservations = &mut subnet(config, scope)["reservations"];
    reservations.as_array_mut().unwrap()
}

fn is_at(entry: &Value, address: Ipv4Addr) -> bool {
    entry["ip-address"] == address.to_string().as_str()
}

fn colons(client: &ClientId) -> String {
    client.to_string().replace('-', ":")
}

async fn hold(version: Version, mode: Mode) {
    if !version.here_for("the drivers' contract") {
        return;
    }
    contract::hold(|case| async move {
        let pair = block_in_place(|| Pair::start(version, mode, case));
        Arc::new(pair) as contract::Held
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hot_standby_2_2() {
    hold(Version::V2_2, Mode::HotStandby).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_balance_2_2() {
    hold(Version::V2_2, Mode::LoadBalance).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hot_standby_2_6() {
    hold(Version::V2_6, Mode::HotStandby).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_balance_2_6() {
    hold(Version::V2_6, Mode::LoadBalance).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hot_standby_3_0() {
    hold(Version::V3_0, Mode::HotStandby).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_balance_3_0() {
    hold(Version::V3_0, Mode::LoadBalance).await;
}
