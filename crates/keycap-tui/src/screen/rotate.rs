//! Another root secret for a service: what was minted from the ones before goes on working, or ends with it. Whichever it is, the service's
//! name is typed first.

use keycap_vault::Rotation;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::request::Request;
use crate::screen::sheet::{Sheet, Turn};
use crate::screen::{Hint, Input, Screen, Shape, Step, Target};
use crate::toast::Toast;
use crate::widget::form::Row;
use crate::world::World;

/// The dialog.
#[derive(Debug)]
pub(crate) struct Rotate {
    target: Target,
    sheet: Sheet,
}

/// What becomes of what was minted before: how it is called, what it means for whoever has it, and what is told afterwards.
const EARLIER: [(Rotation, &str, &str, &str); 3] = [
    (Rotation::KeepEarlier, "goes on working", "", "what was minted before goes on working"),
    (
        Rotation::RevokeEarlier,
        "is revoked",
        "Every grant up to now is refused, and its sessions are cut. Whoever has one is told so.",
        "what was minted before is revoked",
    ),
    (
        Rotation::ForgetEarlier,
        "is forgotten",
        "Every grant up to now meets silence, its sessions are cut, and the root secrets before are deleted for good.",
        "what was minted before is dead, and its root secrets are deleted",
    ),
];

impl Rotate {
    /// Of this service.
    pub(crate) fn new(target: Target) -> Self {
        let earlier = Row::choice("earlier", "Earlier", EARLIER.map(|(_, word, _, _)| word)).note("What becomes of what was minted before.");
        let name = Row::line("name", "Type", "the name of the service, which says yes");
        let note = format!("From now on {} mints from a new root secret. This cannot be undone.", target.name);
        Self { target, sheet: Sheet::new(vec![earlier, name], "Rotate it", note) }
    }

    fn chosen(&self) -> (Rotation, &'static str, &'static str) {
        let [keep, ..] = EARLIER;
        let (rotation, _, means, told) = EARLIER.get(self.sheet.form.chosen("earlier")).copied().unwrap_or(keep);
        (rotation, means, told)
    }
}

impl Screen for Rotate {
    fn title(&self) -> String {
        format!("Rotate the root secret of {}?", self.target.name)
    }

    fn shape(&self, world: &World) -> Shape {
        self.sheet.shape(world)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn hints(&self, _world: &World) -> Vec<Hint> {
        self.sheet.hints("do it, if the name is typed")
    }

    fn update(&mut self, input: Input<'_>, _world: &World) -> Vec<Step> {
        // A name that has to be typed is not pasted.
        if matches!(input, Input::Paste(_)) {
            return vec![Step::Stay];
        }
        match self.sheet.input(&input) {
            Turn::Do if self.sheet.form.text("name") == self.target.name => {
                self.sheet.begin();
                let Target { name, id, .. } = self.target.clone();
                vec![Step::Ask { slot: 0, request: Request::Rotate { name, fingerprint: id, rotation: self.chosen().0 } }]
            }
            Turn::Do => {
                self.sheet.refuse_row("name", format!("Type {}: nothing is done before.", self.target.name));
                vec![Step::Stay]
            }
            Turn::Changed => {
                let (_, means, _) = self.chosen();
                self.sheet.form.set_warning("earlier", means);
                vec![Step::Stay]
            }
            Turn::Close => vec![Step::Close],
            Turn::Done => vec![Step::Stay],
            Turn::No => match input {
                Input::Answered { outcome: Ok(_), .. } => {
                    let told = Toast::done(format!("{} mints from a new root secret; {}", self.target.name, self.chosen().2));
                    vec![Step::Close, Step::Tell(told), Step::Changed]
                }
                Input::Answered { outcome: Err(failure), .. } => vec![Step::Close, Step::Tell(Toast::from(failure))],
                Input::Shown | Input::LedgerChanged | Input::Command(_) | Input::Tick => Vec::new(),
                Input::Key(_) | Input::Paste(_) | Input::Mouse { .. } | Input::Locked => Vec::new(),
            },
        }
    }

    fn view(&mut self, frame: &mut Frame<'_>, area: Rect, world: &World) {
        self.sheet.view(frame, area, world.theme);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, pasted};

    #[test]
    fn what_was_minted_before_goes_on_or_ends_and_the_name_is_typed_and_not_pasted() {
        for (choice, revoked) in [("", false), ("Right", true), ("Right Right", true)] {
            let mut stage = Stage::populated();
            let epoch = stage.vault.service("orders").unwrap().epoch;
            stage.press("3 End R");
            stage.press(choice);
            stage.press("Tab");
            stage.happens(pasted("orders"));
            stage.press("Enter Enter");
            assert!(stage.screen().contains("Type orders: nothing is done before."), "{}", stage.screen());
            assert_eq!(stage.vault.service("orders").unwrap().epoch, epoch);
            stage.write("orders");
            stage.press("Enter");
            assert_eq!(stage.vault.service("orders").unwrap().epoch, epoch + 1, "{}", stage.screen());
            assert!(stage.screen().contains("mints from a new root secret"), "{}", stage.screen());
            let alice = stage.vault.grant("alice").unwrap();
            assert_eq!(alice.state == keycap_vault::view::State::Revoked, revoked, "{choice}");
        }
    }
}
