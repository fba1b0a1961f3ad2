/**
 * The SOPS file format (getsops/sops), YAML files: read, proven by their MAC, and changed one value at a time while
 * every other byte stays. `document` finds the ranges, `mac` opens and proves, `edit` splices, `create` makes a new
 * file, `store` does it on disk under a lock, `age` and `identity` hold the keys, `names` says where a value goes.
 * Another format needs its own `document`, `edit` and `create`; another key holder its own `DataKeys`.
 */
export { unwrapWithAge, wrapForAge } from "./age.ts";
export { ageIdentities, identityFile, passingIdentity, type Identities } from "./identity.ts";
export { parseSopsReference, sopsKey, sopsReference, splitField } from "./names.ts";
export { getValue, putValue, removeEmptyFolders, removeValue, type DataKeys } from "./store.ts";
