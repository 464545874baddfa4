//! Devices and pipes as places to write to: they are written into, or refused, and never replaced.

use std::fs;
use std::os::unix::fs::FileTypeExt;

use crate::place::Place;

#[test]
fn a_pipe_that_is_named_as_output_is_written_into_and_stays() {
    let place = Place::new();
    place.prepare("keycap key new operator\nprintf 'a report' >report.txt\nmkfifo pipe");
    for force in ["", "--force"] {
        let line = format!("cat pipe >taken & keycap seal -r operator report.txt --output pipe {force} && wait && keycap open taken --output -");
        let ended = place.shell(&line).exited(0);
        assert_eq!(ended.stdout.lines().last(), Some("a report"), "{}", ended.stdout);
        assert!(fs::symlink_metadata(place.path("pipe")).unwrap().file_type().is_fifo());
        assert!(!place.path("pipe.partial").exists());
    }
}

#[test]
fn what_is_written_as_a_whole_does_not_take_the_place_of_a_pipe() {
    let place = Place::new();
    place.prepare("keycap key new operator\nmkfifo pipe");
    let ended = place.keycap(&["vault", "backup", "--to", "operator", "--output", "pipe", "--force"]).exited(1);
    assert!(ended.stderr.contains("it is a device, pipe or socket"), "{}", ended.stderr);
    assert!(fs::symlink_metadata(place.path("pipe")).unwrap().file_type().is_fifo());
}
