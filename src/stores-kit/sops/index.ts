/**
 * The SOPS file format (getsops/sops) in YAML, JSON and dotenv: read, proven by its MAC, and changed one value at a
 * time while every other byte stays. A format (`yaml-format`, `json-format`, `dotenv-format`, chosen in `formats`)
 * finds the ranges and splices; `mac` opens and proves, `edit` seals, `create` makes a new file, `store` does it on
 * disk under a lock, `places` finds the files, `readers` says who else opens them; `creation-rules` reads `.sops.yaml`, `groups` the keys of a file; `keys`,
 * `age`, `shamir` and `identity` open and wrap the data key, `ruled-keys` by rule or for a store's own keys; `rewrap` changes who opens
 * a file; `names` says where a value goes. Another format needs its own SopsFormat; another kind of key a provider's `keyService`.
 */
export { wrapForAge } from "./age.ts";
export type { SopsKey } from "./document.ts";
export { sopsFiles, type SopsPlace } from "./files.ts";
export {
  ageIdentities,
  identityFile,
  identityIn,
  newIdentity,
  temporaryIdentity,
  type Identities,
} from "./identity.ts";
export { groupsOf, oneGroup } from "./groups.ts";
export { openGroups, type DataKeys, type KeyHolders } from "./keys.ts";
export { ageKey, ROLES_TEXT, ruledKeys } from "./ruled-keys.ts";
export { checkTemplate, sopsKey, sopsNames } from "./names.ts";
export { ANY_KEY, madeKeys } from "./made-keys.ts";
export { nearestFolder, usableFolder } from "./ground.ts";
export { isForUs, isInUse, leftProbes, templateFiles } from "./places.ts";
export { addReader, admitReader, readersOf } from "./readers.ts";
export { rewrapFile } from "./rewrap.ts";
export { getValue, holdersOf, putValue, removeEmptyFolders, removeValue } from "./store.ts";
