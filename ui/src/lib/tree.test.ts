import { describe, expect, it, vi } from "vitest";

import type { GrantRow, GrantsPage } from "../bindings";
import { type Ask, BELOW, PAGE, roots, Tree } from "./tree.svelte";

/** A grant with only what the tree looks at. */
function row(rid: string, depth: number, children = 0): GrantRow {
    return { depth, last: [], grant: { rid, children } as GrantRow["grant"] };
}

/** So many minted grants, each third with two below it. */
function page(total: number, offset: number): GrantsPage {
    const rows: GrantRow[] = [];
    const end = Math.min(total, offset + PAGE);
    for (let root = offset; root < end; root += 1) {
        rows.push(row(`${root}`, 0, root % 3 === 0 ? 2 : 0));
        if (root % 3 === 0) rows.push(row(`${root}a`, 1), row(`${root}b`, 1));
    }
    return { total, offset, shown: end - offset, rows };
}

const all: Ask = { service: null, search: null, under: null };
const fail = (error: unknown): never => {
    throw error;
};

describe("the tree of grants", () => {
    it("reads only the pages that come into view", async () => {
        const read = vi.fn((_: Ask, offset: number) => Promise.resolve(page(100_000, offset)));
        const tree = new Tree(fail, read);
        await tree.ask(all);
        expect(tree.total).toBe(100_000);
        expect(tree.indices.length).toBe(100_000);
        expect(tree.seen(50_001)).toBeUndefined();
        await vi.waitFor(() => expect(tree.rows(50_001)?.[0]?.grant.rid).toBe("50001"));
        expect(read.mock.calls.map(([, offset]) => offset)).toEqual([0, 50_000]);
    });

    it("walks from line to line over the border of a page, and back", async () => {
        const tree = new Tree(fail, (_, offset) => Promise.resolve(page(250, offset)));
        await tree.ask(all);
        const forth = await tree.walk({ root: 98, line: 0 }, 2);
        expect(forth?.row.grant.rid).toBe("99a");
        const over = await tree.walk({ root: 99, line: 2 }, 1);
        expect(over?.row.grant.rid).toBe("100");
        const back = await tree.walk({ root: 100, line: 0 }, -1);
        expect(back?.row.grant.rid).toBe("99b");
        expect((await tree.walk({ root: 0, line: 0 }, -5))?.row.grant.rid).toBe("0");
        expect((await tree.walk({ root: 249, line: 2 }, 5))?.row.grant.rid).toBe("249b");
        expect((await tree.last())?.row.grant.rid).toBe("249b");
    });

    it("shows nothing of a question that was overtaken by another", async () => {
        const slow: ((page: GrantsPage) => void)[] = [];
        const tree = new Tree(fail, (ask) => (ask.search === "slow" ? new Promise((done) => slow.push(done)) : Promise.resolve(page(3, 0))));
        const first = tree.ask({ ...all, search: "slow" });
        await tree.ask(all);
        slow[0]?.(page(9, 0));
        await first;
        expect(tree.total).toBe(3);
    });

    it("keeps a bounded number of pages", async () => {
        const read = vi.fn((_: Ask, offset: number) => Promise.resolve(page(100_000, offset)));
        const tree = new Tree(fail, read);
        await tree.ask(all);
        for (let root = 0; root < 100_000; root += PAGE) await tree.walk({ root, line: 0 }, 0);
        expect(tree.rows(0)).toBeUndefined();
        expect(tree.rows(99_999)).toBeDefined();
    });

    it("lets every match of a search stand for itself", () => {
        const found: GrantsPage = { total: 3, offset: 0, shown: 3, rows: [row("a", 2), row("b", 0), row("c", 5)] };
        expect(roots(found, true).map((rows) => rows.length)).toEqual([1, 1, 1]);
    });

    it("says how much of a wide grant it left out", async () => {
        const wide = [row("top", 0, 1_000), ...Array.from({ length: BELOW }, (_, n) => row(`${n}`, 1))];
        const tree = new Tree(fail, () => Promise.resolve({ total: 1, offset: 0, shown: 1, rows: wide }));
        await tree.ask(all);
        expect(tree.hidden(tree.rows(0) ?? [])).toBe(1_000 - BELOW);
    });
});
