/** What can stand in front of a screen: one at a time. */
import type { CapabilityView, Chosen, Exchanged, Finds, GrantView, GroupView, KeyView, RevokeReceipt, ServiceView } from "../bindings";

export type Flow =
    | { kind: "palette" }
    | { kind: "shortcuts" }
    | { kind: "new-key" }
    | { kind: "new-service" }
    | { kind: "mint"; service?: string }
    | { kind: "delegate"; capability: CapabilityView }
    | { kind: "share"; target: string; title: string; secret: boolean }
    | { kind: "import"; from: "ask" | "paste" | "found"; finds?: Finds }
    | { kind: "seal-files"; files: Chosen }
    | { kind: "open-files"; files: Chosen }
    | { kind: "reseal-files"; files: Chosen }
    | { kind: "group"; group: GroupView | null }
    | { kind: "remove-group"; group: GroupView }
    | { kind: "export"; what: Exchanged; name: string }
    | { kind: "import-sealed"; what: Exchanged }
    | { kind: "protection"; doing: "unlocking" | "convert" }
    | { kind: "revoke"; grant: GrantView }
    | { kind: "receipt"; receipt: RevokeReceipt }
    | { kind: "rename"; what: "key" | "service" | "capability"; name: string }
    | { kind: "address"; what: "service" | "capability"; name: string; value: string }
    | { kind: "remove-key"; key: KeyView }
    | { kind: "remove-service"; service: ServiceView }
    | { kind: "remove-capability"; capability: CapabilityView }
    | { kind: "rotate"; service: ServiceView }
    | { kind: "connect"; capability: CapabilityView }
    | { kind: "serve"; service: ServiceView }
    | { kind: "explain"; name: string }
    | { kind: "backup" }
    | { kind: "restore" };
