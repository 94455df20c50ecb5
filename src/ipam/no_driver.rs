//! A server that can't be spoken to, of a kind that this version has no driver for or configured
//! in a way that can't be: it is listed, and says so.

use crate::drivers::{BoxFuture, Driver, DriverError, Expected, LeaseQuery};
use crate::model::Edit;
use crate::model::edit::{ObjectRef, Order};
use crate::model::fingerprint::Fingerprint;
use crate::model::lease::Lease;
use crate::model::server::{ServerName, ServerReading};

/// Answers every question with the same error.
pub(super) struct NoDriver {
    server: ServerName,
    error: DriverError,
}

impl NoDriver {
    /// For a server of that kind, in the configuration's word.
    pub(super) fn new(server: ServerName, kind: &'static str) -> NoDriver {
        let why = format!("this version has no driver for kind {kind} yet");
        let error = DriverError::Unsupported {
            server: server.clone(),
            why,
        };
        NoDriver { server, error }
    }

    /// For a server that can't be spoken to because of that.
    pub(super) fn because(server: ServerName, error: DriverError) -> NoDriver {
        NoDriver { server, error }
    }

    fn unsupported<'a, T: Send + 'a>(&self) -> BoxFuture<'a, Result<T, DriverError>> {
        Box::pin(std::future::ready(Err(self.error.clone())))
    }
}

impl Driver for NoDriver {
    fn server(&self) -> &ServerName {
        &self.server
    }

    fn read<'a>(
        &'a self,
        _before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        self.unsupported()
    }

    fn leases<'a>(
        &'a self,
        _query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        self.unsupported()
    }

    fn apply<'a>(
        &'a self,
        _edits: &'a [Edit],
        _expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        self.unsupported()
    }

    fn order<'a>(
        &'a self,
        _order: &'a Order,
        _expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        self.unsupported()
    }

    fn read_back<'a>(
        &'a self,
        _objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        self.unsupported()
    }
}
