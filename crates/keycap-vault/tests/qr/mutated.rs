//! Ten thousand mutated pictures: no panic, and no text but the one that was there.

use std::thread;

use image::{GrayImage, ImageFormat};
use keycap_vault::qr::{Qr, read_qr};

use crate::pictures::{Dice, file, picture_of};

const TEXT: &str = "KEYCAP:KEYCAP1QPZRY";
const THREADS: u64 = 4;

/// Runs `each` `times` times with dice of its own, spread over threads; a panic in any fails the test.
fn repeatedly(times: u64, each: impl Fn(&mut Dice) + Sync) {
    thread::scope(|scope| {
        for start in 0..THREADS {
            let each = &each;
            scope.spawn(move || {
                (start..times).step_by(THREADS as usize).for_each(|case| each(&mut Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)))
            });
        }
    });
}

fn assert_nothing_else_is_read(file: &[u8]) {
    if let Ok(texts) = read_qr(file) {
        assert!(texts.iter().all(|text| text.expose() == TEXT), "{texts:?}");
    }
}

#[test]
fn five_thousand_files_with_changed_bytes() {
    let picture = picture_of(&Qr::for_picture(TEXT).unwrap(), 2);
    let files = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp].map(|format| file(&picture, format));
    repeatedly(5_000, |dice| {
        let mut file = files[dice.below(files.len())].clone();
        for _ in 0..=dice.below(8) {
            let place = dice.below(file.len());
            match dice.below(4) {
                0 => file[place] = dice.roll() as u8,
                1 => file[place] ^= 1 << dice.below(8),
                2 => file.insert(place, dice.roll() as u8),
                _ if dice.below(8) == 0 => file.truncate(place + 1),
                _ => drop(file.remove(place)),
            }
        }
        assert_nothing_else_is_read(&file);
    });
}

#[test]
fn five_thousand_pictures_with_changed_pixels() {
    let whole = picture_of(&Qr::for_picture(TEXT).unwrap(), 2);
    repeatedly(5_000, |dice| {
        let mut picture = whole.clone();
        for _ in 0..=dice.below(5) {
            repaint_rectangle(&mut picture, dice);
        }
        for _ in 0..dice.below(100) {
            let (x, y) = (dice.below(picture.width() as usize), dice.below(picture.height() as usize));
            picture.get_pixel_mut(x as u32, y as u32).0 = [dice.roll() as u8];
        }
        assert_nothing_else_is_read(&file(&picture, ImageFormat::Bmp));
    });
}

fn repaint_rectangle(picture: &mut GrayImage, dice: &mut Dice) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (left, top) = (dice.below(width), dice.below(height));
    let (right, bottom) = ((left + dice.below(width / 4)).min(width), (top + dice.below(height / 4)).min(height));
    let how = dice.below(4);
    for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
        let pixel = picture.get_pixel_mut(x as u32, y as u32);
        pixel.0 = match how {
            0 => [0],
            1 => [255],
            2 => [255 - pixel.0[0]],
            _ => [dice.roll() as u8],
        };
    }
}
