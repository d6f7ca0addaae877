//! Messages on standard error. Results of a command go to standard output.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::LazyLock;

use crate::environment::variable;

/// `true` if messages are colored: `NO_COLOR` and `CLICOLOR_FORCE` decide, otherwise standard error must be a terminal.
static IS_COLORED: LazyLock<bool> = LazyLock::new(|| {
    let is_forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let is_capable = || std::io::stderr().is_terminal() && variable("TERM").is_none_or(|name| name != "dumb");
    variable("NO_COLOR").is_none() && (is_forced || is_capable())
});

/// Color of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Success.
    Green,
    /// Redirects.
    Cyan,
    /// Errors of callers, warnings.
    Yellow,
    /// Errors of the service.
    Red,
    /// Details.
    Dim,
}

/// Writes a line to standard error. A closed stream is ignored.
pub fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Returns `true` if messages are colored.
#[must_use]
pub fn is_colored() -> bool {
    *IS_COLORED
}

/// Colors a text, if messages are colored.
#[must_use]
pub fn paint(color: Color, text: &str) -> Cow<'_, str> {
    if !is_colored() || text.is_empty() {
        return text.into();
    }
    let code = match color {
        Color::Green => "32",
        Color::Cyan => "36",
        Color::Yellow => "33",
        Color::Red => "1;31",
        Color::Dim => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m").into()
}

/// Returns at most `limit` characters of a text from outside. Those that would move the cursor or reorder the line are
/// escaped.
#[must_use]
pub fn printable(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (index, letter) in text.chars().enumerate() {
        if index == limit {
            shown.push('…');
            break;
        }
        if is_harmless(letter) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_unicode());
        }
    }
    shown
}

/// Returns `true` for a character that only shows itself: no control character, and none that sets the direction of text.
fn is_harmless(letter: char) -> bool {
    let sets_direction = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter == '\t' || !(letter.is_control() || sets_direction)
}

/// Removes the codes of colors and other control sequences.
#[must_use]
pub fn without_codes(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A sequence ends with a byte from `@` to `~`.
        let end = part.find(|letter| matches!(letter, '@'..='~'));
        plain.push_str(end.and_then(|end| part.get(end + 1..)).unwrap_or_default());
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_moves_no_cursor() {
        assert_eq!(printable("/a?é=\u{1b}[2J\r\n\u{202e}", 100), "/a?é=\\u{1b}[2J\\u{d}\\u{a}\\u{202e}");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }

    #[test]
    fn codes_of_colors_are_removed() {
        assert_eq!(without_codes("\x1b[1m\x1b[38;5;9merror\x1b[0m: é \x1b[K(end)"), "error: é (end)");
        assert_eq!(without_codes("plain [0m"), "plain [0m");
    }
}
