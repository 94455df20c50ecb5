//! Fields of a form: what stands in them, and what of it the operator typed.

use std::net::Ipv4Addr;

use tui_input::Input;

use super::read;
use crate::model::text::printable;

/// A field's name within its form.
pub type FieldId = &'static str;

/// What is wrong with fields, a sentence each; the name `""` is the form as a whole.
pub type Wrong = Vec<(FieldId, String)>;

/// What a field of text holds, and so how it is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Anything.
    Text,
    /// A whole number within bounds.
    Number(u32, u32),
    /// A span of time, or for ever.
    Duration,
    /// A span of time that ends.
    Seconds,
    /// An IPv4 address.
    Address,
    /// A subnet mask.
    Mask,
    /// A client ID.
    Client,
    /// A MAC address filter.
    Pattern,
    /// Ranges, separated by commas.
    Ranges,
}

impl Format {
    /// What is wrong with a text that is not empty.
    fn wrong(self, text: &str) -> Option<String> {
        match self {
            Format::Text => None,
            Format::Number(least, most) => read::number(text, least, most).err(),
            Format::Duration => read::duration(text).err(),
            Format::Seconds => read::seconds(text).err(),
            Format::Address => read::address(text).err(),
            Format::Mask => read::mask(text).err(),
            Format::Client => read::client(text).err(),
            Format::Pattern => read::pattern(text).err(),
            Format::Ranges => read::ranges(text).err(),
        }
    }

    /// What a text means, where that does not stand there already.
    fn meaning(self, text: &str) -> Option<String> {
        let meaning = match self {
            Format::Duration | Format::Seconds => read::in_words(read::duration(text).ok()?),
            Format::Client => {
                let client = read::client(text).ok()?;
                match client.bytes().len() {
                    6 => client.to_string(),
                    // Servers take it; yet it is more often a MAC address cut short.
                    bytes => format!("{client}: {bytes} bytes, a MAC address has 6"),
                }
            }
            Format::Pattern => read::pattern(text).ok()?.to_string(),
            _ => return None,
        };
        (meaning != text.trim()).then_some(meaning)
    }
}

/// What a field is operated as.
#[derive(Clone, Debug)]
pub enum Control {
    /// A line of text.
    Text {
        /// The text and the place in it.
        input: Input,
        /// What it holds.
        format: Format,
        /// Whether it must not be empty.
        required: bool,
        /// Whether it is not to be read over a shoulder.
        secret: bool,
        /// What stands behind it: `ms`.
        unit: &'static str,
    },
    /// One of several.
    Choice {
        /// What they are called.
        options: Vec<String>,
        /// Which.
        at: usize,
    },
    /// On or off.
    Check(bool),
    /// Several lines of text, mostly pasted.
    Area(String),
    /// A line of words between the fields: not operated at all.
    Heading,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name within the form.
    pub id: FieldId,
    /// IPAM's label.
    pub label: String,
    /// What it is operated as.
    pub control: Control,
    /// What is said below while nothing is wrong.
    pub hint: String,
    /// What is wrong.
    pub wrong: Option<String>,
    /// Whether the operator changed it.
    pub touched: bool,
    /// Why it can't be changed here at all; it keeps its value, which is not shown.
    pub locked: Option<String>,
}

impl Field {
    fn new(id: FieldId, label: impl Into<String>, control: Control) -> Field {
        Field {
            id,
            label: label.into(),
            control,
            hint: String::new(),
            wrong: None,
            touched: false,
            locked: None,
        }
    }

    /// A line of text, as it stands before anybody types.
    #[must_use]
    pub fn text(id: FieldId, label: &str, value: impl Into<String>) -> Field {
        Field::of(id, label, Format::Text, value)
    }

    /// A line of text of a format.
    #[must_use]
    pub fn of(id: FieldId, label: &str, format: Format, value: impl Into<String>) -> Field {
        let value: String = value.into();
        let control = Control::Text {
            // What a server says has no say in the terminal.
            input: Input::new(printable(&value, 4000)),
            format,
            required: !matches!(format, Format::Text | Format::Ranges),
            secret: false,
            unit: "",
        };
        Field::new(id, label, control)
    }

    /// A line of text that is shown as dots.
    #[must_use]
    pub fn secret(id: FieldId, label: &str) -> Field {
        let mut field = Field::text(id, label, "");
        if let Control::Text { secret, .. } = &mut field.control {
            *secret = true;
        }
        field
    }

    /// One of several.
    #[must_use]
    pub fn choice<S: Into<String>>(
        id: FieldId,
        label: &str,
        options: impl IntoIterator<Item = S>,
        at: usize,
    ) -> Field {
        let options = options.into_iter().map(Into::into).collect();
        Field::new(id, label, Control::Choice { options, at })
    }

    /// A check box.
    #[must_use]
    pub fn check(id: FieldId, label: &str, on: bool) -> Field {
        Field::new(id, label, Control::Check(on))
    }

    /// Several lines of text.
    #[must_use]
    pub fn area(id: FieldId, label: &str) -> Field {
        Field::new(id, label, Control::Area(String::new()))
    }

    /// Words between the fields.
    #[must_use]
    pub fn heading(id: FieldId, label: impl Into<String>) -> Field {
        Field::new(id, label, Control::Heading)
    }

