import { expect, it } from "vitest";
import { flagOf, runCommands } from "../../../migrations/docker-run/syntax/shell-run.ts";

/** Each variable as `NAME=value`, with the text of its words and what is particular. */
function told(text: string, kind: "shell" | "unit" = "shell"): string[][] {
  return runCommands(text, kind).map((run) => [
    `${run.program} ${flagOf(run, "name")?.value ?? "-"} ${(run.image === null ? null : run.words[run.image]?.text) ?? "-"}`,
    ...run.env.map(({ variable, content, flag, holder, ...one }) => {
      const more = [one.expands ? "expands" : "", one.others, one.behind === null ? "" : `behind ${one.behind}`];
      const words = text.slice(run.words[flag]?.start, run.words[holder]?.end);
      return [`${variable}${content === null ? "" : `=${content}`} | ${words}`, ...more.filter(Boolean)].join(" | ");
    }),
  ]);
}

it("every form of the flag", () => {
  const script = `docker run -d -e A=1 --env B=2 --env=C=3 -eD=4 -e=E=5 -ite F=6 -e "G=7 8" -e 'H='"9" --name one \\
    -e  \\
    I=10 "--env=J=x" -e K -e L= -p 80:80 -v /a:/b --env-file f image -e NOT=mine`;
  expect(told(script)).toEqual([
    [
      "docker one image",
      "A=1 | -e A=1",
      "B=2 | --env B=2",
      "C=3 | --env=C=3",
      "D=4 | -eD=4",
      "E=5 | -e=E=5",
      "F=6 | -ite F=6 | it",
      'G=7 8 | -e "G=7 8"',
      "H=9 | -e 'H='\"9\"",
      "I=10 | -e  \\\n    I=10",
      'J=x | "--env=J=x"',
      "K | -e K",
      "L= | -e L=",
    ],
  ]);
});

it("every way to a command", () => {
  const script = `#!/bin/sh
# docker run -e COMMENT=1 image
set -e; A=1 docker run --rm -e ONE=1 a && sudo -u app /usr/bin/docker -H unix:///x container run -e TWO=2 b
id=$(podman create --replace -e THREE=3 -- c) || exit 1
if ! docker --context far --debug run -e FOUR="$4" d; then echo docker run -e NOT=1 e; fi
cat <<END
docker run -e BODY=1 f
END
docker exec -e NOT=1 g sh; docker compose run -e NOT=1 h; docker run -e FIVE='5
5' i`;
  expect(told(script)).toEqual([
    ["docker - a", "ONE=1 | -e ONE=1"],
    ["docker - b", "TWO=2 | -e TWO=2"],
    ["podman - c", "THREE=3 | -e THREE=3"],
    ["docker - d", 'FOUR=$4 | -e FOUR="$4" | expands'],
    ["docker - i", "FIVE=5\n5 | -e FIVE='5\n5'"],
  ]);
});

it("words that may be flags, or the image", () => {
  const script = `docker run $OPTS -e A=1 one -e NOT=1
docker run -e B=2 "\${args[@]}" -d -e C=3 $MORE -e D=4 two
docker run $IMAGE --port 80; docker run -e E=5 "$IMAGE:latest" -e NOT=1; docker run -e F={a,b} -e G={} three`;
  expect(told(script)).toEqual([
    ["docker - one", "A=1 | -e A=1 | behind $OPTS"],
    ["docker - two", "B=2 | -e B=2", "C=3 | -e C=3 | behind ${args[@]}", "D=4 | -e D=4 | behind $MORE"],
    ["docker - $IMAGE"],
    ["docker - $IMAGE:latest", "E=5 | -e E=5"],
    ["docker - three", "F={a,b} | -e F={a,b} | expands", "G={} | -e G={}"],
  ]);
});

it("a systemd unit's", () => {
  const unit = `[Service]
Environment=A=docker
# ExecStart=docker run -e COMMENT=1 a
ExecStartPre=-/usr/bin/docker rm -f one
ExecStart=/usr/bin/docker run --rm --name one -e A=1 \\
# in between
  -e "B=two words" \\
  -e C=100%% -e D=$$5 -e E=%i -e 'F=\${HOME}' -e G=a\\x20b\\n image
ExecStop=@/usr/bin/podman run -e H=1 b ; /usr/bin/docker run -e I=1 c
`;
  expect(told(unit, "unit")).toEqual([
    [
      "docker one image",
      "A=1 | -e A=1",
      'B=two words | -e "B=two words"',
      "C=100% | -e C=100%%",
      "D=$5 | -e D=$$5",
      "E=%i | -e E=%i | expands",
      "F=${HOME} | -e 'F=${HOME}' | expands",
      "G=a b\n | -e G=a\\x20b\\n",
    ],
    ["podman - b", "H=1 | -e H=1"],
    ["docker - c", "I=1 | -e I=1"],
  ]);
});
