import { describe, expect, it } from "vitest";

import { bytes, relative, span } from "./times";

describe("times", () => {
    it("are told in their largest unit", () => {
        expect(span(59)).toBe("59 s");
        expect(span(60)).toBe("1 min");
        expect(span(7_199)).toBe("1 h");
        expect(span(30 * 86_400)).toBe("30 d");
    });

    it("lie ahead, behind or are now", () => {
        expect(relative(1_000, 1_000)).toBe("now");
        expect(relative(1_000 + 86_400, 1_000)).toBe("in 1 d");
        expect(relative(1_000, 1_000 + 120)).toBe("2 min ago");
    });
});

describe("bytes", () => {
    it("keep to one digit", () => {
        expect(bytes(512)).toBe("512 B");
        expect(bytes(4_404_019)).toBe("4.2 MiB");
    });
});
