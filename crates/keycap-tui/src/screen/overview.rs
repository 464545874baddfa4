//! How things stand, and what needs a look: each line leads to where it can be dealt with.

use keycap_vault::view::{DoctorFinding, Level, Overview};
use keycap_vault::words::number;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::keymap::Command;
use crate::request::{Answer, Request};
use crate::screen::{Click, Hint, Input, Kind, Screen, Step, Tab, Target, browser};
use crate::theme::Role;
use crate::toast::Toast;
use crate::widget::list::List;
use crate::widget::pane::{pane, title};
use crate::widget::text::{cut, line, span, wrap};
use crate::world::World;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct OverviewScreen {
    overview: Option<Overview>,
    findings: Option<Vec<DoctorFinding>>,
    list: List,
    top: usize,
    drawn: Rect,
    /// Where the lines in sight that lead somewhere begin.
    lines: Vec<(u16, u16)>,
}

const ALL: u32 = 0;
const DOCTOR: u32 = 1;
const MEND: u32 = 2;

/// Columns of the labels at the end.
const LABEL: usize = 10;
/// Columns that are no line's: the frame, the mark of the selection, and that of how far it is scrolled.
const AROUND: u16 = 7;

/// A line, and where Enter leads from it.
struct Entry {
    text: Line<'static>,
    leads: Leads,
}

/// Where a line leads.
#[derive(Debug, Clone)]
enum Leads {
    /// Nowhere: it is a heading, or says that there is nothing.
    Nowhere,
    /// To something on one of the screens.
    To(Tab, Option<Target>),
    /// It begins an action.
    Start(&'static str),
    /// It lets the doctor mend what it can.
    Mend,
    /// It says more.
    Say(String),
}

impl OverviewScreen {
    fn entries(&self, world: &World) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Some(overview) = &self.overview {
            needs_a_look(overview, self.findings.as_deref(), world, &mut entries);
            expiring(overview, world, &mut entries);
            running(overview, world, &mut entries);
            to_begin(overview, world, &mut entries);
            what_there_is(overview, world, &mut entries);
        }
        entries
    }

    fn open(&self, world: &World) -> Vec<Step> {
        let entries = self.entries(world);
        let lines: Vec<&Entry> = entries.iter().filter(|entry| !matches!(entry.leads, Leads::Nowhere)).collect();
        match lines.get(self.list.cursor).map(|entry| entry.leads.clone()) {
            Some(Leads::To(tab, target)) => vec![Step::Show(tab, target)],
            Some(Leads::Start(id)) => vec![Step::Start(id, None)],
            Some(Leads::Mend) => vec![Step::Ask { slot: MEND, request: Request::Mend }],
            Some(Leads::Say(text)) => vec![Step::Tell(Toast::note(text))],
            Some(Leads::Nowhere) | None => vec![Step::Stay],
        }
    }
}

fn heading(entries: &mut Vec<Entry>, world: &World, text: &str) {
    if !entries.is_empty() {
        entries.push(Entry { text: Line::default(), leads: Leads::Nowhere });
    }
    entries.push(Entry { text: line(world.theme, Role::Strong, text), leads: Leads::Nowhere });
}

fn entry(entries: &mut Vec<Entry>, text: Line<'static>, leads: Leads) {
    entries.push(Entry { text, leads });
}

