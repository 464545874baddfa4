import type { LimitsForm } from "../bindings";

/** Nothing is limited. */
export const noLimits = (): LimitsForm => ({ expires: "", not_before: "", holder: "", allow: [], max_session: "", max_links: null, max_concurrent: null });
