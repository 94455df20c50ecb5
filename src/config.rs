//! The home and the configuration file: where things are kept, and which servers there are.

mod access;

use std::io;
use std::path::{Path, PathBuf};

use access::{RawGroup, RawGuardrail};
use etcetera::BaseStrategy;
use serde::Deserialize;
use toml::Spanned;

use crate::model::ServerName;
use crate::model::guardrail::{Glob, Guardrail};
use crate::model::text::printable;
use collect::RawCollect;
use impact::RawImpact;

mod collect;
mod impact;
mod kea;
mod secret;

pub use collect::Periods;
pub use impact::Felt;
pub use kea::{KeaAddress, KeaEntry, KeaUrl, Login, PasswordFrom};
pub use secret::Secret;

/// Where configuration and state are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    /// The folder of `config.toml`.
    pub config: PathBuf,
    /// The folder of `estate.sqlite`, `ipam.sqlite` and `estate-cache.bin`.
    pub state: PathBuf,
}

/// There is nowhere to keep anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no home folder; set TWINSCOPE_HOME to a folder for configuration and state")]
pub struct NoHome;

impl Home {
    /// One folder for both, as `TWINSCOPE_HOME` says.
    #[must_use]
    pub fn at(folder: &Path) -> Home {
        Home {
            config: folder.to_owned(),
            state: folder.to_owned(),
        }
    }

    /// The home of whoever runs us: `TWINSCOPE_HOME`, or else the XDG folders.
    ///
    /// # Errors
    /// [`NoHome`] when neither is set.
    pub fn of_user() -> Result<Home, NoHome> {
        if let Some(folder) = std::env::var_os("TWINSCOPE_HOME").filter(|value| !value.is_empty()) {
            return Ok(Home::at(Path::new(&folder)));
        }
        let xdg = etcetera::base_strategy::Xdg::new().map_err(|_| NoHome)?;
        let config = xdg.config_dir().join("twinscope");
        let state = xdg
            .state_dir()
            .unwrap_or_else(|| xdg.data_dir())
            .join("twinscope");
        Ok(Home { config, state })
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

    /// The last estate, so that the next start has something to show at once.
    #[must_use]
    pub fn cache_file(&self) -> PathBuf {
        self.state.join("estate-cache.bin")
    }
}

/// What the configuration file says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Configuration {
    /// The servers, in order; the first one is the default of `-ComputerName`. Empty: every
    /// server of the embedded estate.
    pub servers: Vec<ServerEntry>,
    /// Nothing may be written, and why.
    pub read_only: Option<String>,
    /// The guardrail rules, in order.
    pub guardrails: Vec<GuardrailEntry>,
    /// The server groups, in order. Empty: one a domain.
    pub groups: Vec<GroupEntry>,
    /// How often servers are read, and for how long it is remembered.
    pub collect: Periods,
    /// What is asked about before clients feel it.
    pub impact: Felt,
}

/// A `[[guardrail]]` entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuardrailEntry {
    /// What it says.
    pub rule: Guardrail,
    /// The line of its server in the file, or else of its beginning, from 1.
    pub line: usize,
}

/// A `[[group]]` entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupEntry {
    /// Its name.
    pub name: String,
    /// Names of servers, or patterns with `*` and `?`.
    pub servers: Vec<Glob>,
    /// The line on which it begins, from 1.
    pub line: usize,
}

/// A `[[server]]` entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerEntry {
    /// Its name.
    pub name: ServerName,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// What kind of server it is, and what the kind needs.
    pub kind: ServerKind,
    /// The line of its name in the file, from 1.
    pub line: usize,
}

impl ServerEntry {
    /// Whether that name would be taken for this server: its own, an alias, or its name's first
    /// label where that is no other server's whole name.
    fn goes_by(&self, name: &str) -> bool {
        let whole = ServerName::new(name) == self.name;
        let label = !name.contains('.') && self.name.means(name);
        whole
            || label
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// What kind of server an entry is, and what the kind needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerKind {
    /// One of the embedded estate; its name says which.
    Embedded,
    /// ISC Kea, at its control channel.
    Kea(KeaEntry),
    /// Microsoft DHCP, at a host.
    Microsoft {
        /// The host to manage it on; by default its name.
        host: String,
    },
    /// A DNS server, at a host.
    Dns {
        /// The host; by default its name.
        host: String,
    },
}

impl ServerKind {
    /// The kind as the file writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            ServerKind::Embedded => "embedded",
            ServerKind::Kea(_) => "kea",
            ServerKind::Microsoft { .. } => "microsoft",
            ServerKind::Dns { .. } => "dns",
        }
    }
}

