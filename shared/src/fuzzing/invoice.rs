//! Bodies of invoices: accepted exactly if they satisfy the rules, otherwise refused with all issues in order, up to 100.

use serde_json::{Map, Value};
use validator::ValidateEmail;

use super::expected::{Rule, length, shows_nothing, trimmed};
use super::fixture::{events, json_of, read};
use crate::domain;
use crate::domain::validation::specimen::Invoice;
use crate::edge::error::Error;
use crate::edge::input::Json;

/// Input: a JSON body.
pub fn invoice(data: &[u8]) {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let mut expected = Expected::default();
    let body = json_of(text);
    if let Some(body) = &body {
        expected.whole(body);
    }
    expected.found.truncate(100);
    for event in events("application/json", data) {
        match read::<Json<Invoice>>(&(), &event) {
            Ok(invoice) => {
                assert_eq!(expected.found, [], "{body:?}");
                let sent = body.as_ref().and_then(|body| body["items"].as_array()).map(Vec::len);
                assert_eq!(Some(invoice.items.len()), sent);
            }
            Err(Error::Domain(domain::Error::Invalid(issues))) => {
                let issues = serde_json::to_value(issues).expect("issues are JSON");
                let issues = issues.as_array().expect("issues are a list").iter();
                let path = |issue: &Value| issue["path"].as_array().cloned().expect("a path is a list");
                let code = |issue: &Value| issue["code"].as_str().map(str::to_owned).expect("a code is text");
                let told: Vec<_> = issues.map(|issue| (path(issue), code(issue))).collect();
                assert_eq!(told, expected.found, "{body:?}");
            }
            Err(error) => {
                assert!(matches!(error, Error::InvalidJson) && body.is_none(), "{error:?} for {body:?}");
            }
        }
    }
}

/// Expected issues of a body.
#[derive(Default)]
struct Expected {
    path: Vec<Value>,
    found: Vec<(Vec<Value>, String)>,
}

