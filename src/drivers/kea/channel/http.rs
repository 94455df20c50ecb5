//! HTTP and HTTPS, to a Control Agent or to the server itself: one connection a command.

use std::error::Error;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::super::wire::{Answer, Command};
use super::tls::Tls;
use super::{Failure, LARGEST, Sent, answer, excerpt, password};
use crate::config::{KeaUrl, Login};
use crate::drivers::Silence;
use crate::model::text::printable;

/// An address, and how to be let in there.
pub(super) struct Http {
    host: String,
    port: u16,
    /// As the Host header has it.
    authority: String,
    path: String,
    login: Option<Login>,
    tls: Option<Tls>,
}

impl Http {
    /// Else what the configuration must say otherwise.
    pub(super) fn new(url: &KeaUrl) -> Result<Http, String> {
        let uri = url.uri().filter(|_| !url.has_userinfo());
        let Some((uri, host)) = uri.and_then(|uri| {
            let host = uri.host()?.to_owned();
            Some((uri, host))
        }) else {
            return Err("its url is no address of a server".to_owned());
        };
        if url.sends_password_in_clear() && !url.allow_cleartext_password {
            return Err(
                "the password would cross the network unencrypted: use https://, or say allow_cleartext_password = true"
                    .to_owned(),
            );
        }
        let secure = uri.scheme_str() == Some("https");
        let authority = uri.authority().map(ToString::to_string);
        Ok(Http {
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.unwrap_or_else(|| host.clone()),
            path: match uri.path() {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
            login: url.login.clone(),
            tls: secure.then(|| Tls::new(&host, url)),
            host: host.trim_matches(['[', ']']).to_owned(),
        })
    }

    pub(super) async fn ask(&self, command: &Command, sent: &mut Sent) -> Result<Answer, Failure> {
        let request = self.request(command)?;
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| {
                let host = printable(&self.host, 80);
                Failure::no_connection(format!("{host} port {}: {error}", self.port))
            })?;
        // Small requests, each waited for: nothing to collect.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.over(stream, request, sent).await,
            Some(tls) => {
                let stream = tls.connect(stream).await?;
                self.over(stream, request, sent).await
            }
        }
    }

    fn request(&self, command: &Command) -> Result<Request<Full<Bytes>>, Failure> {
        let unfit = || Failure::no_connection("its url or user can't stand in a request");
        let mut request = Request::post(&self.path)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close");
        if let Some(login) = &self.login {
            let secret = password::fetch(&login.password).map_err(Failure::no_connection)?;
            let pair = Zeroizing::new(format!("{}:{}", login.user, secret.reveal()));
            let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            let mut value = HeaderValue::from_str(&basic).map_err(|_| unfit())?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let body = Full::new(Bytes::from(text(command)));
        request.body(body).map_err(|_| unfit())
    }

    async fn over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
        sent: &mut Sent,
    ) -> Result<Answer, Failure> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::no_connection(format!("HTTP: {error}")))?;
        sent.0 = true;
        let exchange = async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|error| self.lost(&error))?;
            self.answer(response).await
        };
        // The connection lives as long as this command, and is driven beside it.
        tokio::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => return answer,
            _ = connection => {}
        }
        // It has ended, and given on all that came.
        exchange.await
    }

    async fn answer(&self, response: Response<Incoming>) -> Result<Answer, Failure> {
        let status = response.status();
        let location = response.headers().get(LOCATION).cloned();
        // Of what is no answer, the beginning is enough.
        let most = if status.is_success() {
            LARGEST
        } else {
            64 << 10
        };
        let body = self.body(response.into_body(), most).await;
        if status.is_success() {
            let body = body?;
            let start = body.trim_ascii_start().first();
            return match start {
                None => Err(Failure::cut(format!(
                    "an empty answer (HTTP {})",
                    status.as_u16()
                ))),
                Some(b'<') => Err(Failure::NotForKea(format!(
                    "a page instead of an answer, is the url right? {}",
                    excerpt(&body)
                ))),
                Some(_) => forwarded(answer::parse(body).await?),
            };
        }
        let body = body.unwrap_or_default();
        Err(self.refusal(status, location.as_ref(), &body))
    }

    async fn body(&self, mut body: Incoming, most: usize) -> Result<Vec<u8>, Failure> {
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let too_large = || Failure::Nonsense(format!("an answer of more than {} MiB", most >> 20));
        if announced > most {
            return Err(too_large());
        }
        // What is announced is not believed before some of it has come.
        let mut bytes = Vec::with_capacity(announced.min(64 << 10));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.lost(&error))?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > most {
                    return Err(too_large());
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(bytes)
    }

    fn refusal(&self, status: StatusCode, location: Option<&HeaderValue>, body: &[u8]) -> Failure {
        let number = status.as_u16();
        match status {
            StatusCode::UNAUTHORIZED => Failure::Denied(match &self.login {
                None => "it wants a user and a password, and the configuration has none: add user and password_file".to_owned(),
                Some(login) => format!(
                    "the user {} with {} is not let in",
                    printable(&login.user, 80),
                    password::origin(&login.password)
                ),
            }),
            StatusCode::FORBIDDEN => Failure::Denied(
                "this command is forbidden here (HTTP 403): the address of a failover listener takes failover's own commands only"
                    .to_owned(),
            ),
            _ if status.is_redirection() => {
                let to = location.map_or(&b"nowhere"[..], HeaderValue::as_bytes);
                Failure::NotForKea(format!(
                    "a redirect (HTTP {number}) to {}: is the url right?",
                    excerpt(to)
                ))
            }
            // Whatever stands before the server may have handed the command on.
            _ if status.is_server_error() => {
                Failure::cut(format!("HTTP {number}: {}", excerpt(body)))
            }
            _ => Failure::NotForKea(format!("HTTP {number}: {}", excerpt(body))),
        }
    }

    fn lost(&self, error: &hyper::Error) -> Failure {
        let refused = self.tls.as_ref().and_then(|tls| tls.not_let_in(error));
        if let Some(failure) = refused {
            return failure;
        }
        let source = error
            .source()
            .and_then(|source| source.downcast_ref::<io::Error>());
        let cut = source.is_some_and(|source| source.kind() == io::ErrorKind::UnexpectedEof);
        if error.is_incomplete_message() || cut {
            return Failure::cut("it closed the connection before its answer was whole");
        }
        if error.is_parse() {
            return Failure::Nonsense(
                "what came is not HTTP: is it https://, or another service?".to_owned(),
            );
        }
        let why = match error.source() {
            Some(source) => format!("the connection failed: {source}"),
            None => format!("the connection failed: {error}"),
        };
        Failure::cut(printable(&why, 200))
    }
}

