//! How objects are written: PowerShell's tables and lists, JSON, CSV.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::object::{Object, Results, Value};
use super::parse::Output;
use super::value::element;
use crate::model::text::printable;

/// A column of a known table: head, property, width.
type Column = (&'static str, &'static str, usize);

/// How a class is shown unless something else is asked for.
enum View {
    /// In these columns.
    Table(&'static [Column]),
    /// In a list of these properties.
    List(&'static [&'static str]),
}

/// No text of a cell or a list is longer than this.
const LONGEST: usize = 1000;
/// An auto-sized column is at most so wide.
const WIDEST: usize = 80;

/// The tables whose columns are known, and the lists that show less than the object has.
fn view(class: &str) -> Option<View> {
    Some(match class {
        "DhcpServerv4Reservation" => View::Table(&[
            ("IPAddress", "IPAddress", 20),
            ("ScopeId", "ScopeId", 20),
            ("ClientId", "ClientId", 20),
            ("Name", "Name", 20),
            ("Type", "Type", 20),
            ("Description", "Description", 20),
        ]),
        "DhcpServerv4Lease" => View::Table(&[
            ("IPAddress", "IPAddress", 15),
            ("ScopeId", "ScopeId", 15),
            ("ClientId", "ClientId", 20),
            ("HostName", "HostName", 20),
            ("AddressState", "AddressState", 20),
            ("LeaseExpiryTime", "LeaseExpiryTime", 22),
        ]),
        "DhcpServerv4ScopeStatistics" => View::Table(&[
            ("ScopeId", "ScopeId", 16),
            ("Free", "AddressesFree", 15),
            ("InUse", "AddressesInUse", 15),
            ("PercentageInUse", "PercentageInUse", 16),
            ("Reserved", "ReservedAddress", 15),
            ("Pending", "PendingOffers", 15),
            ("SuperscopeName", "SuperscopeName", 20),
        ]),
        "DhcpServerv4Scope" => View::Table(&[
            ("ScopeId", "ScopeId", 15),
            ("SubnetMask", "SubnetMask", 15),
            ("Name", "Name", 14),
            ("State", "State", 8),
            ("StartRange", "StartRange", 15),
            ("EndRange", "EndRange", 15),
            ("LeaseDuration", "LeaseDuration", 15),
        ]),
        "DhcpServerv4Failover" => View::List(&[
            "Name",
            "PartnerServer",
            "Mode",
            "LoadBalancePercent",
            "ServerRole",
            "ReservePercent",
            "MaxClientLeadTime",
            "StateSwitchInterval",
            "State",
            "ScopeId",
            "AutoStateTransition",
            "EnableAuth",
        ]),
        "DhcpServerv4OptionDefinition" => {
            View::List(&["Name", "OptionId", "Type", "VendorClass", "MultiValued"])
        }
        "DhcpServerSetting" => View::List(&[
            "IsDomainJoined",
            "IsAuthorized",
            "ConflictDetectionAttempts",
            "ActivatePolicies",
        ]),
        _ => return None,
    })
}

/// Writes what a cmdlet gives.
///
/// # Errors
/// When it can't be written.
pub fn write(out: &mut dyn Write, answer: &Results, output: Option<Output>) -> io::Result<()> {
    match answer {
        Results::Nothing => Ok(()),
        Results::Lines(lines) => match output {
            Some(Output::Json) => json(out, lines),
            _ => lines
                .iter()
                .try_for_each(|line| writeln!(out, "{}", printable(line, LONGEST))),
        },
        Results::Objects(objects) => match output {
            Some(Output::Json) => json(out, objects),
            Some(Output::Csv) => csv(out, objects),
            Some(Output::List) => list(out, objects, None),
            Some(Output::Table) => table(out, objects),
            None => match objects.first().and_then(|object| view(object.class)) {
                Some(View::List(names)) => list(out, objects, Some(names)),
                Some(View::Table(_)) => table(out, objects),
                None if objects.first().is_some_and(|o| o.properties.len() > 4) => {
                    list(out, objects, None)
                }
                None => table(out, objects),
            },
        },
    }
}

/// Whether CSV, which has no way to write what a terminal might take for a command, has other
/// characters in its place.
pub(super) fn altered(answer: &Results, output: Option<Output>) -> bool {
    let differs = |text: &String| printable(text, usize::MAX) != *text;
    let (Results::Objects(objects), Some(Output::Csv)) = (answer, output) else {
        return false;
    };
    let values = objects.iter().flat_map(|object| &object.properties);
    values.into_iter().any(|(_, value)| match value {
        Value::Text(text) => differs(text),
        Value::List(texts) | Value::OneOrMany(texts) => texts.iter().any(differs),
        _ => false,
    })
}

