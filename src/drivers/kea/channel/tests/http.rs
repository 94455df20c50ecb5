//! Tests of `channel` over HTTP.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::{Login, PasswordFrom, Secret};

const OK: &str = r#"[ { "arguments": { "a": 1 }, "result": 0, "text": "2.2.0" } ]"#;

/// What reading and writing make of such an answer.
async fn both(answer: &[u8]) -> (DriverError, DriverError) {
    let (url, _) = web(answer.to_vec()).await;
    let channel = to_url(KeaUrl::new(&url));
    let read = channel.ask(&Command::read("config-get")).await.unwrap_err();
    let write = channel
        .ask(&Command::write("config-set"))
        .await
        .unwrap_err();
    for error in [&read, &write] {
        let text = error.to_string();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(text.len() < 400, "{text}");
    }
    (read, write)
}

fn login(password: PasswordFrom) -> Option<Login> {
    let user = "twinscope".to_owned();
    Some(Login { user, password })
}

#[tokio::test]
async fn a_command_is_posted_with_its_service_and_answered_by_a_list_of_one_or_an_object() {
    for body in [OK, &OK[2..OK.len() - 2]] {
        let (url, heard) = web(http("200 OK", body)).await;
        let command =
            Command::read("lease4-get").with(&serde_json::json!({"ip-address": "10.0.0.1"}));
        let answer = to_url(KeaUrl::new(&url)).ask(&command).await.unwrap();
        assert_eq!((answer.result, answer.text.as_str()), (0, "2.2.0"));
        let heard = heard.lock().unwrap().join("");
        assert!(heard.starts_with("POST / HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains("content-type: application/json"), "{heard}");
        assert!(!heard.contains("authorization"), "{heard}");
        let body =
            r#"{"command":"lease4-get","service":["dhcp4"],"arguments":{"ip-address":"10.0.0.1"}}"#;
        assert!(heard.ends_with(body), "{heard}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"result\r\n4\r\n\":0}\r\n0\r\n\r\n";
    let (url, _) = web(chunked.into()).await;
    let channel = to_url(KeaUrl::new(&url));
    let answer = channel.ask(&Command::read("config-get")).await;
    assert_eq!(answer.unwrap().result, 0);
}

#[tokio::test]
async fn what_shows_that_no_server_saw_the_command_is_nothing_done() {
    for (answer, says_what) in [
        (b"HTTP/1.1 302 Found\r\nLocation: https://login.example.org/\x1b[1m\r\nContent-Length: 0\r\n\r\n".to_vec(), "a redirect (HTTP 302)"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://login.example.org/\r\nContent-Length: 0\r\n\r\n".to_vec(), "to https://login.example.org/"),
        (http("200 OK", "<!DOCTYPE html>\n<title>Log\u{1b}[31m in</title>"), "a page instead of an answer"),
        (http("404 Not Found", "<html>nothing here"), "HTTP 404: <html>nothing here"),
        (http("400 Bad Request", r#"{ "result": 400, "text": "Bad Request" }"#), "HTTP 400"),
    ] {
        if answer.contains(&0x1b) && answer.starts_with(b"HTTP/1.1 302") {
            // No HTTP at all, with such a header: an error, whichever.
            both(&answer).await;
            continue;
        }
        let (read, write) = both(&answer).await;
        assert!(matches!(read, DriverError::Protocol { .. }), "{read}");
        assert!(read.to_string().contains(says_what), "{read}");
        assert_eq!(read, write);
    }
}

#[tokio::test]
async fn what_may_have_come_after_the_deed_leaves_a_write_unknown() {
    for (answer, protocol, says_what) in [
        (b"".to_vec(), false, "closed the connection"),
        (http("200 OK", ""), false, "an empty answer"),
        (http("200 OK", " \n"), false, "an empty answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[ { \"result\": 0".to_vec(),
            false,
            "before its answer was whole",
        ),
        (http("200 OK", "[ { \"result\": 0"), true, "half an answer"),
        (http("200 OK", "\"hello\""), true, "no answer of Kea"),
        (http("200 OK", "{\"hello\": 1}"), true, "no answer of Kea"),
        (
            http("200 OK", "[{\"result\":0},{\"result\":0}]"),
            true,
            "none or several",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":\"\xff\"}".to_vec(),
            true,
            "UTF-8",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), true, "not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n{".to_vec(),
            true,
            "more than 256 MiB",
        ),
        (
            http("502 Bad Gateway", "<html>nginx"),
            false,
            "HTTP 502: <html>nginx",
        ),
        (http("500 Internal Server Error", "{}"), false, "HTTP 500"),
    ] {
        let (read, write) = both(&answer).await;
        assert_eq!(
            matches!(read, DriverError::Protocol { .. }),
            protocol,
            "{read}"
        );
        assert!(
            protocol || matches!(read, DriverError::Unreachable { .. }),
            "{read}"
        );
        assert!(read.to_string().contains(says_what), "{read}");
        assert!(
            matches!(write, DriverError::OutcomeUnknown { .. }),
            "{write}"
        );
        assert!(write.to_string().contains(says_what), "{write}");
    }
}

#[tokio::test]
async fn a_control_agent_without_its_server_is_no_answer() {
    let agent = |why: &str| {
        let text = format!(
            "unable to forward command to the dhcp4 service: {why}. The server is likely to be offline"
        );
        http(
            "200 OK",
            &format!(r#"[ {{ "result": 1, "text": "{text}" }} ]"#),
        )
    };
    for (answer, not_sent) in [
        (agent("No such file or directory"), true),
        (agent("Connection refused"), true),
        (
            http(
                "200 OK",
                r#"[{"result": 1, "text": "forwarding socket is not configured for the server type dhcp4"}]"#,
            ),
            true,
        ),
        (agent("Connection reset by peer"), false),
        (agent("Operation canceled"), false),
    ] {
        let (read, write) = both(&answer).await;
        assert!(matches!(read, DriverError::Unreachable { .. }), "{read}");
        let said = read.to_string();
        let stopped = said.contains("its DHCP service is stopped");
        assert!(stopped || said.contains("Control Agent answers"), "{read}");
        assert_eq!(write.nothing_done(), not_sent, "{write}");
    }
    // Any other error is Kea's own.
    let (url, _) = web(http(
        "200 OK",
        r#"[{"result": 1, "text": "unable to do that"}]"#,
    ))
    .await;
    let answer = to_url(KeaUrl::new(&url))
        .ask(&Command::write("config-set"))
        .await;
    assert_eq!(answer.unwrap().result, 1);
}

#[tokio::test]
async fn a_refused_user_is_named_with_where_the_password_is_from_and_never_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kea1.password");
    std::fs::write(&file, "hush\nsecond line").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let unauthorized = http(
        "401 Unauthorized",
        r#"{ "result": 401, "text": "Unauthorized" }"#,
    );
    let (url, heard) = web(unauthorized).await;
    let typed = PasswordFrom::Prompt(Some(Secret::new("hush".to_owned())));
    for (login, says_what) in [
        (
            login(PasswordFrom::File(file)),
            "the user twinscope with the password of ",
        ),
        (
            login(typed),
            "the user twinscope with the password that was typed",
        ),
        (None, "it wants a user and a password"),
    ] {
        let url = KeaUrl {
            login,
            ..KeaUrl::new(&url)
        };
        let error = to_url(url)
            .ask(&Command::write("config-set"))
            .await
            .unwrap_err();
        let DriverError::Refused { error, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(error.code, Code::AccessDenied);
        assert!(error.sentence.contains(says_what), "{error}");
        assert!(!error.sentence.contains("hush"), "{error}");
    }
    let heard = heard.lock().unwrap().clone();
    // twinscope:hush
    assert!(
        heard[0].contains("authorization: Basic dHdpbnNjb3BlOmh1c2g=\r\n"),
        "{}",
        heard[0]
    );
    assert!(heard[1].contains("dHdpbnNjb3BlOmh1c2g="), "{}", heard[1]);

    let forbidden = http("403 Forbidden", r#"{ "result": 403, "text": "Forbidden" }"#);
    let (read, write) = both(&forbidden).await;
    assert!(matches!(read, DriverError::Refused { .. }), "{read}");
    assert_eq!(read, write);
}

#[tokio::test]
async fn without_its_password_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str, mode: u32| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        PasswordFrom::File(file)
    };
    let (url, heard) = web(http("200 OK", OK)).await;
    for (from, says_what) in [
        (
            at("open", "hush", 0o644),
            "is open to others (mode 0644): chmod 600",
        ),
        (at("group", "hush", 0o640), "is open to others (mode 0640)"),
        (
            at("empty", "\nhush", 0o600),
            "the first line of its password file",
        ),
        (
            PasswordFrom::File(folder.path().join("none")),
            "can't be read",
        ),
        (
            PasswordFrom::Environment("TWINSCOPE_NO_SUCH".to_owned()),
            "TWINSCOPE_NO_SUCH with its password is not set",
        ),
        (PasswordFrom::Prompt(None), "was not asked for"),
    ] {
        let url = KeaUrl {
            login: login(from),
            ..KeaUrl::new(&url)
        };
        let error = to_url(url)
            .ask(&Command::write("config-set"))
            .await
            .unwrap_err();
        assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(says_what), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_password_goes_in_clear_only_where_that_was_said() {
    let typed = PasswordFrom::Prompt(Some(Secret::new("hush".to_owned())));
    let mut url = KeaUrl {
        login: login(typed),
        ..KeaUrl::new("http://192.0.2.1:8000/")
    };
    let open = |url: &KeaUrl| {
        let address = KeaAddress::Url(Box::new(url.clone()));
        Channel::open(ServerName::new("kea1"), &address).map(|_| ())
    };
    let error = open(&url).unwrap_err();
    assert!(matches!(error, DriverError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("unencrypted"), "{error}");
    url.allow_cleartext_password = true;
    open(&url).unwrap();
    url.url = "http://a:hush@192.0.2.1/".to_owned();
    assert!(!open(&url).unwrap_err().to_string().contains("hush"));
}

#[tokio::test]
async fn nobody_at_the_port_and_a_hung_server_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let channel = to_url(KeaUrl::new(&url));
    let write = Command::write("config-set").within(Duration::from_millis(400));
    let error = channel.ask(&write).await.unwrap_err();
    assert!(
        matches!(error, DriverError::OutcomeUnknown { .. }),
        "{error}"
    );
    drop(listener);
    let error = channel
        .ask(&Command::write("config-set"))
        .await
        .unwrap_err();
    assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("127.0.0.1 port"), "{error}");
}
