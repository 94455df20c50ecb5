//! What a server's kind can't do, told without asking the server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Estate, Ipam};
use crate::drivers::Driver;
use crate::model::{Edit, HaSetup, ServerName};

/// What each server's kind can't do. Copies share everything; none asks anybody.
#[derive(Clone, Default)]
pub struct Kinds(Arc<BTreeMap<ServerName, Arc<dyn Driver>>>);

impl Kinds {
    /// Why an edit has no meaning on a server, as far as its kind and its last reading tell.
    #[must_use]
    pub fn refuses(&self, estate: &Estate, server: &ServerName, edit: &Edit) -> Option<String> {
        let reading = estate.servers.get(server)?.reading.as_ref()?;
        self.0.get(server)?.refuses(edit, reading)
    }
}

impl Kinds {
    /// The terms on which two servers of a kind that needs some would become a pair, as far as
    /// they are known: what is not is empty. `None` of other kinds.
    #[must_use]
    pub fn ha_setup(&self, server: &ServerName, partner: &ServerName) -> Option<HaSetup> {
        let end = |server: &ServerName| self.0.get(server)?.ha_end();
        let mut setup = HaSetup::between(end(server)?, end(partner)?);
        let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let [own, other] = [short(&setup.own.name), short(&setup.partner.name)];
        // Names of their own, short where that tells them apart.
        if own != other && own.parse::<u8>().is_err() {
            (setup.own.name, setup.partner.name) = (own, other);
        }
        Some(setup)
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Ipam {
    /// What each server's kind can't do.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        Kinds(Arc::new(self.inner.drivers.clone()))
    }

    /// Why an edit has no meaning on a server, as far as its kind and its last reading tell.
    #[must_use]
    pub fn refuses(&self, server: &ServerName, edit: &Edit) -> Option<String> {
        let reading = self.estate().servers.get(server)?.reading.clone()?;
        self.driver(server).ok()?.refuses(edit, &reading)
    }
}
