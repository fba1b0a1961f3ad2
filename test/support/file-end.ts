const acts: (() => void)[] = [];

/** Done once the tests of the file that runs now have ended: the worker's next file has the same modules. */
export function atFileEnd(act: () => void): void {
  acts.push(act);
}

/** Called by `setup.ts`. */
export function endFile(): void {
  for (const act of acts.splice(0)) act();
}
