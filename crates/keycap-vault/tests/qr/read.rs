//! What cameras, screens and other people's programs do to a QR code.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, Luma, LumaA};
use keycap_vault::SecretText;
use keycap_vault::qr::{MAX_PICTURE_BYTES, MAX_PIXELS, Picture, Qr, ReadError, read_qr};

use crate::pictures::{Dice, capability, clutter, code, cropped, dense_code, file, inverted, picture_of, read, slanted, spaced, turned};

/// Asserts that the capability is read, and nothing else, in each picture and in its inverse.
fn assert_read(cases: impl IntoIterator<Item = (String, GrayImage)>) {
    for (name, picture) in cases {
        assert_eq!(read(&picture), [capability(188)], "{name}");
        assert_eq!(read(&inverted(&picture)), [capability(188)], "{name}, inverted");
    }
}

fn on_page(picture: &GrayImage, ground: u8) -> GrayImage {
    let mut page = GrayImage::from_pixel(picture.width() + 300, picture.height() + 200, Luma([ground]));
    imageops::overlay(&mut page, picture, 120, 80);
    page
}

#[test]
fn blurred_codes() {
    assert_read([1.0, 2.0, 3.0, 4.0].map(|sigma| (format!("blur {sigma}"), imageops::blur(&code(8), sigma))));
    assert_read([1.0, 2.0, 3.0, 4.0].map(|sigma| (format!("dense, blur {sigma}"), imageops::blur(&dense_code(8), sigma))));
}

#[test]
fn a_large_photograph_out_of_focus() {
    assert_read([("blur 12 of 40".into(), imageops::blur(&code(40), 12.0))]);
}

#[test]
fn turned_codes() {
    for ground in [0, 255] {
        assert_read(
            [3, 5, 10, 15, 30, 45, 60, 90, 135, 180, 271].map(|degrees| (format!("{degrees}°"), turned(&code(6), f64::from(degrees), ground))),
        );
    }
}

#[test]
fn mirrored_and_slanted_codes() {
    assert_read([
        ("mirrored".into(), imageops::flip_horizontal(&code(6))),
        ("slanted by a tenth".into(), slanted(&code(8), 0.1)),
        ("slanted by a fifth".into(), slanted(&code(8), 0.2)),
    ]);
}

#[test]
fn small_and_stretched_codes() {
    assert_read([1, 2, 3].map(|scale| (format!("{scale} pixels a module"), on_page(&dense_code(scale), 200))));
    assert_read([(1.08, 1.0), (1.0, 1.25), (1.0, 2.0), (0.5, 0.5), (0.33, 0.33), (3.0, 3.0)].map(|(across, down)| {
        let whole = code(8);
        let [width, height] = [across, down].map(|factor| (f64::from(whole.width()) * factor) as u32);
        (format!("stretched by {across} × {down}"), imageops::resize(&whole, width, height, FilterType::Triangle))
    }));
}

#[test]
fn narrow_quiet_zones_on_any_ground() {
    for modules in [1, 2] {
        let narrow = cropped(&dense_code(8), 4 - modules, 8);
        assert_read([0, 30, 128, 255].map(|ground| (format!("{modules} modules on {ground}"), on_page(&narrow, ground))));
    }
    let none = cropped(&dense_code(8), 4, 8);
    assert_read([("no quiet zone, cut out".into(), none.clone()), ("no quiet zone on grey".into(), on_page(&none, 128))]);
}

#[test]
fn gaps_between_the_rows_of_a_terminal() {
    for cell in [6, 7, 8, 9, 10, 12] {
        let narrow = cropped(&dense_code(cell), 2, u32::from(cell));
        for (gap, colour) in [(1, 0), (1, 30), (1, 128), (1, 255), (2, 0), (2, 30)] {
            let spaced = spaced(&narrow, 2 * u32::from(cell), gap, colour);
            assert_read([(format!("{cell} pixels, gap of {gap} in {colour}"), on_page(&spaced, colour))]);
        }
    }
}

