//! A page that was taken over: it can ask for what is listed, and for nothing else.

use serde_json::{Value, json};

use crate::scenes::Desk;

/// Asks the host for a command as the page's own code does, and gives what it is answered.
const ASK: &str = "const [command, given, done] = arguments;
window.__TAURI_INTERNALS__.invoke(command, given).then((answer) => done(['answered', answer]), (error) => done(['refused', String(error)]));";

#[test]
fn a_hostile_page_can_call_nothing_outside_the_list() {
    let desk = Desk::with_service();
    let window = desk.open();
    let ask = |command: &str, given: Value| window.run_async(ASK, &[json!(command), given]);
    assert_eq!(ask("touch", json!({}))[0], "answered", "a command of the list is answered");
    let inner = [
        ("plugin:window|close", json!({ "label": "main" })),
        ("plugin:window|create", json!({ "options": { "label": "other", "url": "https://example.org" } })),
        ("plugin:webview|create_webview_window", json!({ "options": { "label": "other", "url": "https://example.org" } })),
        ("plugin:app|version", json!({})),
        ("plugin:path|resolve_directory", json!({ "directory": 1 })),
        ("plugin:event|emit", json!({ "event": "keycap", "payload": { "kind": "gate", "closed": null } })),
        ("plugin:fs|read_text_file", json!({ "path": "/etc/passwd" })),
        ("plugin:shell|execute", json!({ "program": "sh" })),
        ("plugin:opener|open_url", json!({ "url": "https://example.org" })),
        ("plugin:clipboard-manager|read_text", json!({})),
        ("plugin:dialog|open", json!({ "options": {} })),
        ("plugin:resources|close", json!({ "rid": 1 })),
        ("plugin:single-instance|execute", json!({})),
        ("secret", json!({})),
        ("reveal", json!({ "target": "key:operator" })),
    ];
    for (command, given) in inner {
        let answer = ask(command, given);
        assert_eq!(answer[0], "refused", "{command} was answered: {answer}");
    }
}

#[test]
fn a_hostile_page_cannot_reach_outside_or_read_a_code() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--yes"]);
    let window = desk.open();
    let shared = window.run_async(ASK, &[json!("share_code"), json!({ "target": "alice", "name": null })]);
    assert_eq!(shared[0], "answered", "{shared}");
    let code = shared[1]["code"].as_str().unwrap();
    let tried = window.run_async(
        "const [code, done] = arguments;
        const tries = {};
        const address = `keycap-qr://localhost/${code}`;
        const image = new Image();
        image.crossOrigin = null;
        image.onload = async () => {
            tries.shown = image.naturalWidth > 0;
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 64;
            const brush = canvas.getContext('2d');
            brush.drawImage(image, 0, 0, 64, 64);
            try { brush.getImageData(0, 0, 64, 64); tries.pixels = 'read'; } catch (error) { tries.pixels = error.name; }
            try { await (await fetch(address)).text(); tries.fetched = 'read'; } catch { tries.fetched = 'refused'; }
            try { await fetch('https://example.org/'); tries.outside = 'sent'; } catch { tries.outside = 'refused'; }
            try { new Function('return 1')(); tries.code = 'ran'; } catch { tries.code = 'refused'; }
            const frame = document.createElement('iframe');
            frame.src = address;
            document.body.append(frame);
            try { window.keycapLeak = frame.contentDocument?.documentElement?.outerHTML ?? ''; } catch { window.keycapLeak = ''; }
            tries.framed = window.keycapLeak.includes('<path') ? 'read' : 'refused';
            const link = document.createElement('a');
            link.href = 'https://example.org/?leak';
            document.body.append(link);
            link.click();
            setTimeout(() => { tries.stayed = location.protocol; done(tries); }, 500);
        };
        image.onerror = () => done({ shown: false });
        image.src = address;",
        &[json!(code)],
    );
    assert_eq!(
        tried,
        json!({
            "shown": true, "pixels": "SecurityError", "fetched": "refused", "outside": "refused", "code": "refused", "framed": "refused",
            "stayed": "tauri:",
        })
    );
}

#[test]
fn a_closed_vault_answers_nothing_that_is_in_it() {
    let desk = Desk::with_service();
    desk.does(["mint", "orders", "--for", "alice", "--yes"]);
    let window = desk.open();
    desk.does(["vault", "lock"]);
    window.wait_for_text("h1", "keycap is locked");
    let nothing = json!({});
    for (command, given) in [
        ("overview", nothing.clone()),
        ("keys", nothing.clone()),
        ("services", nothing.clone()),
        ("capabilities", nothing.clone()),
        ("grants", json!({ "ask": { "service": null, "search": null, "under": null, "offset": 0, "limit": 9, "below": 9 } })),
        ("grant", json!({ "rid": "alice" })),
        ("share_code", json!({ "target": "alice", "name": null })),
        ("share_code", json!({ "target": "key:operator", "name": null })),
        ("log", json!({ "ask": { "action": "", "target": "", "since": "", "offset": 0, "limit": 9 } })),
        ("log_verify", nothing.clone()),
        ("lines", nothing.clone()),
        ("live", json!({ "service": null })),
        ("doctor", nothing.clone()),
        ("status", nothing.clone()),
        ("explain", json!({ "name": "alice", "would": { "request": "", "at": "", "from": "" } })),
        ("revoke_preview", json!({ "rid": "alice" })),
        ("arrivals", nothing),
    ] {
        let answer = window.run_async(
            "const [command, given, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, given).then((answer) => done(['answered', answer]), (error) => done(['refused', error.code]));",
            &[json!(command), given],
        );
        assert_eq!(answer, json!(["refused", "vault-locked"]), "{command}");
    }
}
