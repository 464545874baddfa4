//! A page to print: what is shared as a QR code and as text, with what it allows in words.
//!
//! It is a PDF of A4 whose margins leave it whole on US Letter too. The fonts are Courier and Courier Bold, which every reader of PDF has: their
//! characters are all of one width, so a line breaks where it is counted to. They hold what Latin-1 holds; any other character is written by its
//! number, `U+0416`. The QR code and the text under it are exact whatever is in a name.

use keycap_core::secret::SecretBytes;
use pdf_writer::{Content, Name, Pdf, Rect, Ref, Str, TextStr};
use textwrap::Options;

use super::Outgoing;
use crate::error::VaultError;
use crate::qr::Qr;

impl Outgoing {
    /// It on paper: a PDF of one page, or of more where its text is long. As secret as [`Outgoing::text`] is.
    ///
    /// # Errors
    /// [`VaultError::Qr`] if it is too long for a QR code.
    pub fn page(&self) -> Result<SecretBytes, VaultError> {
        let code = Qr::for_picture(self.qr_payload().expose())?;
        let mut paper = Paper::new(&self.view.name);
        paper.head(kind_words(self.view.kind));
        paper.text(TITLE, &self.view.name);
        paper.skip(6.0);
        paper.text(BODY, &self.view.sentence);
        paper.skip(8.0);
        for (label, value) in &self.facts {
            paper.fact(label, value);
        }
        paper.skip(6.0);
        paper.code(&code);
        paper.skip(6.0);
        paper.text(BODY, HOW_TO_TAKE_IN);
        paper.skip(6.0);
        paper.groups(self.text.expose());
        paper.skip(10.0);
        paper.text(STRONG, self.warning());
        Ok(paper.finish())
    }

    const fn warning(&self) -> &'static str {
        match (self.view.secret, self.bound) {
            (true, false) => {
                "Whoever has this page, or a picture of it, has the capability. Keep it as you keep a key. It cannot be called back: where \
                 it is lost, whoever runs the service revokes it."
            }
            (true, true) => {
                "It is bound to a key: whoever has this page cannot use it without that key, and can read what it allows. Where it is lost, \
                 whoever runs the service revokes it."
            }
            (false, _) => "Nothing on this page is secret. Compare the fingerprint with its owner before you rely on it.",
        }
    }
}

const HOW_TO_TAKE_IN: &str = "To take it in, give a scan or photograph of this page to `keycap add FILE` or to Import in keycap's window. Or type the \
     text below into `keycap add`; spaces and the ends of lines do not count:";

fn kind_words(kind: &str) -> &'static str {
    match kind {
        "key-card" => "KEY CARD",
        "service-card" => "SERVICE CARD",
        _ => "CAPABILITY - SECRET",
    }
}

/// All lengths are in points: 72 to an inch. A4 is this large.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
/// 20 mm at the sides; at the top and bottom as much as A4 is higher than Letter, too.
const BESIDE: f32 = 56.7;
const ABOVE: f32 = 72.0;
/// The side of a code with its quiet zone: 10.5 cm. The densest then has modules of 0.57 mm, four pixels of a scan at 200 dpi.
const CODE: f32 = 298.0;
/// A character of either font is this wide, at size 1.
const ADVANCE: f32 = 0.6;

/// How a line is set.
#[derive(Clone, Copy)]
struct Style {
    font: Name<'static>,
    size: f32,
    /// From one line to the next.
    leading: f32,
    /// Characters in a line.
    columns: u16,
}

const REGULAR: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");
const TITLE: Style = Style { font: BOLD, size: 20.0, leading: 25.0, columns: 40 };
const BODY: Style = Style { font: REGULAR, size: 10.0, leading: 14.0, columns: 80 };
const STRONG: Style = Style { font: BOLD, ..BODY };
const SMALL: Style = Style { font: BOLD, size: 9.0, leading: 14.0, columns: 89 };
/// The label of a fact takes this many columns of a line.
const LABEL: u16 = 22;
/// Characters of text side by side, and how many such groups make a line.
const GROUP: usize = 4;
const GROUPS: usize = 16;

