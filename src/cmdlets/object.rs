//! What a cmdlet gives: objects, which are named values in order.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::model::ScopeId;
use crate::model::scope::{LeaseDuration, Seconds};

/// An object of a class.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// Its class, such as `DhcpServerv4Scope`.
    pub class: &'static str,
    /// Its properties, in the class's order.
    pub properties: Vec<(&'static str, Value)>,
}

/// A property's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// None.
    Null,
    /// A text; untrusted.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A number.
    Real(f64),
    /// `True` or `False`.
    Bool(bool),
    /// A moment.
    Time(Timestamp),
    /// Several texts: `{a, b}`.
    List(Vec<String>),
    /// Several texts of which one stands bare and none is blank, as a relationship's scopes do.
    OneOrMany(Vec<String>),
}

/// What a cmdlet gives.
#[derive(Clone, PartialEq, Debug)]
pub enum Results {
    /// Nothing.
    Nothing,
    /// Objects.
    Objects(Vec<Object>),
    /// Texts, one a line.
    Lines(Vec<String>),
}

impl Object {
    /// An object without properties yet.
    #[must_use]
    pub fn new(class: &'static str) -> Object {
        Object {
            class,
            properties: Vec::new(),
        }
    }

    /// The same with one property more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Object {
        self.properties.push((name, value.into()));
        self
    }

    /// A property's value; null where the object has none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.properties
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(&Value::Null, |(_, value)| value)
    }
}

impl Value {
    /// A name that may be unset: null where it is empty.
    #[must_use]
    pub fn name(text: &str) -> Value {
        (!text.is_empty()).then(|| text.to_owned()).into()
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.properties.len()))?;
        for (name, value) in &self.properties {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_u64(*number),
            Value::Real(number) => serializer.serialize_f64(*number),
            Value::Bool(on) => serializer.serialize_bool(*on),
            Value::Time(time) => serializer.collect_str(time),
            Value::List(texts) | Value::OneOrMany(texts) => serializer.collect_seq(texts),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(on: bool) -> Value {
        Value::Bool(on)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Real(number)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Value {
        Value::Time(time)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Value {
        Value::List(texts)
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Value {
            fn from(number: $kind) -> Value {
                Value::Number(number.into())
            }
        })*
    };
}

macro_rules! texts {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Value {
                Value::Text(value.to_string())
            }
        })*
    };
}

numbers!(u8, u16, u32, u64);
texts!(String, &String, Ipv4Addr, ScopeId, Seconds, LeaseDuration);
