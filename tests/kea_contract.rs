//! The contract of all drivers, on live pairs of ISC Kea: each version, each mode.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod contract;
#[path = "kea_lab/mod.rs"]
mod kea_lab;

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
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

/// A pair of the lab, and drivers of the two that know nothing yet.
struct Pair {
    lab: Option<Started>,
    drivers: [Arc<dyn Driver>; 2],
    labs: Arc<Labs>,
}

/// A pair as it was started.
struct Started {
    lab: Lab,
    purpose: Purpose,
    configs: [Value; 2],
}

/// What a pair is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Anything,
    /// Where contact is lost it is the operator who decides, not the servers.
    Failover,
    /// The same, for a case that stops servers: no other case gets the pair.
    Loss,
    /// The same, each server in a namespace of its own.
    Apart,
}

impl Purpose {
    fn of(case: &str) -> Purpose {
        match case.split_once("::") {
            Some((_, "a_cut_link")) if namespaces::possible("the contract, on a cut link") => {
                Purpose::Apart
            }
            Some((_, "a_stopped_partner" | "a_killed_partner" | "a_cut_link")) => Purpose::Loss,
            Some(("failover", _)) => Purpose::Failover,
            _ => Purpose::Anything,
        }
    }
}

/// The pairs of one test: starting one takes longer than most cases.
struct Labs {
    version: Version,
    mode: Mode,
    idle: Mutex<Vec<Started>>,
}

impl Labs {
    /// A pair that is as it was started, whoever had it before.
    fn take(&self, purpose: Purpose) -> Started {
        loop {
            let found = {
                let mut idle = self.idle.lock().unwrap();
                let place = idle.iter().position(|held| held.purpose == purpose);
                place.map(|place| idle.swap_remove(place))
            };
            let Some(held) = found else {
                return self.start(purpose);
            };
            // One that a failed case has broken is not mended.
            let again = catch_unwind(AssertUnwindSafe(|| held.as_started()));
            if again.is_ok() {
                return held;
            }
        }
    }

    fn start(&self, purpose: Purpose) -> Started {
        let apart = purpose == Purpose::Apart;
        // One mode on the sockets and one over HTTP; into a namespace only the sockets lead.
        let control = match self.mode {
            Mode::LoadBalance if !apart => Control::Http,
            Mode::LoadBalance | Mode::HotStandby => Control::Socket,
        };
        let options = Options {
            heartbeat: 100,
            max_unacked: if purpose == Purpose::Anything { 0 } else { 5 },
            auth: Some((USER.to_owned(), PASSWORD.to_owned())),
            control,
            apart,
            ..Options::default()
        };
        let lab = Lab::start(self.version, self.mode, options);
        let configs = [0, 1].map(|server| lab.config(server));
        Started {
            lab,
            purpose,
            configs,
        }
    }
}

impl Started {
    /// Puts back what was changed.
    fn as_started(&self) {
        for (server, config) in self.configs.iter().enumerate() {
            if self.lab.config(server) != *config {
                self.lab.set_config(server, config.clone());
            }
        }
        self.lab.wait_normal();
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let lab = self.lab.take();
        let others = |lab: &Started| matches!(lab.purpose, Purpose::Anything | Purpose::Failover);
        self.labs.idle.lock().unwrap().extend(lab.filter(others));
    }
}

/// In the configuration they are not called what they call each other.
const CONFIGURED: [&str; 2] = ["dhcp1.contoso.com", "dhcp2.contoso.com"];

/// So many cases are tried at once: most of their time goes by waiting for the servers.
const LANES: usize = 2;

const USER: &str = "admin";
const PASSWORD: &str = "not a secret here";

impl Pair {
    fn of(labs: &Arc<Labs>, case: &str) -> Pair {
        let started = labs.take(Purpose::of(case));
        let lab = &started.lab;
        let name = |server: usize| ServerName::new(CONFIGURED[server]);
        let entry = |server| PeerEntry {
            server: name(server),
            aliases: Vec::new(),
            ha_url: Some(lab.peer_url(server)),
            url: Some(lab.url(server)),
        };
        let peers = Arc::new(Peers::new(vec![entry(0), entry(1)]));
        let drivers = [0, 1].map(|server| {
            let channel = Channel::open(name(server), &address(lab, server)).unwrap();
            let wire = Arc::new(channel);
            let server = KeaServer::new(name(server), wire, Arc::clone(&peers), Clock::system());
            Arc::new(server) as Arc<dyn Driver>
        });
        Pair {
            lab: Some(started),
            drivers,
            labs: Arc::clone(labs),
        }
    }

    fn lab(&self) -> &Lab {
        &self.lab.as_ref().expect("it has one until its end").lab
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

    /// What is set as a whole has a server begin anew, and it takes a partner for down that it does
    /// not hear. That changes nothing for a hot standby's primary, which answers every client
    /// anyway; 3.0's commands change a server as it runs.
    fn writes_alone(&self, server: usize) -> bool {
        let serves_all = self.labs.mode == Mode::HotStandby && server == 0;
        self.labs.version == Version::V3_0 || serves_all
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
        let (major, minor) = match self.lab().version {
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
            let mut config = self.lab().config(server);
            by_hand(&mut config, edit);
            self.lab().set_config(server, config);
            self.lab().wait_normal();
        })
    }

    fn stop(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab().stop(server)))
    }

    fn kill(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab().kill(server)))
    }

    fn start(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        Some(doing(move || self.lab().start_again(server)))
    }

    fn cut(&self) -> Option<BoxFuture<'_, ()>> {
        let cut = || self.lab().cut();
        self.lab().options.apart.then(|| doing(cut))
    }

    fn join(&self) -> Option<BoxFuture<'_, ()>> {
        let join = || self.lab().join();
        self.lab().options.apart.then(|| doing(join))
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
    let labs = Arc::new(Labs {
        version,
        mode,
        idle: Mutex::default(),
    });
    contract::hold(LANES, move |case| {
        let labs = Arc::clone(&labs);
        async move { block_in_place(|| Arc::new(Pair::of(&labs, case)) as contract::Held) }
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
