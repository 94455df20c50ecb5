//! From the words of a line to a cmdlet and its arguments.

use super::call::{Arguments, Line, viable_sets};
use super::spec::{self, Cmdlet, Parameter};
use super::value::{self, Given, Kind};
use crate::model::text::printable;

/// A line that is none: a sentence, and which cmdlet it was about, where that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The cmdlet's name, or what was typed for it.
    pub cmdlet: String,
    /// What is wrong and what to do.
    pub sentence: String,
    /// PowerShell's identifier for this kind of mistake.
    pub id: &'static str,
}

/// How objects are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// In columns.
    Table,
    /// Property by property.
    List,
    /// An array of JSON objects.
    Json,
    /// As Export-Csv writes them.
    Csv,
}

const OUTPUTS: [(&str, Output); 4] = [
    ("table", Output::Table),
    ("list", Output::List),
    ("json", Output::Json),
    ("csv", Output::Csv),
];

/// What every cmdlet takes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Common {
    /// `-WhatIf`: only say what would be done.
    pub what_if: bool,
    /// `-Confirm`: ask; `-Confirm:false`: never ask.
    pub confirm: Option<bool>,
    /// `-Verbose`: say what is done.
    pub verbose: bool,
    /// `-ErrorAction SilentlyContinue`: say nothing of errors.
    pub silent: bool,
    /// `--output`.
    pub output: Option<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    Own(&'static Parameter),
    WhatIf,
    Confirm,
    Output,
    Verbose,
    Debug,
    ErrorAction,
    WarningAction,
}

impl PartialEq for Parameter {
    fn eq(&self, other: &Parameter) -> bool {
        self.name == other.name
    }
}

impl Eq for Parameter {}

/// Common parameters with their aliases; the first two take part in prefixes along with a cmdlet's
/// own, so that no prefix of `-WhatIf` can come to mean something that acts.
const COMMON: [(&str, &[&str], Target); 7] = [
    ("WhatIf", &["wi"], Target::WhatIf),
    ("Confirm", &["cf"], Target::Confirm),
    ("Output", &[], Target::Output),
    ("Verbose", &["vb"], Target::Verbose),
    ("Debug", &["db"], Target::Debug),
    ("ErrorAction", &["ea"], Target::ErrorAction),
    ("WarningAction", &["wa"], Target::WarningAction),
];

/// Parameters that PowerShell's cmdlets have and that mean nothing here, and why.
const ELSEWHERE: [(&str, &str); 8] = [
    (
        "CimSession",
        "name the server with -ComputerName; how it is reached stands in the configuration",
    ),
    ("AsJob", "let your shell run the line in the background"),
    (
        "ThrottleLimit",
        "a cmdlet works on one server and needs no limit",
    ),
    ("ErrorVariable", "errors are written to standard error"),
    ("WarningVariable", "warnings are written to standard error"),
    ("OutVariable", "let your shell keep standard output"),
    ("OutBuffer", "standard output is not buffered by objects"),
    ("PipelineVariable", "there is no pipeline of objects"),
];

/// Reads a line's words, the cmdlet's name first.
///
/// # Errors
/// [`Wrong`], with a sentence.
pub fn parse(words: &[String]) -> Result<Line, Wrong> {
    let typed = words.first().map_or("", String::as_str);
    let Some(cmdlet) = spec::find(typed) else {
        return Err(unknown_cmdlet(typed));
    };
    let mut reader = Reader {
        cmdlet,
        words,
        next: 1,
        line: Line {
            cmdlet,
            arguments: Arguments::new(),
            common: Common::default(),
            rows: false,
            help: false,
        },
        unnamed: Vec::new(),
        last_unnamed: None,
    };
    reader.read()?;
    if !reader.line.help {
        reader.place()?;
    }
    Ok(reader.line)
}

fn unknown_cmdlet(typed: &str) -> Wrong {
    let shown = printable(typed, 80);
    let hint = match spec::suggestion(typed) {
        Some(name) => format!("did you mean {name}?"),
        None => "`twinscope cmdlets` lists those there are".to_owned(),
    };
    Wrong {
        sentence: format!("there is no cmdlet '{shown}': {hint}"),
        cmdlet: shown,
        id: "CommandNotFoundException",
    }
}

struct Reader<'w> {
    cmdlet: &'static Cmdlet,
    words: &'w [String],
    next: usize,
    line: Line,
    unnamed: Vec<String>,
    last_unnamed: Option<usize>,
}