impl Expected {
    fn at<R>(&mut self, step: impl Into<Value>, look: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step.into());
        let seen = look(self);
        self.path.pop();
        seen
    }

    /// Notes an issue here, if there is one. Returns `true` if there is none.
    fn tell(&mut self, code: Option<&str>) -> bool {
        self.found.extend(code.map(|code| (self.path.clone(), code.to_owned())));
        code.is_none()
    }

    fn object<'v>(&mut self, value: Option<&'v Value>) -> Option<&'v Map<String, Value>> {
        let object = value.and_then(Value::as_object);
        self.tell(object.is_none().then_some("invalid_type"));
        object
    }

    fn text(&mut self, object: &Map<String, Value>, name: &str, rule: Rule) -> bool {
        let code = object.get(name).and_then(Value::as_str).map_or(Some("invalid_type"), rule);
        self.at(name, |at| at.tell(code))
    }

    fn optional(&mut self, object: &Map<String, Value>, name: &str, rule: Rule) -> bool {
        !object.contains_key(name) || self.text(object, name, rule)
    }

    fn number(
        &mut self,
        object: &Map<String, Value>,
        name: &str,
        whole: bool,
        least: f64,
        most: f64,
    ) -> bool {
        let number = object.get(name).filter(|value| value.is_number()).and_then(Value::as_f64);
        let code = match number.filter(|number| !whole || number.fract() == 0.0) {
            None => Some("invalid_type"),
            Some(number) if number < least => Some("too_small"),
            Some(number) => (number > most).then_some("too_big"),
        };
        self.at(name, |at| at.tell(code))
    }

    /// Returns the elements of an array of 1 to `most` elements.
    fn array<'v>(&mut self, value: Option<&'v Value>, most: usize) -> &'v [Value] {
        let code = match value.and_then(Value::as_array) {
            None => Some("invalid_type"),
            Some(elements) if elements.is_empty() => Some("too_small"),
            Some(elements) => (elements.len() > most).then_some("too_big"),
        };
        let good = self.tell(code);
        value.and_then(Value::as_array).filter(|_| good).map_or(&[], Vec::as_slice)
    }

    fn whole(&mut self, body: &Value) {
        let Some(body) = self.object(Some(body)) else { return };
        self.text(body, "no", number);
        self.at("customer", |at| at.customer(body.get("customer")));
        let currency = body.get("currency").and_then(Value::as_str);
        let known = currency.is_some_and(|text| ["CHF", "EUR", "USD"].contains(&text));
        self.at("currency", |at| at.tell((!known).then_some("custom")));
        let issued = self.text(body, "issueDate", date);
        let due = self.optional(body, "dueDate", date);
        let before = self.found.len();
        let items = self.at("items", |at| {
            let items = at.array(body.get("items"), 10_000);
            items.iter().enumerate().for_each(|(index, item)| at.at(index, |at| at.item(item)));
            items
        });
        let listed = self.found.len() == before;
        let discounted =
            !body.contains_key("discount") || self.number(body, "discount", true, 0.0, 1_000_000.0);
        if let Some(payment) = body.get("payment") {
            self.at("payment", |at| at.payment(payment));
        }
        if let Some(labels) = body.get("labels") {
            self.at("labels", |at| at.labels(labels));
        }
        self.optional(body, "contractId", |text| {
            uuid(text).or((text != text.to_lowercase()).then_some("invalid_format"))
        });
        self.optional(body, "orderId", uuid);
        self.optional(body, "sentAt", time);
        if body.get("note") != Some(&Value::Null) {
            self.optional(body, "note", |text| name(text, 20));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        if issued && due && text("dueDate").is_some_and(|due| Some(due) < text("issueDate")) {
            self.at("dueDate", |at| at.tell(Some("custom")));
        }
        let worth =
            |item: &Value| item["quantity"].as_f64().unwrap_or(0.0) * item["amount"].as_f64().unwrap_or(0.0);
        let discount = body.get("discount").and_then(Value::as_f64).unwrap_or(0.0);
        if listed && discounted && discount > items.iter().map(worth).sum() {
            self.at("discount", |at| at.tell(Some("too_big")));
        }
    }

    fn customer(&mut self, value: Option<&Value>) {
        let Some(customer) = self.object(value) else { return };
        self.text(customer, "name", |text| name(text, 100));
        self.optional(customer, "email", |text| (!text.validate_email()).then_some("invalid_format"));
    }

    fn item(&mut self, value: &Value) {
        let Some(item) = self.object(Some(value)) else { return };
        self.text(item, "sku", |text| length(text, 4, 4));
        self.number(item, "quantity", true, 1.0, 65535.0);
        self.number(item, "amount", true, 1.0, 1_000_000.0);
        if item.contains_key("taxRate") {
            self.number(item, "taxRate", false, 0.0, 1.0_f64.next_down());
        }
    }

    fn payment(&mut self, value: &Value) {
        let Some(payment) = self.object(Some(value)) else { return };
        match payment.get("type").and_then(Value::as_str) {
            Some("cash") => {}
            Some("bank-transfer") => {
                self.text(payment, "accountNumber", |text| length(text, 15, 34));
            }
            Some("card") => self.at("holders", |at| {
                let holders = at.array(payment.get("holders"), 2).iter().enumerate();
                holders.for_each(|(index, holder)| at.at(index, |at| at.customer(Some(holder))));
            }),
            _ => {
                self.at("type", |at| at.tell(Some("custom")));
            }
        }
    }

    fn labels(&mut self, value: &Value) {
        let Some(labels) = self.object(Some(value)) else { return };
        if self.tell((labels.len() > 3).then_some("too_big")) {
            for name in labels.keys() {
                self.text(labels, name, |_| None);
            }
        }
    }
}

fn name(text: &str, most: usize) -> Option<&'static str> {
    if shows_nothing(text) { Some("too_small") } else { length(trimmed(text), 1, most) }
}

/// Rule: `INV-` and a number of 32 bits.
fn number(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix("INV-").filter(|digits| !digits.is_empty());
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let fits = |digits: &str| digits.len() < 10 || digits.len() == 10 && digits <= "4294967295";
    (!digits.is_some_and(|digits| fits(digits.trim_start_matches('0')))).then_some("invalid_format")
}

/// Rule: a day of the Gregorian calendar.
fn date(text: &str) -> Option<&'static str> {
    let is_date = || {
        let parts: Vec<_> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return None };
        let number = |text: &str, digits| {
            (text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit()))
                .then(|| text.parse::<u32>().ok())?
        };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&day).then_some(())
    };
    is_date().is_none().then_some("invalid_format")
}

/// Rule: RFC 3339 with a capital `T` and `Z`. jiff's parser checks the numbers.
fn time(text: &str) -> Option<&'static str> {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let rest = shape.strip_prefix("0000-00-00T00:00:00");
    let zone = rest.map(|rest| match rest.strip_prefix('.') {
        Some(fraction) if (1..=9).contains(&(fraction.len() - fraction.trim_start_matches('0').len())) => {
            fraction.trim_start_matches('0')
        }
        _ => rest,
    });
    let formed = zone.is_some_and(|zone| ["Z", "+00:00", "-00:00"].contains(&zone));
    (!formed || text.parse::<jiff::Timestamp>().is_err()).then_some("invalid_format")
}

/// Rule: five groups of hexadecimal digits.
fn uuid(text: &str) -> Option<&'static str> {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    (groups != [8, 4, 4, 4, 12] || !digits).then_some("invalid_format")
}
