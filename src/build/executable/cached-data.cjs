"use strict";
// node --experimental-vm-modules cached-data.cjs FOLDER NAME…: V8's cached data of each part, one after the other, on
// stdout, and the length of each as a JSON array on stderr. Only the Node that runs it can use the data.
const { readFileSync, writeSync } = require("node:fs");
const { SourceTextModule } = require("node:vm");

const [folder, ...names] = process.argv.slice(2);
const made = names.map((name) =>
  new SourceTextModule(readFileSync(`${folder}/${name}`, "utf8"), {
    identifier: `file:///unsprawl/${name}`,
    importModuleDynamically: () => null,
    initializeImportMeta: () => {},
  }).createCachedData(),
);
for (const data of made) for (let at = 0; at < data.length;) at += writeSync(1, data, at);
writeSync(2, JSON.stringify(made.map(({ length }) => length)));