/// Pages in the making, written from the top down.
struct Paper {
    title: String,
    full: Vec<Content>,
    content: Content,
    /// What is left below, from the upper edge of the next line to the lower margin.
    left: f32,
}

impl Paper {
    fn new(title: &str) -> Self {
        Self { title: title.to_owned(), full: Vec::new(), content: Content::new(), left: HEIGHT - 2.0 * ABOVE }
    }

    /// Goes on on another page if less than this is left.
    fn need(&mut self, height: f32) {
        if self.left < height {
            self.full.push(std::mem::replace(&mut self.content, Content::new()));
            self.left = HEIGHT - 2.0 * ABOVE;
        }
    }

    fn skip(&mut self, height: f32) {
        self.left -= height;
    }

    /// The name of the program on the left, what this is on the right, a rule below.
    fn head(&mut self, kind: &str) {
        self.at(BESIDE, STRONG, "keycap");
        let width = f32::from(u16::try_from(kind.len()).unwrap_or(SMALL.columns)) * SMALL.size * ADVANCE;
        self.at(WIDTH - BESIDE - width, SMALL, kind);
        self.skip(STRONG.leading + 6.0);
        let y = ABOVE + self.left;
        self.content.set_line_width(0.8).move_to(BESIDE, y).line_to(WIDTH - BESIDE, y).stroke();
        self.skip(16.0);
    }

    fn text(&mut self, style: Style, text: &str) {
        for line in textwrap::wrap(&printable(text), Options::new(usize::from(style.columns))) {
            self.line(BESIDE, style, &line);
        }
    }

    fn fact(&mut self, label: &str, value: &str) {
        let beside = BESIDE + f32::from(LABEL) * BODY.size * ADVANCE;
        let mut label = Some(label);
        for line in textwrap::wrap(&printable(value), Options::new(usize::from(BODY.columns - LABEL))) {
            self.need(BODY.leading);
            if let Some(label) = label.take() {
                self.at(BESIDE, STRONG, label);
            }
            self.line(beside, BODY, &line);
        }
    }

    /// Text to be typed, in groups.
    fn groups(&mut self, text: &str) {
        let characters: Vec<char> = text.chars().collect();
        for line in characters.chunks(GROUP * GROUPS) {
            let groups: Vec<String> = line.chunks(GROUP).map(|group| group.iter().collect()).collect();
            self.line(BESIDE, BODY, &groups.join(" "));
        }
    }

    fn line(&mut self, x: f32, style: Style, text: &str) {
        self.need(style.leading);
        self.at(x, style, text);
        self.skip(style.leading);
    }

    /// Text at the upper edge of what is left.
    fn at(&mut self, x: f32, style: Style, text: &str) {
        let latin: Vec<u8> = text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect();
        self.content.begin_text().set_font(style.font, style.size).next_line(x, ABOVE + self.left - style.size).show(Str(&latin)).end_text();
    }

    /// The QR code, in the middle.
    fn code(&mut self, code: &Qr) {
        self.need(CODE);
        let (left, top) = ((WIDTH - CODE) / 2.0, ABOVE + self.left);
        let length = |modules: usize| f32::from(u16::try_from(modules).unwrap_or(u16::MAX));
        let module = CODE / length(code.side_with_margin());
        for row in 0..code.side_with_margin() {
            let y = top - length(row + 1) * module;
            for run in code.dark_runs(row) {
                self.content.rect(left + length(run.start) * module, y, length(run.length) * module, module);
            }
        }
        self.content.fill_nonzero();
        self.skip(CODE);
    }

