//! What the configuration says of a Kea server: where it listens, and with what it is spoken to.

use std::path::{Path, PathBuf};

use hyper::Uri;
use toml::Spanned;

use super::secret::Secret;
use super::{ConfigError, RawServer, Source, shown};

/// The keys that an entry may have besides every kind's.
pub(super) const KEYS: &[&str] = &[
    "socket",
    "ha_url",
    "url",
    "user",
    "password_file",
    "password_env",
    "password_prompt",
    "ca_file",
    "client_cert",
    "client_key",
    "allow_cleartext_password",
];

/// Those of them that only an address over the network has.
const OF_URLS: &[&str] = KEYS.split_at(3).1;

/// A Kea server, as configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeaEntry {
    /// Where it listens for commands.
    pub address: KeaAddress,
    /// Its URL in its partners' high-availability configuration, where that can't be told
    /// otherwise.
    pub ha_url: Option<String>,
}

/// Where a Kea server listens for commands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeaAddress {
    /// A unix socket's path.
    Socket(PathBuf),
    /// HTTP or HTTPS.
    Url(Box<KeaUrl>),
}

/// The address of a Control Agent, or of the server itself (3.0), and how to be let in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeaUrl {
    /// `http://` or `https://`, a host, perhaps a port and a path; never a password.
    pub url: String,
    /// The user, and where the password comes from.
    pub login: Option<Login>,
    /// PEM: the only CAs that are trusted; `None` trusts those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM: our certificate, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// The password may be sent without TLS to another machine.
    pub allow_cleartext_password: bool,
}

impl KeaUrl {
    /// At that address, without more.
    #[must_use]
    pub fn new(url: &str) -> KeaUrl {
        KeaUrl {
            url: url.to_owned(),
            ..KeaUrl::default()
        }
    }

    /// Its parts; `None` when it is no address of a server.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        let uri: Uri = self.url.parse().ok()?;
        let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().is_some_and(|host| !host.is_empty());
        (scheme && host && uri.query().is_none()).then_some(uri)
    }

    /// Whether it has a password in the address itself.
    #[must_use]
    pub fn has_userinfo(&self) -> bool {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next();
        authority.is_some_and(|authority| authority.contains('@'))
    }

    /// Whether a password would cross a network that anybody may listen on.
    #[must_use]
    pub fn sends_password_in_clear(&self) -> bool {
        let Some(uri) = self.uri() else {
            return false;
        };
        let host = uri.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let here = host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback());
        self.login.is_some() && uri.scheme_str() == Some("http") && !here
    }
}

/// Who we are to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// Where the password comes from.
    pub password: PasswordFrom,
}

/// Where a password comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordFrom {
    /// The first line of a file that only its owner may read.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The operator, who is asked before the first use; `Some` once he was.
    Prompt(Option<Secret>),
}

