//! The published Noise vectors of the patterns that keycap uses, run through keycap's resolver.
//!
//! They come with snow (`tests/vectors` in its package: those of cacophony, which other implementations share, and its own) and are read
//! from there, so that they are what was published.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its own functions included"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use keycap_core::noise::resolver::Resolver;
use keycap_core::secret::Secret;
use serde::Deserialize;
use snow::{Builder, HandshakeState};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    protocol_name: String,
    init_prologue: String,
    #[serde(default)]
    init_psks: Vec<String>,
    init_static: Option<String>,
    init_ephemeral: Option<String>,
    init_remote_static: Option<String>,
    resp_prologue: String,
    #[serde(default)]
    resp_psks: Vec<String>,
    resp_static: Option<String>,
    resp_ephemeral: Option<String>,
    resp_remote_static: Option<String>,
    handshake_hash: Option<String>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    payload: String,
    ciphertext: String,
}

/// One side's part of a vector.
struct Side<'a> {
    protocol_name: &'a str,
    prologue: &'a str,
    psks: &'a [String],
    local: Option<&'a String>,
    ephemeral: Option<&'a String>,
    remote: Option<&'a String>,
}

#[test]
fn the_published_vectors_of_all_our_patterns_come_out() {
    let mut covered = BTreeSet::new();
    for file in ["cacophony.txt", "snow.txt"] {
        let text = std::fs::read_to_string(vector_folder().join(file)).unwrap();
        for vector in serde_json::from_str::<Vectors>(&text).unwrap().vectors {
            if is_ours(&vector.protocol_name) {
                run(&vector);
                covered.insert((file, vector.protocol_name));
            }
        }
    }
    // snow's own vectors have no psk; cacophony's have every pattern.
    let without_psk = ["N", "X", "K", "NK", "XK", "IK", "KK"];
    let with_psk = ["Npsk0", "Xpsk1", "Kpsk0", "NKpsk2", "XKpsk3", "IKpsk2", "KKpsk2"];
    let names = |file, patterns: &[&str]| {
        let name = |pattern: &&str| ["ChaChaPoly", "AESGCM"].map(|cipher| (file, format!("Noise_{pattern}_25519_{cipher}_SHA256")));
        patterns.iter().flat_map(name).collect::<BTreeSet<_>>()
    };
    let mut expected = names("cacophony.txt", &without_psk);
    expected.extend(names("cacophony.txt", &with_psk));
    expected.extend(names("snow.txt", &without_psk));
    assert_eq!(covered.intersection(&expected).count(), expected.len(), "lacking: {:?}", expected.difference(&covered).collect::<Vec<_>>());
}

/// Whether the protocol is one of our seven patterns, with any single psk or none, and our primitives.
fn is_ours(protocol_name: &str) -> bool {
    let Some(rest) = protocol_name.strip_prefix("Noise_") else { return false };
    let Some((pattern, primitives)) = rest.split_once('_') else { return false };
    let base = pattern.split_once("psk").map_or(pattern, |(base, _)| base);
    ["N", "X", "K", "NK", "XK", "IK", "KK"].contains(&base)
        && ["25519_ChaChaPoly_SHA256", "25519_AESGCM_SHA256"].contains(&primitives)
        && !pattern.contains('+')
}

/// The folder of vectors in snow's package.
fn vector_folder() -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path", manifest])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let snow = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "snow").expect("snow is a dependency");
    PathBuf::from(snow["manifest_path"].as_str().unwrap()).with_file_name("tests").join("vectors")
}

