//! Which terms two Kea servers can become a pair on: Kea says so only after its hooks are gone.

use std::net::IpAddr;

use super::{Code, DhcpError};
use crate::model::ha_setup::{HaEnd, HaSetup, MAX_DELAY};
use crate::model::scope::Seconds;
use crate::model::text::printable;

/// Characters of a server's name among the two.
const MAX_NAME: usize = 128;

/// Which of the terms a refusal is about, for a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term {
    /// This server's name.
    OwnName,
    /// Its URL.
    OwnUrl,
    /// The partner's name.
    PartnerName,
    /// Its URL.
    PartnerUrl,
    /// heartbeat-delay.
    Heartbeat,
    /// max-response-delay.
    MaxResponse,
    /// max-ack-delay.
    MaxAck,
}

/// Whether two servers can become a pair on these terms.
///
/// # Errors
/// The first refusal, as a Kea server should have said it.
pub fn sound(setup: &HaSetup) -> Result<(), DhcpError> {
    match wrong(setup).into_iter().next() {
        None => Ok(()),
        Some((_, why)) => Err(DhcpError::new(Code::InvalidParameter, why)),
    }
}

/// All that is wrong with the terms, each once.
#[must_use]
pub fn wrong(setup: &HaSetup) -> Vec<(Term, String)> {
    let mut wrong = Vec::new();
    let mut see = |term, found: Result<(), String>| {
        if let Err(why) = found {
            wrong.push((term, why));
        }
    };
    see(Term::OwnName, name(&setup.own.name));
    see(Term::OwnUrl, url(&setup.own.url));
    see(
        Term::PartnerName,
        name(&setup.partner.name).and_then(|()| names_differ(setup)),
    );
    see(
        Term::PartnerUrl,
        url(&setup.partner.url).and_then(|()| urls_differ(setup)),
    );
    see(
        Term::Heartbeat,
        delay("heartbeat-delay", setup.heartbeat_delay),
    );
    see(
        Term::MaxResponse,
        max_response(setup.max_response_delay, setup.heartbeat_delay),
    );
    see(Term::MaxAck, delay("max-ack-delay", setup.max_ack_delay));
    wrong
}

/// A server's name among the two: its pools' class is made of it.
///
/// # Errors
/// A sentence.
pub fn name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!(
        "'{}' can't be a server's name in a relationship: letters, digits, '-', '_' and '.' are \
         possible, at most {MAX_NAME} of them",
        printable(name, 80)
    ))
}

/// Where a server listens for its partner.
///
/// # Errors
/// A sentence.
pub fn url(url: &str) -> Result<(), String> {
    let shown = printable(url, 120);
    if url.is_empty() {
        return Err("a URL is needed, such as http://10.0.0.1:8001/".to_owned());
    }
    if url.starts_with("https://") {
        return Err(format!(
            "'{shown}': TLS between partners needs certificates in both configuration files; here a \
             pair is made with http://"
        ));
    }
    let Some((host, port)) = parts(url) else {
        return Err(format!("'{shown}' is no URL such as http://10.0.0.1:8001/"));
    };
    if host.parse::<IpAddr>().is_err() {
        return Err(format!(
            "'{shown}': Kea's servers find each other by IP address only: give {}'s address",
            printable(&host, 80)
        ));
    }
    if host
        .parse::<IpAddr>()
        .is_ok_and(|host| host.is_unspecified() || host.is_multicast())
    {
        return Err(format!(
            "'{shown}': that is no address at which a server is found"
        ));
    }
    match port {
        0 => Err(format!(
            "'{shown}' has no port: 8001 is usual, as in http://10.0.0.1:8001/"
        )),
        _ => Ok(()),
    }
}

