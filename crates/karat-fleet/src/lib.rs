//! ApplicationSets to Applications to rendered objects, and the difference of two fleets
#![forbid(unsafe_code)]
