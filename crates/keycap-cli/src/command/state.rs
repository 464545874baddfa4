//! How grants and capabilities look in lists: their name, state and holder.

use keycap_vault::view::{GrantView, HolderView, State};

use crate::output::line::{Line, Role};

/// What becomes of it now, by a word and a colour.
pub(crate) fn line(state: State) -> Line {
    let role = match state {
        State::Active => Role::Good,
        State::Soon | State::NotYet => Role::Warn,
        State::Expired => Role::Quiet,
        State::Revoked => Role::Bad,
    };
    Line::new().role(role, state.word())
}

/// A grant's name, set back if it no longer works.
pub(crate) fn name(grant: &GrantView) -> Line {
    match grant.state {
        State::Active | State::Soon | State::NotYet => Line::new().name(&grant.name),
        State::Expired | State::Revoked => Line::new().quiet(&grant.name),
    }
}

/// The key that something is bound to; nothing if whoever has it can use it.
pub(crate) fn holder(holder: Option<&HolderView>) -> Line {
    let Some(holder) = holder else { return Line::new() };
    let name = holder.name.as_ref().map_or_else(|| Line::from(&holder.fingerprint), |name| Line::new().name(name));
    if holder.verified { name } else { name.role(Role::Warn, " ?") }
}

/// The beginning of an id: enough to tell it from others, and to name it by.
pub(crate) fn short(rid: &str) -> String {
    rid.chars().take(8).collect()
}