/// What is wrong with the configuration file, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", place(file, *line, key.as_deref(), what))]
pub struct ConfigError {
    /// Which file.
    pub file: PathBuf,
    /// Which line, from 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// Which key.
    pub key: Option<String>,
    /// What is wrong, and what to do.
    pub what: String,
}

fn place(file: &Path, line: Option<usize>, key: Option<&str>, what: &str) -> String {
    let mut text = printable(&file.display().to_string(), 400);
    if let Some(line) = line {
        text.push_str(&format!(", line {line}"));
    }
    if let Some(key) = key {
        text.push_str(&format!(", {key}"));
    }
    format!("{text}: {what}")
}

impl Configuration {
    /// Reads the home's configuration file; without one, the embedded estate is used.
    ///
    /// # Errors
    /// [`ConfigError`] naming file, line and key.
    pub fn load(home: &Home) -> Result<Configuration, ConfigError> {
        let file = home.config_file();
        match read(&file)? {
            Some(text) => Configuration::parse(&file, &text),
            None => Ok(Configuration::default()),
        }
    }

    /// Reads the text of a configuration file; `file` is named in errors.
    ///
    /// # Errors
    /// [`ConfigError`] naming file, line and key.
    pub fn parse(file: &Path, text: &str) -> Result<Configuration, ConfigError> {
        let source = Source { file, text };
        let raw: RawFile = toml::from_str(text).map_err(|error| source.syntax(&error))?;
        let mut servers: Vec<ServerEntry> = Vec::new();
        for raw in raw.server {
            let at = raw.span().start;
            let raw = raw.into_inner();
            let entry = source.entry(at, &raw)?;
            for server in &servers {
                source.apart(server, &entry, &raw)?;
            }
            servers.push(entry);
        }
        Ok(Configuration {
            servers,
            read_only: source.read_only(raw.read_only.as_ref(), raw.read_only_reason.as_ref())?,
            guardrails: source.guardrails(&raw.guardrail)?,
            groups: source.groups(&raw.group)?,
            collect: source.periods(raw.collect)?,
            impact: source.felt(raw.impact.as_ref())?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    server: Vec<Spanned<RawServer>>,
    read_only: Option<Spanned<bool>>,
    read_only_reason: Option<Spanned<String>>,
    #[serde(default)]
    guardrail: Vec<Spanned<RawGuardrail>>,
    #[serde(default)]
    group: Vec<Spanned<RawGroup>>,
    #[serde(default)]
    collect: RawCollect,
    impact: Option<RawImpact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawServer {
    name: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    aliases: Option<Vec<Spanned<String>>>,
    socket: Option<Spanned<PathBuf>>,
    url: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    ha_url: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
    password_file: Option<Spanned<PathBuf>>,
    password_env: Option<Spanned<String>>,
    password_prompt: Option<Spanned<bool>>,
    ca_file: Option<Spanned<PathBuf>>,
    client_cert: Option<Spanned<PathBuf>>,
    client_key: Option<Spanned<PathBuf>>,
    allow_cleartext_password: Option<Spanned<bool>>,
}

impl RawServer {
    /// The keys given that not every kind has, and where their values begin.
    fn given(&self) -> impl Iterator<Item = (&'static str, usize)> {
        fn at<T>(value: Option<&Spanned<T>>) -> Option<usize> {
            value.map(|value| value.span().start)
        }
        [
            ("socket", at(self.socket.as_ref())),
            ("url", at(self.url.as_ref())),
            ("host", at(self.host.as_ref())),
            ("ha_url", at(self.ha_url.as_ref())),
            ("user", at(self.user.as_ref())),
            ("password_file", at(self.password_file.as_ref())),
            ("password_env", at(self.password_env.as_ref())),
            ("password_prompt", at(self.password_prompt.as_ref())),
            ("ca_file", at(self.ca_file.as_ref())),
            ("client_cert", at(self.client_cert.as_ref())),
            ("client_key", at(self.client_key.as_ref())),
            (
                "allow_cleartext_password",
                at(self.allow_cleartext_password.as_ref()),
            ),
        ]
        .into_iter()
        .filter_map(|(key, at)| Some((key, at?)))
    }
}

fn shown(text: &str) -> String {
    printable(text, 80)
}

/// The text of one of the home's files; `None` where there is no such file.
///
/// # Errors
/// [`ConfigError`] when it can't be read, or names the line that is not UTF-8.
pub(crate) fn read(file: &Path) -> Result<Option<String>, ConfigError> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(ConfigError {
                file: file.to_owned(),
                line: None,
                key: None,
                what: format!("it can't be read: {error}"),
            });
        }
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let source = Source { file, text: &good };
            Err(source.at(
                good.len(),
                "a byte here is not UTF-8: save the file as UTF-8".to_owned(),
            ))
        }
    }
}

