/** What would come of a form, said anew with every change of it: nothing is done before it was said. */
import type { UiError } from "../bindings";

export class Proposed<Form, Preview> {
    preview = $state.raw<Preview | null>(null);
    wrong = $state<string | null>(null);

    /** Follows a form, of which `null` is one with too little in it to say anything. Made while a component is. */
    constructor(form: () => Form | null, ask: (form: Form) => Promise<Preview>) {
        $effect(() => {
            const now = form();
            if (now === null) {
                this.preview = null;
                this.wrong = null;
                return;
            }
            let last = true;
            ask(now).then(
                (preview) => {
                    if (!last) return;
                    this.preview = preview;
                    this.wrong = null;
                },
                (error: UiError) => {
                    if (!last) return;
                    this.preview = null;
                    this.wrong = error.message;
                },
            );
            return () => (last = false);
        });
    }
}
