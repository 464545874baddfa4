/** What stands between commas, without the empty ones. */
export const words = (text: string): string[] => text.split(",").map((word) => word.trim()).filter((word) => word !== "");

/** What stands on lines of its own, without the empty ones. */
export const lines = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