    /// The same field, which must not be left empty.
    #[must_use]
    pub fn required(mut self) -> Field {
        if let Control::Text { required, .. } = &mut self.control {
            *required = true;
        }
        self
    }

    /// The same field, which may be left empty.
    #[must_use]
    pub fn optional(mut self) -> Field {
        if let Control::Text { required, .. } = &mut self.control {
            *required = false;
        }
        self
    }

    /// The same field with a unit behind it.
    #[must_use]
    pub fn unit(mut self, words: &'static str) -> Field {
        if let Control::Text { unit, .. } = &mut self.control {
            *unit = words;
        }
        self
    }

    /// The same field with words below it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Field {
        self.hint = hint.into();
        self
    }

    /// The same field, which can't be changed where there is a reason why not: it says the reason
    /// in place of a value.
    #[must_use]
    pub fn unless(mut self, why_not: Option<String>) -> Field {
        self.locked = why_not.map(|why| {
            let mut rest = why.chars();
            let first = rest.next().map(|first| first.to_uppercase().to_string());
            format!("{}{}", first.unwrap_or_default(), rest.as_str())
        });
        self
    }

    /// Whether keys go there.
    #[must_use]
    pub fn is_operated(&self) -> bool {
        self.locked.is_none() && !matches!(self.control, Control::Heading)
    }

    /// Whether a reason stands beside its label, in place of what is operated.
    pub(super) fn is_put_by(&self) -> bool {
        let beside = matches!(self.control, Control::Text { .. } | Control::Choice { .. });
        beside && self.locked.is_some()
    }

    /// What is wrong with what stands there by itself. Emptiness counts only when `all` is asked.
    #[must_use]
    pub fn check_format(&self, all: bool) -> Option<String> {
        let Control::Text {
            input,
            format,
            required,
            ..
        } = &self.control
        else {
            return None;
        };
        if self.locked.is_some() {
            return None;
        }
        match (input.value().trim().is_empty(), *required && all) {
            (true, false) => None,
            (true, true) => Some(match format {
                Format::Text => format!("{} is needed", self.label),
                format => format.wrong("").unwrap_or_default(),
            }),
            (false, _) => format.wrong(input.value()),
        }
    }

    /// What is said below it: what is wrong, or what was typed means, or the hint.
    #[must_use]
    pub fn meaning(&self) -> Option<String> {
        match &self.control {
            Control::Text { input, format, .. } => format.meaning(input.value()),
            _ => None,
        }
    }
}

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<Field>);

impl Fields {
    /// A field.
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<&Field> {
        self.0.iter().find(|field| field.id == id)
    }

    /// A field, to change it.
    pub fn get_mut(&mut self, id: FieldId) -> Option<&mut Field> {
        self.0.iter_mut().find(|field| field.id == id)
    }

    /// What stands in a field of text, without blanks around it.
    #[must_use]
    pub fn text(&self, id: FieldId) -> &str {
        match self.get(id).map(|field| &field.control) {
            Some(Control::Text {
                input,
                secret: true,
                ..
            }) => input.value(),
            Some(Control::Text { input, .. }) => input.value().trim(),
            Some(Control::Area(text)) => text,
            Some(Control::Choice { options, at }) => options.get(*at).map_or("", String::as_str),
            _ => "",
        }
    }

    /// Whether a check box is on.
    #[must_use]
    pub fn on(&self, id: FieldId) -> bool {
        let control = self.get(id).map(|field| &field.control);
        matches!(control, Some(Control::Check(true)))
    }

    /// Which of several is chosen.
    #[must_use]
    pub fn chosen(&self, id: FieldId) -> usize {
        match self.get(id).map(|field| &field.control) {
            Some(Control::Choice { at, .. }) => *at,
            _ => 0,
        }
    }

    /// Whether the operator changed it.
    #[must_use]
    pub fn touched(&self, id: FieldId) -> bool {
        self.get(id).is_some_and(|field| field.touched)
    }

    /// What stands in a field, read.
    ///
    /// # Errors
    /// What is wrong with it, for [`super::FormKind::submit`].
    pub fn read<T>(
        &self,
        id: FieldId,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Wrong> {
        read(self.text(id)).map_err(|why| vec![(id, why)])
    }

    /// The address in a field, where it is one.
    #[must_use]
    pub fn address(&self, id: FieldId) -> Option<Ipv4Addr> {
        self.text(id).parse().ok()
    }

    /// Puts something into a field of text that the operator did not change.
    pub fn propose(&mut self, id: FieldId, value: impl Into<String>) {
        if let Some(field) = self.get_mut(id)
            && !field.touched
            && let Control::Text { input, .. } = &mut field.control
        {
            *input = Input::new(value.into());
        }
    }

    /// Says something below a field.
    pub fn say(&mut self, id: FieldId, hint: impl Into<String>) {
        if let Some(field) = self.get_mut(id) {
            field.hint = hint.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_locked_takes_no_keys_and_is_not_to_blame() {
        let free = Field::of("a", "A", Format::Address, "").unless(None);
        assert!(free.is_operated() && !free.is_put_by());
        assert!(free.check_format(true).is_some());
        let why = Some("it has no such thing".to_owned());
        let locked = Field::of("a", "A", Format::Address, "").unless(why);
        assert!(!locked.is_operated() && locked.is_put_by());
        assert_eq!(locked.check_format(true), None);
        assert_eq!(locked.locked.as_deref(), Some("It has no such thing"));
    }
}
