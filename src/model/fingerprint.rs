//! Fingerprints: whether an object is still what it was when an edit was thought of.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::edit::{ObjectRef, OptionLevel, PolicyLevel};
use super::option::Options;
use super::policy::Policy;
use super::server::ServerConfig;

/// The first 128 bits of an object's SHA-256; an object that is not there has none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of anything that serialises the same way every time.
    #[must_use]
    pub fn of<T: Serialize + ?Sized>(object: &T) -> Fingerprint {
        let mut hasher = Sha256::new();
        // Writing JSON into a hash cannot fail: the model's maps have text keys, and there is no
        // I/O. Should it ever, what was hashed so far is still compared like for like.
        let _ = serde_json::to_writer(Hashing(&mut hasher), object);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize()[..16]);
        Fingerprint(bytes)
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .map(|number| Fingerprint(number.to_be_bytes()))
            .map_err(serde::de::Error::custom)
    }
}

/// The fingerprint of an object of a configuration; `None` when it is not there.
#[must_use]
pub fn fingerprint(config: &ServerConfig, object: &ObjectRef) -> Option<Fingerprint> {
    match object {
        ObjectRef::Settings => Some(Fingerprint::of(&config.settings)),
        ObjectRef::Scope(id) => config
            .scopes
            .get(id)
            .map(|scope| Fingerprint::of(&scope.properties())),
        ObjectRef::WholeScope(id) => config
            .scopes
            .get(id)
            .map(|scope| Fingerprint::of(scope.as_ref())),
        ObjectRef::Exclusions(id) => config
            .scopes
            .get(id)
            .map(|scope| Fingerprint::of(&scope.exclusions)),
        ObjectRef::Reservation(id, address) => {
            let reservation = config.scopes.get(id)?.reservations.get(address)?;
            Some(Fingerprint::of(reservation.as_ref()))
        }
        ObjectRef::Option(level, key) => options(config, level)?.get(key).map(Fingerprint::of),
        ObjectRef::Policy(level, name) => {
            let policies = policies(config, *level)?;
            let place = policies
                .iter()
                .position(|policy| policy.name.eq_ignore_ascii_case(name))?;
            Some(Fingerprint::of(&(place, &policies[place])))
        }
        ObjectRef::Filter(pattern) => config.filters.get(pattern).map(Fingerprint::of),
        ObjectRef::Relationship(name) => config.relationship(name.as_str()).map(Fingerprint::of),
    }
}

/// The options set at a level; `None` when what they hang on is not there.
#[must_use]
pub fn options<'a>(config: &'a ServerConfig, level: &OptionLevel) -> Option<&'a Options> {
    match level {
        OptionLevel::Server => Some(&config.options),
        OptionLevel::Scope(id) => config.scopes.get(id).map(|scope| &scope.options),
        OptionLevel::Reservation(id, address) => {
            let reservation = config.scopes.get(id)?.reservations.get(address)?;
            Some(&reservation.options)
        }
        OptionLevel::Policy(None, name) => config.policy(name).map(|policy| &policy.options),
        OptionLevel::Policy(Some(id), name) => config
            .scopes
            .get(id)?
            .policy(name)
            .map(|policy| &policy.options),
    }
}

/// The policies at a level; `None` when the scope is not there.
#[must_use]
pub fn policies(config: &ServerConfig, level: PolicyLevel) -> Option<&[Policy]> {
    match level {
        None => Some(&config.policies),
        Some(id) => config
            .scopes
            .get(&id)
            .map(|scope| scope.policies.as_slice()),
    }
}
