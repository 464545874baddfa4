//! The list of all commands: made from it are what tauri calls, the TypeScript that calls them, and what the tests hold against the permissions.

use tauri::State;

#[cfg(test)]
use crate::bindings::{Argument, Shape, Types};
use crate::command::activity::LogAsk;
use crate::command::capabilities::{DelegateForm, WouldForm};
use crate::command::exchange::Exchanged;
use crate::command::files::{Chosen, SealForm, What};
use crate::command::grants::{GrantsAsk, SavedPicture};
use crate::command::import::{Arrivals, Finds};
use crate::command::mint::{MintForm, PresetView};
use crate::command::protection::RestForm;
use crate::command::revoke::Why;
use crate::command::services::Earlier;
use crate::command::share::Shared;
use crate::command::upkeep::{BackedUp, OpenedBackup};
use crate::command::vault::{ActionView, NewPlace, Start};
use crate::command::{
    activity, capabilities, exchange, files, grants, groups, import, keys, live, mint, overview, protection, revoke, services, share, upkeep, vault,
};
use crate::error::UiError;
use crate::host::Host;
use crate::lines::LineView;
use crate::tasks::TaskView;
use keycap_vault::view::{
    AddedView, CapabilityView, DelegatePreview, DoctorFinding, ExplainView, GrantView, GrantsPage, GroupView, InspectedView, KeyView, Live, LogPage,
    LogVerification, MendView, MintPreview, Overview, RestoreDiff, RevokePreview, RevokeReceipt, ServiceView, VaultStatus,
};

macro_rules! commands {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $module:ident::$function:ident;)*) => {
        /// What tauri calls.
        mod handlers {
            use super::*;
            $(
                #[tauri::command(rename_all = "snake_case")]
                pub(super) async fn $name(host: State<'_, Host>, $($argument: $type),*) -> Result<$result, UiError> {
                    $module::$function(&host, $($argument),*).await
                }
            )*
        }

        /// Answers the window's calls; anything that is not in the list is refused.
        pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$(handlers::$name),*]
        }

        /// The shape of every command, for TypeScript.
        #[cfg(test)]
        pub(crate) fn shapes(types: &mut Types) -> Vec<Shape> {
            vec![$(Shape {
                name: stringify!($name),
                arguments: vec![$(Argument { name: stringify!($argument), type_name: types.name::<$type>() }),*],
                result: types.name::<$result>(),
            }),*]
        }
    };
}

