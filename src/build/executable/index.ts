/*
 * The one-file executable: Node's own single executable application (Node.js documentation, "Single executable
 * applications") with the bundle as assets. pack.ts makes it; loader.cjs runs in it and loads the bundle's parts;
 * program.ts takes the place of src/kit/program.ts in that bundle. Nothing here is in the npm package.
 */
export {};
