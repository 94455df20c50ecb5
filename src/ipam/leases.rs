//! Reading all leases of a server, page by page, so that a million of them need no more memory than
//! a thousand.

use std::net::Ipv4Addr;

use super::{Cancel, Ipam};
use crate::drivers::{DriverError, LeaseQuery};
use crate::model::lease::Lease;
use crate::model::{ScopeId, ServerName};

/// So many leases come at once.
const PAGE: usize = 1000;

/// A server's leases, page by page in order of address; whoever has seen enough drops it.
#[derive(Debug)]
pub struct LeasePages {
    ipam: Ipam,
    server: ServerName,
    query: LeaseQuery,
    ended: bool,
}

impl LeasePages {
    /// The next page, of at most 1,000 leases; `None` after the last one. After an error the same
    /// page can be asked for again.
    ///
    /// # Errors
    /// [`DriverError`] when it can't be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Lease>>, DriverError> {
        if self.ended {
            return Ok(None);
        }
        let mut page = self.ipam.leases(&self.server, &self.query).await?;
        self.ended = page.len() < PAGE;
        // A driver that gives more, or what it gave before, must not keep us for ever.
        if let Some(after) = self.query.after {
            page.retain(|lease| lease.address > after);
        }
        match page.iter().map(|lease| lease.address).max() {
            None => Ok(None),
            last => {
                self.query.after = last;
                Ok(Some(page))
            }
        }
    }

    /// What the next page will be asked for with.
    #[must_use]
    pub fn query(&self) -> &LeaseQuery {
        &self.query
    }

    /// How far it has come: the last address given.
    #[must_use]
    pub fn reached(&self) -> Option<Ipv4Addr> {
        self.query.after
    }
}

impl Ipam {
    /// Leases of a server, or of one of its scopes, page by page.
    #[must_use]
    pub fn lease_pages(&self, server: &ServerName, scope: Option<ScopeId>) -> LeasePages {
        LeasePages {
            ipam: self.clone(),
            server: server.clone(),
            query: LeaseQuery {
                scope,
                limit: PAGE,
                ..LeaseQuery::default()
            },
            ended: false,
        }
    }

    /// Gives every lease of a server in pages of at most 1,000, in order of address, until it is
    /// cancelled (between pages) or dropped. Gives how many there were.
    ///
    /// # Errors
    /// [`DriverError`] when a page can't be read; those before it were given.
    pub async fn all_leases(
        &self,
        server: &ServerName,
        cancel: &Cancel,
        mut on_page: impl FnMut(Vec<Lease>) + Send,
    ) -> Result<usize, DriverError> {
        let mut pages = self.lease_pages(server, None);
        let mut count = 0;
        while !cancel.is_cancelled()
            && let Some(page) = pages.next().await?
        {
            count += page.len();
            on_page(page);
        }
        Ok(count)
    }
}
