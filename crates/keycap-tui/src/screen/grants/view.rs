//! How the tree looks.

use keycap_vault::view::{GrantRow, GrantView, HolderView, ServiceView, State};
use keycap_vault::words::number;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Drawn, Grants, Pane};
use crate::screen::browser::{THREE_PANES, nothing, split};
use crate::theme::{Role, Theme};
use crate::widget::fields::{Fields, bar};
use crate::widget::pane::{pane, title};
use crate::widget::table::{Column, Table};
use crate::widget::text::{line, span};
use crate::world::World;

/// Columns of the services at the left.
const SERVICES: u16 = 22;

pub(super) fn draw(grants: &mut Grants, frame: &mut Frame<'_>, area: Rect, world: &World) {
    let with_services = area.width >= THREE_PANES && grants.under.is_none();
    let left = if with_services { SERVICES } else { 0 };
    if !with_services && grants.pane == Pane::Services {
        grants.pane = Pane::List;
    }
    let rest = Rect { x: area.x + left, width: area.width - left, ..area };
    let (list, details) = split(rest, grants.pane == Pane::Details);
    let services = Rect { width: left, ..area };
    grants.drawn = Drawn { services, details: details.unwrap_or(Rect::ZERO) };
    if with_services {
        draw_services(grants, frame, services, world);
    }
    if let Some(area) = list {
        draw_list(grants, frame, area, world);
    }
    if let Some(area) = details {
        draw_details(grants, frame, area, world, list.is_none());
    }
}

fn draw_services(grants: &mut Grants, frame: &mut Frame<'_>, area: Rect, world: &World) {
    const COLUMNS: &[Column] = &[Column::new("NAME", 8), Column::new("GRANTS", 6).right()];
    let theme = world.theme;
    let focused = grants.pane == Pane::Services;
    let inner = pane(frame, area, title(theme, "Services", focused), focused, theme);
    let services = &grants.services;
    let all: u64 = services.iter().map(|service| service.grants.all).sum();
    let row = |at: usize| match at.checked_sub(1).and_then(|at| services.get(at)) {
        Some(ServiceView { name, grants, .. }) => vec![line(theme, Role::Name, name), line(theme, Role::Quiet, number(grants.all))],
        None => vec![line(theme, Role::Plain, "all"), line(theme, Role::Quiet, number(all))],
    };
    Table { columns: COLUMNS, len: services.len() + 1, row, focused }.view(frame, inner, &mut grants.services_list, theme);
}

fn draw_list(grants: &mut Grants, frame: &mut Frame<'_>, area: Rect, world: &World) {
    const ALL: &[Column] = &[
        Column::new("NAME", 14),
        Column::new("SERVICE", 8).rank(3).most(20),
        Column::new("HOLDER", 8).rank(1).most(24),
        Column::new("EXPIRES", 8).rank(2),
        Column::new("STATE", 9),
        Column::new("LAST USED", 8).rank(4),
    ];
    const ONE: &[Column] = &[
        Column::new("NAME", 14),
        Column::new("HOLDER", 8).rank(1).most(24),
        Column::new("EXPIRES", 8).rank(2),
        Column::new("STATE", 9),
        Column::new("LAST USED", 8).rank(3),
    ];
    let theme = world.theme;
    let focused = grants.pane == Pane::List;
    let name = match (&grants.under, &grants.service) {
        (Some(target), _) => format!("Delegated from {}", target.name),
        (None, Some(service)) => format!("Grants of {service}"),
        (None, None) => "Grants".to_owned(),
    };
    let mut head = title(theme, &name, focused);
    let window = &grants.window;
    if let Some(count) = count(grants).filter(|_| window.read) {
        head.push_span(span(theme, Role::Quiet, format!(" {count}")));
    }
    let inner = pane(frame, area, head, focused, theme);
    let inner = grants.filter.view(frame, inner, world);
    if !window.read {
        return frame.render_widget(line(theme, Role::Quiet, "reading…"), inner);
    }
    if window.len() == 0 {
        let words = if grants.filter.field.is_empty() {
            ("Nothing was granted yet.", "m mints a capability and writes down here who has it.")
        } else {
            ("Nothing matches the filter.", "Esc takes the filter away.")
        };
        return nothing(frame, inner, world, words);
    }
    let one_service = grants.service.is_some() || grants.services.len() == 1;
    let columns = if one_service { ONE } else { ALL };
    let row = |at: usize| window.row(at).map(|row| cells(row, window.is_folded(at), window.is_cut(at), one_service, world)).unwrap_or_default();
    let table = Table { columns, len: window.len(), row, focused: focused && !grants.filter.typing };
    table.view(frame, inner, &mut grants.list, theme);
    // How far one is among all there is, not only among what was read.
    let (rank, total) = (grants.window.rank(grants.list.top), grants.window.total);
    let height = grants.list.height();
    let scale = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    bar(frame, grants.list.drawn, scale(rank.saturating_sub(1)), height, scale(total).max(grants.window.len().min(height)), theme);
}

