//! Caveats and rules as they stand in a vector, in words.

use keycap_core::chain::{Caveat, Caveats, PatternSet, Purpose, Rule};
use keycap_core::key::PublicKey;
use keycap_core::noise::{Pattern, Suite};
use keycap_core::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::bytes::Hex;

/// A block's caveats; one that is absent is not in the block.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CaveatsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allow: Option<Vec<RuleForm>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patterns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_session_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_links: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) realm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_concurrent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app: Option<AppForm>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppForm {
    pub(crate) name: String,
    pub(crate) value: Hex,
}

/// A rule; a part that is absent matches anything.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<Vec<String>>,
}

impl CaveatsForm {
    /// The least that a grant carries: until 2033, for the target `db`.
    pub(crate) fn grant() -> Self {
        let rule = RuleForm { target: Some("db".into()), ..RuleForm::default() };
        Self { exp: Some(2_000_000_000), allow: Some(vec![rule]), ..Self::default() }
    }

    pub(crate) fn caveats(&self) -> Caveats {
        let Self { nbf, exp, allow, holder, patterns, max_session_s, max_links, realm, purpose, max_concurrent, app } = self.clone();
        let rule = |rule: RuleForm| Rule { target: rule.target, methods: rule.methods, path: rule.path };
        let caveats = [
            nbf.map(UnixSeconds::new).map(Caveat::NotBefore),
            exp.map(UnixSeconds::new).map(Caveat::Expires),
            allow.map(|rules| Caveat::Allow(rules.into_iter().map(rule).collect())),
            holder.map(|key| Caveat::Holder(PublicKey::parse(key.array()).unwrap())),
            patterns.map(|names| Caveat::Patterns(PatternSet::of(&names.iter().map(|name| pattern(name)).collect::<Vec<_>>()))),
            max_session_s.map(Caveat::MaxSession),
            max_links.map(Caveat::MaxLinks),
            realm.map(Caveat::Realm),
            purpose.map(|names| Caveat::Purpose(names.iter().map(|name| purpose_of(name)).collect())),
            max_concurrent.map(Caveat::MaxConcurrent),
            app.map(|AppForm { name, value }| Caveat::App { name, value: value.0 }),
        ];
        Caveats::of(caveats.into_iter().flatten()).unwrap()
    }
}

pub(crate) fn pattern(name: &str) -> Pattern {
    Pattern::ALL.into_iter().find(|pattern| pattern.name() == name).unwrap_or_else(|| panic!("no pattern {name:?}"))
}

pub(crate) fn suite(number: u8) -> Suite {
    Suite::from_number(number).unwrap_or_else(|| panic!("no suite {number}"))
}

pub(crate) fn purpose_of(name: &str) -> Purpose {
    Purpose::from_name(name).unwrap_or_else(|| panic!("no purpose {name:?}"))
}
