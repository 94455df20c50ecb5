//! What a Kea server says of its configuration, in the shapes it says it in: borrowed from the
//! text, and only what the model wants to know.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::drivers::kea::options::OptionData;

/// A text, borrowed where it has no escapes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing said: Kea writes unset texts as empty ones.
    pub(super) fn is_unset(&self) -> bool {
        self.0.is_empty()
    }
}

/// The answer to `config-get`.
#[derive(Deserialize)]
pub(super) struct Arguments<'a> {
    #[serde(borrow, rename = "Dhcp4")]
    pub(super) dhcp4: Dhcp4<'a>,
    #[serde(borrow)]
    pub(super) hash: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Dhcp4<'a> {
    #[serde(default, borrow)]
    pub(super) subnet4: Vec<Subnet<'a>>,
    #[serde(default, borrow)]
    pub(super) shared_networks: Vec<Network<'a>>,
    #[serde(default, borrow)]
    pub(super) option_data: Vec<OptionEntry<'a>>,
    #[serde(default, borrow)]
    pub(super) option_def: Vec<OptionDef<'a>>,
    #[serde(default, borrow)]
    pub(super) client_classes: Vec<Class<'a>>,
    #[serde(default, borrow)]
    pub(super) hooks_libraries: Vec<Hook<'a>>,
    #[serde(default)]
    pub(super) reservations: Vec<IgnoredAny>,
    #[serde(borrow)]
    pub(super) hosts_database: Option<Database<'a>>,
    #[serde(default, borrow)]
    pub(super) hosts_databases: Vec<Database<'a>>,
    #[serde(borrow)]
    pub(super) config_control: Option<&'a RawValue>,
    pub(super) valid_lifetime: Option<u32>,
    pub(super) match_client_id: Option<bool>,
    #[serde(borrow)]
    pub(super) allocator: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) next_server: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) boot_file_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) server_hostname: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Database<'a> {
    #[serde(rename = "type", default, borrow)]
    pub(super) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Hook<'a> {
    #[serde(default, borrow)]
    pub(super) library: Text<'a>,
    #[serde(borrow)]
    pub(super) parameters: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Class<'a> {
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) test: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct OptionDef<'a> {
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    pub(super) code: Option<u32>,
    #[serde(default, borrow)]
    pub(super) space: Text<'a>,
    #[serde(rename = "type", default, borrow)]
    pub(super) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Network<'a> {
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) subnet4: Vec<Subnet<'a>>,
    #[serde(default, rename = "option-data", borrow)]
    pub(super) option_data: Vec<OptionEntry<'a>>,
    #[serde(rename = "user-context", borrow)]
    pub(super) user_context: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Subnet<'a> {
    pub(super) id: Option<u32>,
    #[serde(borrow)]
    pub(super) subnet: Text<'a>,
    #[serde(default, borrow)]
    pub(super) pools: Vec<Pool<'a>>,
    #[serde(default, borrow)]
    pub(super) reservations: Vec<Host<'a>>,
    #[serde(default, borrow)]
    pub(super) option_data: Vec<OptionEntry<'a>>,
    pub(super) valid_lifetime: Option<u32>,
    pub(super) min_valid_lifetime: Option<u32>,
    pub(super) max_valid_lifetime: Option<u32>,
    #[serde(borrow)]
    pub(super) user_context: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) comment: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) client_class: Text<'a>,
    #[serde(default, borrow)]
    pub(super) client_classes: Vec<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) require_client_classes: Vec<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) evaluate_additional_classes: Vec<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) interface: Text<'a>,
    #[serde(borrow)]
    pub(super) relay: Option<Relay<'a>>,
    #[serde(borrow)]
    pub(super) allocator: Option<Text<'a>>,
    pub(super) match_client_id: Option<bool>,
    #[serde(borrow)]
    pub(super) next_server: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) boot_file_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) server_hostname: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) ddns_qualifying_suffix: Text<'a>,
    pub(super) ddns_send_updates: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Relay<'a> {
    #[serde(default, rename = "ip-addresses", borrow)]
    pub(super) addresses: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pool<'a> {
    #[serde(borrow)]
    pub(super) pool: Text<'a>,
    #[serde(default, borrow)]
    pub(super) client_class: Text<'a>,
    #[serde(default, borrow)]
    pub(super) client_classes: Vec<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) option_data: Vec<OptionEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Host<'a> {
    #[serde(borrow)]
    pub(super) hw_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) client_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) duid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) circuit_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) flex_id: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) ip_address: Text<'a>,
    #[serde(default, borrow)]
    pub(super) hostname: Text<'a>,
    #[serde(default, borrow)]
    pub(super) option_data: Vec<OptionEntry<'a>>,
    #[serde(default, borrow)]
    pub(super) client_classes: Vec<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) next_server: Text<'a>,
    #[serde(default, borrow)]
    pub(super) server_hostname: Text<'a>,
    #[serde(default, borrow)]
    pub(super) boot_file_name: Text<'a>,
    #[serde(borrow)]
    pub(super) user_context: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) comment: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OptionEntry<'a> {
    pub(super) code: Option<u32>,
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) space: Text<'a>,
    #[serde(default, borrow)]
    pub(super) data: Text<'a>,
    pub(super) csv_format: Option<bool>,
    #[serde(default)]
    pub(super) always_send: bool,
    #[serde(default)]
    pub(super) never_send: bool,
    #[serde(default, borrow)]
    pub(super) client_classes: Vec<Text<'a>>,
}

impl OptionEntry<'_> {
    pub(super) fn plain(&self) -> OptionData<'_> {
        OptionData {
            code: self.code,
            name: self.name.as_str(),
            space: self.space.as_str(),
            data: self.data.as_str(),
            csv_format: self.csv_format,
        }
    }
}

/// What of a `user-context` means something to us.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Context {
    name: Option<serde_json::Value>,
    subnet_name: Option<serde_json::Value>,
    description: Option<serde_json::Value>,
    comment: Option<serde_json::Value>,
    failover: Option<serde_json::Value>,
    ha_server_name: Option<serde_json::Value>,
}

impl Context {
    /// Of a raw `user-context`; anything may stand in one, and what is no map says nothing.
    pub(super) fn of(raw: Option<&RawValue>) -> Context {
        let raw = raw.map(RawValue::get).filter(|text| text.len() > 4);
        raw.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    pub(super) fn name(&self) -> Option<&str> {
        text(&self.name).or_else(|| text(&self.subnet_name))
    }

    pub(super) fn description(&self) -> Option<&str> {
        text(&self.description).or_else(|| text(&self.comment))
    }

    /// The name of a peer of the relationship that the subnet belongs to.
    pub(super) fn ha_server_name(&self) -> Option<&str> {
        text(&self.ha_server_name)
    }

    /// Whether the scope was taken out of failover.
    pub(super) fn no_failover(&self) -> bool {
        text(&self.failover).is_some_and(|word| word.eq_ignore_ascii_case("none"))
    }
}

fn text(value: &Option<serde_json::Value>) -> Option<&str> {
    value.as_ref()?.as_str().filter(|text| !text.is_empty())
}
