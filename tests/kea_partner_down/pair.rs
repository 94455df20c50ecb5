//! A pair, an IPAM that manages it, and what a test does with the two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use twinscope::clock::Clock;
use twinscope::config::{Configuration, Home, KeaAddress};
use twinscope::drivers::kea::KeaServer;
use twinscope::drivers::kea::channel::Channel;
use twinscope::drivers::kea::peers::Peers;
use twinscope::drivers::{Driver, DriverError};
use twinscope::ipam::partner_down::{Checklist, Evidence, checklist};
use twinscope::ipam::{Cancel, Ipam, Outcome, PlanError, Progress};
use twinscope::model::edit::Order;
use twinscope::model::failover::RelationshipStatus;
use twinscope::model::plan::Intent;
use twinscope::model::{FailoverState, ServerName};

use super::kea_lab::{Control, Lab, Mode, NAMES, Options, Version};

/// A server that is none of the pair's.
pub const OTHER: &str = "dhcp1.contoso.com";

/// How long something may take to come about.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A pair, and an IPAM that manages it and one server more.
pub struct Pair {
    pub ipam: Ipam,
    pub runtime: Runtime,
    home: tempfile::TempDir,
    pub lab: Lab,
}

/// A pair that does not take a partner for down by itself: nobody asks for addresses here.
pub fn patient() -> Options {
    Options {
        max_unacked: 5,
        ..Options::default()
    }
}

pub fn name(server: usize) -> ServerName {
    ServerName::new(NAMES[server])
}

pub fn relationship() -> String {
    NAMES.join("-")
}

pub fn set_partner_down() -> Order {
    Order::SetPartnerDown {
        relationship: relationship(),
    }
}

pub fn start_maintenance() -> Order {
    Order::StartMaintenance {
        relationship: relationship(),
    }
}

pub fn cancel_maintenance() -> Order {
    Order::CancelMaintenance {
        relationship: relationship(),
    }
}

pub fn reset_ha() -> Order {
    Order::ResetHa {
        relationship: relationship(),
    }
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

impl Pair {
    pub fn start(version: Version, mode: Mode, options: Options) -> Pair {
        let lab = Lab::start(version, mode, options);
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let servers = [0, 1].map(|server| {
            let address = match lab.options.control {
                Control::Socket => format!("socket = \"{}\"", lab.socket(server).display()),
                Control::Http | Control::Agent => format!("url = \"{}\"", lab.url(server)),
            };
            format!(
                "[[server]]\nname = \"{}\"\nkind = \"kea\"\n{address}\nha_url = \"{}\"\n",
                NAMES[server],
                lab.peer_url(server)
            )
        });
        let text = format!(
            "{}[[server]]\nname = \"{OTHER}\"\nkind = \"embedded\"\n",
            servers.concat()
        );
        std::fs::create_dir_all(home.config_file().parent().unwrap()).unwrap();
        std::fs::write(home.config_file(), &text).unwrap();
        let configuration = Configuration::load(&home).unwrap();
        let ipam = Ipam::open(&home, &configuration, Clock::system(), "tester").unwrap();
        let pair = Pair {
            ipam,
            runtime: runtime(),
            home: folder,
            lab,
        };
        // Twice: the second time each knows who its partner is.
        pair.collect();
        pair.collect();
        pair
    }

    pub fn collect(&self) {
        let both = [name(0), name(1)];
        self.runtime.block_on(self.ipam.collect_only(&both));
    }

    /// How a server says it stands, when it was read just now.
    pub fn status(&self, server: usize) -> Option<RelationshipStatus> {
        let estate = self.ipam.estate();
        let end = estate.end(&name(server), &relationship())?;
        end.status.filter(|_| end.view.error.is_none()).cloned()
    }

    pub fn state(&self, server: usize) -> Option<FailoverState> {
        self.status(server).map(|status| status.state)
    }

    /// Collects until something holds.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let since = Instant::now();
        loop {
            self.collect();
            if holds() {
                return;
            }
            let seen = [0, 1].map(|server| self.status(server));
            assert!(
                since.elapsed() < PATIENCE,
                "never: {what}, but {seen:?}\n{}",
                self.lab.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[track_caller]
    pub fn until_alone(&self, survivor: usize) {
        self.until("contact is lost", || {
            self.state(survivor) == Some(FailoverState::CommunicationInterrupted)
        });
    }

    #[track_caller]
    pub fn until_normal(&self) {
        self.until("both are Normal", || {
            [0, 1].map(|server| self.state(server)) == [Some(FailoverState::Normal); 2]
        });
        self.lab.wait_normal();
    }

    pub fn gather(&self, survivor: usize) -> Evidence {
        let (survivor, relationship) = (name(survivor), relationship());
        let gathering = self.ipam.gather(&survivor, &relationship);
        self.runtime.block_on(gathering).unwrap()
    }

    pub fn carry_out(&self, intent: Intent) -> Result<Outcome, PlanError> {
        self.runtime.block_on(async {
            let plan = self.ipam.plan(intent).await?;
            let (progress, cancel) = (Progress::none(), Cancel::new());
            Ok(self.ipam.carry_out(plan, &progress, &cancel).await)
        })
    }

    /// Plans an order and carries it out, as the console does.
    pub fn order(&self, server: usize, order: Order) -> Result<Outcome, PlanError> {
        let server = name(server);
        self.carry_out(Intent::Order { server, order })
    }

    /// Gives an order past every plan, as somebody who forces it.
    pub fn force(&self, server: usize, order: &Order) -> Result<(), DriverError> {
        let address = KeaAddress::Socket(self.lab.socket(server));
        let wire = Channel::open(name(server), &address).unwrap();
        let peers = Arc::new(Peers::default());
        let driver = KeaServer::new(name(server), Arc::new(wire), peers, Clock::system());
        self.runtime.block_on(driver.order(order, &[]))
    }

    /// A line on the command line: whether it went well, and what it said.
    pub fn verb(&self, words: &[&str]) -> (bool, String) {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_twinscope"))
            .env("TWINSCOPE_HOME", self.home.path())
            .arg("ipam")
            .args(words)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }

    pub fn checklist(&self, survivor: usize) -> Checklist {
        let estate = self.ipam.estate();
        let rows = estate.relationships();
        let row = rows.iter().find(|row| row.name == relationship()).unwrap();
        let partner = estate.partner(&name(1 - survivor)).map(AsRef::as_ref);
        let compared = estate.compare(&name(survivor), &relationship());
        checklist(
            row,
            &name(survivor),
            partner,
            compared.as_ref(),
            self.ipam.clock().now(),
        )
    }
}
