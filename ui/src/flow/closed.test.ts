import { mockIPC } from "@tauri-apps/api/mocks";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { session } from "../lib/session.svelte";
import Flows from "../part/Flows.svelte";
import { t } from "../strings";

let asked: [string, unknown][] = [];

beforeEach(() => {
    asked = [];
    mockIPC((command, given) => {
        asked.push([command, given]);
        return command === "keys" ? [] : {};
    });
    session.flow = null;
    session.toasts = [];
});
afterEach(cleanup);

async function undone(): Promise<void> {
    await waitFor(() => expect(session.toasts).toHaveLength(1));
    expect(session.flow).toBeNull();
    await session.undoLast();
}

describe("a flow that was closed", () => {
    it("goes on to what was renamed, and takes the name back", async () => {
        render(Flows);
        session.open({ kind: "rename", what: "key", name: "old" });
        await fireEvent.input(await screen.findByLabelText(t.actions.newName), { target: { value: "new" } });
        await fireEvent.click(screen.getByRole("button", { name: t.save }));
        await undone();
        expect(session.screen).toBe("keys");
        expect(session.takeWanted()).toBe("new");
        expect(asked.slice(-1)).toEqual([["key_rename", { name: "new", to: "old" }]]);
    });

    it("sets the addresses back to what they were", async () => {
        render(Flows);
        session.open({ kind: "address", what: "service", name: "orders", value: "a:1" });
        await fireEvent.input(await screen.findByLabelText(t.fields.addresses), { target: { value: "b:2" } });
        await fireEvent.click(screen.getByRole("button", { name: t.save }));
        await undone();
        expect(asked.filter(([command]) => command === "service_hints").map(([, given]) => given)).toEqual([
            { name: "orders", hints: ["b:2"] },
            { name: "orders", hints: ["a:1"] },
        ]);
    });

    it("takes whoever was added out of the group again", async () => {
        render(Flows);
        session.open({ kind: "group", group: { name: "team", members: [] } });
        await fireEvent.input(await screen.findByLabelText(t.groups.others), { target: { value: "age1abc" } });
        await fireEvent.click(screen.getByRole("button", { name: t.groups.add }));
        await undone();
        expect(asked.slice(-1)).toEqual([["group_take_out", { name: "team", members: ["age1abc"] }]]);
    });
});
