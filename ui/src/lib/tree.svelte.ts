/* eslint-disable svelte/prefer-svelte-reactivity -- every page replaces the map that is watched; none is changed in place */
/** The tree of grants, as far as it was read: a list of minted grants of which each page is read when it comes into view. */
import { type GrantRow, type GrantsPage, host } from "../bindings";

/** Minted grants that are read at once. */
export const PAGE = 100;
/** Lines below each of them that are read with it. */
export const BELOW = 200;
/** Pages that are kept: far more than are in view, far fewer than there may be. */
const KEPT = 40;

export interface Ask {
    service: string | null;
    search: string | null;
    under: string | null;
}

/** A line: which minted grant (or match), and which line of it. */
export interface Place {
    root: number;
    line: number;
}

export class Tree {
    total = $state<number | null>(null);
    /** The places of all minted grants, for the list. */
    indices = $state.raw<number[]>([]);
    /** Pages that were read, each a list of roots with what stands below them. */
    #pages = $state.raw<ReadonlyMap<number, GrantRow[][]>>(new Map());
    #reading = new Map<number, Promise<void>>();
    #ask: Ask = { service: null, search: null, under: null };
    #round = 0;

    constructor(
        private readonly failed: (error: unknown) => void,
        private readonly read: (ask: Ask, offset: number) => Promise<GrantsPage> = (ask, offset) => host.grants({ ...ask, offset, limit: PAGE, below: BELOW }),
    ) {}

    /** Begins a list anew. */
    async ask(ask: Ask): Promise<void> {
        this.#ask = ask;
        this.#round += 1;
        this.#reading.clear();
        const round = this.#round;
        const page = await this.read(ask, 0).catch((error: unknown) => {
            this.failed(error);
            return null;
        });
        if (page === null || round !== this.#round) return;
        this.#pages = new Map();
        this.#keep(0, page);
    }

    /** Reads again what was read. */
    async reread(): Promise<void> {
        if (this.total === null) return;
        const round = this.#round;
        const numbers = [...this.#pages.keys()].sort((a, b) => a - b);
        const pages = await Promise.all(numbers.map((number) => this.read(this.#ask, number * PAGE).catch(() => null)));
        if (round !== this.#round) return;
        pages.forEach((page, index) => {
            const number = numbers[index];
            if (page && number !== undefined) this.#keep(number, page);
        });
    }

    /** The lines of a minted grant, if they were read. */
    rows(root: number): GrantRow[] | undefined {
        return this.#pages.get(Math.floor(root / PAGE))?.[root % PAGE];
    }

    /** As `rows`, for what is in view: reads what was not. */
    seen(root: number): GrantRow[] | undefined {
        const rows = this.rows(root);
        if (rows === undefined) void this.#load(Math.floor(root / PAGE));
        return rows;
    }

    /** How many lines below it were left out. */
    hidden(rows: readonly GrantRow[]): number {
        const [root] = rows;
        if (!root || this.#ask.search !== null || rows.length <= BELOW) return 0;
        const direct = rows.filter((row) => row.depth === root.depth + 1).length;
        return Math.max(1, root.grant.children - direct);
    }

    /** Where a grant stands, if it was read. */
    place(rid: string): Place | undefined {
        for (const [number, page] of this.#pages) {
            for (const [index, rows] of page.entries()) {
                const line = rows.findIndex((row) => row.grant.rid === rid);
                if (line >= 0) return { root: number * PAGE + index, line };
            }
        }
        return undefined;
    }

    /** So many lines on, or back; as far as there are any. */
    async walk(from: Place, step: number): Promise<(Place & { row: GrantRow }) | undefined> {
        let { root, line } = from;
        let left = Math.abs(step);
        for (;;) {
            const rows = await this.#need(root);
            if (rows === undefined) return undefined;
            if (step >= 0) {
                const room = rows.length - 1 - line;
                if (left <= room || root + 1 >= (this.total ?? 0)) return found(root, Math.min(line + left, rows.length - 1), rows);
                left -= room + 1;
                root += 1;
                line = 0;
            } else {
                if (left <= line || root === 0) return found(root, Math.max(line - left, 0), rows);
                left -= line + 1;
                root -= 1;
                line = ((await this.#need(root))?.length ?? 1) - 1;
            }
        }
    }

    /** The last line of all. */
    async last(): Promise<(Place & { row: GrantRow }) | undefined> {
        const root = (this.total ?? 0) - 1;
        const rows = root < 0 ? undefined : await this.#need(root);
        return rows && found(root, rows.length - 1, rows);
    }

    async #need(root: number): Promise<GrantRow[] | undefined> {
        await this.#load(Math.floor(root / PAGE));
        return this.rows(root);
    }

    async #load(number: number): Promise<void> {
        if (this.#pages.has(number)) return;
        const round = this.#round;
        const reading =
            this.#reading.get(number) ??
            this.read(this.#ask, number * PAGE).then(
                (page) => {
                    if (round === this.#round) this.#keep(number, page);
                },
                (error: unknown) => this.failed(error),
            );
        this.#reading.set(number, reading);
        await reading;
        this.#reading.delete(number);
    }

    #keep(number: number, page: GrantsPage): void {
        const pages = new Map(this.#pages);
        pages.delete(number);
        pages.set(number, roots(page, this.#ask.search !== null));
        for (const oldest of pages.keys()) {
            if (pages.size <= KEPT) break;
            pages.delete(oldest);
        }
        this.#pages = pages;
        if (this.total !== page.total) {
            this.total = page.total;
            this.indices = Array.from({ length: page.total }, (_, index) => index);
        }
    }
}

function found(root: number, line: number, rows: readonly GrantRow[]): (Place & { row: GrantRow }) | undefined {
    const row = rows[line];
    return row && { root, line, row };
}

/** A page's lines, by the minted grant that they stand below; with a search every match stands for itself. */
export function roots(page: GrantsPage, search: boolean): GrantRow[][] {
    const groups: GrantRow[][] = [];
    const top = page.rows[0]?.depth;
    for (const row of page.rows) {
        if (search || row.depth === top) groups.push([row]);
        else groups.at(-1)?.push(row);
    }
    return groups;
}
