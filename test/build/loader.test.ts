import { expect, it } from "vitest";
import { loadsAtOnce, type Parts } from "./loads.ts";

// What the loader of the one-file executable does with imports that begin at the same time. test/build/packaged.test.ts has
// the real parts.

/** A part that imports others and notes when it runs; `more` is the rest of its text. */
const part = (name: string, imports: readonly string[] = [], more = ""): Parts => ({
  [`${name}.js`]: [...imports.map((other) => `import "./${other}.js";`), `order.push("${name}");`, more].join("\n"),
});
const load = (names: string, ...parts: readonly Parts[]): ReturnType<typeof loadsAtOnce>[number] | undefined =>
  loadsAtOnce(Object.assign({}, ...parts), [names.split(" ").map((name) => `${name}.js`)])[0];

it("parts that are, or share, a part that is still being loaded", () => {
  const shared = [part("a", ["c", "d"]), part("b", ["d", "c"]), part("c", ["d"]), part("d")];
  expect(load("a a b c d", ...shared)).toEqual({ errors: ["", "", "", "", ""], order: ["d", "c", "a", "b"] });
});

it("parts that import each other, and one that imports itself while it runs", () => {
  const again = part("c", ["a"], 'import("./c.js").then(() => order.push("c again"));');
  const cycle = [part("a", ["b"]), part("b", ["a"]), again];
  expect(load("a b c", ...cycle)).toEqual({ errors: ["", "", ""], order: ["b", "a", "c", "c again"] });
});

it("a part that waits is waited for by all that import it, and runs once", () => {
  const waits = part("c", [], 'await new Promise((done) => setTimeout(done, 20));\norder.push("c is ready");');
  const late = part("d", [], 'await import("./b.js");\norder.push("d is ready");');
  expect(load("a b d", part("a", ["c"]), part("b", ["c"]), waits, late)).toEqual({
    errors: ["", "", ""],
    order: ["c", "d", "c is ready", "a", "b", "d is ready"],
  });
});

it("an error stays with those that import what threw it, and is the same for each", () => {
  const throws = part("c", [], 'throw new TypeError("no");');
  const later = part("d", [], 'await null;\nthrow new RangeError("late");');
  const again = part("e", [], 'await import("./a.js").catch(({ message }) => order.push(`again ${message}`));');
  const all = [part("a", ["c"]), part("b", ["c", "d"]), throws, later, again, part("f", ["d"]), part("g")];
  const { errors = [], order = [] } = load("a b c d e f g", ...all) ?? {};
  expect(errors).toEqual([
    "TypeError: no",
    "TypeError: no",
    "TypeError: no",
    "RangeError: late",
    "",
    "RangeError: late",
    "",
  ]);
  expect(order.filter((name) => name === "c")).toHaveLength(1);
  expect(order).toContain("again no");
  expect(order).not.toContain("a");
});

it("a part that is not there, or lacks what is imported of it, is an error each time", () => {
  const lacks = { "b.js": 'import { nothing } from "./c.js";\nnothing;' };
  const { errors = [] } = load("a b a b c d", part("a", ["c", "gone"]), lacks, part("c"), part("d", ["b"])) ?? {};
  expect(errors.map((error) => error.replace(/^.*(no part gone.js|export named 'nothing').*$/, "$1"))).toEqual([
    ...["no part gone.js", "export named 'nothing'", "no part gone.js", "export named 'nothing'"],
    ...["", "export named 'nothing'"],
  ]);
});
