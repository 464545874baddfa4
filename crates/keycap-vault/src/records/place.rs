//! The place of a record among lines of JSON: which template, which fields, which values. It is what a record is bound to.

use serde_json::value::RawValue;

use super::line::{LineError, Object};

/// A template such as `users/{id}`: text, and names of fields whose values belong to the place. `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    fields: Vec<String>,
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, LineError> {
        let bad = || LineError::Template { template: text.to_owned() };
        let mut fields = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.as_str().starts_with(c) => drop(rest.next()),
                '{' => {
                    let (name, after) = rest.as_str().split_once('}').ok_or_else(bad)?;
                    if name.is_empty() || name.contains('{') {
                        return Err(bad());
                    }
                    if !fields.iter().any(|known| known == name) {
                        fields.push(name.to_owned());
                    }
                    rest = after.chars();
                }
                '}' => return Err(bad()),
                _ => {}
            }
        }
        Ok(Self { text: text.to_owned(), fields })
    }

    /// The template as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The fields that it names.
    pub(super) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The associated data of a record: JSON of the template, the sealed fields, this field and the values, so that no two places have the same.
    /// Strings are written anew, numbers as they stand.
    pub(super) fn associated(&self, sealed: &[String], field: Option<&str>, line: Option<&Object>) -> Result<Vec<u8>, LineError> {
        let mut values: Vec<Box<RawValue>> = Vec::with_capacity(self.fields.len());
        for name in &self.fields {
            let value = line.and_then(|line| line.field(name)).ok_or_else(|| LineError::Missing { field: name.clone() })?;
            values.push(plain(name, value)?);
        }
        Ok(serde_json::to_vec(&(&self.text, sealed, field, values))?)
    }
}

/// A value of one form for each meaning: no object, no array.
fn plain(name: &str, value: &RawValue) -> Result<Box<RawValue>, LineError> {
    match value.get().as_bytes().first() {
        Some(b'{' | b'[') => Err(LineError::NotPlain { field: name.to_owned() }),
        Some(b'"') => {
            let text: String = serde_json::from_str(value.get())?;
            Ok(serde_json::value::to_raw_value(&text)?)
        }
        _ => Ok(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn associated(template: &str, field: Option<&str>, line: &str) -> Result<String, LineError> {
        let line = Object::parse(line)?;
        let bytes = Template::parse(template)?.associated(&["x".to_owned()], field, Some(&line))?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_place_is_its_template_its_fields_and_its_values() {
        let place = associated("users/{id}/{name}", Some("x"), r#"{"id": 7, "name": "a\u0062", "x": 1}"#);
        assert_eq!(place.unwrap(), r#"["users/{id}/{name}",["x"],"x",[7,"ab"]]"#);
        assert_eq!(associated("", None, "{}").unwrap(), r#"["",["x"],null,[]]"#);
        assert_eq!(associated("{{id}}", None, "{}").unwrap(), r#"["{{id}}",["x"],null,[]]"#);
    }

    #[test]
    fn values_that_could_be_mistaken_for_each_other_are_told_apart() {
        let of = |line: &str| associated("{id}", None, line).unwrap();
        let all = [r#"{"id": 1}"#, r#"{"id": "1"}"#, r#"{"id": 1.0}"#, r#"{"id": true}"#, r#"{"id": "true"}"#, r#"{"id": null}"#];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| of(one) != of(other)), "{one}");
        }
        // Beyond what a float holds.
        assert_ne!(of(r#"{"id": 123456789012345678901}"#), of(r#"{"id": 123456789012345678902}"#));
    }

    #[test]
    fn templates_that_say_nothing_are_refused() {
        for text in ["{", "}", "{}", "a{b", "a}b", "{a{b}}", "{a}}"] {
            assert!(matches!(Template::parse(text), Err(LineError::Template { .. })), "{text}");
        }
        assert!(matches!(associated("{id}", None, "{}"), Err(LineError::Missing { .. })));
        assert!(matches!(associated("{id}", None, r#"{"id": [1]}"#), Err(LineError::NotPlain { .. })));
    }
}
