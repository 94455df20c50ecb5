//! What a server's kind can't do, told without asking the server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Estate, Ipam};
use crate::drivers::Driver;
use crate::model::{Edit, ServerName};

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
