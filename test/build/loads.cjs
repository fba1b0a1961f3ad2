"use strict";
// node --experimental-vm-modules loads.cjs < JSON: the loader of the one-file executable with these parts of a bundle,
// afresh for each list of parts, all of which are imported at once. Prints for each list the error of each import, ""
// where there was none, and what the parts have put into `order`.
const { readFileSync } = require("node:fs");
const { compileFunction } = require("node:vm");

const LOADER = readFileSync(require.resolve("../../src/build/executable/loader.cjs"), "utf8");
const FIRST = "said(await Promise.allSettled(wanted.map((name) => import(`./${name}`))));";

const { parts, lists } = JSON.parse(readFileSync(0, "utf8"));
const imports = new Map(
  Object.entries(parts).map(([name, text]) => [name, [...text.matchAll(/"\.\/([\w.-]+)"/g)].map(([, other]) => other)]),
);

/**
 * The assets of an executable that has no more than these parts need. No text is that of another, because V8 would look
 * through all that it has of one text for each.
 */
function assetsFor(names, number) {
  const needed = new Set(names);
  for (const name of needed) for (const other of imports.get(name)) if (other in parts) needed.add(other);
  const texts = [...needed].map((name) => [name, Buffer.from(`${parts[name]}\n//${name} ${number}`)]);
  texts.push(["first.js", Buffer.from(`${FIRST}//${number}`)]);
  let at = 0;
  const places = texts.map(([name, { length }]) => [name, [(at += length) - length, length, 0, 0]]);
  return {
    "index.json": JSON.stringify({ cached: false, parts: Object.fromEntries(places) }),
    code: new Uint8Array(Buffer.concat(texts.map(([, bytes]) => bytes))).buffer,
  };
}

function load(names, number) {
  return new Promise((said, fail) => {
    Object.assign(globalThis, { wanted: names, said, order: [] });
    const assets = assetsFor(names, number);
    const replaced = {
      "node:sea": { getAsset: (name) => assets[name], getRawAsset: (name) => assets[name] },
      "node:worker_threads": { isMainThread: false, workerData: { part: "first.js" } },
    };
    const watched = { getBuiltinModule: process.getBuiltinModule, stderr: { write: fail }, exit: () => undefined };
    compileFunction(LOADER, ["require", "process"])((id) => replaced[id] ?? require(id), watched);
  });
}

const textOf = (error) => (error === undefined ? "" : `${error.code ?? error.name}: ${error.message}`);

async function main() {
  const loaded = [];
  for (const [number, names] of lists.entries()) {
    const settled = await load(names, number);
    loaded.push({ errors: settled.map(({ reason }) => textOf(reason)), order: globalThis.order });
  }
  process.stdout.write(JSON.stringify(loaded));
}

void main();
