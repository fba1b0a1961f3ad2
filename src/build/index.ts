/*
 * What `npm run build` runs: the bundles in dist/, the JSON Schema of unsprawl.yaml and the manual page. Nothing of it
 * is shipped.
 */
export {};
