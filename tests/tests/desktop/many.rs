//! A hundred thousand grants: the window opens as fast as ever, and no line is left out while it scrolls.

use std::time::Duration;

use crate::scenes::{Desk, go};

/// As many as the app is made for.
const MANY: usize = 100_000;

#[test]
fn a_hundred_thousand_grants_open_at_once_and_scroll_without_a_gap() {
    let desk = Desk::with_service();
    let requests: String = (0..MANY).map(|n| format!("{{\"service\": \"orders\", \"for\": \"g{n}\"}}\n")).collect();
    drop(desk.keycap.run_with_input(["mint", "--json-lines", "--yes"], &requests).succeeded());
    let window = desk.open();
    assert!(window.opened_in() < Duration::from_secs(10), "opened in {:?}", window.opened_in());
    go(&window, "grants");
    window.wait_for_text("main [role=status]", "100,000 grants");
    // To the end, to the beginning, and in steps: each time what is in view is there, and is what stands at that place.
    for share in [1.0, 0.0, 0.5, 0.25, 0.123, 0.9] {
        let seen = window.run_async(
            "const [share, done] = arguments;
            const scroller = document.querySelector('[role=tree] > div');
            scroller.scrollTop = share * (scroller.scrollHeight - scroller.clientHeight);
            const begun = performance.now();
            const look = () => {
                const box = scroller.getBoundingClientRect();
                const lines = [...scroller.querySelectorAll('[role=treeitem]')].filter((line) => {
                    const { top, bottom } = line.getBoundingClientRect();
                    return bottom > box.top && top < box.bottom;
                });
                const waiting = [...scroller.querySelectorAll('[data-waiting]')].some((line) => {
                    const { top, bottom } = line.getBoundingClientRect();
                    return bottom > box.top && top < box.bottom;
                });
                const covered = lines.reduce((sum, line) => sum + line.getBoundingClientRect().height, 0);
                if ((waiting || covered < box.height - 90) && performance.now() - begun < 20000) return requestAnimationFrame(look);
                const places = lines.map((line) => Number(line.getAttribute('aria-posinset'))).sort((a, b) => a - b);
                done({ ms: performance.now() - begun, gaps: places.some((place, at) => at > 0 && place !== places[at - 1] + 1), lines: lines.length, waiting });
            };
            requestAnimationFrame(look);",
            &[serde_json::json!(share)],
        );
        assert_eq!((&seen["gaps"], &seen["waiting"]), (&serde_json::json!(false), &serde_json::json!(false)), "at {share}: {seen}");
        assert!(seen["lines"].as_u64().unwrap() > 5, "at {share}: {seen}");
        assert!(seen["ms"].as_f64().unwrap() < 5_000.0, "at {share}: {seen}");
    }
}
