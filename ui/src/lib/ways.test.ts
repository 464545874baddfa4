import { mockIPC } from "@tauri-apps/api/mocks";
import { beforeEach, expect, it } from "vitest";

import { actionIds, type ActionView, type CapabilityView, type GrantView } from "../bindings";
import { t } from "../strings";
import { session } from "./session.svelte";
import { leads, onlyCommandLine, take } from "./ways";

const connect = (disabled: string | null): ActionView => ({
    id: "connect", label: "Connect", description: "", danger: "none", key: null, place: null, example: "", disabled,
});
const capability = { name: "orders" } as CapabilityView;

beforeEach(() => {
    session.flow = null;
    session.toasts = [];
    session.actions = [connect("You hold no capabilities yet.")];
});

it("does what became possible a moment ago", async () => {
    mockIPC(() => [connect(null)]);
    await take("connect", { capability });
    expect(session.flow).toEqual({ kind: "connect", capability });
});

it("says why something cannot be done", async () => {
    mockIPC(() => session.actions);
    await take("connect", { capability });
    expect(session.flow).toBeNull();
    expect(session.toasts[0]?.text).toBe("You hold no capabilities yet.");
});

it.each(["share", "delegate", "connect"])("says at once that what has expired or was revoked is of no use to %s", async (id) => {
    session.actions = [];
    for (const state of ["expired", "revoked"] as const) {
        session.toasts = [];
        await take(id, { capability: { name: "orders", state } as CapabilityView });
        expect(session.flow).toBeNull();
        expect(session.toasts.map((toast) => toast.text)).toEqual([t.lapsed[state]("orders")]);
    }
    await take(id, { capability: { name: "orders", state: "soon" } as CapabilityView });
    expect(session.flow?.kind).toBe(id);
});

it("does not revoke twice", async () => {
    session.actions = [];
    await take("revoke", { grant: { name: "alice", state: "revoked" } as GrantView });
    expect(session.flow).toBeNull();
    expect(session.toasts.map((toast) => toast.text)).toEqual([t.grants.alreadyRevoked("alice")]);
    const grant = { name: "alice", state: "expired" } as GrantView;
    await take("revoke", { grant });
    expect(session.flow).toEqual({ kind: "revoke", grant });
});

it("has a way for every action of the registry, or a reason why it is for the command line", () => {
    const reasons = Object.fromEntries(actionIds.map((id) => [id, onlyCommandLine(id)]).filter(([, reason]) => reason !== undefined));
    expect(Object.keys(reasons).sort()).toEqual(["completions", "man", "record.open", "record.seal", "run", "tour"]);
    expect(actionIds.filter((id) => leads(id) === (reasons[id] !== undefined))).toEqual([]);
});
