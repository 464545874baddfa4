/** Which action of the registry leads where, and which are for the command line only, and why. There is no third kind: the compiler counts. */
import type { ActionId, CapabilityView, Chosen, Exchanged, GrantView, GroupView, KeyView, ServiceView, What } from "../bindings";
import { host } from "../bindings";
import { t } from "../strings";
import { session } from "./session.svelte";

/** What the action is about, if something is selected. */
export interface Subject {
    key?: KeyView | undefined;
    group?: GroupView | undefined;
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

/** What a window has no use for, and why: the palette says so. */
const commandLine = {
    tour: t.commandLine.tour,
    "record.seal": t.commandLine.records,
    "record.open": t.commandLine.records,
    run: t.commandLine.run,
    completions: t.commandLine.completions,
    man: t.commandLine.man,
} as const satisfies Partial<Record<ActionId, string>>;

const ways: Record<Exclude<ActionId, keyof typeof commandLine>, Way> = {
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
    "key.export": ({ key }) => (key?.own ? exported("key", key.name) : session.go("keys")),
    "key.import": () => session.open({ kind: "import-sealed", what: "key" }),
    "group.new": () => session.open({ kind: "group", group: null }),
    "group.list": () => session.go("keys"),
    "group.show": ({ group }) => session.go("keys", group ? groupId(group.name) : null),
    "group.add": ({ group }) => (group ? session.open({ kind: "group", group }) : session.go("keys")),
    "group.remove": ({ group }) => (group ? void removeGroup(group) : session.go("keys")),
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
    "service.export": ({ service }) => (service?.can_serve ? exported("service", service.name) : session.go("services")),
    "service.import": () => session.open({ kind: "import-sealed", what: "service" }),
    mint: ({ service, grant }) => session.open({ kind: "mint", service: service?.name ?? grant?.service }),
    grants: () => session.go("grants"),
    revoke: ({ grant }) => {
        if (!grant) session.go("grants");
        else if (grant.state === "revoked") session.failed({ code: "revoked", message: t.grants.alreadyRevoked(grant.name), hint: null });
        else session.open({ kind: "revoke", grant });
    },
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
    delegate: ({ capability }) => {
        if (!capability) session.go("capabilities");
        else if (works(capability)) session.open({ kind: "delegate", capability });
    },
    share: (subject) => {
        const share = shareOf(subject);
        if (!share) session.go("grants");
        else if (works(subject.grant ?? subject.capability)) session.open({ kind: "share", ...share });
    },
    explain: ({ grant, capability }) => {
        if (grant) session.open({ kind: "explain", name: grant.rid });
        else if (capability) session.open({ kind: "explain", name: capability.name });
        else session.go("capabilities");
    },
    serve: ({ service }) => (service?.can_serve ? session.open({ kind: "serve", service }) : session.go("services")),
    connect: ({ capability }) => {
        if (!capability) session.go("capabilities");
        else if (works(capability)) session.open({ kind: "connect", capability });
    },
    seal: () => void chosen("files", (files) => session.open({ kind: "seal-files", files })),
    open: () => void chosen("files", (files) => session.open({ kind: "open-files", files })),
    // To whom they are sealed, and what opens them, is shown before they are opened.
    inspect: () => void chosen("files", (files) => session.open({ kind: "open-files", files })),
    reseal: () => void chosen("files", (files) => session.open({ kind: "reseal-files", files })),
    log: () => session.go("activity"),
    "vault.status": () => session.go("settings"),
    // Where there is no vault, the window begins with making one.
    "vault.init": () => void session.refresh(),
    "vault.lock": () => void session.attempt(() => host.lock()),
    "vault.unlock": () => void session.attempt(() => host.unlock()),
    "vault.passwd": () => session.open({ kind: "protection", doing: "unlocking" }),
    "vault.convert": () => session.open({ kind: "protection", doing: "convert" }),
    "vault.backup": () => session.open({ kind: "backup" }),
    "vault.restore": () => session.open({ kind: "restore" }),
    doctor: () => session.go("settings"),
};

/** Goes on with files that the person chooses in a dialog of the system. */
export async function chosen(what: What, then: (files: Chosen) => void): Promise<void> {
    const files = await session.attempt(() => host.files_choose(what));
    if (files) then(files);
}

/** What the list of keys calls a group: keys and groups can have the same name. */
export const groupId = (name: string): string => `group:${name}`;

/** Whether it can still be used or handed on; says why not. */
function works(what: GrantView | CapabilityView | undefined): boolean {
    if (what?.state !== "revoked" && what?.state !== "expired") return true;
    session.failed({ code: what.state, message: t.lapsed[what.state](what.name), hint: t.lapsed.instead });
    return false;
}

const exported = (what: Exchanged, name: string): void => session.open({ kind: "export", what, name });

/** Members as the vault takes them: by name, and by fingerprint where the card is gone. */
export const membersOf = (group: GroupView): string[] => group.members.map((member) => member.name ?? member.fingerprint ?? "");

async function removeGroup(group: GroupView): Promise<void> {
    // Whoever has no card here any more could not be put back.
    if (group.members.some((member) => member.name === null)) return session.open({ kind: "remove-group", group });
    const { name } = group;
    const gone = await session.attempt(async () => {
        await host.group_remove(name);
        return true;
    });
    if (gone) session.say(t.actions.removed(name), () => host.group_new(name, membersOf(group)));
}

const isWay = (id: string): id is keyof typeof ways => id in ways;

export const leads = isWay;

/** Why an action is not for this window; `undefined`: it is. */
export const onlyCommandLine = (id: string): string | undefined => (commandLine as Partial<Record<string, string>>)[id];

/** Does it, or leads to where what it is about can be selected. Says why, if it cannot be done now. */
export async function take(id: string, subject: Subject = {}): Promise<void> {
    if (session.action(id)?.disabled) {
        // What was taken in or made a moment ago may have made it possible.
        await session.readActions();
        const disabled = session.action(id)?.disabled;
        if (disabled) return session.failed({ code: "disabled", message: disabled, hint: null });
    }
    if (isWay(id)) ways[id](subject);
}

/** The action that this key starts in lists of this place. */
export function actionOfKey(key: string, place: string): string | undefined {
    return session.actions.find((action) => action.key === key && (action.place === place || action.place === "everywhere") && leads(action.id))?.id;
}
