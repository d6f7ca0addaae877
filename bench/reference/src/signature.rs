//! Signatures of AWS's requests (Signature Version 4) of `DynamoDB`. The key of a day is derived once.

use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use jiff::Timestamp;
use jiff::tz::Offset;
use lambda_runtime::Error;
use sha2::{Digest, Sha256};

use crate::process::{required, variable};

/// Content type of every request.
pub(crate) const JSON: &str = "application/x-amz-json-1.0";

type Key = Hmac<Sha256>;

pub(crate) struct Signer {
    access_key: String,
    secret_key: String,
    pub(crate) session_token: Option<HeaderValue>,
    region: String,
    /// Day and its key.
    day: Mutex<Option<(String, Key)>>,
}

/// Headers that the signature adds.
pub(crate) struct Signed {
    pub(crate) date: String,
    pub(crate) authorization: String,
}

impl Signer {
    /// Reads the credentials.
    ///
    /// # Errors
    /// One is missing.
    pub(crate) fn open(region: &str) -> Result<Self, Error> {
        let session_token = variable("AWS_SESSION_TOKEN").map(HeaderValue::try_from).transpose()?;
        Ok(Self {
            access_key: required("AWS_ACCESS_KEY_ID")?,
            secret_key: required("AWS_SECRET_ACCESS_KEY")?,
            session_token,
            region: region.to_owned(),
            day: Mutex::default(),
        })
    }

    /// Signs a request.
    ///
    /// # Errors
    /// The session token is not ASCII.
    pub(crate) fn sign(
        &self,
        host: &str,
        target: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Signed, Error> {
        let time = Offset::UTC.to_datetime(now);
        let day = format!("{:04}{:02}{:02}", time.year(), time.month(), time.day());
        let date = format!("{day}T{:02}{:02}{:02}Z", time.hour(), time.minute(), time.second());
        let scope = format!("{day}/{}/dynamodb/aws4_request", self.region);
        let token = self.session_token.as_ref().map(HeaderValue::to_str).transpose()?;
        let (token, name) = match token {
            Some(token) => (format!("x-amz-security-token:{token}\n"), "x-amz-security-token;"),
            None => (String::new(), ""),
        };
        let headers = format!("content-type;host;x-amz-date;{name}x-amz-target");
        let request = format!(
            "POST\n/\n\ncontent-type:{JSON}\nhost:{host}\nx-amz-date:{date}\n{token}x-amz-target:{target}\n\n{headers}\n{}",
            hex(&Sha256::digest(body))
        );
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let signature = hex(&self.key(day)?.chain_update(text).finalize().into_bytes());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={headers}, Signature={signature}",
            self.access_key
        );
        Ok(Signed { date, authorization })
    }

    fn key(&self, day: String) -> Result<Key, Error> {
        let mut cached = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = cached.as_ref().filter(|(of, _)| *of == day) {
            return Ok(key.clone());
        }
        let mut key = Key::new_from_slice(format!("AWS4{}", self.secret_key).as_bytes())?;
        for part in [&*day, &self.region, "dynamodb", "aws4_request"] {
            key = Key::new_from_slice(&key.chain_update(part).finalize().into_bytes())?;
        }
        *cached = Some((day, key.clone()));
        Ok(key)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests;
