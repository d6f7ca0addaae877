//! Settings of the process, which lines and traces need anywhere.

use std::sync::OnceLock;

use crate::config::LogSettings;

static SETTINGS: OnceLock<LogSettings> = OnceLock::new();

/// Sets the settings. Only the first call has an effect.
pub(super) fn set(settings: LogSettings) {
    drop(SETTINGS.set(settings));
}

/// Returns the settings; `None` before the start of the log, as in tests.
pub(super) fn get() -> Option<&'static LogSettings> {
    SETTINGS.get()
}
