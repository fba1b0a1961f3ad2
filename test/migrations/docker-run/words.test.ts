import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, it, test } from "vitest";
import { rewriteScript, type RunLineChange } from "../../../migrations/docker-run/rewrite.ts";
import type { RunChange } from "../../../src/contract/delivery.ts";
import type { FileMove } from "../../../src/files/file-migration.ts";
import { runName } from "../../../migrations/docker-run/syntax/run-names.ts";
import { scriptOf } from "../../../migrations/docker-run/syntax/script.ts";
import { locationAt } from "../../../src/model/location.ts";
import type { Fingerprint } from "../../../src/model/fingerprint.ts";
import { commandsOf } from "../../../migrations/docker-run/syntax/shell-run.ts";
import { password } from "../files-world.ts";

// Pure: a script's text before and after. `@` is a secret, REF its reference, which a shell needs quotes for.

const NONE: RunChange = {
  unset: [],
  set: [],
  mounts: [],
  entrypointPrefix: null,
  healthcheckPrefix: null,
  runtime: null,
};
const reference = (name: string): string => `ref+vault://secret/apps/web#/${name}`;

type How = "runtime" | "file" | "shim" | "podman";

function changeFor(how: How, names: readonly string[]): Pick<RunLineChange, "change" | "secrets" | "command"> {
  const none = { secrets: {}, command: [] };
  if (how === "runtime") {
    const set = names.map((name) => ({ name, value: reference(name) }));
    return { ...none, change: { ...NONE, set, runtime: "unsprawl" } };
  }
  if (how === "podman")
    return { ...none, change: NONE, secrets: Object.fromEntries(names.map((name) => [name, `web-${name}`])) };
  if (how === "file") {
    const set = names.map((name) => ({ name: `${name}_FILE`, value: `/run/secrets/${name}` }));
    const mounts = [{ source: "/dev/shm/u/web", target: "/run/secrets" }];
    return { ...none, change: { ...NONE, unset: names, set, mounts } };
  }
  const mounts = [{ source: "/dev/shm/u/web", target: "/run/unsprawl" }];
  const change = { ...NONE, unset: names, mounts, entrypointPrefix: ["/bin/sh", "/run/unsprawl/entrypoint"] };
  return { ...none, change, command: ["/run/unsprawl/entrypoint", "start", "two words"] };
}

/** The text with every literal that can move delivered otherwise. */
function rewritten(text: string, how: How, file = "/srv/deploy.sh"): string {
  const script = scriptOf(file, text);
  const own = script.variables.filter(({ fault, name }) => fault === null && name !== "LOG");
  const moving = own.map(({ name, place, subject }): FileMove => {
    const location = locationAt("script:", { kind: "file", name: subject, id: file }, "env", place);
    const move = {
      name,
      location,
      fingerprint: "" as Fingerprint,
      length: 1,
      key: { path: "apps/web", field: name },
      reference: reference(name),
    };
    return { move, masked: "••••" };
  });
  const lines = [...Map.groupBy(own, ({ subject }) => subject)].map(([subject, all]): RunLineChange => ({
    subject,
    warnings: [],
    ...changeFor(
      how,
      all.map(({ name }) => name),
    ),
  }));
  const { drafts } = rewriteScript(script, lines, moving, new Map());
  expect(drafts[0]?.before).toBe(text);
  return drafts[0]?.after ?? "";
}

