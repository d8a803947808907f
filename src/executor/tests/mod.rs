//! Walks with everything around them played: what is asked for, in which order, and what is left
//! alone.

mod cache;
mod clock;
mod codes;
mod confirmation;
mod waiting;
mod world;

use chrono::TimeDelta;

use super::*;
use crate::chain::session_key::SessionKeys;
use crate::chain::tests::chain;
use crate::error::{AwsCode, Kind};
use crate::system::locks::{Attempt, DeclinedQuestion};
use world::*;

const NEAR: &str = "put 1 of near arn:aws:iam::222222222222:role/near";
const FAR: &str = "put 2 of far arn:aws:iam::333333333333:role/far";
