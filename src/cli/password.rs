//! Asking the operator for the passwords that the configuration leaves to him.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use anyhow::Context;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::config::{Configuration, KeaAddress, Login, PasswordFrom, Secret, ServerKind};
use crate::model::text::printable;

/// The configuration with every password in it that it says to ask for. Without a terminal to ask
/// on nothing is asked; those servers then say so themselves.
pub(super) fn asked(configuration: &Configuration) -> anyhow::Result<Cow<'_, Configuration>> {
    let mut configuration = Cow::Borrowed(configuration);
    let to_ask = |kind: &ServerKind| match kind {
        ServerKind::Kea(entry) => match &entry.address {
            KeaAddress::Url(url) => url.login.clone().filter(is_to_ask),
            KeaAddress::Socket(_) => None,
        },
        _ => None,
    };
    for number in 0..configuration.servers.len() {
        let server = &configuration.servers[number];
        let Some(login) = to_ask(&server.kind) else {
            continue;
        };
        let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            break;
        };
        let question = format!(
            "Password of {} on {}: ",
            printable(&login.user, 80),
            server.name
        );
        let secret = ask(&terminal, &question).context("the password was not given")?;
        let server = &mut configuration.to_mut().servers[number];
        if let ServerKind::Kea(entry) = &mut server.kind
            && let KeaAddress::Url(url) = &mut entry.address
            && let Some(login) = &mut url.login
        {
            login.password = PasswordFrom::Prompt(Some(secret));
        }
    }
    Ok(configuration)
}

fn is_to_ask(login: &Login) -> bool {
    matches!(login.password, PasswordFrom::Prompt(None))
}

/// A terminal that shows nothing of what is typed, until this goes.
struct Silent<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Silent<'_> {
    fn of(terminal: &File) -> io::Result<Silent<'_>> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        // Ctrl+C comes as a byte too: it must not end us with the echo still off.
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Silent { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        let _ = self.terminal.write_all(b"\n");
    }
}

fn ask(terminal: &File, question: &str) -> io::Result<Secret> {
    let mut output = terminal;
    output.write_all(question.as_bytes())?;
    let _silent = Silent::of(terminal)?;
    typed(terminal)
}

/// What is typed up to the end of the line.
fn typed(mut input: impl Read) -> io::Result<Secret> {
    // Its final size at once, so that growing leaves no copies behind.
    let mut typed = Vec::with_capacity(1024);
    loop {
        let mut byte = [0];
        if input.read(&mut byte)? == 0 {
            break;
        }
        match byte[0] {
            b'\n' | b'\r' => break,
            // Ctrl+C, Ctrl+D.
            0x03 | 0x04 => return Err(io::Error::from(io::ErrorKind::Interrupted)),
            // Ctrl+U takes all back, backspace one character.
            0x15 => typed.clear(),
            0x08 | 0x7f => while typed.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {},
            byte if typed.len() < typed.capacity() => typed.push(byte),
            _ => {}
        }
    }
    let text = String::from_utf8(typed);
    let text = text.map_err(|_| io::Error::other("what was typed is not UTF-8"))?;
    if text.is_empty() {
        return Err(io::Error::other("nothing was typed"));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_can_be_taken_back() {
        let secret = |keys: &[u8]| typed(keys).map(|secret| secret.reveal().to_owned());
        assert_eq!(secret(b"secret\n").unwrap(), "secret");
        assert_eq!(secret(b"no\x15s\xc3\xa9\x7f\x7ftop\r").unwrap(), "top");
        assert!(secret(b"half\x03").is_err());
        assert!(secret(b"\n").is_err());
    }
}