fn needs_a_look(overview: &Overview, findings: Option<&[DoctorFinding]>, world: &World, entries: &mut Vec<Entry>) {
    let theme = world.theme;
    let warn = |text: &str, more: &str| {
        Line::from(vec![span(theme, Role::Warn, "! "), span(theme, Role::Plain, text), span(theme, Role::Quiet, format!("  {more}"))])
    };
    heading(entries, world, "Needs a look");
    let before = entries.len();
    for receipt in &overview.pending {
        let target = Target { kind: Kind::Grant, name: receipt.grant.name.clone(), id: receipt.grant.rid.clone() };
        let text = format!("{} is revoked, but {} of its gateways have not applied it", receipt.grant.name, number(receipt.pending));
        entry(entries, warn(&text, "its sessions there go on"), Leads::To(Tab::Grants, Some(target)));
    }
    for gateway in overview.live.gateways.iter().filter(|gateway| !gateway.alive) {
        let text = format!("the gateway of {} at {} gives no sign of life", gateway.service, gateway.listen);
        let target = Target { kind: Kind::Service, name: gateway.service.clone(), id: String::new() };
        entry(entries, warn(&text, &format!("process {} on {}", gateway.pid, gateway.host)), Leads::To(Tab::Services, Some(target)));
    }
    for card in &overview.unverified {
        let target = Target { kind: Kind::Card, name: card.name.clone(), id: card.fingerprint_full.clone() };
        let text = format!("the key card {} was never compared with its owner", card.name);
        entry(entries, warn(&text, &card.fingerprint), Leads::To(Tab::Keys, Some(target)));
    }
    let status = &overview.status;
    if overview.last_backup.is_none() && status.keys + status.services + status.capabilities > 0 {
        entry(entries, warn("there is no backup", "what is lost with this machine is lost"), Leads::Start("vault.backup"));
    }
    for finding in findings.into_iter().flatten().filter(|finding| finding.level >= Level::Note && finding.code != "no-backup") {
        let (role, sign) = match finding.level {
            Level::Problem => (Role::Bad, "✗ "),
            Level::Warning => (Role::Warn, "! "),
            Level::Note | Level::Ok => (Role::Accent, "· "),
        };
        let more = if finding.mendable { "Enter mends it" } else { finding.hint.as_deref().unwrap_or_default() };
        let text = Line::from(vec![span(theme, role, sign), span(theme, Role::Plain, &finding.what), span(theme, Role::Quiet, format!("  {more}"))]);
        let said = finding.hint.as_ref().map_or_else(|| finding.what.clone(), |hint| format!("{} {hint}", finding.what));
        let leads = match finding.code {
            _ if finding.mendable => Leads::Mend,
            "old-backup" => Leads::Start("vault.backup"),
            _ => Leads::Say(said),
        };
        entry(entries, text, leads);
    }
    if entries.len() == before {
        let text = if findings.is_some() { "✓ nothing" } else { "the doctor is looking…" };
        let role = if findings.is_some() { Role::Good } else { Role::Quiet };
        entry(entries, line(theme, role, text), Leads::Nowhere);
    }
}

fn expiring(overview: &Overview, world: &World, entries: &mut Vec<Entry>) {
    if overview.expiring.is_empty() {
        return;
    }
    let theme = world.theme;
    heading(entries, world, "Expires within a week");
    let width = overview.expiring.iter().map(|grant| grant.name.chars().count()).max().unwrap_or(0).min(32);
    for grant in &overview.expiring {
        let target = Target { kind: Kind::Grant, name: grant.name.clone(), id: grant.rid.clone() };
        let expires = grant.expires.map(|at| world.told(at)).unwrap_or_default();
        let used = grant.usage.last.map_or_else(|| "never used".to_owned(), |at| format!("used {}", world.told(at)));
        let role = if grant.state == keycap_vault::view::State::Soon { Role::Warn } else { Role::Plain };
        let text = Line::from(vec![
            span(theme, Role::Name, format!("{:width$}", grant.name)),
            span(theme, Role::Quiet, format!("  {:<16}", grant.service)),
            span(theme, role, format!("  {expires:<10}")),
            span(theme, Role::Quiet, format!("  {used}")),
        ]);
        entry(entries, text, Leads::To(Tab::Grants, Some(target)));
    }
}

