//! Rows of Import-Csv shape on standard input, each of which completes an Add- cmdlet's line.

use std::io::{self, Read};

use super::call::{Arguments, Line};
use super::error::Failure;
use super::failover::counted;
use super::parse;
use super::spec::{Cmdlet, Parameter};
use crate::exchange::csv::{self as sheet, Lines};
use crate::model::text::printable;

/// Standard input is read up to so many bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A row: the line it stands on, and the arguments it brings, or what is wrong with it.
pub(super) type Row = (u64, Result<Arguments, Failure>);

/// Columns that PowerShell adds to all objects.
const POWERSHELLS: [&str; 5] = [
    "PSComputerName",
    "CimClass",
    "CimInstanceProperties",
    "CimSystemProperties",
    "RunspaceId",
];

/// Properties that objects have and the cmdlet that adds them does not take, so that what a Get-
/// cmdlet wrote as CSV can be given to the Add- cmdlet as it is.
fn read_only(noun: &str) -> &'static [&'static str] {
    match noun {
        "DhcpServerv4Scope" => &["ScopeId"],
        "DhcpServerv4Reservation" => &["AddressState"],
        "DhcpServerv4Failover" => &[
            "State",
            "Mode",
            "EnableAuth",
            "PrimaryServerIP",
            "SecondaryServerIP",
            "PrimaryServerName",
            "SecondaryServerName",
            "ServerType",
        ],
        "DhcpServerv4FailoverScope" => &[
            "PartnerServer",
            "Mode",
            "LoadBalancePercent",
            "ServerRole",
            "ReservePercent",
            "MaxClientLeadTime",
            "StateSwitchInterval",
            "State",
            "AutoStateTransition",
            "EnableAuth",
            "PrimaryServerIP",
            "SecondaryServerIP",
            "PrimaryServerName",
            "SecondaryServerName",
            "ServerType",
        ],
        _ => &[],
    }
}

/// Reads rows.
///
/// # Errors
/// A [`Failure`] when standard input is no text, or its head names what the cmdlet does not have.
/// (A wrong row is no error of the rest.)
pub(super) fn read(line: &Line, input: &mut dyn Read) -> io::Result<Result<Vec<Row>, Failure>> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Ok(Err(Failure::invalid(
            "standard input has more than 64 MiB: give it in parts",
        )));
    }
    let text = sheet::text(&bytes).map_err(|why| Failure::invalid(format!("standard input {why}")));
    Ok(text.and_then(|text| rows(line, &text)))
}

fn rows(line: &Line, text: &str) -> Result<Vec<Row>, Failure> {
    let (skipped, text) = sheet::without_type(text);
    let delimiter = sheet::delimiter(text.lines().next().unwrap_or(""));
    sheet::whole_lines(text, delimiter, 1 + skipped)
        .map_err(|why| Failure::invalid(format!("{why}; nothing was done")))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let head = reader
        .headers()
        .map_err(|error| Failure::invalid(format!("standard input is no CSV: {error}")))?;
    if head.iter().all(|name| name.trim().is_empty()) {
        return Err(Failure::invalid(
            "standard input has no head: its first line must name the columns, such as ScopeId,IPAddress,ClientId",
        ));
    }
    let signed = head
        .iter()
        .position(|name| name.trim().eq_ignore_ascii_case("EnableAuth"))
        .filter(|_| line.cmdlet.noun() == "DhcpServerv4Failover");
    let columns: Vec<Option<&'static Parameter>> = head
        .iter()
        .map(|name| column(line, name))
        .collect::<Result<_, _>>()?;
    for (index, parameter) in columns.iter().enumerate() {
        if let Some(parameter) = parameter
            && columns[..index].contains(&Some(*parameter))
        {
            return Err(Failure::invalid(format!(
                "two columns of standard input are {}: leave one",
                parameter.name
            )));
        }
    }
    let mut lines = Lines::new(text, 1 + skipped);
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let at = lines.of(record.position());
                if record.iter().all(|cell| cell.trim().is_empty()) {
                    continue;
                }
                let mut row = arguments(line.cmdlet, &columns, &record);
                let signed = signed.and_then(|place| record.get(place));
                if let Ok(arguments) = &row
                    && signed.is_some_and(|cell| cell.trim().eq_ignore_ascii_case("true"))
                    && !arguments.contains_key("SharedSecret")
                    && !line.arguments.contains_key("SharedSecret")
                {
                    // A secret is never written; without one the relationship would be made
                    // less safe than the one it was taken from.
                    row = Err(Failure::invalid(
                        "EnableAuth is True, and no secret is given: add -SharedSecret to the line",
                    ));
                }
                rows.push((at, row));
            }
            Err(error) => {
                let at = lines.of(error.position());
                rows.push((at, Err(Failure::invalid(format!("no CSV: {error}")))));
            }
        }
    }
    Ok(rows)
}

