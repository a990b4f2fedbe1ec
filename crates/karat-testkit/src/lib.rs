//! Case folders, hermetic command runs, oracles
#![forbid(unsafe_code)]
