//! Golden standards as data: findings, waivers, karats, admission policies
#![forbid(unsafe_code)]