/// How many there are of what is listed, those that are folded away or not read yet among them.
fn count(grants: &Grants) -> Option<String> {
    let total = grants.window.total;
    if !grants.filter.field.is_empty() {
        return Some(format!("{} found", number(total)));
    }
    if grants.under.is_some() {
        return Some(format!("{} directly", number(total)));
    }
    let of_service = |service: &&ServiceView| grants.service.as_ref().is_none_or(|name| *name == service.name);
    let all: u64 = grants.services.iter().filter(of_service).map(|service| service.grants.all).sum();
    (all > 0).then(|| number(all))
}

fn cells(row: &GrantRow, folded: bool, cut: bool, one_service: bool, world: &World) -> Vec<Line<'static>> {
    let theme = world.theme;
    let grant = &row.grant;
    let over = matches!(grant.state, State::Expired | State::Revoked);
    let mut name = Line::from(vec![span(theme, Role::Quiet, branches(row)), span(theme, if over { Role::Quiet } else { Role::Name }, &grant.name)]);
    if folded || cut {
        name.push_span(span(theme, Role::Quiet, format!(" ▸{}", number(grant.children))));
    }
    let expires = match (grant.state, grant.expires) {
        (State::Revoked, _) | (_, None) => line(theme, Role::Quiet, "–"),
        (State::Soon, Some(at)) => line(theme, Role::Warn, world.told(at)),
        (_, Some(at)) => line(theme, if over { Role::Quiet } else { Role::Plain }, world.told(at)),
    };
    let used = grant.usage.last.map_or_else(|| line(theme, Role::Quiet, "never"), |at| line(theme, Role::Quiet, world.told(at)));
    let mut cells = vec![name];
    if !one_service {
        cells.push(line(theme, Role::Quiet, &grant.service));
    }
    cells.extend([holder(grant.holder.as_ref(), theme), expires, state(grant.state, theme), used]);
    cells
}

/// The lines of the tree before a name.
fn branches(row: &GrantRow) -> String {
    let mut text = String::new();
    let depth = usize::try_from(row.depth).unwrap_or(0);
    if row.last.is_empty() {
        return text;
    }
    for (level, last) in row.last.iter().enumerate().skip(1) {
        text.push_str(match (level == depth, last) {
            (true, true) => "└ ",
            (true, false) => "├ ",
            (false, true) => "  ",
            (false, false) => "│ ",
        });
    }
    text
}

/// What becomes of it now, by a sign, a word and a colour.
pub(crate) fn state(state: State, theme: Theme) -> Line<'static> {
    let (role, sign) = match state {
        State::Active => (Role::Good, "●"),
        State::Soon => (Role::Warn, "!"),
        State::NotYet => (Role::Warn, "○"),
        State::Expired => (Role::Quiet, "–"),
        State::Revoked => (Role::Bad, "✗"),
    };
    line(theme, role, format!("{sign} {}", state.word()))
}

