"use strict";
// The first code of the one-file executable, and of each of its threads: loads the parts of the bundle, which are
// assets, as ES modules. A part is compiled on first use, from V8's cached data where there is some.
const { getAsset, getRawAsset } = require("node:sea");
const { SourceTextModule, SyntheticModule } = require("node:vm");
const { workerData, isMainThread } = require("node:worker_threads");

const FOLDER = "/unsprawl/";
/** name → [start, length, start of its cached data, length of that], in bytes of the assets "code" and "cache". */
const index = JSON.parse(getAsset("index.json", "utf8"));
const code = Buffer.from(getRawAsset("code"));
const cache = index.cached ? Buffer.from(getRawAsset("cache")) : null;
const loaded = new Map();

evaluated(part(entry())).catch((error) => {
  process.stderr.write(`unsprawl: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

function entry() {
  if (!isMainThread) return workerData.part;
  return { "oci-resolver": "resolve-main.js", "volume-driver": "volume-plugin.js" }[process.argv[2]] ?? "main.js";
}

function part(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const place = index.parts[name];
  if (place === undefined) throw new Error(`no part ${name}`);
  const [at, length, cachedAt, cachedLength] = place;
  const text = code.toString("utf8", at, at + length);
  const made = compiled(name, text, cache?.subarray(cachedAt, cachedAt + cachedLength));
  loaded.set(name, made);
  return made;
}

/** V8 takes no cached data of another processor, or once its flags were changed, as a large scan does. */
function compiled(name, text, cachedData) {
  const identifier = `file://${FOLDER}${name}`;
  const options = {
    identifier,
    initializeImportMeta: (meta) => Object.assign(meta, { url: identifier, filename: FOLDER + name, dirname: FOLDER }),
    importModuleDynamically: (id) => evaluated(imported(id)),
  };
  try {
    return new SourceTextModule(text, { ...options, cachedData });
  } catch (error) {
    if (error.code !== "ERR_VM_MODULE_CACHED_DATA_REJECTED") throw error;
    return new SourceTextModule(text, options);
  }
}

/** A part of the bundle, or one of Node's own modules: there is nothing else that could be imported. */
function imported(id) {
  if (id.startsWith("./")) return part(id.slice("./".length));
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const exports = process.getBuiltinModule(id);
  if (exports === undefined) throw new Error(`${id} is not part of unsprawl`);
  const names = [...new Set(["default", ...Object.keys(exports)])];
  const made = new SyntheticModule(
    names,
    () => {
      for (const name of names) made.setExport(name, name === "default" ? exports : exports[name]);
    },
    { identifier: id },
  );
  loaded.set(id, made);
  return made;
}

/**
 * A part, with all that it imports. Linked without waiting: of two imports at once, neither finds a part that the other has
 * linked by half. Evaluated later, as import() always does: until then, what imports it may itself be evaluated.
 */
async function evaluated(module) {
  await Promise.resolve();
  if (module.status === "unlinked") link(module);
  await module.evaluate();
  return module;
}

function link(module) {
  const requests = new Map();
  const found = new Set([module]);
  for (const one of found) {
    const asked = one.moduleRequests.map(({ specifier }) => imported(specifier));
    requests.set(one, asked);
    for (const other of asked) if (other.status === "unlinked") found.add(other);
  }
  for (const [one, asked] of requests) one.linkRequests(asked);
  module.instantiate();
}
