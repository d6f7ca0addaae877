//! Empty. The package is its list of dependencies; its manifest says why.
