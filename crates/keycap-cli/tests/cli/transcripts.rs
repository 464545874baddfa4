//! What each verb says, to the letter, but for what is random or tells the time.

use crate::place::Place;

/// What differs from run to run, and what stands for it: as wide, so that columns stay columns.
const FILTERS: [(&str, &str); 16] = [
    (r"\b[0-9a-f]{4}(-[0-9a-f]{4}){15}\b", "ffff-ffff-ffff-ffff-(in full)"),
    (r"\b[0-9a-f]{4}(-[0-9a-f]{4}){3}\b", "ffff-ffff-ffff-ffff"),
    (r"\b[0-9a-f]{4}-[0-9a-f]{4}\b", "ffff-ffff"),
    (r#"(\$keycap[a-z-]*":")[A-Za-z0-9+/=]+"#, "${1}…"),
    (r"\b[0-9a-f]{32}\b", "(32 digits)"),
    (r"\b[0-9a-f]{16}\b", "(16 digits)"),
    (r"\b[0-9a-f]{8}\b", "00000000"),
    (r"KEYCAP-SECRET-1[A-Z0-9]+", "KEYCAP-SECRET-1…"),
    (r"\b(keycap|keycap-service|age|age1keycap)1[a-z0-9]{50,}", "${1}1…"),
    (r"AGE-PLUGIN-KEYCAP-1[A-Z0-9]+", "AGE-PLUGIN-KEYCAP-1…"),
    (r"\bk[a-z2-7]{32}\b", "k(DNS label)"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "YYYY-MM-DD hh:mm"),
    (r"\b20[23]\d-\d\d-\d\d\b", "YYYY-MM-DD"),
    (r", (now|\d+ s ago)\b", ", a moment ago"),
    (r"\bin \d\d (s|min|h|d|y)\b", "in ## $1"),
    (r"\bin \d (s|min|h|d|y)\b", "in # $1"),
];

macro_rules! transcript {
    ($place:expr, $name:literal, $lines:expr) => {
        insta::with_settings!({ filters => FILTERS.to_vec(), snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $place.transcript($lines));
        });
    };
}

/// A service, a key, somebody else's card, and two grants, one of them bound and handed on.
fn with_grants() -> Place {
    let place = Place::new();
    place.prepare(
        "keycap key new operator
         KEYCAP_VAULT=bob.vault keycap vault init --sealed file --key-file bob.key
         KEYCAP_VAULT=bob.vault keycap key new bob
         KEYCAP_VAULT=bob.vault keycap share bob --reveal --output bob.keycap
         keycap add bob.keycap --yes
         keycap service new orders --hint db.example.net:7000
         keycap mint orders --for alice --expires 30d --yes
         keycap mint orders --for ci --preset machine --allow db --holder bob --yes",
    );
    place
}

#[test]
fn keys() {
    transcript!(
        Place::new(),
        "keys",
        "keycap key list
         keycap key new operator --note 'night shift'
         keycap key new operator
         keycap key new 'bad name'
         keycap key list
         keycap key list --search nobody
         keycap key show operator
         keycap key show nobody
         keycap key verify operator
         keycap key rename operator night-shift
         keycap key export night-shift --output key.age --to night-shift
         keycap key export night-shift --output key.age --to night-shift --confirm operator
         keycap key export night-shift --output key.age --to night-shift --yes
         keycap key export night-shift --output key.age --to night-shift --yes
         keycap key import key.age --name again
         keycap key remove night-shift
         keycap key remove night-shift --confirm night-shift"
    );
}

#[test]
fn cards() {
    transcript!(
        with_grants(),
        "cards",
        "keycap key list
         keycap key verify bob
         keycap key show bob
         keycap key verify bob --undo
         keycap key remove bob --yes
         keycap add bob.keycap --dry-run
         keycap add - --name robert --yes <bob.keycap
         keycap add bob.keycap --yes"
    );
}

#[test]
fn services() {
    transcript!(
        Place::new(),
        "services",
        "keycap service list
         keycap service new orders --hint db.example.net:7000 --realm eu --note 'the shop'
         keycap service list
         keycap service show orders
         keycap service hints orders 192.0.2.7:7000 unix:/run/orders.sock
         keycap service hints orders
         keycap service rename orders orders-eu
         keycap service rotate orders-eu
         keycap service rotate orders-eu --revoke-earlier
         keycap service rotate orders-eu --revoke-earlier --confirm orders-eu
         keycap service export orders-eu --output orders.age --yes
         keycap service remove orders-eu --yes
         keycap service show orders-eu"
    );
}

