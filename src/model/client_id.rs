//! Client identifiers: every spelling of a MAC in, `00-15-5d-a7-66-02` out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a client calls itself by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ClientIdKind {
    /// The hardware address; also what Windows' ClientId is, whatever its length.
    #[default]
    HwAddress,
    /// DHCP option 61.
    ClientId,
    /// A DUID (RFC 4361, and DHCPv6).
    Duid,
    /// The relay's circuit id (option 82).
    CircuitId,
    /// An expression's value (Kea's flex-id).
    FlexId,
}

impl ClientIdKind {
    /// Every kind, the default first.
    pub const ALL: [ClientIdKind; 5] = [
        ClientIdKind::HwAddress,
        ClientIdKind::ClientId,
        ClientIdKind::Duid,
        ClientIdKind::CircuitId,
        ClientIdKind::FlexId,
    ];

    /// The name Kea's configuration has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ClientIdKind::HwAddress => "hw-address",
            ClientIdKind::ClientId => "client-id",
            ClientIdKind::Duid => "duid",
            ClientIdKind::CircuitId => "circuit-id",
            ClientIdKind::FlexId => "flex-id",
        }
    }
}

/// A client identifier: a kind and 1 to 255 bytes.
///
/// Prints as Windows prints it, lower-case hex with hyphens; kinds other than the hardware
/// address come with their name in front, `client-id:01-00-15-…`. What it prints, it reads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    kind: ClientIdKind,
    bytes: Box<[u8]>,
}

/// A text that is no client identifier.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadClientId {
    /// Nothing was given.
    #[error("a client ID is needed, such as 00-15-5d-a7-66-02")]
    Empty,
    /// A character that is neither a hex digit nor a separator, and where (1-based).
    #[error("'{text}' is no client ID: '{character}' at position {position} is not a hex digit")]
    NotHex {
        /// What was given, without control characters.
        text: String,
        /// The character that does not fit.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// An odd number of digits, or a group that is no whole byte.
    #[error("'{0}' is no client ID: every byte takes two hex digits")]
    HalfByte(String),
    /// More bytes than an identifier can have.
    #[error("a client ID has at most 255 bytes; this one has {0}")]
    TooLong(usize),
}

impl ClientId {
    /// An identifier of the given kind.
    ///
    /// # Errors
    /// [`BadClientId`] when there are no bytes, or more than 255.
    pub fn new(kind: ClientIdKind, bytes: &[u8]) -> Result<ClientId, BadClientId> {
        match bytes.len() {
            0 => Err(BadClientId::Empty),
            1..=255 => Ok(ClientId {
                kind,
                bytes: bytes.into(),
            }),
            more => Err(BadClientId::TooLong(more)),
        }
    }

    /// A hardware address of six bytes.
    #[must_use]
    pub fn mac(bytes: [u8; 6]) -> ClientId {
        ClientId {
            kind: ClientIdKind::HwAddress,
            bytes: bytes.into(),
        }
    }

    /// What kind of identifier it is.
    #[must_use]
    pub fn kind(&self) -> ClientIdKind {
        self.kind
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hex digits alone, lower case: what a search compares, whatever the spelling.
    #[must_use]
    pub fn search_key(&self) -> String {
        self.bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The hex digits of a text in any spelling of a MAC, lower case, or `None` when other characters
/// than digits and separators are in it: `0015.5DA7` and `00:15:5d` both find `00-15-5d-a7-66-02`
/// by [`ClientId::search_key`].
#[must_use]
pub fn search_digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '-' | ':' | '.' => {}
            digit if digit.is_ascii_hexdigit() => digits.push(digit.to_ascii_lowercase()),
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some(digits)
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != ClientIdKind::HwAddress {
            write!(f, "{}:", self.kind.name())?;
        }
        for (index, byte) in self.bytes.iter().enumerate() {
            let hyphen = if index == 0 { "" } else { "-" };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({self})")
    }
}

impl FromStr for ClientId {
    type Err = BadClientId;

    /// Reads `00155DA76602`, `00-15-5d-a7-66-02`, `00:15:5d:a7:66:02`, `0015.5da7.6602`, with
    /// more or fewer bytes, in either case; groups between separators are whole bytes, except
    /// that with `:` or `-` a byte may be one digit (`0:15:5d:…`).
    fn from_str(text: &str) -> Result<ClientId, BadClientId> {
        let trimmed = text.trim();
        let (kind, digits) = ClientIdKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, trimmed.strip_prefix(kind.name())?.strip_prefix(':')?)))
            .unwrap_or((ClientIdKind::HwAddress, trimmed));
        if digits.is_empty() {
            return Err(BadClientId::Empty);
        }
        let shown = || crate::model::text::printable(text, 80);
        let mut bytes = Vec::new();
        let separated = digits.contains(['-', ':', '.']);
        let mut position = trimmed.chars().count() - digits.chars().count();
        for group in digits.split(['-', ':', '.']) {
            for character in group.chars() {
                position += 1;
                if !character.is_ascii_hexdigit() {
                    let character = if character.is_control() {
                        '?'
                    } else {
                        character
                    };
                    return Err(BadClientId::NotHex {
                        text: shown(),
                        character,
                        position,
                    });
                }
            }
            position += 1;
            let padded;
            let group = match group.len() {
                1 if separated && !digits.contains('.') => {
                    padded = format!("0{group}");
                    &padded
                }
                length if length > 0 && length % 2 == 0 => group,
                _ => return Err(BadClientId::HalfByte(shown())),
            };
            for pair in group.as_bytes().chunks_exact(2) {
                let hex = |digit: u8| (digit as char).to_digit(16).unwrap_or(0);
                bytes.push(u8::try_from(hex(pair[0]) * 16 + hex(pair[1])).unwrap_or(0));
            }
        }
        ClientId::new(kind, &bytes)
    }
}

