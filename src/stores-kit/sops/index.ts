/**
 * The SOPS file format (getsops/sops) in YAML, JSON and dotenv: read, proven by its MAC, and changed one value at a
 * time while every other byte stays. A format (`yaml-format`, `json-format`, `dotenv-format`, chosen in `formats`)
 * finds the ranges and splices; `mac` opens and proves, `edit` seals, `create` makes a new file, `store` does it on
 * disk under a lock, `places` finds the files, `readers` says who else opens them; `keys`, `age` and `identity` open the data key, `names` says where a
 * value goes. Another format needs its own SopsFormat; another key holder its own DataKeys.
 */
export { unwrapWithAge, wrapForAge } from "./age.ts";
export type { SopsDocument, WrappedKey } from "./document.ts";
export { sopsFiles, type SopsPlace } from "./files.ts";
export {
  ageIdentities,
  identityFile,
  identityIn,
  newIdentity,
  temporaryIdentity,
  type Identities,
} from "./identity.ts";
export { anyHolder, keyEntries, type DataKeys } from "./keys.ts";
export { checkTemplate, sopsKey, sopsNames } from "./names.ts";
export { nearestFolder, usableFolder } from "./ground.ts";
export { isInUse, leftProbes, templateFiles } from "./places.ts";
export { addReader, admitReader, readersOf } from "./readers.ts";
export { getValue, holdersOf, putValue, removeEmptyFolders, removeValue, rewrapFile } from "./store.ts";
