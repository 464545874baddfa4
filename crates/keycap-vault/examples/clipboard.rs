//! Copies a secret in a way that outlives the program, and takes in what others copied.
//!
//! ```text
//! clipboard copy MILLISECONDS <secret    puts it on the clipboard, for that long
//! clipboard text                         writes the text on the clipboard
//! clipboard codes                        writes what the QR codes in the picture on the clipboard say
//! clipboard forget <secret               clears the clipboard if that is on it
//! clipboard hold                         what `copy` leaves behind; not for people
//! ```

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::process::{Command, ExitCode};
use std::time::Duration;

use keycap_core::secret::SecretText;
use keycap_vault::clipboard;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is no place left to say anything.
            drop(writeln!(std::io::stderr(), "clipboard: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["copy", millis] => {
            let mut holder = Command::new(std::env::current_exe()?);
            holder.arg("hold");
            clipboard::copy_secret_detached(holder, &secret_from_stdin()?, Duration::from_millis(millis.parse()?))?;
        }
        ["hold"] => drop(clipboard::hold_for_parent(stdin(), stdout())?),
        ["text"] => write!(stdout(), "{}", clipboard::read_text()?.expose())?,
        ["codes"] => {
            for text in clipboard::read_picture()?.read_qr()? {
                writeln!(stdout(), "{}", text.expose())?;
            }
        }
        ["forget"] => writeln!(stdout(), "{:?}", clipboard::clear_if_holding(secret_from_stdin()?)?)?,
        _ => return Err("give copy MILLISECONDS, text, codes, forget or hold".into()),
    }
    Ok(())
}

fn secret_from_stdin() -> Result<SecretText, std::io::Error> {
    Ok(SecretText::new(std::io::read_to_string(stdin())?))
}
