//! From the words of a line to a cmdlet and its arguments.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::spec::{self, Cmdlet, Parameter};
use super::value::{self, Given, Kind};
use crate::model::ClientId;
use crate::model::scope::LeaseDuration;
use crate::model::server::printable;

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

/// Arguments by parameter, as the table spells it.
pub type Arguments = BTreeMap<&'static str, Vec<Given>>;

/// A line that was read; it may still lack what rows of standard input bring.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which cmdlet.
    pub cmdlet: &'static Cmdlet,
    /// What it was given.
    pub arguments: Arguments,
    /// What every cmdlet takes.
    pub common: Common,
    /// Whether rows come on standard input (`-`).
    pub rows: bool,
    /// Whether help was asked for.
    pub help: bool,
}

/// A cmdlet with everything it needs.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which cmdlet.
    pub cmdlet: &'static Cmdlet,
    /// What it was given.
    pub arguments: Arguments,
    /// What every cmdlet takes.
    pub common: Common,
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
        None => "twinscope --help says how to list those there are".to_owned(),
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
        wrong(self.cmdlet, id, sentence)
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
            let free = self
                .cmdlet
                .parameters
                .iter()
                .filter(|parameter| {
                    !self.line.arguments.contains_key(parameter.name)
                        && sets.iter().any(|set| parameter.belongs_to(set))
                })
                .filter_map(|parameter| Some((parameter.position?, parameter)))
                .min_by_key(|(position, _)| *position);
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

