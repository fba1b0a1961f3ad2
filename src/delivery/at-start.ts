import type { DeliverySubject } from "../contract/delivery.ts";
import { codeOf, entrypointScripts, MOST_SCRIPTS } from "./entrypoint.ts";

/**
 * The files that the image's entrypoint writes from their beginning at each start, whatever is in them, such as the PHP
 * settings of Nextcloud's: its scripts name them in redirections (`> FILE`) only. A new container gets them again. None where
 * a script makes something that is another each time: what is written may be a key.
 */
export async function rewrittenAtStart(subject: DeliverySubject): Promise<readonly string[]> {
  const scripts = await entrypointScripts(subject);
  // There may be more, which write something else.
  if (scripts.length >= MOST_SCRIPTS) return [];
  const code = scripts.flatMap(({ text }) => codeOf(text));
  if (code.some((line) => RANDOM.test(line))) return [];
  const written = Map.groupBy(
    code.flatMap((line) => Array.from(line.matchAll(REDIRECTION), ([, path = ""]) => path)),
    (path) => path,
  );
  if (written.size > MOST_FILES) return [];
  return [...written].flatMap(([path, all]) =>
    all.length === mentions(code, path) && !path.startsWith("/dev/") ? path : [],
  );
}

/** Each is looked for in all of the scripts, which may be made to name very many. */
const MOST_FILES = 100;
const RANDOM =
  /random|hwrng|openssl|cfssl|certtool|keygen|genkey|genrsa|gpg|uuid|pwgen|pwmake|secrets\.|token_|mktemp|sha\d{1,3}sum|md5sum|base64|xxd|\bod\b|\bapg\b/i;
/** Not `>>`, which keeps what is there, and not of another stream than the output. */
const REDIRECTION = /(?<![>&\w])>\s{0,4}["']?(\/[\w./-]{1,200})["']?(?=[\s;&|)]|$)/g;

/** How often lines of code name a path, also as the beginning of a longer one. */
function mentions(code: readonly string[], path: string): number {
  return code.reduce((sum, line) => sum + line.split(path).length - 1, 0);
}
