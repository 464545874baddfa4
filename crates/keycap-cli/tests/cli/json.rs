//! The JSON envelope, which programs rely on: `{"keycap": 1, "kind": …, "data": …}`, or `"error"` with the same exit code as text.

use serde_json::Value;

use crate::place::Place;

#[track_caller]
fn envelope(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(value["keycap"], 1, "{text}");
    assert_eq!(text.lines().count(), 1, "one line for a program: {text}");
    value
}

/// The form of a value: names and types, as a program sees them. Lists are shown by their first item.
fn form(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(_) => out.push_str("bool"),
        Value::Number(_) => out.push_str("number"),
        Value::String(_) => out.push_str("text"),
        Value::Array(items) => {
            out.push_str("list of ");
            match items.first() {
                Some(item) => form(item, indent, out),
                None => out.push_str("nothing here"),
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                out.push_str(&format!("\n{:indent$}{name}: ", ""));
                form(field, indent + 2, out);
            }
        }
    }
}

fn scene() -> Place {
    let place = Place::new();
    place.prepare(
        "keycap key new operator
         keycap service new orders --hint db.example.net:7000
         keycap mint orders --for alice --holder operator --expires 30d --yes
         keycap mint orders --for bob --expires 30d --yes
         keycap service new inbox --hint inbox.example.net:7000
         keycap mint inbox --for writer --holder operator --yes
         keycap share writer --reveal >writer.txt
         keycap add writer.txt --name inbox-cap --yes
         echo report >report.pdf
         keycap share alice --reveal >alice.txt
         keycap share alice --reveal >/dev/null",
    );
    place
}

/// Commands, in an order in which each works, that show every kind there is.
const COMMANDS: &str = "keycap
keycap key list
keycap key show operator
keycap service list
keycap service show orders
keycap mint orders --for carol --dry-run
keycap mint orders --for carol
keycap grants
keycap grants --all
keycap grants alice
keycap add alice.txt --dry-run
keycap add alice.txt --name held
keycap caps
keycap caps held
keycap delegate held --for dave --expires 1d --dry-run
keycap delegate held --for dave --expires 1d
keycap explain dave
keycap explain alice --at 2030-01-01
keycap share dave --reveal
keycap share bob --png bob.png
keycap share key:operator --age-recipient
keycap share service:orders --age-identity
keycap key export operator --to operator --output operator.age --yes
keycap revoke bob --dry-run
keycap revoke alice --yes
keycap caps remove dave --yes
keycap group new team operator age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
keycap group list
keycap group remove team
keycap seal -r operator report.pdf
keycap seal -r operator missing report.pdf
keycap inspect report.pdf.age
keycap reseal -r operator report.pdf.age --yes
keycap open report.pdf.age --output opened.pdf
keycap seal -r inbox-cap report.pdf --output letter.age
keycap inspect letter.age
keycap open letter.age --output letter.pdf
keycap man man
keycap key remove nobody";

#[test]
fn every_kind_keeps_its_form() {
    let place = scene();
    let mut forms = String::new();
    for line in COMMANDS.lines() {
        let ended = place.shell(&format!("{line} --json"));
        let value = envelope(&ended.stdout);
        assert_eq!(ended.stderr, "", "{line}");
        forms.push_str(&format!("$ {line} --json\n{}", value["kind"].as_str().unwrap()));
        let body = if value["kind"] == "error" { &value["error"] } else { &value["data"] };
        if body.is_array() {
            forms.push_str(": ");
        }
        form(body, 2, &mut forms);
        forms.push_str("\n\n");
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("json", forms);
    });
}

#[test]
fn errors_have_the_envelope_and_the_exit_code_that_they_have_as_text() {
    let place = scene();
    for (arguments, exit, code) in [
        (&["key", "show", "nobody"][..], 1, "not-found"),
        (&["mint", "orders", "--for", "x", "--expires", "3x"], 2, "usage"),
        (&["mint", "orders"], 2, "missing-argument"),
        (&["no-such-verb"], 2, "usage"),
        (&["add", "KEYCAP-SECRET-1QQ"], 2, "secret-in-arguments"),
        (&["revoke", "alice"], 2, "needs-consent"),
    ] {
        assert_eq!(place.keycap(arguments).code, Some(exit));
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let ended = place.keycap(&arguments).exited(exit);
        let value = envelope(&ended.stdout);
        assert_eq!((value["kind"].as_str(), value["error"]["code"].as_str()), (Some("error"), Some(code)), "{value}");
        assert!(!value["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(ended.stderr, "");
    }
    place.prepare("keycap vault lock");
    let locked = place.keycap(&["key", "new", "x", "--json"]).exited(4);
    assert_eq!(envelope(&locked.stdout)["error"]["code"], "vault-locked");
}

#[test]
fn all_grants_together_are_what_the_pages_are() {
    let place = Place::new();
    place.prepare("keycap service new orders\nyes '{\"for\": \"x\"}' | head -n 2500 | keycap mint orders --json-lines");
    let all = envelope(&place.keycap(&["grants", "--all", "--json"]).succeeded());
    let rows = all["data"]["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &all["data"]["total"], &all["data"]["shown"]), (2_500, &2_500.into(), &2_500.into()));
    let mut paged = Vec::new();
    for offset in ["0", "1000", "2000"] {
        let page = envelope(&place.keycap(&["grants", "--limit", "1000", "--offset", offset, "--json"]).succeeded());
        paged.extend(page["data"]["rows"].as_array().unwrap().clone());
    }
    assert_eq!(rows, &paged);
    let text = place.keycap(&["grants"]).exited(0);
    assert_eq!(text.stdout.lines().count(), 101);
    assert!(text.stderr.contains("showing 100 of 2,500; --all, --limit, --offset, --search"), "{}", text.stderr);
}
