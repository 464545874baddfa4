import { describe, expect, it } from "vitest";

import { bytes, relative, span } from "./times";

describe("times", () => {
    it("are told in their largest unit", () => {
        expect(span(119)).toBe("119 s");
        expect(span(120)).toBe("2 min");
        expect(span(7_199)).toBe("119 min");
        expect(span(30 * 86_400)).toBe("30 d");
        expect(span(729 * 86_400)).toBe("729 d");
        expect(span(730 * 86_400)).toBe("2 y");
    });

    it("lie ahead, behind or are now", () => {
        expect(relative(1_000, 1_000)).toBe("now");
        expect(relative(1_000 + 86_400, 1_000)).toBe("in 24 h");
        expect(relative(1_000, 1_000 + 120)).toBe("2 min ago");
    });
});

describe("bytes", () => {
    it("keep to one digit", () => {
        expect(bytes(512)).toBe("512 B");
        expect(bytes(4_404_019)).toBe("4.2 MiB");
    });
});