/// The key that something is bound to.
pub(crate) fn holder(holder: Option<&HolderView>, theme: Theme) -> Line<'static> {
    let Some(holder) = holder else { return line(theme, Role::Quiet, "anyone") };
    let name = holder.name.as_ref().unwrap_or(&holder.fingerprint);
    let mut text = Line::from(span(theme, Role::Plain, name));
    if !holder.verified {
        text.push_span(Span::styled(" ?", theme.style(Role::Warn)));
    }
    text
}

fn draw_details(grants: &mut Grants, frame: &mut Frame<'_>, area: Rect, world: &World, alone: bool) {
    let theme = world.theme;
    let focused = grants.pane == Pane::Details;
    let Some(grant) = grants.selected().cloned() else {
        pane(frame, area, Line::default(), focused, theme);
        return;
    };
    let head = if alone {
        Line::from(vec![span(theme, Role::Quiet, "Grants › "), span(theme, Role::Accent, &grant.name)])
    } else {
        title(theme, &grant.name, focused)
    };
    let inner = pane(frame, area, head, focused, theme);
    let fields = details(&grant, grants, world);
    fields.view(frame, inner, &mut grants.details);
    if focused {
        frame.set_cursor_position((inner.x, inner.y));
    }
}

fn details(grant: &GrantView, grants: &Grants, world: &World) -> Fields {
    let theme = world.theme;
    let times = &world.times;
    let mut fields = Fields::new(theme);
    fields.line("state", state(grant.state, theme)).text(Role::Plain, &grant.allows).blank();
    fields.field("service", Role::Name, &grant.service).line("holder", holder(grant.holder.as_ref(), theme));
    if let Some(holder) = &grant.holder {
        fields.field("", Role::Quiet, &holder.fingerprint);
    }
    fields.field("id", Role::Quiet, &grant.rid);
    let origin = match grant.origin {
        "minted" => "minted here",
        "shared" => "shared from here",
        _ => "delegated elsewhere, met at a gateway",
    };
    fields.field("origin", Role::Plain, format!("{origin}, {}", times.full(grant.created)));
    if let Some(at) = grant.expires {
        fields.field("expires", if grant.state == State::Soon { Role::Warn } else { Role::Plain }, times.full(at));
    }
    if grant.origin != "met" {
        fields.field("handed out", Role::Plain, grant.shared.map_or_else(|| "not yet".to_owned(), |at| times.full(at)));
    }
    match grant.usage.last {
        None => fields.field("used", Role::Quiet, "never"),
        Some(last) => {
            let from = grant.usage.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
            let uses = if grant.usage.uses == 1 { "once".to_owned() } else { format!("{} times", number(grant.usage.uses)) };
            fields.field("used", Role::Plain, format!("{uses}, last {}{from}", world.told(last)))
        }
    };
    if grant.children > 0 {
        fields.field("below it", Role::Plain, format!("{} delegated directly from it", number(grant.children)));
    }
    if let Some(revoked) = &grant.revoked {
        fields.heading("Revoked");
        if revoked.at > 0 {
            fields.field("when", Role::Plain, times.full(revoked.at));
        }
        fields.field("why", Role::Plain, &revoked.reason);
        if !revoked.note.is_empty() {
            fields.field("note", Role::Plain, &revoked.note);
        }
        if let Some(by) = &revoked.by {
            fields.field("through", Role::Plain, format!("the grant above it, {}", by.chars().take(8).collect::<String>()));
        }
    }
    let sessions: Vec<_> = grants.live.sessions.iter().filter(|session| session.rid == grant.rid).collect();
    if !sessions.is_empty() {
        fields.heading(format!("Live sessions {}", sessions.len()));
        for session in sessions {
            let target = session.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
            fields.spans(Line::from(vec![
                span(theme, Role::Good, "● "),
                span(theme, Role::Plain, &session.from),
                span(theme, Role::Quiet, format!("{target}, for {}", world.lasted(session.opened))),
            ]));
        }
    }
    fields
}
