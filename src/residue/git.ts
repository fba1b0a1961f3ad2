import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Look, LookAbout, LookHost, MovedValue, UnreadablePlace } from "../contract/look.ts";
import { gitText, gitEnv, type GitEnv } from "./git-command.ts";
import { readLog, type Commits } from "./git-log.ts";
import { residueMatch, searchFor, type Search } from "./search.ts";
import type { ResidueMatch } from "../contract/look.ts";
import { readPlace } from "./read-place.ts";

/** For at most this many commits with a value, git is asked whether a remote-tracking branch has them. */
const MOST_ASKED = 64;

/**
 * The Git history of the files that runs rewrote: every commit that a branch, a tag, the stash or a reflog still
 * reaches. Reported and never changed: others may have it already, so only a new value helps.
 */
export function gitLook({ files }: LookAbout, env: NodeJS.ProcessEnv): Look {
  return {
    name: "git history",
    async *look(marks, host) {
      const search = searchFor(marks);
      for (const file of new Set(files))
        if (inWorkTree(dirname(file))) yield* historyOf(file, gitEnv(env), search, host);
    },
  };
}

/** Found without git, so that a missing git is reported only if there is something to look at. */
function inWorkTree(folder: string): boolean {
  return existsSync(join(folder, ".git")) || (folder !== dirname(folder) && inWorkTree(dirname(folder)));
}

async function* historyOf(
  file: string,
  env: GitEnv,
  search: Search,
  host: LookHost,
): AsyncGenerator<ResidueMatch | UnreadablePlace> {
  const place = `the git history of ${file}`;
  const git = { folder: dirname(file), env, signal: host.signal };
  const read = await readPlace(place, async () => {
    const shallow = (await gitText(git, ["rev-parse", "--is-shallow-repository"])).trim() === "true";
    return { shallow, log: await readLog(git, basename(file), search) };
  });
  if (!("got" in read)) {
    yield read.unread;
    return;
  }
  host.looked("git history");
  const { shallow, log } = read.got;
  if (shallow) yield { place, why: "a shallow clone: what was committed before it is elsewhere" };
  if (log.cut) yield { place, why: "longer than 1 GiB: older commits were not read" };
  for (const [index, commits] of log.commits) {
    const mark = search.marks[index];
    if (mark === undefined) continue;
    const asked = await readPlace(place, async () =>
      gitText(git, ["for-each-ref", "refs/remotes", "--format=%(refname:short)", ...contains(commits)]),
    );
    if (!("got" in asked)) yield asked.unread;
    yield hit(file, mark, commits, "got" in asked ? asked.got : "");
  }
}

function contains({ having }: Commits): string[] {
  return having.slice(0, MOST_ASKED).map((commit) => `--contains=${commit}`);
}

function hit(file: string, mark: MovedValue, { first, last }: Commits, remotes: string): ResidueMatch {
  const branches = remotes.split("\n").filter(Boolean);
  const where = [...new Set(branches.map((branch) => branch.split("/")[0] ?? ""))].join(", ");
  const until = last === null ? "and no later one took it out" : `until ${last} took it out`;
  const pushed = where === "" ? "" : `; pushed to ${where}: whoever cloned it has it`;
  const text = `${first === null ? "from before what is kept" : `since commit ${first}`}, ${until}`;
  return residueMatch(
    "git history",
    mark,
    `${file} ${text}${pushed}`,
    `rotate ${mark.name}: the history is left as it is`,
  );
}
