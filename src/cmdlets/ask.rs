//! Before something is done: the plan in words, and the questions.

use std::io::{self, Write};

use super::Console;
use crate::model::Plan;
use crate::model::plan::{FieldChange, Risk};
use crate::model::text::printable;

/// No value of a field is shown longer than this.
const LONGEST: usize = 200;

/// What a person said to a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or nothing.
    No,
    /// There is no terminal to ask at.
    NobodyToAsk,
}

/// Writes a plan for a person: its steps, server by server, with every field before and after,
/// what the operator should know, what clients will feel, and whether it can be undone.
///
/// # Errors
/// When it can't be written.
pub fn render_plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let shown = |text: &str| printable(text, LONGEST);
    writeln!(out, "{}", shown(&plan.title))?;
    if plan.is_empty() {
        writeln!(out, "  Nothing is to be done: everything is so already.")?;
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let what = printable(&step.words(), 2000);
        writeln!(out, "  {}. {}: {what}", index + 1, step.server)?;
        for change in &step.changes {
            writeln!(out, "       {}", field(change))?;
        }
        if let Some(why) = &step.refused {
            let why = printable(why, 1000);
            writeln!(out, "       {} would refuse it: {why}", step.server)?;
        }
    }
    for left in &plan.left_out {
        writeln!(out, "  Left out: {}", printable(&left.why, 1000))?;
    }
    for warning in &plan.warnings {
        writeln!(out, "  Warning: {}", printable(warning, 1000))?;
    }
    for (server, scope) in &plan.clears {
        writeln!(
            out,
            "  Clears the configuration sync error of scope {scope} on {server}."
        )?;
    }
    if plan.steps.is_empty() {
        return Ok(());
    }
    if !plan.impact.is_empty() {
        writeln!(out, "  Clients: {}", shown(&plan.impact))?;
    }
    let risk = match plan.risk {
        Risk::Small => "small",
        Risk::Several => "several objects are changed",
        Risk::Destructive => "something is lost, or another copy is overwritten",
    };
    writeln!(out, "  Risk: {risk}")?;
    match plan.not_undoable() {
        Some(why) => writeln!(out, "  Can't be undone: {}", shown(why)),
        None => writeln!(out, "  Can be undone."),
    }
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

/// Asks a question on `console.errors` (standard output holds results only) that is answered with
/// yes or no; no is what silence means.
///
/// # Errors
/// When the question can't be written or the answer can't be read.
pub fn confirm(console: &mut Console<'_>, question: &str) -> io::Result<Answer> {
    if !console.interactive {
        return Ok(Answer::NobodyToAsk);
    }
    let asked = printable(question, 1000);
    for _ in 0..3 {
        write!(
            console.errors,
            "\nConfirm\n{asked}\n[Y] Yes  [N] No (default is \"N\"): "
        )?;
        console.errors.flush()?;
        let Some(answer) = line(console)? else {
            writeln!(console.errors)?;
            return Ok(Answer::No);
        };
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(Answer::Yes),
            "" | "n" | "no" => return Ok(Answer::No),
            _ => {}
        }
    }
    Ok(Answer::No)
}

/// Has a name typed, for that reason: whoever types anything else has said no.
///
/// # Errors
/// When the question can't be written or the answer can't be read.
pub fn type_name(console: &mut Console<'_>, name: &str, reason: &str) -> io::Result<Answer> {
    if !console.interactive {
        return Ok(Answer::NobodyToAsk);
    }
    let (name, reason) = (printable(name, 200), printable(reason, 1000));
    write!(
        console.errors,
        "\nConfirm\n{reason}\nType {name} to go on: "
    )?;
    console.errors.flush()?;
    let typed = line(console)?;
    Ok(match typed {
        Some(typed) if typed.trim() == name.trim() => Answer::Yes,
        _ => Answer::No,
    })
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

    fn answer(typed: &str) -> (Answer, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let said = confirm(
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
            ("y\n", Answer::Yes),
            ("YES\r\n", Answer::Yes),
            ("what\ny\n", Answer::Yes),
            ("n\n", Answer::No),
            ("\n", Answer::No),
            ("", Answer::No),
            ("a\nb\nc\ny\n", Answer::No),
        ] {
            assert_eq!(answer(typed).0, said, "{typed:?}");
        }
        assert_eq!(
            answer("n\n").1,
            "\nConfirm\nReally?\n[Y] Yes  [N] No (default is \"N\"): "
        );
    }

    #[test]
    fn only_the_name_itself_is_the_name() {
        for (typed, said) in [
            ("hq\n", Answer::Yes),
            ("hq\r\n", Answer::Yes),
            ("HQ\n", Answer::No),
            ("y\n", Answer::No),
            ("\n", Answer::No),
            ("", Answer::No),
        ] {
            let (mut output, mut errors) = (Vec::new(), Vec::new());
            let mut console = Console {
                input: &mut typed.as_bytes(),
                output: &mut output,
                errors: &mut errors,
                interactive: true,
            };
            let answer = type_name(&mut console, "hq", "it is the head office").unwrap();
            assert_eq!(answer, said, "{typed:?}");
        }
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
                foretold: Vec::new(),
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
            silence: std::time::Duration::ZERO,
            risk: Risk::Small,
            clears: Vec::new(),
            left_out: Vec::new(),
        };
        let mut out = Vec::new();
        render_plan(&plan, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "Delete DHCP reservation 10.0.0.100\n  \
             1. dhcp1: Delete reservation 10.0.0.100\n       \
             reservation 10.0.0.100, Name: x\u{fffd} -> (none)\n       \
             dhcp1 would refuse it: it is not there\n  \
             Warning: look out\n  Clients: no interruption\n  Risk: small\n  Can't be undone: no\n"
        );
    }
}
