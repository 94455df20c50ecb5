//! A thread of its own for SQLite, so that nothing asynchronous ever waits on a disk.

use std::sync::mpsc;
use std::thread::JoinHandle;

use super::file::File;

type Job = Box<dyn FnOnce(&mut File) + Send>;

/// A file, and the thread that alone touches it. Dropping it waits until its jobs are done and the
/// file is closed: the last to close a database moves its log into it.
pub(super) struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// The thread is no more: it never ends while it is asked, unless a job panicked.
#[derive(Debug)]
pub(super) struct Ended;

impl Worker {
    pub(super) fn start(name: &str, mut file: File) -> std::io::Result<Worker> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                for job in jobs {
                    job(&mut file);
                }
            })?;
        Ok(Worker {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// Has a job done and waits for its answer without blocking. A caller that goes away does not
    /// take the job with it.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut File) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.send(move |file| {
            let _ = sender.send(job(file));
        })?;
        answer.await.map_err(|_| Ended)
    }

    /// Has a job done and blocks until it is.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut File) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (sender, answer) = mpsc::channel();
        self.send(move |file| {
            let _ = sender.send(job(file));
        })?;
        answer.recv().map_err(|_| Ended)
    }

    fn send(&self, job: impl FnOnce(&mut File) + Send + 'static) -> Result<(), Ended> {
        let jobs = self.jobs.as_ref().ok_or(Ended)?;
        jobs.send(Box::new(job)).map_err(|_| Ended)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        let here = std::thread::current().id();
        if let Some(thread) = self.thread.take()
            // A job may be what held the last copy: a thread can't wait for itself.
            && thread.thread().id() != here
        {
            let _ = thread.join();
        }
    }
}
