//! `kill -9` at any point: nothing that was reported as done is lost, and nothing is half-made.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keycap_core::secret::SecretBytes;
use keycap_store::ledger::audit::{self, Entry};
use keycap_store::ledger::{Page, grant, key};
use keycap_store::secrets::{NewSecret, SecretId, SecretKind};
use keycap_store::unlock::Unlock;
use keycap_store::{Options, Protection, SecretsChoice, Store, StoreError};
use rand::Rng;

use crate::fixture::{NOW, add_service, create_sealed, new_grant, new_key, open_sealed, read, rid};
use crate::{again, keyring};

/// What operation `number` (from 1) does: two add a key each, the third removes the later of them. Each adds a grant and a row of the log too.
fn operate(store: &mut Store, number: u64) {
    let audit_key = store.audit_key().unwrap();
    let service = read(store, |reading| Ok(keycap_store::ledger::service::by_name(reading, "service")?)).unwrap().id;
    let adds = !number.is_multiple_of(3);
    let id = SecretId::generate();
    let secret = NewSecret { id, kind: SecretKind::Key, label: format!("keycap: key {number}"), bytes: SecretBytes::new(bytes_of(number)) };
    store
        .write(NOW, if adds { vec![secret] } else { Vec::new() }, |tx| {
            if adds {
                key::insert(tx, &new_key(&number.to_string(), number, id))?;
            } else {
                let last = key::by_name(tx, &(number - 1).to_string())?.unwrap();
                key::remove(tx, last.id)?;
            }
            grant::insert(tx, &new_grant(service, number, (number > 1).then(|| rid(1)), &number.to_string()))?;
            let entry = Entry { time: NOW, action: "operate".into(), target: number.to_string(), result: "ok".into(), detail: "{}".into() };
            assert_eq!(audit::append(tx, &audit_key, &entry)?, number);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn bytes_of(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(4)
}

/// How many operations the store has been through; everything in it must agree with that number.
fn completed(store: &Store) -> u64 {
    let audit_key = store.audit_key().unwrap();
    let report = read(store, |reading| Ok(audit::verify(reading, &audit_key)?));
    assert_eq!(report.fault, None);
    let done = report.rows;
    let keys = read(store, |reading| Ok(key::page(reading, None, Page::all())?));
    let mut numbers: Vec<u64> = keys.iter().map(|key| key.name.parse().unwrap()).collect();
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=done).filter(|number| number % 3 == 1 || (number % 3 == 2 && *number == done)).collect();
    assert_eq!(numbers, expected);
    for key in keys {
        assert_eq!(store.secret(key.secret).unwrap().expose(), bytes_of(key.name.parse().unwrap()));
    }
    assert_eq!(read(store, |reading| Ok(grant::count(reading, &grant::Filter::default())?)), done);
    let findings = store.doctor().unwrap();
    assert!(findings.is_healthy(), "{findings:?}");
    done
}

/// The part of the one that is killed: goes on from where the vault is, and reports each operation that has come back.
fn work(mut store: Store) -> ! {
    let mut number = completed(&store);
    loop {
        number += 1;
        operate(&mut store, number);
        let mut out = std::io::stdout();
        writeln!(out, "done {number}").and_then(|()| out.flush()).unwrap();
    }
}

/// Lets the worker do `at_least` operations, and a random while more, and kills it; the last operation that it reported.
fn kill_after(command: Command, at_least: u64, up_to: Duration) -> u64 {
    try_kill_after(command, at_least, up_to).unwrap_or_else(|worker| panic!("the worker did nothing: {worker:?}"))
}

/// The same; what became of a worker that ended by itself.
fn try_kill_after(mut command: Command, at_least: u64, up_to: Duration) -> Result<u64, Output> {
    let mut worker = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut last = 0;
    let mut seen = 0;
    let mut deadline = None;
    let out = BufReader::new(worker.stdout.take().unwrap());
    let (send, lines) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    loop {
        let wait = deadline.map_or(Duration::from_secs(30), |deadline: Instant| deadline.saturating_duration_since(Instant::now()));
        match lines.recv_timeout(wait) {
            Ok(line) => {
                // The test harness writes lines of its own, and begins one before the first report.
                if let Some((_, number)) = line.split_once("done ") {
                    last = number.parse().unwrap();
                    seen += 1;
                }
            }
            Err(_) => break,
        }
        if seen >= at_least && deadline.is_none() {
            deadline = Some(Instant::now() + rand::thread_rng().gen_range(Duration::ZERO..up_to));
        }
    }
    if seen < at_least {
        return Err(worker.wait_with_output().unwrap());
    }
    worker.kill().unwrap();
    worker.wait().unwrap();
    reader.join().unwrap().unwrap();
    // What it wrote before it was killed was done, whether it was read in time or not.
    Ok(lines.try_iter().filter_map(|line| line.split_once("done ").map(|(_, number)| number.parse().unwrap())).last().unwrap_or(last))
}

#[test]
fn a_hundred_kills_at_random_points_lose_nothing_and_leave_nothing_half_made() {
    if let Some(folder) = again::part() {
        work(open_sealed(&folder).unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    add_service(&mut create_sealed(folder.path(), &Arc::default()).unwrap(), "service", 1);
    let name = "kill::a_hundred_kills_at_random_points_lose_nothing_and_leave_nothing_half_made";
    let mut before = 0;
    for _ in 0..100 {
        let reported = kill_after(again::command(name, folder.path()), 1, Duration::from_millis(40));
        let done = completed(&open_sealed(folder.path()).unwrap());
        assert!(reported > before, "each worker got somewhere");
        assert!(done == reported || done == reported + 1, "{reported} operations were reported, {done} are there");
        before = done;
    }
}

#[test]
fn a_vault_whose_making_is_killed_is_there_as_a_whole_or_not_at_all() {
    if let Some(folder) = again::part() {
        let mut out = std::io::stdout();
        for number in 1_u64.. {
            let folder = folder.join(number.to_string());
            std::fs::create_dir(&folder).unwrap();
            create_sealed(&folder, &Arc::default()).unwrap();
            writeln!(out, "done {number}").and_then(|()| out.flush()).unwrap();
        }
    }
    let name = "kill::a_vault_whose_making_is_killed_is_there_as_a_whole_or_not_at_all";
    let mut unfinished = 0;
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let reported = kill_after(again::command(name, folder.path()), 1, Duration::from_millis(30));
        for number in 1..=reported {
            assert_eq!(completed(&open_sealed(&folder.path().join(number.to_string())).unwrap()), 0);
        }
        let last = folder.path().join((reported + 1).to_string());
        if last.exists() && !Store::exists(&last.join("vault")) {
            unfinished += 1;
            create_sealed(&last, &Arc::default()).unwrap();
        }
        if last.exists() {
            assert_eq!(completed(&open_sealed(&last).unwrap()), 0);
            let mut files: Vec<_> = std::fs::read_dir(last.join("vault")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            files.retain(|name| !["ledger.sqlite", "lock"].iter().any(|known| name == known));
            assert!(files.is_empty(), "nothing lies about: {files:?}");
        }
    }
    assert!(unfinished > 0, "no kill hit a vault in the making");
}

#[test]
fn kills_at_random_points_leave_no_item_in_a_real_keyring_behind() {
    let name = "kill::kills_at_random_points_leave_no_item_in_a_real_keyring_behind";
    let Some(part) = again::part() else {
        return keyring::in_session(name);
    };
    let options = Options { busy_timeout: Duration::from_secs(10), ..Options::default() };
    if part.join("vault").exists() {
        work(Store::open(&part.join("vault"), options).unwrap());
    }
    let mut daemon = keyring::Daemon::unlocked(&part);
    let mut store = Store::create(&part.join("vault"), SecretsChoice::Keyring, options.clone(), NOW).unwrap();
    add_service(&mut store, "service", 1);
    let mut before = 0;
    let mut revivals = 0;
    for _ in 0..25 {
        let reported = try_kill_after(again::command(name, &part), 2, Duration::from_millis(60));
        let revived = daemon.revive(&part);
        revivals += usize::from(revived);
        assert!(revivals <= 2, "the keyring ends too often");
        let Ok(reported) = reported else {
            assert!(revived, "the worker did nothing: {reported:?}");
            continue;
        };
        let mut store = Store::open(&part.join("vault"), options.clone()).unwrap();
        assert_eq!(store.protection().unwrap(), Protection::Keyring);
        store.unlock(&Unlock::Keyring).unwrap();
        let done = completed(&store);
        assert!(reported > before && (done == reported || done == reported + 1), "{reported} were reported, {done} are there");
        before = done;
    }
}
