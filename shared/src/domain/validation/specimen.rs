//! Inputs for tests and fuzzers: an invoice, with a field of every kind of input, and a small note with its merge patch.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use uuid::Uuid;

use super::{Input, Patch, ValidationError};

crate::resource_id! {
    /// Id of a contract.
    pub(crate) struct ContractId("contractId", "Contract");
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[input(rule(function = "due_once_issued", fields(due_date, issue_date)))]
#[input(rule(function = "worth_its_discount", fields(items, discount), at = discount))]
pub(crate) struct Invoice {
    #[serde(rename = "no")]
    pub(crate) number: InvoiceNumber,
    pub(crate) customer: Customer,
    pub(crate) currency: Currency,
    pub(crate) issue_date: Date,
    pub(crate) due_date: Option<Date>,
    #[validate(length(min = 1, max = 10_000))]
    pub(crate) items: Vec<Item>,
    #[serde(default)]
    #[validate(range(max = 1_000_000))]
    pub(crate) discount: u64,
    pub(crate) payment: Option<Payment>,
    #[validate(length(max = 3))]
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) contract_id: Option<ContractId>,
    pub(crate) order_id: Option<Uuid>,
    pub(crate) sent_at: Option<Timestamp>,
    #[input(trim)]
    #[validate(length(min = 1, max = 20))]
    pub(crate) note: Patch<String>,
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
pub(crate) struct Customer {
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    pub(crate) name: String,
    #[validate(email)]
    pub(crate) email: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Input, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Currency {
    Chf,
    Eur,
    #[serde(rename = "USD")]
    Dollar,
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    #[serde(rename = "sku")]
    pub(crate) article: Article,
    #[validate(range(min = 1))]
    pub(crate) quantity: u16,
    #[validate(range(exclusive_min = 0, max = 1_000_000))]
    pub(crate) amount: i64,
    #[validate(range(min = 0.0, exclusive_max = 1.0))]
    pub(crate) tax_rate: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
pub(crate) struct Article(#[validate(length(equal = 4))] String);

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Payment {
    Cash,
    BankTransfer {
        #[validate(length(min = 15, max = 34))]
        account_number: String,
    },
    Card(Card),
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
pub(crate) struct Card {
    #[validate(length(min = 1, max = 2))]
    pub(crate) holders: Vec<Customer>,
}

#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
#[input(from_str = "Invoice number must be INV- and digits")]
pub(crate) struct InvoiceNumber(u32);

impl FromStr for InvoiceNumber {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits =
            text.strip_prefix("INV-").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Self).ok_or(())
    }
}

fn due_once_issued(due: Option<&Date>, issued: &Date) -> Result<(), ValidationError> {
    let early = || ValidationError::new("custom").with_message("Due date is before the issue date".into());
    due.is_none_or(|due| due >= issued).then_some(()).ok_or_else(early)
}

fn worth_its_discount(items: &[Item], discount: &u64) -> Result<(), ValidationError> {
    let worth: i128 = items.iter().map(|item| i128::from(item.quantity) * i128::from(item.amount)).sum();
    let much = || ValidationError::new("too_big").with_message("Discount is more than the items".into());
    (i128::from(*discount) <= worth).then_some(()).ok_or_else(much)
}

/// Small input of strings.
#[derive(Clone, Debug, PartialEq, serde::Serialize, Input, JsonSchema)]
pub(crate) struct NewNote {
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    name: String,
    #[validate(length(max = 500))]
    description: Option<String>,
    #[validate(custom(function = "hex_color"))]
    color: Option<String>,
}

/// Merge patch of a note.
#[derive(Clone, Debug, PartialEq, Input, JsonSchema)]
pub(crate) struct NoteChange {
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    pub(crate) name: Option<String>,
    #[validate(length(max = 500))]
    pub(crate) description: Patch<String>,
    #[validate(custom(function = "hex_color"))]
    pub(crate) color: Patch<String>,
}

fn hex_color(text: &str) -> Result<(), ValidationError> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(()).ok_or_else(|| ValidationError::new("invalid_format"))
}
