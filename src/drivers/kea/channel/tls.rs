//! TLS to a server: whom we trust, who we are, and what a failed handshake says.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore,
};

use super::Failure;
use crate::config::KeaUrl;
use crate::model::text::printable;

/// What TLS to one server needs; its files are read before the first command, and kept.
pub(super) struct Tls {
    host: String,
    url: KeaUrl,
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    pub(super) fn new(host: &str, url: &KeaUrl) -> Tls {
        Tls {
            host: host.trim_matches(['[', ']']).to_owned(),
            url: url.clone(),
            connector: OnceCell::new(),
        }
    }

    pub(super) async fn connect(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let connector = self.connector.get_or_try_init(|| self.prepare()).await?;
        let name = ServerName::try_from(self.host.clone()).map_err(|_| {
            let host = printable(&self.host, 80);
            Failure::no_connection(format!("'{host}' can't stand in a certificate"))
        })?;
        connector
            .connect(name, stream)
            .await
            .map_err(|error| Failure::no_connection(self.handshake(&error)))
    }

    async fn prepare(&self) -> Result<TlsConnector, Failure> {
        let url = self.url.clone();
        // The system's CAs are hundreds of files.
        let config = tokio::task::spawn_blocking(move || configuration(&url)).await;
        match config {
            Ok(Ok(config)) => Ok(TlsConnector::from(Arc::new(config))),
            Ok(Err(why)) => Err(Failure::no_connection(why)),
            Err(_) => Err(Failure::no_connection("its CAs could not be read")),
        }
    }

    fn handshake(&self, error: &io::Error) -> String {
        match tls_error(error) {
            Some(error) => self.means(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                "it broke off the TLS handshake: does it speak TLS at this port?".to_owned()
            }
            None => format!("the TLS handshake failed: {error}"),
        }
    }

    /// What a TLS error means, in words that follow "could not be reached".
    fn means(&self, error: &TlsError) -> String {
        let host = printable(&self.host, 80);
        match error {
            TlsError::InvalidCertificate(why) => match why {
                CertificateError::UnknownIssuer => match &self.url.ca_file {
                    Some(file) => format!(
                        "its certificate is from no CA in {}",
                        printable(&file.display().to_string(), 200)
                    ),
                    None => "its certificate is from no CA that this system trusts: name its CA with ca_file".to_owned(),
                },
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "its certificate has expired".to_owned()
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "its certificate is not valid yet: are both clocks right?".to_owned()
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => {
                    format!("its certificate is not for the name {host}")
                }
                other => format!("its certificate is not accepted: {}", printable(&other.to_string(), 200)),
            },
            TlsError::InvalidMessage(_) => {
                "it does not speak TLS at this port: is it http:// there?".to_owned()
            }
            TlsError::AlertReceived(alert) => match (alert_of_certificate(*alert), &self.url.client) {
                (true, None) => {
                    "it wants a client certificate: name one with client_cert and client_key".to_owned()
                }
                (true, Some((file, _))) => format!(
                    "it does not accept our certificate {}",
                    printable(&file.display().to_string(), 200)
                ),
                (false, _) => format!("it ended the TLS handshake: {alert:?}"),
            },
            other => format!("the TLS handshake failed: {}", printable(&other.to_string(), 200)),
        }
    }

    /// Whether an error that came after our half of the handshake says that the server's half
    /// failed: then it has read nothing of what we sent.
    pub(super) fn not_let_in(&self, error: &(dyn Error + 'static)) -> Option<Failure> {
        match tls_error(error)? {
            error @ TlsError::AlertReceived(alert) if alert_of_certificate(*alert) => {
                Some(Failure::no_connection(self.means(error)))
            }
            _ => None,
        }
    }
}

/// The TLS error somewhere behind an error.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(found);
        }
        // What an io::Error holds is not its source, but the source of what it holds.
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

fn alert_of_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::HandshakeFailure
            | AlertDescription::AccessDenied
    )
}

fn configuration(url: &KeaUrl) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match &url.ca_file {
        Some(file) => {
            for certificate in certificates(file, "ca_file")? {
                roots
                    .add(certificate)
                    .map_err(|error| not_good(file, "ca_file", &error.to_string()))?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err("this system trusts no CA: name its CA with ca_file".to_owned());
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let Some((certificate, key_file)) = &url.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate, "client_cert")?;
    let key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| not_good(key_file, "client_key", &error.to_string()))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| not_good(certificate, "client_cert", &error.to_string()))
}

fn certificates(file: &Path, key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(not_good(file, key, "it holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(not_good(file, key, &error.to_string())),
    }
}

fn not_good(file: &Path, key: &str, why: &str) -> String {
    format!(
        "the {key} {} can't be used: {}",
        printable(&file.display().to_string(), 200),
        printable(why, 200)
    )
}
