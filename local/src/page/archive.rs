//! Files of a ZIP archive, as gzip. Both formats hold the same compressed bytes, so nothing is decompressed.
//!
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, <https://www.rfc-editor.org/rfc/rfc1952>

/// Signatures of an entry of the directory and of the directory's end.
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Length of the directory's end without its comment, of an entry's fixed part, and of a file's.
const END_LENGTH: usize = 22;
const ENTRY_LENGTH: usize = 46;
const FILE_LENGTH: usize = 30;
/// Method of a deflated file.
const DEFLATED: u16 = 8;

/// Header of a gzip stream: deflate, without name and time, on an unknown system.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Returns the deflated file as gzip whose path ends in `path`; `None` if the archive has no such file.
pub(super) fn gzip(archive: &[u8], path: &str) -> Option<Vec<u8>> {
    let end = archive.windows(END.len()).rposition(|window| window == END)?;
    let end = archive.get(end..end + END_LENGTH)?;
    let mut directory = archive.get(u32_at(end, 16)?..)?;
    while directory.starts_with(ENTRY) {
        let name_end = ENTRY_LENGTH + usize::from(u16_at(directory, 28)?);
        let name = directory.get(ENTRY_LENGTH..name_end)?;
        if name.ends_with(path.as_bytes()) && u16_at(directory, 10)? == DEFLATED {
            return file(archive, directory);
        }
        let extra = usize::from(u16_at(directory, 30)?) + usize::from(u16_at(directory, 32)?);
        directory = directory.get(name_end + extra..)?;
    }
    None
}

/// Returns the file of an `entry`: gzip's header, the compressed bytes, and the entry's CRC-32 and length.
fn file(archive: &[u8], entry: &[u8]) -> Option<Vec<u8>> {
    let file = archive.get(u32_at(entry, 42)?..)?;
    let start = FILE_LENGTH + usize::from(u16_at(file, 26)?) + usize::from(u16_at(file, 28)?);
    let compressed = file.get(start..start + u32_at(entry, 20)?)?;
    let (checksum, length) = (entry.get(16..20)?, entry.get(24..28)?);
    Some([&GZIP, compressed, checksum, length].concat())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}
