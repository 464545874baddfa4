/** What the whole window knows: how the vault stands, which screen and flow show, what was said last. */
import { listen } from "@tauri-apps/api/event";

import { type ActionView, type Event, host, type LineView, type Start, type TaskView, type UiError } from "../bindings";
import { t } from "../strings";
import type { Flow } from "./flow";

export type Screen = "overview" | "keys" | "services" | "grants" | "files" | "activity" | "capabilities" | "connections" | "settings";
/** In the order of the terminal interface, whose numbers they have. */
export const SCREENS: readonly Screen[] = ["overview", "keys", "services", "grants", "files", "activity", "capabilities", "connections", "settings"];

export interface Toast {
    id: number;
    mood: "good" | "bad";
    text: string;
    hint?: string | undefined;
    undo?: (() => Promise<unknown>) | undefined;
}

/** What went wrong, and what to do next. */
export type Wrong = Pick<Toast, "text" | "hint">;

/** How long something that was said stays. */
const TOAST_MS = 5_000;
/** What was said in error, or can be undone, stays longer. */
const LONG_TOAST_MS = 12_000;
/** Steps that can be taken back. */
const UNDOS = 20;

/** What is said of an error; `null`: nothing. */
function said(error: unknown): Wrong | null {
    const { code, message, hint } = error as Partial<UiError>;
    // Whoever left a dialog knows; and that the vault is locked, the whole window says.
    if (code === "cancelled" || code === "vault-locked") return null;
    return { text: message ?? String(error), hint: hint ?? undefined };
}

class Session {
    start = $state<Start | null>(null);
    screen = $state<Screen>("overview");
    flow = $state<Flow | null>(null);
    /** What the screen that shows should select. */
    wanted = $state<string | null>(null);
    toasts = $state<Toast[]>([]);
    /** Why what was begun in the dialog that is open was not done: said in it, as everything else is behind it. */
    wrong = $state<Wrong | null>(null);
    actions = $state<ActionView[]>([]);
    lines = $state<LineView[]>([]);
    tasks = $state<TaskView[]>([]);
    /** What can be taken back, the last one last. */
    #undone: (() => Promise<unknown>)[] = [];
    /** What stands in front next. */
    #queue: Flow[] = [];
    /** Grows with every change of the ledger: screens read again. */
    tick = $state(0);
    hovering = $state(0);
    clipboard = $state(0);
    /** Steps of the first run are shown although there is a vault by now. */
    welcoming = $state(false);
    #toast = 0;
    #ticking: ReturnType<typeof setInterval> | undefined;

    async begin(): Promise<void> {
        await listen<Event>("keycap", (event) => {
            void this.heard(event.payload);
        });
        await this.refresh();
        if (this.start?.has_vault === false) this.welcoming = true;
        // What was named when keycap was started waits from before the page could listen.
        if (this.start?.has_vault && this.start.closed === null) await this.arrived();
    }

    async heard(event: Event): Promise<void> {
        switch (event.kind) {
            case "changed":
                this.tick += 1;
                await this.refresh();
                return;
            case "gate":
                if (event.closed !== null) {
                    this.#queue = [];
                    this.flow = null;
                    this.toasts = [];
                    this.#undone = [];
                    this.clipboard = 0;
                }
                await this.refresh();
                if (event.closed === null) {
                    this.tick += 1;
                    await this.arrived();
                }
                return;
            case "arrived":
                if (this.start?.has_vault && this.start.closed === null) await this.arrived();
                return;
            case "clipboard-cleared":
                this.clipboard = 0;
                return;
            case "tasks":
                await this.readTasks();
                return;
            case "running":
                await this.readLines();
                return;
            case "hover":
                this.hovering = event.files;
        }
    }

    async refresh(): Promise<void> {
        try {
            this.start = await host.start();
            await this.readActions();
            await this.readLines();
        } catch (error) {
            this.failed(error);
        }
    }

    async readActions(): Promise<void> {
        this.actions = await host.actions();
    }

    private async readLines(): Promise<void> {
        if (this.start?.closed !== null) return;
        this.lines = await host.lines().catch(() => this.lines);
    }

    private async readTasks(): Promise<void> {
        if (this.start?.closed !== null) return;
        const before = this.tasks;
        this.tasks = await host.tasks().catch(() => before);
        for (const task of this.tasks) {
            const was = before.find((one) => one.id === task.id);
            if (!was || was.result !== null || task.result === null || this.screen === "files") continue;
            const { done, failed } = task.result;
            if (failed > 0) this.failed({ code: "files", message: t.files.failed(failed), hint: null });
            else this.say({ seal: t.files.sealed, open: t.files.opened, reseal: t.files.resealed }[task.kind](done));
        }
    }

