//! What a capability is limited to, as a form has it: in the words of the command line.

use keycap_vault::{AllowRule, Limits, Policy, Times, When};
use serde::Deserialize;
use ts_rs::TS;

use crate::error::UiError;

/// What a form says. What is empty is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, TS)]
pub(crate) struct LimitsForm {
    /// Until when: `12h`, `30d`, `2027-01-31`.
    pub expires: String,
    /// From when on.
    pub not_before: String,
    /// Only with this key: a name, or a card's text.
    pub holder: String,
    /// Only this: a target (`db`), methods and a path (`GET,HEAD /api`), both (`web:GET /api`).
    pub allow: Vec<String>,
    /// Each session ends after this long: `30m`, `8h`.
    pub max_session: String,
    /// How often it may be handed on.
    pub max_links: Option<u8>,
    /// How many sessions at a time.
    pub max_concurrent: Option<u32>,
}

impl LimitsForm {
    /// As the vault takes it.
    ///
    /// # Errors
    /// If a field says nothing that can be understood.
    pub(crate) fn limits(&self) -> Result<Limits, UiError> {
        let when = |text: &str| if text.trim().is_empty() { Ok(None) } else { text.trim().parse::<When>().map(Some) };
        let max_session_s = match when(&self.max_session)? {
            None => None,
            Some(When::In(seconds)) if seconds > 0 => Some(seconds),
            Some(When::In(_) | When::At(_)) => {
                return Err(UiError::new("bad-input", format!("`{}` is no length of time: write 90s, 30m, 8h or 2d.", self.max_session)));
            }
        };
        let rules = self.allow.iter().map(String::as_str).map(str::trim).filter(|rule| !rule.is_empty());
        Ok(Limits {
            times: Times { not_before: when(&self.not_before)?, expires: when(&self.expires)?, max_session_s },
            allow: rules.map(str::parse::<AllowRule>).collect::<Result<_, _>>()?,
            holder: Some(self.holder.trim().to_owned()).filter(|holder| !holder.is_empty()),
            policy: Policy { max_links: self.max_links, max_concurrent: self.max_concurrent.map(u64::from), ..Policy::default() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_limits_nothing() {
        assert_eq!(LimitsForm::default().limits().unwrap(), Limits::default());
    }

    #[test]
    fn a_date_is_no_length_of_a_session() {
        let form = LimitsForm { max_session: "2027-01-31".into(), ..LimitsForm::default() };
        assert_eq!(form.limits().unwrap_err().code, "bad-input");
        let form = LimitsForm { max_session: "8h".into(), allow: vec![" db ".into(), String::new()], ..LimitsForm::default() };
        let limits = form.limits().unwrap();
        assert_eq!((limits.times.max_session_s, limits.allow.len()), (Some(28_800), 1));
    }
}
