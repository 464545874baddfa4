use super::*;
use crate::secrets::MemoryItems;

/// Low, so that tests are quick; age's own choice takes a second.
const QUICK: Option<u8> = Some(2);

fn vault() -> VaultId {
    VaultId::from_bytes([3; 16])
}

fn key() -> VaultKey {
    VaultKey::new([5; 32])
}

fn wrapped(method: &UnlockMethod<'_>) -> Wrapped {
    wrap(vault(), &key(), method, &MemoryItems::new(), SecretId::generate()).unwrap()
}

fn unwrapped(wrapped: &Wrapped, with: &Unlock<'_>) -> Result<VaultKey, UnlockError> {
    unwrap(vault(), wrapped, with, &MemoryItems::new())
}

fn nobody() -> Arc<dyn Prompts> {
    Arc::new(NoPrompts)
}

/// Answers every passphrase question with the same.
struct Knows(&'static str);

impl Prompts for Knows {
    fn message(&self, _message: &str) {}

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _description: &str) -> Option<SecretText> {
        Some(SecretText::new(self.0.to_owned()))
    }
}

#[test]
fn a_passphrase_opens_what_it_closed_and_no_other_does() {
    let (right, wrong) = (SecretText::new("correct horse".into()), SecretText::new("battery staple".into()));
    let wrapped = wrapped(&UnlockMethod::Passphrase { passphrase: &right, work_factor: QUICK });
    assert!(unwrapped(&wrapped, &Unlock::Passphrase(&right)).unwrap().ct_eq(&key()));
    assert_eq!(unwrapped(&wrapped, &Unlock::Passphrase(&wrong)).unwrap_err().code(), "wrong-passphrase");
}

#[test]
fn a_work_factor_out_of_range_is_refused() {
    let passphrase = SecretText::new("correct horse".into());
    for factor in [0, 64, 255] {
        let method = UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: Some(factor) };
        let error = wrap(vault(), &key(), &method, &MemoryItems::new(), SecretId::generate()).unwrap_err();
        assert_eq!(error.code(), "unlock-work-factor");
    }
}

#[test]
fn another_vaults_age_file_is_not_taken_for_this_ones() {
    let passphrase = SecretText::new("correct horse".into());
    let wrapped = wrapped(&UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: QUICK });
    let error = unwrap(VaultId::from_bytes([4; 16]), &wrapped, &Unlock::Passphrase(&passphrase), &MemoryItems::new()).unwrap_err();
    assert_eq!(error.code(), "wrong-vault-key");
}

#[test]
fn any_one_of_the_recipients_opens_it_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut recipients = Vec::new();
    for name in ["one", "two", "stranger"] {
        let identity = ::age::x25519::Identity::generate();
        let path = folder.path().join(name);
        std::fs::write(&path, format!("# {name}\n{}\n", ::age::secrecy::ExposeSecret::expose_secret(&identity.to_string()))).unwrap();
        files.push(path);
        recipients.push(identity.to_public().to_string());
    }
    let wrapped = wrapped(&UnlockMethod::Recipients { recipients: &recipients[..2], prompts: nobody() });
    for one in [&files[0..1], &files[1..2], &files[..]] {
        assert!(unwrapped(&wrapped, &Unlock::Identities { files: one, prompts: nobody() }).unwrap().ct_eq(&key()));
    }
    for none in [&files[2..], &files[..0]] {
        let error = unwrapped(&wrapped, &Unlock::Identities { files: none, prompts: nobody() }).unwrap_err();
        assert_eq!(error.code(), "no-identity-matches");
    }
}

#[test]
fn an_encrypted_identity_file_asks_for_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let identity = ::age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let mut scrypt = ::age::scrypt::Recipient::new(::age::secrecy::SecretString::from("of the file".to_owned()));
    scrypt.set_work_factor(2);
    let text = identity.to_string();
    let file = ::age::encrypt_and_armor(&scrypt, ::age::secrecy::ExposeSecret::expose_secret(&text).as_bytes()).unwrap();
    let path = folder.path().join("identity.age");
    std::fs::write(&path, file).unwrap();
    let files = [path];

    let wrapped = wrapped(&UnlockMethod::Recipients { recipients: &[recipient], prompts: nobody() });
    assert!(unwrapped(&wrapped, &Unlock::Identities { files: &files, prompts: Arc::new(Knows("of the file")) }).unwrap().ct_eq(&key()));
    assert!(unwrapped(&wrapped, &Unlock::Identities { files: &files, prompts: Arc::new(Knows("of another")) }).is_err());
    assert!(unwrapped(&wrapped, &Unlock::Identities { files: &files, prompts: nobody() }).is_err());
}