    /** Asks for what came from outside, and shows one after the other what can be done with it. */
    private async arrived(): Promise<void> {
        const arrivals = await this.attempt(() => host.arrivals());
        if (!arrivals) return;
        const { finds, open, seal } = arrivals;
        const flows: Flow[] = [];
        if (finds.items.length + finds.failures.length > 0) flows.push({ kind: "import", from: "found", finds });
        if (open) flows.push({ kind: "open-files", files: open });
        if (seal) flows.push({ kind: "seal-files", files: seal });
        this.#queue.push(...flows);
        if (this.flow === null) this.close();
    }

    go(screen: Screen, wanted: string | null = null): void {
        this.screen = screen;
        this.wanted = wanted;
    }

    /** What the screen that shows should select now, said once. */
    takeWanted(): string | null {
        const { wanted } = this;
        this.wanted = null;
        return wanted;
    }

    open(flow: Flow): void {
        this.flow = flow;
    }

    close(): void {
        this.flow = this.#queue.shift() ?? null;
    }

    /** Does something that may need the vault's secrets: asks for what unlocks it, once, and goes on. */
    async ask<T>(work: () => Promise<T>): Promise<T> {
        this.wrong = null;
        try {
            return await work();
        } catch (error) {
            if ((error as UiError).code !== "needs-unlock") throw error;
            await host.unlock();
            return await work();
        }
    }

    /** As `ask`; says what went wrong, and what came of it where `done` says so. */
    async attempt<T>(work: () => Promise<T>, done?: (value: T) => string | undefined): Promise<T | undefined> {
        const { flow } = this;
        try {
            const value = await this.ask(work);
            const said = done?.(value);
            if (said) this.say(said);
            return value;
        } catch (error) {
            this.refused(flow, error);
            return undefined;
        }
    }

    say(text: string, undo?: () => Promise<unknown>): void {
        if (undo) this.#undone = [...this.#undone.slice(1 - UNDOS), undo];
        this.toast({ mood: "good", text, undo });
    }

    failed(error: unknown): void {
        const wrong = said(error);
        if (wrong) this.toast({ mood: "bad", ...wrong });
    }

    /** Says why something was not done that was begun in this flow: there, if it still shows. */
    refused(flow: Flow | null, error: unknown): void {
        if (flow !== null && this.flow === flow) this.wrong = said(error);
        else this.failed(error);
    }

    /** Says why a flow cannot be shown, and leaves it unless the person did. */
    cannotOpen(kind: Flow["kind"], error: unknown): void {
        this.failed(error);
        if (this.flow?.kind === kind) this.close();
    }

    private toast(toast: Omit<Toast, "id">): void {
        this.#toast += 1;
        const id = this.#toast;
        this.toasts = [...this.toasts.slice(-3), { id, ...toast }];
        setTimeout(() => this.dismiss(id), toast.mood === "bad" || toast.undo ? LONG_TOAST_MS : TOAST_MS);
    }

    dismiss(id: number): void {
        this.toasts = this.toasts.filter((toast) => toast.id !== id);
    }

    async undo(toast: Toast): Promise<void> {
        const { undo } = toast;
        if (undo) await this.takeBack(undo);
    }

    /** Takes back what was done last, if it can be. */
    async undoLast(): Promise<void> {
        const undo = this.#undone.at(-1);
        if (undo) await this.takeBack(undo);
        else this.say(t.nothingToUndo);
    }

    private async takeBack(undo: () => Promise<unknown>): Promise<void> {
        this.#undone = this.#undone.filter((one) => one !== undo);
        this.toasts = this.toasts.filter((toast) => toast.undo !== undo);
        await this.attempt(undo, () => t.undone);
    }

    /** A secret is on the clipboard for so many seconds. */
    countClipboard(seconds: number): void {
        this.clipboard = seconds;
        clearInterval(this.#ticking);
        this.#ticking = setInterval(() => {
            this.clipboard = Math.max(0, this.clipboard - 1);
            if (this.clipboard === 0) clearInterval(this.#ticking);
        }, 1_000);
    }

    action(id: string): ActionView | undefined {
        return this.actions.find((action) => action.id === id);
    }
}

export const session = new Session();
