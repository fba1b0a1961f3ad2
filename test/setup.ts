import { expect } from "vitest";
import { Secret } from "../src/model/secret.ts";

// `toEqual` sees two Secrets as equal whatever they hold (the value is a private field), so they compare by content.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (a instanceof Secret && b instanceof Secret ? a.equals(b) : undefined),
]);

// Locks of what tests do in their own process, such as writing a SOPS file, lie here and not in the user's state folder.
process.env["XDG_STATE_HOME"] ??= new URL("../node_modules/.cache/unsprawl-state", import.meta.url).pathname;
