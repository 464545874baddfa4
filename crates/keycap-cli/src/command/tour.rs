//! `keycap tour`: the whole story, live: two vaults in a folder of its own, a small web page as the service, a real gateway, and the real
//! commands. Nothing of it is left afterwards, also if it is interrupted.

mod stage;
mod web;

use std::time::Instant;

use clap::Args;

use self::stage::Stage;
use super::live::{block_on, stopped};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::{DONE, Ended};
use crate::output::Output;
use crate::output::line::Line;

#[derive(Debug, Args)]
pub(crate) struct TourArgs {}

/// Does it.
///
/// # Errors
/// If a step does not do what the story says it does, or it is interrupted.
pub(crate) fn run(_args: &TourArgs, context: &mut Context) -> Ended {
    if context.output.is_json() {
        return Err(CliError::usage("no-json", "the tour is told to people").hint("leave out --json"));
    }
    let stage = Stage::set()?;
    let output = &mut context.output;
    let told = block_on(async {
        let (send, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let telling = stage.clone();
        let mut story = tokio::task::spawn_blocking(move || tell(&telling, &|line| drop(send.send(line))));
        let mut stop = std::pin::pin!(stopped());
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return Err(CliError::cancelled()),
                Some(said) = lines.recv() => say(output, &said)?,
                ended = &mut story => {
                    while let Ok(said) = lines.try_recv() {
                        say(output, &said)?;
                    }
                    return ended.unwrap_or_else(|_| Err(CliError::failed("tour", "the tour broke off")));
                }
            }
        }
    });
    stage.clear();
    told?;
    DONE
}

/// Something the tour says.
enum Said {
    /// What is done next, and why.
    Chapter(&'static str, &'static str),
    /// A command as it is typed, and by whom.
    Command(&'static str, String),
    /// What it printed, or what was seen.
    Seen(String),
    /// The end.
    End(String),
}

fn say(output: &mut Output, said: &Said) -> Result<(), CliError> {
    output.text(|page| match said {
        Said::Chapter(title, why) => {
            page.blank()?;
            page.line(Line::new().strong(title))?;
            page.paragraph(Line::from(*why))
        }
        Said::Command(who, command) => page.paragraph(Line::new().quiet(format!("{who:>8} $ ")).command(command)),
        Said::Seen(text) => {
            text.lines().filter(|line| !line.trim().is_empty()).try_for_each(|line| page.line(Line::new().quiet("         | ").plain(line)))
        }
        Said::End(text) => {
            page.blank()?;
            page.done(Line::from(text.as_str()))
        }
    })
}

/// The story.
fn tell(stage: &Stage, say: &dyn Fn(Said)) -> Result<(), CliError> {
    let begun = Instant::now();
    let keycap = |who: &'static str, arguments: &[&str]| -> Result<String, CliError> {
        say(Said::Command(who, format!("keycap {}", arguments.join(" "))));
        let printed = stage.keycap(who, arguments, 0)?;
        say(Said::Seen(printed.clone()));
        Ok(printed)
    };

    say(Said::Chapter(
        "A service",
        "Olga runs a web page that everyone could read who finds it. keycap goes in front of it; the page itself stays as it is.",
    ));
    stage.vault("olga")?;
    stage.vault("alice")?;
    let page = web::serve().map_err(|error| CliError::failed("tour", format!("no page can be served: {error}")))?;
    keycap("olga", &["service", "new", "web"])?;
    let upstream = format!("page={page}");
    say(Said::Command("olga", format!("keycap serve web --listen 127.0.0.1:0 --to {upstream}")));
    let gateway = stage.start("olga", &["serve", "web", "--listen", "127.0.0.1:0", "--to", &upstream])?;
    say(Said::Seen(format!("serving web at {gateway}")));

    say(Said::Chapter(
        "A capability",
        "Alice gets the right to read it for an hour. It is a pair of keys and nothing else: no account, no certificate.",
    ));
    keycap("olga", &["mint", "web", "--for", "alice", "--allow", "page", "--expires", "1h", "--yes"])?;
    let picture = stage.path("alice.png");
    keycap("olga", &["share", "alice", "--png", &picture, "--yes"])?;
    keycap("alice", &["add", &picture, "--name", "web", "--gateway", &gateway, "--yes"])?;
    let alice = connect(stage, say, "alice", "web")?;
    say(Said::Seen(format!("GET / -> {}", web::fetch(&alice).map_err(unseen)?)));

    say(Said::Chapter(
        "Handing it on",
        "Alice makes a narrower one for Ian, offline: nobody has to allow it, and nobody needs to know before it is used.",
    ));
    keycap("alice", &["delegate", "web", "--for", "ian", "--expires", "10m", "--yes"])?;
    let ian = connect(stage, say, "alice", "ian")?;
    let mut open = web::Visit::begin(&ian).map_err(unseen)?;
    say(Said::Seen(format!("GET / -> {}", open.get().map_err(unseen)?)));

    say(Said::Chapter("What it does not allow", "Anything but the page is refused, and keycap says offline which caveat says no."));
    say(Said::Command("alice", "keycap explain ian --would database".into()));
    say(Said::Seen(stage.keycap("alice", &["explain", "ian", "--would", "database"], 3)?));

    say(Said::Chapter("Who has what", "Olga sees the delegation: her gateway has met it."));
    let rid = stage.delegation("olga")?;
    keycap("olga", &["grants"])?;

    say(Said::Chapter("Revoking", "Ian's is revoked; his open connection is cut, Alice's goes on."));
    keycap("olga", &["revoke", &rid, "--reason", "test", "--yes"])?;
    match open.get() {
        Ok(_) => return Err(CliError::failed("tour", "the revoked connection still answers")),
        Err(_) => say(Said::Seen("Ian:   GET / -> connection closed".into())),
    }
    say(Said::Seen(format!("Alice: GET / -> {}", web::fetch(&alice).map_err(unseen)?)));
    keycap("olga", &["log", "--verify"])?;

    say(Said::End(format!("That was all of it, in {:.1} seconds. Nothing is left of it. Begin with `keycap`.", begun.elapsed().as_secs_f32())));
    Ok(())
}

fn connect(stage: &Stage, say: &dyn Fn(Said), who: &'static str, capability: &str) -> Result<String, CliError> {
    let arguments = ["connect", capability, "--target", "page", "--listen", "127.0.0.1:0"];
    say(Said::Command(who, format!("keycap {}", arguments.join(" "))));
    stage.start(who, &arguments)
}

fn unseen(error: std::io::Error) -> CliError {
    CliError::failed("tour", format!("the page was not reached: {error}"))
}
