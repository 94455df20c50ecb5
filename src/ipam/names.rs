//! Which server a name means: its own, an alias, or its first label.

use std::collections::BTreeMap;

use super::UnknownServer;
use crate::model::ServerName;
use crate::model::text::printable;

/// The servers of the configuration, in its order, and the names they go by.
#[derive(Debug, Default)]
pub(super) struct Names {
    servers: Vec<ServerName>,
    aliases: BTreeMap<String, ServerName>,
}

impl Names {
    /// Of servers with their aliases; one that two have is the first one's.
    pub(super) fn of(servers: impl IntoIterator<Item = (ServerName, Vec<String>)>) -> Names {
        let mut names = Names::default();
        for (server, aliases) in servers {
            for alias in aliases {
                let names = names.aliases.entry(folded(&alias));
                names.or_insert_with(|| server.clone());
            }
            names.servers.push(server);
        }
        names
    }

    /// The servers, in the configuration's order.
    pub(super) fn servers(&self) -> &[ServerName] {
        &self.servers
    }

    /// The one server that goes by a name.
    pub(super) fn find(&self, name: &str) -> Option<ServerName> {
        self.resolve(name).ok()
    }

    /// The server that goes by a name.
    ///
    /// # Errors
    /// [`UnknownServer`] when none does, or more than one.
    pub(super) fn resolve(&self, name: &str) -> Result<ServerName, UnknownServer> {
        let wanted = ServerName::new(name.trim().trim_end_matches('.'));
        if let Some(exact) = self.servers.iter().find(|server| **server == wanted) {
            return Ok(exact.clone());
        }
        if let Some(server) = self.aliases.get(&folded(name)) {
            return Ok(server.clone());
        }
        let fits: Vec<&ServerName> = self
            .servers
            .iter()
            .filter(|server| !wanted.as_str().is_empty() && server.means(wanted.as_str()))
            .collect();
        match fits.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(UnknownServer::None {
                name: printable(name, 80),
                known: self.known(),
            }),
            several => Err(UnknownServer::Several {
                name: printable(name, 80),
                candidates: several
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" or "),
            }),
        }
    }

    fn known(&self) -> String {
        const SHOWN: usize = 8;
        if self.servers.is_empty() {
            return "none".to_owned();
        }
        let mut known: Vec<String> = self
            .servers
            .iter()
            .take(SHOWN)
            .map(ToString::to_string)
            .collect();
        if self.servers.len() > SHOWN {
            known.push(format!("{} more", self.servers.len() - SHOWN));
        }
        known.join(", ")
    }
}

fn folded(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::of([
            (
                ServerName::new("dhcp1.contoso.com"),
                vec!["10.0.0.1".to_owned(), "Main".to_owned()],
            ),
            (ServerName::new("dc1.contoso.com"), vec![]),
            (ServerName::new("dc1.fabrikam.com"), vec![]),
        ])
    }

    #[test]
    fn a_server_goes_by_its_names() {
        for name in [
            "dhcp1.contoso.com",
            "DHCP1",
            "main",
            "10.0.0.1",
            "dhcp1.contoso.com.",
        ] {
            assert_eq!(
                names().resolve(name).unwrap().as_str(),
                "dhcp1.contoso.com",
                "{name}"
            );
        }
    }

    #[test]
    fn none_and_several_get_a_sentence() {
        assert_eq!(
            names().resolve("dc1").unwrap_err().to_string(),
            "'dc1' may be dc1.contoso.com or dc1.fabrikam.com: give the whole name"
        );
        assert_eq!(
            names().resolve("dc9\u{1b}").unwrap_err().to_string(),
            "there is no server 'dc9\u{fffd}'; the configuration has dhcp1.contoso.com, \
             dc1.contoso.com, dc1.fabrikam.com"
        );
        assert!(names().resolve("").is_err());
    }
}
