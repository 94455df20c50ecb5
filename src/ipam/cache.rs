//! The last estate, kept in the home: what the next start shows until servers answer.

mod format;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::estate::ServerView;
use super::locks::private_options;
use super::{Estate, Ipam, StoreError};
use crate::config::Home;
use crate::model::ServerName;
use crate::model::text::printable;

/// A cache is never as large as this many bytes: what is, is not read.
const MOST: u64 = 1 << 30;

/// What a cache gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheInfo {
    /// When it was written.
    pub written: Timestamp,
    /// The servers of which it had a reading that is shown now.
    pub servers: Vec<ServerName>,
}

/// What became of the cache.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CacheLoad {
    /// Its readings are published.
    Loaded(CacheInfo),
    /// There is none.
    Nothing,
    /// There is one that can't be used, for a reason that is a sentence.
    Ignored(String),
}

impl CacheLoad {
    /// What it gave, if it gave something.
    #[must_use]
    pub fn info(self) -> Option<CacheInfo> {
        match self {
            CacheLoad::Loaded(info) => Some(info),
            CacheLoad::Nothing | CacheLoad::Ignored(_) => None,
        }
    }
}

/// Which estate the cache holds: by generation, and by that of its content.
#[derive(Default)]
pub(super) struct Saved(Mutex<Option<(u64, u64)>>);

impl Saved {
    fn get(&self) -> Option<(u64, u64)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, estate: &Estate) {
        let now = Some((estate.generation, estate.content_generation));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Ipam {
    /// Publishes what the last session knew, of every configured server that was not yet asked in
    /// this one: such views say `cached`, with `asked: None`. Nothing is planned from them: whoever
    /// plans reads the servers first, and a driver is not even told what the cache says. Blocks
    /// for some 50 ms at the largest estate, more where the cores have other work.
    #[must_use]
    pub fn load_cache(&self) -> CacheLoad {
        let file = self.cache_file();
        let ignored = |why: &str| {
            CacheLoad::Ignored(format!(
                "{} {why}; it is not used, and will be written anew",
                printable(&file.display().to_string(), 400)
            ))
        };
        let bytes = match read(&file) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return CacheLoad::Nothing,
            Err(why) => return ignored(&format!("can't be read: {why}")),
        };
        match format::decode(&bytes) {
            Ok((written, views)) => CacheLoad::Loaded(CacheInfo {
                written,
                servers: self.publish_cached(views),
            }),
            Err(why) => ignored(why),
        }
    }

    fn publish_cached(&self, views: Vec<ServerView>) -> Vec<ServerName> {
        let _publishing = self
            .inner
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let estate = self.estate();
        let unasked = |view: &ServerView| {
            let now = estate.servers.get(&view.name);
            now.is_some_and(|now| now.asked.is_none() && now.reading.is_none())
        };
        let views: Vec<_> = views.into_iter().filter(unasked).map(Arc::new).collect();
        let read = views.iter().filter(|view| view.reading.is_some());
        let servers = read.map(|view| view.name.clone()).collect();
        let next = Arc::new(estate.with(views, None));
        self.inner.saved.set(&next);
        self.inner.estate.send_replace(next);
        servers
    }

    /// Writes what is known into the cache, unless it is there already: whole or not at all, for
    /// its owner alone, on a thread of its own.
    ///
    /// # Errors
    /// [`StoreError`] that names the file when it can't be written.
    pub async fn save_cache(&self) -> Result<(), StoreError> {
        let estate = self.estate();
        let now = (estate.generation, estate.content_generation);
        if self.inner.saved.get() == Some(now) || estate.servers.values().all(|v| v.asked.is_none())
        {
            return Ok(());
        }
        let (ipam, written) = (self.clone(), self.inner.clock.now());
        let task = tokio::task::spawn_blocking(move || {
            let file = ipam.cache_file();
            let failed = |why: &dyn std::fmt::Display| {
                StoreError(format!("can't write {}: {why}", file.display()))
            };
            let bytes = format::encode(&estate.servers, written).map_err(|why| failed(&why))?;
            ipam.write_whole(&file, &bytes)
                .map_err(|why| failed(&why))?;
            ipam.inner.saved.set(&estate);
            Ok(())
        });
        match task.await {
            Ok(result) => result,
            Err(why) => Err(StoreError(format!("the cache was not written: {why}"))),
        }
    }

    /// Whether something but times has changed since the cache was written.
    pub(super) fn cache_lags(&self) -> bool {
        let saved = self.inner.saved.get().map(|(_, content)| content);
        saved != Some(self.estate().content_generation)
    }

    pub(super) fn cache_file(&self) -> PathBuf {
        Home::at(&self.inner.state).cache_file()
    }

    /// Under another name first, then under its own.
    fn write_whole(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.sweep(file);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let new = file.with_extension(format!("{}.{number}.new", self.inner.locks.owner()));
        let write = || {
            let mut options = private_options();
            let mut unnamed = options.create_new(true).write(true).open(&new)?;
            unnamed.write_all(bytes)?;
            unnamed.sync_all()?;
            fs::rename(&new, file)
        };
        let written = write();
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    /// Removes what a process left that was killed while it wrote.
    fn sweep(&self, file: &Path) {
        let (Some(folder), Some(stem)) = (file.parent(), file.file_stem()) else {
            return;
        };
        // What can't be removed now is there the next time.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let parts: Vec<&str> = name.to_str().unwrap_or_default().split('.').collect();
            if let [first, owner, _, "new"] = parts[..]
                && stem == first
                && !self.inner.locks.lives(owner)
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(file)?.len() > MOST {
        return Err(io::Error::other("it is too large"));
    }
    fs::read(file)
}

/// The servers as the cache is written from them.
type Views = BTreeMap<ServerName, Arc<ServerView>>;

#[cfg(test)]
mod tests;