impl Reader<'_> {
    fn wrong(&self, id: &'static str, sentence: String) -> Wrong {
        Wrong::of(self.cmdlet, id, sentence)
    }

    fn read(&mut self) -> Result<(), Wrong> {
        let mut named_ended = false;
        while let Some(word) = self.words.get(self.next) {
            self.next += 1;
            if named_ended {
                self.take_unnamed(word);
                continue;
            }
            match word.as_str() {
                "--" => named_ended = true,
                "-" => self.take_rows()?,
                "-?" | "/?" | "--help" => self.line.help = true,
                _ => match self.named(word) {
                    Some((name, inline)) => self.take_named(&name, inline)?,
                    None => self.take_unnamed(word),
                },
            }
        }
        Ok(())
    }

    fn take_rows(&mut self) -> Result<(), Wrong> {
        if self.cmdlet.verb() != "Add" {
            return Err(self.wrong(
                "NoRows",
                "only Add- cmdlets read rows from standard input (-)".to_owned(),
            ));
        }
        self.line.rows = true;
        Ok(())
    }

    /// The name and the value after a colon of a word that names a parameter. A text that was
    /// pasted from a document may have a dash where it should have a hyphen, as in PowerShell.
    fn named<'w>(&self, word: &'w str) -> Option<(String, Option<&'w str>)> {
        let rest = word.strip_prefix(['-', '\u{2013}', '\u{2014}', '\u{2015}'])?;
        if let Some(output) = rest.strip_prefix("-output") {
            return match output.strip_prefix(['=', ':']) {
                Some(value) => Some(("Output".to_owned(), Some(value))),
                None if output.is_empty() => Some(("Output".to_owned(), None)),
                None => None,
            };
        }
        if !rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '-') {
            return None;
        }
        let (name, inline) = match rest.split_once(':') {
            Some((name, inline)) => (name, Some(inline)),
            None => (rest, None),
        };
        // -o is --output where a format follows; else the beginning of a parameter's name.
        let follows = || self.words.get(self.next).map(String::as_str);
        if name == "o" && inline.or_else(follows).is_some_and(|w| output(w).is_some()) {
            return Some(("Output".to_owned(), inline));
        }
        Some((name.to_owned(), inline))
    }

    fn take_unnamed(&mut self, word: &str) {
        let at = self.next;
        match self.unnamed.last_mut() {
            // One list that the shell gave in several words: a, b
            Some(last)
                if self.last_unnamed.is_some_and(|place| place + 1 == at)
                    && (last.trim_end().ends_with(',') || word.starts_with(',')) =>
            {
                last.push_str(word);
            }
            _ => self.unnamed.push(word.to_owned()),
        }
        self.last_unnamed = Some(at);
    }

    fn take_named(&mut self, name: &str, inline: Option<&str>) -> Result<(), Wrong> {
        match resolve(self.cmdlet, name)? {
            Target::Own(parameter) => {
                if self.line.arguments.contains_key(parameter.name) {
                    return Err(self.wrong(
                        "ParameterAlreadyBound",
                        format!("-{} is given twice", parameter.name),
                    ));
                }
                let given = if parameter.kind == Kind::Switch {
                    vec![Given::Flag(self.switch(parameter.name, inline)?)]
                } else {
                    let typed = self.value(parameter, inline)?;
                    read_value(self.cmdlet, parameter, &typed)?
                };
                self.line.arguments.insert(parameter.name, given);
            }
            Target::WhatIf => self.line.common.what_if = self.switch("WhatIf", inline)?,
            Target::Confirm => self.line.common.confirm = Some(self.switch("Confirm", inline)?),
            Target::Verbose => self.line.common.verbose = self.switch("Verbose", inline)?,
            Target::Debug => {
                self.switch("Debug", inline)?;
            }
            Target::Output => {
                let typed = self.word("Output", inline)?;
                let Some(output) = output(&typed) else {
                    return Err(self.wrong(
                        "ParameterArgumentTransformationError",
                        format!(
                            "--output: '{}' is none of table, list, json, csv",
                            printable(&typed, 80)
                        ),
                    ));
                };
                self.line.common.output = Some(output);
            }
            Target::ErrorAction => {
                let typed = self.word("ErrorAction", inline)?.to_lowercase();
                match typed.as_str() {
                    "silentlycontinue" | "ignore" => self.line.common.silent = true,
                    "continue" | "stop" => self.line.common.silent = false,
                    _ => {
                        return Err(self.wrong(
                            "ParameterArgumentTransformationError",
                            format!(
                                "-ErrorAction: '{}' is none of Continue, Stop, SilentlyContinue, Ignore",
                                printable(&typed, 80)
                            ),
                        ));
                    }
                }
            }
            Target::WarningAction => {
                self.word("WarningAction", inline)?;
            }
        }
        Ok(())
    }

    fn switch(&self, name: &str, inline: Option<&str>) -> Result<bool, Wrong> {
        match inline {
            None => Ok(true),
            Some("") => Err(self.wrong(
                "ParameterArgumentTransformationError",
                format!(
                    "-{name}: has no value after its colon (a shell that expands $false leaves \
                     nothing of it): write -{name}:false or -{name}:true"
                ),
            )),
            Some(typed) => match value::read(Kind::Switch, typed) {
                Ok(Given::Flag(on)) => Ok(on),
                Ok(_) => Ok(true),
                Err(what) => Err(self.wrong(
                    "ParameterArgumentTransformationError",
                    format!("-{name}: {what}"),
                )),
            },
        }
    }

    /// The value of a parameter that takes one: after its colon, or in the next words.
    fn value(
        &mut self,
        parameter: &'static Parameter,
        inline: Option<&str>,
    ) -> Result<String, Wrong> {
        let mut typed = self.word(parameter.name, inline)?;
        if parameter.many {
            while let Some(next) = self.words.get(self.next)
                && (typed.trim_end().ends_with(',') || next.starts_with(','))
            {
                typed.push_str(next);
                self.next += 1;
            }
        }
        Ok(typed)
    }

    fn word(&mut self, name: &str, inline: Option<&str>) -> Result<String, Wrong> {
        if let Some(inline) = inline {
            return Ok(inline.to_owned());
        }
        let missing = |more: String| {
            self.wrong(
                "MissingArgument",
                format!("-{name} needs a value after it{more}"),
            )
        };
        let Some(next) = self.words.get(self.next) else {
            return Err(missing(String::new()));
        };
        if next != "-" && self.named(next).is_some() {
            let next = printable(next, 80);
            return Err(missing(format!(
                ", and '{next}' looks like a parameter: to give it as the value, write -{name}:{next}"
            )));
        }
        self.next += 1;
        Ok(next.clone())
    }

    /// Gives the values without a name to the parameters that have a position, in that order.
    fn place(&mut self) -> Result<(), Wrong> {
        for typed in std::mem::take(&mut self.unnamed) {
            let sets = viable_sets(self.cmdlet, &self.line.arguments);
            if sets.is_empty() {
                // Said by name: where a value belongs can't be told among those that exclude each
                // other.
                return Ok(());
            }
            let mut places: Vec<(u8, &'static Parameter)> = self
                .cmdlet
                .parameters
                .iter()
                .filter(|parameter| !self.line.arguments.contains_key(parameter.name))
                .filter_map(|parameter| Some((parameter.position?, parameter)))
                .collect();
            places.sort_by_key(|(position, _)| *position);
            let fits = |parameter: &Parameter| sets.iter().any(|set| parameter.belongs_to(set));
            let free = places.iter().find(|(_, parameter)| fits(parameter));
            let read = |parameter| read_value(self.cmdlet, parameter, &typed);
            if free.is_none_or(|(_, parameter)| read(parameter).is_err()) {
                // What stands there may be meant for a parameter that another one rules out.
                let before = free.map_or(u8::MAX, |(position, _)| *position);
                let meant = places
                    .iter()
                    .find(|(position, parameter)| *position < before && !fits(parameter))
                    .and_then(|(_, parameter)| Some((*parameter, read(parameter).ok()?)));
                if let Some((parameter, given)) = meant {
                    self.line.arguments.insert(parameter.name, given);
                    return Ok(());
                }
            }
            let Some((_, parameter)) = free else {
                return Err(self.wrong(
                    "PositionalParameterNotFound",
                    format!(
                        "'{}' belongs to no parameter: {} -? shows which there are",
                        printable(&typed, 80),
                        self.cmdlet.name
                    ),
                ));
            };
            let given = read_value(self.cmdlet, parameter, &typed)?;
            self.line.arguments.insert(parameter.name, given);
        }
        Ok(())
    }
}

