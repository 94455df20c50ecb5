//! The table `[impact]`: what is asked about before clients feel it.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, Source, shown};

/// What is asked about before clients feel it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Felt {
    /// `ask_above`: a change that leaves clients without answers for longer is shown and confirmed,
    /// however small it is. `"0s"` to `"1h"`, by default `"2s"`.
    pub ask_above: Duration,
}

impl Default for Felt {
    fn default() -> Felt {
        Felt {
            ask_above: Duration::from_secs(2),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImpact {
    ask_above: Option<Spanned<String>>,
}

impl Source<'_> {
    pub(super) fn felt(&self, raw: Option<&RawImpact>) -> Result<Felt, ConfigError> {
        let Some(given) = raw.and_then(|raw| raw.ask_above.as_ref()) else {
            return Ok(Felt::default());
        };
        let ask_above = given.get_ref();
        match duration(ask_above) {
            Some(ask_above) if ask_above <= Duration::from_secs(3600) => Ok(Felt { ask_above }),
            _ => Err(self.at(
                given.span().start,
                format!(
                    "'{}' is no time from \"0s\" to \"1h\": give it as in \"500ms\", \"2s\" or \
                     \"1m\"",
                    shown(ask_above)
                ),
            )),
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = |of: u64| number.checked_mul(of).map(Duration::from_secs);
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configuration;
    use std::path::Path;

    fn ask_above(text: &str) -> Result<Duration, String> {
        let file = Path::new("config.toml");
        let parsed = Configuration::parse(file, &format!("[impact]\n{text}\n"));
        parsed
            .map(|parsed| parsed.impact.ask_above)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn times_have_units_and_limits() {
        assert_eq!(ask_above(""), Ok(Duration::from_secs(2)));
        assert_eq!(
            ask_above("ask_above = \"500ms\""),
            Ok(Duration::from_millis(500))
        );
        assert_eq!(ask_above("ask_above = \"1m\""), Ok(Duration::from_secs(60)));
        for wrong in ["2", "s", "2 days", "2h", "-1s", "99999999999999999999s"] {
            let error = ask_above(&format!("ask_above = \"{wrong}\"")).unwrap_err();
            assert!(error.contains("line 2, ask_above: "), "{error}");
        }
    }
}
