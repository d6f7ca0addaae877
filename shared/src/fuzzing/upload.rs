//! Files as clients write them: content and name are read back unchanged.

use percent_encoding::utf8_percent_encode;

use super::fixture::{MAX_FILE, first_line, limits};
use super::multipart::{Accepted, contains, responses};
use crate::domain::{NewFile, UNRESERVED};
use crate::edge::error::Error;

/// Input: a client (`browser`, `quoting` or `extended`) and a media type in one line, a file name in the next, and the
/// file's content.
pub fn upload(data: &[u8]) {
    let (kind, rest) = first_line(data);
    let (name, content) = first_line(rest);
    let (client, content_type) = kind.trim_end().split_once(' ').unwrap_or((&kind, "text/plain"));
    let content_type: String = content_type.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
    let Client { boundary, quoted, file_name, expected_name } = Client::new(client, &name);
    if contains(content, boundary.as_bytes()) {
        return;
    }
    let body = body(&boundary, &file_name, &content_type, content);
    let boundary = if quoted { format!("\"{boundary}\"") } else { boundary };
    let responses = responses(&format!("multipart/form-data; boundary={boundary}"), &body);
    assert_eq!(responses[0], expected(&file_name, &expected_name, &content_type, content));
}

/// Form of a request, which differs between clients.
struct Client {
    boundary: String,
    /// Is `true` if the boundary is in quotes.
    quoted: bool,
    /// Parameter with the file's name.
    file_name: String,
    /// Name that is read from it.
    expected_name: String,
}

impl Client {
    fn new(client: &str, name: &str) -> Self {
        let boundary = |text: &str| format!("{text}{:08x}", name.len());
        match client {
            // RFC 7578, section 4.2, as curl does with an option.
            "quoting" => Self {
                boundary: boundary("------------------------ + "),
                quoted: true,
                file_name: format!("filename=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
                expected_name: unescaped(name),
            },
            // RFC 8187, with a second name for servers without it.
            "extended" => Self {
                boundary: boundary("=_Part'()+,-./:=?"),
                quoted: true,
                file_name: format!(
                    "filename=\"x\"; filename*=UTF-8''{}",
                    utf8_percent_encode(name, UNRESERVED)
                ),
                expected_name: name.to_owned(),
            },
            // HTML, section 4.10.22.8, and most libraries. A backslash at the end would escape the quote.
            _ => {
                let name = name.trim_end_matches('\\').replace('"', "%22").replace('\r', "%0D");
                Self {
                    boundary: boundary("----WebKitFormBoundary"),
                    quoted: false,
                    file_name: format!("filename=\"{name}\""),
                    expected_name: unescaped(&name),
                }
            }
        }
    }
}

/// Decodes a name from a browser. Browsers escape only these three characters, and not the percent sign.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// Builds a form with a text field on either side of the file.
fn body(boundary: &str, file_name: &str, content_type: &str, content: &[u8]) -> Vec<u8> {
    let before = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"before\"\r\n\r\nfile\r\n--{boundary}\r\n\
         {}\r\nContent-Type: {content_type}\r\n\r\n",
        disposition(file_name)
    );
    let after = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\n\r\n--{boundary}--\r\n"
    );
    [before.as_bytes(), content, after.as_bytes()].concat()
}

fn disposition(file_name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"file\"; {file_name}")
}

/// Returns the expected response to a file.
fn expected(file_name: &str, name: &str, content_type: &str, content: &[u8]) -> Result<Accepted, String> {
    // RFC 9110, section 5.5: a header has no control character except the tab. All headers have at most 8 KiB.
    let headers = format!("{}\r\nContent-Type: {content_type}", disposition(file_name));
    if file_name.chars().any(|letter| letter.is_ascii_control() && letter != '\t') || headers.len() > 8192 {
        return Err(Error::InvalidMultipart.to_string());
    }
    if content.len() > MAX_FILE {
        return Err(Error::TooLarge { what: "file", limit: MAX_FILE as u64 }.to_string());
    }
    if name.is_empty() && content.is_empty() {
        return Err("A file is required in the field \"file\"".to_owned());
    }
    let file = NewFile::new(name, content_type, content.to_vec().into(), &limits().allowed_types);
    let file = file.map_err(|error| error.to_string())?;
    let (name, content_type) =
        (file.description().name().as_str().to_owned(), file.description().content_type());
    Ok(Accepted { name, content_type, content: content.to_vec() })
}
