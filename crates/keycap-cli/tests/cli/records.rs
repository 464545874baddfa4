//! `keycap record` as part of a pipe: each line at once, any number of them, and nothing left of a file that was not finished.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::place::{PROGRAM, Place};

fn place() -> Place {
    let place = Place::new();
    place.prepare(
        "keycap service new inbox
         keycap mint inbox --for alice --expires 1d --yes
         keycap share alice --reveal --output alice.txt
         keycap add alice.txt --name held --yes",
    );
    place
}

#[test]
fn a_line_comes_back_before_the_next_one_is_sent() {
    let place = place();
    let mut seal = place.command(PROGRAM);
    seal.args(["record", "seal", "--cap", "held", "--field", "x"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut seal = seal.spawn().unwrap();
    let mut open = place.command(PROGRAM);
    open.args(["record", "open"]).stdin(seal.stdout.take().unwrap()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut open = open.spawn().unwrap();
    let mut lines = BufReader::new(open.stdout.take().unwrap()).lines();
    let mut input = seal.stdin.take().unwrap();
    for row in 0..3 {
        let line = format!("{{\"id\":{row},\"x\":\"secret\"}}");
        writeln!(input, "{line}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), line);
    }
    drop(input);
    assert!(seal.wait().unwrap().success() && open.wait().unwrap().success());
    assert!(lines.next().is_none());
}

#[test]
fn a_hundred_thousand_lines_go_through() {
    let place = place();
    let through = place.shell(
        "seq 100000 | sed 's/.*/{\"id\":&,\"x\":\"secret &\"}/' >rows.jsonl
         keycap record seal --cap held --field x --place 'rows/{id}' rows.jsonl >sealed.jsonl || exit
         keycap record open sealed.jsonl >opened.jsonl || exit
         cmp rows.jsonl opened.jsonl && wc -l <sealed.jsonl",
    );
    assert_eq!(through.succeeded().trim(), "100001");
}

#[test]
fn a_file_that_was_not_finished_is_not_there_and_nothing_beside_it() {
    let place = place();
    std::fs::create_dir(place.path("out")).unwrap();
    place.keycap_with_input(&["record", "seal", "--cap", "held", "--output", "out/sealed.jsonl"], "{\"a\":1}\nno json\n").exited(1);
    assert_eq!(std::fs::read_dir(place.path("out")).unwrap().count(), 0);
    let mut child = place.command(PROGRAM);
    child.args(["record", "seal", "--cap", "held", "--output", "out/sealed.jsonl"]).stdin(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{{\"a\":1}}").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read_dir(place.path("out")).unwrap().count(), 0);
}

#[test]
fn with_json_an_error_is_an_envelope_and_lines_are_lines() {
    let place = place();
    let ended = place.keycap_with_input(&["record", "seal", "--cap", "held", "--json"], "{\"a\":1}\nno json\n").exited(1);
    let lines: Vec<serde_json::Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0]["$keycap-head"].is_string() && lines[1]["$keycap"].is_string());
    assert_eq!((lines[2]["error"]["code"].as_str(), lines[2]["error"]["with"].as_str()), (Some("bad-line"), Some("line 2")));
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_capability_that_is_not_allowed_to_ends_with_exit_code_3() {
    let place = place();
    place.prepare(
        "keycap mint inbox --for sessions --purpose session --expires 1d --yes
         keycap share sessions --reveal --output sessions.txt
         keycap add sessions.txt --name sessions-held --yes",
    );
    let refused = place.keycap_with_input(&["record", "seal", "--cap", "sessions-held"], "{}").exited(3);
    assert!(refused.stderr.contains("not meant for this purpose"), "{}", refused.stderr);
}
