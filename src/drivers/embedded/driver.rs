//! One embedded server as a driver: it asks the file's threads, and misbehaves as drills want it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::file::{File, Halt};
use super::machines::{Machine, Machines, Service};
use super::reading::{self, Before};
use super::thread::{Ended, Worker};
use super::write::Target;
use super::{Fault, Inner, leases, outside};
use crate::drivers::probe::{Probe, cmdlet};
use crate::drivers::{BoxFuture, CheckLine, Driver, DriverError, Expected, LeaseQuery, Silence};
use crate::model::edit::{Edit, ObjectRef, Order};
use crate::model::fingerprint::{Fingerprint, fingerprint};
use crate::model::lease::Lease;
use crate::model::server::{ServerName, ServerReading};
use crate::rules::{Code, DhcpError};

/// A server of the embedded estate, under its name in the configuration.
pub(super) struct EmbeddedServer {
    pub(super) name: ServerName,
    pub(super) estate: Arc<Inner>,
}

impl Driver for EmbeddedServer {
    fn server(&self) -> &ServerName {
        &self.name
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn read<'a>(
        &'a self,
        before: Option<&'a ServerReading>,
    ) -> BoxFuture<'a, Result<ServerReading, DriverError>> {
        let before = before.map(|before| Before {
            revision: before.revision.clone(),
            config: Arc::clone(&before.config),
        });
        let (name, cache) = (self.name.clone(), Arc::clone(&self.estate.cache));
        let now = self.estate.now();
        Box::pin(self.read_with(move |conn, machines, machine| {
            reading::read(conn, &cache, machines, machine, &name, before, now)
        }))
    }

    fn leases<'a>(
        &'a self,
        query: &'a LeaseQuery,
    ) -> BoxFuture<'a, Result<Vec<Lease>, DriverError>> {
        let (query, cache) = (query.clone(), Arc::clone(&self.estate.cache));
        let now = self.estate.now();
        Box::pin(self.read_with(move |conn, _, machine| {
            let config = cache.config(conn, machine)?;
            leases::read(conn, machine, &config, &query, now)
        }))
    }

    fn apply<'a>(
        &'a self,
        edits: &'a [Edit],
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        let (edits, expected) = (edits.to_vec(), expected.to_vec());
        let cache = Arc::clone(&self.estate.cache);
        let remember = Arc::clone(&self.estate.cache);
        Box::pin(self.write_with(
            move |asked| asked.target(&cache).apply(&edits, &expected),
            move |written| {
                if let Some(written) = written {
                    remember.remember(written.server, written.revision, &written.config);
                }
            },
        ))
    }

    fn order<'a>(
        &'a self,
        order: &'a Order,
        expected: Expected<'a>,
    ) -> BoxFuture<'a, Result<(), DriverError>> {
        let (order, expected) = (order.clone(), expected.to_vec());
        let cache = Arc::clone(&self.estate.cache);
        Box::pin(self.write_with(
            move |asked| asked.target(&cache).order(&order, &expected),
            |()| (),
        ))
    }

    fn read_back<'a>(
        &'a self,
        objects: &'a [ObjectRef],
    ) -> BoxFuture<'a, Result<Vec<Option<Fingerprint>>, DriverError>> {
        let (objects, cache) = (objects.to_vec(), Arc::clone(&self.estate.cache));
        Box::pin(self.read_with(move |conn, _, machine| {
            let config = cache.config(conn, machine)?;
            Ok(objects
                .iter()
                .map(|object| fingerprint(&config, object))
                .collect())
        }))
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckLine>> {
        Box::pin(async move {
            let read = self.read(None).await;
            let what = "embedded: built into this program, to learn and to drill on; everything can be changed, with no interruption";
            vec![CheckLine::from_read(&read), CheckLine::fact(what)]
        })
    }

    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Probe> {
        let (name, patience) = (self.name.clone(), self.patience());
        let job = move |file: &mut File| {
            let seen = file.read(|conn| {
                let machines = Machines::load(conn)?;
                let machine = find(&machines, &name)?;
                let probe = outside::probe(conn, machine, &name, patience, now)?;
                Ok((probe, machine.fault))
            });
            seen.map_err(|halt| file.sentence(&halt))
        };
        Box::pin(async move {
            let unknown = |why: &str| Probe::unknown(&self.name, why, now);
            match self.ask(&self.estate.reader, job).await {
                Ok(Ok((probe, fault))) => {
                    self.wait_at_most(fault, patience).await;
                    probe
                }
                Ok(Err(why)) => unknown(&why),
                Err(error) => unknown(&error.to_string()),
            }
        })
    }

    fn command(&self, order: &Order) -> String {
        cmdlet(&self.name, order)
    }
}

/// A write that reached a server.
struct Asked<'a> {
    conn: &'a Connection,
    machines: &'a Machines,
    machine: &'a Machine,
    name: &'a ServerName,
    now: Timestamp,
}

