//! Questions to the person at the terminal. They are asked on standard error, so that results can be piped, and only where someone can answer.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal};

use clap::ColorChoice;
use inquire::error::InquireResult;
use inquire::{Confirm, InquireError, Password, PasswordDisplayMode, Select, Text};
use keycap_vault::SecretText;

use crate::error::CliError;
use crate::output;
use crate::output::line::Line;
use crate::output::page::Page;

/// Who asks. A program that wants JSON is never asked anything but a passphrase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prompt {
    interactive: bool,
}

impl Prompt {
    /// Someone can answer if standard input and error are a terminal.
    pub(crate) fn new(json: bool, color: ColorChoice) -> Self {
        let colour = output::colours(color, &io::stderr());
        let config = if colour { inquire::ui::RenderConfig::default_colored() } else { inquire::ui::RenderConfig::empty() };
        inquire::set_global_render_config(config);
        Self { interactive: !json && io::stdin().is_terminal() && io::stderr().is_terminal() }
    }

    /// Whether someone can answer.
    pub(crate) fn is_interactive(self) -> bool {
        self.interactive
    }

    /// Whether a passphrase can be asked for: standard input may then be something else than the terminal.
    pub(crate) fn can_ask_passphrase(self) -> bool {
        #[cfg(unix)]
        let reachable = io::stdin().is_terminal() || std::fs::File::open("/dev/tty").is_ok();
        #[cfg(not(unix))]
        let reachable = io::stdin().is_terminal();
        reachable && io::stderr().is_terminal()
    }

    /// Tells the person something while a question is open.
    pub(crate) fn say(self, message: &str) {
        // Where nobody reads standard error nothing is lost.
        let _ = Page::new(&mut io::stderr().lock(), false, None).line(message);
    }

    /// Yes or no; Enter alone is no.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn confirm(self, question: &str) -> Result<bool, CliError> {
        answered(Confirm::new(question).with_default(false).prompt())
    }

    /// Yes or no; Enter alone is yes: only for what is harmless and wanted by most.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn agree(self, question: &str) -> Result<bool, CliError> {
        answered(Confirm::new(question).with_default(true).prompt())
    }

    /// A line of text, `default` if nothing is typed.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn text(self, question: &str, default: Option<&str>, help: &str) -> Result<String, CliError> {
        let mut text = Text::new(question);
        text.default = default;
        text.help_message = (!help.is_empty()).then_some(help);
        answered(text.prompt()).map(|text| text.trim().to_owned())
    }

    /// One of these.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn select<T: Display>(self, question: &str, options: Vec<T>) -> Result<T, CliError> {
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let options: Vec<_> = options
            .into_iter()
            .map(|option| Choice { shown: Line::from(option.to_string()).cut(columns.saturating_sub(MARKER)).text(), option })
            .collect();
        // What was chosen is repeated without its explanation.
        let formatter = &|chosen: inquire::list_option::ListOption<&Choice<T>>| chosen.value.label().to_owned();
        let whole = options.len() <= SHOWN;
        let mut select = Select::new(question, options).with_page_size(SHOWN).with_formatter(formatter);
        if whole {
            // Everything is in sight: typing would only hide it.
            select = select.without_filtering();
        }
        answered(select.prompt()).map(|chosen| chosen.option)
    }

    /// A passphrase that is there already.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn passphrase(self, question: &str) -> Result<SecretText, CliError> {
        let prompt = Password::new(question).with_display_mode(PasswordDisplayMode::Masked).without_confirmation();
        answered(prompt.prompt()).map(SecretText::new)
    }

    /// A new passphrase, typed twice.
    ///
    /// # Errors
    /// If the person cancels.
    pub(crate) fn new_passphrase(self, question: &str) -> Result<SecretText, CliError> {
        let prompt = Password::new(question)
            .with_display_mode(PasswordDisplayMode::Masked)
            .with_custom_confirmation_message("The same again:")
            .with_custom_confirmation_error_message("The two differ.")
            .with_validator(inquire::min_length!(8, "At least 8 characters; several words are better than one."));
        answered(prompt.prompt()).map(SecretText::new)
    }
}

/// Columns in front of an option.
const MARKER: usize = 3;
/// Options that a list shows at once; a longer one can be filtered by typing.
const SHOWN: usize = 12;

/// An option on one line of the terminal, however much it says.
struct Choice<T> {
    shown: String,
    option: T,
}

impl<T> Choice<T> {
    /// What stands before the explanation, which two blanks set apart.
    fn label(&self) -> &str {
        self.shown.split("  ").next().unwrap_or(&self.shown)
    }
}

impl<T> Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

fn answered<T>(answer: InquireResult<T>) -> Result<T, CliError> {
    answer.map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => CliError::cancelled(),
        InquireError::NotTTY => not_a_terminal(),
        InquireError::IO(error) => CliError::failed("terminal", format!("the terminal could not be used: {error}")),
        InquireError::InvalidConfiguration(why) => CliError::failed("terminal", why),
        InquireError::Custom(error) => CliError::failed("terminal", error.to_string()),
    })
}

/// There is nobody to ask.
pub(crate) fn not_a_terminal() -> CliError {
    CliError::usage("not-a-terminal", "this needs an answer, and nobody is at a terminal to give it")
}
