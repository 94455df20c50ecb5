//! One term of a filter: how it is read, which columns it means, and what it implies.

use std::fmt::Write;

use super::value::{self, Comparison, Test};
use super::{BoundTerm, fold};
use crate::console::table::source::{Align, ColumnSpec};

/// A term: what it says of every column, or of a named one.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    not: bool,
    /// The column, if it names one, and what is asked of it.
    on: Option<On>,
    /// What it says as a plain word.
    plain: Test,
}

#[derive(Clone, PartialEq, Debug)]
struct On {
    /// As typed.
    written: String,
    /// Letters and digits only, folded.
    name: String,
    /// `!=` turns the term round.
    not: bool,
    test: Test,
}

/// A character, and whether it stood in quotes.
type Marked = (char, bool);

/// The terms of a text.
pub fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut token: Vec<Marked> = Vec::new();
    let (mut quoted, mut has_quotes) = (false, false);
    for character in text.chars().chain([' ']) {
        match character {
            '"' => {
                quoted = !quoted;
                has_quotes = true;
            }
            space if space.is_whitespace() && !quoted => {
                terms.extend(term(&token, has_quotes));
                token.clear();
                has_quotes = false;
            }
            other => token.push((other, quoted)),
        }
    }
    // A quote that was not closed yet reaches to the end, less the space put there above.
    if quoted {
        token.pop();
    }
    terms.extend(term(&token, has_quotes));
    terms
}

fn text_of(marked: &[Marked]) -> String {
    let text: String = marked.iter().map(|(character, _)| *character).collect();
    fold(&text).into_owned()
}

fn term(token: &[Marked], has_quotes: bool) -> Option<Term> {
    let (not, token) = match token {
        [('-' | '!', false), rest @ ..] => (true, rest),
        all => (false, all),
    };
    if token.is_empty() {
        return None;
    }
    let text = text_of(token);
    let plain = match token.iter().all(|(_, quoted)| *quoted) {
        true => Test::has_literal(&text),
        false => Test::of_word(&text),
    };
    let on = match value::is_spelt_mac(&text) {
        true => None,
        false => on(token, has_quotes),
    };
    Some(Term { not, on, plain })
}