impl Asked<'_> {
    fn target<'a>(&'a self, cache: &'a super::store::Cache) -> Target<'a> {
        Target {
            conn: self.conn,
            cache,
            machines: self.machines,
            machine: self.machine,
            name: self.name,
            now: self.now,
        }
    }
}

/// A job's answer, with what the operator would read of an error, and how the server behaved.
struct Answer<T> {
    outcome: Result<T, DriverError>,
    fault: Fault,
}

impl EmbeddedServer {
    /// Reads as the server's host would let one.
    async fn read_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Machines, &Machine) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, DriverError> {
        let name = self.name.clone();
        let job = move |file: &mut File| {
            let mut fault = Fault::None;
            let outcome = file.read(|conn| {
                let machines = Machines::load(conn)?;
                let machine = find(&machines, &name)?;
                fault = machine.fault;
                answers(machine, &name)?;
                work(conn, &machines, machine)
            });
            Answer {
                outcome: outcome.map_err(|halt| in_words(file, &name, halt)),
                fault,
            }
        };
        let answer = self.ask(&self.estate.reader, job).await?;
        self.wait_for(answer.fault).await;
        answer.outcome
    }

    /// Writes as the server would let one; `committed` follows only what lasts.
    async fn write_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Asked<'_>) -> Result<T, Halt> + Send + 'static,
        committed: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), DriverError> {
        let (name, now) = (self.name.clone(), self.estate.now());
        let job = move |file: &mut File| {
            let mut fault = Fault::None;
            let outcome = file.write(|conn| {
                let machines = Machines::load(conn)?;
                let machine = find(&machines, &name)?;
                fault = machine.fault;
                answers(machine, &name)?;
                if fault == Fault::RefuseWrites {
                    return Err(Halt::Driver(DriverError::Refused {
                        server: name.clone(),
                        error: DhcpError::new(
                            Code::AccessDenied,
                            format!(
                                "access to {name} was denied: its DHCP Administrators may write"
                            ),
                        ),
                    }));
                }
                work(&Asked {
                    conn,
                    machines: &machines,
                    machine,
                    name: &name,
                    now,
                })
            });
            Answer {
                outcome: match outcome {
                    Ok(done) => {
                        committed(done);
                        Ok(())
                    }
                    Err(halt) => Err(in_words(file, &name, halt)),
                },
                fault,
            }
        };
        let answer = self.ask(&self.estate.writer, job).await?;
        self.wait_for(answer.fault).await;
        if answer.fault == Fault::LoseAnswers && answer.outcome.is_ok() {
            return Err(DriverError::OutcomeUnknown {
                server: self.name.clone(),
                why: "the connection broke before it answered".to_owned(),
            });
        }
        answer.outcome
    }

    async fn ask<T: Send + 'static>(
        &self,
        worker: &Worker,
        job: impl FnOnce(&mut File) -> T + Send + 'static,
    ) -> Result<T, DriverError> {
        worker
            .ask(job)
            .await
            .map_err(|Ended| DriverError::OutcomeUnknown {
                server: self.name.clone(),
                why: "the estate's thread ended; start again".to_owned(),
            })
    }

    async fn wait_for(&self, fault: Fault) {
        self.wait_at_most(fault, Duration::MAX).await;
    }

    async fn wait_at_most(&self, fault: Fault, most: Duration) {
        if let Fault::Slow(millis) = fault {
            tokio::time::sleep(Duration::from_millis(millis.into()).min(most)).await;
        }
    }
}

fn find<'a>(machines: &'a Machines, name: &ServerName) -> Result<&'a Machine, Halt> {
    machines.find(name.as_str()).ok_or_else(|| {
        Halt::Driver(DriverError::Unreachable {
            server: name.clone(),
            how: Silence::NoConnection(format!(
                "the embedded estate has no such server; it has {}",
                machines.names()
            )),
        })
    })
}

/// Whether the server answers at all, and sense.
fn answers(machine: &Machine, name: &ServerName) -> Result<(), Halt> {
    let unreachable = |how| {
        Err(Halt::Driver(DriverError::Unreachable {
            server: name.clone(),
            how,
        }))
    };
    if !machine.host_answers() {
        return unreachable(Silence::NoConnection("its host does not answer".to_owned()));
    }
    if machine.service == Service::Stopped {
        return unreachable(Silence::ServiceStopped);
    }
    if machine.fault == Fault::Garbage {
        return Err(Halt::Driver(DriverError::Protocol {
            server: name.clone(),
            what: "'HTTP/1.1 418' where its DHCP service should speak".to_owned(),
        }));
    }
    Ok(())
}

fn in_words(file: &File, name: &ServerName, halt: Halt) -> DriverError {
    match halt {
        Halt::Driver(error) => error,
        Halt::Commit(_) => DriverError::OutcomeUnknown {
            server: name.clone(),
            why: file.sentence(&halt),
        },
        other => DriverError::Unreachable {
            server: name.clone(),
            how: Silence::NoConnection(file.sentence(&other)),
        },
    }
}
