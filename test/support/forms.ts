/**
 * What a text looks like once something has encoded it, each with the encoding's name. Independent of the product's own
 * list of encodings on purpose.
 */
export function formsOf(part: string): readonly (readonly [form: string, text: string])[] {
  const bytes = Buffer.from(part);
  const json = JSON.stringify(part).slice(1, -1);
  const percent = encodeURIComponent(part);
  const forms: [string, string][] = [
    ["raw", part],
    ["JSON", json],
    ["JSON twice", JSON.stringify(json).slice(1, -1)],
    ["URL", percent],
    ["URL, lower case", percent.replace(/%../g, (escape) => escape.toLowerCase())],
    ["form", percent.replaceAll("%20", "+")],
    ["hex", bytes.toString("hex")],
    ["HEX", bytes.toString("hex").toUpperCase()],
    ["shell", part.replaceAll("'", `'\\''`)],
    ["HTML", part.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)],
  ];
  for (const offset of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // What does not depend on the bytes around it.
    const own = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    forms.push([`base64 at ${offset}`, own], [`base64url at ${offset}`, own.replaceAll("+", "-").replaceAll("/", "_")]);
  }
  const lines = part.split("\n").filter((line) => line !== part && line.length >= 8);
  return [...forms, ...lines.map((line): [string, string] => ["line", line])];
}
