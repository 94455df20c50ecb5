//! What the dialogs about a scope ask alike: whom it serves, its delay, which field an error is about.

mod edit;
mod new;

use std::net::Ipv4Addr;

use crate::console::dialogs::refused;
use crate::console::layers::form::{Field, FieldId, Fields, Wrong, read};
use crate::console::world::World;
use crate::model::scope::{ClientType, DnsSettings, ScopeProperty, ScopeState};
use crate::model::{Edit, Range, ScopeId, ServerName};
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

/// Why a server's kind has no use for what a field is about, were it changed.
struct WhyNot<'w> {
    world: &'w World,
    server: &'w ServerName,
}

impl WhyNot<'_> {
    fn property(&self, property: ScopeProperty) -> Option<String> {
        let edit = Edit::SetScope {
            scope: ScopeId::of(Ipv4Addr::UNSPECIFIED, 0)?,
            properties: vec![property],
        };
        refused(self.world, self.server, &edit)
    }

    fn exclusions(&self) -> Option<String> {
        let range = Range::single(Ipv4Addr::UNSPECIFIED);
        let scope = ScopeId::of(Ipv4Addr::UNSPECIFIED, 0)?;
        let edit = Edit::AddExclusion { scope, range };
        refused(self.world, self.server, &edit)
    }

    fn state(&self) -> Option<String> {
        self.property(ScopeProperty::State(ScopeState::Inactive))
    }

    fn kind(&self) -> Option<String> {
        self.property(ScopeProperty::Kind(ClientType::Bootp))
    }

    fn delay(&self) -> Option<String> {
        self.property(ScopeProperty::Delay(1))
    }

    fn policies(&self) -> Option<String> {
        self.property(ScopeProperty::ActivatePolicies(false))
    }

    fn dns(&self) -> Option<String> {
        self.property(ScopeProperty::Dns(Some(DnsSettings::default())))
    }
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
