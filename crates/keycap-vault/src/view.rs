//! Views: what faces are given to show. The only types that serialise, and none of them holds a secret.
//!
//! Times are Unix seconds, fingerprints and ids are text, and what is absent is `null`. A field may be added in any release; none is renamed or
//! removed without a new version of the JSON envelope.

mod access;
mod backup;
mod doctor;
mod file;
mod grant;
mod group;
mod key;
mod live;
mod log;
mod opened;
mod overview;

pub use access::{AddedView, BlockView, CapabilityView, DelegatePreview, ExplainView, FindingView, IncomingView, SharedView};
pub use backup::{BackupView, DiffLine, RestoreDiff};
pub use doctor::{DoctorFinding, Level, MendView};
pub use file::{FileErrorView, FileView, FilesView, InspectedView, RecipientView, StanzaView};
pub use grant::{GrantRow, GrantView, GrantsPage, HolderView, MintPreview, ReceiptLine, RevokePreview, RevokeReceipt, RevokedView, State, UsageView};
pub use group::{GroupView, MemberView};
pub use key::{GrantCounts, KeyView, ServiceView, VaultStatus};
pub use live::{GatewayView, SessionView};
pub use log::{LogFaultView, LogHeadView, LogPage, LogRow, LogVerification};
pub use opened::{AgeHandleView, OpenedGrant, OpenedView};
pub use overview::{Live, Overview};