const RUNTIME: readonly (readonly [title: string, before: string, after: string])[] = [
  ["no quotes", "docker run -e A=@ img", "docker run -e A='REF' --runtime unsprawl img"],
  ["double quotes around all", 'docker run -e "A=@" img', 'docker run -e "A=REF" --runtime unsprawl img'],
  ["double quotes around the value", 'docker run -e A="@" img', 'docker run -e A="REF" --runtime unsprawl img'],
  ["single quotes around all", "docker run -e 'A=@' img", "docker run -e 'A=REF' --runtime unsprawl img"],
  ["single quotes around the value", "docker run -e A='@' img", "docker run -e A='REF' --runtime unsprawl img"],
  ["quotes that change inside", `docker run -e A='@'"@"x img`, "docker run -e A='REF' --runtime unsprawl img"],
  ["one word in full", "docker run --env=A=@ img", "docker run --env=A='REF' --runtime unsprawl img"],
  ["one word in quotes", 'docker run "--env=A=@" img', 'docker run "--env=A=REF" --runtime unsprawl img'],
  ["one word, short", "docker run -eA=@ img", "docker run -eA='REF' --runtime unsprawl img"],
  ["one word, short, equals", `docker run -e="A=@" img`, `docker run -e="A=REF" --runtime unsprawl img`],
  ["other flags in the word", "docker run -ite A=@ img", "docker run -ite A='REF' --runtime unsprawl img"],
  ["escapes", String.raw`docker run -e A=@\ \$@ img`, "docker run -e A='REF' --runtime unsprawl img"],
  [
    "several, others between",
    "docker run -e A=@ -e LOG=info -e B=@ -p 80:80 img serve -e A=x",
    "docker run -e A='REF' --runtime unsprawl -e LOG=info -e B='REF' -p 80:80 img serve -e A=x",
  ],
  [
    "continued lines keep their style",
    'docker run -d \\\n  --name web \\\n  -e A=@ \\\n  -e B="@" \\\n  img\n',
    "docker run -d \\\n  --name web \\\n  -e A='REF' \\\n  --runtime unsprawl \\\n  -e B=\"REF\" \\\n  img\n",
  ],
  [
    "CRLF, and a flag apart from its value",
    "docker run \\\r\n\t-e \\\r\n\tA=@ \\\r\n\timg\r\n# end\r\n",
    "docker run \\\r\n\t-e \\\r\n\tA='REF' \\\r\n\t--runtime unsprawl \\\r\n\timg\r\n# end\r\n",
  ],
  [
    "a function, if and else, a loop, comments",
    '#!/bin/bash\nset -e # -e A=x\nstart() {\n\tdocker run -e A=@ one # why\n}\nif x; then docker run -e A=@ two; else\n  sudo -n docker run --rm -e A=@ three || exit 1; fi\nfor i in 1 2; do docker run -e A=@ "four$i"; done; start\n',
    "#!/bin/bash\nset -e # -e A=x\nstart() {\n\tdocker run -e A='REF' --runtime unsprawl one # why\n}\nif x; then docker run -e A='REF' --runtime unsprawl two; else\n  sudo -n docker run --rm -e A='REF' --runtime unsprawl three || exit 1; fi\nfor i in 1 2; do docker run -e A='REF' --runtime unsprawl \"four$i\"; done; start\n",
  ],
  [
    "behind switches that the script chooses, and a dollar at the end",
    'if [ "$1" = -d ]; then RM=\'-d\'; else\n  RM=--rm\nfi\ndocker run $RM -it -e A=@$ -e B="@$" img\n',
    "if [ \"$1\" = -d ]; then RM='-d'; else\n  RM=--rm\nfi\ndocker run $RM -it -e A='REF' --runtime unsprawl -e B=\"REF\" img\n",
  ],
  [
    "behind a variable of the script that is flags, before more of them",
    'if x; then S="--tmpfs /d:rw"; else\n  S="-v $PWD/d:/d -p 80:80"\nfi\ndocker run -e A=@ $S --rm -e B=@ img serve\n',
    "if x; then S=\"--tmpfs /d:rw\"; else\n  S=\"-v $PWD/d:/d -p 80:80\"\nfi\ndocker run -e A='REF' --runtime unsprawl $S --rm -e B='REF' img serve\n",
  ],
  [
    "inside a command's output, behind a pipe and assignments",
    'id=$(TZ=UTC docker create -e A=@ img 2>&1) && echo "$(docker run -e A=@ one)" | tee log',
    "id=$(TZ=UTC docker create -e A='REF' --runtime unsprawl img 2>&1) && echo \"$(docker run -e A='REF' --runtime unsprawl one)\" | tee log",
  ],
  [
    "here-documents and letters beyond ASCII stay",
    "cat <<EOF >x\n-e A=y 密\nEOF\ndocker run -e LOG='ä🔑' -e A=@ img\n",
    "cat <<EOF >x\n-e A=y 密\nEOF\ndocker run -e LOG='ä🔑' -e A='REF' --runtime unsprawl img\n",
  ],
  [
    "a runtime that is there",
    "docker run --runtime=unsprawl -e A=@ img",
    "docker run --runtime=unsprawl -e A='REF' img",
  ],
  [
    "an array behind it",
    'docker run -e A=@ "${more[@]}" img',
    "docker run -e A='REF' --runtime unsprawl \"${more[@]}\" img",
  ],
];

