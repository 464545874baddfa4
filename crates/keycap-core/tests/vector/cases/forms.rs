//! What stands around chains: statuses, stream headers, control requests, padding, paths; and what is refused there.

use serde_json::json;

use super::super::bytes::Hex;
use super::super::encodings::{
    ControlRequest, ControlRequestGiven, PaddedChain, PaddedChainGiven, Parse, ParseGiven, Path, PathGiven, Status, StatusGiven, StreamRequest,
    StreamRequestGiven,
};
use super::super::form::CaveatsForm;
use super::{Cases, chain, grant, link};

pub(super) fn add(cases: &mut Cases) {
    let status = |code, text: &str| StatusGiven { code, text: text.into() };
    cases.shows::<Status>("status-ok", "Go on", &status(0, ""));
    cases.shows::<Status>("status-revoked", "A code and a text for people", &status(3, "revoked by the operator"));
    cases.shows::<Status>("status-with-the-longest-text", "200 bytes of text", &status(4, &"é".repeat(100)));
    for stream in ["tcp", "http", "control"] {
        let given = StreamRequestGiven { target: "db".into(), stream: stream.into() };
        cases.shows::<StreamRequest>(&format!("stream-{stream}"), "A stream's header, with its length before it", &given);
    }
    let least = chain(&[grant(&CaveatsForm::grant())]);
    let delegated = chain(&[grant(&CaveatsForm::grant()), link(0x10, &CaveatsForm::default())]);
    cases.shows::<ControlRequest>("control-revoke", "The chain whose last block dies", &ControlRequestGiven::Revoke { chain: delegated });
    cases.shows::<ControlRequest>("control-report", "Sessions, delegations, last use", &ControlRequestGiven::Report);
    cases.shows::<ControlRequest>("control-rotate", "The announced next service key", &ControlRequestGiven::Rotate);
    cases.shows::<PaddedChain>("padded-chain", "A chain, padded to 64 bytes", &PaddedChainGiven { chain: least });
    let parse = |form: &str, bytes: &[u8]| ParseGiven { form: form.into(), bytes: Hex::of(bytes) };
    let mut refuse = |name: &str, what: &str, form: &str, bytes: &[u8]| {
        cases.expects::<Parse>(name, what, &parse(form, bytes), &json!({ "parsed": false }));
    };
    refuse("status-with-a-text-too-long", "201 bytes of text", "status", &[&[0x82, 0x04, 0x78, 201][..], &[b'a'; 201]].concat());
    refuse("status-with-a-third-item", "More than a code and a text", "status", &[0x83, 0x00, 0x60, 0x00]);
    refuse("status-code-written-long", "Code 0 in two bytes", "status", &[0x82, 0x18, 0x00, 0x60]);
    refuse("status-with-a-byte-behind", "Data after the status", "status", &[0x82, 0x00, 0x60, 0x00]);
    refuse("stream-of-an-unknown-kind", "{0: \"db\", 1: \"udp\"}", "stream request", b"\xa2\x00\x62db\x01\x63udp");
    refuse("stream-without-a-kind", "{0: \"db\"}", "stream request", b"\xa1\x00\x62db");
    refuse("stream-with-a-third-key", "{0: \"db\", 1: \"tcp\", 2: 0}", "stream request", b"\xa3\x00\x62db\x01\x63tcp\x02\x00");
    refuse("stream-with-its-keys-swapped", "{1: \"tcp\", 0: \"db\"}", "stream request", b"\xa2\x01\x63tcp\x00\x62db");
    refuse(
        "control-revoke-by-rid",
        "A peer names a rid instead of showing a chain",
        "control request",
        &[&[0x82, 0x01, 0x50][..], &[7; 16]].concat(),
    );
    refuse("control-unknown-request", "Request 4", "control request", &[0x81, 0x04]);
    refuse("control-report-with-an-argument", "[2, 0]", "control request", &[0x82, 0x02, 0x00]);
    let padded = |chain: &[u8], total: usize| {
        let mut padded = [&u16::try_from(chain.len()).unwrap().to_be_bytes()[..], chain].concat();
        padded.resize(total, 0);
        padded
    };
    refuse("padded-chain-with-a-block-of-zeros-more", "128 bytes where 64 do", "padded chain", &padded(b"chain", 128));
    refuse("padded-chain-cut-short", "Not a multiple of 64", "padded chain", &padded(b"chain", 63));
    let mut marked = padded(b"chain", 64);
    marked[63] = 1;
    refuse("padded-chain-with-a-message-in-its-padding", "A byte of the padding is not zero", "padded chain", &marked);
    let mut beyond = padded(b"chain", 64);
    beyond[1] = 63;
    refuse("padded-chain-longer-than-its-data", "The length points beyond the end", "padded chain", &beyond);
    paths(cases);
}

fn paths(cases: &mut Cases) {
    for (name, what, path, segments) in [
        ("path-root", "No segments", "/", Some(vec![])),
        ("path-with-a-query", "The query is no part of it", "/a/b?c=/../d", Some(vec!["a", "b"])),
        ("path-with-a-slash-at-its-end", "One is dropped", "/a/b/", Some(vec!["a", "b"])),
        ("path-decoded-once", "%2541 is %41, not A; + stays +", "/a%20b/%2541/c+d/%C3%A9", Some(vec!["a b", "%41", "c+d", "é"])),
        ("path-with-an-encoded-slash", "Is it one segment or two?", "/a%2Fb", None),
        ("path-with-an-encoded-nul", "Where some readers stop", "/a%00b", None),
        ("path-with-an-empty-segment", "Some readers join the slashes", "/a//b", None),
        ("path-of-two-slashes", "Nor is // the root", "//", None),
        ("path-upwards", "..", "/a/../b", None),
        ("path-upwards-encoded", "%2e%2e", "/a/%2e%2E/b", None),
        ("path-with-a-dot", ".", "/./a", None),
        ("path-with-a-stray-percent", "Not followed by two hex digits", "/100%", None),
        ("path-with-half-a-percent-escape", "%4 and no more", "/a%4", None),
        ("path-with-a-signed-percent-escape", "%+1 is no number", "/a%+1", None),
        ("path-not-utf8", "%ff", "/%ff", None),
        ("path-relative", "Without a slash in front", "a/b", None),
        ("path-absolute-form", "A whole URI in its place", "http://web/a", None),
    ] {
        cases.expects::<Path>(name, what, &PathGiven { path: path.into() }, &json!({ "segments": segments }));
    }
}