#[test]
fn minting() {
    let place = with_grants();
    std::fs::write(place.path("three.jsonl"), "{\"for\": \"x\"}\n{\"for\": \"y\", \"preset\": \"hour\"}\n{\"for\": \"z\", \"holder\": \"bob\"}\n")
        .unwrap();
    std::fs::write(place.path("bad.jsonl"), "{\"for\": \"x\"}\n{\"for\": \"y\", \"expires\": \"soon\"}\n").unwrap();
    transcript!(
        place,
        "mint",
        "keycap mint orders --for dave --expires 5d
         keycap mint orders --for dave --allow 'GET,HEAD /api' --max-session 8h --max-links 0 --max-concurrent 2 --dry-run
         keycap mint orders --for dave --holder bob --patterns XKpsk3,IKpsk2 --purpose session --realm eu --nbf 1d --dry-run
         keycap mint orders --for dave --expires 3x
         keycap mint orders --for dave --allow 'GET x'
         keycap mint orders --for dave --holder nobody
         keycap mint nowhere --for dave
         keycap mint orders
         keycap mint orders --preset nothing --for dave
         keycap mint orders --json-lines <three.jsonl
         keycap mint orders --json-lines <bad.jsonl
         keycap mint orders --json-lines </dev/null
         keycap grants orders"
    );
}

#[test]
fn grants() {
    let place = with_grants();
    place.prepare("keycap share alice --reveal >/dev/null\nkeycap share alice --name laptop --reveal >/dev/null");
    transcript!(
        place,
        "grants",
        "keycap grants
         keycap grants orders
         keycap grants alice
         keycap grants orders/ci
         keycap grants nobody
         keycap grants --search lap
         keycap grants --search nobody
         keycap grants --limit 1
         keycap grants --limit 1 --offset 1
         keycap grants --offset 7
         keycap grants --all"
    );
    transcript!(Place::new(), "grants-empty", "keycap grants\nkeycap grants --all");
}

#[test]
fn revoking() {
    let place = with_grants();
    place.prepare("keycap share alice --reveal >/dev/null\nkeycap share alice --name laptop --reveal >/dev/null");
    transcript!(
        place,
        "revoke",
        "keycap revoke alice --dry-run
         keycap revoke alice
         keycap revoke alice --confirm bob
         keycap revoke laptop --yes --reason leaked --note 'stolen on a train'
         keycap revoke alice --confirm alice --reason left
         keycap revoke alice --yes
         keycap revoke laptop --yes
         keycap grants
         keycap grants laptop
         keycap share alice --reveal"
    );
}

#[test]
fn sharing() {
    transcript!(
        with_grants(),
        "share",
        "keycap share alice
         keycap share nobody --reveal
         keycap share alice --to nobody
         keycap share alice --reveal
         keycap share alice --reveal --output alice.txt
         keycap share alice --reveal --output alice.txt
         keycap share ci --to bob
         keycap share ci --to bob --to operator --output ci-2.age
         keycap share alice --png alice.png
         keycap share alice --svg alice.svg --name tablet
         keycap share operator --reveal
         keycap share service:orders --reveal
         keycap share key:bob --age-recipient
         keycap share key:bob --age-recipient --from operator --mutual
         keycap share key:bob --age-recipient --mutual
         keycap share key:bob --age-recipient --from bob
         keycap share key:operator --age-identity
         keycap share key:bob --age-identity
         keycap share service:orders --age-identity
         keycap share alice --age-identity
         keycap share alice --qr --json
         keycap share alice --qr --reveal
         stat -c '%a %n' alice.txt alice.png alice.svg ci.age"
    );
}