/** `#optional` as linuxserver.io's documentation has it: the output of a comment, which is no word. */
const MARKED: typeof RUNTIME = [
  [
    "a mark behind a flag",
    "docker run -d \\\n  -e A=@ `#optional` \\\n  -e B='@' `#optional, too` \\\n  lscr.io/x/img:latest `# here`\n",
    "docker run -d \\\n  -e A='REF' \\\n  --runtime unsprawl `#optional` \\\n  -e B='REF' `#optional, too` \\\n  lscr.io/x/img:latest `# here`\n",
  ],
];

/** make reads `$$` as one dollar sign, fills in any other, and takes `-` and `+` off the front. */
const MAKEFILES: typeof RUNTIME = [
  [
    "recipes alone",
    "# docker run -e A=x img\nTAG ?= 1\nup: build\n\t+docker run -e A=@ -e LOG=$(TAG) img:$(TAG) # up\n\t-docker run \\\n\t  -e B='@$$@' \\\n    -e C=\"@\" \\\n\t  img $$HOME\n\ndocker run -e A=x img\n",
    "# docker run -e A=x img\nTAG ?= 1\nup: build\n\t+docker run -e A='REF' --runtime unsprawl -e LOG=$(TAG) img:$(TAG) # up\n\t-docker run \\\n\t  -e B='REF' \\\n\t  --runtime unsprawl \\\n    -e C=\"REF\" \\\n\t  img $$HOME\n\ndocker run -e A=x img\n",
  ],
];

/** A backtick continues a line and escapes; a doubled quote is one. */
const POWERSHELL: typeof RUNTIME = [
  [
    "every way to write a flag",
    "<# docker run -e A=x img #>\r\n$id = docker run -d `\r\n  -e A=@ `\r\n  -e \"B=@'`$\" -e LOG=$env:LOG `\r\n  -e C='@''@' `\r\n  img # end\r\n",
    "<# docker run -e A=x img #>\r\n$id = docker run -d `\r\n  -e A='REF' `\r\n  --runtime unsprawl `\r\n  -e \"B=REF\" -e LOG=$env:LOG `\r\n  -e C='REF' `\r\n  img # end\r\n",
  ],
  [
    "in a block, with the call operator and the program's suffix",
    "if ($x -eq 1) { & docker.exe run -e A=@ -v C:\\data:/data one; docker run -e B=@ two }\n",
    "if ($x -eq 1) { & docker.exe run -e A='REF' --runtime unsprawl -v C:\\data:/data one; docker run -e B='REF' --runtime unsprawl two }\n",
  ],
];

/** `V` is the value, wherever it is. A plan refuses it where it stands elsewhere. */
const MENTIONED: typeof RUNTIME = [
  [
    "comments, and what is printed, stay",
    "# docker run -e A=V img # V\ndocker run -e A=V img # as 'V'\necho is V\n",
    "# docker run -e A=V img # V\ndocker run -e A='REF' --runtime unsprawl img # as 'V'\necho is V\n",
  ],
];

