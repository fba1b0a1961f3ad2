import { expect, it } from "vitest";
import { runCommands } from "../../src/text/shell-run.ts";

/** Each variable as `NAME=value`, with the text of its words and what is particular. */
function told(text: string, kind: "shell" | "unit" = "shell"): string[][] {
  return runCommands(text, kind).map(({ env, image, name, program }) => [
    `${program} ${name ?? "-"} ${image ?? "-"}`,
    ...env.map((flag) => {
      const more = [flag.quoting, flag.expands ? "expands" : "", flag.others].filter(Boolean).join(" ");
      return `${flag.name}${flag.value === null ? "" : `=${flag.value}`} | ${text.slice(flag.start, flag.end)} | ${more}`;
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
      "A=1 | -e A=1 | none",
      "B=2 | --env B=2 | none",
      "C=3 | --env=C=3 | none",
      "D=4 | -eD=4 | none",
      "E=5 | -e=E=5 | none",
      "F=6 | -ite F=6 | none it",
      'G=7 8 | -e "G=7 8" | double',
      "H=9 | -e 'H='\"9\" | mixed",
      "I=10 | -e  \\\n    I=10 | none",
      'J=x | "--env=J=x" | double',
      "K | -e K | none",
      "L= | -e L= | none",
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
    ["docker - a", "ONE=1 | -e ONE=1 | none"],
    ["docker - b", "TWO=2 | -e TWO=2 | none"],
    ["podman - c", "THREE=3 | -e THREE=3 | none"],
    ["docker - d", 'FOUR=$4 | -e FOUR="$4" | mixed expands'],
    ["docker - i", "FIVE=5\n5 | -e FIVE='5\n5' | mixed"],
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
      "A=1 | -e A=1 | none",
      'B=two words | -e "B=two words" | double',
      "C=100% | -e C=100%% | none",
      "D=$5 | -e D=$$5 | none",
      "E=%i | -e E=%i | none expands",
      "F=${HOME} | -e 'F=${HOME}' | single expands",
      "G=a b\n | -e G=a\\x20b\\n | none",
    ],
    ["podman - b", "H=1 | -e H=1 | none"],
    ["docker - c", "I=1 | -e I=1 | none"],
  ]);
});