#[test]
fn noise_low_contrast_and_uneven_light() {
    let noisy = |amplitude: usize| {
        let mut dice = Dice(99);
        let mut picture = code(8);
        for pixel in picture.pixels_mut() {
            pixel.0[0] = (64 + usize::from(pixel.0[0]) / 2 + dice.below(2 * amplitude) - amplitude).min(255) as u8;
        }
        picture
    };
    let mapped = |change: fn(u32, u16) -> u16| {
        let mut picture = code(8);
        picture.enumerate_pixels_mut().for_each(|(x, _, pixel)| pixel.0[0] = change(x, u16::from(pixel.0[0])) as u8);
        picture
    };
    assert_read([
        ("noise".into(), noisy(40)),
        ("low contrast".into(), mapped(|_, brightness| 100 + brightness / 5)),
        ("hardly any contrast".into(), mapped(|_, brightness| 60 + brightness / 25)),
        ("a shadow from the left".into(), mapped(|x, brightness| brightness * 3 / 10 + x as u16 * 17 / 46)),
    ]);
}

#[test]
fn a_strongly_compressed_photograph() {
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 20).encode_image(&code(4)).unwrap();
    assert_eq!(read_qr(&jpeg).unwrap()[0].expose(), capability(188));
}

#[test]
fn screenshots_full_of_other_things() {
    for (width, height) in [(1920, 1080), (3840, 2160)] {
        for scale in [2, 4, 16] {
            let mut page = clutter(width, height);
            imageops::overlay(&mut page, &dense_code(scale), i64::from(width / 3), i64::from(height / 5));
            assert_read([(format!("{width} × {height}, {scale} pixels a module"), page)]);
        }
    }
}

#[test]
fn several_codes_at_once_each_told_once() {
    let mut page = clutter(1920, 1080);
    let texts = [60, 150, 188].map(capability);
    for (text, x) in texts.iter().zip([50, 650, 1250]) {
        imageops::overlay(&mut page, &picture_of(&Qr::for_picture(text).unwrap(), 6), x, 60);
    }
    imageops::overlay(&mut page, &inverted(&picture_of(&Qr::for_picture(&capability(100)).unwrap(), 6)), 50, 640);
    imageops::overlay(&mut page, &picture_of(&Qr::for_picture(&texts[0]).unwrap(), 4), 650, 640);

    let mut found = read(&page);
    found.sort();
    let mut expected = vec![texts[0].clone(), texts[1].clone(), texts[2].clone(), capability(100)];
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_clear_code_of_someone_else_does_not_hide_a_blurred_one() {
    let mut page = GrayImage::from_pixel(1200, 600, Luma([255]));
    imageops::overlay(&mut page, &picture_of(&Qr::for_picture("https://example.org").unwrap(), 6), 20, 20);
    imageops::overlay(&mut page, &imageops::blur(&dense_code(8), 4.0), 600, 20);
    let found = read(&page);
    assert!(found.contains(&capability(188)) && found.contains(&"https://example.org".to_owned()), "{found:?}");
}

#[test]
fn codes_with_either_colour_left_transparent() {
    for (drawn, left_out) in [(0, 255), (255, 0)] {
        let whole = code(4);
        let picture = GrayAlphaImage::from_fn(whole.width(), whole.height(), |x, y| {
            let dark = whole.get_pixel(x, y).0[0] == 0;
            if dark == (drawn == 0) { LumaA([drawn, 255]) } else { LumaA([drawn, 0]) }
        });
        let rgba = DynamicImage::ImageLumaA8(picture).into_rgba8();
        let (width, height) = rgba.dimensions();
        let texts = Picture::from_rgba(width, height, rgba.into_raw()).unwrap().read_qr().unwrap();
        assert_eq!(texts[0].expose(), capability(188), "{left_out} left out");
    }
}

#[test]
fn a_picture_without_a_code_says_so() {
    for picture in [clutter(640, 480), GrayImage::new(1, 1), GrayImage::new(300, 2), GrayImage::from_pixel(200, 200, Luma([255]))] {
        assert!(matches!(read_qr(&file(&picture, ImageFormat::Png)), Err(ReadError::NoCode)));
    }
}

#[test]
fn a_code_beyond_reading_is_told_from_none() {
    let mut torn = code(8);
    let side = torn.width();
    let mut dice = Dice(3);
    for (x, y) in (100..side - 100).flat_map(|x| (100..side - 100).map(move |y| (x, y))) {
        if x % 8 == 0 && y % 8 == 0 {
            let shade = Luma([if dice.below(2) == 0 { 0 } else { 255 }]);
            (0..64).for_each(|place| torn.put_pixel(x + place % 8, y + place / 8, shade));
        }
    }
    assert!(matches!(read_qr(&file(&torn, ImageFormat::Png)), Err(ReadError::Unreadable)));
}

#[test]
fn what_is_not_a_picture_is_told_apart_from_damage() {
    for text in [&b"KEYCAP-SECRET-1QQQQQQQQQQQQQQQQ"[..], b"", b"\0", b"%PDF-1.7"] {
        assert!(matches!(read_qr(text), Err(ReadError::NotAPicture)));
    }
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
        let whole = file(&code(4), format);
        assert!(
            matches!(read_qr(&whole[..whole.len() / 3]), Err(ReadError::Damaged { .. } | ReadError::NoCode | ReadError::Unreadable)),
            "{format:?}"
        );
        assert!(matches!(read_qr(&whole[..16]), Err(ReadError::Damaged { .. })), "{format:?}");
    }
}

