//! Git's framing: four hexadecimal digits of length, themselves counted, then the data (gitprotocol-common).

use std::io::{self, Read};

/// The longest packet, its length digits included.
pub(crate) const LONGEST: usize = 65_520;
/// The packet that ends a list.
pub(crate) const FLUSH: &[u8] = b"0000";

/// The next packet; `None` for a flush.
///
/// # Errors
/// `InvalidData` for what is no packet, `UnexpectedEof` where the input ends within one.
pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut digits = [0; 4];
    from.read_exact(&mut digits)?;
    let wrong = || malformed("a packet does not begin with its length");
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(wrong());
    }
    let length = std::str::from_utf8(&digits).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
    match length.ok_or_else(wrong)? {
        0 => Ok(None),
        length @ 4..=LONGEST => {
            let mut data = vec![0; length - 4];
            from.read_exact(&mut data)?;
            Ok(Some(data))
        }
        _ => Err(malformed("a packet has a length that none may have")),
    }
}

/// Appends a packet. `data` is at most [`LONGEST`] less 4 bytes long, or is cut.
pub(crate) fn write(out: &mut Vec<u8>, data: &[u8]) {
    let data = &data[..data.len().min(LONGEST - 4)];
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(data);
}

pub(crate) fn malformed(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back() {
        let mut out = Vec::new();
        write(&mut out, b"hello\n");
        write(&mut out, b"");
        out.extend_from_slice(FLUSH);
        let mut rest = out.as_slice();
        assert_eq!(rest, b"000ahello\n00040000");
        assert_eq!(read(&mut rest).unwrap().unwrap(), b"hello\n");
        assert_eq!(read(&mut rest).unwrap().unwrap(), b"");
        assert_eq!(read(&mut rest).unwrap(), None);
        assert_eq!(read(&mut rest).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in ["0001", "0003", "fff1", "ffff", "+004", "00 5x", "zzzz"] {
            assert_eq!(read(&mut bad.as_bytes()).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bad}");
        }
    }
}