/// Bytes as bytes, not one by one.
struct Bytes(Box<[u8]>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let kind = ClientIdKind::ALL.iter().position(|kind| *kind == self.kind);
        (kind, Bytes(self.bytes.clone())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ClientId, D::Error> {
        if !deserializer.is_human_readable() {
            let (kind, Bytes(bytes)) = <(Option<usize>, Bytes)>::deserialize(deserializer)?;
            let kind = kind.and_then(|kind| ClientIdKind::ALL.get(kind)).copied();
            let kind = kind.unwrap_or_default();
            return match bytes.len() {
                0 => Err(serde::de::Error::custom(BadClientId::Empty)),
                1..=255 => Ok(ClientId { kind, bytes }),
                more => Err(serde::de::Error::custom(BadClientId::TooLong(more))),
            };
        }
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_comes_back_from_few_bytes() {
        for kind in ClientIdKind::ALL {
            let client = ClientId::new(kind, &[7; 20]).unwrap();
            let bytes = postcard::to_stdvec(&client).unwrap();
            assert_eq!(postcard::from_bytes(&bytes), Ok(client));
        }
        assert!(postcard::from_bytes::<ClientId>(&[1, 0, 0]).is_err());
    }

    #[test]
    fn every_spelling_of_a_mac_is_the_same_client() {
        for spelling in [
            "00155DA76602",
            "00155da76602",
            "00-15-5d-a7-66-02",
            "00:15:5D:a7:66:02",
            "0:15:5d:a7:66:2",
            "0015.5da7.6602",
            " 00-15-5D-A7-66-02 ",
            "hw-address:00:15:5d:a7:66:02",
        ] {
            let id: ClientId = spelling.parse().unwrap();
            assert_eq!(id.to_string(), "00-15-5d-a7-66-02", "{spelling}");
            assert_eq!(id.search_key(), "00155da76602");
        }
    }

    #[test]
    fn what_is_none_gets_a_sentence() {
        let says = |text: &str| text.parse::<ClientId>().unwrap_err().to_string();
        assert_eq!(says(""), "a client ID is needed, such as 00-15-5d-a7-66-02");
        assert_eq!(
            says("00-15-5g"),
            "'00-15-5g' is no client ID: 'g' at position 8 is not a hex digit"
        );
        assert_eq!(
            says("00155"),
            "'00155' is no client ID: every byte takes two hex digits"
        );
        assert_eq!(
            says("00--15"),
            "'00--15' is no client ID: every byte takes two hex digits"
        );
        assert_eq!(
            says(&"ab".repeat(256)),
            "a client ID has at most 255 bytes; this one has 256"
        );
        assert!(!says("\u{1b}[31m").contains('\u{1b}'));
    }

    #[test]
    fn searching_ignores_the_spelling() {
        assert_eq!(search_digits("0015.5DA7").as_deref(), Some("00155da7"));
        assert_eq!(search_digits("printer"), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(kind in 0..5usize, bytes in proptest::collection::vec(any::<u8>(), 1..255)) {
            let id = ClientId::new(ClientIdKind::ALL[kind], &bytes).unwrap();
            prop_assert_eq!(id.to_string().parse::<ClientId>().unwrap(), id);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = text.parse::<ClientId>();
        }
    }
}