#[test]
fn taking_in_and_narrowing() {
    let place = with_grants();
    place.prepare(
        "keycap share alice --png alice.png
         keycap share ci --to bob --output ci.age
         echo nothing >nothing.txt
         printf '\\211PNG\\r\\n\\032\\n' >broken.png",
    );
    transcript!(
        place,
        "holder",
        "export KEYCAP_VAULT=bob.vault; keycap caps; keycap add alice.png --dry-run; keycap add alice.png; keycap add alice.png
         export KEYCAP_VAULT=bob.vault; keycap add ci.age --name orders --gateway 127.0.0.1:7000
         export KEYCAP_VAULT=bob.vault; keycap add nothing.txt
         export KEYCAP_VAULT=bob.vault; keycap add broken.png
         export KEYCAP_VAULT=bob.vault; keycap add missing.txt
         export KEYCAP_VAULT=bob.vault; keycap caps
         export KEYCAP_VAULT=bob.vault; keycap caps orders
         export KEYCAP_VAULT=bob.vault; keycap delegate orders --for eve --expires 1d
         export KEYCAP_VAULT=bob.vault; keycap delegate alice --for eve --expires 1d --allow db
         export KEYCAP_VAULT=bob.vault; keycap delegate alice --for eve
         export KEYCAP_VAULT=bob.vault; keycap delegate alice
         export KEYCAP_VAULT=bob.vault; keycap explain orders --would db
         export KEYCAP_VAULT=bob.vault; keycap explain orders --would web
         export KEYCAP_VAULT=bob.vault; keycap explain alice --would 'GET /x' --at 2030-01-01
         export KEYCAP_VAULT=bob.vault; keycap explain nobody
         export KEYCAP_VAULT=bob.vault; keycap caps rename alice alice2; keycap caps gateway alice2 192.0.2.1:7; keycap caps gateway alice2
         export KEYCAP_VAULT=bob.vault; keycap caps remove alice2; keycap caps remove alice2 --yes; keycap caps --search nobody"
    );
}

#[test]
fn the_overview() {
    transcript!(Place::new(), "overview-empty", "keycap");
    transcript!(with_grants(), "overview", "keycap");
    transcript!(Place::without_vault(), "overview-without-vault", "keycap");
}

#[test]
fn man_pages_and_completions() {
    transcript!(
        Place::without_vault(),
        "man",
        "keycap man man\nls man\nhead -n 3 man/keycap-mint.1\nkeycap completions fish\nkeycap completions nothing"
    );
}

#[test]
fn a_recipient_can_be_the_file_with_a_card_that_was_taken_in() {
    let place = with_grants();
    place.prepare("KEYCAP_VAULT=bob.vault keycap key new robert\nKEYCAP_VAULT=bob.vault keycap share robert --reveal --output robert.keycap");
    transcript!(
        place,
        "recipients",
        "keycap share alice --to robert.keycap
         keycap share alice --to bob.keycap
         keycap share ci --to $(cat bob.keycap)
         keycap share ci --to age1nonsense --output other.age
         keycap share ci --to nobody.keycap
         keycap mint orders --for bob --holder bob --yes
         keycap share bob --to bob
         keycap mint orders --for operator --yes
         keycap share operator --to bob"
    );
}

#[test]
fn files() {
    let place = with_grants();
    place.prepare("mkdir photos\nln -s one photos/link\necho photo >photos/one\necho report >report.pdf\nprintf 'correct horse battery' >passphrase");
    transcript!(
        place,
        "files",
        "keycap seal report.pdf
         keycap seal -r nobody report.pdf
         keycap seal -r bob report.pdf photos missing
         keycap seal -r bob report.pdf
         keycap seal -r bob report.pdf --output report.pdf.age
         keycap seal -r bob report.pdf photos --tar --output all.tar.age --no-self
         keycap seal -r bob photos --each --output sealed/
         keycap seal -r bob - --output - <report.pdf | keycap open - --output -
         keycap seal -r bob -r operator --from operator report.pdf
         keycap seal -r bob --from operator report.pdf --output from.age
         keycap seal --new-passphrase-file passphrase report.pdf --armor --output armored.age
         keycap seal --new-passphrase-file passphrase -r bob report.pdf
         keycap inspect report.pdf.age from.age armored.age
         keycap inspect report.pdf
         keycap open report.pdf.age photos.tar.age all.tar.age --output opened/
         keycap open armored.age --file-passphrase passphrase --output -
         keycap open report.pdf
         printf x >>'report.pdf (2).age'; keycap open 'report.pdf (2).age'; keycap inspect 'report.pdf (2).age'
         export KEYCAP_VAULT=bob.vault; keycap open from.age; keycap inspect from.age
         keycap reseal -r bob report.pdf.age
         keycap reseal -r bob report.pdf.age --no-self --yes
         keycap open report.pdf.age
         ls; ls opened opened/photos sealed/photos; stat -c '%a %n' opened/report.pdf"
    );
}

