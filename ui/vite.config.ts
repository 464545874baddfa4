/// <reference types="vitest/config" />
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
    plugins: [svelte()],
    server: { port: 1420, strictPort: true },
    // The page runs in the web view that it is shipped for, and its policy forbids whatever a script or style would carry in itself.
    build: { target: "safari16", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
    resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
    test: { environment: "jsdom", include: ["src/**/*.test.ts"], setupFiles: ["src/lib/jsdom.ts"] },
});
