//! The parts that pages are made of, each made once: functions of data that give markup.

mod code;
mod diff;
mod empty;
mod form;
mod frame;
mod graph;
mod hallmark;
mod header;
mod link;
mod log;
mod matrix;
mod meter;
mod post;
mod state;
mod steps;
mod table;
mod time;

pub use code::{Line, code};
pub use diff::{Row, diff};
pub use empty::empty;
pub use form::{Choice, Control, Field, field};
pub use frame::{Active, Frame, Theme, page};
pub use graph::{Edge, Graph, Node, graph};
pub(crate) use hallmark::anchor;
pub use hallmark::{hallmark, stamp};
pub use header::{Crumb, Header, Tab, header, tabs};
pub use link::{Query, safe, segment};
pub use log::log;
pub use matrix::{Cell, matrix};
pub use meter::meter;
pub use post::{Post, Viewer, post, refusal};
pub use state::{State, notice};
pub use steps::{Step, steps};
pub use table::{Column, Sort, Table, table};
pub use time::{Day, ago, days, relative};
