//! Kubernetes objects: identity, order, pod specs, list keys
#![forbid(unsafe_code)]
