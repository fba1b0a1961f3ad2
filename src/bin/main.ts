#!/usr/bin/env node
import "../kit/start-quietly.ts";
// Everything else is loaded after this check: an older Node must get one clear line, not a stack trace.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  const [, script = ""] = process.argv;
  // A clone has no `unsprawl` on PATH.
  const words = /[^/]\.js$/.test(script)
    ? `node ${script.replace(/[^\w./@-]/g, "\\$&")} --help`
    : "-c 'unsprawl --help'";
  process.stderr.write(
    `unsprawl needs Node 24 or newer; this is ${process.versions.node}\n  next: npx --package=node@24 ${words}\n`,
  );
  process.exit(2);
}
if (!isSomewhere()) {
  process.stderr.write(
    "error: the current folder does not exist any more\n  next: cd into another one, then try again\n",
  );
  process.exit(1);
}
await mustLoadOnlyRoots();
(await import("../kit/compiled-cache.ts")).cacheCompiledCode();
// A large scan waits longest for its first thread, which starts up while the rest is loaded.
if (process.argv[2] === "scan") (await import("../fast/workers/thread.ts")).startEarly(process.argv.slice(3));
outliveReaders();
neverEndInSilence();
const code = await chooseFace(await ownArguments());
// Results have been flushed; stderr has not, if its reader is slow.
await new Promise((done) => process.stderr.write("", done));
// Handles that a library leaves open must not keep the process alive.
process.exit(code === 0 ? process.exitCode : code);

/** Whether the current folder exists. A shell stays in one that was removed, and Node throws wherever its path is needed. */
function isSomewhere(): boolean {
  try {
    return process.cwd() !== "";
  } catch {
    return false;
  }
}

/** Ends here if root would load what another user can write: nothing else has been loaded yet. */
async function mustLoadOnlyRoots(): Promise<void> {
  try {
    (await import("../kit/root-loads.ts")).loadOnlyRoots(process.env);
  } catch (error) {
    process.exit((await import("../cli/index.ts")).tellError(error, process.argv.includes("--json")));
  }
}

/** The arguments; as a plug-in of the Docker CLI those after `docker unsprawl`, with the engine that was chosen before them. */
async function ownArguments(): Promise<readonly string[]> {
  const words = process.argv.slice(2);
  const { isDockerPlugin, pluginCall } = await import("./docker-plugin.ts");
  if (!isDockerPlugin(process.argv0, process.argv)) return words;
  const call = pluginCall(words);
  if ("words" in call) {
    Object.assign(process.env, call.env);
    return call.words;
  }
  process.stdout.write(call.metadata);
  process.exit(0);
}

/**
 * A reader that has gone (`| head`, a closed window) does not end the process, which may be in the middle of a run, and
 * is no failure. Output that cannot be written for another reason, such as a full disk, is a failure, reported by its
 * writer.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", ({ code: reason }: NodeJS.ErrnoException) => {
      if (reason !== "EPIPE") process.exitCode = 1;
    });
}

/**
 * Node silently ends a process that has nothing left to wait for, though its work is not done, with a code that the
 * contract does not have (13, "unsettled top-level await"). That is a bug in this program, and is reported as one.
 */
function neverEndInSilence(): void {
  process.on("exit", () => {
    if (process.exitCode !== 13) return;
    process.exitCode = 1;
    process.stderr.write(
      "unsprawl: ended before its work was done, which is a bug in unsprawl; only what was reported is done\n" +
        "  next: unsprawl runs shows a run that can be resumed; please report this, with the command\n",
    );
  });
}

/**
 * The terminal UI without arguments, or with only its flags and sources, on a terminal; line by line if asked for or if
 * the terminal can do no more; the command line for everything else. In CI nobody answers: only a flag starts an
 * interactive face.
 */
async function chooseFace(argv: readonly string[]): Promise<number> {
  const { stdin, stdout, env } = process;
  const terminal = stdin.isTTY && stdout.isTTY;
  const flags = ["--accessible", "--read-only"];
  const words = argv.filter((one) => !flags.includes(one));
  const target = await namedTarget(words);
  if (target === null || (argv.length === 0 && (!terminal || env["CI"])))
    return (await import("../cli/index.ts")).main(argv);
  const [{ UnsprawlError }, { bare, cmd }] = await Promise.all([
    import("../model/error.ts"),
    import("../kit/shell.ts"),
  ]);
  const flag = argv.includes("--accessible");
  const spoken = flag || env["TERM"] === "dumb" || !["", "0", "false", undefined].includes(env["ACCESSIBLE"]);
  // A flag as it is, with its value quoted: `cmd` takes no foreign word for a flag.
  const typedWord = (word: string): string =>
    word.startsWith("--hosts=") ? cmd`--hosts=${word.slice(8)}` : word === "--hosts" ? word : cmd`${word}`;
  const options = { readOnly: argv.includes("--read-only") };
  try {
    if (typeof target === "string") throw new UnsprawlError("usage", target, "unsprawl scan --help");
    if (!terminal)
      throw new UnsprawlError(
        "usage",
        `${argv.join(" ")} is for the terminal UI: it needs a terminal`,
        cmd`unsprawl scan ${bare(words.map(typedWord).join(" "))}`,
      );
    const { assemble } = await import("../assembly/index.ts");
    const assembly = assemble(env, process.cwd(), null);
    if (spoken) return await (await import("../tui/accessible/index.ts")).runAccessible(assembly, options, target);
    return await (await import("../tui/index.ts")).runTui(assembly, options, target);
  } catch (error) {
    return (await import("../cli/index.ts")).tellError(error);
  }
}

/** What the words after the UI's flags name; a text if they are wrong, null if they are for the command line. */
async function namedTarget(words: readonly string[]): Promise<import("../tui/state.ts").ScanTarget | string | null> {
  const { startsTarget } = await import("../tui/starts-target.ts");
  if (words.some((one, at) => !startsTarget(one) && !words.slice(0, at).includes("--hosts"))) return null;
  const { parseTarget } = await import("../tui/target.ts");
  return parseTarget(words);
}
