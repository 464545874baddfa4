/** How the window looks: colours and size. Kept by the web view, for this window; nothing in it is secret. */
import { host } from "../bindings";

export type Theme = "system" | "light" | "dark";
const ZOOMS = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];

class Look {
    theme = $state<Theme>("system");
    zoom = $state(1);
    /** Minutes without a touch after which the vault closes. */
    idle = $state(15);
    /** Whether the desktop's notifications are used. */
    notify = $state(true);

    begin(): void {
        const theme = localStorage.getItem("theme");
        this.setTheme(theme === "light" || theme === "dark" ? theme : "system");
        this.setZoom(Number(localStorage.getItem("zoom") ?? 1));
        const idle = Number(localStorage.getItem("idle") ?? 15);
        this.idle = Number.isInteger(idle) && idle > 0 ? idle : 15;
        this.notify = localStorage.getItem("notify") !== "off";
    }

    setTheme(theme: Theme): void {
        this.theme = theme;
        if (theme === "system") delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = theme;
        localStorage.setItem("theme", theme);
    }

    setZoom(zoom: number): void {
        this.zoom = ZOOMS.includes(zoom) ? zoom : 1;
        // Not larger letters only: the page is laid out anew, as in a window that is so much smaller.
        void host.zoom(Math.round(100 * this.zoom));
        localStorage.setItem("zoom", String(this.zoom));
    }

    /** Whether this key, with Ctrl, was one of those that change the size. */
    zoomKey(key: string): boolean {
        const place = ZOOMS.indexOf(this.zoom);
        const zoom = key === "+" || key === "=" ? ZOOMS[place + 1] : key === "-" ? ZOOMS[place - 1] : key === "0" ? 1 : null;
        if (zoom === null) return false;
        if (zoom !== undefined) this.setZoom(zoom);
        return true;
    }

    setIdle(minutes: number): void {
        this.idle = minutes;
        localStorage.setItem("idle", String(minutes));
    }

    setNotify(on: boolean): void {
        this.notify = on;
        localStorage.setItem("notify", on ? "on" : "off");
    }
}

export const look = new Look();
