//! Reservations as lines of CSV: what Get-DhcpServerv4Reservation | Export-Csv writes, what a
//! spreadsheet makes of it, or an address and a client a line.

use std::net::Ipv4Addr;

use super::csv::{Lines, delimiter, whole_lines, without_type};
use crate::model::Reservation;
use crate::model::scope::ClientType;
use crate::model::text::printable;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Address,
    Client,
    Name,
    Description,
    Kind,
    Other,
}

/// What the columns are without a head, in order.
const WITHOUT_HEAD: [Column; 5] = [
    Column::Address,
    Column::Client,
    Column::Name,
    Column::Description,
    Column::Kind,
];

fn column(name: &str) -> Column {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    match name.as_str() {
        "ipaddress" | "ip" | "address" | "reservedip" | "ipv4address" => Column::Address,
        "clientid" | "client" | "mac" | "macaddress" | "hwaddress" => Column::Client,
        "name" | "hostname" | "reservationname" | "host" => Column::Name,
        "description" | "comment" => Column::Description,
        "type" | "reservationtype" => Column::Kind,
        _ => Column::Other,
    }
}

/// A line's number, counted from 1, and its reservation or what is wrong with it.
pub type Row = (u64, Result<Reservation, String>);

/// Reads reservations. The head may be missing: then a line is address, client ID, name,
/// description, type. Blank lines are passed over.
///
/// # Errors
/// A sentence when the text as a whole is none. (A wrong line is no error of the rest.)
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (skipped, text) = without_type(text);
    let first = text.lines().find(|line| !line.trim().is_empty());
    let first = first.unwrap_or("");
    let delimiter = delimiter(first);
    whole_lines(text, delimiter, 1 + skipped)?;
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut lines = Lines::new(text, 1 + skipped);
    let mut columns: Option<Vec<Column>> = None;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(why) => {
                rows.push((lines.of(why.position()), Err(format!("no CSV: {why}"))));
                continue;
            }
        };
        let line = lines.of(record.position());
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some(known) = &columns else {
            let head: Vec<Column> = record.iter().map(column).collect();
            let is_head = head.contains(&Column::Address) && head.contains(&Column::Client);
            columns = Some(match is_head {
                true => head,
                false => WITHOUT_HEAD.to_vec(),
            });
            if !is_head {
                rows.push((line, reservation(&WITHOUT_HEAD, &record)));
            }
            continue;
        };
        rows.push((line, reservation(known, &record)));
    }
    Ok(rows)
}

fn reservation(columns: &[Column], record: &::csv::StringRecord) -> Result<Reservation, String> {
    let cell = |wanted: Column| {
        let mut cells = columns.iter().zip(record.iter());
        let found = cells.find(|(column, _)| **column == wanted);
        found.map_or("", |(_, cell)| cell.trim())
    };
    let address = cell(Column::Address);
    let address: Ipv4Addr = address
        .parse()
        .map_err(|_| format!("'{}' is no IP address", printable(address, 40)))?;
    let client = cell(Column::Client).parse();
    let client = client.map_err(|why: crate::model::client_id::BadClientId| why.to_string())?;
    let kind = cell(Column::Kind);
    let kind = match kind.to_ascii_lowercase().as_str() {
        "" | "both" => ClientType::Both,
        "dhcp" => ClientType::Dhcp,
        "bootp" => ClientType::Bootp,
        _ => {
            let kind = printable(kind, 40);
            return Err(format!(
                "'{kind}' is no reservation type: Both, Dhcp or Bootp"
            ));
        }
    };
    Ok(Reservation {
        name: cell(Column::Name).to_owned(),
        description: cell(Column::Description).to_owned(),
        kind,
        ..Reservation::new(address, client)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_export_csv_writes_is_read() {
        let text = "#TYPE x\r\n\"IPAddress\",\"ScopeId\",\"ClientId\",\"Name\",\"Type\",\"Description\"\r\n\
                    \"10.0.0.7\",\"10.0.0.0\",\"00-15-5d-00-00-07\",\"p, one\",\"Dhcp\",\"Room 7\"\r\n";
        let rows = read(text).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].0, 3);
        let one = rows[0].1.as_ref().unwrap();
        assert_eq!((one.name.as_str(), one.kind), ("p, one", ClientType::Dhcp));
        assert_eq!(one.description, "Room 7");
    }

    #[test]
    fn lines_without_a_head_and_with_tabulators_are_read() {
        let rows = read("10.0.0.7\taabb\tprinter\n\n10.0.0.300\taabb\n10.0.0.8,\n").unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].1.as_ref().unwrap().name, "printer");
        assert_eq!(rows[1].0, 3);
        assert!(rows[1].1.as_ref().unwrap_err().contains("10.0.0.300"));
        assert!(rows[2].1.is_err());
        assert_eq!(read(" \n").unwrap(), []);
        assert!(read("10.0.0.7,aabb,\"x\n").unwrap_err().contains("line 1"));
    }
}