fn wrong(cmdlet: &Cmdlet, id: &'static str, sentence: String) -> Wrong {
    Wrong {
        cmdlet: cmdlet.name.to_owned(),
        sentence,
        id,
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
                return Err(wrong(
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
        return Err(wrong(
            cmdlet,
            "NamedParameterNotFound",
            format!("-{name} is not used here: {why}"),
        ));
    }
    let hint = match spec::nearest(typed.trim_start_matches('-'), known.iter().map(|k| k.0)) {
        Some(name) => format!("did you mean -{name}?"),
        None => format!("{} -? shows which there are", cmdlet.name),
    };
    Err(wrong(
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
        wrong(
            cmdlet,
            "ParameterArgumentTransformationError",
            format!("-{}: {what}", parameter.name),
        )
    };
    let given: Result<Vec<Given>, String> = if parameter.many {
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

/// The sets in which everything that was given may be given.
fn viable_sets(cmdlet: &'static Cmdlet, arguments: &Arguments) -> Vec<&'static str> {
    let mut sets = cmdlet.sets();
    sets.retain(|set| {
        arguments
            .keys()
            .filter_map(|name| cmdlet.parameter(name))
            .all(|parameter| parameter.belongs_to(set))
    });
    sets
}

impl Line {
    /// The call, when everything that must be given was, and nothing that excludes another.
    ///
    /// # Errors
    /// [`Wrong`] naming what is missing, or what can't be given together.
    pub fn complete(&self) -> Result<Call, Wrong> {
        let cmdlet = self.cmdlet;
        let sets = viable_sets(cmdlet, &self.arguments);
        if sets.is_empty() {
            return Err(wrong(
                cmdlet,
                "AmbiguousParameterSet",
                self.conflict(&cmdlet.sets()),
            ));
        }
        let lacks = |set: &str| -> Vec<&'static str> {
            cmdlet
                .parameters
                .iter()
                .filter(|parameter| {
                    parameter.needed_in(set) && !self.arguments.contains_key(parameter.name)
                })
                .map(|parameter| parameter.name)
                .collect()
        };
        let fewest = sets
            .iter()
            .map(|set| lacks(set).len())
            .min()
            .unwrap_or_default();
        if fewest == 0 {
            return Ok(Call {
                cmdlet,
                arguments: self.arguments.clone(),
                common: self.common.clone(),
            });
        }
        let mut ways: Vec<String> = Vec::new();
        for set in sets {
            let lacking = lacks(set);
            let way: Vec<String> = lacking.iter().map(|name| format!("-{name}")).collect();
            let way = way.join(" and ");
            if lacking.len() == fewest && !ways.contains(&way) {
                ways.push(way);
            }
        }
        let ways = ways.join(" or ");
        let verb = if fewest == 1 { "is" } else { "are" };
        Err(wrong(
            cmdlet,
            "MissingMandatoryParameter",
            format!("{ways} {verb} needed: {} -? shows how", cmdlet.name),
        ))
    }

    fn conflict(&self, sets: &[&str]) -> String {
        let given: Vec<&Parameter> = self
            .arguments
            .keys()
            .filter_map(|name| self.cmdlet.parameter(name))
            .collect();
        for (index, one) in given.iter().enumerate() {
            for other in &given[index + 1..] {
                let together = |set: &&str| one.belongs_to(set) && other.belongs_to(set);
                if !sets.iter().any(together) {
                    return format!("-{} and -{} can't be given together", one.name, other.name);
                }
            }
        }
        "these parameters can't be given together".to_owned()
    }
}

impl Call {
    fn given(&self, name: &str) -> &[Given] {
        debug_assert!(
            self.cmdlet.parameter(name).is_some(),
            "{} has no -{name}",
            self.cmdlet.name
        );
        self.arguments.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a parameter was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.given(name).is_empty()
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.boolean(name).unwrap_or(false)
    }

    /// A Boolean.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.given(name).iter().find_map(|given| match given {
            Given::Flag(on) => Some(*on),
            _ => None,
        })
    }

    /// Texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let texts = self.given(name).iter();
        texts
            .filter_map(|given| match given {
                Given::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// A text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).first().copied()
    }

    /// Numbers.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Vec<u32> {
        let numbers = self.given(name).iter();
        numbers
            .filter_map(|given| match given {
                Given::Number(number) => Some(*number),
                _ => None,
            })
            .collect()
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        self.numbers(name).first().copied()
    }

    /// Addresses.
    #[must_use]
    pub fn addresses(&self, name: &str) -> Vec<Ipv4Addr> {
        let addresses = self.given(name).iter();
        addresses
            .filter_map(|given| match given {
                Given::Address(address) => Some(*address),
                _ => None,
            })
            .collect()
    }

    /// An address.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<Ipv4Addr> {
        self.addresses(name).first().copied()
    }

    /// A span.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<LeaseDuration> {
        self.given(name).iter().find_map(|given| match given {
            Given::Span(span) => Some(*span),
            _ => None,
        })
    }

    /// Client identifiers.
    #[must_use]
    pub fn clients(&self, name: &str) -> Vec<&ClientId> {
        let clients = self.given(name).iter();
        clients
            .filter_map(|given| match given {
                Given::Client(client) => Some(client),
                _ => None,
            })
            .collect()
    }

    /// One of a choice's words.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<&'static str> {
        self.given(name).iter().find_map(|given| match given {
            Given::Word(word) => Some(*word),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn call(line: &str) -> Call {
        parse(&words(line)).unwrap().complete().unwrap()
    }

    fn says(line: &str) -> String {
        match parse(&words(line)).and_then(|line| line.complete()) {
            Ok(call) => format!("{call:?}"),
            Err(wrong) => wrong.sentence,
        }
    }

    #[test]
    fn the_seeds_lines_are_read() {
        let add = call(
            "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -IPAddress 10.0.0.100 -ClientId 00155DA76602",
        );
        assert_eq!(add.address("ScopeId"), "10.0.0.0".parse().ok());
        assert_eq!(add.clients("ClientId")[0].to_string(), "00-15-5d-a7-66-02");
        let invoke = call(
            "Invoke-DhcpServerv4FailoverReplication -ComputerName dhcp1.contoso.com -ScopeId 10.0.0.0 -Force",
        );
        assert!(invoke.switch("Force"));
        assert_eq!(invoke.text("ComputerName"), Some("dhcp1.contoso.com"));
    }

    #[test]
    fn spellings_of_one_line() {
        for line in [
            "add-dhcpserverv4reservation -scopeid 10.0.0.0 -ipaddress 10.0.0.7 -clientid aabb -whatif",
            "Add-DhcpServerv4Reservation 10.0.0.0 10.0.0.7 aabb -WhatIf",
            "Add-DhcpServerv4Reservation -ReservedIP:10.0.0.7 10.0.0.0 aabb -wi",
            "Add-DhcpServerv4Reservation -Sc 10.0.0.0 -I 10.0.0.7 -Cl aa:bb -Wh:$true",
            "Add-DhcpServerv4Reservation \u{2013}ScopeId 10.0.0.0 -IP 10.0.0.7 -Cli aa-bb -WhatIf:true",
        ] {
            let call = call(line);
            assert_eq!(call.address("IPAddress"), "10.0.0.7".parse().ok(), "{line}");
            assert_eq!(call.address("ScopeId"), "10.0.0.0".parse().ok(), "{line}");
            assert_eq!(call.clients("ClientId")[0].to_string(), "aa-bb", "{line}");
            assert!(call.common.what_if, "{line}");
        }
    }

    #[test]
    fn lists_come_with_and_without_blanks() {
        for line in [
            "Get-DhcpServerv4Scope -ScopeId 10.0.0.0,10.0.1.0,10.0.2.0",
            "Get-DhcpServerv4Scope -ScopeId 10.0.0.0, 10.0.1.0, 10.0.2.0",
            "Get-DhcpServerv4Scope -ScopeId 10.0.0.0 , 10.0.1.0 ,10.0.2.0",
            "Get-DhcpServerv4Scope 10.0.0.0, 10.0.1.0, 10.0.2.0",
            "Get-DhcpServerv4Scope -- 10.0.0.0,10.0.1.0 ,10.0.2.0",
        ] {
            assert_eq!(call(line).addresses("ScopeId").len(), 3, "{line}");
        }
    }

    #[test]
    fn empty_texts_are_texts_where_they_may_be() {
        let mut line = words("Set-DhcpServerv4Failover -Name x -SharedSecret");
        line.push(String::new());
        let call = parse(&line).unwrap().complete().unwrap();
        assert_eq!(call.text("SharedSecret"), Some(""));
        assert_eq!(
            says("Set-DhcpServerv4Failover -Name:"),
            "-Name: an empty text won't do"
        );
    }

    #[test]
    fn output_stands_anywhere() {
        for line in [
            "Get-DhcpServerv4Scope --output json",
            "Get-DhcpServerv4Scope -o json 10.0.0.0",
            "Get-DhcpServerv4Scope --output=JSON",
            "Get-DhcpServerv4Scope -Output json",
            "Get-DhcpServerv4OptionValue -o json -O 3",
        ] {
            assert_eq!(call(line).common.output, Some(Output::Json), "{line}");
        }
        assert_eq!(
            says("Get-DhcpServerv4Scope --output xml"),
            "--output: 'xml' is none of table, list, json, csv"
        );
    }

    #[test]
    fn sets_are_told_apart() {
        assert!(call("Get-DhcpServerv4Lease -BadLeases").switch("BadLeases"));
        assert!(call("Get-DhcpServerv4Lease -BadLeases 10.0.0.0").has("ScopeId"));
        assert_eq!(
            call("Get-DhcpServerv4Reservation 10.0.0.0 aabb,ccdd")
                .clients("ClientId")
                .len(),
            2
        );
        assert_eq!(
            call("Set-DhcpServerv4OptionValue -Router 10.0.0.1 10.0.0.0").address("ScopeId"),
            "10.0.0.0".parse().ok()
        );
    }

    #[test]
    fn wrong_lines_get_a_sentence() {
        for (line, sentence) in [
            (
                "Add-DhcpServerv4Reseration",
                "there is no cmdlet 'Add-DhcpServerv4Reseration': did you mean Add-DhcpServerv4Reservation?",
            ),
            (
                "Get-DhcpServerv4Scope -ScopId 10.0.0.0",
                "Get-DhcpServerv4Scope has no parameter -ScopId: did you mean -ScopeId?",
            ),
            (
                "Get-DhcpServerv4Scope --ScopeId 10.0.0.0",
                "Get-DhcpServerv4Scope has no parameter --ScopeId: did you mean -ScopeId?",
            ),
            (
                "Get-DhcpServerv4Scope -Frobnicate",
                "Get-DhcpServerv4Scope has no parameter -Frobnicate: Get-DhcpServerv4Scope -? shows which there are",
            ),
            (
                "Get-DhcpServerv4Reservation -Co x",
                "-Co may be -ComputerName, -Confirm: write more of it",
            ),
            (
                "Get-DhcpServerv4Scope -ScopeId 10.0.0.0 -ScopeId 10.0.1.0",
                "-ScopeId is given twice",
            ),
            (
                "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0",
                "-IPAddress and -ClientId are needed: Add-DhcpServerv4Reservation -? shows how",
            ),
            (
                "Get-DhcpServerv4Reservation",
                "-ScopeId or -IPAddress is needed: Get-DhcpServerv4Reservation -? shows how",
            ),
            (
                "Get-DhcpServerv4Failover -Name x -ScopeId 10.0.0.0",
                "-Name and -ScopeId can't be given together",
            ),
            (
                "Get-DhcpServerv4Scope -ScopeId 10.0.0",
                "-ScopeId: '10.0.0' is no IPv4 address, such as 10.0.0.100",
            ),
            (
                "Get-DhcpServerv4Scope -ScopeId",
                "-ScopeId needs a value after it",
            ),
            (
                "Set-DhcpServerv4Scope 10.0.0.0 -Description -Name x",
                "-Description needs a value after it, and '-Name' looks like a parameter: to give it as the value, write -Description:-Name",
            ),
            (
                "Get-DhcpServerv4FreeIPAddress 10.0.0.0 -5",
                "-NumAddress: '-5' is no whole number from 0 to 1024",
            ),
            (
                "Get-DhcpServerVersion x",
                "'x' belongs to no parameter: Get-DhcpServerVersion -? shows which there are",
            ),
            (
                "Get-DhcpServerv4Scope -",
                "only Add- cmdlets read rows from standard input (-)",
            ),
            (
                "Set-DhcpServerv4Failover x -Confirm: -Mode HotStandby",
                "-Confirm: has no value after its colon (a shell that expands $false leaves nothing of it): write -Confirm:false or -Confirm:true",
            ),
            (
                "Get-DhcpServerv4Scope -CimSession x",
                "-CimSession is not used here: name the server with -ComputerName; how it is reached stands in the configuration",
            ),
            (
                "Set-DhcpServerv4Scope 10.0.0.0 -StartRange 10.0.0.1",
                "-EndRange is needed: Set-DhcpServerv4Scope -? shows how",
            ),
        ] {
            assert_eq!(says(line), sentence, "{line}");
        }
    }

    #[test]
    fn dash_values_are_given_after_a_colon() {
        let call = call("Set-DhcpServerv4Scope 10.0.0.0 -Description:-x -Confirm:false");
        assert_eq!(call.text("Description"), Some("-x"));
        assert_eq!(call.common.confirm, Some(false));
    }

    proptest! {
        #[test]
        fn any_words_are_read_or_refused(
            name in 0..spec::CMDLETS.len(),
            words in proptest::collection::vec("(-{0,2}[A-Za-z:,'\"]{0,6}|.{0,8}|[0-9.,]{1,12})", 0..8),
        ) {
            let mut line = vec![spec::CMDLETS[name].name.to_owned()];
            line.extend(words);
            if let Err(wrong) = parse(&line).and_then(|line| line.complete()) {
                prop_assert!(!wrong.sentence.is_empty());
                prop_assert!(!wrong.sentence.chars().any(char::is_control));
            }
        }
    }
}
