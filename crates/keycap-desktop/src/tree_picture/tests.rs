use keycap_vault::view::{GrantView, HolderView, UsageView};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;

fn row(depth: u32, last: &[bool], name: &str, state: State) -> GrantRow {
    let holder = name.starts_with("bound").then(|| HolderView { name: Some("bob".into()), fingerprint: "ab12-cd34".into(), verified: true });
    let grant = GrantView {
        rid: "0123456789abcdef0123456789abcdef".into(),
        service: "orders".into(),
        name: name.into(),
        origin: "minted",
        parent: None,
        epoch: 1,
        holder,
        state,
        allows: "Everything.".into(),
        created: 0,
        expires: (depth == 0).then_some(1_900_000_000),
        shared: None,
        usage: UsageView::default(),
        revoked: None,
        children: 0,
    };
    GrantRow { depth, last: last.to_vec(), grant }
}

fn picture(rows: impl IntoIterator<Item = GrantRow>) -> String {
    let mut picture = TreePicture::new("Grants".into());
    picture.heading("orders".into());
    picture.heading("empty".into());
    picture.parts.swap(0, 1);
    rows.into_iter().for_each(|row| picture.add(row, 0));
    picture.svg(&TimeWords::utc(1_800_000_000))
}

/// All text that is shown, in order, after checking that it is XML.
fn texts(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let (mut open, mut texts) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(tag) = &event {
            if tag.name().as_ref() == "text" {
                texts.push(String::new());
            }
            open.push(tag.name().as_ref().to_owned());
        }
        if let Event::Text(text) = &event
            && open.last().is_some_and(|tag| tag == "text")
        {
            texts.last_mut().unwrap().push_str(text);
        }
        if let Event::End(_) = event {
            open.pop();
        }
        if let Event::Eof = event {
            return texts;
        }
    }
}

fn attribute(svg: &str, name: &str) -> u32 {
    svg.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
}

#[test]
fn one_grant_is_a_picture_with_a_legend() {
    let svg = picture([row(0, &[true], "alice", State::Active)]);
    assert_eq!(
        texts(&svg),
        [
            "Grants",
            "2027-01-15 08:00, 1 grant",
            "active 1",
            "soon 0",
            "not yet 0",
            "expired 0",
            "revoked 0",
            "orders",
            "1 grant",
            "alice",
            "whoever has it",
            "2030-03-17",
            "active",
        ]
    );
    assert!(!svg.contains("0123456789abcdef"), "no id is in it");
    assert!(attribute(&svg, "width") < 800 && attribute(&svg, "height") < 300);
}

#[test]
fn branches_lead_to_what_is_below_and_past_it() {
    let svg = picture([
        row(0, &[false], "alice", State::Active),
        row(1, &[false, false], "bound-laptop", State::Soon),
        row(2, &[false, false, true], "deep", State::NotYet),
        row(1, &[false, true], "phone", State::Revoked),
        row(0, &[true], "carol", State::Expired),
    ]);
    let branches = svg.split("class=\"b\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    // Into the laptop and on to the phone; past the deep one, and into it; into the phone and no further.
    assert_eq!(branches.matches('M').count(), 4, "{branches}");
    assert_eq!(branches.matches(&format!("v{}", 26)).count(), 2, "{branches}");
    assert!(texts(&svg).contains(&"bob".to_owned()));
}

#[test]
fn a_long_name_is_cut_and_whole_in_its_tooltip_and_nothing_in_it_is_markup() {
    let long = format!("{}<&\"'>\u{7}", "Wide名".repeat(16));
    let svg = picture([row(0, &[true], &long, State::Active)]);
    let shown = texts(&svg).into_iter().find(|text| text.starts_with("Wide")).unwrap();
    assert!(shown.ends_with('…') && shown.chars().count() < 40, "{shown}");
    assert!(svg.contains("&lt;&amp;&quot;&#39;&gt;\u{fffd}</title>"));
}

#[test]
fn ten_thousand_grants_have_the_shape_of_a_sheet_and_every_column_says_where_it_goes_on() {
    let rows = (0..10_000).map(|n| {
        let depth = n % 4;
        let last: Vec<bool> = (0..=depth).map(|level| level == depth && depth == 3).collect();
        row(depth, &last, &format!("g{n}"), State::Active)
    });
    let svg = picture(rows);
    let (width, height) = (attribute(&svg, "width"), attribute(&svg, "height"));
    assert!((10..20).contains(&(width * 10 / height)), "{width} × {height}");
    let texts = texts(&svg);
    for n in [0, 1, 4_999, 9_999] {
        assert!(texts.contains(&format!("g{n}")), "g{n} is missing");
    }
    let continued = texts.iter().filter(|text| text.ends_with(", continued")).count();
    assert!(continued > 10, "{continued}");
    assert!(texts.iter().any(|text| text.starts_with("orders › g")), "a column goes on in the middle of a tree");
}
