//! A thread of its own for SQLite, so that nothing asynchronous ever waits on a disk.

use std::sync::mpsc;

use super::file::File;

type Job = Box<dyn FnOnce(&mut File) + Send>;

/// A file, and the thread that alone touches it. Ends when it is dropped and its jobs are done.
pub(super) struct Worker(mpsc::Sender<Job>);

/// The thread is no more: it never ends while it is asked, unless a job panicked.
#[derive(Debug)]
pub(super) struct Ended;

impl Worker {
    pub(super) fn start(name: &str, mut file: File) -> std::io::Result<Worker> {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                for job in jobs {
                    job(&mut file);
                }
            })?;
        Ok(Worker(sender))
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
        self.0.send(Box::new(job)).map_err(|_| Ended)
    }
}
