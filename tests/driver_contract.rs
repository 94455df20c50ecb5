//! The contract of all drivers, on the embedded estate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod contract;

use std::sync::Arc;

use contract::Bench;
use jiff::SignedDuration;
use tempfile::TempDir;
use twinscope::clock::Clock;
use twinscope::drivers::embedded::{EmbeddedEstate, Fault, LabCommand};
use twinscope::drivers::{BoxFuture, Driver};
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::ServerVersion;
use twinscope::model::{Edit, ScopeId, ServerName};
use twinscope::rules::Rulebook;

/// A pair of the sample estate, in a file of its own.
struct Embedded {
    names: [&'static str; 2],
    scopes: [&'static str; 3],
    version: ServerVersion,
    clock: Clock,
    estate: EmbeddedEstate,
    folder: TempDir,
}

impl Embedded {
    fn new(
        names: [&'static str; 2],
        scopes: [&'static str; 3],
        version: ServerVersion,
    ) -> Embedded {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-02-03T09:00:00Z".parse().unwrap());
        let file = folder.path().join("estate.sqlite");
        let estate = EmbeddedEstate::open(&file, clock.clone()).unwrap();
        Embedded {
            names,
            scopes,
            version,
            clock,
            estate,
            folder,
        }
    }

    fn name(&self, server: usize) -> ServerName {
        ServerName::new(&format!("{}.contoso.com", self.names[server]))
    }

    fn lab(&self, lines: Vec<LabCommand>) -> Option<BoxFuture<'_, ()>> {
        Some(Box::pin(async move {
            for line in lines {
                self.estate.lab(&line).unwrap();
            }
        }))
    }

    fn short(&self, server: usize) -> String {
        self.names[server].to_owned()
    }
}

impl Bench for Embedded {
    fn pair(&self) -> [Arc<dyn Driver>; 2] {
        [0, 1].map(|server| self.estate.driver(&self.name(server)))
    }

    fn scope(&self) -> ScopeId {
        self.scopes[0].parse().unwrap()
    }

    fn other_scope(&self) -> ScopeId {
        self.scopes[1].parse().unwrap()
    }

    fn spare(&self) -> ScopeId {
        self.scopes[2].parse().unwrap()
    }

    fn relationship(&self) -> String {
        format!("{}-{}", self.name(0), self.name(1))
    }

    fn knows(&self, _: &Edit) -> bool {
        true
    }

    fn too_much(&self) -> Vec<Edit> {
        vec![Edit::SetScope {
            scope: self.scope(),
            properties: vec![ScopeProperty::Name("x".repeat(257))],
        }]
    }

    fn rulebook(&self) -> Rulebook {
        Rulebook::windows(self.version)
    }

    /// As another process would: with a handle of its own on the file.
    fn outside_edit<'a>(&'a self, server: usize, edit: &'a Edit) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let file = self.folder.path().join("estate.sqlite");
            let other = EmbeddedEstate::open(&file, self.clock.clone()).unwrap();
            let driver = other.driver(&self.name(server));
            driver.apply(std::slice::from_ref(edit), &[]).await.unwrap();
        })
    }

    fn stop(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        self.lab(vec![LabCommand::Stop(self.short(server))])
    }

    fn kill(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        self.lab(vec![LabCommand::Fail(
            self.short(server),
            Fault::Unreachable,
        )])
    }

    fn start(&self, server: usize) -> Option<BoxFuture<'_, ()>> {
        self.lab(vec![
            LabCommand::Fail(self.short(server), Fault::None),
            LabCommand::Start(self.short(server)),
        ])
    }

    fn cut(&self) -> Option<BoxFuture<'_, ()>> {
        self.lab(vec![LabCommand::Cut(self.short(0), self.short(1))])
    }

    fn join(&self) -> Option<BoxFuture<'_, ()>> {
        self.lab(vec![LabCommand::Join(self.short(0), self.short(1))])
    }

    /// By hand: nothing here waits.
    fn pass(&self) -> BoxFuture<'_, ()> {
        self.clock.advance(SignedDuration::from_mins(1));
        Box::pin(std::future::ready(()))
    }

    fn patience(&self) -> u32 {
        90
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_balance_2012_r2() {
    contract::hold(1, |_| async {
        Arc::new(Embedded::new(
            ["dhcp1", "dc1"],
            ["10.0.0.0/24", "10.0.8.0/22", "10.77.0.0/24"],
            ServerVersion::WINDOWS_2012_R2,
        )) as contract::Held
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hot_standby_2016() {
    contract::hold(1, |_| async {
        Arc::new(Embedded::new(
            ["dhcp2", "dhcp3"],
            ["10.1.4.0/24", "10.1.0.0/22", "10.77.0.0/24"],
            ServerVersion::WINDOWS_2016,
        )) as contract::Held
    })
    .await;
}