#[test]
fn kinds_of_pictures_that_are_not_read_are_named() {
    for (file, name) in [
        (&b"GIF89a\x01\0\x01\0"[..], "GIF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC and AVIF"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "HEIC and AVIF"),
    ] {
        assert!(matches!(read_qr(file), Err(ReadError::Unsupported { format }) if format == name), "{name}");
    }
}

#[test]
fn pictures_beyond_the_limits_are_refused_before_they_are_decoded() {
    // A header alone says how large the picture is.
    let mut huge = file(&GrayImage::new(1, 1), ImageFormat::Bmp);
    huge[18..22].copy_from_slice(&30_000_u32.to_le_bytes());
    huge[22..26].copy_from_slice(&30_000_u32.to_le_bytes());
    assert!(matches!(read_qr(&huge), Err(ReadError::TooManyPixels { width: 30_000, height: 30_000 })));
    assert!(matches!(Picture::from_rgba(10_000, 10_000, Vec::new()), Err(ReadError::TooManyPixels { .. })));
    const { assert!(10_000 * 10_000 > MAX_PIXELS) };
    assert!(matches!(read_qr(&vec![0; MAX_PICTURE_BYTES + 1]), Err(ReadError::FileTooLarge)));
}

#[test]
fn too_few_pixels_are_refused() {
    assert!(matches!(Picture::from_rgba(10, 10, vec![0; 399]), Err(ReadError::Damaged { .. })));
    assert!(matches!(Picture::from_rgba(0, 10, Vec::new()), Err(ReadError::Damaged { .. })));
}

#[test]
fn errors_and_debug_output_hold_nothing_of_the_picture() {
    assert_eq!(format!("{:?}", Picture::parse(&file(&code(4), ImageFormat::Png)).unwrap()), "Picture(228 × 228, ..)");
}

#[test]
fn whoever_has_no_patience_gets_what_was_found_until_then() {
    let picture = Picture::parse(&file(&code(6), ImageFormat::Png)).unwrap();
    assert!(matches!(picture.read_qr_while(|| false), Err(ReadError::NoCode)));
    let asked = std::cell::Cell::new(0);
    let texts = picture.read_qr_while(|| asked.replace(asked.get() + 1) == 0).unwrap();
    assert_eq!(texts.iter().map(SecretText::expose).collect::<Vec<_>>(), [capability(188)], "the first look finds it");
    let empty = Picture::parse(&file(&GrayImage::from_pixel(300, 200, Luma([255])), ImageFormat::Png)).unwrap();
    asked.set(0);
    assert!(matches!(empty.read_qr_while(|| asked.replace(asked.get() + 1) < 3), Err(ReadError::NoCode)));
    assert_eq!(asked.get(), 4, "it stops when it is told to");
}
