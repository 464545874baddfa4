import { expect, it } from "vitest";

import { ranked } from "./ranked";

const items = [["List keys", "all of them"], ["Keys", "yours"], ["New service", "a key pair"], ["alice", "orders, active"]] as const;
const found = (search: string): string[] => ranked(items, search, (item) => item).map(([label]) => label);

it("puts what begins with the search first, and descriptions last", () => {
    expect(found("key")).toEqual(["Keys", "List keys", "New service"]);
});

it("wants every word, in any order", () => {
    expect(found("orders ali")).toEqual(["alice"]);
    expect(found("alice nobody")).toEqual([]);
});

it("shows everything as long as nothing was typed", () => {
    expect(found("  ")).toHaveLength(4);
});
