import { visibleStrings } from "./support/visible-strings.ts";

/** `npm run strings`: every text of the program that a person may read, one a line, to be read in full. */
for (const { file, line, text } of visibleStrings()) process.stdout.write(`${file}:${line} ${text}\n`);
