//! `age-plugin-keycap`: age and rage seal to keycap's keys and capabilities, and open with keycap's vault.
//!
//! It speaks the age plugin protocol (<https://c2sp.org/age-plugin>) on standard input and output, started by `age`, `rage`, or whatever uses
//! them. Secrets stay in the vault: a recipient or identity names what is to be used. What it has to say or ask goes through the program that
//! started it.
#![forbid(unsafe_code)]

mod identity;
mod plugin_vault;
mod recipient;

use std::io::{self, Write};
use std::process::ExitCode;

use age_plugin::{PluginHandler, run_state_machine};

/// What is freed is wiped first: file keys and passphrases pass through libraries that do not wipe them.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The name by which age finds this program: `age-plugin-` and this.
const NAME: &str = "keycap";

const HELP: &str = "\
age-plugin-keycap lets age and rage seal to keycap's keys and capabilities, and open with keycap's vault.
age and rage start it by themselves; it has to lie in a folder of PATH.

  keycap share key:alice --age-recipient        an age1keycap1… to seal to
  keycap share key:operator --age-identity      an AGE-PLUGIN-KEYCAP-1… to open with, for an identity file
  age -r age1keycap1… -o notes.age notes.txt
  age -d -i identity.txt notes.age
  age -d -j keycap notes.age                    opens with whatever the vault has

It uses the vault in KEYCAP_VAULT, or where keycap has it.
";

struct Plugin;

impl PluginHandler for Plugin {
    type RecipientV1 = recipient::Plugin;
    type IdentityV1 = identity::Plugin;

    fn recipient_v1(self) -> io::Result<Self::RecipientV1> {
        Ok(recipient::Plugin::default())
    }

    fn identity_v1(self) -> io::Result<Self::IdentityV1> {
        Ok(identity::Plugin::default())
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (first, second) = (arguments.next(), arguments.next());
    let ended = match (first.as_deref(), second) {
        (Some(argument), None) => match argument.strip_prefix("--age-plugin=") {
            Some(machine) => run_state_machine(machine, Plugin),
            None if matches!(argument, "-h" | "--help" | "help") => io::stdout().write_all(HELP.as_bytes()),
            None if matches!(argument, "-V" | "--version") => writeln!(io::stdout(), "age-plugin-keycap {}", env!("CARGO_PKG_VERSION")),
            None => return usage(),
        },
        _ => return usage(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If nobody reads this either, there is nothing left to be done.
            let _ = writeln!(io::stderr(), "age-plugin-keycap: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    let _ = io::stderr().write_all(HELP.as_bytes());
    ExitCode::from(2)
}
