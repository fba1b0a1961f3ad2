import type { Random } from "../tools/random.ts";

type CommandWriter = (random: Random, line: string) => string | null;

const single = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

/** Commands as they stand in files: a line of a script, of a recipe, of an image's build, a step of a pipeline. */
export const COMMANDS: { readonly [kind: string]: CommandWriter } = {
  shell: (random, line) => random.pick([line, `  ${line}`, `if ! ${line}; then exit 1; fi`, `exec ${line}`]),
  history: (_, line) => line,
  makefile: (random, line) => `\t${random.pick(["", "@", "-"])}${line.replaceAll("$", "$$$$")}`,
  dockerfile: (random, line) =>
    random.pick([`RUN ${line}`, `RUN set -eux; \\\n    ${line}`, `HEALTHCHECK CMD ${line}`, `CMD ${line}`]),
  jenkinsfile: (random, line) =>
    random.pick([
      `                sh ${single(line)}`,
      `                sh """\n                ${line}\n                """`,
    ]),
  workflow: (_, line) => (line.includes(": ") ? `      - run: |\n          ${line}` : `      - run: ${line}`),
  compose: (_, line) => `    command: ${JSON.stringify(line)}\n    environment:`,
  kubernetes: (_, line) => `          command: ["/bin/sh", "-c", ${JSON.stringify(line)}]\n          env:`,
};
