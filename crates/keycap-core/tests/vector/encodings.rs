//! Encodings and texts: what is written, and what is refused when it is read.

use keycap_core::capability;
use keycap_core::chain::{Chain, ChainKey};
use keycap_core::control;
use keycap_core::key::{KeyCard, PublicKey, ServiceCard};
use keycap_core::noise::{self, StatusCode, StreamKind, padding};
use keycap_core::request::RequestPath;
use keycap_core::text::{self, TextError};
use serde::{Deserialize, Serialize};

use super::bytes::Hex;
use crate::Kind;

/// A capability in its three forms.
pub(crate) struct Capability;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapabilityGiven {
    pub(crate) service: Hex,
    pub(crate) ck: Hex,
    pub(crate) chain: Hex,
    pub(crate) hints: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct CapabilityGives {
    encoded: Hex,
    text: String,
    qr: String,
}

impl Kind for Capability {
    const NAME: &'static str = "capability";
    type Given = CapabilityGiven;
    type Gives = CapabilityGives;

    fn work_out(given: &CapabilityGiven) -> CapabilityGives {
        let service = PublicKey::parse(given.service.array()).unwrap();
        let chain = Chain::parse(&given.chain.0).unwrap();
        let key = ChainKey::from_secret(given.ck.secret());
        let capability = capability::Capability::from_parts(service, chain, key, given.hints.clone());
        let gives = CapabilityGives {
            encoded: Hex::of(capability.encode().unwrap().expose()),
            text: capability.to_text().unwrap().expose().to_owned(),
            qr: capability.to_qr_payload().unwrap().expose().to_owned(),
        };
        for form in [&gives.text, &gives.qr] {
            let text::Text::Capability(read) = text::Text::parse(form).unwrap() else { panic!("{form} is no capability") };
            assert_eq!(read.encode().unwrap().expose(), gives.encoded.0);
        }
        gives
    }
}

/// Text as it was pasted or scanned, and what a reader makes of it.
pub(crate) struct Text;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextGiven {
    pub(crate) text: String,
}

/// Either a kind and the encoding, or a refusal, with the place of the wrong character where that can be known: from 1, white space and
/// scheme not counted.
#[derive(Serialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TextGives {
    Read { kind: String, encoded: Hex },
    Refused { character: Option<usize> },
}

impl Kind for Text {
    const NAME: &'static str = "text";
    type Given = TextGiven;
    type Gives = TextGives;

    fn work_out(given: &TextGiven) -> TextGives {
        let (kind, encoded) = match text::Text::parse(&given.text) {
            Ok(text::Text::Capability(capability)) => ("capability", capability.encode().unwrap().expose().to_vec()),
            Ok(text::Text::KeyCard(card)) => ("key card", card.encode().unwrap()),
            Ok(text::Text::ServiceCard(card)) => ("service card", card.encode().unwrap()),
            Err(TextError::Mistyped { position } | TextError::Character { position } | TextError::MixedCase { position }) => {
                return TextGives::Refused { character: Some(position) };
            }
            Err(_) => return TextGives::Refused { character: None },
        };
        TextGives::Read { kind: kind.to_owned(), encoded: Hex::of(encoded) }
    }
}

/// Bytes, and whether they are an encoding of the form named.
pub(crate) struct Parse;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParseGiven {
    pub(crate) form: String,
    pub(crate) bytes: Hex,
}

#[derive(Serialize)]
pub(crate) struct ParseGives {
    pub(crate) parsed: bool,
}

impl Kind for Parse {
    const NAME: &'static str = "parse";
    type Given = ParseGiven;
    type Gives = ParseGives;

    /// What parses must be what would have been written.
    fn work_out(given: &ParseGiven) -> ParseGives {
        let bytes = given.bytes.0.as_slice();
        let written_again = match given.form.as_str() {
            "chain" => Chain::parse(bytes).ok().map(|chain| {
                let blocks = chain.blocks().iter().map(|block| block.bytes());
                Chain::of_encoded_blocks(blocks).unwrap().encoded().to_vec()
            }),
            "capability" => capability::Capability::parse(bytes).ok().map(|capability| capability.encode().unwrap().expose().to_vec()),
            "key card" => KeyCard::parse(bytes).ok().map(|card| card.encode().unwrap()),
            "service card" => ServiceCard::parse(bytes).ok().map(|card| card.encode().unwrap()),
            "padded chain" => padding::unpad(bytes).ok().map(|chain| padding::pad(chain).unwrap()),
            "status" => noise::Status::parse(bytes).ok().map(|status| status.encode()),
            "stream request" => noise::StreamRequest::parse(bytes).ok().map(|request| request.encode().unwrap().split_off(2)),
            "control request" => control::ControlRequest::parse(bytes).ok().map(|request| request.encode()),
            form => panic!("nobody parses {form:?}"),
        };
        if let Some(again) = &written_again {
            assert_eq!(again, bytes);
        }
        ParseGives { parsed: written_again.is_some() }
    }
}