commands! {
    start() -> Start = vault::start;
    actions() -> Vec<ActionView> = vault::actions_now;
    touch() -> () = vault::touch;
    idle_after(minutes: u32) -> () = vault::idle_after;
    notify(on: bool) -> () = vault::notify;
    zoom(percent: u32) -> () = vault::zoom;
    create_vault(place: NewPlace) -> VaultStatus = vault::create_vault;
    status() -> VaultStatus = vault::status;
    lock() -> () = vault::lock;
    unlock() -> () = vault::unlock;
    overview() -> Overview = overview::overview;
    live(service: Option<String>) -> Live = overview::live;
    keys() -> Vec<KeyView> = keys::keys;
    key_new(name: String, note: String) -> KeyView = keys::key_new;
    key_rename(name: String, to: String) -> KeyView = keys::key_rename;
    key_verify(name: String, verified: bool) -> KeyView = keys::key_verify;
    key_remove(name: String, fingerprint: String, typed: String) -> () = keys::key_remove;
    services() -> Vec<ServiceView> = services::services;
    service_new(name: String, hints: Vec<String>, note: String) -> ServiceView = services::service_new;
    service_rename(name: String, to: String) -> ServiceView = services::service_rename;
    service_hints(name: String, hints: Vec<String>) -> ServiceView = services::service_hints;
    service_remove(name: String, fingerprint: String, typed: String) -> () = services::service_remove;
    service_rotate(name: String, earlier: Earlier, typed: String) -> ServiceView = services::service_rotate;
    grants(ask: GrantsAsk) -> GrantsPage = grants::grants;
    grant(rid: String) -> GrantView = grants::grant;
    grants_picture(service: Option<String>, under: Option<String>) -> SavedPicture = grants::grants_picture;
    presets() -> Vec<PresetView> = mint::preset_list;
    mint_preview(form: MintForm) -> MintPreview = mint::mint_preview;
    mint(form: MintForm) -> GrantView = mint::mint;
    capabilities() -> Vec<CapabilityView> = capabilities::capabilities;
    capability_rename(name: String, to: String) -> CapabilityView = capabilities::capability_rename;
    capability_gateway(name: String, gateway: Option<String>) -> CapabilityView = capabilities::capability_gateway;
    capability_remove(name: String, last_block: String) -> () = capabilities::capability_remove;
    delegate_preview(form: DelegateForm) -> DelegatePreview = capabilities::delegate_preview;
    delegate(form: DelegateForm) -> CapabilityView = capabilities::delegate;
    explain(name: String, would: WouldForm) -> ExplainView = capabilities::explain;
    share_code(target: String, name: Option<String>) -> Shared = share::share_code;
    share_hide(code: String) -> () = share::share_hide;
    share_copy(target: String, name: Option<String>) -> Shared = share::share_copy;
    share_picture(target: String, name: Option<String>) -> Shared = share::share_picture;
    share_page(target: String, name: Option<String>) -> Shared = share::share_page;
    share_card(target: String) -> Shared = share::share_card;
    share_sealed(target: String, name: Option<String>, recipients: Vec<String>) -> Shared = share::share_sealed;
    clipboard_clear() -> bool = share::clipboard_clear;
    import_choose() -> Finds = import::import_choose;
    arrivals() -> Arrivals = import::arrivals;
    import_paste() -> Finds = import::import_paste;
    import_screen() -> Finds = import::import_screen;
    import_accept(handle: String, name: String, gateway: Option<String>, replace: bool) -> AddedView = import::import_accept;
    import_discard(handle: String) -> () = import::import_discard;
    revoke_preview(rid: String) -> RevokePreview = revoke::revoke_preview;
    revoke(rid: String, typed: String, why: Why, note: String) -> RevokeReceipt = revoke::revoke;
    receipt(rid: String) -> RevokeReceipt = revoke::receipt;
    log(ask: LogAsk) -> LogPage = activity::log;
    log_verify() -> LogVerification = activity::log_verify;
    log_export(ask: LogAsk) -> u64 = activity::log_export;
    lines() -> Vec<LineView> = live::lines;
    line_stop(id: u32) -> () = live::line_stop;
    connect(capability: String, listen: String, target: Option<String>) -> u32 = live::connect;
    serve(service: String, listen: String, to: Vec<String>) -> u32 = live::serve;
    files_choose(what: What) -> Chosen = files::choose;
    files_discard(handle: String) -> () = files::discard;
    files_look(handle: String) -> Vec<InspectedView> = files::look;
    files_seal(form: SealForm) -> u32 = files::seal;
    files_open(handle: String, lapsed: bool, elsewhere: bool) -> u32 = files::open;
    files_reseal(handle: String, recipients: Vec<String>, with_self: bool) -> u32 = files::reseal;
    groups() -> Vec<GroupView> = groups::groups;
    group_new(name: String, members: Vec<String>) -> GroupView = groups::group_new;
    group_add(name: String, members: Vec<String>) -> GroupView = groups::group_add;
    group_take_out(name: String, members: Vec<String>) -> GroupView = groups::group_take_out;
    group_remove(name: String) -> () = groups::group_remove;
    tasks() -> Vec<TaskView> = files::tasks;
    task_stop(id: u32) -> () = files::task_stop;
    export_sealed(what: Exchanged, name: String, typed: String, recipients: Vec<String>) -> String = exchange::export_sealed;
    import_sealed(what: Exchanged, name: String) -> String = exchange::import_sealed;
    change_unlocking(to: RestForm) -> VaultStatus = protection::change_unlocking;
    convert(to: RestForm) -> VaultStatus = protection::convert;
    backup(recipients: Vec<String>) -> BackedUp = upkeep::backup;
    restore_choose() -> OpenedBackup = upkeep::restore_choose;
    restore(handle: String, replace: Vec<String>, typed: String) -> RestoreDiff = upkeep::restore;
    doctor() -> Vec<DoctorFinding> = upkeep::doctor;
    mend() -> MendView = upkeep::mend;
}