/// A value as a table or a list shows it: fit for a terminal.
fn shown(value: &Value) -> String {
    let braces = |texts: &[String]| format!("{{{}}}", texts.join(", "));
    let text = match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Real(number) => real(*number),
        Value::Bool(on) => if *on { "True" } else { "False" }.to_owned(),
        Value::Time(time) => local(*time, TimeZone::system()),
        Value::OneOrMany(texts) => match texts.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            several => braces(several),
        },
        Value::List(texts) => braces(texts),
    };
    printable(&text, LONGEST)
}

/// A moment as en-US Windows prints it: `2/5/2015 7:57:12 PM`.
fn local(time: Timestamp, zone: TimeZone) -> String {
    time.to_zoned(zone)
        .strftime("%-m/%-d/%Y %-I:%M:%S %p")
        .to_string()
}

/// A number with at most seven significant digits, as .NET prints a Single.
fn real(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    let whole = format!("{:.0}", number.abs().trunc());
    let before = if whole == "0" { 0 } else { whole.len() };
    let text = format!("{number:.*}", 7_usize.saturating_sub(before));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn list(out: &mut dyn Write, objects: &[Object], names: Option<&[&str]>) -> io::Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for object in objects {
        let names: Vec<&str> = match names {
            Some(names) => names.to_vec(),
            None => object.properties.iter().map(|(name, _)| *name).collect(),
        };
        let label = names.iter().map(|name| name.len()).max().unwrap_or(0);
        for name in names {
            let line = format!("{name:label$} : {}", shown(object.get(name)));
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, objects: &[Object]) -> io::Result<()> {
    let Some(first) = objects.first() else {
        return Ok(());
    };
    let known = match view(first.class) {
        Some(View::Table(columns)) => Some(columns),
        _ => None,
    };
    let columns: Vec<Column> = match known {
        Some(columns) => columns.to_vec(),
        None => first
            .properties
            .iter()
            .map(|(name, _)| {
                let cells = objects
                    .iter()
                    .map(|object| shown(object.get(name)).chars().count());
                let width = cells
                    .max()
                    .unwrap_or(0)
                    .clamp(name.len(), WIDEST.max(name.len()));
                (*name, *name, width)
            })
            .collect(),
    };
    // A known table stands on the left everywhere; without one, numbers stand on the right.
    let right: Vec<bool> = columns
        .iter()
        .map(|(_, property, _)| {
            known.is_none() && matches!(first.get(property), Value::Number(_) | Value::Real(_))
        })
        .collect();
    let mut row = |cells: &mut dyn Iterator<Item = String>| {
        let mut line = String::new();
        for ((cell, (_, _, width)), right) in cells.zip(&columns).zip(&right) {
            let cell = cut(&cell, *width);
            if *right {
                line.push_str(&format!("{cell:>width$} "));
            } else {
                line.push_str(&format!("{cell:<width$} "));
            }
        }
        writeln!(out, "{}", line.trim_end())
    };
    row(&mut std::iter::empty())?;
    row(&mut columns.iter().map(|(head, ..)| (*head).to_owned()))?;
    row(&mut columns.iter().map(|(head, ..)| "-".repeat(head.len())))?;
    for object in objects {
        row(&mut columns
            .iter()
            .map(|(_, property, _)| shown(object.get(property))))?;
    }
    row(&mut std::iter::empty())
}

/// A text cut to a column's width, with `...` where something was cut off.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(3)).collect();
    cut.push_str("...");
    cut
}

/// Always an array, whatever there is. What a terminal might take for a command is escaped.
fn json(out: &mut dyn Write, value: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // Outside of texts JSON has no such character but the line feeds put in here.
        if character != '\n'
            && printable(character.encode_utf8(&mut [0; 4]), 4).starts_with('\u{fffd}')
            && character != '\u{fffd}'
        {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    writeln!(out, "{escaped}")
}

fn csv(out: &mut dyn Write, objects: &[Object]) -> io::Result<()> {
    let Some(first) = objects.first() else {
        return Ok(());
    };
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(out);
    writer.write_record(first.properties.iter().map(|(name, _)| *name))?;
    for object in objects {
        let cell = |name: &&str| match object.get(name) {
            Value::List(texts) | Value::OneOrMany(texts) => {
                let elements: Vec<String> = texts.iter().map(|text| element(text)).collect();
                printable(&elements.join(","), usize::MAX)
            }
            Value::Text(text) => printable(text, usize::MAX),
            other => shown(other),
        };
        let names = first.properties.iter().map(|(name, _)| name);
        writer.write_record(names.map(cell))?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests;