fn running(overview: &Overview, world: &World, entries: &mut Vec<Entry>) {
    let theme = world.theme;
    let alive: Vec<_> = overview.live.gateways.iter().filter(|gateway| gateway.alive).collect();
    if alive.is_empty() {
        return;
    }
    heading(entries, world, "Running now");
    for gateway in alive {
        let sessions = match gateway.sessions {
            0 => "no session open".to_owned(),
            1 => "1 session open".to_owned(),
            more => format!("{} sessions open", number(more)),
        };
        let text = Line::from(vec![
            span(theme, Role::Good, "● "),
            span(theme, Role::Name, &gateway.service),
            span(theme, Role::Plain, format!("  {}", gateway.listen)),
            span(theme, Role::Quiet, format!("  {sessions}, running for {}", world.lasted(gateway.started))),
        ]);
        let target = Target { kind: Kind::Service, name: gateway.service.clone(), id: String::new() };
        entry(entries, text, Leads::To(Tab::Services, Some(target)));
    }
}

/// What comes first where there is nothing that lets anybody in anywhere.
fn to_begin(overview: &Overview, world: &World, entries: &mut Vec<Entry>) {
    let (theme, status) = (world.theme, &overview.status);
    if status.services + status.capabilities > 0 {
        return;
    }
    heading(entries, world, "To begin");
    let key = (status.keys == 0).then_some(("key.new", "make a key of your own", "its card is what others bind capabilities to"));
    let others = [
        ("service.new", "make a service", "and mint capabilities for it"),
        ("add", "take in what you were given", "a capability or a card: pasted, from a file, or a QR code"),
    ];
    for (action, text, more) in key.into_iter().chain(others) {
        let text = Line::from(vec![span(theme, Role::Accent, "+ "), span(theme, Role::Plain, text), span(theme, Role::Quiet, format!("  {more}"))]);
        entry(entries, text, Leads::Start(action));
    }
}

fn what_there_is(overview: &Overview, world: &World, entries: &mut Vec<Entry>) {
    let theme = world.theme;
    let status = &overview.status;
    heading(entries, world, "In this vault");
    let counts = [
        (status.keys, "key of yours", "keys of yours", Tab::Keys),
        (status.cards, "key card of someone else", "key cards of others", Tab::Keys),
        (status.services, "service", "services", Tab::Services),
        (status.grants, "grant", "grants", Tab::Grants),
        (status.capabilities, "capability held", "capabilities held", Tab::Capabilities),
    ];
    for (count, one, more, tab) in counts {
        let role = if count == 0 { Role::Quiet } else { Role::Plain };
        let text = format!("{:>9} {}", number(count), if count == 1 { one } else { more });
        entry(entries, line(theme, role, text), Leads::To(tab, None));
    }
    entry(entries, Line::default(), Leads::Nowhere);
    let backup = overview.last_backup.map_or_else(|| "never".to_owned(), |at| world.told(at));
    for (label, text) in [("secrets", status.protection_text.as_str()), ("folder", &status.folder), ("backup", &backup)] {
        let room = usize::from(world.size.columns).saturating_sub(usize::from(AROUND) + LABEL);
        for (part, text) in wrap(line(theme, Role::Plain, text), room).into_iter().enumerate() {
            let mut spans = vec![span(theme, Role::Quiet, format!("{:LABEL$}", if part == 0 { label } else { "" }))];
            spans.extend(text.spans);
            entry(entries, Line::from(spans), Leads::Nowhere);
        }
    }
}

impl Screen for OverviewScreen {
    fn title(&self) -> String {
        "Overview".to_owned()
    }

    fn hints(&self, world: &World) -> Vec<Hint> {
        browser::hints(
            world,
            &[("enter", "open"), ("mint", "mint"), ("add", "take in"), ("share", "share"), ("palette", "all actions"), ("vault.lock", "lock")],
        )
    }

    fn lines(&self) -> Vec<(u16, u16)> {
        self.lines.clone()
    }

