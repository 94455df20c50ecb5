//! What a Kea server would take without a word, and must not be given; and in which spelling it
//! tells back what it was given.

use crate::model::client_id::{ClientId, ClientIdKind};
use crate::model::option::{OptionType, definition};
use crate::model::text::printable;
use crate::model::{OptionKey, OptionValue};

/// Characters of a name or a description that are told back.
pub const MAX_TEXT: usize = 1000;
/// Bytes of a host name.
const MAX_HOST_NAME: usize = 255;
/// Bytes of a label of a host name.
const MAX_LABEL: usize = 63;
/// Bytes of an Ethernet address.
const MAC: usize = 6;
/// Bytes of the longest hardware address.
const MAX_HW_ADDRESS: usize = 20;
/// Bytes of any other identifier.
const MAX_IDENTIFIER: usize = 128;

/// A reservation's name is its client's host name: letters, digits and hyphens between dots. An
/// empty one is none.
///
/// # Errors
/// A sentence.
pub fn host_name(name: &str) -> Result<(), String> {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || (name.len() <= MAX_HOST_NAME && labels.split('.').all(label)) {
        return Ok(());
    }
    Err(format!(
        "'{}' can't be a reservation's name: on Kea it is the client's host name, of letters, digits \
         and hyphens between dots",
        printable(name, 80)
    ))
}

/// Which identifiers a reservation may be for.
///
/// # Errors
/// A sentence.
pub fn client(client: &ClientId) -> Result<(), String> {
    let length = client.bytes().len();
    match client.kind() {
        ClientIdKind::HwAddress if length < MAC => Err(format!(
            "{client} is no hardware address: {length} bytes, and an Ethernet address has {MAC}"
        )),
        ClientIdKind::HwAddress if length > MAX_HW_ADDRESS => Err(format!(
            "a hardware address has at most {MAX_HW_ADDRESS} bytes; this one has {length}: for a \
             client ID (option 61), write client-id: in front"
        )),
        ClientIdKind::HwAddress => Ok(()),
        kind if length > MAX_IDENTIFIER => Err(format!(
            "a {} has at most {MAX_IDENTIFIER} bytes; this one has {length}",
            kind.name()
        )),
        _ => Ok(()),
    }
}

/// A canonical value in the spelling in which a Kea server tells it back: binary data in one piece,
/// texts without spaces around them.
///
/// # Errors
/// A sentence.
pub fn option_value(key: &OptionKey, value: OptionValue) -> Result<OptionValue, String> {
    let empty = || {
        format!(
            "option {} is given an empty text: give one, or remove the option",
            printable(&key.to_string(), 80)
        )
    };
    let trimmed = || -> Vec<&str> { value.0.iter().map(|text| text.trim()).collect() };
    let kind = definition(key).map(|definition| definition.kind);
    let texts = match kind {
        Some(OptionType::BinaryData | OptionType::EncapsulatedData) => {
            let digits = trimmed().into_iter();
            let digits: String = digits.filter_map(|text| text.strip_prefix("0x")).collect();
            vec![format!("0x{digits}")]
        }
        Some(OptionType::String) => trimmed().into_iter().map(str::to_owned).collect(),
        Some(_) => return Ok(value),
        // What Kea does not know is bytes, or what the server's own definition makes of a text.
        None => match bytes(&trimmed()) {
            Some(digits) => vec![format!("0x{digits}")],
            None => vec![trimmed().join(", ")],
        },
    };
    match texts.iter().all(|text| text.is_empty() || text == "0x") {
        true => Err(empty()),
        false => Ok(OptionValue(texts)),
    }
}

/// The digits of elements that are all whole bytes in hex, such as `0x0a0b`.
fn bytes(elements: &[&str]) -> Option<String> {
    let digits = elements.iter().map(|element| {
        let digits = element
            .strip_prefix("0x")
            .or_else(|| element.strip_prefix("0X"))?;
        let whole = !digits.is_empty() && digits.len().is_multiple_of(2);
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        (whole && hex).then(|| digits.to_ascii_lowercase())
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_have_no_spaces() {
        for good in ["", "printer", "a-1.example.org", "a.example.org.", "9"] {
            assert_eq!(host_name(good), Ok(()), "{good}");
        }
        for bad in ["a b", "-a", "a-", "a..b", ".", "ä", "a_b", &"x".repeat(64)] {
            assert!(host_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ethernet_address_has_six_bytes() {
        let of = |kind, length| ClientId::new(kind, &vec![1; length]).unwrap();
        assert!(client(&of(ClientIdKind::HwAddress, 2)).is_err());
        assert!(client(&of(ClientIdKind::HwAddress, 6)).is_ok());
        assert!(client(&of(ClientIdKind::HwAddress, 21)).is_err());
        assert!(client(&of(ClientIdKind::ClientId, 2)).is_ok());
        assert!(client(&of(ClientIdKind::FlexId, 129)).is_err());
    }

    #[test]
    fn binary_data_is_one_piece() {
        let told = |id, elements: &[&str]| {
            let elements = elements.iter().map(ToString::to_string).collect();
            option_value(&OptionKey::standard(id), OptionValue(elements)).map(|value| value.0)
        };
        assert_eq!(told(121, &["0x0a", "0x0b0c"]).unwrap(), ["0x0a0b0c"]);
        assert_eq!(told(15, &[" contoso.com "]).unwrap(), ["contoso.com"]);
        assert_eq!(told(199, &["0x0A", "0xFF"]).unwrap(), ["0x0aff"]);
        assert_eq!(told(199, &["a", "b"]).unwrap(), ["a, b"]);
        assert!(told(199, &[" "]).is_err());
        assert_eq!(told(3, &["10.0.0.1", "10.0.0.2"]).unwrap().len(), 2);
    }
}
