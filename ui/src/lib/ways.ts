/** Which action of the registry leads where. What is not here is not for this window, and the palette does not list it. */
import type { CapabilityView, Chosen, GrantView, KeyView, ServiceView, What } from "../bindings";
import { host } from "../bindings";
import { t } from "../strings";
import { session } from "./session.svelte";

/** What the action is about, if something is selected. */
export interface Subject {
    key?: KeyView | undefined;
    service?: ServiceView | undefined;
    grant?: GrantView | undefined;
    capability?: CapabilityView | undefined;
}

export function shareOf(subject: Subject): { target: string; title: string; secret: boolean } | null {
    if (subject.grant) return { target: `grant:${subject.grant.rid}`, title: subject.grant.name, secret: true };
    if (subject.capability) return { target: `cap:${subject.capability.name}`, title: subject.capability.name, secret: true };
    if (subject.key) return { target: `key:${subject.key.name}`, title: subject.key.name, secret: false };
    if (subject.service) return { target: `service:${subject.service.name}`, title: subject.service.name, secret: false };
    return null;
}

/** Actions that need something selected, and where one selects it. */
type Way = (subject: Subject) => void;

const ways: Record<string, Way> = {
    "key.new": () => session.open({ kind: "new-key" }),
    "key.list": () => session.go("keys"),
    "key.show": ({ key }) => session.go("keys", key?.name ?? null),
    "key.verify": ({ key }) => {
        if (key === undefined || key.own) return session.go("keys");
        const { name, verified } = key;
        void session
            .attempt(() => host.key_verify(name, !verified))
            .then((done) => {
                if (done) session.say(verified ? t.keys.unverifiedNow(name) : t.keys.verifiedNow(name), () => host.key_verify(name, verified));
            });
    },
    "key.rename": ({ key }) => (key ? session.open({ kind: "rename", what: "key", name: key.name }) : session.go("keys")),
    "key.remove": ({ key }) => (key ? session.open({ kind: "remove-key", key }) : session.go("keys")),
    "service.new": () => session.open({ kind: "new-service" }),
    "service.list": () => session.go("services"),
    "service.show": ({ service }) => session.go("services", service?.name ?? null),
    "service.rename": ({ service }) => (service ? session.open({ kind: "rename", what: "service", name: service.name }) : session.go("services")),
    "service.hints": ({ service }) =>
        service
            ? session.open({ kind: "address", what: "service", name: service.name, value: service.hints.join(", ") })
            : session.go("services"),
    "service.remove": ({ service }) => (service ? session.open({ kind: "remove-service", service }) : session.go("services")),
    "service.rotate": ({ service }) => (service?.can_serve ? session.open({ kind: "rotate", service }) : session.go("services")),
    mint: ({ service, grant }) => session.open({ kind: "mint", service: service?.name ?? grant?.service }),
    grants: () => session.go("grants"),
    revoke: ({ grant }) => (grant ? session.open({ kind: "revoke", grant }) : session.go("grants")),
    add: () => session.open({ kind: "import", from: "ask" }),
    caps: () => session.go("capabilities"),
    "caps.show": ({ capability }) => session.go("capabilities", capability?.name ?? null),
    "caps.rename": ({ capability }) =>
        capability ? session.open({ kind: "rename", what: "capability", name: capability.name }) : session.go("capabilities"),
    "caps.gateway": ({ capability }) =>
        capability
            ? session.open({ kind: "address", what: "capability", name: capability.name, value: capability.gateway ?? "" })
            : session.go("capabilities"),
    "caps.remove": ({ capability }) => (capability ? session.open({ kind: "remove-capability", capability }) : session.go("capabilities")),
    delegate: ({ capability }) => (capability ? session.open({ kind: "delegate", capability }) : session.go("capabilities")),
    share: (subject) => {
        const share = shareOf(subject);
        if (share) session.open({ kind: "share", ...share });
        else session.go("grants");
    },
    explain: ({ grant, capability }) => {
        if (grant) session.open({ kind: "explain", name: grant.rid });
        else if (capability) session.open({ kind: "explain", name: capability.name });
        else session.go("capabilities");
    },
    serve: ({ service }) => (service?.can_serve ? session.open({ kind: "serve", service }) : session.go("services")),
    connect: ({ capability }) => (capability ? session.open({ kind: "connect", capability }) : session.go("capabilities")),
    seal: () => void chosen("files", (files) => session.open({ kind: "seal-files", files })),
    open: () => void chosen("files", (files) => session.open({ kind: "open-files", files })),
    log: () => session.go("activity"),
    "vault.status": () => session.go("settings"),
    "vault.lock": () => void session.attempt(() => host.lock()),
    "vault.backup": () => session.open({ kind: "backup" }),
    "vault.restore": () => session.open({ kind: "restore" }),
    doctor: () => session.go("settings"),
};

/** Goes on with files that the person chooses in a dialog of the system. */
export async function chosen(what: What, then: (files: Chosen) => void): Promise<void> {
    const files = await session.attempt(() => host.files_choose(what));
    if (files) then(files);
}

export const leads = (id: string): boolean => id in ways;

/** Does it, or leads to where what it is about can be selected. Says why, if it cannot be done now. */
export async function take(id: string, subject: Subject = {}): Promise<void> {
    if (session.action(id)?.disabled) {
        // What was taken in or made a moment ago may have made it possible.
        await session.readActions();
        const disabled = session.action(id)?.disabled;
        if (disabled) return session.failed({ code: "disabled", message: disabled, hint: null });
    }
    ways[id]?.(subject);
}

/** The action that this key starts in lists of this place. */
export function actionOfKey(key: string, place: string): string | undefined {
    return session.actions.find((action) => action.key === key && (action.place === place || action.place === "everywhere") && leads(action.id))?.id;
}