/// A command as what serves several daemons takes it; a server itself ignores the service.
fn text(command: &Command) -> String {
    let arguments = command.arguments.as_ref();
    let arguments = arguments.map_or_else(String::new, |text| format!(r#","arguments":{text}"#));
    format!(
        r#"{{"command":"{}","service":["dhcp4"]{arguments}}}"#,
        command.name
    )
}

/// An answer of the server; or of a Control Agent that could not ask it, and says so with HTTP
/// 200 and an ordinary error.
fn forwarded(answer: Answer) -> Result<Answer, Failure> {
    if answer.result != Answer::ERROR || answer.arguments.is_some() {
        return Ok(answer);
    }
    let text = printable(&answer.text, 200);
    if text.starts_with("forwarding socket is not configured") {
        return Err(Failure::no_connection(format!(
            "its Control Agent answers, but knows no DHCP server: {text}"
        )));
    }
    if !text.starts_with("unable to forward command") {
        return Ok(answer);
    }
    let why = format!("its Control Agent answers, the DHCP server does not: {text}");
    // These come from connecting; anything else may have come after the command was handed on.
    Err(if text.contains("Connection refused") {
        Failure::NotReached(Silence::ServiceStopped)
    } else if text.contains("No such file") {
        Failure::Gone(why)
    } else if text.contains("Permission denied") {
        Failure::no_connection(why)
    } else {
        Failure::cut(why)
    })
}