    fn finish(mut self) -> SecretBytes {
        let (catalog, pages, info, regular, bold) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5));
        self.full.push(self.content);
        let mut pdf = Pdf::new();
        pdf.document_info(info).title(TextStr(&self.title)).creator(TextStr("keycap"));
        pdf.catalog(catalog).pages(pages).lang(TextStr("en"));
        for (id, name) in [(regular, "Courier"), (bold, "Courier-Bold")] {
            pdf.type1_font(id).base_font(Name(name.as_bytes())).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        let mut next = bold;
        let mut kids = Vec::new();
        for content in self.full {
            let (id, stream) = (next.next(), next.next().next());
            next = stream;
            kids.push(id);
            let mut page = pdf.page(id);
            page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(pages).contents(stream);
            page.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
            drop(page);
            pdf.stream(stream, content.finish().as_slice());
        }
        let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
        pdf.pages(pages).kids(kids).count(count);
        SecretBytes::new(pdf.finish())
    }
}

/// Text in the characters of Latin-1 that are printed; every other by its number.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut printed, character| {
        match character {
            ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => printed.push(character),
            other => printed.push_str(&format!("U+{:04X}", u32::from(other))),
        }
        printed
    })
}

#[cfg(test)]
mod tests {
    use keycap_core::secret::SecretText;

    use super::*;
    use crate::view::SharedView;

    fn outgoing(name: &str, text: &str) -> Outgoing {
        let view = SharedView {
            kind: "capability",
            name: name.to_owned(),
            sentence: "Everything that `orders` offers.".to_owned(),
            secret: true,
            reissued: false,
            rid: None,
        };
        Outgoing { view, text: SecretText::new(text.to_owned()), facts: vec![("Revocation id", "54d7".to_owned())], bound: false }
    }

    /// The lines of text of a file, as they are written in it, with the place of each.
    fn lines(page: &Outgoing) -> Vec<(f32, f32, String)> {
        let file = String::from_utf8_lossy(page.page().unwrap().expose()).into_owned();
        let mut lines = Vec::new();
        let mut place = (0.0, 0.0);
        for line in file.lines() {
            if let Some(at) = line.strip_suffix(" Td") {
                let (x, y) = at.split_once(' ').unwrap();
                place = (x.parse().unwrap(), y.parse().unwrap());
            } else if let Some(text) = line.strip_prefix('(').and_then(|line| line.strip_suffix(") Tj")) {
                lines.push((place.0, place.1, text.to_owned()));
            }
        }
        lines
    }

    fn pages(page: &Outgoing) -> usize {
        String::from_utf8_lossy(page.page().unwrap().expose()).matches("/Type /Page\n").count()
    }

    #[test]
    fn all_of_the_text_is_on_it_and_within_the_margins() {
        let text = "KEYCAP-SECRET-1".to_owned() + &"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(120);
        let long = outgoing(&"n".repeat(64), &text);
        assert!(pages(&long) > 1);
        let lines = lines(&long);
        let typed: String =
            lines.iter().filter(|(_, _, line)| line.split(' ').all(|group| group.len() <= GROUP)).map(|(_, _, line)| line.replace(' ', "")).collect();
        assert_eq!(typed.strip_prefix("54d7").unwrap(), text);
        for (x, y, line) in lines {
            assert!(x >= BESIDE && (ABOVE..=HEIGHT - ABOVE).contains(&y), "{line} is at {x} {y}");
            assert!(line.len() <= usize::from(SMALL.columns), "{line}");
        }
        assert_eq!(pages(&outgoing("alice", "KEYCAP-SECRET-1QQQQ")), 1);
    }

    #[test]
    fn what_the_fonts_have_is_written_and_all_else_by_its_number() {
        assert_eq!(printable("Zo\u{eb} ~"), "Zo\u{eb} ~");
        assert_eq!(printable("\u{416}\u{202e}\u{7f}\u{ad}\n"), "U+0416U+202EU+007FU+00ADU+000A");
        let file = outgoing("Zo\u{eb}", "KEYCAP-SECRET-1QQQQ").page().unwrap();
        assert!(String::from_utf8_lossy(file.expose()).contains("\n<5A6FEB> Tj\n"));
    }

    #[test]
    fn what_no_code_holds_makes_no_page() {
        assert!(matches!(outgoing("alice", &"A".repeat(4296)).page(), Err(VaultError::Qr(_))));
    }
}
