//! Tests of `channel` over a unix socket.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::super::*;

/// A socket in a folder of its own, that answers each connection with the next of these texts.
struct Scripted {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

fn scripted(answers: &[&'static [u8]]) -> Scripted {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kea.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let answers = answers.to_vec();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            assert!(asked[..length].starts_with(br#"{"command":""#));
            stream.write_all(answer).await.unwrap();
        }
    });
    Scripted {
        path,
        _folder: folder,
    }
}

fn to(path: PathBuf) -> Channel {
    Channel::open(ServerName::new("kea1"), &KeaAddress::Socket(path)).unwrap()
}

async fn says(answer: &'static [u8], command: Command) -> Result<Answer, DriverError> {
    let server = scripted(&[answer]);
    to(server.path.clone()).ask(&command).await
}

#[tokio::test]
async fn an_answer_of_whatever_result_is_an_answer() {
    let answer = says(
        br#"{ "result": 2, "text": "'zz' command not supported." }"#,
        Command::read("zz"),
    );
    let answer = answer.await.unwrap();
    assert_eq!(answer.result, Answer::UNSUPPORTED);
    let list = says(
        br#"[{"result": 0, "arguments": ["a", "b}"]}]"#,
        Command::read("list-commands"),
    );
    let list: Vec<String> = list.await.unwrap().arguments().unwrap();
    assert_eq!(list, ["a", "b}"]);
}

#[tokio::test]
async fn what_is_no_answer_says_so() {
    for (text, says_what) in [
        (&b""[..], "without an answer"),
        (b"  \n", "without an answer"),
        (b"{ \"result\": 0, \"text\"", "in the middle"),
        (b"{ \"result\": 0, \"text\": \"\xff\" }", "UTF-8"),
        (b"{ \"hello\": 1 }", "no answer of Kea"),
        (b"[]", "none or several"),
        (b"<html>nginx\x1b[31m", "not JSON"),
    ] {
        let read = says(text, Command::read("config-get")).await.unwrap_err();
        assert!(read.to_string().contains(says_what), "{read}");
        assert!(!read.to_string().contains('\x1b'), "{read}");
        let write = says(text, Command::write("config-set")).await.unwrap_err();
        assert!(!write.nothing_done(), "{write}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_was_not_reached() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.sock");
    drop(UnixListener::bind(&gone).unwrap());
    for (path, says_what) in [
        (
            folder.path().join("none.sock"),
            "there is no control socket",
        ),
        (gone, "is stopped"),
        (PathBuf::from("/x".repeat(100)), "the control socket"),
    ] {
        let command = Command::write("config-set");
        let error = to(path).ask(&command).await.unwrap_err();
        assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(says_what), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_was_there_and_took_its_socket_away_is_stopped() {
    let server = scripted(&[br#"{"result": 0}"#]);
    let channel = to(server.path.clone());
    let command = Command::read("status-get");
    channel.ask(&command).await.unwrap();
    std::fs::remove_file(&server.path).unwrap();
    let error = channel.ask(&command).await.unwrap_err();
    let stopped = DriverError::Unreachable {
        server: ServerName::new("kea1"),
        how: Silence::ServiceStopped,
    };
    assert_eq!(error, stopped);
}

#[tokio::test]
async fn a_hung_server_holds_up_its_own_channel_only_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kea.sock");
    let _hung = UnixListener::bind(&path).unwrap();
    let channel = to(path);
    let slow = Command::write("config-set").within(Duration::from_millis(400));
    let error = channel.ask(&slow).await.unwrap_err();
    assert!(
        matches!(error, DriverError::OutcomeUnknown { .. }),
        "{error}"
    );
    // One that waits in vain for its turn was never sent.
    let long = Command::read("config-get");
    let short = Command::write("config-set").within(Duration::from_millis(20));
    let error = tokio::select! {
        biased;
        _ = channel.ask(&long) => unreachable!(),
        error = channel.ask(&short) => error.unwrap_err(),
    };
    assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_value_is_whole_at_its_last_bracket_wherever_it_is_cut() {
    let text = br#"{"a": "}\"]\\", "b": [1, {"c": {}}]}"#;
    for cut in 0..text.len() {
        let mut whole = answer::Whole::default();
        assert!(!whole.with(&text[..cut]));
        assert!(whole.with(&text[cut..]));
    }
}
