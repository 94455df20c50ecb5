//! Before something is done: the plan in words, and the questions.

use std::fmt::Write as _;
use std::io;

use super::Console;
use crate::model::Plan;
use crate::model::plan::{FieldChange, Risk};
use crate::model::server::printable;

/// No value of a field is shown longer than this.
const LONGEST: usize = 200;

/// A plan in words: its steps, server by server, with every field before and after, what the
/// operator should know, what clients will feel, and whether it can be undone. Ends with a line
/// feed.
#[must_use]
pub fn render_plan(plan: &Plan) -> String {
    let mut out = String::new();
    let shown = |text: &str| printable(text, LONGEST);
    let _ = writeln!(out, "{}", shown(&plan.title));
    if plan.steps.is_empty() {
        let _ = writeln!(out, "  Nothing is to be done: everything is so already.");
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let what = printable(&step.action.to_string(), 2000);
        let _ = writeln!(out, "  {}. {}: {what}", index + 1, step.server);
        for change in &step.changes {
            let _ = writeln!(out, "       {}", field(change));
        }
        if let Some(why) = &step.refused {
            let _ = writeln!(out, "       {} would refuse it: {}", step.server, shown(why));
        }
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "  Warning: {}", printable(warning, 1000));
    }
    for (server, scope) in &plan.clears {
        let _ = writeln!(out, "  Clears the configuration sync error of {scope} on {server}.");
    }
    if !plan.steps.is_empty() {
        if !plan.impact.is_empty() {
            let _ = writeln!(out, "  Clients: {}", shown(&plan.impact));
        }
        let risk = match plan.risk {
            Risk::Small => "small",
            Risk::Several => "several objects are changed",
            Risk::Destructive => "destructive",
        };
        let _ = writeln!(out, "  Risk: {risk}");
        match plan.not_undoable() {
            Some(why) => {
                let _ = writeln!(out, "  Can't be undone: {}", shown(why));
            }
            None => {
                let _ = writeln!(out, "  Can be undone.");
            }
        }
    }
    out
}

fn field(change: &FieldChange) -> String {
    let value = |value: &Option<String>| match value {
        None => "(none)".to_owned(),
        Some(text) if text.is_empty() => "(blank)".to_owned(),
        Some(text) => printable(text, LONGEST),
    };
    format!(
        "{}, {}: {} -> {}",
        change.object,
        printable(&change.field, 80),
        value(&change.before),
        value(&change.after)
    )
}

/// Asks a question that yes or no answers; no is what silence means. The question goes to standard
/// error, so that standard output holds answers only.
///
/// # Errors
/// When it can't be written, or the answer not be read.
pub fn yes(console: &mut Console<'_>, question: &str) -> io::Result<bool> {
    let asked = printable(question, 1000);
    for _ in 0..3 {
        write!(
            console.errors,
            "\nConfirm\n{asked}\n[Y] Yes  [N] No (default is \"N\"): "
        )?;
        console.errors.flush()?;
        let Some(answer) = line(console)? else {
            writeln!(console.errors)?;
            return Ok(false);
        };
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "" | "n" | "no" => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

/// A line of standard input, byte by byte, so that what follows it stays there.
fn line(console: &mut Console<'_>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        match console.input.read(&mut byte) {
            Ok(0) if bytes.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() < 1000 => bytes.push(byte[0]),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{Action, Intent, NotUndoable, Purpose, Reach, Step};
    use crate::model::{Edit, ObjectRef, ServerName};

    fn answer(typed: &str) -> (bool, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let said = yes(
            &mut Console {
                input: &mut typed.as_bytes(),
                output: &mut output,
                errors: &mut errors,
                interactive: true,
            },
            "Really?",
        )
        .unwrap();
        (said, String::from_utf8(errors).unwrap())
    }

    #[test]
    fn only_yes_is_yes() {
        for (typed, said) in [
            ("y\n", true),
            ("YES\r\n", true),
            ("what\ny\n", true),
            ("n\n", false),
            ("\n", false),
            ("", false),
            ("a\nb\nc\ny\n", false),
        ] {
            assert_eq!(answer(typed).0, said, "{typed:?}");
        }
        assert_eq!(
            answer("n\n").1,
            "\nConfirm\nReally?\n[Y] Yes  [N] No (default is \"N\"): "
        );
    }

    #[test]
    fn a_plan_is_told_field_by_field() {
        let scope = "10.0.0.0/24".parse().unwrap();
        let address = "10.0.0.100".parse().unwrap();
        let server = ServerName::new("dhcp1");
        let edits = vec![Edit::RemoveReservation { scope, address }];
        let plan = Plan {
            intent: Intent::Change {
                server: server.clone(),
                edits: edits.clone(),
                reach: Reach::Server,
            },
            title: "Delete DHCP reservation 10.0.0.100".into(),
            steps: vec![Step {
                server,
                action: Action::Apply(edits),
                purpose: Purpose::Main,
                expect: Vec::new(),
                changes: vec![FieldChange {
                    object: ObjectRef::Reservation(scope, address),
                    field: "Name".into(),
                    before: Some("x\u{1b}".into()),
                    after: None,
                }],
                inverse: Err(NotUndoable::because("no")),
                refused: Some("it is not there".into()),
            }],
            warnings: vec!["look out".into()],
            impact: "no interruption".into(),
            risk: Risk::Small,
            clears: Vec::new(),
        };
        assert_eq!(
            render_plan(&plan),
            "Delete DHCP reservation 10.0.0.100\n  \
             1. dhcp1: Delete reservation 10.0.0.100\n       \
             reservation 10.0.0.100, Name: x\u{fffd} -> (none)\n       \
             dhcp1 would refuse it: it is not there\n  \
             Warning: look out\n  Clients: no interruption\n  Risk: small\n  Can't be undone: no\n"
        );
    }
}
