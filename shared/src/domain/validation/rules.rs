//! Rules of fields. `validator` checks them, and broken ones become issues with the messages of Zod 4.

use std::fmt::Display;

use validator::{ValidateLength, ValidateRange, ValidationError};

use super::at::{At, Step};
use super::bounds::{Length, Range, too_big, too_small};
use super::issue::IssueCode;

/// Number of elements or entries.
struct Count(usize);

impl ValidateLength<u64> for Count {
    fn length(&self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }
}

impl At<'_> {
    /// Checks the number of elements against the rule for the length here; `what` and `units` are `array` and `items`, for
    /// example. Returns `false` if there are too many; then none is read.
    pub fn count(&mut self, count: usize, what: &str, units: &str) -> bool {
        let rule = self.length.take();
        let code = rule.and_then(|rule| self.sized(rule, &Count(count), what, units));
        code != Some(IssueCode::TooBig)
    }

    /// Checks the length of a text.
    #[doc(hidden)]
    pub fn length(&mut self, value: &(impl ValidateLength<u64> + ?Sized)) {
        if let Some(rule) = self.length.take() {
            self.sized(rule, value, "string", "characters");
        }
    }

    fn sized(
        &mut self,
        rule: Length,
        value: &(impl ValidateLength<u64> + ?Sized),
        what: &str,
        units: &str,
    ) -> Option<IssueCode> {
        let Length { min, max, equal, message } = rule;
        if value.validate_length(min, max, equal) {
            return None;
        }
        let least = equal.or(min);
        let most = equal.or(max).filter(|most| value.length() > Some(*most));
        let bound = match (equal, most, least) {
            (Some(only), ..) => format!("exactly {only}"),
            (None, Some(most), _) => format!("<={most}"),
            (None, None, least) => format!(">={}", least.unwrap_or_default()),
        };
        let (code, words) = match most {
            Some(_) => (IssueCode::TooBig, format!("Too big: expected {what} to have {bound} {units}")),
            None if what == "string" && least == Some(1) => (
                IssueCode::TooSmall,
                format!("{} is required", self.name().map_or("Value".to_owned(), capitalized)),
            ),
            None => (IssueCode::TooSmall, format!("Too small: expected {what} to have {bound} {units}")),
        };
        self.note(code, message.map_or(words, str::to_owned));
        Some(code)
    }

    /// Checks the bounds of a number.
    #[doc(hidden)]
    pub fn range<T: ValidateRange<T> + PartialOrd + Copy + Display>(&mut self, value: &T, rule: Range<T>) {
        let Range { min, max, exclusive_min, exclusive_max, message } = rule;
        if value.validate_range(min, max, exclusive_min, exclusive_max) {
            return;
        }
        let least = min.filter(|min| value < min).map(|min| format!(">={min}"));
        let least = least.or(exclusive_min.filter(|min| value <= min).map(|min| format!(">{min}")));
        let most = max.filter(|max| value > max).map(|max| format!("<={max}"));
        let most = most.or(exclusive_max.filter(|max| value >= max).map(|max| format!("<{max}")));
        let (code, words) = match (least, most) {
            (Some(bound), _) => (IssueCode::TooSmall, too_small(format_args!("{bound}"))),
            (None, bound) => (IssueCode::TooBig, too_big(format_args!("{}", bound.unwrap_or_default()))),
        };
        self.note(code, message.map_or(words, str::to_owned));
    }

    /// Notes a text in an invalid format.
    #[doc(hidden)]
    pub fn format(&mut self, is_valid: bool, message: &str) {
        if !is_valid {
            self.note(IssueCode::InvalidFormat, message);
        }
    }

    /// Checks a rule of the application, unless the value here has an issue already. It may rely on the other rules.
    #[doc(hidden)]
    pub fn custom(&mut self, rule: impl FnOnce() -> Result<(), ValidationError>) {
        if self.is_valid_so_far() {
            self.note_error(rule());
        }
    }

    fn note_error(&mut self, result: Result<(), ValidationError>) {
        let Err(error) = result else { return };
        let code = IssueCode::named(&error.code);
        let words = if code == IssueCode::InvalidFormat { "Invalid format" } else { "Invalid input" };
        self.note(code, error.message.map_or(words.to_owned(), std::borrow::Cow::into_owned));
    }

    /// Notes the error of a rule about several fields, at one of them.
    #[doc(hidden)]
    pub fn rule(&mut self, name: &str, result: Result<(), ValidationError>) {
        self.below(Step::Key(name), |at| at.note_error(result));
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|initial| initial.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
