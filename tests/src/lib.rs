//! Journeys, interoperation, vectors and checks of the whole workspace.
