/** Every word that the window says of its own accord: the one place to translate. What the vault says comes in the vault's words. */
import { access } from "./strings/access";
import { everywhere } from "./strings/everywhere";
import { files } from "./strings/files";
import { vault } from "./strings/vault";

export const t = { ...everywhere, ...access, ...files, ...vault } as const;