/** Values that do not stand in the line itself. */
const OWN: typeof RUNTIME = [
  [
    "the script's own variable goes with the flag that hands it on",
    'set -eu\n\nDB="@"\nTAG=1 # of img\n\ndocker run -e A="$DB" -e LOG=$TAG img:$TAG\n',
    'set -eu\n\nTAG=1 # of img\n\ndocker run -e A="REF" --runtime unsprawl -e LOG=$TAG img:$TAG\n',
  ],
  [
    "two lines that hand one on; a comment behind it stays",
    "readonly X='@ @' # prod\ndocker run -e A=${X} one\nif y; then docker run --env=B=\"${X}\" two; fi",
    "# prod\ndocker run -e A='REF' --runtime unsprawl one\nif y; then docker run --env=B=\"REF\" --runtime unsprawl two; fi",
  ],
  [
    "inside a function, under one name",
    'start() {\n  local A=@\n  docker run -e A="$A" img\n}\nstart\n',
    'start() {\n  docker run -e A="REF" --runtime unsprawl img\n}\nstart\n',
  ],
  [
    "an array on lines of its own",
    '#!/bin/bash\nargs=(\n  --name web # one\n  -e A=@\n  -e "B=@" # two\n)\ndocker run "${args[@]}" img',
    '#!/bin/bash\nargs=(\n  --name web # one\n  -e A=\'REF\' --runtime unsprawl\n  -e "B=REF" # two\n)\ndocker run "${args[@]}" img',
  ],
  [
    "an array on one line, which holds the image too",
    "a=(-e A=@ -d img)\nsudo docker run -e B=@ ${a[@]} serve",
    "a=(-e A='REF' -d img)\nsudo docker run -e B='REF' --runtime unsprawl ${a[@]} serve",
  ],
];

const FILES: typeof RUNTIME = [
  [
    "its name and its file",
    'docker run -d -e "A=@" -eB=@ img',
    'docker run -d -e "A_FILE=/run/secrets/A" --mount type=bind,source=/dev/shm/u/web,target=/run/secrets,readonly -eB_FILE=/run/secrets/B img',
  ],
];

const SHIM: typeof RUNTIME = [
  [
    "the flag goes, others of its word stay",
    "docker run -e A=@ -ite B=@ \\\n  -e C=@ img serve",
    "docker run MOUNT --entrypoint /bin/sh -it img /run/unsprawl/entrypoint start 'two words' serve",
  ],
  [
    "an entrypoint of the line's own",
    'docker run --entrypoint="start" \\\n  -e A=@ \\\n  img',
    "docker run --entrypoint /bin/sh \\\n  MOUNT \\\n  img /run/unsprawl/entrypoint start 'two words'",
  ],
];

const PODMAN: typeof RUNTIME = [
  [
    "a secret in its place",
    "podman run -e A=@ -te B='@' img; podman run --env=A=@ two",
    "podman run --secret web-A,type=env,target=A -t --secret web-B,type=env,target=B img; podman run --secret web-A,type=env,target=A two",
  ],
];

const UNITS: typeof RUNTIME = [
  [
    "a unit's command",
    '[Service]\nEnvironment=A=x\nExecStartPre=-/usr/bin/docker rm -f web\nExecStart=/usr/bin/docker run --rm \\\n  # why\n  -e A=@%%$$ \\\n  -e "B=@ x" -e LOG=%i img\nExecStop=/usr/bin/docker stop web',
    '[Service]\nEnvironment=A=x\nExecStartPre=-/usr/bin/docker rm -f web\nExecStart=/usr/bin/docker run --rm \\\n  # why\n  -e A=REF \\\n  --runtime unsprawl \\\n  -e "B=REF" -e LOG=%i img\nExecStop=/usr/bin/docker stop web',
  ],
];

const all = [
  ...RUNTIME.map((one) => ["runtime", "/srv/deploy.sh", ...one] as const),
  ...MARKED.map((one) => ["runtime", "/srv/deploy.sh", ...one] as const),
  ...MAKEFILES.map((one) => ["runtime", "/srv/Makefile", ...one] as const),
  ...POWERSHELL.map((one) => ["runtime", "/srv/up.ps1", ...one] as const),
  ...OWN.map((one) => ["runtime", "/srv/deploy.sh", ...one] as const),
  ...MENTIONED.map((one) => ["runtime", "/srv/deploy.sh", ...one] as const),
  ...FILES.map((one) => ["file", "/srv/deploy.sh", ...one] as const),
  ...SHIM.map((one) => ["shim", "/srv/deploy.sh", ...one] as const),
  ...PODMAN.map((one) => ["podman", "/srv/deploy.sh", ...one] as const),
  ...UNITS.map((one) => ["runtime", "/srv/web.service", ...one] as const),
];

