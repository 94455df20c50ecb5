//! The DNS page of a server's or a scope's properties, as fields of a form.

use crate::console::layers::form::{Field, FieldId, Fields};
use crate::model::scope::{DnsSettings, DynamicUpdates};

const UPDATES: [(&str, DynamicUpdates); 3] = [
    ("When clients ask", DynamicUpdates::OnClientRequest),
    ("Always", DynamicUpdates::Always),
    ("Never", DynamicUpdates::Never),
];

/// The page's own fields, without the choice whose settings hold.
const OWN: [FieldId; 7] = [
    "dns-updates",
    "dns-protection",
    "dns-discard",
    "dns-older",
    "dns-ptr",
    "dns-suffix",
    "dns-heading",
];

/// The fields; with `inherits` a choice stands before them: a scope may take its server's, and has to
/// where there is a reason why not.
pub(super) fn fields(
    settings: Option<&DnsSettings>,
    inherits: bool,
    why_not: Option<String>,
) -> Vec<Field> {
    let heading = Field::heading("dns-heading-all", "DNS Dynamic Updates");
    let choice = Field::choice(
        "dns",
        "DNS settings",
        ["As the server", "Its own"],
        usize::from(settings.is_some()),
    )
    .unless(why_not);
    let known = settings.cloned().unwrap_or_default();
    let updates = UPDATES
        .iter()
        .position(|(_, updates)| *updates == known.dynamic_updates);
    let words = UPDATES.iter().map(|(word, _)| *word);
    let mut fields = vec![heading];
    if inherits {
        fields.push(choice);
    }
    fields.extend([
        Field::choice(
            "dns-updates",
            "Enable DNS dynamic updates",
            words,
            updates.unwrap_or(0),
        ),
        Field::check(
            "dns-protection",
            "Enable name protection",
            known.name_protection,
        ),
        Field::check(
            "dns-discard",
            "Discard DNS A and PTR records when lease is deleted",
            known.delete_on_lease_expiry,
        ),
        Field::check(
            "dns-older",
            "Dynamically update DNS records for DHCP clients that do not request updates",
            known.update_for_older_clients,
        ),
        Field::check(
            "dns-ptr",
            "Disable dynamic updates for DNS PTR records",
            known.disable_ptr_updates,
        ),
        Field::text("dns-suffix", "DNS suffix", known.suffix).hint("Empty: the client's own"),
    ]);
    fields
}

/// Whether a field is there: the page's own only where the scope does not take the server's.
pub(super) fn shown(id: FieldId, fields: &Fields) -> bool {
    !OWN.contains(&id) || fields.get("dns").is_none() || fields.chosen("dns") == 1
}

/// What the fields say; `None` takes the server's.
pub(super) fn settings(fields: &Fields) -> Option<DnsSettings> {
    if fields.get("dns").is_some() && fields.chosen("dns") == 0 {
        return None;
    }
    let updates = UPDATES.get(fields.chosen("dns-updates"));
    Some(DnsSettings {
        dynamic_updates: updates.map_or(DynamicUpdates::default(), |(_, updates)| *updates),
        name_protection: fields.on("dns-protection"),
        delete_on_lease_expiry: fields.on("dns-discard"),
        update_for_older_clients: fields.on("dns-older"),
        disable_ptr_updates: fields.on("dns-ptr"),
        suffix: fields.text("dns-suffix").to_owned(),
    })
}
