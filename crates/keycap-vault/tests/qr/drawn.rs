//! What keycap draws is read by keycap and by others.

use std::io::Write;
use std::num::NonZeroU8;
use std::process::{Command, Stdio};

use image::ImageFormat;
use keycap_vault::qr::{Qr, Room, read_qr};

use crate::pictures::{EXACT, Font, capability, code, file, picture_of, read, screenshot, zbarimg};

const SCALE: NonZeroU8 = NonZeroU8::new(4).unwrap();

#[test]
fn texts_of_many_lengths_come_back_from_a_png() {
    for length in (23..600).step_by(7).chain([800, 1200, 2000, 3391, 4296]) {
        let text = capability(length);
        for qr in [Qr::for_terminal(&text).unwrap(), Qr::for_picture(&text).unwrap()] {
            let texts = read_qr(qr.png(SCALE).unwrap().expose()).unwrap();
            assert_eq!(texts.iter().map(|text| text.expose()).collect::<Vec<_>>(), [text.as_str()], "{length} characters");
        }
    }
}

#[test]
fn texts_in_lower_case_and_beyond_ascii_come_back() {
    for text in ["keycap:keycap1qpzry9x8gf2tvdw0s3jn54khce6mua7l", "keycap1", "0", "Schlüssel für Żółć", "鍵"] {
        assert_eq!(read(&picture_of(&Qr::for_picture(text).unwrap(), 4)), [text]);
    }
}

#[test]
fn zbarimg_reads_the_png_at_every_scale() {
    for scale in [2, 3, 4, 8, 16] {
        let png = Qr::for_picture(&capability(188)).unwrap().png(NonZeroU8::new(scale).unwrap()).unwrap();
        assert_eq!(zbarimg(png.expose()), capability(188), "{scale} pixels a module");
    }
}

#[test]
fn zbarimg_reads_the_svg() {
    let svg = Qr::for_picture(&capability(188)).unwrap().svg();
    let mut draw = Command::new("rsvg-convert")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rsvg-convert is needed: install the package librsvg2-bin");
    draw.stdin.take().unwrap().write_all(svg.expose().as_bytes()).unwrap();
    let drawn = draw.wait_with_output().unwrap();
    assert!(drawn.status.success());
    assert_eq!(zbarimg(&drawn.stdout), capability(188));
}

#[test]
fn a_screenshot_of_80_by_24_is_read_on_dark_and_light_terminals() {
    let text = Qr::for_terminal(&capability(188)).unwrap().terminal(Room { columns: 80, rows: 23 }).unwrap();
    for ground in [0, 30, 128, 225, 255] {
        let screen = screenshot(&text, 80, 24, ground, EXACT);
        assert_eq!(zbarimg(&file(&screen, ImageFormat::Png)), capability(188), "background {ground}");
        assert_eq!(read(&screen), [capability(188)], "background {ground}");
    }
}

#[test]
fn fonts_whose_half_blocks_miss_the_edge_do_no_harm() {
    let text = Qr::for_terminal(&capability(188)).unwrap().terminal(Room { columns: 80, rows: 23 }).unwrap();
    // As xterm draws with DejaVu Sans Mono, with Liberation Mono in a medium and a large size, and on a screen of double density.
    for (width, height, lower_half) in [(10, 19, (9, 19)), (10, 19, (9, 17)), (15, 29, (13, 26)), (30, 58, (26, 52))] {
        let screen = screenshot(&text, 80, 24, 0, Font { width, height, lower_half });
        assert_eq!(read(&screen), [capability(188)], "{lower_half:?} of {height} rows");
    }
}

#[test]
fn a_screenshot_of_a_large_terminal_is_read() {
    for length in [355, 430, 1200] {
        let text = Qr::for_terminal(&capability(length)).unwrap().terminal(Room { columns: 200, rows: 99 }).unwrap();
        for ground in [0, 255] {
            let screen = screenshot(&text, 200, 100, ground, EXACT);
            assert_eq!(zbarimg(&file(&screen, ImageFormat::Png)), capability(length), "background {ground}");
            assert_eq!(read(&screen), [capability(length)], "background {ground}");
        }
    }
}

#[test]
fn every_kind_of_picture_file_is_read() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
        assert_eq!(read_qr(&file(&code(4), format)).unwrap()[0].expose(), capability(188), "{format:?}");
    }
}
