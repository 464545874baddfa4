//! A pipe between two threads of this process, for what wants to be written on one side and read on the other. An error of the writing side
//! arrives at the reading side, and a writing side that vanishes is an error too: a stream that was cut off is never taken for a whole one.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::FileError;

/// Bytes of a piece: what is written in smaller parts is gathered.
const PIECE: usize = 256 << 10;
/// Pieces on their way.
const PIECES: usize = 4;

enum Message {
    Piece(Vec<u8>),
    Failed(FileError),
    End,
}

/// Both ends.
pub(super) fn conduit() -> (ConduitWriter, ConduitReader) {
    let (sender, receiver) = sync_channel(PIECES);
    (ConduitWriter { sender, gathered: Vec::new() }, ConduitReader { receiver, piece: Vec::new(), at: 0, ended: false })
}

/// Where it is written.
pub(super) struct ConduitWriter {
    sender: SyncSender<Message>,
    gathered: Vec<u8>,
}

impl ConduitWriter {
    /// Ends the stream as a whole one.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.send(Message::End)
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: FileError) {
        // A reader that has gone has its own error to tell.
        let _ = self.sender.send(Message::Failed(error));
    }

    fn send(&self, message: Message) -> io::Result<()> {
        self.sender.send(message).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for ConduitWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.capacity() == 0 {
            self.gathered.reserve_exact(PIECE);
        }
        let room = PIECE.saturating_sub(self.gathered.len()).min(bytes.len());
        self.gathered.extend_from_slice(bytes.get(..room).unwrap_or_default());
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.gathered);
        if piece.is_empty() { Ok(()) } else { self.send(Message::Piece(piece)) }
    }
}

/// Where it is read.
pub(super) struct ConduitReader {
    receiver: Receiver<Message>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for ConduitReader {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !self.ended {
            match self.receiver.recv() {
                Ok(Message::Piece(piece)) => (self.piece, self.at) = (piece, 0),
                Ok(Message::End) => self.ended = true,
                Ok(Message::Failed(error)) => return Err(error.into_io()),
                Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let length = rest.len().min(room.len());
        room.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_ends() {
        let (mut writer, mut reader) = conduit();
        let sent: Vec<u8> = (0..=250).cycle().take(3 * PIECE + 17).collect();
        let mut read = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                writer.write_all(&sent).unwrap();
                writer.finish().unwrap();
            });
            reader.read_to_end(&mut read).unwrap();
        });
        assert_eq!(read, sent);
    }

    #[test]
    fn a_writer_that_vanishes_or_fails_is_no_end() {
        let (mut writer, mut reader) = conduit();
        writer.write_all(b"half").unwrap();
        drop(writer);
        assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let (writer, mut reader) = conduit();
        writer.fail(FileError::Changed);
        assert!(matches!(FileError::of_reader(reader.read(&mut [0]).unwrap_err()), FileError::Changed));
    }

    #[test]
    fn a_reader_that_has_gone_is_told_to_the_writer() {
        let (mut writer, reader) = conduit();
        drop(reader);
        assert_eq!(writer.write_all(&vec![0; PIECE]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
