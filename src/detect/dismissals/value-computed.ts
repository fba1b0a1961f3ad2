import type { NameInfo } from "../names/names.ts";
import { isLorem, isPublished } from "../published.ts";

/** What only code can say about a row of values.json, by its id. */
export const VALUE_COMPUTED: { readonly [id: string]: (text: string, name: NameInfo) => boolean } = {
  "value-run": isRun,
  "value-name-again": repeatsName,
  "value-lorem": isLorem,
  "value-published": isPublished,
  "value-public": (text, { open }) => open && !text.includes("://"),
  "value-host": (text, name) => text === text.toLowerCase() && !(signs(name) && joinsWords(text)),
  "value-checksum": (_, { digest }) => digest,
  "value-key-id": (text, { need, key }) =>
    (need !== "any" || /sign|gpg|verif/.test(key)) && text === text.toUpperCase(),
};

/** `DROPBOX_OAUTH_KEY=dropboxoauthkey`, of what somebody else gives out. */
function repeatsName(text: string, { key, family }: NameInfo): boolean {
  if (family !== "key" && family !== "token" && !key.endsWith("access_key_secret") && key !== "accesskeysecret")
    return false;
  if (text.length > 7 && text.toLowerCase().replace(/[-_]/g, "") === key.replaceAll("_", "")) return true;
  // `API_FRED_KEY=fred_api_key`: the same words in another order.
  return (
    family === "key" &&
    text.endsWith("_api_key") &&
    text.split("_").toSorted().join("_") === key.split("_").toSorted().join("_")
  );
}

/** `sk-xxxxxxxx`, `ghp_****`: a run of one mark is most of it. */
function isRun(text: string): boolean {
  if (!hasRun(text)) return false;
  let hidden = 0;
  for (const run of text.match(/[xX]{5,}|(?<=[-_A-Za-z])[xX]{4}$|\*{4,}|•{4,}|\.{5,}|_{6,}|([A-Za-z])\1{7,200}/g) ?? [])
    hidden += run.length;
  return hidden > 0 && hidden * 2 >= text.length - 8;
}

/** Whether four characters in a row are the same, but for case: what costs more is asked only then. */
function hasRun(text: string): boolean {
  let [run, before] = [0, -1];
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at) | 32;
    run = char === before ? run + 1 : 1;
    if (run === 4) return true;
    before = char;
  }
  return false;
}

/** A name under which any value signs or encrypts. */
function signs({ family, need }: NameInfo): boolean {
  return need === "any" && (family === "secret" || family === "key");
}

/** `correct.horse.battery.staple`: reads like a host, but that no domain or file ends so. */
function joinsWords(text: string): boolean {
  return /\.[a-z]{5,18}$/.test(text) && !LONG_ENDINGS.test(text);
}

const LONG_ENDINGS =
  /\.(?:local|internal|cloud|online|example|invalid|localhost|localdomain|domain|cluster|consul|docker|podman|network|company|digital|agency|studio|design|software|systems|services|service|solutions|group|media|space|store|world|website|global|health|swiss|intranet|private|public|secret|secrets|token|keystore|truststore|keyring|keyfile|password|credentials|properties)$/;
