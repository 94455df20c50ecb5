//! A control channel for tests: it answers what it was told to, and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::wire::{Answer, Command, Wire};
use crate::drivers::{BoxFuture, DriverError};

/// Answers by command; what it has no answer for, it answers as Kea does.
#[derive(Default)]
pub(super) struct Scripted {
    answers: Mutex<BTreeMap<String, String>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    pub(super) fn new(answers: &[(&str, &str)]) -> Scripted {
        let wire = Scripted::default();
        for (command, answer) in answers {
            wire.answers(command, answer);
        }
        wire
    }

    /// From now on the command is answered so. The command may have its arguments behind it, after
    /// a blank, as JSON: then the answer is for these alone.
    pub(super) fn answers(&self, command: &str, answer: &str) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(command.to_owned(), answer.to_owned());
    }

    /// What it was asked since the last time.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Wire for Scripted {
    fn ask<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Answer, DriverError>> {
        let whole = match &command.arguments {
            Some(arguments) => format!("{} {arguments}", command.name),
            None => command.name.to_owned(),
        };
        let answers = self.answers.lock().unwrap();
        let answer = answers.get(&whole).or_else(|| answers.get(command.name));
        let unknown = format!(
            r#"{{"result":2,"text":"'{}' command not supported."}}"#,
            command.name
        );
        let answer = answer.unwrap_or(&unknown);
        let answer = serde_json::from_str(answer).unwrap();
        self.asked.lock().unwrap().push(whole);
        Box::pin(std::future::ready(Ok(answer)))
    }
}