/// The column and what is asked of it, where a token has the form of it.
fn on(token: &[Marked], has_quotes: bool) -> Option<On> {
    let is = |place: usize, wanted: char| token.get(place) == Some(&(wanted, false));
    let begins = |place: usize| {
        [':', '=', '<', '>']
            .iter()
            .any(|operator| is(place, *operator))
            || (is(place, '!') && is(place + 1, '='))
    };
    let at = (1..token.len()).find(|place| begins(*place))?;
    let written = text_of(&token[..at]);
    if !written.starts_with(char::is_alphabetic) {
        return None;
    }
    // `used:>80` is as good as `used>80`.
    let from = match is(at, ':') && begins(at + 1) && !is(at + 1, ':') {
        true => at + 1,
        false => at,
    };
    let second = is(from + 1, '=');
    let (operator, length) = match token.get(from).map(|(character, _)| *character) {
        Some('!') => (Operator::Is(true), 2),
        Some('=') => (Operator::Is(false), if second { 2 } else { 1 }),
        Some('<') if second => (Operator::Compare(Comparison::AtMost), 2),
        Some('<') => (Operator::Compare(Comparison::Below), 1),
        Some('>') if second => (Operator::Compare(Comparison::AtLeast), 2),
        Some('>') => (Operator::Compare(Comparison::Above), 1),
        _ => (Operator::Has, 1),
    };
    let value = token.get(from + length..).unwrap_or_default();
    let text = text_of(value);
    let all_quoted = !value.is_empty() && value.iter().all(|(_, quoted)| *quoted);
    let test = match operator {
        _ if text.is_empty() && !has_quotes => Test::Everything,
        Operator::Compare(comparison) => Test::compare(comparison, &text),
        Operator::Has if text.is_empty() => Test::is(&text),
        Operator::Has if all_quoted => Test::has_literal(&text),
        Operator::Has => Test::of_part(&text),
        Operator::Is(_) if all_quoted => Test::is(&text),
        Operator::Is(_) => Test::of_whole(&text),
    };
    Some(On {
        name: letters(&written),
        written,
        not: operator == Operator::Is(true) && test != Test::Everything,
        test,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Has,
    /// Equal, or not.
    Is(bool),
    Compare(Comparison),
}

fn letters(name: &str) -> String {
    let folded = fold(name);
    folded.chars().filter(|one| one.is_alphanumeric()).collect()
}

/// The columns that a name means: those it names; else those whose label or word begins with it,
/// or has a word that it is.
fn columns_named(name: &str, columns: &[ColumnSpec]) -> Vec<usize> {
    let places = |means: &dyn Fn(&ColumnSpec) -> bool| -> Vec<usize> {
        let meant = columns.iter().enumerate().filter(|(_, spec)| means(spec));
        meant.map(|(place, _)| place).collect()
    };
    let names = |spec: &ColumnSpec| -> Vec<String> {
        let words = spec.words.iter().map(|word| letters(word));
        words.chain([letters(spec.name)]).collect()
    };
    let ways: [&dyn Fn(&ColumnSpec) -> bool; 3] = [
        &|spec| names(spec).iter().any(|one| one == name),
        &|spec| {
            let mut words = spec.name.split_whitespace();
            words.any(|word| letters(word) == name)
        },
        &|spec| names(spec).iter().any(|one| one.starts_with(name)),
    ];
    let found = ways.iter().map(|way| places(way));
    found
        .into_iter()
        .find(|places| !places.is_empty())
        .unwrap_or_default()
}

impl Term {
    /// Why it does not do what it seems to say.
    pub fn trouble(&self, columns: &[ColumnSpec]) -> Option<String> {
        let on = self.on.as_ref()?;
        let meant = columns_named(&on.name, columns);
        if meant.is_empty() {
            return Some(no_column(on, columns));
        }
        let numbers = |place: &usize| columns[*place].align == Align::Right;
        match &on.test {
            Test::Compare(_, operand) if !operand.is_measure() && meant.iter().all(numbers) => {
                let label = columns[*meant.first()?].name;
                let text = crate::model::text::printable(&operand.text, 40);
                Some(format!(
                    "{label} is a number, and '{text}' is none: try {}>80",
                    on.written
                ))
            }
            _ => None,
        }
    }

    /// The term for those columns; `None` when it lets everything through.
    pub fn bind(&self, columns: &[ColumnSpec]) -> Option<BoundTerm> {
        let named = self.on.as_ref().and_then(|on| {
            let meant = columns_named(&on.name, columns);
            (!meant.is_empty()).then_some((on, meant))
        });
        let (not, columns, test) = match named {
            Some((on, meant)) => (self.not != on.not, Some(meant), &on.test),
            None => (self.not, None, &self.plain),
        };
        (*test != Test::Everything).then(|| BoundTerm {
            not,
            columns,
            test: test.clone(),
        })
    }

    /// Whether a row that passes this one passes the other, whatever the columns.
    pub fn implies(&self, other: &Term) -> bool {
        if self == other {
            return true;
        }
        if self.not || other.not || !self.plain.implies(&other.plain) {
            return false;
        }
        match (&self.on, &other.on) {
            (None, None) => true,
            (Some(one), Some(two)) => {
                one.name == two.name && !one.not && !two.not && one.test.implies(&two.test)
            }
            _ => false,
        }
    }
}

fn no_column(on: &On, columns: &[ColumnSpec]) -> String {
    let written = crate::model::text::printable(&on.written, 30);
    let mut says =
        format!("There is no column '{written}' here, so it is searched for as it stands");
    let alike = |spec: &&ColumnSpec| {
        let words = spec.words.iter().map(|word| letters(word));
        let all = words.chain([letters(spec.name)]);
        let likeness = all.map(|word| strsim::jaro_winkler(&word, &on.name));
        likeness.fold(0.0, f64::max)
    };
    let best = columns
        .iter()
        .max_by(|one, two| alike(one).total_cmp(&alike(two)));
    match best {
        Some(spec) if alike(&spec) > 0.8 => {
            let word = spec
                .words
                .first()
                .map_or_else(|| letters(spec.name), |word| letters(word));
            let _ = write!(says, ": did you mean {word} ({})?", spec.name);
        }
        _ => {
            let word = |spec: &ColumnSpec| match spec.words.first() {
                Some(word) => (*word).to_owned(),
                None => letters(spec.name),
            };
            let words: Vec<String> = columns.iter().map(word).collect();
            let _ = write!(says, "; there are {}", words.join(", "));
        }
    }
    says
}
