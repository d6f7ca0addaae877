//! Nothing: this package is only its list of dependencies, which says what it is for.