impl Source<'_> {
    pub(super) fn kea(&self, at: usize, raw: &RawServer) -> Result<KeaEntry, ConfigError> {
        let address = match (&raw.socket, &raw.url) {
            (Some(socket), None) => {
                self.no_url_keys(raw)?;
                KeaAddress::Socket(socket.get_ref().clone())
            }
            (None, Some(url)) => KeaAddress::Url(Box::new(self.kea_url(url, raw)?)),
            (None, None) => {
                return Err(self.at(
                    at,
                    "a Kea server needs a socket (a path) or a url (http:// or https://)"
                        .to_owned(),
                ));
            }
            (Some(_), Some(url)) => {
                return Err(self.at(
                    url.span().start,
                    "a Kea server has either a socket or a url, not both".to_owned(),
                ));
            }
        };
        let ha_url = raw.ha_url.as_ref().map(|url| {
            let text = url.get_ref();
            match KeaUrl::new(text).uri() {
                Some(_) => Ok(text.clone()),
                None => Err(self.no_address(url)),
            }
        });
        Ok(KeaEntry {
            address,
            ha_url: ha_url.transpose()?,
        })
    }

    /// What only an address over the network has.
    fn no_url_keys(&self, raw: &RawServer) -> Result<(), ConfigError> {
        let mut given = raw.given();
        match given.find(|(key, _)| OF_URLS.contains(key)) {
            None => Ok(()),
            Some((key, at)) => Err(self.at(
                at,
                format!("a Kea server at a socket has no {key}: it belongs to a url"),
            )),
        }
    }

    fn kea_url(&self, url: &Spanned<String>, raw: &RawServer) -> Result<KeaUrl, ConfigError> {
        let found = KeaUrl {
            url: url.get_ref().clone(),
            login: self.login(url, raw)?,
            ca_file: raw.ca_file.as_ref().map(|file| self.beside(file.get_ref())),
            client: self.client(raw)?,
            allow_cleartext_password: raw
                .allow_cleartext_password
                .as_ref()
                .is_some_and(|allow| *allow.get_ref()),
        };
        if found.has_userinfo() {
            // Not repeated: it may hold a password.
            return Err(self.at(
                url.span().start,
                "no user and no password in the address: use user and password_file".to_owned(),
            ));
        }
        let Some(uri) = found.uri() else {
            return Err(self.no_address(url));
        };
        let tls_only = [&raw.ca_file, &raw.client_cert, &raw.client_key];
        if let (Some("http"), Some(key)) = (uri.scheme_str(), tls_only.into_iter().flatten().next())
        {
            return Err(self.at(
                key.span().start,
                "this is for https:// only, and the url begins with http://".to_owned(),
            ));
        }
        if found.sends_password_in_clear() && !found.allow_cleartext_password {
            return Err(self.at(
                url.span().start,
                "the password would cross the network unencrypted: use https://, or say allow_cleartext_password = true"
                    .to_owned(),
            ));
        }
        Ok(found)
    }

    fn login(&self, url: &Spanned<String>, raw: &RawServer) -> Result<Option<Login>, ConfigError> {
        let file = raw.password_file.as_ref().map(|file| {
            let from = PasswordFrom::File(self.beside(file.get_ref()));
            (file.span().start, from)
        });
        let variable = raw.password_env.as_ref().map(|name| {
            let from = PasswordFrom::Environment(name.get_ref().clone());
            (name.span().start, from)
        });
        let prompt = raw.password_prompt.as_ref().filter(|ask| *ask.get_ref());
        let prompt = prompt.map(|ask| (ask.span().start, PasswordFrom::Prompt(None)));
        let mut sources = [file, variable, prompt].into_iter().flatten();
        let (user, first) = (&raw.user, sources.next());
        if let Some((at, _)) = sources.next() {
            return Err(self.at(
                at,
                "a second place for the password: use one of password_file, password_env, password_prompt"
                    .to_owned(),
            ));
        }
        match (user, first) {
            (None, None) => Ok(None),
            (Some(user), _) if !is_user(user.get_ref()) => Err(self.at(
                user.span().start,
                format!(
                    "'{}' is no user name: no colon, no control characters, not empty",
                    shown(user.get_ref())
                ),
            )),
            (Some(user), Some((_, password))) => Ok(Some(Login {
                user: user.get_ref().clone(),
                password,
            })),
            (Some(user), None) => Err(self.at(
                user.span().start,
                "a user needs a password: password_file, password_env or password_prompt = true"
                    .to_owned(),
            )),
            (None, Some((at, _))) => Err(self.at(
                at,
                format!(
                    "a password for {} needs a user, as in user = \"twinscope\"",
                    shown(url.get_ref())
                ),
            )),
        }
    }

    fn client(&self, raw: &RawServer) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
        match (&raw.client_cert, &raw.client_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some((
                self.beside(certificate.get_ref()),
                self.beside(key.get_ref()),
            ))),
            (Some(certificate), None) => Err(self.at(
                certificate.span().start,
                "a client certificate needs its key: client_key".to_owned(),
            )),
            (None, Some(key)) => Err(self.at(
                key.span().start,
                "a client key needs its certificate: client_cert".to_owned(),
            )),
        }
    }

    fn no_address(&self, url: &Spanned<String>) -> ConfigError {
        self.at(
            url.span().start,
            format!(
                "'{}' is no address of a server: it looks like https://dhcp1.example.org:8000/",
                shown(url.get_ref())
            ),
        )
    }

    /// A file that the configuration names: one without a folder lies beside it.
    fn beside(&self, file: &Path) -> PathBuf {
        match self.file.parent() {
            Some(folder) => folder.join(file),
            None => file.to_owned(),
        }
    }
}

fn is_user(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c == ':' || c.is_control())
}
