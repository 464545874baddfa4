import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

export default ts.config(
    { ignores: ["dist", "node_modules", "src/bindings.ts"] },
    ...ts.configs.strict,
    ...svelte.configs["flat/recommended"],
    { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser } } },
    {
        rules: {
            // What the host is asked for has one way, and what is shown has no markup of others in it.
            "no-restricted-imports": ["error", { paths: [{ name: "@tauri-apps/api/core", message: "ask through bindings.ts" }] }],
            "svelte/no-at-html-tags": "error",
            "no-eval": "error",
        },
    },
);