/// The host and the port of a URL of HTTP; port 0 where it has none.
#[must_use]
pub fn parts(url: &str) -> Option<(String, u16)> {
    let rest = url.strip_prefix("http://")?;
    let authority = match rest.split_once('/') {
        Some((authority, "")) => authority,
        Some(_) => return None,
        None => rest,
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (
                host,
                after.strip_prefix(':').or(after.is_empty().then_some("")),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    let port = match port? {
        "" => 0,
        digits if digits.chars().all(|c| c.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    (!host.is_empty() && host.chars().all(plain)).then(|| (host.to_owned(), port))
}

/// A delay that Kea takes.
///
/// # Errors
/// A sentence.
pub fn delay(what: &str, millis: u32) -> Result<(), String> {
    if (1..=MAX_DELAY).contains(&millis) {
        return Ok(());
    }
    Err(format!(
        "{what} is {millis} ms: Kea takes 1 to {MAX_DELAY} ms"
    ))
}

/// After how long without contact the partner is out of contact.
///
/// # Errors
/// A sentence.
pub fn max_response(millis: u32, heartbeat: u32) -> Result<(), String> {
    delay("max-response-delay", millis)?;
    if millis > heartbeat {
        return Ok(());
    }
    Err(format!(
        "max-response-delay is {millis} ms and a heartbeat comes each {heartbeat} ms: it must be \
         longer, or each server takes the other for gone between two heartbeats"
    ))
}

/// A State Switchover Interval that Kea takes.
///
/// # Errors
/// A sentence.
pub fn switch_interval(interval: Seconds) -> Result<(), String> {
    let most = MAX_DELAY / 1000;
    if (1..=most).contains(&interval.0) {
        return Ok(());
    }
    Err(format!(
        "the State Switchover Interval is {} s: Kea's max-response-delay takes 1 to {most} s",
        interval.0
    ))
}

fn names_differ(setup: &HaSetup) -> Result<(), String> {
    match setup.own.name.eq_ignore_ascii_case(&setup.partner.name) {
        false => Ok(()),
        true => Err(format!(
            "both servers are called {}: each needs a name of its own",
            printable(&setup.own.name, 80)
        )),
    }
}

fn urls_differ(setup: &HaSetup) -> Result<(), String> {
    let place = |end: &HaEnd| {
        let (host, port) = parts(&end.url)?;
        Some((host.parse::<IpAddr>().ok()?, port))
    };
    match place(&setup.own) == place(&setup.partner) {
        false => Ok(()),
        true => Err(format!(
            "both servers are to listen at {}: each needs an address or a port of its own",
            printable(&setup.own.url, 120)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(name: &str, url: &str) -> HaEnd {
        HaEnd {
            name: name.to_owned(),
            url: url.to_owned(),
        }
    }

    fn good() -> HaSetup {
        HaSetup::between(
            end("dhcp1", "http://10.0.0.1:8001/"),
            end("dhcp2", "http://[fd00::2]:8001"),
        )
    }

    #[test]
    fn kea_s_defaults_are_sound_from_both_sides() {
        assert_eq!(sound(&good()), Ok(()));
        assert_eq!(sound(&good().mirrored()), Ok(()));
        assert_eq!(good().mirrored().mirrored(), good());
    }

    #[test]
    fn what_kea_would_not_take_is_named() {
        for (mut setup, part) in [
            (good(), ""),
            (good(), "no URL"),
            (good(), "IP address only"),
            (good(), "no port"),
            (good(), "certificates"),
            (good(), "both servers are called"),
            (good(), "can't be a server's name"),
            (good(), "both servers are to listen"),
            (good(), "1 to 65535 ms"),
            (good(), "between two heartbeats"),
            (good(), "heartbeat-delay is 0"),
        ] {
            match part {
                "no URL" => setup.own.url = "10.0.0.1:8001".to_owned(),
                "IP address only" => setup.own.url = "http://dhcp1:8001/".to_owned(),
                "no port" => setup.own.url = "http://10.0.0.1/".to_owned(),
                "certificates" => setup.own.url = "https://10.0.0.1:8001/".to_owned(),
                "both servers are called" => setup.partner.name = "DHCP1".to_owned(),
                "can't be a server's name" => setup.partner.name = "a b".to_owned(),
                "both servers are to listen" => {
                    setup.partner.url = "http://10.0.0.1:8001".to_owned();
                }
                "1 to 65535 ms" => setup.max_response_delay = 65_536,
                "between two heartbeats" => setup.max_response_delay = 10_000,
                "heartbeat-delay is 0" => setup.heartbeat_delay = 0,
                _ => {}
            }
            let found = sound(&setup);
            match part {
                "" => assert_eq!(found, Ok(())),
                _ => assert!(found.unwrap_err().sentence.contains(part), "{part}"),
            }
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!(
            parts("http://10.0.0.1:8001/"),
            Some(("10.0.0.1".to_owned(), 8001))
        );
        assert_eq!(parts("http://[::1]:80"), Some(("::1".to_owned(), 80)));
        for none in [
            "",
            "http://",
            "http://a:b/",
            "http://1.2.3.4:99999/",
            "http://a@b:1/",
            "http://h:1/path",
        ] {
            assert_eq!(parts(none), None, "{none}");
        }
    }

    #[test]
    fn an_hour_is_too_long_a_switch_interval() {
        assert!(switch_interval(Seconds(60)).is_ok());
        assert!(
            switch_interval(Seconds(3600))
                .unwrap_err()
                .contains("1 to 65 s")
        );
    }
}
