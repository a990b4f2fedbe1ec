//! The tests are in `tests/it`; see there.