/// A request's path, and its segments.
pub(crate) struct Path;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathGiven {
    pub(crate) path: String,
}

#[derive(Serialize)]
pub(crate) struct PathGives {
    /// Nothing if the request is refused.
    pub(crate) segments: Option<Vec<String>>,
}

impl Kind for Path {
    const NAME: &'static str = "path";
    type Given = PathGiven;
    type Gives = PathGives;

    fn work_out(given: &PathGiven) -> PathGives {
        PathGives { segments: RequestPath::parse(&given.path).ok().map(|path| path.segments().to_vec()) }
    }
}

/// A chain, padded for message 1 and locators.
pub(crate) struct PaddedChain;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaddedChainGiven {
    pub(crate) chain: Hex,
}

#[derive(Serialize)]
pub(crate) struct PaddedChainGives {
    padded: Hex,
}

impl Kind for PaddedChain {
    const NAME: &'static str = "padded chain";
    type Given = PaddedChainGiven;
    type Gives = PaddedChainGives;

    fn work_out(given: &PaddedChainGiven) -> PaddedChainGives {
        let padded = padding::pad(&given.chain.0).unwrap();
        assert_eq!(padding::unpad(&padded), Ok(given.chain.0.as_slice()));
        PaddedChainGives { padded: Hex(padded) }
    }
}

/// A status, as the body of a frame and as the answer on a stream.
pub(crate) struct Status;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusGiven {
    pub(crate) code: u64,
    pub(crate) text: String,
}

#[derive(Serialize)]
pub(crate) struct StatusGives {
    body: Hex,
    answer: Hex,
}

impl Kind for Status {
    const NAME: &'static str = "status";
    type Given = StatusGiven;
    type Gives = StatusGives;

    fn work_out(given: &StatusGiven) -> StatusGives {
        let status = noise::Status::new(StatusCode::from_number(given.code), &given.text);
        assert_eq!(noise::Status::parse(&status.encode()).unwrap(), status);
        StatusGives { body: Hex(status.encode()), answer: Hex(status.encode_answer()) }
    }
}

/// What opens a stream.
pub(crate) struct StreamRequest;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamRequestGiven {
    pub(crate) target: String,
    pub(crate) stream: String,
}

#[derive(Serialize)]
pub(crate) struct StreamRequestGives {
    header: Hex,
}

impl Kind for StreamRequest {
    const NAME: &'static str = "stream request";
    type Given = StreamRequestGiven;
    type Gives = StreamRequestGives;

    fn work_out(given: &StreamRequestGiven) -> StreamRequestGives {
        let kind = StreamKind::from_name(&given.stream).unwrap();
        let request = noise::StreamRequest { target: given.target.clone(), kind };
        let header = request.encode().unwrap();
        assert_eq!(noise::StreamRequest::parse(&header[2..]).unwrap(), request);
        StreamRequestGives { header: Hex(header) }
    }
}

/// What is asked on a control stream.
pub(crate) struct ControlRequest;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ControlRequestGiven {
    Revoke { chain: Hex },
    Report,
    Rotate,
}

impl ControlRequestGiven {
    pub(crate) fn request(&self) -> control::ControlRequest {
        match self {
            Self::Revoke { chain } => control::ControlRequest::Revoke(Chain::parse(&chain.0).unwrap()),
            Self::Report => control::ControlRequest::Report,
            Self::Rotate => control::ControlRequest::Rotate,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ControlRequestGives {
    encoded: Hex,
}

impl Kind for ControlRequest {
    const NAME: &'static str = "control request";
    type Given = ControlRequestGiven;
    type Gives = ControlRequestGives;

    fn work_out(given: &ControlRequestGiven) -> ControlRequestGives {
        let request = given.request();
        let encoded = request.encode();
        assert_eq!(control::ControlRequest::parse(&encoded).unwrap(), request);
        ControlRequestGives { encoded: Hex(encoded) }
    }
}