/// The file's text, to tell where something is.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// An error at a byte of the text; its key is the one on that line.
    pub(crate) fn at(&self, offset: usize, what: String) -> ConfigError {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let key = match line.split_once('=') {
            Some((key, _)) => key.trim(),
            None => line.trim().trim_matches(['[', ']']),
        };
        let key = (!key.is_empty() && !key.starts_with('#')).then(|| shown(key));
        let line = Some(before.matches('\n').count() + 1);
        ConfigError {
            file: self.file.to_owned(),
            line,
            key,
            what,
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    pub(crate) fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let what = printable(error.message(), 400);
        match error.span() {
            Some(span) => self.at(span.start, what),
            None => ConfigError {
                file: self.file.to_owned(),
                line: None,
                key: None,
                what,
            },
        }
    }

    fn entry(&self, at: usize, raw: &RawServer) -> Result<ServerEntry, ConfigError> {
        let Some(name) = &raw.name else {
            return Err(self.at(
                at,
                "the server needs a name, as in name = \"dhcp1\"".to_owned(),
            ));
        };
        for name in std::iter::once(name).chain(raw.aliases.iter().flatten()) {
            if !is_name(name.get_ref()) {
                return Err(self.at(
                    name.span().start,
                    format!(
                        "'{}' is no server name: letters, digits, dots and hyphens, at most 255",
                        shown(name.get_ref())
                    ),
                ));
            }
        }
        let Some(kind) = &raw.kind else {
            return Err(self.at(
                at,
                format!(
                    "{} needs a kind: \"embedded\", \"kea\", \"microsoft\" or \"dns\"",
                    shown(name.get_ref())
                ),
            ));
        };
        let host = || raw.host.as_ref().unwrap_or(name).get_ref().clone();
        let (kind_found, allowed): (ServerKind, &[&str]) = match kind.get_ref().as_str() {
            "embedded" => (ServerKind::Embedded, &[]),
            "kea" => (ServerKind::Kea(self.kea(at, raw)?), kea::KEYS),
            "microsoft" => (ServerKind::Microsoft { host: host() }, &["host"]),
            "dns" => (ServerKind::Dns { host: host() }, &["host"]),
            other => {
                return Err(self.at(
                    kind.span().start,
                    format!(
                        "'{}' is no kind of server: use \"embedded\", \"kea\", \"microsoft\" or \"dns\"",
                        shown(other)
                    ),
                ));
            }
        };
        if let Some((key, at)) = raw.given().find(|(key, _)| !allowed.contains(key)) {
            return Err(self.at(
                at,
                format!("a server of kind \"{}\" has no {key}", kind_found.name()),
            ));
        }
        Ok(ServerEntry {
            name: ServerName::new(name.get_ref()),
            aliases: raw
                .aliases
                .iter()
                .flatten()
                .map(|alias| alias.get_ref().clone())
                .collect(),
            kind: kind_found,
            line: self.line(name.span().start),
        })
    }

    /// Refuses an entry with a name that means another server, or the other way round.
    fn apart(
        &self,
        server: &ServerEntry,
        entry: &ServerEntry,
        raw: &RawServer,
    ) -> Result<(), ConfigError> {
        let mut names = raw.name.iter().chain(raw.aliases.iter().flatten());
        if let Some(name) = names.find(|name| server.goes_by(name.get_ref())) {
            let what = format!(
                "'{}' is taken by the server {}",
                shown(name.get_ref()),
                server.name
            );
            return Err(self.at(name.span().start, what));
        }
        let mut aliases = server.aliases.iter();
        let (Some(alias), Some(name)) = (aliases.find(|alias| entry.goes_by(alias)), &raw.name)
        else {
            return Ok(());
        };
        let what = format!(
            "the server {} has the alias '{}', which means this one",
            server.name,
            shown(alias)
        );
        Err(self.at(name.span().start, what))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests;
