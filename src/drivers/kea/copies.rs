//! What is kept of a server in the home: its configuration before we first had it written to its
//! file, what was sent to it when that did not go well, and whether its file says what it does.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::unsaved::Unsaved;
use crate::model::server::ServerName;

/// So many files of what was sent are kept of a server, the newest.
const SENT: usize = 8;

/// The folder in which copies are kept. They hold whatever passwords the configuration holds, and
/// only their owner may read them.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    folder: PathBuf,
}

impl Copies {
    pub(super) fn in_folder(state: &Path) -> Copies {
        Copies {
            folder: state.join("kea"),
        }
    }

    /// Where they are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is one of that server.
    pub(super) fn has(&self, server: &ServerName) -> bool {
        let begins = format!("{}-", file_name(server));
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return false;
        };
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let time = name.strip_prefix(&begins);
            let time = time.and_then(|rest| rest.strip_suffix(".json"));
            time.is_some_and(|time| time.parse::<i64>().is_ok())
        })
    }

    /// Keeps one, unless there is one.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn keep(&self, server: &ServerName, text: &str, now: Timestamp) -> io::Result<()> {
        if self.has(server) {
            return Ok(());
        }
        self.write(
            &format!("{}-{}.json", file_name(server), now.as_second()),
            text,
        )?;
        Ok(())
    }

    /// Keeps what was sent to a server; gives the file. The oldest ones go.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn keep_sent(
        &self,
        server: &ServerName,
        text: &str,
        now: Timestamp,
    ) -> io::Result<PathBuf> {
        let begins = format!("{}-", file_name(server));
        let path = self.write(&format!("{begins}{}.sent.json", now.as_millisecond()), text)?;
        let mut all: Vec<(i64, PathBuf)> = std::fs::read_dir(&self.folder)?
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                let time = name.to_string_lossy().strip_prefix(&begins)?.to_owned();
                let time = time.strip_suffix(".sent.json")?.parse().ok()?;
                Some((time, entry.path()))
            })
            .collect();
        all.sort_unstable();
        for (_, old) in all.iter().rev().skip(SENT) {
            // One that stays is in nobody's way.
            let _ = std::fs::remove_file(old);
        }
        Ok(path)
    }

    /// What a server does that its file does not say, as it was noted last.
    pub(super) fn unsaved(&self, server: &ServerName) -> Option<Unsaved> {
        let text = std::fs::read_to_string(self.note(server)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Notes that; `None`: its file says it all.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn note_unsaved(
        &self,
        server: &ServerName,
        unsaved: Option<&Unsaved>,
    ) -> io::Result<()> {
        let Some(unsaved) = unsaved else {
            return match std::fs::remove_file(self.note(server)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let text = serde_json::to_string(unsaved)?;
        self.write(&note_name(server), &text)?;
        Ok(())
    }

    fn note(&self, server: &ServerName) -> PathBuf {
        self.folder.join(note_name(server))
    }

    /// Writes a file that is its owner's alone, whole or not at all.
    fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let mut folder = DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        let path = self.folder.join(name);
        // It gets its name once it is whole: half a copy would count as one. Processes do not
        // write each other's.
        let unnamed = self
            .folder
            .join(format!("{name}.{}.new", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unnamed)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unnamed, &path)?;
        Ok(path)
    }
}

fn note_name(server: &ServerName) -> String {
    format!("{}.unsaved", file_name(server))
}

/// The server's name with nothing in it that means something in a path; servers of different
/// names have different ones.
fn file_name(server: &ServerName) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_';
    let mut name = String::new();
    for c in server.as_str().to_lowercase().chars() {
        match plain(c) && !(name.is_empty() && c == '.') {
            true => name.push(c),
            false => name.push_str(&format!("%{:x}", u32::from(c))),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_kept_of_each_server() {
        let home = tempfile::tempdir().unwrap();
        let copies = Copies::in_folder(home.path());
        let (one, other) = (ServerName::new("dhcp1"), ServerName::new("dhcp1-2"));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!copies.has(&one));
        copies.keep(&other, "{}", at(1)).unwrap();
        assert!(!copies.has(&one), "the other's is not its own");
        copies.keep(&one, "first", at(2)).unwrap();
        copies.keep(&one, "second", at(3)).unwrap();
        assert!(copies.has(&ServerName::new("DHCP1")));
        let path = copies.folder().join("dhcp1-2.json");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_was_sent_is_no_copy_and_few_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let copies = Copies::in_folder(home.path());
        let server = ServerName::new("dhcp1");
        let at = |second| Timestamp::from_second(second).unwrap();
        for second in 0..12 {
            let path = copies.keep_sent(&server, "{}", at(second)).unwrap();
            assert!(path.exists());
        }
        assert!(!copies.has(&server));
        let kept = std::fs::read_dir(copies.folder()).unwrap();
        assert_eq!(kept.count(), SENT);
    }

    #[test]
    fn a_name_is_no_path() {
        assert_eq!(file_name(&ServerName::new("../x")), "%2e.%2fx");
        assert_eq!(file_name(&ServerName::new("dhcp-1")), "dhcp%2d1");
    }
}
