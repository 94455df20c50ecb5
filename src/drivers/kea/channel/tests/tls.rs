//! Tests of `channel` over HTTPS, with certificates of their own.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::*;

/// A CA with a folder for what it certifies.
struct Ca {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new(name: &str) -> Ca {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Ca { folder, issuer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key, as files.
    fn certify(&self, name: &str, until: i32) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = (
            self.file(&format!("{name}.pem")),
            self.file(&format!("{name}.key")),
        );
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let found = CertificateDer::pem_file_iter(file).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// An HTTPS server with that certificate, that lets in whom `clients` certified, or anybody.
async fn secure((certificate, key): (PathBuf, PathBuf), clients: Option<&Ca>) -> String {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(certificates(&ca.file("ca.pem")).remove(0))
                .unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = builder
        .with_single_cert(certificates(&certificate), key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who is not let in reads why, before the connection ends.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let answer = http("200 OK", r#"[{"result":0}]"#);
                serve(&mut stream, &answer, &Mutex::default()).await;
            }
        }
    });
    format!("https://127.0.0.1:{port}/")
}

async fn write(url: KeaUrl) -> Result<Answer, DriverError> {
    to_url(url).ask(&Command::write("config-set")).await
}

/// It was refused before anything was done, with such a sentence.
fn refused(answer: Result<Answer, DriverError>, says_what: &str) {
    let error = answer.unwrap_err();
    assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(says_what), "{error}");
}

fn trusting(url: &str, ca: &Ca) -> KeaUrl {
    KeaUrl {
        ca_file: Some(ca.file("ca.pem")),
        ..KeaUrl::new(url)
    }
}

#[tokio::test]
async fn only_a_server_with_a_certificate_of_our_ca_is_spoken_to() {
    let (ours, other) = (Ca::new("ours"), Ca::new("other"));
    let url = secure(ours.certify("127.0.0.1", 4000), None).await;
    assert_eq!(write(trusting(&url, &ours)).await.unwrap().result, 0);
    refused(write(trusting(&url, &other)).await, "from no CA in ");
    refused(write(KeaUrl::new(&url)).await, "CA");
    let expired = secure(ours.certify("127.0.0.1", 2002), None).await;
    refused(write(trusting(&expired, &ours)).await, "has expired");
    let elsewhere = secure(ours.certify("kea9.example.org", 4000), None).await;
    refused(
        write(trusting(&elsewhere, &ours)).await,
        "not for the name 127.0.0.1",
    );
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_the_right_one() {
    let (ours, other) = (Ca::new("ours"), Ca::new("other"));
    let url = secure(ours.certify("127.0.0.1", 4000), Some(&ours)).await;
    let url = trusting(&url, &ours);
    let with = |ca: &Ca| KeaUrl {
        client: Some(ca.certify("console", 4000)),
        ..url.clone()
    };
    assert_eq!(write(with(&ours)).await.unwrap().result, 0);
    refused(write(url.clone()).await, "it wants a client certificate");
    refused(write(with(&other)).await, "does not accept our certificate");
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let ca = Ca::new("ours");
    let url = secure(ca.certify("127.0.0.1", 4000), None).await;
    let none = KeaUrl {
        ca_file: Some(ca.file("none.pem")),
        ..KeaUrl::new(&url)
    };
    refused(write(none).await, "none.pem can't be used");
    std::fs::write(ca.file("text.pem"), "hello").unwrap();
    let text = KeaUrl {
        ca_file: Some(ca.file("text.pem")),
        ..KeaUrl::new(&url)
    };
    refused(write(text).await, "it holds no certificate");
    let key = KeaUrl {
        client: Some((ca.file("ca.pem"), ca.file("text.pem"))),
        ..trusting(&url, &ca)
    };
    refused(write(key).await, "client_key");
}

#[tokio::test]
async fn plain_http_at_the_port_is_told() {
    let ca = Ca::new("ours");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(&http("400 Bad Request", ""))
            .await
            .unwrap();
    });
    let plain = format!("https://127.0.0.1:{port}/");
    refused(write(trusting(&plain, &ca)).await, "does not speak TLS");
}
