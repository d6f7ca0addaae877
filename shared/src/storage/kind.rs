//! Kinds of rows: their names in keys, and the formats of their attributes.

/// Kind of row: its name in keys, the number of parts of its keys, and the format of its rows.
///
/// Rows are listed by the last part, below the other parts:
///
/// ```
/// use shared::storage::Kind;
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
/// const LINE: Kind<2> = Kind::new("LINE");
/// ```
///
/// Reserved and ambiguous names don't compile:
///
/// ```compile_fail,E0080
/// const RECORD: shared::storage::Kind<1> = shared::storage::Kind::new("IDEMPOTENCY");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind<const PARTS: usize, const LISTED: bool = true> {
    pub(super) name: &'static str,
    pub(super) format: u32,
    pub(super) readable: u32,
}

/// Kind of row that is read by its whole key only. Each row has a partition for itself.
///
/// ```
/// use shared::storage::Unlisted;
///
/// const NUMBER: Unlisted<1> = Unlisted::new("NUMBER");
/// ```
///
/// A list of it doesn't compile:
///
/// ```compile_fail,E0308
/// # use shared::domain::OrgScope;
/// # use shared::storage::{List, Unlisted};
/// # const NUMBER: Unlisted<1> = Unlisted::new("NUMBER");
/// fn numbers(scope: &OrgScope) -> List {
///     List::new(scope, NUMBER, [])
/// }
/// ```
pub type Unlisted<const PARTS: usize> = Kind<PARTS, false>;

/// Kind of the records of idempotent requests. Applications can't use it.
pub(super) const IDEMPOTENCY: Unlisted<1> = Kind { name: "IDEMPOTENCY", format: 1, readable: 1 };

impl<const PARTS: usize, const LISTED: bool> Kind<PARTS, LISTED> {
    /// Returns the kind with this name: 1 to 32 capitals. Its rows have format 1.
    ///
    /// # Panics
    ///
    /// At compile time, in a constant, for any other name, and for names of the platform's own rows.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 32 && PARTS > 0 && PARTS <= 4);
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at].is_ascii_uppercase(), "the name of a kind is in capitals");
            at += 1;
        }
        assert!(!is_same(bytes, IDEMPOTENCY.name.as_bytes()), "rows of this kind are the platform's");
        Self { name, format: 1, readable: 1 }
    }

    /// Returns the kind whose rows are written in another format. [`Row::format`](super::Row::format) tells which one a row
    /// has. First deploy functions that [read](Kind::reads) the new format, then those that write it, because versions of
    /// the functions run side by side during a deployment, and a rollback returns to the earlier one.
    ///
    /// ```
    /// use shared::storage::Kind;
    ///
    /// // Since format 2 an invoice has a currency.
    /// const INVOICE: Kind<1> = Kind::new("INVOICE").with_format(2);
    /// ```
    ///
    /// # Panics
    ///
    /// At compile time, in a constant, for format 0.
    #[must_use]
    pub const fn with_format(self, format: u32) -> Self {
        assert!(format > 0, "formats begin with 1");
        let readable = if format > self.readable { format } else { self.readable };
        Self { format, readable, ..self }
    }

    /// Returns the kind whose rows are read up to this format, a later one than is written.
    ///
    /// ```
    /// use shared::storage::Kind;
    ///
    /// // Deployed before the functions that write format 2.
    /// const INVOICE: Kind<1> = Kind::new("INVOICE").reads(2);
    /// ```
    #[must_use]
    pub const fn reads(self, format: u32) -> Self {
        Self { readable: format, ..self }
    }
}

/// Returns `true` for equal bytes, in a constant.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