test.for(all)("%s, %s: %s", ([how, file, , before, after]) => {
  const mount = "--mount type=bind,source=/dev/shm/u/web,target=/run/unsprawl,readonly";
  const same = password();
  const text = before.replaceAll(/(?<!\[)@/g, () => password()).replaceAll("V", same);
  const named = [...after.matchAll(/REF/g)].map(
    ({ index }) => /([A-Z]+)=["']?$/.exec(after.slice(0, index))?.[1] ?? "",
  );
  const expected = after
    .replaceAll(/(?<![R_])V(?!E)/g, same)
    .replaceAll("REF", () => reference(named.shift() ?? ""))
    .replaceAll("MOUNT", mount);
  expect(rewritten(text, how, file)).toBe(expected);
});

const REFUSED: readonly (readonly [title: string, text: string, reason: RegExp, file?: string])[] = [
  [
    "behind a comment that ends the command",
    "docker run -d \\\n  --name web \\\n  # the database\n  -e A=@ \\\n  img\n",
    /the comment in line 3 ends the command above it/,
  ],
  [
    "behind a comment that follows a backslash",
    "docker run -d \\ # the web\n  -e A=@ \\\n  img\n",
    /the text after the backslash in line 1 ends the command above it/,
  ],
  ["what make fills in", "up:\n\tdocker run -e A='@$(X)' img\n", /known only when the line runs/, "/srv/Makefile"],
  [
    "make's variable",
    "X := @\nup:\n\tdocker run -e A=$(X) img\n",
    /script's variable X, which -e A in line 3/,
    "/srv/a.mk",
  ],
  [
    "PowerShell's variable",
    "$x = '@'\ndocker run -e A=$x img\n",
    /script's variable x, which -e A in line 2/,
    "/srv/a.ps1",
  ],
  ["what PowerShell fills in", 'docker run -e "A=$(cat x)" img\n', /known only when the line runs/, "/srv/a.ps1"],
  ["a double quote in PowerShell", `docker run -e 'A=@"' img\n`, /known only when the line runs/, "/srv/a.ps1"],
  ["a variable of the shell", 'docker run -e A="$X" img', /known only when the line runs/],
  ["a command's output", 'docker run -e A="$(cat f)" img', /known only when the line runs/],
  [
    "a value around a variable that is set again",
    'X=1\nX=2\ndocker run -e A="@$X" img',
    /known only when the line runs/,
  ],
  [
    "a value around variables that never change",
    'IP=10.0.0.1\nreadonly DB="shop"\ndocker run -e A="db://u:@@$IP:5432/${DB}?x=1" --ip $IP img',
    /known only when the line runs/,
  ],
  [
    "a default in a variable that only fills in the flag",
    'PW="${PW:-@}"\ndocker run -e A=$PW img',
    /is the default of the script's variable PW in line 1, which may be set where the script is started/,
  ],
  [
    "a default of a variable that is set",
    'X=1\nPW="${X:-@}"\ndocker run -e A=$PW img',
    /is in the script's variable PW/,
  ],
  ["a default that is set again", 'PW="${PW:-@}"\nPW=2\ndocker run -e A=$PW img', /but line 2 sets it again/],
  ["a value around an argument", 'docker run -e A="@$1" img', /known only when the line runs/],
  ["a value around a default", 'X=1\ndocker run -e A="@${X:-2}" img', /known only when the line runs/],
  ["a value around a variable", "docker run -e A=@$X img", /known only when the line runs/],
  ["a pattern", "docker run -e A=@* img", /known only when the line runs/],
  ["words that may be the image", "docker run $OPTS -e A=@ img", /whether \$OPTS in front of it is flags/],
  ["an image in one branch", "RM=--rm\nif x; then RM=old; fi\ndocker run $RM -e A=@ img", /whether \$RM in front/],
  ["a flag with a value", "O='--entrypoint sh'\ndocker run $O -e A=@ img", /whether \$O in front/],
  ["switches behind unknown flags", "RM=--rm\ndocker run $O -e B=b $RM -e A=@ img", /whether \$RM in front/],
  ["overridden", "docker run -e A=@ \\\n -e A=@ img", /has no effect/],
  ["another engine, by a flag", "docker -H tcp://far:2375 run -e A=@ img", /for another engine \(-H\)/],
  [
    "another engine, by a variable",
    "export DOCKER_HOST=ssh://far\ndocker run -e A=@ img",
    /another engine \(DOCKER_HOST\)/,
  ],
  [
    "a client from the environment",
    '"${CONTAINER_ENGINE:-docker}" run -e A=@ img',
    /whether \$\{CONTAINER_ENGINE:-docker\} is docker/,
  ],
  [
    "a client that is chosen",
    "D_DOCKER=docker\nif x; then D_DOCKER=podman; fi\n$D_DOCKER run -e A=@ img",
    /whether \$D_DOCKER is/,
  ],
  [
    "a variable of the script that is the client",
    'DOCKER="sudo -n /usr/bin/docker"\n$DOCKER run -e A=@ img',
    /whether \$DOCKER is docker or podman/,
  ],
  ["make's client", "up:\n\t$(DOCKER) run -e A='@' img\n", /whether \$\(DOCKER\) is docker or podman/, "/srv/Makefile"],
  ["containerd", "sudo nerdctl run -e A=@ img", /^nerdctl starts its containers in another engine$/],
  ["eval", "eval docker run -e A=@ img", /by eval/],
  ["a function in docker's place", 'docker() { sudo docker "$@"; }\ndocker run -e A=@ img', /redefines the command/],
  ["an alias", "alias docker='sudo docker'\ndocker run -e A=@ img", /redefines the command/],
  ["a function around docker", 'dk() { docker run "$@"; }\ndk -e A=@ img', /is in dk/],
  ["an array of two lines", 'a=(-e A=@)\ndocker run "${a[@]}" x\ndocker run "${a[@]}" y', /is in an array/],
  ["an array of a branch", 'if y; then\n a=(-e A=@)\nfi\ndocker run "${a[@]}" x', /is in an array/],
  ["an array that grows", 'a=(-d)\na+=(-e A=@)\ndocker run "${a[@]}" x', /is in an array/],
  ["compose", "docker compose run -e A=@ web", /is in docker compose run/],
  ["a service of a swarm", "docker service create -e A=@ img", /is in docker service create/],
  ["exec", "docker exec -e A=@ web env", /is in docker exec/],
  ["another host", "ssh host 'docker run -e A=@ img'", /inside the words of ssh/],
  ["another host, unquoted", "ssh host docker run -e A=@ img", /is in ssh host docker/],
  ["another shell", 'sh -c "docker run -e A=@ img"', /inside the words of sh/],
  ["a here-document", "ssh host <<EOF\ndocker run -e A=@ img\nEOF\n", /a here-document/],
  ["a variable of the script", "A=@\ndocker run -e A img", /script's variable A, which -e A in line 2/],
  ["flags of which the last takes a word", "O='-v x:/x -p'\ndocker run $O -e A=@ img", /whether \$O in front/],
  [
    "one that another file may set",
    "A=@\n. ./args.sh\ndocker run -e A=$A img",
    /passes on, but \. in line 2 may set or/,
  ],
  [
    "one after a source",
    "A=@\nif x; then source y; fi\ndocker run -e A=$A img",
    /but source in line 2 may set or read/,
  ],
  ["one that is set again", "A=@\nA=@\ndocker run -e A=$A img", /passes on, but line 2 sets it again$/],
  ["one that is set in a branch", 'if x; then A=@; fi\necho "$A"\ndocker run -e A=$A img', /line 3 passes on$/],
  [
    "one that another command uses too",
    'X=@ # pw\nmysql -p"$X"\ndocker run -e A=$X img',
    /variable X, which line 2 uses too$/,
  ],
  [
    "one of a function that another command uses too",
    'f() {\n  local X=\'@ $\'\n  docker run -e A="$X" img\n  mysql -p"$X"\n}',
    /variable X, which line 4 uses too$/,
  ],
  ["one that is exported", "export X=@\nmake -C app\ndocker run -e A=$X img", /which line 1 exports to every command$/],
  ["flags behind a command's end", "docker run img\n\nthen add\n-e A=@\n-e B=c\n", /a line that begins with a flag/],
  ["two alike in one line", "docker run -e A=@ x; docker run -e A=@ x", /another line like it/],
];

test.for(REFUSED)("left: %s", ([, text, reason, file = "/srv/deploy.sh"]) => {
  const { variables } = scriptOf(
    file,
    text.replaceAll(/(?<!\[)@/g, () => password()),
  );
  const faults = variables.filter(({ name }) => name === "A").map(({ fault }) => fault);
  expect(faults.map((fault) => fault?.reason ?? "moves")).toContainEqual(expect.stringMatching(reason));
  expect(faults.every((fault) => fault === null || fault.hint !== null)).toBe(true);
});

it("a line is called by its name, else its image; by the script's own variables where they cannot be others", () => {
  const called = (text: string): (string | null)[] => scriptOf("/srv/deploy.sh", text).runs.map(runName);
  expect(
    called("docker run --name web a/b:1; docker run reg:5000/c/d:2; docker run e@sha256:0; docker run $X"),
  ).toEqual(["web", "d", "e", null]);
  const own = 'NAME=web\nexport REG="reg:5000"\nTAG=1\ndocker run --name "$NAME" img\ndocker run ${REG}/c/d:$TAG serve';
  expect(called(own)).toEqual(["web", "d"]);
  for (const other of ["read NAME\n", "NAME=b\n", "source env\n", ": ${NAME:=c}\n"])
    expect(called(`NAME=web\n${other}docker run --name $NAME $IMAGE`), other).toEqual([null]);
});

it("a secret in a variable of the script is one finding, where it is set", () => {
  const { variables } = scriptOf(
    "/srv/deploy.sh",
    `A=${password()}\nsource x\ndocker run -e B=1 -e A="$A" -e C=x$A img`,
  );
  expect(variables.map(({ place }) => place.name)).toEqual(["docker run img -e B", "docker run img -e C", "A="]);
});

it("what PowerShell keeps as text is no command", () => {
  const text = `$text = @'\ndocker run -e A=x one\n'@\n<# docker run -e A=x two\n#>\ndocker run -e A=x three\n`;
  expect(scriptOf("/srv/up.ps1", text).runs.map(runName)).toEqual(["three"]);
});

const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("ab-/.,:@%+ä")), minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...Array.from('a "\\$`#;&|<>()*~\n')) }).map((text) => `'${text}'`),
  fc.string({ unit: fc.constantFrom(...Array.from("a '#;&|<>()*~\n\t")) }).map((text) => `"${text}"`),
  fc.constantFrom('"\\""', '"\\$"', "\\'", "\\ ", "\\\\", "a#b", "\\*"),
);
const value = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
const flag = fc
  .tuple(
    fc.constantFrom("-e ", "-e", "-e=", "--env ", "--env=", "-ite ", "-e \\\n  "),
    fc.constantFrom("A", "B", "LOG"),
    value,
  )
  .map(([form, name, text]) => ({ name, text: `${form}${name}=${text}` }));
