/** Times, as people tell them. The host gives Unix seconds. */
import { t } from "../strings";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A length of time in its largest unit of which there are two, as the command line says it: `29 d`, `119 min`. */
export function span(seconds: number): string {
    for (const [unit, length] of [[t.time.year, 31_536_000], [t.time.day, 86_400], [t.time.hour, 3_600], [t.time.minute, 60]] as const) {
        if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
    }
    return `${seconds} s`;
}

/** How far away it is: `in 29 d`, `2 min ago`, `now`. */
export function relative(at: number, now = nowSeconds()): string {
    if (Math.abs(at - now) < 1) return t.time.now;
    return at > now ? t.time.in(span(at - now)) : t.time.ago(span(now - at));
}

export const date = (at: number): string => day.format(at * 1000);
export const moment = (at: number): string => minute.format(at * 1000);
export const timeOfDay = (at: number): string => clock.format(at * 1000);

/** Both: `3 Feb 2027, 14:02 (in 29 d)`. */
export const full = (at: number): string => `${moment(at)} (${relative(at)})`;

const numbers = new Intl.NumberFormat("en");
export const count = (value: number): string => numbers.format(value);

/** Bytes, to one digit: `4.2 MiB`. */
export function bytes(value: number): string {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let size = value;
    let unit = 0;
    while (size >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit += 1;
    }
    return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? ""}`;
}
