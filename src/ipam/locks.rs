//! One lock a server for a plan's duration, and whether a plan's owner still lives: files that the
//! operating system unlocks when a process dies.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::ServerName;
use crate::model::text::printable;

/// How long a plan waits for another one to be done with a server.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it looks.
const PERIOD: Duration = Duration::from_millis(25);

/// Options for a file that is its owner's alone.
pub(super) fn private_options() -> OpenOptions {
    #[allow(unused_mut, reason = "only unix knows modes")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that is its owner's alone, and those that it is in.
pub(super) fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The folder with the locks, and this process' own sign of life in it.
#[derive(Debug)]
pub(super) struct Locks {
    folder: PathBuf,
    owner: String,
    // Locked for as long as this lives.
    _alive: File,
}

/// Servers held; they are let go when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    files: Vec<File>,
}

impl Drop for Held {
    fn drop(&mut self) {
        for file in &mut self.files {
            // Who comes next should not read who was here.
            let _ = file.set_len(0);
            let _ = file.unlock();
        }
    }
}

impl Locks {
    /// In that folder, which is made when it is not there.
    pub(super) fn open(folder: &Path) -> std::io::Result<Locks> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        for part in ["locks", "owners"] {
            private_folder(&folder.join(part))?;
        }
        let owner = format!(
            "{}-{}-{}",
            std::process::id(),
            Timestamp::now().as_nanosecond(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        // It gets its name once it is locked: a file of that name that nobody locks is a dead
        // owner's.
        let sign = owner_file(folder, &owner);
        let unnamed = sign.with_extension("new");
        let alive = private_options()
            .create_new(true)
            .write(true)
            .open(&unnamed)?;
        alive.lock()?;
        std::fs::rename(&unnamed, &sign)?;
        Ok(Locks {
            folder: folder.to_owned(),
            owner,
            _alive: alive,
        })
    }

    /// This process' name among owners.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Whether that owner's process still has its sign of life.
    pub(super) fn lives(&self, owner: &str) -> bool {
        if owner == self.owner {
            return true;
        }
        match File::open(owner_file(&self.folder, owner)) {
            // It removes its file when it ends as it should.
            Err(_) => false,
            Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        }
    }

    /// Removes the signs of life that dead owners left, but of those in `kept`.
    pub(super) fn bury(&self, kept: &[String]) {
        // What can't be looked at or removed now is there the next time.
        let Ok(signs) = std::fs::read_dir(self.folder.join("owners")) else {
            return;
        };
        for sign in signs.flatten() {
            let name = sign.file_name();
            let Some(owner) = name.to_str().and_then(|name| name.strip_suffix(".lock")) else {
                continue;
            };
            if !self.lives(owner) && !kept.iter().any(|kept| kept == owner) {
                let _ = std::fs::remove_file(sign.path());
            }
        }
    }

    /// Holds servers, in the order of their names, waiting for whoever holds one.
    ///
    /// # Errors
    /// A sentence that says who holds it, when that takes too long, or that the file can't be used.
    pub(super) async fn hold<'a>(
        &self,
        servers: impl IntoIterator<Item = &'a ServerName>,
        operator: &str,
    ) -> Result<Held, String> {
        // By file: two names that differ only in characters no file name has share one.
        let files: BTreeMap<PathBuf, &ServerName> = servers
            .into_iter()
            .map(|server| (self.lock_file(server), server))
            .collect();
        let mut held = Held { files: Vec::new() };
        for (path, server) in files {
            let cannot = |why: &dyn std::fmt::Display| {
                format!("can't lock {server}: {}: {why}", path.display())
            };
            let mut file = private_options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
                .map_err(|why| cannot(&why))?;
            let until = Instant::now() + PATIENCE;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) if Instant::now() < until => {
                        tokio::time::sleep(PERIOD).await;
                    }
                    Err(TryLockError::WouldBlock) => {
                        return Err(format!(
                            "{server} is being changed by {}; nothing was done: try again when that has ended",
                            holder(&mut file)
                        ));
                    }
                    Err(TryLockError::Error(why)) => return Err(cannot(&why)),
                }
            }
            // Who holds it is only for the sentence above; the lock holds without it.
            let _ = file.set_len(0);
            let _ = write!(file, "{operator} (process {})", std::process::id());
            held.files.push(file);
        }
        Ok(held)
    }

    fn lock_file(&self, server: &ServerName) -> PathBuf {
        let name: String = server
            .as_str()
            .chars()
            .map(|character| match character.to_ascii_lowercase() {
                fit @ ('a'..='z' | '0'..='9' | '.' | '-') => fit,
                _ => '_',
            })
            .collect();
        self.folder.join("locks").join(format!("{name}.lock"))
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(owner_file(&self.folder, &self.owner));
    }
}

fn owner_file(folder: &Path, owner: &str) -> PathBuf {
    // Owners come out of a database: what is no name of ours finds no file.
    let fit = !owner.is_empty()
        && owner
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let name = if fit { owner } else { "nobody" };
    folder.join("owners").join(format!("{name}.lock"))
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind();
    let _ = file.take(200).read_to_string(&mut text);
    if text.trim().is_empty() {
        return "somebody else".to_owned();
    }
    printable(text.trim(), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_is_held_by_one_and_the_other_hears_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            Locks::open(folder.path()).unwrap(),
            Locks::open(folder.path()).unwrap(),
        );
        let dhcp1 = ServerName::new("dhcp1.contoso.com");
        let dc1 = ServerName::new("dc1.contoso.com");
        let held = one.hold([&dhcp1], "alice").await.unwrap();
        two.hold([&dc1], "bob").await.unwrap();
        let refused = two.hold([&dc1, &dhcp1], "bob").await.unwrap_err();
        assert!(
            refused.starts_with("dhcp1.contoso.com is being changed by alice (process "),
            "{refused}"
        );
        drop(held);
        two.hold([&dc1, &dhcp1], "bob").await.unwrap();
    }

    #[test]
    fn an_owner_lives_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let one = Locks::open(folder.path()).unwrap();
        let two = Locks::open(folder.path()).unwrap();
        let owner = two.owner().to_owned();
        assert!(one.lives(&owner) && one.lives(one.owner()));
        drop(two);
        assert!(!one.lives(&owner) && !one.lives("../../x"));
        // What a killed process leaves is its file, without the lock.
        let file = owner_file(folder.path(), "1-2-3");
        std::fs::write(&file, "").unwrap();
        assert!(!one.lives("1-2-3"));
        one.bury(&["1-2-3".to_owned()]);
        assert!(file.exists());
        one.bury(&[]);
        assert!(!file.exists() && owner_file(folder.path(), one.owner()).exists());
    }
}