    fn update(&mut self, input: Input<'_>, world: &World) -> Vec<Step> {
        match input {
            Input::Shown => {
                vec![Step::Ask { slot: ALL, request: Request::Overview }, Step::Ask { slot: DOCTOR, request: Request::Doctor }]
            }
            Input::LedgerChanged => vec![Step::Ask { slot: ALL, request: Request::Overview }],
            Input::Answered { outcome: Ok(Answer::Overview(overview)), .. } => {
                self.overview = Some(*overview);
                Vec::new()
            }
            Input::Answered { outcome: Ok(Answer::Doctor(findings)), .. } => {
                self.findings = Some(findings);
                Vec::new()
            }
            Input::Answered { outcome: Ok(Answer::Mended(mended)), .. } => {
                self.findings = Some(mended.findings);
                let done = if mended.done.is_empty() { "there was nothing to mend".to_owned() } else { mended.done.join(" ") };
                vec![Step::Tell(Toast::done(done)), Step::Changed]
            }
            Input::Answered { outcome: Err(failure), .. } => vec![Step::Tell(Toast::from(failure))],
            Input::Command(Command::Open | Command::Right) => self.open(world),
            Input::Command(command) => {
                let len = self.entries(world).iter().filter(|entry| !matches!(entry.leads, Leads::Nowhere)).count();
                if self.list.command(command, len) { vec![Step::Stay] } else { Vec::new() }
            }
            Input::Mouse { at, what } => {
                let entries = self.entries(world);
                let len = entries.iter().filter(|entry| !matches!(entry.leads, Leads::Nowhere)).count();
                match what {
                    Click::WheelUp | Click::WheelDown => self.list.wheel(what == Click::WheelUp, len),
                    Click::Press | Click::Twice => {
                        let Some(row) = at.1.checked_sub(self.drawn.y).map(|row| self.top + usize::from(row)) else { return vec![Step::Stay] };
                        if entries.get(row).is_some_and(|entry| !matches!(entry.leads, Leads::Nowhere)) {
                            self.list.cursor = entries.iter().take(row).filter(|entry| !matches!(entry.leads, Leads::Nowhere)).count();
                            if what == Click::Twice {
                                return self.open(world);
                            }
                        }
                    }
                }
                vec![Step::Stay]
            }
            Input::Key(_) | Input::Paste(_) | Input::Tick | Input::Answered { .. } | Input::Locked => Vec::new(),
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        let theme = world.theme;
        let inner = pane(frame, area, title(theme, "Overview", true), true, theme);
        self.drawn = inner;
        if self.overview.is_none() {
            return frame.render_widget(line(theme, Role::Quiet, "reading…"), inner);
        }
        let entries = self.entries(world);
        let rows: Vec<usize> = (0..entries.len()).filter(|at| entries.get(*at).is_some_and(|entry| !matches!(entry.leads, Leads::Nowhere))).collect();
        self.list.cursor = self.list.cursor.min(rows.len().saturating_sub(1));
        let selected = rows.get(self.list.cursor).copied();
        let height = usize::from(inner.height).max(1);
        // A heading above the first line stays in sight with it.
        let wanted = selected.map_or(0, |at| if self.list.cursor == 0 { 0 } else { at });
        self.top = self.top.min(wanted).min(entries.len().saturating_sub(height));
        if wanted >= self.top + height {
            self.top = wanted + 1 - height;
        }
        let len = entries.len();
        // What is cut says so beside the mark of how far one is, not under it.
        let room = usize::from(inner.width).saturating_sub(if len > height { 2 } else { 0 });
        self.lines.clear();
        for ((at, entry), y) in entries.into_iter().enumerate().skip(self.top).zip(inner.y..inner.bottom()) {
            let place = Rect { y, height: 1, ..inner };
            let is_selected = selected == Some(at);
            if !matches!(entry.leads, Leads::Nowhere) {
                self.lines.push((place.x, y));
            }
            let mut text = Line::from(span(theme, Role::Accent, if is_selected { "▸ " } else { "  " }));
            text.spans.extend(entry.text.spans);
            if is_selected {
                frame.buffer_mut().set_style(place, theme.selection());
                frame.set_cursor_position((place.x, y));
            }
            frame.render_widget(cut(text, room), place);
        }
        crate::widget::fields::bar(frame, inner, self.top, height, len, theme);
    }
}
