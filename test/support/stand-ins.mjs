// `node --import ./test/support/stand-ins.mjs FILE`: Ink runs with what it has in the built program.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { standInFor } from "../../src/build/stand-ins/index.ts";

registerHooks({
  resolve(imported, context, next) {
    const file = standInFor(imported, context.parentURL);
    return file === null ? next(imported, context) : { url: pathToFileURL(file).href, shortCircuit: true };
  },
});