fn output(word: &str) -> Option<Output> {
    OUTPUTS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word.trim()))
        .map(|(_, output)| *output)
}

impl Wrong {
    /// About a cmdlet.
    pub(super) fn of(cmdlet: &Cmdlet, id: &'static str, sentence: String) -> Wrong {
        Wrong {
            cmdlet: cmdlet.name.to_owned(),
            sentence,
            id,
        }
    }
}

/// The parameter that a name, an alias or the beginning of one of them means.
fn resolve(cmdlet: &'static Cmdlet, typed: &str) -> Result<Target, Wrong> {
    let own = cmdlet.parameters.iter().flat_map(|parameter| {
        parameter
            .aliases
            .iter()
            .chain([&parameter.name])
            .map(move |name| (*name, parameter.name, Target::Own(parameter)))
    });
    let common = COMMON.iter().flat_map(|(name, aliases, target)| {
        aliases
            .iter()
            .chain([name])
            .map(move |spelt| (*spelt, *name, *target))
    });
    let known: Vec<(&str, &str, Target)> = own.chain(common).collect();
    if let Some((_, _, target)) = known
        .iter()
        .find(|(spelt, ..)| spelt.eq_ignore_ascii_case(typed))
    {
        return Ok(*target);
    }
    let begins = |name: &str| {
        name.get(..typed.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    let early =
        |target: &Target| matches!(target, Target::Own(_) | Target::WhatIf | Target::Confirm);
    for wanted in [true, false] {
        let mut found: Vec<(&str, Target)> = Vec::new();
        for (spelt, name, target) in &known {
            let there = found.iter().any(|(known, _)| known == name);
            if early(target) == wanted && begins(spelt) && !there {
                found.push((name, *target));
            }
        }
        match found.as_slice() {
            [] => {}
            [(_, target)] => return Ok(*target),
            several => {
                let names: Vec<String> =
                    several.iter().map(|(name, _)| format!("-{name}")).collect();
                return Err(Wrong::of(
                    cmdlet,
                    "AmbiguousParameter",
                    format!(
                        "-{} may be {}: write more of it",
                        printable(typed, 80),
                        names.join(", ")
                    ),
                ));
            }
        }
    }
    if let Some((name, why)) = ELSEWHERE
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(typed))
    {
        return Err(Wrong::of(
            cmdlet,
            "NamedParameterNotFound",
            format!("-{name} is not used here: {why}"),
        ));
    }
    let hint = match spec::nearest(typed.trim_start_matches('-'), known.iter().map(|k| k.0)) {
        Some(name) => format!("did you mean -{name}?"),
        None => format!("{} -? shows which there are", cmdlet.name),
    };
    Err(Wrong::of(
        cmdlet,
        "NamedParameterNotFound",
        format!(
            "{} has no parameter -{}: {hint}",
            cmdlet.name,
            printable(typed, 80)
        ),
    ))
}

/// Reads what was typed for a parameter.
///
/// # Errors
/// [`Wrong`] with what is wrong with the value.
pub fn read_value(
    cmdlet: &'static Cmdlet,
    parameter: &'static Parameter,
    typed: &str,
) -> Result<Vec<Given>, Wrong> {
    let refuse = |what: String| {
        Wrong::of(
            cmdlet,
            "ParameterArgumentTransformationError",
            format!("-{}: {what}", parameter.name),
        )
    };
    let text = parameter.kind == Kind::Text;
    if !text && typed.trim().is_empty() {
        return Err(refuse("a value is needed".to_owned()));
    }
    // What can't be seen makes names that nobody can type, and that read as others do.
    let writes = !matches!(cmdlet.verb(), "Get" | "Remove" | "Invoke");
    if text
        && writes
        && let Some(place) = typed.chars().position(value::hidden)
    {
        return Err(refuse(format!(
            "'{}' has a control character in place {}: leave it out",
            printable(typed, 80),
            place + 1
        )));
    }
    let given: Result<Vec<Given>, String> = if parameter.many && text && typed.is_empty() {
        Ok(vec![Given::Text(String::new())])
    } else if parameter.many {
        value::elements(typed).and_then(|elements| {
            elements
                .iter()
                .map(|element| value::read(parameter.kind, element))
                .collect()
        })
    } else {
        value::read(parameter.kind, typed).map(|given| vec![given])
    };
    let given = given.map_err(refuse)?;
    let empty = given
        .iter()
        .any(|g| matches!(g, Given::Text(t) if t.is_empty()));
    if parameter.mandatory && empty {
        return Err(refuse("an empty text won't do".to_owned()));
    }
    Ok(given)
}

/// The parameter that a column's head names: by its name or an alias, without regard to case.
#[must_use]
pub fn column(cmdlet: &'static Cmdlet, head: &str) -> Option<&'static Parameter> {
    cmdlet.parameters.iter().find(|parameter| {
        parameter
            .aliases
            .iter()
            .chain([&parameter.name])
            .any(|name| name.eq_ignore_ascii_case(head.trim()))
    })
}

#[cfg(test)]
mod tests;
