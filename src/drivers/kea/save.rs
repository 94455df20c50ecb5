//! Whether what a server does is in its file too.

use std::path::Path;
use std::time::Duration;

use super::KeaServer;
use super::wire::{Answer, Command};
use super::write::in_kea_s_words;
use crate::config::KeaAddress;
use crate::drivers::DriverError;
use crate::model::text::printable;

impl KeaServer {
    /// Has it write its file.
    pub(super) async fn write_file(&self) -> Result<(), DriverError> {
        let command = Command::write("config-write").within(Duration::from_secs(30));
        let why = match self.ask(&command).await {
            Ok(answer) if answer.result == Answer::SUCCESS => match self.not_whole(&answer) {
                None => {
                    self.saved();
                    return Ok(());
                }
                Some(why) => why,
            },
            Ok(answer) => in_kea_s_words(&answer),
            Err(error) => error.to_string(),
        };
        self.not_saved(&why);
        Err(DriverError::PartlyApplied {
            server: self.server.clone(),
            what: format!(
                "it is set, but not saved: {why}. It holds until Kea is restarted there; put its file right; then `twinscope ipam save-configuration`, or the next change, saves everything"
            ),
        })
    }

    /// Why the file is not what Kea says that it has written. Of a full disk it says nothing: what it
    /// then leaves is an empty file, with which it does not start again.
    fn not_whole(&self, answer: &Answer) -> Option<String> {
        let written: Written = answer.arguments()?;
        let here = self
            .entry
            .as_ref()
            .is_some_and(|entry| matches!(entry.address, KeaAddress::Socket(_)));
        let length = match here {
            true => length_of_new(&written.filename),
            false => None,
        };
        let length = match length {
            Some(length) => length,
            None if written.size <= 0 => 0,
            None => return None,
        };
        if written.size > 0 && u64::try_from(written.size) == Ok(length) {
            return None;
        }
        Some(format!(
            "Kea says that it has written {}, but {length} bytes are there: the disk is full, most likely. Kea would not start with that file",
            printable(&written.filename, 300)
        ))
    }
}

/// What Kea says of the file that it has written.
#[derive(serde::Deserialize)]
struct Written {
    filename: String,
    #[serde(default)]
    size: i64,
}

/// How long a file is that was written just now. An older one of that name is another one, as where
/// Kea runs in a container.
fn length_of_new(file: &str) -> Option<u64> {
    let path = Path::new(file);
    let file = path.is_absolute().then(|| std::fs::metadata(path))?.ok()?;
    let age = file.modified().ok()?.elapsed().unwrap_or_default();
    (age < Duration::from_secs(10)).then_some(file.len())
}
