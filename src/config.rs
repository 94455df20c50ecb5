//! The home and the configuration file: where things are kept, and which servers there are.

use std::path::{Path, PathBuf};

use crate::model::ServerName;

/// Where configuration and state are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    /// The folder of `config.toml`.
    pub config: PathBuf,
    /// The folder of `estate.sqlite` and `ipam.sqlite`.
    pub state: PathBuf,
}

impl Home {
    /// One folder for both, as `TWINSCOPE_HOME` says.
    #[must_use]
    pub fn at(folder: &Path) -> Home {
        Home {
            config: folder.to_owned(),
            state: folder.to_owned(),
        }
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The embedded servers' database.
    #[must_use]
    pub fn estate_file(&self) -> PathBuf {
        self.state.join("estate.sqlite")
    }

    /// What IPAM remembers.
    #[must_use]
    pub fn ipam_file(&self) -> PathBuf {
        self.state.join("ipam.sqlite")
    }
}

/// What the configuration file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Configuration {
    /// The servers, in order; the first one is the default of `-ComputerName`. Empty: every
    /// server of the embedded estate.
    pub servers: Vec<ServerEntry>,
}

/// A `[[server]]` entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerEntry {
    /// Its name.
    pub name: ServerName,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// What kind of server it is.
    pub kind: ServerKind,
}

/// What kind of server an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerKind {
    /// One of the embedded estate.
    Embedded,
    /// ISC Kea.
    Kea,
    /// Microsoft DHCP.
    Microsoft,
    /// A DNS server.
    Dns,
}
