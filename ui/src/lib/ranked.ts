/** Those in which every word of `search` occurs: in the first text before the others, at its beginning before elsewhere; otherwise in their order. */
export function ranked<T>(items: readonly T[], search: string, texts: (item: T) => readonly string[]): T[] {
    const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) return [...items];
    const rank = (item: T): number => {
        const [first = "", ...others] = texts(item).map((text) => text.toLowerCase());
        const ranks = words.map((word) => {
            if (first.startsWith(word)) return 0;
            if (first.includes(word)) return 1;
            return others.some((text) => text.includes(word)) ? 2 : Infinity;
        });
        return Math.max(...ranks);
    };
    return items
        .map((item) => ({ item, rank: rank(item) }))
        .filter((one) => one.rank < Infinity)
        .sort((a, b) => a.rank - b.rank)
        .map((one) => one.item);
}
