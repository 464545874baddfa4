//! What keycap was done with is gone from memory: the program's allocator wipes what is freed, and the types that hold secrets wipe the rest.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, its own functions included")]

use std::alloc::System;

use keycap_core::capability::Capability;
use keycap_core::chain::{BlockId, Caveat, Caveats, RootSecret, RootSecrets, Rule};
use keycap_core::key::{Key, StaticKey};
use keycap_core::noise::{Initiator, Pattern, Responder, Suite, protocol_name};
use keycap_core::secret::Secret;
use keycap_core::service::ServiceKeys;
use keycap_core::text::Text;
use keycap_core::time::UnixSeconds;
use keycap_tests::memory::{Trace, search};
use rand::rngs::OsRng;
use zeroizing_alloc::ZeroAlloc;

// As every program of keycap has it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

#[test]
fn nothing_is_left_of_the_secrets_of_a_whole_story() {
    let meetings = [Pattern::NKpsk2, Pattern::XKpsk3, Pattern::IKpsk2, Pattern::KKpsk2].map(meet);
    let traces = [mint_and_delegate(), pass_on_as_text(), meetings.concat()].concat();
    assert_eq!(search(&traces), Vec::<String>::new());
}

#[test]
fn a_copy_that_was_left_behind_is_found() {
    let secret = Secret::<32>::generate(&mut OsRng);
    let trace = Trace::of("left behind", secret.expose());
    assert_eq!(search(std::slice::from_ref(&trace)).len(), 1, "the secret itself, while it lives");
    let leaked: &'static mut Vec<u8> = Box::leak(Box::new(secret.expose().to_vec()));
    drop(secret);
    assert_eq!(search(std::slice::from_ref(&trace)).len(), 1, "the copy");
    leaked.fill(0);
    assert_eq!(search(&[trace]), Vec::<String>::new());
}

fn service() -> (ServiceKeys, Vec<Trace>) {
    let static_key = StaticKey::generate(&mut OsRng);
    let root = RootSecret::generate(&mut OsRng);
    let traces = vec![Trace::of("the service's private key", static_key.private().expose()), Trace::of("the root secret", root.secret().expose())];
    let mut roots = RootSecrets::new();
    roots.insert(0, root);
    (ServiceKeys::new(static_key, roots, None), traces)
}

fn mint(service: &ServiceKeys, holder: Option<&StaticKey>) -> Capability {
    let limits = [Caveat::Expires(UnixSeconds::new(2_000_000_000)), Caveat::Allow(vec![Rule::default()])];
    let holder = holder.map(|key| Caveat::Holder(*key.public()));
    service.mint(0, BlockId::new([1; 8]), Caveats::of(limits.into_iter().chain(holder)).unwrap(), vec![]).unwrap()
}

fn mint_and_delegate() -> Vec<Trace> {
    let (service, mut traces) = service();
    let minted = mint(&service, None);
    let delegated = minted.delegate(BlockId::new([2; 8]), Caveats::of([Caveat::MaxSession(60)]).unwrap()).unwrap();
    for (name, capability) in [("the minted", &minted), ("the delegated", &delegated)] {
        traces.push(Trace::of(format!("{name} capability's key"), capability.key().secret().expose()));
        traces.push(Trace::of(format!("{name} capability's psk"), capability.key().psk(protocol_name(Pattern::NKpsk2, Suite::ChaChaPoly)).expose()));
    }
    traces
}

fn pass_on_as_text() -> Vec<Trace> {
    let (service, mut traces) = service();
    let minted = mint(&service, None);
    let text = minted.to_text().unwrap();
    let Ok(Text::Capability(read)) = Text::parse(text.expose()) else { unreachable!("it was just written") };
    // The characters that carry the key: the service's own, which come first, are no secret.
    let secret_part = &text.expose().as_bytes()[80..120];
    traces.push(Trace::of("the key as text", secret_part));
    traces.push(Trace::of("the key as text in lower case", &secret_part.to_ascii_lowercase()));
    traces.push(Trace::of("the key that was read", read.key().secret().expose()));
    let key = Key::generate(&mut OsRng);
    traces.push(Trace::of("a key's seed", key.seed().expose()));
    traces.push(Trace::of("a key's age identity", key.derive_age().private().expose()));
    traces
}

fn meet(pattern: Pattern) -> Vec<Trace> {
    let (service, mut traces) = service();
    let holder = (pattern != Pattern::NKpsk2).then(|| Key::generate(&mut OsRng).derive_noise());
    let capability = mint(&service, holder.as_ref());
    traces.push(Trace::of("the capability's key", capability.key().secret().expose()));
    traces.push(Trace::of("the psk", capability.key().psk(protocol_name(pattern, Suite::ChaChaPoly)).expose()));
    if let Some(holder) = &holder {
        traces.push(Trace::of("the holder's private key", holder.private().expose()));
    }
    let (initiator, hello) = Initiator::start(&capability, pattern, Suite::ChaChaPoly, holder.as_ref(), &mut OsRng).unwrap();
    let (responder, message_2) = Responder::read_hello(&service, &hello, &mut OsRng).unwrap();
    let (mut confirmation, mut established) = initiator.read_message_2(&message_2[2..]).unwrap();
    let confirmed = responder.read_confirmation(&mut confirmation[2..]).unwrap();
    assert_eq!(established.handshake_hash, confirmed.handshake_hash);
    let mut frame = Vec::new();
    established.sender.seal(keycap_core::noise::FrameType::Data, b"data", &mut frame).unwrap();
    traces
}