/// A post-quantum identity as `age-keygen -pq` of age 1.3 wrote it, and its recipient.
fn post_quantum() -> (String, String) {
    let text = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR";
    (text.to_owned(), text.parse::<hybrid::Identity>().unwrap().to_recipient().to_string())
}

#[test]
fn post_quantum_identities_stand_in_identity_files_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, recipient) = post_quantum();
    let classic = ::age::x25519::Identity::generate();
    let classic_text = classic.to_string();
    let path = folder.path().join("identities");
    let lines = format!("# created: today\n{}\n\n{identity}\r\n", ::age::secrecy::ExposeSecret::expose_secret(&classic_text));
    std::fs::write(&path, lines).unwrap();
    let files = [path];
    for recipient in [recipient, classic.to_public().to_string()] {
        let wrapped = wrapped(&UnlockMethod::Recipients { recipients: &[recipient], prompts: nobody() });
        assert!(unwrapped(&wrapped, &Unlock::Identities { files: &files, prompts: nobody() }).unwrap().ct_eq(&key()));
    }
}

#[test]
fn a_post_quantum_identity_is_found_in_an_encrypted_file_which_asks_once() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, recipient) = post_quantum();
    let mut scrypt = ::age::scrypt::Recipient::new(::age::secrecy::SecretString::from("of the file".to_owned()));
    scrypt.set_work_factor(2);
    let path = folder.path().join("identity.age");
    std::fs::write(&path, ::age::encrypt(&scrypt, format!("{identity}\n").as_bytes()).unwrap()).unwrap();

    let counts = Arc::new(Counts::default());
    let prompts: Arc<dyn Prompts> = counts.clone();
    let identities = identities(&[path], &prompts).unwrap();
    let wrapped = wrapped(&UnlockMethod::Recipients { recipients: &[recipient], prompts: nobody() });
    for _ in 0..2 {
        let file = ::age::Decryptor::new_buffered(wrapped.bytes.as_slice()).unwrap();
        assert!(file.decrypt(identities.iter().map(AsRef::as_ref)).is_ok());
    }
    assert_eq!(counts.0.load(std::sync::atomic::Ordering::Relaxed), 1);
}

/// Knows the passphrase of the file, and counts how often it was asked.
#[derive(Default)]
struct Counts(std::sync::atomic::AtomicUsize);

impl Prompts for Counts {
    fn message(&self, message: &str) {
        panic!("nothing is to be said: {message}");
    }

    fn confirm(&self, _message: &str, _yes: &str, _no: Option<&str>) -> Option<bool> {
        None
    }

    fn public_text(&self, _description: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _description: &str) -> Option<SecretText> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some(SecretText::new("of the file".to_owned()))
    }
}

#[test]
fn a_broken_line_of_an_identity_file_is_told_by_its_number_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, _) = post_quantum();
    let path = folder.path().join("identities");
    for (line, broken) in [("line 3", identity.replace("XX76", "XX77")), ("line 3", "AGE-SECRET-KEY-1QQQQ".to_owned())] {
        std::fs::write(&path, format!("{identity}\n# a comment\n{broken}\n")).unwrap();
        let error = identities(std::slice::from_ref(&path), &nobody()).err().unwrap();
        assert_eq!(error.code(), "identity-file");
        assert!(error.to_string().contains(line), "{error}");
        assert!(!error.to_string().contains("AGE-SECRET-KEY"), "{error}");
    }
}

#[test]
fn what_is_no_recipient_or_identity_is_named() {
    for wrong in ["", "age1", "age1pq1qqqq", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB", "age1nosuchplugin1qqqq", "passphrase"] {
        let method = UnlockMethod::Recipients { recipients: &[wrong.to_owned()], prompts: nobody() };
        let error = wrap(vault(), &key(), &method, &MemoryItems::new(), SecretId::generate()).unwrap_err();
        assert_eq!(error.code(), "not-a-recipient", "{wrong}");
    }
    let method = UnlockMethod::Recipients { recipients: &[], prompts: nobody() };
    assert_eq!(wrap(vault(), &key(), &method, &MemoryItems::new(), SecretId::generate()).unwrap_err().code(), "no-recipients");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "AGE-SECRET-KEY-1 is not in here").unwrap();
    let wrapped = wrapped(&UnlockMethod::Passphrase { passphrase: &SecretText::new("x".into()), work_factor: QUICK });
    let wrapped = Wrapped { kind: UnlockKind::Recipients, ..wrapped };
    let error = unwrapped(&wrapped, &Unlock::Identities { files: &[path], prompts: nobody() }).unwrap_err();
    assert_eq!(error.code(), "identity-file");
    assert!(!error.to_string().contains("AGE-SECRET-KEY"), "{error}");
}

