/** What the dialogs about files have in common: files that a person chose, and who can be sealed to. */
import { onDestroy } from "svelte";

import { type CapabilityView, type Chosen, type GroupView, host, type InspectedView, type KeyView } from "../bindings";
import { ofCapability, ofGroup, ofKey } from "../part/Recipients.svelte";
import { session } from "./session.svelte";

/** Files that the host keeps for a dialog: a task begins with them, or the host lets them go. Made while a component is. */
export class Handed {
    busy = $state(false);
    #begun = false;

    constructor(files: Chosen) {
        onDestroy(() => {
            if (!this.#begun) void host.files_discard(files.handle);
        });
    }

    /** Begins a task with them, and goes where it is seen. */
    async begin(start: () => Promise<unknown>): Promise<void> {
        if (this.busy) return;
        this.busy = true;
        const task = await session.attempt(start);
        this.busy = false;
        if (task === undefined) return;
        this.#begun = true;
        session.go("files");
        session.close();
    }
}

/** To whom files are sealed, and what of the vault opens them. Made while a component is. */
export class Looked {
    files = $state.raw<InspectedView[] | null>(null);
    wrong = $state<string | null>(null);
    /** Whether there is an answer. */
    readonly ended = $derived(this.files !== null || this.wrong !== null);

    constructor(files: Chosen) {
        $effect(() => {
            session.ask(() => host.files_look(files.handle)).then(
                (value) => (this.files = value),
                (error: { message?: string }) => (this.wrong = error.message ?? String(error)),
            );
        });
    }
}

/** Everybody whom the vault knows and files can be sealed to. Made while a component is. */
export class Readers {
    keys = $state.raw<KeyView[]>([]);
    read = $state(false);
    #groups = $state.raw<GroupView[]>([]);
    #capabilities = $state.raw<CapabilityView[]>([]);
    readonly choices = $derived([...this.keys.map(ofKey), ...this.#groups.map(ofGroup), ...this.#capabilities.map(ofCapability)]);

    /** Calls `then` once they are read. */
    constructor(then?: () => void) {
        $effect(() => {
            void Promise.all([host.keys(), host.groups(), host.capabilities()])
                .then(([keys, groups, capabilities]) => {
                    [this.keys, this.#groups, this.#capabilities] = [keys, groups, capabilities];
                    then?.();
                })
                .catch((error: unknown) => session.refused(session.flow, error))
                // A passphrase needs nobody.
                .finally(() => (this.read = true));
        });
    }
}