const line = fc.tuple(fc.uniqueArray(flag, { minLength: 1, maxLength: 3, selector: ({ name }) => name }), value, value);

/** What `sh` makes of the words behind `docker run`. */
function bySh(script: string): string[] {
  const printed = script.replace("docker run", "printf '%s\\0'");
  return execFileSync("sh", ["-c", printed], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\0")
    .slice(0, -1);
}

it("only the words of what moves differ, for a shell", () => {
  fc.assert(
    fc.property(line, ([flags, name, arg]) => {
      const script = `docker run --name x${name} ${flags.map(({ text }) => text).join(" ")} img x${arg} # end`;
      fc.pre(flags.some(({ name: one }) => one !== "LOG"));
      const after = rewritten(script, "runtime");
      const [was, now] = [bySh(script), bySh(after)];
      let first = true;
      const expected = was.flatMap((word, at): string[] => {
        const [, front = "", variable = ""] = /^(-[it]*e=?|--env=)?([AB])=/.exec(word) ?? [];
        if (variable === "" || at >= was.lastIndexOf("img")) return [word];
        const more = first ? ["--runtime", "unsprawl"] : [];
        first = false;
        return [`${front}${variable}=${reference(variable)}`, ...more];
      });
      expect(now).toEqual(expected);
      expect(commandsOf(after, "shell").map((words) => words.map(({ text }) => text))).toEqual([
        ["docker", "run", ...now],
      ]);
      expect(after.endsWith(` img x${arg} # end`)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