#[test]
fn a_long_recipient_that_is_none_is_not_repeated_as_a_whole() {
    let (_, recipient) = post_quantum();
    let changed = recipient.replacen("x34n", "x34p", 1);
    let error = recipients(&[changed], nobody()).err().unwrap().to_string();
    assert_eq!(error, "\"age1pq1x34pzsvr0rxjsgdn8…3qheyty7saeq0d3fzv49zc0k\" is no age recipient: it is not Bech32, or a character was changed");
}

#[test]
fn the_keyring_keeps_the_wrapping_key_and_only_its_own_item_opens() {
    let items = MemoryItems::new();
    let item = SecretId::generate();
    let wrapped = wrap(vault(), &key(), &UnlockMethod::Keyring, &items, item).unwrap();
    assert_eq!(wrapped.item, Some(item));
    assert_eq!(items.label(vault(), item).unwrap(), "keycap: vault key (opens the whole vault)");
    assert!(unwrap(vault(), &wrapped, &Unlock::Keyring, &items).unwrap().ct_eq(&key()));

    let other = wrap(vault(), &key(), &UnlockMethod::Keyring, &items, item).unwrap();
    assert_eq!(unwrap(vault(), &wrapped, &Unlock::Keyring, &items).unwrap_err().code(), "wrong-vault-key", "the item was replaced");
    assert!(unwrap(vault(), &other, &Unlock::Keyring, &items).unwrap().ct_eq(&key()));

    items.delete(vault(), item).unwrap();
    assert_eq!(unwrap(vault(), &other, &Unlock::Keyring, &items).unwrap_err().code(), "secret-vanished");
}

#[test]
fn a_credential_and_a_file_open_what_they_closed_and_are_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let credential = folder.path().join(CREDENTIAL);
    file::create(&credential).unwrap();
    let by_credential = wrapped(&UnlockMethod::Credential { directory: folder.path() });
    let by_file = wrapped(&UnlockMethod::File { path: &credential });
    assert!(unwrapped(&by_credential, &Unlock::Credential { directory: folder.path() }).unwrap().ct_eq(&key()));
    assert!(unwrapped(&by_file, &Unlock::File).unwrap().ct_eq(&key()));

    let mixed = Wrapped { bytes: by_file.bytes.clone(), ..by_credential.clone() };
    assert_eq!(unwrapped(&mixed, &Unlock::Credential { directory: folder.path() }).unwrap_err().code(), "wrong-vault-key");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(unwrapped(&by_credential, &Unlock::Credential { directory: empty.path() }).unwrap_err().code(), "key-file-unreadable");
}

#[test]
fn the_wrong_method_names_the_right_one() {
    let passphrase = SecretText::new("correct horse".into());
    let wrapped = wrapped(&UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: QUICK });
    let error = unwrapped(&wrapped, &Unlock::Keyring).unwrap_err();
    assert_eq!(error.code(), "unlock-other-method");
    assert_eq!(error.hint(), "Unlock it with its passphrase.");
}

#[test]
fn no_changed_bit_of_a_wrapping_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    file::create(&path).unwrap();
    let wrapped = wrapped(&UnlockMethod::File { path: &path });
    for bit in 0..wrapped.bytes.len() * 8 {
        let mut changed = wrapped.clone();
        changed.bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(unwrapped(&changed, &Unlock::File).is_err(), "bit {bit}");
    }
}

#[test]
fn nothing_shown_of_a_method_is_secret() {
    let passphrase = SecretText::new("correct horse".into());
    let shown = format!("{:?} {:?}", UnlockMethod::Passphrase { passphrase: &passphrase, work_factor: None }, Unlock::Passphrase(&passphrase));
    assert!(!shown.contains("horse"), "{shown}");
}
