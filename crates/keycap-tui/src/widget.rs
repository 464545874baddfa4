//! Parts that screens are made of.

pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod fuzzy;
pub(crate) mod line_field;
pub(crate) mod list;
pub(crate) mod pane;
pub(crate) mod path_field;
pub(crate) mod secret_field;
pub(crate) mod table;
pub(crate) mod text;
