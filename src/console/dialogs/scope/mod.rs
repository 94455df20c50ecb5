//! What the dialogs about a scope ask alike: whom it serves, its delay, which field an error is about.

mod edit;
mod new;

use crate::console::layers::form::{Field, FieldId, Fields, Wrong, read};
use crate::model::scope::ClientType;
use crate::rules::error::Code;

pub use edit::{EditOne, EditSeveral};
pub use new::{Create, Duplicate};

/// Whom a scope serves, in the dialog's order.
const KINDS: [(&str, ClientType); 3] = [
    ("DHCP", ClientType::Dhcp),
    ("BOOTP", ClientType::Bootp),
    ("Both", ClientType::Both),
];

fn kind_field(kind: ClientType) -> Field {
    let at = KINDS.iter().position(|(_, known)| *known == kind);
    let words = KINDS.iter().map(|(word, _)| *word);
    Field::choice("kind", "Assign addresses to", words, at.unwrap_or(0))
}

fn chosen_kind(fields: &Fields) -> ClientType {
    let chosen = KINDS.get(fields.chosen("kind"));
    chosen.map_or(ClientType::Dhcp, |(_, kind)| *kind)
}

fn field_of(code: Code, sentence: &str) -> Option<FieldId> {
    match code {
        Code::SubnetExists | Code::SubnetExits if sentence.contains("superscope") => {
            Some("superscope")
        }
        Code::SubnetExists | Code::SubnetExits => Some("start"),
        Code::InvalidSubnetPrefix => Some("mask"),
        Code::InvalidRange if sentence.contains("exclusion") || sentence.contains("excluded") => {
            Some("exclusions")
        }
        Code::InvalidRange | Code::IprangeConvIllegal | Code::FoRangePartOfRel => Some("end"),
        Code::ScopeNameTooLong => Some("name"),
        Code::SuperScopeNameTooLong => Some("superscope"),
        Code::InvalidDelay => Some("delay"),
        Code::FoBootNotSupported | Code::FoIprangeTypeConvIllegal => Some("kind"),
        Code::InvalidParameter if sentence.contains("the name of scope") => Some("name"),
        Code::InvalidParameter if sentence.contains("description") => Some("description"),
        Code::InvalidParameter if sentence.contains("lease") => Some("duration"),
        Code::InvalidParameter if sentence.contains("suffix") => Some("dns-suffix"),
        _ => None,
    }
}

fn delay(fields: &Fields) -> Result<u16, Wrong> {
    let delay = fields.read("delay", |text| read::number(text, 0, 1000))?;
    Ok(u16::try_from(delay).unwrap_or(u16::MAX))
}
