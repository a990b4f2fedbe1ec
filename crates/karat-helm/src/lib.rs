//! Charts and values to manifests, byte-exact to helm template
#![forbid(unsafe_code)]
