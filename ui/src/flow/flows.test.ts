import { mockIPC } from "@tauri-apps/api/mocks";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { GrantView, RevokePreview } from "../bindings";
import { session } from "../lib/session.svelte";
import { t } from "../strings";
import Mint from "./Mint.svelte";
import Revoke from "./Revoke.svelte";
import Share from "./Share.svelte";

type Answers = Record<string, (asked: Record<string, unknown>) => unknown>;

/** What was asked of the host, in order. */
function answer(answers: Answers): [string, Record<string, unknown>][] {
    const asked: [string, Record<string, unknown>][] = [];
    mockIPC((command, given) => {
        const passed = (given ?? {}) as Record<string, unknown>;
        asked.push([command, passed]);
        const known = answers[command];
        if (!known) throw { code: "unknown", message: `${command} was not expected`, hint: null };
        return known(passed);
    });
    return asked;
}

const grant = {
    rid: "0".repeat(32), service: "orders", name: "alice", origin: "minted", parent: null, epoch: 0, holder: null, state: "active", allows: "",
    created: 1, expires: null, shared: null, usage: { first: null, last: null, from: null, uses: 0 }, revoked: null, children: 0,
} satisfies GrantView;
const preview: RevokePreview = {
    target: grant, dies: [{ depth: 0, last: [true], grant }], dies_total: 1, live_sessions: [], gateways: [], not_undone: ["What was read stays read."],
};

async function seriousFindings(): Promise<string[]> {
    // Colours need a layout; the tests of the real window look at them.
    const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false } } });
    return violations.filter((one) => one.impact === "serious" || one.impact === "critical").map((one) => `${one.id}: ${one.nodes[0]?.html ?? ""}`);
}

afterEach(cleanup);
beforeEach(() => {
    session.flow = null;
    session.toasts = [];
});

describe("revoking", () => {
    it("is possible only once the name was typed", async () => {
        const asked = answer({ revoke_preview: () => preview, revoke: () => ({ grant, at: 1, refused: 1, gateways: [], pending: 0 }) });
        render(Revoke, { grant });
        const field = await screen.findByLabelText(t.revoke.type("alice"));
        const button = screen.getByRole("button", { name: t.revoke.confirm });
        expect(button).toHaveProperty("disabled", true);
        await fireEvent.input(field, { target: { value: "alic" } });
        expect(button).toHaveProperty("disabled", true);
        await fireEvent.input(field, { target: { value: "alice" } });
        expect(await seriousFindings()).toEqual([]);
        await fireEvent.click(button);
        await waitFor(() => expect(session.flow?.kind).toBe("receipt"));
        expect(asked.find(([command]) => command === "revoke")?.[1]).toEqual({ rid: grant.rid, typed: "alice", why: "leaked", note: "" });
    });
});

describe("minting", () => {
    const answers: Answers = {
        services: () => [{ name: "orders", can_serve: true }, { name: "theirs", can_serve: false }],
        keys: () => [],
        presets: () => [{ name: "teammate", label: "A teammate", description: "For 30 days." }],
        mint_preview: ({ form }) => {
            const { name } = form as { name: string };
            if (name === "a b") throw { code: "bad-name", message: "That is no name.", hint: null };
            return { sentence: `All of orders, for ${name}.`, warnings: [], expires: 1, holder: null, command: "keycap mint" };
        },
    };

    it("says what it would allow before it can be done", async () => {
        answer(answers);
        render(Mint, {});
        const who = await screen.findByLabelText(t.mint.who);
        const button = screen.getByRole("button", { name: t.mint.confirm });
        expect(button).toHaveProperty("disabled", true);
        await fireEvent.input(who, { target: { value: "bob" } });
        expect(await screen.findByText("All of orders, for bob.")).toBeTruthy();
        expect(button).toHaveProperty("disabled", false);
        expect(screen.queryByText("theirs")).toBeNull();
        expect(await seriousFindings()).toEqual([]);
    });

    it("says why it cannot be done", async () => {
        answer(answers);
        render(Mint, {});
        await fireEvent.input(await screen.findByLabelText(t.mint.who), { target: { value: "a b" } });
        expect(await screen.findByText("That is no name.")).toBeTruthy();
        expect(screen.getByRole("button", { name: t.mint.confirm })).toHaveProperty("disabled", true);
    });

    it("asks for what unlocks the vault, and goes on", async () => {
        let locked = true;
        const unlock = vi.fn(() => {
            locked = false;
        });
        const asked = answer({
            ...answers,
            unlock,
            mint: () => {
                if (locked) throw { code: "needs-unlock", message: "", hint: null };
                return grant;
            },
        });
        render(Mint, {});
        await fireEvent.input(await screen.findByLabelText(t.mint.who), { target: { value: "alice" } });
        await screen.findByText("All of orders, for alice.");
        await fireEvent.click(screen.getByRole("button", { name: t.mint.confirm }));
        await waitFor(() => expect(session.flow?.kind).toBe("share"));
        expect(unlock).toHaveBeenCalledOnce();
        expect(asked.filter(([command]) => command === "mint")).toHaveLength(2);
    });
});

describe("sharing", () => {
    it("shows a capability to everybody only after a word of warning", async () => {
        const asked = answer({
            keys: () => [],
            share_code: () => ({
                what: { kind: "capability", name: "alice", sentence: "All of it.", secret: true, reissued: false, rid: null }, code: "keycap1-ab", seconds: 60, file: null,
            }),
            share_hide: () => null,
        });
        const { unmount } = render(Share, { props: { target: "grant:1", title: "alice", secret: true } });
        const show = await screen.findByRole("button", { name: t.share.show });
        expect(show).toHaveProperty("disabled", true);
        await fireEvent.click(screen.getByLabelText(t.share.understand));
        await fireEvent.click(show);
        const code = await screen.findByAltText(t.share.alt("alice"));
        expect(code.getAttribute("src")).toBe("keycap-qr://localhost/keycap1-ab");
        expect(await seriousFindings()).toEqual([]);
        unmount();
        await waitFor(() => expect(asked.at(-1)).toEqual(["share_hide", { code: "keycap1-ab" }]));
    });

    it("says in the dialog why it was not done, and no more once it is tried again", async () => {
        let refuses = true;
        answer({
            keys: () => [],
            share_copy: () => {
                if (refuses) throw { code: "clipboard", message: "The clipboard cannot be reached.", hint: "Save a picture." };
                return { what: { kind: "key-card", name: "bob", sentence: "", secret: false, reissued: false, rid: null }, code: null, seconds: null, file: null };
            },
        });
        const flow = { kind: "share", target: "key:bob", title: "bob", secret: false } as const;
        session.open(flow);
        render(Share, { props: flow });
        await fireEvent.click(await screen.findByLabelText(t.share.copy));
        const copy = screen.getByRole("button", { name: t.share.copyNow });
        await fireEvent.click(copy);
        const alert = await screen.findByRole("alert");
        expect(alert.textContent).toContain("The clipboard cannot be reached.");
        expect(alert.textContent).toContain("Save a picture.");
        expect(screen.getByRole("dialog").contains(alert)).toBe(true);
        expect(session.toasts).toEqual([]);
        expect(await seriousFindings()).toEqual([]);
        refuses = false;
        await fireEvent.click(copy);
        await waitFor(() => expect(session.flow).toBeNull());
        expect(session.wrong).toBeNull();
    });
});