#[test]
fn files_for_a_service() {
    let place = with_grants();
    place.prepare(
        "KEYCAP_VAULT=bob.vault keycap service new inbox
         keycap share operator --reveal --output operator.keycap
         KEYCAP_VAULT=bob.vault keycap add operator.keycap --yes
         KEYCAP_VAULT=bob.vault keycap mint inbox --for writer --expires 30d --yes
         KEYCAP_VAULT=bob.vault keycap mint inbox --for named --holder operator --expires 30d --yes
         KEYCAP_VAULT=bob.vault keycap mint inbox --for other --allow web --expires 30d --yes
         for name in writer named other; do KEYCAP_VAULT=bob.vault keycap share grant:$name --reveal >$name.txt; keycap add $name.txt --name $name --yes; done
         echo report >report.pdf",
    );
    transcript!(
        place,
        "files-for-a-service",
        "keycap seal -r writer report.pdf --output anonymous.age
         keycap seal -r writer -r bob report.pdf
         keycap seal -r named report.pdf --output bound.age
         keycap seal -r named --from operator --mutual report.pdf --output mutual.age
         keycap seal -r other report.pdf --output other.age
         keycap inspect anonymous.age
         export KEYCAP_VAULT=bob.vault; keycap inspect anonymous.age bound.age mutual.age
         export KEYCAP_VAULT=bob.vault; keycap open anonymous.age bound.age mutual.age --output opened/
         export KEYCAP_VAULT=bob.vault; keycap open other.age; keycap open other.age --target web
         export KEYCAP_VAULT=bob.vault; keycap revoke writer --yes >/dev/null; keycap open anonymous.age; keycap open anonymous.age --lapsed
         export KEYCAP_VAULT=bob.vault; keycap revoke named --yes >/dev/null; keycap open bound.age --output - --lapsed"
    );
}

#[test]
fn records() {
    let place = with_grants();
    place.prepare(
        r#"keycap share alice --reveal --output alice.txt
           keycap add alice.txt --name held --yes
           printf '{"id": 7, "email": "ann@example.net", "n": 12345678901234567890123}\n\n{"id": 8, "email": null, "n": 1.0}\n' >users.jsonl
           printf '{"id": 9, "email": "x"}\n{"id": 9}\nnonsense\n{"id": 10, "email": "y"}\n' >bad.jsonl"#,
    );
    transcript!(
        place,
        "records",
        "keycap record seal --cap held --field email --place 'users/{id}' users.jsonl --output sealed.jsonl
         cat sealed.jsonl
         keycap record open sealed.jsonl
         keycap record open sealed.jsonl --field email --place 'users/{id}'
         keycap record open sealed.jsonl --field email
         sed 's/\"id\":7/\"id\":8/' sealed.jsonl | keycap record open
         tail -n 1 sealed.jsonl | keycap record open
         tail -n 1 sealed.jsonl | keycap record open --heads sealed.jsonl
         keycap record seal --cap held users.jsonl --output sealed.jsonl
         keycap record seal --cap held <users.jsonl
         keycap record seal --cap held --from operator users.jsonl | keycap record open
         keycap record seal --cap held --single --from operator --place '{id}' users.jsonl | keycap record open
         keycap record seal --cap held --mutual users.jsonl
         keycap record seal --cap held --from bob users.jsonl
         keycap record seal --cap nobody users.jsonl
         keycap record seal --cap held --place '{id' users.jsonl
         keycap record seal --cap held --field id --place '{id}' users.jsonl
         keycap record seal --cap held --field email bad.jsonl
         keycap record seal --cap held --field email --keep-going bad.jsonl
         keycap record seal --cap held --field email bad.jsonl --output none.jsonl
         cat none.jsonl
         keycap record open missing.jsonl
         keycap record open --target db sealed.jsonl
         keycap revoke alice --yes
         keycap record open sealed.jsonl
         keycap record open --lapsed sealed.jsonl"
    );
}

#[test]
fn groups() {
    let place = with_grants();
    place.prepare("echo report >report.pdf");
    transcript!(
        place,
        "groups",
        "keycap group list
         keycap group new team bob nobody
         keycap group new team bob operator
         keycap group new team bob
         keycap group new ci bob
         keycap group add team age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj
         keycap group list
         keycap group show team
         keycap seal -r team report.pdf
         keycap group remove team bob
         keycap group remove team bob
         keycap key remove bob --yes; keycap group show team
         keycap group remove team
         keycap group show team"
    );
}