/// The parameter that a column fills; `None` is passed over.
fn column(line: &Line, name: &str) -> Result<Option<&'static Parameter>, Failure> {
    let shown = printable(name, 80);
    let Some(parameter) = parse::column(line.cmdlet, name) else {
        let name = name.trim();
        let mut passed_over = POWERSHELLS.iter().chain(read_only(line.cmdlet.noun()));
        if passed_over.any(|known| known.eq_ignore_ascii_case(name)) {
            return Ok(None);
        }
        let known: Vec<&str> = line.cmdlet.parameters.iter().map(|p| p.name).collect();
        return Err(Failure::invalid(format!(
            "{} has no parameter for the column '{shown}': it knows {}",
            line.cmdlet.name,
            known.join(", ")
        )));
    };
    if line.arguments.contains_key(parameter.name) {
        return Err(Failure::invalid(format!(
            "the column '{shown}' and -{} on the line can't be given together",
            parameter.name
        )));
    }
    Ok(Some(parameter))
}

/// An empty cell gives nothing.
fn arguments(
    cmdlet: &'static Cmdlet,
    columns: &[Option<&'static Parameter>],
    record: &csv::StringRecord,
) -> Result<Arguments, Failure> {
    if record.len() != columns.len() {
        return Err(Failure::invalid(format!(
            "the row has {}, the head {}",
            counted(record.len(), "cell", "cells"),
            columns.len()
        )));
    }
    let mut arguments = Arguments::new();
    for (cell, parameter) in record.iter().zip(columns) {
        if let Some(parameter) = parameter
            && !cell.trim().is_empty()
        {
            arguments.insert(
                parameter.name,
                parse::read_value(cmdlet, parameter, cell).map_err(Failure::from)?,
            );
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_rows(line: &str, input: &[u8]) -> Result<Vec<Row>, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let line = parse::parse(&words).unwrap();
        assert!(line.rows);
        read(&line, &mut &*input).unwrap()
    }

    #[test]
    fn rows_complete_the_line() {
        let rows = read_rows(
            "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -",
            b"\xef\xbb\xbfReservedIP;clientid;HostName;AddressState\r\n10.0.0.7;aabb;\"x;y\";\r\n\r\n10.0.0.300;aabb;;\r\n10.0.0.8;cc\r\n",
        )
        .unwrap();
        assert_eq!(rows.len(), 3);
        let (at, first) = &rows[0];
        assert_eq!(*at, 2);
        assert_eq!(first.as_ref().unwrap().len(), 3);
        assert_eq!(rows[1].0, 4);
        assert!(
            rows[1]
                .1
                .as_ref()
                .unwrap_err()
                .message
                .contains("10.0.0.300")
        );
        assert_eq!(
            rows[2].1.as_ref().unwrap_err().message,
            "the row has 2 cells, the head 4"
        );
    }

    #[test]
    fn wide_text_and_a_type_line_are_read() {
        let text = "\u{feff}#TYPE x\r\n\"ScopeId\",\"IPAddress\",\"ClientId\"\r\n\"10.0.0.0\",\"10.0.0.7\",\"aabb\"\r\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let rows = read_rows("Add-DhcpServerv4Reservation -", &bytes).unwrap();
        assert_eq!(rows[0].0, 3);
        assert_eq!(rows[0].1.as_ref().unwrap().len(), 3);
    }

    #[test]
    fn a_wrong_head_is_refused_as_a_whole() {
        let says = |input: &[u8]| {
            read_rows("Add-DhcpServerv4ExclusionRange -ScopeId 10.0.0.0 -", input)
                .unwrap_err()
                .message
        };
        assert!(says(b"StartRange,Colour\n").contains("column 'Colour'"));
        assert!(says(b"ScopeId,StartRange\n").contains("on the line"));
        assert!(says(b"StartRange,startrange\n").contains("two columns"));
        assert!(says(b"").contains("no head"));
        assert!(says(b"\xff\xff\xff").contains("byte 1"));
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_swallows_no_row() {
        let says = |input: &str| {
            let line = "Add-DhcpServerv4Reservation -ScopeId 10.0.0.0 -";
            match read_rows(line, input.as_bytes()) {
                Ok(rows) => format!("{} rows", rows.len()),
                Err(failure) => failure.message,
            }
        };
        let head = "IPAddress,ClientId,Name\r\n10.0.0.5,aabb,x\r\n";
        for (tail, line) in [
            ("10.0.0.6,aacc,\"b\r\n10.0.0.7,aadd,c\r\n", "line 3: "),
            ("10.0.0.6,aacc,\"b\r\n10.0.0.7,aadd,\"c\"\r\n", "line 3: "),
            ("10.0.0.6,aacc,b\r\n10.0.0.7,aadd,\"c", "line 4: "),
            ("10.0.0.6,aacc,\"a \"\"b\"\"\r\n\"\r\n", "line 3: "),
        ] {
            let said = says(&format!("{head}{tail}"));
            assert!(said.starts_with(line) && said.contains("nothing"), "{said}");
        }
        for tail in [
            "10.0.0.6,aacc,\"a \"\"b\"\"\"\r\n",
            "10.0.0.6,aacc,6\" pipe\r\n",
            "\"10.0.0.6\",\"aacc\",\"\"\r\n",
        ] {
            assert_eq!(says(&format!("{head}{tail}")), "2 rows", "{tail}");
        }
    }
}