fn run(vector: &Vector) {
    let name = &vector.protocol_name;
    let side = |local, ephemeral, remote, prologue, psks| Side { protocol_name: name, prologue, psks, local, ephemeral, remote };
    let initiator = side(
        vector.init_static.as_ref(),
        vector.init_ephemeral.as_ref(),
        vector.init_remote_static.as_ref(),
        &*vector.init_prologue,
        &*vector.init_psks,
    );
    let responder = side(
        vector.resp_static.as_ref(),
        vector.resp_ephemeral.as_ref(),
        vector.resp_remote_static.as_ref(),
        &vector.resp_prologue,
        &vector.resp_psks,
    );
    let mut initiator = initiator.build(|builder| builder.build_initiator());
    let mut responder = responder.build(|builder| builder.build_responder());

    let mut messages = vector.messages.iter();
    let mut from_initiator = true;
    while !initiator.is_handshake_finished() {
        let message = messages.next().expect("a message for each step");
        let (writer, reader) = if from_initiator { (&mut initiator, &mut responder) } else { (&mut responder, &mut initiator) };
        let (mut written, mut read) = (vec![0; 65_535], vec![0; 65_535]);
        let length = writer.write_message(&bytes(&message.payload), &mut written).unwrap();
        assert_eq!(hex::encode(&written[..length]), message.ciphertext, "{name}");
        let length = reader.read_message(&written[..length], &mut read).unwrap();
        assert_eq!(hex::encode(&read[..length]), message.payload, "{name}");
        from_initiator = !from_initiator;
    }
    if let Some(hash) = &vector.handshake_hash {
        assert_eq!(&hex::encode(initiator.get_handshake_hash()), hash, "{name}");
        assert_eq!(&hex::encode(responder.get_handshake_hash()), hash, "{name}");
    }

    let one_way = ["Noise_N_", "Noise_X_", "Noise_K_", "Noise_Np", "Noise_Xp", "Noise_Kp"].iter().any(|start| name.starts_with(start));
    let mut initiator = initiator.into_transport_mode().unwrap();
    let mut responder = responder.into_transport_mode().unwrap();
    for message in messages {
        let (writer, reader) = if one_way || from_initiator { (&mut initiator, &mut responder) } else { (&mut responder, &mut initiator) };
        let (mut written, mut read) = (vec![0; 65_535], vec![0; 65_535]);
        let length = writer.write_message(&bytes(&message.payload), &mut written).unwrap();
        assert_eq!(hex::encode(&written[..length]), message.ciphertext, "{name}");
        let length = reader.read_message(&written[..length], &mut read).unwrap();
        assert_eq!(hex::encode(&read[..length]), message.payload, "{name}");
        from_initiator = !from_initiator;
    }
}

impl Side<'_> {
    /// The ephemeral key goes in as the randomness that keycap hands its resolver, not through snow's door for tests.
    fn build(&self, finish: impl FnOnce(Builder<'_>) -> Result<HandshakeState, snow::Error>) -> HandshakeState {
        let ephemeral = self.ephemeral.map(|text| Secret::from_slice(&bytes(text)).unwrap());
        let params: snow::params::NoiseParams = self.protocol_name.parse().unwrap();
        let slots: Vec<u8> = params
            .handshake
            .modifiers
            .list
            .iter()
            .map(|modifier| match modifier {
                snow::params::HandshakeModifier::Psk(slot) => *slot,
                other => panic!("{other:?} in {}", self.protocol_name),
            })
            .collect();
        let [local, remote] = [self.local, self.remote].map(|key| key.map(|text| bytes(text)));
        let psks: Vec<[u8; 32]> = self.psks.iter().map(|text| bytes(text).try_into().unwrap()).collect();
        let prologue = bytes(self.prologue);
        let mut builder = Builder::with_resolver(params, Box::new(Resolver::new(ephemeral, None))).prologue(&prologue).unwrap();
        if let Some(local) = &local {
            builder = builder.local_private_key(local).unwrap();
        }
        if let Some(remote) = &remote {
            builder = builder.remote_public_key(remote).unwrap();
        }
        for (slot, psk) in slots.iter().zip(&psks) {
            builder = builder.psk(*slot, psk).unwrap();
        }
        finish(builder).unwrap()
    }
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}
