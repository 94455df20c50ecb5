//! Fetching a password from where the configuration says it is.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::config::{PasswordFrom, Secret};
use crate::model::text::printable;

/// The password; else why there is none, in words that follow "could not be reached".
pub(super) fn fetch(from: &PasswordFrom) -> Result<Secret, String> {
    match from {
        PasswordFrom::File(path) => file(path),
        PasswordFrom::Environment(name) => match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
            _ => Err(format!(
                "the environment variable {} with its password is not set",
                printable(name, 80)
            )),
        },
        PasswordFrom::Prompt(Some(secret)) => Ok(secret.clone()),
        PasswordFrom::Prompt(None) => Err(
            "its password was not asked for: that needs a terminal; use password_file or password_env without one"
                .to_owned(),
        ),
    }
}

/// Where it is from, to name it when it is refused.
pub(super) fn origin(from: &PasswordFrom) -> String {
    match from {
        PasswordFrom::File(path) => {
            format!(
                "the password of {}",
                printable(&path.display().to_string(), 200)
            )
        }
        PasswordFrom::Environment(name) => {
            format!(
                "the password in the environment variable {}",
                printable(name, 80)
            )
        }
        PasswordFrom::Prompt(_) => "the password that was typed".to_owned(),
    }
}

fn file(path: &Path) -> Result<Secret, String> {
    let named = printable(&path.display().to_string(), 200);
    let unread =
        |error: std::io::Error| format!("its password file {named} can't be read: {error}");
    let mut file = File::open(path).map_err(unread)?;
    // Of the file that is open, not of whatever lies there by now.
    let mode = file.metadata().map_err(unread)?.mode();
    if mode & 0o077 != 0 {
        return Err(format!(
            "its password file {named} is open to others (mode {:04o}): chmod 600 {named}",
            mode & 0o7777
        ));
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    let mut limited = (&mut file).take(4096);
    limited.read_to_string(&mut text).map_err(unread)?;
    let first = text.lines().next().unwrap_or_default();
    if first.is_empty() {
        return Err(format!(
            "the first line of its password file {named} is empty"
        ));
    }
    Ok(Secret::new(first.to_owned()))
}
